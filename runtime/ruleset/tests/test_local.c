/*
 * Addresses and names of the host, as each version spells them.
 */
#include "runtime/ruleset/local.h"

#include <criterion/criterion.h>

#include "runtime/ruleset/target.h"

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct netaddr
test_address(const char *text)
{
	struct netaddr addr;

	cr_assert_eq(netaddr_parse_host(str_from(text), 0, &addr, NULL),
	    NETADDR_OK);
	return addr;
}

Test(local, spells_addresses_by_version)
{
	const struct netaddr v4 = test_address("192.0.2.1");
	const struct netaddr v6 = test_address("2001:db8::1");
	char buf[LOCAL_TEXT_SIZE];

	cr_expect_str_eq(local_spell(600, &v4, buf), "192.0.2.1");
	cr_expect_str_eq(local_spell(TARGET_NATIVE, &v4, buf), "192.0.2.1");
	cr_expect_str_eq(local_spell(604, &v6, buf), "IPv6:2001:db8::1");
	cr_expect_str_eq(local_spell(TARGET_6_6, &v6, buf), "[2001:db8::1]");
}

static const struct {
	const char *name;
	bool in_6_0;
	bool in_7_4;
	bool in_7_8;
} test_names[] = {
	{ "localhost", true, true, true },
	{ "Mail.Example.ORG", true, true, true },
	{ "mail", false, false, false },
	{ "127.0.0.1", true, true, true },
	{ "[127.0.0.1]", true, true, false },
	{ "[127.0.0.1", false, false, false },
	{ "[ipv6:127.0.0.1]", false, false, false },
	{ "IPv6:::1", true, false, false },
	{ "[::1]", false, true, true },
	{ "[IPv6:::1]", true, false, false },
	{ "[IPv6:[::1]]", false, true, false },
	{ "", false, false, false },
};

Test(local, knows_its_names_by_version)
{
	const struct netaddr addresses[] = { test_address("127.0.0.1"),
		test_address("::1") };
	struct local local = {
		.server_name = STR_LIT("mail.example.org"),
		.addresses = addresses,
		.address_count = 2,
	};

	for (size_t i = 0; i < TEST_COUNT(test_names); i++) {
		struct str name = str_from(test_names[i].name);

		local.version = 600;
		cr_expect_eq(local_is_name(&local, name), test_names[i].in_6_0,
		    "6.0: %s", test_names[i].name);
		local.version = 704;
		cr_expect_eq(local_is_name(&local, name), test_names[i].in_7_4,
		    "7.4: %s", test_names[i].name);
		local.version = 708;
		cr_expect_eq(local_is_name(&local, name), test_names[i].in_7_8,
		    "7.8: %s", test_names[i].name);
	}
}

Test(local, knows_its_addresses)
{
	const struct netaddr own = test_address("192.0.2.1");
	const struct netaddr other = test_address("192.0.2.2");
	const struct local local = { .addresses = &own, .address_count = 1 };

	cr_expect(local_is_address(&local, &own));
	cr_expect_not(local_is_address(&local, &other));
}

Test(local, has_no_name_that_is_empty)
{
	const struct local local = { .version = TARGET_NATIVE };

	cr_expect_not(local_is_name(&local, STR_LIT("")));
}
