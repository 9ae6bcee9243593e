/*
 * Open addressing, linear probing, at most half full. Outgrown slots stay
 * in the arena: all of them together are smaller than the last.
 */
#include "runtime/base/strmap.h"

enum { STRMAP_ROOM_MIN = 16 };

void
strmap_init(struct strmap *map, struct arena *arena)
{
	*map = (struct strmap){ .arena = arena };
}

/* FNV-1a with a final mix, since only the low bits are used. */
static uint32_t
strmap_hash(struct str key)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint32_t i = 0; i < key.len; i++)
		hash = (hash ^ (uint8_t)key.ptr[i]) * 0x100000001b3u;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 32);
}

static struct strmap_slot *
strmap_find(const struct strmap *map, struct str key, uint32_t hash)
{
	uint32_t i = hash & (map->room - 1);

	while (map->slots[i].key.ptr != NULL &&
	    (map->slots[i].hash != hash || !str_eq(map->slots[i].key, key)))
		i = (i + 1) & (map->room - 1);
	return &map->slots[i];
}

static void
strmap_grow(struct strmap *map)
{
	struct strmap old = *map;

	map->room = old.room == 0 ? STRMAP_ROOM_MIN : old.room * 2;
	map->slots = (struct strmap_slot *)arena_alloc(map->arena,
	    map->room * sizeof(*map->slots));
	for (uint32_t i = 0; i < old.room; i++)
		if (old.slots[i].key.ptr != NULL)
			*strmap_find(map, old.slots[i].key,
			    old.slots[i].hash) = old.slots[i];
}

void **
strmap_put(struct strmap *map, struct str key)
{
	uint32_t hash = strmap_hash(key);
	struct strmap_slot *slot;

	if (map->count >= map->room / 2)
		strmap_grow(map);
	slot = strmap_find(map, key, hash);
	if (slot->key.ptr == NULL) {
		slot->key = key;
		slot->hash = hash;
		map->count++;
	}
	return &slot->value;
}

void *
strmap_get(const struct strmap *map, struct str key)
{
	if (map->room == 0)
		return NULL;
	return strmap_find(map, key, strmap_hash(key))->value;
}
