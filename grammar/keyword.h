/*
 * The words of both languages (keywords.def) and the sets of them that one
 * target reserves.
 */
#ifndef GRAMMAR_KEYWORD_H
#define GRAMMAR_KEYWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ruleset/target.h"
#include "runtime/base/str.h"

enum keyword {
	KEYWORD_NONE,
#define KEYWORD(id, text, legacy, modern, since, until) KEYWORD_##id,
#include "grammar/keywords.def"
#undef KEYWORD
	KEYWORD_COUNT
};

/* What a word is to one target. */
enum keyword_class {
	KEYWORD_FOREIGN,    /* an ordinary name */
	KEYWORD_CONTEXTUAL, /* a name, known in some places to be old */
	KEYWORD_RESERVED,
};

const char *keyword_text(enum keyword keyword);

/* KEYWORD_NONE where no version of either language knows the word. */
enum keyword keyword_find(struct str word);

enum keyword_class keyword_class(enum keyword keyword, struct target target);

/* First modern version that reserves it; 0 where none does. */
unsigned keyword_since(enum keyword keyword);

bool keyword_is_legacy(enum keyword keyword);

#endif
