/*
 * Files are written whole, keep owner and mode, and old ones are not lost.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migrate/output.h"

static char test_folder[] = "/tmp/test_output.XXXXXX";

static void
test_setup(void)
{
	cr_assert_not_null(mkdtemp(test_folder));
	cr_assert_eq(chdir(test_folder), 0);
}

static void
test_teardown(void)
{
	static const char *const names[] = { "a", "b", "link", "old" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	cr_assert_eq(rmdir(test_folder), 0, "something was left behind");
}

TestSuite(output, .init = test_setup, .fini = test_teardown);

static void
test_expect(const char *path, const char *text, mode_t mode)
{
	char buffer[64];
	FILE *file = fopen(path, "re");
	struct stat st;
	size_t n;

	cr_assert_not_null(file);
	n = fread(buffer, 1, sizeof(buffer) - 1, file);
	buffer[n] = '\0';
	fclose(file);
	cr_expect_str_eq(buffer, text);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, mode, "mode %o", st.st_mode & 0777);
}

Test(output, takes_the_mode_of_what_it_is_like)
{
	cr_assert_eq(output_write("a", STR_LIT("one\n"), NULL), 0);
	test_expect("a", "one\n", 0644);
	cr_assert_eq(chmod("a", 0640), 0);
	cr_assert_eq(output_write("b", STR_LIT("two\n"), "a"), 0);
	test_expect("b", "two\n", 0640);
}

Test(output, keeps_the_mode_of_what_it_replaces)
{
	cr_assert_eq(output_write("a", STR_LIT("one\n"), NULL), 0);
	cr_assert_eq(chmod("a", 0600), 0);
	cr_assert_eq(output_write("a", STR_LIT("two\n"), NULL), 0);
	test_expect("a", "two\n", 0600);
}

Test(output, follows_symbolic_links)
{
	struct stat st;

	cr_assert_eq(output_write("a", STR_LIT("one\n"), NULL), 0);
	cr_assert_eq(symlink("a", "link"), 0);
	cr_assert_eq(output_write("link", STR_LIT("two\n"), NULL), 0);
	test_expect("a", "two\n", 0644);
	cr_assert_eq(lstat("link", &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
}

Test(output, overwrites_nothing_that_is_kept)
{
	cr_assert_eq(output_write("a", STR_LIT("one\n"), NULL), 0);
	cr_assert_eq(output_keep("a", "old"), 0);
	cr_assert_eq(output_write("a", STR_LIT("two\n"), NULL), 0);
	test_expect("old", "one\n", 0644);
	cr_expect_eq(output_keep("a", "old"), -1);
	cr_expect_eq(errno, EEXIST);
	test_expect("old", "one\n", 0644);
}

Test(output, keeps_what_a_link_points_to)
{
	cr_assert_eq(output_write("a", STR_LIT("one\n"), NULL), 0);
	cr_assert_eq(symlink("a", "link"), 0);
	cr_assert_eq(output_keep("link", "old"), 0);
	cr_assert_eq(output_write("link", STR_LIT("two\n"), NULL), 0);
	test_expect("old", "one\n", 0644);
	test_expect("a", "two\n", 0644);
}

Test(output, fails_where_there_is_no_folder)
{
	cr_expect_eq(output_write("none/a", STR_LIT("x"), NULL), -1);
	cr_expect_eq(errno, ENOENT);
}
