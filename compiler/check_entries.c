/*
 * Entries of tables, and words in their place, that no session can match:
 * by the matcher of the target, by the listeners there are, or for a blank
 * at one end. Networks and the values of entries are left to check_values.
 */
#include "compiler/check.h"

#include "compiler/check_facts.h"
#include "compiler/words.h"
#include "grammar/keyword.h"
#include "runtime/base/mailaddr.h"

/* How entries are compared with what a session has. */
enum entries_use {
	ENTRIES_DOMAIN, /* wildcards, see domain.h */
	ENTRIES_RDNS,   /* of match: no wildcards */
	ENTRIES_MAILADDR,
	ENTRIES_TAG,
	ENTRIES_KEY,   /* equal, names of users and the like */
	ENTRIES_ROUTE, /* equal, addresses and domains */
	ENTRIES_USES,
	ENTRIES_NONE = ENTRIES_USES
};

struct entries {
	struct compilation *comp;
	struct diag_list *diags;
	const struct target *target;
	bool knows_tags;
	struct strmap tags;       /* of listeners, as written */
	struct strmap lower_tags; /* the same in lower case */

	/* Declared tables that have been gone through for a use. */
	struct strmap seen[ENTRIES_USES];
	unsigned reported;
};

/* A word, and the clause that it is used in. */
struct entries_word {
	struct word word;
	const struct clause *clause;
	bool is_declared;  /* stands in the declaration of a table */
	const char *where; /* or in its file: "PATH:LINE: ", else "" */
};

static struct diag *
entries_warn(struct entries *entries, const struct entries_word *at,
    enum check_id id, struct str part, const char *text)
{
	struct diag *diag = diag_report(entries->diags, id,
	    words_part(entries->diags->map, at->word, part), "%s%s", at->where,
	    text);

	entries->reported++;
	if (at->is_declared)
		diag_note(entries->diags, diag, at->clause->pos,
		    "the table is used here");
	return diag;
}

static struct diag *
entries_never(struct entries *entries, const struct entries_word *at,
    struct str part, const char *why)
{
	return entries_warn(entries, at, CHECK_NEVER_MATCHES, part,
	    arena_printf(entries->diags->arena, "'%.*s' never matches: %s",
		WORD_ARG(at->word), why));
}

static bool
entries_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether there was one at either end. */
static bool
entries_check_blanks(struct entries *entries, const struct entries_word *at)
{
	struct str text = word_str(at->word);
	struct str head = { text.ptr, 0 }, tail = { text.ptr + text.len, 0 };
	struct diag *diag;

	while (head.len < text.len && entries_is_blank(text.ptr[head.len]))
		head.len++;
	if (text.len == 0 || head.len == text.len)
		return false;
	while (entries_is_blank(tail.ptr[-1])) {
		tail.ptr--;
		tail.len++;
	}
	if (head.len == 0 && tail.len == 0)
		return false;
	diag = entries_warn(entries, at, CHECK_STRAY_BLANK,
	    head.len > 0 ? head : tail,
	    arena_printf(entries->diags->arena,
		"'%.*s' has a blank at its %s, and what it is compared with "
		"has none",
		STR_ARG(text), head.len > 0 ? "beginning" : "end"));
	if (head.len > 0)
		words_replace(entries->diags, diag, at->word, head, "");
	if (tail.len > 0)
		words_replace(entries->diags, diag, at->word, tail, "");
	return true;
}

/* The first byte that no domain has; a slice of length 0 if there is none. */
static struct str
entries_foreign_byte(struct str domain)
{
	for (uint32_t i = 0; i < domain.len; i++)
		if (!str_is_alnum(domain.ptr[i]) &&
		    memchr("-_.*", domain.ptr[i], 4) == NULL)
			return (struct str){ domain.ptr + i, 1 };
	return (struct str){ domain.ptr, 0 };
}

static void
entries_check_bytes(struct entries *entries, const struct entries_word *at,
    struct str domain, struct str byte)
{
	bool is_whole = domain.len == at->word.len;
	struct diag *diag;

	if ((unsigned char)*byte.ptr >= 0x80) {
		entries_never(entries, at, byte,
		    "domains are compared in ASCII: write the form that "
		    "begins with 'xn--'");
		return;
	}
	diag = entries_never(entries, at, byte,
	    arena_printf(entries->diags->arena, "no domain has a '%c'",
		*byte.ptr));
	if (is_whole && *byte.ptr == '@' && byte.ptr == domain.ptr)
		words_replace(entries->diags, diag, at->word, byte, "");
	else if (memchr("^$\\|()?+[]", *byte.ptr, 10) != NULL &&
	    entries->target->version >= TARGET_6_6)
		diag_note(entries->diags, diag, (struct srcpos){ 0, 0 },
		    "a regular expression needs the word 'regex' before it");
}

/* Whether some domain can match; literals in brackets do if they are one. */
static void
entries_check_domain(struct entries *entries, const struct entries_word *at,
    struct str domain)
{
	struct str byte = entries_foreign_byte(domain), last;
	struct diag *diag;

	if (domain.len == 0 || *domain.ptr == '[' || *domain.ptr == '<')
		return;
	last = (struct str){ domain.ptr + domain.len - 1, 1 };
	if (byte.len > 0) {
		entries_check_bytes(entries, at, domain, byte);
		return;
	}
	for (uint32_t i = 0; i + 1 < domain.len; i++)
		if (domain.ptr[i] == '.' && domain.ptr[i + 1] == '.') {
			entries_never(entries, at,
			    (struct str){ domain.ptr + i, 2 },
			    "no domain has two dots in a row");
			return;
		}
	if (*domain.ptr == '.') {
		diag = entries_never(entries, at, (struct str){ domain.ptr, 1 },
		    "no domain begins with a dot, and '*.' stands for one "
		    "label before it");
		words_replace(entries->diags, diag, at->word,
		    (struct str){ domain.ptr, 1 }, "*.");
	} else if (*last.ptr == '.') {
		diag = entries_never(entries, at, last,
		    "domains in mail addresses do not end with a dot");
		words_replace(entries->diags, diag, at->word, last, "");
	}
}

/* Names of clients are compared as texts, which a wildcard is not. */
static void
entries_check_rdns(struct entries *entries, const struct entries_word *at)
{
	struct str text = word_str(at->word);
	const char *star = memchr(text.ptr, '*', text.len);

	if (str_is(text, "<unknown>"))
		entries_never(entries, at, text,
		    "a client without a name matches no list: use '!from "
		    "rdns'");
	else if (star != NULL || str_has_prefix(text, "."))
		entries_never(entries, at,
		    (struct str){ star != NULL ? star : text.ptr, 1 },
		    "up to 7.8 'from rdns' has no wildcards: use 'from rdns "
		    "regex'");
	else
		entries_check_domain(entries, at, text);
}

static void
entries_check_user(struct entries *entries, const struct entries_word *at,
    struct mailaddr addr)
{
	const char *star = memchr(addr.user.ptr, '*', addr.user.len);
	struct diag *diag = entries_never(entries, at, (struct str){ star, 1 },
	    "only the domain of an address has wildcards; '@domain' stands "
	    "for all its users");

	if (addr.user.len == 1 && addr.domain.len > 0)
		words_replace(entries->diags, diag, at->word, addr.user, "");
}

static void
entries_check_mailaddr(struct entries *entries, const struct entries_word *at)
{
	struct str text = word_str(at->word);
	struct mailaddr addr = mailaddr_split(text);

	if (addr.user.len == 0 && addr.domain.len == 0)
		return;
	if (memchr(addr.user.ptr, '*', addr.user.len) != NULL)
		entries_check_user(entries, at, addr);
	else if (addr.domain.len > 0)
		entries_check_domain(entries, at, addr.domain);
	else if (entries->target->dialect == DIALECT_LEGACY)
		entries_never(entries, at, text,
		    "before 6.4 an address needs its domain: user@domain");
}

/* Case counts in the legacy language. */
static void
entries_check_tag(struct entries *entries, const struct entries_word *at)
{
	struct str text = word_str(at->word);
	struct str lower = words_lower(entries->diags->arena, text);
	const struct word *tag = strmap_get(&entries->lower_tags, lower);
	bool is_exact = entries->target->dialect == DIALECT_LEGACY;
	struct diag *diag;

	if (!entries->knows_tags || text.len == 0 ||
	    (at->clause->flags & CLAUSE_NEGATED) ||
	    (tag != NULL && !is_exact) ||
	    strmap_get(&entries->tags, text) != NULL)
		return;
	if (tag == NULL) {
		entries_never(entries, at, text, "no listener has this tag");
		return;
	}
	diag = entries_never(entries, at, text,
	    arena_printf(entries->diags->arena,
		"case counts, and the tag is '%.*s'", WORD_ARG(*tag)));
	if (!srcpos_is_none(tag->pos))
		diag_note(entries->diags, diag, tag->pos, "set here");
	if (at->word.kind == WORD_QUOTED ||
	    keyword_find(word_str(*tag)) == KEYWORD_NONE)
		words_replace(entries->diags, diag, at->word, text,
		    arena_copy(entries->diags->arena, word_str(*tag)).ptr);
}

static void
entries_check_route(struct entries *entries, const struct entries_word *at)
{
	const char *star = memchr(at->word.ptr, '*', at->word.len);

	if (star != NULL)
		entries_never(entries, at, (struct str){ star, 1 },
		    at->clause->kind == CLAUSE_VIRTUAL ?
			"this is no pattern; '@domain' stands for all users "
			"of a domain, '@' for the rest" :
			"this is no pattern, but one domain");
}

static void
entries_check_word(struct entries *entries, const struct entries_word *at,
    enum entries_use use)
{
	struct str part;

	/* Reported with the macros. */
	if (check_facts_quoted_macro(entries->comp, at->word, &part) != NULL)
		return;
	if (entries_check_blanks(entries, at))
		return;
	switch (use) {
	case ENTRIES_DOMAIN:
		entries_check_domain(entries, at, word_str(at->word));
		break;
	case ENTRIES_RDNS:
		entries_check_rdns(entries, at);
		break;
	case ENTRIES_MAILADDR:
		entries_check_mailaddr(entries, at);
		break;
	case ENTRIES_TAG:
		entries_check_tag(entries, at);
		break;
	case ENTRIES_ROUTE:
		entries_check_route(entries, at);
		break;
	case ENTRIES_KEY:
	case ENTRIES_NONE:
		break;
	}
}

/* Of rules, filters, actions and listeners. */
static enum entries_use
entries_use_of(const struct clause *clause)
{
	if (clause->flags & (CLAUSE_REGEX | CLAUSE_OLD))
		return ENTRIES_NONE;
	switch ((unsigned)clause->kind) {
	case CLAUSE_FOR_DOMAIN:
	case CLAUSE_COND_HELO:
	case CLAUSE_COND_RDNS:
		return ENTRIES_DOMAIN;
	case CLAUSE_FROM_RDNS:
		return ENTRIES_RDNS;
	case CLAUSE_COND_MAIL_FROM:
	case CLAUSE_COND_RCPT_TO:
	case CLAUSE_FROM_MAIL_FROM:
	case CLAUSE_FOR_RCPT_TO:
		return ENTRIES_MAILADDR;
	case CLAUSE_COND_TAG:
		return ENTRIES_TAG;
	case CLAUSE_ALIAS:
	case CLAUSE_USERBASE:
	case CLAUSE_AUTH:
	case CLAUSE_AUTH_OPTIONAL:
	case CLAUSE_SENDERS:
	case CLAUSE_COND_AUTH:
	case CLAUSE_FROM_AUTH:
		return ENTRIES_KEY;
	case CLAUSE_VIRTUAL:
	case CLAUSE_DOMAIN:
		return ENTRIES_ROUTE;
	default:
		return ENTRIES_NONE;
	}
}

static void
entries_check_list(struct entries *entries, const struct list *list,
    struct entries_word at, enum entries_use use)
{
	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		at.word = e->key;
		entries_check_word(entries, &at, use);
	}
}

/* The entries of a table file, as if they stood where its path does. */
static void
entries_check_file(struct entries *entries, const struct stmt *decl,
    struct entries_word at, enum entries_use use)
{
	unsigned most = entries->reported + CHECK_FACTS_LINES_MAX;
	struct tablefile_entry entry;
	struct tablefile file;
	struct str path;

	if (!check_facts_open_file(entries->comp, decl, &file, &path))
		return;
	while (entries->reported < most && tablefile_next(&file, &entry)) {
		if (entry.error != TABLEFILE_OK)
			continue;
		at.word = check_facts_file_word(entries->comp, decl, path,
		    entry.key);
		at.where = arena_printf(entries->diags->arena,
		    "%.*s:%u: ", STR_ARG(path), entry.line);
		entries_check_word(entries, &at, use);
	}
}

static void
entries_check_declared(struct entries *entries, const struct clause *clause,
    enum entries_use use)
{
	const struct stmt *decl = clause->table->table;
	struct entries_word at = {
		.clause = clause, .is_declared = true, .where = ""
	};
	void **seen;

	if (decl == NULL)
		return;
	seen = strmap_put(&entries->seen[use], word_str(decl->name));
	if (*seen != NULL)
		return;
	*seen = entries;
	if (decl->list != NULL)
		entries_check_list(entries, decl->list, at, use);
	else
		entries_check_file(entries, decl, at, use);
}

static void
entries_check_clause(struct entries *entries, const struct clause *clause,
    enum entries_use use)
{
	struct entries_word at = { .clause = clause, .where = "" };
	struct str name;

	if (clause->table == NULL) {
		/* A legacy tag. */
		at.word = clause->arg;
		if (use == ENTRIES_TAG)
			entries_check_word(entries, &at, use);
		return;
	}
	switch (clause->table->kind) {
	case TABREF_NAMED:
		entries_check_declared(entries, clause, use);
		break;
	case TABREF_WORD:
		at.word = clause->table->word;
		/* Reported with the tables. */
		if (!words_is_quoted_table(&entries->comp->names, at.word,
			&name))
			entries_check_word(entries, &at, use);
		break;
	case TABREF_LIST:
		entries_check_list(entries, clause->table->list, at, use);
		break;
	}
}

static void
entries_check_negated(struct entries *entries, const struct clause *clause)
{
	if ((clause->kind == CLAUSE_FROM_ANY ||
		clause->kind == CLAUSE_FOR_ANY) &&
	    (clause->flags & CLAUSE_NEGATED))
		diag_report(entries->diags, CHECK_NEVER_MATCHES, clause->pos,
		    "the rule never matches: nothing is not '%s'",
		    clause_words(clause->kind, entries->target->dialect));
}

static void
entries_add_tag(struct entries *entries, struct word *tag)
{
	struct str text = word_str(*tag);
	struct arena *arena = entries->diags->arena;

	*strmap_put(&entries->tags, text) = entries;
	*strmap_put(&entries->lower_tags, words_lower(arena, text)) = tag;
}

/* Up to 6.6 mail from the socket has a tag of its own. */
static void
entries_collect_tags(struct entries *entries)
{
	struct word *local;
	struct clause *tag;

	entries->knows_tags = !check_facts_is_partial(entries->comp);
	strmap_init(&entries->tags, entries->diags->arena);
	strmap_init(&entries->lower_tags, entries->diags->arena);
	if (entries->target->version < TARGET_6_7) {
		local = ARENA_NEW(entries->diags->arena, struct word);
		*local = (struct word){ .ptr = "local", .len = 5 };
		entries_add_tag(entries, local);
	}
	for (const struct stmt *s = entries->comp->tree->others; s != NULL;
	     s = s->next_other) {
		if (s->kind != STMT_LISTEN && s->kind != STMT_LISTEN_SOCKET)
			continue;
		tag = stmt_clause(s, CLAUSE_TAG);
		if (tag != NULL)
			entries_add_tag(entries, &tag->arg);
	}
}

void
check_entries(struct compilation *comp)
{
	struct entries entries = {
		.comp = comp,
		.diags = &comp->diags,
		.target = &comp->tree->target,
	};

	for (unsigned i = 0; i < ENTRIES_USES; i++)
		strmap_init(&entries.seen[i], &comp->arena);
	entries_collect_tags(&entries);
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next)
		for (const struct clause *c = s->clauses; c != NULL;
		     c = c->next) {
			enum entries_use use = entries_use_of(c);

			entries_check_negated(&entries, c);
			if (use != ENTRIES_NONE)
				entries_check_clause(&entries, c, use);
		}
}
