/*
 * What tests of fixes share: a folder of their own, files both on disk and
 * in the map, and cases for every way of applying fixes.
 */
#ifndef GRAMMAR_TESTS_FIX_ENV_H
#define GRAMMAR_TESTS_FIX_ENV_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "grammar/fix.h"
#include "grammar/tests/diag_env.h"

static char fix_env_folder[] = "/tmp/test_fix.XXXXXX";

/* Tests run in a folder of their own. */
static inline void
fix_env_init(void)
{
	env_init();
	cr_assert_not_null(mkdtemp(fix_env_folder));
	cr_assert_eq(chdir(fix_env_folder), 0);
}

static inline void
fix_env_fini(void)
{
	char *command = NULL;

	env_fini();
	cr_assert_eq(chdir("/"), 0);
	cr_assert_gt(asprintf(&command, "rm -rf %s", fix_env_folder), 0);
	cr_expect_eq(system(command), 0);
	free(command);
}

static inline void
fix_env_write(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	cr_assert_not_null(out, "%s", path);
	fputs(text, out);
	cr_assert_eq(fclose(out), 0);
}

static inline void
fix_env_expect(const char *path, const char *expected)
{
	char text[4096];
	FILE *in = fopen(path, "r");
	size_t len;

	cr_assert_not_null(in, "%s", path);
	len = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[len] = '\0';
	cr_expect_str_eq(text, expected);
}

/* A file on disk and in the map. */
static inline struct source_file *
fix_env_add(const char *path, const char *text)
{
	fix_env_write(path, text);
	return env_add(path, text);
}

static inline struct diag *
fix_env_report(struct srcpos pos)
{
	static unsigned count;

	return diag_report(&env_list, CHECK_UNKNOWN_TABLE, pos, "%u", ++count);
}

/* A diagnostic at a range whose fix replaces that range. */
static inline void
fix_env_replace(struct srcpos range, const char *text)
{
	diag_edit(&env_list, fix_env_report(range), range, "%s", text);
}

/* Texts and edits: the same cases for both ways of applying them. */

#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

struct edit {
	size_t begin;
	size_t end;
	char text[8];
};

struct change {
	char name[40];
	char before[64];
	struct edit edits[4]; /* each of a diagnostic of its own */
	unsigned edit_count;
	char after[64];
};

static struct change fix_env_changes[] = {
	{ "several in one line", "a b c\n",
	    { { 0, 1, "xx" }, { 2, 3, "" }, { 4, 5, "z" } }, 3, "xx  z\n" },
	{ "two insertions at one point", "ab\n",
	    { { 1, 1, "x" }, { 1, 1, "y" } }, 2, "axyb\n" },
	{ "insertion before a replacement", "ab\n",
	    { { 1, 2, "y" }, { 1, 1, "x" } }, 2, "axy\n" },
	{ "insertion after a replacement", "ab\n",
	    { { 0, 1, "y" }, { 1, 1, "x" } }, 2, "yxb\n" },
	{ "adjacent replacements", "ab\n", { { 0, 1, "x" }, { 1, 2, "y" } }, 2,
	    "xy\n" },
	{ "whole line removed", "a\nb\nc\n", { { 2, 4, "" } }, 1, "a\nc\n" },
	{ "first line removed", "a\nb\n", { { 0, 2, "" } }, 1, "b\n" },
	{ "last line removed", "a\nb\n", { { 2, 4, "" } }, 1, "a\n" },
	{ "lines removed one by one", "a\nb\nc\n",
	    { { 0, 2, "" }, { 2, 4, "" } }, 2, "c\n" },
	{ "lines joined", "a\nb\nc\n", { { 1, 2, " " } }, 1, "a b\nc\n" },
	{ "line inserted before the first", "a\n", { { 0, 0, "x\n" } }, 1,
	    "x\na\n" },
	{ "line inserted between", "a\nb\n", { { 2, 2, "x\n" } }, 1,
	    "a\nx\nb\n" },
	{ "lines inserted before neighbours", "a\nb\n",
	    { { 0, 0, "x\n" }, { 2, 2, "y\n" } }, 2, "x\na\ny\nb\n" },
	{ "final line feed added", "a\nb", { { 3, 3, "\n" } }, 1, "a\nb\n" },
	{ "final line feed removed", "a\nb\n", { { 3, 4, "" } }, 1, "a\nb" },
	{ "line appended", "a\n", { { 2, 2, "b\n" } }, 1, "a\nb\n" },
	{ "end replaced and appended to", "a\nb\n",
	    { { 2, 4, "c" }, { 4, 4, "d" } }, 2, "a\ncd" },
	{ "unterminated line changed", "a\nb", { { 2, 3, "c" } }, 1, "a\nc" },
	{ "unterminated line as context", "a\nb", { { 0, 1, "c" } }, 1,
	    "c\nb" },
	{ "file emptied", "a\n", { { 0, 2, "" } }, 1, "" },
	{ "empty file filled", "", { { 0, 0, "a\n" } }, 1, "a\n" },
	{ "carriage returns removed", "a\r\nb\r\n",
	    { { 1, 2, "" }, { 4, 5, "" } }, 2, "a\nb\n" },
	{ "hunks far apart", TEN TEN, { { 0, 1, "x" }, { 31, 32, "y" } }, 2,
	    "x\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"
	    "1\n2\n3\n4\n5\ny\n7\n8\n9\n10\n" },
	{ "hunks that touch", TEN, { { 0, 1, "x" }, { 14, 15, "y" } }, 2,
	    "x\n2\n3\n4\n5\n6\n7\ny\n9\n10\n" },
	{ "hunks one line apart", TEN, { { 0, 1, "x" }, { 16, 17, "y" } }, 2,
	    "x\n2\n3\n4\n5\n6\n7\n8\ny\n10\n" },
};

static inline void
fix_env_setup(const struct change *change)
{
	struct source_file *file = fix_env_add("mail.conf", change->before);

	for (unsigned i = 0; i < change->edit_count; i++)
		fix_env_replace(env_range(file, change->edits[i].begin,
				    change->edits[i].end),
		    change->edits[i].text);
}

#endif
