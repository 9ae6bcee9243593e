/*
 * What tests of the printers share: printing into memory, and counting.
 */
#ifndef GRAMMAR_TESTS_RENDER_ENV_H
#define GRAMMAR_TESTS_RENDER_ENV_H

#include <stdio.h>

#include "grammar/render.h"
#include "grammar/tests/diag_env.h"

/* Finishes the list; the text lives until the test ends. */
static inline char *
render_env_all(enum render_format format, bool color)
{
	struct render_options options = { format, color, "smtpd-compile",
		"1.0" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	diag_finish(&env_list);
	cr_expect(render_diags(out, &env_list, &options));
	fclose(out);
	return env_keep(text);
}

static inline struct diag *
render_env_report(struct srcpos pos, const char *text)
{
	return diag_report(&env_list, CHECK_UNKNOWN_TABLE, pos, "%s", text);
}

static inline size_t
render_env_count(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

#endif
