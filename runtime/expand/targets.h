/*
 * The list grammar of alias values, virtual values, .forward and include
 * files: where mail for a name goes on to. Cuts a list into targets and a
 * file into lists. Never opens a file, looks anything up or allocates.
 * Called by expand.c, and by checks of table files.
 *
 *     list    = [ target ] { "," [ target ] }
 *     target  = [ ":" ] "error:" ( "4" | "5" ) DIGIT DIGIT " " ALNUM text
 *             | [ ":" ] "include:" path
 *             | "|" command | '"|' command '"'
 *             | path
 *             | local "@" domain
 *             | "maildir:" path                      TARGETS_MAILDIR only
 *             | user
 *
 * A comma inside of '...' or "..." separates nothing; a backslash takes the
 * next byte literally and is dropped; quotes stay in the target. Targets
 * are trimmed, empty ones skipped, and the first form that fits counts.
 */
#ifndef RUNTIME_EXPAND_TARGETS_H
#define RUNTIME_EXPAND_TARGETS_H

#include "runtime/base/str.h"

#define TARGETS_LIST_MAX 2047 /* bytes of one list */
#define TARGETS_TEXT_MAX 1023 /* bytes of a command, path or error */
#define TARGETS_NAME_MAX 255  /* bytes of a user, local part or domain */

enum {
	/* Up to 6.0.x: "maildir:", in any case, with any text behind it. */
	TARGETS_MAILDIR = 1,

	/*
	 * Every OpenSMTPD: an address whose domain has forbidden bytes, such
	 * as "user@[192.0.2.1]", is taken for the local user before the "@".
	 * Without the flag it is an error.
	 */
	TARGETS_BAD_DOMAIN_IS_USER = 2,
};

/* In the order in which the targets of a table's value are worked on. */
enum target_kind {
	TARGET_USER,    /* text: the name */
	TARGET_FILE,    /* the path, which begins with "/" */
	TARGET_COMMAND, /* what stands behind "|" */
	TARGET_INCLUDE, /* the path */
	TARGET_ADDRESS, /* local@domain */
	TARGET_ERROR,   /* "550 text", the reply */
	TARGET_MAILDIR, /* what stands behind "maildir:" */
	TARGET_KINDS
};

struct targets_entry {
	enum target_kind kind;
	struct str text;
};

enum targets_status {
	TARGETS_END,
	TARGETS_ONE,
	TARGETS_BAD, /* nothing can be read behind it */
};

/* Members are private. */
struct targets {
	struct str rest;
	unsigned flags;
	char token[TARGETS_LIST_MAX];
};

/* The list must outlive the reader. */
void targets_init(struct targets *targets, struct str list, unsigned flags);

/* The text of *target_r lies in the reader: valid until the next call. */
enum targets_status targets_next(struct targets *targets,
    struct targets_entry *target_r);

/*
 * Order of the targets of a table's value: by kind, then by bytes, the
 * local part of an address first. Negative, 0 or positive.
 */
int target_compare(const struct targets_entry *a,
    const struct targets_entry *b);

/* Lists of a file. Members are private. */
struct targets_file {
	struct str rest;
	char line[TARGETS_LIST_MAX];
};

void targets_file_init(struct targets_file *file, struct str text);

/*
 * One line of a .forward or include file, without comment: "#" begins one
 * anywhere, quotes or not, unless a backslash stands before it. A backslash
 * at the end of a line joins it with the next. The list lies in the reader:
 * valid until the next call. TARGETS_BAD: the line is too long; it was
 * skipped and one can read on.
 */
enum targets_status targets_file_next(struct targets_file *file,
    struct str *list_r);

#endif
