/*
 * What becomes of one recipient of a session: the rules that are evaluated,
 * for the recipient and for what it expands to, why each earlier rule did
 * not match, and the outcome. Asks the loop and the expansion that the
 * daemon will run; decides nothing itself. Called by smtpd-explain.
 */
#ifndef COMPILER_DECIDE_H
#define COMPILER_DECIDE_H

#include "compiler/session.h"
#include "runtime/expand/expand.h"

/* One predicate that was asked. */
struct decide_step {
	uint32_t rule;
	uint32_t pred;
	enum answer answer;
	struct str entry; /* of the table, that decided; may be empty */
};

/* One evaluation of the ruleset. */
struct decide_evaluation {
	struct ruleset_envelope envelope; /* dest, is_internal: asked about */
	struct str address;
	struct ruleset_result result;

	/*
	 * Of each rule before, in order, the first predicate that was not a
	 * yes; with TEMPFAIL the last is the one that failed.
	 */
	struct decide_step *misses;
	uint32_t miss_count;

	/* MATCH: the predicates of the rule, all a yes. */
	struct decide_step *hits;
	uint32_t hit_count;
	struct decide_evaluation *next;
};

enum decide_leaf_kind {
	DECIDE_RELAY,
	DECIDE_USER,
	DECIDE_FILE,
	DECIDE_COMMAND,
	DECIDE_MAILDIR,
};

/* One envelope that would be queued. */
struct decide_leaf {
	enum decide_leaf_kind kind;
	struct str dest;
	struct str user; /* who it is delivered to or runs as */
	struct str text; /* path or command; USER: of the method, expanded */
	uint32_t action;
	const struct expand_node *node;
};

/* The tree that the recipient expands to, down to deliveries. */
struct decide_node {
	const struct expand_node *node;
	const struct decide_leaf *leaf; /* NULL: goes on, or failed */
	struct decide_node *children;   /* in the order of their list */
	struct decide_node **children_end;
	struct decide_node *next;
};

/* Of the rule that the recipient itself meets. */
enum decide_verdict {
	DECIDE_ACCEPT,
	DECIDE_REJECT,
	DECIDE_NO_MATCH,
	DECIDE_TEMPFAIL,
	DECIDE_VERDICTS
};

struct decision {
	struct str rcpt;
	enum decide_verdict verdict;
	struct decide_evaluation *evaluations; /* in order, at least one */
	unsigned code;    /* of the reply to RCPT TO: 250, 550, … */
	struct str reply; /* with the code */

	/* Code 250. */
	struct decide_leaf *leaves;
	uint32_t leaf_count;

	/* Any other. */
	const struct expand_failure *failure;

	/* Ways to the leaves, or to what failed. */
	struct decide_node *tree;
};

/* "accept", "reject", "no-match", "tempfail". */
const char *decide_verdict_name(enum decide_verdict verdict);

/* The result lives in arena, which may be short-lived. */
void decide_run(struct bind *bind, const struct session_context *context,
    struct str rcpt, struct arena *arena, struct decision *decision_r);

/* Where a rule is written. */
bool decide_locate(const struct bind *bind, uint32_t rule,
    struct source_location *loc_r);

#endif
