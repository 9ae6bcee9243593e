/*
 * Why a predicate of a rule holds, does not hold, or cannot be answered, in
 * words: what the rule says, the value that it was asked about, the table
 * entry that decided. Decides nothing itself. Called by explain_text.c.
 */
#ifndef COMPILER_EXPLAIN_WHY_H
#define COMPILER_EXPLAIN_WHY_H

#include <stdio.h>

#include "compiler/decide.h"

/*
 * "'from src <lan>': 198.51.100.9 is in no network of <lan>". envelope: the
 * one that the step is of.
 */
void explain_why(FILE *out, struct bind *bind,
    const struct ruleset_envelope *envelope, const struct decide_step *step);

/* "<name>", or what stands for a table that has no name. */
void explain_why_table(FILE *out, const struct bind *bind, uint32_t table);

/* Why a table cannot be asked, one clause that begins with its name. */
void explain_why_failed(FILE *out, struct bind *bind, uint32_t table);

/*
 * A statement or clause as written, on one line; at most as long as a line
 * of text.
 */
void explain_why_source(FILE *out, const struct bind *bind, struct srcpos pos);

#endif
