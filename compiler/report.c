/*
 * Messages of the programs.
 */
#include "compiler/report.h"

#include <errno.h>
#include <stdio.h>

#include "compiler/host.h"
#include "grammar/render.h"

int
report_fail(const char *program, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, why);
	return EXIT_NO_ANSWER;
}

int
report_compilation(const struct compilation *comp, const char *program,
    int error, const char *path)
{
	switch (error) {
	case COMPILATION_EROOT:
		return report_fail(program, comp->options->root,
		    strerror(errno));
	case COMPILATION_EREAD:
		return report_fail(program, path, rootdir_error_text(-errno));
	case COMPILATION_ESIZE:
		return report_fail(program, path, "more than 1 GiB of text");
	case COMPILATION_EBLOB:
		return report_fail(program, path, comp->why);
	default:
		fprintf(stderr,
		    "%s: %s: the file is %s, and target %s is "
		    "not\n",
		    program, path, dialect_name(comp->tree->target.dialect),
		    target_name(comp->tree->target.version));
		return EXIT_USAGE;
	}
}

int
report_host(const char *program, int error, const char *what)
{
	return report_fail(program, what,
	    error == HOST_EADDRESS ? "not an address" : strerror(errno));
}

void
report_diags(const struct compilation *comp, const char *program)
{
	struct render_options render = {
		.format = RENDER_TEXT,
		.color = render_wants_color(stderr),
		.tool = program,
		.version = OPTIONS_VERSION,
	};

	if (!comp->options->is_quiet)
		render_diags(stderr, &comp->diags, &render);
}

int
report_flush(const char *program)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_YES;
	return report_fail(program, "standard output", strerror(errno));
}
