/*
 * What two configs may write in different ways without a difference, in one
 * way.
 */
#include "compiler/differ_private.h"
#include "runtime/base/relayurl.h"

/* Tables: they are what they hold, or where that is. */
static void
differ_rename(struct arena *arena, struct ir_table *table)
{
	switch (table->kind) {
	case IR_TABLE_LIST:
	case IR_TABLE_MAPPING:
		table->name = STR_LIT("");
		break;
	case IR_TABLE_PROGRAM:
		table->name = str_from(arena_printf(arena, "%.*s:%.*s",
		    STR_ARG(table->backend), STR_ARG(table->config)));
		break;
	case IR_TABLE_FILE:
	case IR_TABLE_DB:
		table->name = str_from(arena_printf(arena, "%s:%.*s",
		    table->kind == IR_TABLE_DB ? "db" : "file",
		    STR_ARG(table->config)));
		break;
	case IR_TABLE_SYSTEM_USERS:
	case IR_TABLE_LOCAL_NAMES:
	case IR_TABLE_LOCAL_ADDRESSES:
	case IR_TABLE_ANY_ADDRESS:
	case IR_TABLE_ANY_NAME:
		break;
	}
}

/* Relays. */

static const char *
differ_url_text(struct arena *arena, const struct relayurl *url)
{
	static const char *const suffixes[] = {
		[RELAYURL_TLS_NEVER] = "+notls",
		[RELAYURL_TLS_IF_OFFERED] = "",
		[RELAYURL_TLS_STARTTLS] = "+tls",
		[RELAYURL_TLS_SMTPS] = "s",
		[RELAYURL_TLS_BOTH] = "+tls-or-smtps",
	};

	return arena_printf(arena, "%s%s%s://%.*s%s%.*s:%u",
	    url->is_backup ? "backup+" : "", url->is_lmtp ? "lmtp" : "smtp",
	    suffixes[url->tls], STR_ARG(url->label),
	    url->label.len > 0 ? "@" : "", STR_ARG(url->host), url->port);
}

struct differ_urls {
	bool never_tls;    /* none uses TLS */
	bool may_be_plain; /* none requires it */
	bool always_tls;   /* all require it */
};

/* False, and nothing changed, where some entry is no URL, or at odds. */
static bool
differ_spell_urls(struct arena *arena, struct ir_table *table,
    const struct ir_relay *relay, struct differ_urls *urls)
{
	struct ir_entry *entries = arena_alloc(arena,
	    table->entry_count * sizeof(*entries));
	enum relayurl_dialect dialect = relay->is_legacy_url ? RELAYURL_LEGACY :
							       RELAYURL_MODERN;
	struct relayurl url;

	*urls = (struct differ_urls){ true, true, true };
	for (uint32_t i = 0; i < table->entry_count; i++) {
		if (relayurl_parse(table->entries[i].key, dialect, &url) !=
		    RELAYURL_OK)
			return false;
		if (relay->tls == IR_TLS_REQUIRED &&
		    url.tls == RELAYURL_TLS_NEVER)
			return false;
		if (relay->tls == IR_TLS_REQUIRED &&
		    url.tls == RELAYURL_TLS_IF_OFFERED)
			url.tls = RELAYURL_TLS_STARTTLS;
		urls->never_tls &= url.tls == RELAYURL_TLS_NEVER;
		urls->may_be_plain &= url.tls < RELAYURL_TLS_STARTTLS;
		urls->always_tls &= url.tls >= RELAYURL_TLS_STARTTLS;
		entries[i] = table->entries[i];
		entries[i].key = str_from(differ_url_text(arena, &url));
	}
	table->entries = entries;
	return true;
}

/* Hosts of an action get a table of their own, at the end. */
static void
differ_spell_hosts(struct arena *arena, struct ir *ir, struct ir_table *room,
    struct ir_relay *relay)
{
	struct differ_urls urls;

	if (relay->hosts == IR_NONE ||
	    ir->tables[relay->hosts].kind != IR_TABLE_LIST)
		return;
	*room = ir->tables[relay->hosts];
	if (!differ_spell_urls(arena, room, relay, &urls))
		return;
	relay->hosts = ir->table_count++;
	relay->is_legacy_url = false;
	if (relay->tls == IR_TLS_REQUIRED && urls.always_tls)
		relay->tls = IR_TLS_BY_URL;
	if (urls.never_tls) {
		relay->verify = IR_VERIFY_NONE;
		relay->implicit_pki = false;
	} else if (relay->verify == IR_VERIFY_BY_URL && urls.may_be_plain) {
		relay->verify = IR_VERIFY_NONE;
	} else if (relay->verify == IR_VERIFY_BY_URL && urls.always_tls) {
		relay->verify = ir->target.version < TARGET_6_6 ?
		    IR_VERIFY_CHAIN :
		    IR_VERIFY_NAME;
	}
}

/* What has no effect where it stands. */
static void
differ_clear_relay(const struct ir *ir, struct ir_relay *relay)
{
	if (relay->hosts == IR_NONE && relay->domains == IR_NONE) {
		relay->is_legacy_url = false;
		if (relay->tls == IR_TLS_BY_URL)
			relay->tls = IR_TLS_IF_OFFERED;
		if (relay->verify == IR_VERIFY_BY_URL)
			relay->verify = IR_VERIFY_NONE;
	}
	if (relay->mail_from.len == 0)
		relay->rewrites_stored_sender = false;
	if (relay->mail_from.len == 0 ||
	    memchr(relay->mail_from.ptr, '@', relay->mail_from.len) != NULL)
		relay->user_implies_server_name = false;
	if (ir->pki_count == 0)
		relay->implicit_pki = false;
}

static void
differ_clear_local(struct ir_local *local)
{
	if (local->user.len == 0)
		local->user_from_userbase = false;
}

struct ir
differ_normal(struct arena *arena, const struct ir *ir)
{
	struct ir copy = *ir;
	struct ir_table *tables = arena_alloc(arena,
	    ((size_t)ir->table_count + ir->action_count) * sizeof(*tables));
	struct ir_action *actions = arena_alloc(arena,
	    ir->action_count * sizeof(*actions));

	for (uint32_t i = 0; i < ir->table_count; i++) {
		tables[i] = ir->tables[i];
		differ_rename(arena, &tables[i]);
	}
	copy.tables = tables;
	copy.actions = actions;
	for (uint32_t i = 0; i < ir->action_count; i++) {
		actions[i] = ir->actions[i];
		if (actions[i].method != IR_RELAY) {
			differ_clear_local(&actions[i].local);
			continue;
		}
		differ_clear_relay(ir, &actions[i].relay);
		differ_spell_hosts(arena, &copy, &tables[copy.table_count],
		    &actions[i].relay);
	}
	return copy;
}
