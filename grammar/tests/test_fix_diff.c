/*
 * That the diff says the same as the rewritten files, to people, to git(1)
 * and to patch(1).
 */
#include "grammar/fix.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/fix_env.h"

TestSuite(fix_diff, .init = fix_env_init, .fini = fix_env_fini);

static char *
print_diff(void)
{
	struct fix_result result;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	diag_finish(&env_list);
	cr_expect_eq(fix_print_diff(out, &env_list, &result), FIX_OK);
	fclose(out);
	return env_keep(text);
}

/* Applies a diff with one program; false where there is none. */
static bool
run_patch(const char *program, const char *arguments)
{
	char command[256];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1",
	    program);
	if (system(command) != 0)
		return false;
	snprintf(command, sizeof(command), "%s %s", program, arguments);
	cr_expect_eq(system(command), 0);
	return true;
}

ParameterizedTestParameters(fix_diff, is_accepted_by_git)
{
	return cr_make_param_array(struct change, fix_env_changes,
	    sizeof(fix_env_changes) / sizeof(fix_env_changes[0]));
}

ParameterizedTest(struct change *change, fix_diff, is_accepted_by_git)
{
	fix_env_setup(change);
	fix_env_write("diff", print_diff());
	if (!run_patch("git", "apply --whitespace=nowarn diff"))
		cr_skip_test("git is not installed");
	fix_env_expect("mail.conf", change->after);
}

ParameterizedTestParameters(fix_diff, is_accepted_by_patch)
{
	return cr_make_param_array(struct change, fix_env_changes,
	    sizeof(fix_env_changes) / sizeof(fix_env_changes[0]));
}

ParameterizedTest(struct change *change, fix_diff, is_accepted_by_patch)
{
	fix_env_setup(change);
	fix_env_write("diff", print_diff());
	if (!run_patch("patch", "-s --binary --fuzz=0 -p1 -i diff"))
		cr_skip_test("patch is not installed");
	fix_env_expect("mail.conf", change->after);
}

Test(fix_diff, text)
{
	struct source_file *file = fix_env_add("mail.conf", TEN "11");

	fix_env_replace(env_find(file, "3\n"), "");
	fix_env_replace(env_range(file, file->len, file->len), "\n12\n");
	cr_expect_str_eq(print_diff(),
	    "--- a/mail.conf\n"
	    "+++ b/mail.conf\n"
	    "@@ -1,6 +1,5 @@\n"
	    " 1\n"
	    " 2\n"
	    "-3\n"
	    " 4\n"
	    " 5\n"
	    " 6\n"
	    "@@ -8,4 +7,5 @@\n"
	    " 8\n"
	    " 9\n"
	    " 10\n"
	    "-11\n"
	    "\\ No newline at end of file\n"
	    "+11\n"
	    "+12\n");
}

Test(fix_diff, shows_neighbouring_insertions_alone)
{
	struct source_file *file = fix_env_add("m", "a\nb\n");

	fix_env_replace(env_range(file, 0, 0), "x\n");
	fix_env_replace(env_range(file, 2, 2), "y\n");
	cr_expect_str_eq(print_diff(),
	    "--- a/m\n+++ b/m\n"
	    "@@ -1,2 +1,4 @@\n+x\n a\n+y\n b\n");
}

Test(fix_diff, of_nothing_is_empty)
{
	struct source_file *file = fix_env_add("mail.conf", "a\n");

	fix_env_replace(env_find(file, "a"), "a");
	fix_env_report(env_find(file, "a"));
	cr_expect_str_eq(print_diff(), "");
}

Test(fix_diff, has_each_file)
{
	struct source_file *a = fix_env_add("a", "1\n");
	struct source_file *b = fix_env_add("b", "2\n");
	struct diag *diag = fix_env_report(env_find(a, "1"));

	diag_edit(&env_list, diag, env_find(b, "2"), "y");
	diag_edit(&env_list, diag, env_find(a, "1"), "x");
	cr_expect_str_eq(print_diff(),
	    "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-1\n+x\n"
	    "--- a/b\n+++ b/b\n@@ -1,1 +1,1 @@\n-2\n+y\n");
}

struct path {
	char path[32];
	char shown[40];
};

ParameterizedTestParameters(fix_diff, path)
{
	static struct path paths[] = {
		{ "/etc/mail/smtpd.conf", "a/etc/mail/smtpd.conf" },
		{ "./x", "a/x" },
		{ ".hidden", "a/.hidden" },
		{ "a b", "a/a b\t" },
		{ "a\tb", "\"a/a\\011b\"" },
		{ "a\"\\\nb", "\"a/a\\\"\\\\\\012b\"" },
		{ "\xc3\xa9", "a/\xc3\xa9" },
	};

	return cr_make_param_array(struct path, paths,
	    sizeof(paths) / sizeof(paths[0]));
}

ParameterizedTest(struct path *p, fix_diff, path)
{
	struct source_file *file = env_add(p->path, "a\n");
	char *text;

	fix_env_replace(env_find(file, "a"), "b");
	text = print_diff();
	cr_assert(str_has_prefix(str_from(text), "--- "));
	cr_assert_not_null(strstr(text, "\n+++ "));
	*strstr(text, "\n+++ ") = '\0';
	cr_expect_str_eq(text + 4, p->shown);
}

Test(fix_diff, with_odd_names_is_accepted)
{
	struct source_file *spaced = fix_env_add("a b", "1\n");
	struct source_file *quoted = fix_env_add("c\"\t\\d", "2\n");

	fix_env_replace(env_find(spaced, "1"), "x");
	fix_env_replace(env_find(quoted, "2"), "y");
	fix_env_write("diff", print_diff());
	if (!run_patch("git", "apply diff"))
		cr_skip_test("git is not installed");
	fix_env_expect("a b", "x\n");
	fix_env_expect("c\"\t\\d", "y\n");
}

Test(fix_diff, reports_failed_write)
{
	struct source_file *file = fix_env_add("mail.conf", "a\n");
	struct fix_result result;
	FILE *full = fopen("/dev/full", "w");

	if (full == NULL)
		cr_skip_test("no /dev/full");
	fix_env_replace(env_find(file, "a"), "b");
	cr_expect_eq(fix_print_diff(full, &env_list, &result), FIX_EIO);
	fclose(full);
}
