/*
 * The blob of a bound config beside the loop that it stands for: for the
 * same envelopes both must give the same answer and rule, and make the same
 * look-ups in the same order, with all that fails.
 */
#ifndef COMPILER_TESTS_BLOB_ENV_H
#define COMPILER_TESTS_BLOB_ENV_H

#include "compiler/blob_write.h"
#include "compiler/space.h"
#include "runtime/ruleset/blob.h"

struct blob_env {
	struct bind *bind;   /* answers what the blob cannot */
	struct bind leaving; /* what is written: without table files */
	struct blob_image image;
	struct blob blob;
	uint64_t seed; /* what tables answer that cannot be read */
};

/* Fails the test where it cannot be written, or is not sound. */
void blob_env_init(struct blob_env *env, struct bind *bind);
void blob_env_fini(struct blob_env *env);

/* False where the two differ; *result_r is what the loop says. */
bool blob_env_agrees(struct blob_env *env,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    struct ruleset_result *result_r);

#endif
