/*
 * Filters: which conditions and decisions each phase has, and what a chain
 * may consist of. The grammar takes every combination, so that the message
 * can say what is wrong.
 */
#include "compiler/check.h"

#include "compiler/words.h"

/* How much of a session is known; of two phases the later has all. */
enum filters_level {
	FILTERS_CONNECT,
	FILTERS_HELO,
	FILTERS_AUTH,
	FILTERS_MAIL_FROM,
	FILTERS_RCPT_TO,
	FILTERS_NEVER, /* filter programs see these, conditions do not */
};

static const struct filters_phase {
	const char *name;
	enum filters_level level;
	bool can_rewrite;
} filters_phases[] = {
	{ "connect", FILTERS_CONNECT, false },
	{ "helo", FILTERS_HELO, true },
	{ "ehlo", FILTERS_HELO, true },
	{ "auth", FILTERS_AUTH, false },
	{ "mail-from", FILTERS_MAIL_FROM, true },
	{ "rcpt-to", FILTERS_RCPT_TO, true },
	{ "data", FILTERS_MAIL_FROM, false },
	{ "commit", FILTERS_MAIL_FROM, false },
	{ "data-line", FILTERS_NEVER, false },
	{ "quit", FILTERS_NEVER, false },
	{ "rset", FILTERS_NEVER, false },
	{ "noop", FILTERS_NEVER, false },
};

enum { FILTERS_PHASES = sizeof(filters_phases) / sizeof(filters_phases[0]) };

struct filters {
	struct compilation *comp;
	struct diag_list *diags;
	unsigned version;
};

/* The parser knows no other words. */
static const struct filters_phase *
filters_find_phase(struct word word)
{
	unsigned i = 0;

	while (i + 1 < FILTERS_PHASES &&
	    !str_is(word_str(word), filters_phases[i].name))
		i++;
	return &filters_phases[i];
}

static enum filters_level
filters_level_of(enum clause_kind condition)
{
	switch ((unsigned)condition) {
	case CLAUSE_COND_HELO:
		return FILTERS_HELO;
	case CLAUSE_COND_AUTH:
		return FILTERS_AUTH;
	case CLAUSE_COND_MAIL_FROM:
		return FILTERS_MAIL_FROM;
	case CLAUSE_COND_RCPT_TO:
		return FILTERS_RCPT_TO;
	default:
		return FILTERS_CONNECT;
	}
}

/* "helo, ehlo, …": where a condition can be used. */
static const char *
filters_phases_from(struct filters *f, enum filters_level level)
{
	const char *text = "";

	for (unsigned i = 0; i < FILTERS_PHASES; i++)
		if (filters_phases[i].level >= level &&
		    filters_phases[i].level < FILTERS_NEVER)
			text = arena_printf(f->diags->arena, "%s%s%s", text,
			    *text != '\0' ? ", " : "", filters_phases[i].name);
	return text;
}

static void
filters_check_phase(struct filters *f, const struct filters_phase *phase,
    const struct clause *clause)
{
	if (phase->level == FILTERS_NEVER)
		diag_report(f->diags, CHECK_INVALID_FILTER, clause->arg.pos,
		    "filters have no phase '%s': use one of %s", phase->name,
		    filters_phases_from(f, FILTERS_CONNECT));
	else if (phase->level == FILTERS_AUTH)
		diag_add(f->diags, CHECK_INVALID_FILTER, DIAG_WARNING,
		    clause->arg.pos,
		    "up to 7.8 a filter of phase 'auth' acts at connect");
}

static void
filters_check_condition(struct filters *f, const struct filters_phase *phase,
    const struct clause *clause)
{
	enum filters_level level = filters_level_of(clause->kind);

	if (level > phase->level)
		diag_report(f->diags, CHECK_INVALID_FILTER, clause->pos,
		    "'%s' is not known in phase '%s': it can be used in %s",
		    clause_words(clause->kind, DIALECT_MODERN), phase->name,
		    filters_phases_from(f, level));
}

/* mail-from and rcpt-to are rewritten as SMTP has them, in brackets. */
static void
filters_check_path(struct filters *f, const struct filters_phase *phase,
    struct word word)
{
	struct diag *diag;

	if (phase->level < FILTERS_MAIL_FROM ||
	    str_has_prefix(word_str(word), "<"))
		return;
	diag = diag_add(f->diags, CHECK_INVALID_VALUE, DIAG_WARNING, word.pos,
	    "an address in place of another needs '<' and '>', or the client "
	    "gets an error");
	words_replace(f->diags, diag, word, word_str(word),
	    arena_printf(f->diags->arena, "<%.*s>", WORD_ARG(word)));
}

static void
filters_check_decision(struct filters *f, const struct filters_phase *phase,
    const struct clause *clause)
{
	const char *words = clause_words(clause->kind, DIALECT_MODERN);

	if (clause->kind == CLAUSE_REWRITE && phase->can_rewrite)
		filters_check_path(f, phase, clause->arg);
	else if (clause->kind == CLAUSE_REWRITE)
		diag_report(f->diags, CHECK_IGNORED_VALUE, clause->pos,
		    "phase '%s' has nothing to rewrite: this does nothing",
		    phase->name);
	else if (strcmp(phase->name, "commit") == 0 &&
	    (clause->kind == CLAUSE_JUNK || clause->kind == CLAUSE_BYPASS))
		diag_report(f->diags, CHECK_INVALID_FILTER, clause->pos,
		    "phase 'commit' cannot '%s': it is too late", words);
}

/* phase, one condition, one decision: as the parser builds them. */
static void
filters_check_builtin(struct filters *f, const struct clause *at)
{
	const struct filters_phase *phase = filters_find_phase(at->arg);
	const struct clause *condition = at->next;

	filters_check_phase(f, phase, at);
	if (phase->level == FILTERS_NEVER || condition == NULL ||
	    condition->next == NULL)
		return;
	filters_check_condition(f, phase, condition);
	filters_check_decision(f, phase, condition->next);
}

/*
 * Whether key is new in seen; if not, reports it as the second of its kind.
 */
static void
filters_check_once(struct filters *f, struct strmap *seen, struct str key,
    struct elem *elem, const char *what)
{
	void **slot = strmap_put(seen, key);
	const struct elem *first = *slot;
	struct diag *diag;

	if (first != NULL) {
		diag = diag_report(f->diags, CHECK_INVALID_FILTER,
		    elem->key.pos, "%s '%.*s' is in the chain twice", what,
		    STR_ARG(key));
		diag_note(f->diags, diag, first->key.pos, "first here");
	} else
		*slot = elem;
}

static void
filters_check_member(struct filters *f, const struct elem *elem)
{
	struct diag *diag;

	if (stmt_clause(elem->decl, CLAUSE_CHAIN) == NULL)
		return;
	diag = diag_report(f->diags, CHECK_INVALID_FILTER, elem->key.pos,
	    "'%.*s' is a chain, and a chain cannot be part of another",
	    WORD_ARG(elem->key));
	diag_note(f->diags, diag, elem->decl->name.pos, "declared here");
}

/*
 * A chain, or the list of filters of a listener or relay, which is one
 * without a name. Only 6.6 refuses two filters of one process.
 */
static void
filters_check_names(struct filters *f, const struct list *list)
{
	struct strmap names, procs;
	const struct clause *proc;

	if (list->flags & LIST_MAPPING) {
		diag_report(f->diags, CHECK_INVALID_FILTER, list->pos,
		    "a list of filters holds names, not pairs");
		return;
	}
	strmap_init(&names, f->diags->arena);
	strmap_init(&procs, f->diags->arena);
	for (struct elem *e = list->elems; e != NULL; e = e->next) {
		filters_check_once(f, &names, word_str(e->key), e, "filter");
		if (e->decl == NULL)
			continue;
		filters_check_member(f, e);
		proc = stmt_clause(e->decl, CLAUSE_PROC);
		if (proc != NULL && f->version == TARGET_6_6)
			filters_check_once(f, &procs, word_str(proc->arg), e,
			    "proc");
	}
}

static void
filters_check_stmt(struct filters *f, const struct stmt *stmt)
{
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind == CLAUSE_PHASE)
			filters_check_builtin(f, c);
		else if ((c->kind == CLAUSE_CHAIN ||
			     c->kind == CLAUSE_FILTER) &&
		    c->names != NULL)
			filters_check_names(f, c->names);
	}
}

void
check_filters(struct compilation *comp)
{
	struct filters f = {
		.comp = comp,
		.diags = &comp->diags,
		.version = comp->tree->target.version,
	};

	/* Before, words of the language are reported where they stand. */
	if (f.version < TARGET_6_6)
		return;
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other)
		if ((s->flags & STMT_OLD) == 0)
			filters_check_stmt(&f, s);
}
