/*
 * Tables of a config, bound: entries, files, facts of the host, and those
 * that nobody but a daemon can ask.
 */
#include "compiler/bind.h"

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

TestSuite(bind, .init = test_setup, .fini = test_teardown);

/* The table "t", with what follows its name. */
static void
test_table(const char *target, const char *source)
{
	char config[512];

	snprintf(config, sizeof(config),
	    "table t %s\naction \"out\" relay\n"
	    "match for any action \"out\"\n",
	    source);
	test_env.options.policy.disabled[CHECK_BAD_TABLE_FILE] = true;
	ir_env_compile(&test_env, target, config);
	cr_assert(str_is(test_env.ir->tables[0].name, "t"));
}

static enum answer
test_lookup(enum service service, const char *key)
{
	const struct table_entry *entry;

	return bind_lookup(&test_env.bind, 0, service, str_from(key), &entry);
}

Test(bind, entries_of_the_config)
{
	const struct table_entry *entry;

	test_table(NULL, "{ \"Bob\" = \"ann, carl\" }");
	cr_expect_eq(bind_state_of(&test_env.bind, 0), BIND_READY);
	cr_assert_eq(bind_lookup(&test_env.bind, 0, SERVICE_ALIAS,
			 STR_LIT("bob"), &entry),
	    ANSWER_YES);
	cr_expect(str_is(entry->key, "bob"));
	cr_expect(str_is(entry->value, "ann, carl"));
	cr_expect_eq(bind_lookup(&test_env.bind, 0, SERVICE_ALIAS,
			 STR_LIT("eve"), &entry),
	    ANSWER_NO);
	cr_expect_null(entry);
}

Test(bind, one_table_for_several_services)
{
	test_table(NULL, "{ \"192.0.2.0/24\", \"*.example.org\", \"@a\" }");
	cr_expect_eq(test_lookup(SERVICE_NETADDR, "192.0.2.7"), ANSWER_YES);
	cr_expect_eq(test_lookup(SERVICE_DOMAIN, "mx.example.org"), ANSWER_YES);
	cr_expect_eq(test_lookup(SERVICE_MAILADDR, "x@a"), ANSWER_YES);
	cr_expect_eq(test_lookup(SERVICE_NETADDR, "198.51.100.1"), ANSWER_NO);
}

Test(bind, a_file)
{
	ir_env_write(&test_env, "etc/t", "# comment\nbob: ann\n");
	test_table(NULL, "file:/etc/t");
	cr_expect_eq(bind_state_of(&test_env.bind, 0), BIND_READY);
	cr_expect_eq(test_lookup(SERVICE_ALIAS, "BOB"), ANSWER_YES);
	cr_expect_eq(test_lookup(SERVICE_ALIAS, "eve"), ANSWER_NO);
}

Test(bind, keys_of_files_differ_between_versions)
{
	static const struct {
		const char *target;
		enum answer answer;
	} cases[] = {
		{ "7.3", ANSWER_NO },
		{ "7.5", ANSWER_YES },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (i > 0) {
			test_teardown();
			test_setup();
		}
		ir_env_write(&test_env, "etc/t", "[::1] name\n");
		test_table(cases[i].target, "file:/etc/t");
		cr_expect_eq(test_lookup(SERVICE_ADDRNAME, "[::1]"),
		    cases[i].answer, "%s", cases[i].target);
	}
}

Test(bind, rules_of_addresses_differ_between_versions)
{
	test_table("6.4", "{ \"bob\" }");
	cr_expect_eq(test_lookup(SERVICE_MAILADDR, "bob@a"), ANSWER_YES);
	test_teardown();
	test_setup();
	ir_env_compile(&test_env, NULL,
	    "table t { \"bob\" }\naccept sender <t> for any relay\n");
	cr_expect_eq(test_lookup(SERVICE_MAILADDR, "bob@a"), ANSWER_NO);
}

Test(bind, the_delimiter_is_that_of_the_config)
{
	ir_env_compile(&test_env, NULL,
	    "table t { \"bob@a\" }\nsmtp sub-addr-delim \"-\"\n"
	    "action \"out\" relay\nmatch mail-from <t> for any action "
	    "\"out\"\n");
	cr_expect_eq(test_lookup(SERVICE_MAILADDR, "bob-x@a"), ANSWER_YES);
	cr_expect_eq(test_lookup(SERVICE_MAILADDR, "bob+x@a"), ANSWER_NO);
}

Test(bind, a_file_that_is_not_there_fails)
{
	test_table(NULL, "file:/etc/t");
	cr_expect_eq(bind_state_of(&test_env.bind, 0), BIND_BROKEN);
	cr_expect_eq(test_lookup(SERVICE_DOMAIN, "a"), ANSWER_FAILED);
}

Test(bind, a_file_that_does_not_parse_fails)
{
	ir_env_write(&test_env, "etc/t", "bob: ann\neve\n");
	test_table(NULL, "file:/etc/t");
	cr_expect_eq(bind_state_of(&test_env.bind, 0), BIND_BROKEN);
	cr_expect_eq(test_lookup(SERVICE_ALIAS, "bob"), ANSWER_FAILED);
}

Test(bind, only_a_daemon_asks_databases_and_programs)
{
	static const char *const sources[] = { "db:/etc/t.db", "sqlite:/etc/t",
		"proc:/bin/x" };

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (i > 0) {
			test_teardown();
			test_setup();
		}
		test_table(NULL, sources[i]);
		cr_expect_eq(bind_state_of(&test_env.bind, 0), BIND_DYNAMIC,
		    "%s", sources[i]);
		cr_expect_eq(test_lookup(SERVICE_DOMAIN, "a"), ANSWER_FAILED);
	}
}

Test(bind, no_table_fails)
{
	const struct table_entry *entry;

	test_table(NULL, "{ \"a\" }");
	cr_expect_eq(bind_lookup(&test_env.bind, IR_NONE, SERVICE_DOMAIN,
			 STR_LIT("a"), &entry),
	    ANSWER_FAILED);
}

/* Tables that are there without a declaration. */
Test(bind, facts_of_the_host)
{
	static const struct {
		const char *table;
		const char *key;
		enum answer answer;
	} cases[] = {
		{ "<localhost>", "local", ANSWER_YES },
		{ "<localhost>", "127.0.0.1", ANSWER_YES },
		{ "<localhost>", "[::1]", ANSWER_YES },
		{ "<localhost>", "192.0.2.1", ANSWER_NO },
		{ "<localhost>", "name", ANSWER_NO },
		{ "<anyhost>", "local", ANSWER_YES },
		{ "<anyhost>", "192.0.2.1", ANSWER_YES },
		{ "<anyhost>", "name", ANSWER_NO },
		{ "<localnames>", "localhost", ANSWER_YES },
		{ "<localnames>", "Mail.example.org", ANSWER_YES },
		{ "<localnames>", "example.org", ANSWER_NO },
		{ "<anydestination>", "a", ANSWER_YES },
		{ "<anydestination>", "", ANSWER_NO },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char config[256];

		if (i > 0) {
			test_teardown();
			test_setup();
		}
		snprintf(config, sizeof(config),
		    "action \"out\" relay\n"
		    "match from any for domain <\"%s\"> action \"out\"\n",
		    cases[i].table);
		test_env.options.hostname = "mail.example.org";
		ir_env_compile(&test_env, NULL, config);
		cr_expect_eq(test_lookup(SERVICE_DOMAIN, cases[i].key),
		    cases[i].answer, "%s %s", cases[i].table, cases[i].key);
	}
}
