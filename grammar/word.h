/*
 * A word of a config: a name, a quoted string or a number, with its place.
 */
#ifndef GRAMMAR_WORD_H
#define GRAMMAR_WORD_H

#include "grammar/source.h"

enum word_kind {
	WORD_NONE, /* absent */
	WORD_BARE,
	WORD_QUOTED,
	WORD_NUMBER, /* digits, perhaps with a sign; fits int64_t */
};

struct word {
	const char *ptr; /* quotes and escapes undone */
	uint32_t len;
	enum word_kind kind;
	struct srcpos pos; /* as written, quotes included */
};

static inline struct str
word_str(struct word word)
{
	return (struct str){ word.ptr, word.len };
}

/* For printf: "%.*s" takes WORD_ARG(w). */
#define WORD_ARG(w) (int)(w).len, (w).ptr

#endif
