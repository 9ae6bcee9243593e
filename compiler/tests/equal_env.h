/*
 * A comparison of two bound configs, and what the loops say of it: envelopes
 * at random must be treated alike where it says so, and every witness must
 * not be.
 */
#ifndef COMPILER_TESTS_EQUAL_ENV_H
#define COMPILER_TESTS_EQUAL_ENV_H

#include "compiler/equal.h"
#include "compiler/tests/random_env.h"

struct equal_env {
	struct bind *binds[2];
	struct equal equal;
	struct equal_labels labels[2]; /* delivered here, relayed, refused */
	struct equal_result result;
	struct random_env random;
};

void equal_env_init(struct equal_env *env, struct bind *const binds[2],
    uint32_t witnesses_max);
void equal_env_fini(struct equal_env *env);

/*
 * What is wrong with the result, NULL if nothing is; to be sure that
 * rulesets are the same, so many envelopes are tried. Witnesses that assume
 * what a table answers are taken as they are.
 */
const char *equal_env_problem(struct equal_env *env, unsigned envelopes);

#endif
