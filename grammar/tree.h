/*
 * The syntax tree of one compilation: the statements of all its files in
 * reading order, as written. Both languages share it; which words a clause
 * was written with follows from the tree's dialect (stmts.def, clauses.def).
 *
 * The parsers fill everything but the members under "resolve", which
 * compiler/resolve.c fills. All nodes live in the compilation's arena.
 */
#ifndef GRAMMAR_TREE_H
#define GRAMMAR_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "grammar/source.h"
#include "runtime/ruleset/target.h"
#include "grammar/word.h"
#include "runtime/base/strmap.h"

struct stmt;

enum stmt_kind {
#define STMT(id, legacy, modern) STMT_##id,
#include "grammar/stmts.def"
#undef STMT
	STMT_COUNT
};

enum clause_kind {
#define CLAUSE(id, legacy, modern) CLAUSE_##id,
#include "grammar/clauses.def"
#undef CLAUSE
	CLAUSE_COUNT
};

/* An element of a list, or "key = value" of a mapping. */
struct elem {
	struct word key;
	struct word value; /* WORD_NONE in a list */
	struct elem *next;
	/* resolve */
	const struct stmt *decl; /* in a list of filters */
};

enum {
	LIST_MAPPING = 1,    /* elements are pairs */
	LIST_OLD_PARENS = 2, /* written with ( ) instead of { } */
};

/* "{ … }", never empty. */
struct list {
	struct srcpos pos; /* braces included */
	/*
	 * A line break after the opening brace, after a comma or before the
	 * closing brace: allowed since 7.5 only. None if there is none.
	 */
	struct srcpos loose_break;
	struct elem *elems;
	struct elem *last;
	uint32_t count;
	unsigned flags;
};

enum tabref_kind {
	TABREF_NAMED, /* <name> */
	TABREF_WORD,  /* one word: a list of one element */
	TABREF_LIST,  /* { … } */
};

/* Where a table is used. */
struct tabref {
	enum tabref_kind kind;
	struct srcpos pos;
	struct word word; /* the name or the element */
	struct list *list;
	bool is_old; /* written "map NAME" */
	/* resolve */
	const struct stmt *table; /* NAMED: the declaration, or NULL */
};

enum {
	CLAUSE_NEGATED = 1, /* preceded or followed by "!" */
	CLAUSE_REGEX = 2,
	CLAUSE_OLD = 4, /* a spelling from before the target */
};

struct clause {
	enum clause_kind kind;
	unsigned flags;
	struct srcpos pos; /* first keyword to last argument, "!" included */
	struct srcpos qualifier; /* verify, no-verify, masquerade, mx */
	struct word arg;
	union {
		struct word value; /* LIMIT: the number */
		struct {
			struct tabref *table;
			struct list *names; /* FILTER, CHAIN: { a b } */
		};
	};
	struct clause *next;
	/* resolve */
	const struct stmt *decl; /* what arg names: action, pki, filter … */
};

enum {
	STMT_OLD = 1,       /* a spelling from before the target */
	STMT_OLD_PLAIN = 2, /* OLD table: a text file, else a database */
	STMT_OLD_WORD = 4,  /* OLD table: only "map" for "table" is old */
	STMT_BUILTIN = 8,   /* a table that needs no declaration */
	STMT_LOST = 16,     /* in tree.lost: no more than kind and name */
};

struct stmt {
	enum stmt_kind kind;
	unsigned flags;
	struct srcpos pos; /* without the line feed */
	/*
	 * What is declared or set: the name of a table, action, filter,
	 * proc, pki, ca, macro or wrapper, the address to listen on, the
	 * one value of a directive.
	 */
	struct word name;
	struct word value; /* table source, macro value, command */
	struct list *list; /* inline table */
	struct clause *clauses;
	struct stmt *next;
	struct stmt *next_other; /* that is no match */
};

/* From "#" to the end of the line, line feed excluded. */
struct comment {
	struct srcpos pos;
	struct comment *next;
};

struct tree {
	struct target target;
	const struct source_file *main_file;
	struct stmt *stmts;
	/*
	 * All but match statements, by next_other. Those are the most by
	 * far, and say nothing to checks of what others declare.
	 */
	struct stmt *others;
	struct stmt *lost; /* declarations with a syntax error */
	struct comment *comments;
	struct strmap macros; /* all, of -D too: to lexer.h's struct macro */
	uint32_t rule_count;  /* accept, reject, match */
	bool has_syntax_errors;
};

/* The word or words that begin a statement in a dialect; never NULL. */
const char *stmt_words(enum stmt_kind kind, enum dialect dialect);
const char *clause_words(enum clause_kind kind, enum dialect dialect);

/* The first clause of a kind, or NULL. */
struct clause *stmt_clause(const struct stmt *stmt, enum clause_kind kind);

/* The pos of a stmt's first keywords, for carets: "listen on". */
struct srcpos stmt_head(const struct stmt *stmt, enum dialect dialect);

#endif
