/*
 * The grammar of target lists and of the files that hold them.
 */
#include "runtime/expand/targets.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const test_kinds[TARGET_KINDS] = {
	[TARGET_USER] = "user",
	[TARGET_FILE] = "file",
	[TARGET_COMMAND] = "command",
	[TARGET_INCLUDE] = "include",
	[TARGET_ADDRESS] = "address",
	[TARGET_ERROR] = "error",
	[TARGET_MAILDIR] = "maildir",
};

/* "kind(text) kind(text) ..."; "BAD" at the end of a bad list. */
static void
test_print(struct str list, unsigned flags, char *out, size_t size)
{
	enum targets_status status;
	struct targets targets;
	struct targets_entry target;
	size_t len = 0;

	out[0] = '\0';
	targets_init(&targets, list, flags);
	while ((status = targets_next(&targets, &target)) == TARGETS_ONE)
		len += (size_t)snprintf(out + len, size - len, "%s%s(%.*s)",
		    len == 0 ? "" : " ", test_kinds[target.kind],
		    STR_ARG(target.text));
	if (status == TARGETS_BAD)
		snprintf(out + len, size - len, "%sBAD", len == 0 ? "" : " ");
	cr_expect_eq(targets_next(&targets, &target), TARGETS_END);
}

struct test_list {
	const char *list;
	const char *targets;
	unsigned flags;
};

static void
test_lists(const struct test_list *lists, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char out[4096];

		test_print(str_from(lists[i].list), lists[i].flags, out,
		    sizeof(out));
		cr_expect_str_eq(out, lists[i].targets, "\"%s\": %s",
		    lists[i].list, out);
	}
}

static const struct test_list test_splitting[] = {
	{ "", "", 0 },
	{ " , ,, ", "", 0 },
	{ "a", "user(a)", 0 },
	{ "a,b", "user(a) user(b)", 0 },
	{ "\t a , b\r", "user(a) user(b)", 0 },
	{ ",a,", "user(a)", 0 },
	{ "\\joe, b", "user(joe) user(b)", 0 },
	{ "\\j\\o\\e", "user(joe)", 0 },
	{ "|echo a\\,b", "command(echo a,b)", 0 },
	{ "|echo \\\\", "command(echo \\)", 0 },
	{ "|echo 'a,b', c", "command(echo 'a,b') user(c)", 0 },
	{ "\"|echo a,b\",c", "command(echo a,b) user(c)", 0 },
	{ "|echo \"it's\", c", "command(echo \"it's\") user(c)", 0 },
	{ "|echo it\\'s, c", "command(echo it's) user(c)", 0 },
	{ "a, |echo 'x", "user(a) BAD", 0 },
	{ "|echo \"x", "BAD", 0 },
	{ "a\\", "BAD", 0 },
	{ "a b", "BAD", 0 },
	{ "a, b c, d", "user(a) BAD", 0 },
};

Test(targets, splits_at_commas)
{
	test_lists(test_splitting, TEST_COUNT(test_splitting));
}

static const struct test_list test_forms[] = {
	{ "error:550 gone", "error(550 gone)", 0 },
	{ ":error:450 x", "error(450 x)", 0 },
	{ "ERROR:599 y z", "error(599 y z)", 0 },
	{ "error:hello", "BAD", 0 },
	{ "error:550", "BAD", 0 },
	{ "error:550 ", "BAD", 0 },
	{ "error:550 .", "BAD", 0 },
	{ "error:250 ok", "BAD", 0 },
	{ "error:5x0 no", "BAD", 0 },
	{ "error: 550 no", "BAD", 0 },
	{ ":include:/etc/list", "include(/etc/list)", 0 },
	{ "Include:/etc/list", "include(/etc/list)", 0 },
	{ ":include:list", "BAD", 0 },
	{ ":include: /etc/list", "BAD", 0 },
	{ "|/bin/cat -v", "command(/bin/cat -v)", 0 },
	{ "\"|/bin/cat -v\"", "command(/bin/cat -v)", 0 },
	{ "\"|/bin/cat\" -v", "BAD", 0 },
	{ "| a@b.test", "command( a@b.test)", 0 },
	{ "|", "command()", 0 },
	{ "/srv/mail box", "file(/srv/mail box)", 0 },
	{ "/", "file(/)", 0 },
	{ "~/mail", "BAD", 0 },
	{ "./mail", "BAD", 0 },
	{ "\"/quoted path\"", "BAD", 0 },
	{ "a@b", "address(a@b)", 0 },
	{ "A.b+c@B-c.Test", "address(A.b+c@B-c.Test)", 0 },
	{ "a!#$%*?|^{}`~&+-=_.@b", "address(a!#$%*?|^{}`~&+-=_.@b)", 0 },
	{ "a/b@c", "address(a/b@c)", 0 },
	{ "@b", "BAD", 0 },
	{ "a@", "BAD", 0 },
	{ "a@b@c", "BAD", 0 },
	{ "a b@c", "BAD", 0 },
	{ "a@b_c", "BAD", 0 },
	{ "a@[192.0.2.1]", "BAD", 0 },
	{ "a@[192.0.2.1]", "user(a)", TARGETS_BAD_DOMAIN_IS_USER },
	{ "a@b_c, d", "user(a) user(d)", TARGETS_BAD_DOMAIN_IS_USER },
	{ "a/b@[x]", "BAD", TARGETS_BAD_DOMAIN_IS_USER },
	{ "@[x]", "BAD", TARGETS_BAD_DOMAIN_IS_USER },
	{ "joe+tag_x.y-z", "user(joe+tag_x.y-z)", 0 },
	{ "caf\xc3\xa9", "BAD", 0 },
	{ "maildir:/x", "BAD", 0 },
	{ "MailDir:~/x y", "maildir(~/x y)", TARGETS_MAILDIR },
};

Test(targets, tells_the_forms_apart)
{
	test_lists(test_forms, TEST_COUNT(test_forms));
}

/* prefix, then bytes 'a' up to total, then suffix. */
static struct str
test_fill(char *out, const char *prefix, size_t total, const char *suffix)
{
	size_t head = strlen(prefix), tail = strlen(suffix);

	memcpy(out, prefix, head);
	memset(out + head, 'a', total - head - tail);
	memcpy(out + total - tail, suffix, tail);
	return (struct str){ out, (uint32_t)total };
}

static const struct {
	const char *prefix, *suffix;
	size_t longest;
} test_lengths[] = {
	{ "", "", TARGETS_NAME_MAX },
	{ "", "@b", TARGETS_NAME_MAX + 2 },
	{ "b@", "", TARGETS_NAME_MAX + 2 },
	{ "/", "", TARGETS_TEXT_MAX },
	{ "|", "", TARGETS_TEXT_MAX + 1 },
	{ "\"|", "\"", TARGETS_TEXT_MAX + 2 },
	{ ":include:/", "", TARGETS_TEXT_MAX + 9 },
	{ "error:550 ", "", TARGETS_TEXT_MAX + 6 },
	{ "maildir:", "", TARGETS_TEXT_MAX + 8 },
};

Test(targets, limits_lengths)
{
	for (size_t i = 0; i < TEST_COUNT(test_lengths); i++) {
		char list[4096], out[4096];

		test_print(test_fill(list, test_lengths[i].prefix,
			       test_lengths[i].longest, test_lengths[i].suffix),
		    TARGETS_MAILDIR, out, sizeof(out));
		cr_expect_null(strstr(out, "BAD"), "%zu: %s", i, out);
		test_print(test_fill(list, test_lengths[i].prefix,
			       test_lengths[i].longest + 1,
			       test_lengths[i].suffix),
		    TARGETS_MAILDIR, out, sizeof(out));
		cr_expect_str_eq(out, "BAD", "%zu: %s", i, out);
	}
}

Test(targets, limits_the_list)
{
	char list[TARGETS_LIST_MAX + 1], out[64];

	memset(list, ',', sizeof(list));
	list[0] = 'a';
	test_print((struct str){ list, TARGETS_LIST_MAX }, 0, out, sizeof(out));
	cr_expect_str_eq(out, "user(a)");
	test_print((struct str){ list, TARGETS_LIST_MAX + 1 }, 0, out,
	    sizeof(out));
	cr_expect_str_eq(out, "BAD");
}

Test(targets, refuses_a_nul)
{
	char out[64];

	test_print(STR_LIT("a,|b\0c"), 0, out, sizeof(out));
	cr_expect_str_eq(out, "user(a) BAD");
}

/* Ascending. */
static const struct targets_entry test_order[] = {
	{ TARGET_USER, { "B", 1 } },
	{ TARGET_USER, { "a", 1 } },
	{ TARGET_USER, { "aa", 2 } },
	{ TARGET_FILE, { "/", 1 } },
	{ TARGET_COMMAND, { "a", 1 } },
	{ TARGET_INCLUDE, { "/", 1 } },
	{ TARGET_ADDRESS, { "a@z", 3 } },
	{ TARGET_ADDRESS, { "a.b@a", 5 } },
	{ TARGET_ADDRESS, { "a.b@b", 5 } },
	{ TARGET_ERROR, { "450 a", 5 } },
	{ TARGET_MAILDIR, { "", 0 } },
};

Test(targets, orders_by_kind_and_bytes)
{
	for (size_t i = 0; i < TEST_COUNT(test_order); i++)
		for (size_t j = 0; j < TEST_COUNT(test_order); j++) {
			int order = target_compare(&test_order[i],
			    &test_order[j]);

			cr_expect_eq((order > 0) - (order < 0),
			    (i > j) - (i < j), "%zu %zu: %d", i, j, order);
		}
}

/* Lines in brackets; "BAD" for one that is too long. */
static const struct test_list test_files[] = {
	{ "", "", 0 },
	{ "a", "[a]", 0 },
	{ "a\nb\n", "[a][b]", 0 },
	{ "a\n\nb", "[a][][b]", 0 },
	{ "# all\na", "[][a]", 0 },
	{ "a # b", "[a ]", 0 },
	{ "a\\#b", "[a\\#b]", 0 },
	{ "a\\\\#b", "[a\\\\]", 0 },
	{ "\"|a #b\"", "[\"|a ]", 0 },
	{ "a,\\\nb", "[a,b]", 0 },
	{ "a,\\\n# c\nb", "[a,][b]", 0 },
	{ "# c \\\nb", "[][b]", 0 },
	{ "a\\\\\nb", "[a\\\\][b]", 0 },
	{ "a\\", "[a]", 0 },
	{ "a\\\n", "[a]", 0 },
	{ "\\\n\\\n\\\na", "[a]", 0 },
	{ "\\joe, b", "[\\joe, b]", 0 },
	{ "a\r\n", "[a\r]", 0 },
};

static void
test_print_file(struct str text, char *out)
{
	enum targets_status status;
	struct targets_file file;
	struct str list;

	out[0] = '\0';
	targets_file_init(&file, text);
	while ((status = targets_file_next(&file, &list)) != TARGETS_END)
		if (status == TARGETS_BAD)
			out += sprintf(out, "BAD");
		else
			out += sprintf(out, "[%.*s]", STR_ARG(list));
}

Test(targets, reads_the_lines_of_a_file)
{
	for (size_t i = 0; i < TEST_COUNT(test_files); i++) {
		char out[256];

		test_print_file(str_from(test_files[i].list), out);
		cr_expect_str_eq(out, test_files[i].targets, "\"%s\": %s",
		    test_files[i].list, out);
	}
}

Test(targets, skips_a_long_line_of_a_file)
{
	char text[2 * TARGETS_LIST_MAX], out[2 * TARGETS_LIST_MAX];

	memset(text, ' ', sizeof(text));
	memcpy(text, "a\n", 2);
	memcpy(text + 1024, "\\\n", 2);
	memcpy(text + TARGETS_LIST_MAX + 10, "\nb", 3);
	test_print_file(str_from(text), out);
	cr_expect_str_eq(out, "[a]BAD[b]");
}
