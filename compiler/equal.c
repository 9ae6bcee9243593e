/*
 * Comparison of two rulesets: which rules they do not share, what those
 * could match, and the diagrams of that region.
 */
#include "compiler/equal.h"

#include <stdlib.h>

#include "compiler/align.h"
#include "compiler/equal_private.h"
#include "compiler/feasible.h"

static uint32_t
equal_rule_count(const struct equal *equal, uint32_t side)
{
	return equal->space.sides[side].bind->ir->ruleset.rule_count;
}

static void
equal_init_rules(struct equal *equal, uint32_t side)
{
	uint32_t count = equal_rule_count(equal, side);

	equal->alone[side] = arena_alloc(equal->arena,
	    count * sizeof(*equal->alone[side]));
	for (uint32_t i = 0; i < count; i++)
		equal->alone[side][i] = forest_rule_diagram(&equal->diagram,
		    &equal->space.sides[side].rules[i], 0);
}

void
equal_init(struct equal *equal, struct bind *const binds[2])
{
	*equal = (struct equal){ .arena = &binds[0]->comp->arena };
	diagram_init(&equal->diagram);
	space_init(&equal->space, binds, 2, &equal->diagram);
	equal->never = feasible_never(&equal->space);
	for (uint32_t side = 0; side < 2; side++)
		equal_init_rules(equal, side);
}

void
equal_fini(struct equal *equal)
{
	for (uint32_t side = 0; equal->has_forests && side < 2; side++)
		forest_fini(&equal->forests[side]);
	space_fini(&equal->space);
	diagram_fini(&equal->diagram);
}

/* Rules that are not shared. */

struct equal_rest {
	uint32_t *conditions; /* from malloc, of both sides */
	uint32_t count;
};

static struct align_side
equal_align_side(const struct equal *equal, uint32_t side,
    const struct equal_labels *labels)
{
	uint32_t count = equal_rule_count(equal, side);
	uint64_t *keys = malloc(count * sizeof(*keys) + 1);
	bool *is_common = malloc(count * sizeof(*is_common) + 1);

	if (keys == NULL || is_common == NULL)
		abort();
	for (uint32_t i = 0; i < count; i++)
		keys[i] = (uint64_t)equal->alone[side][i] << 32 |
		    labels->of_rules[i];
	return (struct align_side){ keys, count, is_common };
}

/* Rules with the same condition and label are the same rule. */
static struct equal_rest
equal_find_rest(const struct equal *equal, const struct equal_labels labels[2])
{
	struct align_side sides[2] = {
		equal_align_side(equal, 0, &labels[0]),
		equal_align_side(equal, 1, &labels[1]),
	};
	struct equal_rest rest = { .count = 0 };

	align_run(&sides[0], &sides[1]);
	rest.conditions = malloc(((size_t)sides[0].count + sides[1].count) *
		sizeof(*rest.conditions) +
	    1);
	if (rest.conditions == NULL)
		abort();
	for (uint32_t side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < sides[side].count; i++)
			if (!sides[side].is_common[i])
				rest.conditions[rest.count++] =
				    equal->alone[side][i];
		free(sides[side].is_common);
		free((void *)(uintptr_t)sides[side].keys);
	}
	return rest;
}

/* Any of the conditions, halved so that no operand stays large for long. */
static uint32_t
equal_union(struct equal *equal, const uint32_t *conditions, uint32_t count,
    bool *is_too_large)
{
	struct diagram *diagram = &equal->diagram;
	uint32_t yes = diagram_true(diagram), a, b;

	if (count == 0 || *is_too_large)
		return diagram_no_match();
	if (count == 1)
		return diagram_ite(diagram, conditions[0], yes,
		    diagram_no_match());
	a = equal_union(equal, conditions, count / 2, is_too_large);
	b = equal_union(equal, conditions + count / 2, count - count / 2,
	    is_too_large);
	a = diagram_ite_within(diagram, a, yes, b, EQUAL_STEPS);
	*is_too_large |= diagram->has_given_up;
	return a;
}

static void
equal_build_forests(struct equal *equal)
{
	for (uint32_t side = 0; !equal->has_forests && side < 2; side++)
		forest_build(&equal->forests[side], &equal->diagram,
		    equal->space.sides[side].rules,
		    equal_rule_count(equal, side));
	equal->has_forests = true;
}

/* One diagram of a side, for a region only. */
static uint32_t
equal_root(struct equal *equal, uint32_t side, uint32_t region,
    bool *is_too_large)
{
	const struct forest *forest = &equal->forests[side];
	struct diagram *diagram = &equal->diagram;
	uint32_t root = diagram_no_match(), tree;

	for (uint32_t i = 0; i < forest->tree_count && !*is_too_large; i++) {
		tree = diagram_ite_within(diagram, region,
		    forest->trees[i].root, diagram_no_match(), EQUAL_STEPS);
		*is_too_large |= diagram->has_given_up;
		root = diagram_min(diagram, root, tree, EQUAL_STEPS);
		*is_too_large |= diagram->has_given_up;
	}
	return root;
}

static void
equal_search_roots(struct equal_search *search, const uint32_t roots[2])
{
	struct equal *equal = search->equal;
	uint32_t labelled[2];

	for (uint32_t side = 0; side < 2; side++)
		equal_relabel_init(&search->relabels[side], equal,
		    &search->labels[side]);
	for (uint32_t side = 0; side < 2; side++)
		labelled[side] = equal_relabel(&search->relabels[side],
		    roots[side]);
	if (labelled[0] != labelled[1]) {
		search->result->verdict = EQUAL_UNDECIDED;
		equal_search_pair(search, roots[0], roots[1]);
	}
	for (uint32_t side = 0; side < 2; side++)
		equal_relabel_fini(&search->relabels[side]);
}

/* False where that is too much. */
static bool
equal_search_region(struct equal_search *search, const struct equal_rest *rest)
{
	struct equal *equal = search->equal;
	bool is_too_large = false;
	uint32_t region = equal_union(equal, rest->conditions, rest->count,
	    &is_too_large);
	uint32_t roots[2];

	region = diagram_ite_within(&equal->diagram, equal->never,
	    diagram_no_match(),
	    is_too_large ? diagram_true(&equal->diagram) : region, EQUAL_STEPS);
	is_too_large = equal->diagram.has_given_up ||
	    equal->space.question_count > EQUAL_QUESTIONS_ASKED_MAX;
	if (is_too_large || region == diagram_no_match())
		return !is_too_large;
	equal_build_forests(equal);
	for (uint32_t side = 0; side < 2; side++)
		roots[side] = equal_root(equal, side, region, &is_too_large);
	if (!is_too_large)
		equal_search_roots(search, roots);
	return !is_too_large;
}

struct equal_result
equal_compare(struct equal *equal, const struct equal_labels labels[2],
    uint32_t witnesses_max)
{
	struct equal_result result = { .verdict = EQUAL_SAME };
	struct equal_rest rest = equal_find_rest(equal, labels);
	struct equal_search search;

	equal_search_init(&search, equal, labels, witnesses_max, &result);
	if (rest.count > 0 && !equal_search_region(&search, &rest)) {
		result.verdict = EQUAL_UNDECIDED;
		result.is_too_large = true;
		/* At least one envelope of each rule. */
		for (uint32_t i = 0; i < rest.count; i++)
			equal_search_probe(&search, rest.conditions[i]);
	}
	free(rest.conditions);
	if (result.witnesses != NULL)
		result.verdict = EQUAL_DIFFERENT;
	return result;
}
