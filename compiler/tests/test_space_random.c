/*
 * What forests and blobs of random configs decide, against the loop; some
 * have tables that answer at random or fail. ROUNDS=100 in the environment:
 * so many times as many of them.
 */
#include <criterion/criterion.h>

#include "compiler/tests/blob_env.h"
#include "compiler/tests/forest_env.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/random_conf.h"
#include "compiler/tests/random_env.h"
#include "compiler/tests/rounds.h"

enum {
	CONFIGS = 60,
	ENVELOPES = 200,
};

/* What came out, so that no test passes by one answer. */
struct outcomes {
	uint64_t of[RULESET_TEMPFAIL + 1];
};

static void
try_envelope(struct forest_env *forest, struct blob_env *blob,
    const struct random_env *random, const char *text,
    struct outcomes *outcomes)
{
	struct ruleset_envelope e = random_env_next(random, blob->bind->host);
	struct space_facts facts = { random_env_below(4) == 0,
		random_env_below(3) == 0 };
	struct ruleset_result result;
	char told[RANDOM_ENV_TEXT_MAX];

	forest->seed = blob->seed = random_env_below(1000);
	cr_assert(forest_env_agrees(forest, &e, facts, &result),
	    "forest, seed %u: %s\n%s", (unsigned)forest->seed,
	    random_env_text(&e, told), text);
	cr_assert(blob_env_agrees(blob, &e, facts, &result),
	    "blob, seed %u: %s\n%s", (unsigned)blob->seed,
	    random_env_text(&e, told), text);
	outcomes->of[result.verdict]++;
}

static void
try_conf(const struct random_conf_language *language, const char *target,
    enum space_order order, struct outcomes *outcomes)
{
	static struct random_env random;
	static struct ir_env ir;
	struct random_conf conf;
	struct forest_env forest;
	struct blob_env blob;
	char text[RANDOM_CONF_TEXT_MAX];

	random_conf_make(&conf, language, RANDOM_CONF_RULES_MAX);
	random_conf_text(&conf, text);
	ir_env_init(&ir);
	ir_env_compile(&ir, target, text);
	forest_env_init(&forest, &ir.bind, order);
	blob_env_init(&blob, &ir.bind);
	random_env_init(&random, &forest.space);
	for (unsigned i = 0; i < ENVELOPES; i++)
		try_envelope(&forest, &blob, &random, text, outcomes);
	cr_assert(forest_env_is_plain_fold(&forest), "two builders differ: %s",
	    text);
	blob_env_fini(&blob);
	forest_env_fini(&forest);
	ir_env_fini(&ir);
}

static struct outcomes
try_confs(const struct random_conf_language *language, const char *target)
{
	struct outcomes outcomes = { { 0 } };

	for (uint32_t i = 0; i < CONFIGS * rounds_factor(); i++)
		try_conf(language, target,
		    i % 2 == 0 ? SPACE_RCPT_FIRST : SPACE_SENDER_FIRST,
		    &outcomes);
	cr_expect_gt(outcomes.of[RULESET_MATCH], 0);
	cr_expect_gt(outcomes.of[RULESET_NO_MATCH], 0);
	return outcomes;
}

Test(space_random, agrees_on_modern_configs)
{
	try_confs(&random_conf_modern, NULL);
}

Test(space_random, agrees_on_legacy_configs)
{
	try_confs(&random_conf_legacy, NULL);
}

Test(space_random, agrees_on_logins)
{
	try_confs(&random_conf_logins, NULL);
}

Test(space_random, agrees_on_wild_patterns)
{
	try_confs(&random_conf_wild, NULL);
}

Test(space_random, agrees_on_questions)
{
	try_confs(&random_conf_opaque, NULL);
}

Test(space_random, agrees_on_what_always_fails)
{
	struct outcomes outcomes = try_confs(&random_conf_opaque, "6.6");

	cr_expect_gt(outcomes.of[RULESET_TEMPFAIL], 0);
}

Test(space_random, agrees_on_look_ups_that_fail)
{
	struct outcomes outcomes = try_confs(&random_conf_dynamic, NULL);

	cr_expect_gt(outcomes.of[RULESET_TEMPFAIL], 0);
}
