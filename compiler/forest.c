/*
 * Building a forest: a diagram for each rule, rules of one shape folded
 * pairwise, and the trees that result merged smallest first, all under a
 * limit of growth. Deciding: one walk a tree, then the residues of all in
 * the order of their rules.
 */
#include "compiler/forest.h"

#include <stdlib.h>

enum { FOREST_SLACK = 256 };

/* The questions of a rule that come before, the last one first. */
struct forest_asked {
	uint32_t question;
	const struct forest_asked *before;
};

static uint32_t
forest_questions(struct diagram *diagram, const struct forest_asked *asked)
{
	uint32_t list = 0;

	for (; asked != NULL; asked = asked->before)
		list = diagram_question_list(diagram, asked->question, list);
	return list;
}

/* What rules are made of: a diagram of one, from some predicate on. */
struct forest_making {
	struct diagram *diagram;
	const struct forest_rule *rule;
	uint32_t number;
};

static uint32_t forest_build_rule(const struct forest_making *making,
    uint32_t i, const struct forest_asked *asked);

static uint32_t
forest_build_leaf(const struct forest_making *making,
    const struct forest_asked *asked, bool matches)
{
	struct diagram_residue residue = {
		.rule = making->number,
		.questions = forest_questions(making->diagram, asked),
		.matches = matches,
	};

	return diagram_leaf(making->diagram, residue);
}

static uint32_t
forest_build_question(const struct forest_making *making, uint32_t i,
    const struct forest_asked *asked)
{
	const struct forest_pred *pred = &making->rule->preds[i];
	struct forest_asked plain = { pred->number, asked };
	struct forest_asked guarded = { pred->guarded, asked };
	uint32_t then = forest_build_rule(making, i + 1, &plain), there;

	if (!pred->has_guard)
		return then;
	if (pred->guarded == FOREST_NO)
		there = forest_build_leaf(making, asked, false);
	else
		there = forest_build_rule(making, i + 1,
		    pred->guarded == FOREST_YES ? asked : &guarded);
	return diagram_ite(making->diagram, pred->guard, there, then);
}

/*
 * From predicate i on: where a predicate that needs no question is false,
 * what was asked before it can still fail.
 */
static uint32_t
forest_build_rule(const struct forest_making *making, uint32_t i,
    const struct forest_asked *asked)
{
	const struct forest_rule *rule = making->rule;

	if (i == rule->pred_count)
		return forest_build_leaf(making, asked, true);
	if (rule->preds[i].is_question)
		return forest_build_question(making, i, asked);
	return diagram_ite(making->diagram, rule->preds[i].number,
	    forest_build_rule(making, i + 1, asked),
	    forest_build_leaf(making, asked, false));
}

uint32_t
forest_rule_diagram(struct diagram *diagram, const struct forest_rule *rule,
    uint32_t number)
{
	const struct forest_making making = { diagram, rule, number };

	return forest_build_rule(&making, 0, NULL);
}

/* Above the bits of the levels those of levels that are usually true. */
#define FOREST_QUESTION (UINT64_C(1) << (2 * DIAGRAM_LEVELS_MAX))

/*
 * The levels on one way through a condition that holds, and whether it holds
 * for what no edge lists: a rule for all domains but one goes badly with
 * rules for one domain each.
 */
static uint64_t
forest_shape_of(const struct diagram *diagram, uint32_t node)
{
	uint64_t shape = 0;

	while (!(node & DIAGRAM_LEAF)) {
		const struct diagram_node *n = &diagram->nodes[node];
		bool is_listed = n->otherwise == diagram_no_match();

		shape |= UINT64_C(1) << n->level;
		if (!is_listed)
			shape |= UINT64_C(1) << (DIAGRAM_LEVELS_MAX + n->level);
		node = is_listed ? diagram->edges[n->first_edge].child :
				   n->otherwise;
	}
	return shape;
}

static uint64_t
forest_shape(const struct diagram *diagram, const struct forest_rule *rule)
{
	uint64_t shape = 0;

	for (uint32_t i = 0; i < rule->pred_count; i++)
		shape |= rule->preds[i].is_question ?
		    FOREST_QUESTION :
		    forest_shape_of(diagram, rule->preds[i].number);
	return shape;
}

struct forest_item {
	uint64_t shape;
	uint32_t rule;
};

static int
forest_compare_items(const void *va, const void *vb)
{
	const struct forest_item *a = va, *b = vb;

	if (a->shape != b->shape)
		return a->shape < b->shape ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static uint32_t
forest_size(struct diagram *diagram, uint32_t root)
{
	uint32_t nodes, edges;

	diagram_measure(diagram, root, &nodes, &edges);
	return edges;
}

static void
forest_add_tree(struct forest *forest, struct forest_tree tree)
{
	if (tree.root == diagram_no_match())
		return;
	if (forest->tree_count == forest->tree_room) {
		forest->tree_room = forest->tree_room * 2 + 8;
		forest->trees = realloc(forest->trees,
		    forest->tree_room * sizeof(*forest->trees));
		if (forest->trees == NULL)
			abort();
	}
	forest->trees[forest->tree_count++] = tree;
}

/* False, and nothing changed, where that would cost too much. */
static bool
forest_merge(struct forest *forest, const struct forest_tree *a,
    const struct forest_tree *b, struct forest_tree *tree_r)
{
	struct diagram *diagram = forest->diagram;
	uint64_t steps = FOREST_SLACK +
	    (uint64_t)FOREST_GROWTH * ((uint64_t)a->edges + b->edges);
	uint32_t root = diagram_min(diagram, a->root, b->root, steps);

	if (diagram->has_given_up)
		return false;
	*tree_r = (struct forest_tree){
		.root = root,
		.first_rule = a->first_rule < b->first_rule ? a->first_rule :
							      b->first_rule,
		.edges = a->edges + b->edges,
	};
	return true;
}

/*
 * Folds rules of one shape in pairs of pairs. What cannot be merged any
 * further becomes a tree of its own; the rest is returned.
 */
static struct forest_tree
forest_fold(struct forest *forest, const struct forest_rule *rules,
    const struct forest_item *items, uint32_t count)
{
	struct forest_tree a, b, merged;

	if (count == 1) {
		uint32_t rule = items[0].rule;

		merged.root = forest_rule_diagram(forest->diagram, &rules[rule],
		    rule);
		merged.first_rule = rule;
		merged.edges = forest_size(forest->diagram, merged.root);
		return merged;
	}
	a = forest_fold(forest, rules, items, count / 2);
	b = forest_fold(forest, rules, items + count / 2, count - count / 2);
	if (forest_merge(forest, &a, &b, &merged))
		return merged;
	forest_add_tree(forest, a.edges > b.edges ? a : b);
	return a.edges > b.edges ? b : a;
}

static int
forest_compare_sizes(const void *va, const void *vb)
{
	const struct forest_tree *a = va, *b = vb;

	if (a->edges != b->edges)
		return a->edges < b->edges ? -1 : 1;
	return a->first_rule < b->first_rule ? -1 :
					       a->first_rule > b->first_rule;
}

static int
forest_compare_rules(const void *va, const void *vb)
{
	const struct forest_tree *a = va, *b = vb;

	return a->first_rule < b->first_rule ? -1 :
					       a->first_rule > b->first_rule;
}

/*
 * One round: neighbours in size are merged in pairs. Of a pair that would
 * grow too much the larger tree is done with; it moves behind the open
 * ones. Returns how many are still open.
 */
static uint32_t
forest_merge_round(struct forest *forest, uint32_t open)
{
	struct forest_tree *trees = forest->trees;
	struct forest_tree *done = malloc(open * sizeof(*done));
	uint32_t kept = 0, done_count = 0;

	if (done == NULL)
		abort();
	qsort(trees, open, sizeof(*trees), forest_compare_sizes);
	for (uint32_t i = 0; i < open; i += 2) {
		struct forest_tree merged = trees[i];

		if (i + 1 < open &&
		    !forest_merge(forest, &trees[i], &trees[i + 1], &merged))
			done[done_count++] = trees[i + 1];
		trees[kept++] = merged;
	}
	/* Merged trees leave a gap before those that were done already. */
	memcpy(trees + kept, done, done_count * sizeof(*done));
	memmove(trees + kept + done_count, trees + open,
	    (forest->tree_count - open) * sizeof(*trees));
	forest->tree_count -= open - kept - done_count;
	free(done);
	return kept;
}

static void
forest_merge_trees(struct forest *forest)
{
	uint32_t open = forest->tree_count;

	if (open == 0)
		return;
	while (open > 1)
		open = forest_merge_round(forest, open);
	qsort(forest->trees, forest->tree_count, sizeof(*forest->trees),
	    forest_compare_rules);
}

void
forest_build(struct forest *forest, struct diagram *diagram,
    const struct forest_rule *rules, uint32_t count)
{
	struct forest_item *items = malloc(count * sizeof(*items) + 1);
	uint32_t begin = 0;

	if (items == NULL)
		abort();
	*forest = (struct forest){ .diagram = diagram };
	for (uint32_t i = 0; i < count; i++)
		items[i] =
		    (struct forest_item){ forest_shape(diagram, &rules[i]), i };
	qsort(items, count, sizeof(*items), forest_compare_items);
	for (uint32_t i = 1; i <= count; i++) {
		if (i < count && items[i].shape == items[begin].shape)
			continue;
		forest_add_tree(forest,
		    forest_fold(forest, rules, items + begin, i - begin));
		begin = i;
	}
	free(items);
	forest_merge_trees(forest);
}

void
forest_fini(struct forest *forest)
{
	free(forest->trees);
	forest->trees = NULL;
	forest->tree_count = 0;
}

/* Deciding. */

/* Carries on with the residue of each tree, the lowest rule first. */
enum { FOREST_TREES_MAX = 256 };

static enum answer
forest_ask(const struct diagram *diagram, const struct diagram_residue *residue,
    enum answer (*ask)(void *arg, uint32_t question), void *arg)
{
	uint32_t list = residue->questions;

	for (; list != 0; list = diagram->questions[list].next) {
		enum answer answer = ask(arg,
		    diagram->questions[list].question);

		if (answer != ANSWER_YES)
			return answer;
	}
	return residue->matches ? ANSWER_YES : ANSWER_NO;
}

static uint32_t
forest_lowest(const struct diagram *diagram, const uint32_t *residues,
    uint32_t count)
{
	uint32_t lowest = 0;

	for (uint32_t i = 1; i < count; i++)
		if (diagram->residues[residues[i]].rule <
		    diagram->residues[residues[lowest]].rule)
			lowest = i;
	return lowest;
}

static struct ruleset_result
forest_run(const struct diagram *diagram, uint32_t *residues, uint32_t count,
    enum answer (*ask)(void *arg, uint32_t question), void *arg)
{
	while (count > 0) {
		uint32_t i = forest_lowest(diagram, residues, count);
		const struct diagram_residue *residue =
		    &diagram->residues[residues[i]];
		enum answer answer;

		/* The end of a list has the highest number. */
		if (residues[i] == DIAGRAM_NO_MATCH)
			break;
		answer = forest_ask(diagram, residue, ask, arg);
		if (answer == ANSWER_FAILED)
			return (struct ruleset_result){ RULESET_TEMPFAIL,
				residue->rule };
		if (answer == ANSWER_YES)
			return (struct ruleset_result){ RULESET_MATCH,
				residue->rule };
		residues[i] = residue->next;
	}
	return (struct ruleset_result){ RULESET_NO_MATCH, 0 };
}

struct ruleset_result
forest_decide(const struct forest *forest, const uint32_t *classes,
    enum answer (*ask)(void *arg, uint32_t question), void *arg)
{
	const struct diagram *diagram = forest->diagram;
	uint32_t small[FOREST_TREES_MAX], *residues = small, count = 0;
	uint32_t best = UINT32_MAX;
	struct ruleset_result result;

	if (forest->tree_count > FOREST_TREES_MAX) {
		residues = malloc(forest->tree_count * sizeof(*residues));
		if (residues == NULL)
			return (struct ruleset_result){ RULESET_TEMPFAIL, 0 };
	}
	for (uint32_t i = 0; i < forest->tree_count; i++) {
		uint32_t leaf;

		/* No later tree can answer with a lower rule. */
		if (best < forest->trees[i].first_rule)
			break;
		leaf = diagram_walk(diagram, forest->trees[i].root, classes);
		residues[count++] = leaf;
		if (diagram->residues[leaf].questions == 0 &&
		    diagram->residues[leaf].rule < best)
			best = diagram->residues[leaf].rule;
	}
	result = forest_run(diagram, residues, count, ask, arg);
	if (residues != small)
		free(residues);
	return result;
}
