/*
 * One pass in reading order, since the daemons want most names declared
 * before their use. References that find nothing wait until the end, where
 * a declaration further down makes a better message.
 */
#include "compiler/resolve.h"

struct resolve_pending {
	enum names_kind kind;
	struct word name; /* pos is that of the reference */
	const struct stmt **slot;
	bool is_order_free; /* a later declaration will do */
	bool is_exact;      /* a pki: case counts in the reference */
	enum diag_severity severity;
	struct resolve_pending *next;
};

struct resolve {
	struct compilation *comp;
	struct resolve_pending *pending;
	struct resolve_pending **tail;
};

static const enum check_id resolve_unknown_checks[NAMES_KINDS] = {
	[NAMES_TABLE] = CHECK_UNKNOWN_TABLE,
	[NAMES_ACTION] = CHECK_UNKNOWN_ACTION,
	[NAMES_FILTER] = CHECK_UNKNOWN_FILTER,
	[NAMES_PROC] = CHECK_UNKNOWN_PROC,
	[NAMES_PKI] = CHECK_UNKNOWN_PKI,
	[NAMES_CA] = CHECK_UNKNOWN_CA,
	[NAMES_WRAPPER] = CHECK_UNKNOWN_WRAPPER,
};

/* Tables that exist without declaration: referred to as <"<name>">. */
static const char *const resolve_builtin_tables[] = {
	"<anydestination>",
	"<anyhost>",
	"<getpwnam>",
	"<localhost>",
	"<localnames>",
};

static void
resolve_add_builtins(struct compilation *comp)
{
	size_t count = sizeof(resolve_builtin_tables) /
	    sizeof(resolve_builtin_tables[0]);

	for (size_t i = 0; i < count; i++) {
		struct str name = str_from(resolve_builtin_tables[i]);
		struct stmt *stmt = ARENA_NEW(&comp->arena, struct stmt);
		bool is_new;

		stmt->kind = STMT_TABLE;
		stmt->flags = STMT_BUILTIN;
		stmt->name = (struct word){
			.ptr = name.ptr,
			.len = name.len,
			.kind = WORD_QUOTED,
		};
		names_add(&comp->names, NAMES_TABLE, name, &is_new)->stmt =
		    stmt;
	}
}

/* The names of pki and ca are host names: case does not count. */
static struct str
resolve_fold(struct arena *arena, struct str name)
{
	char *text;

	for (uint32_t i = 0; i < name.len; i++) {
		if (str_lower(name.ptr[i]) == name.ptr[i])
			continue;
		text = arena_bytes(arena, name.len);
		for (i = 0; i < name.len; i++)
			text[i] = str_lower(name.ptr[i]);
		return (struct str){ text, name.len };
	}
	return name;
}

static struct str
resolve_key(struct compilation *comp, enum names_kind kind, struct str name)
{
	if (kind == NAMES_PKI || kind == NAMES_CA)
		return resolve_fold(&comp->arena, name);
	return name;
}

static struct names_entry *
resolve_find(struct compilation *comp, const struct resolve_pending *refer)
{
	struct str name = word_str(refer->name);

	if (!refer->is_exact)
		name = resolve_key(comp, refer->kind, name);
	return names_find(&comp->names, refer->kind, name);
}

/* NAMES_KINDS for statements that declare no name. */
static enum names_kind
resolve_declares(enum stmt_kind kind)
{
	switch ((unsigned)kind) {
	case STMT_TABLE:
		return NAMES_TABLE;
	case STMT_ACTION:
		return NAMES_ACTION;
	case STMT_FILTER:
		return NAMES_FILTER;
	case STMT_PROC:
		return NAMES_PROC;
	case STMT_PKI:
		return NAMES_PKI;
	case STMT_CA:
		return NAMES_CA;
	case STMT_MDA_WRAPPER:
		return NAMES_WRAPPER;
	default:
		return NAMES_KINDS;
	}
}

static void
resolve_declare(struct resolve *resolve, enum names_kind kind,
    const struct stmt *stmt)
{
	struct compilation *comp = resolve->comp;
	struct names_entry *entry;
	struct diag *diag;
	bool is_new;

	if (stmt->name.kind == WORD_NONE)
		return;
	entry = names_add(&comp->names, kind,
	    resolve_key(comp, kind, word_str(stmt->name)), &is_new);
	if (is_new) {
		entry->stmt = stmt;
		return;
	}
	/* The statements of a pki add up, a ca replaces the one before. */
	if (kind == NAMES_PKI || kind == NAMES_CA)
		return;
	diag = diag_report(&comp->diags, CHECK_DUPLICATE_NAME, stmt->name.pos,
	    "%s '%.*s' is declared twice", names_word(kind),
	    WORD_ARG(stmt->name));
	if (!srcpos_is_none(entry->stmt->name.pos))
		diag_note(&comp->diags, diag, entry->stmt->name.pos,
		    "first declared here");
}

/* Binds *slot, at once or at the end. */
static void
resolve_refer(struct resolve *resolve, struct resolve_pending refer)
{
	struct compilation *comp = resolve->comp;
	struct names_entry *entry = resolve_find(comp, &refer);
	struct resolve_pending *pending;

	if (entry != NULL) {
		entry->is_used = true;
		*refer.slot = entry->stmt;
		return;
	}
	pending = ARENA_NEW(&comp->arena, struct resolve_pending);
	*pending = refer;
	*resolve->tail = pending;
	resolve->tail = &pending->next;
}

static void
resolve_table(struct resolve *resolve, struct tabref *ref)
{
	if (ref != NULL && ref->kind == TABREF_NAMED)
		resolve_refer(resolve,
		    (struct resolve_pending){ .kind = NAMES_TABLE,
			.name = ref->word,
			.slot = &ref->table,
			.severity = DIAG_ERROR });
}

static void
resolve_word(struct resolve *resolve, enum names_kind kind,
    struct clause *clause)
{
	resolve_refer(resolve,
	    (struct resolve_pending){ .kind = kind,
		.name = clause->arg,
		.slot = &clause->decl,
		.severity = DIAG_ERROR });
}

/*
 * Modern relays do not look for their pki and ca before they need them.
 * Listeners of 7.3 and later compare the name of a pki as written with the
 * declared ones in lower case.
 */
static void
resolve_certificate(struct resolve *resolve, enum names_kind kind,
    const struct stmt *stmt, struct clause *clause)
{
	unsigned version = resolve->comp->tree->target.version;
	bool is_late = stmt->kind == STMT_ACTION;

	if (clause->flags & CLAUSE_OLD)
		return;
	resolve_refer(resolve,
	    (struct resolve_pending){ .kind = kind,
		.name = clause->arg,
		.slot = &clause->decl,
		.is_order_free = is_late,
		.is_exact = kind == NAMES_PKI && !is_late &&
		    version >= TARGET_7_3 && version != TARGET_NATIVE,
		.severity = is_late ? DIAG_WARNING : DIAG_ERROR });
}

/* One name, or a list of them, each bound to its filter. */
static void
resolve_filters(struct resolve *resolve, struct clause *clause)
{
	struct target target = resolve->comp->tree->target;

	/* Before 6.6 the name of a filter was read, and no more. */
	if (target.version < TARGET_6_6)
		return;
	if (clause->names == NULL) {
		resolve_word(resolve, NAMES_FILTER, clause);
		return;
	}
	for (struct elem *e = clause->names->elems; e != NULL; e = e->next)
		resolve_refer(resolve,
		    (struct resolve_pending){ .kind = NAMES_FILTER,
			.name = e->key,
			.slot = &e->decl,
			.severity = DIAG_ERROR });
}

static void
resolve_clause(struct resolve *resolve, const struct stmt *stmt,
    struct clause *clause)
{
	switch ((unsigned)clause->kind) {
	case CLAUSE_PKI:
		resolve_certificate(resolve, NAMES_PKI, stmt, clause);
		break;
	case CLAUSE_CA:
		resolve_certificate(resolve, NAMES_CA, stmt, clause);
		break;
	case CLAUSE_ACTION:
		resolve_word(resolve, NAMES_ACTION, clause);
		break;
	case CLAUSE_PROC:
		resolve_word(resolve, NAMES_PROC, clause);
		break;
	case CLAUSE_WRAPPER:
		resolve_word(resolve, NAMES_WRAPPER, clause);
		break;
	case CLAUSE_FILTER:
	case CLAUSE_CHAIN:
		resolve_filters(resolve, clause);
		break;
	case CLAUSE_LIMIT:
		/* The union holds a number. */
		break;
	default:
		resolve_table(resolve, clause->table);
		break;
	}
}

static void
resolve_stmt(struct resolve *resolve, struct stmt *stmt)
{
	bool is_old_filter = stmt->kind == STMT_FILTER &&
	    (stmt->flags & STMT_OLD);

	for (struct clause *c = stmt->clauses; c != NULL && !is_old_filter;
	     c = c->next)
		resolve_clause(resolve, stmt, c);
	if (resolve_declares(stmt->kind) != NAMES_KINDS)
		resolve_declare(resolve, resolve_declares(stmt->kind), stmt);
}

/* Names whose declaration has a syntax error are not missed as well. */
static void
resolve_add_lost(struct compilation *comp)
{
	for (const struct stmt *s = comp->tree->lost; s != NULL; s = s->next) {
		enum names_kind kind = resolve_declares(s->kind);
		struct names_entry *entry;
		bool is_new;

		entry = names_add(&comp->names, kind,
		    resolve_key(comp, kind, word_str(s->name)), &is_new);
		if (is_new)
			entry->stmt = s;
	}
}

static void
resolve_report(struct resolve *resolve, const struct resolve_pending *p)
{
	struct compilation *comp = resolve->comp;
	struct names_entry *entry = resolve_find(comp, p);
	enum check_id id = resolve_unknown_checks[p->kind];
	const char *word = names_word(p->kind);
	struct diag *diag;

	if (entry != NULL) {
		if (entry->stmt->flags & STMT_LOST)
			return;
		entry->is_used = true;
		*p->slot = entry->stmt;
		if (p->is_order_free)
			return;
		diag = diag_add(&comp->diags, id, p->severity, p->name.pos,
		    "%s '%.*s' is used before its declaration", word,
		    WORD_ARG(p->name));
		diag_note(&comp->diags, diag, entry->stmt->name.pos,
		    "declared here: move this up");
		return;
	}
	diag = diag_add(&comp->diags, id, p->severity, p->name.pos,
	    "no %s named '%.*s'", word, WORD_ARG(p->name));
	names_suggest(&comp->names, p->kind, p->name, &comp->diags, diag);
}

void
resolve_run(struct compilation *comp)
{
	struct resolve resolve = { .comp = comp };

	resolve.tail = &resolve.pending;
	names_init(&comp->names, &comp->arena);
	resolve_add_builtins(comp);
	for (struct stmt *s = comp->tree->stmts; s != NULL; s = s->next)
		resolve_stmt(&resolve, s);
	resolve_add_lost(comp);
	for (struct resolve_pending *p = resolve.pending; p != NULL;
	     p = p->next)
		resolve_report(&resolve, p);
}
