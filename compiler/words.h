/*
 * What the checks of values need of words: the place of a part of one, and
 * fixes that replace it. A word that came out of a macro, or was written
 * with escapes, has only its place as a whole and is never edited.
 */
#ifndef COMPILER_WORDS_H
#define COMPILER_WORDS_H

#include "compiler/names.h"
#include "grammar/diag.h"
#include "grammar/word.h"

/* The place of part, a slice of the word's text; of all if it has none. */
struct srcpos words_part(const struct source_map *map, struct word word,
    struct str part);

/*
 * The fix that puts text in the place of part, a slice of the word's text.
 * Quotes stay, and come when the whole of a bare word is replaced by a text
 * that needs them. text holds no quote. Does nothing where part has no
 * place of its own.
 */
void words_replace(struct diag_list *list, struct diag *diag, struct word word,
    struct str part, const char *text);

/*
 * Where a table of that name is declared, which was meant as <name>: adds
 * the note and the fix that say so.
 */
void words_suggest_table(const struct names *names, struct diag_list *list,
    struct diag *diag, struct word word);

/*
 * Whether a word is "<name>" in quotes, of a table that exists: the daemon
 * takes it for a text.
 */
bool words_is_quoted_table(const struct names *names, struct word word,
    struct str *name_r);

/* In lower case; a copy only where it differs. */
struct str words_lower(struct arena *arena, struct str text);

#endif
