/*
 * Entries of a scheduler by when something is to happen to them: what is
 * PENDING has its time, what is READY can only expire.
 */
#ifndef RUNTIME_QUEUE_SCHEDULER_HEAP_H
#define RUNTIME_QUEUE_SCHEDULER_HEAP_H

#include "runtime/queue/scheduler.h"

struct scheduler_heap {
	struct scheduler_entry **entries; /* from 1: the first is due first */
	uint32_t count, room;
};

int64_t scheduler_heap_key(const struct scheduler_entry *entry);

/* Room for count entries, one more than there are; false: no memory. */
bool scheduler_heap_reserve(struct scheduler_heap *heap, uint32_t count);
/* There is room; its key must not change while it is there. */
void scheduler_heap_push(struct scheduler_heap *heap,
    struct scheduler_entry *entry);
/* Nothing if it is not there. */
void scheduler_heap_pull(struct scheduler_heap *heap,
    struct scheduler_entry *entry);

#endif
