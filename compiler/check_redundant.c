/*
 * Rules that could go: all that gets to one of them would, without it, be
 * decided by rules below, and in the same way. For each rule that is a
 * question about the rules above it (what gets here?) and about those below
 * (what is done then?). Ranges of rules are halved from all of them down to
 * one, and both answers are kept to what the range can match, so that the
 * work stays near that of building one diagram.
 *
 * Rules that ask what cannot be known here are never reported: without them
 * less would be asked, and what is asked can fail.
 */
#include "compiler/check_reach_private.h"

#include <stdlib.h>

/* The first match among the rules of a range. */
struct redundant_range {
	uint32_t any;
	uint32_t certain; /* among those that ask no questions */
};

/* What the rules around a range leave to it, and would do in its place. */
struct redundant_outside {
	uint32_t open;  /* true: it may match, and none above is certain to */
	uint32_t below; /* there, the first match below the range */
};

struct redundant {
	struct reach *reach;
	struct redundant_range *ranges; /* a tree; halves of i: 2i, 2i + 1 */
	uint64_t steps;
	bool has_given_up;
};

static uint32_t
redundant_min(struct redundant *redundant, uint32_t a, uint32_t b)
{
	struct diagram *diagram = &redundant->reach->diagram;
	uint32_t result = diagram_min(diagram, a, b, redundant->steps);

	redundant->steps = diagram->steps;
	redundant->has_given_up |= diagram->has_given_up;
	return result;
}

static uint32_t
redundant_ite(struct redundant *redundant, uint32_t condition, uint32_t then,
    uint32_t otherwise)
{
	struct diagram *diagram = &redundant->reach->diagram;
	uint32_t result = diagram_ite_within(diagram, condition, then,
	    otherwise, redundant->steps);

	redundant->steps = diagram->steps;
	redundant->has_given_up |= diagram->has_given_up;
	return result;
}

static bool
redundant_has_questions(const struct reach *reach, uint32_t rule)
{
	const struct forest_rule *r = &reach->space.sides[0].rules[rule];

	for (uint32_t i = 0; i < r->pred_count; i++)
		if (r->preds[i].is_question)
			return true;
	return false;
}

static void
redundant_build_rule(struct redundant *redundant, uint32_t at, uint32_t rule)
{
	struct reach *reach = redundant->reach;
	struct redundant_range *range = &redundant->ranges[at];

	range->any = forest_rule_diagram(&reach->diagram,
	    &reach->space.sides[0].rules[rule], rule);
	range->certain = redundant_has_questions(reach, rule) ?
	    diagram_no_match() :
	    range->any;
}

static void
redundant_build(struct redundant *redundant, uint32_t at, uint32_t first,
    uint32_t count)
{
	struct redundant_range *range = &redundant->ranges[at];
	const struct redundant_range *a = &redundant->ranges[2 * at];
	const struct redundant_range *b = &redundant->ranges[2 * at + 1];

	if (redundant->has_given_up)
		return;
	if (count == 1) {
		redundant_build_rule(redundant, at, first);
		return;
	}
	redundant_build(redundant, 2 * at, first, count / 2);
	redundant_build(redundant, 2 * at + 1, first + count / 2,
	    count - count / 2);
	range->any = redundant_min(redundant, a->any, b->any);
	range->certain = redundant_min(redundant, a->certain, b->certain);
}

/*
 * Whether all leaves are of rules that do what this one does. One that
 * nothing gets to is reported for that, and then this one is needed.
 */
static bool
redundant_is_same(struct reach *reach, uint32_t node, uint32_t rule)
{
	const struct ruleset_rule *rules = reach->ir->ruleset.rules;
	const struct diagram *diagram = &reach->diagram;
	const struct diagram_residue *residue;
	const struct diagram_node *n;

	if (node & DIAGRAM_LEAF) {
		residue = &diagram->residues[node & ~DIAGRAM_LEAF];
		return node != diagram_no_match() && residue->questions == 0 &&
		    !reach->is_dead[residue->rule] &&
		    rules[residue->rule].action == rules[rule].action;
	}
	n = &diagram->nodes[node];
	if (!redundant_is_same(reach, n->otherwise, rule))
		return false;
	for (uint32_t i = 0; i < n->edge_count; i++)
		if (!redundant_is_same(reach,
			diagram->edges[n->first_edge + i].child, rule))
			return false;
	return true;
}

static void
redundant_report(struct redundant *redundant, uint32_t rule, uint32_t below)
{
	struct reach *reach = redundant->reach;
	struct diag *diag = diag_report(&reach->comp->diags,
	    CHECK_REDUNDANT_RULE, check_reach_pos(reach, rule),
	    "without this rule nothing changes: rules below it do the same "
	    "with all that gets here");

	check_reach_find(reach, below);
	check_reach_note(reach, diag, "this one would take all of it",
	    "this one would take some of it");
}

static void
redundant_check(struct redundant *redundant, uint32_t rule,
    struct redundant_outside outside)
{
	struct reach *reach = redundant->reach;
	uint32_t same = diagram_leaf(&reach->diagram,
	    (struct diagram_residue){ .rule = rule, .matches = true });
	uint32_t all;

	/* Nothing gets here, or what does would not be decided. */
	if (reach->is_dead[rule] || redundant_has_questions(reach, rule) ||
	    outside.below == diagram_no_match())
		return;
	all = redundant_ite(redundant, outside.open, outside.below, same);
	if (!redundant->has_given_up && redundant_is_same(reach, all, rule))
		redundant_report(redundant, rule, outside.below);
}

static void
redundant_search(struct redundant *redundant, uint32_t at, uint32_t first,
    uint32_t count, struct redundant_outside outside)
{
	const struct redundant_range *a = &redundant->ranges[2 * at];
	const struct redundant_range *b = &redundant->ranges[2 * at + 1];
	uint32_t none = diagram_no_match();
	struct redundant_outside half;

	if (redundant->has_given_up || outside.open == none)
		return;
	if (count == 1) {
		redundant_check(redundant, first, outside);
		return;
	}
	half.open = redundant_ite(redundant, a->any, outside.open, none);
	half.below = redundant_ite(redundant, half.open,
	    redundant_min(redundant, b->any, outside.below), none);
	redundant_search(redundant, 2 * at, first, count / 2, half);
	half.open = redundant_ite(redundant, b->any,
	    redundant_ite(redundant, a->certain, none, outside.open), none);
	half.below = redundant_ite(redundant, half.open, outside.below, none);
	redundant_search(redundant, 2 * at + 1, first + count / 2,
	    count - count / 2, half);
}

void
check_redundant(struct reach *reach)
{
	uint32_t count = reach->ir->ruleset.rule_count;
	struct redundant redundant = { .reach = reach, .steps = REACH_STEPS };
	struct redundant_outside all = { .below = diagram_no_match() };

	redundant.ranges = calloc(4 * (size_t)count, sizeof(*redundant.ranges));
	if (redundant.ranges == NULL)
		abort();
	redundant_build(&redundant, 1, 0, count);
	all.open = redundant_ite(&redundant, reach->never, diagram_no_match(),
	    diagram_true(&reach->diagram));
	redundant_search(&redundant, 1, 0, count, all);
	free(redundant.ranges);
}
