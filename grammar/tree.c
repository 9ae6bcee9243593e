/*
 * Small questions asked of the syntax tree.
 */
#include "grammar/tree.h"

static const char *const stmt_spelling[STMT_COUNT][2] = {
#define STMT(id, legacy, modern) [STMT_##id] = { legacy, modern },
#include "grammar/stmts.def"
#undef STMT
};

static const char *const clause_spelling[CLAUSE_COUNT][2] = {
#define CLAUSE(id, legacy, modern) [CLAUSE_##id] = { legacy, modern },
#include "grammar/clauses.def"
#undef CLAUSE
};

/* A word of the other language where this one has none. */
static const char *
tree_spelling(const char *const spelling[2], enum dialect dialect)
{
	return spelling[dialect] != NULL ? spelling[dialect] :
					   spelling[dialect == DIALECT_LEGACY];
}

const char *
stmt_words(enum stmt_kind kind, enum dialect dialect)
{
	return tree_spelling(stmt_spelling[kind], dialect);
}

const char *
clause_words(enum clause_kind kind, enum dialect dialect)
{
	return tree_spelling(clause_spelling[kind], dialect);
}

struct clause *
stmt_clause(const struct stmt *stmt, enum clause_kind kind)
{
	struct clause *clause = stmt->clauses;

	while (clause != NULL && clause->kind != kind)
		clause = clause->next;
	return clause;
}

struct srcpos
stmt_head(const struct stmt *stmt, enum dialect dialect)
{
	struct srcpos pos = stmt->pos;
	uint32_t len = (uint32_t)strlen(stmt_words(stmt->kind, dialect));

	if (pos.end - pos.begin > len)
		pos.end = pos.begin + len;
	return pos;
}
