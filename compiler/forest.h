/*
 * A ruleset as a small forest of decision diagrams. One diagram for all of
 * it can grow with the product of what the rules list, in any order of the
 * levels; but the first match is the lowest rule that matches, so rules can
 * be divided among trees at will, and the lowest answer of all trees
 * counts. Trees are merged only while that is cheap.
 */
#ifndef COMPILER_FOREST_H
#define COMPILER_FOREST_H

#include "compiler/diagram.h"
#include "runtime/base/service.h"
#include "runtime/ruleset/ruleset.h"

/* A predicate as the forest sees it, in the order of the target. */
struct forest_pred {
	bool is_question;
	/* A question, or a diagram whose leaves are true and no-match. */
	uint32_t number;
	/* A question that is another one where a condition holds. */
	bool has_guard;
	uint32_t guard;
	uint32_t guarded; /* that question, FOREST_NO or FOREST_YES */
};

/* Answers in the place of a guarded question. */
#define FOREST_NO  (UINT32_MAX - 1)
#define FOREST_YES UINT32_MAX

struct forest_rule {
	const struct forest_pred *preds;
	uint32_t pred_count;
};

struct forest_tree {
	uint32_t root;
	uint32_t first_rule; /* the lowest that it can answer */
	uint32_t edges;
};

struct forest {
	struct diagram *diagram;
	struct forest_tree *trees; /* ascending first_rule; from malloc */
	uint32_t tree_count;
	uint32_t tree_room;
};

/* Steps that a merge may take for each edge of what it merges. */
#define FOREST_GROWTH 8

void forest_build(struct forest *forest, struct diagram *diagram,
    const struct forest_rule *rules, uint32_t count);
void forest_fini(struct forest *forest);

/*
 * The first match, for one class of each level. Questions are asked in the
 * order of the loop and only those that it would ask.
 */
struct ruleset_result forest_decide(const struct forest *forest,
    const uint32_t *classes, enum answer (*ask)(void *arg, uint32_t question),
    void *arg);

/* The diagram of one rule alone. */
uint32_t forest_rule_diagram(struct diagram *diagram,
    const struct forest_rule *rule, uint32_t number);

#endif
