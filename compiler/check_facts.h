/*
 * Facts about statements and about the whole config that several checks go
 * by. Reports nothing.
 */
#ifndef COMPILER_CHECK_FACTS_H
#define COMPILER_CHECK_FACTS_H

#include "compiler/compilation.h"

struct macro;

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

/* Whether an action or a legacy rule relays. */
bool check_facts_relays(const struct stmt *stmt);

#endif
