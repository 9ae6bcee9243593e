/*
 * Which comments silence checks, and which are prose.
 */
#include "grammar/allow.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "grammar/tests/diag_env.h"

struct remark {
	char text[80];
	unsigned allows;  /* checks that it silences */
	unsigned reports; /* unknown ones that it names */
};

ParameterizedTestParameters(allow, reads_comments)
{
	static struct remark remarks[] = {
		{ "# smtpd-compile: allow nul-byte", 1, 0 },
		{ "#smtpd-compile:allow nul-byte", 1, 0 },
		{ "###\tsmtpd-compile:  allow\tnul-byte\t", 1, 0 },
		{ "# smtpd-compile: allow nul-byte\r", 1, 0 },
		{ "# smtpd-compile: allow nul-byte, no-rules", 2, 0 },
		{ "# smtpd-compile: allow nul-byte,no-rules,", 2, 0 },
		{ "# smtpd-compile: allow nul-byte no-rules", 2, 0 },
		{ "# smtpd-compile: allow nul-byte -- see no-rules", 1, 0 },
		{ "# smtpd-compile: allow nul-bite", 0, 1 },
		{ "# smtpd-compile: allow nul-byte because", 1, 1 },
		{ "# smtpd-compile: allow NUL-BYTE", 0, 1 },
		{ "# smtpd-compile: allow", 0, 0 },
		{ "# smtpd-compile: allowed nul-byte", 0, 0 },
		{ "# smtpd-compile: nul-byte", 0, 0 },
		{ "# smtpd-compile", 0, 0 },
		{ "# see smtpd-compile: allow nul-byte", 0, 0 },
		{ "#", 0, 0 },
	};

	return cr_make_param_array(struct remark, remarks,
	    sizeof(remarks) / sizeof(remarks[0]));
}

ParameterizedTest(struct remark *remark, allow, reads_comments)
{
	struct comment comment = { .next = NULL };
	unsigned allows = 0, reports = 0;
	struct source_file *file;

	env_init();
	file = env_add("t", remark->text);
	comment.pos = env_range(file, 0, strlen(remark->text));
	allow_read(&env_list, &comment);
	for (struct diag_allow *a = env_list.allows; a != NULL; a = a->next)
		allows++;
	for (struct diag *d = env_list.head; d != NULL; d = d->next) {
		cr_expect_eq(d->id, CHECK_UNKNOWN_CHECK);
		reports++;
	}
	cr_expect_eq(allows, remark->allows, "%s", remark->text);
	cr_expect_eq(reports, remark->reports, "%s", remark->text);
	env_fini();
}

Test(allow, holds_for_the_line_of_the_comment)
{
	struct comment comment = { .next = NULL };
	struct source_file *file;

	env_init();
	file = env_add("t", "a\nb # smtpd-compile: allow nul-byte\nc\n");
	comment.pos = env_find(file, "# smtpd-compile: allow nul-byte");
	allow_read(&env_list, &comment);
	cr_assert_not_null(env_list.allows);
	cr_expect_eq(env_list.allows->id, CHECK_NUL_BYTE);
	cr_expect_eq(env_list.allows->line, 2u);
	cr_expect_eq(env_list.allows->file_base, file->base);
	env_fini();
}

Test(allow, offers_the_nearest_name)
{
	struct comment comment = { .next = NULL };
	struct source_file *file;

	env_init();
	file = env_add("t", "# smtpd-compile: allow nul-bite");
	comment.pos = env_range(file, 0, file->len);
	allow_read(&env_list, &comment);
	cr_assert_not_null(env_list.head->edits);
	cr_expect_str_eq(env_list.head->edits->text, "nul-byte");
	cr_expect(str_is(source_text(&env_map, env_list.head->edits->range),
	    "nul-bite"));
	env_fini();
}
