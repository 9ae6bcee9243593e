/*
 * Workflow commands: their escapes, and which properties they have.
 */
#include "grammar/render.h"

#include <criterion/criterion.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/render_env.h"

TestSuite(render_github, .init = env_init, .fini = env_fini);

Test(render_github, escapes_properties_and_message)
{
	struct source_file *file = env_add("a,b:c%d\n", "one two\n");

	render_env_report(env_find(file, "two"), "50%,\r\n: \x1b");
	cr_expect_str_eq(render_env_all(RENDER_GITHUB, false),
	    "::error file=a%2Cb%3Ac%25d%0A,line=1,col=5,endLine=1,"
	    "endColumn=7,title=unknown-table::50%25,%0D%0A: \\x1b\n");
}

Test(render_github, knows_three_commands)
{
	env_list.policy.advice = true;
	diag_add(&env_list, CHECK_UNKNOWN_TABLE, DIAG_ERROR, env_nowhere, "e");
	diag_add(&env_list, CHECK_UNKNOWN_TABLE, DIAG_WARNING, env_nowhere,
	    "w");
	diag_add(&env_list, CHECK_UNKNOWN_TABLE, DIAG_ADVICE, env_nowhere, "a");
	cr_expect_str_eq(render_env_all(RENDER_GITHUB, false),
	    "::error title=unknown-table::e\n"
	    "::warning title=unknown-table::w\n"
	    "::notice title=unknown-table::a\n");
}

Test(render_github, has_no_columns_for_several_lines)
{
	struct source_file *file = env_add("a", "one\ntwo\n");
	struct diag *diag = render_env_report(env_range(file, 1, 8), "x");

	diag_note(&env_list, diag, env_find(file, "two"), "n");
	cr_expect_str_eq(render_env_all(RENDER_GITHUB, false),
	    "::error file=a,line=1,endLine=2,title=unknown-table::x"
	    "%0Aa:2:1: note: n\n");
}

Test(render_github, line_with_its_feed_is_one_line)
{
	struct source_file *file = env_add("a", "one\ntwo\n");

	render_env_report(env_find(file, "one\n"), "x");
	cr_expect_not_null(strstr(render_env_all(RENDER_GITHUB, false),
	    ",line=1,col=1,endLine=1,endColumn=4,"));
}
