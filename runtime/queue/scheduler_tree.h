/*
 * Entries of a scheduler by evpid. What it needs is in the entries, so that
 * nothing here can fail.
 */
#ifndef RUNTIME_QUEUE_SCHEDULER_TREE_H
#define RUNTIME_QUEUE_SCHEDULER_TREE_H

#include "runtime/queue/scheduler.h"

struct scheduler_tree {
	struct scheduler_entry *root;
	uint32_t count;
	uint32_t random; /* not 0 */
};

/* One whose evpid is not there. */
void scheduler_tree_insert(struct scheduler_tree *tree,
    struct scheduler_entry *entry);
void scheduler_tree_remove(struct scheduler_tree *tree,
    struct scheduler_entry *entry);

/* The first of evpid or higher, or NULL. */
struct scheduler_entry *scheduler_tree_from(const struct scheduler_tree *tree,
    uint64_t evpid);

/* Frees the entry and what is below it. */
void scheduler_tree_free(struct scheduler_entry *entry);

#endif
