/*
 * Static tables: lists and mappings that a config holds or a file, and how
 * each service compares a key with their entries. Never opens a file or
 * resolves a name. Used by the explaining and proving programs and by the
 * daemon's look-up process; dynamic backends are not here.
 *
 * In the life of a table follow:
 *
 *	table_new --> table_add, table_load_file --> table_seal
 *	    --> table_prepare --> table_lookup, table_entry_at --> table_fini
 *
 * Memory is the arena's, which must outlive the table. Texts hold no NUL
 * byte; a regular expression would be cut there.
 */
#ifndef RUNTIME_TABLE_TABLE_H
#define RUNTIME_TABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/mailaddr.h"
#include "runtime/base/service.h"
#include "runtime/base/str.h"
#include "runtime/table/tablefile.h"

/* The longest value of a service that limits it, in bytes. */
#define TABLE_VALUE_MAX 2047

struct table;

/* What differs between targets. */
struct table_rules {
	enum mailaddr_rule mailaddr;
	char delimiter; /* of user+tag */
	bool brackets;  /* networks may be [v6], [v6/n]: from 6.6 on */
};

struct table_entry {
	struct str key;   /* lower case, ends in NUL */
	struct str value; /* as written; empty in a list */

	/* Private. */
	struct table_entry *next;
	uint32_t rank; /* in byte order of keys, from 0 */
};

struct table *table_new(struct arena *arena, bool is_mapping);

/*
 * Copies both texts. Keys that differ only in case are one, with the value
 * added last. False where the key is longer than TABLEFILE_KEY_MAX: nothing
 * is added, as in the daemon, which leaves such entries out.
 */
bool table_add(struct table *table, struct str key, struct str value);

/*
 * Adds the entries of a file; its text decides whether the table is a
 * mapping, and need not outlive the call. Entries with a long key are left
 * out. Any other error of a line ends it, *line_r from 1, and the table is
 * of no use: for TABLEFILE_NUL too, which the daemon takes.
 */
enum tablefile_error table_load_file(struct table *table, struct str text,
    const struct tablefile_options *options, uint32_t *line_r);

/* Puts the entries in order; nothing can be added any more. Once. */
void table_seal(struct table *table, const struct table_rules *rules);

/*
 * Parses networks or compiles regular expressions, once each; cheap for
 * other services. To be called before the first look-up of a service.
 * Patterns that would cost too much, see pattern.h, are not compiled.
 */
void table_prepare(struct table *table, enum service service);

/* Frees the regular expressions. */
void table_fini(struct table *table);

/*
 * Whether an entry in lower case, as a domain or as an address, can match
 * texts that cannot be told from the key. "*.domain" is not one: the star
 * ends at the key's first dot.
 */
bool table_is_wild(struct str key);

bool table_is_mapping(const struct table *table);
uint32_t table_count(const struct table *table);

/* In byte order of keys, which is that of fetches; i < table_count. */
const struct table_entry *table_entry_at(const struct table *table, uint32_t i);

/*
 * Whether an entry matches the key, which is put in lower case first, and
 * the first in byte order that does (else NULL). entry_r may be NULL.
 * ANSWER_FAILED for a key longer than TABLEFILE_KEY_MAX, and where no regular
 * expression matches but one that was not compiled might.
 *
 *	DOMAIN    see domain.h; entries are the patterns
 *	NETADDR   the same text, "local" for example, or an address in a
 *	          network; bits of the key are ignored, and what does not
 *	          parse matches itself only
 *	MAILADDR  see mailaddr.h; the null sender is "@"
 *	REGEX     POSIX extended, searched anywhere; "(?i)" in front is
 *	          taken off. Patterns are in lower case too, so [A-Z] is
 *	          [a-z] and \S is \s. A bad one never matches
 *	others    the same text
 *
 * Takes time proportional to the number of regular expressions, or of
 * entries with a '*' other than "*.domain"; to no other number of entries.
 */
enum answer table_lookup(const struct table *table, enum service service,
    struct str key, const struct table_entry **entry_r);

/*
 * Values, as slices of key and value, which are those of an entry. False
 * where they do not parse, which makes the look-up a failure; the result is
 * untouched then.
 */
struct table_credentials {
	struct str user;
	struct str secret; /* a password, or its hash */
};

struct table_userinfo {
	struct str user; /* at most 255 bytes */
	uint32_t uid;
	uint32_t gid;
	struct str directory; /* may be empty */
};

/* "user:secret" with neither empty, or "secret" of the user key. */
bool table_parse_credentials(struct str key, struct str value,
    struct table_credentials *creds_r);

/*
 * "uid:gid:directory" of the user key; numbers in decimal, blanks before
 * them are skipped. The number 4294967295 is refused, though the original
 * takes it: to the system calls that change users it means no change.
 */
bool table_parse_userinfo(struct str key, struct str value,
    struct table_userinfo *info_r);

#endif
