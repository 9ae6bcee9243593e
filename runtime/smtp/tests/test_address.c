/*
 * Paths of MAIL and RCPT: what is taken apart and what is refused.
 */
#include "runtime/smtp/address.h"

#include <criterion/criterion.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *text;
	const char *user;
	const char *domain;
	const char *rest;
} test_good[] = {
	{ "<a@b.c>", "a", "b.c", "" },
	{ "<>", "", "", "" },
	{ "<@>", "", "", "" },
	{ "<joe>", "joe", "", "" },
	{ "<joe@>", "joe", "", "" },
	{ "<a@b.c> SIZE=1", "a", "b.c", " SIZE=1" },
	{ "<a@b.c>>", "a", "b.c", ">" },
	{ "<@x,@y:a@b.c>", "a", "b.c", "" },
	{ "<x:a@b.c>", "a", "b.c", "" },
	{ "<a`b|c{d}$e!f#g%h^i&j*k/l?m'n=o_p~q-r+s@c.d>",
	    "a`b|c{d}$e!f#g%h^i&j*k/l?m'n=o_p~q-r+s", "c.d", "" },
	{ "<a@[192.0.2.1]>", "a", "[192.0.2.1]", "" },
	{ "<a@[IPv6:::1]>", "a", "[IPv6:::1]", "" },
	{ "<a@_x.test>", "a", "_x.test", "" },
};

Test(address, reads_paths)
{
	struct mailaddr addr;
	struct str rest;

	for (size_t i = 0; i < TEST_COUNT(test_good); i++) {
		cr_assert(address_read_path(str_from(test_good[i].text), &addr,
			      &rest),
		    "%s", test_good[i].text);
		cr_expect(str_is(addr.user, test_good[i].user) &&
			str_is(addr.domain, test_good[i].domain) &&
			str_is(rest, test_good[i].rest),
		    "%s", test_good[i].text);
	}
}

static const char *const test_bad[] = { "", "<", "a@b.c", "a@b.c>", "<a@b.c",
	" <a@b.c>", "<@b.c>", "<a@b@c.d>", "<a@b.c.>", "<\"q q\"@b.c>",
	"<a b@c.d>", "<.a@c.d>", "<a.@c.d>", "<a..b@c.d>", "<a\\b@c.d>",
	"<a,b@c.d>", "<a;b@c.d>", "<a(b)@c.d>", "<\xfc@c.d>", "<;sleep 5;>",
	"<$(id)>", "<a@-x>", "<a@b..c>", "<a@*>", "<a@[]>", "<a@[1.2.3]>",
	"<a@[1.2.3.4>", "<a@1.2.3.4]>", "<:>", "<x:>", "<a@b c>", "<a\r@b.c>",
	"<a@b\n.c>" };

Test(address, refuses_what_is_none)
{
	struct mailaddr addr;
	struct str rest;

	for (size_t i = 0; i < TEST_COUNT(test_bad); i++)
		cr_expect_not(address_read_path(str_from(test_bad[i]), &addr,
				  &rest),
		    "%s", test_bad[i]);
}

Test(address, refuses_nul)
{
	static const char text[] = "<a\0b@c.d>";
	struct mailaddr addr;
	struct str rest;

	cr_expect_not(address_read_path((struct str){ text, sizeof(text) - 1 },
	    &addr, &rest));
}

Test(address, measures_local_parts)
{
	char text[300] = "<";
	struct mailaddr addr;
	struct str rest;

	memset(text + 1, 'a', ADDRESS_LOCAL_MAX);
	memcpy(text + 1 + ADDRESS_LOCAL_MAX, "@b.c>", 6);
	cr_expect(address_read_path(str_from(text), &addr, &rest));
	memcpy(text + 1 + ADDRESS_LOCAL_MAX, "a@b.c>", 7);
	cr_expect_not(address_read_path(str_from(text), &addr, &rest));
}
