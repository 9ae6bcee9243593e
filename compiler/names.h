/*
 * What a config declares, by name and kind. Filled by resolve, asked by
 * checks and lowering.
 */
#ifndef COMPILER_NAMES_H
#define COMPILER_NAMES_H

#include "grammar/diag.h"
#include "grammar/tree.h"
#include "runtime/base/strmap.h"

enum names_kind {
	NAMES_TABLE,
	NAMES_ACTION,
	NAMES_FILTER,
	NAMES_PROC,
	NAMES_PKI,
	NAMES_CA,
	NAMES_WRAPPER,
	NAMES_KINDS
};

struct names {
	struct strmap maps[NAMES_KINDS]; /* to struct names_entry */
	unsigned suggested; /* searches so far: bounded, each is linear */
};

/* A name may have several statements (pki), of which the first counts. */
struct names_entry {
	const struct stmt *stmt;
	bool is_used;
};

void names_init(struct names *names, struct arena *arena);

/* "table", "action", … */
const char *names_word(enum names_kind kind);

/* NULL where no such name has been declared (yet, while resolving). */
struct names_entry *names_find(const struct names *names, enum names_kind kind,
    struct str name);

/* A new entry, or the old one of that name with *is_new_r false. */
struct names_entry *names_add(struct names *names, enum names_kind kind,
    struct str name, bool *is_new_r);

/*
 * Adds "did you mean" with the place of the nearest declaration, and the
 * fix. Does nothing after the first NAMES_SUGGESTIONS_MAX calls.
 */
#define NAMES_SUGGESTIONS_MAX 50
void names_suggest(struct names *names, enum names_kind kind, struct word name,
    struct diag_list *diags, struct diag *diag);

#endif
