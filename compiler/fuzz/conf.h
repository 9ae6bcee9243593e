/*
 * Configs that a fuzzer chooses: bytes of the input take the place of random
 * numbers, so that what comes out always compiles and small changes of the
 * input are small changes of rules. Included by the harnesses of diagrams.
 */
#ifndef COMPILER_FUZZ_CONF_H
#define COMPILER_FUZZ_CONF_H

#include <stdio.h>

#include "compiler/check.h"
#include "compiler/lower.h"
#include "compiler/resolve.h"
#include "compiler/tests/random_conf.h"
#include "compiler/tests/random_env.h"
#include "grammar/fuzz/input.h"

#define CONF_ROOT "fixtures/explain/root"

static const struct random_conf_language *const conf_languages[] = {
	&random_conf_wild,
	&random_conf_modern,
	&random_conf_legacy,
	&random_conf_logins,
	&random_conf_opaque,
	&random_conf_dynamic,
};

enum {
	CONF_LANGUAGES = sizeof(conf_languages) / sizeof(conf_languages[0]),
};

/* A compiled config, bound to the host of a root of the fixtures. */
struct conf {
	char text[RANDOM_CONF_TEXT_MAX];
	struct options options;
	struct compilation comp;
	struct host host;
	struct bind bind;
};

/* Of both languages each, as the input chooses. */
static inline struct target
conf_target(bool is_legacy)
{
	static const char *const modern[] = { "native", "7.8", "6.8", "6.6" };
	struct target target;
	const char *nearest;

	if (!target_parse(str_from(is_legacy ? "6.0.3" :
					       modern[random_env_below(4)]),
		&target, &nearest))
		abort();
	return target;
}

static inline void
conf_fail(const struct conf *conf, const char *what)
{
	fprintf(stderr, "%s:\n%s", what, conf->text);
	abort();
}

static inline void
conf_init(struct conf *conf, const struct random_conf *from)
{
	struct input input = { .count = 1 };
	const struct ir *ir;
	const char *what;

	random_conf_text(from, conf->text);
	input.parts[0] = str_from(conf->text);
	input.options.has_target = input.options.has_dialect = true;
	input.options.target = conf_target(from->language->is_action_first);
	input.options.dialect = input.options.target.dialect;
	input.options.read = input_read;
	input.options.read_arg = &input;
	conf->options = (struct options){ .root = CONF_ROOT };
	conf->options.policy.disabled[CHECK_MISSING_FILE] = true;
	compilation_init(&conf->comp, &conf->options);
	if (rootdir_init(&conf->comp.root, conf->options.root) != 0)
		abort();
	conf->comp.tree = input_parse(&input, &conf->comp.diags);
	resolve_run(&conf->comp);
	diag_finish(&conf->comp.diags);
	if (conf->comp.diags.errors > 0) {
		input_print(stderr, &conf->comp.diags, RENDER_TEXT);
		conf_fail(conf, "does not compile");
	}
	ir = lower_run(&conf->comp);
	if (host_init(&conf->host, &conf->comp, &what) != HOST_OK)
		abort();
	bind_init(&conf->bind, &conf->comp, ir, &conf->host);
}

static inline void
conf_fini(struct conf *conf)
{
	bind_fini(&conf->bind);
	compilation_fini(&conf->comp);
}

#endif
