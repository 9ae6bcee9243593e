/*
 * smtpd-compile: checks a config and compiles it to a blob; explains
 * checks, applies fixes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/blob_file.h"
#include "compiler/compilation.h"
#include "compiler/explain.h"
#include "compiler/lower.h"
#include "compiler/options.h"
#include "compiler/report.h"
#include "grammar/fix.h"
#include "grammar/render.h"

#define PROGRAM "smtpd-compile"

static const char usage[] =
    "usage: smtpd-compile -n [options] CONFIG\n"
    "       smtpd-compile -o BLOB [--embed-tables] [options] CONFIG\n"
    "       smtpd-compile --fix [--diff] [options] CONFIG\n"
    "       smtpd-compile --explain ID | --list-checks\n"
    "\n"
    "  -n                  check only; print nothing if all is well\n"
    "  -o BLOB             compile to this file, if there are no errors;\n"
    "                      - is standard output\n"
    "  --embed-tables      with -o: take in the entries of table files\n"
    "  --fix               apply the fixes that diagnostics offer\n"
    "  --diff              with --fix: print the change, write nothing\n"
    "  --format=FORMAT     text, json, sarif or github\n"
    "  --explain ID        what a check means, and the remedy\n"
    "  --list-checks       all checks, one a line\n"
    "  --target=VERSION    native, 6.0.3, 6.4, 6.6, 6.7, 6.8, 7.3 to 7.8\n"
    "  --dialect=DIALECT   legacy or modern; default: by content\n"
    "  --root=DIR          read files that the config names below DIR\n"
    "  --hostname=NAME     facts of the host, for programs that ask about\n"
    "  --local-address=A   envelopes; taken here so that one set of options\n"
    "  --users=FILE        serves all programs, and not used\n"
    "  -D NAME=VALUE       define a macro\n"
    "  -W ID, -W no-ID     switch a check on or off\n"
    "  -W error=ID|all     report as errors\n"
    "  -W advice           also report matters of taste\n"
    "  -q                  print no diagnostics\n"
    "  --version, --help\n"
    "\n"
    "CONFIG is a file, or - for standard input.\n";

struct compile_options {
	bool check;         /* -n */
	const char *output; /* -o */
	bool embeds_tables;
	bool fix;
	bool diff;
	bool list_checks;
	const char *explain;
	enum render_format format;
};

enum {
	COMPILE_FIX = 1,
	COMPILE_BROKER,
	COMPILE_DIFF,
	COMPILE_FORMAT,
	COMPILE_EXPLAIN,
	COMPILE_LIST_CHECKS,
	COMPILE_EMBED_TABLES,
};

static bool
compile_handle_format(struct compile_options *compile, const char *value)
{
	static const char *const names[] = {
		[RENDER_TEXT] = "text",
		[RENDER_JSON] = "json",
		[RENDER_SARIF] = "sarif",
		[RENDER_GITHUB] = "github",
		NULL,
	};
	int choice = options_choose("--format", value, names);

	if (choice >= 0)
		compile->format = (enum render_format)choice;
	return choice >= 0;
}

static bool
compile_handle(void *arg, int val, const char *value)
{
	struct compile_options *compile = arg;

	switch (val) {
	case 'n':
		return compile->check = true;
	case 'o':
		compile->output = value;
		return true;
	case COMPILE_EMBED_TABLES:
		return compile->embeds_tables = true;
	case COMPILE_BROKER:
		/* How the daemon runs it: files come from who may open them. */
		rootdir_use_broker(atoi(value));
		return true;
	case COMPILE_FIX:
		return compile->fix = true;
	case COMPILE_DIFF:
		return compile->diff = true;
	case COMPILE_LIST_CHECKS:
		return compile->list_checks = true;
	case COMPILE_EXPLAIN:
		compile->explain = value;
		return true;
	case COMPILE_FORMAT:
		return compile_handle_format(compile, value);
	default:
		return false;
	}
}

static const struct options_extra compile_extras[] = {
	{ { "check", no_argument, NULL, 'n' }, compile_handle },
	{ { "output", required_argument, NULL, 'o' }, compile_handle },
	{ { "embed-tables", no_argument, NULL, COMPILE_EMBED_TABLES },
	    compile_handle },
	{ { "broker", required_argument, NULL, COMPILE_BROKER },
	    compile_handle },
	{ { "fix", no_argument, NULL, COMPILE_FIX }, compile_handle },
	{ { "diff", no_argument, NULL, COMPILE_DIFF }, compile_handle },
	{ { "format", required_argument, NULL, COMPILE_FORMAT },
	    compile_handle },
	{ { "explain", required_argument, NULL, COMPILE_EXPLAIN },
	    compile_handle },
	{ { "list-checks", no_argument, NULL, COMPILE_LIST_CHECKS },
	    compile_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

/* JSON, SARIF and annotations are the output; text is a message. */
static int
compile_render(const struct compilation *comp,
    const struct compile_options *compile)
{
	FILE *out = compile->format == RENDER_TEXT ? stderr : stdout;
	struct render_options render = {
		.format = compile->format,
		.color = render_wants_color(out),
		.tool = PROGRAM,
		.version = OPTIONS_VERSION,
	};

	if (!comp->options->is_quiet &&
	    !render_diags(out, &comp->diags, &render))
		return report_fail(PROGRAM, "standard output", strerror(errno));
	return comp->diags.errors > 0 ? EXIT_NO : EXIT_YES;
}

static int
compile_fix(const struct compilation *comp, bool is_diff)
{
	struct fix_result result;
	const char *path = NULL;
	int error;

	if (is_diff)
		error = fix_print_diff(stdout, &comp->diags, &result);
	else
		error = fix_apply(&comp->diags, &result, &path);
	if (error == FIX_ECHANGED)
		return report_fail(PROGRAM, path,
		    "changed while it was read; "
		    "nothing was written");
	if (error != FIX_OK)
		return report_fail(PROGRAM,
		    path != NULL ? path : "standard output", strerror(errno));
	if (!comp->options->is_quiet) {
		fprintf(stderr,
		    "%u fixed in %u files, %u left because they overlap "
		    "another fix\n",
		    result.applied, result.files, result.conflicting);
		if (result.errors_left > 0)
			fprintf(stderr, "errors are left: %u\n",
			    result.errors_left);
	}
	return result.errors_left > 0 ? EXIT_NO : EXIT_YES;
}

/* What it holds is the same whatever the host's files and names are. */
static int
compile_write(struct compilation *comp, const struct compile_options *compile,
    const char *path)
{
	struct blob_image image;
	struct bind bind;
	const char *why;
	int error = 0, status = EXIT_YES;

	bind_init(&bind, comp, lower_run(comp), NULL);
	bind.leaves_files = !compile->embeds_tables;
	if (!blob_write(&bind, path, &image, &why))
		status = report_fail(PROGRAM, path, why);
	else if (strcmp(compile->output, "-") == 0)
		error = blob_file_print(STDOUT_FILENO, &image);
	else
		error = blob_file_write(compile->output, &image);
	if (error != 0)
		status = report_fail(PROGRAM, compile->output,
		    strerror(-error));
	blob_image_fini(&image);
	bind_fini(&bind);
	return status;
}

static int
compile_run(const struct options *options,
    const struct compile_options *compile, const char *path)
{
	struct compilation comp;
	int error, status;

	compilation_init(&comp, options);
	error = compilation_run(&comp, path);
	if (error != COMPILATION_OK)
		status = report_compilation(&comp, PROGRAM, error, path);
	else if (compile->fix)
		status = compile_fix(&comp, compile->diff);
	else
		status = compile_render(&comp, compile);
	if (status == EXIT_YES && compile->output != NULL)
		status = compile_write(&comp, compile, path);
	compilation_fini(&comp);
	return status;
}

static int
compile_usage(const char *why)
{
	fprintf(stderr, PROGRAM ": %s\n%s", why, usage);
	return EXIT_USAGE;
}

static int
compile_dispatch(const struct options *options,
    const struct compile_options *compile, int argc, char **argv)
{
	if (options_answer(options, PROGRAM, usage))
		return report_flush(PROGRAM);
	if (compile->list_checks) {
		explain_list(stdout);
		return report_flush(PROGRAM);
	}
	if (compile->explain != NULL)
		return explain_check(stdout, compile->explain) ?
		    report_flush(PROGRAM) :
		    EXIT_USAGE;
	if (compile->check + compile->fix + (compile->output != NULL) != 1)
		return compile_usage(
		    "one of -n, -o and --fix is needed, and no two");
	if (compile->embeds_tables && compile->output == NULL)
		return compile_usage("--embed-tables goes with -o");
	if (compile->diff && !compile->fix)
		return compile_usage("--diff goes with --fix");
	if (argc != 1)
		return compile_usage("one CONFIG is needed");
	if (compile->fix && strcmp(argv[0], "-") == 0)
		return compile_usage("--fix needs a file");
	/* Included files are known by the names that the config uses. */
	if (compile->fix && options->root != NULL)
		return compile_usage("--fix and --root exclude each other");
	return compile_run(options, compile, argv[0]);
}

int
main(int argc, char **argv)
{
	struct compile_options compile = { .format = RENDER_TEXT };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "no:", compile_extras,
		&compile) == OPTIONS_OK)
		status = compile_dispatch(&options, &compile, argc - optind,
		    argv + optind);
	options_fini(&options);
	return status;
}
