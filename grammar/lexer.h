/*
 * The scanner: bytes of files and macro values to tokens. It knows quoting,
 * escapes, comments, numbers and macro references, and nothing of keywords,
 * statements or inclusion; grammar/reader.c is its only caller.
 *
 * Inputs form a stack: files, and above a file the value of the macro that
 * is being expanded. A token may begin in a value and end in the file.
 */
#ifndef GRAMMAR_LEXER_H
#define GRAMMAR_LEXER_H

#include <stdbool.h>

#include "grammar/diag.h"
#include "grammar/keyword.h"
#include "grammar/source.h"
#include "runtime/ruleset/target.h"
#include "grammar/tree.h"
#include "grammar/word.h"
#include "runtime/base/strmap.h"

/* What the original's buffers hold. */
#define LEXER_STRING_MAX 8094
#define LEXER_WORD_MAX   8095

/* Bytes that all expansions of a compilation may yield. */
#define LEXER_EXPANSION_MAX (64u * 1024u * 1024u)

enum token_kind {
	TOKEN_FILE_END, /* of the input on top; comes after a NEWLINE */
	TOKEN_NEWLINE,
	TOKEN_WORD, /* WORD_BARE or WORD_QUOTED */
	TOKEN_NUMBER,
	TOKEN_ARROW,   /* => */
	TOKEN_CHAR,    /* one of { } ( ) < > ! , = */
	TOKEN_INVALID, /* reported already */
	TOKEN_STOP,    /* a NUL byte: nothing more is read */
};

struct token {
	enum token_kind kind;
	char ch;          /* CHAR */
	struct word word; /* WORD, NUMBER; pos is valid for every kind */
	/* Filled by the reader, for bare words: NONE for ordinary names. */
	enum keyword keyword;
	bool is_reserved; /* else contextual: also good as a name */
};

struct macro {
	struct str name;
	char *value; /* value_len bytes and two NULs */
	uint32_t value_len;
	struct srcpos pos;    /* of the name in the definition */
	bool is_command_line; /* -D: not to be overwritten */
	bool is_used;
};

struct lexer_input {
	struct source_file *file; /* NULL: a macro's value */
	const char *text;
	struct srcpos at; /* macro: the reference */
	void *buffer;     /* the scanner's */
	bool has_tokens;  /* on the current line */
	bool is_ended;    /* the NEWLINE at the end was delivered */
	struct lexer_input *below;
};

struct lexer {
	struct arena *arena;
	struct source_map *map;
	struct diag_list *diags;
	struct target target;
	struct strmap macros;

	void *scanner;
	struct lexer_input *input;
	uint32_t expanded; /* bytes of macro values so far */
	struct diag *crlf; /* the report of this file's CR LF lines */
	uint32_t crlf_edits;
	bool is_quiet; /* the line is lost already: report nothing */
	struct srcpos long_string; /* last string that spans lines */
	struct comment *comments;
	struct comment **comment_tail;

	/* The token being assembled. */
	struct srcpos start;
	char quote;
	const char *slice; /* its text while it is one piece of a file */
	uint32_t len;
	char text[LEXER_WORD_MAX + 1];
};

/* 0, or -1 when out of memory. Paired with lexer_fini. */
int lexer_init(struct lexer *lexer);
void lexer_fini(struct lexer *lexer);

/* Reads from file until its TOKEN_FILE_END, then lexer_pop. */
int lexer_push_file(struct lexer *lexer, struct source_file *file);
void lexer_pop(struct lexer *lexer);

void lexer_next(struct lexer *lexer, struct token *token_r);

/* The byte behind the last token and the blanks that follow it. */
char lexer_peek(const struct lexer *lexer);

/* Reports of the scanner (lexer_report.c): what was found, and where. */
void lexer_report_bytes(struct lexer *lexer, struct srcpos pos,
    struct str text);
void lexer_report_control(struct lexer *lexer, struct srcpos pos);
void lexer_report_crlf(struct lexer *lexer, struct srcpos pos);
void lexer_report_expansion(struct lexer *lexer, struct srcpos pos);
void lexer_report_long(struct lexer *lexer, const char *what, uint32_t max);
void lexer_report_macro(struct lexer *lexer, struct srcpos pos, struct str name,
    bool has_brace);
void lexer_report_missing_newline(struct lexer *lexer, struct srcpos pos);
void lexer_report_nul(struct lexer *lexer, struct srcpos pos);
void lexer_report_unquoted(struct lexer *lexer, struct srcpos pos,
    struct str text);
void lexer_report_unterminated(struct lexer *lexer);

#endif
