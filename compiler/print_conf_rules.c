/*
 * Programs, filters, actions and rules of config text.
 */
#include "compiler/print_conf_private.h"

/* Filters. */

static void
print_conf_procs(struct print_conf *conf)
{
	for (uint32_t i = 0; i < conf->ir->proc_count; i++) {
		const struct ir_proc *proc = &conf->ir->procs[i];

		fputs("proc ", conf->out);
		print_conf_word(conf, proc->name);
		putc(' ', conf->out);
		print_conf_word(conf, proc->command);
		print_conf_option(conf, "user", proc->user);
		print_conf_option(conf, "group", proc->group);
		print_conf_option(conf, "chroot", proc->chroot);
		putc('\n', conf->out);
	}
}

/* Text is empty where the decision has none. */
static void
print_conf_decision(struct print_conf *conf, const struct ir_filter *filter)
{
	bool has_text = filter->decision != IR_DECISION_JUNK &&
	    filter->decision != IR_DECISION_BYPASS;

	fprintf(conf->out, " %s", ir_decision_word(filter->decision));
	if (!has_text)
		return;
	putc(' ', conf->out);
	print_conf_word(conf, filter->text);
}

static void
print_conf_phase(struct print_conf *conf, const struct ir_filter *filter)
{
	const char *word = arena_printf(conf->arena, "%s%s%s",
	    filter->is_negated ? "!" : "", ir_condition_word(filter->condition),
	    filter->service == SERVICE_REGEX ? " regex" : "");

	fprintf(conf->out, " phase %s match", ir_phase_word(filter->phase));
	if (filter->table == IR_NONE)
		print_conf_flag(conf, word, true);
	else
		print_conf_table(conf, word, filter->table);
	print_conf_decision(conf, filter);
}

void
print_conf_filters(struct print_conf *conf)
{
	const struct ir *ir = conf->ir;

	if (ir->proc_count + ir->filter_count > 0)
		print_conf_part(conf);
	print_conf_procs(conf);
	for (uint32_t i = 0; i < ir->filter_count; i++) {
		const struct ir_filter *filter = &ir->filters[i];

		if (filter->name.len == 0)
			continue;
		fputs("filter ", conf->out);
		print_conf_word(conf, filter->name);
		switch (filter->kind) {
		case IR_FILTER_PROC:
			print_conf_option(conf, "proc",
			    ir->procs[filter->proc].name);
			break;
		case IR_FILTER_CHAIN:
			fputs(" chain ", conf->out);
			print_conf_members(conf, filter);
			break;
		case IR_FILTER_PHASE:
			print_conf_phase(conf, filter);
			break;
		}
		putc('\n', conf->out);
	}
}

/* Actions. */

static void
print_conf_local(struct print_conf *conf, const struct ir_action *action)
{
	static const char *const methods[] = {
		[IR_MBOX] = "mbox",
		[IR_MAILDIR] = "maildir",
		[IR_LMTP] = "lmtp",
		[IR_MDA] = "mda",
		[IR_FORWARD_ONLY] = "forward-only",
		[IR_EXPAND_ONLY] = "expand-only",
		[IR_RELAY] = "relay",
	};
	const struct ir_local *local = &action->local;
	bool may_be_bare = action->method != IR_LMTP &&
	    action->method != IR_MDA;

	fprintf(conf->out, " %s", methods[action->method]);
	if (local->argument.len > 0 || !may_be_bare) {
		putc(' ', conf->out);
		print_conf_word(conf, local->argument);
	}
	print_conf_flag(conf, "junk", local->has_junk);
	print_conf_flag(conf, "rcpt-to", local->lmtp_rcpt_to);
	print_conf_option(conf, "user", local->user);
	print_conf_table(conf, "alias", local->alias);
	print_conf_table(conf, "virtual", local->virtual);
	print_conf_table(conf, "userbase", local->userbase);
	if (local->wrapper != IR_NONE)
		print_conf_option(conf, "wrapper",
		    conf->ir->wrappers[local->wrapper].name);
}

static void
print_conf_relay(struct print_conf *conf, const struct ir_relay *relay)
{
	print_conf_flag(conf, "relay", true);
	print_conf_flag(conf, "backup", relay->is_backup);
	print_conf_option(conf, "mx", relay->backup_mx);
	/* Credentials come behind the host that they are for. */
	print_conf_table(conf, "host", relay->hosts);
	print_conf_table(conf, "domain", relay->domains);
	print_conf_table(conf, "auth", relay->auth);
	print_conf_flag(conf, "tls", relay->tls == IR_TLS_REQUIRED);
	print_conf_flag(conf, "no-verify",
	    relay->tls == IR_TLS_REQUIRED && relay->verify == IR_VERIFY_NONE);
	print_conf_option(conf, "pki", relay->pki);
	print_conf_option(conf, "ca", relay->ca);
	print_conf_option(conf, "ciphers", relay->ciphers);
	print_conf_option(conf, "protocols", relay->protocols);
	print_conf_option(conf, "helo", relay->helo);
	print_conf_table(conf, "helo-src", relay->helo_src);
	print_conf_table(conf, "src", relay->src);
	print_conf_option(conf, "mail-from", relay->mail_from);
	print_conf_flag(conf, "srs", relay->srs);
	print_conf_filter(conf, relay->filter);
}

void
print_conf_actions(struct print_conf *conf)
{
	const struct ir *ir = conf->ir;

	if (ir->wrapper_count + ir->action_count > 0)
		print_conf_part(conf);
	for (uint32_t i = 0; i < ir->wrapper_count; i++) {
		fputs("mda", conf->out);
		print_conf_option(conf, "wrapper", ir->wrappers[i].name);
		putc(' ', conf->out);
		print_conf_word(conf, ir->wrappers[i].command);
		putc('\n', conf->out);
	}
	for (uint32_t i = 0; i < ir->action_count; i++) {
		const struct ir_action *action = &ir->actions[i];

		fputs("action ", conf->out);
		print_conf_word(conf, action->name);
		if (action->method == IR_RELAY)
			print_conf_relay(conf, &action->relay);
		else
			print_conf_local(conf, action);
		if (action->ttl != ir->settings.queue_ttl)
			print_conf_delay(conf, "ttl", action->ttl);
		putc('\n', conf->out);
	}
}

/* Rules. */

void
print_conf_pred(struct print_conf *conf, const struct ruleset_pred *pred)
{
	static const char *const words[PRED_KINDS] = {
		[PRED_TAG] = "tag",
		[PRED_FROM_ANY] = "from any",
		[PRED_FROM_LOCAL] = "from local",
		[PRED_FROM_SOCKET] = "from socket",
		[PRED_FROM_TABLE] = "from src",
		[PRED_FROM_RDNS] = "from rdns",
		[PRED_FOR_ANY] = "for any",
		[PRED_FOR_LOCAL] = "for local",
		[PRED_FOR_TABLE] = "for domain",
		[PRED_HELO] = "helo",
		[PRED_AUTH] = "auth",
		[PRED_TLS] = "tls",
		[PRED_MAIL_FROM] = "mail-from",
		[PRED_RCPT_TO] = "rcpt-to",
	};
	const char *word = arena_printf(conf->arena, "%s%s%s",
	    pred->flags & PRED_NEGATED ? "!" : "", words[pred->kind],
	    pred->service == SERVICE_REGEX ? " regex" : "");

	if (pred->table == RULESET_NO_TABLE)
		print_conf_flag(conf, word, true);
	else
		print_conf_table(conf, word, pred->table);
}

void
print_conf_rules(struct print_conf *conf)
{
	const struct ruleset *ruleset = &conf->ir->ruleset;

	print_conf_part(conf);
	for (uint32_t i = 0; i < ruleset->rule_count; i++) {
		const struct ruleset_rule *rule = &ruleset->rules[i];

		fputs("match", conf->out);
		for (uint32_t j = 0; j < rule->pred_count; j++)
			print_conf_pred(conf, &rule->preds[j]);
		if (rule->action == RULESET_REJECT)
			fputs(" reject\n", conf->out);
		else {
			print_conf_option(conf, "action",
			    conf->ir->actions[rule->action].name);
			putc('\n', conf->out);
		}
	}
}
