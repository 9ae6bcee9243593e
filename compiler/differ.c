/*
 * Labels for the rules of both sides, by what they do, and what a
 * comparison of them says.
 */
#include "compiler/differ.h"

#include <stdlib.h>

#include "compiler/differ_private.h"
#include "compiler/dump_json.h"
#include "compiler/lower.h"

/* What an action's dump says about where mail goes, hosts apart. */
static const char *const differ_destination[] = { "method", "path",
	"destination", "command", "domain", "backup", "alias", "virtual",
	"userbase", "user", "rcpt-to", "mail-from" };

enum {
	DIFFER_DESTINATIONS = sizeof(differ_destination) /
	    sizeof(differ_destination[0]),
};

const struct dump_value *
differ_get(const struct dump_value *map, struct str key)
{
	for (const struct dump_item *i = map->items; i != NULL; i = i->next)
		if (str_eq(i->key, key))
			return i->value;
	return NULL;
}

const char *
differ_json(struct arena *arena, const struct dump_value *value)
{
	char *text = dump_json_line(value);
	const char *copy;

	if (text == NULL)
		abort();
	copy = arena_copy(arena, str_from(text)).ptr;
	free(text);
	return copy;
}

int
differ_bind(struct differ_side *side, const char **what_r)
{
	int error;

	side->ir = lower_run(&side->comp);
	error = host_init(&side->host, &side->comp, what_r);
	if (error == HOST_OK)
		bind_init(&side->bind, &side->comp, side->ir, &side->host);
	return error;
}

void
differ_describe(struct differ_side *side)
{
	const struct dump_options options = { .shows_secrets = false };
	struct ir *normal = ARENA_NEW(&side->comp.arena, struct ir);
	const struct dump_value *actions;
	struct ir copy;

	copy = *side->ir;
	if (side->adjust != NULL)
		side->adjust(side->adjust_arg, &copy);
	*normal = differ_normal(&side->comp.arena, &copy);
	side->dump = dump_model_build(&side->comp, normal, &options);
	actions = differ_get(side->dump, STR_LIT("actions"));
	strmap_init(&side->actions, &side->comp.arena);
	for (const struct dump_item *i = actions == NULL ? NULL :
							   actions->items;
	     i != NULL; i = i->next)
		*strmap_put(&side->actions, i->key) = i->value;
}

int
differ_prepare(struct differ_side *side, const char **what_r)
{
	int error = differ_bind(side, what_r);

	if (error == HOST_OK)
		differ_describe(side);
	return error;
}

static const struct dump_value *
differ_action(const struct differ_side *side, uint32_t action)
{
	return strmap_get(&side->actions, side->ir->actions[action].name);
}

/* Labels. */

/* Hosts without what their URLs say about how to talk to them. */
static const char *
differ_hosts_text(struct arena *arena, const struct dump_value *hosts)
{
	const char *text = "";

	for (const struct dump_item *i = hosts->items; i != NULL; i = i->next) {
		struct str url = i->value->text;
		const char *at = url.len == 0 ?
		    NULL :
		    memmem(url.ptr, url.len, "://", 3);
		uint32_t skip = at == NULL ? 0 : (uint32_t)(at - url.ptr);

		text = arena_printf(arena, "%s %.*s", text,
		    (int)(url.len - skip), url.ptr + skip);
	}
	return text;
}

static bool
differ_is_destination(struct str key)
{
	for (size_t i = 0; i < DIFFER_DESTINATIONS; i++)
		if (str_is(key, differ_destination[i]))
			return true;
	return false;
}

static const char *
differ_label_text(struct arena *arena, const struct differ_side *side,
    uint32_t number, enum differ_aspect aspect)
{
	const struct dump_value *action = differ_action(side, number);
	const char *text = "";

	if (aspect == DIFFER_DECISION)
		return side->ir->actions[number].method == IR_RELAY ?
		    "relayed" :
		    "local";
	if (aspect == DIFFER_ALL)
		return differ_json(arena, action);
	for (const struct dump_item *i = action->items; i; i = i->next) {
		if (str_is(i->key, "host") && i->value->kind == DUMP_LIST)
			text = arena_printf(arena, "%shost:%s\n", text,
			    differ_hosts_text(arena, i->value));
		else if (str_is(i->key, "host") ||
		    differ_is_destination(i->key))
			text = arena_printf(arena, "%s%.*s: %s\n", text,
			    STR_ARG(i->key), differ_json(arena, i->value));
	}
	return text;
}

/* Actions with the same text get the same number, on both sides. */
static struct equal_labels
differ_label(struct differ *differ, uint32_t which, enum differ_aspect aspect,
    struct strmap *numbers)
{
	const struct differ_side *side = &differ->sides[which];
	struct arena *arena = &differ->sides[0].comp.arena;
	const struct ir *ir = side->ir;
	uint32_t *of_actions = arena_alloc(arena,
	    ir->action_count * sizeof(*of_actions));
	uint32_t *of_rules = arena_alloc(arena,
	    ir->ruleset.rule_count * sizeof(*of_rules));

	for (uint32_t i = 0; i < ir->action_count; i++) {
		void **slot = strmap_put(numbers,
		    str_from(differ_label_text(arena, side, i, aspect)));

		if (*slot == NULL)
			*slot = (void *)(uintptr_t)numbers->count;
		of_actions[i] = (uint32_t)(uintptr_t)*slot;
	}
	for (uint32_t i = 0; i < ir->ruleset.rule_count; i++) {
		uint32_t action = ir->ruleset.rules[i].action;

		of_rules[i] = action == RULESET_REJECT ? EQUAL_REFUSED :
							 of_actions[action];
	}
	return (struct equal_labels){ of_rules, ir->ruleset.rule_count };
}

/* The condition in the source that asks a question. */
static struct srcpos
differ_question_pos(const struct differ_side *side,
    const struct ruleset_pred *pred)
{
	const struct ruleset *ruleset = &side->ir->ruleset;

	for (uint32_t r = 0; r < ruleset->rule_count; r++) {
		const struct ruleset_rule *rule = &ruleset->rules[r];
		const struct clause *clause;

		if (pred < rule->preds ||
		    pred >= rule->preds + rule->pred_count)
			continue;
		clause = side->ir->rules[r].clauses[pred - rule->preds];
		return clause != NULL ? clause->pos :
					side->ir->rules[r].stmt->pos;
	}
	return (struct srcpos){ 0, 0 };
}

static void
differ_list_questions(struct differ *differ, const struct equal *equal)
{
	struct differ_question **tail = &differ->questions;

	for (uint32_t i = 0; i < differ->rules.question_count; i++) {
		const struct space_question *from =
		    &equal->space.questions[differ->rules.questions[i]];
		struct differ_question *question =
		    ARENA_NEW(&differ->sides[0].comp.arena,
			struct differ_question);

		question->side = from->bind == &differ->sides[1].bind;
		question->pos =
		    differ_question_pos(&differ->sides[question->side],
			from->pred);
		*tail = question;
		tail = &question->next;
	}
}

static void
differ_compare_rules(struct differ *differ)
{
	struct bind *const binds[2] = { &differ->sides[0].bind,
		&differ->sides[1].bind };
	struct equal equal;

	equal_init(&equal, binds);
	for (unsigned aspect = 0; aspect < DIFFER_ASPECTS; aspect++) {
		struct equal_labels labels[2];
		struct strmap numbers;

		strmap_init(&numbers, &differ->sides[0].comp.arena);
		differ->aspect = (enum differ_aspect)aspect;
		for (uint32_t side = 0; side < 2; side++)
			labels[side] = differ_label(differ, side,
			    differ->aspect, &numbers);
		differ->rules = equal_compare(&equal, labels, DIFFER_WITNESSES);
		if (differ->rules.verdict != EQUAL_SAME)
			break;
	}
	if (differ->rules.verdict == EQUAL_UNDECIDED)
		differ_list_questions(differ, &equal);
	equal_fini(&equal);
}

void
differ_run(struct differ *differ)
{
	differ_compare_rules(differ);
	differ->changes = differ_changes(&differ->sides[0].comp.arena,
	    differ->sides[0].dump, differ->sides[1].dump);
}

bool
differ_is_equivalent(const struct differ *differ)
{
	return differ->rules.verdict == EQUAL_SAME && differ->changes == NULL;
}

/* Outcomes. */

struct differ_change *
differ_actions(struct differ *differ, const struct equal_witness *witness)
{
	const struct dump_value *actions[2];

	for (uint32_t i = 0; i < 2; i++) {
		const struct ir *ir = differ->sides[i].ir;
		uint32_t action;

		if (witness->results[i].verdict != RULESET_MATCH)
			return NULL;
		action = ir->ruleset.rules[witness->results[i].rule].action;
		if (action == RULESET_REJECT)
			return NULL;
		actions[i] = differ_action(&differ->sides[i], action);
	}
	return differ_changes(&differ->sides[0].comp.arena, actions[0],
	    actions[1]);
}

const char *
differ_outcome(const struct differ_side *side, struct ruleset_result result)
{
	uint32_t action;

	if (result.verdict == RULESET_TEMPFAIL)
		return "refused for now";
	if (result.verdict == RULESET_NO_MATCH)
		return "refused, no rule matches";
	action = side->ir->ruleset.rules[result.rule].action;
	if (action == RULESET_REJECT)
		return "refused";
	return side->ir->actions[action].method == IR_RELAY ? "relayed" :
							      "delivered";
}
