/*
 * Advice about how things are written, where they mean what they should:
 * defaults that are easily overlooked, and braces without need.
 */
#include "compiler/check.h"

#include "compiler/check_edit.h"
#include "compiler/check_facts.h"

static bool
style_has_for(const struct stmt *stmt)
{
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->kind >= CLAUSE_FOR_ANY && c->kind <= CLAUSE_FOR_VIRTUAL)
			return true;
	return false;
}

static void
style_check_rule(struct compilation *comp, const struct stmt *stmt)
{
	struct srcpos head = stmt_head(stmt, comp->tree->target.dialect);
	struct diag *diag;

	if (style_has_for(stmt))
		return;
	diag = diag_report(&comp->diags, CHECK_PLAIN_STYLE, head,
	    "without 'for' the rule is for local recipients alone: say so, "
	    "with 'for local'");
	if (stmt->kind == STMT_MATCH &&
	    check_edit_is(&comp->map, head, "match"))
		check_edit_insert(&comp->diags, diag, head.end, " for local");
}

static void
style_check_list(struct compilation *comp, const struct clause *clause)
{
	const struct tabref *ref = clause->table;

	if (clause->kind == CLAUSE_LIMIT || ref == NULL ||
	    ref->kind != TABREF_LIST || ref->list->count != 1 ||
	    (ref->list->flags & LIST_MAPPING))
		return;
	diag_report(&comp->diags, CHECK_PLAIN_STYLE, ref->list->pos,
	    "a list of one entry needs no braces");
}

void
check_style(struct compilation *comp)
{
	if (!check_facts_wants(comp, CHECK_PLAIN_STYLE))
		return;
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next) {
		if (s->kind == STMT_MATCH || s->kind == STMT_ACCEPT ||
		    s->kind == STMT_REJECT)
			style_check_rule(comp, s);
		for (const struct clause *c = s->clauses; c != NULL;
		     c = c->next)
			style_check_list(comp, c);
	}
}
