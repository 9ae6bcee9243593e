/*
 * The values of one attribute of an envelope (a recipient's domain, a
 * client's address, a tag), sorted into classes: two values are in one class
 * if they are in the same sets. Owns the sets of a ruleset for the attribute
 * and their numbers; never knows which rules use them, and looks nothing up.
 * Called by what builds and compares decision diagrams.
 *
 *	classes_new --> classes_add_set ... --> classes_build --> the rest
 *
 * All memory is the arena's, which must outlive it. Texts hold no NUL byte.
 */
#ifndef COMPILER_CLASSES_H
#define COMPILER_CLASSES_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/netaddr.h"
#include "runtime/base/str.h"

/* How a value is compared with the entries of a set. */
enum classes_kind {
	CLASSES_EXACT,   /* byte by byte */
	CLASSES_STRING,  /* ASCII case does not matter */
	CLASSES_DOMAIN,  /* entries are patterns, see domain.h */
	CLASSES_NETWORK, /* entries are networks, see netaddr.h */
};

enum {
	/*
	 * The empty string (null sender, no HELO) is always a class of its
	 * own, whatever its sets. So is, of networks, all that is no address.
	 */
	CLASSES_EMPTY = 0,
};

/* Ascending, without duplicates. */
struct classes_list {
	const uint32_t *ids;
	uint32_t count;
};

struct classes;

struct classes *classes_new(struct arena *arena, enum classes_kind kind);

/*
 * The set's number, from 0. Sets of the same entries, in any order and
 * spelling, have the same number. Copies the entries. Those that match
 * nothing count for nothing: networks that do not parse (brackets are
 * accepted), and texts longer than TABLEFILE_KEY_MAX unless compared
 * exactly.
 */
uint32_t classes_add_set(struct classes *classes, const struct str *entries,
    uint32_t count);

/*
 * The same from parsed networks, for CLASSES_NETWORK only: for targets that
 * do not take all that classes_add_set takes.
 */
uint32_t classes_add_networks(struct classes *classes,
    const struct netaddr *nets, uint32_t count);

uint32_t classes_set_count(const struct classes *classes);

/*
 * Finds the classes, in time and space that grow with the sets' size times
 * its logarithm, and at most by budget beyond that: by so many states of
 * the automaton of all patterns at once, each in four of them on average,
 * and by a small multiple of it in members of signatures. 0, or -1 where
 * that does not suffice: classes_blame says what to leave out before the
 * next try. After 0 it cannot be called again, and nothing can be added.
 */
int classes_build(struct classes *classes, uint32_t budget);

/*
 * After -1: half or more of the sets to which the number of states or of
 * members owes most. Never empty, and never one that is left out, so that
 * to leave these out and try again comes to an end, soon.
 */
struct classes_list classes_blame(const struct classes *classes);

/* The set keeps its number, but no class is in it and none differs by it. */
void classes_leave_out(struct classes *classes, uint32_t set);
bool classes_is_left_out(const struct classes *classes, uint32_t set);

/* All that follows is for after classes_build. Classes count from 0. */
uint32_t classes_count(const struct classes *classes);

/* The class of any value, in time proportional to its length. */
uint32_t classes_find(const struct classes *classes, struct str key);

/*
 * A value of the class, ending in NUL, short and if possible ordinary: of
 * domains a host name in lower case, of networks an address, of those for
 * documentation if there is one, else not a network's first or last.
 */
struct str classes_representative(const struct classes *classes,
    uint32_t class);

/*
 * False only for a class of domains of which no member can be the domain
 * of a mail address or a HELO: a host name, or an address in brackets. The
 * latter is only judged by its bytes: a class of such members alone may
 * count as feasible with a representative like "[0]".
 */
bool classes_is_feasible(const struct classes *classes, uint32_t class);

/* The sets that a class is in. */
struct classes_list classes_signature(const struct classes *classes,
    uint32_t class);

/* The classes that are in a set. */
struct classes_list classes_members(const struct classes *classes,
    uint32_t set);

#endif
