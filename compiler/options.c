/*
 * Shared options. Errors of usage go to standard error at once: nothing
 * has been read yet that a diagnostic could point into.
 */
#include "compiler/options.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	OPTIONS_EXTRAS_MAX = 16,
	OPTION_TARGET = 100,
	OPTION_DIALECT,
	OPTION_ROOT,
	OPTION_HOSTNAME,
	OPTION_LOCAL_ADDRESS,
	OPTION_USERS,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option options_common[] = {
	{ "target", required_argument, NULL, OPTION_TARGET },
	{ "dialect", required_argument, NULL, OPTION_DIALECT },
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "hostname", required_argument, NULL, OPTION_HOSTNAME },
	{ "local-address", required_argument, NULL, OPTION_LOCAL_ADDRESS },
	{ "users", required_argument, NULL, OPTION_USERS },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
};

enum { OPTIONS_COMMON = sizeof(options_common) / sizeof(options_common[0]) };

static bool
options_read_target(struct options *options, const char *value)
{
	const char *nearest;

	options->parse.has_target = target_parse(str_from(value),
	    &options->parse.target, &nearest);
	if (!options->parse.has_target)
		fprintf(stderr,
		    "--target: there is no release %s; the "
		    "nearest is %s\n",
		    value, nearest);
	return options->parse.has_target;
}

static bool
options_read_dialect(struct options *options, const char *value)
{
	options->parse.has_dialect = true;
	if (strcmp(value, "legacy") == 0) {
		options->parse.dialect = DIALECT_LEGACY;
		return true;
	}
	options->parse.dialect = DIALECT_MODERN;
	if (strcmp(value, "modern") == 0)
		return true;
	fprintf(stderr, "--dialect: '%s' is neither legacy nor modern\n",
	    value);
	return false;
}

static bool
options_read_define(struct options *options, const char *value)
{
	if (!parse_define_is_valid(value)) {
		fprintf(stderr, "-D: '%s' is not of the form name=value\n",
		    value);
		return false;
	}
	/* Both lists grow towards each other in one array of argc. */
	options->strings[options->parse.define_count++] = value;
	return true;
}

static bool
options_raise_all(struct diag_policy *policy)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		policy->as_error[i] = true;
	return true;
}

static bool
options_unknown_check(const char *name)
{
	const char *nearest = check_suggest(str_from(name));

	fprintf(stderr, "-W: there is no check named '%s'", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean '%s'?", nearest);
	fputs("\n", stderr);
	return false;
}

/* ID, no-ID, error=ID, error=all, advice, no-advice. */
static bool
options_read_warning(struct options *options, const char *value)
{
	struct diag_policy *policy = &options->policy;
	bool is_error = strncmp(value, "error=", 6) == 0;
	/* Some names begin like that themselves. */
	bool is_off = strncmp(value, "no-", 3) == 0 &&
	    check_by_name(str_from(value)) == CHECK_COUNT;
	const char *name = value + (is_error ? 6 : is_off ? 3 : 0);
	enum check_id id = check_by_name(str_from(name));

	if (is_error && strcmp(name, "all") == 0)
		return options_raise_all(policy);
	if (!is_error && strcmp(name, "advice") == 0) {
		policy->advice = !is_off;
		return true;
	}
	if (id == CHECK_COUNT)
		return options_unknown_check(name);
	if (is_off && (check_table[id].flags & CHECK_FIXED)) {
		fprintf(stderr, "-W: '%s' cannot be switched off\n", name);
		return false;
	}
	policy->disabled[id] = is_off;
	policy->enabled[id] = !is_off;
	if (is_error)
		policy->as_error[id] = true;
	return true;
}

static bool
options_handle(struct options *options, int val, const char *value, int argc)
{
	switch (val) {
	case OPTION_TARGET:
		return options_read_target(options, value);
	case OPTION_DIALECT:
		return options_read_dialect(options, value);
	case OPTION_ROOT:
		options->root = value;
		return true;
	case OPTION_HOSTNAME:
		options->hostname = value;
		return true;
	case OPTION_LOCAL_ADDRESS:
		options->local_address_count++;
		options->strings[argc - (int)options->local_address_count] =
		    value;
		return true;
	case OPTION_USERS:
		options->users = value;
		return true;
	case OPTION_VERSION:
		return options->wants_version = true;
	case OPTION_HELP:
		return options->wants_help = true;
	case 'D':
		return options_read_define(options, value);
	case 'W':
		return options_read_warning(options, value);
	case 'q':
		return options->is_quiet = true;
	default:
		return false;
	}
}

static const struct options_extra *
options_find_extra(const struct options_extra *extras, int val)
{
	while (extras->option.name != NULL && extras->option.val != val)
		extras++;
	return extras->option.name != NULL ? extras : NULL;
}

enum options_result
options_read(struct options *options, int argc, char **argv, const char *shorts,
    const struct options_extra *extras, void *arg)
{
	struct option longs[OPTIONS_COMMON + OPTIONS_EXTRAS_MAX + 1];
	char letters[64];
	size_t count = OPTIONS_COMMON;
	int val;

	memset(options, 0, sizeof(*options));
	options->strings = calloc((size_t)argc + 1, sizeof(char *));
	if (options->strings == NULL)
		return OPTIONS_USAGE;
	memset(longs, 0, sizeof(longs));
	memcpy(longs, options_common, sizeof(options_common));
	for (size_t i = 0;
	     extras[i].option.name != NULL && i < OPTIONS_EXTRAS_MAX; i++)
		longs[count++] = extras[i].option;
	/* "+": options come before operands. */
	snprintf(letters, sizeof(letters), "+D:W:q%s", shorts);

	while ((val = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct options_extra *extra = options_find_extra(extras,
		    val);

		if (extra != NULL ? !extra->handle(arg, val, optarg) :
				    !options_handle(options, val, optarg, argc))
			return OPTIONS_USAGE;
	}
	options->parse.defines = options->strings;
	options->local_addresses = options->strings + argc -
	    options->local_address_count;
	return OPTIONS_OK;
}

void
options_fini(struct options *options)
{
	free(options->strings);
	options->strings = NULL;
}

int
options_choose(const char *option, const char *value, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(value, names[i]) == 0)
			return i;
	fprintf(stderr, "%s: '%s' is none of %s", option, value, names[0]);
	for (int i = 1; names[i] != NULL; i++)
		fprintf(stderr, ", %s", names[i]);
	fputc('\n', stderr);
	return -1;
}

bool
options_answer(const struct options *options, const char *program,
    const char *usage)
{
	if (options->wants_version)
		printf("%s %s\n", program, OPTIONS_VERSION);
	else if (options->wants_help)
		fputs(usage, stdout);
	return options->wants_version || options->wants_help;
}
