/*
 * Between scanner and parsers. Inclusions and macro definitions act here,
 * the moment their last token is read, because they decide what the next
 * token is; to the parsers they are ordinary statements.
 */
#include "grammar/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/rootdir.h"

static const enum keyword reader_statements[][20] = {
	[DIALECT_LEGACY] = {
		KEYWORD_ACCEPT, KEYWORD_BOUNCE_WARN, KEYWORD_CA,
		KEYWORD_CIPHERS, KEYWORD_EXPIRE, KEYWORD_FILTER,
		KEYWORD_INCLUDE, KEYWORD_LIMIT, KEYWORD_LISTEN,
		KEYWORD_MAX_MESSAGE_SIZE, KEYWORD_MAX_MTA_DEFERRED,
		KEYWORD_PKI, KEYWORD_QUEUE, KEYWORD_REJECT,
		KEYWORD_SUBADDRESSING_DELIMITER, KEYWORD_TABLE,
		KEYWORD_NONE,
	},
	[DIALECT_MODERN] = {
		KEYWORD_ACTION, KEYWORD_ADMD, KEYWORD_BOUNCE, KEYWORD_CA,
		KEYWORD_FILTER, KEYWORD_INCLUDE, KEYWORD_LISTEN,
		KEYWORD_MATCH, KEYWORD_MDA, KEYWORD_MTA, KEYWORD_PKI,
		KEYWORD_PROC, KEYWORD_QUEUE, KEYWORD_SCHEDULER,
		KEYWORD_SMTP, KEYWORD_SRS, KEYWORD_TABLE, KEYWORD_NONE,
	},
};

bool
reader_is_statement(enum keyword keyword, enum dialect dialect)
{
	const enum keyword *k = reader_statements[dialect];

	if (keyword == KEYWORD_NONE)
		return false;
	while (*k != KEYWORD_NONE && *k != keyword)
		k++;
	return *k == keyword;
}

static struct str
reader_id(const uint64_t id[2])
{
	return (struct str){ (const char *)id, 2 * sizeof(*id) };
}

static void
reader_open(struct reader *reader, struct source_file *file,
    const struct parse_text *id)
{
	struct reader_file *open = ARENA_NEW(reader->lexer.arena,
	    struct reader_file);

	open->id[0] = id->dev;
	open->id[1] = id->ino;
	open->is_open = true;
	*strmap_put(&reader->seen, reader_id(open->id)) = open;
	open->below = reader->files;
	reader->files = open;
	lexer_push_file(&reader->lexer, file);
	reader->at_line_start = true;
}

static void
reader_define(struct reader *reader, struct word name, struct word value,
    bool is_command_line)
{
	struct lexer *lexer = &reader->lexer;
	struct macro **slot = (struct macro **)strmap_put(&lexer->macros,
	    word_str(name));
	struct macro *macro = *slot;
	struct diag *diag;
	struct str old;

	if (macro == NULL) {
		*slot = macro = ARENA_NEW(lexer->arena, struct macro);
	} else if (macro->is_command_line && !is_command_line) {
		return;
	} else if (!is_command_line) {
		old = (struct str){ macro->value, macro->value_len };
		if (!str_eq(old, word_str(value))) {
			diag = diag_report(lexer->diags, CHECK_MACRO_REDEFINED,
			    name.pos,
			    "macro '%.*s' is defined again with another "
			    "value",
			    WORD_ARG(name));
			diag_note(lexer->diags, diag, macro->pos,
			    "first defined here");
		}
	}
	macro->name = word_str(name);
	macro->value = arena_bytes(lexer->arena, (size_t)value.len + 2);
	memcpy(macro->value, value.ptr, value.len);
	memset(macro->value + value.len, 0, 2);
	macro->value_len = value.len;
	macro->pos = name.pos;
	macro->is_command_line = is_command_line;
}

/* Each -D is a file of its own, so that notes can point into it. */
static void
reader_define_option(struct reader *reader, const char *define)
{
	struct lexer *lexer = &reader->lexer;
	const char *equals = strrchr(define, '=');
	size_t len = strlen(define);
	struct source_file *file;
	struct word name, value;
	char *text = malloc(len + 2);

	if (text == NULL)
		abort();
	memcpy(text, define, len);
	memset(text + len, 0, 2);
	file = source_add(lexer->map, "<command line>", text, len,
	    (struct srcpos){ 0, 0 });
	if (file == NULL)
		return;
	file->is_command_line = true;
	name = (struct word){
		.ptr = file->text,
		.len = (uint32_t)(equals - define),
		.kind = WORD_QUOTED,
		.pos = { file->base, file->base + name.len },
	};
	name.pos.end = file->base + name.len;
	value = (struct word){
		.ptr = file->text + name.len + 1,
		.len = file->len - name.len - 1,
		.kind = WORD_QUOTED,
	};
	reader_define(reader, name, value, true);
}

int
reader_init(struct reader *reader, const struct parse_options *options,
    struct diag_list *diags, struct target target, struct source_file *file,
    const struct parse_text *id)
{
	struct lexer *lexer = &reader->lexer;

	memset(reader, 0, sizeof(*reader));
	reader->options = options;
	lexer->arena = diags->arena;
	lexer->map = diags->map;
	lexer->diags = diags;
	lexer->target = target;
	strmap_init(&lexer->macros, lexer->arena);
	strmap_init(&reader->seen, lexer->arena);
	if (lexer_init(lexer) != 0)
		return -1;
	for (size_t i = 0; i < options->define_count; i++)
		if (parse_define_is_valid(options->defines[i]))
			reader_define_option(reader, options->defines[i]);
	reader_open(reader, file, id);
	return 0;
}

void
reader_fini(struct reader *reader)
{
	lexer_fini(&reader->lexer);
}

static bool
reader_is_open(const struct reader *reader, const struct parse_text *id)
{
	const uint64_t key[2] = { id->dev, id->ino };
	const struct reader_file *file = strmap_get(&reader->seen,
	    reader_id(key));

	return file != NULL && file->is_open;
}

/* To the daemons a directory is an empty file. */
static bool
reader_include_directory(struct reader *reader, struct word path)
{
	if (reader->lexer.target.version == TARGET_NATIVE)
		return false;
	diag_add(reader->lexer.diags, CHECK_INCLUDE_ERROR, DIAG_WARNING,
	    path.pos, "'%.*s' is a directory: nothing is included",
	    WORD_ARG(path));
	return true;
}

/* Why a file cannot be included; NULL once it is open, or is nothing. */
static const char *
reader_include_file(struct reader *reader, struct word path)
{
	struct lexer *lexer = &reader->lexer;
	struct parse_text text = { .text = NULL };
	struct source_file *file;
	const char *name;
	int error;

	if (++reader->include_count > PARSE_INCLUDES_MAX)
		return "too many inclusions";
	if (path.len == 0 || memchr(path.ptr, '\0', path.len) != NULL)
		return "the path is empty";
	name = arena_copy(lexer->arena, word_str(path)).ptr;
	error = reader->options->read(reader->options->read_arg, name, &text);
	if (error == -EISDIR && reader_include_directory(reader, path))
		return NULL;
	if (error != 0)
		return rootdir_error_text(error);
	if (reader_is_open(reader, &text)) {
		free(text.text);
		return "it includes itself";
	}
	file = source_add(lexer->map, name, text.text, text.len, path.pos);
	if (file == NULL)
		return "all files together are too large";
	reader_open(reader, file, &text);
	return NULL;
}

static void
reader_include(struct reader *reader)
{
	struct word path = reader->include;
	const char *why;

	reader->include.kind = WORD_NONE;
	why = reader_include_file(reader, path);
	if (why != NULL)
		diag_report(reader->lexer.diags, CHECK_INCLUDE_ERROR, path.pos,
		    "cannot include '%.*s': %s", WORD_ARG(path), why);
}

static bool
reader_is_name(const struct token *token)
{
	return token->kind == TOKEN_WORD && !token->is_reserved;
}

static void
reader_check_macro(struct reader *reader, const struct token *value)
{
	struct word name = reader->first.word;

	for (uint32_t i = 0; i < name.len; i++)
		if (strchr(" \t\n\v\f\r", name.ptr[i]) != NULL) {
			diag_report(reader->lexer.diags, CHECK_INVALID_MACRO,
			    name.pos,
			    "a macro's name cannot contain white "
			    "space");
			return;
		}
	reader_define(reader, name, value->word, false);
}

/* Carries out what a statement does to the tokens that follow it. */
static void
reader_act(struct reader *reader, const struct token *token)
{
	const struct token *first = &reader->first;

	if (reader->index == 1 && first->keyword == KEYWORD_INCLUDE &&
	    first->is_reserved && reader_is_name(token))
		reader->include = token->word;
	if (reader->index == 2 && reader_is_name(first) &&
	    reader->second.kind == TOKEN_CHAR && reader->second.ch == '=' &&
	    reader_is_name(token))
		reader_check_macro(reader, token);
}

static void
reader_track_braces(struct reader *reader, const struct token *token)
{
	if (token->kind != TOKEN_CHAR)
		return;
	if (token->ch == '{' || token->ch == '(') {
		if (reader->depth++ == 0)
			reader->brace = token->word.pos;
	} else if ((token->ch == '}' || token->ch == ')') &&
	    reader->depth > 0) {
		reader->depth--;
	}
}

static void
reader_end_statement(struct reader *reader)
{
	reader->index = 0;
	reader->depth = 0;
	reader->is_lost = false;
	reader->lexer.is_quiet = false;
}

static void
reader_make(struct token *token, enum token_kind kind, struct srcpos pos)
{
	*token = (struct token){ .kind = kind };
	token->word.ptr = "";
	token->word.pos = pos;
}

/* The scanner's next token, past the ends of included files. */
static void
reader_scan(struct reader *reader, struct token *token)
{
	struct lexer *lexer = &reader->lexer;

	if (reader->last.kind == TOKEN_STOP) {
		*token = reader->last;
		return;
	}
	lexer_next(lexer, token);
	while (token->kind == TOKEN_FILE_END) {
		if (reader->files->below == NULL) {
			token->kind = TOKEN_STOP;
			return;
		}
		reader->files->is_open = false;
		reader->files = reader->files->below;
		lexer_pop(lexer);
		lexer_next(lexer, token);
	}
	if (token->kind != TOKEN_WORD || token->word.kind != WORD_BARE)
		return;
	token->keyword = keyword_find(word_str(token->word));
	switch (keyword_class(token->keyword, lexer->target)) {
	case KEYWORD_RESERVED:
		token->is_reserved = true;
		break;
	case KEYWORD_FOREIGN:
		token->keyword = KEYWORD_NONE;
		break;
	case KEYWORD_CONTEXTUAL:
		break;
	}
}

/*
 * Inside braces the end of all input, or a statement's keyword at the
 * beginning of a line: no element can be that, so a brace was forgotten.
 * Ends the statement first.
 */
static void
reader_close_braces(struct reader *reader, struct token *token)
{
	struct srcpos pos = token->word.pos;

	if (!reader->is_lost) {
		struct diag *diag = diag_report(reader->lexer.diags,
		    CHECK_SYNTAX_ERROR, reader->brace,
		    "the list that begins here is not closed");

		if (token->kind != TOKEN_STOP)
			diag_note(reader->lexer.diags, diag, pos,
			    "'%.*s' here begins the next statement",
			    WORD_ARG(token->word));
	}
	reader->queue[0] = *token;
	reader_make(&reader->queue[1], TOKEN_NEWLINE, pos);
	reader->queued = 2;
	reader->depth = 0;
	reader_make(token, TOKEN_INVALID, pos);
}

static bool
reader_begins_statement(const struct reader *reader, const struct token *token)
{
	return token->is_reserved &&
	    reader_is_statement(token->keyword, reader->lexer.target.dialect);
}

/* One token to deliver; false to skip it. */
static bool
reader_filter(struct reader *reader, struct token *token)
{
	bool at_line_start = reader->at_line_start;

	reader->at_line_start = token->kind == TOKEN_NEWLINE;
	if (reader->depth > 0 &&
	    (token->kind == TOKEN_STOP ||
		(at_line_start && reader_begins_statement(reader, token))))
		reader_close_braces(reader, token);
	else
		reader_track_braces(reader, token);
	if (token->kind == TOKEN_INVALID)
		reader->lexer.is_quiet = true;
	if (token->kind == TOKEN_NEWLINE && reader->depth == 0) {
		reader_end_statement(reader);
		return true;
	}
	if (reader->is_lost && token->kind != TOKEN_STOP)
		return false;
	return true;
}

void
reader_next(struct reader *reader, struct token *token_r)
{
	if (reader->include.kind != WORD_NONE) {
		reader_make(token_r, TOKEN_NEWLINE,
		    (struct srcpos){
			reader->include.pos.end, reader->include.pos.end });
		reader_include(reader);
		reader_end_statement(reader);
		return;
	}
	do {
		if (reader->queued > 0)
			*token_r = reader->queue[--reader->queued];
		else
			reader_scan(reader, token_r);
	} while (!reader_filter(reader, token_r));
	reader->last = *token_r;
	if (token_r->kind == TOKEN_NEWLINE && reader->index == 0)
		return;

	reader_act(reader, token_r);
	if (reader->index == 0) {
		reader->first = *token_r;
		reader_make(&reader->second, TOKEN_NEWLINE, token_r->word.pos);
	} else if (reader->index == 1) {
		reader->second = *token_r;
	}
	reader->previous = reader->current;
	reader->current = *token_r;
	reader->index++;
}

void
reader_lose_statement(struct reader *reader)
{
	/* At the line feed itself there is nothing left to skip. */
	if (reader->index > 0)
		reader->is_lost = reader->lexer.is_quiet = true;
}
