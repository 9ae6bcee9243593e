/*
 * smtpd-explain: what happens to an envelope, which rule decides, and why
 * every earlier rule did not; and tests of that, for a team's CI.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/envelopes.h"
#include "compiler/explain_json.h"
#include "compiler/explain_text.h"
#include "compiler/lower.h"
#include "compiler/options.h"
#include "compiler/policy_report.h"
#include "compiler/report.h"
#include "grammar/render.h"

#define PROGRAM "smtpd-explain"

/* Bytes of an envelopes file. */
#define EXPLAIN_ENVELOPES_MAX (256u * 1024 * 1024)
/* Bytes of a file of policy tests, of which a tree is built. */
#define EXPLAIN_TESTS_MAX (16u * 1024 * 1024)
/* Errors in a file of policy tests that are shown. */
#define EXPLAIN_ERRORS_MAX 20

static const char usage[] =
    "usage: smtpd-explain [options] CONFIG key=value ...\n"
    "       smtpd-explain [options] --envelopes=FILE.json CONFIG\n"
    "       smtpd-explain [options] --test=FILE.yaml [--coverage] CONFIG\n"
    "\n"
    "  src=ADDRESS dst=ADDRESS port=N tls[=starttls|smtps] socket\n"
    "  auth=USER helo=NAME tag=TAG rdns=NAME\n"
    "  mail-from=ADDRESS rcpt-to=ADDRESS (repeatable)\n"
    "\n"
    "  --format=FORMAT     text or json; with --test: text, tap or junit\n"
    "  --envelopes=FILE    sessions to ask about, as JSON\n"
    "  --test=FILE         policy tests to run, as YAML\n"
    "  --coverage[=N]      also list rules that no test met; fail below N %\n"
    "  --target=VERSION    native, 6.0.3, 6.4, 6.6, 6.7, 6.8, 7.3 to 7.8\n"
    "  --dialect=DIALECT   legacy or modern; default: by content\n"
    "  --root=DIR          read files that the config names below DIR\n"
    "  --hostname=NAME     the server's name\n"
    "  --local-address=A   an address of the server (repeatable)\n"
    "  --users=FILE        the server's users, as in passwd(5)\n"
    "  -D NAME=VALUE       define a macro\n"
    "  -W ID, -W no-ID     switch a check on or off\n"
    "  -W error=ID|all     report as errors\n"
    "  -W advice           also report matters of taste\n"
    "  -q                  print no diagnostics\n"
    "  --version, --help\n";

/* Options. */

enum explain_format {
	EXPLAIN_TEXT,
	EXPLAIN_JSON,
	EXPLAIN_TAP,
	EXPLAIN_JUNIT,
	EXPLAIN_FORMATS
};

static const char *const explain_formats[] = { "text", "json", "tap", "junit",
	NULL };

struct explain_options {
	enum explain_format format;
	const char *envelopes;
	const char *tests;
	bool has_coverage;
	unsigned coverage_min;
};

enum {
	OPTION_FORMAT = 1,
	OPTION_ENVELOPES,
	OPTION_TEST,
	OPTION_COVERAGE,
};

static bool
explain_read_format(struct explain_options *explain, const char *value)
{
	int choice = options_choose("--format", value, explain_formats);

	if (choice >= 0)
		explain->format = (enum explain_format)choice;
	return choice >= 0;
}

static bool
explain_read_coverage(struct explain_options *explain, const char *value)
{
	char *end;

	explain->has_coverage = true;
	if (value == NULL)
		return true;
	explain->coverage_min = (unsigned)strtoul(value, &end, 10);
	if (str_is_digit(value[0]) && *end == '\0' &&
	    explain->coverage_min <= 100)
		return true;
	fprintf(stderr, "--coverage: '%s' is not a number from 0 to 100\n",
	    value);
	return false;
}

static bool
explain_handle(void *arg, int val, const char *value)
{
	struct explain_options *explain = arg;

	switch (val) {
	case OPTION_FORMAT:
		return explain_read_format(explain, value);
	case OPTION_ENVELOPES:
		explain->envelopes = value;
		return true;
	case OPTION_TEST:
		explain->tests = value;
		return true;
	default:
		return explain_read_coverage(explain, value);
	}
}

static const struct options_extra explain_extras[] = {
	{ { "format", required_argument, NULL, OPTION_FORMAT },
	    explain_handle },
	{ { "envelopes", required_argument, NULL, OPTION_ENVELOPES },
	    explain_handle },
	{ { "test", required_argument, NULL, OPTION_TEST }, explain_handle },
	{ { "coverage", optional_argument, NULL, OPTION_COVERAGE },
	    explain_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

/* Why options and the number of operands do not go together, or NULL. */
static const char *
explain_conflict(const struct explain_options *explain, int words)
{
	bool is_test = explain->tests != NULL;
	bool is_json = explain->format == EXPLAIN_JSON;

	if (is_test && explain->envelopes != NULL)
		return "--test and --envelopes exclude each other";
	if (explain->has_coverage && !is_test)
		return "--coverage needs --test";
	if (is_test ? is_json : !is_json && explain->format != EXPLAIN_TEXT)
		return is_test ?
		    "with --test the format is text, tap or junit" :
		    "the format is text or json without --test";
	if ((is_test || explain->envelopes != NULL) && words > 0)
		return "the file says what is asked; no key=value may follow";
	return NULL;
}

/* Answers. */

struct explain {
	const struct explain_options *options;
	struct compilation *comp;
	struct host host;
	struct bind bind;
};

static void
explain_session(struct explain *explain, const struct session *session,
    struct arena *arena)
{
	struct session_context context;
	struct decision decision;
	bool is_json = explain->options->format == EXPLAIN_JSON;

	session_enter(session, &explain->bind, &context);
	for (uint32_t i = 0; i < session->rcpt_count; i++) {
		decide_run(&explain->bind, &context, session->rcpts[i], arena,
		    &decision);
		if (!is_json)
			explain_text_decision(stdout, &explain->bind,
			    &decision);
		else if (!explain_json_write(stdout, &explain->bind, session,
			     &decision))
			arena->out_of_memory();
	}
	if (!is_json)
		explain_text_session(stdout, &explain->bind, session, &context);
}

static int
explain_words(struct explain *explain, int argc, char **argv)
{
	struct arena *arena = &explain->comp->arena;
	struct session session;
	const char *why;

	session_init(&session);
	for (int i = 0; i < argc; i++)
		if (!session_read_word(&session, arena, argv[i], &why)) {
			fprintf(stderr, PROGRAM ": %s: %s\n", argv[i], why);
			return EXIT_USAGE;
		}
	if (session.rcpt_count == 0) {
		fputs(PROGRAM ": rcpt-to=ADDRESS is needed\n", stderr);
		return EXIT_USAGE;
	}
	explain_session(explain, &session, arena);
	return report_flush(PROGRAM);
}

/* A file of the command line: not below the root. */
static int
explain_read_file(const char *path, size_t max, struct rootdir_text *text_r)
{
	struct rootdir machine;
	int error = rootdir_init(&machine, NULL);

	if (error == 0)
		error = rootdir_read_file(&machine, path, max, text_r);
	rootdir_fini(&machine);
	if (error == 0)
		return EXIT_YES;
	return report_fail(PROGRAM, path, rootdir_error_text(error));
}

/* "FILE:LINE:COLUMN: error: TEXT", without a column where it is 0. */
static void
explain_error(const char *path, uint32_t line, uint32_t column,
    const char *text)
{
	render_escaped(stderr, str_from(path));
	fprintf(stderr, ":%u:", line);
	if (column > 0)
		fprintf(stderr, "%u:", column);
	fputs(" error: ", stderr);
	render_escaped(stderr, str_from(text));
	fputc('\n', stderr);
}

static int
explain_list(struct explain *explain, struct envelopes *envelopes)
{
	const char *path = explain->options->envelopes;
	enum envelopes_status status = ENVELOPES_ONE;
	const struct arena *parent = &explain->comp->arena;

	while (status == ENVELOPES_ONE) {
		struct session session;
		struct arena arena;

		arena_init(&arena, parent->out_of_memory);
		status = envelopes_next(envelopes, &arena, &session);
		if (status == ENVELOPES_ONE)
			explain_session(explain, &session, &arena);
		else if (status == ENVELOPES_BAD)
			explain_error(path, envelopes->line, envelopes->column,
			    envelopes->why);
		arena_fini(&arena);
	}
	return status == ENVELOPES_END ? report_flush(PROGRAM) : EXIT_NO_ANSWER;
}

static int
explain_envelopes(struct explain *explain)
{
	struct envelopes envelopes;
	struct rootdir_text text;
	int status = explain_read_file(explain->options->envelopes,
	    EXPLAIN_ENVELOPES_MAX, &text);

	if (status != EXIT_YES)
		return status;
	envelopes_init(&envelopes,
	    (struct str){ text.text, (uint32_t)text.len });
	status = explain_list(explain, &envelopes);
	envelopes_fini(&envelopes);
	rootdir_text_fini(&text);
	return status;
}

static int
explain_policy(struct explain *explain, const struct policy *policy)
{
	static const enum policy_report_format formats[EXPLAIN_FORMATS] = {
		[EXPLAIN_TEXT] = POLICY_REPORT_TEXT,
		[EXPLAIN_TAP] = POLICY_REPORT_TAP,
		[EXPLAIN_JUNIT] = POLICY_REPORT_JUNIT,
	};
	const struct policy_report report = {
		.out = stdout,
		.path = explain->options->tests,
		.has_coverage = explain->options->has_coverage,
		.coverage_min = explain->options->coverage_min,
	};
	struct policy_run run;
	bool is_good;
	int status;

	policy_run(&run, &explain->bind, policy);
	is_good = policy_report(&report, formats[explain->options->format],
	    &run);
	status = report_flush(PROGRAM);
	return status == EXIT_YES && !is_good ? EXIT_NO : status;
}

static int
explain_policy_errors(const char *path, const struct policy_error *error)
{
	unsigned count = 0;

	for (; error != NULL; error = error->next)
		if (count++ < EXPLAIN_ERRORS_MAX)
			explain_error(path, error->line, error->column,
			    error->text);
	if (count > EXPLAIN_ERRORS_MAX)
		fprintf(stderr, "and %u more errors\n",
		    count - EXPLAIN_ERRORS_MAX);
	return EXIT_NO_ANSWER;
}

static int
explain_tests(struct explain *explain)
{
	const char *path = explain->options->tests;
	struct rootdir_text text;
	struct policy policy;
	int status = explain_read_file(path, EXPLAIN_TESTS_MAX, &text);

	if (status != EXIT_YES)
		return status;
	status = policy_read(&policy, &explain->comp->arena,
		     (struct str){ text.text, (uint32_t)text.len }) ?
	    explain_policy(explain, &policy) :
	    explain_policy_errors(path, policy.errors);
	rootdir_text_fini(&text);
	return status;
}

static int
explain_ask(struct compilation *comp, const struct explain_options *options,
    int argc, char **argv)
{
	struct explain explain = { .options = options, .comp = comp };
	const struct ir *ir = lower_run(comp);
	const char *what;
	int error, status;

	error = host_init(&explain.host, comp, &what);
	if (error != HOST_OK)
		return report_host(PROGRAM, error, what);
	bind_init(&explain.bind, comp, ir, &explain.host);
	if (options->tests != NULL)
		status = explain_tests(&explain);
	else if (options->envelopes != NULL)
		status = explain_envelopes(&explain);
	else
		status = explain_words(&explain, argc, argv);
	bind_fini(&explain.bind);
	return status;
}

static int
explain_run(const struct options *options,
    const struct explain_options *explain, int argc, char **argv)
{
	struct compilation comp;
	int error, status = EXIT_NO_ANSWER;

	compilation_init(&comp, options);
	error = compilation_run(&comp, argv[0]);
	if (error != COMPILATION_OK) {
		status = report_compilation(&comp, PROGRAM, error, argv[0]);
	} else {
		report_diags(&comp, PROGRAM);
		if (comp.diags.errors == 0)
			status = explain_ask(&comp, explain, argc - 1,
			    argv + 1);
	}
	compilation_fini(&comp);
	return status;
}

static int
explain_start(const struct options *options,
    const struct explain_options *explain, int argc, char **argv)
{
	const char *conflict;

	if (options_answer(options, PROGRAM, usage))
		return EXIT_YES;
	if (argc == 0) {
		fprintf(stderr, PROGRAM ": CONFIG is needed\n%s", usage);
		return EXIT_USAGE;
	}
	conflict = explain_conflict(explain, argc - 1);
	if (conflict != NULL) {
		fprintf(stderr, PROGRAM ": %s\n", conflict);
		return EXIT_USAGE;
	}
	return explain_run(options, explain, argc, argv);
}

int
main(int argc, char **argv)
{
	struct explain_options explain = { .format = EXPLAIN_TEXT };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "", explain_extras, &explain) ==
	    OPTIONS_OK)
		status = explain_start(&options, &explain, argc - optind,
		    argv + optind);
	options_fini(&options);
	return status;
}
