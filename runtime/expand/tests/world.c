/*
 * The world of the tests of expansion. See world.h.
 */
#include "runtime/expand/tests/world.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

const struct expand_semantics test_legacy = {
	.delimiter = '+',
	.daemon_user = { "_smtpd", 6 },
	.self_is_delivered = true,
	.virtual_names_are_aliases = true,
	.delivery_needs_method = true,
	.delivery_needs_user = true,
	.has_early_formats = true,
	.has_maildir_targets = true,
	.bad_domain_is_user = true,
};

const struct expand_semantics test_modern = {
	.delimiter = '+',
	.daemon_user = { "_smtpd", 6 },
	.has_list_codes = true,
	.user_skips_forward = true,
	.root_runs_nothing = true,
	.repeats_users = true,
	.bad_domain_is_user = true,
};

/* The world. */

enum { TEST_ALIASES, TEST_VIRTUALS, TEST_STARS, TEST_USERS, TEST_BROKEN };

#define TEST_LOCAL(aliases, virtuals, userbase) \
	EXPAND_RULE_LOCAL, 0, 0, (aliases), (virtuals), (userbase)
#define TEST_NONE   EXPAND_NO_TABLE
#define TEST_SYSTEM EXPAND_SYSTEM

/* Rule numbers count from 1; a domain without rule matches none. */
static const struct {
	const char *domain;
	struct expand_rule rule;
} test_rules[] = {
	{ "far.test", { .kind = EXPAND_RULE_RELAY } },
	{ "no.test", { .kind = EXPAND_RULE_REJECT } },
	{ "down.test", { .kind = EXPAND_RULE_FAILED } },
	{ "plain.test",
	    { TEST_LOCAL(TEST_NONE, TEST_NONE, TEST_SYSTEM), false, false,
		{ "", 0 } } },
	{ "hub.test",
	    { TEST_LOCAL(TEST_ALIASES, TEST_NONE, TEST_SYSTEM), false, false,
		{ "", 0 } } },
	{ "v.test",
	    { TEST_LOCAL(TEST_NONE, TEST_VIRTUALS, TEST_SYSTEM), false, false,
		{ "", 0 } } },
	{ "w.test",
	    { TEST_LOCAL(TEST_NONE, TEST_VIRTUALS, TEST_SYSTEM), false, false,
		{ "", 0 } } },
	{ "star.test",
	    { TEST_LOCAL(TEST_NONE, TEST_STARS, TEST_USERS), false, false,
		{ "", 0 } } },
	{ "fo.test",
	    { TEST_LOCAL(TEST_NONE, TEST_NONE, TEST_SYSTEM), true, false,
		{ "", 0 } } },
	{ "fa.test",
	    { TEST_LOCAL(TEST_ALIASES, TEST_NONE, TEST_SYSTEM), true, false,
		{ "", 0 } } },
	{ "ex.test",
	    { TEST_LOCAL(TEST_ALIASES, TEST_NONE, TEST_SYSTEM), false, true,
		{ "", 0 } } },
	{ "as.test",
	    { TEST_LOCAL(TEST_NONE, TEST_NONE, TEST_SYSTEM), false, false,
		{ "bob", 3 } } },
	{ "ub.test",
	    { TEST_LOCAL(TEST_ALIASES, TEST_NONE, TEST_USERS), false, false,
		{ "", 0 } } },
	{ "badal.test",
	    { TEST_LOCAL(TEST_BROKEN, TEST_NONE, TEST_SYSTEM), false, false,
		{ "", 0 } } },
	{ "badvi.test",
	    { TEST_LOCAL(TEST_NONE, TEST_BROKEN, TEST_SYSTEM), false, false,
		{ "", 0 } } },
	{ "badub.test",
	    { TEST_LOCAL(TEST_NONE, TEST_NONE, TEST_BROKEN), false, false,
		{ "", 0 } } },
};

static const struct {
	uint32_t table;
	const char *key, *value;
} test_entries[] = {
	{ TEST_ALIASES, "root", "alice" },
	{ TEST_ALIASES, "alice+x", "carol" },
	{ TEST_ALIASES, "mix", "f@far.test, bob, alice" },
	{ TEST_ALIASES, "nest1", "nest2" },
	{ TEST_ALIASES, "nest2", "nest3" },
	{ TEST_ALIASES, "nest3", "carol" },
	{ TEST_ALIASES, "loop1", "loop2" },
	{ TEST_ALIASES, "loop2", "loop1" },
	{ TEST_ALIASES, "self", "self" },
	{ TEST_ALIASES, "fwd", "fwd, alice" },
	{ TEST_ALIASES, "blocked", "alice, x@no.test" },
	{ TEST_ALIASES, "unrouted", "x@nowhere.test" },
	{ TEST_ALIASES, "down", "x@down.test" },
	{ TEST_ALIASES, "gone", "error:550 this list is closed" },
	{ TEST_ALIASES, "later", ":error:421 wait" },
	{ TEST_ALIASES, "badvalue", "error:hello" },
	{ TEST_ALIASES, "halfbad", "x@far.test, \"open" },
	{ TEST_ALIASES, "empty", " , " },
	{ TEST_ALIASES, "back", "bob@hub.test" },
	{ TEST_ALIASES, "pipe", "|/bin/cat" },
	{ TEST_ALIASES, "file", "/srv/box" },
	{ TEST_ALIASES, "dv", "maildir:/srv/dv" },
	{ TEST_ALIASES, "dave", "Maildir:/srv/dave" },
	{ TEST_ALIASES, "literal", "alice@[192.0.2.1]" },
	{ TEST_ALIASES, "cased", "Bob" },
	{ TEST_ALIASES, "noformat", "|noformat" },
	{ TEST_ALIASES, "list", ":include:/list" },
	{ TEST_ALIASES, "lists", "bob, :include:/list, x@far.test" },
	{ TEST_ALIASES, "missing", ":include:/missing" },
	{ TEST_ALIASES, "partly", ":include:/missing, bob" },
	{ TEST_ALIASES, "void", ":include:/void" },
	{ TEST_ALIASES, "sorted",
	    "error:450 no, z@nowhere.test, a@no.test, |cat, nosuch, alice" },
	{ TEST_ALIASES, "badfirst", "error:450 no, z@nowhere.test" },
	{ TEST_ALIASES, "twice", "alice, alice" },
	{ TEST_ALIASES, "team", "carol, team2" },
	{ TEST_ALIASES, "team2", "carol" },
	{ TEST_ALIASES, "cross", "carol, carol@plain.test" },
	{ TEST_ALIASES, "pipes", "|cat, pipe2" },
	{ TEST_ALIASES, "pipe2", "|cat" },
	{ TEST_ALIASES, "tagged", "bob+x, bob" },
	{ TEST_ALIASES, "full@hub.test", "dave" },
	{ TEST_ALIASES, "d1", "d2" },
	{ TEST_ALIASES, "d2", "d3" },
	{ TEST_ALIASES, "d3", "d4" },
	{ TEST_ALIASES, "d4", "d5" },
	{ TEST_ALIASES, "d5", "d6" },
	{ TEST_ALIASES, "d6", "d7" },
	{ TEST_ALIASES, "d7", "d8" },
	{ TEST_ALIASES, "d8", "bob" },
	{ TEST_ALIASES, "d0", "d1" },

	{ TEST_VIRTUALS, "joe@v.test", "alice" },
	{ TEST_VIRTUALS, "joe+tag@v.test", "carol" },
	{ TEST_VIRTUALS, "@v.test", "bob" },
	{ TEST_VIRTUALS, "useronly", "carol" },
	{ TEST_VIRTUALS, "useronly+tag", "dave" },
	{ TEST_VIRTUALS, "nouser@w.test", "missing" },
	{ TEST_VIRTUALS, "chain@w.test", "joe@v.test" },
	{ TEST_VIRTUALS, "ring@w.test", "ring@w.test" },
	{ TEST_VIRTUALS, "again@w.test", "useronly" },
	{ TEST_VIRTUALS, "again2@w.test", "second" },
	{ TEST_VIRTUALS, "second@", "bob" },
	{ TEST_VIRTUALS, "pipe@w.test", "|/bin/cat" },
	{ TEST_VIRTUALS, "dir@w.test", "maildir:/srv/dir" },
	{ TEST_VIRTUALS, "alice@w.test", "maildir:/srv/dir" },
	{ TEST_VIRTUALS, "missing@w.test", ":include:/missing" },
	{ TEST_VIRTUALS, "out@w.test", "x@far.test" },

	{ TEST_STARS, "joe@star.test", "joe" },
	{ TEST_STARS, "gone@star.test", "zed" },
	{ TEST_STARS, "@", "ann" },
};

static const struct {
	uint32_t table;
	const char *name;
	uint32_t uid;
} test_users[] = {
	{ EXPAND_SYSTEM, "root", 0 },
	{ EXPAND_SYSTEM, "alice", 2001 },
	{ EXPAND_SYSTEM, "bob", 2002 },
	{ EXPAND_SYSTEM, "carol", 2003 },
	{ EXPAND_SYSTEM, "dave", 2004 },
	{ EXPAND_SYSTEM, "fwd", 2005 },
	{ EXPAND_SYSTEM, "selfish", 2006 },
	{ EXPAND_SYSTEM, "piper", 2007 },
	{ EXPAND_SYSTEM, "filer", 2008 },
	{ EXPAND_SYSTEM, "quitter", 2009 },
	{ EXPAND_SYSTEM, "blank", 2010 },
	{ EXPAND_SYSTEM, "broken", 2011 },
	{ EXPAND_SYSTEM, "sticky", 2012 },
	{ EXPAND_SYSTEM, "symlink", 2013 },
	{ EXPAND_SYSTEM, "insecure", 2014 },
	{ EXPAND_SYSTEM, "busy", 2015 },
	{ EXPAND_SYSTEM, "unread", 2016 },
	{ EXPAND_SYSTEM, "large", 2017 },
	{ EXPAND_SYSTEM, "nothing", 2018 },
	{ EXPAND_SYSTEM, "include", 2019 },
	{ EXPAND_SYSTEM, "lines", 2020 },
	{ EXPAND_SYSTEM, "tag", 2021 },
	{ EXPAND_SYSTEM, "noformat", 2022 },
	{ EXPAND_SYSTEM, "aliased", 2023 },
	{ EXPAND_SYSTEM, "_smtpd", 990 },
	{ TEST_USERS, "joe", 2100 },
	{ TEST_USERS, "ann", 2100 },
};

static const struct {
	const char *user;
	enum expand_forward status;
	const char *text;
} test_forwards[] = {
	{ "bob", EXPAND_FORWARD_READ, "" },
	{ "fwd", EXPAND_FORWARD_READ, "x@far.test\n" },
	{ "dave", EXPAND_FORWARD_READ, "x@nowhere.test\n" },
	{ "selfish", EXPAND_FORWARD_READ, "\\selfish, x@far.test\n" },
	{ "piper", EXPAND_FORWARD_READ, "|cat -v\n" },
	{ "filer", EXPAND_FORWARD_READ, "/home/filer/box\n" },
	{ "quitter", EXPAND_FORWARD_READ, "error:550 left\n" },
	{ "root", EXPAND_FORWARD_READ, "|cat -v\n" },
	{ "blank", EXPAND_FORWARD_READ, "# nothing\n\n" },
	{ "include", EXPAND_FORWARD_READ, ":include:/list\n" },
	{ "lines", EXPAND_FORWARD_READ,
	    "z@far.test, # c\na@far.test, \\\nbob" },
	{ "tag", EXPAND_FORWARD_READ, "tag, bob+y\n" },
	{ "aliased", EXPAND_FORWARD_READ, "root, x@far.test\n" },
	{ "broken", EXPAND_FORWARD_READ, "x@far.test\na b\n" },
	{ "sticky", EXPAND_FORWARD_STICKY, "" },
	{ "symlink", EXPAND_FORWARD_SYMLINK, "" },
	{ "insecure", EXPAND_FORWARD_INSECURE, "" },
	{ "busy", EXPAND_FORWARD_TEMPORARY, "" },
	{ "unread", EXPAND_FORWARD_UNREADABLE, "" },
	{ "large", EXPAND_FORWARD_TOO_LARGE, "" },
};

static const struct {
	const char *path, *text;
} test_includes[] = {
	{ "/list",
	    "# members\ncarol # c\nbad one\nx@far.test, :include:/void\n" },
	{ "/void", "# none\n" },
};

/* Answers. */

struct expand_rule
test_find_rule(struct str domain)
{
	struct expand_rule rule = { .kind = EXPAND_RULE_NONE };

	for (uint32_t i = 0; i < TEST_COUNT(test_rules); i++)
		if (str_is(domain, test_rules[i].domain)) {
			rule = test_rules[i].rule;
			rule.rule = i + 1;
		}
	return rule;
}

static void
test_answer_lookup(struct expand *expand, uint32_t table, struct str key)
{
	if (table == TEST_BROKEN) {
		expand_answer_lookup(expand, ANSWER_FAILED, STR_LIT(""));
		return;
	}
	for (size_t i = 0; i < TEST_COUNT(test_entries); i++)
		if (test_entries[i].table == table &&
		    str_is(key, test_entries[i].key)) {
			expand_answer_lookup(expand, ANSWER_YES,
			    str_from(test_entries[i].value));
			return;
		}
	expand_answer_lookup(expand, ANSWER_NO, STR_LIT(""));
}

static void
test_answer_user(struct expand *expand, uint32_t table, struct str key)
{
	struct expand_account account = { 0, STR_LIT("/home") };

	if (table == TEST_BROKEN) {
		expand_answer_userinfo(expand, ANSWER_FAILED, NULL);
		return;
	}
	for (size_t i = 0; i < TEST_COUNT(test_users); i++)
		if (test_users[i].table == table &&
		    str_eq_nocase(key, str_from(test_users[i].name))) {
			account.uid = test_users[i].uid;
			expand_answer_userinfo(expand, ANSWER_YES, &account);
			return;
		}
	expand_answer_userinfo(expand, ANSWER_NO, NULL);
}

static void
test_answer_forward(struct expand *expand, struct str user)
{
	for (size_t i = 0; i < TEST_COUNT(test_forwards); i++)
		if (str_is(user, test_forwards[i].user)) {
			expand_answer_forward(expand, test_forwards[i].status,
			    str_from(test_forwards[i].text));
			return;
		}
	expand_answer_forward(expand, EXPAND_FORWARD_ABSENT, STR_LIT(""));
}

static void
test_answer_include(struct expand *expand, struct str path)
{
	for (size_t i = 0; i < TEST_COUNT(test_includes); i++)
		if (str_is(path, test_includes[i].path)) {
			expand_answer_include(expand, true,
			    str_from(test_includes[i].text));
			return;
		}
	expand_answer_include(expand, false, STR_LIT(""));
}

void
test_answer(struct expand *expand, const struct expand_request *request)
{
	struct expand_rule rule;

	switch (request->need) {
	case EXPAND_EVALUATE:
		rule = test_find_rule(request->address.domain);
		expand_answer_rule(expand, &rule);
		break;
	case EXPAND_LOOKUP:
		test_answer_lookup(expand, request->table, request->key);
		break;
	case EXPAND_USERINFO:
		test_answer_user(expand, request->table, request->key);
		break;
	case EXPAND_FORWARD:
		test_answer_forward(expand, request->key);
		break;
	case EXPAND_INCLUDE:
		test_answer_include(expand, request->key);
		break;
	case EXPAND_FORMAT:
		expand_answer_format(expand,
		    !str_is(request->leaf->user, "noformat") &&
			!str_is(request->leaf->node->text, "noformat"),
		    STR_LIT("made"));
		break;
	case EXPAND_IDLE:
	case EXPAND_DONE:
	case EXPAND_FAILED:
		cr_assert_fail("no request: %d", (int)request->need);
	}
}

/* Running. */

struct test_run test;

void
test_setup(void)
{
	arena_init(&test.arena, NULL);
}

void
test_teardown(void)
{
	arena_fini(&test.arena);
}

void
test_say(const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(test.text + test.len, sizeof(test.text) - test.len, fmt,
	    ap);
	va_end(ap);
	test.len += (size_t)len;
	cr_assert_lt(test.len, sizeof(test.text));
}

/* user<dest>, user|command<dest>, user:path<dest>, user~path<dest>, >dest */
static void
test_say_leaf(const struct expand_leaf *leaf)
{
	static const char signs[TARGET_KINDS] = {
		[TARGET_FILE] = ':',
		[TARGET_COMMAND] = '|',
		[TARGET_MAILDIR] = '~',
	};
	const struct expand_node *node = leaf->node;

	if (node->kind == TARGET_ADDRESS) {
		test_say(">%.*s@%.*s ", STR_ARG(leaf->dest.user),
		    STR_ARG(leaf->dest.domain));
		return;
	}
	test_say("%.*s", STR_ARG(leaf->user));
	if (node->kind != TARGET_USER)
		test_say("%c%.*s", signs[node->kind], STR_ARG(node->text));
	if (node->subaddress.len > 0)
		test_say("+%.*s", STR_ARG(node->subaddress));
	test_say("<%.*s@%.*s> ", STR_ARG(leaf->dest.user),
	    STR_ARG(leaf->dest.domain));
}

/* "leaves [rules]" or "code REASON [rules]" */
static void
test_say_result(const struct expand *expand, enum expand_need need)
{
#define TEST_REASON_NAME(id, code, text) #id,
	static const char *const reasons[] = {
		EXPAND_REASONS(TEST_REASON_NAME)
	};
	const struct expand_evaluation *evaluation;
	const struct expand_leaf *leaf;
	const char *comma = "";

	if (need == EXPAND_FAILED)
		test_say("%u %s ", expand->failure.code,
		    reasons[expand->failure.reason]);
	else
		for (leaf = expand->leaves; leaf != NULL; leaf = leaf->next)
			test_say_leaf(leaf);
	test_say("[");
	for (evaluation = expand->evaluations; evaluation != NULL;
	     evaluation = evaluation->next, comma = ",") {
		if (evaluation->has_failed)
			test_say("%s!", comma);
		else if (evaluation->rule == EXPAND_NO_RULE)
			test_say("%s-", comma);
		else
			test_say("%s%u", comma, evaluation->rule);
		cr_expect_eq(evaluation->is_internal,
		    evaluation != expand->evaluations);
	}
	test_say("]");
}

const char *
test_expand(const struct expand_semantics *semantics, const char *rcpt)
{
	struct expand_request request, again;
	enum expand_need need;

	test.len = 0;
	expand_init(&test.expand, &test.arena, semantics,
	    mailaddr_split(str_from(rcpt)));
	while ((need = expand_step(&test.expand, &request)) < EXPAND_DONE) {
		cr_assert_eq(expand_step(&test.expand, &again), need);
		cr_assert_eq(again.key.ptr, request.key.ptr);
		test_answer(&test.expand, &request);
	}
	test_say_result(&test.expand, need);
	return test.text;
}

enum expand_need
test_run_to(const struct expand_semantics *semantics, const char *rcpt,
    enum expand_need stop, struct expand_request *request_r)
{
	enum expand_need need;

	expand_init(&test.expand, &test.arena, semantics,
	    mailaddr_split(str_from(rcpt)));
	while ((need = expand_step(&test.expand, request_r)) != stop &&
	    need < EXPAND_DONE)
		test_answer(&test.expand, request_r);
	return need;
}

enum expand_need
test_finish(void)
{
	struct expand_request request;
	enum expand_need need;

	while ((need = expand_step(&test.expand, &request)) < EXPAND_DONE)
		test_answer(&test.expand, &request);
	return need;
}

void
test_cases(const struct test_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct test_case *one = &cases[i];
		const char *modern = one->modern;

		cr_expect_str_eq(test_expand(&test_legacy, one->rcpt),
		    one->legacy, "legacy %s: %s", one->rcpt, test.text);
		cr_expect_str_eq(test_expand(&test_modern, one->rcpt),
		    modern == NULL ? one->legacy : modern, "modern %s: %s",
		    one->rcpt, test.text);
	}
}
