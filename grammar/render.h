/*
 * Printers of diagnostics: text with source lines and carets, JSON lines,
 * SARIF 2.1.0 and GitHub workflow annotations. All take a finished list
 * and change nothing in it. Lines and columns count from 1, columns in
 * bytes, in SARIF in code points. No printer says how many there were.
 */
#ifndef GRAMMAR_RENDER_H
#define GRAMMAR_RENDER_H

#include <jansson.h>
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

/* Foreign bytes in what other printers write. */

/* 1 to 4, the bytes of the character at s; 0 where it is not UTF-8. */
unsigned render_utf8_size(const char *s, size_t left);

/* What could steer a terminal, or is not UTF-8, becomes \xNN. */
void render_escaped(FILE *out, struct str s);

/* A string in which bytes that are not UTF-8 are U+FFFD. NULL: no memory. */
json_t *render_json_string(struct arena *arena, struct str s);

/* Takes value over. False where it is NULL or memory ran out. */
bool render_json_write(FILE *out, json_t *value);

#endif
