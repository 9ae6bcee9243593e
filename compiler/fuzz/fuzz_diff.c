/*
 * Fuzzes comparisons: two configs of chosen rules, often the second a small
 * change of the first. Where they are said to be the same, no chosen
 * envelope may be treated differently, and every witness must be.
 */
#include "compiler/fuzz/conf.h"
#include "compiler/tests/equal_env.h"

enum {
	FUZZ_RULES_MAX = 8,
	FUZZ_CHANGES_MAX = 4,
	FUZZ_WITNESSES = 4,
	FUZZ_ENVELOPES = 60,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Another config, or the same after some changes. */
static void
fuzz_change(struct random_conf *rules)
{
	uint32_t changes = random_env_below(FUZZ_CHANGES_MAX + 1);

	if (random_env_below(4) == 3)
		random_conf_make(rules,
		    conf_languages[random_env_below(CONF_LANGUAGES)],
		    FUZZ_RULES_MAX);
	for (uint32_t i = 0; i < changes; i++)
		random_conf_mutate(rules, FUZZ_RULES_MAX);
}

/*
 * Tables that cannot be read fail in the loops, which a comparison of their
 * answers does not look at.
 */
static bool
fuzz_has_failures(const struct conf confs[2])
{
	for (unsigned side = 0; side < 2; side++)
		for (uint32_t i = 0; i < confs[side].bind.ir->table_count; i++)
			if (confs[side].bind.ir->tables[i].kind == IR_TABLE_DB)
				return true;
	return false;
}

static void
fuzz_compare(struct conf confs[2])
{
	static struct equal_env env;
	struct bind *const binds[2] = { &confs[0].bind, &confs[1].bind };
	const char *problem;

	equal_env_init(&env, binds, FUZZ_WITNESSES);
	problem = equal_env_problem(&env,
	    fuzz_has_failures(confs) ? 0 : FUZZ_ENVELOPES);
	if (problem != NULL) {
		fputs(confs[0].text, stderr);
		conf_fail(&confs[1], problem);
	}
	equal_env_fini(&env);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct random_conf rules;
	static struct conf confs[2];

	random_env_feed(data, size);
	random_conf_make(&rules,
	    conf_languages[random_env_below(CONF_LANGUAGES)], FUZZ_RULES_MAX);
	conf_init(&confs[0], &rules);
	fuzz_change(&rules);
	conf_init(&confs[1], &rules);
	fuzz_compare(confs);
	for (unsigned side = 0; side < 2; side++)
		conf_fini(&confs[side]);
	return 0;
}
