/*
 * How long tests of random things go on: ROUNDS in the environment, a
 * number, makes them run so many times as long as in a usual run.
 */
#ifndef COMPILER_TESTS_ROUNDS_H
#define COMPILER_TESTS_ROUNDS_H

#include <stdint.h>

/* At least 1. */
uint32_t rounds_factor(void);

#endif
