/*
 * Advice about whole rulesets: what a rule lists and never gets, rules for
 * any recipient that stand too high, and mail of the machine itself that no
 * rule takes. Each may be meant, so nobody is told who did not ask.
 */
#include "compiler/check_reach_private.h"

#include "compiler/check_facts.h"
#include "compiler/words.h"

struct order {
	struct reach *reach;
	uint32_t root; /* without what cannot happen */
	uint64_t steps;
	bool has_given_up;
};

/* What of a region a function decides. */
static uint32_t
order_within(struct order *order, uint32_t region, uint32_t function)
{
	struct diagram *diagram = &order->reach->diagram;
	uint32_t result = diagram_ite_within(diagram, region, function,
	    diagram_no_match(), order->steps);

	order->steps = diagram->steps;
	order->has_given_up |= diagram->has_given_up;
	return result;
}

static uint32_t
order_value(struct order *order, enum space_level level, uint32_t value)
{
	struct diagram *diagram = &order->reach->diagram;
	struct diagram_edge edge = { value, diagram_true(diagram) };

	return diagram_node(diagram, level, diagram_no_match(), &edge, 1);
}

static uint32_t
order_rule(struct order *order, uint32_t rule)
{
	return forest_rule_diagram(&order->reach->diagram,
	    &order->reach->space.sides[0].rules[rule], rule);
}

/* The condition of a rule of one kind that is not negated, or NULL. */
static const struct ruleset_pred *
order_pred(const struct order *order, uint32_t rule,
    enum ruleset_pred_kind kind)
{
	const struct ruleset_rule *r = &order->reach->ir->ruleset.rules[rule];

	for (uint32_t i = 0; i < r->pred_count; i++)
		if (r->preds[i].kind == kind &&
		    (r->preds[i].flags & PRED_NEGATED) == 0)
			return &r->preds[i];
	return NULL;
}

/* What a rule lists. */

static void
order_check_domain(struct order *order, uint32_t rule,
    const struct ir_entry *entry)
{
	struct reach *reach = order->reach;
	struct space *space = &reach->space;
	struct str key = words_lower(&reach->comp->arena, entry->key);
	uint32_t value, region;
	struct diag *diag;

	value = space_value(space, SPACE_RCPT_DOMAIN,
	    classes_find(space->classes[SPACE_RCPT_DOMAIN], key));
	/* All that no rule tells apart: some pattern has this name too. */
	if (value == 0)
		return;
	region = order_within(order,
	    order_value(order, SPACE_RCPT_DOMAIN, value),
	    order_rule(order, rule));
	region = order_within(order, region, order->root);
	check_reach_find(reach, region);
	if (order->has_given_up || region == diagram_no_match() ||
	    reach->decides[rule])
		return;
	diag = diag_report(&reach->comp->diags, CHECK_PARTLY_COVERED,
	    entry->pos, "no mail for '%.*s' gets to this rule",
	    STR_ARG(entry->key));
	check_reach_note(reach, diag, "this one takes all of it",
	    "this one takes some of it");
}

static void
order_check_covered(struct order *order, uint32_t rule)
{
	const struct ir *ir = order->reach->ir;
	const struct ruleset_pred *pred = order_pred(order, rule,
	    PRED_FOR_TABLE);
	const struct ir_table *table;

	if (order->reach->is_dead[rule] || pred == NULL ||
	    pred->service != SERVICE_DOMAIN || pred->table == IR_NONE ||
	    order->reach->space.classes[SPACE_RCPT_DOMAIN] == NULL)
		return;
	table = &ir->tables[pred->table];
	for (uint32_t i = 0; i < table->entry_count && !order->has_given_up;
	     i++)
		if (memchr(table->entries[i].key.ptr, '*',
			table->entries[i].key.len) == NULL)
			order_check_domain(order, rule, &table->entries[i]);
}

/* Rules for any recipient. */

static bool
order_relays_any(const struct order *order, uint32_t rule)
{
	const struct ir *ir = order->reach->ir;
	uint32_t action = ir->ruleset.rules[rule].action;

	return action != RULESET_REJECT &&
	    ir->actions[action].method == IR_RELAY &&
	    order_pred(order, rule, PRED_FOR_ANY) != NULL &&
	    order_pred(order, rule, PRED_RCPT_TO) == NULL &&
	    order_pred(order, rule, PRED_TAG) == NULL;
}

static bool
order_delivers_some(const struct order *order, uint32_t rule)
{
	const struct ir *ir = order->reach->ir;
	uint32_t action = ir->ruleset.rules[rule].action;

	return action != RULESET_REJECT &&
	    ir->actions[action].method != IR_RELAY &&
	    (order_pred(order, rule, PRED_FOR_TABLE) != NULL ||
		order_pred(order, rule, PRED_FOR_LOCAL) != NULL ||
		order_pred(order, rule, PRED_RCPT_TO) != NULL);
}

/* Reports the first rule below from which one takes mail. */
static void
order_check_any(struct order *order, uint32_t rule)
{
	struct reach *reach = order->reach;
	uint32_t mine = order_rule(order, rule), both;
	struct diag *diag;

	for (uint32_t below = rule + 1;
	     below < reach->ir->ruleset.rule_count && !order->has_given_up;
	     below++) {
		if (reach->is_dead[below] || !order_delivers_some(order, below))
			continue;
		both = order_within(order, mine, order_rule(order, below));
		check_reach_find(reach, order_within(order, both, order->root));
		if (!reach->decides[rule] || order->has_given_up)
			continue;
		diag = diag_report(&reach->comp->diags, CHECK_CATCH_ALL_ORDER,
		    check_reach_pos(reach, rule),
		    "this rule is for any recipient, and so relays mail that "
		    "a rule below would deliver");
		diag_note(&reach->comp->diags, diag,
		    check_reach_pos(reach, below), "this one would");
		return;
	}
}

/* Mail of the machine for its own users. */
static void
order_check_local(struct order *order)
{
	struct reach *reach = order->reach;
	const struct ruleset *ruleset = &reach->ir->ruleset;
	uint32_t region = order_within(order,
	    order_value(order, SPACE_RCPT_LOCAL, 1),
	    order_value(order, SPACE_ORIGIN, SPACE_SOCKET));

	check_reach_find(reach, order_within(order, region, order->root));
	for (uint32_t i = 0; i < ruleset->rule_count; i++)
		if (reach->decides[i] &&
		    ruleset->rules[i].action != RULESET_REJECT)
			return;
	if (order->has_given_up)
		return;
	diag_report(&reach->comp->diags, CHECK_MISSING_FOR_LOCAL,
	    check_reach_pos(reach, ruleset->rule_count - 1),
	    "up to this last rule none takes mail of the machine itself for "
	    "its own users: what cron(8) reports to root is refused");
}

void
check_order(struct reach *reach)
{
	struct order order = { .reach = reach, .steps = REACH_STEPS };
	uint32_t count = reach->ir->ruleset.rule_count;

	order.root = diagram_ite_within(&reach->diagram, reach->never,
	    diagram_no_match(), reach->root, order.steps);
	order.has_given_up = reach->diagram.has_given_up;
	for (uint32_t i = 0; i < count && !order.has_given_up; i++) {
		order_check_covered(&order, i);
		if (!reach->is_dead[i] && order_relays_any(&order, i))
			order_check_any(&order, i);
	}
	order_check_local(&order);
}
