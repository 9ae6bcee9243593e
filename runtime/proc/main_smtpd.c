/*
 * smtpd: the daemon. The same program is started anew, with -x NAME, for
 * each process below the parent.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"
#include "runtime/base/version.h"
#include "runtime/proc/parent.h"

enum {
	MAIN_MACROS_MAX = 24,
	MAIN_SPOOL = 256,
	MAIN_VERSION,
};

static const char main_usage[] =
    "usage: smtpd [-dFhnv] [-b BLOB | -f CONFIG] [-B queue=fs] "
    "[-D NAME=VALUE]\n"
    "             [-P smtp|mta|mda] [-T TRACE] [--spool=DIR]\n"
    "\n"
    "  -b BLOB       run this compiled ruleset\n"
    "  -f CONFIG     compile and run this config\n"
    "  -d            stay in the foreground, log to standard error\n"
    "  -F            stay in the foreground, log to syslog\n"
    "  -n            check the config only\n"
    "  -v            log more\n"
    "  -B queue=fs   how the queue is stored\n"
    "  -D NAME=VALUE define a macro\n"
    "  -P SUBSYSTEM  start with it paused: smtp, mta or mda\n"
    "  -T TRACE      log what happens in detail; implies -v\n"
    "  --spool=DIR   keep the queue here, and the control socket too\n"
    "  -h, --help, --version\n"
    "\n"
    "An ordinary user needs -d and --spool=DIR.\n";

static const struct option main_long[] = {
	{ "spool", required_argument, NULL, MAIN_SPOOL },
	{ "version", no_argument, NULL, MAIN_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct main_options {
	struct parent_options parent;
	const char *macros[MAIN_MACROS_MAX];
	const char *process; /* -x */
	bool is_help;
	bool is_version;
};

static const struct child_ops *const main_processes[] = {
	&session_ops,
	&queue_ops,
	&lookup_ops,
	&keys_ops,
	&control_ops,
};

static bool
main_refuse(const char *what, const char *value)
{
	fprintf(stderr, "smtpd: %s: %s\n", what, value);
	return false;
}

static bool
main_take_paused(struct main_options *options, const char *value)
{
	if (strcmp(value, "smtp") == 0)
		options->parent.paused |= SUBSYSTEM_SMTP;
	else if (strcmp(value, "mta") == 0)
		options->parent.paused |= SUBSYSTEM_MTA;
	else if (strcmp(value, "mda") == 0)
		options->parent.paused |= SUBSYSTEM_MDA;
	else
		return main_refuse("-P: not smtp, mta or mda", value);
	return true;
}

static bool
main_take_trace(struct main_options *options, const char *value)
{
	static const char *const classes[] = { "imsg", "io", "smtp", "filters",
		"mta", "bounce", "scheduler", "lookup", "stat", "rules",
		"mproc", "expand", "table", "all" };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(value, classes[i]) == 0) {
			options->parent.is_verbose = true;
			return true;
		}
	return main_refuse("invalid trace keyword", value);
}

static bool
main_take_macro(struct main_options *options, const char *value)
{
	struct loader_options *ruleset = &options->parent.ruleset;

	if (ruleset->macro_count == MAIN_MACROS_MAX)
		return main_refuse("-D: too many macros", value);
	options->macros[ruleset->macro_count++] = value;
	return true;
}

static bool
main_take_letter(struct main_options *options, int letter)
{
	struct parent_options *parent = &options->parent;

	switch (letter) {
	case 'd':
		parent->is_foreground = parent->to_stderr = true;
		return true;
	case 'F':
		parent->is_foreground = true;
		return true;
	case 'n':
		parent->check_only = true;
		return true;
	case 'v':
		parent->is_verbose = true;
		return true;
	case 'h':
		options->is_help = true;
		return true;
	case MAIN_VERSION:
		options->is_version = true;
		return true;
	default:
		fputs(main_usage, stderr);
		return false;
	}
}

static bool
main_take(struct main_options *options, int letter, const char *value)
{
	struct parent_options *parent = &options->parent;

	switch (letter) {
	case 'b':
		parent->ruleset.blob = value;
		return true;
	case 'f':
		parent->ruleset.config = value;
		return true;
	case 'B':
		return strcmp(value, "queue=fs") == 0 ||
		    main_refuse("-B: only queue=fs is there", value);
	case 'D':
		return main_take_macro(options, value);
	case 'P':
		return main_take_paused(options, value);
	case 'T':
		return main_take_trace(options, value);
	case 'x':
		options->process = value;
		return true;
	case MAIN_SPOOL:
		parent->spool = value;
		return true;
	default:
		return main_take_letter(options, letter);
	}
}

static bool
main_read_options(struct main_options *options, int argc, char **argv)
{
	struct loader_options *ruleset = &options->parent.ruleset;
	int letter;

	while ((letter = getopt_long(argc, argv,
		    "b:B:dD:f:FhnP:T:vx:", main_long, NULL)) != -1)
		if (!main_take(options, letter, optarg))
			return false;
	if (optind < argc)
		return main_refuse("takes no operand", argv[optind]);
	if (ruleset->blob != NULL && ruleset->config != NULL)
		return main_refuse("-b and -f exclude each other",
		    ruleset->config);
	if (ruleset->blob != NULL && ruleset->macro_count > 0)
		return main_refuse("-D is for a config, -b has none",
		    options->macros[0]);
	if (ruleset->blob == NULL && ruleset->config == NULL)
		ruleset->config = paths_built.config;
	ruleset->macros = options->macros;
	return true;
}

static bool
main_may_run(const struct parent_options *options)
{
	if (geteuid() == 0 || options->check_only)
		return true;
	if (options->is_foreground && options->spool != NULL)
		return true;
	fprintf(stderr, "smtpd: need root privileges, or -d and --spool=DIR\n");
	return false;
}

static int
main_run_process(const struct main_options *options)
{
	for (size_t i = 0;
	     i < sizeof(main_processes) / sizeof(main_processes[0]); i++) {
		const struct child_ops *ops = main_processes[i];

		if (strcmp(options->process, child_name(ops->kind)) != 0)
			continue;
		log_open(child_name(ops->kind), options->parent.to_stderr);
		return child_main(ops);
	}
	main_refuse("-x: no such process", options->process);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct main_options options = { .process = NULL };

	if (!main_read_options(&options, argc, argv))
		return EXIT_FAILURE;
	if (options.is_help)
		fputs(main_usage, stdout);
	if (options.is_help || options.is_version) {
		printf("version: smtpd %s\n", VERSION);
		return EXIT_SUCCESS;
	}
	if (options.parent.is_verbose)
		log_set_level(LOG_LEVEL_VERBOSE);
	if (options.process != NULL)
		return main_run_process(&options);
	log_open("parent", true);
	if (!main_may_run(&options.parent))
		return EXIT_FAILURE;
	return parent_main(&options.parent);
}
