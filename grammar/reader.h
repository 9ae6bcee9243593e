/*
 * The token stream that the parsers read: the scanner's tokens with
 * keywords told from names, inclusions followed, macros defined, and the
 * rest of a lost statement skipped.
 */
#ifndef GRAMMAR_READER_H
#define GRAMMAR_READER_H

#include "grammar/lexer.h"
#include "grammar/parse.h"

struct reader_file {
	uint64_t id[2]; /* dev and ino */
	bool is_open;
	struct reader_file *below;
};

enum { READER_QUEUE_MAX = 2 };

struct reader {
	struct lexer lexer;
	const struct parse_options *options;
	struct reader_file *files; /* open ones, innermost first */
	struct strmap seen;        /* ids to the last reader_file of each */
	uint32_t include_count;

	/* The statement being read. */
	unsigned index; /* of the next token in it */
	struct token first;
	struct token second;
	struct token previous;
	struct token current; /* the last that is not a line's end */
	struct token last;    /* delivered */
	unsigned depth;       /* of braces and parentheses */
	struct srcpos brace;  /* the outermost open one */
	bool at_line_start;   /* the next token is the first of its line */
	bool is_lost;         /* reported: skip to the end */

	struct word include; /* to be opened before the next token */
	struct token
	    queue[READER_QUEUE_MAX]; /* delivered first, last in front */
	unsigned queued;
};

/* Starts at the main file. */
int reader_init(struct reader *reader, const struct parse_options *options,
    struct diag_list *diags, struct target target, struct source_file *file,
    const struct parse_text *id);
void reader_fini(struct reader *reader);

/* TOKEN_STOP at the end of everything, again and again. */
void reader_next(struct reader *reader, struct token *token_r);

/* To be called by a parser that found an error in the current statement. */
void reader_lose_statement(struct reader *reader);

/* Whether a keyword begins a statement of the dialect. */
bool reader_is_statement(enum keyword keyword, enum dialect dialect);

#endif
