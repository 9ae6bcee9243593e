/*
 * What the scanner says about bytes that it cannot use, and the fixes that
 * it offers. Silent on lines that are lost already.
 */
#include "grammar/lexer.h"
#include "grammar/suggest.h"

/* Fixes beyond this many CR LF lines are not worth their memory. */
enum { LEXER_CRLF_EDITS_MAX = 100000 };

/* Bytes of non-ASCII text that people get from word processors. */
static const struct lexer_lookalike {
	const char *bytes;
	const char *name;
	const char *replacement;
} lexer_lookalikes[] = {
	{ "\xef\xbb\xbf", "a byte order mark", "" },
	{ "\xc2\xa0", "a no-break space", " " },
	{ "\xe2\x80\x9c", "a typographic quote", "\"" },
	{ "\xe2\x80\x9d", "a typographic quote", "\"" },
	{ "\xe2\x80\x9e", "a typographic quote", "\"" },
	{ "\xe2\x80\x98", "a typographic quote", "'" },
	{ "\xe2\x80\x99", "a typographic quote", "'" },
	{ "\xe2\x80\x93", "a dash", "-" },
	{ "\xe2\x80\x94", "a dash", "-" },
};

/* What comes out of a macro has the place of the reference: no edit there. */
static bool
lexer_is_written(const struct lexer *lexer, struct srcpos pos)
{
	return source_expansion_at(lexer->map, pos) == NULL;
}

static const struct lexer_lookalike *
lexer_find_lookalike(struct str text)
{
	size_t count = sizeof(lexer_lookalikes) / sizeof(lexer_lookalikes[0]);

	for (size_t i = 0; i < count; i++)
		if (str_has_prefix(text, lexer_lookalikes[i].bytes))
			return &lexer_lookalikes[i];
	return NULL;
}

/* Quotes come in pairs; the rest of a lost line is not reported. */
static void
lexer_fix_partner(struct lexer *lexer, struct diag *diag, struct srcpos pos,
    const char *quote)
{
	struct str rest = source_text(lexer->map,
	    (struct srcpos){ pos.end, UINT32_MAX });
	const struct lexer_lookalike *found;

	for (uint32_t i = 0; i < rest.len && rest.ptr[i] != '\n'; i++) {
		found = lexer_find_lookalike((struct str){
		    rest.ptr + i, rest.len - i });
		if (found == NULL || strcmp(found->replacement, quote) != 0)
			continue;
		pos.begin = pos.end + i;
		pos.end = pos.begin + (uint32_t)strlen(found->bytes);
		diag_edit(lexer->diags, diag, pos, "%s", quote);
		return;
	}
}

static bool
lexer_report_lookalike(struct lexer *lexer, struct srcpos pos, struct str text)
{
	const struct lexer_lookalike *found = lexer_find_lookalike(text);
	bool is_written = lexer_is_written(lexer, pos);
	struct diag *diag;

	if (found == NULL)
		return false;
	if (is_written)
		pos.end = pos.begin + (uint32_t)strlen(found->bytes);
	diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
	    "%s cannot stand here", found->name);
	if (!is_written)
		return true;
	diag_edit(lexer->diags, diag, pos, "%s", found->replacement);
	if (strpbrk(found->replacement, "\"'") != NULL)
		lexer_fix_partner(lexer, diag, pos, found->replacement);
	return true;
}

void
lexer_report_bytes(struct lexer *lexer, struct srcpos pos, struct str text)
{
	uint8_t byte = (uint8_t)text.ptr[0];
	struct diag *diag;

	if (lexer->is_quiet || lexer_report_lookalike(lexer, pos, text))
		return;
	if (byte >= 0x80)
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "'%.*s' is not ASCII and can only stand in quotes",
		    STR_ARG(text));
	else if (byte == '$')
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "a macro's value cannot refer to another macro");
	else if (byte == '\\')
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "a backslash cannot begin a word");
	else if (byte == '\0')
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "NUL byte in a quoted string");
	else
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "byte 0x%02x cannot stand here", byte);
	if (byte == '$')
		diag_note(lexer->diags, diag, (struct srcpos){ 0, 0 },
		    "write 'name = $other' without quotes to copy a value");
}

/* A word that begins with a byte that no unquoted word can begin with. */
void
lexer_report_unquoted(struct lexer *lexer, struct srcpos pos, struct str text)
{
	bool has_quote = memchr(text.ptr, '"', text.len) != NULL;
	struct diag *diag;

	if (lexer->is_quiet)
		return;
	if (str_is(text, ";")) {
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "';' ends nothing: statements end with the line");
		if (lexer_is_written(lexer, pos))
			diag_edit(lexer->diags, diag, pos, "%s", "");
		return;
	}
	if (str_is_digit(text.ptr[0]))
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "'%.*s' must be quoted: a number cannot be followed by "
		    "'/'",
		    STR_ARG(text));
	else
		diag = diag_report(lexer->diags, CHECK_INVALID_CHARACTER, pos,
		    "'%.*s' must be quoted: no word begins with '%c'",
		    STR_ARG(text), text.ptr[0]);
	if (lexer_is_written(lexer, pos))
		diag_edit(lexer->diags, diag, pos,
		    has_quote ? "'%.*s'" : "\"%.*s\"", STR_ARG(text));
	else
		diag_note(lexer->diags, diag, (struct srcpos){ 0, 0 },
		    "quote twice in the macro's definition: "
		    "name = '\"%.*s\"'",
		    STR_ARG(text));
}

void
lexer_report_control(struct lexer *lexer, struct srcpos pos)
{
	bool is_legacy = lexer->target.dialect == DIALECT_LEGACY;
	struct diag *diag;

	if (lexer->is_quiet)
		return;
	diag = diag_add(lexer->diags,
	    is_legacy ? CHECK_INVALID_CHARACTER : CHECK_CONTROL_CHARACTER,
	    is_legacy ? DIAG_ERROR : DIAG_WARNING, pos,
	    is_legacy ? "a control byte cannot stand here" :
			"a control byte that the daemon drops silently");
	if (lexer_is_written(lexer, pos))
		diag_edit(lexer->diags, diag, pos, "%s", "");
}

void
lexer_report_crlf(struct lexer *lexer, struct srcpos pos)
{
	struct srcpos cr = pos;

	/* pos is CR, or backslash CR LF. */
	if (pos.end - pos.begin == 3)
		cr = (struct srcpos){ pos.begin + 1, pos.begin + 2 };
	if (lexer->input->file == NULL)
		return;
	if (lexer->crlf == NULL) {
		lexer->crlf = diag_report(lexer->diags, CHECK_CRLF_LINE_ENDING,
		    cr, "line ends in CR LF: the daemon accepts LF only");
		lexer->crlf_edits = 0;
	}
	if (lexer->crlf_edits++ < LEXER_CRLF_EDITS_MAX)
		diag_edit(lexer->diags, lexer->crlf, cr, "%s", "");
}

void
lexer_report_expansion(struct lexer *lexer, struct srcpos pos)
{
	diag_report(lexer->diags, CHECK_INPUT_TOO_LARGE, pos,
	    "macros expand to more than %u MiB", LEXER_EXPANSION_MAX >> 20);
}

void
lexer_report_long(struct lexer *lexer, const char *what, uint32_t max)
{
	if (!lexer->is_quiet)
		diag_report(lexer->diags, CHECK_STRING_TOO_LONG, lexer->start,
		    "%s of %u bytes: the daemon takes at most %u", what,
		    lexer->len, max);
}

static void
lexer_suggest_macro(struct lexer *lexer, struct diag *diag, struct str name)
{
	struct suggest nearest;
	struct macro *macro;

	suggest_init(&nearest, name);
	for (uint32_t i = 0; i < lexer->macros.room; i++)
		if (lexer->macros.slots[i].key.ptr != NULL)
			suggest_offer(&nearest, lexer->macros.slots[i].key);
	macro = strmap_get(&lexer->macros, nearest.best);
	if (macro == NULL)
		return;
	diag_note(lexer->diags, diag, macro->pos,
	    "did you mean '%.*s', defined here?", STR_ARG(macro->name));
	diag_edit(lexer->diags, diag, diag->pos, "$%.*s", STR_ARG(macro->name));
}

void
lexer_report_macro(struct lexer *lexer, struct srcpos pos, struct str name,
    bool has_brace)
{
	struct diag *diag;

	if (lexer->is_quiet)
		return;
	if (name.len > 0) {
		diag = diag_report(lexer->diags, CHECK_UNDEFINED_MACRO, pos,
		    "macro '%.*s' is not defined", STR_ARG(name));
		lexer_suggest_macro(lexer, diag, name);
		return;
	}
	diag = diag_report(lexer->diags, CHECK_UNDEFINED_MACRO, pos,
	    "'$' is not followed by a macro's name");
	if (has_brace)
		diag_note(lexer->diags, diag, (struct srcpos){ 0, 0 },
		    "macros are written $name, without braces");
}

void
lexer_report_missing_newline(struct lexer *lexer, struct srcpos pos)
{
	bool is_included = !srcpos_is_none(lexer->input->file->included_at);
	struct diag *diag;

	if (lexer->target.dialect == DIALECT_MODERN || is_included)
		return;
	diag = diag_report(lexer->diags, CHECK_MISSING_NEWLINE, pos,
	    "the last line does not end: %s refuses the file",
	    target_name(lexer->target.version));
	diag_edit(lexer->diags, diag, pos, "\n");
}

void
lexer_report_nul(struct lexer *lexer, struct srcpos pos)
{
	bool is_native = lexer->target.version == TARGET_NATIVE;

	diag_add(lexer->diags, CHECK_NUL_BYTE,
	    is_native ? DIAG_ERROR : DIAG_WARNING, pos,
	    is_native ? "NUL byte" :
			"NUL byte: the daemon ignores everything from here on");
}

void
lexer_report_unterminated(struct lexer *lexer)
{
	struct srcpos pos = lexer->start;

	if (lexer->is_quiet)
		return;
	pos.end = pos.begin + 1;
	diag_report(lexer->diags, CHECK_UNTERMINATED_STRING, pos,
	    "the string that begins here is not closed by %c", lexer->quote);
}
