/*
 * Whether two rulesets treat every envelope alike: each becomes one diagram
 * over the same classes, with what a rule does in place of its number, and
 * equal functions are equal nodes. Where they differ, an envelope that shows
 * it is found and put through the loop of both sides.
 */
#ifndef COMPILER_EQUAL_H
#define COMPILER_EQUAL_H

#include "compiler/space.h"

/* Steps that a diagram of a whole ruleset may take. */
#define EQUAL_STEPS UINT64_C(200000000)

/* Pairs of nodes that a search for witnesses may look at. */
#define EQUAL_PAIRS 2000000

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

struct equal_witness {
	struct ruleset_envelope envelopes[2]; /* as each side spells it */
	struct space_facts facts;
	struct ruleset_result results[2];
	/*
	 * The answer that tables which cannot be read here were taken to
	 * give, where that was needed.
	 */
	bool has_assumed;
	enum answer assumed;
	struct equal_witness *next;
};

struct equal {
	struct space space;
	struct diagram diagram;
	uint32_t roots[2];
	bool is_too_large;
	struct arena *arena;
};

void equal_init(struct equal *equal, struct bind *const binds[2]);
void equal_fini(struct equal *equal);

/* At most so many witnesses, each for another pair of rules. */
enum equal_verdict equal_compare(struct equal *equal,
    const struct equal_labels labels[2], uint32_t witnesses_max,
    struct equal_witness **witnesses_r);

#endif
