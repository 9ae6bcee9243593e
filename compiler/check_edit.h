/*
 * Edits that checks attach to diagnostics. An edit is offered only where
 * the words that it is about stand in a file as such: what a macro holds
 * cannot be mended at its reference. Changes no file; used by check_*.c.
 */
#ifndef COMPILER_CHECK_EDIT_H
#define COMPILER_CHECK_EDIT_H

#include "grammar/diag.h"
#include "grammar/tree.h"

/* Whether the text at pos begins with word. */
bool check_edit_is(const struct source_map *map, struct srcpos pos,
    const char *word);

/*
 * The same of a clause of which nothing comes from a macro that holds
 * parts of the next one too, so that it can be moved and copied.
 */
bool check_edit_clause_is(const struct source_map *map,
    const struct clause *clause, const char *word);

/* The keywords that a clause begins with; all of it where they do not. */
struct srcpos check_edit_head(const struct source_map *map,
    const struct clause *clause, const char *words);

/* Removes a span and the blanks before it. */
void check_edit_remove(struct diag_list *diags, struct diag *diag,
    struct srcpos pos);

/* Adds text at an offset. */
void check_edit_insert(struct diag_list *diags, struct diag *diag,
    uint32_t offset, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Moves a span behind an offset of the same line. */
void check_edit_move(struct diag_list *diags, struct diag *diag,
    struct srcpos pos, uint32_t behind);

#endif
