/*
 * Actions of a dump, by name, with everything in which targets differ.
 */
#include "compiler/dump_private.h"

static const char *const dump_methods[] = {
	[IR_MBOX] = "mbox",
	[IR_MAILDIR] = "maildir",
	[IR_LMTP] = "lmtp",
	[IR_MDA] = "mda",
	[IR_FORWARD_ONLY] = "forward-only",
	[IR_EXPAND_ONLY] = "expand-only",
	[IR_RELAY] = "relay",
};

/* How the argument of a method is called, NULL where there is none. */
static const char *const dump_arguments[] = {
	[IR_MAILDIR] = "path",
	[IR_LMTP] = "destination",
	[IR_MDA] = "command",
	[IR_RELAY] = NULL,
};

static void
dump_put_recipients(struct dump *dump, struct dump_value *map,
    const struct ir_local *local)
{
	const struct ir_wrapper *wrappers = dump->ir->wrappers;

	dump_put_table(dump, map, "alias", local->alias);
	dump_put_table(dump, map, "virtual", local->virtual);
	dump_put_table(dump, map, "userbase", local->userbase);
	dump_put_text(dump, map, "user", local->user);
	dump_put_flag(dump, map, "user-from-userbase",
	    local->user_from_userbase);
	dump_put_text(dump, map, "wrapper",
	    local->wrapper == IR_NONE ? STR_LIT("") :
					wrappers[local->wrapper].name);
}

/* What targets do differently. */
static void
dump_put_delivery(struct dump *dump, struct dump_value *map,
    const struct ir_local *local)
{
	static const char *const shells[] = {
		[IR_SHELL_NONE] = "none",
		[IR_SHELL_ONCE] = "once",
		[IR_SHELL_TWICE] = "twice",
	};
	static const char *const policies[] = {
		[IR_EXIT_RETRY_ALL] = "retry-all",
		[IR_EXIT_SYSEXITS] = "sysexits",
	};
	static const char *const environments[] = {
		[IR_ENV_PATH] = "path",
		[IR_ENV_6_4] = "6.4",
		[IR_ENV_6_6] = "6.6",
		[IR_ENV_7_6] = "7.6",
	};

	dump_put_word(dump, map, "shell", shells[local->shell]);
	dump_put_word(dump, map, "exit-status", policies[local->exit_policy]);
	dump_put_word(dump, map, "environment",
	    environments[local->environment]);
	dump_put_flag(dump, map, "from-line", local->has_from_line);
	dump_put_word(dump, map, "formats-expanded",
	    local->expands_at_rcpt ? "at-rcpt" : "at-delivery");
	dump_put_flag(dump, map, "slashes-replaced", local->sanitises_slash);
	dump_put_flag(dump, map, "root-may-deliver", local->root_may_deliver);
}

static void
dump_put_local(struct dump *dump, struct dump_value *map,
    const struct ir_action *action)
{
	const char *argument = dump_arguments[action->method];

	if (argument != NULL)
		dump_put_text(dump, map, argument, action->local.argument);
	if (action->method == IR_MAILDIR)
		dump_put_flag(dump, map, "junk", action->local.has_junk);
	if (action->method == IR_LMTP)
		dump_put_flag(dump, map, "rcpt-to", action->local.lmtp_rcpt_to);
	dump_put_recipients(dump, map, &action->local);
	dump_put_delivery(dump, map, &action->local);
}

/* Relays. */

static void
dump_put_next_hop(struct dump *dump, struct dump_value *map,
    const struct ir_relay *relay)
{
	dump_put_table(dump, map, "host", relay->hosts);
	dump_put_table(dump, map, "domain", relay->domains);
	dump_put_word(dump, map, "urls",
	    relay->is_legacy_url ? "legacy" : "modern");
	dump_put_flag(dump, map, "backup", relay->is_backup);
	if (!relay->is_backup)
		return;
	dump_put_text(dump, map, "mx", relay->backup_mx);
	if (relay->backup_mx.len == 0)
		dump_put_word(dump, map, "mx-from",
		    relay->backup_is_server_name ? "server-name" :
						   "receiving-name");
}

static void
dump_put_relay_tls(struct dump *dump, struct dump_value *map,
    const struct ir_relay *relay)
{
	static const char *const modes[] = {
		[IR_TLS_NEVER] = "never",
		[IR_TLS_IF_OFFERED] = "if-offered",
		[IR_TLS_REQUIRED] = "required",
		[IR_TLS_BY_URL] = "by-url",
	};
	static const char *const verifies[] = {
		[IR_VERIFY_NONE] = "none",
		[IR_VERIFY_CHAIN] = "chain",
		[IR_VERIFY_NAME] = "chain-and-name",
		[IR_VERIFY_BY_URL] = "by-url",
	};

	dump_put_word(dump, map, "tls", modes[relay->tls]);
	dump_put_word(dump, map, "verify", verifies[relay->verify]);
	dump_put_table(dump, map, "auth", relay->auth);
	dump_put_text(dump, map, "pki", relay->pki);
	dump_put_text(dump, map, "ca", relay->ca);
	dump_put_flag(dump, map, "implicit-pki", relay->implicit_pki);
	dump_put_text(dump, map, "ciphers", relay->ciphers);
	dump_put_text(dump, map, "protocols", relay->protocols);
}

static void
dump_put_relay(struct dump *dump, struct dump_value *map,
    const struct ir_relay *relay)
{
	dump_put_next_hop(dump, map, relay);
	dump_put_relay_tls(dump, map, relay);
	dump_put_text(dump, map, "helo", relay->helo);
	dump_put_table(dump, map, "helo-src", relay->helo_src);
	dump_put_table(dump, map, "src", relay->src);
	dump_put_text(dump, map, "mail-from", relay->mail_from);
	dump_put_flag(dump, map, "rewrites-stored-sender",
	    relay->rewrites_stored_sender);
	dump_put_flag(dump, map, "user-implies-server-name",
	    relay->user_implies_server_name);
	dump_put_flag(dump, map, "srs", relay->srs);
	dump_put_filter(dump, map, "filter", relay->filter);
}

void
dump_add_actions(struct dump *dump, struct dump_value *root)
{
	struct dump_value *actions = dump_put_map(dump, root, "actions");

	for (uint32_t i = 0; i < dump->ir->action_count; i++) {
		const struct ir_action *action = &dump->ir->actions[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		dump_put_word(dump, map, "method",
		    dump_methods[action->method]);
		dump_put_delay(dump, map, "ttl", action->ttl);
		if (action->method == IR_RELAY)
			dump_put_relay(dump, map, &action->relay);
		else
			dump_put_local(dump, map, action);
		dump_put_pos(dump, map, action->pos);
		dump_put(dump, actions, action->name, map);
	}
	dump_sort(dump, actions);
}
