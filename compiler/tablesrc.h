/*
 * The source of a declared table, "BACKEND:CONFIG" or a path, taken apart
 * as the daemon does. Asks no file and knows no installed program: any
 * word may be the backend of a table-X program.
 */
#ifndef COMPILER_TABLESRC_H
#define COMPILER_TABLESRC_H

#include "grammar/tree.h"

enum tablesrc_kind {
	TABLESRC_INLINE, /* { … } */
	TABLESRC_FILE,   /* a text file */
	TABLESRC_DB,     /* made by makemap */
	TABLESRC_GETPWNAM,
	TABLESRC_PROGRAM, /* proc, or table-X for any other X */
};

struct tablesrc {
	enum tablesrc_kind kind;
	struct str backend; /* as written; empty for a bare path */
	struct str config;  /* behind ':', or the bare path */
	bool has_config;
};

/*
 * stmt is a table, not one that needs no declaration. One that was lost to
 * a syntax error comes out as a program without a name.
 */
void tablesrc_parse(const struct stmt *stmt, struct tablesrc *src_r);

/* The i-th backend that is usual, to suggest one; NULL behind the last. */
const char *tablesrc_backend_name(unsigned i);

#endif
