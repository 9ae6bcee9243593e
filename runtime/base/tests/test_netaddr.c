/*
 * Addresses and networks. The IPv4 table was compared with what glibc's
 * inet_net_pton(3) answers.
 */
#include "runtime/base/netaddr.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct netaddr
test_net(const char *text)
{
	struct netaddr addr;

	cr_assert_eq(netaddr_parse_cidr(str_from(text), NETADDR_BRACKETS,
			 &addr),
	    NETADDR_OK, "\"%s\"", text);
	return addr;
}

static const struct {
	const char *text;
	const char *canonical; /* address, then the prefix always */
	unsigned prefix;
} test_networks[] = {
	{ "192.0.2.1", "192.0.2.1", 32 },
	{ "10.0.0.5/8", "10.0.0.5", 8 },
	{ "0.0.0.0/0", "0.0.0.0", 0 },
	{ "255.255.255.255/32", "255.255.255.255", 32 },

	/* Abbreviated, by class or by the octets written. */
	{ "10", "10.0.0.0", 8 },
	{ "10.1", "10.1.0.0", 16 },
	{ "10.1.2", "10.1.2.0", 24 },
	{ "127", "127.0.0.0", 8 },
	{ "128", "128.0.0.0", 16 },
	{ "172.16", "172.16.0.0", 16 },
	{ "191", "191.0.0.0", 16 },
	{ "192.168", "192.168.0.0", 24 },
	{ "192.168.1", "192.168.1.0", 24 },
	{ "223", "223.0.0.0", 24 },
	{ "224", "224.0.0.0", 4 },
	{ "224.0", "224.0.0.0", 16 },
	{ "225", "225.0.0.0", 8 },
	{ "239.1.1.1", "239.1.1.1", 32 },
	{ "240", "240.0.0.0", 32 },
	{ "0", "0.0.0.0", 8 },
	{ "10/8", "10.0.0.0", 8 },
	{ "10/32", "10.0.0.0", 32 },
	{ "192.168/16", "192.168.0.0", 16 },
	{ "010.001", "10.1.0.0", 16 },
	{ "10.0.0.0/008", "10.0.0.0", 8 },

	/* Hexadecimal. */
	{ "0x0a", "10.0.0.0", 8 },
	{ "0xC0A80101", "192.168.1.1", 32 },
	{ "0Xc0a8/16", "192.168.0.0", 16 },
	{ "0xc0a80", "192.168.0.0", 24 },
	{ "0xa", "160.0.0.0", 16 },

	/* IPv6. */
	{ "::1", "::1", 128 },
	{ "::/0", "::", 0 },
	{ "2001:db8::/32", "2001:db8::", 32 },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1", 128 },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 128 },
	{ "IPv6:2001:db8::1", "2001:db8::1", 128 },
	{ "ipv6:2001:db8::/48", "2001:db8::", 48 },
	{ "[2001:db8::1]", "2001:db8::1", 128 },
	{ "[2001:db8::/32]", "2001:db8::", 32 },
	{ "[IPv6:::1]", "::1", 128 },
	{ "IPv6:10.1.2.3", "10.1.2.3", 32 },
};

Test(netaddr, parses_networks)
{
	for (size_t i = 0; i < TEST_COUNT(test_networks); i++) {
		struct netaddr addr = test_net(test_networks[i].text);
		char buf[NETADDR_TEXT_SIZE];
		unsigned prefix = addr.prefix;

		addr.prefix = addr.family == 4 ? 32 : 128;
		netaddr_format(&addr, buf);
		cr_expect_str_eq(buf, test_networks[i].canonical);
		cr_expect_eq(prefix, test_networks[i].prefix, "\"%s\": /%u",
		    test_networks[i].text, prefix);
	}
}

static const struct {
	const char *text;
	enum netaddr_status status;
} test_bad_networks[] = {
	{ "", NETADDR_NOT_ADDRESS },
	{ "local", NETADDR_NOT_ADDRESS },
	{ "mail.example.com", NETADDR_NOT_ADDRESS },
	{ "163.com", NETADDR_NOT_ADDRESS },
	{ "0xcafe.example.org", NETADDR_NOT_ADDRESS },
	{ "0x", NETADDR_NOT_ADDRESS },
	{ "mail:25", NETADDR_NOT_ADDRESS },
	{ ".10", NETADDR_NOT_ADDRESS },

	{ "300.1.2.3", NETADDR_OCTET_RANGE },
	{ "1.2.3.256", NETADDR_OCTET_RANGE },
	{ "99999999999999999999", NETADDR_OCTET_RANGE },
	{ "10.", NETADDR_EMPTY_PART },
	{ "10..1", NETADDR_EMPTY_PART },
	{ "10.0.0.1.5", NETADDR_TOO_MANY_PARTS },
	{ "0xc0a801010", NETADDR_TOO_MANY_PARTS },
	{ "10.0.0.*", NETADDR_WILDCARD },
	{ "10.0.0.1-10.0.0.9", NETADDR_RANGE },
	{ "10.0.0.0/255.0.0.0", NETADDR_NETMASK },
	{ "10.0.0.0/33", NETADDR_PREFIX_RANGE },
	{ "10.0.0.0/4294967304", NETADDR_PREFIX_RANGE },
	{ "10.0.0.0/99999999999999999999", NETADDR_PREFIX_RANGE },
	{ "10.0.0.0/", NETADDR_PREFIX_SYNTAX },
	{ "10.0.0.0/8/8", NETADDR_PREFIX_SYNTAX },
	{ "10.0.0.1:25", NETADDR_PORT },

	{ "::/129", NETADDR_PREFIX_RANGE },
	{ "::/", NETADDR_PREFIX_SYNTAX },
	{ "::/x", NETADDR_PREFIX_SYNTAX },
	{ "2001:db8::/ffff::", NETADDR_NETMASK },
	{ "2001:db8:1", NETADDR_TOO_FEW_PARTS },
	{ "1:2:3:4:5:6:7:8:9", NETADDR_TOO_MANY_PARTS },
	{ "1::2::3", NETADDR_TWO_GAPS },
	{ ":::", NETADDR_TWO_GAPS },
	{ "2001:db888::1", NETADDR_GROUP_TOO_LONG },
	{ "::ffff:300.0.0.1", NETADDR_OCTET_RANGE },
	{ "::ffff:1.2.3", NETADDR_TOO_FEW_PARTS },
	{ "1:2:3:4:5:6:7:8:", NETADDR_SYNTAX },
	{ "fe80::1%eth0", NETADDR_ZONE_REFUSED },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000",
	    NETADDR_TOO_MANY_PARTS },

	{ "[2001:db8::]/32", NETADDR_PREFIX_OUTSIDE },
	{ "[::1", NETADDR_BRACKET_OPEN },
	{ "[::1]:25", NETADDR_PORT },
	{ "[::1]x", NETADDR_SYNTAX },
	{ "[10.0.0.1]", NETADDR_BRACKETS_V4 },
	{ "[]", NETADDR_BRACKETS_V4 },
	{ "[a:zz]", NETADDR_SYNTAX },
};

Test(netaddr, tells_why_a_network_does_not_parse)
{
	for (size_t i = 0; i < TEST_COUNT(test_bad_networks); i++) {
		struct netaddr addr = { 0 };
		enum netaddr_status status =
		    netaddr_parse_cidr(str_from(test_bad_networks[i].text),
			NETADDR_BRACKETS, &addr);

		cr_expect_eq(status, test_bad_networks[i].status, "\"%s\": %s",
		    test_bad_networks[i].text, netaddr_status_text(status));
		cr_expect_eq(addr.family, 0, "\"%s\": stored",
		    test_bad_networks[i].text);
	}
}

Test(netaddr, refuses_brackets_where_the_version_lacks_them)
{
	struct netaddr addr;

	cr_expect_eq(netaddr_parse_cidr(STR_LIT("[::1]"), 0, &addr),
	    NETADDR_BRACKETS_REFUSED);
}

Test(netaddr, takes_a_nul_byte_for_no_address)
{
	struct netaddr addr;

	cr_expect_eq(netaddr_parse_cidr((struct str){ "10\0", 3 }, 0, &addr),
	    NETADDR_NOT_ADDRESS);
	cr_expect_eq(netaddr_parse_cidr((struct str){ "::1\0", 4 }, 0, &addr),
	    NETADDR_NOT_ADDRESS);
}

enum {
	TEST_ALL = NETADDR_BRACKETS | NETADDR_TAG | NETADDR_ZONE,
};

static const struct {
	const char *text;
	unsigned flags;
	enum netaddr_status status;
	const char *address;
	const char *zone;
} test_hosts[] = {
	{ "127.0.0.1", 0, NETADDR_OK, "127.0.0.1", "" },
	{ "0.0.0.0", 0, NETADDR_OK, "0.0.0.0", "" },
	{ "::1", 0, NETADDR_OK, "::1", "" },
	{ "fe80::1%eth0", NETADDR_ZONE, NETADDR_OK, "fe80::1", "eth0" },
	{ "[fe80::1%eth0]", TEST_ALL, NETADDR_OK, "fe80::1", "eth0" },
	{ "[::1]", TEST_ALL, NETADDR_OK, "::1", "" },
	{ "IPv6:::1", TEST_ALL, NETADDR_OK, "::1", "" },
	{ "IPv6:192.0.2.1", TEST_ALL, NETADDR_OK, "192.0.2.1", "" },

	{ "fe80::1%eth0", 0, NETADDR_ZONE_REFUSED, "", NULL },
	{ "fe80::1%", TEST_ALL, NETADDR_SYNTAX, "", NULL },
	{ "[::1]", 0, NETADDR_BRACKETS_REFUSED, "", NULL },
	{ "[127.0.0.1]", TEST_ALL, NETADDR_BRACKETS_V4, "", NULL },
	{ "IPv6:::1", 0, NETADDR_NOT_ADDRESS, "", NULL },
	{ "10.0.0.0/8", 0, NETADDR_PREFIX_REFUSED, "", NULL },
	{ "::/0", 0, NETADDR_PREFIX_REFUSED, "", NULL },
	{ "10.1", 0, NETADDR_TOO_FEW_PARTS, "", NULL },
	{ "127.0.0.01", 0, NETADDR_LEADING_ZERO, "", NULL },
	{ "010.0.0.1", 0, NETADDR_LEADING_ZERO, "", NULL },
	{ "1.2.3.4.5", 0, NETADDR_TOO_MANY_PARTS, "", NULL },
	{ "999.0.0.1", 0, NETADDR_OCTET_RANGE, "", NULL },
	{ "0x7f000001", 0, NETADDR_SYNTAX, "", NULL },
	{ "lo0", 0, NETADDR_NOT_ADDRESS, "", NULL },
	{ "eth0", 0, NETADDR_NOT_ADDRESS, "", NULL },
	{ "localhost", 0, NETADDR_NOT_ADDRESS, "", NULL },
	{ "", 0, NETADDR_NOT_ADDRESS, "", NULL },
};

Test(netaddr, parses_literal_addresses)
{
	for (size_t i = 0; i < TEST_COUNT(test_hosts); i++) {
		struct netaddr addr = { 0 };
		struct str zone = { 0 };
		char buf[NETADDR_TEXT_SIZE];

		cr_expect_eq(netaddr_parse_host(str_from(test_hosts[i].text),
				 test_hosts[i].flags, &addr, &zone),
		    test_hosts[i].status, "\"%s\"", test_hosts[i].text);
		cr_expect_str_eq(netaddr_format(&addr, buf),
		    test_hosts[i].address);
		if (test_hosts[i].zone != NULL)
			cr_expect(str_is(zone, test_hosts[i].zone), "\"%s\"",
			    test_hosts[i].text);
		else
			cr_expect_null(zone.ptr, "\"%s\"", test_hosts[i].text);
	}
}

static const struct {
	const char *net;
	const char *addr;
	bool contains;
} test_containments[] = {
	{ "10.0.0.5/8", "10.255.0.1", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "192.168", "192.168.0.77", true },
	{ "192.168", "192.168.1.1", false },
	{ "192.168.1", "192.168.1.1", true },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.255", true },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "224", "239.1.2.3", true },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "203.0.113.9", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "::ffff:0.0.0.0/96", "192.0.2.1", false },
	{ "192.0.2.1", "::ffff:192.0.2.1", false },
	{ "::1", "::1", true },
	{ "10.0.0.0/8", "10.1.2.3/4", true },
};

Test(netaddr, contains_what_its_prefix_covers)
{
	for (size_t i = 0; i < TEST_COUNT(test_containments); i++) {
		struct netaddr net = test_net(test_containments[i].net);
		struct netaddr addr = test_net(test_containments[i].addr);

		cr_expect_eq(netaddr_contains(&net, &addr),
		    test_containments[i].contains, "%s in %s",
		    test_containments[i].addr, test_containments[i].net);
	}
}

static const char *const test_order[] = {
	"0.0.0.0/0",
	"10.0.0.0/8",
	"10.0.0.0/16",
	"10.0.0.0",
	"10.0.0.1",
	"255.255.255.255",
	"::/0",
	"::",
	"2001:db8::/32",
	"2001:db8::",
};

Test(netaddr, orders_totally)
{
	for (size_t i = 0; i < TEST_COUNT(test_order); i++) {
		for (size_t j = 0; j < TEST_COUNT(test_order); j++) {
			struct netaddr a = test_net(test_order[i]);
			struct netaddr b = test_net(test_order[j]);

			cr_expect_eq(netaddr_compare(&a, &b), (i > j) - (i < j),
			    "%s and %s", test_order[i], test_order[j]);
		}
	}
}

Test(netaddr, masks_host_bits)
{
	struct netaddr addr = test_net("10.1.2.3/9");
	char buf[NETADDR_TEXT_SIZE];

	cr_expect(netaddr_has_host_bits(&addr));
	netaddr_mask(&addr);
	cr_expect_not(netaddr_has_host_bits(&addr));
	cr_expect_str_eq(netaddr_format(&addr, buf), "10.0.0.0/9");
}

Test(netaddr, ends_with_its_last_address)
{
	static const char *const lasts[][2] = {
		{ "10.1.2.0/23", "10.1.3.255" },
		{ "0.0.0.0/0", "255.255.255.255" },
		{ "192.0.2.1/32", "192.0.2.1" },
		{ "2001:db8::/127", "2001:db8::1" },
		{ "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (size_t i = 0; i < sizeof(lasts) / sizeof(lasts[0]); i++) {
		struct netaddr last = netaddr_last(test_net(lasts[i][0]));
		struct netaddr wanted = test_net(lasts[i][1]);

		cr_expect_eq(netaddr_compare_addresses(&last, &wanted), 0, "%s",
		    lasts[i][0]);
	}
}

Test(netaddr, increases_up_to_the_last_address)
{
	struct netaddr addr = test_net("10.0.255.255");
	struct netaddr next = test_net("10.1.0.0/24");

	cr_expect(netaddr_increase(&addr));
	cr_expect_eq(netaddr_compare_addresses(&addr, &next), 0);
	addr = netaddr_last(test_net("0.0.0.0/0"));
	cr_expect_not(netaddr_increase(&addr));
	addr = netaddr_last(test_net("::/0"));
	cr_expect_not(netaddr_increase(&addr));
}

/* What is printed parses to what was printed. */
Test(netaddr, formats_what_it_parses)
{
	srand(1);
	for (unsigned i = 0; i < 2000; i++) {
		struct netaddr addr = { .family = i % 2 == 0 ? 4 : 6 };
		unsigned len = addr.family == 4 ? 4 : 16;
		char buf[NETADDR_TEXT_SIZE];
		struct netaddr again;

		for (unsigned j = 0; j < len; j++)
			addr.bytes[j] = (uint8_t)(rand() % 4 * 85);
		addr.prefix = (uint8_t)((unsigned)rand() % (8 * len + 1));
		again = test_net(netaddr_format(&addr, buf));
		cr_assert_eq(netaddr_compare(&addr, &again), 0, "%s", buf);
	}
}

Test(netaddr, formats_no_address_as_empty)
{
	struct netaddr addr = { 0 };
	char buf[NETADDR_TEXT_SIZE] = "x";

	cr_expect_str_eq(netaddr_format(&addr, buf), "");
}

Test(netaddr, has_a_text_for_each_status)
{
	for (unsigned i = 0; i < NETADDR_STATUS_COUNT; i++)
		cr_expect_not_null(netaddr_status_text((enum netaddr_status)i));
}

Test(netaddr, reads_addresses_of_sockets)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = 25 };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = 25 };
	const struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[NETADDR_TEXT_SIZE];
	struct netaddr addr;

	inet_pton(AF_INET, "192.0.2.1", &in4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	cr_expect(netaddr_read_sockaddr((const void *)&in4, &addr));
	cr_expect_str_eq(netaddr_format(&addr, text), "192.0.2.1");
	cr_expect(netaddr_read_sockaddr((const void *)&in6, &addr));
	cr_expect_str_eq(netaddr_format(&addr, text), "2001:db8::1");
	cr_expect_not(netaddr_read_sockaddr((const void *)&un, &addr));
	cr_expect_eq(addr.family, 0);
	cr_expect_not(netaddr_read_sockaddr(NULL, &addr));
}
