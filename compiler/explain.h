/*
 * What is known of each check, for people: --explain and --list-checks.
 * Whether it could be written is left to the caller to find out.
 */
#ifndef COMPILER_EXPLAIN_H
#define COMPILER_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

void explain_list(FILE *out);

/* False, with a message on standard error, for an unknown check. */
bool explain_check(FILE *out, const char *name);

#endif
