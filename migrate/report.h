/*
 * What smtpd-migrate says of a conversion: one set of facts, printed as
 * text, Markdown, JSON or HTML. Called by the main file only.
 */
#ifndef MIGRATE_REPORT_H
#define MIGRATE_REPORT_H

#include <stdio.h>

#include "compiler/dump_text.h"
#include "migrate/proof.h"
#include "migrate/report_secrets.h"

/* A line on the outcome, and one for each kind of notes, with counts. */
void report_print_summary(FILE *out, const struct proof *proof);

/* The summary, all notes with their places, and the differences. */
void report_print_text(FILE *out, struct proof *proof);

void report_print_markdown(FILE *out, struct proof *proof);
void report_print_json(FILE *out, struct proof *proof);
void report_print_html(FILE *out, struct proof *proof);

/* Each statement that changed: old lines, new lines, why. */
void report_print_explanation(FILE *out, const struct proof *proof);

/* What the printers share. */

/* "the same: every envelope is treated alike" */
const char *report_result_text(const struct proof *proof);

/* Classes of notes in the order in which they matter. */
extern const enum note_class report_order[NOTES_CLASSES];

/* Each line of a text behind a sign. */
void report_print_block(FILE *out, const struct proof *proof, const char *sign,
    struct str text);

/* "no config can avoid" */
const char *report_class_text(enum note_class class);

/* "FILE:LINE" of the original. */
const char *report_place(const struct proof *proof, struct srcpos pos);

/* Whether the comparison found a difference beside the notes. */
bool report_has_differences(const struct proof *proof);

#endif
