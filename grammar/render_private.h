/*
 * What the printers of diagnostics share: located spans, the notes of a
 * diagnostic, and the division of foreign bytes into units that are safe
 * to show. Nothing here is called from outside grammar/render*.c.
 */
#ifndef GRAMMAR_RENDER_PRIVATE_H
#define GRAMMAR_RENDER_PRIVATE_H

#include "grammar/render.h"

struct render_span {
	struct source_location begin;
	struct source_location end; /* after the last byte; same file */
};

/* False for "no position". Cut at the end of the file it begins in. */
bool render_locate(const struct source_map *map, struct srcpos pos,
    struct render_span *span_r);

/*
 * All notes of a diagnostic: its own, after one about the macro at its
 * position, if there is one, which is kept in *storage.
 */
const struct diag_note *render_notes(const struct diag_list *list,
    const struct diag *diag, struct diag_note *storage);

/* One character or invalid byte as shown: every column is one character. */
struct render_unit {
	char text[16];
	unsigned len; /* bytes of text */
	unsigned columns;
	unsigned bytes; /* of the source */
};

/*
 * Takes the first unit of s, which has at least one byte. Control
 * characters, those that reorder text, and bytes that are not UTF-8 become
 * \xNN.
 */
void render_unit_next(const char *s, size_t left, struct render_unit *unit_r);

/* The printers. Errors of out itself are left for the caller to find. */
void render_text(FILE *out, const struct diag_list *list,
    const struct render_options *options);
void render_github(FILE *out, const struct diag_list *list);
bool render_json(FILE *out, const struct diag_list *list);
bool render_sarif(FILE *out, const struct diag_list *list,
    const struct render_options *options);

#endif
