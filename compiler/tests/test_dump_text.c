#include "compiler/dump_text.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena, NULL);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

TestSuite(dump_text, .init = setup, .fini = teardown);

/* A literal that may hold NUL bytes. */
#define TEXT(s) \
	{ \
		sizeof(s) - 1, s \
	}

struct text {
	uint32_t len;
	char bytes[24];
};

struct clean_case {
	struct text in;
	struct text out;
};

ParameterizedTestParameters(dump_text, clean)
{
	static struct clean_case cases[] = {
		/* UTF-8 is left alone, backslashes and NUL included. */
		{ TEXT(""), TEXT("") },
		{ TEXT("a\\b"), TEXT("a\\b") },
		{ TEXT("a\0b"), TEXT("a\0b") },
		{ TEXT("caf\xc3\xa9"), TEXT("caf\xc3\xa9") },
		{ TEXT("\xef\xbf\xbf"), TEXT("\xef\xbf\xbf") },
		{ TEXT("\xf4\x8f\xbf\xbf"), TEXT("\xf4\x8f\xbf\xbf") },

		{ TEXT("caf\xe9"), TEXT("caf\\xe9") },
		{ TEXT("\xff\\"), TEXT("\\xff\\\\") },
		{ TEXT("\xc3\xa9\xa9"), TEXT("\xc3\xa9\\xa9") },
		{ TEXT("\xc3"), TEXT("\\xc3") },
		{ TEXT("\xe2\x82"), TEXT("\\xe2\\x82") },
		{ TEXT("\xc3("), TEXT("\\xc3(") },
		{ TEXT("\xff\0"), TEXT("\\xff\0") },
		{ TEXT("\xc0\xaf"), TEXT("\\xc0\\xaf") }, /* overlong */
		{ TEXT("\xe0\x80\x80"), TEXT("\\xe0\\x80\\x80") },
		{ TEXT("\xed\xa0\x80"), TEXT("\\xed\\xa0\\x80") }, /* half */
		{ TEXT("\xf4\x90\x80\x80"), TEXT("\\xf4\\x90\\x80\\x80") },
		{ TEXT("\xf8\x88\x80\x80"), TEXT("\\xf8\\x88\\x80\\x80") },
	};

	return cr_make_param_array(struct clean_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct clean_case *c, dump_text, clean)
{
	struct str out = dump_text_clean(&arena,
	    (struct str){ c->in.bytes, c->in.len });

	cr_assert(str_eq(out, (struct str){ c->out.bytes, c->out.len }),
	    "%.*s, not %.*s", STR_ARG(out), (int)c->out.len, c->out.bytes);
}

struct delay_case {
	uint32_t seconds;
	char text[16];
};

ParameterizedTestParameters(dump_text, delay)
{
	static struct delay_case cases[] = {
		{ 1, "1s" },
		{ 60, "1m" },
		{ 90, "90s" },
		{ 5400, "90m" },
		{ 3600, "1h" },
		{ 36 * 3600, "36h" },
		{ 48 * 3600, "2d" },
		{ 2147483647, "2147483647s" },
	};

	return cr_make_param_array(struct delay_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct delay_case *c, dump_text, delay)
{
	struct str text = dump_text_delay(&arena, c->seconds);

	cr_assert(str_is(text, c->text), "%.*s, not %s", STR_ARG(text),
	    c->text);
}

Test(dump_text, shorter_texts_come_first)
{
	cr_assert_lt(dump_text_compare(STR_LIT(""), STR_LIT("a")), 0);
	cr_assert_lt(dump_text_compare(STR_LIT("a"), STR_LIT("ab")), 0);
	cr_assert_gt(dump_text_compare(STR_LIT("b"), STR_LIT("ab")), 0);
	cr_assert_eq(dump_text_compare(STR_LIT("ab"), STR_LIT("ab")), 0);
}

Test(dump_text, order_is_that_of_unsigned_bytes)
{
	cr_assert_lt(dump_text_compare(STR_LIT("z"), STR_LIT("\xc3\xa9")), 0);
}
