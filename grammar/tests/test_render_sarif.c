/*
 * SARIF: places in code points, fixes, and that the schema kept in
 * fixtures/third-party finds nothing wrong.
 */
#include "grammar/render.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <sys/wait.h>
#include <unistd.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/render_env.h"

static json_t *render_sarif_log;

static void
render_sarif_fini(void)
{
	json_decref(render_sarif_log);
	env_fini();
}

TestSuite(render_sarif, .init = env_init, .fini = render_sarif_fini);

/* Once in a test. */
static json_t *
render_sarif_run(void)
{
	char *text = render_env_all(RENDER_SARIF, false);

	render_sarif_log = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(render_sarif_log, "%s", text);
	return json_array_get(json_object_get(render_sarif_log, "runs"), 0);
}

/* That a value is what a JSON text says. */
static void
expect_json(const json_t *value, const char *expected)
{
	json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);

	char *seen = json_dumps(value, JSON_ENCODE_ANY);

	cr_assert_not_null(wanted);
	cr_expect(json_equal(value, wanted), "%s", seen);
	json_decref(wanted);
	free(seen);
}

Test(render_sarif, lists_all_checks)
{
	json_t *driver = json_object_get(json_object_get(render_sarif_run(),
					     "tool"),
	    "driver");
	json_t *rules = json_object_get(driver, "rules");

	cr_expect_str_eq(json_string_value(json_object_get(driver, "name")),
	    "smtpd-compile");
	cr_assert_eq(json_array_size(rules), CHECK_COUNT);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		cr_expect_str_eq(json_string_value(json_object_get(
				     json_array_get(rules, i), "id")),
		    check_table[i].name);
}

Test(render_sarif, counts_code_points_per_line)
{
	struct source_file *file = env_add("a b/\xc3\xa9:%",
	    "\xc3\xa9\xff one \xf0\x9f\x93\xa7 two\n\xc3\xa9 three\n");
	json_t *results;

	render_env_report(env_find(file, "one"), "1");
	render_env_report(env_find(file, "two"), "2");
	render_env_report(env_find(file, "three"), "3");
	results = json_object_get(render_sarif_run(), "results");
	expect_json(json_object_get(json_array_get(results, 0), "locations"),
	    "[{\"physicalLocation\":{\"artifactLocation\":"
	    "{\"uri\":\"a%20b/%C3%A9%3A%25\"},\"region\":{\"startLine\":1,"
	    "\"startColumn\":4,\"endLine\":1,\"endColumn\":7}}}]");
	expect_json(json_object_get(json_array_get(results, 1), "locations"),
	    "[{\"physicalLocation\":{\"artifactLocation\":"
	    "{\"uri\":\"a%20b/%C3%A9%3A%25\"},\"region\":{\"startLine\":1,"
	    "\"startColumn\":10,\"endLine\":1,\"endColumn\":13}}}]");
	expect_json(json_object_get(json_array_get(results, 2), "locations"),
	    "[{\"physicalLocation\":{\"artifactLocation\":"
	    "{\"uri\":\"a%20b/%C3%A9%3A%25\"},\"region\":{\"startLine\":2,"
	    "\"startColumn\":3,\"endLine\":2,\"endColumn\":8}}}]");
}

Test(render_sarif, groups_edits_by_file)
{
	struct source_file *a = env_add("/etc/a", "one two\n");
	struct source_file *b = env_add("b", "x\n");
	struct diag *diag = render_env_report(env_find(a, "one"), "x");
	json_t *result;

	diag_edit(&env_list, diag, env_find(a, "one"), "1");
	diag_edit(&env_list, diag, env_find(a, "two"), "2");
	diag_edit(&env_list, diag, env_find(b, "x"), "y");
	result = json_array_get(json_object_get(render_sarif_run(), "results"),
	    0);
	expect_json(json_object_get(result, "fixes"),
	    "[{\"artifactChanges\":["
	    "{\"artifactLocation\":{\"uri\":\"file:///etc/a\"},"
	    "\"replacements\":["
	    "{\"deletedRegion\":{\"startLine\":1,\"startColumn\":1,"
	    "\"endLine\":1,\"endColumn\":4},"
	    "\"insertedContent\":{\"text\":\"1\"}},"
	    "{\"deletedRegion\":{\"startLine\":1,\"startColumn\":5,"
	    "\"endLine\":1,\"endColumn\":8},"
	    "\"insertedContent\":{\"text\":\"2\"}}]},"
	    "{\"artifactLocation\":{\"uri\":\"b\"},\"replacements\":["
	    "{\"deletedRegion\":{\"startLine\":1,\"startColumn\":1,"
	    "\"endLine\":1,\"endColumn\":2},"
	    "\"insertedContent\":{\"text\":\"y\"}}]}]}]");
}

/* 0 valid, 1 not valid, 2 cannot be told. */
static int
check_sarif(const char *text)
{
	char path[] = "/tmp/test_render.XXXXXX", *command = NULL;
	int fd = mkstemp(path), status;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	cr_assert_gt(asprintf(&command, "/usr/bin/python3 tools/check-sarif %s",
			 path),
	    0);
	status = system(command);
	free(command);
	unlink(path);
	return WIFEXITED(status) && WEXITSTATUS(status) <= 1 ?
	    WEXITSTATUS(status) :
	    2;
}

Test(render_sarif, is_valid_by_the_schema)
{
	struct source_file *file = env_add("dir/a b", "m = \"\xff\"\n$m two\n");
	struct diag *diag = render_env_report(env_find(file, "$m"), "msg \xff");
	int verdict;

	source_add_expansion(&env_map,
	    (struct source_expansion){
		env_find(file, "$m"), env_find(file, "m") });
	diag_note(&env_list, diag, env_find(file, "two"), "n");
	diag_note(&env_list, diag, env_nowhere, "m");
	diag_edit(&env_list, diag, env_find(file, "two\n"), "%s", "");
	diag_edit(&env_list, diag, env_range(file, 0, 0), "x");
	diag_add(&env_list, CHECK_NO_RULES, DIAG_WARNING, env_nowhere, "w");
	verdict = check_sarif(render_env_all(RENDER_SARIF, false));
	if (verdict == 2)
		cr_skip_test("tools/check-sarif cannot run here");
	cr_expect_eq(verdict, 0);
}

Test(render_sarif, is_valid_when_empty)
{
	int verdict = check_sarif(render_env_all(RENDER_SARIF, false));

	if (verdict == 2)
		cr_skip_test("tools/check-sarif cannot run here");
	cr_expect_eq(verdict, 0);
}

Test(render_sarif, checker_refuses_what_is_not_sarif)
{
	int verdict = check_sarif("{\"version\":\"2.1.0\"}");

	if (verdict == 2)
		cr_skip_test("tools/check-sarif cannot run here");
	cr_expect_eq(verdict, 1);
}
