/*
 * Host names, against a table and against the C library whose rule it is.
 */
#include "runtime/base/hostname.h"

#include <criterion/criterion.h>
#include <features.h>
#include <resolv.h>
#include <stdio.h>

static const struct {
	const char *name;
	enum hostname_status status;
} test_cases[] = {
	{ "mail.example.org", HOSTNAME_OK },
	{ "mail.example.org.", HOSTNAME_OK },
	{ "localhost", HOSTNAME_OK },
	{ "MAIL", HOSTNAME_OK },
	{ "a_b.c", HOSTNAME_OK },
	{ "_x", HOSTNAME_OK },
	{ "x-", HOSTNAME_OK },
	{ "a.-b", HOSTNAME_OK },
	{ "1.2.3.4", HOSTNAME_OK },
	{ "", HOSTNAME_EMPTY },
	{ ".", HOSTNAME_EMPTY_LABEL },
	{ "-x", HOSTNAME_LEADING_HYPHEN },
	{ "-", HOSTNAME_LEADING_HYPHEN },
	{ ".a", HOSTNAME_EMPTY_LABEL },
	{ "a..b", HOSTNAME_EMPTY_LABEL },
	{ "a..", HOSTNAME_EMPTY_LABEL },
	{ "*.example.org", HOSTNAME_BAD_CHARACTER },
	{ "a b", HOSTNAME_BAD_CHARACTER },
	{ "b\xc3\xbc"
	  "cher.example",
	    HOSTNAME_BAD_CHARACTER },
	{ "[::1]", HOSTNAME_BAD_CHARACTER },
};

Test(hostname, tells_what_is_wrong)
{
	for (size_t i = 0; i < sizeof(test_cases) / sizeof(test_cases[0]); i++)
		cr_expect_eq(hostname_check(str_from(test_cases[i].name)),
		    test_cases[i].status, "\"%s\"", test_cases[i].name);
}

/* len bytes of labels of 50 bytes. */
static struct str
test_long_name(char *buf, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		buf[i] = i % 50 == 49 && i + 1 < len ? '.' : 'a';
	buf[len] = '\0';
	return (struct str){ buf, len };
}

Test(hostname, accepts_253_bytes_and_a_trailing_dot)
{
	char buf[300];

	cr_expect(hostname_is_valid(test_long_name(buf, 253)));
	buf[253] = '.';
	cr_expect(hostname_is_valid((struct str){ buf, 254 }));
	cr_expect_eq(hostname_check(test_long_name(buf, 254)),
	    HOSTNAME_TOO_LONG);
}

Test(hostname, accepts_labels_of_63_bytes)
{
	char buf[65];

	memset(buf, 'a', sizeof(buf));
	cr_expect(hostname_is_valid((struct str){ buf, 63 }));
	cr_expect_eq(hostname_check((struct str){ buf, 64 }),
	    HOSTNAME_LABEL_TOO_LONG);
}

#ifdef __GLIBC__
/* Every name of up to 5 bytes over the bytes that the rule tells apart. */
Test(hostname, agrees_with_the_resolver)
{
	static const char bytes[] = "aZ9-_.* ";
	const unsigned base = sizeof(bytes) - 1;

	for (unsigned code = 1; code < 8 * 8 * 8 * 8 * 8; code++) {
		char name[8] = { 0 };
		unsigned len = 0;

		for (unsigned rest = code; rest > 0; rest /= base)
			name[len++] = bytes[rest % base];
		/* The root, which is no host for us. */
		if (strcmp(name, ".") == 0)
			continue;
		cr_assert_eq(hostname_is_valid(str_from(name)),
		    res_hnok(name) != 0, "\"%s\"", name);
	}
}
#endif

Test(hostname, has_a_text_for_each_status)
{
	for (unsigned i = 0; i < HOSTNAME_STATUS_COUNT; i++)
		cr_expect_not_null(hostname_status_text((enum hostname_status)
			i));
}
