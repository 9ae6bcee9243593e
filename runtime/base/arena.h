/*
 * A region of memory that is freed as a whole. One arena owns a
 * compilation: tokens, trees and diagnostics. Nobody frees a node.
 */
#ifndef RUNTIME_BASE_ARENA_H
#define RUNTIME_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "runtime/base/str.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *next;                 /* free space in the newest block */
	char *limit;
	size_t total;                /* bytes obtained from malloc */
	void (*out_of_memory)(void); /* must not return; NULL: abort */
};

void arena_init(struct arena *arena, void (*out_of_memory)(void));
void arena_fini(struct arena *arena);

/* Zeroed, aligned for any object. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* Unaligned, not zeroed: for text. */
char *arena_bytes(struct arena *arena, size_t size);

/* Copies that end in NUL. */
struct str arena_copy(struct arena *arena, struct str s);
const char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
