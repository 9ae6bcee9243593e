/*
 * Forests of whole configs, in both orders of levels, against the loop and
 * against a second builder, on envelopes put together from what the config
 * names and from what it does not. Reads ../shared too, where it is there.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler/lower.h"
#include "compiler/tests/forest_env.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/random_env.h"

enum {
	ENVELOPES = 300,
	PLAIN_FOLD_MAX = 100, /* rules: it can grow with their product */
};

static void
compare(struct forest_env *env, const struct random_env *random,
    const char *path)
{
	struct ruleset_envelope e = random_env_next(random, env->bind->host);
	struct space_facts facts = { random_env_below(4) == 0,
		random_env_below(3) == 0 };
	struct ruleset_result result;
	char told[RANDOM_ENV_TEXT_MAX];

	env->seed = random_env_below(1000);
	cr_assert(forest_env_agrees(env, &e, facts, &result),
	    "%s: loop %d rule %u; %s", path, result.verdict, result.rule,
	    random_env_text(&e, told));
}

static void
try_order(struct bind *bind, enum space_order order, const char *path)
{
	static struct random_env random;
	struct forest_env env;

	forest_env_init(&env, bind, order);
	random_env_init(&random, &env.space);
	for (unsigned i = 0; i < ENVELOPES; i++)
		compare(&env, &random, path);
	cr_assert(bind->ir->ruleset.rule_count > PLAIN_FOLD_MAX ||
		forest_env_is_plain_fold(&env),
	    "%s: two builders differ", path);
	forest_env_fini(&env);
}

/* False where the config does not compile. */
static bool
try_config(const char *path, const char *root)
{
	struct options options = { .root = root };
	struct compilation comp;
	struct host host;
	struct bind bind;
	const char *what;
	bool is_good;

	options.policy.disabled[CHECK_MISSING_FILE] = true;
	compilation_init(&comp, &options);
	is_good = compilation_run(&comp, path) == COMPILATION_OK &&
	    comp.diags.errors == 0;
	if (is_good) {
		const struct ir *ir = lower_run(&comp);

		cr_assert_eq(host_init(&host, &comp, &what), 0);
		bind_init(&bind, &comp, ir, &host);
		try_order(&bind, SPACE_RCPT_FIRST, path);
		try_order(&bind, SPACE_SENDER_FIRST, path);
		bind_fini(&bind);
	}
	compilation_fini(&comp);
	return is_good;
}

static void
try_text(const char *text)
{
	char path[] = "/tmp/test_space.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
	cr_assert(try_config(path, NULL), "%s", text);
	cr_assert_eq(unlink(path), 0);
}

Test(space, agrees_on_every_modern_predicate)
{
	try_text(
	    "table lan { 10.0.0.0/8, \"192.0.2.0/24\", \"local\" }\n"
	    "table people { bob, \"alice@example.com\", \"@*.example.org\", "
	    "\"carol+x@example.com\" }\n"
	    "action a relay\n"
	    "match tag DKIM from any for any action a\n"
	    "match !from src <lan> for domain { \"*.example.org\", x } "
	    "reject\n"
	    "match from src <lan> mail-from <people> for any action a\n"
	    "match from rdns { mx.example.com } for any reject\n"
	    "match !from rdns for any helo { \"*.bad\" } reject\n"
	    "match auth { bob, \"carol+x\", \"@*.example.com\" } from any for any "
	    "!helo x action a\n"
	    "match !auth <people> from any for any helo y action a\n"
	    "match auth from any rcpt-to <people> action a\n"
	    "match !auth !mail-from <people> from any for any reject\n"
	    "match from socket for any action a\n"
	    "match tls from any for domain regex \"ex.*\" action a\n"
	    "match for local action a\n"
	    "match from any for any !rcpt-to <people> action a\n");
}

Test(space, agrees_on_every_legacy_predicate)
{
	try_text(
	    "table lan { 10.0.0.0/8, 192.0.2.0/24 }\n"
	    "table here { \"local\", 203.0.113.5 }\n"
	    "table people { bob, \"alice@example.com\", \"@*.example.org\" }\n"
	    "listen on lo tag DKIM\n"
	    "accept tagged DKIM from any for any relay\n"
	    "reject tagged ! dkim sender <people> from any for any\n"
	    "accept from source <lan> for domain { \"*.example.org\" } relay\n"
	    "accept from ! source <here> recipient <people> for any relay\n"
	    "accept from source <here> for any relay\n"
	    "accept authenticated from any for domain x relay\n"
	    "accept ! authenticated from ! local for ! local relay\n"
	    "accept for local deliver to mbox\n"
	    "accept for any relay\n");
}

Test(space, asks_tables_that_it_cannot_read)
{
	try_text("table dyn db:/nowhere.db\n"
		 "table lan { 10.0.0.0/8 }\n"
		 "action a relay\n"
		 "match from src <lan> for domain <dyn> action a\n"
		 "match from src <dyn> for domain x mail-from <dyn> action a\n"
		 "match auth <dyn> from any for any action a\n"
		 "match from any for any action a\n");
}

/*
 * The example of docs/ARCHITECTURE.md: classes and nodes that it names. An
 * empty domain, which no mail has, is one class more.
 */
Test(space, makes_the_diagram_of_the_example)
{
	static struct ir_env ir;
	struct forest_env env;
	uint32_t nodes, edges;

	ir_env_init(&ir);
	ir_env_compile(&ir, NULL,
	    "action in mbox\n"
	    "match from any for domain \"a.example\" action in\n"
	    "match from any mail-from \"@bad.example\" for any reject\n"
	    "match from any for domain \"*.example\" action in\n");
	forest_env_init(&env, &ir.bind, SPACE_RCPT_FIRST);
	cr_expect_eq(classes_count(env.space.classes[SPACE_RCPT_DOMAIN]), 4);
	cr_expect_eq(classes_count(env.space.classes[SPACE_SENDER_DOMAIN]), 3);
	cr_expect_eq(env.forest.tree_count, 1);
	diagram_measure(&env.diagram, env.forest.trees[0].root, &nodes, &edges);
	cr_expect_eq(nodes, 3);
	cr_expect_eq(edges, 4 + 2 + 2);
	forest_env_fini(&env);
	ir_env_fini(&ir);
}

/* Every config below ../shared that compiles. */
static void
try_shared(const char *pattern, bool has_root)
{
	glob_t found;
	unsigned good = 0;

	if (glob(pattern, 0, NULL, &found) != 0)
		cr_skip_test("%s is not there", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char root[4096];

		snprintf(root, sizeof(root), "%s", found.gl_pathv[i]);
		*strrchr(root, '/') = '\0';
		good += try_config(found.gl_pathv[i], has_root ? root : NULL);
	}
	cr_expect_gt(good, found.gl_pathc / 2);
	globfree(&found);
}

Test(space, agrees_on_configs_of_others)
{
	try_shared("../shared/corpus/configs/*.conf", false);
}

Test(space, agrees_on_configs_that_real_daemons_ran)
{
	try_shared("../shared/oracle/dev/*/*.conf", true);
}
