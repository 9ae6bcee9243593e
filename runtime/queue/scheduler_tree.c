/*
 * A treap: its shape is random, and nobody outside can spoil it.
 */
#include "runtime/queue/scheduler_tree.h"

#include <stdlib.h>

static uint32_t
scheduler_tree_random(struct scheduler_tree *tree)
{
	uint32_t x = tree->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return tree->random = x;
}

/* What is below evpid, and the rest. */
static void
scheduler_tree_split(struct scheduler_entry *entry, uint64_t evpid,
    struct scheduler_entry **low_r, struct scheduler_entry **high_r)
{
	while (entry != NULL) {
		if (entry->evpid < evpid) {
			*low_r = entry;
			low_r = &entry->right;
			entry = entry->right;
		} else {
			*high_r = entry;
			high_r = &entry->left;
			entry = entry->left;
		}
	}
	*low_r = *high_r = NULL;
}

void
scheduler_tree_insert(struct scheduler_tree *tree,
    struct scheduler_entry *entry)
{
	struct scheduler_entry **at = &tree->root;

	entry->priority = scheduler_tree_random(tree);
	while (*at != NULL && (*at)->priority >= entry->priority)
		at = entry->evpid < (*at)->evpid ? &(*at)->left : &(*at)->right;
	scheduler_tree_split(*at, entry->evpid, &entry->left, &entry->right);
	*at = entry;
	tree->count++;
}

void
scheduler_tree_remove(struct scheduler_tree *tree,
    struct scheduler_entry *entry)
{
	struct scheduler_entry **at = &tree->root;
	struct scheduler_entry *low = entry->left, *high = entry->right;

	while (*at != entry)
		at = entry->evpid < (*at)->evpid ? &(*at)->left : &(*at)->right;
	while (low != NULL && high != NULL) {
		if (low->priority >= high->priority) {
			*at = low;
			at = &low->right;
			low = low->right;
		} else {
			*at = high;
			at = &high->left;
			high = high->left;
		}
	}
	*at = low != NULL ? low : high;
	tree->count--;
}

struct scheduler_entry *
scheduler_tree_from(const struct scheduler_tree *tree, uint64_t evpid)
{
	struct scheduler_entry *entry = tree->root, *found = NULL;

	while (entry != NULL) {
		if (entry->evpid < evpid) {
			entry = entry->right;
		} else {
			found = entry;
			entry = entry->left;
		}
	}
	return found;
}

void
scheduler_tree_free(struct scheduler_entry *entry)
{
	while (entry != NULL) {
		struct scheduler_entry *right = entry->right;

		scheduler_tree_free(entry->left);
		free(entry);
		entry = right;
	}
}
