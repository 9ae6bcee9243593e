/*
 * The filter syntaxes of the development versions of 2018 and 2019, which
 * no release had: rewrites what has one meaning today, and explains the
 * rest. Up to August 2019 checks without a table fired on the bad case, so
 * that "check-fcrdns" is "!fcrdns" today.
 */
#include "compiler/check.h"
#include "compiler/check_edit.h"

#define PREVIEWS_NOWHERE ((struct srcpos){ 0, 0 })

/* What a check is called today; the words with "!" have changed sign. */
static const struct previews_check {
	const char *word;
	const char *now;
} previews_checks[] = {
	{ "check-fcrdns", "!fcrdns" },
	{ "check-rdns", "!rdns" },
	{ "check-rdns-table", "rdns" },
	{ "check-rdns-regex", "rdns regex" },
	{ "check-src-table", "src" },
	{ "check-src-regex", "src regex" },
};

/* In these phases check-table and check-regex are about their argument. */
static const char *const previews_phases[] = { "helo", "ehlo", "mail-from",
	"rcpt-to" };

static struct diag *
previews_report(struct compilation *comp, struct srcpos pos, const char *what)
{
	return diag_report(&comp->diags, CHECK_PREVIEW_SPELLING, pos,
	    "%s is filter syntax from before 6.6", what);
}

static const char *
previews_text(struct compilation *comp, struct srcpos pos)
{
	return arena_copy(&comp->arena, source_text(&comp->map, pos)).ptr;
}

/* The condition of today without its table, or NULL. */
static const char *
previews_condition(struct compilation *comp, const struct clause *phase,
    const struct clause *check)
{
	size_t count = sizeof(previews_checks) / sizeof(previews_checks[0]);
	size_t phases = sizeof(previews_phases) / sizeof(previews_phases[0]);
	struct str word = word_str(check->arg);

	for (size_t i = 0; i < count; i++)
		if (str_is(word, previews_checks[i].word))
			return previews_checks[i].now;
	for (size_t i = 0; i < phases; i++) {
		if (!str_is(word_str(phase->arg), previews_phases[i]))
			continue;
		if (str_is(word, "check-table"))
			return previews_phases[i];
		return arena_printf(&comp->arena, "%s regex",
		    previews_phases[i]);
	}
	return NULL;
}

/* "match !fcrdns", "match src <t>"; NULL where nothing does the same. */
static const char *
previews_match(struct compilation *comp, const struct clause *phase,
    const struct clause *check)
{
	const char *now = previews_condition(comp, phase, check);
	bool is_negated = (check->flags & CLAUSE_NEGATED) != 0;
	bool is_helo = str_is(word_str(phase->arg), "helo") ||
	    str_is(word_str(phase->arg), "ehlo");

	/* It compared the two names of the client as well. */
	if (now == NULL ||
	    (is_helo && str_is(word_str(check->arg), "check-rdns")))
		return NULL;
	if (*now == '!')
		now = is_negated ? now + 1 : now;
	else if (is_negated)
		now = arena_printf(&comp->arena, "!%s", now);
	if (check->table == NULL)
		return arena_printf(&comp->arena, "match %s", now);
	return arena_printf(&comp->arena, "match %s %s", now,
	    previews_text(comp, check->table->pos));
}

static bool
previews_has_phase(const struct clause *phase)
{
	static const char *const gone[] = { "data-line", "quit", "rset",
		"noop" };

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (str_is(word_str(phase->arg), gone[i]))
			return false;
	return true;
}

/* Whether "builtin" stands there, and the target has what replaced it. */
static bool
previews_can_edit(const struct compilation *comp, const struct clause *phase)
{
	return comp->tree->target.version >= TARGET_6_6 &&
	    check_edit_is(&comp->map, phase->pos, "builtin");
}

static void
previews_note_gone(struct compilation *comp, struct diag *diag)
{
	diag_note(&comp->diags, diag, PREVIEWS_NOWHERE,
	    "no filter of a release does what this did");
}

/* filter [NAME] … PHASE [!]check-… DECISION */
static void
previews_check_check(struct compilation *comp, const struct stmt *stmt,
    const struct clause *phase, const struct clause *check)
{
	struct diag_list *diags = &comp->diags;
	const struct clause *decision = check->next;
	const char *match = previews_has_phase(phase) ?
	    previews_match(comp, phase, check) :
	    NULL;
	struct diag *diag = previews_report(comp, check->pos,
	    arena_printf(&comp->arena, "'%.*s'", WORD_ARG(check->arg)));

	if (match == NULL) {
		previews_note_gone(comp, diag);
		return;
	}
	if (check->table == NULL)
		diag_note(diags, diag, PREVIEWS_NOWHERE,
		    "it matched clients that fail the check");
	if (stmt->name.kind != WORD_NONE) {
		if (previews_can_edit(comp, phase) &&
		    check_edit_clause_is(&comp->map, check, "check-"))
			diag_edit(diags, diag,
			    srcpos_join(phase->pos, check->pos),
			    "phase %.*s "
			    "%s",
			    WORD_ARG(phase->arg), match);
		return;
	}
	diag_note(diags, diag, PREVIEWS_NOWHERE,
	    "write: filter NAME phase %.*s %s %s", WORD_ARG(phase->arg), match,
	    previews_text(comp, decision->pos));
	diag_note(diags, diag, PREVIEWS_NOWHERE,
	    "and name it on each listener: listen on … filter NAME");
}

/* filter NAME builtin PHASE match CONDITION DECISION */
static void
previews_check_builtin(struct compilation *comp, const struct clause *phase)
{
	struct diag_list *diags = &comp->diags;
	const struct clause *cond = phase->next;
	const char *words = clause_words(cond->kind, DIALECT_MODERN);
	bool is_negated = (cond->flags & CLAUSE_NEGATED) != 0;
	struct srcpos head = check_edit_head(&comp->map, phase, "builtin");
	struct diag *diag = previews_report(comp, head, "'builtin'");

	if (!previews_has_phase(phase)) {
		previews_note_gone(comp, diag);
		return;
	}
	if (cond->table != NULL || cond->kind == CLAUSE_COND_AUTH) {
		if (previews_can_edit(comp, phase))
			diag_edit(diags, diag, head, "phase");
		return;
	}
	diag_note(diags, diag, cond->pos,
	    "up to August 2019 '%s' matched clients that lack it, since then "
	    "those that have it",
	    words);
	diag_note(diags, diag, PREVIEWS_NOWHERE,
	    "for a filter of that time write 'phase %.*s match %s%s', else "
	    "'phase %.*s match %s%s'",
	    WORD_ARG(phase->arg), is_negated ? "" : "!", words,
	    WORD_ARG(phase->arg), is_negated ? "!" : "", words);
}

/* report smtp on PROC, filter smtp PHASE on PROC */
static void
previews_check_proc(struct compilation *comp, const struct stmt *stmt)
{
	struct diag *diag = previews_report(comp, stmt->pos,
	    stmt->kind == STMT_FILTER ? "'filter smtp … on'" :
					"'report smtp on'");

	diag_note(&comp->diags, diag, PREVIEWS_NOWHERE,
	    "a program says itself what it wants: filter NAME proc %s",
	    previews_text(comp, stmt->name.pos));
	diag_note(&comp->diags, diag, PREVIEWS_NOWHERE,
	    "and is named on each listener: listen on … filter NAME");
}

static void
previews_check_filter(struct compilation *comp, const struct stmt *stmt)
{
	const struct clause *first = stmt->clauses;

	if (first->kind == CLAUSE_PREVIEW_ON)
		previews_check_proc(comp, stmt);
	else if (first->next->kind == CLAUSE_PREVIEW_CHECK)
		previews_check_check(comp, stmt, first, first->next);
	else
		previews_check_builtin(comp, first);
}

void
check_previews(struct compilation *comp)
{
	if (comp->tree->target.dialect == DIALECT_LEGACY)
		return;
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other) {
		if (s->kind == STMT_PREVIEW_REPORT)
			previews_check_proc(comp, s);
		else if (s->kind == STMT_FILTER && (s->flags & STMT_OLD))
			previews_check_filter(comp, s);
	}
}
