/*
 * What becomes of one recipient of a session: the rules that are evaluated,
 * for the recipient and for what it expands to, why each earlier rule did
 * not match, and the outcome. Asks the loop and the expansion that the
 * daemon will run; decides nothing itself.
 */
#ifndef COMPILER_DECIDE_H
#define COMPILER_DECIDE_H

#include "compiler/session.h"

/* Why a rule did not match: its first predicate that was not a yes. */
struct decide_miss {
	uint32_t rule;
	uint32_t pred;
	enum answer answer; /* NO or FAILED */
	struct str entry;   /* of the table, that decided; may be empty */
};

/* One evaluation of the ruleset. */
struct decide_evaluation {
	struct str address;
	bool is_internal;
	struct ruleset_result result;
	const struct decide_miss *misses; /* of the rules before, in order */
	uint32_t miss_count;
};

enum decide_leaf_kind {
	DECIDE_RELAY,
	DECIDE_USER,
	DECIDE_FILE,
	DECIDE_PIPE,
};

/* One envelope that would be queued. */
struct decide_leaf {
	enum decide_leaf_kind kind;
	struct str dest;
	struct str user; /* USER, and whose file or command it is */
	struct str text; /* path or command */
	uint32_t rule;
	uint32_t action;
};

struct decision {
	struct str rcpt;
	const struct decide_evaluation *evaluations;
	uint32_t evaluation_count;
	unsigned code;    /* of the reply to RCPT TO: 250, 550 … */
	const char *text; /* of that reply, without the code */
	const struct decide_leaf *leaves; /* code 250 */
	uint32_t leaf_count;
};

/* All of the result lives in the compilation's arena. */
void decide_run(struct bind *bind, const struct session_context *context,
    struct str rcpt, struct decision *decision_r);

#endif
