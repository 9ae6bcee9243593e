/*
 * Whether two rulesets treat every envelope alike. Rules that both have in
 * the same order cannot tell them apart, so only envelopes that some other
 * rule could match are looked at; for those each side becomes one diagram
 * over the same classes, with what a rule does in place of its number, and
 * equal functions are equal nodes. Where they differ, an envelope that shows
 * it is found and put through the loop of both sides.
 */
#ifndef COMPILER_EQUAL_H
#define COMPILER_EQUAL_H

#include "compiler/space.h"

/* Steps that one operation on diagrams of a whole ruleset may take. */
#define EQUAL_STEPS UINT64_C(10000000)

/* Pairs of nodes that a search for witnesses may look at. */
#define EQUAL_PAIRS 500000

/* Rules that the loops of a search may look at. */
#define EQUAL_REPLAYED UINT64_C(20000000)

enum {
	EQUAL_QUESTIONS_ASKED_MAX = 2000, /* more are too many */
	EQUAL_TABLES_MAX = 4,     /* whose answers are assumed in all ways */
	EQUAL_QUESTIONS_MAX = 10, /* that are listed */
	EQUAL_USERS_MAX = 64,     /* that are tried as who logged in */
};

enum equal_verdict {
	EQUAL_SAME,
	EQUAL_DIFFERENT, /* there are witnesses */
	/*
	 * A diagram grew too large, or the sides differ only in answers
	 * that questions would have to give.
	 */
	EQUAL_UNDECIDED,
};

/* What stands for a rule: the same number where the same is done. */
struct equal_labels {
	const uint32_t *of_rules; /* EQUAL_REFUSED, or from 1 */
	uint32_t count;
};

#define EQUAL_REFUSED 0

/* A table that cannot be read here, and what it is taken to answer. */
struct equal_assumption {
	const struct ir_table *table; /* of either side */
	bool has_it;
};

struct equal_witness {
	struct ruleset_envelope envelopes[2]; /* as each side spells it */
	struct space_facts facts;
	struct ruleset_result results[2];
	/* Of the tables that the loops asked. */
	struct equal_assumption assumed[EQUAL_TABLES_MAX];
	uint32_t assumed_count;
	struct equal_witness *next;
};

struct equal_result {
	enum equal_verdict verdict;
	struct equal_witness *witnesses;
	bool has_more;     /* witnesses than were asked for */
	bool is_too_large; /* not all that differs was looked at */
	/* Of UNDECIDED: what would have to be answered, numbers of space. */
	uint32_t questions[EQUAL_QUESTIONS_MAX];
	uint32_t question_count;
};

struct equal {
	struct space space;
	struct diagram diagram;
	uint32_t never;           /* what cannot happen */
	uint32_t *alone[2];       /* each rule, as if it were number 0 */
	struct forest forests[2]; /* built when first needed */
	bool has_forests;
	struct arena *arena;
};

void equal_init(struct equal *equal, struct bind *const binds[2]);
void equal_fini(struct equal *equal);

/* At most so many witnesses, each for another pair of rules. */
struct equal_result equal_compare(struct equal *equal,
    const struct equal_labels labels[2], uint32_t witnesses_max);

#endif
