/*
 * Second pass: a condition for each predicate whose sets are known, and a
 * question for the others.
 */
#include "compiler/space.h"

#include <stdlib.h>

#include "compiler/space_private.h"

static uint32_t
space_not(struct space *space, uint32_t condition)
{
	return diagram_ite(space->diagram, condition, diagram_no_match(),
	    diagram_true(space->diagram));
}

static uint32_t
space_and(struct space *space, uint32_t a, uint32_t b)
{
	return diagram_ite(space->diagram, a, b, diagram_no_match());
}

static uint32_t
space_or(struct space *space, uint32_t a, uint32_t b)
{
	return diagram_ite(space->diagram, a, diagram_true(space->diagram), b);
}

/* Whether the level has that value, which is not 0. */
static uint32_t
space_is(struct space *space, enum space_level level, uint32_t value)
{
	struct diagram_edge edge = { value, diagram_true(space->diagram) };

	return diagram_node(space->diagram, level, diagram_no_match(), &edge,
	    1);
}

static int
space_compare_edges(const void *va, const void *vb)
{
	const struct diagram_edge *a = va, *b = vb;

	return a->value < b->value ? -1 : a->value > b->value;
}

/* Whether the level's class is in a set. */
static uint32_t
space_in(struct space *space, enum space_level level, uint32_t set)
{
	struct classes *classes = space->classes[level];
	struct classes_list members = classes_members(classes, set);
	uint32_t yes = diagram_true(space->diagram), no = diagram_no_match();
	uint32_t all = classes_count(classes), count = 0, result;
	struct diagram_edge *edges;
	bool has_common = false;

	for (uint32_t i = 0; i < members.count; i++)
		if (members.ids[i] == space->common[level])
			has_common = true;
	edges = malloc((has_common ? all : members.count) * sizeof(*edges) + 1);
	if (edges == NULL)
		abort();
	for (uint32_t i = 0; i < members.count; i++)
		if (members.ids[i] != space->common[level])
			edges[count++] = (struct diagram_edge){
				space_value(space, level, members.ids[i]), yes
			};
	/* The rarer answer is listed: here those that are not members. */
	for (uint32_t c = 0, i = 0; has_common && c < all; c++) {
		if (i < members.count && members.ids[i] == c)
			i++;
		else
			edges[count++] = (struct diagram_edge){
				space_value(space, level, c), no
			};
	}
	qsort(edges, count, sizeof(*edges), space_compare_edges);
	result = diagram_node(space->diagram, level, has_common ? yes : no,
	    edges, count);
	free(edges);
	return result;
}

static uint32_t
space_mailbox(struct space *space, const struct ruleset_pred *pred,
    const struct space_mailbox *box)
{
	struct space_address levels = space_address_of(pred->kind);
	uint32_t yes = diagram_true(space->diagram);

	return space_and(space,
	    box->domain == SPACE_ANY ?
		yes :
		space_in(space, levels.domain, box->domain),
	    box->user == SPACE_ANY ? yes :
				     space_in(space, levels.user, box->user));
}

/* Any of the entries, halved so that no operand stays large for long. */
static uint32_t
space_mailboxes(struct space *space, const struct ruleset_pred *pred,
    const struct space_mailbox *boxes, uint32_t count)
{
	if (count == 0)
		return diagram_no_match();
	if (count == 1)
		return space_mailbox(space, pred, boxes);
	return space_or(space, space_mailboxes(space, pred, boxes, count / 2),
	    space_mailboxes(space, pred, boxes + count / 2, count - count / 2));
}

/* Who logged in, as an address or as a name that is none. */
static uint32_t
space_auth(struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	uint32_t auth = space_is(space, SPACE_AUTH, 1);

	if (pred->table == RULESET_NO_TABLE)
		return auth;
	return space_and(space, auth,
	    diagram_ite(space->diagram, space_is(space, SPACE_LOGIN, 1),
		space_mailboxes(space, pred, known->mailboxes,
		    known->mailbox_count),
		space_in(space, SPACE_LOGIN_USER, known->set)));
}

/* Sessions whose peer counts as the host itself. */
static uint32_t
space_host_itself(struct space *space, unsigned classes)
{
	uint32_t condition = diagram_no_match();

	if (classes & ORIGIN_INTERNAL)
		condition = space_or(space, condition,
		    space_is(space, SPACE_ORIGIN, SPACE_INTERNAL));
	if (classes & ORIGIN_SOCKET)
		condition = space_or(space, condition,
		    space_is(space, SPACE_ORIGIN, SPACE_SOCKET));
	if (classes & ORIGIN_AUTH)
		condition = space_or(space, condition,
		    space_is(space, SPACE_AUTH, 1));
	return condition;
}

static uint32_t
space_from_table(const struct space_builder *builder,
    const struct ruleset_pred *pred, const struct space_pred *known)
{
	struct space *space = builder->space;
	const struct table_entry *entry;
	bool has_local = bind_lookup(builder->bind, pred->table,
			     SERVICE_NETADDR, STR_LIT("local"),
			     &entry) == ANSWER_YES;

	return diagram_ite(space->diagram,
	    space_host_itself(space, pred->local_classes),
	    has_local ? diagram_true(space->diagram) : diagram_no_match(),
	    space_in(space, SPACE_ADDRESS, known->set));
}

static uint32_t
space_rdns(const struct space_builder *builder, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	struct space *space = builder->space;
	const struct table_entry *entry;
	uint32_t unknown = space_is(space, SPACE_RDNS,
	    space_value(space, SPACE_RDNS, CLASSES_EMPTY));

	if (pred->table == RULESET_NO_TABLE)
		return space_not(space, unknown);
	return diagram_ite(space->diagram,
	    space_is(space, SPACE_ORIGIN, SPACE_INTERNAL),
	    bind_lookup(builder->bind, pred->table, pred->service,
		STR_LIT("local"), &entry) == ANSWER_YES ?
		diagram_true(space->diagram) :
		diagram_no_match(),
	    space_in(space, SPACE_RDNS, known->set));
}

/* Tags are few: each is asked for. */
static uint32_t
space_tag(const struct space_builder *builder, const struct ruleset_pred *pred)
{
	struct space *space = builder->space;
	uint32_t yes = diagram_true(space->diagram), no = diagram_no_match();
	struct diagram_edge *edges = malloc(space->tag_count * sizeof(*edges));
	uint32_t result, otherwise = no, count = 0;

	if (edges == NULL)
		abort();
	for (uint32_t i = 0; i < space->tag_count; i++) {
		struct str tag = space->tags[i].on[builder->side];
		const struct table_entry *entry;
		bool holds = pred->table == RULESET_NO_TABLE ?
		    str_eq(tag, pred->text) :
		    bind_lookup(builder->bind, pred->table, pred->service, tag,
			&entry) == ANSWER_YES;

		if (i == 0)
			otherwise = holds ? yes : no;
		else
			edges[count++] = (struct diagram_edge){ i,
				holds ? yes : no };
	}
	result = diagram_node(space->diagram, SPACE_TAG, otherwise, edges,
	    count);
	free(edges);
	return result;
}

static uint32_t
space_plain_condition(const struct space_builder *builder,
    const struct ruleset_pred *pred, const struct space_pred *known)
{
	struct space *space = builder->space;

	switch (pred->kind) {
	case PRED_TAG:
		return space_tag(builder, pred);
	case PRED_FOR_TABLE:
	case PRED_HELO:
		return space_in(space, space_level_of(pred->kind), known->set);
	case PRED_FROM_LOCAL:
		return space_or(space,
		    space_host_itself(space, pred->local_classes),
		    space_is(space, SPACE_ORIGIN, SPACE_OWN_ADDRESS));
	case PRED_FROM_SOCKET:
		return space_is(space, SPACE_ORIGIN, SPACE_SOCKET);
	case PRED_FROM_TABLE:
		return space_from_table(builder, pred, known);
	case PRED_FROM_RDNS:
		return space_rdns(builder, pred, known);
	case PRED_FOR_ANY:
		return space_not(space,
		    space_is(space, SPACE_RCPT_DOMAIN,
			space_value(space, SPACE_RCPT_DOMAIN, CLASSES_EMPTY)));
	case PRED_FOR_LOCAL:
		return space_is(space, SPACE_RCPT_LOCAL, 1);
	case PRED_AUTH:
		return space_auth(space, pred, known);
	case PRED_TLS:
		return space_is(space, SPACE_TLS, 1);
	case PRED_MAIL_FROM:
	case PRED_RCPT_TO:
		return space_mailboxes(space, pred, known->mailboxes,
		    known->mailbox_count);
	case PRED_FROM_ANY:
	case PRED_KINDS:
		break;
	}
	return diagram_true(space->diagram);
}

/* Negation, and the cases that it does not reach. */
static uint32_t
space_condition(const struct space_builder *builder,
    const struct ruleset_pred *pred, const struct space_pred *known)
{
	struct space *space = builder->space;
	uint32_t condition = space_plain_condition(builder, pred, known);
	uint32_t internal = space_is(space, SPACE_ORIGIN, SPACE_INTERNAL);
	uint32_t unknown = space_is(space, SPACE_RDNS,
	    space_value(space, SPACE_RDNS, CLASSES_EMPTY));

	if (pred->flags & PRED_NEGATED)
		condition = space_not(space, condition);
	if (pred->flags & PRED_NOT_UNKNOWN)
		condition = space_and(space,
		    space_or(space, internal, space_not(space, unknown)),
		    condition);
	if (pred->flags & PRED_NOT_INTERNAL)
		condition = space_and(space, space_not(space, internal),
		    condition);
	return condition;
}

/*
 * A table as far as questions go: what it holds or where it comes from, not
 * its name. So the same question of both sides is one question, if both
 * targets compare keys with entries alike.
 */
static const char *
space_table_text(const struct space_builder *builder, uint32_t number)
{
	struct arena *arena = builder->space->arena;
	const struct ir_table *table;

	if (number == IR_NONE)
		return "";
	table = &builder->ir->tables[number];
	if (table->kind == IR_TABLE_LIST || table->kind == IR_TABLE_MAPPING)
		return arena_printf(arena, "=%s",
		    bind_digest(builder->bind, number));
	return arena_printf(arena, "%u:%.*s:%.*s", (unsigned)table->kind,
	    STR_ARG(table->backend), STR_ARG(table->config));
}

/* Whether what it holds is not known, and taken to be ordinary. */
static bool
space_assumes_plain(const struct space_builder *builder, uint32_t table)
{
	return builder->bind->assumes_plain &&
	    bind_state_of(builder->bind, table) != BIND_READY;
}

/* How the target compares keys with entries, as far as targets differ. */
static const char *
space_matcher_text(const struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	struct arena *arena = builder->space->arena;
	const struct table_rules *rules = &builder->bind->rules;
	bool is_plain = pred->table != IR_NONE &&
	    space_assumes_plain(builder, pred->table);

	if (pred->service == SERVICE_MAILADDR)
		return arena_printf(arena, "%d%c",
		    is_plain ? -1 : (int)rules->mailaddr, rules->delimiter);
	return pred->service == SERVICE_NETADDR && rules->brackets &&
		!is_plain ?
	    "[" :
	    "";
}

/* variant tells questions of one predicate apart. */
static uint32_t
space_question(const struct space_builder *builder,
    const struct ruleset_pred *pred, const char *variant)
{
	struct space *space = builder->space;
	struct str key = str_from(arena_printf(space->arena,
	    "%u|%u|%s|%u%s|%s|%.*s", (unsigned)pred->kind, pred->flags, variant,
	    (unsigned)pred->service, space_matcher_text(builder, pred),
	    space_table_text(builder, pred->table), STR_ARG(pred->text)));
	void **slot = strmap_put(&space->question_numbers, key);

	if (*slot != NULL)
		return (uint32_t)(uintptr_t)*slot - 1;
	if (space->question_count == space->question_room) {
		space->question_room = space->question_room * 2 + 16;
		space->questions = realloc(space->questions,
		    space->question_room * sizeof(*space->questions));
		if (space->questions == NULL)
			abort();
	}
	space->questions[space->question_count++] =
	    (struct space_question){ builder->bind, pred };
	*slot = (void *)(uintptr_t)space->question_count;
	return space->question_count - 1;
}

/*
 * A table of addresses is asked for "local" where the peer counts as the
 * host itself. Which peers do differs between sides, the questions do not.
 */
static struct forest_pred
space_ask(const struct space_builder *builder, const struct ruleset_pred *pred)
{
	struct forest_pred to = {
		.is_question = true,
		.number = space_question(builder, pred, "address"),
	};

	if (pred->kind != PRED_FROM_TABLE || pred->local_classes == 0)
		return to;
	to.has_guard = true;
	to.guard = space_host_itself(builder->space, pred->local_classes);
	if (pred->table == IR_NONE ||
	    !space_assumes_plain(builder, pred->table))
		to.guarded = space_question(builder, pred, "local");
	else
		to.guarded = pred->flags & PRED_NEGATED ? FOREST_YES :
							  FOREST_NO;
	return to;
}

static bool
space_is_set_left_out(const struct space *space, enum space_level level,
    uint32_t set)
{
	return set != SPACE_ANY &&
	    classes_is_left_out(space->classes[level], set);
}

static bool
space_is_left_out(const struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	struct space_address levels = space_address_of(pred->kind);

	if (known->is_question ||
	    space_is_set_left_out(space, space_level_of(pred->kind),
		known->set))
		return true;
	for (uint32_t i = 0; i < known->mailbox_count; i++)
		if (space_is_set_left_out(space, levels.domain,
			known->mailboxes[i].domain) ||
		    space_is_set_left_out(space, levels.user,
			known->mailboxes[i].user))
			return true;
	return false;
}

void
space_build_rules(struct space_builder *builder)
{
	struct space *space = builder->space;
	const struct ruleset *ruleset = &builder->ir->ruleset;
	const struct space_pred *known = builder->preds[builder->side];
	struct forest_rule *rules = arena_alloc(space->arena,
	    ruleset->rule_count * sizeof(*rules));

	space->sides[builder->side].rules = rules;
	for (uint32_t r = 0; r < ruleset->rule_count; r++) {
		const struct ruleset_rule *rule = &ruleset->rules[r];
		struct forest_pred *preds = arena_alloc(space->arena,
		    rule->pred_count * sizeof(*preds));

		for (uint32_t i = 0; i < rule->pred_count; i++, known++) {
			if (space_is_left_out(space, &rule->preds[i], known))
				preds[i] = space_ask(builder, &rule->preds[i]);
			else
				preds[i].number = space_condition(builder,
				    &rule->preds[i], known);
		}
		rules[r] = (struct forest_rule){ preds, rule->pred_count };
	}
}
