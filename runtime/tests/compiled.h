/*
 * Rulesets for tests: a config is compiled by smtpd-compile and mapped.
 */
#ifndef RUNTIME_TESTS_COMPILED_H
#define RUNTIME_TESTS_COMPILED_H

#include "runtime/proc/child.h"

/* Fails the test where the config does not compile. Freed by its drop. */
struct ruleset_use *compiled_new(const char *config);

/* The same, with the entries of table files in it. */
struct ruleset_use *compiled_new_embedding(const char *config);

#endif
