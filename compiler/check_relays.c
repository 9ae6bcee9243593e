/*
 * Relays to a host: credentials that go to whoever answers, or that the URL
 * and the table do not agree about, passwords in the wrong place, and mail
 * that comes back. URLs that do not parse are left to check_values, and
 * what the files of tables hold is not looked at.
 */
#include "compiler/check.h"

#include "compiler/check_edit.h"
#include "compiler/check_facts.h"
#include "compiler/words.h"
#include "runtime/base/relayurl.h"
#include "runtime/base/units.h"

enum {
	RELAYS_KEY_SIZE = NETADDR_TEXT_SIZE + 8,
	RELAYS_PORT_SMTP = 25,
	RELAYS_PORT_SMTPS = 465,
};

/* The URLs of one clause or table, the first of each kind. */
struct relays_urls {
	bool is_known;     /* all of them stand in the config */
	struct word label; /* one with a label; part of it: */
	struct str label_part;
	struct word no_tls; /* one that never has TLS */
};

struct relays {
	struct compilation *comp;
	struct diag_list *diags;
	bool is_legacy;
	struct strmap listeners; /* "address port" to struct stmt */
	struct strmap tables;    /* to struct relays_urls */
};

/* Listeners. */

static struct str
relays_key(struct relays *relays, const struct netaddr *addr, unsigned port)
{
	char text[NETADDR_TEXT_SIZE];

	return str_from(arena_printf(relays->diags->arena, "%s %u",
	    netaddr_format(addr, text), port));
}

static void
relays_add_address(struct relays *relays, struct stmt *stmt, const char *text,
    unsigned port)
{
	struct netaddr addr;
	void **slot;

	if (netaddr_parse_host(str_from(text), 0, &addr, NULL) != NETADDR_OK ||
	    stmt_clause(stmt, addr.family == 4 ? CLAUSE_INET6 : CLAUSE_INET4) !=
		NULL)
		return;
	slot = strmap_put(&relays->listeners, relays_key(relays, &addr, port));
	if (*slot == NULL)
		*slot = stmt;
}

static uint16_t
relays_port(const struct stmt *stmt)
{
	const struct clause *clause = stmt_clause(stmt, CLAUSE_PORT);
	uint16_t port = 0;

	if (clause == NULL)
		return stmt_clause(stmt, CLAUSE_SMTPS) != NULL ?
		    RELAYS_PORT_SMTPS :
		    RELAYS_PORT_SMTP;
	units_parse_port(word_str(clause->arg), &port);
	return port;
}

/*
 * Names of interfaces are not looked up, but these mean the same on all.
 * What comes in with a tag is there to be treated in another way.
 */
static void
relays_add_listener(struct relays *relays, struct stmt *stmt)
{
	struct str name = word_str(stmt->name);
	uint16_t port = relays_port(stmt);
	bool is_any4 = str_is(name, "0.0.0.0"), is_any6 = str_is(name, "::");
	bool is_loopback = str_is(name, "localhost") || str_is(name, "lo") ||
	    str_is(name, "lo0");

	if (stmt_clause(stmt, CLAUSE_TAG) != NULL)
		return;
	if (is_loopback || is_any4)
		relays_add_address(relays, stmt, "127.0.0.1", port);
	if (is_loopback || is_any6)
		relays_add_address(relays, stmt, "::1", port);
	if (!is_loopback && !is_any4 && !is_any6)
		relays_add_address(relays, stmt,
		    arena_copy(relays->diags->arena, name).ptr, port);
}

static const struct stmt *
relays_find_listener(struct relays *relays, struct str host, unsigned port)
{
	struct netaddr addr;

	if (netaddr_parse_host(host, NETADDR_BRACKETS | NETADDR_TAG, &addr,
		NULL) != NETADDR_OK)
		return NULL;
	return strmap_get(&relays->listeners, relays_key(relays, &addr, port));
}

/* The listener that a URL leads to, or NULL. */
static const struct stmt *
relays_own_listener(struct relays *relays, const struct relayurl *url)
{
	const struct stmt *stmt;

	if (url->is_backup)
		return NULL;
	if (!str_eq_nocase(url->host, STR_LIT("localhost")))
		return relays_find_listener(relays, url->host, url->port);
	stmt = relays_find_listener(relays, STR_LIT("127.0.0.1"), url->port);
	if (stmt == NULL)
		stmt = relays_find_listener(relays, STR_LIT("::1"), url->port);
	return stmt;
}

/* URLs. */

/* Never shows the password. */
static bool
relays_check_password(struct relays *relays, struct word word)
{
	struct str text = word_str(word);
	const char *schema = memmem(text.ptr, text.len, "://", 3);
	struct str label = text;
	const char *at;
	struct diag *diag;

	if (schema != NULL) {
		label.ptr = schema + 3;
		label.len -= (uint32_t)(label.ptr - text.ptr);
	}
	at = memchr(label.ptr, '@', label.len);
	if (at == NULL)
		return false;
	label.len = (uint32_t)(at - label.ptr);
	if (memchr(label.ptr, ':', label.len) == NULL)
		return false;
	diag = diag_report(relays->diags, CHECK_URL_PASSWORD,
	    words_part(relays->diags->map, word, label),
	    "a URL holds no password: what is before '@' is the label of an "
	    "entry in the table of 'auth'");
	diag_note(relays->diags, diag, (struct srcpos){ 0, 0 },
	    "write 'label = \"user:password\"' in a table, best in a file that "
	    "only root may read, and label@ in the URL");
	return true;
}

static void
relays_check_loop(struct relays *relays, struct word word,
    const struct relayurl *url)
{
	const struct stmt *stmt = relays_own_listener(relays, url);
	struct diag *diag;

	if (stmt == NULL)
		return;
	diag = diag_report(relays->diags, CHECK_RELAY_LOOP,
	    words_part(relays->diags->map, word, url->host),
	    "mail that is relayed to port %u of '%.*s' comes back to this "
	    "daemon",
	    (unsigned)url->port, STR_ARG(url->host));
	diag_note(relays->diags, diag, stmt->pos, "it listens there");
}

static void
relays_add_url(struct relays *relays, struct relays_urls *urls,
    struct word word)
{
	struct relayurl url;

	if (relays_check_password(relays, word)) {
		urls->is_known = false;
		return;
	}
	if (relayurl_parse(word_str(word),
		relays->is_legacy ? RELAYURL_LEGACY : RELAYURL_MODERN,
		&url) != RELAYURL_OK) {
		urls->is_known = false;
		return;
	}
	if (url.label.len > 0 && urls->label.kind == WORD_NONE) {
		urls->label = word;
		urls->label_part = url.label;
	}
	if (url.tls == RELAYURL_TLS_NEVER && urls->no_tls.kind == WORD_NONE)
		urls->no_tls = word;
	relays_check_loop(relays, word, &url);
}

/* Of "host" the elements, of "domain" the values. */
static void
relays_add_list(struct relays *relays, struct relays_urls *urls,
    const struct list *list)
{
	for (const struct elem *e = list->elems; e != NULL; e = e->next)
		relays_add_url(relays, urls,
		    list->flags & LIST_MAPPING ? e->value : e->key);
}

static struct relays_urls *
relays_table_urls(struct relays *relays, const struct tabref *ref)
{
	struct relays_urls *urls = NULL;
	void **slot = NULL;

	if (ref->kind == TABREF_NAMED) {
		slot = strmap_put(&relays->tables, word_str(ref->word));
		urls = *slot;
	}
	if (urls != NULL)
		return urls;
	urls = ARENA_NEW(relays->diags->arena, struct relays_urls);
	urls->is_known = true;
	if (ref->kind == TABREF_WORD)
		relays_add_url(relays, urls, ref->word);
	else if (ref->kind == TABREF_LIST)
		relays_add_list(relays, urls, ref->list);
	else if (ref->table != NULL && ref->table->list != NULL)
		relays_add_list(relays, urls, ref->table->list);
	else
		urls->is_known = false;
	if (slot != NULL)
		*slot = urls;
	return urls;
}

/* Actions. */

/* A word of a declared table is shown at its use. */
static struct diag *
relays_report(struct relays *relays, enum check_id id, struct srcpos pos,
    const struct clause *use, const char *text)
{
	bool is_apart = pos.begin < use->pos.begin || pos.end > use->pos.end;
	struct diag *diag = diag_report(relays->diags, id,
	    is_apart ? use->pos : pos, "%s", text);

	if (is_apart)
		diag_note(relays->diags, diag, pos, "this is the URL");
	return diag;
}

static void
relays_check_auth(struct relays *relays, const struct relays_urls *urls,
    const struct clause *auth, const struct clause *use)
{
	if (urls->label.kind == WORD_NONE) {
		if (auth != NULL && urls->is_known)
			diag_report(relays->diags, CHECK_NO_EFFECT,
			    check_edit_head(relays->diags->map, auth, "auth"),
			    relays->is_legacy ?
				"'auth' has no effect here: the URL has no "
				"label, as in tls+auth://label@host" :
				"'auth' has no effect here: the URL has no "
				"label, as in smtp+tls://label@host");
	} else if (auth == NULL && !relays->is_legacy)
		relays_report(relays, CHECK_FAILING_RELAY,
		    words_part(relays->diags->map, urls->label,
			urls->label_part),
		    use,
		    "nothing is ever sent: a URL with a label needs a table "
		    "of credentials, 'auth <table>'");
}

static void
relays_check_verify(struct relays *relays, const struct stmt *stmt,
    const struct relays_urls *urls, const struct clause *use)
{
	const struct clause *auth = stmt_clause(stmt, CLAUSE_AUTH);
	const struct clause *tls = stmt_clause(stmt, CLAUSE_TLS);

	if (urls->label.kind == WORD_NONE || auth == NULL)
		return;
	if (!relays->is_legacy && tls != NULL &&
	    !srcpos_is_none(tls->qualifier))
		diag_report(relays->diags, CHECK_UNVERIFIED_CREDENTIALS,
		    tls->qualifier,
		    "the password goes to whoever answers: with 'no-verify' "
		    "any certificate will do");
	else if (relays->is_legacy && stmt_clause(stmt, CLAUSE_VERIFY) == NULL)
		/* What everybody wrote then, the manual too. */
		diag_add(relays->diags, CHECK_UNVERIFIED_CREDENTIALS,
		    DIAG_ADVICE, use->arg.pos,
		    "the password goes to whoever answers: without 'verify' "
		    "any certificate will do");
}

static void
relays_check_stmt(struct relays *relays, const struct stmt *stmt)
{
	const struct clause *auth = stmt_clause(stmt, CLAUSE_AUTH);
	const struct clause *tls = stmt_clause(stmt, CLAUSE_TLS);
	const struct clause *use = stmt_clause(stmt, CLAUSE_HOST);
	struct relays_urls own = { .is_known = true }, *urls = &own;

	if (use == NULL)
		use = stmt_clause(stmt, CLAUSE_DOMAIN);
	if (use == NULL || (auth != NULL && (auth->flags & CLAUSE_OLD)))
		return;
	if (relays->is_legacy)
		relays_add_url(relays, urls, use->arg);
	else
		urls = relays_table_urls(relays, use->table);
	relays_check_auth(relays, urls, auth, use);
	relays_check_verify(relays, stmt, urls, use);
	if (!relays->is_legacy && tls != NULL && urls->no_tls.kind != WORD_NONE)
		relays_report(relays, CHECK_FAILING_RELAY, urls->no_tls.pos,
		    use,
		    "nothing is ever sent: this URL rules out TLS, and 'tls' "
		    "requires it");
}

void
check_relays(struct compilation *comp)
{
	struct relays relays = {
		.comp = comp,
		.diags = &comp->diags,
		.is_legacy = comp->tree->target.dialect == DIALECT_LEGACY,
	};

	strmap_init(&relays.listeners, &comp->arena);
	strmap_init(&relays.tables, &comp->arena);
	for (struct stmt *s = comp->tree->others; s != NULL; s = s->next_other)
		if (s->kind == STMT_LISTEN)
			relays_add_listener(&relays, s);
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other)
		if (check_facts_relays(s))
			relays_check_stmt(&relays, s);
}
