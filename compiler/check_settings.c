/*
 * Options that belong together although they stand in several statements:
 * global settings, the attributes of a pki or ca, the one socket listener.
 */
#include "compiler/check.h"

/* Settings of which one value is in force. */
static const bool settings_single[STMT_COUNT] = {
	[STMT_ADMD] = true,
	[STMT_BOUNCE_WARN] = true,
	[STMT_CIPHERS] = true,
	[STMT_MAX_MESSAGE_SIZE] = true,
	[STMT_SUB_ADDR_DELIM] = true,
	[STMT_MAX_DEFERRED] = true,
	[STMT_QUEUE_ENCRYPTION] = true,
	[STMT_QUEUE_TTL] = true,
	[STMT_SRS_KEY] = true,
	[STMT_SRS_KEY_BACKUP] = true,
	[STMT_SRS_TTL] = true,
};

/* The attributes of all statements of one name add up. */
struct settings_pki {
	const struct stmt *stmt; /* the first */
	const struct clause *cert;
	const struct clause *key;
	const struct clause *dhe;
	struct settings_pki *next;
};

struct settings_check {
	struct compilation *comp;
	enum dialect dialect;
	const struct stmt *first[STMT_COUNT];
	struct strmap pkis; /* to struct settings_pki */
	struct strmap cas;
	struct settings_pki *pki_list; /* those of pkis, latest first */
};

static struct settings_pki *
settings_pki(struct settings_check *check, const struct stmt *stmt)
{
	struct arena *arena = &check->comp->arena;
	char *name = arena_bytes(arena, stmt->name.len);
	struct settings_pki **slot;

	/* Case does not count. */
	for (uint32_t i = 0; i < stmt->name.len; i++)
		name[i] = str_lower(stmt->name.ptr[i]);
	slot = (struct settings_pki **)strmap_put(stmt->kind == STMT_PKI ?
		&check->pkis :
		&check->cas,
	    (struct str){ name, stmt->name.len });
	if (*slot != NULL)
		return *slot;
	*slot = ARENA_NEW(arena, struct settings_pki);
	(*slot)->stmt = stmt;
	if (stmt->kind == STMT_PKI) {
		(*slot)->next = check->pki_list;
		check->pki_list = *slot;
	}
	return *slot;
}

static const struct clause **
settings_attribute(struct settings_pki *pki, const struct clause *clause)
{
	switch ((unsigned)clause->kind) {
	case CLAUSE_CERT:
		return &pki->cert;
	case CLAUSE_KEY:
		return &pki->key;
	case CLAUSE_DHE:
		return &pki->dhe;
	default:
		return NULL;
	}
}

static void
settings_add_attributes(struct settings_check *check, const struct stmt *stmt)
{
	struct diag_list *diags = &check->comp->diags;
	struct settings_pki *pki = settings_pki(check, stmt);

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		const struct clause **slot = settings_attribute(pki, c);
		struct diag *diag;

		if (slot == NULL || (c->flags & CLAUSE_OLD))
			continue;
		if (*slot == NULL) {
			*slot = c;
			continue;
		}
		diag = diag_add(diags, CHECK_DUPLICATE_OPTION, DIAG_WARNING,
		    c->pos,
		    "%s '%.*s' has a second '%s', and only the last "
		    "counts",
		    stmt_words(stmt->kind, check->dialect),
		    WORD_ARG(stmt->name),
		    clause_words(c->kind, check->dialect));
		diag_note(diags, diag, (*slot)->pos, "the first is here");
	}
}

/* Every pki is loaded, used or not. */
static void
settings_check_pki(struct settings_check *check, const struct settings_pki *pki)
{
	enum clause_kind lacks = pki->cert == NULL ? CLAUSE_CERT : CLAUSE_KEY;
	struct diag *diag;

	if (pki->cert != NULL && pki->key != NULL)
		return;
	diag = diag_report(&check->comp->diags, CHECK_MISSING_OPTION,
	    pki->stmt->name.pos, "pki '%.*s' has no '%s'",
	    WORD_ARG(pki->stmt->name), clause_words(lacks, check->dialect));
	diag_note(&check->comp->diags, diag, (struct srcpos){ 0, 0 },
	    "every pki needs both '%s' and '%s'",
	    clause_words(CLAUSE_CERT, check->dialect),
	    clause_words(CLAUSE_KEY, check->dialect));
}

/* Legacy "expire" holds for the rules below it, so it may be repeated. */
static bool
settings_is_single(const struct settings_check *check, const struct stmt *stmt)
{
	if (stmt->kind == STMT_QUEUE_TTL && check->dialect == DIALECT_LEGACY)
		return false;
	/* Without a key it leaves a key in force. */
	if (stmt->kind == STMT_QUEUE_ENCRYPTION && stmt->name.kind == WORD_NONE)
		return false;
	return settings_single[stmt->kind];
}

static void
settings_check_single(struct settings_check *check, const struct stmt *stmt)
{
	struct diag_list *diags = &check->comp->diags;
	const struct stmt **first = &check->first[stmt->kind];
	struct diag *diag;

	if (*first == NULL) {
		*first = stmt;
		return;
	}
	diag = diag_add(diags, CHECK_DUPLICATE_SETTING, DIAG_WARNING,
	    stmt_head(stmt, check->dialect),
	    "'%s' is set again, and the first value is ignored",
	    stmt_words(stmt->kind, check->dialect));
	diag_note(diags, diag, (*first)->pos, "first set here");
}

static void
settings_check_socket(struct settings_check *check, const struct stmt *stmt)
{
	struct diag_list *diags = &check->comp->diags;
	const struct stmt **first = &check->first[stmt->kind];
	struct diag *diag;

	if (*first == NULL) {
		*first = stmt;
		return;
	}
	diag = diag_report(diags, CHECK_DUPLICATE_OPTION,
	    stmt_head(stmt, check->dialect),
	    "'listen on socket' is given twice, and there is one socket");
	diag_note(diags, diag, (*first)->pos, "put all options here");
}

void
check_settings(struct compilation *comp)
{
	struct settings_check check = {
		.comp = comp,
		.dialect = comp->tree->target.dialect,
	};

	strmap_init(&check.pkis, &comp->arena);
	strmap_init(&check.cas, &comp->arena);
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other) {
		if (s->kind == STMT_PKI || s->kind == STMT_CA)
			settings_add_attributes(&check, s);
		else if (s->kind == STMT_LISTEN_SOCKET)
			settings_check_socket(&check, s);
		else if (settings_is_single(&check, s))
			settings_check_single(&check, s);
	}
	for (const struct settings_pki *p = check.pki_list; p != NULL;
	     p = p->next)
		settings_check_pki(&check, p);
}
