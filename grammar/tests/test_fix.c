/*
 * Which fixes go together, and what becomes of the files.
 */
#include "grammar/fix.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/fix_env.h"

TestSuite(fix, .init = fix_env_init, .fini = fix_env_fini);

static struct fix_result
apply(void)
{
	struct fix_result result;
	const char *path = NULL;

	diag_finish(&env_list);
	cr_assert_eq(fix_apply(&env_list, &result, &path), FIX_OK, "%s: %s",
	    path, strerror(errno));
	return result;
}

ParameterizedTestParameters(fix, rewrites_file)
{
	return cr_make_param_array(struct change, fix_env_changes,
	    sizeof(fix_env_changes) / sizeof(fix_env_changes[0]));
}

ParameterizedTest(struct change *change, fix, rewrites_file)
{
	struct fix_result result;

	fix_env_setup(change);
	result = apply();
	cr_expect_eq(result.applied, change->edit_count, "%s", change->name);
	cr_expect_eq(result.conflicting, 0, "%s", change->name);
	cr_expect_eq(result.files, 1);
	fix_env_expect("mail.conf", change->after);
}

/* Which fixes go together. */

struct conflict {
	struct edit first;
	struct edit second;
	bool conflicts;
};

ParameterizedTestParameters(fix, conflicts)
{
	static struct conflict conflicts[] = {
		{ { 2, 5, "x" }, { 4, 6, "y" }, true },
		{ { 2, 5, "x" }, { 2, 5, "x" }, true },
		{ { 2, 5, "x" }, { 3, 4, "y" }, true },
		{ { 2, 5, "x" }, { 1, 6, "y" }, true },
		{ { 2, 5, "x" }, { 3, 3, "y" }, true },
		{ { 3, 3, "x" }, { 2, 5, "y" }, true },
		{ { 3, 3, "x" }, { 3, 3, "x" }, true },
		{ { 3, 3, "x" }, { 3, 3, "y" }, false },
		{ { 2, 5, "x" }, { 2, 2, "y" }, false },
		{ { 2, 5, "x" }, { 5, 5, "y" }, false },
		{ { 5, 5, "x" }, { 2, 5, "y" }, false },
		{ { 2, 5, "x" }, { 5, 6, "y" }, false },
	};

	return cr_make_param_array(struct conflict, conflicts,
	    sizeof(conflicts) / sizeof(conflicts[0]));
}

ParameterizedTest(struct conflict *c, fix, conflicts)
{
	struct source_file *file = fix_env_add("mail.conf", "0123456789");
	struct srcpos start = env_range(file, 0, 0);
	struct fix_result result;

	diag_edit(&env_list, fix_env_report(start),
	    env_range(file, c->first.begin, c->first.end), "%s", c->first.text);
	diag_edit(&env_list, fix_env_report(start),
	    env_range(file, c->second.begin, c->second.end), "%s",
	    c->second.text);
	result = apply();
	cr_expect_eq(result.conflicting, c->conflicts);
	cr_expect_eq(result.applied, c->conflicts ? 1 : 2);
}

Test(fix, is_applied_as_a_whole_or_not_at_all)
{
	struct source_file *file = fix_env_add("mail.conf", "one two three\n");
	struct diag *diag;
	struct fix_result result;

	fix_env_replace(env_find(file, "one"), "1");
	diag = fix_env_report(env_find(file, "two"));
	diag_edit(&env_list, diag, env_find(file, "two"), "2");
	diag_edit(&env_list, diag, env_range(file, 1, 2), "x");
	fix_env_replace(env_find(file, "three"), "3");
	result = apply();
	cr_expect_eq(result.applied, 2);
	cr_expect_eq(result.conflicting, 1);
	fix_env_expect("mail.conf", "1 two 3\n");
}

Test(fix, command_line_is_not_a_file)
{
	struct source_file *defined = env_add("-D", "name=value");
	struct source_file *file = fix_env_add("mail.conf", "a\n");
	struct diag *diag;
	struct fix_result result;

	defined->is_command_line = true;
	diag = fix_env_report(env_find(file, "a"));
	diag_edit(&env_list, diag, env_find(file, "a"), "b");
	diag_edit(&env_list, diag, env_find(defined, "value"), "v");
	result = apply();
	cr_expect_eq(result.applied, 0);
	cr_expect_eq(result.conflicting, 1);
	cr_expect_eq(result.files, 0);
	fix_env_expect("mail.conf", "a\n");
}

Test(fix, range_beyond_its_file_is_refused)
{
	struct source_file *a = fix_env_add("a", "1\n");
	struct source_file *b = fix_env_add("b", "2\n");
	struct srcpos range = { a->base, b->base + 1 };

	fix_env_replace(range, "x");
	cr_expect_eq(apply().conflicting, 1);
}

Test(fix, file_included_twice_is_fixed_once)
{
	struct source_file *first = fix_env_add("a", "1 2\n");
	struct source_file *again = env_add("./a", "1 2\n");
	struct fix_result result;

	fix_env_replace(env_find(first, "1"), "x");
	fix_env_replace(env_find(again, "1"), "x");
	fix_env_replace(env_find(again, "2"), "y");
	result = apply();
	cr_expect_eq(result.applied, 1);
	cr_expect_eq(result.conflicting, 0);
	cr_expect_eq(result.files, 1);
	fix_env_expect("a", "x 2\n");
}

Test(fix, holds_many_edits)
{
	char before[2 * 500 + 1] = "", after[3 * 500 + 1] = "";
	struct source_file *file;

	for (unsigned i = 0; i < 500; i++) {
		strcpy(before + 2 * i, "a\n");
		strcpy(after + 3 * i, "ba\n");
	}
	file = fix_env_add("mail.conf", before);
	for (unsigned i = 500; i-- > 0;)
		diag_edit(&env_list, fix_env_report(env_nowhere),
		    env_range(file, 2 * i, 2 * i), "b");
	cr_expect_eq(apply().applied, 500);
	fix_env_expect("mail.conf", after);
}

/* Files on disk. */

static unsigned
count_entries(void)
{
	DIR *dir = opendir(".");
	unsigned count = 0;

	cr_assert_not_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			count++;
	closedir(dir);
	return count;
}

Test(fix, keeps_mode_and_leaves_nothing_behind)
{
	struct source_file *file = fix_env_add("mail.conf", "a\n");
	struct stat st;

	cr_assert_eq(chmod("mail.conf", 0640), 0);
	fix_env_replace(env_find(file, "a"), "b");
	apply();
	cr_assert_eq(stat("mail.conf", &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(count_entries(), 1);
}

Test(fix, keeps_owner)
{
	struct source_file *file = fix_env_add("mail.conf", "a\n");
	struct stat st;

	if (chown("mail.conf", 12345, 23456) != 0)
		cr_skip_test("needs root");
	fix_env_replace(env_find(file, "a"), "b");
	apply();
	cr_assert_eq(stat("mail.conf", &st), 0);
	cr_expect_eq(st.st_uid, 12345);
	cr_expect_eq(st.st_gid, 23456);
}

Test(fix, follows_symbolic_link)
{
	struct source_file *file;
	struct stat st;

	cr_assert_eq(mkdir("real", 0755), 0);
	fix_env_write("real/mail.conf", "a\n");
	cr_assert_eq(symlink("real/mail.conf", "link"), 0);
	file = env_add("link", "a\n");
	fix_env_replace(env_find(file, "a"), "b");
	apply();
	cr_assert_eq(lstat("link", &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
	fix_env_expect("real/mail.conf", "b\n");
}

/* Nothing may be touched when one of several files cannot be replaced. */
static void
expect_refused(int expected, const char *culprit)
{
	struct fix_result result;
	const char *path = NULL;
	unsigned entries = count_entries();

	diag_finish(&env_list);
	cr_expect_eq(fix_apply(&env_list, &result, &path), expected);
	cr_assert_not_null(path);
	cr_expect_str_eq(path, culprit);
	fix_env_expect("first", "a\n");
	cr_expect_eq(count_entries(), entries);
}

struct meanwhile {
	char text[8];
};

ParameterizedTestParameters(fix, refuses_changed_file)
{
	static struct meanwhile texts[] = {
		{ "b\n" },
		{ "a\na\n" },
		{ "a" },
		{ "" },
	};

	return cr_make_param_array(struct meanwhile, texts,
	    sizeof(texts) / sizeof(texts[0]));
}

ParameterizedTest(struct meanwhile *meanwhile, fix, refuses_changed_file)
{
	struct source_file *first = fix_env_add("first", "a\n");
	struct source_file *second = fix_env_add("second", "a\n");

	fix_env_replace(env_find(first, "a"), "x");
	fix_env_replace(env_find(second, "a"), "y");
	fix_env_write("second", meanwhile->text);
	expect_refused(FIX_ECHANGED, "second");
}

Test(fix, refuses_file_that_is_gone)
{
	struct source_file *first = fix_env_add("first", "a\n");
	struct source_file *second = env_add("second", "a\n");

	fix_env_replace(env_find(first, "a"), "x");
	fix_env_replace(env_find(second, "a"), "y");
	expect_refused(FIX_EIO, "second");
	cr_expect_eq(errno, ENOENT);
}

Test(fix, refuses_what_is_not_a_regular_file)
{
	struct source_file *first = fix_env_add("first", "a\n");
	struct source_file *second = env_add("second", "");

	cr_assert_eq(mkfifo("second", 0644), 0);
	fix_env_replace(env_find(first, "a"), "x");
	fix_env_replace(env_range(second, 0, 0), "y");
	expect_refused(FIX_ECHANGED, "second");
}

Test(fix, without_fixes_changes_nothing)
{
	struct source_file *file = fix_env_add("mail.conf", "a\n");
	struct fix_result result;
	struct stat before, after;

	fix_env_report(env_find(file, "a"));
	cr_assert_eq(stat("mail.conf", &before), 0);
	result = apply();
	cr_assert_eq(stat("mail.conf", &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
	cr_expect_eq(result.applied + result.files, 0);
}
