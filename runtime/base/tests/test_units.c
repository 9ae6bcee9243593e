/*
 * Delays, sizes and ports.
 */
#include "runtime/base/units.h"

#include <criterion/criterion.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *text;
	enum units_status status;
	uint32_t seconds;
} test_delays[] = {
	{ "1s", UNITS_OK, 1 },
	{ "10m", UNITS_OK, 600 },
	{ "4h", UNITS_OK, 14400 },
	{ "4d", UNITS_OK, 345600 },
	{ "0004d", UNITS_OK, 345600 },
	{ "2147483647s", UNITS_OK, 2147483647 },
	{ "24855d", UNITS_OK, 2147472000 },
	{ "2147483648s", UNITS_RANGE, 0 },
	{ "24856d", UNITS_RANGE, 0 },
	{ "99999999999999999999999d", UNITS_RANGE, 0 },
	{ "0d", UNITS_ZERO, 0 },
	{ "4", UNITS_NO_UNIT, 0 },
	{ "0", UNITS_NO_UNIT, 0 },
	{ "99999999999999999999999", UNITS_NO_UNIT, 0 },
	{ "4x", UNITS_BAD_UNIT, 0 },
	{ "1w", UNITS_BAD_UNIT, 0 },
	{ "4D", UNITS_BAD_UNIT, 0 },
	{ "", UNITS_SYNTAX, 0 },
	{ "d", UNITS_SYNTAX, 0 },
	{ "1h30m", UNITS_SYNTAX, 0 },
	{ "-4d", UNITS_SYNTAX, 0 },
	{ "1.5h", UNITS_SYNTAX, 0 },
	{ "4 d", UNITS_SYNTAX, 0 },
	{ "4days", UNITS_SYNTAX, 0 },
};

Test(units, parses_delays)
{
	for (size_t i = 0; i < TEST_COUNT(test_delays); i++) {
		uint32_t seconds = 0;

		cr_expect_eq(units_parse_delay(str_from(test_delays[i].text),
				 &seconds),
		    test_delays[i].status, "\"%s\"", test_delays[i].text);
		cr_expect_eq(seconds, test_delays[i].seconds, "\"%s\": %u",
		    test_delays[i].text, seconds);
	}
}

static const struct {
	const char *text;
	enum units_status status;
	uint64_t bytes;
} test_sizes[] = {
	{ "0", UNITS_OK, 0 },
	{ "1234", UNITS_OK, 1234 },
	{ "35M", UNITS_OK, 36700160 },
	{ "35m", UNITS_OK, 36700160 },
	{ "7B", UNITS_OK, 7 },
	{ "2k", UNITS_OK, 2048 },
	{ "1G", UNITS_OK, 1073741824 },
	{ "1T", UNITS_OK, 1099511627776 },
	{ "1P", UNITS_OK, 1125899906842624 },
	{ "7E", UNITS_OK, 8070450532247928832 },
	{ "1.5G", UNITS_OK, 1610612736 },
	{ ".5K", UNITS_OK, 512 },
	{ "1.K", UNITS_OK, 1024 },
	{ "1.0001K", UNITS_OK, 1024 },
	{ "0.999999999999999999999999999999K", UNITS_OK, 1023 },
	{ "1.9", UNITS_OK, 1 },
	{ "1.9B", UNITS_OK, 1 },
	{ "7.99999999999999999999999E", UNITS_OK, INT64_MAX },
	{ "9223372036854775807", UNITS_OK, INT64_MAX },
	{ "9223372036854775808", UNITS_RANGE, 0 },
	{ "8E", UNITS_RANGE, 0 },
	{ "9E", UNITS_RANGE, 0 },
	{ "8192P", UNITS_RANGE, 0 },
	{ "99999999999999999999999999", UNITS_RANGE, 0 },
	{ "35X", UNITS_BAD_UNIT, 0 },
	{ "35MB", UNITS_BAD_UNIT, 0 },
	{ "1.5.5M", UNITS_BAD_UNIT, 0 },
	{ "35 M", UNITS_BAD_UNIT, 0 },
	{ "", UNITS_SYNTAX, 0 },
	{ ".", UNITS_SYNTAX, 0 },
	{ "M", UNITS_SYNTAX, 0 },
	{ ".M", UNITS_SYNTAX, 0 },
	{ "-1M", UNITS_SYNTAX, 0 },
	{ "big", UNITS_SYNTAX, 0 },
};

Test(units, parses_sizes)
{
	for (size_t i = 0; i < TEST_COUNT(test_sizes); i++) {
		uint64_t bytes = 0;

		cr_expect_eq(units_parse_size(str_from(test_sizes[i].text),
				 &bytes),
		    test_sizes[i].status, "\"%s\"", test_sizes[i].text);
		cr_expect_eq(bytes, test_sizes[i].bytes, "\"%s\": %llu",
		    test_sizes[i].text, (unsigned long long)bytes);
	}
}

Test(units, refuses_a_nul_byte_as_suffix)
{
	uint64_t bytes;

	cr_expect_eq(units_parse_size((struct str){ "1\0", 2 }, &bytes),
	    UNITS_BAD_UNIT);
}

static const struct {
	const char *text;
	enum units_status status;
	uint16_t port;
} test_ports[] = {
	{ "1", UNITS_OK, 1 },
	{ "25", UNITS_OK, 25 },
	{ "65535", UNITS_OK, 65535 },
	{ "smtp", UNITS_OK, 25 },
	{ "smtps", UNITS_OK, 465 },
	{ "ssmtp", UNITS_OK, 465 },
	{ "urd", UNITS_OK, 465 },
	{ "submission", UNITS_OK, 587 },
	{ "submissions", UNITS_OK, 465 },
	{ "qmqp", UNITS_OK, 628 },
	{ "0", UNITS_ZERO, 0 },
	{ "65536", UNITS_RANGE, 0 },
	{ "99999", UNITS_RANGE, 0 },
	{ "99999999999999999999", UNITS_RANGE, 0 },
	{ "25x", UNITS_SYNTAX, 0 },
	{ "", UNITS_SYNTAX, 0 },
	{ "nosuch", UNITS_UNKNOWN_SERVICE, 0 },
	{ "SMTP", UNITS_UNKNOWN_SERVICE, 0 },
	{ "-1", UNITS_UNKNOWN_SERVICE, 0 },
};

Test(units, parses_ports)
{
	for (size_t i = 0; i < TEST_COUNT(test_ports); i++) {
		uint16_t port = 0;

		cr_expect_eq(units_parse_port(str_from(test_ports[i].text),
				 &port),
		    test_ports[i].status, "\"%s\"", test_ports[i].text);
		cr_expect_eq(port, test_ports[i].port, "\"%s\": %u",
		    test_ports[i].text, port);
	}
}

Test(units, takes_no_number_for_a_service)
{
	uint16_t port = 0;

	cr_expect_eq(units_parse_service(STR_LIT("25"), &port),
	    UNITS_UNKNOWN_SERVICE);
	cr_expect_eq(port, 0);
}

Test(units, lists_the_services_it_knows)
{
	unsigned i = 0;
	uint16_t port;

	for (; units_service_name(i) != NULL; i++)
		cr_expect_eq(
		    units_parse_service(str_from(units_service_name(i)), &port),
		    UNITS_OK);
	cr_expect_gt(i, 0);
}

Test(units, has_a_text_for_each_status)
{
	for (unsigned i = 0; i < UNITS_STATUS_COUNT; i++)
		cr_expect_not_null(units_status_text((enum units_status)i));
}
