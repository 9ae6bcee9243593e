/*
 * Ordered, reduced, multi-valued decision diagrams with residues at their
 * leaves. A node asks one attribute, a level, for the class of its value;
 * nodes are hash-consed, so that equal functions are equal numbers. What
 * the attributes and classes are is for the caller to know.
 *
 * Class 0 of every level stands for all values that no edge lists: its
 * child is the node's default, and no edge leads where the default does.
 * So each function has one form only.
 */
#ifndef COMPILER_DIAGRAM_H
#define COMPILER_DIAGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"

/* A node, or a leaf: the number of a residue with the top bit set. */
#define DIAGRAM_LEAF UINT32_C(0x80000000)

enum {
	DIAGRAM_LEVELS_MAX = 16, /* that rules look at; none beside them */
	DIAGRAM_NO_MATCH = 0,    /* the residue that is the end */
};

struct diagram_edge {
	uint32_t value; /* a class, never 0 */
	uint32_t child;
};

struct diagram_node {
	uint32_t level;
	uint32_t otherwise;  /* child of class 0 */
	uint32_t first_edge; /* in edges, ascending by value */
	uint32_t edge_count;
};

/*
 * What is left to do when all levels are known: ask the questions of a
 * rule in order. If all answers are yes, and matches is set, the rule
 * decides; in every other case go on with next. A question is a number of
 * the caller's. Rules ascend along next.
 */
struct diagram_residue {
	uint32_t rule;
	uint32_t questions; /* a list made by diagram_questions; 0: none */
	bool matches;
	uint32_t next; /* residue; NO_MATCH behind the last */
};

struct diagram_questions {
	uint32_t question;
	uint32_t next; /* 0: none */
};

struct diagram_table {
	uint32_t *slots;
	uint32_t room;
	uint32_t count;
};

/* Operands and result of an operation that was carried out. */
struct diagram_memo {
	uint32_t a;
	uint32_t b;
	uint32_t result;
};

struct diagram_choice {
	uint32_t condition;
	uint32_t then;
	uint32_t otherwise;
	uint32_t result;
};

struct diagram {
	/* All grow by malloc. */
	struct diagram_node *nodes;
	uint32_t node_count, node_room;
	struct diagram_edge *edges;
	uint32_t edge_count, edge_room;
	struct diagram_residue *residues;
	uint32_t residue_count, residue_room;
	struct diagram_questions *questions;
	uint32_t question_count, question_room;
	struct diagram_table node_table, residue_table, question_table;
	/* Caches: entries overwrite each other. */
	struct diagram_memo *memo;
	struct diagram_choice *choices;
	uint32_t memo_room; /* of both */

	/* Nodes that a measure has seen hold its number. */
	uint32_t *marks;
	uint32_t mark_room;
	uint32_t mark;

	/* Operations give up when their steps, edges looked at, run out. */
	uint64_t steps;
	bool has_given_up;

	/* Where in the order a level stands; its own number at first. */
	uint32_t depths[DIAGRAM_LEVELS_MAX];
};

void diagram_init(struct diagram *diagram);
void diagram_fini(struct diagram *diagram);

/*
 * Another order for the levels 0 to count - 1, from the root down; before
 * the first node is made. Nodes keep the numbers of their levels.
 */
void diagram_set_order(struct diagram *diagram, const uint32_t *levels,
    uint32_t count);

/* Ascends on every path; UINT32_MAX for a leaf. */
uint32_t diagram_depth(const struct diagram *diagram, uint32_t node);

/* Leaves. */
uint32_t diagram_question_list(struct diagram *diagram, uint32_t question,
    uint32_t next);
uint32_t diagram_leaf(struct diagram *diagram, struct diagram_residue residue);
uint32_t diagram_no_match(void);

/*
 * A node, in its one form: edges ascend by value, and those that lead where
 * otherwise does are dropped; without edges it is otherwise itself.
 */
uint32_t diagram_node(struct diagram *diagram, uint32_t level,
    uint32_t otherwise, const struct diagram_edge *edges, uint32_t count);

/* The child for a class. */
uint32_t diagram_child(const struct diagram *diagram, uint32_t node,
    uint32_t value);

/*
 * For every choice of classes the rules of both, in the order of their
 * numbers: the first match of the two together. Takes at most so many
 * steps; beyond them it sets has_given_up and returns the leaf of no-match.
 */
uint32_t diagram_min(struct diagram *diagram, uint32_t a, uint32_t b,
    uint64_t steps);

/*
 * then where condition, a diagram, has another leaf than no-match, else
 * otherwise.
 */
uint32_t diagram_true(struct diagram *diagram);
uint32_t diagram_ite(struct diagram *diagram, uint32_t condition, uint32_t then,
    uint32_t otherwise);

/* The same under the terms of diagram_min. */
uint32_t diagram_ite_within(struct diagram *diagram, uint32_t condition,
    uint32_t then, uint32_t otherwise, uint64_t steps);

/* The leaf that classes, one for each level, lead to. */
uint32_t diagram_walk(const struct diagram *diagram, uint32_t root,
    const uint32_t *classes);

/* Nodes and edges that are reachable from a root; takes as long. */
void diagram_measure(struct diagram *diagram, uint32_t root, uint32_t *nodes_r,
    uint32_t *edges_r);

#endif
