/*
 * The lines of a table file: a list of entries or a mapping of keys to
 * values. A pure reader over a buffer, shared by the checks and the daemon:
 * it opens no file, allocates nothing, and copies nothing. It judges the
 * form of lines only; what a value means, and duplicates, are the callers'.
 *
 * Lines are trimmed on both sides. Empty lines and those that begin with
 * '#' are skipped; there are no quotes, continuation lines or comments
 * behind an entry. The first entry decides what the file is, or a comment
 * "# @list" before it; a file without entries is a mapping.
 */
#ifndef RUNTIME_TABLE_TABLEFILE_H
#define RUNTIME_TABLE_TABLEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/str.h"

/* The longest key of a table, in bytes. */
#define TABLEFILE_KEY_MAX 1023

enum tablefile_kind {
	TABLEFILE_LIST,
	TABLEFILE_MAPPING,
};

enum tablefile_error {
	TABLEFILE_OK,
	TABLEFILE_NO_VALUE,   /* a mapping's line with a key alone */
	TABLEFILE_NO_BRACKET, /* key_brackets: '[' without ']' */
	TABLEFILE_LONG_KEY,   /* over TABLEFILE_KEY_MAX */
	TABLEFILE_NUL,        /* the daemon would cut the line there */
};

/*
 * A key ends before the first blank, tab or ':'. How the value begins
 * differs between versions:
 *
 *	line        up to 7.4    from 7.5 (key_brackets)
 *	k v         v            v
 *	k: v        v            v
 *	k : v       v            : v
 *	k :v        :v           :v          which no service takes
 *	[::1] v     :1] v        v           the keys are "[" and "[::1]"
 *
 * Up to 7.4 the separator, white space, and each ':' before white space are
 * dropped; from 7.5 the separator, then blanks and tabs. From 7.5 a key that
 * begins with '[' runs through the first ']', in lists as well.
 */
struct tablefile_options {
	bool key_brackets;
};

struct tablefile_entry {
	uint32_t line; /* from 1 */
	enum tablefile_error error;

	/*
	 * Slices of the text, not in lower case: who looks up or stores a
	 * key does that. The key of a list is the whole entry; in a mapping
	 * it may be empty. With an error they are what could be told apart.
	 */
	struct str key;
	struct str value; /* empty in a list, never in a mapping */
};

/* Members are private; copying one copies the position. */
struct tablefile {
	struct str rest; /* begins with the line to be read */
	uint32_t line;   /* number of the line read last */
	bool key_brackets;
	enum tablefile_kind kind;
};

/* The text must outlive the reader and its entries. */
void tablefile_init(struct tablefile *file, struct str text,
    const struct tablefile_options *options);

/* Known before the first entry is read. */
enum tablefile_kind tablefile_kind(const struct tablefile *file);

/*
 * The next entry, sound or not; false at the end. The daemon refuses a file
 * with TABLEFILE_NO_VALUE or TABLEFILE_NO_BRACKET, and leaves out an entry
 * with TABLEFILE_LONG_KEY.
 */
bool tablefile_next(struct tablefile *file, struct tablefile_entry *entry_r);

/* What is wrong with a line, for a message; NULL for TABLEFILE_OK. */
const char *tablefile_error_text(enum tablefile_error error);

#endif
