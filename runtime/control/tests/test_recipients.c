/*
 * Address lists of header fields and command lines.
 */
#include "runtime/control/recipients.h"

#include <criterion/criterion.h>

static const struct {
	const char *list;
	const char *addresses; /* a blank behind each */
} test_lists[] = {
	{ "a@b", "a@b " },
	{ "alice", "alice@x.test " },
	{ "a@b, c@d,e@f", "a@b c@d e@f " },
	{ "Alice <a@b>, \"Bob, the other\" <b@c>", "a@b b@c " },
	{ "a@b (Alice, at home (really)), c@d", "a@b c@d " },
	{ "(x\\)y) a@b", "a@b " },
	{ "friends: a@b, c@d;, e@f", "a@b c@d e@f " },
	{ "undisclosed-recipients:;", "" },
	{ "\"a, b\"@c", "\"a, b\"@c " },
	{ "Alice <\"a b\"@c>", "\"a b\"@c " },
	{ "<a@b>\r\n\t, <c@d>", "a@b c@d " },
	{ "a@b, a@b", "a@b " },
	{ "", "" },
	{ ", ,", "" },
	{ "<>", "" },
	{ "\"unterminated", "\"unterminated@x.test " },
	{ "(unterminated", "" },
	{ "<a@b", "a@b " },
};

Test(recipients, reads_lists)
{
	for (size_t i = 0; i < sizeof(test_lists) / sizeof(test_lists[0]);
	     i++) {
		struct recipients recipients = { NULL, 0 };
		char text[256] = "";

		cr_assert(recipients_add(&recipients,
		    str_from(test_lists[i].list), "x.test"));
		for (unsigned k = 0; k < recipients.count; k++) {
			strcat(text, recipients.list[k]);
			strcat(text, " ");
		}
		cr_expect_str_eq(text, test_lists[i].addresses, "%s: %s",
		    test_lists[i].list, text);
		recipients_fini(&recipients);
	}
}

Test(recipients, knows_what_is_parted)
{
	static const char *const parted[] = { "a b@c", "a@b, c d@e", "a @b",
		"Al <a b@c>", "al: a b@c;", "a(x)b@c", "\"a\" b@c" };

	for (size_t i = 0; i < sizeof(parted) / sizeof(parted[0]); i++)
		cr_expect(recipients_has_gap(str_from(parted[i])), "%s",
		    parted[i]);
	for (size_t i = 0; i < sizeof(test_lists) / sizeof(test_lists[0]); i++)
		cr_expect_not(recipients_has_gap(str_from(test_lists[i].list)),
		    "%s", test_lists[i].list);
	cr_expect_not(recipients_has_gap(STR_LIT(" A B (x y) < a@b > (z) ")));
}

Test(recipients, refuses_long_addresses_and_too_many)
{
	static char list[20000];
	struct recipients recipients = { NULL, 0 };
	size_t len = 0;

	memset(list, 'a', 2000);
	cr_expect_not(recipients_add(&recipients, str_from(list), "x.test"));
	for (unsigned i = 0; i <= RECIPIENTS_MAX; i++)
		len += (size_t)sprintf(list + len, "u%u,", i);
	cr_expect_not(recipients_add(&recipients, str_from(list), "x.test"));
	cr_expect_eq(recipients.count, RECIPIENTS_MAX);
	recipients_fini(&recipients);
}

Test(recipients, finds_the_first)
{
	char buf[32];

	cr_assert(recipients_first(STR_LIT("Al <a@b>, c@d"), "x", buf,
	    sizeof(buf)));
	cr_expect_str_eq(buf, "a@b");
	cr_expect_not(recipients_first(STR_LIT("group:;"), "x", buf,
	    sizeof(buf)));
	cr_expect_not(
	    recipients_first(STR_LIT("too@long.for.such.a.small.buffer"), "x",
		buf, sizeof(buf)));
	cr_expect_str_eq(buf, "a@b", "what was there stays");
}
