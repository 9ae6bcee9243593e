/*
 * The loop, predicate by predicate: who counts as whom in both languages,
 * as observed of real daemons, and what a failing look-up ends.
 */
#include "runtime/ruleset/ruleset.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

/* Tables of the tests. */
enum {
	TABLE_LAN,       /* 192.0.2.0/24 */
	TABLE_LAN_LOCAL, /* local, 203.0.113.5 */
	TABLE_TAG_SUB,   /* sub */
	TABLE_TAG_LOCAL, /* local */
	TABLE_USERS,     /* alice, carol@auth.test */
	TABLE_NAMES,     /* desk.example.org */
	TABLE_NOTHING,
	TABLE_EVERYTHING,
	TABLE_BROKEN,
};

static bool
test_table_has(uint32_t table, enum service service, struct str key)
{
	switch (table) {
	case TABLE_LAN:
		return str_has_prefix(key, "192.0.2.");
	case TABLE_LAN_LOCAL:
		return str_is(key, "local") || str_is(key, "203.0.113.5");
	case TABLE_TAG_SUB:
		return str_eq_nocase(key, STR_LIT("sub"));
	case TABLE_TAG_LOCAL:
		return str_eq_nocase(key, STR_LIT("local"));
	case TABLE_USERS:
		return service == SERVICE_MAILADDR ?
		    str_is(key, "carol@auth.test") :
		    str_is(key, "alice");
	case TABLE_NAMES:
		return str_is(key, "desk.example.org");
	default:
		return table == TABLE_EVERYTHING;
	}
}

/* What was asked, as "table:key" texts one after the other. */
struct test_log {
	char text[4096];
	size_t len;
};

static enum answer
test_lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct test_log *log = arg;

	log->len += (size_t)snprintf(log->text + log->len,
	    sizeof(log->text) - log->len, "%u:%.*s ", table,
	    key.len < 64 ? (int)key.len : 0, key.ptr);
	if (table == TABLE_BROKEN)
		return ANSWER_FAILED;
	return test_table_has(table, service, key) ? ANSWER_YES : ANSWER_NO;
}

static bool
test_is_local_address(void *arg, struct str peer)
{
	(void)arg;
	return str_is(peer, "127.0.0.1");
}

static bool
test_is_local_name(void *arg, struct str domain)
{
	(void)arg;
	return str_eq_nocase(domain, STR_LIT("mail.example.org"));
}

static struct ruleset_callbacks
test_callbacks(struct test_log *log)
{
	*log = (struct test_log){ .len = 0 };
	return (struct ruleset_callbacks){
		.arg = log,
		.lookup = test_lookup,
		.is_local_address = test_is_local_address,
		.is_local_name = test_is_local_name,
	};
}

/* Asks rules of one predicate each: '+', '-' or '?' for each. */
static void
test_ask_each(const struct ruleset_pred *preds, size_t count,
    const struct ruleset_envelope *envelope, char *answers)
{
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);

	for (size_t i = 0; i < count; i++) {
		struct ruleset_rule rule = { &preds[i], 1, 0 };
		struct ruleset ruleset = { &rule, 1 };
		struct ruleset_result result = ruleset_eval(&ruleset, envelope,
		    &callbacks);

		answers[i] = result.verdict == RULESET_MATCH ? '+' :
		    result.verdict == RULESET_NO_MATCH       ? '-' :
							       '?';
	}
	answers[count] = '\0';
}

/* Who connects, in the order of the tables below. */

#define TEST_DEST .dest = { { "bob", 3 }, { "example.org", 11 } }

static const struct ruleset_envelope test_own = { .peer = { "127.0.0.1", 9 },
	TEST_DEST };
static const struct ruleset_envelope test_lan = { .peer = { "192.0.2.9", 9 },
	TEST_DEST };
static const struct ruleset_envelope test_far = {
	.peer = { "198.51.100.9", 12 }, TEST_DEST
};
static const struct ruleset_envelope test_own_auth = { .peer = { "127.0.0.1",
							   9 },
	.tag = { "Sub", 3 },
	.is_authenticated = true,
	TEST_DEST };
static const struct ruleset_envelope test_lan_auth = { .peer = { "192.0.2.9",
							   9 },
	.tag = { "Sub", 3 },
	.is_authenticated = true,
	TEST_DEST };
static const struct ruleset_envelope test_far_auth = { .peer = { "198.51.100.9",
							   12 },
	.tag = { "SUB", 3 },
	.is_authenticated = true,
	TEST_DEST };
static const struct ruleset_envelope test_far_tag = {
	.peer = { "198.51.100.9", 12 }, .tag = { "Sub", 3 }, TEST_DEST
};
static const struct ruleset_envelope test_far_upper = {
	.peer = { "198.51.100.9", 12 }, .tag = { "SUB", 3 }, TEST_DEST
};
static const struct ruleset_envelope test_socket_tag = { .peer = { "local", 5 },
	.tag = { "local", 5 },
	.is_socket = true,
	.is_authenticated = true,
	TEST_DEST };
static const struct ruleset_envelope test_socket = { .peer = { "local", 5 },
	.is_socket = true,
	.is_authenticated = true,
	TEST_DEST };
static const struct ruleset_envelope test_expanded = {
	.peer = { "192.0.2.9", 9 }, .is_internal = true, TEST_DEST
};
static const struct ruleset_envelope test_expanded_auth = {
	.peer = { "198.51.100.9", 12 },
	.is_internal = true,
	.is_authenticated = true,
	TEST_DEST
};

#define TEST_HOST_MODERN (ORIGIN_INTERNAL | ORIGIN_SOCKET)
#define TEST_HOST_LEGACY (TEST_HOST_MODERN | ORIGIN_AUTH)

/*
 * from lan, not from lan, not from local, the default, not authenticated,
 * authenticated, from any, from { local, 203.0.113.5 }, not from any,
 * tag Sub, not tag SUB, tag local.
 */
#define TEST_FROM_RULES(host) \
	{ .kind = PRED_FROM_TABLE, \
		.local_classes = (host), \
		.service = SERVICE_NETADDR, \
		.table = TABLE_LAN }, \
	    { .kind = PRED_FROM_TABLE, \
		    .local_classes = (host), \
		    .service = SERVICE_NETADDR, \
		    .table = TABLE_LAN, \
		    .flags = PRED_NEGATED }, \
	    { .kind = PRED_FROM_LOCAL, \
		    .local_classes = (host), \
		    .flags = PRED_NEGATED }, \
	    { .kind = PRED_FROM_LOCAL, .local_classes = (host) }, \
	    { .kind = PRED_AUTH, \
		    .table = RULESET_NO_TABLE, \
		    .flags = PRED_NEGATED }, \
	    { .kind = PRED_AUTH, .table = RULESET_NO_TABLE }, \
	    { .kind = PRED_FROM_ANY }, \
	    { .kind = PRED_FROM_TABLE, \
		    .local_classes = (host), \
		    .service = SERVICE_NETADDR, \
		    .table = TABLE_LAN_LOCAL }, \
	{ \
		.kind = PRED_FROM_ANY, .flags = PRED_NEGATED \
	}

static const struct ruleset_pred test_legacy_rules[] = {
	TEST_FROM_RULES(TEST_HOST_LEGACY),
	{ .kind = PRED_TAG, .table = RULESET_NO_TABLE, .text = { "Sub", 3 } },
	{ .kind = PRED_TAG,
	    .table = RULESET_NO_TABLE,
	    .text = { "SUB", 3 },
	    .flags = PRED_NEGATED },
	{ .kind = PRED_TAG, .table = RULESET_NO_TABLE, .text = { "local", 5 } },
};

static const struct ruleset_pred test_modern_rules[] = {
	TEST_FROM_RULES(TEST_HOST_MODERN),
	{ .kind = PRED_TAG, .table = TABLE_TAG_SUB },
	{ .kind = PRED_TAG, .table = TABLE_TAG_SUB, .flags = PRED_NEGATED },
	{ .kind = PRED_TAG, .table = TABLE_TAG_LOCAL },
};

enum { TEST_RULES = sizeof(test_legacy_rules) / sizeof(test_legacy_rules[0]) };

static const struct {
	const char *who;
	const struct ruleset_envelope *envelope;
	const char *legacy;
	const char *modern;
} test_sessions[] = {
	{ "own address", &test_own, "-+-++-+---+-", "-+-++-+---+-" },
	{ "lan", &test_lan, "+-+-+-+---+-", "+-+-+-+---+-" },
	{ "far", &test_far, "-++-+-+---+-", "-++-+-+---+-" },
	{ "own address, logged in", &test_own_auth, "-+-+-+++-++-",
	    "-+-+-++--+--" },
	{ "lan, logged in", &test_lan_auth, "-+-+-+++-++-", "+-+--++--+--" },
	{ "far, logged in", &test_far_auth, "-+-+-+++----", "-++--++--+--" },
	{ "far, tag Sub", &test_far_tag, "-++-+-+--++-", "-++-+-+--+--" },
	{ "far, tag SUB", &test_far_upper, "-++-+-+-----", "-++-+-+--+--" },
	{ "socket with tag", &test_socket_tag, "-+-+-+++--++", "-+-+-+++--++" },
	{ "socket", &test_socket, "-+-+-+++--+-", "-+-+-+++--+-" },
	{ "expanded", &test_expanded, "-+-++-++--+-", "-+-++-++--+-" },
	{ "expanded, logged in", &test_expanded_auth, "-+-+-+++--+-",
	    "-+-+-+++--+-" },
};

Test(ruleset, counts_sessions_as_the_daemons_do)
{
	char answers[TEST_RULES + 1];

	for (size_t i = 0; i < sizeof(test_sessions) / sizeof(test_sessions[0]);
	     i++) {
		test_ask_each(test_legacy_rules, TEST_RULES,
		    test_sessions[i].envelope, answers);
		cr_expect_str_eq(answers, test_sessions[i].legacy,
		    "legacy, %s: %s", test_sessions[i].who, answers);
		test_ask_each(test_modern_rules, TEST_RULES,
		    test_sessions[i].envelope, answers);
		cr_expect_str_eq(answers, test_sessions[i].modern,
		    "modern, %s: %s", test_sessions[i].who, answers);
	}
}

/* One predicate, one envelope. */
struct test_case {
	const char *what;
	struct ruleset_pred pred;
	struct ruleset_envelope envelope;
	char answer;
};

static const struct test_case test_cases[] = {
	{ "auth table has the user",
	    { .kind = PRED_AUTH, .table = TABLE_USERS },
	    { .is_authenticated = true, .username = { "alice", 5 } }, '+' },
	{ "auth table lacks the user",
	    { .kind = PRED_AUTH, .table = TABLE_USERS },
	    { .is_authenticated = true, .username = { "bob", 3 } }, '-' },
	{ "auth table compares addresses as such",
	    { .kind = PRED_AUTH, .table = TABLE_USERS },
	    { .is_authenticated = true, .username = { "carol@auth.test", 15 } },
	    '+' },
	{ "no auth is in no table",
	    { .kind = PRED_AUTH, .table = TABLE_EVERYTHING },
	    { .tag = { "", 0 } }, '-' },
	{ "no auth is not in a table",
	    { .kind = PRED_AUTH, .table = TABLE_USERS, .flags = PRED_NEGATED },
	    { .tag = { "", 0 } }, '+' },
	{ "the socket has no user", { .kind = PRED_AUTH, .table = TABLE_USERS },
	    { .is_authenticated = true, .is_socket = true }, '-' },
	{ "auth fails for who has logged in",
	    { .kind = PRED_AUTH,
		.table = TABLE_USERS,
		.flags = PRED_FAILS_IF_AUTH },
	    { .is_authenticated = true }, '?' },
	{ "auth fails for nobody else",
	    { .kind = PRED_AUTH,
		.table = TABLE_USERS,
		.flags = PRED_FAILS_IF_AUTH | PRED_NEGATED },
	    { .tag = { "", 0 } }, '+' },
	{ "tls", { .kind = PRED_TLS }, { .is_tls = true }, '+' },
	{ "no tls", { .kind = PRED_TLS }, { .is_tls = false }, '-' },
	{ "not tls", { .kind = PRED_TLS, .flags = PRED_NEGATED },
	    { .is_tls = false }, '+' },
	{ "tls that fails", { .kind = PRED_TLS, .flags = PRED_FAILS },
	    { .is_tls = true }, '?' },
	{ "tls that fails, negated",
	    { .kind = PRED_TLS, .flags = PRED_FAILS | PRED_NEGATED },
	    { .is_tls = true }, '?' },
	{ "from socket", { .kind = PRED_FROM_SOCKET }, { .is_socket = true },
	    '+' },
	{ "not from socket, expanded",
	    { .kind = PRED_FROM_SOCKET,
		.flags = PRED_NEGATED | PRED_NOT_INTERNAL },
	    { .is_internal = true }, '-' },
	{ "not from socket, by network",
	    { .kind = PRED_FROM_SOCKET,
		.flags = PRED_NEGATED | PRED_NOT_INTERNAL },
	    { .is_internal = false }, '+' },
	{ "a reverse name",
	    { .kind = PRED_FROM_RDNS, .table = RULESET_NO_TABLE },
	    { .rdns = { "a.b", 3 } }, '+' },
	{ "no reverse name, negated",
	    { .kind = PRED_FROM_RDNS,
		.table = RULESET_NO_TABLE,
		.flags = PRED_NEGATED | PRED_NOT_INTERNAL },
	    { .is_tls = false }, '+' },
	{ "an expanded address has none, though negated",
	    { .kind = PRED_FROM_RDNS,
		.table = RULESET_NO_TABLE,
		.flags = PRED_NEGATED | PRED_NOT_INTERNAL },
	    { .is_internal = true }, '-' },
	{ "a reverse name in a table",
	    { .kind = PRED_FROM_RDNS,
		.table = TABLE_NAMES,
		.flags = PRED_NOT_UNKNOWN },
	    { .rdns = { "desk.example.org", 16 } }, '+' },
	{ "no reverse name is not outside of a table",
	    { .kind = PRED_FROM_RDNS,
		.table = TABLE_NAMES,
		.flags = PRED_NEGATED | PRED_NOT_UNKNOWN },
	    { .is_tls = false }, '-' },
	{ "an expanded address is looked up as local",
	    { .kind = PRED_FROM_RDNS,
		.table = TABLE_LAN_LOCAL,
		.flags = PRED_NOT_UNKNOWN },
	    { .is_internal = true }, '+' },
	{ "for any", { .kind = PRED_FOR_ANY }, { .dest.domain = { "a", 1 } },
	    '+' },
	{ "for any, without domain", { .kind = PRED_FOR_ANY },
	    { .dest.user = { "a", 1 } }, '-' },
	{ "for local", { .kind = PRED_FOR_LOCAL },
	    { .dest.domain = { "MAIL.example.org", 16 } }, '+' },
	{ "not for local", { .kind = PRED_FOR_LOCAL, .flags = PRED_NEGATED },
	    { .dest.domain = { "example.org", 11 } }, '+' },
	{ "a negated failure is one",
	    { .kind = PRED_FOR_TABLE,
		.table = TABLE_BROKEN,
		.flags = PRED_NEGATED },
	    { .dest.domain = { "a", 1 } }, '?' },
};

Test(ruleset, answers_each_predicate)
{
	char answer[2];

	for (size_t i = 0; i < sizeof(test_cases) / sizeof(test_cases[0]);
	     i++) {
		const struct test_case *c = &test_cases[i];

		test_ask_each(&c->pred, 1, &c->envelope, answer);
		cr_expect_eq(answer[0], c->answer, "%s: %c", c->what,
		    answer[0]);
	}
}

/* Rules of several predicates, and what is looked up. */

struct test_rules {
	struct ruleset_pred preds[3][3];
	struct ruleset_rule rules[3];
	struct ruleset ruleset;
};

static struct ruleset_pred
test_pred(enum ruleset_pred_kind kind, uint32_t table)
{
	return (struct ruleset_pred){ .kind = kind, .table = table };
}

/* As many as given, each with the tables of helo, sender, recipient. */
static void
test_rules_init(struct test_rules *rules, const uint32_t (*tables)[3],
    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		rules->preds[i][0] = test_pred(PRED_HELO, tables[i][0]);
		rules->preds[i][1] = test_pred(PRED_MAIL_FROM, tables[i][1]);
		rules->preds[i][2] = test_pred(PRED_RCPT_TO, tables[i][2]);
		rules->rules[i] = (struct ruleset_rule){ rules->preds[i], 3,
			i };
	}
	rules->ruleset = (struct ruleset){ rules->rules, count };
}

static const struct ruleset_envelope test_mail = {
	.helo = { "h", 1 },
	.sender = { { "s", 1 }, { "a", 1 } },
	.dest = { { "r", 1 }, { "b", 1 } },
};

Test(ruleset, asks_in_order_until_the_first_no)
{
	static const uint32_t tables[2][3] = {
		{ TABLE_EVERYTHING, TABLE_NOTHING, TABLE_BROKEN },
		{ TABLE_EVERYTHING, TABLE_EVERYTHING, TABLE_EVERYTHING },
	};
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);
	struct test_rules rules;
	struct ruleset_result result;

	test_rules_init(&rules, tables, 2);
	result = ruleset_eval(&rules.ruleset, &test_mail, &callbacks);
	cr_assert_eq(result.verdict, RULESET_MATCH);
	cr_assert_eq(result.rule, 1);
	cr_assert_str_eq(log.text, "7:h 6:s@a 7:h 7:s@a 7:r@b ");
}

Test(ruleset, ends_at_a_failure_whatever_would_follow)
{
	static const uint32_t tables[3][3] = {
		{ TABLE_NOTHING, TABLE_EVERYTHING, TABLE_EVERYTHING },
		{ TABLE_EVERYTHING, TABLE_BROKEN, TABLE_NOTHING },
		{ TABLE_EVERYTHING, TABLE_EVERYTHING, TABLE_EVERYTHING },
	};
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);
	struct test_rules rules;
	struct ruleset_result result;

	test_rules_init(&rules, tables, 3);
	result = ruleset_eval(&rules.ruleset, &test_mail, &callbacks);
	cr_assert_eq(result.verdict, RULESET_TEMPFAIL);
	cr_assert_eq(result.rule, 1);
	cr_assert_str_eq(log.text, "6:h 7:h 8:s@a ");
}

Test(ruleset, looks_up_the_null_sender_as_an_at_sign)
{
	struct ruleset_pred pred = test_pred(PRED_MAIL_FROM, TABLE_NOTHING);
	struct ruleset_rule rule = { &pred, 1, 0 };
	struct ruleset ruleset = { &rule, 1 };
	struct ruleset_envelope envelope = { .helo = { "h", 1 } };
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);

	ruleset_eval(&ruleset, &envelope, &callbacks);
	cr_assert_str_eq(log.text, "6:@ ");
}

struct test_length {
	uint32_t len;
	enum ruleset_verdict verdict;
};

ParameterizedTestParameters(ruleset, fails_for_keys_that_are_too_long)
{
	static struct test_length lengths[] = {
		{ RULESET_KEY_MAX, RULESET_MATCH },
		{ RULESET_KEY_MAX + 1, RULESET_TEMPFAIL },
	};

	return cr_make_param_array(struct test_length, lengths, 2);
}

ParameterizedTest(struct test_length *length, ruleset,
    fails_for_keys_that_are_too_long)
{
	static char text[RULESET_KEY_MAX + 2];
	struct ruleset_pred preds[] = {
		test_pred(PRED_HELO, TABLE_EVERYTHING),
		test_pred(PRED_RCPT_TO, TABLE_EVERYTHING),
	};
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);

	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < 2; i++) {
		struct ruleset_rule rule = { &preds[i], 1, 0 };
		struct ruleset ruleset = { &rule, 1 };
		struct ruleset_envelope envelope = {
			.helo = { text, length->len },
			.dest = { { text, length->len - 2 }, { "d", 1 } },
		};

		cr_expect_eq(ruleset_eval(&ruleset, &envelope, &callbacks)
				 .verdict,
		    length->verdict);
	}
}

Test(ruleset, matches_nothing_without_rules)
{
	struct ruleset ruleset = { NULL, 0 };
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);

	cr_assert_eq(ruleset_eval(&ruleset, &test_mail, &callbacks).verdict,
	    RULESET_NO_MATCH);
}

Test(ruleset, a_rule_without_predicates_matches_everything)
{
	struct ruleset_rule rule = { NULL, 0, RULESET_REJECT };
	struct ruleset ruleset = { &rule, 1 };
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);

	cr_assert_eq(ruleset_eval(&ruleset, &test_mail, &callbacks).verdict,
	    RULESET_MATCH);
}

static void
test_trace(void *arg, uint32_t rule, uint32_t pred, enum answer answer)
{
	struct test_log *log = arg;

	log->len += (size_t)snprintf(log->text + log->len,
	    sizeof(log->text) - log->len, "(%u.%u=%d) ", rule, pred, answer);
}

Test(ruleset, traces_each_predicate_behind_its_look_up)
{
	static const uint32_t tables[2][3] = {
		{ TABLE_NOTHING, TABLE_BROKEN, TABLE_BROKEN },
		{ TABLE_EVERYTHING, TABLE_BROKEN, TABLE_NOTHING },
	};
	struct test_log log;
	struct ruleset_callbacks callbacks = test_callbacks(&log);
	struct test_rules rules;

	callbacks.trace = test_trace;
	test_rules_init(&rules, tables, 2);
	ruleset_eval(&rules.ruleset, &test_mail, &callbacks);
	cr_assert_str_eq(log.text, "6:h (0.0=0) 7:h (1.0=1) 8:s@a (1.1=-1) ");
}
