/*
 * How fuzz inputs are divided into parts. Included by the harnesses whose
 * inputs are texts.
 */
#ifndef RUNTIME_BASE_FUZZ_CUT_H
#define RUNTIME_BASE_FUZZ_CUT_H

#include <string.h>

#include "runtime/base/str.h"

/* A line of its own between two parts. */
#define CUT_SEPARATOR "\n%%\n"

/* Up to the separator, which is cut off what *rest keeps. */
static inline struct str
cut_part(struct str *rest, const char *separator)
{
	size_t len = strlen(separator);
	const char *at = memmem(rest->ptr, rest->len, separator, len);
	struct str part = *rest;

	if (at == NULL) {
		*rest = (struct str){ rest->ptr + rest->len, 0 };
		return part;
	}
	part.len = (uint32_t)(at - part.ptr);
	rest->ptr += part.len + len;
	rest->len -= part.len + (uint32_t)len;
	return part;
}

#endif
