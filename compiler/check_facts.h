/*
 * Facts about statements and about the whole config that several checks go
 * by. Reports nothing.
 */
#ifndef COMPILER_CHECK_FACTS_H
#define COMPILER_CHECK_FACTS_H

#include "compiler/compilation.h"

struct macro;
struct tablefile;

/* Findings that are reported of the entries of one table file. */
enum { CHECK_FACTS_LINES_MAX = 10 };

/*
 * Whether statements or names were lost to errors, so that what seems to be
 * missing may be there all the same. Linear in the diagnostics so far.
 */
bool check_facts_is_partial(const struct compilation *comp);

/*
 * The first "$name" of a macro in a word in quotes, and where in the word it
 * stands; NULL if there is none, or the word comes out of a macro.
 */
const struct macro *check_facts_quoted_macro(const struct compilation *comp,
    struct word word, struct str *part_r);

/* The option with which a listener offers TLS or AUTH, or NULL. */
const struct clause *check_facts_tls(const struct stmt *listener);
const struct clause *check_facts_auth(const struct stmt *listener);

/*
 * The entries of a declared table, where they stand in a file that can be
 * read. *path_r is its path, as a slice of the declaration.
 */
bool check_facts_open_file(struct compilation *comp, const struct stmt *decl,
    struct tablefile *table_r, struct str *path_r);

/* A text of a file, as a word that stands where its path does. */
struct word check_facts_file_word(const struct compilation *comp,
    const struct stmt *decl, struct str path, struct str text);

/* Whether advice of a check was asked for. */
bool check_facts_wants(const struct compilation *comp, enum check_id id);

/* Whether an action or a legacy rule relays. */
bool check_facts_relays(const struct stmt *stmt);

#endif
