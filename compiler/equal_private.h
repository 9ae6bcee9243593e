/*
 * Shared between the files of a comparison: equal.c, which carries it out,
 * equal_relabel.c and equal_search.c.
 */
#ifndef COMPILER_EQUAL_PRIVATE_H
#define COMPILER_EQUAL_PRIVATE_H

#include "compiler/equal.h"

/* What an always failing predicate leads to, in place of a label. */
#define EQUAL_FAILED (UINT32_MAX - 2)

/*
 * Diagrams with labels in place of rules. Nodes made after init have none.
 */
struct equal_relabel {
	struct equal *equal;
	const struct equal_labels *labels;
	uint32_t *nodes;    /* from malloc: new node + 1, 0 for none yet */
	uint32_t *residues; /* the same: a new node, which is never 0 */
};

void equal_relabel_init(struct equal_relabel *relabel, struct equal *equal,
    const struct equal_labels *labels);
void equal_relabel_fini(struct equal_relabel *relabel);
uint32_t equal_relabel(struct equal_relabel *relabel, uint32_t node);

struct equal_search {
	struct equal *equal;
	const struct equal_labels *labels;
	struct equal_relabel relabels[2]; /* while pairs are searched */
	uint32_t values[SPACE_LEVELS];
	struct strmap seen; /* pairs of nodes */
	uint32_t pairs;
	uint64_t replayed;        /* rules that loops may have looked at */
	struct strmap rule_pairs; /* that have a witness */
	struct str users[EQUAL_USERS_MAX];
	uint32_t user_count;
	struct equal_witness **tail;
	uint32_t count;
	uint32_t count_max;
	struct equal_result *result;
};

void equal_search_init(struct equal_search *search, struct equal *equal,
    const struct equal_labels labels[2], uint32_t count_max,
    struct equal_result *result);

/*
 * Witnesses where two diagrams of rules differ by their labels, each for
 * another pair of rules.
 */
void equal_search_pair(struct equal_search *search, uint32_t a, uint32_t b);

/* One envelope of a condition, if it is a witness. */
void equal_search_probe(struct equal_search *search, uint32_t condition);

#endif
