/*
 * Node constructors.
 */
#include "grammar/build.h"

struct srcpos
build_span(const struct srcpos *rhs, int n)
{
	if (n > 0)
		return srcpos_join(rhs[1], rhs[n]);
	/* Nothing was read: the place after what came before. */
	return (struct srcpos){ rhs[0].end, rhs[0].end };
}

/*
 * Statements lie side by side: checks go through all of them, most to find
 * that they have no use for them.
 */
enum { BUILD_SLAB = 128 };

struct stmt *
build_stmt(struct parse *parse, enum stmt_kind kind, struct srcpos pos)
{
	struct stmt *stmt;

	if (parse->slab_left == 0) {
		parse->slab = arena_alloc(parse->arena,
		    BUILD_SLAB * sizeof(*stmt));
		parse->slab_left = BUILD_SLAB;
	}
	stmt = parse->slab++;
	parse->slab_left--;
	stmt->kind = kind;
	stmt->pos = pos;
	return stmt;
}

struct stmt *
build_setting(struct parse *parse, enum stmt_kind kind, struct srcpos pos,
    struct word name)
{
	struct stmt *stmt = build_stmt(parse, kind, pos);

	stmt->name = name;
	return stmt;
}

void
build_add(struct parse *parse, struct stmt *stmt)
{
	if (stmt->kind == STMT_ACCEPT || stmt->kind == STMT_REJECT ||
	    stmt->kind == STMT_MATCH)
		parse->tree->rule_count++;
	*parse->tail = stmt;
	parse->tail = &stmt->next;
	if (stmt->kind == STMT_MATCH)
		return;
	*parse->other_tail = stmt;
	parse->other_tail = &stmt->next_other;
}

void
build_lost(struct parse *parse)
{
	static const struct {
		enum keyword keyword;
		enum stmt_kind kind;
	} declarations[] = {
		{ KEYWORD_TABLE, STMT_TABLE },
		{ KEYWORD_ACTION, STMT_ACTION },
		{ KEYWORD_FILTER, STMT_FILTER },
		{ KEYWORD_PROC, STMT_PROC },
		{ KEYWORD_PKI, STMT_PKI },
		{ KEYWORD_CA, STMT_CA },
	};
	const struct reader *reader = parse->reader;
	struct word name = reader->second.word;
	struct stmt *stmt;

	for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]);
	     i++) {
		if (reader->first.keyword != declarations[i].keyword ||
		    reader->second.kind != TOKEN_WORD)
			continue;
		stmt = build_setting(parse, declarations[i].kind, name.pos,
		    name);
		stmt->flags = STMT_LOST;
		stmt->next = parse->tree->lost;
		parse->tree->lost = stmt;
	}
}

struct clause *
build_clause(struct parse *parse, enum clause_kind kind, struct srcpos pos)
{
	struct clause *clause = ARENA_NEW(parse->arena, struct clause);

	clause->kind = kind;
	clause->pos = pos;
	return clause;
}

struct clause *
build_word_clause(struct parse *parse, enum clause_kind kind, struct srcpos pos,
    struct word arg)
{
	struct clause *clause = build_clause(parse, kind, pos);

	clause->arg = arg;
	return clause;
}

struct clause *
build_table_clause(struct parse *parse, enum clause_kind kind,
    struct srcpos pos, struct tabref *table)
{
	struct clause *clause = build_clause(parse, kind, pos);

	clause->table = table;
	return clause;
}

struct clause *
build_preview(struct parse *parse, struct srcpos pos, struct word check,
    struct tabref *table)
{
	struct clause *clause = build_word_clause(parse, CLAUSE_PREVIEW_CHECK,
	    pos, check);

	clause->table = table;
	return build_flag(clause, CLAUSE_OLD);
}

struct clause *
build_limit(struct parse *parse, struct srcpos pos, struct word name,
    struct word value)
{
	struct clause *clause = build_word_clause(parse, CLAUSE_LIMIT, pos,
	    name);

	clause->value = value;
	return clause;
}

struct clause *
build_flag(struct clause *clause, unsigned flags)
{
	clause->flags |= flags;
	return clause;
}

struct clause *
build_negate(struct clause *clause, struct srcpos pos)
{
	clause->flags |= CLAUSE_NEGATED;
	clause->pos.begin = pos.begin;
	return clause;
}

struct clause_list
build_clauses(struct clause *clause)
{
	return (struct clause_list){ clause, clause };
}

struct clause_list
build_append(struct clause_list list, struct clause *clause)
{
	return build_concat(list, build_clauses(clause));
}

struct clause_list
build_concat(struct clause_list a, struct clause_list b)
{
	if (a.first == NULL)
		return b;
	if (b.first == NULL)
		return a;
	a.last->next = b.first;
	a.last = b.last;
	return a;
}

struct list *
build_list(struct parse *parse, struct word key, struct word value)
{
	struct list *list = ARENA_NEW(parse->arena, struct list);

	if (value.kind != WORD_NONE)
		list->flags |= LIST_MAPPING;
	return build_list_append(parse, list, key, value);
}

struct list *
build_list_append(struct parse *parse, struct list *list, struct word key,
    struct word value)
{
	struct elem *elem = ARENA_NEW(parse->arena, struct elem);

	elem->key = key;
	elem->value = value;
	if (list->last != NULL)
		list->last->next = elem;
	else
		list->elems = elem;
	list->last = elem;
	list->count++;
	return list;
}

struct list *
build_loose_break(struct list *list, struct srcpos pos)
{
	/* That behind the opening brace is read first and known last. */
	if (srcpos_is_none(list->loose_break) ||
	    pos.begin < list->loose_break.begin)
		list->loose_break = pos;
	return list;
}

struct tabref *
build_tabref(struct parse *parse, enum tabref_kind kind, struct srcpos pos,
    struct word word)
{
	struct tabref *ref = ARENA_NEW(parse->arena, struct tabref);

	ref->kind = kind;
	ref->pos = pos;
	ref->word = word;
	return ref;
}

struct tabref *
build_list_tabref(struct parse *parse, struct list *list)
{
	struct word none = { .ptr = "" };
	struct tabref *ref = build_tabref(parse, TABREF_LIST, list->pos, none);

	ref->list = list;
	return ref;
}
