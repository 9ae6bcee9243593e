/*
 * What the compiler knows of a ruleset beside its meaning: where the config
 * says it.
 */
#ifndef COMPILER_IR_H
#define COMPILER_IR_H

#include "grammar/tree.h"
#include "runtime/ruleset/ir.h"

struct ir_rule {
	const struct stmt *stmt; /* the source */
	/* For each predicate of the ruleset's rule; none for defaults. */
	const struct clause *const *clauses;
};

struct ir_limit_info {
	enum stmt_kind group; /* the statement that sets it */
	const char *word;
	int64_t fallback;
};

extern const struct ir_limit_info ir_limit_table[IR_LIMITS];

#endif
