/*
 * Answers of the DNS, sound and damaged.
 */
#include "runtime/lookup/dns_packet.h"

#include <criterion/criterion.h>
#include <string.h>

/* 1.2.0.192.in-addr.arpa PTR a.example, AAAA behind it. */
static const uint8_t test_packet[] =
    "\x00\x00\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00"
    "\x01"
    "1\x01"
    "2\x01"
    "0\x03"
    "192\x07in-addr\x04"
    "arpa\x00\x00\x0c\x00\x01"
    "\xc0\x0c\x00\x0c\x00\x03\x00\x00\x00\x3c\x00\x02\xc0\x0c" /* class 3 */
    "\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x3c\x00\x0b\x01"
    "a\x07"
    "example\x00"
    "\xc0\x42\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01";

#define TEST_LEN (sizeof(test_packet) - 1)

Test(dns_packet, records)
{
	char name[DNS_NAME_MAX + 1];
	struct dns_packet packet;
	struct dns_record record;

	cr_assert(dns_packet_init(&packet, test_packet, TEST_LEN));
	cr_assert(dns_packet_next(&packet, &record));
	cr_expect_eq(record.type, DNS_PTR);
	cr_expect(dns_packet_name(&packet, record.offset, name));
	cr_expect_str_eq(name, "a.example");
	cr_assert(dns_packet_next(&packet, &record));
	cr_expect_eq(record.type, DNS_A);
	cr_expect_eq(record.len, 4);
	cr_expect_arr_eq(packet.bytes + record.offset, "\xc0\x00\x02\x01", 4);
	cr_expect_not(dns_packet_next(&packet, &record));
}

/* Wherever it breaks off, nothing behind that is read (the sanitizer sees). */
Test(dns_packet, every_truncation)
{
	for (size_t len = 0; len < TEST_LEN; len++) {
		uint8_t *cut = malloc(len + (len == 0));
		char name[DNS_NAME_MAX + 1];
		struct dns_packet packet;
		struct dns_record record;
		unsigned records = 0;

		cr_assert_not_null(cut);
		memcpy(cut, test_packet, len);
		if (dns_packet_init(&packet, cut, len))
			while (dns_packet_next(&packet, &record)) {
				dns_packet_name(&packet, record.offset, name);
				records++;
			}
		cr_expect_lt(records, 2u, "%zu", len);
		free(cut);
	}
}

static bool
test_name(const void *bytes, size_t len, size_t offset)
{
	struct dns_packet packet = { .bytes = bytes, .len = len };
	char name[DNS_NAME_MAX + 1];

	return dns_packet_name(&packet, offset, name);
}

#define TEST_NAME(s, offset) test_name(s, sizeof(s) - 1, offset)

Test(dns_packet, bad_names)
{
	cr_expect(TEST_NAME("\x01"
			    "a\x00",
	    0));
	cr_expect_not(TEST_NAME("\x00", 0), "the root");
	cr_expect_not(TEST_NAME("\xc0\x00", 0), "a loop");
	cr_expect_not(TEST_NAME("\x01"
				"a\xc0\x00",
			  0),
	    "a longer loop");
	cr_expect_not(TEST_NAME("\xc0\x02\x01"
				"a\x00",
			  0),
	    "forwards");
	cr_expect_not(TEST_NAME("\x03"
				"a.b\x00",
			  0),
	    "a dot");
	cr_expect_not(TEST_NAME("\x03"
				"a\nb\x00",
			  0),
	    "a line feed");
	cr_expect_not(TEST_NAME("\x40"
				"a\x00",
			  0),
	    "an unknown kind of label");
	cr_expect_not(TEST_NAME("\x05"
				"ab\x00",
			  0),
	    "a label that breaks off");
}

Test(dns_packet, long_name)
{
	char bytes[600];
	size_t len = 0;

	while (len < 510) {
		bytes[len++] = 1;
		bytes[len++] = 'a';
	}
	bytes[len++] = 0;
	cr_expect_not(test_name(bytes, len, 0));
}
