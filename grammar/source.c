/*
 * The source map: files in one offset space, found again by binary search.
 */
#include "grammar/source.h"

#include <stdlib.h>

void
source_map_init(struct source_map *map, struct arena *arena)
{
	/* Offset 0 is "no position". */
	*map = (struct source_map){ .arena = arena, .next_base = 1 };
}

void
source_map_fini(struct source_map *map)
{
	for (uint32_t i = 0; i < map->file_count; i++)
		free(map->files[i]->text);
	map->file_count = 0;
}

/* Doubles an array that lives in the arena; the old one is left behind. */
static void *
source_grow(struct arena *arena, const void *old, uint32_t *room, size_t size)
{
	uint32_t wider = *room == 0 ? 8 : *room * 2;
	void *array = arena_alloc(arena, wider * size);

	if (*room > 0)
		memcpy(array, old, *room * size);
	*room = wider;
	return array;
}

struct source_file *
source_add(struct source_map *map, const char *path, char *text, size_t len,
    struct srcpos included_at)
{
	struct source_file *file;

	if (len >= SOURCE_SIZE_MAX - map->next_base) {
		free(text);
		return NULL;
	}
	file = ARENA_NEW(map->arena, struct source_file);
	file->path = arena_copy(map->arena, str_from(path)).ptr;
	file->text = text;
	file->len = (uint32_t)len;
	file->base = map->next_base;
	file->included_at = included_at;
	map->next_base += file->len + 1;

	if (map->file_count == map->file_room)
		map->files = source_grow(map->arena, map->files,
		    &map->file_room, sizeof(struct source_file *));
	map->files[map->file_count++] = file;
	return file;
}

struct source_file *
source_file_at(const struct source_map *map, uint32_t offset)
{
	uint32_t low = 0, high = map->file_count;

	if (offset == 0 || offset >= map->next_base)
		return NULL;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (map->files[middle]->base <= offset)
			low = middle;
		else
			high = middle;
	}
	return map->files[low];
}

static void
source_index_lines(const struct source_map *map, struct source_file *file)
{
	const char *end = file->text + file->len, *p;
	uint32_t count = 1;

	for (p = file->text; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		count++;
	file->lines = (uint32_t *)arena_alloc(map->arena,
	    (size_t)count * sizeof(uint32_t));
	count = 1;
	for (p = file->text; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		file->lines[count++] = (uint32_t)(p - file->text) + 1;
	file->line_count = count;
}

static uint32_t
source_line_index(const struct source_file *file, uint32_t at)
{
	uint32_t low = 0, high = file->line_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (file->lines[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool
source_locate(const struct source_map *map, uint32_t offset,
    struct source_location *loc_r)
{
	struct source_file *file = source_file_at(map, offset);
	uint32_t at, line, end;

	if (file == NULL)
		return false;
	if (file->lines == NULL)
		source_index_lines(map, file);
	at = offset - file->base;
	line = source_line_index(file, at);
	end = line + 1 < file->line_count ? file->lines[line + 1] - 1 :
					    file->len;
	*loc_r = (struct source_location){
		.file = file,
		.line = line + 1,
		.column = at - file->lines[line] + 1,
		.line_text = file->text + file->lines[line],
		.line_len = end - file->lines[line],
	};
	return true;
}

struct str
source_text(const struct source_map *map, struct srcpos pos)
{
	struct source_file *file = source_file_at(map, pos.begin);
	uint32_t begin, end;

	if (file == NULL || pos.end < pos.begin)
		return (struct str){ "", 0 };
	begin = pos.begin - file->base;
	end = pos.end - file->base;
	if (end > file->len)
		end = file->len;
	return (struct str){ file->text + begin, end - begin };
}

/* The slot that holds or would hold the expansion that begins there. */
static struct source_expansion *
source_expansion_slot(const struct source_map *map, uint32_t begin)
{
	uint32_t mask = map->expansion_room - 1;
	uint32_t i = (begin * 0x9e3779b1u) & mask;

	while (map->expansions[i].at.begin != 0 &&
	    map->expansions[i].at.begin != begin)
		i = (i + 1) & mask;
	return &map->expansions[i];
}

static void
source_grow_expansions(struct source_map *map)
{
	struct source_map old = *map;

	map->expansion_room = old.expansion_room == 0 ? 16 :
							old.expansion_room * 2;
	map->expansions = (struct source_expansion *)arena_alloc(map->arena,
	    map->expansion_room * sizeof(struct source_expansion));
	for (uint32_t i = 0; i < old.expansion_room; i++)
		if (old.expansions[i].at.begin != 0)
			*source_expansion_slot(map,
			    old.expansions[i].at.begin) = old.expansions[i];
}

void
source_add_expansion(struct source_map *map, struct source_expansion expansion)
{
	if (map->expansion_count >= map->expansion_room / 2)
		source_grow_expansions(map);
	*source_expansion_slot(map, expansion.at.begin) = expansion;
	map->expansion_count++;
}

const struct source_expansion *
source_expansion_at(const struct source_map *map, struct srcpos pos)
{
	const struct source_expansion *slot;

	if (map->expansion_room == 0 || srcpos_is_none(pos))
		return NULL;
	slot = source_expansion_slot(map, pos.begin);
	return slot->at.begin != 0 ? slot : NULL;
}
