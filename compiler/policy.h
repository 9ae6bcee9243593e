/*
 * Policy tests as a team writes them: a YAML list of sessions and of what
 * is expected to become of them, smtpd-policy(5). Reads them and says what
 * is wrong with them, all of it in one run; runs nothing, opens no file and
 * prints nothing. Called by smtpd-explain.
 */
#ifndef COMPILER_POLICY_H
#define COMPILER_POLICY_H

#include "compiler/decide.h"

struct policy_delivery {
	enum decide_leaf_kind kind;
	struct str text; /* user, address, path or command */
};

/* What is not there is not compared. */
struct policy_expect {
	bool has_decision;
	enum decide_verdict decision;
	uint32_t rule;        /* its number, from 1; 0: none */
	struct str rule_file; /* ptr NULL: none */
	uint32_t rule_line;
	struct str action; /* ptr NULL: none */
	unsigned reply;    /* 0: none; a code, or its first digit */
	bool has_deliveries;
	const struct policy_delivery *deliveries;
	uint32_t delivery_count;
};

struct policy_test {
	struct str name;
	uint32_t line;
	struct session session;
	struct policy_expect expect;
};

struct policy_error {
	uint32_t line; /* both from 1 */
	uint32_t column;
	const char *text;
	struct policy_error *next;
};

struct policy {
	struct policy_test *tests;
	uint32_t count;

	/* In their order; with any the tests are of no use. */
	struct policy_error *errors;

	/* Private. */
	struct arena *arena;
	struct policy_error **errors_end;
};

/* False where there are errors. All lives in the arena. */
bool policy_read(struct policy *policy, struct arena *arena, struct str text);

/* "user", "relay", "file", "command", "maildir". */
const char *policy_delivery_name(enum decide_leaf_kind kind);

#endif
