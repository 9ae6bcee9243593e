/*
 * Forests of whole configs against the loop: the same verdict, rule, and
 * questions, on envelopes put together from what the config names and from
 * what it does not. Reads ../shared too, where it is there.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compiler/lower.h"
#include "compiler/space.h"
#include "compiler/tests/random_env.h"

enum { ENVELOPES = 300 };

struct world {
	struct compilation comp;
	struct host host;
	struct bind bind;
	struct diagram diagram;
	struct space space;
	struct forest forest;
	struct random_env random;
	const struct ir *ir;
};

/* What is asked, by one side or the other. */
struct asking {
	struct world *world;
	const struct ruleset_envelope *envelope;
	struct space_facts facts;
	struct ruleset_callbacks callbacks;
};

static enum answer
lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct asking *asking = arg;
	const struct table_entry *entry;

	return bind_lookup(&asking->world->bind, table, service, key, &entry);
}

static bool
is_local_address(void *arg, struct str peer)
{
	(void)peer;
	return ((struct asking *)arg)->facts.is_own_address;
}

static bool
is_local_name(void *arg, struct str domain)
{
	(void)domain;
	return ((struct asking *)arg)->facts.is_own_name;
}

static enum answer
ask(void *arg, uint32_t question)
{
	struct asking *asking = arg;

	return ruleset_ask(asking->world->space.questions[question].pred,
	    asking->envelope, &asking->callbacks);
}

static void
compare(struct world *world, const char *path)
{
	struct ruleset_envelope e = random_env_next(&world->random,
	    &world->host);
	struct asking asking = {
		.world = world,
		.envelope = &e,
		.facts = { random_env_below(4) == 0, random_env_below(3) == 0 },
	};
	uint32_t classes[SPACE_LEVELS];
	struct ruleset_result wanted, seen;

	asking.callbacks = (struct ruleset_callbacks){ &asking, lookup,
		is_local_address, is_local_name, NULL };
	wanted = ruleset_eval(&world->ir->ruleset, &e, &asking.callbacks);
	space_classify(&world->space, 0, &e, asking.facts, classes);
	seen = forest_decide(&world->forest, classes, ask, &asking);
	cr_assert(seen.verdict == wanted.verdict && seen.rule == wanted.rule,
	    "%s: loop %d rule %u, forest %d rule %u; tag '%.*s' peer '%.*s' "
	    "from '%.*s'@'%.*s' to '%.*s'@'%.*s' helo '%.*s' rdns '%.*s' "
	    "auth %d internal %d socket %d",
	    path, wanted.verdict, wanted.rule, seen.verdict, seen.rule,
	    STR_ARG(e.tag), STR_ARG(e.peer), STR_ARG(e.sender.user),
	    STR_ARG(e.sender.domain), STR_ARG(e.dest.user),
	    STR_ARG(e.dest.domain), STR_ARG(e.helo), STR_ARG(e.rdns),
	    e.is_authenticated, e.is_internal, e.is_socket);
}

/* False where the config does not compile. */
static bool
try_config(const char *path, const char *root)
{
	static struct world world;
	struct options options = { .root = root };
	const char *what;
	bool is_good;

	memset(&world, 0, sizeof(world));
	options.policy.disabled[CHECK_MISSING_FILE] = true;
	compilation_init(&world.comp, &options);
	is_good = compilation_run(&world.comp, path) == COMPILATION_OK &&
	    world.comp.diags.errors == 0;
	if (is_good) {
		world.ir = lower_run(&world.comp);
		cr_assert_eq(host_init(&world.host, &world.comp, &what), 0);
		bind_init(&world.bind, &world.comp, world.ir, &world.host);
		diagram_init(&world.diagram);
		struct bind *const binds[] = { &world.bind };

		space_init(&world.space, binds, 1, &world.diagram);
		forest_build(&world.forest, &world.diagram,
		    world.space.sides[0].rules, world.ir->ruleset.rule_count);
		random_env_init(&world.random, &world.space);
		for (unsigned i = 0; i < ENVELOPES; i++)
			compare(&world, path);
		forest_fini(&world.forest);
		space_fini(&world.space);
		diagram_fini(&world.diagram);
		bind_fini(&world.bind);
	}
	compilation_fini(&world.comp);
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
