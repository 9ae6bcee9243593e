/*
 * smtpd-dump: prints what a config means, as YAML or JSON, or as config
 * text; and what a compiled one is made of.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler/dump_json.h"
#include "compiler/dump_sections.h"
#include "compiler/dump_yaml.h"
#include "compiler/lower.h"
#include "compiler/print_conf.h"
#include "compiler/report.h"

#define PROGRAM "smtpd-dump"

static const char usage[] =
    "usage: smtpd-dump [options] CONFIG\n"
    "\n"
    "  --format=FORMAT     yaml, json, conf (modern config text), or\n"
    "                      sections (of a compiled ruleset)\n"
    "  --show-secrets      print keys and passwords too\n"
    "  --positions         with yaml and json: the line of each thing\n"
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
    "CONFIG is a file, or - for standard input: a config, or what\n"
    "smtpd-compile -o made of one.\n";

enum dump_format {
	DUMP_FORMAT_YAML,
	DUMP_FORMAT_JSON,
	DUMP_FORMAT_CONF,
	DUMP_FORMAT_SECTIONS,
};

struct dump_arguments {
	enum dump_format format;
	struct dump_options dump;
};

enum {
	DUMP_OPTION_FORMAT = 1,
	DUMP_OPTION_SECRETS,
	DUMP_OPTION_POSITIONS,
};

static bool
dump_handle_format(struct dump_arguments *arguments, const char *value)
{
	static const char *const names[] = {
		[DUMP_FORMAT_YAML] = "yaml",
		[DUMP_FORMAT_JSON] = "json",
		[DUMP_FORMAT_CONF] = "conf",
		[DUMP_FORMAT_SECTIONS] = "sections",
		NULL,
	};
	int choice = options_choose("--format", value, names);

	if (choice >= 0)
		arguments->format = (enum dump_format)choice;
	return choice >= 0;
}

static bool
dump_handle(void *arg, int val, const char *value)
{
	struct dump_arguments *arguments = arg;

	switch (val) {
	case DUMP_OPTION_FORMAT:
		return dump_handle_format(arguments, value);
	case DUMP_OPTION_SECRETS:
		return arguments->dump.shows_secrets = true;
	case DUMP_OPTION_POSITIONS:
		return arguments->dump.shows_positions = true;
	default:
		return false;
	}
}

static const struct options_extra dump_extras[] = {
	{ { "format", required_argument, NULL, DUMP_OPTION_FORMAT },
	    dump_handle },
	{ { "show-secrets", no_argument, NULL, DUMP_OPTION_SECRETS },
	    dump_handle },
	{ { "positions", no_argument, NULL, DUMP_OPTION_POSITIONS },
	    dump_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

static int
dump_print_conf(struct compilation *comp,
    const struct dump_arguments *arguments, const struct ir *ir,
    const char *path)
{
	if (ir->target.dialect == DIALECT_LEGACY)
		return report_fail(PROGRAM, path,
		    "a legacy config has no modern text of its own; "
		    "smtpd-migrate converts it");
	print_conf_write(stdout, &comp->arena, ir,
	    arguments->dump.shows_secrets);
	return report_flush(PROGRAM);
}

static int
dump_print_sections(const struct compilation *comp, const char *path)
{
	if (comp->blob == NULL)
		return report_fail(PROGRAM, path,
		    "a config has no sections; smtpd-compile -o makes what "
		    "has");
	dump_sections_print(stdout, comp->blob);
	return report_flush(PROGRAM);
}

static int
dump_print(struct compilation *comp, const struct dump_arguments *arguments,
    const char *path)
{
	const struct ir *ir = lower_run(comp);
	const struct dump_value *root;
	bool ok;

	if (arguments->format == DUMP_FORMAT_SECTIONS)
		return dump_print_sections(comp, path);
	if (arguments->format == DUMP_FORMAT_CONF)
		return dump_print_conf(comp, arguments, ir, path);
	root = dump_model_build(comp, ir, &arguments->dump);
	ok = arguments->format == DUMP_FORMAT_YAML ?
	    dump_yaml_print(stdout, root) :
	    dump_json_print(stdout, root);
	return ok ? EXIT_YES :
		    report_fail(PROGRAM, "standard output", strerror(errno));
}

static int
dump_run(const struct options *options, const struct dump_arguments *arguments,
    const char *path)
{
	struct compilation comp;
	int error, status = EXIT_NO_ANSWER;

	compilation_init(&comp, options);
	error = compilation_run(&comp, path);
	if (error != COMPILATION_OK) {
		status = report_compilation(&comp, PROGRAM, error, path);
	} else {
		report_diags(&comp, PROGRAM);
		if (comp.diags.errors == 0)
			status = dump_print(&comp, arguments, path);
	}
	compilation_fini(&comp);
	return status;
}

static int
dump_usage(const char *why)
{
	fprintf(stderr, PROGRAM ": %s\n%s", why, usage);
	return EXIT_USAGE;
}

static int
dump_dispatch(const struct options *options,
    const struct dump_arguments *arguments, int argc, char **argv)
{
	if (options_answer(options, PROGRAM, usage))
		return report_flush(PROGRAM);
	if (arguments->dump.shows_positions &&
	    arguments->format != DUMP_FORMAT_YAML &&
	    arguments->format != DUMP_FORMAT_JSON)
		return dump_usage("--positions goes with yaml and json");
	if (argc != 1)
		return dump_usage("one CONFIG is needed");
	return dump_run(options, arguments, argv[0]);
}

int
main(int argc, char **argv)
{
	struct dump_arguments arguments = { .format = DUMP_FORMAT_YAML };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "", dump_extras, &arguments) ==
	    OPTIONS_OK)
		status = dump_dispatch(&options, &arguments, argc - optind,
		    argv + optind);
	options_fini(&options);
	return status;
}
