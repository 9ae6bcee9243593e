/*
 * What the daemon accepts and does nothing with, or does what no one wants:
 * options that have no effect where they stand, conditions that make every
 * look at them fail, and clients who log in and may then not send.
 */
#include "compiler/check.h"

#include "compiler/check_edit.h"
#include "compiler/check_facts.h"
#include "runtime/base/units.h"
#include "runtime/expand/format.h"

enum {
	EFFECTS_TTL_DEFAULT = 4 * 24 * 60 * 60, /* s */
	EFFECTS_WARNINGS = 4, /* delays of bounce warnings that count */
};

struct effects {
	struct compilation *comp;
	struct diag_list *diags;
	const struct target *target;

	/* Of the statement at hand. */
	bool has_tls;
	bool has_auth;
	bool has_source;
	bool delivers;

	/* The first of each. */
	const struct stmt *bounce;
	const struct stmt *srs_key;
	const struct clause *srs;
	const struct clause *login;      /* auth of a listener */
	const struct stmt *relays_local; /* the rule, for any */
	bool relays_others;              /* so does a rule for others */

	/* Life times of mail in the queue. */
	const struct stmt *expire;
	uint32_t ttl; /* the longest, s; 0: none was written */
};

static struct srcpos
effects_head(const struct effects *e, const struct clause *clause)
{
	return check_edit_head(e->diags->map, clause,
	    clause_words(clause->kind, e->target->dialect));
}

/* Reports a clause that lacks another. */
static void
effects_report_idle(struct effects *e, const struct clause *clause,
    const char *why)
{
	diag_report(e->diags, CHECK_NO_EFFECT, effects_head(e, clause),
	    "'%s' has no effect here: %s",
	    clause_words(clause->kind, e->target->dialect), why);
}

static void
effects_check_listen_clause(struct effects *e, const struct clause *clause)
{
	switch ((unsigned)clause->kind) {
	case CLAUSE_SENDERS:
	case CLAUSE_RECEIVED_AUTH:
		if (!e->has_auth)
			effects_report_idle(e, clause,
			    "without 'auth' no client logs in");
		break;
	case CLAUSE_CA:
	case CLAUSE_CIPHERS:
	case CLAUSE_PROTOCOLS:
		if (!e->has_tls)
			effects_report_idle(e, clause,
			    "the listener has no TLS");
		break;
	case CLAUSE_FILTER:
		if (e->target->version < TARGET_6_6)
			diag_report(e->diags, CHECK_BROKEN_IN_TARGET,
			    effects_head(e, clause),
			    "before 6.6 there are no filters, and a listener "
			    "with one refuses every connection");
		break;
	default:
		break;
	}
}

static void
effects_check_action_clause(struct effects *e, const struct clause *clause)
{
	bool is_legacy = e->target->dialect == DIALECT_LEGACY;

	if (clause->kind == CLAUSE_HELO_SRC && !e->has_source)
		effects_report_idle(e, clause,
		    is_legacy ? "names are looked up by the 'source'" :
				"names are looked up by the 'src'");
	if (clause->kind == CLAUSE_WRAPPER && !e->delivers)
		effects_report_idle(e, clause,
		    "the action delivers nothing that could be wrapped");
}

static void
effects_check_match_clause(struct effects *e, const struct clause *clause)
{
	unsigned version = e->target->version;
	const char *text = NULL;
	struct diag *diag;

	if (clause->kind == CLAUSE_COND_TLS)
		text = "up to 7.8 'tls' answers every recipient that comes "
		       "this far with 451";
	else if (clause->kind == CLAUSE_FROM_SOCKET && version < TARGET_6_6)
		text = "in 6.4 'from socket' answers every recipient that "
		       "comes this far with 451";
	else if (clause->kind == CLAUSE_FROM_SOCKET && version < TARGET_6_7)
		text = "6.6 may crash on 'from socket' with mail that does "
		       "not come from the socket";
	else if (clause->kind == CLAUSE_COND_AUTH && clause->table != NULL &&
	    version < TARGET_6_7)
		text = "before 6.7 'auth' with a table answers authenticated "
		       "clients with 451";
	if (text == NULL)
		return;
	diag = diag_report(e->diags, CHECK_BROKEN_IN_TARGET, clause->pos, "%s",
	    text);
	if (clause->kind == CLAUSE_COND_TLS)
		diag_note(e->diags, diag, (struct srcpos){ 0, 0 },
		    "a listener with 'tls-require' and a tag can be told by "
		    "its tag");
}

/* What it wraps never runs. */
static void
effects_check_wrapper(struct effects *e, const struct stmt *stmt)
{
	struct format_piece piece;
	struct format_scan scan;

	format_scan_init(&scan, word_str(stmt->value),
	    FORMAT_MODERN | FORMAT_WRAPPER | FORMAT_NATIVE);
	while (format_scan_next(&scan, &piece))
		if (piece.kind == FORMAT_BAD ||
		    (piece.kind == FORMAT_VALUE &&
			piece.token == FORMAT_TOKEN_MDA))
			return;
	diag_report(e->diags, CHECK_NO_EFFECT, stmt->value.pos,
	    "the wrapper has no %%{mda}, so the command that it wraps never "
	    "runs");
}

/* Life times. */

static void
effects_add_ttl(struct effects *e, struct word word)
{
	uint32_t ttl;

	if (units_parse_delay(word_str(word), &ttl) == UNITS_OK && ttl > e->ttl)
		e->ttl = ttl;
}

/* A legacy rule above all "expire" has the default. */
static bool
effects_has_default_ttl(const struct effects *e, const struct stmt *stmt)
{
	return e->expire == NULL && stmt->kind == STMT_ACCEPT &&
	    stmt_clause(stmt, CLAUSE_TTL) == NULL;
}

static void
effects_report_late(struct effects *e, const struct clause *clause)
{
	struct diag *diag = diag_report(e->diags, CHECK_NO_EFFECT,
	    clause->arg.pos,
	    "no warning is sent after %.*s: no mail stays in the queue so long",
	    WORD_ARG(clause->arg));

	/* A legacy rule may stand above it. */
	if (e->expire != NULL && e->target->dialect == DIALECT_MODERN)
		diag_note(e->diags, diag, e->expire->pos,
		    "mail expires by this");
}

/* Further delays are reported with the values. */
static void
effects_check_bounce(struct effects *e)
{
	uint32_t delay, ttl = e->ttl;
	unsigned count = 0;

	if (e->bounce == NULL)
		return;
	if (e->expire == NULL && ttl < EFFECTS_TTL_DEFAULT)
		ttl = EFFECTS_TTL_DEFAULT;
	for (const struct clause *c = e->bounce->clauses;
	     c != NULL && count < EFFECTS_WARNINGS; c = c->next, count++)
		if (units_parse_delay(word_str(c->arg), &delay) == UNITS_OK &&
		    delay >= ttl)
			effects_report_late(e, c);
}

/* Who may relay. */

static const struct clause *
effects_clause_between(const struct stmt *stmt, enum clause_kind first,
    enum clause_kind last)
{
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->kind >= first && c->kind <= last)
			return c;
	return NULL;
}

static void
effects_add_relaying(struct effects *e, const struct stmt *stmt)
{
	const struct clause *verdict = stmt_clause(stmt, CLAUSE_ACTION);
	const struct clause *from = effects_clause_between(stmt,
	    CLAUSE_FROM_ANY, CLAUSE_FROM_MAIL_FROM);
	const struct clause *to = effects_clause_between(stmt, CLAUSE_FOR_ANY,
	    CLAUSE_FOR_RCPT_TO);
	bool is_negated = to != NULL && (to->flags & CLAUSE_NEGATED);
	bool is_local = from == NULL ||
	    ((from->kind == CLAUSE_FROM_LOCAL ||
		 from->kind == CLAUSE_FROM_SOCKET) &&
		(from->flags & CLAUSE_NEGATED) == 0);

	if (verdict == NULL || verdict->decl == NULL || to == NULL ||
	    !check_facts_relays(verdict->decl))
		return;
	if (!is_local && (to->kind != CLAUSE_FOR_LOCAL || is_negated))
		e->relays_others = true;
	else if (to->kind == CLAUSE_FOR_ANY && !is_negated &&
	    e->relays_local == NULL)
		e->relays_local = stmt;
}

/* Before 6.4 who had logged in was local. */
static void
effects_check_login(struct effects *e)
{
	struct diag *diag;

	if (e->login == NULL || e->relays_local == NULL || e->relays_others ||
	    check_facts_is_partial(e->comp))
		return;
	diag = diag_report(e->diags, CHECK_AUTH_CANNOT_RELAY,
	    effects_head(e, e->login),
	    "clients log in here, but no rule lets them relay");
	diag_note(e->diags, diag, e->relays_local->pos,
	    "this rule is for mail from this machine: since 6.4 an "
	    "authenticated client does not count as local");
	diag_note(e->diags, diag, (struct srcpos){ 0, 0 },
	    "add 'match auth from any for any action %.*s'",
	    STR_ARG(source_text(e->diags->map,
		stmt_clause(e->relays_local, CLAUSE_ACTION)->arg.pos)));
}

static void
effects_check_srs(struct effects *e)
{
	if (e->srs_key == NULL || e->srs != NULL ||
	    check_facts_is_partial(e->comp))
		return;
	diag_report(e->diags, CHECK_NO_EFFECT,
	    stmt_head(e->srs_key, e->target->dialect),
	    "the key has no effect: no action has 'srs'");
}

/* Statement by statement. */

static void
effects_check_clauses(struct effects *e, const struct stmt *stmt)
{
	e->has_tls = check_facts_tls(stmt) != NULL;
	e->has_auth = check_facts_auth(stmt) != NULL;
	e->has_source = stmt_clause(stmt, CLAUSE_SRC) != NULL;
	e->delivers = stmt_clause(stmt, CLAUSE_FORWARD_ONLY) == NULL &&
	    stmt_clause(stmt, CLAUSE_EXPAND_ONLY) == NULL;
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->flags & CLAUSE_OLD)
			continue;
		if (stmt->kind == STMT_LISTEN)
			effects_check_listen_clause(e, c);
		else if (stmt->kind == STMT_MATCH)
			effects_check_match_clause(e, c);
		else
			effects_check_action_clause(e, c);
		if (c->kind == CLAUSE_SRS)
			e->srs = c;
		else if (c->kind == CLAUSE_TTL)
			effects_add_ttl(e, c->arg);
	}
}

static void
effects_check_stmt(struct effects *e, const struct stmt *stmt)
{
	switch ((unsigned)stmt->kind) {
	case STMT_LISTEN:
		if (e->login == NULL)
			e->login = check_facts_auth(stmt);
		effects_check_clauses(e, stmt);
		break;
	case STMT_MATCH:
		effects_add_relaying(e, stmt);
		effects_check_clauses(e, stmt);
		break;
	case STMT_ACCEPT:
		if (effects_has_default_ttl(e, stmt) &&
		    e->ttl < EFFECTS_TTL_DEFAULT)
			e->ttl = EFFECTS_TTL_DEFAULT;
		effects_check_clauses(e, stmt);
		break;
	case STMT_ACTION:
		effects_check_clauses(e, stmt);
		break;
	case STMT_BOUNCE_WARN:
		e->bounce = stmt;
		break;
	case STMT_QUEUE_TTL:
		e->expire = stmt;
		effects_add_ttl(e, stmt->name);
		break;
	case STMT_SRS_KEY:
		e->srs_key = stmt;
		break;
	case STMT_MDA_WRAPPER:
		effects_check_wrapper(e, stmt);
		break;
	default:
		break;
	}
}

void
check_effects(struct compilation *comp)
{
	struct effects effects = {
		.comp = comp,
		.diags = &comp->diags,
		.target = &comp->tree->target,
	};

	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next)
		effects_check_stmt(&effects, s);
	effects_check_bounce(&effects);
	effects_check_srs(&effects);
	effects_check_login(&effects);
}
