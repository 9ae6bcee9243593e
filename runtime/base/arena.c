/*
 * Arena: blocks of growing size, bump allocation, one free for all.
 * Large requests get a block of their own, so that the current block's
 * rest is not thrown away.
 */
#include "runtime/base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	ARENA_BLOCK_MIN = 16 * 1024,
	ARENA_HUGE_FROM = 512 * 1024, /* bytes of all blocks so far */
	ARENA_HUGE_PAGE = 2 * 1024 * 1024,
	ARENA_HUGE_MAX = 32 * 1024 * 1024, /* each block costs a page's room */
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

/*
 * Large arenas would spend more time on page faults than on what they hold:
 * their blocks are huge pages, where the system has some.
 */
static struct arena_block *
arena_block_huge(size_t size)
{
	struct arena_block *block = aligned_alloc(ARENA_HUGE_PAGE, size);

#ifdef MADV_HUGEPAGE
	/* It is only advice. */
	if (block != NULL)
		(void)madvise(block, size, MADV_HUGEPAGE);
#endif
	return block;
}

/* size is that of the data; with the head, whole pages of a huge block. */
static char *
arena_block_new(struct arena *arena, size_t size, bool is_huge)
{
	struct arena_block *block = NULL;

	if (is_huge)
		block = arena_block_huge(sizeof(*block) + size);
	else if (size <= SIZE_MAX - sizeof(*block))
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
	bool is_huge = arena->total >= ARENA_HUGE_FROM;
	size_t block_size = is_huge ? ARENA_HUGE_PAGE : ARENA_BLOCK_MIN;
	char *data;

	while (block_size < ARENA_HUGE_MAX && block_size < arena->total / 8)
		block_size *= 2;
	if (is_huge)
		block_size -= sizeof(struct arena_block);
	if (size > block_size / 4)
		return arena_block_new(arena, size, false);
	data = arena_block_new(arena, block_size, is_huge);
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
