/*
 * Reply texts of filters.
 */
#include "runtime/base/reply.h"

#include <criterion/criterion.h>

static const struct {
	const char *text;
	enum reply_status status;
} test_cases[] = {
	{ "550 go away", REPLY_OK },
	{ "421 x", REPLY_OK },
	{ "599  ", REPLY_OK },
	{ "451 4.7.1\tlater", REPLY_OK },
	{ "", REPLY_CODE_SYNTAX },
	{ "go away", REPLY_CODE_SYNTAX },
	{ "55", REPLY_CODE_SYNTAX },
	{ "5.5 x", REPLY_CODE_SYNTAX },
	{ " 550 x", REPLY_CODE_SYNTAX },
	{ "250 ok", REPLY_CODE_RANGE },
	{ "650 no", REPLY_CODE_RANGE },
	{ "550", REPLY_NO_TEXT },
	{ "550 ", REPLY_NO_TEXT },
	{ "550-go", REPLY_NO_SPACE },
	{ "5501 go", REPLY_NO_SPACE },
	{ "550\tgo", REPLY_NO_SPACE },
	{ "550 caf\xc3\xa9", REPLY_UNPRINTABLE },
	{ "550 a\r\n250 b", REPLY_UNPRINTABLE },
	{ "550 \x7f", REPLY_UNPRINTABLE },
};

Test(reply, tells_what_is_wrong)
{
	for (size_t i = 0; i < sizeof(test_cases) / sizeof(test_cases[0]); i++)
		cr_expect_eq(reply_check(str_from(test_cases[i].text)),
		    test_cases[i].status, "\"%s\"", test_cases[i].text);
}

Test(reply, refuses_a_nul_byte)
{
	cr_expect_eq(reply_check((struct str){ "550 a\0b", 7 }),
	    REPLY_UNPRINTABLE);
}

Test(reply, has_a_text_for_each_status)
{
	for (unsigned i = 0; i < REPLY_STATUS_COUNT; i++)
		cr_expect_not_null(reply_status_text((enum reply_status)i));
}
