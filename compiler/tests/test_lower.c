/*
 * Lowering, one default and one difference between versions at a time.
 * What a rule or an action became is written as a line of text.
 */
#include "compiler/lower.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/tests/ir_env.h"

static struct ir_env test_env;

static void
test_setup(void)
{
	ir_env_init(&test_env);
}

static void
test_teardown(void)
{
	ir_env_fini(&test_env);
}

TestSuite(lower, .init = test_setup, .fini = test_teardown);

/* Several configs in one test. */
static const struct ir *
test_lower(const char *target, const char *text)
{
	if (test_env.ir != NULL) {
		test_teardown();
		test_setup();
	}
	ir_env_compile(&test_env, target, text);
	return test_env.ir;
}

/* Texts. */

struct test_text {
	char bytes[1024];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
test_add(struct test_text *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text->len += (size_t)vsnprintf(text->bytes + text->len,
	    sizeof(text->bytes) - text->len, fmt, ap);
	va_end(ap);
	cr_assert_lt(text->len, sizeof(text->bytes));
}

static void
test_add_table(struct test_text *text, uint32_t number)
{
	const struct ir_table *table = &test_env.ir->tables[number];

	if (table->name.len > 0) {
		test_add(text, "<%.*s>", STR_ARG(table->name));
		return;
	}
	test_add(text, "{");
	for (uint32_t i = 0; i < table->entry_count; i++)
		test_add(text, " %.*s", STR_ARG(table->entries[i].key));
	test_add(text, " }");
}

/* "!from-table(NOT_LOCAL classes):service{ entries }" */
static void
test_add_pred(struct test_text *text, const struct ruleset_pred *pred)
{
	static const char *const kinds[PRED_KINDS] = { "tag", "from-any",
		"from-local", "from-socket", "from", "rdns", "for-any",
		"for-local", "for", "helo", "auth", "tls", "mail-from",
		"rcpt-to" };
	static const char *const services[] = { "string", "domain", "netaddr",
		"mailaddr", "regex" };

	test_add(text, "%s%s", pred->flags & PRED_NEGATED ? "!" : "",
	    kinds[pred->kind]);
	test_add(text, "%s%s%s%s", pred->flags & PRED_FAILS ? "+fails" : "",
	    pred->flags & PRED_FAILS_IF_AUTH ? "+fails-auth" : "",
	    pred->flags & PRED_NOT_INTERNAL ? "+not-internal" : "",
	    pred->flags & PRED_NOT_UNKNOWN ? "+not-unknown" : "");
	if (pred->local_classes != 0)
		test_add(text, "(%s%s%s)",
		    pred->local_classes & ORIGIN_INTERNAL ? "i" : "",
		    pred->local_classes & ORIGIN_SOCKET ? "s" : "",
		    pred->local_classes & ORIGIN_AUTH ? "a" : "");
	if (pred->text.len > 0)
		test_add(text, "='%.*s'", STR_ARG(pred->text));
	if (pred->table == RULESET_NO_TABLE)
		return;
	test_add(text, ":%s", services[pred->service]);
	test_add_table(text, pred->table);
}

static const char *
test_rule_text(uint32_t number, struct test_text *text)
{
	const struct ruleset_rule *rule = &test_env.ir->ruleset.rules[number];

	text->len = 0;
	for (uint32_t i = 0; i < rule->pred_count; i++) {
		test_add(text, i > 0 ? " " : "");
		test_add_pred(text, &rule->preds[i]);
	}
	if (rule->action == RULESET_REJECT)
		test_add(text, " reject");
	return text->bytes;
}

/* Rules. */

struct test_case {
	const char *target; /* NULL: the default */
	const char *config; /* of its rules the last one counts */
	const char *lowered;
};

static void
test_cases(const struct test_case *cases, size_t count, const char *before)
{
	char config[1024];
	struct test_text text;

	for (size_t i = 0; i < count; i++) {
		const struct ir *ir;

		snprintf(config, sizeof(config), "%s%s\n", before,
		    cases[i].config);
		ir = test_lower(cases[i].target, config);
		test_rule_text(ir->ruleset.rule_count - 1, &text);
		cr_expect_str_eq(text.bytes, cases[i].lowered,
		    "%s: %s\n  is     %s\n  wanted %s",
		    cases[i].target != NULL ? cases[i].target : "default",
		    cases[i].config, text.bytes, cases[i].lowered);
	}
}

#define TEST_CASES(cases, before) \
	test_cases(cases, sizeof(cases) / sizeof((cases)[0]), before)

Test(lower, legacy_rules)
{
	static const struct test_case cases[] = {
		/* The defaults; and who counts as the host. */
		{ NULL, "accept deliver to mbox", "from-local(isa) for-local" },
		{ NULL, "accept from local for local deliver to mbox",
		    "from-local(isa) for-local" },
		{ NULL, "accept from ! local for any relay",
		    "!from-local(isa) for-any" },
		{ NULL, "accept from any for any relay", "from-any for-any" },
		{ NULL, "accept from source 192.0.2.0/24 for any relay",
		    "from(isa):netaddr{ 192.0.2.0/24 } for-any" },
		{ NULL, "accept from ! source { 192.0.2.1, ::1 } for any relay",
		    "!from(isa):netaddr{ 192.0.2.1 ::1 } for-any" },
		{ NULL, "reject for domain \"example.org\"",
		    "from-local(isa) for:domain{ example.org } reject" },
		{ NULL, "accept for ! domain <t> relay",
		    "from-local(isa) !for:domain<t>" },

		/* The order in which they are asked. */
		{ NULL,
		    "accept recipient \"@r\" sender ! <t> authenticated "
		    "tagged X for any relay",
		    "tag='X' auth from-local(isa) !mail-from:mailaddr<t> "
		    "rcpt-to:mailaddr{ @r } for-any" },

		/* Given twice, the last one counts. */
		{ NULL, "accept tagged A tagged ! B for any relay",
		    "!tag='B' from-local(isa) for-any" },
		{ NULL, "accept ! authenticated authenticated for any relay",
		    "auth from-local(isa) for-any" },
	};

	TEST_CASES(cases, "table t { \"x\" }\n");
}

Test(lower, modern_rules)
{
	static const struct test_case cases[] = {
		{ NULL, "match action \"in\"", "from-local(is) for-local" },
		{ NULL, "match from local for local action \"in\"",
		    "from-local(is) for-local" },
		{ NULL, "match !from local for any reject",
		    "!from-local(is) for-any reject" },
		{ NULL, "match from any !for local action \"in\"",
		    "from-any !for-local" },
		{ NULL, "match from src <t> for domain { \"a\", \"b\" } reject",
		    "from(is):netaddr<t> for:domain{ a b } reject" },

		/* The order in which they are asked. */
		{ NULL,
		    "match rcpt-to \"r\" mail-from \"m\" tls auth \"u\" "
		    "helo \"h\" for any from any tag \"T\" action \"in\"",
		    "tag:string{ T } from-any for-any helo:domain{ h } "
		    "auth:string{ u } tls mail-from:mailaddr{ m } "
		    "rcpt-to:mailaddr{ r }" },

		/* Regular expressions. */
		{ NULL,
		    "match tag regex \"t\" from src regex \"s\" for domain "
		    "regex \"d\" helo regex \"h\" mail-from regex \"m\" "
		    "rcpt-to regex \"r\" action \"in\"",
		    "tag:regex{ t } from(is):regex{ s } for:regex{ d } "
		    "helo:regex{ h } mail-from:regex{ m } rcpt-to:regex{ r }" },

		/* Those that stand for two; a negation is of the second. */
		{ NULL, "match from auth for any action \"in\"",
		    "from-any for-any auth" },
		{ NULL, "match !from auth for any action \"in\"",
		    "from-any for-any !auth" },
		{ NULL, "match from auth <t> for any action \"in\"",
		    "from-any for-any auth:string<t>" },
		{ NULL, "match !from mail-from <t> for any action \"in\"",
		    "from-any for-any !mail-from:mailaddr<t>" },
		{ NULL, "match !for rcpt-to <t> action \"in\"",
		    "from-local(is) for-any !rcpt-to:mailaddr<t>" },
		{ NULL, "match for rcpt-to regex \"x\" action \"in\"",
		    "from-local(is) for-any rcpt-to:regex{ x }" },
	};

	TEST_CASES(cases, "table t { \"x\" }\naction \"in\" mbox\n");
}

Test(lower, rules_that_differ_between_versions)
{
	static const struct test_case cases[] = {
		/* Asking for the socket failed at first. */
		{ "6.4", "match from socket for any action \"in\"",
		    "from-socket+fails for-any" },
		{ "6.6", "match !from socket for any action \"in\"",
		    "!from-socket+not-internal for-any" },
		{ NULL, "match from socket for any action \"in\"",
		    "from-socket+not-internal for-any" },

		/* Reverse names are compared as if they were addresses. */
		{ "7.8", "match from rdns <t> for any action \"in\"",
		    "rdns+not-unknown:netaddr<t> for-any" },
		{ NULL, "match from rdns <t> for any action \"in\"",
		    "rdns+not-unknown:domain<t> for-any" },
		{ "7.8", "match from rdns regex <t> for any action \"in\"",
		    "rdns+not-unknown:regex<t> for-any" },
		{ "7.8", "match !from rdns for any action \"in\"",
		    "!rdns+not-internal for-any" },

		/* A table of users could not be asked at first. */
		{ "6.6", "match auth <t> for any action \"in\"",
		    "from-local(is) for-any auth+fails-auth:string<t>" },
		{ "6.6", "match auth for any action \"in\"",
		    "from-local(is) for-any auth" },
		{ "6.7", "match !auth <t> for any action \"in\"",
		    "from-local(is) for-any !auth:string<t>" },

		/* No release can tell whether a session has TLS. */
		{ "6.4", "match tls for any action \"in\"",
		    "from-local(is) for-any tls+fails" },
		{ "7.8", "match !tls for any action \"in\"",
		    "from-local(is) for-any !tls+fails" },
		{ NULL, "match !tls for any action \"in\"",
		    "from-local(is) for-any !tls" },
	};

	TEST_CASES(cases, "table t { \"x\" }\naction \"in\" mbox\n");
}

Test(lower, a_default_has_no_clause)
{
	const struct ir *ir = test_lower(NULL,
	    "action \"in\" mbox\nmatch for domain \"a\" action \"in\"\n");

	cr_assert_null(ir->rules[0].clauses[0]);
	cr_assert_eq(ir->rules[0].clauses[1]->kind, CLAUSE_FOR_DOMAIN);
	cr_assert_eq(ir->rules[0].stmt->kind, STMT_MATCH);
}

/* Actions. */

static const struct ir_action *
test_action(const char *target, const char *action)
{
	char config[512];

	snprintf(config, sizeof(config),
	    "table t { \"k\" = \"v\" }\naction \"a\" %s\n"
	    "match for any action \"a\"\n",
	    action);
	return &test_lower(target, config)->actions[0];
}

static const struct ir_action *
test_legacy_action(const char *rest)
{
	char config[512];

	snprintf(config, sizeof(config),
	    "table t { \"k\" = \"v\" }\naccept for any %s\n", rest);
	return &test_lower(NULL, config)->actions[0];
}

Test(lower, methods)
{
	static const struct {
		const char *text;
		enum ir_method method;
		const char *argument;
	} modern[] = {
		{ "mbox", IR_MBOX, "" },
		{ "maildir", IR_MAILDIR, "" },
		{ "maildir \"~/M\" junk", IR_MAILDIR, "~/M" },
		{ "lmtp \"/s\"", IR_LMTP, "/s" },
		{ "mda \"cat\"", IR_MDA, "cat" },
		{ "forward-only", IR_FORWARD_ONLY, "" },
		{ "expand-only", IR_EXPAND_ONLY, "" },
		{ "relay", IR_RELAY, "" },
	}, legacy[] = {
		{ "deliver to mbox", IR_MBOX, "" },
		{ "deliver to maildir \"~/M\"", IR_MAILDIR, "~/M" },
		{ "deliver to lmtp \"/s\"", IR_LMTP, "/s" },
		{ "deliver to mda \"cat\"", IR_MDA, "cat" },
		{ "forward-only", IR_FORWARD_ONLY, "" },
		{ "alias <t>", IR_EXPAND_ONLY, "" },
		{ "relay", IR_RELAY, "" },
	};

	for (size_t i = 0; i < sizeof(modern) / sizeof(modern[0]); i++) {
		const struct ir_action *a = test_action(NULL, modern[i].text);

		cr_expect_eq(a->method, modern[i].method, "%s", modern[i].text);
		cr_expect(str_is(a->local.argument, modern[i].argument));
	}
	for (size_t i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++) {
		const struct ir_action *a = test_legacy_action(legacy[i].text);

		cr_expect_eq(a->method, legacy[i].method, "%s", legacy[i].text);
		cr_expect(str_is(a->local.argument, legacy[i].argument));
	}
}

Test(lower, what_a_delivery_differs_in)
{
	static const struct {
		const char *target;
		enum ir_environment environment;
		bool sanitises_slash;
		enum ir_shell lmtp_shell;
	} cases[] = {
		{ "6.4", IR_ENV_6_4, true, IR_SHELL_ONCE },
		{ "6.6", IR_ENV_6_6, false, IR_SHELL_TWICE },
		{ "6.8", IR_ENV_6_6, false, IR_SHELL_TWICE },
		{ "7.3", IR_ENV_6_6, false, IR_SHELL_ONCE },
		{ "7.5", IR_ENV_6_6, false, IR_SHELL_ONCE },
		{ "7.6", IR_ENV_7_6, false, IR_SHELL_ONCE },
		{ "native", IR_ENV_7_6, false, IR_SHELL_ONCE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ir_local *local =
		    &test_action(cases[i].target, "lmtp \"/s\"")->local;

		cr_expect_eq(local->environment, cases[i].environment, "%s",
		    cases[i].target);
		cr_expect_eq(local->sanitises_slash, cases[i].sanitises_slash,
		    "%s", cases[i].target);
		cr_expect_eq(local->shell, cases[i].lmtp_shell, "%s",
		    cases[i].target);
		cr_expect_eq(local->exit_policy, IR_EXIT_SYSEXITS);
		cr_expect_not(local->expands_at_rcpt);
	}
}

Test(lower, legacy_deliveries)
{
	const struct ir_local *local = &test_legacy_action(
	    "userbase <t> deliver to mda \"cat\" as \"vmail\"")
					    ->local;

	cr_expect_eq(local->environment, IR_ENV_PATH);
	cr_expect_eq(local->exit_policy, IR_EXIT_RETRY_ALL);
	cr_expect_eq(local->shell, IR_SHELL_ONCE);
	cr_expect(local->has_from_line);
	cr_expect(local->expands_at_rcpt);
	cr_expect(local->sanitises_slash);
	cr_expect(local->root_may_deliver);
	cr_expect(local->user_from_userbase);
	cr_expect(str_is(local->user, "vmail"));
	cr_expect_neq(local->userbase, IR_NONE);
	cr_expect_eq(local->alias, IR_NONE);
}

Test(lower, shells_of_modern_methods)
{
	cr_expect_eq(test_action(NULL, "mbox")->local.shell, IR_SHELL_NONE);
	cr_expect_eq(test_action(NULL, "mda \"x\"")->local.shell,
	    IR_SHELL_TWICE);
	cr_expect_eq(test_action(NULL, "maildir")->local.shell, IR_SHELL_TWICE);
}

Test(lower, tls_of_relays)
{
	static const struct {
		const char *target;
		const char *text;
		enum ir_tls tls;
		enum ir_verify verify;
		bool implicit_pki;
	} cases[] = {
		{ "6.4", "relay", IR_TLS_BY_URL, IR_VERIFY_BY_URL, true },
		{ "6.4", "relay host \"tls://h\" tls", IR_TLS_REQUIRED,
		    IR_VERIFY_CHAIN, true },
		{ "6.8", "relay host \"smtp://h\" tls", IR_TLS_REQUIRED,
		    IR_VERIFY_NAME, true },
		{ "7.3", "relay tls", IR_TLS_REQUIRED, IR_VERIFY_NAME, false },
		{ "native", "relay tls no-verify", IR_TLS_REQUIRED,
		    IR_VERIFY_NONE, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ir_relay *relay =
		    &test_action(cases[i].target, cases[i].text)->relay;

		cr_expect_eq(relay->tls, cases[i].tls, "%zu", i);
		cr_expect_eq(relay->verify, cases[i].verify, "%zu", i);
		cr_expect_eq(relay->implicit_pki, cases[i].implicit_pki, "%zu",
		    i);
		cr_expect_not(relay->rewrites_stored_sender);
	}
}

Test(lower, tls_of_legacy_relays)
{
	static const struct {
		const char *text;
		enum ir_tls tls;
		enum ir_verify verify;
	} cases[] = {
		{ "relay", IR_TLS_IF_OFFERED, IR_VERIFY_NONE },
		{ "relay tls", IR_TLS_REQUIRED, IR_VERIFY_NONE },
		{ "relay via tls://h", IR_TLS_BY_URL, IR_VERIFY_NONE },
		{ "relay via tls://h verify", IR_TLS_BY_URL, IR_VERIFY_CHAIN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ir_relay *relay =
		    &test_legacy_action(cases[i].text)->relay;

		cr_expect_eq(relay->tls, cases[i].tls, "%s", cases[i].text);
		cr_expect_eq(relay->verify, cases[i].verify, "%s",
		    cases[i].text);
		cr_expect(relay->is_legacy_url);
		cr_expect(relay->rewrites_stored_sender);
	}
}

Test(lower, names_of_legacy_actions_follow_from_what_they_do)
{
	const struct ir *ir = test_lower(NULL,
	    "table aliases { \"k\" = \"v\" }\n"
	    "accept for domain \"a\" alias <aliases> deliver to mbox\n"
	    "accept for domain \"b\" alias <aliases> deliver to mbox\n"
	    "accept for domain \"c\" deliver to mbox\n"
	    "accept for any relay\n"
	    "expire 1d\n"
	    "accept for any relay\n");
	const struct ruleset_rule *rules = ir->ruleset.rules;
	struct str name = arena_copy(&test_env.comp.arena,
	    ir->actions[rules[2].action].name);
	char kept[64];

	cr_assert_eq(ir->action_count, 4);
	cr_expect_eq(rules[0].action, rules[1].action);
	cr_expect_neq(rules[0].action, rules[2].action);
	cr_expect_neq(rules[3].action, rules[4].action);
	cr_expect_eq(ir->actions[rules[3].action].ttl, 4 * 24 * 60 * 60);
	cr_expect_eq(ir->actions[rules[4].action].ttl, 24 * 60 * 60);
	cr_expect(str_is(name, "deliver_mbox"));
	cr_expect(str_is(ir->actions[rules[0].action].name,
	    "deliver_mbox_aliases"));
	/* Nothing readable tells these two apart. */
	cr_expect(str_has_prefix(ir->actions[rules[3].action].name, "relay_"));
	cr_expect(str_has_prefix(ir->actions[rules[4].action].name, "relay_"));

	/* Whatever other rules there are. */
	snprintf(kept, sizeof(kept), "%.*s", STR_ARG(name));
	ir = test_lower(NULL,
	    "accept for any relay\naccept for local deliver to mbox\n");
	cr_expect(str_is(ir->actions[ir->ruleset.rules[1].action].name, kept));
}

/* Listeners. */

Test(lower, the_socket_is_there_unasked)
{
	static const struct {
		const char *target;
		const char *tag;
		bool no_dsn;
	} cases[] = {
		{ "6.4", "local", true },
		{ "6.6", "local", true },
		{ "6.7", "", true },
		{ "7.4", "", true },
		{ "7.5", "", false },
		{ "native", "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ir *ir = test_lower(cases[i].target,
		    "action \"in\" mbox\nmatch for local action \"in\"\n");

		cr_assert_eq(ir->listener_count, 1);
		cr_expect(ir->listeners[0].is_socket);
		cr_expect(ir->listeners[0].is_implicit);
		cr_expect(str_is(ir->listeners[0].tag, cases[i].tag), "%s",
		    cases[i].target);
		cr_expect_eq(ir->listeners[0].no_dsn, cases[i].no_dsn, "%s",
		    cases[i].target);
	}
	cr_expect(str_is(test_lower("6.0.3", "accept deliver to mbox\n")
			     ->listeners[0]
			     .tag,
	    "local"));
}

Test(lower, listeners)
{
	static const struct {
		const char *text;
		uint16_t port;
		enum ir_listener_tls tls;
		enum ir_listener_auth auth;
		bool has_credentials;
	} cases[] = {
		{ "listen on ::1", 25, IR_LISTEN_PLAIN, IR_AUTH_NONE, false },
		{ "listen on ::1 port submission", 587, IR_LISTEN_PLAIN,
		    IR_AUTH_NONE, false },
		{ "listen on ::1 tls pki p", 25, IR_LISTEN_STARTTLS,
		    IR_AUTH_NONE, false },
		{ "listen on ::1 tls-require pki p auth", 25,
		    IR_LISTEN_STARTTLS_REQUIRED, IR_AUTH_REQUIRED, false },
		{ "listen on ::1 smtps pki p auth-optional <t>", 465,
		    IR_LISTEN_SMTPS, IR_AUTH_OFFERED, true },
		{ "listen on ::1 smtps port 26 pki p", 26, IR_LISTEN_SMTPS,
		    IR_AUTH_NONE, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ir_listener *listener;
		char config[512];

		snprintf(config, sizeof(config),
		    "table t { \"k\" = \"v\" }\n"
		    "pki p cert \"/c\" key \"/k\"\n%s\n"
		    "action \"in\" mbox\nmatch for local action \"in\"\n",
		    cases[i].text);
		listener = &test_lower(NULL, config)->listeners[0];
		cr_expect_eq(listener->port, cases[i].port, "%s",
		    cases[i].text);
		cr_expect_eq(listener->tls, cases[i].tls, "%s", cases[i].text);
		cr_expect_eq(listener->auth, cases[i].auth, "%s",
		    cases[i].text);
		cr_expect_eq(listener->credentials != IR_NONE,
		    cases[i].has_credentials, "%s", cases[i].text);
	}
}

/* Tables. */

Test(lower, tables)
{
	static const struct {
		const char *source;
		enum ir_table_kind kind;
		const char *config;
		const char *backend;
	} cases[] = {
		{ "{ \"a\", \"b\" }", IR_TABLE_LIST, "", "" },
		{ "{ \"a\" = \"b\" }", IR_TABLE_MAPPING, "", "" },
		{ "file:/etc/t", IR_TABLE_FILE, "/etc/t", "" },
		{ "\"/etc/t\"", IR_TABLE_FILE, "/etc/t", "" },
		{ "db:/etc/t.db", IR_TABLE_DB, "/etc/t.db", "" },
		{ "sqlite:/etc/t", IR_TABLE_PROGRAM, "/etc/t", "sqlite" },
		{ "getpwnam", IR_TABLE_SYSTEM_USERS, "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ir_table *table;
		char config[256];

		snprintf(config, sizeof(config),
		    "table t %s\naction \"in\" mbox\n"
		    "match for local action \"in\"\n",
		    cases[i].source);
		table = &test_lower(NULL, config)->tables[0];
		cr_expect_eq(table->kind, cases[i].kind, "%s", cases[i].source);
		cr_expect(str_is(table->name, "t"));
		cr_expect(str_is(table->config, cases[i].config), "%s",
		    cases[i].source);
		cr_expect(str_is(table->backend, cases[i].backend), "%s",
		    cases[i].source);
	}
}

Test(lower, facts_of_the_host_stay_symbols)
{
	const struct ir *ir = test_lower(NULL,
	    "action \"in\" mbox\n"
	    "match from src <\"<localhost>\"> for domain <\"<localnames>\"> action "
	    "\"in\"\n");
	const struct ruleset_pred *preds = ir->ruleset.rules[0].preds;

	cr_assert_eq(ir->tables[preds[0].table].kind, IR_TABLE_LOCAL_ADDRESSES);
	cr_assert_eq(ir->tables[preds[1].table].kind, IR_TABLE_LOCAL_NAMES);
	cr_assert_eq(ir->tables[preds[1].table].entry_count, 0);
}

Test(lower, settings_have_their_defaults)
{
	const struct ir_settings *settings =
	    &test_lower("6.0.3", "accept deliver to mbox\n")->settings;

	cr_expect_eq(settings->delimiter, '+');
	cr_expect_eq(settings->queue_ttl, 4 * 24 * 60 * 60);
	cr_expect_eq(settings->max_message_size, 35 * 1024 * 1024);
}
