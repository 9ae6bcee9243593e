/*
 * Versions of TLS and ciphers that are no longer safe, in the texts that
 * name them: lists of libtls(3) and of ciphers(1).
 */
#include "compiler/check.h"

#include "compiler/words.h"

struct tls {
	struct diag_list *diags;
};

/* One word of a list; slices of the text. */
struct tls_token {
	struct str text;
	char sign; /* '!', '-', '+' in front, else 0 */
};

static bool
tls_next(struct str *rest, const char *separators, struct tls_token *token_r)
{
	size_t count = strlen(separators);

	while (rest->len > 0 && memchr(separators, *rest->ptr, count) != NULL) {
		rest->ptr++;
		rest->len--;
	}
	token_r->text = (struct str){ rest->ptr, 0 };
	while (rest->len > 0 && memchr(separators, *rest->ptr, count) == NULL) {
		rest->ptr++;
		rest->len--;
		token_r->text.len++;
	}
	token_r->sign = 0;
	if (token_r->text.len == 0)
		return false;
	if (memchr("!-+", *token_r->text.ptr, 3) != NULL) {
		token_r->sign = *token_r->text.ptr++;
		token_r->text.len--;
	}
	return true;
}

/* Protocols: "tlsv1.2,tlsv1.3", "all:!tlsv1.0". */

enum {
	TLS_1_0 = 1,
	TLS_1_1 = 2,
	TLS_OLD = TLS_1_0 | TLS_1_1,
};

/* The old versions that a word stands for. */
static unsigned
tls_versions(struct str text)
{
	static const struct {
		const char *name;
		unsigned versions;
	} rows[] = {
		{ "all", TLS_OLD },
		{ "legacy", TLS_OLD },
		{ "tlsv1", TLS_OLD },
		{ "tlsv1.0", TLS_1_0 },
		{ "tlsv1.1", TLS_1_1 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_eq_nocase(text, str_from(rows[i].name)))
			return rows[i].versions;
	return 0;
}

static void
tls_check_protocols(struct tls *tls, struct word word)
{
	struct str rest = word_str(word), part[2] = { { NULL, 0 } };
	struct tls_token token;
	unsigned versions;

	while (tls_next(&rest, ",: \t", &token)) {
		versions = tls_versions(token.text);
		for (unsigned i = 0; i < 2; i++) {
			if ((versions & (1u << i)) == 0)
				continue;
			part[i] = token.text;
			if (token.sign == '!')
				part[i].len = 0;
		}
	}
	if (part[0].len == 0)
		part[0] = part[1];
	if (part[0].len > 0)
		diag_report(tls->diags, CHECK_OBSOLETE_TLS,
		    words_part(tls->diags->map, word, part[0]),
		    "'%.*s' allows versions of TLS before 1.2, which are "
		    "broken: write \"tlsv1.2,tlsv1.3\"",
		    STR_ARG(part[0]));
}

/* Ciphers: "HIGH:!aNULL:RC4-SHA". */

/* Names, and parts of names between '-' and '+'; case counts. */
static const char *const tls_ciphers[] = {
	"3DES",
	"ADH",
	"AECDH",
	"CBC3",
	"DES",
	"EXP",
	"EXPORT",
	"EXPORT40",
	"EXPORT56",
	"IDEA",
	"LOW",
	"MD5",
	"NULL",
	"RC2",
	"RC4",
	"SEED",
	"SSLv2",
	"SSLv3",
	"TLSv1",
	"TLSv1.0",
	"TLSv1.1",
	"aNULL",
	"eNULL",
};

enum { TLS_CIPHERS = sizeof(tls_ciphers) / sizeof(tls_ciphers[0]) };

/* The obsolete words in a name, as a set. */
static uint32_t
tls_obsolete(struct str text)
{
	struct tls_token part;
	uint32_t set = 0;

	while (tls_next(&text, "-+", &part))
		for (unsigned i = 0; i < TLS_CIPHERS; i++)
			if (str_is(part.text, tls_ciphers[i]))
				set |= 1u << i;
	return set;
}

/* All words that are taken out again, whereever they stand. */
static uint32_t
tls_removed(struct str text)
{
	struct tls_token token;
	uint32_t set = 0;

	while (tls_next(&text, ":, ;", &token))
		if (token.sign == '!' || token.sign == '-')
			set |= tls_obsolete(token.text);
	return set;
}

static void
tls_check_ciphers(struct tls *tls, struct word word)
{
	struct str rest = word_str(word);
	uint32_t removed = tls_removed(rest);
	struct tls_token token;

	while (tls_next(&rest, ":, ;", &token)) {
		if (token.sign != 0 ||
		    (tls_obsolete(token.text) & ~removed) == 0)
			continue;
		diag_report(tls->diags, CHECK_OBSOLETE_TLS,
		    words_part(tls->diags->map, word, token.text),
		    "'%.*s' allows ciphers that are broken or were never safe",
		    STR_ARG(token.text));
		return;
	}
}

void
check_tls(struct compilation *comp)
{
	struct tls tls = { .diags = &comp->diags };

	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other) {
		if (s->kind == STMT_CIPHERS)
			tls_check_ciphers(&tls, s->name);
		for (const struct clause *c = s->clauses; c != NULL;
		     c = c->next) {
			if (c->kind == CLAUSE_CIPHERS)
				tls_check_ciphers(&tls, c->arg);
			else if (c->kind == CLAUSE_PROTOCOLS)
				tls_check_protocols(&tls, c->arg);
		}
	}
}
