/*
 * Syntax errors in words: what was found, what was expected, and what was
 * probably meant. Called by both parsers.
 */
#ifndef GRAMMAR_SYNTAX_H
#define GRAMMAR_SYNTAX_H

#include "grammar/build.h"

/* More than any state of either grammar expects. */
enum { SYNTAX_EXPECTED_MAX = 128 };

/*
 * Reports the reader's current token. expected holds the names of the
 * symbols that could stand there, count of them.
 */
void syntax_report(struct parse *parse, const char *const *expected, int count);

#endif
