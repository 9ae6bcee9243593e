/*
 * What tests of diagnostics need: a map with files made from literals, and
 * spans found by their text. One static environment; each test is a
 * process of its own.
 */
#ifndef GRAMMAR_TESTS_DIAG_ENV_H
#define GRAMMAR_TESTS_DIAG_ENV_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "grammar/diag.h"

static const struct srcpos env_nowhere;
static struct arena env_arena;
static struct source_map env_map;
static struct diag_list env_list;

static inline void
env_init(void)
{
	arena_init(&env_arena, NULL);
	source_map_init(&env_map, &env_arena);
	diag_list_init(&env_list, &env_arena, &env_map);
}

static inline void
env_fini(void)
{
	source_map_fini(&env_map);
	arena_fini(&env_arena);
}

static inline struct source_file *
env_add_bytes(const char *path, const char *text, size_t len,
    struct srcpos included_at)
{
	char *copy = calloc(1, len + 2);
	struct source_file *file;

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	file = source_add(&env_map, path, copy, len, included_at);
	cr_assert_not_null(file);
	return file;
}

static inline struct source_file *
env_add(const char *path, const char *text)
{
	return env_add_bytes(path, text, strlen(text), env_nowhere);
}

static inline struct srcpos
env_range(const struct source_file *file, size_t begin, size_t end)
{
	return (struct srcpos){ file->base + (uint32_t)begin,
		file->base + (uint32_t)end };
}

/* The first occurrence of a text. */
static inline struct srcpos
env_find(const struct source_file *file, const char *text)
{
	const char *at = memmem(file->text, file->len, text, strlen(text));

	cr_assert_not_null(at, "no '%s' in %s", text, file->path);
	return env_range(file, (size_t)(at - file->text),
	    (size_t)(at - file->text) + strlen(text));
}

/* What a memory stream made, kept with the rest until the test ends. */
static inline char *
env_keep(char *text)
{
	char *copy;

	cr_assert_not_null(text);
	copy = arena_bytes(&env_arena, strlen(text) + 1);
	strcpy(copy, text);
	free(text);
	return copy;
}

#endif
