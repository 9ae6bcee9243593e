/*
 * A hash map from byte strings to pointers. Keys are not copied: they must
 * live as long as the map. Entries are never removed.
 */
#ifndef RUNTIME_BASE_STRMAP_H
#define RUNTIME_BASE_STRMAP_H

#include "runtime/base/arena.h"
#include "runtime/base/str.h"

struct strmap_slot {
	struct str key; /* ptr NULL: empty */
	uint32_t hash;
	void *value;
};

struct strmap {
	struct arena *arena;
	struct strmap_slot *slots;
	uint32_t room; /* a power of two, or 0 */
	uint32_t count;
};

void strmap_init(struct strmap *map, struct arena *arena);

/* The value's place, to be filled, for a new key holding NULL. */
void **strmap_put(struct strmap *map, struct str key);

/* NULL where the key is not there. */
void *strmap_get(const struct strmap *map, struct str key);

#endif
