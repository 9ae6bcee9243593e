/*
 * A binary heap; each entry knows its place in it.
 */
#include "runtime/queue/scheduler_heap.h"

#include <assert.h>
#include <stdlib.h>

int64_t
scheduler_heap_key(const struct scheduler_entry *entry)
{
	return entry->state == SCHEDULER_PENDING &&
		entry->next < entry->expires ?
	    entry->next :
	    entry->expires;
}

static void
scheduler_heap_set(struct scheduler_heap *heap, uint32_t place,
    struct scheduler_entry *entry)
{
	heap->entries[place] = entry;
	entry->place = place;
}

static void
scheduler_heap_sift_up(struct scheduler_heap *heap,
    struct scheduler_entry *entry)
{
	uint32_t place = entry->place;
	int64_t key = scheduler_heap_key(entry);

	while (place > 1 &&
	    scheduler_heap_key(heap->entries[place / 2]) > key) {
		scheduler_heap_set(heap, place, heap->entries[place / 2]);
		place /= 2;
	}
	scheduler_heap_set(heap, place, entry);
}

static void
scheduler_heap_sift_down(struct scheduler_heap *heap,
    struct scheduler_entry *entry)
{
	struct scheduler_entry **entries = heap->entries;
	uint32_t place = entry->place, count = heap->count;
	int64_t key = scheduler_heap_key(entry);

	for (uint32_t child; (child = 2 * place) <= count; place = child) {
		if (child < count &&
		    scheduler_heap_key(entries[child + 1]) <
			scheduler_heap_key(entries[child]))
			child++;
		if (scheduler_heap_key(entries[child]) >= key)
			break;
		scheduler_heap_set(heap, place, entries[child]);
	}
	scheduler_heap_set(heap, place, entry);
}

void
scheduler_heap_push(struct scheduler_heap *heap, struct scheduler_entry *entry)
{
	assert(entry->place == 0);
	entry->place = ++heap->count;
	scheduler_heap_sift_up(heap, entry);
}

void
scheduler_heap_pull(struct scheduler_heap *heap, struct scheduler_entry *entry)
{
	uint32_t place = entry->place;
	struct scheduler_entry *moved;

	if (place == 0)
		return;
	entry->place = 0;
	moved = heap->entries[heap->count--];
	if (moved == entry)
		return;
	scheduler_heap_set(heap, place, moved);
	scheduler_heap_sift_up(heap, moved);
	scheduler_heap_sift_down(heap, moved);
}

bool
scheduler_heap_reserve(struct scheduler_heap *heap, uint32_t count)
{
	uint32_t room = heap->room;
	struct scheduler_entry **grown;

	if (count < room)
		return true;
	room = room == 0 ? 64 : room * 2;
	grown = realloc(heap->entries, room * sizeof(*grown));
	if (grown == NULL)
		return false;
	heap->entries = grown;
	heap->room = room;
	return true;
}
