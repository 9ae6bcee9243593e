/*
 * The forest of a bound config beside the loop that it stands for. Both are
 * put the same envelopes: answer, rule, and the questions asked in their
 * order must be the same, with all that fails.
 */
#ifndef COMPILER_TESTS_FOREST_ENV_H
#define COMPILER_TESTS_FOREST_ENV_H

#include "compiler/space.h"

enum { FOREST_ENV_ASKED_MAX = 4096 };

struct forest_env {
	struct bind *bind;
	struct diagram diagram;
	struct space space;
	struct forest forest;
	/*
	 * Tables that cannot be read answer yes, no or with a failure, by
	 * this number and what is asked; 0: they fail.
	 */
	uint64_t seed;
};

void forest_env_init(struct forest_env *env, struct bind *bind,
    enum space_order order);
void forest_env_fini(struct forest_env *env);

/* False where the two differ; *result_r is what the loop says. */
bool forest_env_agrees(struct forest_env *env,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    struct ruleset_result *result_r);

/* The loop's alone. */
struct ruleset_result forest_env_loop(struct forest_env *env,
    const struct ruleset_envelope *envelope, struct space_facts facts);

/*
 * The second builder: whether all trees together are the diagram that one
 * rule after the other makes.
 */
bool forest_env_is_plain_fold(struct forest_env *env);

#endif
