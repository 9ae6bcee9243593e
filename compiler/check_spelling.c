/*
 * Spellings of 5.2 to 5.9 in legacy files, and the legacy one of queue
 * encryption in modern ones: says from when they are, and rewrites them
 * where the present form is certain. Arguments are copied as they stand
 * in the file, macros and quotes included.
 */
#include "compiler/check.h"
#include "compiler/check_edit.h"

#define SPELLING_NOWHERE ((struct srcpos){ 0, 0 })

/* Where certificates were before they had names. */
#define SPELLING_CERTS "/etc/mail/certs/"

/* Old clauses of a listener that is rewritten: no more than make sense. */
#define SPELLING_OLD_MAX 8

struct spelling_check {
	struct compilation *comp;
	struct diag_list *diags;
	const struct source_map *map;
	struct strmap pkis; /* names that edits declare */

	/* Of the statement at hand. */
	const struct stmt *stmt;
	bool is_rewritten; /* one edit replaces all of it */
	bool has_relay;    /* options of its relay host are reported */
};

/* Clauses of which the first words changed, and nothing else. */
static const struct spelling_form {
	uint8_t stmt;
	uint8_t clause;
	const char *old;
	const char *era;
	const char *now;
} spelling_forms[] = {
	{ STMT_ACCEPT, CLAUSE_COND_TAG, "on", "5.2", "tagged" },
	{ STMT_REJECT, CLAUSE_COND_TAG, "on", "5.2", "tagged" },
	{ STMT_ACCEPT, CLAUSE_HELO_SRC, "helo", "5.3", "hostnames" },
	{ STMT_ACCEPT, CLAUSE_PKI, "certificate", "5.2 and 5.3", "pki" },
	{ STMT_LISTEN, CLAUSE_PKI, "certificate", "5.2 and 5.3", "pki" },
	{ STMT_LISTEN, CLAUSE_AUTH, "enable auth", "5.2", "auth" },
};

/* Statements that have no present form. */
static const struct spelling_gone {
	uint8_t stmt;
	const char *era;
	const char *instead;
} spelling_gone[] = {
	{ STMT_OLD_HOSTNAME, "5.2",
	    "the name of the server stands in /etc/mail/mailname" },
	{ STMT_OLD_DSN, "5.7",
	    "'no-dsn' switches notifications off, for one "
	    "listener" },
	{ STMT_OLD_CURVE, "5.7", "the curve is chosen automatically" },
	{ STMT_FILTER, "5.4 to 5.9",
	    "filters are gone in 6.0, and back in another form since 6.6" },
};

static struct diag *
spelling_report(struct spelling_check *check, struct srcpos pos,
    const char *old, const char *era, const char *now)
{
	return diag_report(check->diags, CHECK_LEGACY_SPELLING, pos,
	    "'%s' is the spelling of %s, now written '%s'", old, era, now);
}

static const char *
spelling_text(struct spelling_check *check, struct srcpos pos)
{
	return arena_copy(&check->comp->arena, source_text(check->map, pos))
	    .ptr;
}

static struct srcpos
spelling_head(struct srcpos pos, const char *old)
{
	return (struct srcpos){ pos.begin, pos.begin + (uint32_t)strlen(old) };
}

/* Replaces the words that a span begins with, if it does. */
static void
spelling_replace(struct spelling_check *check, struct diag *diag,
    struct srcpos pos, const char *old, const char *now)
{
	if (check_edit_is(check->map, pos, old) && !check->is_rewritten)
		diag_edit(check->diags, diag, spelling_head(pos, old), "%s",
		    now);
}

/* A first word that has another name now. */
static void
spelling_check_word(struct spelling_check *check, const char *old,
    const char *era, const char *now)
{
	struct diag *diag = spelling_report(check,
	    spelling_head(check->stmt->pos, old), old, era, now);

	spelling_replace(check, diag, check->stmt->pos, old, now);
}

/* "BACKEND:FILE" as one word, in the quotes that FILE has. */
static const char *
spelling_join(struct spelling_check *check, const char *backend,
    struct word file)
{
	struct arena *arena = &check->comp->arena;
	const char *text = spelling_text(check, file.pos);

	if (*text == '$')
		return arena_printf(arena, "\"%s:%.*s\"", backend,
		    WORD_ARG(file));
	if (*text == '"' || *text == '\'')
		return arena_printf(arena, "%c%s:%s", *text, backend, text + 1);
	return arena_printf(arena, "%s:%s", backend, text);
}

/* map NAME source db FILE, with or without braces; table … backend … */
static void
spelling_check_backend(struct spelling_check *check)
{
	const struct stmt *stmt = check->stmt;
	const char *backend = (stmt->flags & STMT_OLD_PLAIN) ? "file" : "db";
	const char *file = spelling_join(check, backend, stmt->value);
	const char *now = arena_printf(&check->comp->arena, "table %s %s",
	    spelling_text(check, stmt->name.pos), file);
	bool is_map = check_edit_is(check->map, stmt->pos, "map");
	struct diag *diag = spelling_report(check,
	    is_map ? spelling_head(stmt->pos, "map") : stmt->pos,
	    is_map ? "map" : "backend", "versions before 5.3", now);

	/* A macro cannot be joined to the name of the backend. */
	if ((is_map || check_edit_is(check->map, stmt->pos, "table")) &&
	    str_has_prefix(word_str(stmt->value), "/") &&
	    !check_edit_is(check->map, stmt->value.pos, "$"))
		diag_edit(check->diags, diag, stmt->pos, "%s", now);
}

static void
spelling_check_gone(struct spelling_check *check)
{
	size_t count = sizeof(spelling_gone) / sizeof(spelling_gone[0]);
	const struct stmt *stmt = check->stmt;
	const char *words = stmt_words(stmt->kind, DIALECT_LEGACY);
	struct diag *diag;

	if (check_edit_is(check->map, stmt->pos, "dsn-ret"))
		words = "dsn-ret";
	for (size_t i = 0; i < count; i++) {
		if (spelling_gone[i].stmt != stmt->kind)
			continue;
		diag = diag_report(check->diags, CHECK_LEGACY_SPELLING,
		    spelling_head(stmt->pos, words),
		    "'%s' is a statement of %s, and gone since", words,
		    spelling_gone[i].era);
		diag_note(check->diags, diag, SPELLING_NOWHERE, "%s",
		    spelling_gone[i].instead);
		if (stmt->kind == STMT_OLD_CURVE &&
		    check_edit_is(check->map, stmt->pos, words))
			check_edit_remove(check->diags, diag, stmt->pos);
	}
}

static void
spelling_check_stmt(struct spelling_check *check)
{
	const struct stmt *stmt = check->stmt;

	switch ((unsigned)stmt->kind) {
	case STMT_TABLE:
		if (stmt->flags & STMT_OLD_WORD)
			spelling_check_word(check, "map", "5.2", "table");
		else
			spelling_check_backend(check);
		break;
	case STMT_MAX_MESSAGE_SIZE:
		spelling_check_word(check, "size", "5.2", "max-message-size");
		break;
	case STMT_LISTEN_SOCKET:
		spelling_check_word(check, "enqueuer", "5.7",
		    "listen on socket");
		break;
	case STMT_QUEUE_ENCRYPTION:
		spelling_check_word(check, "queue encryption key",
		    "the legacy language", "queue encryption");
		break;
	default:
		spelling_check_gone(check);
		break;
	}
}

/* "certificate X" named files; what names them now must be declared. */
static const char *
spelling_declare(struct spelling_check *check, const struct clause *clause)
{
	struct str name = word_str(clause->arg);
	void **slot;

	if (names_find(&check->comp->names, NAMES_PKI, name) != NULL)
		return "";
	slot = strmap_put(&check->pkis, name);
	if (*slot != NULL)
		return "";
	*slot = check;
	return arena_printf(&check->comp->arena,
	    "pki %s certificate \"" SPELLING_CERTS "%.*s.crt\" "
	    "key \"" SPELLING_CERTS "%.*s.key\"\n",
	    spelling_text(check, clause->arg.pos), STR_ARG(name),
	    STR_ARG(name));
}

static bool
spelling_is_path(struct word word)
{
	return memchr(word.ptr, '/', word.len) != NULL;
}

static void
spelling_check_form(struct spelling_check *check, const struct clause *clause,
    const struct spelling_form *form)
{
	struct srcpos pos = check_edit_head(check->map, clause, form->old);
	struct diag *diag = spelling_report(check, pos, form->old, form->era,
	    form->now);
	const char *declared;

	if (clause->kind != CLAUSE_PKI) {
		spelling_replace(check, diag, clause->pos, form->old,
		    form->now);
		return;
	}
	if (spelling_is_path(clause->arg)) {
		diag_note(check->diags, diag, SPELLING_NOWHERE,
		    "a path cannot be the name: declare 'pki NAME certificate "
		    "FILE key FILE', and write 'pki NAME'");
		return;
	}
	spelling_replace(check, diag, clause->pos, form->old, form->now);
	if (diag->edits == NULL)
		return;
	declared = spelling_declare(check, clause);
	if (*declared != '\0')
		check_edit_insert(check->diags, diag, check->stmt->pos.begin,
		    "%s", declared);
}

/* How an old clause of a listener is written now; NULL: as it stands. */
static const char *
spelling_listen_form(struct spelling_check *check, const struct clause *clause,
    const char *tls)
{
	if (clause->kind == CLAUSE_OLD_SECURE || clause->kind == CLAUSE_OLD_SSL)
		return tls;
	if (clause->kind == CLAUSE_AUTH && (clause->flags & CLAUSE_OLD))
		return "auth";
	if (clause->kind == CLAUSE_PKI && (clause->flags & CLAUSE_OLD))
		return arena_printf(&check->comp->arena, "pki %s",
		    spelling_text(check, clause->arg.pos));
	return NULL;
}

/* The statement with its old clauses replaced. */
static const char *
spelling_listen(struct spelling_check *check, const char *tls)
{
	struct arena *arena = &check->comp->arena;
	struct srcpos rest = check->stmt->pos;
	const char *text = "";

	for (const struct clause *c = check->stmt->clauses; c != NULL;
	     c = c->next) {
		const char *form = spelling_listen_form(check, c, tls);
		struct srcpos gap = { rest.begin, c->pos.begin };

		if (form == NULL)
			continue;
		text = arena_printf(arena, "%s%s%s", text,
		    spelling_text(check, gap), form);
		rest.begin = c->pos.end;
	}
	return arena_printf(arena, "%s%s", text, spelling_text(check, rest));
}

/*
 * Whether one edit is to replace all of the statement: it is two listeners,
 * and each clause stands in the file as such.
 */
static bool
spelling_is_rewritten(const struct spelling_check *check)
{
	unsigned old_count = 0, secure_count = 0;

	if (check->stmt->kind != STMT_LISTEN ||
	    !check_edit_is(check->map, check->stmt->pos, "listen"))
		return false;
	for (const struct clause *c = check->stmt->clauses; c != NULL;
	     c = c->next) {
		bool is_old = (c->flags & CLAUSE_OLD) != 0;

		if (c->kind == CLAUSE_PORT ||
		    check_edit_is(check->map, c->pos, "$") ||
		    !check_edit_clause_is(check->map, c, ""))
			return false;
		if (is_old && c->kind == CLAUSE_PKI && spelling_is_path(c->arg))
			return false;
		old_count += is_old;
		secure_count += c->kind == CLAUSE_OLD_SECURE ||
		    c->kind == CLAUSE_OLD_SSL;
	}
	return secure_count == 1 && old_count <= SPELLING_OLD_MAX;
}

/* One line was two listeners: STARTTLS on port 25, and SMTPS on 465. */
static void
spelling_check_secure(struct spelling_check *check, const struct clause *clause)
{
	const struct stmt *stmt = check->stmt;
	bool is_ssl = clause->kind == CLAUSE_OLD_SSL;
	const struct clause *port = stmt_clause(stmt, CLAUSE_PORT);
	const char *declared = "";
	struct diag *diag = diag_report(check->diags, CHECK_LEGACY_SPELLING,
	    clause->pos,
	    "'%s' is the spelling of %s, now written as two "
	    "listeners, with 'tls' and with 'smtps'",
	    is_ssl ? "ssl" : "secure", is_ssl ? "5.2 and 5.3" : "5.4 to 5.9");

	if (port != NULL)
		diag_note(check->diags, diag, port->pos,
		    "with a port, only one of them can be meant");
	if (!check->is_rewritten)
		return;
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->kind == CLAUSE_PKI && (c->flags & CLAUSE_OLD))
			declared = spelling_declare(check, c);
	diag_edit(check->diags, diag, stmt->pos, "%s%s\n%s", declared,
	    spelling_listen(check, "tls"), spelling_listen(check, "smtps"));
}

/* "from all", "for all" */
static void
spelling_check_all(struct spelling_check *check, const struct clause *clause)
{
	struct srcpos all = { clause->pos.end - 3, clause->pos.end };
	bool is_from = clause->kind == CLAUSE_FROM_ANY;
	struct diag *diag = spelling_report(check, clause->pos,
	    is_from ? "from all" : "for all", "5.2",
	    is_from ? "from any" : "for any");

	if (clause->pos.end - clause->pos.begin > 3)
		spelling_replace(check, diag, all, "all", "any");
}

/* "from <t>" */
static void
spelling_check_source(struct spelling_check *check, const struct clause *clause)
{
	struct srcpos pos = clause->table->pos;
	struct diag *diag = spelling_report(check, clause->pos, "from TABLE",
	    "5.3", "from source TABLE");

	if (!check_edit_is(check->map, pos, "$"))
		check_edit_insert(check->diags, diag, pos.begin, "source ");
}

static void
spelling_check_dhparams(struct spelling_check *check,
    const struct clause *clause)
{
	struct diag *diag = spelling_report(check,
	    check_edit_head(check->map, clause, "dhparams"), "dhparams FILE",
	    "5.4 to 5.9", "dhe auto");

	if (check_edit_clause_is(check->map, clause, "dhparams"))
		diag_edit(check->diags, diag, clause->pos, "dhe auto");
}

/* "pki NAME … ca FILE" */
static void
spelling_check_pki_ca(struct spelling_check *check, const struct clause *clause)
{
	const char *now = arena_printf(&check->comp->arena,
	    "ca %s certificate %s", spelling_text(check, check->stmt->name.pos),
	    spelling_text(check, clause->arg.pos));
	struct diag *diag = spelling_report(check,
	    check_edit_head(check->map, clause, "ca"), "ca", "5.4", now);

	diag_note(check->diags, diag, SPELLING_NOWHERE,
	    "what is to use it, names it with 'ca %.*s'",
	    WORD_ARG(check->stmt->name));
	if (!check_edit_clause_is(check->map, clause, "ca"))
		return;
	check_edit_remove(check->diags, diag, clause->pos);
	check_edit_insert(check->diags, diag, check->stmt->pos.end, "\n%s",
	    now);
}

/* ssl, port and enable auth behind the host of a relay: once a rule. */
static void
spelling_check_relay(struct spelling_check *check, const struct clause *clause)
{
	struct diag *diag;

	if (check->has_relay)
		return;
	check->has_relay = true;
	diag = diag_report(check->diags, CHECK_LEGACY_SPELLING, clause->pos,
	    "options of a relay host were words of their own before 5.3, and "
	    "are now part of its URL");
	diag_note(check->diags, diag, SPELLING_NOWHERE,
	    "write: relay via \"SCHEMA://HOST:PORT\", or with "
	    "authentication: relay via \"tls+auth://LABEL@HOST:PORT\" "
	    "auth <TABLE>");
}

static void
spelling_check_mbox(struct spelling_check *check, const struct clause *clause)
{
	struct diag *diag = spelling_report(check, clause->arg.pos,
	    "deliver to mbox PATH", "5.2", "deliver to mbox");

	diag_note(check->diags, diag, SPELLING_NOWHERE,
	    "all mailboxes are in the system's folder");
}

/* "tag NAME" behind the action; "on NAME" before it has a form. */
static void
spelling_check_tag(struct spelling_check *check, const struct clause *clause)
{
	struct diag *diag = diag_report(check->diags, CHECK_LEGACY_SPELLING,
	    clause->pos, "'tag' in a rule is an option of 5.2, and gone since");

	diag_note(check->diags, diag, SPELLING_NOWHERE,
	    "listeners tag mail: listen on … tag NAME");
}

static const struct spelling_form *
spelling_find_form(const struct stmt *stmt, const struct clause *clause)
{
	size_t count = sizeof(spelling_forms) / sizeof(spelling_forms[0]);

	for (size_t i = 0; i < count; i++)
		if (spelling_forms[i].stmt == stmt->kind &&
		    spelling_forms[i].clause == clause->kind)
			return &spelling_forms[i];
	return NULL;
}

static void
spelling_check_clause(struct spelling_check *check, const struct clause *clause)
{
	const struct spelling_form *form = spelling_find_form(check->stmt,
	    clause);

	switch ((unsigned)clause->kind) {
	case CLAUSE_FROM_ANY:
	case CLAUSE_FOR_ANY:
		spelling_check_all(check, clause);
		break;
	case CLAUSE_FROM_SRC:
		spelling_check_source(check, clause);
		break;
	case CLAUSE_FOR_VIRTUAL:
		spelling_report(check, clause->pos, "for virtual TABLE", "5.2",
		    "for domain DOMAINS virtual TABLE");
		break;
	case CLAUSE_COND_TAG:
		if (form != NULL &&
		    !check_edit_is(check->map, clause->pos, "tag"))
			spelling_check_form(check, clause, form);
		else
			spelling_check_tag(check, clause);
		break;
	case CLAUSE_DHE:
		spelling_check_dhparams(check, clause);
		break;
	case CLAUSE_CA:
		spelling_check_pki_ca(check, clause);
		break;
	case CLAUSE_MBOX:
		spelling_check_mbox(check, clause);
		break;
	case CLAUSE_OLD_SECURE:
		spelling_check_secure(check, clause);
		break;
	case CLAUSE_OLD_SSL:
		if (check->stmt->kind == STMT_LISTEN)
			spelling_check_secure(check, clause);
		else
			spelling_check_relay(check, clause);
		break;
	default:
		if (form != NULL)
			spelling_check_form(check, clause, form);
		else
			spelling_check_relay(check, clause);
		break;
	}
}

/* ( a b ) */
static void
spelling_check_list(struct spelling_check *check, const struct list *list)
{
	struct srcpos first, last;
	struct diag *diag;

	if (list == NULL || !(list->flags & LIST_OLD_PARENS))
		return;
	first = (struct srcpos){ list->pos.begin, list->pos.begin + 1 };
	last = (struct srcpos){ list->pos.end - 1, list->pos.end };
	diag = spelling_report(check, list->pos, "( … )", "5.2", "{ … }");
	if (!check_edit_is(check->map, first, "(") ||
	    !check_edit_is(check->map, last, ")"))
		return;
	diag_edit(check->diags, diag, first, "{");
	diag_edit(check->diags, diag, last, "}");
}

/* map NAME */
static void
spelling_check_table(struct spelling_check *check, const struct tabref *ref)
{
	const char *now;
	struct diag *diag;

	spelling_check_list(check, ref->list);
	if (!ref->is_old)
		return;
	now = arena_printf(&check->comp->arena, "<%s>",
	    spelling_text(check, ref->word.pos));
	diag = spelling_report(check, ref->pos, spelling_text(check, ref->pos),
	    "5.2", now);
	if (check_edit_is(check->map, ref->pos, "map"))
		diag_edit(check->diags, diag, ref->pos, "%s", now);
}

static void
spelling_check_parts(struct spelling_check *check, const struct stmt *stmt)
{
	check->stmt = stmt;
	check->is_rewritten = spelling_is_rewritten(check);
	check->has_relay = false;
	if (stmt->flags & STMT_OLD)
		spelling_check_stmt(check);
	spelling_check_list(check, stmt->list);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind != CLAUSE_LIMIT && c->table != NULL)
			spelling_check_table(check, c->table);
		if (c->flags & CLAUSE_OLD)
			spelling_check_clause(check, c);
	}
}

void
check_spelling(struct compilation *comp)
{
	struct spelling_check check = {
		.comp = comp,
		.diags = &comp->diags,
		.map = &comp->map,
	};

	strmap_init(&check.pkis, &comp->arena);
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other)
		if (comp->tree->target.dialect == DIALECT_LEGACY ||
		    s->kind == STMT_QUEUE_ENCRYPTION)
			spelling_check_parts(&check, s);
}
