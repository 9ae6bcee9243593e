/*
 * All domain patterns that have a '*', as a tree of tokens in which they
 * share their beginnings. Used by classes_automaton.c only.
 */
#ifndef COMPILER_CLASSES_TREE_H
#define COMPILER_CLASSES_TREE_H

#include "compiler/classes_private.h"

enum classes_token {
	CLASSES_TREE_LITERAL, /* the next byte must be it */
	CLASSES_TREE_SKIP,    /* "*c": waits for c, goes on behind it */
	CLASSES_TREE_REST,    /* '*' at the end: at least one byte, then all */
};

/*
 * The end of a pattern that is its alone and has no '*' is the tail of its
 * last node. Node 0 is the root, before all tokens.
 */
struct classes_node {
	uint32_t parent;
	uint32_t child; /* the newest; 0: none */
	uint32_t next;  /* the parent's child before this one */
	uint32_t entry; /* of the pattern that ends here, or NONE */
	uint32_t tail;  /* where in its text the tail begins */
	uint8_t token;
	uint8_t byte;
};

struct classes_tree {
	const struct classes *classes;
	struct classes_node *nodes; /* to be freed */
	uint32_t node_count, node_room;
};

/* Of all entries that count; returns the patterns' bytes. */
size_t classes_tree_build(struct classes_tree *tree,
    const struct classes *classes);

/* Empty where the node has none. */
struct str classes_tree_tail(const struct classes_tree *tree, uint32_t number);

/* Gives a node that has a tail its child, which has the rest of the tail. */
void classes_tree_open(struct classes_tree *tree, uint32_t number);

#endif
