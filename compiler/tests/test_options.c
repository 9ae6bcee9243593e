/*
 * The options that all programs share: what each sets, what is refused,
 * and where reading stops.
 */
#include "compiler/options.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <criterion/redirect.h>

enum { ARGS_MAX = 12 };

static struct options options_given;
static int options_extra_value;

static bool
options_handle_extra(void *arg, int val, const char *value)
{
	*(int *)arg = val;
	return value == NULL || strcmp(value, "bad") != 0;
}

static const struct options_extra options_extras[] = {
	{ { "extra", required_argument, NULL, 1 }, options_handle_extra },
	{ { "xray", no_argument, NULL, 'x' }, options_handle_extra },
	{ { NULL, 0, NULL, 0 }, NULL },
};

/* Arguments are apart by blanks; the program's name is put before them. */
static enum options_result
options_try(const char *line)
{
	static char text[256], name[] = "program";
	static char *argv[ARGS_MAX + 2] = { name };
	int argc = 1;

	cr_assert_lt(strlen(line), sizeof(text));
	strcpy(text, line);
	for (char *p = strtok(text, " "); p != NULL; p = strtok(NULL, " ")) {
		cr_assert_leq(argc, ARGS_MAX);
		argv[argc++] = p;
	}
	argv[argc] = NULL;
	optind = 0; /* getopt begins anew */
	return options_read(&options_given, argc, argv, "x", options_extras,
	    &options_extra_value);
}

struct refused {
	char line[64];
	char reason[64]; /* in what is said */
};

ParameterizedTestParameters(options, refuses)
{
	static struct refused lines[] = {
		{ "--target=6.5", "nearest is 6.4" },
		{ "--target=", "nearest is native" },
		{ "--target", "requires an argument" },
		{ "--dialect=old", "neither legacy nor modern" },
		{ "-Dx", "name=value" },
		{ "-D =x", "name=value" },
		{ "-W nul-bite", "did you mean 'nul-byte'" },
		{ "-W no-nul-bite", "did you mean 'nul-byte'" },
		{ "-W error=nul-bite", "did you mean 'nul-byte'" },
		{ "-W zzz", "no check named 'zzz'" },
		{ "-W no-syntax-error", "cannot be switched off" },
		{ "-W no-error=nul-byte", "no check named" },
		{ "--nope", "nope" },
		{ "-Z", "Z" },
		{ "-q=1", "=" },
	};

	return cr_make_param_array(struct refused, lines,
	    sizeof(lines) / sizeof(lines[0]));
}

ParameterizedTest(struct refused *refused, options, refuses)
{
	char said[512] = "";
	FILE *out;

	cr_redirect_stderr();
	cr_expect_eq(options_try(refused->line), OPTIONS_USAGE);
	fflush(stderr);
	out = cr_get_redirected_stderr();
	said[fread(said, 1, sizeof(said) - 1, out)] = '\0';
	cr_expect(strstr(said, refused->reason) != NULL, "%s: %s",
	    refused->line, said);
	options_fini(&options_given);
}

Test(options, defaults_to_nothing)
{
	cr_assert_eq(options_try(""), OPTIONS_OK);
	cr_expect_not(options_given.parse.has_target);
	cr_expect_not(options_given.parse.has_dialect);
	cr_expect_eq(options_given.parse.define_count, 0u);
	cr_expect_null(options_given.root);
	cr_expect_not(options_given.is_quiet);
	cr_expect_not(options_given.policy.advice);
	options_fini(&options_given);
}

Test(options, reads_the_target_and_the_dialect)
{
	cr_assert_eq(options_try("--target=6.8.0 --dialect legacy"),
	    OPTIONS_OK);
	cr_expect(options_given.parse.has_target);
	cr_expect_eq(options_given.parse.target.version, TARGET_6_8);
	cr_expect(options_given.parse.has_dialect);
	cr_expect_eq(options_given.parse.dialect, DIALECT_LEGACY);
	options_fini(&options_given);
}

/* Definitions in their order, addresses in none. */
Test(options, keeps_lists)
{
	cr_assert_eq(options_try("-D a=1 --local-address=::1 -Db=2 "
				 "--local-address=::1 -D c=3"),
	    OPTIONS_OK);
	cr_assert_eq(options_given.parse.define_count, 3u);
	cr_expect_str_eq(options_given.parse.defines[0], "a=1");
	cr_expect_str_eq(options_given.parse.defines[1], "b=2");
	cr_expect_str_eq(options_given.parse.defines[2], "c=3");
	cr_assert_eq(options_given.local_address_count, 2u);
	cr_expect_str_eq(options_given.local_addresses[0], "::1");
	cr_expect_str_eq(options_given.local_addresses[1], "::1");
	options_fini(&options_given);
}

Test(options, reads_facts_of_the_host)
{
	cr_assert_eq(options_try("--root=/r --hostname=h --users=/u"),
	    OPTIONS_OK);
	cr_expect_str_eq(options_given.root, "/r");
	cr_expect_str_eq(options_given.hostname, "h");
	cr_expect_str_eq(options_given.users, "/u");
	options_fini(&options_given);
}

Test(options, the_last_word_on_a_check_counts)
{
	cr_assert_eq(options_try("-W no-nul-byte -W nul-byte -W "
				 "no-unknown-pki"),
	    OPTIONS_OK);
	cr_expect_not(options_given.policy.disabled[CHECK_NUL_BYTE]);
	cr_expect(options_given.policy.disabled[CHECK_UNKNOWN_PKI]);
	options_fini(&options_given);
}

Test(options, knows_checks_that_begin_with_no)
{
	cr_assert_eq(options_try("-W no-no-effect -W no-rules"), OPTIONS_OK);
	cr_expect(options_given.policy.disabled[CHECK_NO_EFFECT]);
	cr_expect(options_given.policy.enabled[CHECK_NO_RULES]);
	options_fini(&options_given);
	cr_assert_eq(options_try("-W no-effect"), OPTIONS_OK);
	cr_expect_not(options_given.policy.disabled[CHECK_NO_EFFECT]);
	options_fini(&options_given);
}

Test(options, raises_one_check_or_all)
{
	cr_assert_eq(options_try("-W error=nul-byte"), OPTIONS_OK);
	cr_expect(options_given.policy.as_error[CHECK_NUL_BYTE]);
	cr_expect_not(options_given.policy.as_error[CHECK_UNKNOWN_PKI]);
	options_fini(&options_given);
	cr_assert_eq(options_try("-W error=all"), OPTIONS_OK);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		cr_expect(options_given.policy.as_error[i], "%s",
		    check_table[i].name);
	options_fini(&options_given);
}

Test(options, switches_advice)
{
	cr_assert_eq(options_try("-W advice"), OPTIONS_OK);
	cr_expect(options_given.policy.advice);
	options_fini(&options_given);
	cr_assert_eq(options_try("-W advice -W no-advice"), OPTIONS_OK);
	cr_expect_not(options_given.policy.advice);
	options_fini(&options_given);
}

Test(options, stops_at_the_first_operand)
{
	cr_assert_eq(options_try("-q file -W nonsense"), OPTIONS_OK);
	cr_expect(options_given.is_quiet);
	cr_expect_eq(optind, 2);
	options_fini(&options_given);
}

Test(options, hands_over_those_of_the_program)
{
	cr_assert_eq(options_try("-x"), OPTIONS_OK);
	cr_expect_eq(options_extra_value, 'x');
	options_fini(&options_given);
	cr_assert_eq(options_try("--extra good"), OPTIONS_OK);
	cr_expect_eq(options_extra_value, 1);
	options_fini(&options_given);
	cr_assert_eq(options_try("--extra bad"), OPTIONS_USAGE);
	options_fini(&options_given);
}

Test(options, answers_help_and_version)
{
	cr_redirect_stdout();
	cr_assert_eq(options_try("--version"), OPTIONS_OK);
	cr_expect(options_answer(&options_given, "program", "usage: x\n"));
	options_fini(&options_given);
	cr_assert_eq(options_try("--help"), OPTIONS_OK);
	cr_expect(options_answer(&options_given, "program", "usage: x\n"));
	options_fini(&options_given);
	cr_assert_eq(options_try("-q"), OPTIONS_OK);
	cr_expect_not(options_answer(&options_given, "program", "usage"));
	options_fini(&options_given);
	fflush(stdout);
	cr_expect_stdout_eq_str("program " OPTIONS_VERSION "\nusage: x\n");
}
