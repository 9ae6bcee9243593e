/*
 * See ir_env.h.
 */
#include "compiler/tests/ir_env.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "grammar/render.h"

void
ir_env_init(struct ir_env *env)
{
	char path[64];

	memset(env, 0, sizeof(*env));
	strcpy(env->root, "/tmp/test-ir-XXXXXX");
	cr_assert_not_null(mkdtemp(env->root));
	snprintf(path, sizeof(path), "%s/etc", env->root);
	cr_assert_eq(mkdir(path, 0755), 0);
	env->options.root = env->root;
	env->options.policy.disabled[CHECK_MISSING_FILE] = true;
}

void
ir_env_write(const struct ir_env *env, const char *path, const char *text)
{
	char full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", env->root, path);
	file = fopen(full, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

void
ir_env_compile(struct ir_env *env, const char *target, const char *text)
{
	const struct render_options render = { .tool = "test" };
	const char *what, *nearest;
	char path[64];

	if (target != NULL) {
		env->options.parse.has_target = true;
		cr_assert(target_parse(str_from(target),
		    &env->options.parse.target, &nearest));
	}
	ir_env_write(env, "smtpd.conf", text);
	snprintf(path, sizeof(path), "%s/smtpd.conf", env->root);
	compilation_init(&env->comp, &env->options);
	cr_assert_eq(compilation_run(&env->comp, path), COMPILATION_OK);
	if (env->comp.diags.errors > 0)
		render_diags(stderr, &env->comp.diags, &render);
	cr_assert_eq(env->comp.diags.errors, 0, "%s", text);
	env->ir = lower_run(&env->comp);
	cr_assert_eq(host_init(&env->host, &env->comp, &what), HOST_OK);
	bind_init(&env->bind, &env->comp, env->ir, &env->host);
}

static int
ir_env_remove(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
ir_env_fini(struct ir_env *env)
{
	if (env->ir != NULL)
		bind_fini(&env->bind);
	compilation_fini(&env->comp);
	nftw(env->root, ir_env_remove, 8, FTW_DEPTH | FTW_PHYS);
}
