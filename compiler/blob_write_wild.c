/*
 * Patterns of a table as the tree that blob_wild.c walks, once as domains
 * and once as mail addresses. A pattern's bytes are looked at until it is
 * the only one left: memory and time are in proportion to their text, beside
 * the sorting.
 */
#include <stdlib.h>

#include "compiler/blob_write_private.h"

struct wild_pattern {
	struct str text;
	uint32_t entry;
};

/* A node of the tree: patterns that begin with the same bytes. */
struct wild_node {
	uint32_t first; /* of them */
	uint32_t count;
	uint32_t depth; /* bytes that they have in common */
};

struct wild_tree {
	struct wild_pattern *patterns; /* from malloc, as nodes */
	uint32_t pattern_count;
	struct wild_node *nodes;
	size_t node_count;
	size_t room;
};

/* Patterns. */

/* As the walk goes over its bytes: see BLOB_WILD_FIRST. */
static struct str
wild_text(struct arena *arena, struct str key, bool is_mail)
{
	struct mailaddr addr = mailaddr_split(key);
	char *text = arena_bytes(arena, key.len + 1);
	uint32_t len = 0;

	if (is_mail)
		key = str_from(arena_printf(arena, "%.*s@%.*s",
		    STR_ARG(addr.domain), STR_ARG(addr.user)));
	for (uint32_t i = 0; i < key.len; i++)
		if (i == 0 || key.ptr[i] != '*' || key.ptr[i - 1] != '*')
			text[len++] = key.ptr[i];
	return (struct str){ text, len };
}

static int
wild_compare(const void *va, const void *vb)
{
	const struct wild_pattern *a = va, *b = vb;
	uint32_t least = a->text.len < b->text.len ? a->text.len : b->text.len;
	int order = memcmp(a->text.ptr, b->text.ptr, least);

	if (order != 0)
		return order;
	if (a->text.len != b->text.len)
		return a->text.len < b->text.len ? -1 : 1;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

static void
wild_collect(struct blob_writer *writer, struct wild_tree *tree,
    const struct table *table, bool is_mail)
{
	tree->pattern_count = 0;
	for (uint32_t i = 0; i < table_count(table); i++) {
		struct str key = table_entry_at(table, i)->key;

		if (!(is_mail ? blob_is_wild_mail(key) : table_is_wild(key)))
			continue;
		tree->patterns[tree->pattern_count++] = (struct wild_pattern){
			wild_text(writer->arena, key, is_mail), i
		};
	}
	qsort(tree->patterns, tree->pattern_count, sizeof(*tree->patterns),
	    wild_compare);
}

/* Nodes. */

static void
wild_add_node(struct wild_tree *tree, uint32_t first, uint32_t count,
    uint32_t depth)
{
	if (tree->node_count == tree->room) {
		tree->room = tree->room * 2 + 1;
		tree->nodes = realloc(tree->nodes,
		    tree->room * sizeof(*tree->nodes));
		if (tree->nodes == NULL)
			abort();
	}
	tree->nodes[tree->node_count++] = (struct wild_node){ first, count,
		depth };
}

/* A node for each byte that follows, which are in order. */
static void
wild_add_children(struct wild_tree *tree, struct wild_node node)
{
	const struct wild_pattern *patterns = tree->patterns + node.first;

	for (uint32_t i = 0, end; i < node.count; i = end) {
		char byte = patterns[i].text.ptr[node.depth];

		for (end = i + 1; end < node.count; end++)
			if (patterns[end].text.ptr[node.depth] != byte)
				break;
		wild_add_node(tree, node.first + i, end - i, node.depth + 1);
	}
}

/* Of equal patterns the first entry is the one that counts. */
static uint32_t
wild_take_ends(const struct wild_tree *tree, struct wild_node *node)
{
	const struct wild_pattern *patterns = tree->patterns + node->first;
	uint32_t entry = patterns[0].entry + 1, ends = 0;

	if (node->count == 1) {
		node->count = 0;
		return entry;
	}
	while (ends < node->count && patterns[ends].text.len == node->depth)
		ends++;
	node->first += ends;
	node->count -= ends;
	return ends == 0 ? 0 : entry;
}

static void
wild_write_node(struct blob_writer *writer, struct wild_tree *tree, size_t n)
{
	struct wild_node node = tree->nodes[n];
	const struct wild_pattern *pattern = &tree->patterns[node.first];
	uint32_t entry = wild_take_ends(tree, &node);
	char byte = '\0';

	if (node.depth > 0)
		byte = pattern->text.ptr[node.depth - 1];
	blob_put32(writer, BLOB_WILD, (uint32_t)tree->node_count);
	blob_put32(writer, BLOB_WILD, entry);
	blob_put_bytes(writer, BLOB_WILD, &byte, 1);
	blob_put_record(writer, BLOB_WILD);
	wild_add_children(tree, node);
}

struct blob_range
blob_write_wild(struct blob_writer *writer, const struct table *table,
    bool is_mail)
{
	struct blob_range range = { writer->counts[BLOB_WILD], 0 };
	struct wild_tree tree = { .nodes = NULL };

	tree.patterns = blob_write_alloc(table_count(table) *
	    sizeof(*tree.patterns));
	wild_collect(writer, &tree, table, is_mail);
	if (tree.pattern_count > 0)
		wild_add_node(&tree, 0, tree.pattern_count, 0);
	for (size_t i = 0; i < tree.node_count; i++)
		wild_write_node(writer, &tree, i);
	free(tree.patterns);
	free(tree.nodes);
	range.count = writer->counts[BLOB_WILD] - range.first;
	return range;
}
