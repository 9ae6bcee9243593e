/*
 * Options that all programs of the compiler share: DESIGN of the command
 * line is in the manuals. Programs add their own long options.
 */
#ifndef COMPILER_OPTIONS_H
#define COMPILER_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "grammar/diag.h"
#include "grammar/parse.h"
#include "runtime/base/version.h"

#define OPTIONS_VERSION VERSION

/* Exit status of all programs. */
enum {
	EXIT_YES = 0,
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_NO_ANSWER = 3,
};

struct options {
	struct parse_options parse; /* read is left to the caller */
	struct diag_policy policy;
	const char *root; /* NULL: the machine itself */
	const char *hostname;
	const char *const *local_addresses;
	size_t local_address_count;
	const char *users; /* file in passwd format */
	bool is_quiet;
	bool wants_help;
	bool wants_version;

	const char **strings; /* storage of the two lists above */
};

enum options_result {
	OPTIONS_OK,
	OPTIONS_USAGE, /* reported on standard error */
};

/*
 * An option that only one program has: value is returned to its handler,
 * which says whether the argument is good.
 */
struct options_extra {
	struct option
	    option; /* as of getopt_long; val from 1 to 99, or a letter */
	bool (*handle)(void *arg, int val, const char *value);
};

/*
 * Reads options up to the first operand; optind is left there. extras ends
 * with a NULL name. shorts holds the program's own short options, which
 * must also be among extras.
 */
enum options_result options_read(struct options *options, int argc, char **argv,
    const char *shorts, const struct options_extra *extras, void *arg);
void options_fini(struct options *options);

/*
 * The index of value among names, a list that ends with NULL. If it is none
 * of them, that is reported on standard error and -1 returned.
 */
int options_choose(const char *option, const char *value,
    const char *const *names);

/* Does what --help and --version ask for. */
bool options_answer(const struct options *options, const char *program,
    const char *usage);

#endif
