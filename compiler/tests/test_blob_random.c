/*
 * What a blob decides, against the loop, on random configs. ROUNDS=100 in
 * the environment: so many times as many of them.
 */
#include <criterion/criterion.h>

#include "compiler/tests/blob_env.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/random_conf.h"
#include "compiler/tests/random_env.h"
#include "compiler/tests/rounds.h"

enum {
	CONFIGS = 40,
	ENVELOPES = 200,
};

/* What came out, so that no test passes by one answer. */
struct outcomes {
	uint64_t of[RULESET_TEMPFAIL + 1];
};

static void
try_envelope(struct blob_env *env, const struct random_env *random,
    const char *text, struct outcomes *outcomes)
{
	struct ruleset_envelope e = random_env_next(random, env->bind->host);
	struct space_facts facts = { random_env_below(4) == 0,
		random_env_below(3) == 0 };
	struct ruleset_result result;

	env->seed = random_env_below(1000);
	cr_assert(blob_env_agrees(env, &e, facts, &result),
	    "seed %u: login %d '%.*s' peer '%.*s' from '%.*s'@'%.*s' to "
	    "'%.*s'@'%.*s' (loop: %u %u)\n%s",
	    (unsigned)env->seed, e.is_authenticated, STR_ARG(e.username),
	    STR_ARG(e.peer), STR_ARG(e.sender.user), STR_ARG(e.sender.domain),
	    STR_ARG(e.dest.user), STR_ARG(e.dest.domain),
	    (unsigned)result.verdict, result.rule, text);
	outcomes->of[result.verdict]++;
}

static void
try_conf(const struct random_conf_language *language, const char *target,
    struct outcomes *outcomes)
{
	static struct random_env random;
	static struct ir_env ir;
	struct bind *binds[] = { &ir.bind };
	struct random_conf conf;
	struct blob_env env;
	struct diagram diagram;
	struct space space;
	char text[RANDOM_CONF_TEXT_MAX];

	random_conf_make(&conf, language, RANDOM_CONF_RULES_MAX);
	random_conf_text(&conf, text);
	ir_env_init(&ir);
	ir_env_compile(&ir, target, text);
	blob_env_init(&env, &ir.bind);
	diagram_init(&diagram);
	space_init(&space, binds, 1, &diagram);
	random_env_init(&random, &space);
	for (unsigned i = 0; i < ENVELOPES; i++)
		try_envelope(&env, &random, text, outcomes);
	space_fini(&space);
	diagram_fini(&diagram);
	blob_env_fini(&env);
	ir_env_fini(&ir);
}

static struct outcomes
try_confs(const struct random_conf_language *language, const char *target)
{
	struct outcomes outcomes = { { 0 } };

	for (uint32_t i = 0; i < CONFIGS * rounds_factor(); i++)
		try_conf(language, target, &outcomes);
	cr_expect_gt(outcomes.of[RULESET_MATCH], 0);
	cr_expect_gt(outcomes.of[RULESET_NO_MATCH], 0);
	return outcomes;
}

Test(blob_random, agrees_on_modern_configs)
{
	try_confs(&random_conf_modern, NULL);
}

Test(blob_random, agrees_on_legacy_configs)
{
	try_confs(&random_conf_legacy, NULL);
}

Test(blob_random, agrees_on_logins)
{
	try_confs(&random_conf_logins, NULL);
}

Test(blob_random, agrees_on_questions)
{
	try_confs(&random_conf_opaque, NULL);
}

Test(blob_random, agrees_on_what_always_fails)
{
	struct outcomes outcomes = try_confs(&random_conf_opaque, "6.6");

	cr_expect_gt(outcomes.of[RULESET_TEMPFAIL], 0);
}

Test(blob_random, agrees_on_look_ups_that_fail)
{
	struct outcomes outcomes = try_confs(&random_conf_dynamic, NULL);

	cr_expect_gt(outcomes.of[RULESET_TEMPFAIL], 0);
}
