/*
 * What the files of classes share: sets and their entries on one side,
 * signatures and classes on the other. A kind's file finds which signatures
 * occur, with a value for each; classes.c does the rest. Nobody else
 * includes this but what writes classes down, blob_write_classes.c.
 */
#ifndef COMPILER_CLASSES_PRIVATE_H
#define COMPILER_CLASSES_PRIVATE_H

#include "compiler/classes.h"
#include "runtime/base/strmap.h"

#define CLASSES_NONE UINT32_MAX

/*
 * How good a representative is, the lower the better. Domains: host name,
 * address in brackets; networks: see classes_network.c.
 */
enum {
	CLASSES_RANK_BEST = 0,
	CLASSES_RANK_ADDRESS = 1,
	CLASSES_RANK_INFEASIBLE = 255,
};

/* Of texts: the class of all that stands in no set, the first to be added. */
enum { CLASSES_STRING_OTHER = CLASSES_EMPTY + 1 };

/* Sets that a signature may have, on average. */
enum { CLASSES_WIDTH = 16 };

/* Pointers, in the order in which they came. */
struct classes_vector {
	void **items;
	uint32_t count;
	uint32_t room;
};

struct classes_signature {
	struct classes_list sets;
	uint32_t class; /* of its values but the empty one; or NONE */
	bool is_sought; /* for classes_search.c */
};

/* A pattern, a text or a network; in how many sets ever, it is one entry. */
struct classes_entry {
	struct str text; /* canonical; of a network the bytes of its struct */
	uint32_t number;

	/* By classes_build. */
	struct classes_list sets;            /* not those left out */
	struct classes_signature *signature; /* of sets alone, once needed */
	uint32_t class;                      /* if it is a value itself */
};

struct classes_set {
	uint32_t number;
	bool is_left_out;
	struct classes_list entries;
	struct classes_list members; /* by classes_build */
};

struct classes_class {
	const struct classes_signature *signature;
	struct str representative;
	unsigned rank;
};

/* Up to the next one, or to the family's last address. */
struct classes_interval {
	struct netaddr first; /* its prefix means nothing */
	struct classes_signature *signature;
};

struct classes_intervals {
	struct classes_interval *items; /* ascending */
	uint32_t count;
};

struct classes {
	struct arena *arena;
	enum classes_kind kind;

	struct classes_vector entries;
	struct strmap entry_by_text;
	struct classes_vector sets;
	struct strmap set_by_entries;
	uint32_t *scratch; /* of classes_scratch */
	size_t scratch_room;

	/* By classes_build. */
	uint32_t budget;
	uint64_t size;      /* entries of all sets together */
	uint64_t room_left; /* for members of signatures */
	struct classes_vector signatures;
	struct strmap signature_by_sets;
	struct classes_vector classes;
	struct classes_list blamed;
	struct classes_automaton *automaton; /* DOMAIN */
	struct classes_intervals *intervals; /* NETWORK */
};

/* Each kind: 0, or -1 where something was blamed. */
int classes_build_strings(struct classes *classes);
int classes_build_domains(struct classes *classes);
int classes_build_networks(struct classes *classes);

/* The class of a key that is not empty. */
uint32_t classes_find_string(const struct classes *classes, struct str key);
uint32_t classes_find_domain(const struct classes *classes, struct str key);
uint32_t classes_find_network(const struct classes *classes, struct str key);

/* Lists of numbers. */

/* Their bytes, as a key of a map. */
struct str classes_list_key(struct classes_list list);
bool classes_list_has(struct classes_list list, uint32_t id);

/* Sorts, leaves out duplicates, and returns how many stay. */
uint32_t classes_sort(uint32_t *ids, uint32_t count);

/* Room for count numbers, until the next call. */
uint32_t *classes_scratch(struct classes *classes, size_t count);

/* Twice the room, by realloc(3): to be freed. */
void *classes_grow(const struct classes *classes, void *old, uint32_t *room,
    size_t size);

/* Entries. */

/*
 * The text as it is compared; in lower case it stands in buf, which has
 * room for TABLEFILE_KEY_MAX bytes. False where it is longer than that.
 */
bool classes_fold(enum classes_kind kind, struct str text, char *buf,
    struct str *folded_r);

struct classes_entry *classes_entry_at(const struct classes *classes,
    uint32_t number);

/* Of that very text, in a set that is not left out; else NULL. */
struct classes_entry *classes_find_entry(const struct classes *classes,
    struct str text);

/* Signatures and classes. */

/* These return NULL where no room is left; something was blamed then. */
struct classes_signature *classes_sign(struct classes *classes,
    struct classes_list sets);
struct classes_signature *classes_sign_entry(struct classes *classes,
    struct classes_entry *entry);
struct classes_signature *classes_sign_union(struct classes *classes,
    struct classes_list a, struct classes_list b);

/*
 * A value with that signature is known: its class, whose representative it
 * becomes if its rank is lower than that of the one before.
 */
uint32_t classes_admit(struct classes *classes,
    struct classes_signature *signature, struct str value, unsigned rank);

/* Whether a value of that rank would become the representative. */
bool classes_is_wanted(const struct classes *classes,
    const struct classes_signature *signature, unsigned rank);

/*
 * Scores, one for each set, say what it costs. Of those that cost far more
 * than most, blames the worse half, and all but so many to be spared.
 */
void classes_blame_worst(struct classes *classes, const uint32_t *scores,
    uint32_t spared);

#endif
