/*
 * Tables: the sources of declarations, and whether each use gets the list
 * or mapping that it needs. What a table file is follows from its first
 * entry; a file that cannot be read may be either.
 */
#include "compiler/check.h"

#include "compiler/tablesrc.h"
#include "compiler/words.h"
#include "grammar/suggest.h"

/* What a use accepts, as a set, and what a table is. */
enum {
	TABLES_LIST = 1,
	TABLES_MAPPING = 2,
	TABLES_ANY = 3,  /* of a table: not known, or asked at run time */
	TABLES_NONE = 4, /* of a table: without a kind, refused everywhere */
};

struct tables {
	struct compilation *comp;
	struct diag_list *diags;
	const struct target *target;
};

static void
tables_suggest_backend(struct tables *t, struct word word, struct str backend)
{
	struct suggest nearest;
	const char *name;
	struct diag *diag;

	suggest_init(&nearest, backend);
	for (unsigned i = 0; (name = tablesrc_backend_name(i)) != NULL; i++) {
		if (str_is(backend, name))
			return;
		suggest_offer(&nearest, str_from(name));
	}
	if (nearest.best.len == 0)
		return;
	diag = diag_add(t->diags, CHECK_TABLE_SOURCE, DIAG_WARNING,
	    words_part(t->diags->map, word, backend),
	    "'%.*s' needs a program table-%.*s: did you mean '%.*s'?",
	    STR_ARG(backend), STR_ARG(backend), STR_ARG(nearest.best));
	words_replace(t->diags, diag, word, backend, nearest.best.ptr);
}

static void
tables_check_source(struct tables *t, const struct stmt *stmt)
{
	struct word word = stmt->value;
	struct tablesrc src;

	tablesrc_parse(stmt, &src);
	if (src.kind == TABLESRC_INLINE)
		return;
	if (word.len == 0 || (src.backend.len == 0 && word.ptr[0] == ':'))
		diag_report(t->diags, CHECK_TABLE_SOURCE, word.pos,
		    "the table has no source: write file: and a path");
	else if (memchr(src.backend.ptr, '/', src.backend.len) != NULL)
		diag_report(t->diags, CHECK_TABLE_SOURCE, word.pos,
		    "'%.*s' is no backend, and a path must begin with '/'",
		    STR_ARG(src.backend));
	else if (src.has_config && !str_has_prefix(src.config, "/"))
		diag_report(t->diags, CHECK_TABLE_SOURCE,
		    words_part(t->diags->map, word, src.config),
		    "what follows '%.*s:' must be a path that begins with '/'",
		    STR_ARG(src.backend));
	else if (!src.has_config &&
	    (src.kind == TABLESRC_FILE || src.kind == TABLESRC_DB))
		diag_report(t->diags, CHECK_TABLE_SOURCE, word.pos,
		    "'%.*s' needs a path: %.*s:/...", WORD_ARG(word),
		    WORD_ARG(word));
	else if (src.backend.len > 0)
		tables_suggest_backend(t, word, src.backend);
}

/* The last value of a key counts. */
static void
tables_check_keys(struct tables *t, const struct list *list)
{
	struct strmap seen;
	const struct elem *last;
	struct diag *diag;
	void **slot;

	if (list == NULL || list->count < 2 ||
	    (list->flags & LIST_MAPPING) == 0)
		return;
	strmap_init(&seen, t->diags->arena);
	for (struct elem *e = list->elems; e != NULL; e = e->next) {
		slot = strmap_put(&seen,
		    words_lower(t->diags->arena, word_str(e->key)));
		last = *slot;
		*slot = e;
		if (last == NULL)
			continue;
		diag = diag_report(t->diags, CHECK_IGNORED_VALUE,
		    last->value.pos,
		    "this value is dropped: '%.*s' has another below",
		    WORD_ARG(last->key));
		diag_note(t->diags, diag, e->key.pos, "the last one counts");
	}
}

static unsigned
tables_kind_of_builtin(const struct tables *t, struct str name)
{
	if (str_is(name, "<getpwnam>"))
		return TABLES_ANY;
	if (t->target->version < TARGET_6_6 &&
	    (str_is(name, "<anyhost>") || str_is(name, "<localhost>")))
		return TABLES_NONE;
	return TABLES_LIST;
}

static unsigned
tables_kind_of_list(const struct list *list)
{
	return list->flags & LIST_MAPPING ? TABLES_MAPPING : TABLES_LIST;
}

/* The file of a declared table, or NULL: no file, or it cannot be read. */
static struct files_file *
tables_file(struct tables *t, const struct stmt *stmt)
{
	struct files_file *file;
	struct tablesrc src;

	tablesrc_parse(stmt, &src);
	if (src.kind != TABLESRC_FILE || !src.has_config)
		return NULL;
	file = files_read(&t->comp->files, src.config, FILES_SIZE_MAX);
	return file->error == 0 ? file : NULL;
}

static unsigned
tables_kind_of_stmt(struct tables *t, const struct stmt *stmt)
{
	struct files_file *file;

	if (stmt->flags & STMT_BUILTIN)
		return tables_kind_of_builtin(t, word_str(stmt->name));
	if (stmt->list != NULL)
		return tables_kind_of_list(stmt->list);
	file = tables_file(t, stmt);
	if (file == NULL)
		return TABLES_ANY;
	return files_kind(file, t->target->version) == TABLEFILE_LIST ?
	    TABLES_LIST :
	    TABLES_MAPPING;
}

static unsigned
tables_kind(struct tables *t, const struct tabref *ref)
{
	switch (ref->kind) {
	case TABREF_NAMED:
		return ref->table == NULL ? TABLES_ANY :
					    tables_kind_of_stmt(t, ref->table);
	case TABREF_LIST:
		return tables_kind_of_list(ref->list);
	case TABREF_WORD:
		break;
	}
	return TABLES_LIST;
}

/* Addresses and the like, of which a mapping's keys are used since 7.5. */
static unsigned
tables_list_or_keys(const struct tables *t)
{
	return t->target->version >= TARGET_7_5 ? TABLES_ANY : TABLES_LIST;
}

/* What a clause accepts; 0: anything. Filters do not look. */
static unsigned
tables_accepted(const struct tables *t, const struct clause *clause)
{
	if (clause->flags & CLAUSE_REGEX)
		return TABLES_LIST;
	switch ((unsigned)clause->kind) {
	case CLAUSE_FROM_SRC:
	case CLAUSE_FROM_RDNS:
	case CLAUSE_FROM_AUTH:
	case CLAUSE_FOR_DOMAIN:
	case CLAUSE_COND_TAG:
	case CLAUSE_COND_HELO:
	case CLAUSE_HOST:
		return TABLES_LIST;
	case CLAUSE_COND_AUTH:
	case CLAUSE_COND_MAIL_FROM:
	case CLAUSE_COND_RCPT_TO:
	case CLAUSE_FROM_MAIL_FROM:
	case CLAUSE_FOR_RCPT_TO:
	case CLAUSE_SRC:
		return tables_list_or_keys(t);
	case CLAUSE_ALIAS:
	case CLAUSE_VIRTUAL:
	case CLAUSE_USERBASE:
	case CLAUSE_AUTH:
	case CLAUSE_AUTH_OPTIONAL:
	case CLAUSE_DOMAIN:
	case CLAUSE_HELO_SRC:
	case CLAUSE_HOSTNAMES:
	case CLAUSE_SENDERS:
		return TABLES_MAPPING;
	default:
		return 0;
	}
}

static const char *
tables_kind_text(unsigned kind)
{
	return kind == TABLES_LIST ? "a list" : "a mapping";
}

/* Why a table is what it is, and where it is declared. */
static void
tables_explain(struct tables *t, struct diag *diag, const struct tabref *ref,
    unsigned kind)
{
	struct files_file *file;

	if (ref->kind == TABREF_WORD)
		words_suggest_table(&t->comp->names, t->diags, diag, ref->word);
	if (ref->kind != TABREF_NAMED || (ref->table->flags & STMT_BUILTIN))
		return;
	diag_note(t->diags, diag, ref->table->name.pos, "declared here");
	file = tables_file(t, ref->table);
	if (file != NULL && kind == TABLES_MAPPING)
		diag_note(t->diags, diag, ref->table->value.pos,
		    "a file without entries, or whose first entry has a "
		    "blank or ':', is a mapping; a line '# @list' before it "
		    "makes it a list");
}

static void
tables_report_kind(struct tables *t, const struct stmt *stmt,
    const struct clause *clause, unsigned accepted, unsigned kind)
{
	const struct tabref *ref = clause->table;
	const char *words = clause_words(clause->kind, t->target->dialect);
	bool is_checked = clause->kind != CLAUSE_AUTH_OPTIONAL &&
	    (clause->kind != CLAUSE_AUTH || stmt->kind != STMT_LISTEN);
	struct diag *diag;

	if (kind == TABLES_NONE)
		diag = diag_report(t->diags, CHECK_TABLE_KIND, ref->pos,
		    "'%.*s' cannot be used by name before 6.6",
		    WORD_ARG(ref->word));
	else
		/* A listener takes a list, and fails at the first login. */
		diag = diag_add(t->diags, CHECK_TABLE_KIND,
		    is_checked ? DIAG_ERROR : DIAG_WARNING, ref->pos,
		    "'%s' needs %s, but this is %s%s", words,
		    tables_kind_text(accepted),
		    ref->kind == TABREF_WORD ? "a word, which is " : "",
		    tables_kind_text(kind));
	tables_explain(t, diag, ref, kind);
}

/* A word in the place of a table that it names: refused or never matches. */
static void
tables_report_quoted(struct tables *t, struct word word, struct str name,
    enum diag_severity severity)
{
	struct diag *diag = diag_add(t->diags, CHECK_TABLE_KIND, severity,
	    word.pos, "in quotes, '%.*s' is a word and not the table",
	    WORD_ARG(word));

	if (source_expansion_at(t->diags->map, word.pos) == NULL)
		diag_edit(t->diags, diag, word.pos, "<\"%.*s\">",
		    STR_ARG(name));
}

static void
tables_check_use(struct tables *t, const struct stmt *stmt,
    const struct clause *clause)
{
	const struct tabref *ref = clause->table;
	unsigned accepted = 0, kind = tables_kind(t, ref);
	struct str name;
	bool is_wrong;

	if (stmt->kind != STMT_FILTER)
		accepted = tables_accepted(t, clause);
	is_wrong = accepted != 0 && (kind & accepted) == 0;
	if (ref->kind == TABREF_LIST)
		tables_check_keys(t, ref->list);
	if (ref->kind == TABREF_WORD &&
	    words_is_quoted_table(&t->comp->names, ref->word, &name))
		tables_report_quoted(t, ref->word, name,
		    is_wrong ? DIAG_ERROR : DIAG_WARNING);
	else if (is_wrong)
		tables_report_kind(t, stmt, clause, accepted, kind);
}

void
check_tables(struct compilation *comp)
{
	struct tables t = {
		.comp = comp,
		.diags = &comp->diags,
		.target = &comp->tree->target,
	};

	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next) {
		if (s->kind == STMT_TABLE) {
			tables_check_source(&t, s);
			tables_check_keys(&t, s->list);
			continue;
		}
		for (const struct clause *c = s->clauses; c != NULL;
		     c = c->next)
			if (c->kind != CLAUSE_LIMIT && c->table != NULL &&
			    (c->flags & CLAUSE_OLD) == 0)
				tables_check_use(&t, s, c);
	}
}
