/*
 * Two passes over the predicates: the first collects the sets of every
 * level, the second builds a condition or a question for each predicate.
 */
#include "compiler/space.h"

#include <stdlib.h>

#include "runtime/base/mailaddr.h"

/* A mail address entry, as sets of its two levels. */
struct space_mailbox {
	uint32_t domain; /* set; SPACE_ANY: every domain */
	uint32_t user;   /* set; SPACE_ANY: every user */
};

#define SPACE_ANY UINT32_MAX

/* What the first pass leaves for the second, for each predicate. */
struct space_pred {
	bool is_question;
	uint32_t set; /* of the predicate's level */
	struct space_mailbox *mailboxes;
	uint32_t mailbox_count;
};

/* A user with a delimiter, kept by what stands before it. */
struct space_delimited {
	struct str user;
	struct space_delimited *next;
};

struct space_builder {
	struct space *space;
	uint32_t side; /* the one that is being looked at */
	struct bind *bind;
	const struct ir *ir;
	bool has_one_delimiter;  /* on both sides */
	struct strmap delimited; /* user entries with a delimiter */

	/* Of each side: one for each predicate of all rules. */
	struct space_pred *preds[SPACE_SIDES_MAX];
};

static enum space_level
space_level_of(enum ruleset_pred_kind kind)
{
	switch (kind) {
	case PRED_FROM_TABLE:
		return SPACE_ADDRESS;
	case PRED_FROM_RDNS:
		return SPACE_RDNS;
	case PRED_FOR_TABLE:
		return SPACE_RCPT_DOMAIN;
	case PRED_HELO:
		return SPACE_HELO;
	case PRED_MAIL_FROM:
		return SPACE_SENDER_DOMAIN;
	case PRED_RCPT_TO:
		return SPACE_RCPT_DOMAIN;
	case PRED_TAG:
	case PRED_FROM_ANY:
	case PRED_FROM_LOCAL:
	case PRED_FROM_SOCKET:
	case PRED_FOR_ANY:
	case PRED_FOR_LOCAL:
	case PRED_AUTH:
	case PRED_TLS:
	case PRED_KINDS:
		break;
	}
	return SPACE_LEVELS;
}

/* First pass: sets. */

/* Entries that match nothing on this side, but would in its classes. */
static bool
space_is_dead(const struct space_builder *builder,
    const struct ruleset_pred *pred, struct str entry)
{
	if (pred->service != SERVICE_NETADDR || entry.len == 0)
		return false;
	/* Brackets are known since 6.6; names with "*" are compared whole. */
	return pred->kind == PRED_FROM_RDNS ?
	    memchr(entry.ptr, '*', entry.len) != NULL :
	    entry.ptr[0] == '[' && !builder->bind->rules.brackets;
}

/* The entries of a static table; false where they cannot be known. */
static bool
space_entries(struct space_builder *builder, const struct ruleset_pred *pred,
    const struct str **entries_r, uint32_t *count_r)
{
	struct bind *bind = builder->bind;
	const struct table *table;
	struct str *entries;

	if (pred->table == IR_NONE ||
	    bind_state_of(bind, pred->table) != BIND_READY ||
	    bind->tables[pred->table].table == NULL)
		return false;
	table = bind->tables[pred->table].table;
	entries = arena_alloc(builder->space->arena,
	    table_count(table) * sizeof(*entries));
	*count_r = 0;
	for (uint32_t i = 0; i < table_count(table); i++) {
		struct str entry = table_entry_at(table, i)->key;

		if (!space_is_dead(builder, pred, entry))
			entries[(*count_r)++] = entry;
	}
	*entries_r = entries;
	return true;
}

static bool
space_can_be_known(const struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	if (pred->service == SERVICE_MAILADDR && !builder->has_one_delimiter)
		return false;
	if (pred->flags & (PRED_FAILS | PRED_FAILS_IF_AUTH))
		return false;
	if (pred->table == RULESET_NO_TABLE)
		return true;
	return pred->service != SERVICE_REGEX && pred->kind != PRED_AUTH;
}

static struct str
space_user_of(struct str entry, char delimiter, bool *is_delimited_r)
{
	const char *cut = memchr(entry.ptr, delimiter, entry.len);

	*is_delimited_r = cut != NULL;
	if (cut != NULL)
		entry.len = (uint32_t)(cut - entry.ptr);
	return entry;
}

/*
 * Users are compared up to their first delimiter, unless the entry has one.
 * So "bob" stands for itself and for every "bob+x" that is in some entry;
 * other users are looked up without what follows the delimiter.
 */
static void
space_note_delimited(struct space_builder *builder, struct str user)
{
	struct arena *arena = builder->space->arena;
	bool is_delimited;
	struct str base = space_user_of(user, builder->ir->settings.delimiter,
	    &is_delimited);
	struct space_delimited *item, **slot;

	if (!is_delimited)
		return;
	slot = (struct space_delimited **)strmap_put(&builder->delimited, base);
	item = arena_alloc(arena, sizeof(*item));
	item->user = user;
	item->next = *slot;
	*slot = item;
}

static uint32_t
space_add_user(struct space_builder *builder, enum space_level level,
    struct str user)
{
	struct space_delimited *others = strmap_get(&builder->delimited, user);
	const struct space_delimited *item;
	struct str *entries;
	uint32_t count = 1;

	for (item = others; item != NULL; item = item->next)
		count++;
	entries = arena_alloc(builder->space->arena, count * sizeof(*entries));
	entries[0] = user;
	count = 1;
	for (item = others; item != NULL; item = item->next)
		entries[count++] = item->user;
	return classes_add_set(builder->space->classes[level], entries, count);
}

static void
space_add_mailbox(struct space_builder *builder,
    const struct ruleset_pred *pred, struct str entry,
    struct space_mailbox *box)
{
	enum space_level domain = space_level_of(pred->kind);
	enum space_level user = pred->kind == PRED_RCPT_TO ? SPACE_RCPT_USER :
							     SPACE_SENDER_USER;
	struct mailaddr addr = mailaddr_split(entry);
	bool is_everything = addr.user.len == 0 && addr.domain.len == 0;

	box->domain = box->user = SPACE_ANY;
	if (addr.domain.len > 0)
		box->domain = classes_add_set(builder->space->classes[domain],
		    &addr.domain, 1);
	else if (!is_everything &&
	    builder->bind->rules.mailaddr == MAILADDR_LEGACY)
		/* Compared with an empty pattern: none but no domain. */
		box->domain = classes_add_set(builder->space->classes[domain],
		    &(struct str){ "", 0 }, 1);
	if (addr.user.len > 0)
		box->user = space_add_user(builder, user, addr.user);
}

static void
space_collect_mailboxes(struct space_builder *builder,
    const struct ruleset_pred *pred, struct space_pred *to,
    const struct str *entries)
{
	to->mailboxes = arena_alloc(builder->space->arena,
	    to->mailbox_count * sizeof(*to->mailboxes));
	for (uint32_t i = 0; i < to->mailbox_count; i++)
		space_add_mailbox(builder, pred, entries[i], &to->mailboxes[i]);
}

static void
space_collect(struct space_builder *builder, const struct ruleset_pred *pred,
    struct space_pred *to)
{
	enum space_level level = space_level_of(pred->kind);
	const struct str *entries;
	uint32_t count;

	to->is_question = !space_can_be_known(builder, pred);
	if (to->is_question || pred->table == RULESET_NO_TABLE)
		return;
	if (!space_entries(builder, pred, &entries, &count)) {
		to->is_question = true;
	} else if (pred->service == SERVICE_MAILADDR) {
		to->mailbox_count = count;
		space_collect_mailboxes(builder, pred, to, entries);
	} else if (level != SPACE_LEVELS) {
		to->set = classes_add_set(builder->space->classes[level],
		    entries, count);
	}
}

static void
space_collect_delimited(struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	const struct str *entries;
	uint32_t count;

	if (!space_can_be_known(builder, pred) ||
	    pred->table == RULESET_NO_TABLE ||
	    pred->service != SERVICE_MAILADDR ||
	    !space_entries(builder, pred, &entries, &count))
		return;
	for (uint32_t i = 0; i < count; i++)
		space_note_delimited(builder, mailaddr_split(entries[i]).user);
}

/* Tags. */

static void
space_add_tag(struct space *space, struct space_tag tag)
{
	for (uint32_t i = 0; i < space->tag_count; i++) {
		struct space_tag *old = &space->tags[i];

		if (!str_eq(old->on[0], tag.on[0]) ||
		    !str_eq(old->on[1], tag.on[1]))
			continue;
		old->is_socket |= tag.is_socket;
		old->is_network |= tag.is_network;
		old->offers_auth |= tag.offers_auth;
		return;
	}
	if (space->tag_count == space->tag_room) {
		space->tag_room = space->tag_room * 2 + 8;
		space->tags = realloc(space->tags,
		    space->tag_room * sizeof(*space->tags));
		if (space->tags == NULL)
			abort();
	}
	space->tags[space->tag_count++] = tag;
}

static bool
space_is_same_listener(const struct ir_listener *a, const struct ir_listener *b)
{
	return a->is_socket == b->is_socket && a->port == b->port &&
	    a->family == b->family && str_eq(a->address, b->address);
}

/* What the other side tags the sessions of a listener with. */
static struct str
space_other_tag(const struct ir *ir, const struct ir_listener *listener)
{
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (space_is_same_listener(&ir->listeners[i], listener))
			return ir->listeners[i].tag;
	return listener->tag;
}

static void
space_add_listeners(struct space *space, uint32_t side)
{
	const struct ir *ir = space->sides[side].bind->ir;
	const struct ir *other =
	    space->sides[(side + 1) % space->side_count].bind->ir;
	/* A file without listeners is a part: the rest may have any. */
	struct space_tag any = {
		.on = { STR_LIT(""), STR_LIT("") },
		.is_network = true,
		.offers_auth = true,
	};

	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (!ir->listeners[i].is_socket)
			any.is_network = any.offers_auth = false;
	space_add_tag(space, any);
	for (uint32_t i = 0; i < ir->listener_count; i++) {
		const struct ir_listener *listener = &ir->listeners[i];
		struct space_tag tag = {
			.is_socket = listener->is_socket,
			.is_network = !listener->is_socket,
			.offers_auth = listener->auth != IR_AUTH_NONE,
		};

		tag.on[side] = listener->tag;
		tag.on[1 - side] = space_other_tag(other, listener);
		space_add_tag(space, tag);
	}
}

/* Tags that rules name and no listener has cannot occur, but may be asked. */
static void
space_add_named_tags(struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	const struct str *entries = &pred->text;
	uint32_t count = 1;

	if (pred->kind != PRED_TAG ||
	    (pred->table != RULESET_NO_TABLE &&
		!space_entries(builder, pred, &entries, &count)))
		return;
	for (uint32_t i = 0; i < count; i++)
		space_add_tag(builder->space,
		    (struct space_tag){ .on = { entries[i], entries[i] } });
}

static void
space_each_pred(struct space_builder *builder,
    void (*visit)(struct space_builder *, const struct ruleset_pred *))
{
	const struct ruleset *ruleset = &builder->ir->ruleset;

	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		for (uint32_t i = 0; i < ruleset->rules[r].pred_count; i++)
			visit(builder, &ruleset->rules[r].preds[i]);
}

static void
space_collect_side(struct space_builder *builder)
{
	const struct ruleset *ruleset = &builder->ir->ruleset;
	struct space_pred *to;
	uint32_t total = 0;

	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		total += ruleset->rules[r].pred_count;
	to = arena_alloc(builder->space->arena, total * sizeof(*to));
	builder->preds[builder->side] = to;
	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		for (uint32_t i = 0; i < ruleset->rules[r].pred_count; i++)
			space_collect(builder, &ruleset->rules[r].preds[i],
			    to++);
}

static void
space_make_classes(struct space *space)
{
	static const enum classes_kind kinds[] = {
		[SPACE_RCPT_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_RCPT_USER] = CLASSES_STRING,
		[SPACE_SENDER_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_SENDER_USER] = CLASSES_STRING,
		[SPACE_ADDRESS] = CLASSES_NETWORK,
		[SPACE_HELO] = CLASSES_DOMAIN,
		[SPACE_RDNS] = CLASSES_DOMAIN,
	};

	for (unsigned level = 0; level < SPACE_LEVELS; level++)
		if (level != SPACE_RCPT_LOCAL && level != SPACE_ORIGIN &&
		    level != SPACE_AUTH && level != SPACE_TAG &&
		    level != SPACE_TLS)
			space->classes[level] = classes_new(space->arena,
			    kinds[level]);
}

/*
 * A value that hardly any entry names: its class is value 0 of the level,
 * which is every diagram's common case.
 */
static void
space_build_classes(struct space *space)
{
	for (unsigned level = 0; level < SPACE_LEVELS; level++) {
		struct classes *classes = space->classes[level];
		struct classes_list blame;

		if (classes == NULL)
			continue;
		while (classes_build(classes, SPACE_BUDGET) != 0) {
			blame = classes_blame(classes);
			for (uint32_t i = 0; i < blame.count; i++)
				classes_leave_out(classes, blame.ids[i]);
		}
		space->common[level] = classes_find(classes,
		    level == SPACE_ADDRESS ? STR_LIT("240.0.0.1") :
					     STR_LIT("q7-zx3.kqvj-w9.invalid"));
	}
}

/* Classes and values of a level differ in which is number 0. */
uint32_t
space_value(const struct space *space, enum space_level level, uint32_t class)
{
	if (class == space->common[level])
		return 0;
	return class == 0 ? space->common[level] : class;
}

uint32_t
space_class(const struct space *space, enum space_level level, uint32_t value)
{
	/* The exchange of two numbers is its own inverse. */
	return space_value(space, level, value);
}

uint32_t
space_value_count(const struct space *space, enum space_level level)
{
	if (space->classes[level] != NULL)
		return classes_count(space->classes[level]);
	return level == SPACE_TAG ? space->tag_count :
	    level == SPACE_ORIGIN ? SPACE_INTERNAL + 1 :
				    2;
}

/* Second pass: conditions. */

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
	enum space_level domain = space_level_of(pred->kind);
	enum space_level user = pred->kind == PRED_RCPT_TO ? SPACE_RCPT_USER :
							     SPACE_SENDER_USER;
	uint32_t yes = diagram_true(space->diagram);

	return space_and(space,
	    box->domain == SPACE_ANY ? yes :
				       space_in(space, domain, box->domain),
	    box->user == SPACE_ANY ? yes : space_in(space, user, box->user));
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
		return space_is(space, SPACE_AUTH, 1);
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
 * its name. So the same question of both sides is one question.
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

static uint32_t
space_question(const struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	struct space *space = builder->space;
	struct str key = str_from(arena_printf(space->arena,
	    "%u|%u|%u|%u|%s|%.*s", (unsigned)pred->kind, pred->flags,
	    pred->local_classes, (unsigned)pred->service,
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

static bool
space_is_left_out(const struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	enum space_level level = space_level_of(pred->kind);
	const struct classes *domains, *users;

	if (known->is_question || level == SPACE_LEVELS ||
	    pred->table == RULESET_NO_TABLE)
		return known->is_question;
	domains = space->classes[level];
	if (known->mailboxes == NULL)
		return pred->service != SERVICE_MAILADDR &&
		    classes_is_left_out(domains, known->set);
	users = space->classes[pred->kind == PRED_RCPT_TO ? SPACE_RCPT_USER :
							    SPACE_SENDER_USER];
	for (uint32_t i = 0; i < known->mailbox_count; i++)
		if ((known->mailboxes[i].domain != SPACE_ANY &&
			classes_is_left_out(domains,
			    known->mailboxes[i].domain)) ||
		    (known->mailboxes[i].user != SPACE_ANY &&
			classes_is_left_out(users, known->mailboxes[i].user)))
			return true;
	return false;
}

static void
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
			preds[i].is_question = space_is_left_out(space,
			    &rule->preds[i], known);
			preds[i].number = preds[i].is_question ?
			    space_question(builder, &rule->preds[i]) :
			    space_condition(builder, &rule->preds[i], known);
		}
		rules[r] = (struct forest_rule){ preds, rule->pred_count };
	}
}

/* A stage of building, for each side. */
static void
space_each_side(struct space_builder *builder,
    void (*stage)(struct space_builder *))
{
	for (uint32_t i = 0; i < builder->space->side_count; i++) {
		builder->side = i;
		builder->bind = builder->space->sides[i].bind;
		builder->ir = builder->bind->ir;
		stage(builder);
	}
}

/* Delimited users of all tables must be known before any set is made. */
static void
space_stage_names(struct space_builder *builder)
{
	space_each_pred(builder, space_collect_delimited);
	space_add_listeners(builder->space, builder->side);
}

static void
space_stage_tags(struct space_builder *builder)
{
	space_each_pred(builder, space_add_named_tags);
}

void
space_init(struct space *space, struct bind *const *binds, uint32_t side_count,
    struct diagram *diagram)
{
	const struct space_tag none = { .on = { STR_LIT(""), STR_LIT("") } };
	/* Of a byte that no tag of a config has. */
	const struct space_tag other = { .on = { STR_LIT("\x01"),
					     STR_LIT("\x01") } };
	struct space_builder builder = { .space = space };

	*space = (struct space){
		.arena = &binds[0]->comp->arena,
		.diagram = diagram,
		.side_count = side_count,
	};
	for (uint32_t i = 0; i < side_count; i++)
		space->sides[i].bind = binds[i];
	builder.has_one_delimiter = binds[0]->rules.delimiter ==
	    binds[side_count - 1]->rules.delimiter;
	strmap_init(&builder.delimited, space->arena);
	strmap_init(&space->question_numbers, space->arena);
	space_make_classes(space);
	space_add_tag(space, none);
	space_each_side(&builder, space_stage_names);
	space_each_side(&builder, space_stage_tags);
	space_add_tag(space, other);
	space_each_side(&builder, space_collect_side);
	space_build_classes(space);
	space_each_side(&builder, space_build_rules);
}

void
space_fini(struct space *space)
{
	free(space->tags);
	free(space->questions);
	space->tags = NULL;
	space->questions = NULL;
}

/* Envelopes. */

static uint32_t
space_find(const struct space *space, enum space_level level, struct str key)
{
	return space_value(space, level,
	    classes_find(space->classes[level], key));
}

/* As it stands where some entry has a delimiter, else without. */
static uint32_t
space_find_user(const struct space *space, enum space_level level,
    struct str user)
{
	uint32_t whole = space_find(space, level, user);
	bool is_delimited;

	if (whole != 0)
		return whole;
	return space_find(space, level,
	    space_user_of(user, space->sides[0].bind->rules.delimiter,
		&is_delimited));
}

/* Case counts in the legacy language only. */
static uint32_t
space_find_tag(const struct space *space, uint32_t side, struct str tag)
{
	bool is_exact = space->sides[side].bind->ir->target.dialect ==
	    DIALECT_LEGACY;

	for (uint32_t i = 0; i < space->tag_count; i++)
		if (str_eq(space->tags[i].on[side], tag))
			return i;
	for (uint32_t i = 0; !is_exact && i < space->tag_count; i++)
		if (str_eq_nocase(space->tags[i].on[side], tag))
			return i;
	return space->tag_count - 1;
}

void
space_classify(const struct space *space, uint32_t side,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    uint32_t classes_r[SPACE_LEVELS])
{
	classes_r[SPACE_RCPT_DOMAIN] = space_find(space, SPACE_RCPT_DOMAIN,
	    envelope->dest.domain);
	classes_r[SPACE_RCPT_LOCAL] = facts.is_own_name;
	classes_r[SPACE_RCPT_USER] = space_find_user(space, SPACE_RCPT_USER,
	    envelope->dest.user);
	classes_r[SPACE_SENDER_DOMAIN] = space_find(space, SPACE_SENDER_DOMAIN,
	    envelope->sender.domain);
	classes_r[SPACE_SENDER_USER] = space_find_user(space, SPACE_SENDER_USER,
	    envelope->sender.user);
	classes_r[SPACE_ORIGIN] = envelope->is_internal ? SPACE_INTERNAL :
	    envelope->is_socket                         ? SPACE_SOCKET :
	    facts.is_own_address                        ? SPACE_OWN_ADDRESS :
							  SPACE_REMOTE;
	classes_r[SPACE_ADDRESS] = space_find(space, SPACE_ADDRESS,
	    envelope->peer);
	classes_r[SPACE_AUTH] = envelope->is_authenticated;
	classes_r[SPACE_TAG] = space_find_tag(space, side, envelope->tag);
	classes_r[SPACE_HELO] = space_find(space, SPACE_HELO, envelope->helo);
	classes_r[SPACE_RDNS] = space_find(space, SPACE_RDNS, envelope->rdns);
	classes_r[SPACE_TLS] = envelope->is_tls;
}
