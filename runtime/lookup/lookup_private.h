/*
 * What the files of the lookup process share.
 *
 *	lookup.c         the process: requests and their answers
 *	lookup_table.c   tables of the rulesets in use, and asking them
 *	lookup_program.c table programs of a ruleset
 */
#ifndef RUNTIME_LOOKUP_LOOKUP_PRIVATE_H
#define RUNTIME_LOOKUP_LOOKUP_PRIVATE_H

#include "runtime/lookup/dyntable.h"
#include "runtime/lookup/password.h"
#include "runtime/lookup/rdns.h"
#include "runtime/lookup/tableproc.h"
#include "runtime/proc/child.h"

enum {
	LOOKUP_GENERATIONS = 8,      /* older rulesets are forgotten */
	LOOKUP_START_MS = 10 * 1000, /* that a table program has */
	LOOKUP_ANSWER_MS = 30 * 1000,
	LOOKUP_RETIRE_SECONDS = 60, /* that one lives after its ruleset */
	LOOKUP_ERROR_MAX = TABLEPROC_ERROR_MAX + 256,
};

/* A ruleset, with the tables that it does not hold. */
struct lookup_generation {
	struct ruleset_use *use;
	uint32_t order;              /* of coming into use; 0: not yet */
	struct dyntable **tables;    /* by number; NULL: not this kind, ... */
	struct tableproc **programs; /* ... not here, or not needed yet */
	struct tableproc **coming;   /* in their place, when all are ready */
	unsigned unsettled;          /* of these */
};

struct lookup {
	struct child *child;
	struct lookup_generation generations[LOOKUP_GENERATIONS];
	struct rdns *rdns;
	uint32_t orders, program_ids; /* that were given out */
	bool is_ending;               /* nobody is there to be answered */
	char error[LOOKUP_ERROR_MAX]; /* that READY tells */
};

/* A request that waits for what a table says. */
struct lookup_query;

/* value is valid until it returns; empty but for ANSWER_YES. */
typedef void lookup_done_fn(const struct lookup_query *query,
    enum answer answer, struct str value);

struct lookup_query {
	struct lookup *lookup;
	struct channel *channel;
	struct message request; /* its number */
	lookup_done_fn *done;
	char name[TABLEFILE_KEY_MAX + 1]; /* of the user or table */
	char password[PASSWORD_MAX + 1];
};

/*
 * Rulesets. NULL, or why not. The one that came into use the longest ago is
 * forgotten for it.
 */
const char *lookup_add_generation(struct lookup *lookup,
    struct ruleset_use *use);
void lookup_drop_generation(struct lookup_generation *generation);
struct lookup_generation *lookup_find_generation(struct lookup *lookup,
    uint32_t number);
/* The last in use that has a table of that name, or NULL. */
struct lookup_generation *lookup_find_name(struct lookup *lookup,
    struct str name, uint32_t *number_r);

/*
 * Reads it again, not from a program. False: error says why not. What a
 * ruleset holds changes with it alone.
 */
bool lookup_update_table(struct lookup_generation *generation, uint32_t number,
    char error[DYNTABLE_ERROR_MAX]);

/* query->done is called once, perhaps at once; query is copied. */
void lookup_ask(const struct lookup_query *query, uint32_t generation,
    uint32_t table, enum service service, struct str key);
void lookup_ask_program(const struct lookup_query *query,
    struct tableproc *program, enum tableproto_op op, unsigned service,
    struct str key);
/* NULL: the table is of another kind, or not there. */
struct tableproc *lookup_find_program(struct lookup *lookup,
    uint32_t generation, uint32_t table);

/*
 * Programs of a generation that comes into use, for the first time or again:
 * NULL when it needs none, child_later, or why they cannot be started. Those
 * that others have end when these are ready.
 */
const char *lookup_start_programs(struct lookup *lookup,
    struct lookup_generation *generation);
void lookup_stop_programs(struct lookup_generation *generation);

#endif
