/*
 * Checks that need all rules together: what no envelope reaches, and what
 * everybody does; check_redundant.c has what could go, check_order.c advice.
 * They build the decision diagram of the ruleset, so they run only on
 * configs without errors.
 */
#include "compiler/check.h"

#include <stdlib.h>

#include "compiler/check_facts.h"
#include "compiler/check_reach_private.h"

enum {
	REACH_RULES_MAX = 2000,
	REACH_SIZE_MAX = 16 * 1024 * 1024, /* bytes of the config's files */
	REACH_NAMED_MAX = 3,               /* rules that notes name */
};

/* Who switches a check off has what it is about elsewhere. */
static bool
reach_has_errors(const struct compilation *comp)
{
	const bool *disabled = comp->diags.policy.disabled;

	for (const struct diag *d = comp->diags.head; d != NULL; d = d->next)
		if (d->severity == DIAG_ERROR &&
		    ((check_table[d->id].flags & CHECK_FIXED) != 0 ||
			!disabled[d->id]))
			return true;
	return false;
}

/* Rules that decide somewhere below a node. */
static void
reach_mark(struct reach *reach, uint32_t node)
{
	const struct diagram *diagram = &reach->diagram;
	const struct diagram_node *n;

	if (node & DIAGRAM_LEAF) {
		for (uint32_t r = node & ~DIAGRAM_LEAF; r != DIAGRAM_NO_MATCH;
		     r = diagram->residues[r].next)
			if (diagram->residues[r].matches)
				reach->decides[diagram->residues[r].rule] =
				    true;
		return;
	}
	if (reach->visited[node] == reach->pass)
		return;
	reach->visited[node] = reach->pass;
	n = &diagram->nodes[node];
	reach_mark(reach, n->otherwise);
	for (uint32_t i = 0; i < n->edge_count; i++)
		reach_mark(reach, diagram->edges[n->first_edge + i].child);
}

void
check_reach_find(struct reach *reach, uint32_t node)
{
	uint32_t needed = reach->diagram.node_count + 1;

	memset(reach->decides, 0,
	    reach->ir->ruleset.rule_count * sizeof(*reach->decides));
	if (reach->visited_room < needed) {
		free(reach->visited);
		reach->visited_room = needed;
		reach->visited = calloc(needed, sizeof(*reach->visited));
		if (reach->visited == NULL)
			abort();
	}
	reach->pass++;
	reach_mark(reach, node);
}

struct srcpos
check_reach_pos(const struct reach *reach, uint32_t rule)
{
	return stmt_head(reach->ir->rules[rule].stmt,
	    reach->ir->target.dialect);
}

void
check_reach_note(struct reach *reach, struct diag *diag, const char *all,
    const char *some)
{
	uint32_t count = reach->ir->ruleset.rule_count, total = 0, named = 0;

	for (uint32_t i = 0; i < count; i++)
		total += reach->decides[i];
	for (uint32_t i = 0; i < count && named < REACH_NAMED_MAX; i++)
		if (reach->decides[i]) {
			named++;
			diag_note(&reach->comp->diags, diag,
			    check_reach_pos(reach, i), "%s",
			    total == 1 ? all : some);
		}
}

/* What a rule matches, whichever number it has. */
static uint32_t
reach_alone(struct reach *reach, uint32_t rule, uint32_t number)
{
	return forest_rule_diagram(&reach->diagram,
	    &reach->space.sides[0].rules[rule], number);
}

/* A rule above that is the same, or the rule itself. */
static uint32_t
reach_twin(struct reach *reach, uint32_t rule)
{
	const struct ruleset_rule *rules = reach->ir->ruleset.rules;
	uint32_t alone = reach_alone(reach, rule, 0), i;

	for (i = 0; i < rule; i++)
		if (reach->decides[i] &&
		    rules[i].action == rules[rule].action &&
		    reach_alone(reach, i, 0) == alone)
			break;
	return i;
}

static void
reach_report(struct reach *reach, uint32_t rule)
{
	struct diag_list *diags = &reach->comp->diags;
	uint32_t alone, twin;
	struct diag *diag;

	alone = diagram_ite(&reach->diagram, reach->never, diagram_no_match(),
	    reach_alone(reach, rule, rule));
	/* What matches nothing by itself is for other checks to explain. */
	if (alone == diagram_no_match())
		return;
	check_reach_find(reach,
	    diagram_ite(&reach->diagram, alone, reach->root,
		diagram_no_match()));
	twin = reach_twin(reach, rule);
	diag = diag_report(diags, CHECK_UNREACHABLE_RULE,
	    check_reach_pos(reach, rule), "no envelope gets to this rule: %s",
	    twin < rule ? "it stands above already" :
			  "rules above it match first");
	if (twin < rule)
		diag_note(diags, diag, check_reach_pos(reach, twin),
		    "this one matches the same and does the same");
	else
		check_reach_note(reach, diag,
		    "this one takes all of what it would match",
		    "this one takes some of what it would match");
}

static void
reach_check_rules(struct reach *reach)
{
	uint32_t count = reach->ir->ruleset.rule_count;

	check_reach_find(reach,
	    diagram_ite(&reach->diagram, reach->never, diagram_no_match(),
		reach->root));
	for (uint32_t i = 0; i < count; i++)
		reach->is_dead[i] = !reach->decides[i];
	for (uint32_t i = 0; i < count; i++)
		if (reach->is_dead[i])
			reach_report(reach, i);
}

/* Open relays. */

static bool
reach_is_loopback(struct str address)
{
	struct netaddr addr;
	struct str zone;

	if (str_is(address, "lo") || str_is(address, "lo0") ||
	    str_is(address, "localhost") || str_is(address, "::1"))
		return true;
	return netaddr_parse_host(address, NETADDR_TAG, &addr, &zone) ==
	    NETADDR_OK &&
	    addr.family == 4 && addr.bytes[0] == 127;
}

/* What a stranger's mail to a stranger meets at a listener. */
static uint32_t
reach_stranger(const struct reach *reach, const struct ir_listener *listener)
{
	uint32_t classes[SPACE_LEVELS] = { 0 };

	for (uint32_t i = 0; i < reach->space.tag_count; i++)
		if (str_eq(reach->space.tags[i].on[0], listener->tag))
			classes[SPACE_TAG] = i;
	return diagram_walk(&reach->diagram, reach->root, classes);
}

static void
reach_check_relay(struct reach *reach)
{
	const struct ir *ir = reach->ir;

	for (uint32_t i = 0; i < ir->listener_count; i++) {
		const struct ir_listener *listener = &ir->listeners[i];
		const struct diagram_residue *residue;
		struct diag *diag;
		uint32_t action;

		if (listener->is_socket || listener->refuses_all ||
		    listener->auth == IR_AUTH_REQUIRED ||
		    reach_is_loopback(listener->address))
			continue;
		residue =
		    &reach->diagram.residues[reach_stranger(reach, listener)];
		if (residue->questions != 0 || !residue->matches)
			continue;
		action = ir->ruleset.rules[residue->rule].action;
		if (action == RULESET_REJECT ||
		    ir->actions[action].method != IR_RELAY)
			continue;
		diag = diag_report(&reach->comp->diags, CHECK_OPEN_RELAY,
		    check_reach_pos(reach, residue->rule),
		    "open relay: this rule "
		    "relays anybody's mail to anywhere");
		diag_note(&reach->comp->diags, diag, listener->pos,
		    "for clients of this listener, such as src=%s "
		    "mail-from=sender@example.net rcpt-to=rcpt@example.com",
		    "192.0.2.1");
		return;
	}
}

static bool
reach_build(struct reach *reach)
{
	struct bind *const binds[] = { &reach->bind };
	struct forest forest;
	uint64_t steps = REACH_STEPS;
	bool has_given_up = false;

	diagram_init(&reach->diagram);
	space_init(&reach->space, binds, 1, &reach->diagram);
	forest_build(&forest, &reach->diagram, reach->space.sides[0].rules,
	    reach->ir->ruleset.rule_count);
	reach->root = diagram_no_match();
	for (uint32_t i = 0; i < forest.tree_count && !has_given_up; i++) {
		reach->root = diagram_min(&reach->diagram, reach->root,
		    forest.trees[i].root, steps);
		steps = reach->diagram.steps;
		has_given_up = reach->diagram.has_given_up;
	}
	forest_fini(&forest);
	reach->never = feasible_never(&reach->space);
	return !has_given_up;
}

static bool
reach_wants_order(const struct compilation *comp)
{
	return check_facts_wants(comp, CHECK_PARTLY_COVERED) ||
	    check_facts_wants(comp, CHECK_CATCH_ALL_ORDER) ||
	    check_facts_wants(comp, CHECK_MISSING_FOR_LOCAL);
}

void
check_reach(struct compilation *comp)
{
	struct reach reach = { .comp = comp };
	const char *what;

	if (comp->tree->rule_count == 0 ||
	    comp->tree->rule_count > REACH_RULES_MAX ||
	    comp->map.next_base + comp->files.total > REACH_SIZE_MAX ||
	    reach_has_errors(comp))
		return;
	reach.ir = lower_run(comp);
	/* A program that asks about the host reports what is wrong there. */
	if (host_init(&reach.host, comp, &what) != HOST_OK)
		return;
	bind_init(&reach.bind, comp, reach.ir, &reach.host);
	reach.decides = calloc(reach.ir->ruleset.rule_count,
	    sizeof(*reach.decides));
	reach.is_dead = calloc(reach.ir->ruleset.rule_count,
	    sizeof(*reach.is_dead));
	if (reach.decides == NULL || reach.is_dead == NULL)
		abort();
	if (reach_build(&reach)) {
		reach_check_rules(&reach);
		check_redundant(&reach);
		if (reach_wants_order(comp))
			check_order(&reach);
		reach_check_relay(&reach);
	}
	free(reach.decides);
	free(reach.is_dead);
	free(reach.visited);
	space_fini(&reach.space);
	diagram_fini(&reach.diagram);
	bind_fini(&reach.bind);
}
