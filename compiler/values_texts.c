/*
 * Formats, relay URLs, regular expressions and replies: texts with a syntax
 * of their own, which the daemon reads late or never checks.
 */
#include "compiler/values.h"

#include "compiler/words.h"
#include "grammar/suggest.h"
#include "runtime/base/relayurl.h"
#include "runtime/base/reply.h"
#include "runtime/expand/format.h"
#include "runtime/table/pattern.h"

enum { VALUES_REGERROR_MAX = 128 };

static void
values_suggest(struct values *v, struct diag *diag, struct word word,
    const struct suggest *nearest)
{
	if (nearest->best.len == 0)
		return;
	diag_note(v->diags, diag, (struct srcpos){ 0, 0 },
	    "did you mean '%.*s'?", STR_ARG(nearest->best));
	words_replace(v->diags, diag, word, nearest->word, nearest->best.ptr);
}

/* What stands between "%{" and a slice, modifiers or the end. */
static struct str
values_token_name(struct str text)
{
	struct str name = text;

	if (str_has_prefix(name, "%{")) {
		name.ptr += 2;
		name.len -= 2;
	}
	for (uint32_t i = 0; i < name.len; i++)
		if (memchr("[:}", name.ptr[i], 3) != NULL)
			name.len = i;
	return name;
}

static void
values_fix_commas(struct values *v, struct diag *diag, struct word word,
    struct str modifiers)
{
	char *text = arena_bytes(v->diags->arena, modifiers.len + 1);

	for (uint32_t i = 0; i < modifiers.len; i++)
		text[i] = modifiers.ptr[i] == ',' ? '|' : modifiers.ptr[i];
	text[modifiers.len] = '\0';
	words_replace(v->diags, diag, word, modifiers, text);
}

static void
values_suggest_token(struct values *v, struct diag *diag, struct word word,
    const struct format_piece *piece, unsigned flags)
{
	struct suggest nearest;

	if (piece->error == FORMAT_COMMA) {
		values_fix_commas(v, diag, word, piece->text);
		return;
	}
	if (piece->error == FORMAT_UNKNOWN_TOKEN) {
		suggest_init(&nearest, values_token_name(piece->text));
		for (unsigned i = 0; i < FORMAT_TOKEN_COUNT; i++)
			if (format_token_is_valid((enum format_token)i, flags))
				suggest_offer(&nearest,
				    str_from(format_token_name(
					(enum format_token)i)));
	} else if (piece->error == FORMAT_UNKNOWN_MODIFIER) {
		suggest_init(&nearest, piece->text);
		for (unsigned i = 0; i < FORMAT_MODIFIER_COUNT; i++)
			suggest_offer(&nearest,
			    str_from(format_modifier_name((enum format_modifier)
				    i)));
	} else
		return;
	values_suggest(v, diag, word, &nearest);
}

void
values_format(struct values *v, struct word word, unsigned flags)
{
	struct format_piece piece;
	struct format_scan scan;
	struct diag *diag;

	format_scan_init(&scan, word_str(word), flags);
	while (format_scan_next(&scan, &piece)) {
		if (piece.kind != FORMAT_BAD)
			continue;
		diag = diag_report(v->diags, CHECK_INVALID_FORMAT,
		    words_part(v->diags->map, word, piece.text),
		    "'%.*s': %s; %s", STR_ARG(piece.text),
		    format_error_text(piece.error),
		    (flags & FORMAT_MODERN) ?
			"it cannot be expanded" :
			"recipients are refused with 451");
		values_suggest_token(v, diag, word, &piece, flags);
	}
}

static enum relayurl_dialect
values_url_dialect(const struct values *v)
{
	return v->target->dialect == DIALECT_LEGACY ? RELAYURL_LEGACY :
						      RELAYURL_MODERN;
}

static void
values_suggest_schema(struct values *v, struct diag *diag, struct word word,
    struct str schema)
{
	enum relayurl_dialect dialect = values_url_dialect(v);
	const char *modern = relayurl_modern_form(word_str(word));
	struct suggest nearest;
	const char *name;

	if (dialect == RELAYURL_MODERN && modern != NULL) {
		diag_note(v->diags, diag, (struct srcpos){ 0, 0 },
		    "'%.*s://' is of the language before 6.4: now '%s://'",
		    STR_ARG(schema), modern);
		words_replace(v->diags, diag, word, schema, modern);
		return;
	}
	suggest_init(&nearest, schema);
	/* Nearest by meaning, not by letters. */
	if (str_eq_nocase(schema, STR_LIT("smtp+notls")))
		nearest = (struct suggest){ schema, STR_LIT("smtp"), 0 };
	for (unsigned i = 0; (name = relayurl_schema_name(dialect, i)) != NULL;
	     i++)
		suggest_offer(&nearest, str_from(name));
	values_suggest(v, diag, word, &nearest);
}

/* where stands before the message. */
static struct diag *
values_url(struct values *v, struct word word, enum diag_severity severity,
    const char *where)
{
	struct relayurl url;
	enum relayurl_status status;
	struct diag *diag;

	status = relayurl_parse(word_str(word), values_url_dialect(v), &url);
	if (status == RELAYURL_OK && url.junk.len == 0)
		return NULL;
	if (status == RELAYURL_OK)
		return diag_report(v->diags, CHECK_IGNORED_VALUE,
		    words_part(v->diags->map, word, url.junk),
		    "%s'%.*s' behind the host is ignored", where,
		    STR_ARG(url.junk));
	diag = diag_add(v->diags, CHECK_INVALID_URL, severity,
	    words_part(v->diags->map, word, url.fault),
	    "%s'%.*s' is not a relay URL: %s", where, WORD_ARG(word),
	    relayurl_status_text(status));
	if (status == RELAYURL_LABEL_REFUSED)
		diag_note(v->diags, diag, (struct srcpos){ 0, 0 },
		    "for a password write %s, which require TLS",
		    values_url_dialect(v) == RELAYURL_MODERN ?
			"smtp+tls:// or smtps://" :
			"tls+auth:// or smtps+auth://");
	if (status == RELAYURL_UNKNOWN_SCHEMA)
		values_suggest_schema(v, diag, word, url.fault);
	return diag;
}

void
values_via(struct values *v, struct word word)
{
	values_url(v, word, DIAG_ERROR, "");
}

static void
values_relay_url(struct values *v, const struct values_elem *at,
    struct word word)
{
	struct diag *diag = values_url(v, word, DIAG_WARNING, at->where);

	v->reported += diag != NULL;
	if (diag != NULL && at->is_declared)
		diag_note(v->diags, diag, at->clause->pos,
		    "the table is used here");
}

void
values_relay_host(struct values *v, const struct values_elem *at)
{
	values_relay_url(v, at, at->elem->key);
}

void
values_relay_domain(struct values *v, const struct values_elem *at)
{
	if (at->elem->value.kind != WORD_NONE)
		values_relay_url(v, at, at->elem->value);
}

/* Keys are in lower case, and only "(?i)" makes [:upper:] all letters. */
static void
values_regex_upper(struct values *v, const struct values_elem *at,
    struct word word, struct str lower)
{
	static const char class[] = "[:upper:]";
	const char *found = lower.len == 0 || str_has_prefix(lower, "(?i)") ?
	    NULL :
	    memmem(lower.ptr, lower.len, class, sizeof(class) - 1);
	struct str part;

	if (found == NULL)
		return;
	part = (struct str){ word.ptr + (found - lower.ptr),
		sizeof(class) - 1 };
	values_warn(v, at, CHECK_INVALID_REGEX,
	    words_part(v->diags->map, word, part),
	    arena_printf(v->diags->arena,
		"what is compared is in lower case, where '%.*s' is no letter: "
		"'[:alpha:]' is any",
		STR_ARG(part)));
}

/* Lower-casing the pattern turns the classes \S, \W, \D, \B around. */
static void
values_regex_class(struct values *v, const struct values_elem *at,
    struct word word)
{
	for (uint32_t i = 0; i + 1 < word.len; i++) {
		struct str part = { word.ptr + i, 2 };

		if (word.ptr[i] != '\\')
			continue;
		i++;
		if (memchr("SWDB", word.ptr[i], 4) == NULL)
			continue;
		values_warn(v, at, CHECK_INVALID_REGEX,
		    words_part(v->diags->map, word, part),
		    arena_printf(v->diags->arena,
			"OpenSMTPD lower-cases patterns: '%.*s' becomes its "
			"opposite, '\\%c'",
			STR_ARG(part), str_lower(word.ptr[i])));
		return;
	}
}

/* The original compiles it, however long it takes. */
static void
values_regex_costly(struct values *v, const struct values_elem *at)
{
	if (v->target->version == TARGET_NATIVE)
		values_warn(v, at, CHECK_INVALID_REGEX, at->elem->key.pos,
		    "the regular expression would take too much memory, so "
		    "it is not compiled, and what comes this far is answered "
		    "with 451");
}

void
values_regex(struct values *v, const struct values_elem *at)
{
	struct word word = at->elem->key;
	struct str lower = words_lower(v->diags->arena, word_str(word));
	bool is_negated = (at->clause->flags & CLAUSE_NEGATED) != 0;
	char reason[VALUES_REGERROR_MAX];
	regex_t regex;
	int error;

	values_regex_class(v, at, word);
	values_regex_upper(v, at, word, lower);
	switch (pattern_compile(arena_copy(v->diags->arena, lower).ptr,
	    &v->regex_left, &regex, &error)) {
	case PATTERN_OK:
		regfree(&regex);
		return;
	case PATTERN_COSTLY:
		values_regex_costly(v, at);
		return;
	case PATTERN_BAD:
		break;
	}
	regerror(error, &regex, reason, sizeof(reason));
	values_warn(v, at, CHECK_INVALID_REGEX, word.pos,
	    arena_printf(v->diags->arena,
		"the regular expression does not compile, so it %s matches: "
		"%s",
		is_negated ? "always" : "never", reason));
}

void
values_reply(struct values *v, struct word word)
{
	enum reply_status status = reply_check(word_str(word));

	if (status != REPLY_OK)
		diag_report(v->diags, CHECK_INVALID_REPLY, word.pos,
		    "not a reply, so clients get '421 Internal server error': "
		    "%s",
		    reply_status_text(status));
}
