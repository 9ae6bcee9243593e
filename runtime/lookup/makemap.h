/*
 * makemap(8) and newaliases(8): text files to databases. Called by smtpctl
 * when it goes by one of their names, without any group or user of its own;
 * prints to standard output and error.
 */
#ifndef RUNTIME_LOOKUP_MAKEMAP_H
#define RUNTIME_LOOKUP_MAKEMAP_H

#include "runtime/lookup/database.h"

#define MAKEMAP_FILE_MAX (256u * 1024 * 1024) /* bytes of a source */

enum makemap_type {
	MAKEMAP_MAP,
	MAKEMAP_SET,
	MAKEMAP_ALIASES, /* values are lists of targets */
};

struct makemap {
	const char *source; /* "-": standard input */
	const char *out;
	enum makemap_type type;
	enum database_kind kind;
};

/*
 * Writes the database in place of what was there, at once and for good.
 * Entries written, or -1: it said why, and nothing was changed.
 */
long makemap_build(const struct makemap *makemap);

/*
 * newaliases: makes SOURCE.db and says how many aliases there are. Returns
 * the exit status; telling the daemon is the caller's, whatever that is.
 */
int makemap_newaliases(const char *source);

/*
 * The program. newaliases: what -bi asks for, with the file of -O AliasFile
 * or NULL; it returns the exit status.
 */
int makemap_main(int argc, char *argv[],
    int (*newaliases)(const char *alias_file));

#endif
