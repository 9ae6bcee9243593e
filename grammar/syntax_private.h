/*
 * Between syntax.c and syntax_hints.c.
 */
#ifndef GRAMMAR_SYNTAX_PRIVATE_H
#define GRAMMAR_SYNTAX_PRIVATE_H

#include "grammar/syntax.h"

struct syntax {
	struct parse *parse;
	struct reader *reader;
	const struct token *token;  /* the unexpected one */
	const struct token *before; /* the one before it in the statement */
	unsigned index; /* of token in the statement; at its end, 0 */
	const char *const *expected;
	int expected_count;
};

/* Whether a symbol of that name could have stood there. */
bool syntax_expects(const struct syntax *syntax, const char *name);
bool syntax_expects_name(const struct syntax *syntax);

struct diag *syntax_error(const struct syntax *syntax, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Reports what was probably meant; false where there is no idea. */
bool syntax_hint(const struct syntax *syntax);

#endif
