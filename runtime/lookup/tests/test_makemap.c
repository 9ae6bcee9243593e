/*
 * Databases made of text files, and read again.
 */
#include "runtime/lookup/makemap.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_root[] = "/tmp/test_makemap.XXXXXX";
static struct makemap test_makemap;

static void
test_init(void)
{
	cr_assert_not_null(mkdtemp(test_root));
	cr_assert_eq(chdir(test_root), 0);
	test_makemap = (struct makemap){ .source = "source", .out = "out.db" };
}

static void
test_fini(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", test_root);
	cr_assert_eq(system(command), 0);
}

TestSuite(makemap, .init = test_init, .fini = test_fini, .timeout = 20);

static long
test_build(const char *text)
{
	int fd = open("source", O_WRONLY | O_CREAT | O_TRUNC, 0640);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return makemap_build(&test_makemap);
}

/* "NONE", or the value. */
static const char *
test_get(const char *key)
{
	static char text[256];
	struct database *database = database_open("out.db");
	struct str value = STR_LIT("NONE");

	cr_assert_not_null(database);
	cr_expect_neq(database_get(database, str_from(key), &value),
	    ANSWER_FAILED);
	snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
	database_close(database);
	return text;
}

Test(makemap, map)
{
	cr_expect_eq(test_build("# x\nKey: Value here\n\n b c\n"), 2);
	cr_expect_str_eq(test_get("KEY"), "Value here");
	cr_expect_str_eq(test_get("b"), "c");
	cr_expect_str_eq(test_get("c"), "NONE");
}

Test(makemap, kinds)
{
	test_makemap.kind = DATABASE_BTREE;
	cr_expect_eq(test_build("a b\n"), 1);
	cr_expect_str_eq(test_get("a"), "b");
}

Test(makemap, set)
{
	test_makemap.type = MAKEMAP_SET;
	cr_expect_eq(test_build("# @list\na.example\nB.example\n"), 2);
	cr_expect_str_eq(test_get("b.example"), "<set>");
	cr_expect_eq(test_build("a b\n"), -1);
}

Test(makemap, aliases)
{
	test_makemap.type = MAKEMAP_ALIASES;
	cr_expect_eq(test_build("root: joe, |cmd ,/file,a@b.example\n"
				"x: :include:/f\n"),
	    2);
	cr_expect_str_eq(test_get("root"), "joe, |cmd ,/file,a@b.example");
}

Test(makemap, bad_sources)
{
	static const char *const bad[] = { "root: joe,\n", "root: ,joe\n",
		"root: joe, ~/x\n", "root: a b\n", "root\n", "a: b\nA: c\n" };

	test_makemap.type = MAKEMAP_ALIASES;
	cr_assert_eq(test_build("a: b\n"), 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(test_build(bad[i]), -1, "%s", bad[i]);
		cr_expect_str_eq(test_get("a"), "b");
	}
	cr_expect_neq(system("ls out.db.* 2>/dev/null"), 0);
}

Test(makemap, empty)
{
	cr_expect_eq(test_build("# nothing\n"), 0);
	cr_expect_str_eq(test_get("a"), "NONE");
}

Test(makemap, locked)
{
	int fd;

	cr_assert_eq(test_build("a b\n"), 1);
	fd = open("source", O_RDONLY);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_expect_eq(makemap_build(&test_makemap), -1);
	close(fd);
}

Test(makemap, mode)
{
	struct stat st;

	cr_assert_eq(test_build("a b\n"), 1);
	cr_assert_eq(chmod("source", 0604), 0);
	cr_assert_eq(makemap_build(&test_makemap), 1);
	cr_assert_eq(stat("out.db", &st), 0);
	cr_expect_eq(st.st_mode & 07777, (mode_t)0604);
}

static bool
test_count(void *arg, struct str key, struct str value)
{
	(void)key;
	(void)value;
	return ++*(unsigned *)arg < 100000;
}

Test(makemap, walk)
{
	static char text[64 * 1024];
	struct database *database;
	unsigned count = 0;
	size_t len = 0;

	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "key%u value%u\n", i, i);
	cr_assert_eq(test_build(text), 1000);
	database = database_open("out.db");
	cr_assert_not_null(database);
	cr_expect(database_walk(database, test_count, &count));
	cr_expect_eq(count, 1000);
	cr_expect_not(database_is_stale(database));
	cr_assert_eq(test_build("a b\n"), 1);
	cr_expect(database_is_stale(database));
	database_close(database);
}

Test(makemap, no_database)
{
	cr_expect_null(database_open("nothing.db"));
	test_build("a b\n");
	cr_expect_null(database_open("source"));
}

Test(makemap, newaliases)
{
	cr_assert_eq(test_build("a: b\n"), 1);
	cr_assert_eq(unlink("out.db"), 0);
	cr_expect_eq(makemap_newaliases("source"), 0);
	cr_assert_eq(rename("source.db", "out.db"), 0);
	cr_expect_str_eq(test_get("a"), "b");
	cr_expect_neq(makemap_newaliases("nothing"), 0);
}

static char test_alias_file[64];

static int
test_on_newaliases(const char *alias_file)
{
	snprintf(test_alias_file, sizeof(test_alias_file), "%s",
	    alias_file != NULL ? alias_file : "");
	return 7;
}

/* Arguments end at the first empty one. */
static int
test_main(const char *a, const char *b, const char *c)
{
	char args[4][64];
	char *argv[5] = { args[0] };
	int argc = 0;

	snprintf(args[0], sizeof(args[0]), "makemap");
	snprintf(args[1], sizeof(args[1]), "%s", a);
	snprintf(args[2], sizeof(args[2]), "%s", b);
	snprintf(args[3], sizeof(args[3]), "%s", c);
	while (argc < 4 && args[argc][0] != '\0') {
		argv[argc] = args[argc];
		argc++;
	}
	optind = 0; /* glibc: begin again */
	return makemap_main(argc, argv, test_on_newaliases);
}

Test(makemap, options)
{
	cr_assert_eq(test_build("a b\n"), 1);
	cr_expect_eq(test_main("source", "", ""), 0);
	cr_expect_eq(access("source.db", R_OK), 0);
	cr_expect_eq(test_main("-oother", "source", ""), 0);
	cr_expect_eq(access("other", R_OK), 0);
	cr_expect_eq(test_main("-U", "other", ""), 0);
	cr_expect_eq(test_main("-bi", "-OAliasFile=x", ""), 7);
	cr_expect_str_eq(test_alias_file, "x");
	cr_expect_neq(test_main("-dcdb", "source", ""), 0);
	cr_expect_neq(test_main("-tmap", "source", ""), 0);
	cr_expect_neq(test_main("", "", ""), 0);
	cr_expect_neq(test_main("a", "b", "c"), 0);
	cr_expect_neq(test_main("-Onothing", "", ""), 0);
}
