/*
 * Headers of proxies, at every length.
 */
#include "runtime/smtp/proxy.h"

#include <criterion/criterion.h>

#define SIGNATURE   "\r\n\r\n\0\r\nQUIT\n"
#define TCP4        SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\1\2\0\x19"
#define TEST_LEN(s) (sizeof(s) - 1)

Test(proxy, reads_addresses)
{
	static const char v6[] = SIGNATURE
	    "\x21\x21\0\x24"
	    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\0\x19";
	char text[NETADDR_TEXT_SIZE];
	struct proxy proxy;
	size_t size;

	cr_assert_eq(proxy_read(TCP4, TEST_LEN(TCP4), &proxy, &size), PROXY_OK);
	cr_expect_str_eq(netaddr_format(&proxy.address, text), "192.0.2.1");
	cr_expect_eq(size, TEST_LEN(TCP4));
	cr_assert_eq(proxy_read(v6, TEST_LEN(v6), &proxy, &size), PROXY_OK);
	cr_expect_str_eq(netaddr_format(&proxy.address, text), "2001:db8::1");
}

Test(proxy, says_how_much_is_missing)
{
	struct proxy proxy;
	size_t size;

	for (size_t len = 0; len < TEST_LEN(TCP4); len++) {
		cr_assert_eq(proxy_read(TCP4, len, &proxy, &size), PROXY_MORE,
		    "%zu", len);
		cr_expect_eq(size, len < 16 ? 16u : TEST_LEN(TCP4));
	}
}

Test(proxy, skips_what_follows_the_address)
{
	static const char data[] = SIGNATURE "\x21\x11\0\x0f\xc0\0\2\1\xc0\0"
					     "\2\2\1\2\0\x19"
					     "tlvEHLO";
	struct proxy proxy;
	size_t size;

	cr_assert_eq(proxy_read(data, TEST_LEN(data), &proxy, &size), PROXY_OK);
	cr_expect_str_eq(data + size, "EHLO");
}

Test(proxy, may_speak_for_itself)
{
	static const char data[] = SIGNATURE "\x20\0\0\0";
	struct proxy proxy;
	size_t size;

	cr_assert_eq(proxy_read(data, TEST_LEN(data), &proxy, &size), PROXY_OK);
	cr_expect(proxy.keeps_peer);
}

Test(proxy, may_speak_for_a_local_socket)
{
	char data[16 + 216] = "";
	struct proxy proxy;
	size_t size;

	memcpy(data, SIGNATURE "\x21\x31\0\xd8", 16);
	cr_assert_eq(proxy_read(data, sizeof(data), &proxy, &size), PROXY_OK);
	cr_expect(proxy.is_local);
	cr_expect_not(proxy.keeps_peer);
	cr_expect_eq(proxy.address.family, 0);
	cr_expect_eq(size, sizeof(data));
}

static const struct {
	const char *bytes; /* behind the signature */
	enum proxy_status status;
} test_bad[] = {
	{ "\x11\x11\0\x0c", PROXY_BAD_VERSION },
	{ "\x22\x11\0\x0c", PROXY_BAD_COMMAND },
	{ "\x21\x12\0\x0c", PROXY_BAD_FAMILY },
	{ "\x21\0\0\x0c", PROXY_NO_ADDRESS },
	{ "\x21\x11\0\x0b", PROXY_TOO_SHORT },
	{ "\x21\x21\0\x0c", PROXY_TOO_SHORT },
	{ "\x21\x11\xff\xf0", PROXY_TOO_LONG },
	{ "\x21\x11\xff\xff", PROXY_TOO_LONG },
	{ "\x21\x11\xff\xef", PROXY_MORE },
};

Test(proxy, refuses_what_is_none)
{
	char data[16];
	struct proxy proxy;
	size_t size;

	memcpy(data, SIGNATURE, 12);
	for (size_t i = 0; i < sizeof(test_bad) / sizeof(*test_bad); i++) {
		memcpy(data + 12, test_bad[i].bytes, 4);
		cr_expect_eq(proxy_read(data, 16, &proxy, &size),
		    test_bad[i].status, "%zu", i);
	}
	cr_expect_eq(proxy_read("EHLO", 4, &proxy, &size), PROXY_BAD_SIGNATURE);
	cr_expect_eq(proxy_read("\r\n\r\nQ", 5, &proxy, &size),
	    PROXY_BAD_SIGNATURE);
}
