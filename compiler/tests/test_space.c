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

enum { WORDS_MAX = 4096, ENVELOPES = 300 };

static uint64_t random_state = 1;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(random_state >> 33) % n;
}

struct world {
	struct compilation comp;
	struct host host;
	struct bind bind;
	struct diagram diagram;
	struct space space;
	struct forest forest;
	const struct ir *ir;

	/* Keys of all tables, and some that are in none. */
	struct str words[WORDS_MAX];
	uint32_t word_count;
};

struct question {
	enum ruleset_pred_kind kind;
	uint32_t table;
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
add_word(struct world *world, struct str word)
{
	if (world->word_count < WORDS_MAX)
		world->words[world->word_count++] = word;
}

static void
add_words(struct world *world)
{
	static const char *const strangers[] = { "", "x", "example.com",
		"a.b.example.org", "bob", "bob+tag", "alice@example.com",
		"192.0.2.1", "10.0.0.1", "2001:db8::1", "local", "DKIM" };

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		add_word(world, str_from(strangers[i]));
	for (uint32_t t = 0; t < world->ir->table_count; t++) {
		const struct ir_table *table = &world->ir->tables[t];

		for (uint32_t i = 0; i < table->entry_count; i++)
			add_word(world, table->entries[i].key);
	}
	for (uint32_t l = 0; l < SPACE_LEVELS; l++)
		for (uint32_t c = 0; world->space.classes[l] != NULL &&
		     c < classes_count(world->space.classes[l]) && c < 300;
		     c++)
			add_word(world,
			    classes_representative(world->space.classes[l], c));
}

static struct str
word(const struct world *world)
{
	return world->words[random_below(world->word_count)];
}

/* Users and domains never hold "@". */
static struct mailaddr
mailbox(const struct world *world)
{
	struct mailaddr a = mailaddr_split(word(world));
	struct mailaddr b = mailaddr_split(word(world));

	if (random_below(8) == 0)
		return (struct mailaddr){ STR_LIT(""), STR_LIT("") };
	if (a.domain.len == 0)
		a.domain = b.domain.len > 0 ? b.domain : b.user;
	if (a.domain.len == 0)
		a.domain = STR_LIT("other.example");
	return a;
}

static struct ruleset_envelope
envelope(const struct world *world)
{
	struct ruleset_envelope e = {
		.tag = word(world),
		.is_socket = random_below(6) == 0,
		.rdns = random_below(3) == 0 ? STR_LIT("") : word(world),
		.helo = word(world),
		.is_tls = random_below(2) == 0,
		.is_authenticated = random_below(3) == 0,
		.username = word(world),
		.sender = mailbox(world),
		.dest = mailbox(world),
		.is_internal = random_below(5) == 0,
	};
	struct netaddr addr;

	do
		e.peer = word(world);
	while (netaddr_parse_cidr(e.peer, NETADDR_BRACKETS | NETADDR_TAG,
		   &addr) != NETADDR_OK);
	e.peer = e.is_socket ? STR_LIT("local") :
			       host_spell(&world->host, &addr);
	if (e.is_socket)
		e.is_authenticated = true;
	if (e.dest.domain.len == 0)
		e.dest.domain = STR_LIT("other.example");
	return e;
}

static void
compare(struct world *world, const char *path)
{
	struct ruleset_envelope e = envelope(world);
	struct asking asking = {
		.world = world,
		.envelope = &e,
		.facts = { random_below(4) == 0, random_below(3) == 0 },
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
		add_words(&world);
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
