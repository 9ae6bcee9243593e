/*
 * Facts about statements and about the whole config.
 */
#include "compiler/check_facts.h"

/*
 * In checks.def the checks of reading come first, and then those of unknown
 * names, which are warnings where the daemon looks late.
 */
bool
check_facts_is_partial(const struct compilation *comp)
{
	if (comp->tree->has_syntax_errors)
		return true;
	for (const struct diag *d = comp->diags.head; d != NULL; d = d->next)
		if (d->id <= CHECK_UNKNOWN_CA &&
		    (d->severity == DIAG_ERROR || d->id >= CHECK_UNKNOWN_TABLE))
			return true;
	return false;
}

/* The first clause of three kinds. */
static const struct clause *
check_facts_first(const struct stmt *stmt, enum clause_kind a,
    enum clause_kind b, enum clause_kind c)
{
	for (const struct clause *at = stmt->clauses; at != NULL; at = at->next)
		if (at->kind == a || at->kind == b || at->kind == c)
			return at;
	return NULL;
}

const struct clause *
check_facts_tls(const struct stmt *listener)
{
	return check_facts_first(listener, CLAUSE_TLS, CLAUSE_TLS_REQUIRE,
	    CLAUSE_SMTPS);
}

const struct clause *
check_facts_auth(const struct stmt *listener)
{
	return check_facts_first(listener, CLAUSE_AUTH, CLAUSE_AUTH_OPTIONAL,
	    CLAUSE_AUTH);
}

bool
check_facts_relays(const struct stmt *stmt)
{
	return (stmt->kind == STMT_ACTION || stmt->kind == STMT_ACCEPT) &&
	    stmt_clause(stmt, CLAUSE_RELAY) != NULL;
}
