/*
 * Options that are repeated, stand where they do not belong, exclude each
 * other or lack what they depend on, within one statement. The grammars
 * accept supersets; what each place takes stands in a table here.
 * Statements with old spellings are left to check_spelling.
 */
#include "compiler/check.h"
#include "compiler/check_edit.h"
#include "runtime/base/relayurl.h"

/* What decides which options are allowed, and how often. */
enum options_place {
	PLACE_NONE,
	PLACE_LISTEN_LEGACY,
	PLACE_LISTEN_MODERN,
	PLACE_SOCKET_LEGACY,
	PLACE_SOCKET_MODERN,
	PLACE_RULE_BARE, /* accept or reject without a method */
	PLACE_RULE_LOCAL,
	PLACE_RULE_LMTP,
	PLACE_RULE_MDA,
	PLACE_RULE_RELAY,
	PLACE_RULE_VIA,
	PLACE_MATCH,
	PLACE_MBOX,
	PLACE_MAILDIR,
	PLACE_LMTP,
	PLACE_MDA,
	PLACE_FORWARD_ONLY,
	PLACE_EXPAND_ONLY,
	PLACE_RELAY,
	PLACE_PROC,
	PLACE_LIMIT_MTA,
};

#define AT(place)      (1u << PLACE_##place)
#define LISTENERS      (AT(LISTEN_LEGACY) | AT(LISTEN_MODERN))
#define SOCKETS        (AT(SOCKET_LEGACY) | AT(SOCKET_MODERN))
#define LEGACY_LOOKUPS (AT(RULE_BARE) | AT(RULE_LOCAL) | LEGACY_USERS)
#define LEGACY_USERS   (AT(RULE_LMTP) | AT(RULE_MDA))
#define LEGACY_RELAYS  (AT(RULE_RELAY) | AT(RULE_VIA))
#define RULES          (LEGACY_LOOKUPS | LEGACY_RELAYS)
#define USERS          (AT(MAILDIR) | AT(LMTP) | AT(MDA))
#define LOCALS         (USERS | AT(MBOX) | AT(FORWARD_ONLY) | AT(EXPAND_ONLY))
#define ACTIONS        (LOCALS | AT(RELAY))
#define RELAYS         (LEGACY_RELAYS | AT(RELAY))

/* Listeners take so many certificates. */
#define OPTIONS_PKI_MAX 32

/*
 * Of the clauses of one slot a statement takes one. A clause with no row
 * belongs nowhere here.
 */
static const struct options_row {
	uint8_t slot;   /* the clause that the slot is named after */
	uint8_t inner;  /* a slot that is filled without being asked */
	uint8_t behind; /* must follow this one directly, where it exists */
	uint32_t places;
	uint32_t last_wins; /* where a repetition is accepted */
	uint32_t many;      /* where there is no limit to it */
} options_rows[CLAUSE_COUNT] = {
#define ROW(id, slot_id, ...) \
	[CLAUSE_##id] = { .slot = CLAUSE_##slot_id, __VA_ARGS__ }
	ROW(FROM_ANY, FROM_ANY, .places = RULES | AT(MATCH)),
	ROW(FROM_LOCAL, FROM_ANY, .places = RULES | AT(MATCH)),
	ROW(FROM_SOCKET, FROM_ANY, .places = AT(MATCH)),
	ROW(FROM_SRC, FROM_ANY, .places = RULES | AT(MATCH)),
	ROW(FROM_RDNS, FROM_ANY, .places = AT(MATCH)),
	ROW(FROM_AUTH, FROM_ANY, .places = AT(MATCH),
	    .inner = CLAUSE_COND_AUTH),
	ROW(FROM_MAIL_FROM, FROM_ANY, .places = AT(MATCH),
	    .inner = CLAUSE_COND_MAIL_FROM),
	ROW(FOR_ANY, FOR_ANY, .places = RULES | AT(MATCH)),
	ROW(FOR_LOCAL, FOR_ANY, .places = RULES | AT(MATCH)),
	ROW(FOR_DOMAIN, FOR_ANY, .places = RULES | AT(MATCH)),
	ROW(FOR_RCPT_TO, FOR_ANY, .places = AT(MATCH),
	    .inner = CLAUSE_COND_RCPT_TO),
	ROW(COND_TAG, COND_TAG, .places = RULES | AT(MATCH),
	    .last_wins = RULES),
	ROW(COND_HELO, COND_HELO, .places = AT(MATCH)),
	ROW(COND_TLS, COND_TLS, .places = AT(MATCH)),
	ROW(COND_AUTH, COND_AUTH, .places = RULES | AT(MATCH),
	    .last_wins = RULES),
	ROW(COND_MAIL_FROM, COND_MAIL_FROM, .places = RULES | AT(MATCH)),
	ROW(COND_RCPT_TO, COND_RCPT_TO, .places = RULES | AT(MATCH)),
	ROW(ACTION, ACTION, .places = AT(MATCH)),
	ROW(REJECT, ACTION, .places = AT(MATCH)),

	ROW(MBOX, MBOX, .places = AT(RULE_LOCAL) | AT(MBOX)),
	ROW(MAILDIR, MAILDIR, .places = AT(RULE_LOCAL) | AT(MAILDIR)),
	ROW(LMTP, LMTP, .places = AT(RULE_LMTP) | AT(LMTP)),
	ROW(MDA, MDA, .places = AT(RULE_MDA) | AT(MDA)),
	ROW(FORWARD_ONLY, FORWARD_ONLY,
	    .places = AT(RULE_BARE) | AT(FORWARD_ONLY)),
	ROW(EXPAND_ONLY, EXPAND_ONLY, .places = AT(EXPAND_ONLY)),
	ROW(RELAY, RELAY, .places = RELAYS),
	ROW(JUNK, JUNK, .places = AT(MAILDIR), .behind = CLAUSE_MAILDIR),
	ROW(RCPT_TO, RCPT_TO, .places = AT(RULE_LMTP) | AT(LMTP),
	    .behind = CLAUSE_LMTP),
	ROW(USER, USER, .places = LEGACY_USERS | USERS | AT(PROC)),
	ROW(ALIAS, ALIAS, .places = LEGACY_LOOKUPS | LOCALS),
	ROW(VIRTUAL, ALIAS, .places = LEGACY_LOOKUPS | LOCALS),
	ROW(USERBASE, USERBASE, .places = LEGACY_LOOKUPS | LOCALS),
	ROW(WRAPPER, WRAPPER, .places = LOCALS, .last_wins = LOCALS),
	ROW(TTL, TTL, .places = RULES | ACTIONS),

	ROW(HOST, HOST, .places = AT(RULE_VIA) | AT(RELAY)),
	ROW(DOMAIN, HOST, .places = AT(RELAY)),
	ROW(BACKUP, HOST, .places = AT(RULE_RELAY) | AT(RELAY),
	    .last_wins = AT(RULE_RELAY)),
	ROW(HELO, HELO, .places = RELAYS, .last_wins = LEGACY_RELAYS),
	ROW(HELO_SRC, HELO_SRC, .places = RELAYS, .last_wins = LEGACY_RELAYS),
	ROW(SRC, SRC, .places = RELAYS, .last_wins = LEGACY_RELAYS),
	ROW(MAIL_FROM, MAIL_FROM, .places = RELAYS, .last_wins = LEGACY_RELAYS),
	ROW(VERIFY, VERIFY, .places = LEGACY_RELAYS, .last_wins = LEGACY_RELAYS,
	    .behind = CLAUSE_TLS),
	ROW(SRS, SRS, .places = AT(RELAY)),

	ROW(INET4, INET4, .places = LISTENERS | AT(LIMIT_MTA),
	    .last_wins = AT(LIMIT_MTA)),
	ROW(INET6, INET4, .places = LISTENERS | AT(LIMIT_MTA),
	    .last_wins = AT(LIMIT_MTA)),
	ROW(PORT, PORT, .places = LISTENERS),
	ROW(TLS, TLS, .places = LISTENERS | AT(RULE_RELAY) | AT(RELAY),
	    .last_wins = AT(RULE_RELAY)),
	ROW(TLS_REQUIRE, TLS, .places = LISTENERS),
	ROW(SMTPS, TLS, .places = LISTENERS),
	ROW(PKI, PKI, .places = LISTENERS | RELAYS, .last_wins = LEGACY_RELAYS,
	    .many = AT(LISTEN_MODERN)),
	ROW(CA, CA, .places = LISTENERS | RELAYS, .last_wins = LEGACY_RELAYS),
	ROW(AUTH, AUTH, .places = LISTENERS | AT(RULE_VIA) | AT(RELAY),
	    .last_wins = AT(RULE_VIA)),
	ROW(AUTH_OPTIONAL, AUTH, .places = LISTENERS),
	ROW(CIPHERS, CIPHERS, .places = AT(LISTEN_MODERN) | AT(RELAY)),
	ROW(PROTOCOLS, PROTOCOLS, .places = AT(LISTEN_MODERN) | AT(RELAY)),
	ROW(FILTER, FILTER, .places = LISTENERS | SOCKETS | AT(RELAY),
	    .last_wins = AT(LISTEN_LEGACY) | AT(SOCKET_LEGACY)),
	ROW(TAG, TAG, .places = LISTENERS | AT(SOCKET_MODERN)),
	ROW(HOSTNAME, HOSTNAME, .places = LISTENERS),
	ROW(HOSTNAMES, HOSTNAMES, .places = LISTENERS),
	ROW(SENDERS, SENDERS, .places = LISTENERS),
	ROW(MASK_SRC, MASK_SRC, .places = LISTENERS | SOCKETS),
	ROW(RECEIVED_AUTH, RECEIVED_AUTH, .places = LISTENERS),
	ROW(NO_DSN, NO_DSN, .places = LISTENERS | AT(SOCKET_MODERN)),
	ROW(PROXY_V2, PROXY_V2, .places = AT(LISTEN_MODERN)),

	ROW(LIMIT, LIMIT, .places = AT(LIMIT_MTA), .many = AT(LIMIT_MTA)),
	ROW(LIMIT_DOMAIN, LIMIT_DOMAIN, .places = AT(LIMIT_MTA)),

	ROW(PROC_EXEC, PROC_EXEC, .places = AT(PROC)),
	ROW(GROUP, GROUP, .places = AT(PROC)),
	ROW(CHROOT, CHROOT, .places = AT(PROC)),
#undef ROW
};

/* The places of rules and actions, by their method. */
static const struct options_method {
	uint8_t legacy;
	uint8_t modern;
} options_methods[CLAUSE_COUNT] = {
	[CLAUSE_MBOX] = { PLACE_RULE_LOCAL, PLACE_MBOX },
	[CLAUSE_MAILDIR] = { PLACE_RULE_LOCAL, PLACE_MAILDIR },
	[CLAUSE_LMTP] = { PLACE_RULE_LMTP, PLACE_LMTP },
	[CLAUSE_MDA] = { PLACE_RULE_MDA, PLACE_MDA },
	[CLAUSE_FORWARD_ONLY] = { PLACE_NONE, PLACE_FORWARD_ONLY },
	[CLAUSE_EXPAND_ONLY] = { PLACE_NONE, PLACE_EXPAND_ONLY },
	[CLAUSE_RELAY] = { PLACE_RULE_RELAY, PLACE_RELAY },
	[CLAUSE_HOST] = { PLACE_RULE_VIA, PLACE_NONE },
};

/* What to do about an option in the wrong place. */
static const struct options_advice {
	uint32_t places;
	uint8_t clause;
	const char *text;
} options_advices[] = {
	{ AT(RULE_VIA), CLAUSE_TLS,
	    "with 'via' the URL says it: tls://, smtps://" },
	{ AT(RULE_VIA), CLAUSE_BACKUP,
	    "'via' names the next hop, 'backup' looks up the MX" },
	{ AT(RULE_RELAY), CLAUSE_AUTH,
	    "credentials need a host: relay via \"tls+auth://LABEL@HOST\" "
	    "auth <TABLE>" },
	{ AT(MBOX), CLAUSE_USER, "mailboxes are written as root" },
	{ RELAYS, CLAUSE_ALIAS, "recipients of relayed mail stay as they are" },
	{ RELAYS, CLAUSE_VIRTUAL,
	    "recipients of relayed mail stay as they are" },
	{ RELAYS, CLAUSE_USERBASE,
	    "recipients of relayed mail are not users of this machine" },
	{ RULES & ~AT(RULE_BARE), CLAUSE_FORWARD_ONLY,
	    "it stands for a method, and must be the only one" },
};

struct options_check {
	struct compilation *comp;
	enum dialect dialect;
	unsigned version;

	const struct stmt *srs_key; /* the first of the file, or NULL */
	bool has_srs_key;           /* it stands above */
	const struct stmt *pki;     /* the only name declared so far */
	bool has_many_pkis;

	/* Of the statement at hand. */
	const struct stmt *stmt;
	enum options_place place;
	const struct clause *method;
	const struct clause *previous;
	const struct clause *first[CLAUSE_COUNT]; /* by slot */
	unsigned pki_count;
};

static bool
options_is_at(const struct options_check *check, uint32_t places)
{
	return (places & (1u << check->place)) != 0;
}

static const char *
options_words(const struct options_check *check, const struct clause *clause)
{
	return clause_words(clause->kind, check->dialect);
}

/* The keywords of a clause, for carets. */
static struct srcpos
options_head(const struct options_check *check, const struct clause *clause)
{
	return check_edit_head(&check->comp->map, clause,
	    options_words(check, clause));
}

/* How the place is called in messages. */
static const char *
options_place_words(const struct options_check *check)
{
	if (check->place == PLACE_RULE_VIA)
		return "relay via";
	if (check->method != NULL)
		return options_words(check, check->method);
	return stmt_words(check->stmt->kind, check->dialect);
}

static void
options_report_place(struct options_check *check, const struct clause *clause)
{
	struct diag_list *diags = &check->comp->diags;
	size_t count = sizeof(options_advices) / sizeof(options_advices[0]);
	struct diag *diag = diag_report(diags, CHECK_CONFLICTING_OPTIONS,
	    options_head(check, clause), "'%s' does not go with '%s'",
	    options_words(check, clause), options_place_words(check));

	if (check->method != NULL)
		diag_note(diags, diag, options_head(check, check->method),
		    "the method is given here");
	for (size_t i = 0; i < count; i++)
		if (options_advices[i].clause == clause->kind &&
		    options_is_at(check, options_advices[i].places))
			diag_note(diags, diag, (struct srcpos){ 0, 0 }, "%s",
			    options_advices[i].text);
}

/* Two clauses for one slot. */
static void
options_report_repeat(struct options_check *check, const struct clause *clause,
    const struct clause *first)
{
	struct diag_list *diags = &check->comp->diags;
	const struct options_row *row = &options_rows[clause->kind];
	bool last_wins = options_is_at(check, row->last_wins);
	const char *words = options_words(check, clause);
	const char *other = options_words(check, first);
	struct srcpos pos = options_head(check, clause);
	struct diag *diag;

	if (clause->kind != first->kind && !last_wins)
		diag = diag_report(diags, CHECK_CONFLICTING_OPTIONS, pos,
		    "'%s' and '%s' exclude each other", other, words);
	else if (clause->kind != first->kind)
		diag = diag_add(diags, CHECK_DUPLICATE_OPTION, DIAG_WARNING,
		    pos, "'%s' replaces the '%s' before it", words, other);
	else if (last_wins)
		diag = diag_add(diags, CHECK_DUPLICATE_OPTION, DIAG_WARNING,
		    pos, "'%s' is given twice, and only the last counts",
		    words);
	else
		diag = diag_report(diags, CHECK_DUPLICATE_OPTION, pos,
		    "'%s' is given twice", words);
	diag_note(diags, diag, options_head(check, first), "'%s' is given here",
	    other);
}

/* "from auth" sets what "auth" sets, and does not ask whether it is set. */
static void
options_fill_inner(struct options_check *check, const struct clause *clause)
{
	struct diag_list *diags = &check->comp->diags;
	unsigned slot = options_rows[clause->kind].inner;
	const struct clause *first = check->first[slot];
	struct diag *diag;

	check->first[slot] = clause;
	if (first == NULL)
		return;
	diag = diag_add(diags, CHECK_DUPLICATE_OPTION, DIAG_WARNING,
	    clause->pos, "'%s' replaces the '%s' before it",
	    options_words(check, clause), options_words(check, first));
	diag_note(diags, diag, first->pos, "this condition is ignored");
}

/* junk, rcpt-to, verify: part of the option that they follow. */
static void
options_check_behind(struct options_check *check, const struct clause *clause)
{
	struct diag_list *diags = &check->comp->diags;
	unsigned kind = options_rows[clause->kind].behind;
	const char *words = options_words(check, clause);
	const struct clause *owner = check->first[kind];
	const char *owner_words = clause_words((enum clause_kind)kind,
	    check->dialect);
	struct diag *diag;

	if (owner == NULL) {
		diag = diag_report(diags, CHECK_MISSING_OPTION, clause->pos,
		    "'%s' needs '%s' before it", words, owner_words);
		if (check_edit_is(diags->map, clause->pos, words))
			check_edit_insert(diags, diag, clause->pos.begin, "%s ",
			    owner_words);
		return;
	}
	if (check->previous->kind == kind)
		return;
	diag = diag_report(diags, CHECK_CONFLICTING_OPTIONS, clause->pos,
	    "'%s' must stand directly behind '%s'", words, owner_words);
	if (check_edit_clause_is(diags->map, clause, words) &&
	    check_edit_clause_is(diags->map, owner, owner_words))
		check_edit_move(diags, diag, clause->pos, owner->pos.end);
}

/* Anything behind the ttl of an action. */
static void
options_check_ttl(struct options_check *check, const struct clause *clause)
{
	struct diag_list *diags = &check->comp->diags;
	const struct clause *ttl = check->previous;
	struct diag *diag;

	if (!options_is_at(check, ACTIONS) || clause->kind == CLAUSE_TTL ||
	    ttl == NULL || ttl->kind != CLAUSE_TTL)
		return;
	diag = diag_report(diags, CHECK_CONFLICTING_OPTIONS, ttl->pos,
	    "'ttl' must stand behind all other options");
	if (check_edit_clause_is(diags->map, ttl, "ttl"))
		check_edit_move(diags, diag, ttl->pos, check->stmt->pos.end);
}

static const struct clause *
options_host(const struct options_check *check)
{
	const struct clause *host = check->first[CLAUSE_HOST];

	return host != NULL && host->kind != CLAUSE_BACKUP ? host : NULL;
}

/* Credentials need a host, and behind it. */
static void
options_check_auth(struct options_check *check, const struct clause *clause)
{
	struct diag_list *diags = &check->comp->diags;
	const struct clause *host = clause->next;
	struct diag *diag;

	if (options_host(check) != NULL)
		return;
	while (host != NULL && host->kind != CLAUSE_HOST &&
	    host->kind != CLAUSE_DOMAIN)
		host = host->next;
	if (host == NULL) {
		diag_report(diags, CHECK_MISSING_OPTION, clause->pos,
		    "'auth' needs 'host' or 'domain': credentials are sent to "
		    "named hosts only");
		return;
	}
	diag = diag_report(diags, CHECK_CONFLICTING_OPTIONS, clause->pos,
	    "'auth' must stand behind '%s'", options_words(check, host));
	if (check_edit_clause_is(diags->map, clause, "auth") &&
	    check_edit_clause_is(diags->map, host, options_words(check, host)))
		check_edit_move(diags, diag, clause->pos, host->pos.end);
}

static void
options_check_srs(struct options_check *check, const struct clause *clause)
{
	struct diag_list *diags = &check->comp->diags;
	struct diag *diag;

	if (check->has_srs_key)
		return;
	diag = diag_report(diags, CHECK_MISSING_OPTION, clause->pos,
	    "'srs' needs an 'srs key SECRET' above the action");
	if (check->srs_key != NULL)
		diag_note(diags, diag, check->srs_key->pos, "move this up");
}

/* What a clause needs beside its slot. */
static void
options_check_needs(struct options_check *check, const struct clause *clause)
{
	if (check->place == PLACE_RELAY && clause->kind == CLAUSE_AUTH &&
	    check->first[CLAUSE_AUTH] == NULL)
		options_check_auth(check, clause);
	if (clause->kind == CLAUSE_SRS)
		options_check_srs(check, clause);
	if (clause->kind == CLAUSE_USER && check->place == PLACE_LMTP &&
	    check->version >= TARGET_7_3 && check->version < TARGET_7_5)
		diag_report(&check->comp->diags, CHECK_CONFLICTING_OPTIONS,
		    clause->pos,
		    "%s delivers with lmtp as its own user, and "
		    "takes no 'user'",
		    target_name(check->version));
	if (clause->kind == CLAUSE_PKI &&
	    ++check->pki_count == OPTIONS_PKI_MAX + 1)
		diag_report(&check->comp->diags, CHECK_CONFLICTING_OPTIONS,
		    clause->pos, "a listener takes at most %d 'pki'",
		    OPTIONS_PKI_MAX);
}

static void
options_check_clause(struct options_check *check, const struct clause *clause)
{
	const struct options_row *row = &options_rows[clause->kind];
	const struct clause *first = check->first[row->slot];

	if (!options_is_at(check, row->places)) {
		options_report_place(check, clause);
		return;
	}
	if (row->behind != 0 &&
	    options_is_at(check, options_rows[row->behind].places))
		options_check_behind(check, clause);
	options_check_ttl(check, clause);
	options_check_needs(check, clause);
	if (first == NULL)
		check->first[row->slot] = clause;
	else if (!options_is_at(check, row->many))
		options_report_repeat(check, clause, first);
	if (row->inner != 0)
		options_fill_inner(check, clause);
}

/* A listener looks for the name as typed, among lower-cased ones. */
static bool
options_can_name(const struct stmt *pki)
{
	for (uint32_t i = 0; i < pki->name.len; i++)
		if (str_lower(pki->name.ptr[i]) != pki->name.ptr[i])
			return false;
	return true;
}

/* Since 7.3 a listener finds no certificate by itself. */
static void
options_check_listen_pki(struct options_check *check)
{
	struct diag_list *diags = &check->comp->diags;
	const struct clause *tls = check->first[CLAUSE_TLS];
	const char *words = options_words(check, tls);
	struct diag *diag = diag_report(diags, CHECK_MISSING_OPTION,
	    options_head(check, tls), "'%s' needs a 'pki' with the certificate",
	    words);

	if (check->pki == NULL || check->has_many_pkis)
		return;
	diag_note(diags, diag, check->pki->name.pos, "this one is declared");
	if (options_can_name(check->pki) &&
	    check_edit_clause_is(diags->map, tls, words))
		check_edit_insert(diags, diag, tls->pos.end, " pki %.*s",
		    STR_ARG(source_text(diags->map, check->pki->name.pos)));
}

/* auth and pki work over TLS only. */
static void
options_check_listen(struct options_check *check)
{
	struct diag_list *diags = &check->comp->diags;
	const struct clause *needs = check->first[CLAUSE_AUTH];
	struct diag *diag;

	if (check->first[CLAUSE_TLS] != NULL) {
		if (check->first[CLAUSE_PKI] == NULL &&
		    check->version >= TARGET_7_3)
			options_check_listen_pki(check);
		return;
	}
	if (needs == NULL)
		needs = check->first[CLAUSE_PKI];
	if (needs == NULL)
		return;
	diag = diag_report(diags, CHECK_MISSING_OPTION,
	    options_head(check, needs), "'%s' needs TLS on the listener",
	    options_words(check, needs));
	diag_note(diags, diag, (struct srcpos){ 0, 0 },
	    "add tls, tls-require or smtps");
}

/* What a legacy URL promises, its options must keep. */
static void
options_check_via(struct options_check *check)
{
	struct diag_list *diags = &check->comp->diags;
	const struct clause *host = check->first[CLAUSE_HOST];
	const struct clause *verify = check->first[CLAUSE_VERIFY];
	struct relayurl url;
	struct diag *diag;

	if (relayurl_parse(word_str(host->arg), RELAYURL_LEGACY, &url) !=
	    RELAYURL_OK)
		return;
	if (url.label.len > 0 && check->first[CLAUSE_AUTH] == NULL) {
		diag = diag_report(diags, CHECK_MISSING_OPTION, host->arg.pos,
		    "the URL asks for authentication, and there is no 'auth'");
		diag_note(diags, diag, (struct srcpos){ 0, 0 },
		    "add auth <TABLE>, with an entry for '%.*s'",
		    STR_ARG(url.label));
	}
	if (verify != NULL &&
	    (url.tls == RELAYURL_TLS_NEVER ||
		url.tls == RELAYURL_TLS_IF_OFFERED)) {
		diag = diag_report(diags, CHECK_CONFLICTING_OPTIONS,
		    verify->pos, "'verify' needs a URL that enforces TLS");
		diag_note(diags, diag, host->arg.pos,
		    "TLS is not enforced here");
	}
}

static enum options_place
options_find_place(struct options_check *check)
{
	bool is_legacy = check->dialect == DIALECT_LEGACY;
	enum options_place place = PLACE_RULE_BARE;

	switch ((unsigned)check->stmt->kind) {
	case STMT_LISTEN:
		return is_legacy ? PLACE_LISTEN_LEGACY : PLACE_LISTEN_MODERN;
	case STMT_LISTEN_SOCKET:
		return is_legacy ? PLACE_SOCKET_LEGACY : PLACE_SOCKET_MODERN;
	case STMT_MATCH:
		return PLACE_MATCH;
	case STMT_LIMIT_MTA:
		return PLACE_LIMIT_MTA;
	case STMT_PROC:
		return PLACE_PROC;
	case STMT_FILTER:
		return stmt_clause(check->stmt, CLAUSE_PROC_EXEC) != NULL ?
		    PLACE_PROC :
		    PLACE_NONE;
	case STMT_ACTION:
		check->method = check->stmt->clauses;
		return options_methods[check->method->kind].modern;
	case STMT_ACCEPT:
	case STMT_REJECT:
		break;
	default:
		return PLACE_NONE;
	}
	for (const struct clause *c = check->stmt->clauses; c != NULL;
	     c = c->next) {
		unsigned found = options_methods[c->kind].legacy;

		if (found == PLACE_NONE)
			continue;
		place = (enum options_place)found;
		check->method = c;
	}
	return place;
}

static bool
options_is_old(const struct stmt *stmt)
{
	if (stmt->flags & STMT_OLD)
		return true;
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->flags & CLAUSE_OLD)
			return true;
	return false;
}

/* Of many slots few are in use: clearing all took longer than the check. */
static void
options_forget(struct options_check *check)
{
	for (const struct clause *c = check->stmt->clauses; c != NULL;
	     c = c->next) {
		check->first[options_rows[c->kind].slot] = NULL;
		check->first[options_rows[c->kind].inner] = NULL;
	}
}

static void
options_check_stmt(struct options_check *check, const struct stmt *stmt)
{
	check->stmt = stmt;
	check->method = NULL;
	check->place = options_find_place(check);
	if (check->place == PLACE_NONE || options_is_old(stmt))
		return;
	check->previous = NULL;
	check->pki_count = 0;
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		options_check_clause(check, c);
		check->previous = c;
	}
	if (stmt->kind == STMT_LISTEN)
		options_check_listen(check);
	if (check->place == PLACE_RULE_VIA)
		options_check_via(check);
	options_forget(check);
}

/* What later statements ask about those above them. */
static void
options_remember(struct options_check *check, const struct stmt *stmt)
{
	if (stmt->kind == STMT_SRS_KEY)
		check->has_srs_key = true;
	if (stmt->kind != STMT_PKI)
		return;
	if (check->pki == NULL)
		check->pki = stmt;
	else if (!str_eq_nocase(word_str(check->pki->name),
		     word_str(stmt->name)))
		check->has_many_pkis = true;
}

void
check_options(struct compilation *comp)
{
	struct options_check check = {
		.comp = comp,
		.dialect = comp->tree->target.dialect,
		.version = comp->tree->target.version,
	};

	for (const struct stmt *s = comp->tree->others;
	     s != NULL && check.srs_key == NULL; s = s->next_other)
		if (s->kind == STMT_SRS_KEY)
			check.srs_key = s;
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next) {
		options_remember(&check, s);
		options_check_stmt(&check, s);
	}
}
