/*
 * The text form: carets, windows, inclusions, macros, fixes and limits.
 */
#include "grammar/render.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/render_env.h"

TestSuite(render_text, .init = env_init, .fini = env_fini);

#define EXPECT_TEXT(expected) \
	cr_expect_str_eq(render_env_all(RENDER_TEXT, false), expected)

/* Text. */

Test(render_text, shows_line_caret_and_note)
{
	struct source_file *file = env_add("mail.conf",
	    "table aliases file:/etc/aliases\n"
	    "action \"local\" mbox alias <alaises>\n");
	struct diag *diag = render_env_report(env_find(file, "alaises"),
	    "no table named 'alaises'");

	diag_note(&env_list, diag, env_find(file, "aliases"),
	    "did you mean 'aliases', declared here?");
	diag_note(&env_list, diag, env_nowhere, "tables come first");
	EXPECT_TEXT(
	    "mail.conf:2:28: error: no table named 'alaises' "
	    "[unknown-table]\n"
	    "    2 | action \"local\" mbox alias <alaises>\n"
	    "      |                            ^~~~~~~\n"
	    "mail.conf:1:7: note: did you mean 'aliases', declared here?\n"
	    "    1 | table aliases file:/etc/aliases\n"
	    "      |       ^~~~~~~\n"
	    "note: tables come first\n");
}

Test(render_text, without_position_names_the_tool)
{
	render_env_report(env_nowhere, "the file has no rule");
	EXPECT_TEXT("smtpd-compile: error: the file has no rule "
		    "[unknown-table]\n");
}

struct excerpt {
	char text[32];
	size_t begin;
	size_t end;
	char shown[160];
};

ParameterizedTestParameters(render_text, excerpt)
{
	static struct excerpt excerpts[] = {
		/* Tabs count from the beginning of the line. */
		{ "\tx\ty\n", 3, 4,
		    "        x       y\n"
		    "      |                 ^" },
		{ "\tx\n", 0, 1,
		    "        x\n"
		    "      | ^~~~~~~~" },
		/* A span of several lines runs to the end of its first. */
		{ "ab cd\nef\n", 3, 8,
		    "ab cd\n"
		    "      |    ^~" },
		{ "ab\ncd\n", 1, 3,
		    "ab\n"
		    "      |  ^" },
		/* Always one caret. */
		{ "abc\n", 1, 1,
		    "abc\n"
		    "      |  ^" },
		{ "abc\n", 3, 3,
		    "abc\n"
		    "      |    ^" },
		{ "abc\n", 3, 4,
		    "abc\n"
		    "      |    ^" },
		{ "", 0, 0,
		    "\n"
		    "      | ^" },
		{ "abc\n", 2, 1,
		    "abc\n"
		    "      |   ^" },
		/* Control characters and what is not UTF-8. */
		{ "a\x1b[2Jb\n", 5, 6,
		    "a\\x1b[2Jb\n"
		    "      |         ^" },
		{ "a\x1b"
		  "b\n",
		    1, 2,
		    "a\\x1b"
		    "b\n"
		    "      |  ^~~~" },
		{ "\xff\xc3.\n", 2, 3,
		    "\\xff\\xc3.\n"
		    "      |         ^" },
		{ "\xc2\x9b"
		  "1m.\n",
		    4, 5,
		    "\\xc2\\x9b"
		    "1m.\n"
		    "      |           ^" },
		{ "\xe2\x80\xae.\n", 3, 4,
		    "\\xe2\\x80\\xae.\n"
		    "      |             ^" },
		{ "\xed\xa0\x80\n", 0, 3,
		    "\\xed\\xa0\\x80\n"
		    "      | ^~~~~~~~~~~~" },
		{ "\xc0\xaf.\n", 2, 3,
		    "\\xc0\\xaf.\n"
		    "      |         ^" },
		{ "ab\r\n", 2, 3,
		    "ab\\x0d\n"
		    "      |   ^~~~" },
		/* Code points are what a caret counts. */
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa7.\n", 9, 10,
		    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa7.\n"
		    "      |    ^" },
		{ "\xc3\xa9.\n", 0, 2,
		    "\xc3\xa9.\n"
		    "      | ^" },
	};

	return cr_make_param_array(struct excerpt, excerpts,
	    sizeof(excerpts) / sizeof(excerpts[0]));
}

ParameterizedTest(struct excerpt *e, render_text, excerpt)
{
	struct source_file *file = env_add("a", e->text);
	char *text, *shown;

	render_env_report(env_range(file, e->begin, e->end), "x");
	text = render_env_all(RENDER_TEXT, false);
	shown = strstr(text, "    1 | ");
	cr_assert_not_null(shown);
	shown += strlen("    1 | ");
	shown[strlen(shown) - 1] = '\0';
	cr_expect_str_eq(shown, e->shown);
}

Test(render_text, shows_nul_bytes)
{
	struct source_file *file = env_add_bytes("a", "a\0b\n", 4, env_nowhere);

	render_env_report(env_range(file, 1, 2), "x");
	EXPECT_TEXT("a:1:2: error: x [unknown-table]\n"
		    "    1 | a\\x00b\n"
		    "      |  ^~~~\n");
}

Test(render_text, escapes_path_and_message)
{
	struct source_file *file = env_add("a\n\x1b", "x\n");

	render_env_report(env_range(file, 0, 1), "no '\x1b]0;\x07\xff'");
	EXPECT_TEXT("a\\x0a\\x1b:1:1: error: no '\\x1b]0;\\x07\\xff' "
		    "[unknown-table]\n"
		    "    1 | x\n"
		    "      | ^\n");
}

/* A line of digits, each the last of its column from 1, with X at one. */
static struct source_file *
add_long_line(size_t len, size_t marked)
{
	char *text = calloc(1, len + 2);
	struct source_file *file;

	cr_assert_not_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('0' + (i + 1) % 10);
	text[marked] = 'X';
	text[len] = '\n';
	file = env_add("long", text);
	free(text);
	return file;
}

Test(render_text, of_120_columns_is_whole)
{
	struct source_file *file = add_long_line(120, 119);
	char *text;

	render_env_report(env_find(file, "X"), "x");
	text = render_env_all(RENDER_TEXT, false);
	cr_expect_null(strstr(text, "..."));
	cr_expect_not_null(strstr(text, "89X\n"));
}

struct window {
	size_t marked;
	size_t caret; /* column from 0 where it is shown */
	bool cut_before;
	bool cut_after;
};

ParameterizedTestParameters(render_text, window_of_long_line)
{
	static struct window windows[] = {
		{ 0, 0, false, true },
		{ 40, 40, false, true },
		{ 41, 43, true, true },
		{ 500, 43, true, true },
		{ 999, 116, true, false },
	};

	return cr_make_param_array(struct window, windows,
	    sizeof(windows) / sizeof(windows[0]));
}

ParameterizedTest(struct window *w, render_text, window_of_long_line)
{
	struct source_file *file = add_long_line(1000, w->marked);
	char *line, *caret;
	size_t len;

	render_env_report(env_find(file, "X"), "x");
	line = strstr(render_env_all(RENDER_TEXT, false), " | ") + 3;
	caret = strstr(line, " | ") + 3;
	len = strcspn(line, "\n");
	cr_expect_leq(len, 120);
	cr_expect_eq(strncmp(line, "...", 3) == 0, w->cut_before);
	cr_expect_eq(strncmp(line + len - 3, "...", 3) == 0, w->cut_after);
	cr_expect_eq(line[w->caret], 'X');
	cr_expect_eq(strcspn(caret, "^"), w->caret);
	cr_expect_eq(strcspn(caret, "\n"), w->caret + 1);
}

Test(render_text, caret_stops_at_the_cut)
{
	struct source_file *file = add_long_line(1000, 500);
	char *caret;

	render_env_report(env_range(file, 500, 900), "x");
	caret = strstr(strstr(render_env_all(RENDER_TEXT, false), " | ") + 3,
		    " | ") +
	    3;
	cr_expect_eq(strcspn(caret, "\n"), 3 + 114);
}

Test(render_text, says_how_a_file_was_included_once)
{
	struct source_file *top = env_add("top", "include \"mid\"\n");
	struct source_file *mid = env_add_bytes("mid", "\ninclude low\n", 13,
	    env_find(top, "\"mid\""));
	struct source_file *low = env_add_bytes("low", "x y\n", 4,
	    env_find(mid, "low"));

	render_env_report(env_find(low, "x"), "first");
	render_env_report(env_find(low, "y"), "second");
	EXPECT_TEXT("In file included from mid:2:9,\n"
		    "                 from top:1:9:\n"
		    "low:1:1: error: first [unknown-table]\n"
		    "    1 | x y\n"
		    "      | ^\n"
		    "low:1:3: error: second [unknown-table]\n"
		    "    1 | x y\n"
		    "      |   ^\n");
}

Test(render_text, counts_deep_inclusions)
{
	struct source_file *file = env_add("f", "x\n");
	char *text;

	for (unsigned i = 0; i < 9; i++)
		file = env_add_bytes("f", "x\n", 2, env_find(file, "x"));
	render_env_report(env_find(file, "x"), "deep");
	text = render_env_all(RENDER_TEXT, false);
	cr_expect(str_has_prefix(str_from(text),
		      "In file included from f:1:1,\n"
		      "                 from f:1:1,\n"
		      "                 from f:1:1,\n"
		      "                 from f:1:1,\n"
		      "                 from f:1:1,\n"
		      "                 ... 4 more:\n"
		      "f:1:1: error: deep"),
	    "%s", text);
}

Test(render_text, notes_the_macro_first)
{
	struct source_file *file = env_add("a", "m = \"y\"\nuse $m\n");
	struct diag *diag = render_env_report(env_find(file, "$m"), "no 'y'");

	source_add_expansion(&env_map,
	    (struct source_expansion){
		env_find(file, "$m"), env_find(file, "m") });
	diag_note(&env_list, diag, env_nowhere, "own");
	EXPECT_TEXT("a:2:5: error: no 'y' [unknown-table]\n"
		    "    2 | use $m\n"
		    "      |     ^~\n"
		    "a:1:1: note: in the expansion of macro 'm', defined here\n"
		    "    1 | m = \"y\"\n"
		    "      | ^\n"
		    "note: own\n");
}

/* What a fix looks like below the caret. */
static char *
render_fix(void)
{
	char *text = render_env_all(RENDER_TEXT, false);
	char *caret = strchr(text, '^');

	cr_assert_not_null(caret);
	return strchr(caret, '\n') + 1;
}

Test(render_text, shows_the_fixed_line)
{
	struct source_file *file = env_add("a", "one\nalpha beta gamma\n");
	struct diag *diag = render_env_report(env_find(file, "beta"), "x");

	diag_edit(&env_list, diag, env_range(file, 4, 4), "new ");
	diag_edit(&env_list, diag, env_find(file, "beta"), "b");
	diag_edit(&env_list, diag, env_find(file, " gamma"), "%s", "");
	cr_expect_str_eq(render_fix(), "  fix | new alpha b\n");
}

Test(render_text, shows_fixes_of_other_lines_in_words)
{
	struct source_file *file = env_add("a", "one\ntwo\nthree\n");
	struct diag *diag = render_env_report(env_find(file, "one"), "x");

	diag_edit(&env_list, diag, env_find(file, "two\n"), "%s", "");
	diag_edit(&env_list, diag, env_find(file, "three"), "3\x1b");
	diag_edit(&env_list, diag, env_range(file, 0, 0), "z\n");
	cr_expect_str_eq(render_fix(),
	    "a:2:1: fix: remove 'two\\x0a'\n"
	    "a:3:1: fix: replace with '3\\x1b'\n"
	    "a:1:1: fix: insert 'z\\x0a'\n");
}

Test(render_text, counts_many_edits)
{
	struct source_file *file = env_add("a", "x\n\n\n\n\n\n\n\n\n");
	struct diag *diag = render_env_report(env_find(file, "x"), "x");

	for (size_t i = 2; i < 9; i++)
		diag_edit(&env_list, diag, env_range(file, i, i), "y");
	cr_expect_str_eq(render_fix(),
	    "a:2:1: fix: insert 'y'\n"
	    "a:3:1: fix: insert 'y'\n"
	    "a:4:1: fix: insert 'y'\n"
	    "a:5:1: fix: insert 'y'\n"
	    "a:6:1: fix: insert 'y'\n"
	    "and 2 more edits\n");
}

Test(render_text, shows_edits_out_of_order_in_words)
{
	struct source_file *file = env_add("a", "one two\n");
	struct diag *diag = render_env_report(env_find(file, "one"), "x");

	diag_edit(&env_list, diag, env_find(file, "two"), "2");
	diag_edit(&env_list, diag, env_find(file, "one"), "1");
	cr_expect_str_eq(render_fix(),
	    "a:1:5: fix: replace with '2'\n"
	    "a:1:1: fix: replace with '1'\n");
}

Test(render_text, fix_of_a_long_line_is_in_words)
{
	struct source_file *file = add_long_line(4096, 10);
	struct diag *diag = render_env_report(env_find(file, "X"), "x");

	diag_edit(&env_list, diag, env_range(file, 10, 10), "YY");
	cr_expect_str_eq(render_fix(), "long:1:11: fix: insert 'YY'\n");
}

struct limit {
	unsigned errors;
	unsigned warnings;
	char last[40];
};

ParameterizedTestParameters(render_text, limits)
{
	static struct limit limits[] = {
		{ 20, 100, "warning: w99 [unknown-table]\n" },
		{ 21, 0, "\nand 1 more error\n" },
		{ 25, 101, "\nand 5 more errors\nand 1 more warning\n" },
		{ 0, 103, "\nand 3 more warnings\n" },
	};

	return cr_make_param_array(struct limit, limits,
	    sizeof(limits) / sizeof(limits[0]));
}

ParameterizedTest(struct limit *limit, render_text, limits)
{
	char *text;
	size_t len;

	for (unsigned i = 0; i < limit->errors; i++)
		diag_add(&env_list, CHECK_UNKNOWN_TABLE, DIAG_ERROR,
		    env_nowhere, "%u", i);
	for (unsigned i = 0; i < limit->warnings; i++)
		diag_add(&env_list, CHECK_UNKNOWN_TABLE, DIAG_WARNING,
		    env_nowhere, "w%u", i);
	text = render_env_all(RENDER_TEXT, false);
	len = strlen(text);
	cr_expect_eq(render_env_count(text, "error: "),
	    limit->errors < 20 ? limit->errors : 20);
	cr_expect_eq(render_env_count(text, "warning: "),
	    limit->warnings < 100 ? limit->warnings : 100);
	cr_assert_geq(len, strlen(limit->last));
	cr_expect_str_eq(text + len - strlen(limit->last), limit->last);
}

Test(render_text, has_color_on_request_only)
{
	struct source_file *file = env_add("a", "x\n");
	struct diag *diag = render_env_report(env_find(file, "x"), "msg");

	diag_note(&env_list, diag, env_nowhere, "n");
	cr_expect_str_eq(render_env_all(RENDER_TEXT, true),
	    "\033[1ma:1:1: \033[0m\033[1;31merror: \033[0mmsg "
	    "[unknown-table]\n"
	    "    1 | x\n"
	    "      | \033[1;32m^\033[0m\n"
	    "\033[1mnote: \033[0mn\n");
	cr_expect_null(strchr(render_env_all(RENDER_TEXT, false), '\033'));
}
