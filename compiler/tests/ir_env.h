/*
 * A config text as tests need it: compiled, lowered, bound to a host. Its
 * table files and facts of the host lie in a folder that is made anew.
 */
#ifndef COMPILER_TESTS_IR_ENV_H
#define COMPILER_TESTS_IR_ENV_H

#include "compiler/bind.h"
#include "compiler/lower.h"

struct ir_env {
	struct options options;
	struct compilation comp;
	const struct ir *ir;
	struct host host;
	struct bind bind;
	char root[32]; /* empty: none */
};

/* Makes the root folder, with etc/; to be called before ir_env_write. */
void ir_env_init(struct ir_env *env);

/* A file below it, "etc/hosts". */
void ir_env_write(const struct ir_env *env, const char *path, const char *text);

/* target: NULL for the default. Fails the test where it does not compile. */
void ir_env_compile(struct ir_env *env, const char *target, const char *text);

/* Also removes the folder. */
void ir_env_fini(struct ir_env *env);

#endif
