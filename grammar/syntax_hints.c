/*
 * What people write when they get it wrong: words of the other language or
 * of another version, keywords and numbers used as names, options in the
 * wrong order, commas in the wrong place, misspelt words.
 */
#include "grammar/suggest.h"
#include "grammar/syntax_private.h"

#define NOWHERE ((struct srcpos){ 0, 0 })

/* Words of the other language, and what stands for them in this one. */
static const struct syntax_rename {
	const char *legacy;
	const char *modern;
} syntax_renames[] = {
	{ "as", "mail-from" },
	{ "as", "user" },
	{ "authenticated", "auth" },
	{ "certificate", "cert" },
	{ "expire", "ttl" },
	{ "hostname", "helo" },
	{ "hostnames", "helo-src" },
	{ "mask-source", "mask-src" },
	{ "recipient", "rcpt-to" },
	{ "sender", "mail-from" },
	{ "source", "src" },
	{ "tagged", "tag" },
	{ "via", "host" },
	{ "limit", "limit" },
};

/* How the other language's statements are written in this one. */
static const struct syntax_statement {
	const char *word;
	const char *instead;
} syntax_legacy_statements[] = {
	{ "accept", "action NAME … and match … action NAME" },
	{ "reject", "match … reject" },
	{ "expire", "queue ttl DELAY" },
	{ "bounce-warn", "bounce warn-interval DELAY" },
	{ "ciphers", "smtp ciphers LIST" },
	{ "max-message-size", "smtp max-message-size SIZE" },
	{ "max-mta-deferred", "mta max-deferred NUMBER" },
	{ "subaddressing-delimiter", "smtp sub-addr-delim CHARACTER" },
	{ "limit", "smtp limit, mda limit, mta limit or scheduler limit" },
}, syntax_modern_statements[] = {
	{ "action", "accept …, with the action at the end of the rule" },
	{ "match", "accept … or reject …" },
	{ "bounce", "bounce-warn DELAY" },
	{ "mda", "limit mda …" },
	{ "mta", "limit mta … or max-mta-deferred NUMBER" },
	{ "scheduler", "limit scheduler …" },
	{ "smtp", "limit session …, max-message-size, ciphers or "
	    "subaddressing-delimiter" },
	{ "proc", NULL },
	{ "srs", NULL },
	{ "admd", NULL },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
syntax_is_bare(const struct syntax *syntax)
{
	return syntax->token->kind == TOKEN_WORD &&
	    syntax->token->word.kind == WORD_BARE;
}

static struct str
syntax_word(const struct syntax *syntax)
{
	return word_str(syntax->token->word);
}

static bool
syntax_is_first(const struct syntax *syntax, const char *word)
{
	return str_is(word_str(syntax->reader->first.word), word);
}

static bool
syntax_is_char(const struct token *token, char ch)
{
	return token->kind == TOKEN_CHAR && token->ch == ch;
}

static void
syntax_offer(const struct syntax *syntax, struct diag *diag, const char *text)
{
	struct srcpos pos = syntax->token->word.pos;

	/* What a macro holds cannot be mended at its reference. */
	if (source_expansion_at(syntax->parse->diags->map, pos) == NULL)
		diag_edit(syntax->parse->diags, diag, pos, "%s", text);
}

static void
syntax_offer_quotes(const struct syntax *syntax, struct diag *diag)
{
	syntax_offer(syntax, diag,
	    arena_printf(syntax->parse->arena, "\"%.*s\"",
		WORD_ARG(syntax->token->word)));
}

/*
 * The word that begins the statement, where that is the trouble: it is the
 * unexpected token itself, or it was taken for a macro's name because any
 * other name could begin a definition.
 */
static const struct token *
syntax_culprit(const struct syntax *syntax)
{
	const struct token *first = &syntax->reader->first;

	if (syntax->index == 1)
		return syntax_is_bare(syntax) ? syntax->token : NULL;
	if (syntax->expected_count == 1 && syntax_expects(syntax, "'='") &&
	    first->word.kind == WORD_BARE)
		return first;
	return NULL;
}

static struct diag *
syntax_error_at(const struct syntax *syntax, const struct token *token,
    const char *text)
{
	syntax->parse->tree->has_syntax_errors = true;
	return diag_report(syntax->parse->diags, CHECK_SYNTAX_ERROR,
	    token->word.pos, "%s", text);
}

/* A statement of the other language. */
static bool
syntax_hint_statement(const struct syntax *syntax)
{
	enum dialect dialect = syntax->parse->target.dialect;
	bool is_legacy = dialect == DIALECT_LEGACY;
	const struct syntax_statement *table = is_legacy ?
	    syntax_modern_statements :
	    syntax_legacy_statements;
	size_t count = is_legacy ? COUNT(syntax_modern_statements) :
				   COUNT(syntax_legacy_statements);
	const struct token *culprit = syntax_culprit(syntax);
	struct diag *diag;

	for (size_t i = 0; culprit != NULL && i < count; i++) {
		if (!str_is(word_str(culprit->word), table[i].word))
			continue;
		if (syntax->parse->is_mixed)
			return true;
		diag = syntax_error_at(syntax, culprit,
		    arena_printf(syntax->parse->arena,
			"'%s' begins a statement of the "
			"%s language, and this file is read as %s",
			table[i].word,
			is_legacy ? "modern (6.4 and later)" :
				    "legacy (up to 6.0)",
			dialect_name(dialect)));
		if (table[i].instead != NULL)
			diag_note(syntax->parse->diags, diag, NOWHERE,
			    "the %s form is: %s", dialect_name(dialect),
			    table[i].instead);
		return true;
	}
	return false;
}

/* No statement begins like this. */
static bool
syntax_hint_first_word(const struct syntax *syntax)
{
	const struct token *culprit = syntax_culprit(syntax);
	struct parse *parse = syntax->parse;
	struct suggest nearest;
	enum keyword keyword;
	struct diag *diag;

	if (culprit == NULL || culprit->is_reserved)
		return false;
	keyword = keyword_find(word_str(culprit->word));
	if (reader_is_statement(keyword, parse->target.dialect)) {
		diag_report(parse->diags, CHECK_NOT_IN_TARGET,
		    culprit->word.pos,
		    "'%s' exists since %s, and the target "
		    "is %s",
		    keyword_text(keyword), target_name(keyword_since(keyword)),
		    target_name(parse->target.version));
		return true;
	}
	suggest_init(&nearest, word_str(culprit->word));
	for (unsigned i = KEYWORD_NONE + 1; i < KEYWORD_COUNT; i++)
		if (reader_is_statement((enum keyword)i, parse->target.dialect))
			suggest_offer(&nearest,
			    str_from(keyword_text((enum keyword)i)));
	diag = syntax_error_at(syntax, culprit,
	    arena_printf(parse->arena, "no statement begins with '%.*s'",
		WORD_ARG(culprit->word)));
	if (nearest.best.len > 0) {
		diag_note(parse->diags, diag, NOWHERE, "did you mean '%.*s'?",
		    STR_ARG(nearest.best));
		diag_edit(parse->diags, diag, culprit->word.pos, "%.*s",
		    STR_ARG(nearest.best));
	}
	return true;
}

/* "match … relay": the action has no name yet. */
static bool
syntax_hint_method(const struct syntax *syntax)
{
	static const char *const methods[] = { "relay", "mbox", "maildir",
		"lmtp", "mda", "forward-only", "expand-only", "deliver" };
	struct diag *diag;

	if (!syntax_is_first(syntax, "match") || !syntax_is_bare(syntax))
		return false;
	for (size_t i = 0; i < COUNT(methods); i++) {
		if (!str_is(syntax_word(syntax), methods[i]))
			continue;
		diag = syntax_error(syntax,
		    "'%s' belongs in an action, and "
		    "the match names it",
		    methods[i]);
		diag_note(syntax->parse->diags, diag, NOWHERE,
		    "write: action NAME %s …, and then: match … action NAME",
		    i + 1 < COUNT(methods) ? methods[i] : "maildir");
		return true;
	}
	return false;
}

/* A word that only later versions know. */
static bool
syntax_hint_newer(const struct syntax *syntax)
{
	struct parse *parse = syntax->parse;
	enum keyword keyword = keyword_find(syntax_word(syntax));
	unsigned since = keyword_since(keyword);

	if (!syntax_is_bare(syntax) ||
	    parse->target.dialect == DIALECT_LEGACY ||
	    since <= parse->target.version ||
	    !syntax_expects(syntax, keyword_text(keyword)))
		return false;
	diag_report(parse->diags, CHECK_NOT_IN_TARGET, syntax->token->word.pos,
	    "'%s' exists since %s, and the target "
	    "is %s",
	    keyword_text(keyword), target_name(since),
	    target_name(parse->target.version));
	return true;
}

static bool
syntax_hint_renamed(const struct syntax *syntax)
{
	bool is_legacy = syntax->parse->target.dialect == DIALECT_LEGACY;

	if (!syntax_is_bare(syntax))
		return false;
	for (size_t i = 0; i < COUNT(syntax_renames); i++) {
		const char *here = is_legacy ? syntax_renames[i].legacy :
					       syntax_renames[i].modern;
		const char *there = is_legacy ? syntax_renames[i].modern :
						syntax_renames[i].legacy;
		struct diag *diag;

		if (!str_is(syntax_word(syntax), there) ||
		    !syntax_expects(syntax, here))
			continue;
		diag = syntax_error(syntax,
		    "'%s' is written '%s' in the %s "
		    "language",
		    there, here, dialect_name(syntax->parse->target.dialect));
		syntax_offer(syntax, diag, here);
		return true;
	}
	return false;
}

/* "relay tls verify": what was asked for is the default. */
static bool
syntax_hint_verify(const struct syntax *syntax)
{
	struct diag *diag;

	if (!str_is(syntax_word(syntax), "verify") ||
	    !syntax_expects(syntax, "no-verify"))
		return false;
	diag = syntax_error(syntax,
	    "'tls' alone verifies the server, there "
	    "is only 'no-verify'");
	syntax_offer(syntax, diag, "");
	return true;
}

/* "= value" after a reserved word, or too much after it. */
static bool
syntax_hint_macro(const struct syntax *syntax)
{
	const struct token *first = &syntax->reader->first;
	struct diag *diag;
	bool is_definition = syntax->index == 1 ?
	    lexer_peek(&syntax->reader->lexer) == '=' :
	    syntax->index == 2 && syntax_is_char(syntax->token, '=');

	if (is_definition && first->is_reserved) {
		diag = diag_report(syntax->parse->diags, CHECK_INVALID_MACRO,
		    first->word.pos,
		    "'%.*s' is a reserved word: as a "
		    "macro's name it must be quoted",
		    WORD_ARG(first->word));
		diag_edit(syntax->parse->diags, diag, first->word.pos,
		    "\"%.*s\"", WORD_ARG(first->word));
		return true;
	}
	if (syntax->index == 4 &&
	    syntax_is_char(&syntax->reader->second, '=') &&
	    !first->is_reserved) {
		syntax_error(syntax,
		    "a macro's value is one word: quote all "
		    "of it");
		return true;
	}
	return false;
}

/* A keyword where a name is wanted. */
static bool
syntax_hint_reserved(const struct syntax *syntax)
{
	const struct token *before = syntax->before;
	struct diag *diag;

	if (!syntax->token->is_reserved || !syntax_expects_name(syntax) ||
	    syntax->index == 1)
		return false;
	diag = syntax_error(syntax,
	    "'%.*s' is a reserved word: as a name it "
	    "must be quoted",
	    WORD_ARG(syntax->token->word));
	/* Elsewhere the name itself may have been forgotten. */
	if (syntax->reader->depth > 0 || syntax_is_char(before, '<') ||
	    syntax_is_char(before, '=') || before->keyword == KEYWORD_TABLE ||
	    before->keyword == KEYWORD_ACTION)
		syntax_offer_quotes(syntax, diag);
	return true;
}

static bool
syntax_is_delay_word(enum keyword keyword)
{
	return keyword == KEYWORD_EXPIRE || keyword == KEYWORD_TTL ||
	    keyword == KEYWORD_BOUNCE_WARN || keyword == KEYWORD_WARN_INTERVAL;
}

static bool
syntax_hint_number(const struct syntax *syntax)
{
	struct diag *diag;

	if (syntax->token->kind != TOKEN_NUMBER || !syntax_expects_name(syntax))
		return false;
	if (syntax_is_delay_word(syntax->before->keyword)) {
		diag_report(syntax->parse->diags, CHECK_INVALID_DELAY,
		    syntax->token->word.pos,
		    "a delay needs a unit: %.*ss, "
		    "%.*sm, %.*sh or %.*sd",
		    WORD_ARG(syntax->token->word),
		    WORD_ARG(syntax->token->word),
		    WORD_ARG(syntax->token->word),
		    WORD_ARG(syntax->token->word));
		return true;
	}
	diag = syntax_error(syntax,
	    "number %.*s must be quoted to be used "
	    "as a name or string",
	    WORD_ARG(syntax->token->word));
	syntax_offer_quotes(syntax, diag);
	return true;
}

/* Legacy rules have a fixed order of groups. */
static bool
syntax_hint_order(const struct syntax *syntax)
{
	const char *what = NULL;

	if (syntax->parse->target.dialect != DIALECT_LEGACY ||
	    !syntax->token->is_reserved)
		return false;
	switch ((unsigned)syntax->token->keyword) {
	case KEYWORD_FROM:
	case KEYWORD_FOR:
	case KEYWORD_SENDER:
	case KEYWORD_RECIPIENT:
	case KEYWORD_TAGGED:
	case KEYWORD_AUTHENTICATED:
		what = "before lookups and the action";
		break;
	case KEYWORD_ALIAS:
	case KEYWORD_VIRTUAL:
	case KEYWORD_USERBASE:
		what = "between the conditions and the action";
		break;
	case KEYWORD_DELIVER:
	case KEYWORD_RELAY:
	case KEYWORD_EXPIRE:
		if (!syntax_is_first(syntax, "reject"))
			return false;
		syntax_error(syntax, "'reject' takes conditions only");
		return true;
	default:
		return false;
	}
	if (!syntax_is_first(syntax, "accept"))
		return false;
	syntax_error(syntax, "'%.*s' must stand %s",
	    WORD_ARG(syntax->token->word), what);
	return true;
}

static bool
syntax_hint_negation(const struct syntax *syntax)
{
	bool is_legacy = syntax->parse->target.dialect == DIALECT_LEGACY;

	if (is_legacy && syntax_is_char(syntax->before, '!') &&
	    syntax_is_bare(syntax) && !syntax_expects_name(syntax)) {
		syntax_error(syntax,
		    "'!' stands behind the keyword: "
		    "'%.*s ! …'",
		    WORD_ARG(syntax->token->word));
		return true;
	}
	if (!is_legacy && syntax_is_char(syntax->token, '!') &&
	    syntax_is_first(syntax, "match")) {
		syntax_error(syntax,
		    "'!' stands before the whole condition: "
		    "'!%.*s …'",
		    WORD_ARG(syntax->before->word));
		return true;
	}
	return false;
}

static bool
syntax_hint_list(const struct syntax *syntax)
{
	const struct token *token = syntax->token, *before = syntax->before;
	struct diag *diag;

	if (syntax_is_char(token, '}') && syntax_is_char(before, ',')) {
		diag = syntax_error(syntax, "a list cannot end in a comma");
		diag_edit(syntax->parse->diags, diag, before->word.pos, "%s",
		    "");
		return true;
	}
	if (syntax_is_char(token, '}') && syntax_is_char(before, '{')) {
		syntax_error(syntax, "a list cannot be empty");
		return true;
	}
	if (syntax_is_char(token, ',') && before->kind == TOKEN_NEWLINE) {
		syntax_error(syntax,
		    "a comma cannot begin a line: write it "
		    "at the end of the line before");
		return true;
	}
	if (syntax_is_char(token, ',') &&
	    (syntax_is_char(before, ',') || syntax_is_char(before, '{'))) {
		diag = syntax_error(syntax,
		    "an element is missing before "
		    "this comma");
		syntax_offer(syntax, diag, "");
		return true;
	}
	if (syntax_is_char(token, '{') &&
	    syntax_is_delay_word(before->keyword)) {
		syntax_error(syntax,
		    "delays are written without braces, "
		    "with commas");
		return true;
	}
	if ((syntax_is_char(token, '=') || token->kind == TOKEN_ARROW) &&
	    syntax->reader->depth > 0) {
		syntax_error(syntax,
		    "'name = value' cannot be mixed with "
		    "single elements");
		return true;
	}
	return false;
}

static bool
syntax_hint_misspelt(const struct syntax *syntax)
{
	struct suggest nearest;
	struct diag *diag;

	if (!syntax_is_bare(syntax))
		return false;
	suggest_init(&nearest, syntax_word(syntax));
	for (int i = 0; i < syntax->expected_count; i++) {
		struct str name = str_from(syntax->expected[i]);
		enum keyword keyword = keyword_find(name);

		if (keyword != KEYWORD_NONE &&
		    keyword_class(keyword, syntax->parse->target) ==
			KEYWORD_RESERVED)
			suggest_offer(&nearest, name);
	}
	if (nearest.best.len == 0)
		return false;
	diag = syntax_error(syntax,
	    "unknown word '%.*s', did you mean "
	    "'%.*s'?",
	    WORD_ARG(syntax->token->word), STR_ARG(nearest.best));
	syntax_offer(syntax, diag, nearest.best.ptr);
	return true;
}

bool
syntax_hint(const struct syntax *syntax)
{
	static bool (*const hints[])(const struct syntax *) = {
		syntax_hint_macro,
		syntax_hint_statement,
		syntax_hint_first_word,
		syntax_hint_newer,
		syntax_hint_method,
		syntax_hint_renamed,
		syntax_hint_verify,
		syntax_hint_list,
		syntax_hint_negation,
		syntax_hint_order,
		syntax_hint_reserved,
		syntax_hint_number,
		syntax_hint_misspelt,
	};

	for (size_t i = 0; i < COUNT(hints); i++)
		if (hints[i](syntax))
			return true;
	return false;
}
