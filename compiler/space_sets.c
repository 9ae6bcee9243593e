/*
 * First pass: the sets that predicates name, level by level, and the tags
 * that sessions can have.
 */
#include "compiler/space.h"

#include <stdlib.h>

#include "compiler/space_private.h"
#include "runtime/base/mailaddr.h"

enum space_level
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
	case PRED_AUTH:
		return SPACE_LOGIN_USER;
	case PRED_TAG:
	case PRED_FROM_ANY:
	case PRED_FROM_LOCAL:
	case PRED_FROM_SOCKET:
	case PRED_FOR_ANY:
	case PRED_FOR_LOCAL:
	case PRED_TLS:
	case PRED_KINDS:
		break;
	}
	return SPACE_LEVELS;
}

struct space_address
space_address_of(enum ruleset_pred_kind kind)
{
	if (kind == PRED_RCPT_TO)
		return (struct space_address){ SPACE_RCPT_DOMAIN,
			SPACE_RCPT_USER };
	if (kind == PRED_AUTH)
		return (struct space_address){ SPACE_LOGIN_DOMAIN,
			SPACE_LOGIN_USER };
	return (struct space_address){ SPACE_SENDER_DOMAIN, SPACE_SENDER_USER };
}

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

/* Whether keys, or some of them, are compared as mail addresses. */
static bool
space_has_addresses(const struct ruleset_pred *pred)
{
	return pred->service == SERVICE_MAILADDR ||
	    (pred->kind == PRED_AUTH && pred->table != RULESET_NO_TABLE);
}

static bool
space_can_be_known(const struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	if (space_has_addresses(pred) && !builder->has_one_delimiter)
		return false;
	if (pred->flags & (PRED_FAILS | PRED_FAILS_IF_AUTH))
		return false;
	return pred->table == RULESET_NO_TABLE ||
	    pred->service != SERVICE_REGEX;
}

struct str
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

/* Users of mail addresses, with what else is compared like them. */
static uint32_t
space_add_users(struct space_builder *builder, enum space_level level,
    const struct mailaddr *addrs, uint32_t count)
{
	const struct space_delimited *item;
	struct str *users;
	uint32_t total = 0;

	for (uint32_t i = 0; i < count; i++, total++) {
		item = strmap_get(&builder->delimited, addrs[i].user);
		for (; item != NULL; item = item->next)
			total++;
	}
	users = arena_alloc(builder->space->arena, total * sizeof(*users));
	total = 0;
	for (uint32_t i = 0; i < count; i++) {
		users[total++] = addrs[i].user;
		item = strmap_get(&builder->delimited, addrs[i].user);
		for (; item != NULL; item = item->next)
			users[total++] = item->user;
	}
	return classes_add_set(builder->space->classes[level], users, total);
}

static int
space_compare_texts(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

/* Those without a user are the first, then by domain. */
static int
space_compare_addresses(const void *va, const void *vb)
{
	const struct mailaddr *a = va, *b = vb;
	int order;

	if ((a->user.len == 0) != (b->user.len == 0))
		return a->user.len == 0 ? -1 : 1;
	order = space_compare_texts(a->domain, b->domain);
	return order != 0 ? order : space_compare_texts(a->user, b->user);
}

/*
 * The set of a domain. To legacy daemons an entry without one is an empty
 * pattern, which none but no domain matches.
 */
static uint32_t
space_add_domain(struct space_builder *builder, enum space_level level,
    struct str domain)
{
	if (domain.len == 0 && builder->bind->rules.mailaddr == MAILADDR_MODERN)
		return SPACE_ANY;
	return classes_add_set(builder->space->classes[level], &domain, 1);
}

/* All entries that are domains, "@a.example", are one set. */
static uint32_t
space_add_domains(struct space_builder *builder, enum space_level level,
    const struct mailaddr *addrs, uint32_t count)
{
	struct str *domains = arena_alloc(builder->space->arena,
	    count * sizeof(*domains));

	for (uint32_t i = 0; i < count; i++)
		domains[i] = addrs[i].domain;
	return classes_add_set(builder->space->classes[level], domains, count);
}

/* Users of one domain are one set too. */
static void
space_collect_users(struct space_builder *builder, struct space_address levels,
    struct space_pred *to, const struct mailaddr *addrs, uint32_t count)
{
	for (uint32_t i = 0, next; i < count; i = next) {
		struct space_mailbox *box = &to->mailboxes[to->mailbox_count++];

		for (next = i + 1; next < count; next++)
			if (!str_eq(addrs[i].domain, addrs[next].domain))
				break;
		box->domain = space_add_domain(builder, levels.domain,
		    addrs[i].domain);
		box->user = space_add_users(builder, levels.user, addrs + i,
		    next - i);
	}
}

static void
space_collect_mailboxes(struct space_builder *builder,
    const struct ruleset_pred *pred, struct space_pred *to,
    const struct str *entries, uint32_t count)
{
	struct space_address levels = space_address_of(pred->kind);
	struct arena *arena = builder->space->arena;
	struct mailaddr *addrs = arena_alloc(arena, count * sizeof(*addrs));
	uint32_t domains = 0;

	to->mailboxes = arena_alloc(arena,
	    ((size_t)count + 1) * sizeof(*to->mailboxes));
	for (uint32_t i = 0; i < count; i++)
		addrs[i] = mailaddr_split(entries[i]);
	qsort(addrs, count, sizeof(*addrs), space_compare_addresses);
	while (domains < count && addrs[domains].user.len == 0)
		domains++;
	/* "" and "@" are everything. */
	if (domains > 0 && addrs[0].domain.len == 0)
		to->mailboxes[to->mailbox_count++] =
		    (struct space_mailbox){ SPACE_ANY, SPACE_ANY };
	else if (domains > 0)
		to->mailboxes[to->mailbox_count++] =
		    (struct space_mailbox){ space_add_domains(builder,
						levels.domain, addrs, domains),
			    SPACE_ANY };
	space_collect_users(builder, levels, to, addrs + domains,
	    count - domains);
}

/* Names that log in and are no addresses: those entries that are none. */
static uint32_t
space_add_names(struct space_builder *builder, const struct str *entries,
    uint32_t count)
{
	struct str *names = arena_alloc(builder->space->arena,
	    count * sizeof(*names));
	uint32_t used = 0;

	for (uint32_t i = 0; i < count; i++)
		if (entries[i].len == 0 ||
		    memchr(entries[i].ptr, '@', entries[i].len) == NULL)
			names[used++] = entries[i];
	return classes_add_set(builder->space->classes[SPACE_LOGIN_USER], names,
	    used);
}

static void
space_collect(struct space_builder *builder, const struct ruleset_pred *pred,
    struct space_pred *to)
{
	enum space_level level = space_level_of(pred->kind);
	const struct str *entries;
	uint32_t count;

	to->set = SPACE_ANY;
	to->is_question = !space_can_be_known(builder, pred);
	if (to->is_question || pred->table == RULESET_NO_TABLE)
		return;
	if (!space_entries(builder, pred, &entries, &count)) {
		to->is_question = true;
		return;
	}
	if (space_has_addresses(pred))
		space_collect_mailboxes(builder, pred, to, entries, count);
	if (pred->kind == PRED_AUTH)
		to->set = space_add_names(builder, entries, count);
	else if (level != SPACE_LEVELS && !space_has_addresses(pred))
		to->set = classes_add_set(builder->space->classes[level],
		    entries, count);
}

static void
space_collect_delimited(struct space_builder *builder,
    const struct ruleset_pred *pred)
{
	const struct str *entries;
	uint32_t count;

	if (!space_can_be_known(builder, pred) ||
	    pred->table == RULESET_NO_TABLE || !space_has_addresses(pred) ||
	    !space_entries(builder, pred, &entries, &count))
		return;
	for (uint32_t i = 0; i < count; i++)
		space_note_delimited(builder, mailaddr_split(entries[i]).user);
}

/* Tags. */

void
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
		old->offers_tls |= tag.offers_tls;
		old->offers_plain |= tag.offers_plain;
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

static bool
space_has_network(const struct ir *ir)
{
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (!ir->listeners[i].is_socket)
			return true;
	return false;
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
		.offers_tls = true,
		.offers_plain = true,
	};

	if (!space_has_network(ir))
		space_add_tag(space, any);
	for (uint32_t i = 0; i < ir->listener_count; i++) {
		const struct ir_listener *listener = &ir->listeners[i];
		struct space_tag tag = {
			.is_socket = listener->is_socket,
			.is_network = !listener->is_socket,
			.offers_auth = listener->auth != IR_AUTH_NONE,
			.offers_tls = listener->tls != IR_LISTEN_PLAIN,
			.offers_plain = listener->tls == IR_LISTEN_PLAIN ||
			    listener->tls == IR_LISTEN_STARTTLS,
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

void
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

/* Delimited users of all tables must be known before any set is made. */
void
space_stage_names(struct space_builder *builder)
{
	space_each_pred(builder, space_collect_delimited);
	space_add_listeners(builder->space, builder->side);
}

void
space_stage_tags(struct space_builder *builder)
{
	space_each_pred(builder, space_add_named_tags);
}
