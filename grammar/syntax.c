/*
 * Syntax errors: a hint where what was meant can be guessed, else what was
 * found and what could have stood there.
 */
#include "grammar/syntax.h"

#include <stdlib.h>

#include "grammar/syntax_private.h"

/* More alternatives than this stand in a note of their own. */
enum { SYNTAX_INLINE_MAX = 5 };

#define SYNTAX_NAME "a name or string"

bool
syntax_expects(const struct syntax *syntax, const char *name)
{
	for (int i = 0; i < syntax->expected_count; i++)
		if (strcmp(syntax->expected[i], name) == 0)
			return true;
	return false;
}

bool
syntax_expects_name(const struct syntax *syntax)
{
	return syntax_expects(syntax, SYNTAX_NAME);
}

static struct srcpos
syntax_pos(const struct syntax *syntax)
{
	struct srcpos pos = syntax->token->word.pos;

	/* The end of a line is shown after its last word. */
	if (syntax->index == 0 && syntax->before->kind != TOKEN_NEWLINE &&
	    syntax->before->word.pos.end != 0)
		pos.begin = pos.end = syntax->before->word.pos.end;
	return pos;
}

struct diag *
syntax_error(const struct syntax *syntax, const char *fmt, ...)
{
	struct parse *parse = syntax->parse;
	struct srcpos string = parse->reader->lexer.long_string;
	const char *text;
	struct diag *diag;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(parse->arena, fmt, ap);
	va_end(ap);
	diag = diag_report(parse->diags, CHECK_SYNTAX_ERROR, syntax_pos(syntax),
	    "%s", text);
	if (!srcpos_is_none(string) &&
	    string.begin >= parse->reader->first.word.pos.begin)
		diag_note(parse->diags, diag, string,
		    "this string runs over "
		    "the end of its line; is its closing quote missing?");
	return diag;
}

static const char *
syntax_describe(const struct syntax *syntax)
{
	const struct token *token = syntax->token;
	struct arena *arena = syntax->parse->arena;

	switch (token->kind) {
	case TOKEN_NEWLINE:
	case TOKEN_FILE_END:
		return "end of line";
	case TOKEN_STOP:
		return "end of input";
	case TOKEN_ARROW:
		return "'=>'";
	case TOKEN_CHAR:
		return arena_printf(arena, "'%c'", token->ch);
	case TOKEN_NUMBER:
		return arena_printf(arena, "number %.*s",
		    WORD_ARG(token->word));
	case TOKEN_WORD:
		return arena_printf(arena,
		    token->word.kind == WORD_QUOTED ? "string \"%.*s\"" :
						      "'%.*s'",
		    WORD_ARG(token->word));
	case TOKEN_INVALID:
		break;
	}
	return "invalid text";
}

static bool
syntax_is_keyword(const char *name)
{
	return keyword_find(str_from(name)) != KEYWORD_NONE;
}

static int
syntax_compare(const void *va, const void *vb)
{
	const char *const *a = va, *const *b = vb;
	bool ka = syntax_is_keyword(*a), kb = syntax_is_keyword(*b);

	/* Names and numbers come first, the line's end last. */
	if (strcmp(*a, "end of line") == 0 || strcmp(*b, "end of line") == 0)
		return strcmp(*a, "end of line") == 0 ? 1 : -1;
	if (ka != kb)
		return ka ? 1 : -1;
	return strcmp(*a, *b);
}

static bool
syntax_is_wanted(const struct syntax *syntax, const char *name)
{
	enum keyword keyword = keyword_find(str_from(name));

	/* Nobody is to be led to old spellings. */
	return keyword == KEYWORD_NONE ||
	    keyword_class(keyword, syntax->parse->target) == KEYWORD_RESERVED;
}

/* "'a', 'b' or end of line"; also sorts names and counts them. */
static const char *
syntax_join(const struct syntax *syntax, const char **names, int *count_r)
{
	struct arena *arena = syntax->parse->arena;
	const char *text = "";
	int count = 0;

	for (int i = 0; i < syntax->expected_count; i++)
		if (syntax_is_wanted(syntax, syntax->expected[i]))
			names[count++] = syntax->expected[i];
	qsort(names, (size_t)count, sizeof(*names), syntax_compare);
	for (int i = 0; i < count; i++)
		text = arena_printf(arena,
		    syntax_is_keyword(names[i]) ? "%s%s'%s'" : "%s%s%s", text,
		    i == 0             ? "" :
			i == count - 1 ? " or " :
					 ", ",
		    names[i]);
	*count_r = count;
	return text;
}

static void
syntax_report_plain(const struct syntax *syntax)
{
	const char *names[SYNTAX_EXPECTED_MAX];
	struct diag *diag;
	const char *list;
	int count;

	list = syntax_join(syntax, names, &count);
	if (syntax->index == 1) {
		/* Every statement could stand here: no use in a list. */
		syntax_error(syntax, "%s begins no statement",
		    syntax_describe(syntax));
		return;
	}
	if (count == 0 || count > SYNTAX_INLINE_MAX) {
		diag = syntax_error(syntax, "unexpected %s",
		    syntax_describe(syntax));
		if (count > 0)
			diag_note(syntax->parse->diags, diag,
			    (struct srcpos){ 0, 0 }, "expected %s", list);
		return;
	}
	syntax_error(syntax, "unexpected %s, expected %s",
	    syntax_describe(syntax), list);
}

void
syntax_report(struct parse *parse, const char *const *expected, int count)
{
	struct reader *reader = parse->reader;
	struct syntax syntax = {
		.parse = parse,
		.reader = reader,
		.token = &reader->last,
		.index = reader->last.kind == TOKEN_NEWLINE ? 0 : reader->index,
		.expected = expected,
		.expected_count = count,
	};

	syntax.before = syntax.index == 0 ? &reader->current :
					    &reader->previous;
	parse->tree->has_syntax_errors = true;
	if (!syntax_hint(&syntax))
		syntax_report_plain(&syntax);
	reader_lose_statement(reader);
}
