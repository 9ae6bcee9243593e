/*
 * Lists of numbers and room for them, as the files of classes use them.
 */
#include "compiler/classes_private.h"

#include <stdlib.h>

enum { CLASSES_LIST_ROOM_MIN = 16 };

struct str
classes_list_key(struct classes_list list)
{
	return (struct str){ list.count > 0 ? (const char *)list.ids : "",
		list.count * (uint32_t)sizeof(*list.ids) };
}

static int
classes_compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool
classes_list_has(struct classes_list list, uint32_t id)
{
	return list.count > 0 &&
	    bsearch(&id, list.ids, list.count, sizeof(id),
		classes_compare_ids) != NULL;
}

uint32_t
classes_sort(uint32_t *ids, uint32_t count)
{
	uint32_t kept = 0;

	if (count > 1)
		qsort(ids, count, sizeof(*ids), classes_compare_ids);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

uint32_t *
classes_scratch(struct classes *classes, size_t count)
{
	if (count > classes->scratch_room) {
		classes->scratch_room = count + count / 2;
		classes->scratch = (uint32_t *)arena_alloc(classes->arena,
		    classes->scratch_room * sizeof(*classes->scratch));
	}
	return classes->scratch;
}

void *
classes_grow(const struct classes *classes, void *old, uint32_t *room,
    size_t size)
{
	uint32_t wider = *room == 0 ? CLASSES_LIST_ROOM_MIN : *room * 2;
	void *array = realloc(old, wider * size);

	if (array == NULL) {
		if (classes->arena->out_of_memory != NULL)
			classes->arena->out_of_memory();
		abort();
	}
	*room = wider;
	return array;
}
