/*
 * Forms that only later versions than the target have, and that are made
 * of words which it knows. Words that it does not know are no keywords
 * there, so the parser reports those.
 */
#include "compiler/check.h"
#include "compiler/check_edit.h"

#define VERSIONS_NOWHERE ((struct srcpos){ 0, 0 })

/* Clauses that statements of the modern language did not always take. */
static const struct versions_row {
	uint8_t stmts[2];
	uint16_t since;
	const char *note; /* about earlier versions, or NULL */
} versions_rows[CLAUSE_COUNT] = {
	[CLAUSE_FROM_AUTH] = { { STMT_MATCH }, TARGET_6_7, NULL },
	[CLAUSE_FROM_MAIL_FROM] = { { STMT_MATCH }, TARGET_6_7, NULL },
	[CLAUSE_FOR_RCPT_TO] = { { STMT_MATCH }, TARGET_6_7, NULL },
	[CLAUSE_DOMAIN] = { { STMT_ACTION }, TARGET_6_7,
	    "before, every host needs an action of its own" },
	[CLAUSE_FILTER] = { { STMT_ACTION }, TARGET_6_7, NULL },
	[CLAUSE_COND_AUTH] = { { STMT_FILTER }, TARGET_6_7, NULL },
	[CLAUSE_CIPHERS] = { { STMT_LISTEN, STMT_ACTION }, TARGET_7_3,
	    "'smtp ciphers' sets those of all listeners and relays" },
	[CLAUSE_TAG] = { { STMT_LISTEN_SOCKET }, TARGET_6_7,
	    "before, mail from the socket is always tagged 'local'" },
	[CLAUSE_NO_DSN] = { { STMT_LISTEN_SOCKET }, TARGET_7_5, NULL },
};

static struct diag *
versions_report(struct compilation *comp, struct srcpos pos, unsigned since,
    const char *what)
{
	return diag_report(&comp->diags, CHECK_NOT_IN_TARGET, pos,
	    "%s since %s, and the target is %s", what, target_name(since),
	    target_name(comp->tree->target.version));
}

/*
 * "from auth", "from mail-from <t>" and "for rcpt-to <t>" are short for
 * "auth from any" and so on, a "!" belonging to the first part.
 */
static void
versions_offer_long_form(struct compilation *comp, struct diag *diag,
    const struct clause *clause)
{
	bool is_negated = (clause->flags & CLAUSE_NEGATED) != 0;
	const char *words = clause_words(clause->kind, DIALECT_MODERN);
	const char *inner = strchr(words, ' ') + 1;
	const char *form;

	if (clause->kind == CLAUSE_FROM_AUTH && clause->table != NULL) {
		diag_note(&comp->diags, diag, VERSIONS_NOWHERE,
		    "before, 'auth' with a table makes every match fail");
		return;
	}
	form = arena_printf(&comp->arena, "%s%s%s", is_negated ? "!" : "",
	    inner, (clause->flags & CLAUSE_REGEX) ? " regex" : "");
	if (clause->table != NULL)
		form = arena_printf(&comp->arena, "%s %.*s", form,
		    STR_ARG(source_text(&comp->map, clause->table->pos)));
	form = arena_printf(&comp->arena, "%s %.*s any", form,
	    (int)(inner - words - 1), words);
	diag_note(&comp->diags, diag, VERSIONS_NOWHERE,
	    "before, this is written '%s'", form);
	if (check_edit_clause_is(&comp->map, clause, is_negated ? "!" : words))
		diag_edit(&comp->diags, diag, clause->pos, "%s", form);
}

static void
versions_check_row(struct compilation *comp, const struct stmt *stmt,
    const struct clause *clause)
{
	const struct versions_row *row = &versions_rows[clause->kind];
	const char *words = clause_words(clause->kind, DIALECT_MODERN);
	const char *owner = stmt->kind == STMT_ACTION ?
	    "relay" :
	    stmt_words(stmt->kind, DIALECT_MODERN);
	struct diag *diag;

	if (row->since <= comp->tree->target.version ||
	    (row->stmts[0] != stmt->kind && row->stmts[1] != stmt->kind))
		return;
	diag = versions_report(comp, check_edit_head(&comp->map, clause, words),
	    row->since,
	    arena_printf(&comp->arena, "'%s' of '%s' exists", words, owner));
	if (row->note != NULL)
		diag_note(&comp->diags, diag, VERSIONS_NOWHERE, "%s",
		    row->note);
	if (stmt->kind == STMT_MATCH)
		versions_offer_long_form(comp, diag, clause);
}

/* smtp and smtps became words of the language, and 6.4 forgot ports. */
static void
versions_check_port(struct compilation *comp, const struct clause *clause)
{
	struct word port = clause->arg;
	struct diag *diag;

	if (comp->tree->target.version >= TARGET_6_6 ||
	    port.kind != WORD_BARE ||
	    (!str_is(word_str(port), "smtp") &&
		!str_is(word_str(port), "smtps")))
		return;
	diag = versions_report(comp, port.pos, TARGET_6_6,
	    arena_printf(&comp->arena, "'port %.*s' without quotes is allowed",
		WORD_ARG(port)));
	if (str_eq(source_text(&comp->map, port.pos), word_str(port)))
		diag_edit(&comp->diags, diag, port.pos, "\"%.*s\"",
		    WORD_ARG(port));
}

/* Before, all others were found by the name that a client asks for. */
static void
versions_check_pki(struct compilation *comp, const struct clause *clause,
    const struct clause *first)
{
	struct diag *diag;

	if (comp->tree->target.version >= TARGET_7_3)
		return;
	diag = versions_report(comp, clause->pos, TARGET_7_3,
	    "several 'pki' of one listener are allowed");
	diag_note(&comp->diags, diag, first->pos, "the first is here");
	diag_note(&comp->diags, diag, VERSIONS_NOWHERE,
	    "before, the others are found by the name that the client "
	    "asks for");
	if (check_edit_clause_is(&comp->map, clause, "pki"))
		check_edit_remove(&comp->diags, diag, clause->pos);
}

static void
versions_check_modern(struct compilation *comp, const struct stmt *stmt,
    const struct clause *clause)
{
	unsigned version = comp->tree->target.version;

	versions_check_row(comp, stmt, clause);
	if (clause->kind == CLAUSE_PORT)
		versions_check_port(comp, clause);
	if (clause->kind == CLAUSE_PHASE && version < TARGET_6_7 &&
	    str_is(word_str(clause->arg), "auth"))
		versions_report(comp, clause->arg.pos, TARGET_6_7,
		    "phase 'auth' exists");
	if (clause->kind == CLAUSE_FILTER && stmt->kind != STMT_ACTION &&
	    clause->names != NULL && version < TARGET_6_6)
		versions_report(comp, clause->names->pos, TARGET_6_6,
		    "a list of filters is allowed");
}

/*
 * Mends the gap [begin, end) of a list: a line break may stand between
 * elements in place of a comma, and not at the ends. False where a comment
 * or a macro is in the way.
 */
static bool
versions_mend_gap(struct compilation *comp, struct diag *diag,
    struct srcpos gap, bool is_end)
{
	struct str text = source_text(&comp->map, gap);
	const char *comma;

	if (text.len == 0 || memchr(text.ptr, '\n', text.len) == NULL)
		return true;
	if (is_end) {
		if (memchr(text.ptr, '#', text.len) != NULL)
			return false;
		diag_edit(&comp->diags, diag, gap, " ");
		return true;
	}
	comma = memchr(text.ptr, ',', text.len);
	if (comma == NULL)
		return true;
	if (memchr(text.ptr, '#', (size_t)(comma - text.ptr)) != NULL)
		return false;
	gap.begin += (uint32_t)(comma - text.ptr);
	gap.end = gap.begin + 1;
	diag_edit(&comp->diags, diag, gap, "%s", "");
	return true;
}

static void
versions_mend_list(struct compilation *comp, struct diag *diag,
    const struct list *list)
{
	struct str text = source_text(&comp->map, list->pos);
	uint32_t behind = list->pos.begin + 1;
	bool is_good = text.len > 1 && text.ptr[0] == '{' &&
	    text.ptr[text.len - 1] == '}';

	for (const struct elem *e = list->elems; e != NULL && is_good;
	     e = e->next) {
		const struct word *last = (list->flags & LIST_MAPPING) ?
		    &e->value :
		    &e->key;

		/* Elements of one macro have its place. */
		if (e->key.pos.begin >= behind)
			is_good = versions_mend_gap(comp, diag,
			    (struct srcpos){ behind, e->key.pos.begin },
			    e == list->elems);
		behind = last->pos.end;
	}
	if (is_good && behind < list->pos.end)
		is_good = versions_mend_gap(comp, diag,
		    (struct srcpos){ behind, list->pos.end - 1 }, true);
	if (!is_good) {
		diag->edits = NULL;
		diag->edits_tail = &diag->edits;
	}
}

static void
versions_check_list(struct compilation *comp, const struct list *list)
{
	struct diag *diag;

	if (list == NULL || srcpos_is_none(list->loose_break))
		return;
	diag = versions_report(comp,
	    (struct srcpos){ list->loose_break.begin, list->loose_break.begin },
	    TARGET_7_5, "this line break in a list is allowed");
	diag_note(&comp->diags, diag, VERSIONS_NOWHERE,
	    "before, a line break separates two elements without a comma, "
	    "and cannot stand beside a brace");
	versions_mend_list(comp, diag, list);
}

static void
versions_check_lists(struct compilation *comp, const struct clause *clause)
{
	/* The union holds a number. */
	if (clause->kind == CLAUSE_LIMIT)
		return;
	if (clause->table != NULL)
		versions_check_list(comp, clause->table->list);
	versions_check_list(comp, clause->names);
}

static void
versions_check_stmt(struct compilation *comp, const struct stmt *stmt)
{
	bool is_modern = comp->tree->target.dialect == DIALECT_MODERN;
	const struct clause *pki = NULL;

	versions_check_list(comp, stmt->list);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		versions_check_lists(comp, c);
		if (!is_modern)
			continue;
		versions_check_modern(comp, stmt, c);
		if (stmt->kind != STMT_LISTEN || c->kind != CLAUSE_PKI)
			continue;
		if (pki == NULL)
			pki = c;
		else
			versions_check_pki(comp, c, pki);
	}
}

void
check_versions(struct compilation *comp)
{
	if (comp->tree->target.version >= TARGET_7_5)
		return;
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next)
		versions_check_stmt(comp, s);
}
