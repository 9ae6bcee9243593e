/*
 * Constructors of tree nodes, for the actions of both grammars. They
 * allocate and fill; they look nothing up and check nothing.
 */
#ifndef GRAMMAR_BUILD_H
#define GRAMMAR_BUILD_H

#include "grammar/reader.h"
#include "grammar/tree.h"

/* What the two parsers share. */
struct parse {
	struct arena *arena;
	struct diag_list *diags;
	struct target target;
	struct reader *reader;
	struct tree *tree;
	struct stmt **tail;       /* where the next statement goes */
	struct stmt **other_tail; /* and the next that is no match */
	struct stmt *slab;        /* room for the next statements */
	uint32_t slab_left;
	bool is_mixed; /* both languages: reported */
};

struct clause_list {
	struct clause *first;
	struct clause *last;
};

/* rhs[0] is the symbol before a rule, rhs[1] to rhs[n] its own. */
struct srcpos build_span(const struct srcpos *rhs, int n);

struct stmt *build_stmt(struct parse *parse, enum stmt_kind kind,
    struct srcpos pos);
struct stmt *build_setting(struct parse *parse, enum stmt_kind kind,
    struct srcpos pos, struct word name);

/* Appends to the tree. */
void build_add(struct parse *parse, struct stmt *stmt);

/* Notes the name that the statement given up on would have declared. */
void build_lost(struct parse *parse);

struct clause *build_clause(struct parse *parse, enum clause_kind kind,
    struct srcpos pos);
struct clause *build_word_clause(struct parse *parse, enum clause_kind kind,
    struct srcpos pos, struct word arg);
struct clause *build_table_clause(struct parse *parse, enum clause_kind kind,
    struct srcpos pos, struct tabref *table);

/* A condition of the filter previews; check is its word. */
struct clause *build_preview(struct parse *parse, struct srcpos pos,
    struct word check, struct tabref *table);

struct clause *build_limit(struct parse *parse, struct srcpos pos,
    struct word name, struct word value);

/* Sets flags; for chaining in actions. */
struct clause *build_flag(struct clause *clause, unsigned flags);
struct clause *build_negate(struct clause *clause, struct srcpos pos);

struct clause_list build_clauses(struct clause *clause);
struct clause_list build_append(struct clause_list list, struct clause *clause);
struct clause_list build_concat(struct clause_list a, struct clause_list b);

struct list *build_list(struct parse *parse, struct word key,
    struct word value);
struct list *build_list_append(struct parse *parse, struct list *list,
    struct word key, struct word value);

/* Notes a line break that only 7.5 and later accept. */
struct list *build_loose_break(struct list *list, struct srcpos pos);

struct tabref *build_tabref(struct parse *parse, enum tabref_kind kind,
    struct srcpos pos, struct word word);
struct tabref *build_list_tabref(struct parse *parse, struct list *list);

#endif
