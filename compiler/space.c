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
	const struct ir *ir;
	struct space_pred *preds; /* of all rules, one after the other */
	struct strmap delimited;  /* user entries with a delimiter */
};

static enum space_level
space_level_of(enum ruleset_pred_kind kind)
{
	switch (kind) {
	case PRED_TAG:
		return SPACE_TAG;
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

/* The entries of a static table; false where they cannot be known. */
static bool
space_entries(struct space_builder *builder, const struct ruleset_pred *pred,
    const struct str **entries_r, uint32_t *count_r)
{
	struct bind *bind = builder->space->bind;
	enum service service = pred->service;
	uint32_t table = pred->table;
	const struct table *t;
	struct str *entries;

	if (table == IR_NONE || bind_state_of(bind, table) != BIND_READY ||
	    bind->tables[table].table == NULL)
		return false;
	t = bind->tables[table].table;
	entries = arena_alloc(builder->space->arena,
	    table_count(t) * sizeof(*entries));
	*count_r = 0;
	for (uint32_t i = 0; i < table_count(t); i++) {
		struct str key = table_entry_at(t, i)->key;

		/* Such networks match nothing before 6.6. */
		if (key.len == 0 || key.ptr[0] != '[' ||
		    service != SERVICE_NETADDR || bind->rules.brackets)
			entries[(*count_r)++] = key;
	}
	*entries_r = entries;
	return true;
}

static bool
space_can_be_known(const struct ruleset_pred *pred)
{
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
	    builder->space->bind->rules.mailaddr == MAILADDR_LEGACY)
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
	const struct str *entries = &pred->text;
	uint32_t count = 1;

	to->is_question = !space_can_be_known(pred);
	if (to->is_question || level == SPACE_LEVELS ||
	    (pred->table == RULESET_NO_TABLE && pred->kind != PRED_TAG))
		return;
	if (pred->table != RULESET_NO_TABLE &&
	    !space_entries(builder, pred, &entries, &count)) {
		to->is_question = true;
		return;
	}
	if (pred->service == SERVICE_MAILADDR) {
		to->mailbox_count = count;
		space_collect_mailboxes(builder, pred, to, entries);
	} else {
		to->set = classes_add_set(builder->space->classes[level],
		    entries, count);
	}
}

/* Delimited users of all tables must be known before any set is made. */
static void
space_collect_delimited(struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	const struct str *entries;
	uint32_t count;

	if (!space_can_be_known(pred) || pred->table == RULESET_NO_TABLE ||
	    pred->service != SERVICE_MAILADDR ||
	    !space_entries(builder, pred, &entries, &count))
		return;
	for (uint32_t i = 0; i < count; i++)
		space_note_delimited(builder, mailaddr_split(entries[i]).user);
}

static void
space_each_pred(struct space_builder *builder)
{
	const struct ruleset *ruleset = &builder->ir->ruleset;
	uint32_t total = 0, n = 0;

	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		total += ruleset->rules[r].pred_count;
	builder->preds = arena_alloc(builder->space->arena,
	    total * sizeof(*builder->preds));
	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		for (uint32_t i = 0; i < ruleset->rules[r].pred_count; i++)
			space_collect_delimited(builder,
			    &ruleset->rules[r].preds[i]);
	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		for (uint32_t i = 0; i < ruleset->rules[r].pred_count; i++)
			space_collect(builder, &ruleset->rules[r].preds[i],
			    &builder->preds[n++]);
}

static void
space_make_classes(struct space *space)
{
	bool is_legacy = space->bind->ir->target.dialect == DIALECT_LEGACY;
	bool is_native = space->bind->ir->target.version == TARGET_NATIVE;
	const enum classes_kind kinds[SPACE_LEVELS] = {
		[SPACE_RCPT_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_RCPT_USER] = CLASSES_STRING,
		[SPACE_SENDER_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_SENDER_USER] = CLASSES_STRING,
		[SPACE_ADDRESS] = CLASSES_NETWORK,
		[SPACE_TAG] = is_legacy ? CLASSES_EXACT : CLASSES_STRING,
		[SPACE_HELO] = CLASSES_DOMAIN,
		[SPACE_RDNS] = is_native ? CLASSES_DOMAIN : CLASSES_STRING,
	};

	for (unsigned level = 0; level < SPACE_LEVELS; level++)
		if (level != SPACE_RCPT_LOCAL && level != SPACE_ORIGIN &&
		    level != SPACE_AUTH && level != SPACE_TLS)
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
static uint32_t
space_value(const struct space *space, enum space_level level, uint32_t class)
{
	if (class == space->common[level])
		return 0;
	return class == 0 ? space->common[level] : class;
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
space_from_table(struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	const struct table_entry *entry;
	bool has_local = bind_lookup(space->bind, pred->table, SERVICE_NETADDR,
			     STR_LIT("local"), &entry) == ANSWER_YES;

	return diagram_ite(space->diagram,
	    space_host_itself(space, pred->local_classes),
	    has_local ? diagram_true(space->diagram) : diagram_no_match(),
	    space_in(space, SPACE_ADDRESS, known->set));
}

static uint32_t
space_rdns(struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	const struct table_entry *entry;
	uint32_t unknown = space_is(space, SPACE_RDNS,
	    space_value(space, SPACE_RDNS, CLASSES_EMPTY));

	if (pred->table == RULESET_NO_TABLE)
		return space_not(space, unknown);
	return diagram_ite(space->diagram,
	    space_is(space, SPACE_ORIGIN, SPACE_INTERNAL),
	    bind_lookup(space->bind, pred->table, pred->service,
		STR_LIT("local"), &entry) == ANSWER_YES ?
		diagram_true(space->diagram) :
		diagram_no_match(),
	    space_in(space, SPACE_RDNS, known->set));
}

static uint32_t
space_plain_condition(struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	switch (pred->kind) {
	case PRED_TAG:
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
		return space_from_table(space, pred, known);
	case PRED_FROM_RDNS:
		return space_rdns(space, pred, known);
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
space_condition(struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	uint32_t condition = space_plain_condition(space, pred, known);
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

static bool
space_same_question(const struct ruleset_pred *a, const struct ruleset_pred *b)
{
	return a->kind == b->kind && a->flags == b->flags &&
	    a->local_classes == b->local_classes && a->service == b->service &&
	    a->table == b->table;
}

static uint32_t
space_question(struct space *space, const struct ruleset_pred *pred)
{
	const struct ruleset_pred **wider;

	/* The one before is often the same: rules come in groups. */
	if (space->question_count > 0 &&
	    space_same_question(space->questions[space->question_count - 1],
		pred))
		return space->question_count - 1;
	if (space->question_count == space->question_room) {
		space->question_room = space->question_room * 2 + 16;
		wider = arena_alloc(space->arena,
		    space->question_room * sizeof(*wider));
		if (space->question_count > 0)
			memcpy(wider, space->questions,
			    space->question_count * sizeof(*wider));
		space->questions = wider;
	}
	space->questions[space->question_count] = pred;
	return space->question_count++;
}

static bool
space_is_left_out(const struct space *space, const struct ruleset_pred *pred,
    const struct space_pred *known)
{
	enum space_level level = space_level_of(pred->kind);
	const struct classes *domains, *users;

	if (known->is_question || level == SPACE_LEVELS ||
	    (pred->table == RULESET_NO_TABLE && pred->kind != PRED_TAG))
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
	const struct space_pred *known = builder->preds;

	space->rules = arena_alloc(space->arena,
	    ruleset->rule_count * sizeof(*space->rules));
	for (uint32_t r = 0; r < ruleset->rule_count; r++) {
		const struct ruleset_rule *rule = &ruleset->rules[r];
		struct forest_pred *preds = arena_alloc(space->arena,
		    rule->pred_count * sizeof(*preds));

		for (uint32_t i = 0; i < rule->pred_count; i++, known++) {
			preds[i].is_question = space_is_left_out(space,
			    &rule->preds[i], known);
			preds[i].number = preds[i].is_question ?
			    space_question(space, &rule->preds[i]) :
			    space_condition(space, &rule->preds[i], known);
		}
		space->rules[r] = (struct forest_rule){ preds,
			rule->pred_count };
	}
}

void
space_init(struct space *space, struct bind *bind, struct diagram *diagram)
{
	struct space_builder builder = { .space = space, .ir = bind->ir };

	*space = (struct space){
		.bind = bind,
		.arena = &bind->comp->arena,
		.diagram = diagram,
	};
	strmap_init(&builder.delimited, space->arena);
	space_make_classes(space);
	space_each_pred(&builder);
	space_build_classes(space);
	space_build_rules(&builder);
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
	    space_user_of(user, space->bind->rules.delimiter, &is_delimited));
}

void
space_classify(const struct space *space,
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
	classes_r[SPACE_TAG] = space_find(space, SPACE_TAG, envelope->tag);
	classes_r[SPACE_HELO] = space_find(space, SPACE_HELO, envelope->helo);
	classes_r[SPACE_RDNS] = space_find(space, SPACE_RDNS, envelope->rdns);
	classes_r[SPACE_TLS] = envelope->is_tls;
}
