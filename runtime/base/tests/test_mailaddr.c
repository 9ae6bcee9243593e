/*
 * Splitting addresses, and matching them against entries under the legacy
 * and the modern rule.
 */
#include "runtime/base/mailaddr.h"

#include <criterion/criterion.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *text;
	const char *user;
	const char *domain;
} test_splits[] = {
	{ "a@b.test", "a", "b.test" },
	{ "a@x@b.test", "a@x", "b.test" },
	{ "user", "user", "" },
	{ "user@", "user", "" },
	{ "@b.test", "", "b.test" },
	{ "@", "", "" },
	{ "", "", "" },
};

Test(mailaddr, splits_at_the_last_at)
{
	for (size_t i = 0; i < TEST_COUNT(test_splits); i++) {
		struct mailaddr addr =
		    mailaddr_split(str_from(test_splits[i].text));

		cr_expect(str_is(addr.user, test_splits[i].user) &&
			str_is(addr.domain, test_splits[i].domain),
		    "%s", test_splits[i].text);
	}
}

static bool
test_match(const char *key, const char *entry, char delimiter,
    enum mailaddr_rule rule)
{
	struct mailaddr a = mailaddr_split(str_from(key));
	struct mailaddr e = mailaddr_split(str_from(entry));

	return mailaddr_match(&a, &e, delimiter, rule);
}

static const struct {
	const char *key;
	const char *entry;
	bool legacy;
	bool modern;
} test_matches[] = {
	{ "bob@s.test", "bob@s.test", true, true },
	{ "BOB@S.test", "bob@s.TEST", true, true },
	{ "bob@s.test", "bob@t.test", false, false },
	{ "bob@s.test", "eve@s.test", false, false },

	/* The whole domain, and wildcards in it. */
	{ "bob@s.test", "@s.test", true, true },
	{ "bob@s.test", "@*", true, true },
	{ "carol@a.wild.test", "carol@*.wild.test", true, true },
	{ "carol@a.b.wild.test", "carol@*.wild.test", false, false },

	/* No wildcard in the user. */
	{ "bob@w.test", "*@w.test", false, false },
	{ "*@w.test", "*@w.test", true, true },

	/* Everything. */
	{ "bob@s.test", "@", true, true },
	{ "bob@s.test", "", true, true },
	{ "@", "@", true, true },
	{ "@", "", true, true },

	/* The null sender has no domain to match. */
	{ "@", "@*", false, false },
	{ "@", "bob@s.test", false, false },
	{ "@", "bob", false, false },

	/* An entry without a domain. */
	{ "bob@s.test", "bob", false, true },
	{ "bob@s.test", "bob@", false, true },
	{ "bob+x@s.test", "bob", false, true },
	{ "eve@s.test", "bob", false, false },

	/* Subaddresses. */
	{ "alice+tag@s.test", "alice@s.test", true, true },
	{ "alice+a+b@s.test", "alice@s.test", true, true },
	{ "bob+x@s.test", "bob+x@s.test", true, true },
	{ "bob@s.test", "bob+x@s.test", false, false },
	{ "bob+y@s.test", "bob+x@s.test", false, false },
	{ "bob+x+y@s.test", "bob+x@s.test", false, false },
	{ "+x@s.test", "bob@s.test", false, false },
};

Test(mailaddr, matches_by_the_legacy_rule)
{
	for (size_t i = 0; i < TEST_COUNT(test_matches); i++)
		cr_expect_eq(test_match(test_matches[i].key,
				 test_matches[i].entry, '+', MAILADDR_LEGACY),
		    test_matches[i].legacy, "%s against \"%s\"",
		    test_matches[i].key, test_matches[i].entry);
}

Test(mailaddr, matches_by_the_modern_rule)
{
	for (size_t i = 0; i < TEST_COUNT(test_matches); i++)
		cr_expect_eq(test_match(test_matches[i].key,
				 test_matches[i].entry, '+', MAILADDR_MODERN),
		    test_matches[i].modern, "%s against \"%s\"",
		    test_matches[i].key, test_matches[i].entry);
}

Test(mailaddr, cuts_at_the_delimiter_given)
{
	cr_expect(test_match("bob-x@s.test", "bob@s.test", '-',
	    MAILADDR_MODERN));
	cr_expect_not(test_match("bob+x@s.test", "bob@s.test", '-',
	    MAILADDR_MODERN));
}
