/*
 * The tree of domain patterns, token by token. A pattern that ends behind a
 * node that no other shares, and has no '*' there, gets no more nodes.
 */
#include "compiler/classes_tree.h"

static uint32_t
tree_new_node(struct classes_tree *tree, const struct classes_node *node)
{
	if (tree->node_count == tree->node_room)
		tree->nodes = (struct classes_node *)classes_grow(tree->classes,
		    tree->nodes, &tree->node_room, sizeof(*tree->nodes));
	tree->nodes[tree->node_count] = *node;
	return tree->node_count++;
}

static uint32_t
tree_child(struct classes_tree *tree, uint32_t parent, enum classes_token token,
    char byte)
{
	const struct classes_node node = { .parent = parent,
		.next = tree->nodes[parent].child,
		.entry = CLASSES_NONE,
		.token = (uint8_t)token,
		.byte = (uint8_t)byte };
	uint32_t number;

	for (number = node.next; number != 0; number = tree->nodes[number].next)
		if (tree->nodes[number].token == node.token &&
		    tree->nodes[number].byte == node.byte)
			return number;
	number = tree_new_node(tree, &node);
	tree->nodes[parent].child = number;
	return number;
}

struct str
classes_tree_tail(const struct classes_tree *tree, uint32_t number)
{
	const struct classes_node *node = &tree->nodes[number];
	struct str text;

	if (node->entry == CLASSES_NONE)
		return STR_LIT("");
	text = classes_entry_at(tree->classes, node->entry)->text;
	return (struct str){ text.ptr + node->tail, text.len - node->tail };
}

void
classes_tree_open(struct classes_tree *tree, uint32_t number)
{
	struct str tail = classes_tree_tail(tree, number);
	uint32_t child;

	if (tail.len == 0 || tree->nodes[number].child != 0)
		return;
	child = tree_child(tree, number, CLASSES_TREE_LITERAL, tail.ptr[0]);
	tree->nodes[child].entry = tree->nodes[number].entry;
	tree->nodes[child].tail = tree->nodes[number].tail + 1;
}

/* Makes a node fit for more than one pattern. */
static void
tree_split(struct classes_tree *tree, uint32_t number)
{
	if (classes_tree_tail(tree, number).len == 0)
		return;
	classes_tree_open(tree, number);
	tree->nodes[number].entry = CLASSES_NONE;
}

/* The node for the token at *at, behind which it puts *at. */
static uint32_t
tree_add_token(struct classes_tree *tree, uint32_t node, struct str text,
    uint32_t *at)
{
	uint32_t i = (*at)++;

	if (text.ptr[i] != '*')
		return tree_child(tree, node, CLASSES_TREE_LITERAL,
		    text.ptr[i]);
	if (*at == text.len)
		return tree_child(tree, node, CLASSES_TREE_REST, '*');
	i = (*at)++;
	return tree_child(tree, node, CLASSES_TREE_SKIP, text.ptr[i]);
}

static void
tree_add(struct classes_tree *tree, const struct classes_entry *entry)
{
	struct str text = entry->text;
	uint32_t node = 0, at = 0, known = tree->node_count;

	while (at < text.len) {
		tree_split(tree, node);
		known = tree->node_count;
		node = tree_add_token(tree, node, text, &at);
		if (node == known &&
		    memchr(text.ptr + at, '*', text.len - at) == NULL)
			break;
	}
	if (node != known)
		tree_split(tree, node);
	tree->nodes[node].entry = entry->number;
	tree->nodes[node].tail = at;
}

size_t
classes_tree_build(struct classes_tree *tree, const struct classes *classes)
{
	const struct classes_node root = { .entry = CLASSES_NONE };
	const struct classes_entry *entry;
	size_t bytes = 0;

	*tree = (struct classes_tree){ .classes = classes };
	tree_new_node(tree, &root);
	for (uint32_t i = 0; i < classes->entries.count; i++) {
		entry = classes_entry_at(classes, i);
		if (entry->sets.count == 0 ||
		    memchr(entry->text.ptr, '*', entry->text.len) == NULL)
			continue;
		tree_add(tree, entry);
		bytes += entry->text.len;
	}
	return bytes;
}
