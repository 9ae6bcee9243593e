/*
 * Facts of the host: what counts as its name and its address in each
 * version, its users, and reverse names.
 */
#include "compiler/host.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "compiler/tests/ir_env.h"

#define TEST_LEGACY "accept for any relay\n"
#define TEST_MODERN "action \"out\" relay\nmatch for any action \"out\"\n"

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

TestSuite(host, .init = test_setup, .fini = test_teardown);

static void
test_compile(const char *target)
{
	bool is_legacy = target != NULL && strcmp(target, "6.0.3") == 0;

	if (test_env.ir != NULL) {
		test_teardown();
		test_setup();
	}
	test_env.options.hostname = "Mail.Example.org";
	ir_env_compile(&test_env, target,
	    is_legacy ? TEST_LEGACY : TEST_MODERN);
}

static struct netaddr
test_address(const char *text)
{
	struct netaddr addr;
	struct str zone;

	cr_assert_eq(netaddr_parse_host(str_from(text), 0, &addr, &zone),
	    NETADDR_OK);
	return addr;
}

Test(host, local_names_differ_between_versions)
{
	static const char *const names[] = { "localhost", "MAIL.example.ORG",
		"mail", "127.0.0.1", "[127.0.0.1]", "[IPv6:::1]", "IPv6:::1",
		"[::1]", "::1" };
	static const struct {
		const char *target;
		const char *is_local; /* a '+' for each name that is */
	} cases[] = {
		{ "6.0.3",
		    "++-+++"
		    "+--" },
		{ "6.4",
		    "++-+++"
		    "+--" },
		{ "6.6",
		    "++-++-"
		    "-+-" },
		{ "6.8",
		    "++-++-"
		    "-+-" },
		{ "7.3",
		    "++-++-"
		    "-+-" },
		{ "7.5",
		    "++-+--"
		    "-+-" },
		{ "7.8",
		    "++-+--"
		    "-+-" },
		{ "native",
		    "++-+--"
		    "-+-" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		test_compile(cases[i].target);
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			cr_expect_eq(host_is_local_name(&test_env.host,
					 str_from(names[n])),
			    cases[i].is_local[n] == '+', "%s: %s",
			    cases[i].target, names[n]);
	}
}

Test(host, a_name_too_long_to_be_asked_is_not_local)
{
	static char text[RULESET_KEY_MAX + 1];

	test_compile(NULL);
	memset(text, 'x', sizeof(text));
	cr_expect_not(host_is_local_name(&test_env.host,
	    (struct str){ text, sizeof(text) }));
}

Test(host, addresses_are_spelt_as_the_target_does)
{
	struct netaddr v4 = test_address("192.0.2.7");
	struct netaddr v6 = test_address("2001:db8::7");

	test_compile("6.4");
	cr_expect(str_is(host_spell(&test_env.host, &v4), "192.0.2.7"));
	cr_expect(str_is(host_spell(&test_env.host, &v6), "IPv6:2001:db8::7"));
	test_compile("6.6");
	cr_expect(str_is(host_spell(&test_env.host, &v6), "[2001:db8::7]"));
}

Test(host, only_its_own_addresses_are_local)
{
	static const char *const own[] = { "192.0.2.1", "2001:db8::1" };
	struct netaddr address = test_address("127.0.0.1");

	test_compile(NULL);
	cr_expect(host_is_local_address(&test_env.host, &address));
	address = test_address("127.0.0.2");
	cr_expect_not(host_is_local_address(&test_env.host, &address));

	test_teardown();
	test_setup();
	test_env.options.local_addresses = own;
	test_env.options.local_address_count = 2;
	ir_env_compile(&test_env, NULL, TEST_MODERN);
	address = test_address("2001:db8::1");
	cr_expect(host_is_local_address(&test_env.host, &address));
	address = test_address("127.0.0.1");
	cr_expect_not(host_is_local_address(&test_env.host, &address));
	cr_expect(host_is_local_name(&test_env.host, STR_LIT("192.0.2.1")));
}

Test(host, the_name_is_that_of_mailname_unless_given)
{
	ir_env_write(&test_env, "etc/mailname", "mx.example.org \nsecond\n");
	ir_env_compile(&test_env, NULL, TEST_MODERN);
	cr_expect(str_is(test_env.host.name, "mx.example.org"));
}

Test(host, users_are_those_of_passwd)
{
	const struct host_user *user;

	ir_env_write(&test_env, "etc/passwd",
	    "bob:x:1001:1002:Bob,,,:/home/bob:/bin/sh\n"
	    "bob:x:7:7::/home/second:/bin/sh\n"
	    "short:x:1\n"
	    "nan:x:one:1::/:/bin/sh\n"
	    "big:x:4294967296:1::/:/bin/sh\n"
	    ":x:1:1::/:/bin/sh\n"
	    "last:x:5:6::/:/bin/sh");
	ir_env_compile(&test_env, NULL, TEST_MODERN);
	cr_expect(test_env.host.knows_users);
	user = host_find_user(&test_env.host, STR_LIT("bob"));
	cr_assert_not_null(user);
	cr_expect_eq(user->uid, 1001);
	cr_expect_eq(user->gid, 1002);
	cr_expect(str_is(user->home, "/home/bob"));
	cr_expect_not_null(host_find_user(&test_env.host, STR_LIT("last")));
	cr_expect_null(host_find_user(&test_env.host, STR_LIT("BOB")));
	cr_expect_null(host_find_user(&test_env.host, STR_LIT("short")));
	cr_expect_null(host_find_user(&test_env.host, STR_LIT("nan")));
	cr_expect_null(host_find_user(&test_env.host, STR_LIT("big")));
	cr_expect_null(host_find_user(&test_env.host, STR_LIT("")));
}

Test(host, without_passwd_users_are_unknown)
{
	ir_env_compile(&test_env, NULL, TEST_MODERN);
	cr_expect_not(test_env.host.knows_users);
}

Test(host, reverse_names_are_those_of_hosts)
{
	static const struct {
		const char *address;
		const char *name;
	} cases[] = {
		{ "192.0.2.7", "desk.example.org" },
		{ "192.0.2.8", "" },
		{ "2001:db8::7", "six.example.org" },
		{ "192.0.2.9", "" },
		{ "192.0.2.10", "tab.example.org" },
	};

	ir_env_write(&test_env, "etc/hosts",
	    "# 192.0.2.8 comment.example.org\n"
	    "192.0.2.7  desk.example.org desk\n"
	    "192.0.2.7 second.example.org\n"
	    "2001:db8:0::7 six.example.org # six\n"
	    "192.0.2.9\n"
	    "\n"
	    "x.y name\n"
	    "192.0.2.10\ttab.example.org");
	ir_env_compile(&test_env, NULL, TEST_MODERN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct netaddr address = test_address(cases[i].address);

		cr_expect(str_is(host_reverse(&test_env.host, &address),
			      cases[i].name),
		    "%s", cases[i].address);
	}
}

Test(host, says_what_is_no_address)
{
	static const char *const bad[] = { "192.0.2.1", "mail" };
	const char *what;
	struct host host;

	ir_env_compile(&test_env, NULL, TEST_MODERN);
	test_env.options.local_addresses = bad;
	test_env.options.local_address_count = 2;
	cr_expect_eq(host_init(&host, &test_env.comp, &what), HOST_EADDRESS);
	cr_expect_str_eq(what, "mail");
}

Test(host, says_which_users_it_cannot_read)
{
	const char *what;
	struct host host;

	ir_env_compile(&test_env, NULL, TEST_MODERN);
	test_env.options.users = "/nonexistent/passwd";
	cr_expect_eq(host_init(&host, &test_env.comp, &what), HOST_EUSERS);
	cr_expect_eq(errno, ENOENT);
	cr_expect_str_eq(what, "/nonexistent/passwd");
}
