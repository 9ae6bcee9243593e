/*
 * Text of peers in log lines.
 */
#include "runtime/base/log.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>

static void
test_visible(const char *text, size_t len, bool blanks_too, const char *want)
{
	char buf[64];

	log_visible((struct str){ text, (uint32_t)len }, blanks_too, buf,
	    sizeof(buf));
	cr_expect_str_eq(buf, want);
}

Test(log, escapes_what_could_forge_a_line)
{
	test_visible("a b", 3, false, "a b");
	test_visible("a b", 3, true, "a\\040b");
	test_visible("\r\nfoo", 5, false, "\\r\\nfoo");
	test_visible("\0\x1b\x7f\xff", 4, false, "\\000\\033\\177\\377");
	test_visible("\"\\", 2, false, "\\\"\\\\");
	test_visible("", 0, true, "");
}

Test(log, escapes_as_strvis)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "say \"no\" \t.", "say \"no\" \t." },
		{ "\\", "\\\\" },
		{ "\001\n\177", "\\^A\\^J\\^?" },
		{ "\303\251\240\205\377", "\\M-C\\M-)\\240\\M^E\\M^?" },
	};
	char buf[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(log_vis(str_from(cases[i].text), buf,
				     sizeof(buf)),
		    cases[i].want);
	cr_expect_str_eq(log_vis(STR_LIT("abcd\001"), buf, 7), "abcd");
}

Test(log, cuts_between_forms)
{
	char buf[6];

	log_visible(STR_LIT("abc\001"), false, buf, sizeof(buf));
	cr_expect_str_eq(buf, "abc");
	log_visible(STR_LIT("abcdefgh"), false, buf, sizeof(buf));
	cr_expect_str_eq(buf, "abcde");
}

static void
test_redirect(void)
{
	cr_redirect_stderr();
}

Test(log, keeps_debug_for_verbose, .init = test_redirect)
{
	log_open("queue", true);
	log_debug("debug: %d", 1);
	log_set_level(LOG_LEVEL_VERBOSE);
	log_debug("debug: %d", 2);
	log_warn("warn: %s", "x");
	log_fatal("no room");
	fflush(stderr);
	cr_assert_stderr_eq_str("debug: 2\nwarn: x\nqueue: no room\n");
}

Test(log, cuts_endless_lines, .init = test_redirect)
{
	static char endless[20000];

	memset(endless, 'a', sizeof(endless) - 1);
	log_open("queue", true);
	log_info("%s", endless);
	cr_assert(1, "reached, with no byte written out of place");
}
