/*
 * Shared between lower.c, which knows what both languages have in common,
 * and lower_legacy.c and lower_modern.c, which know one each.
 */
#ifndef COMPILER_LOWER_PRIVATE_H
#define COMPILER_LOWER_PRIVATE_H

#include "compiler/lower.h"

/* A growing array in the arena. */
struct lower_array {
	void *items;
	uint32_t count;
	uint32_t room;
	size_t size;
};

/* The same of things that have a name of their kind. */
struct lower_named {
	struct lower_array array;
	struct strmap numbers; /* name to number + 1, as a pointer */
};

/* The most predicates that a rule of either language has. */
enum { LOWER_PREDS_MAX = 8 };

struct lower {
	struct compilation *comp;
	struct arena *arena;
	struct target target;
	struct ir *ir;
	struct lower_array tables;
	struct lower_array actions;
	struct lower_array rules;        /* struct ruleset_rule */
	struct lower_array rule_sources; /* struct ir_rule */
	struct lower_array listeners;
	struct strmap table_numbers;  /* name to number + 1, as a pointer */
	struct strmap action_numbers; /* by name; legacy: by content */
	struct lower_named pkis;
	struct lower_named cas;
	struct lower_named wrappers;
	struct lower_named procs;
	struct lower_named filters;
	struct lower_named domain_limits;

	/* The rule being lowered. */
	struct ruleset_pred preds[LOWER_PREDS_MAX];
	const struct clause *pred_clauses[LOWER_PREDS_MAX];
	uint32_t pred_count;
};

void *lower_push(struct lower *lower, struct lower_array *array);

/* The thing of that name, zeroed if it is new. */
void *lower_put(struct lower *lower, struct lower_named *named,
    struct str name);

/* Its number, IR_NONE where there is none of that name. */
uint32_t lower_find(const struct lower_named *named, struct str name);

/* The last clause of a kind: where several are taken, it often counts. */
const struct clause *lower_last(const struct stmt *stmt, enum clause_kind kind);

/*
 * A table of the keys without "@" of another, whose entries are in the
 * config; any other is its own: the rest of its keys fits no domain.
 */
uint32_t lower_domain_keys(struct lower *lower, uint32_t number);

/* The number of the table that is used there; IR_NONE for none. */
uint32_t lower_table(struct lower *lower, const struct tabref *ref);
uint32_t lower_clause_table(struct lower *lower, const struct stmt *stmt,
    enum clause_kind kind);
uint32_t lower_builtin_table(struct lower *lower, enum ir_table_kind kind);

/* The filter of a listener or relay, IR_NONE for none. */
uint32_t lower_filter(struct lower *lower, const struct stmt *stmt);

/* The argument of a clause, empty where it is not there. */
struct str lower_word(const struct stmt *stmt, enum clause_kind kind);

/* Seconds; fallback where the text does not parse, which was reported. */
uint32_t lower_delay(struct str text, uint32_t fallback);

/* A predicate of the rule being lowered, at the end of its list. */
struct ruleset_pred *lower_pred(struct lower *lower,
    enum ruleset_pred_kind kind, const struct clause *clause);

/* The same with a table to look up in, and its service. */
struct ruleset_pred *lower_table_pred(struct lower *lower,
    enum ruleset_pred_kind kind, const struct clause *clause,
    enum service service);

void lower_rule(struct lower *lower, const struct stmt *stmt, uint32_t action);

/* What is the same for all actions of a target. */
void lower_action_defaults(const struct lower *lower, struct ir_action *action);

/*
 * What an action does, as a text: the same for all that do the same. Until
 * lower_name_actions it is in the place of the name.
 */
struct str lower_action_digest(struct lower *lower,
    const struct ir_action *action);
void lower_name_actions(struct lower *lower);

/* One statement: a setting or a certificate; a program or a filter. */
void lower_settings(struct lower *lower, const struct stmt *stmt);
void lower_filters(struct lower *lower, const struct stmt *stmt);

/* Everything of one language: rules and actions. */
void lower_legacy(struct lower *lower);
void lower_modern(struct lower *lower);

#endif
