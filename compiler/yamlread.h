/*
 * YAML as a tree of nodes with places: the only reader of YAML. Takes what
 * people write by hand: one document of lists, mappings and scalars, in
 * block or flow style. Refuses anchors, aliases, tags, keys that are not
 * scalars, and a key given twice, so that a text is never larger as a tree
 * than as a text. Opens no file and prints nothing. Called by policy.c.
 */
#ifndef COMPILER_YAMLREAD_H
#define COMPILER_YAMLREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/str.h"

#define YAMLREAD_DEPTH_MAX 16
#define YAMLREAD_NODES_MAX 1000000
#define YAMLREAD_SIZE_MAX  (16u * 1024 * 1024) /* bytes of a text */

enum yamlread_kind {
	YAMLREAD_SCALAR,
	YAMLREAD_LIST,
	YAMLREAD_MAP,
};

struct yamlread_node {
	enum yamlread_kind kind;
	uint32_t line; /* both from 1, a column in characters */
	uint32_t column;

	/* SCALAR: the text, ends in NUL, holds none. */
	struct str text;
	bool is_plain; /* written without quotes */

	/* LIST, MAP: in order. */
	struct yamlread_node *children;
	uint32_t count;

	/* In a list, the next element; in a map, the next value. */
	struct yamlread_node *next;
	struct yamlread_node *key; /* of a value in a map */
};

struct yamlread_error {
	uint32_t line;
	uint32_t column;
	const char *text; /* lives as long as the arena */
};

/* NULL, and *error_r, where the text is none. The tree is the arena's. */
struct yamlread_node *yamlread_parse(struct arena *arena, struct str text,
    struct yamlread_error *error_r);

/* "a list", "a mapping", "a text", for messages. */
const char *yamlread_kind_text(enum yamlread_kind kind);

/* A plain true or false. */
bool yamlread_bool(const struct yamlread_node *node, bool *value_r);

#endif
