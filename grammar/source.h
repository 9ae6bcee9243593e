/*
 * The texts of a compilation and the positions in them. Every file that is
 * read, the one named on the command line and each inclusion, occupies a
 * range of one space of 32-bit offsets, so that a span is eight bytes and
 * knows its file. Line and column are computed only when printed.
 *
 * Positions always lie in a file as written: what comes out of a macro has
 * the span of its reference, and a side table tells which macro that was.
 */
#ifndef GRAMMAR_SOURCE_H
#define GRAMMAR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/srcpos.h"
#include "runtime/base/str.h"

/* All texts of a compilation together. */
#define SOURCE_SIZE_MAX (1024u * 1024u * 1024u)

struct source_file {
	const char *path; /* as written by the user */
	char *text;       /* len bytes, then two NULs */
	uint32_t len;
	uint32_t base;             /* offset of text[0]; text[len] is valid */
	struct srcpos included_at; /* the path in the include statement */
	bool is_command_line;      /* holds one -D name=value */

	/* Filled at the first look-up of a line. */
	uint32_t *lines; /* offset of each line in text */
	uint32_t line_count;
};

/* One reference to a macro that was expanded. */
struct source_expansion {
	struct srcpos at;         /* the reference, "$name" */
	struct srcpos defined_at; /* the name in its definition */
};

struct source_map {
	struct arena *arena;
	struct source_file **files; /* ascending base */
	uint32_t file_count;
	uint32_t file_room;
	uint32_t next_base;
	struct source_expansion *expansions; /* hashed by at.begin */
	uint32_t expansion_count;
	uint32_t expansion_room; /* a power of two, or 0 */
};

struct source_location {
	const struct source_file *file;
	uint32_t line;         /* from 1 */
	uint32_t column;       /* from 1, in bytes */
	const char *line_text; /* without the line feed */
	uint32_t line_len;
};

void source_map_init(struct source_map *map, struct arena *arena);

/* Also frees the texts. */
void source_map_fini(struct source_map *map);

/*
 * Adds a text. text must come from malloc, hold len bytes and two NULs;
 * the map owns it from then on, on failure too. path is copied. Returns
 * NULL when the sizes add up to more than SOURCE_SIZE_MAX.
 */
struct source_file *source_add(struct source_map *map, const char *path,
    char *text, size_t len, struct srcpos included_at);

/* The file that holds an offset, NULL for {0, 0}. */
struct source_file *source_file_at(const struct source_map *map,
    uint32_t offset);

/* False, and *loc_r untouched, where offset is no position. */
bool source_locate(const struct source_map *map, uint32_t offset,
    struct source_location *loc_r);

/* The bytes of a span; ends at the end of the file that it begins in. */
struct str source_text(const struct source_map *map, struct srcpos pos);

void source_add_expansion(struct source_map *map,
    struct source_expansion expansion);

/* The expansion whose reference begins at pos.begin, else NULL. */
const struct source_expansion *source_expansion_at(const struct source_map *map,
    struct srcpos pos);

static inline bool
srcpos_is_none(struct srcpos pos)
{
	return pos.begin == 0;
}

/* From the beginning of a to the end of b. */
static inline struct srcpos
srcpos_join(struct srcpos a, struct srcpos b)
{
	return (struct srcpos){ a.begin, b.end };
}

#endif
