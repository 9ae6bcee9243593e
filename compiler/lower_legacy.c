/*
 * Lowering of the legacy language: every accept carries its action, and
 * predicates are asked in the order tag, authenticated, from, sender,
 * recipient, for. Authenticated clients count as the host itself.
 */
#include "compiler/lower_private.h"

static void
lower_from(struct lower *lower, const struct stmt *stmt)
{
	const unsigned host = ORIGIN_INTERNAL | ORIGIN_SOCKET | ORIGIN_AUTH;
	const struct clause *any = stmt_clause(stmt, CLAUSE_FROM_ANY);
	const struct clause *src = stmt_clause(stmt, CLAUSE_FROM_SRC);
	const struct clause *local = stmt_clause(stmt, CLAUSE_FROM_LOCAL);
	struct ruleset_pred *pred;

	if (any != NULL) {
		lower_pred(lower, PRED_FROM_ANY, any);
		return;
	}
	pred = src != NULL ?
	    lower_table_pred(lower, PRED_FROM_TABLE, src, SERVICE_NETADDR) :
	    lower_pred(lower, PRED_FROM_LOCAL, local);
	pred->local_classes = host;
}

static void
lower_for(struct lower *lower, const struct stmt *stmt)
{
	const struct clause *any = stmt_clause(stmt, CLAUSE_FOR_ANY);
	const struct clause *domain = stmt_clause(stmt, CLAUSE_FOR_DOMAIN);
	const struct clause *virtual = stmt_clause(stmt, CLAUSE_FOR_VIRTUAL);
	struct ruleset_pred *pred;

	if (any != NULL) {
		lower_pred(lower, PRED_FOR_ANY, any);
	} else if (domain != NULL) {
		lower_table_pred(lower, PRED_FOR_TABLE, domain, SERVICE_DOMAIN);
	} else if (virtual != NULL) {
		pred = lower_table_pred(lower, PRED_FOR_TABLE, virtual,
		    SERVICE_DOMAIN);
		pred->table = lower_domain_keys(lower, pred->table);
	} else
		lower_pred(lower, PRED_FOR_LOCAL,
		    stmt_clause(stmt, CLAUSE_FOR_LOCAL));
}

static void
lower_decisions(struct lower *lower, const struct stmt *stmt)
{
	/* Given twice, the last of these counts. */
	const struct clause *tag = lower_last(stmt, CLAUSE_COND_TAG);
	const struct clause *auth = lower_last(stmt, CLAUSE_COND_AUTH);
	const struct clause *sender = stmt_clause(stmt, CLAUSE_COND_MAIL_FROM);
	const struct clause *recipient = stmt_clause(stmt, CLAUSE_COND_RCPT_TO);

	/* An empty tag is no condition. */
	if (tag != NULL && tag->arg.len > 0)
		lower_pred(lower, PRED_TAG, tag)->text = word_str(tag->arg);
	if (auth != NULL)
		lower_pred(lower, PRED_AUTH, auth);
	lower_from(lower, stmt);
	if (sender != NULL)
		lower_table_pred(lower, PRED_MAIL_FROM, sender,
		    SERVICE_MAILADDR);
	if (recipient != NULL)
		lower_table_pred(lower, PRED_RCPT_TO, recipient,
		    SERVICE_MAILADDR);
	lower_for(lower, stmt);
}

/* Actions. */

static void
lower_action_local(struct lower *lower, const struct stmt *stmt,
    const struct clause *method, struct ir_action *action)
{
	struct ir_local *local = &action->local;

	local->lmtp_rcpt_to = stmt_clause(stmt, CLAUSE_RCPT_TO) != NULL;
	local->user = lower_word(stmt, CLAUSE_USER);
	local->user_from_userbase = true;
	local->alias = lower_clause_table(lower, stmt, CLAUSE_ALIAS);
	local->virtual = lower_clause_table(lower, stmt,
	    stmt_clause(stmt, CLAUSE_FOR_VIRTUAL) != NULL ? CLAUSE_FOR_VIRTUAL :
							    CLAUSE_VIRTUAL);
	local->userbase = lower_clause_table(lower, stmt, CLAUSE_USERBASE);
	local->exit_policy = IR_EXIT_RETRY_ALL;
	local->expands_at_rcpt = true;
	local->root_may_deliver = true;
	if (method != NULL)
		local->argument = word_str(method->arg);
	if (action->method == IR_MDA) {
		local->shell = IR_SHELL_ONCE;
		local->has_from_line = true;
	}
}

static uint32_t
lower_url_table(struct lower *lower, const struct clause *via)
{
	struct tabref ref = {
		.kind = TABREF_WORD,
		.pos = via->arg.pos,
		.word = via->arg,
	};

	return lower_table(lower, &ref);
}

static void
lower_action_relay(struct lower *lower, const struct stmt *stmt,
    struct ir_relay *relay)
{
	const struct clause *via = stmt_clause(stmt, CLAUSE_HOST);
	const struct clause *tls = lower_last(stmt, CLAUSE_TLS);
	const struct clause *verify = stmt_clause(stmt, CLAUSE_VERIFY);
	const struct clause *backup = lower_last(stmt, CLAUSE_BACKUP);
	const struct clause *auth = lower_last(stmt, CLAUSE_AUTH);
	const struct clause *src = lower_last(stmt, CLAUSE_SRC);
	const struct clause *helo_src = lower_last(stmt, CLAUSE_HELO_SRC);
	const struct clause *last;

	relay->is_legacy_url = true;
	relay->rewrites_stored_sender = true;
	relay->user_implies_server_name = true;
	relay->backup_is_server_name = true;
	if (via != NULL)
		relay->hosts = lower_url_table(lower, via);
	if (auth != NULL)
		relay->auth = lower_table(lower, auth->table);
	if (src != NULL)
		relay->src = lower_table(lower, src->table);
	if (helo_src != NULL)
		relay->helo_src = lower_table(lower, helo_src->table);
	relay->is_backup = backup != NULL;
	if (backup != NULL)
		relay->backup_mx = word_str(backup->arg);
	relay->tls = via != NULL ? IR_TLS_BY_URL :
	    tls != NULL          ? IR_TLS_REQUIRED :
				   IR_TLS_IF_OFFERED;
	relay->verify = verify != NULL ? IR_VERIFY_CHAIN : IR_VERIFY_NONE;
	if ((last = lower_last(stmt, CLAUSE_HELO)) != NULL)
		relay->helo = word_str(last->arg);
	if ((last = lower_last(stmt, CLAUSE_MAIL_FROM)) != NULL)
		relay->mail_from = word_str(last->arg);
	if ((last = lower_last(stmt, CLAUSE_PKI)) != NULL)
		relay->pki = word_str(last->arg);
	if ((last = lower_last(stmt, CLAUSE_CA)) != NULL)
		relay->ca = word_str(last->arg);
}

static const struct {
	enum clause_kind clause;
	enum ir_method method;
} lower_methods[] = {
	{ CLAUSE_RELAY, IR_RELAY },
	{ CLAUSE_MAILDIR, IR_MAILDIR },
	{ CLAUSE_MBOX, IR_MBOX },
	{ CLAUSE_LMTP, IR_LMTP },
	{ CLAUSE_MDA, IR_MDA },
	{ CLAUSE_FORWARD_ONLY, IR_FORWARD_ONLY },
};

static uint32_t
lower_action(struct lower *lower, const struct stmt *stmt, uint32_t ttl)
{
	const struct clause *expire = stmt_clause(stmt, CLAUSE_TTL);
	const struct clause *method = NULL;
	struct ir_action action = { .pos = stmt->pos };
	struct str digest;
	struct ir_action *slot;
	void **number;

	lower_action_defaults(lower, &action);
	action.method = IR_EXPAND_ONLY;
	for (size_t i = 0; method == NULL &&
	     i < sizeof(lower_methods) / sizeof(lower_methods[0]);
	     i++) {
		method = stmt_clause(stmt, lower_methods[i].clause);
		if (method == NULL)
			continue;
		action.method = lower_methods[i].method;
	}
	action.ttl = expire != NULL ? lower_delay(word_str(expire->arg), ttl) :
				      ttl;
	if (action.method == IR_RELAY)
		lower_action_relay(lower, stmt, &action.relay);
	else
		lower_action_local(lower, stmt, method, &action);

	digest = lower_action_digest(lower, &action);
	number = strmap_put(&lower->action_numbers, digest);
	if (*number == NULL) {
		action.name = digest;
		slot = lower_push(lower, &lower->actions);
		*slot = action;
		*number = (void *)(uintptr_t)lower->actions.count;
	}
	return (uint32_t)(uintptr_t)*number - 1;
}

void
lower_legacy(struct lower *lower)
{
	/* "expire" counts for the rules that follow it. */
	uint32_t ttl = 4 * 24 * 60 * 60;

	for (const struct stmt *s = lower->comp->tree->stmts; s != NULL;
	     s = s->next) {
		uint32_t action = RULESET_REJECT;

		if (s->kind == STMT_QUEUE_TTL)
			ttl = lower_delay(word_str(s->name), ttl);
		if (s->kind != STMT_ACCEPT && s->kind != STMT_REJECT)
			continue;
		lower_decisions(lower, s);
		if (s->kind == STMT_ACCEPT)
			action = lower_action(lower, s, ttl);
		lower_rule(lower, s, action);
	}
	lower_name_actions(lower);
}
