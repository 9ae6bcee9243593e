/*
 * Lowering of what both languages share: tables and listeners, and the
 * bookkeeping of names and rules.
 */
#include "compiler/lower_private.h"

#include "compiler/tablesrc.h"
#include "compiler/words.h"
#include "runtime/base/units.h"

enum { LOWER_PKIS_MAX = 32 };

void *
lower_push(struct lower *lower, struct lower_array *array)
{
	void *wider;

	if (array->count == array->room) {
		array->room = array->room == 0 ? 16 : array->room * 2;
		wider = arena_alloc(lower->arena, array->room * array->size);
		if (array->count > 0)
			memcpy(wider, array->items, array->count * array->size);
		array->items = wider;
	}
	return (char *)array->items + array->size * array->count++;
}

void *
lower_put(struct lower *lower, struct lower_named *named, struct str name)
{
	void **slot = strmap_put(&named->numbers, name);
	char *items;

	if (*slot == NULL) {
		lower_push(lower, &named->array);
		*slot = (void *)(uintptr_t)named->array.count;
	}
	items = named->array.items;
	return items + named->array.size * ((uintptr_t)*slot - 1);
}

uint32_t
lower_find(const struct lower_named *named, struct str name)
{
	const void *number = strmap_get(&named->numbers, name);

	return number == NULL ? IR_NONE : (uint32_t)(uintptr_t)number - 1;
}

const struct clause *
lower_last(const struct stmt *stmt, enum clause_kind kind)
{
	const struct clause *last = NULL;

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->kind == kind)
			last = c;
	return last;
}

static const struct ir_entry *
lower_entries(struct lower *lower, const struct list *list)
{
	struct ir_entry *entries = arena_alloc(lower->arena,
	    list->count * sizeof(*entries));
	struct ir_entry *entry = entries;

	for (const struct elem *e = list->elems; e != NULL; e = e->next)
		*entry++ = (struct ir_entry){
			.key = word_str(e->key),
			.value = word_str(e->value),
			.pos = e->key.pos,
		};
	return entries;
}

static void
lower_list(struct lower *lower, const struct list *list, struct ir_table *table)
{
	table->kind = (list->flags & LIST_MAPPING) ? IR_TABLE_MAPPING :
						     IR_TABLE_LIST;
	table->entries = lower_entries(lower, list);
	table->entry_count = list->count;
}

static void
lower_table_source(const struct stmt *stmt, struct ir_table *table)
{
	static const enum ir_table_kind kinds[] = {
		[TABLESRC_INLINE] = IR_TABLE_LIST,
		[TABLESRC_FILE] = IR_TABLE_FILE,
		[TABLESRC_DB] = IR_TABLE_DB,
		[TABLESRC_GETPWNAM] = IR_TABLE_SYSTEM_USERS,
		[TABLESRC_PROGRAM] = IR_TABLE_PROGRAM,
	};
	struct tablesrc source;

	tablesrc_parse(stmt, &source);
	table->kind = kinds[source.kind];
	table->config = source.config;
	if (source.kind == TABLESRC_PROGRAM)
		table->backend = source.backend;
}

static uint32_t
lower_add_table(struct lower *lower, struct ir_table table)
{
	struct ir_table *slot = lower_push(lower, &lower->tables);

	*slot = table;
	return lower->tables.count - 1;
}

static void
lower_declare_table(struct lower *lower, const struct stmt *stmt)
{
	struct ir_table table = {
		.name = word_str(stmt->name),
		.pos = stmt->pos,
	};
	void **slot = strmap_put(&lower->table_numbers, table.name);

	if (stmt->list != NULL)
		lower_list(lower, stmt->list, &table);
	else
		lower_table_source(stmt, &table);
	if (*slot == NULL)
		*slot = (void *)(uintptr_t)(lower_add_table(lower, table) + 1);
}

uint32_t
lower_builtin_table(struct lower *lower, enum ir_table_kind kind)
{
	static const char *const names[] = {
		[IR_TABLE_SYSTEM_USERS] = "<getpwnam>",
		[IR_TABLE_LOCAL_NAMES] = "<localnames>",
		[IR_TABLE_LOCAL_ADDRESSES] = "<localhost>",
		[IR_TABLE_ANY_ADDRESS] = "<anyhost>",
		[IR_TABLE_ANY_NAME] = "<anydestination>",
	};
	struct str name = str_from(names[kind]);
	void **slot = strmap_put(&lower->table_numbers, name);

	if (*slot == NULL)
		*slot = (void *)(uintptr_t)(lower_add_table(lower,
						(struct ir_table){ .kind = kind,
						    .name = name,
						    .is_builtin = true }) +
		    1);
	return (uint32_t)(uintptr_t)*slot - 1;
}

static enum ir_table_kind
lower_builtin_kind(struct str name)
{
	if (str_is(name, "<getpwnam>"))
		return IR_TABLE_SYSTEM_USERS;
	if (str_is(name, "<localnames>"))
		return IR_TABLE_LOCAL_NAMES;
	if (str_is(name, "<localhost>"))
		return IR_TABLE_LOCAL_ADDRESSES;
	if (str_is(name, "<anyhost>"))
		return IR_TABLE_ANY_ADDRESS;
	return IR_TABLE_ANY_NAME;
}

static uint32_t
lower_word_table(struct lower *lower, const struct tabref *ref)
{
	struct ir_entry *entry = ARENA_NEW(lower->arena, struct ir_entry);

	entry->key = word_str(ref->word);
	entry->pos = ref->word.pos;
	return lower_add_table(lower,
	    (struct ir_table){
		.kind = IR_TABLE_LIST,
		.entries = entry,
		.entry_count = 1,
		.pos = ref->pos,
	    });
}

uint32_t
lower_table(struct lower *lower, const struct tabref *ref)
{
	struct ir_table table = { .pos = { 0, 0 } };
	void *number;

	if (ref == NULL)
		return IR_NONE;
	if (ref->kind == TABREF_WORD)
		return lower_word_table(lower, ref);
	if (ref->kind == TABREF_LIST) {
		table.pos = ref->pos;
		lower_list(lower, ref->list, &table);
		return lower_add_table(lower, table);
	}
	if (ref->table == NULL)
		return IR_NONE;
	if (ref->table->flags & STMT_BUILTIN)
		return lower_builtin_table(lower,
		    lower_builtin_kind(word_str(ref->table->name)));
	number = strmap_get(&lower->table_numbers, word_str(ref->table->name));
	return number == NULL ? IR_NONE : (uint32_t)(uintptr_t)number - 1;
}

uint32_t
lower_domain_keys(struct lower *lower, uint32_t number)
{
	const struct ir_table *tables = lower->tables.items;
	struct ir_table domains = { .kind = IR_TABLE_LIST };
	const struct ir_table *keys = &tables[number];
	struct ir_entry *entry;

	if (keys->kind != IR_TABLE_LIST && keys->kind != IR_TABLE_MAPPING)
		return number;
	entry = arena_alloc(lower->arena, keys->entry_count * sizeof(*entry));
	domains.pos = keys->pos;
	domains.entries = entry;
	for (uint32_t i = 0; i < keys->entry_count; i++) {
		struct str key = keys->entries[i].key;

		if (key.len > 0 && memchr(key.ptr, '@', key.len) == NULL)
			*entry++ = (struct ir_entry){ .key = key,
				.pos = keys->entries[i].pos };
	}
	domains.entry_count = (uint32_t)(entry - domains.entries);
	return lower_add_table(lower, domains);
}

uint32_t
lower_clause_table(struct lower *lower, const struct stmt *stmt,
    enum clause_kind kind)
{
	const struct clause *clause = stmt_clause(stmt, kind);

	return clause == NULL ? IR_NONE : lower_table(lower, clause->table);
}

struct str
lower_word(const struct stmt *stmt, enum clause_kind kind)
{
	const struct clause *clause = stmt_clause(stmt, kind);

	return clause == NULL ? STR_LIT("") : word_str(clause->arg);
}

uint32_t
lower_delay(struct str text, uint32_t fallback)
{
	uint32_t seconds;

	return units_parse_delay(text, &seconds) == UNITS_OK ? seconds :
							       fallback;
}

/* Rules. */

struct ruleset_pred *
lower_pred(struct lower *lower, enum ruleset_pred_kind kind,
    const struct clause *clause)
{
	struct ruleset_pred *pred = &lower->preds[lower->pred_count];

	lower->pred_clauses[lower->pred_count++] = clause;
	*pred = (struct ruleset_pred){
		.kind = kind,
		.table = RULESET_NO_TABLE,
	};
	if (clause != NULL && (clause->flags & CLAUSE_NEGATED))
		pred->flags |= PRED_NEGATED;
	return pred;
}

struct ruleset_pred *
lower_table_pred(struct lower *lower, enum ruleset_pred_kind kind,
    const struct clause *clause, enum service service)
{
	struct ruleset_pred *pred = lower_pred(lower, kind, clause);

	pred->table = lower_table(lower, clause->table);
	pred->service = (clause->flags & CLAUSE_REGEX) ? SERVICE_REGEX :
							 service;
	return pred;
}

void
lower_rule(struct lower *lower, const struct stmt *stmt, uint32_t action)
{
	size_t count = lower->pred_count;
	struct ruleset_pred *preds = arena_alloc(lower->arena,
	    count * sizeof(*preds));
	const struct clause **clauses = arena_alloc(lower->arena,
	    count * sizeof(*clauses));
	struct ruleset_rule *rule = lower_push(lower, &lower->rules);
	struct ir_rule *source = lower_push(lower, &lower->rule_sources);

	memcpy(preds, lower->preds, count * sizeof(*preds));
	memcpy(clauses, lower->pred_clauses, count * sizeof(*clauses));
	*rule = (struct ruleset_rule){ preds, lower->pred_count, action };
	*source = (struct ir_rule){ stmt, clauses };
	lower->pred_count = 0;
}

void
lower_action_defaults(const struct lower *lower, struct ir_action *action)
{
	unsigned version = lower->target.version;

	action->local.alias = IR_NONE;
	action->local.virtual = IR_NONE;
	action->local.userbase = IR_NONE;
	action->local.wrapper = IR_NONE;
	action->local.sanitises_slash = version < TARGET_6_6;
	action->local.environment = version >= 706 ? IR_ENV_7_6 :
	    version >= TARGET_6_6                  ? IR_ENV_6_6 :
	    version > TARGET_LEGACY                ? IR_ENV_6_4 :
						     IR_ENV_PATH;
	action->relay.hosts = IR_NONE;
	action->relay.domains = IR_NONE;
	action->relay.auth = IR_NONE;
	action->relay.helo_src = IR_NONE;
	action->relay.src = IR_NONE;
	action->relay.filter = IR_NONE;
	action->relay.implicit_pki = version < TARGET_7_3;
	action->ttl = lower->ir->settings.queue_ttl;
}

/* Listeners. */

static void
lower_listener_tls(const struct stmt *stmt, struct ir_listener *listener)
{
	const struct clause *require = stmt_clause(stmt, CLAUSE_TLS_REQUIRE);
	const struct clause *smtps = stmt_clause(stmt, CLAUSE_SMTPS);

	if (stmt_clause(stmt, CLAUSE_TLS) != NULL)
		listener->tls = IR_LISTEN_STARTTLS;
	if (require != NULL) {
		listener->tls = IR_LISTEN_STARTTLS_REQUIRED;
		listener->verifies_clients =
		    !srcpos_is_none(require->qualifier);
	}
	if (smtps != NULL) {
		listener->tls = IR_LISTEN_SMTPS;
		listener->verifies_clients = !srcpos_is_none(smtps->qualifier);
	}
}

static uint16_t
lower_port(const struct stmt *stmt, const struct ir_listener *listener)
{
	const struct clause *clause = stmt_clause(stmt, CLAUSE_PORT);
	uint16_t port;

	if (clause != NULL &&
	    units_parse_port(word_str(clause->arg), &port) == UNITS_OK)
		return port;
	return listener->tls == IR_LISTEN_SMTPS ? 465 : 25;
}

static void
lower_listener_pkis(struct lower *lower, const struct stmt *stmt,
    struct ir_listener *listener)
{
	struct str names[LOWER_PKIS_MAX], *pkis;
	uint32_t count = 0;

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->kind == CLAUSE_PKI && count < LOWER_PKIS_MAX)
			names[count++] = words_lower(lower->arena,
			    word_str(c->arg));
	pkis = arena_alloc(lower->arena, count * sizeof(*pkis));
	memcpy(pkis, names, count * sizeof(*pkis));
	listener->pkis = pkis;
	listener->pki_count = count;
}

static void
lower_listener_auth(struct lower *lower, const struct stmt *stmt,
    struct ir_listener *listener)
{
	const struct clause *auth = stmt_clause(stmt, CLAUSE_AUTH);
	const struct clause *senders = stmt_clause(stmt, CLAUSE_SENDERS);

	listener->credentials = IR_NONE;
	if (auth != NULL)
		listener->auth = IR_AUTH_REQUIRED;
	else if ((auth = stmt_clause(stmt, CLAUSE_AUTH_OPTIONAL)) != NULL)
		listener->auth = IR_AUTH_OFFERED;
	if (auth != NULL)
		listener->credentials = lower_table(lower, auth->table);
	listener->senders = lower_clause_table(lower, stmt, CLAUSE_SENDERS);
	listener->masquerades = senders != NULL &&
	    !srcpos_is_none(senders->qualifier);
}

/* Mail from the socket had a tag without being asked for one. */
static struct str
lower_socket_tag(const struct lower *lower, const struct stmt *stmt)
{
	struct str tag = stmt != NULL ? lower_word(stmt, CLAUSE_TAG) :
					STR_LIT("");

	if (tag.len == 0 && lower->target.version < TARGET_6_7)
		return STR_LIT("local");
	return tag;
}

static void
lower_listener(struct lower *lower, const struct stmt *stmt)
{
	struct ir_listener *listener = lower_push(lower, &lower->listeners);
	bool is_socket = stmt->kind == STMT_LISTEN_SOCKET;

	*listener = (struct ir_listener){
		.is_socket = is_socket,
		.address = word_str(stmt->name),
		.ca = words_lower(lower->arena, lower_word(stmt, CLAUSE_CA)),
		.tag = lower_word(stmt, CLAUSE_TAG),
		.hostname = lower_word(stmt, CLAUSE_HOSTNAME),
		.hostnames = lower_clause_table(lower, stmt, CLAUSE_HOSTNAMES),
		.masks_source = stmt_clause(stmt, CLAUSE_MASK_SRC) != NULL,
		.received_auth = stmt_clause(stmt, CLAUSE_RECEIVED_AUTH) !=
		    NULL,
		.no_dsn = stmt_clause(stmt, CLAUSE_NO_DSN) != NULL,
		.proxy_v2 = stmt_clause(stmt, CLAUSE_PROXY_V2) != NULL,
		.ciphers = lower_word(stmt, CLAUSE_CIPHERS),
		.protocols = lower_word(stmt, CLAUSE_PROTOCOLS),
		.filter = lower_filter(lower, stmt),
		.refuses_all = !is_socket &&
		    lower->target.version < TARGET_6_6 &&
		    stmt_clause(stmt, CLAUSE_FILTER) != NULL,
		.pos = stmt->pos,
	};
	if (stmt_clause(stmt, CLAUSE_INET4) != NULL)
		listener->family = 4;
	else if (stmt_clause(stmt, CLAUSE_INET6) != NULL)
		listener->family = 6;
	if (is_socket)
		listener->tag = lower_socket_tag(lower, stmt);
	lower_listener_tls(stmt, listener);
	lower_listener_auth(lower, stmt, listener);
	lower_listener_pkis(lower, stmt, listener);
	if (!is_socket)
		listener->port = lower_port(stmt, listener);
}

/* A socket listener always exists. */
static void
lower_implicit_socket(struct lower *lower)
{
	const struct ir_listener *listeners = lower->listeners.items;
	struct ir_listener *listener;

	for (uint32_t i = 0; i < lower->listeners.count; i++)
		if (listeners[i].is_socket)
			return;
	listener = lower_push(lower, &lower->listeners);
	*listener = (struct ir_listener){
		.is_socket = true,
		.is_implicit = true,
		.tag = lower_socket_tag(lower, NULL),
		.no_dsn = lower->target.version < TARGET_7_5,
		.credentials = IR_NONE,
		.hostnames = IR_NONE,
		.senders = IR_NONE,
		.filter = IR_NONE,
	};
}

/* All together. */

static void
lower_shared(struct lower *lower)
{
	lower->ir->settings = ir_default_settings;
	for (const struct stmt *s = lower->comp->tree->stmts; s != NULL;
	     s = s->next) {
		if (s->kind == STMT_TABLE)
			lower_declare_table(lower, s);
		else if (s->kind == STMT_LISTEN ||
		    s->kind == STMT_LISTEN_SOCKET)
			lower_listener(lower, s);
		lower_settings(lower, s);
		lower_filters(lower, s);
	}
	lower_implicit_socket(lower);
}

static void
lower_finish(struct lower *lower)
{
	struct ir *ir = lower->ir;

	ir->tables = lower->tables.items;
	ir->table_count = lower->tables.count;
	ir->actions = lower->actions.items;
	ir->action_count = lower->actions.count;
	ir->ruleset.rules = lower->rules.items;
	ir->ruleset.rule_count = lower->rules.count;
	ir->rules = lower->rule_sources.items;
	ir->listeners = lower->listeners.items;
	ir->listener_count = lower->listeners.count;
	ir->pkis = lower->pkis.array.items;
	ir->pki_count = lower->pkis.array.count;
	ir->cas = lower->cas.array.items;
	ir->ca_count = lower->cas.array.count;
	ir->wrappers = lower->wrappers.array.items;
	ir->wrapper_count = lower->wrappers.array.count;
	ir->procs = lower->procs.array.items;
	ir->proc_count = lower->procs.array.count;
	ir->filters = lower->filters.array.items;
	ir->filter_count = lower->filters.array.count;
	ir->domain_limits = lower->domain_limits.array.items;
	ir->domain_limit_count = lower->domain_limits.array.count;
}

static void
lower_named_init(struct lower *lower, struct lower_named *named, size_t size)
{
	named->array.size = size;
	strmap_init(&named->numbers, lower->arena);
}

static const struct ir *
lower_tree(struct compilation *comp)
{
	struct lower lower = {
		.comp = comp,
		.arena = &comp->arena,
		.target = comp->tree->target,
		.ir = ARENA_NEW(&comp->arena, struct ir),
		.tables.size = sizeof(struct ir_table),
		.actions.size = sizeof(struct ir_action),
		.rules.size = sizeof(struct ruleset_rule),
		.rule_sources.size = sizeof(struct ir_rule),
		.listeners.size = sizeof(struct ir_listener),
	};

	lower.ir->target = lower.target;
	strmap_init(&lower.table_numbers, lower.arena);
	strmap_init(&lower.action_numbers, lower.arena);
	lower_named_init(&lower, &lower.pkis, sizeof(struct ir_pki));
	lower_named_init(&lower, &lower.cas, sizeof(struct ir_ca));
	lower_named_init(&lower, &lower.wrappers, sizeof(struct ir_wrapper));
	lower_named_init(&lower, &lower.procs, sizeof(struct ir_proc));
	lower_named_init(&lower, &lower.filters, sizeof(struct ir_filter));
	lower_named_init(&lower, &lower.domain_limits,
	    sizeof(struct ir_domain_limits));
	lower_shared(&lower);
	if (lower.target.dialect == DIALECT_LEGACY)
		lower_legacy(&lower);
	else
		lower_modern(&lower);
	lower_finish(&lower);
	return lower.ir;
}

const struct ir *
lower_run(struct compilation *comp)
{
	if (comp->ir != NULL)
		return comp->ir;
	return lower_tree(comp);
}
