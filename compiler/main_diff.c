/*
 * smtpd-diff: which envelopes two configs treat differently, each shown by
 * a witness, and what else of them differs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler/differ.h"
#include "compiler/differ_print.h"
#include "compiler/dump_json.h"
#include "compiler/dump_yaml.h"
#include "compiler/report.h"

#define PROGRAM "smtpd-diff"

static const char usage[] =
    "usage: smtpd-diff [options] A B\n"
    "\n"
    "  --format=FORMAT     text, json or yaml\n"
    "  --target-a=VERSION  the daemon that A is for\n"
    "  --target-b=VERSION  the daemon that B is for\n"
    "  --target=VERSION    for both: native, 6.0.3, 6.4, 6.6 to 7.8\n"
    "  --dialect=DIALECT   legacy or modern; default: by content\n"
    "  --root=DIR          read files that the configs name below DIR\n"
    "  --hostname=NAME     the server's name\n"
    "  --local-address=A   an address of the server (repeatable)\n"
    "  --users=FILE        the server's users, as in passwd(5)\n"
    "  -D NAME=VALUE       define a macro\n"
    "  -W ID, -W no-ID     switch a check on or off\n"
    "  -W error=ID|all     report as errors\n"
    "  -W advice           also report matters of taste\n"
    "  -q                  print no diagnostics\n"
    "  --version, --help\n"
    "\n"
    "A and B are files of either language.\n";

enum diff_format { DIFF_TEXT, DIFF_JSON, DIFF_YAML, DIFF_FORMATS };

static const char *const diff_formats[] = {
	[DIFF_TEXT] = "text",
	[DIFF_JSON] = "json",
	[DIFF_YAML] = "yaml",
	[DIFF_FORMATS] = NULL,
};

struct diff_options {
	enum diff_format format;
	bool has_target[2];
	struct target targets[2];
};

enum {
	DIFF_FORMAT = 1,
	DIFF_TARGET_A,
	DIFF_TARGET_B,
};

static bool
diff_handle_target(struct diff_options *diff, unsigned side, const char *value)
{
	const char *nearest;

	diff->has_target[side] = target_parse(str_from(value),
	    &diff->targets[side], &nearest);
	if (!diff->has_target[side])
		fprintf(stderr,
		    "--target-%c: there is no release %s; the "
		    "nearest is %s\n",
		    'a' + (char)side, value, nearest);
	return diff->has_target[side];
}

static bool
diff_handle(void *arg, int val, const char *value)
{
	struct diff_options *diff = arg;
	int choice;

	if (val != DIFF_FORMAT)
		return diff_handle_target(diff, val == DIFF_TARGET_B, value);
	choice = options_choose("--format", value, diff_formats);
	if (choice >= 0)
		diff->format = (enum diff_format)choice;
	return choice >= 0;
}

static const struct options_extra diff_extras[] = {
	{ { "format", required_argument, NULL, DIFF_FORMAT }, diff_handle },
	{ { "target-a", required_argument, NULL, DIFF_TARGET_A }, diff_handle },
	{ { "target-b", required_argument, NULL, DIFF_TARGET_B }, diff_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

/* False where memory ran out, or the output is lost. */
static bool
diff_print(struct differ *differ, enum diff_format format)
{
	switch (format) {
	case DIFF_JSON:
		return dump_json_print(stdout, differ_model(differ));
	case DIFF_YAML:
		return dump_yaml_print(stdout, differ_model(differ));
	case DIFF_TEXT:
	case DIFF_FORMATS:
		break;
	}
	differ_print_text(stdout, differ);
	return true;
}

static int
diff_answer(struct differ *differ, enum diff_format format)
{
	int status;

	if (!diff_print(differ, format))
		return report_fail(PROGRAM, "standard output", strerror(errno));
	status = report_flush(PROGRAM);
	if (status != EXIT_YES)
		return status;
	if (differ->rules.verdict == EQUAL_UNDECIDED)
		return EXIT_NO_ANSWER;
	return differ_is_equivalent(differ) ? EXIT_YES : EXIT_NO;
}

/* Compiles one side; EXIT_YES, or what the program ends with. */
static int
diff_compile(struct differ_side *side, const struct options *options,
    const char *path)
{
	const char *what;
	int error;

	compilation_init(&side->comp, options);
	error = compilation_run(&side->comp, path);
	if (error != COMPILATION_OK)
		return report_compilation(&side->comp, PROGRAM, error, path);
	report_diags(&side->comp, PROGRAM);
	if (side->comp.diags.errors > 0)
		return EXIT_NO_ANSWER;
	error = differ_prepare(side, &what);
	if (error != HOST_OK)
		return report_host(PROGRAM, error, what);
	return EXIT_YES;
}

static int
diff_run(const struct options *options, const struct diff_options *diff,
    char **paths)
{
	struct options each[2] = { *options, *options };
	struct differ differ = { .aspect = DIFFER_DECISION };
	int status = EXIT_YES;

	for (uint32_t i = 0; i < 2; i++) {
		if (diff->has_target[i]) {
			each[i].parse.has_target = true;
			each[i].parse.target = diff->targets[i];
		}
		if (status == EXIT_YES)
			status = diff_compile(&differ.sides[i], &each[i],
			    paths[i]);
	}
	if (status == EXIT_YES) {
		differ_run(&differ);
		status = diff_answer(&differ, diff->format);
	}
	for (uint32_t i = 0; i < 2; i++) {
		if (differ.sides[i].bind.ir != NULL)
			bind_fini(&differ.sides[i].bind);
		if (differ.sides[i].comp.options != NULL)
			compilation_fini(&differ.sides[i].comp);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct diff_options diff = { .format = DIFF_TEXT };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "", diff_extras, &diff) ==
	    OPTIONS_OK) {
		if (options_answer(&options, PROGRAM, usage))
			status = EXIT_YES;
		else if (argc - optind != 2)
			fprintf(stderr, PROGRAM ": A and B are needed\n%s",
			    usage);
		else
			status = diff_run(&options, &diff, argv + optind);
	}
	options_fini(&options);
	return status;
}
