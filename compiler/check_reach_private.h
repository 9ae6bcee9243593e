/*
 * Shared between the checks of whole rulesets: check_reach.c, which builds
 * the diagram of all rules, check_redundant.c and check_order.c.
 */
#ifndef COMPILER_CHECK_REACH_PRIVATE_H
#define COMPILER_CHECK_REACH_PRIVATE_H

#include "compiler/feasible.h"
#include "compiler/lower.h"

/*
 * Steps of the whole diagram, some 20 ms; beyond them nothing is reported. A
 * lint is to be quick, and what people write takes a few thousand.
 */
#define REACH_STEPS 500000

struct reach {
	struct compilation *comp;
	const struct ir *ir;
	struct host host;
	struct bind bind;
	struct diagram diagram;
	struct space space;
	uint32_t never; /* what cannot happen */
	uint32_t root;
	bool *is_dead;     /* for each rule: nothing gets to it */
	bool *decides;     /* the same; scratch */
	uint32_t *visited; /* a pass's number, for each node */
	uint32_t visited_room;
	uint32_t pass;
};

/* check_reach.c */

/* Sets decides for the rules that decide somewhere below a node. */
void check_reach_find(struct reach *reach, uint32_t node);

/* The first word of a rule. */
struct srcpos check_reach_pos(const struct reach *reach, uint32_t rule);

/* Notes about the rules of decides, in the words of whoever reports. */
void check_reach_note(struct reach *reach, struct diag *diag, const char *all,
    const char *some);

/* check_redundant.c */
void check_redundant(struct reach *reach);

/* check_order.c */
void check_order(struct reach *reach);

#endif
