/*
 * What every program says of a compilation: its diagnostics as text on
 * standard error, and why there was none. Called by the main files only.
 */
#ifndef COMPILER_REPORT_H
#define COMPILER_REPORT_H

#include "compiler/compilation.h"

/* "PROGRAM: WHAT: WHY" on standard error. Returns EXIT_NO_ANSWER. */
int report_fail(const char *program, const char *what, const char *why);

/* Why compilation_run failed; path is the config. The exit status. */
int report_compilation(const struct compilation *comp, const char *program,
    int error, const char *path);

/* Why host_init failed, and over what. Returns EXIT_NO_ANSWER. */
int report_host(const char *program, int error, const char *what);

/* Diagnostics as text, unless -q. */
void report_diags(const struct compilation *comp, const char *program);

/*
 * EXIT_YES, or EXIT_NO_ANSWER where what was written to standard output
 * did not get there.
 */
int report_flush(const char *program);

#endif
