/*
 * Printers of diagnostics: text with source lines and carets, JSON lines,
 * SARIF 2.1.0 and GitHub workflow annotations. All take a finished list
 * and change nothing in it. Lines and columns count from 1, columns in
 * bytes, in SARIF in code points. No printer says how many there were.
 */
#ifndef GRAMMAR_RENDER_H
#define GRAMMAR_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "grammar/diag.h"

enum render_format {
	RENDER_TEXT,
	RENDER_JSON,
	RENDER_SARIF,
	RENDER_GITHUB,
};

/* Errors shown before "and N more errors". */
#define RENDER_ERRORS_MAX 20

struct render_options {
	enum render_format format;
	bool color;       /* text only */
	const char *tool; /* name of the program, for text and SARIF */
	const char *version;
};

/*
 * Text shows RENDER_ERRORS_MAX errors and 100 warnings and counts the rest;
 * the other forms show all. False where writing failed or memory ran out.
 */
bool render_diags(FILE *out, const struct diag_list *list,
    const struct render_options *options);

/* Whether text written to out should have colour (a terminal, NO_COLOR). */
bool render_wants_color(FILE *out);

#endif
