/*
 * Arena: blocks of growing size, bump allocation, one free for all.
 * Large requests get a block of their own, so that the current block's
 * rest is not thrown away.
 */
#include "runtime/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ARENA_BLOCK_MIN = 16 * 1024,
	ARENA_BLOCK_MAX = 1024 * 1024,
};

struct arena_block {
	struct arena_block *next;
	max_align_t data[];
};

void
arena_init(struct arena *arena, void (*out_of_memory)(void))
{
	*arena = (struct arena){ .out_of_memory = out_of_memory };
}

void
arena_fini(struct arena *arena)
{
	struct arena_block *block, *next;

	for (block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct arena){ .out_of_memory = arena->out_of_memory };
}

static char *
arena_block_new(struct arena *arena, size_t size)
{
	struct arena_block *block = NULL;

	if (size <= SIZE_MAX - sizeof(*block))
		block = malloc(sizeof(*block) + size);
	if (block == NULL) {
		if (arena->out_of_memory != NULL)
			arena->out_of_memory();
		abort();
	}
	arena->total += size;
	block->next = arena->blocks;
	arena->blocks = block;
	return (char *)block->data;
}

static char *
arena_grow(struct arena *arena, size_t size)
{
	size_t block_size = ARENA_BLOCK_MIN;
	char *data;

	while (block_size < ARENA_BLOCK_MAX && block_size < arena->total / 8)
		block_size *= 2;
	if (size > block_size / 4)
		return arena_block_new(arena, size);
	data = arena_block_new(arena, block_size);
	arena->next = data + size;
	arena->limit = data + block_size;
	return data;
}

char *
arena_bytes(struct arena *arena, size_t size)
{
	char *p = arena->next;

	if (size > (size_t)(arena->limit - p))
		return arena_grow(arena, size);
	arena->next += size;
	return p;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = 8;
	size_t pad = (size_t)(-(uintptr_t)arena->next & (align - 1));
	char *p;

	/* A new block is aligned, whatever is left of the old one. */
	if (arena->next != NULL && pad <= (size_t)(arena->limit - arena->next))
		arena->next += pad;
	p = arena_bytes(arena, size == 0 ? 1 : size);
	memset(p, 0, size);
	return p;
}

struct str
arena_copy(struct arena *arena, struct str s)
{
	char *p = arena_bytes(arena, (size_t)s.len + 1);

	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	p[s.len] = '\0';
	return (struct str){ p, s.len };
}

const char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return text;
}

const char *
arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	int len;
	char *p;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return "";
	p = arena_bytes(arena, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	return p;
}
