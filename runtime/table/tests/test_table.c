/*
 * Static tables: how each service compares, which entry is named, what
 * files and values hold.
 */
#include "runtime/table/table.h"

#include <criterion/criterion.h>

#define TEST_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct arena test_arena;

static const struct table_rules test_modern = {
	.mailaddr = MAILADDR_MODERN,
	.delimiter = '+',
	.brackets = true,
};

static const struct table_rules test_legacy = {
	.mailaddr = MAILADDR_LEGACY,
	.delimiter = '+',
	.brackets = false,
};

static void
test_setup(void)
{
	arena_init(&test_arena, NULL);
}

static void
test_teardown(void)
{
	arena_fini(&test_arena);
}

TestSuite(table, .init = test_setup, .fini = test_teardown);

/* A list of what stands between blanks; "" is one empty entry. */
static struct table *
test_list(const char *entries, const struct table_rules *rules,
    enum service service)
{
	struct table *table = table_new(&test_arena, false);
	size_t len;

	for (;; entries += len + 1) {
		len = strcspn(entries, " ");
		table_add(table, (struct str){ entries, (uint32_t)len },
		    STR_LIT(""));
		if (entries[len] == '\0')
			break;
	}
	table_seal(table, rules);
	table_prepare(table, service);
	return table;
}

struct test_lookup {
	const char *entries;
	const char *key;
	const char *expected; /* the entry that is named; NULL: no */
};

static void
test_check(enum service service, const struct table_rules *rules,
    const struct test_lookup *c)
{
	struct table *table = test_list(c->entries, rules, service);
	const struct table_entry *entry = NULL;
	enum answer answer;

	answer = table_lookup(table, service, str_from(c->key), &entry);
	cr_expect_eq(answer, c->expected != NULL ? ANSWER_YES : ANSWER_NO,
	    "\"%s\" in { %s }: %d", c->key, c->entries, answer);
	if (c->expected == NULL)
		cr_expect_null(entry);
	else if (entry != NULL)
		cr_expect(str_is(entry->key, c->expected),
		    "\"%s\" in { %s }: \"%.*s\"", c->key, c->entries,
		    STR_ARG(entry->key));
	table_fini(table);
}

static void
test_check_all(enum service service, const struct table_rules *rules,
    const struct test_lookup *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		test_check(service, rules, &cases[i]);
}

Test(table, compares_other_services_exactly)
{
	static const enum service services[] = { SERVICE_STRING, SERVICE_ALIAS,
		SERVICE_CREDENTIALS, SERVICE_USERINFO, SERVICE_ADDRNAME,
		SERVICE_MAILADDRMAP, SERVICE_RELAYHOST };
	static const struct test_lookup cases[] = {
		{ "bob alice", "alice", "alice" },
		{ "Alice", "aLICE", "alice" },
		{ "alice", "alic", NULL },
		{ "alice", "alice+tag", NULL },
		{ "*", "alice", NULL },
		{ "*.a.example", "x.a.example", NULL },
		{ "@", "alice", NULL },
		{ "10.0.0.0/8", "10.1.1.1", NULL },
		{ "", "", "" },
		{ "", "alice", NULL },
	};

	for (size_t i = 0; i < TEST_COUNT(services); i++)
		test_check_all(services[i], &test_modern, cases,
		    TEST_COUNT(cases));
}

Test(table, matches_domains)
{
	static const struct test_lookup cases[] = {
		{ "a.example b.example", "b.example", "b.example" },
		{ "A.example", "a.EXAMPLE", "a.example" },
		{ "a.example", "b.example", NULL },
		{ "*", "anything.at.all", "*" },
		{ "*", "", NULL },
		{ "**", "x", "**" },
		{ "*.example.com", "a.example.com", "*.example.com" },
		{ "*.example.com", ".example.com", "*.example.com" },
		{ "*.example.com", "a.b.example.com", NULL },
		{ "*.example.com", "example.com", NULL },
		{ "*.*.example.com", "a.b.example.com", "*.*.example.com" },
		{ "*.", "localhost", NULL },
		{ "*.", "localhost.", "*." },
		{ "x*y.test", "xAAy.test", "x*y.test" },
		{ "x*y.test", "xAyBy.test", NULL },
		{ "foo*", "foo", NULL },
		{ "mx*", "mx1.foo", "mx*" },
		{ "*example.org", "foo.exe.example.org", NULL },
		{ "a?c", "abc", NULL },

		/* The first in byte order: '*' is before '.' and letters. */
		{ "a.example *.example", "a.example", "*.example" },
		{ "a* a.example", "a.example", "a*" },
		{ "!x *.example z*", "zz.example", "*.example" },
		{ "* *.example", "a.example", "*" },
		{ "a*e *.b", "a.b", "*.b" },
		{ "-a.b *a.b -*.b", "-a.b", "*a.b" },
		{ "-a.b -a*", "-a.b", "-a*" },
		{ "-*z -a.b", "-a.b", "-a.b" },
	};

	test_check_all(SERVICE_DOMAIN, &test_modern, cases, TEST_COUNT(cases));
}

Test(table, matches_addresses_and_networks)
{
	static const struct test_lookup cases[] = {
		{ "local", "local", "local" },
		{ "LOCAL", "local", "local" },
		{ "mx.Example.org", "MX.example.ORG", "mx.example.org" },
		{ "*.example.org", "mx.example.org", NULL },
		{ "0.0.0.0/0 ::/0", "local", NULL },
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1", "192.0.2.2", NULL },
		{ "0.0.0.0/0", "192.0.2.1", "0.0.0.0/0" },
		{ "0.0.0.0/0", "::1", NULL },
		{ "::/0", "[2001:db8::1]", "::/0" },
		{ "::/0", "192.0.2.1", NULL },
		{ "192.0.2.1", "::ffff:192.0.2.1", NULL },

		/* Missing octets, classes, host bits. */
		{ "10", "10.9.8.7", "10" },
		{ "10.1", "10.1.2.3", "10.1" },
		{ "10.1", "10.2.2.3", NULL },
		{ "172.16", "172.16.5.5", "172.16" },
		{ "172.16", "172.17.5.5", NULL },
		{ "192.168", "192.168.0.7", "192.168" },
		{ "192.168", "192.168.1.7", NULL },
		{ "192.168.1", "192.168.1.7", "192.168.1" },
		{ "10.0.0.5/8", "10.200.0.1", "10.0.0.5/8" },
		{ "0x0a", "10.1.1.1", "0x0a" },

		/* What does not parse. */
		{ "10.0.0.", "10.0.0.1", NULL },
		{ "10.0.0.256", "10.0.0.255", NULL },
		{ "10.0.0.0/33", "10.0.0.0", NULL },
		{ "10.0.0.0/33", "10.0.0.0/33", "10.0.0.0/33" },

		/* IPv6. */
		{ "2001:db8::/32", "2001:db8:1::1", "2001:db8::/32" },
		{ "IPv6:2001:db8::/32", "IPv6:2001:db8::1",
		    "ipv6:2001:db8::/32" },
		{ "[2001:db8::]/32", "[2001:db8::1]", NULL },
		{ "[2001:db8::/32]", "[2001:db8::1]", "[2001:db8::/32]" },
		{ "[::1]", "::1", "[::1]" },
		{ "::1", "[::1]", "::1" },
		{ "fe80::/10", "[fe80::1%eth0]", NULL },
		{ "::1", "::2", NULL },

		/* Bits of the key are ignored. */
		{ "192.0.2.0/24", "192.0.2.9/8", "192.0.2.0/24" },

		/* The first in byte order, not the narrowest. */
		{ "10.0.0.0/8 10.1.0.0/16 0/0", "10.1.2.3", "0/0" },
		{ "10.1.2.3 10.1.0.0/16", "10.1.2.3", "10.1.0.0/16" },
		{ "10.1.2.3 10.1.2.4/24", "10.1.2.3", "10.1.2.3" },
		{ "10.0.0.5/8 10.0.0.4/8", "10.1.2.3", "10.0.0.4/8" },
	};

	test_check_all(SERVICE_NETADDR, &test_modern, cases, TEST_COUNT(cases));
}

Test(table, refuses_brackets_for_old_targets)
{
	static const struct test_lookup cases[] = {
		{ "[::1]", "::1", NULL },
		{ "[::1]", "[::1]", "[::1]" },
		{ "::1", "[::1]", NULL },
		{ "::1", "IPv6:::1", "::1" },
	};

	test_check_all(SERVICE_NETADDR, &test_legacy, cases, TEST_COUNT(cases));
}

/* What does not depend on the target. */
static const struct test_lookup test_addresses[] = {
	{ "", "a@b.test", "" },
	{ "", "@", "" },
	{ "@", "a@b.test", "@" },
	{ "@", "@", "@" },
	{ "alice@b.test", "Alice@B.test", "alice@b.test" },
	{ "ALICE@b.test", "alice@b.test", "alice@b.test" },
	{ "alice@b.test", "alice@c.test", NULL },
	{ "alice@b.test", "bob@b.test", NULL },
	{ "@b.test", "anyone@b.test", "@b.test" },
	{ "@b.test", "@", NULL },
	{ "@*", "a@b.test", "@*" },
	{ "@*", "@", NULL },
	{ "carol@*.wild.test", "carol@x.wild.test", "carol@*.wild.test" },
	{ "carol@*.wild.test", "carol@x.y.wild.test", NULL },
	{ "*@w.test", "a@w.test", NULL },
	{ "*@w.test", "*@w.test", "*@w.test" },
	{ "a@b@c.test", "a@b@c.test", "a@b@c.test" },
	{ "@c.test", "a@b@c.test", "@c.test" },

	/* Tags. */
	{ "alice@s", "alice+tag@s", "alice@s" },
	{ "alice@s", "alice+a+b@s", "alice@s" },
	{ "bob+x@s", "bob+x@s", "bob+x@s" },
	{ "bob+x@s", "bob+y@s", NULL },
	{ "bob+x@s", "bob+x+y@s", NULL },
	{ "bob+x@s", "bob@s", NULL },
	{ "bob+x@*", "bob+x@s", "bob+x@*" },
	{ "bob@*", "bob+x@s", "bob@*" },
	{ "@s", "+x@s", "@s" },

	/* The first in byte order. */
	{ "alice@s @s", "alice@s", "@s" },
	{ "bob+x@s bob@s", "bob+x@s", "bob+x@s" },
	{ "alice@s a@s alice@*", "alice@s", "alice@*" },
	{ "b@* a@s @z*", "a@s", "a@s" },
	{ "alice@s @", "alice@s", "@" },
};

Test(table, matches_addresses_of_modern_targets)
{
	test_check_all(SERVICE_MAILADDR, &test_modern, test_addresses,
	    TEST_COUNT(test_addresses));
}

Test(table, matches_addresses_of_legacy_targets)
{
	test_check_all(SERVICE_MAILADDR, &test_legacy, test_addresses,
	    TEST_COUNT(test_addresses));
}

Test(table, matches_users_without_domain_since_6_4)
{
	static const struct test_lookup cases[] = {
		{ "alice", "alice@any.test", "alice" },
		{ "alice", "alice+tag@any.test", "alice" },
		{ "alice@", "alice+tag@any.test", "alice@" },
		{ "bob+x", "bob+x@any.test", "bob+x" },
		{ "bob+x@", "bob+x@any.test", "bob+x@" },
		{ "alice", "bob@any.test", NULL },
		{ "alice", "@", NULL },
		{ "*.a", "x.a@any.test", NULL },
		{ "*.a", "*.a@any.test", "*.a" },
		{ "alice alice@ alice@any.test", "alice@any.test", "alice" },
	};

	test_check_all(SERVICE_MAILADDR, &test_modern, cases,
	    TEST_COUNT(cases));
}

Test(table, ignores_users_without_domain_before_6_4)
{
	static const struct test_lookup cases[] = {
		{ "alice", "alice@any.test", NULL },
		{ "alice@", "alice@any.test", NULL },
		{ "alice alice@any.test", "alice@any.test", "alice@any.test" },
		{ "alice", "@", NULL },
	};

	test_check_all(SERVICE_MAILADDR, &test_legacy, cases,
	    TEST_COUNT(cases));
}

Test(table, obeys_the_delimiter)
{
	struct table_rules rules = test_modern;
	static const struct test_lookup cases[] = {
		{ "alice@s", "alice-tag@s", "alice@s" },
		{ "alice@s", "alice+tag@s", NULL },
		{ "alice+tag@s", "alice+tag-x@s", "alice+tag@s" },
	};

	rules.delimiter = '-';
	test_check_all(SERVICE_MAILADDR, &rules, cases, TEST_COUNT(cases));
}

Test(table, searches_regular_expressions)
{
	static const struct test_lookup cases[] = {
		{ "example", "an.example.org", "example" },
		{ "^example", "an.example.org", NULL },
		{ "^(a|b)+$", "abba", "^(a|b)+$" },
		{ "^EXAMPLE$", "eXample", "^example$" },
		{ "^(?i)x", "x", NULL },
		{ "(?i)^x", "XY", "(?i)^x" },
		{ "(?I)^x", "XY", "(?i)^x" },

		/* In lower case, with all that follows. */
		{ "^[A-Z]+$", "abc", "^[a-z]+$" },
		{ "^[[:upper:]]$", "A", NULL },
		{ "(?i)^[[:upper:]]$", "A", "(?i)^[[:upper:]]$" },

		/* Bad ones never match, not even themselves. */
		{ "(", "(", NULL },
		{ "[a", "[a", NULL },
		{ "(?i)(", "(", NULL },
		{ "( ^b", "b", "^b" },

		{ "z b a", "abz", "a" },
		{ "[ z", "z", "z" },
	};

	test_check_all(SERVICE_REGEX, &test_modern, cases, TEST_COUNT(cases));
}

Test(table, fails_for_long_keys)
{
	static char key[TABLEFILE_KEY_MAX + 1];
	struct table *table = test_list("", &test_modern, SERVICE_NETADDR);
	const struct table_entry *entry;

	memset(key, '.', sizeof(key));
	table_prepare(table, SERVICE_REGEX);
	for (int s = 0; s < SERVICE_COUNT; s++) {
		entry = table_entry_at(table, 0);
		cr_expect_eq(table_lookup(table, (enum service)s,
				 (struct str){ key, sizeof(key) }, &entry),
		    ANSWER_FAILED, "service %d", s);
		cr_expect_null(entry);
		cr_expect_eq(table_lookup(table, (enum service)s,
				 (struct str){ key, sizeof(key) - 1 }, NULL),
		    s == SERVICE_MAILADDR || s == SERVICE_REGEX ? ANSWER_YES :
								  ANSWER_NO,
		    "service %d", s);
	}
	table_fini(table);
}

Test(table, fails_where_a_costly_pattern_might_match)
{
	struct table *table = test_list("a++++++++++++++++++++++ ^b",
	    &test_modern, SERVICE_REGEX);
	const struct table_entry *entry;

	cr_expect_eq(table_lookup(table, SERVICE_REGEX, STR_LIT("b"), &entry),
	    ANSWER_YES);
	cr_expect(str_is(entry->key, "^b"));
	cr_expect_eq(table_lookup(table, SERVICE_REGEX, STR_LIT("a"), &entry),
	    ANSWER_FAILED);
	cr_expect_null(entry);
	cr_expect_eq(table_lookup(table, SERVICE_STRING, STR_LIT("a"), &entry),
	    ANSWER_NO);
	table_fini(table);
}

Test(table, leaves_out_long_entries)
{
	static char key[TABLEFILE_KEY_MAX + 1];
	struct table *table = table_new(&test_arena, false);

	memset(key, 'k', sizeof(key));
	cr_expect_not(table_add(table, (struct str){ key, sizeof(key) },
	    STR_LIT("")));
	cr_expect(table_add(table, (struct str){ key, sizeof(key) - 1 },
	    STR_LIT("")));
	table_seal(table, &test_modern);
	cr_expect_eq(table_count(table), 1);
	cr_expect_eq(table_lookup(table, SERVICE_STRING,
			 (struct str){ key, sizeof(key) - 1 }, NULL),
	    ANSWER_YES);
}

Test(table, matches_nothing_when_empty)
{
	struct table *table = table_new(&test_arena, true);

	table_seal(table, &test_modern);
	table_prepare(table, SERVICE_NETADDR);
	table_prepare(table, SERVICE_REGEX);
	for (int s = 0; s < SERVICE_COUNT; s++)
		cr_expect_eq(table_lookup(table, (enum service)s,
				 STR_LIT("10.0.0.1"), NULL),
		    ANSWER_NO, "service %d", s);
	cr_expect_eq(table_count(table), 0);
	table_fini(table);
}

Test(table, prepares_a_service_once)
{
	struct table *table = test_list("10/8 ^a", &test_modern, SERVICE_REGEX);

	table_prepare(table, SERVICE_REGEX);
	table_prepare(table, SERVICE_NETADDR);
	table_prepare(table, SERVICE_NETADDR);
	cr_expect_eq(table_lookup(table, SERVICE_REGEX, STR_LIT("ab"), NULL),
	    ANSWER_YES);
	cr_expect_eq(table_lookup(table, SERVICE_NETADDR, STR_LIT("10.1.1.1"),
			 NULL),
	    ANSWER_YES);
	table_fini(table);
}

/* "key=value key=value", in the order of table_entry_at. */
static const char *
test_print(const struct table *table)
{
	const char *out = "";

	for (uint32_t i = 0; i < table_count(table); i++)
		out = arena_printf(&test_arena, "%s%s%.*s=%.*s", out,
		    i > 0 ? " " : "", STR_ARG(table_entry_at(table, i)->key),
		    STR_ARG(table_entry_at(table, i)->value));
	return out;
}

Test(table, keeps_entries_in_byte_order)
{
	struct table *table = test_list("b \xff aa a B1 * @ 9 10 _",
	    &test_modern, SERVICE_STRING);

	cr_expect_str_eq(test_print(table),
	    "*= 10= 9= @= _= a= aa= b= b1= \xff=");
}

Test(table, lets_the_last_duplicate_win)
{
	struct table *table = table_new(&test_arena, true);

	table_add(table, STR_LIT("Key"), STR_LIT("One"));
	table_add(table, STR_LIT("other"), STR_LIT("o"));
	table_add(table, STR_LIT("kEY"), STR_LIT(" Two "));
	table_seal(table, &test_modern);
	cr_expect_str_eq(test_print(table), "key= Two  other=o");
}

Test(table, copies_what_is_added)
{
	struct table *table = table_new(&test_arena, true);
	char key[] = "key", value[] = "value";

	table_add(table, str_from(key), str_from(value));
	memset(key, 'x', 3);
	memset(value, 'x', 5);
	table_seal(table, &test_modern);
	cr_expect_str_eq(test_print(table), "key=value");
}

Test(table, loads_files)
{
	static const struct {
		const char *text;
		bool key_brackets;
		bool is_mapping;
		const char *expected;
	} cases[] = {
		{ "", true, true, "" },
		{ "# nothing\n\n", true, true, "" },
		{ "b\nA\n", true, false, "a= b=" },
		{ "Root: Postmaster@B\nbob: |/x y\n", true, true,
		    "bob=|/x y root=Postmaster@B" },
		{ "k a\nK b\n", true, true, "k=b" },
		{ "[::1] v\n", true, true, "[::1]=v" },
		{ "[::1] v\n", false, true, "[=:1] v" },
		{ "# @list\n::1\n", true, false, "::1=" },
	};
	uint32_t line;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct tablefile_options options = { cases[i].key_brackets };
		struct table *table = table_new(&test_arena,
		    !cases[i].is_mapping);

		cr_expect_eq(table_load_file(table, str_from(cases[i].text),
				 &options, &line),
		    TABLEFILE_OK, "\"%s\"", cases[i].text);
		table_seal(table, &test_modern);
		cr_expect_eq(table_is_mapping(table), cases[i].is_mapping,
		    "\"%s\"", cases[i].text);
		cr_expect_str_eq(test_print(table), cases[i].expected,
		    "\"%s\": %s", cases[i].text, test_print(table));
	}
}

Test(table, tells_where_a_file_is_bad)
{
	const struct {
		struct str text;
		enum tablefile_error error;
		uint32_t line;
	} cases[] = {
		{ STR_LIT("k v\n\n# c\nk\n"), TABLEFILE_NO_VALUE, 4 },
		{ STR_LIT("a\n[b\n"), TABLEFILE_NO_BRACKET, 2 },
		{ STR_LIT("a\0b\n"), TABLEFILE_NUL, 1 },
	};

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct tablefile_options options = { .key_brackets = true };
		uint32_t line = 0;

		cr_expect_eq(table_load_file(table_new(&test_arena, false),
				 cases[i].text, &options, &line),
		    cases[i].error, "case %zu", i);
		cr_expect_eq(line, cases[i].line, "case %zu", i);
	}
}

Test(table, skips_long_keys_of_files)
{
	struct tablefile_options options = { .key_brackets = true };
	struct table *table = table_new(&test_arena, false);
	const char *text = arena_printf(&test_arena, "a v\n%01024d v\nb v\n",
	    0);
	uint32_t line;

	cr_expect_eq(table_load_file(table, str_from(text), &options, &line),
	    TABLEFILE_OK);
	table_seal(table, &test_modern);
	cr_expect_str_eq(test_print(table), "a=v b=v");
}

Test(table, parses_credentials)
{
	static const struct {
		const char *value;
		const char *expected; /* user, blank, secret; NULL: bad */
	} cases[] = {
		{ "bob:secret", "bob secret" },
		{ "Bob:a:b", "Bob a:b" },
		{ "secret", "key secret" },
		{ "b:s", "b s" },
		{ "abc", "key abc" },
		{ "ab", NULL },
		{ ":s", NULL },
		{ "", NULL },
		{ ":secret", NULL },
		{ "bob:", NULL },
		{ "$2b$08$abc", "key $2b$08$abc" },
	};
	struct table_credentials creds;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const char *out = NULL;

		if (table_parse_credentials(STR_LIT("key"),
			str_from(cases[i].value), &creds))
			out = arena_printf(&test_arena, "%.*s %.*s",
			    STR_ARG(creds.user), STR_ARG(creds.secret));
		cr_expect_eq(out == NULL, cases[i].expected == NULL, "\"%s\"",
		    cases[i].value);
		if (out != NULL && cases[i].expected != NULL)
			cr_expect_str_eq(out, cases[i].expected);
	}
}

Test(table, limits_credentials)
{
	const char *text = arena_printf(&test_arena, "%0*d",
	    TABLE_VALUE_MAX + 1, 0);
	struct str value = { text, TABLE_VALUE_MAX };
	struct table_credentials creds;

	cr_expect(table_parse_credentials(STR_LIT("k"), value, &creds));
	value.len++;
	cr_expect_not(table_parse_credentials(STR_LIT("k"), value, &creds));
}

Test(table, parses_userinfo)
{
	static const struct {
		const char *value;
		const char *expected; /* uid, gid, directory; NULL: bad */
	} cases[] = {
		{ "1000:100:/home/a", "1000 100 /home/a" },
		{ "0:0:/a:b", "0 0 /a:b" },
		{ " 1: \t2:/x", "1 2 /x" },
		{ "1:2:", "1 2 " },
		{ "4294967294:1:/", "4294967294 1 /" },
		{ "4294967295:1:/", NULL },
		{ "1:4294967295:/", NULL },
		{ "18446744073709551617:1:/", NULL },
		{ "1:2", NULL },
		{ "1", NULL },
		{ "", NULL },
		{ ":2:/", NULL },
		{ "1::/", NULL },
		{ "-1:2:/", NULL },
		{ "1 :2:/", NULL },
		{ "0x1:2:/", NULL },
		{ "bob:2:/", NULL },
	};
	struct table_userinfo info;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const char *out = NULL;

		if (table_parse_userinfo(STR_LIT("u"), str_from(cases[i].value),
			&info))
			out = arena_printf(&test_arena, "%u %u %.*s", info.uid,
			    info.gid, STR_ARG(info.directory));
		cr_expect_eq(out == NULL, cases[i].expected == NULL, "\"%s\"",
		    cases[i].value);
		if (out != NULL && cases[i].expected != NULL)
			cr_expect_str_eq(out, cases[i].expected);
	}
}

Test(table, limits_userinfo)
{
	struct str user = { arena_printf(&test_arena, "%0256d", 0), 255 };
	struct str value = { arena_printf(&test_arena, "1:1:%0*d",
				 TABLE_VALUE_MAX, 0),
		TABLE_VALUE_MAX };
	struct table_userinfo info = { .uid = 7 };

	cr_expect(table_parse_userinfo(user, value, &info));
	cr_expect(str_eq(info.user, user));
	info.uid = 7;
	user.len++;
	cr_expect_not(table_parse_userinfo(user, value, &info));
	user.len--;
	value.len++;
	cr_expect_not(table_parse_userinfo(user, value, &info));
	cr_expect_eq(info.uid, 7, "touched on failure");
}
