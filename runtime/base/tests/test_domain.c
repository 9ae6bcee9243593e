/*
 * The wildcard matcher: every consequence that the language's users meet.
 */
#include "runtime/base/domain.h"

#include <criterion/criterion.h>

static const struct {
	const char *name;
	const char *pattern;
	bool matches;
} test_cases[] = {
	{ "example.com", "example.com", true },
	{ "Example.COM", "eXample.com", true },
	{ "example.com", "example.org", false },
	{ "example.com", "example.co", false },
	{ "example.co", "example.com", false },
	{ "", "", true },
	{ "", "a", false },
	{ "a", "", false },

	{ "anything.at.all", "*", true },
	{ "", "*", false },
	{ "a.b", "**", true },
	{ "", "**", false },

	/* The star stops at the first byte that fits. */
	{ "a.example.com", "*.example.com", true },
	{ "A.EXAMPLE.com", "*.example.COM", true },
	{ "a.b.example.com", "*.example.com", false },
	{ "a.b.example.com", "*.*.example.com", true },
	{ "example.com", "*.example.com", false },
	{ ".example.com", "*.example.com", true },
	{ "xAAy.test", "x*y.test", true },
	{ "xAyBy.test", "x*y.test", false },

	/* A trailing one needs a byte. */
	{ "foobar", "foo*", true },
	{ "foo.bar.baz", "foo*", true },
	{ "foo", "foo*", false },

	/* Nothing else is special. */
	{ "abc", "a?c", false },
	{ "abc", "a[b]c", false },
	{ "a?c", "a?c", true },
	{ "a*c", "a\\*c", false },
};

Test(domain, matches_without_backtracking)
{
	for (size_t i = 0; i < sizeof(test_cases) / sizeof(test_cases[0]); i++)
		cr_expect_eq(domain_match(str_from(test_cases[i].name),
				 str_from(test_cases[i].pattern)),
		    test_cases[i].matches, "\"%s\" against \"%s\"",
		    test_cases[i].name, test_cases[i].pattern);
}

Test(domain, reads_no_byte_beyond_the_length)
{
	struct str name = { "axbc", 3 };
	struct str pattern = { "a*b", 2 };

	cr_expect(domain_match(name, pattern));
}
