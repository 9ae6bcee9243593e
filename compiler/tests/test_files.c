/*
 * The cache of files: what was read stays as it was read, errors too.
 */
#include "compiler/files.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/ruleset/target.h"

enum {
	TEST_SIZE_MAX = 64,
};

static char test_dir[] = "/tmp/test-files-XXXXXX";
static struct arena test_arena;
static struct rootdir test_root;
static struct files test_files;

static void
test_write(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", test_dir, name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static void
test_remove(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", test_dir, name);
	unlink(path);
}

static void
test_setup(void)
{
	cr_assert_not_null(mkdtemp(test_dir));
	arena_init(&test_arena, NULL);
	cr_assert_eq(rootdir_init(&test_root, test_dir), 0);
	files_init(&test_files, &test_arena, &test_root);
}

static void
test_teardown(void)
{
	files_fini(&test_files);
	rootdir_fini(&test_root);
	arena_fini(&test_arena);
	test_remove("x");
	rmdir(test_dir);
}

TestSuite(files, .init = test_setup, .fini = test_teardown);

Test(files, reads_below_the_root)
{
	struct files_file *file;

	test_write("x", "a b\n");
	file = files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX);
	cr_assert_eq(file->error, 0);
	cr_expect(str_is(files_text(file), "a b\n"));
}

Test(files, reads_once)
{
	struct files_file *file;

	test_write("x", "a b\n");
	file = files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX);
	test_write("x", "changed\n");
	cr_expect_eq(files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX),
	    file);
	cr_expect(str_is(files_text(file), "a b\n"));
}

Test(files, keeps_errors)
{
	struct files_file *file = files_read(&test_files, STR_LIT("/x"),
	    TEST_SIZE_MAX);

	cr_expect_eq(file->error, -ENOENT);
	test_write("x", "a b\n");
	file = files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX);
	cr_expect_eq(file->error, -ENOENT);
}

Test(files, refuses_larger_files)
{
	test_write("x", "12345\n");
	cr_expect_eq(files_read(&test_files, STR_LIT("/x"), 5)->error, -EFBIG);
}

Test(files, all_files_share_the_room)
{
	test_write("x", "12345\n");
	test_files.total = FILES_SIZE_MAX - 5;
	cr_expect_eq(files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX)
			 ->error,
	    -EFBIG);
}

/* The rest of the path must not be cut off. */
Test(files, path_with_nul)
{
	test_write("x", "a b\n");
	cr_expect_eq(files_read(&test_files, STR_LIT("/x\0y"), TEST_SIZE_MAX)
			 ->error,
	    -ENOENT);
}

Test(files, kind_of_a_mapping)
{
	struct files_file *file;

	test_write("x", "# comment\na b\n");
	file = files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX);
	cr_expect_eq((int)files_kind(file, TARGET_NATIVE), TABLEFILE_MAPPING);
}

/* An address in brackets is one word only since 7.5. */
Test(files, kind_by_version)
{
	struct files_file *file;

	test_write("x", "[::1]\n");
	file = files_read(&test_files, STR_LIT("/x"), TEST_SIZE_MAX);
	cr_expect_eq((int)files_kind(file, TARGET_7_5), TABLEFILE_LIST);
	file->has_kind = false;
	cr_expect_eq((int)files_kind(file, TARGET_7_3), TABLEFILE_MAPPING);
}
