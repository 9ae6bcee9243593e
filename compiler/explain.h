/*
 * What is known of each check, for people: --explain and --list-checks.
 */
#ifndef COMPILER_EXPLAIN_H
#define COMPILER_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

/* False where writing failed. */
bool explain_list(FILE *out);

/* False, with a message on standard error, for an unknown check. */
bool explain_check(FILE *out, const char *name);

#endif
