/*
 * Lowering of the modern language: named actions, and rules whose
 * predicates are asked in the order tag, from, for, helo, auth, tls,
 * mail-from, rcpt-to, whatever the order in the file.
 */
#include "compiler/lower_private.h"

/* The clauses of a match, by what they constrain. */
struct lower_match {
	const struct clause *tag;
	const struct clause *from;
	const struct clause *for_;
	const struct clause *helo;
	const struct clause *auth;
	const struct clause *tls;
	const struct clause *mail_from;
	const struct clause *rcpt_to;
	const struct clause *verdict;
};

static void
lower_match_clause(const struct clause *clause, struct lower_match *match)
{
	switch ((unsigned)clause->kind) {
	case CLAUSE_COND_TAG:
		match->tag = clause;
		break;
	case CLAUSE_COND_HELO:
		match->helo = clause;
		break;
	case CLAUSE_COND_TLS:
		match->tls = clause;
		break;
	/* "from auth" is "from any auth", and so on: the later one counts. */
	case CLAUSE_FROM_AUTH:
		match->from = clause;
		match->auth = clause;
		break;
	case CLAUSE_COND_AUTH:
		match->auth = clause;
		break;
	case CLAUSE_FROM_MAIL_FROM:
		match->from = clause;
		match->mail_from = clause;
		break;
	case CLAUSE_COND_MAIL_FROM:
		match->mail_from = clause;
		break;
	case CLAUSE_FOR_RCPT_TO:
		match->for_ = clause;
		match->rcpt_to = clause;
		break;
	case CLAUSE_COND_RCPT_TO:
		match->rcpt_to = clause;
		break;
	case CLAUSE_FROM_ANY:
	case CLAUSE_FROM_LOCAL:
	case CLAUSE_FROM_SOCKET:
	case CLAUSE_FROM_SRC:
	case CLAUSE_FROM_RDNS:
		match->from = clause;
		break;
	case CLAUSE_FOR_ANY:
	case CLAUSE_FOR_LOCAL:
	case CLAUSE_FOR_DOMAIN:
		match->for_ = clause;
		break;
	case CLAUSE_ACTION:
	case CLAUSE_REJECT:
		match->verdict = clause;
		break;
	default:
		break;
	}
}

static void
lower_from_rdns(struct lower *lower, const struct clause *from)
{
	/*
	 * The originals look names up as if they were addresses, so that no
	 * wildcard ever matches; ours does what their manual says.
	 */
	bool is_native = lower->target.version == TARGET_NATIVE;
	struct ruleset_pred *pred;

	if (from->table == NULL) {
		pred = lower_pred(lower, PRED_FROM_RDNS, from);
		pred->flags |= PRED_NOT_INTERNAL;
		return;
	}
	pred = lower_table_pred(lower, PRED_FROM_RDNS, from,
	    is_native ? SERVICE_DOMAIN : SERVICE_NETADDR);
	pred->flags |= PRED_NOT_UNKNOWN;
}

static void
lower_from(struct lower *lower, const struct clause *from)
{
	const unsigned host = ORIGIN_INTERNAL | ORIGIN_SOCKET;
	struct ruleset_pred *pred;

	if (from == NULL || from->kind == CLAUSE_FROM_LOCAL) {
		lower_pred(lower, PRED_FROM_LOCAL, from)->local_classes = host;
		return;
	}
	switch ((unsigned)from->kind) {
	case CLAUSE_FROM_SOCKET:
		pred = lower_pred(lower, PRED_FROM_SOCKET, from);
		pred->flags |= lower->target.version < TARGET_6_6 ?
		    PRED_FAILS :
		    PRED_NOT_INTERNAL;
		break;
	case CLAUSE_FROM_SRC:
		pred = lower_table_pred(lower, PRED_FROM_TABLE, from,
		    SERVICE_NETADDR);
		pred->local_classes = host;
		break;
	case CLAUSE_FROM_RDNS:
		lower_from_rdns(lower, from);
		break;
	case CLAUSE_FROM_ANY:
		lower_pred(lower, PRED_FROM_ANY, from);
		break;
	default:
		/* The negation belongs to what follows: from any. */
		pred = lower_pred(lower, PRED_FROM_ANY, from);
		pred->flags &= ~(unsigned)PRED_NEGATED;
		break;
	}
}

static void
lower_for(struct lower *lower, const struct clause *for_)
{
	struct ruleset_pred *pred;

	if (for_ == NULL || for_->kind == CLAUSE_FOR_LOCAL) {
		lower_pred(lower, PRED_FOR_LOCAL, for_);
	} else if (for_->kind == CLAUSE_FOR_DOMAIN) {
		lower_table_pred(lower, PRED_FOR_TABLE, for_, SERVICE_DOMAIN);
	} else {
		pred = lower_pred(lower, PRED_FOR_ANY, for_);
		if (for_->kind == CLAUSE_FOR_RCPT_TO)
			pred->flags &= ~(unsigned)PRED_NEGATED;
	}
}

static void
lower_auth(struct lower *lower, const struct clause *auth)
{
	struct ruleset_pred *pred;

	if (auth->table == NULL) {
		lower_pred(lower, PRED_AUTH, auth);
		return;
	}
	pred = lower_table_pred(lower, PRED_AUTH, auth, SERVICE_STRING);
	if (lower->target.version < TARGET_6_7)
		pred->flags |= PRED_FAILS_IF_AUTH;
}

static uint32_t
lower_verdict(struct lower *lower, const struct clause *verdict)
{
	void *number;

	if (verdict == NULL || verdict->kind == CLAUSE_REJECT)
		return RULESET_REJECT;
	number = strmap_get(&lower->action_numbers, word_str(verdict->arg));
	/* An unknown action was reported: such a rule accepts nothing. */
	return number == NULL ? RULESET_REJECT :
				(uint32_t)(uintptr_t)number - 1;
}

static void
lower_match(struct lower *lower, const struct stmt *stmt)
{
	struct lower_match match = { .tag = NULL };

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		lower_match_clause(c, &match);
	if (match.tag != NULL)
		lower_table_pred(lower, PRED_TAG, match.tag, SERVICE_STRING);
	lower_from(lower, match.from);
	lower_for(lower, match.for_);
	if (match.helo != NULL)
		lower_table_pred(lower, PRED_HELO, match.helo, SERVICE_DOMAIN);
	if (match.auth != NULL)
		lower_auth(lower, match.auth);
	if (match.tls != NULL && lower->target.version != TARGET_NATIVE)
		lower_pred(lower, PRED_TLS, match.tls)->flags |= PRED_FAILS;
	else if (match.tls != NULL)
		lower_pred(lower, PRED_TLS, match.tls);
	if (match.mail_from != NULL)
		lower_table_pred(lower, PRED_MAIL_FROM, match.mail_from,
		    SERVICE_MAILADDR);
	if (match.rcpt_to != NULL)
		lower_table_pred(lower, PRED_RCPT_TO, match.rcpt_to,
		    SERVICE_MAILADDR);
	lower_rule(lower, stmt, lower_verdict(lower, match.verdict));
}

/* Actions. */

static void
lower_action_local(struct lower *lower, const struct stmt *stmt,
    struct ir_local *local)
{
	const struct clause *wrapper = lower_last(stmt, CLAUSE_WRAPPER);

	local->has_junk = stmt_clause(stmt, CLAUSE_JUNK) != NULL;
	local->lmtp_rcpt_to = stmt_clause(stmt, CLAUSE_RCPT_TO) != NULL;
	local->user = lower_word(stmt, CLAUSE_USER);
	local->alias = lower_clause_table(lower, stmt, CLAUSE_ALIAS);
	local->virtual = lower_clause_table(lower, stmt, CLAUSE_VIRTUAL);
	local->userbase = lower_clause_table(lower, stmt, CLAUSE_USERBASE);
	if (wrapper != NULL)
		local->wrapper = lower_find(&lower->wrappers,
		    word_str(wrapper->arg));
	local->exit_policy = IR_EXIT_SYSEXITS;
}

static enum ir_shell
lower_shell(const struct lower *lower, enum ir_method method)
{
	unsigned version = lower->target.version;

	if (method == IR_MDA || method == IR_MAILDIR)
		return IR_SHELL_TWICE;
	/* The destination stood in quotes from 6.6.4 to 6.8 only. */
	if (method == IR_LMTP)
		return version >= TARGET_6_6 && version < TARGET_7_3 ?
		    IR_SHELL_TWICE :
		    IR_SHELL_ONCE;
	return IR_SHELL_NONE;
}

static void
lower_action_tls(const struct lower *lower, const struct stmt *stmt,
    struct ir_relay *relay)
{
	const struct clause *tls = stmt_clause(stmt, CLAUSE_TLS);
	enum ir_verify verify = lower->target.version < TARGET_6_6 ?
	    IR_VERIFY_CHAIN :
	    IR_VERIFY_NAME;

	if (tls == NULL) {
		relay->tls = IR_TLS_BY_URL;
		relay->verify = IR_VERIFY_BY_URL;
		return;
	}
	relay->tls = IR_TLS_REQUIRED;
	relay->verify = srcpos_is_none(tls->qualifier) ? verify :
							 IR_VERIFY_NONE;
}

static void
lower_action_relay(struct lower *lower, const struct stmt *stmt,
    struct ir_relay *relay)
{
	relay->hosts = lower_clause_table(lower, stmt, CLAUSE_HOST);
	relay->domains = lower_clause_table(lower, stmt, CLAUSE_DOMAIN);
	relay->is_backup = stmt_clause(stmt, CLAUSE_BACKUP) != NULL;
	relay->backup_mx = lower_word(stmt, CLAUSE_BACKUP);
	relay->auth = lower_clause_table(lower, stmt, CLAUSE_AUTH);
	relay->helo = lower_word(stmt, CLAUSE_HELO);
	relay->helo_src = lower_clause_table(lower, stmt, CLAUSE_HELO_SRC);
	relay->src = lower_clause_table(lower, stmt, CLAUSE_SRC);
	relay->mail_from = lower_word(stmt, CLAUSE_MAIL_FROM);
	relay->pki = lower_word(stmt, CLAUSE_PKI);
	relay->ca = lower_word(stmt, CLAUSE_CA);
	relay->ciphers = lower_word(stmt, CLAUSE_CIPHERS);
	relay->protocols = lower_word(stmt, CLAUSE_PROTOCOLS);
	relay->srs = stmt_clause(stmt, CLAUSE_SRS) != NULL;
	relay->filter = lower_filter(lower, stmt);
	lower_action_tls(lower, stmt, relay);
}

static enum ir_method
lower_method(enum clause_kind kind)
{
	switch ((unsigned)kind) {
	case CLAUSE_MBOX:
		return IR_MBOX;
	case CLAUSE_MAILDIR:
		return IR_MAILDIR;
	case CLAUSE_LMTP:
		return IR_LMTP;
	case CLAUSE_MDA:
		return IR_MDA;
	case CLAUSE_FORWARD_ONLY:
		return IR_FORWARD_ONLY;
	case CLAUSE_EXPAND_ONLY:
		return IR_EXPAND_ONLY;
	default:
		return IR_RELAY;
	}
}

static void
lower_action(struct lower *lower, const struct stmt *stmt)
{
	const struct clause *method = stmt->clauses;
	const struct clause *ttl = stmt_clause(stmt, CLAUSE_TTL);
	void **slot = strmap_put(&lower->action_numbers, word_str(stmt->name));
	struct ir_action *action;

	if (*slot != NULL)
		return;
	action = lower_push(lower, &lower->actions);
	*slot = (void *)(uintptr_t)lower->actions.count;
	lower_action_defaults(lower, action);
	action->name = word_str(stmt->name);
	action->pos = stmt->pos;
	action->method = lower_method(method->kind);
	action->local.argument = word_str(method->arg);
	action->local.shell = lower_shell(lower, action->method);
	if (action->method == IR_RELAY)
		lower_action_relay(lower, stmt, &action->relay);
	else
		lower_action_local(lower, stmt, &action->local);
	if (ttl != NULL)
		action->ttl = lower_delay(word_str(ttl->arg), action->ttl);
}

void
lower_modern(struct lower *lower)
{
	const struct stmt *stmts = lower->comp->tree->stmts;

	for (const struct stmt *s = stmts; s != NULL; s = s->next)
		if (s->kind == STMT_ACTION)
			lower_action(lower, s);
	for (const struct stmt *s = stmts; s != NULL; s = s->next)
		if (s->kind == STMT_MATCH)
			lower_match(lower, s);
}
