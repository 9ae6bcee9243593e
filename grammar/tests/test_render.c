/*
 * What holds for every printer: failed writes, and when there is colour.
 */
#include "grammar/render.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdlib.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/render_env.h"

TestSuite(render, .init = env_init, .fini = env_fini);

Test(render, nothing_is_printed_for_an_empty_list)
{
	cr_expect_str_eq(render_env_all(RENDER_TEXT, false), "");
	cr_expect_str_eq(render_env_all(RENDER_JSON, false), "");
	cr_expect_str_eq(render_env_all(RENDER_GITHUB, false), "");
}

Test(render, failed_write_is_reported)
{
	struct render_options options = { RENDER_TEXT, false, "t", "1" };
	FILE *full = fopen("/dev/full", "w");

	if (full == NULL)
		cr_skip_test("no /dev/full");
	render_env_report(env_nowhere, "x");
	for (int format = RENDER_TEXT; format <= RENDER_GITHUB; format++) {
		options.format = (enum render_format)format;
		cr_expect_not(render_diags(full, &env_list, &options));
		clearerr(full);
	}
	fclose(full);
}

Test(render, no_color_without_terminal)
{
	FILE *out = fopen("/dev/null", "w");

	cr_assert_not_null(out);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	cr_expect_not(render_wants_color(out));
	fclose(out);
}

struct terminal {
	char no_color[8];
	char term[8];
	bool wanted;
};

ParameterizedTestParameters(render, color_on_a_terminal)
{
	static struct terminal terminals[] = {
		{ "", "xterm", true },
		{ "1", "xterm", false },
		{ "", "dumb", false },
	};

	return cr_make_param_array(struct terminal, terminals,
	    sizeof(terminals) / sizeof(terminals[0]));
}

ParameterizedTest(struct terminal *t, render, color_on_a_terminal)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	FILE *out;

	if (fd < 0)
		cr_skip_test("no pseudo terminal");
	out = fdopen(fd, "w");
	cr_assert_not_null(out);
	setenv("NO_COLOR", t->no_color, 1);
	setenv("TERM", t->term, 1);
	cr_expect_eq(render_wants_color(out), t->wanted);
	fclose(out);
}
