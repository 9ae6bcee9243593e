/*
 * Labels for the rules of both sides, by what they do, and the differences
 * of everything that is not a rule, by walking both dumps.
 */
#include "compiler/differ.h"

#include <stdlib.h>

#include "compiler/dump_json.h"
#include "compiler/lower.h"

/* What an action's dump says about where mail goes. */
static const char *const differ_destination[] = { "method", "path",
	"destination", "command", "host", "domain", "backup", "alias",
	"virtual", "userbase", "user", "rcpt-to", "mail-from" };

/* Parts of a dump that are compared through the rules that use them. */
static const char *const differ_left_out[] = { "dialect", "target", "tables",
	"actions", "rules" };

static bool
differ_is_one_of(struct str key, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(key, words[i]))
			return true;
	return false;
}

#define DIFFER_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * An IR whose tables have no names: they are dumped where they are used, by
 * their entries or where they come from.
 */
static struct ir
differ_anonymous(struct arena *arena, const struct ir *ir)
{
	struct ir copy = *ir;
	struct ir_table *tables = arena_alloc(arena,
	    ir->table_count * sizeof(*tables));
	static const char *const prefixes[] = {
		[IR_TABLE_FILE] = "file",
		[IR_TABLE_DB] = "db",
	};

	for (uint32_t i = 0; i < ir->table_count; i++) {
		struct ir_table *table = &tables[i];

		*table = ir->tables[i];
		if (table->kind == IR_TABLE_LIST ||
		    table->kind == IR_TABLE_MAPPING)
			table->name = STR_LIT("");
		else if (table->kind == IR_TABLE_PROGRAM)
			table->name = str_from(arena_printf(arena, "%.*s:%.*s",
			    STR_ARG(table->backend), STR_ARG(table->config)));
		else if (table->kind == IR_TABLE_FILE ||
		    table->kind == IR_TABLE_DB)
			table->name = str_from(arena_printf(arena, "%s:%.*s",
			    prefixes[table->kind], STR_ARG(table->config)));
	}
	copy.tables = tables;
	return copy;
}

static const struct dump_value *
differ_get(const struct dump_value *map, struct str key)
{
	for (const struct dump_item *i = map->items; i != NULL; i = i->next)
		if (str_eq(i->key, key))
			return i->value;
	return NULL;
}

int
differ_prepare(struct differ_side *side, const char **what_r)
{
	const struct dump_options options = { .shows_secrets = false };
	struct ir *anonymous = ARENA_NEW(&side->comp.arena, struct ir);
	const struct dump_value *actions;
	int error;

	side->ir = lower_run(&side->comp);
	error = host_init(&side->host, &side->comp, what_r);
	if (error != HOST_OK)
		return error;
	bind_init(&side->bind, &side->comp, side->ir, &side->host);
	*anonymous = differ_anonymous(&side->comp.arena, side->ir);
	side->dump = dump_model_build(&side->comp, anonymous, &options);
	actions = differ_get(side->dump, STR_LIT("actions"));
	strmap_init(&side->actions, &side->comp.arena);
	for (const struct dump_item *i = actions == NULL ? NULL :
							   actions->items;
	     i != NULL; i = i->next)
		*strmap_put(&side->actions, i->key) = i->value;
	return HOST_OK;
}

static const char *
differ_text(struct arena *arena, const struct dump_value *value)
{
	const char *copy;
	char *text;

	if (value == NULL)
		return NULL;
	text = dump_json_line(value);
	if (text == NULL)
		abort();
	copy = arena_copy(arena, str_from(text)).ptr;
	free(text);
	return copy;
}

static const struct dump_value *
differ_action(const struct differ_side *side, uint32_t action)
{
	return strmap_get(&side->actions, side->ir->actions[action].name);
}

/* Labels. */

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
		return differ_text(arena, action);
	for (const struct dump_item *i = action->items; i; i = i->next)
		if (differ_is_one_of(i->key, differ_destination,
			DIFFER_COUNT(differ_destination)))
			text = arena_printf(arena, "%s%.*s: %s\n", text,
			    STR_ARG(i->key), differ_text(arena, i->value));
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
	equal_fini(&equal);
}

/* Everything else. */

struct differ_walk {
	struct arena *arena;
	struct differ_change **tail;
};

static void
differ_add(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b)
{
	struct differ_change *change = ARENA_NEW(walk->arena,
	    struct differ_change);

	change->path = path;
	change->texts[0] = differ_text(walk->arena, a);
	change->texts[1] = differ_text(walk->arena, b);
	*walk->tail = change;
	walk->tail = &change->next;
}

static const char *
differ_path(struct differ_walk *walk, const char *path, struct str key)
{
	return arena_printf(walk->arena, path[0] != '\0' ? "%s.%.*s" : "%s%.*s",
	    path, STR_ARG(key));
}

/* Elements of one list that the other does not have. */
static void
differ_walk_list(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b, bool is_second)
{
	struct strmap other;

	strmap_init(&other, walk->arena);
	for (const struct dump_item *i = b->items; i != NULL; i = i->next)
		*strmap_put(&other,
		    str_from(differ_text(walk->arena, i->value))) = walk;
	for (const struct dump_item *i = a->items; i != NULL; i = i->next)
		if (strmap_get(&other,
			str_from(differ_text(walk->arena, i->value))) == NULL)
			differ_add(walk, path, is_second ? NULL : i->value,
			    is_second ? i->value : NULL);
}

static void
differ_walk_map(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b)
{
	for (const struct dump_item *i = a->items; i != NULL; i = i->next) {
		const struct dump_value *other = differ_get(b, i->key);
		const char *here = differ_path(walk, path, i->key);

		if (path[0] == '\0' &&
		    differ_is_one_of(i->key, differ_left_out,
			DIFFER_COUNT(differ_left_out)))
			continue;
		if (other == NULL || other->kind != i->value->kind) {
			differ_add(walk, here, i->value, other);
		} else if (other->kind == DUMP_MAP) {
			differ_walk_map(walk, here, i->value, other);
		} else if (other->kind == DUMP_LIST) {
			differ_walk_list(walk, here, i->value, other, false);
			differ_walk_list(walk, here, other, i->value, true);
		} else if (strcmp(differ_text(walk->arena, i->value),
			       differ_text(walk->arena, other)) != 0) {
			differ_add(walk, here, i->value, other);
		}
	}
	for (const struct dump_item *i = b->items; i != NULL; i = i->next)
		if (differ_get(a, i->key) == NULL &&
		    (path[0] != '\0' ||
			!differ_is_one_of(i->key, differ_left_out,
			    DIFFER_COUNT(differ_left_out))))
			differ_add(walk, differ_path(walk, path, i->key), NULL,
			    i->value);
}

static struct differ_change *
differ_walk(struct differ *differ, const struct dump_value *a,
    const struct dump_value *b)
{
	struct differ_change *first = NULL;
	struct differ_walk walk = { &differ->sides[0].comp.arena, &first };

	differ_walk_map(&walk, "", a, b);
	return first;
}

void
differ_run(struct differ *differ)
{
	differ_compare_rules(differ);
	differ->changes = differ_walk(differ, differ->sides[0].dump,
	    differ->sides[1].dump);
}

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
	return differ_walk(differ, actions[0], actions[1]);
}
