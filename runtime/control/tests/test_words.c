/*
 * Commands of smtpctl and how they may be cut.
 */
#include "runtime/control/words.h"

#include <criterion/criterion.h>

static const char *const test_patterns[] = {
	"show queue",
	"show queue <msgid>",
	"show envelope <evpid>",
	"show stats",
	"show status",
	"stop",
	"pause envelope all",
	"pause envelope <evpid>",
	"pause mda",
	"pause mta",
	"update table <str>",
};

enum { TEST_COUNT = sizeof(test_patterns) / sizeof(test_patterns[0]) };

static struct words_match test_match;
static bool test_possible[WORDS_COMMANDS_MAX];

static enum words_status
test_find(const char *a, const char *b, const char *c)
{
	const char *words[] = { a, b, c };
	unsigned count = c != NULL ? 3 : b != NULL ? 2 : a != NULL ? 1 : 0;

	return words_find(test_patterns, TEST_COUNT, words, count, &test_match,
	    test_possible);
}

static unsigned
test_possible_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < TEST_COUNT; i++)
		count += test_possible[i];
	return count;
}

Test(words, finds_what_is_written_out)
{
	cr_assert_eq(test_find("show", "queue", NULL), WORDS_OK);
	cr_expect_eq(test_match.command, 0);
	cr_assert_eq(test_find("stop", NULL, NULL), WORDS_OK);
	cr_expect_eq(test_match.command, 5);
}

Test(words, finds_what_is_cut_but_clear)
{
	cr_assert_eq(test_find("sh", "q", NULL), WORDS_OK);
	cr_expect_eq(test_match.command, 0);
	cr_assert_eq(test_find("p", "md", NULL), WORDS_OK);
	cr_expect_eq(test_match.command, 8);
}

Test(words, names_what_could_be_meant)
{
	cr_assert_eq(test_find("show", "sta", NULL), WORDS_INCOMPLETE);
	cr_expect_eq(test_possible_count(), 2);
	cr_expect_eq(test_match.unclear, 2);
	cr_assert_eq(test_find("s", NULL, NULL), WORDS_INCOMPLETE);
	cr_assert_eq(test_find("update", "table", NULL), WORDS_INCOMPLETE);
	cr_expect_eq(test_match.unclear, 3);
	cr_expect_eq(test_possible_count(), 1);
	cr_assert_eq(test_find(NULL, NULL, NULL), WORDS_INCOMPLETE);
	cr_expect_eq(test_possible_count(), TEST_COUNT);
}

Test(words, refuses_others)
{
	cr_expect_eq(test_find("sing", NULL, NULL), WORDS_INVALID);
	cr_expect_eq(test_find("stop", "now", NULL), WORDS_INVALID);
	cr_expect_eq(test_find("stopped", NULL, NULL), WORDS_INVALID);
	cr_expect_eq(test_match.unclear, 1);
	cr_expect_eq(test_possible_count(), TEST_COUNT);
	cr_expect_eq(test_find("pause", "x", NULL), WORDS_INVALID);
	cr_expect_eq(test_match.unclear, 2);
	cr_expect_eq(test_possible_count(), 4);
}

Test(words, tells_lengths)
{
	cr_expect_eq(words_length("pause envelope all", 1), 5);
	cr_expect_eq(words_length("pause envelope all", 3), 18);
	cr_expect_eq(words_length("pause envelope all", 4), 0);
}

Test(words, reads_numbers)
{
	cr_assert_eq(test_find("show", "envelope", "0123456789abcdef"),
	    WORDS_OK);
	cr_expect_eq(test_match.id, 0x0123456789abcdefu);
	cr_assert_eq(test_find("show", "queue", "0123abcd"), WORDS_OK);
	cr_expect_eq(test_match.id, 0x0123abcd00000000u);
	cr_expect_eq(test_find("show", "queue", "0123abc"), WORDS_INVALID);
	cr_expect_eq(test_find("show", "queue", "00000000"), WORDS_INVALID);
	cr_expect_eq(test_find("show", "envelope", "0123456789abcdeg"),
	    WORDS_INVALID);
	cr_assert_eq(test_find("pause", "envelope", "all"), WORDS_OK);
	cr_expect_eq(test_match.command, 6);
}

Test(words, keeps_texts)
{
	cr_assert_eq(test_find("update", "table", "aliases"), WORDS_OK);
	cr_expect_str_eq(test_match.text, "aliases");
}
