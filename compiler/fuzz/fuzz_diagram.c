/*
 * Fuzzes decision diagrams: a config of chosen rules, in an order of levels
 * that is chosen too, must decide every chosen envelope as the loop does and
 * ask what it asks; and its trees must be what the plain fold makes.
 */
#include "compiler/fuzz/conf.h"
#include "compiler/tests/forest_env.h"

enum {
	FUZZ_ENVELOPES_MIN = 4, /* with zeros behind the end of the input */
	FUZZ_ENVELOPES_MAX = 100,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_decide(const struct conf *conf, struct forest_env *env,
    const struct random_env *random)
{
	struct ruleset_envelope e = random_env_next(random, &conf->host);
	struct space_facts facts = { random_env_below(2) == 0,
		random_env_below(2) == 0 };
	struct ruleset_result result;
	char told[RANDOM_ENV_TEXT_MAX];

	env->seed = random_env_below(256);
	if (forest_env_agrees(env, &e, facts, &result))
		return;
	fprintf(stderr, "%s\n", random_env_text(&e, told));
	conf_fail(conf, "forest and loop differ");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct random_conf rules;
	static struct random_env random;
	static struct conf conf;
	struct forest_env env;

	random_env_feed(data, size);
	random_conf_make(&rules,
	    conf_languages[random_env_below(CONF_LANGUAGES)],
	    RANDOM_CONF_RULES_MAX);
	conf_init(&conf, &rules);
	forest_env_init(&env, &conf.bind,
	    random_env_below(2) == 0 ? SPACE_RCPT_FIRST : SPACE_SENDER_FIRST);
	random_env_init(&random, &env.space);
	for (unsigned i = 0; i < FUZZ_ENVELOPES_MIN ||
	     (i < FUZZ_ENVELOPES_MAX && random_env_is_fed());
	     i++)
		fuzz_decide(&conf, &env, &random);
	if (!forest_env_is_plain_fold(&env))
		conf_fail(&conf, "two builders differ");
	forest_env_fini(&env);
	conf_fini(&conf);
	return 0;
}
