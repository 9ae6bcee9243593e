/*
 * What is put aside, and the comparison of the rest.
 */
#include "migrate/proof.h"

#include <stdlib.h>

#include "compiler/words.h"
#include "migrate/convert_private.h"
#include "runtime/base/relayurl.h"

const char *const proof_verdicts[] = {
	[PROOF_SAME] = "same",
	[PROOF_DIFFERENT] = "different",
	[PROOF_UNDECIDED] = "undecided",
	[PROOF_UNREADABLE] = "unreadable",
};

struct proof_side {
	struct proof *proof;
	uint32_t number;
};

/* Commands: legacy ones pass one shell less, so they are compared bare. */

/*
 * What a shell makes of a text in double quotes. False where it would
 * expand something.
 */
static bool
proof_unquote(struct arena *arena, struct str text, struct str *plain_r)
{
	char *copy = arena_bytes(arena, (size_t)text.len + 1);
	uint32_t len = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\\' && i + 1 < text.len && text.ptr[i + 1] != '\0' &&
		    strchr("\\\"$`", text.ptr[i + 1]) != NULL)
			c = text.ptr[++i];
		else if (c != '\0' && strchr("\"$`", c) != NULL)
			return false;
		copy[len++] = c;
	}
	*plain_r = (struct str){ copy, len };
	return true;
}

static void
proof_bare_argument(struct arena *arena, struct ir_action *action)
{
	struct ir_local *local = &action->local;
	struct str inside = local->argument;
	bool is_quoted = local->shell == IR_SHELL_ONCE &&
	    action->method == IR_LMTP && inside.len > 1 &&
	    inside.ptr[0] == '"' && inside.ptr[inside.len - 1] == '"';

	if (is_quoted)
		inside = (struct str){ inside.ptr + 1, inside.len - 2 };
	if ((is_quoted || local->shell == IR_SHELL_TWICE) &&
	    !proof_unquote(arena, inside, &local->argument))
		return;
	local->shell = IR_SHELL_NONE;
}

/* Actions. */

/* NOTE_COMMAND_*, NOTE_FORMATS, NOTE_ROOT_DELIVERY */
static void
proof_adjust_local(struct arena *arena, struct ir_action *action)
{
	struct ir_local *local = &action->local;

	local->exit_policy = IR_EXIT_SYSEXITS;
	local->environment = IR_ENV_7_6;
	local->has_from_line = false;
	local->expands_at_rcpt = false;
	local->sanitises_slash = false;
	local->root_may_deliver = false;
	if (local->userbase == IR_NONE)
		local->user_from_userbase = false;
	proof_bare_argument(arena, action);
}

/* What a legacy relay leaves to the server's name, in words. */
static void
proof_name_server(const struct proof *proof, struct ir_relay *relay)
{
	struct arena *arena = proof->convert.arena;
	struct str name = proof->differ.sides[0].host.name;
	const struct ir *ir = proof->differ.sides[0].ir;
	bool has_names = false;

	for (uint32_t i = 0; i < ir->listener_count; i++)
		has_names |= ir->listeners[i].hostname.len > 0 ||
		    ir->listeners[i].hostnames != IR_NONE;
	if (relay->is_backup && relay->backup_mx.len == 0) {
		if (has_names && name.len > 0)
			relay->backup_mx = name;
		relay->backup_is_server_name = has_names && name.len == 0;
	}
	if (relay->mail_from.len > 0 && name.len > 0 &&
	    memchr(relay->mail_from.ptr, '@', relay->mail_from.len) == NULL) {
		relay->mail_from = str_from(arena_printf(arena, "%.*s@%.*s",
		    STR_ARG(relay->mail_from), STR_ARG(name)));
		relay->user_implies_server_name = false;
	}
}

/* URLs of legacy relays say more than hosts. */
static void
proof_adjust_legacy(const struct proof *proof, const struct ir *ir,
    struct ir_relay *relay)
{
	struct relayurl url;

	proof_name_server(proof, relay);
	if (relay->hosts == IR_NONE ||
	    relayurl_parse(ir->tables[relay->hosts].entries[0].key,
		RELAYURL_LEGACY, &url) != RELAYURL_OK)
		return;
	if (url.label.len == 0)
		relay->auth = IR_NONE;
	if (!url.is_backup)
		return;
	relay->hosts = IR_NONE;
	relay->is_legacy_url = false;
	relay->is_backup = true;
	relay->backup_mx = url.host;
	relay->tls = url.tls == RELAYURL_TLS_STARTTLS ? IR_TLS_REQUIRED :
							IR_TLS_IF_OFFERED;
}

/* NOTE_TLS_NAME, NOTE_CLIENT_CERTIFICATE, NOTE_STORED_SENDER */
static void
proof_adjust_relay(const struct proof *proof, const struct ir *ir,
    struct ir_relay *relay)
{
	struct arena *arena = proof->convert.arena;

	if (relay->is_legacy_url)
		proof_adjust_legacy(proof, ir, relay);
	if (relay->verify == IR_VERIFY_CHAIN)
		relay->verify = IR_VERIFY_NAME;
	relay->implicit_pki = false;
	relay->rewrites_stored_sender = false;
	if (relay->backup_mx.len > 0)
		relay->backup_is_server_name = false;
	relay->pki = words_lower(arena, relay->pki);
	relay->ca = words_lower(arena, relay->ca);
}

static void
proof_adjust_actions(struct proof *proof, struct ir *ir)
{
	struct arena *arena = proof->convert.arena;
	struct ir_action *actions = arena_alloc(arena,
	    ir->action_count * sizeof(*actions));

	for (uint32_t i = 0; i < ir->action_count; i++) {
		actions[i] = ir->actions[i];
		if (actions[i].method == IR_RELAY)
			proof_adjust_relay(proof, ir, &actions[i].relay);
		else
			proof_adjust_local(arena, &actions[i]);
	}
	ir->actions = actions;
}

/* Listeners of the original as the target would have them. */

static void
proof_adjust_pkis(struct proof *proof, struct ir_listener *listener)
{
	struct str *names;

	if (listener->tls == IR_LISTEN_PLAIN || listener->pki_count > 0 ||
	    !convert_passes(&proof->convert, TARGET_7_3))
		return;
	names = arena_alloc(proof->convert.arena,
	    CONVERT_PKIS_MAX * sizeof(*names));
	listener->pki_count = convert_order_pkis(&proof->convert,
	    listener->hostname, names);
	listener->pkis = names;
}

static void
proof_adjust_listener(struct proof *proof, struct ir_listener *listener)
{
	const struct convert_state *state = proof->convert.state;
	const char *tag = strmap_get(&state->tags, listener->tag);

	proof_adjust_pkis(proof, listener);
	if (tag != NULL)
		listener->tag = str_from(tag);
	if (!listener->is_socket)
		return;
	/* NOTE_WIDENED_SOCKET, NOTE_SOCKET_DSN */
	if (convert_passes(&proof->convert, TARGET_7_5) ?
		proof->convert.style == CONVERT_IDIOMATIC :
		state->has_socket_item)
		listener->no_dsn = false;
	if (convert_passes(&proof->convert, TARGET_6_7) &&
	    !state->asks_socket_tag)
		listener->tag = STR_LIT("");
}

static void
proof_adjust_listeners(struct proof *proof, struct ir *ir)
{
	struct ir_listener *listeners = arena_alloc(proof->convert.arena,
	    ir->listener_count * sizeof(*listeners));

	for (uint32_t i = 0; i < ir->listener_count; i++) {
		listeners[i] = ir->listeners[i];
		proof_adjust_listener(proof, &listeners[i]);
	}
	ir->listeners = listeners;
}

/* Addresses of IPv6 as keys: the spelling that the target looks up. */
static void
proof_adjust_keys(struct proof *proof, struct ir_table *table)
{
	struct arena *arena = proof->convert.arena;
	struct ir_entry *entries = arena_alloc(arena,
	    table->entry_count * sizeof(*entries));

	for (uint32_t i = 0; i < table->entry_count; i++) {
		struct str key = table->entries[i].key;

		entries[i] = table->entries[i];
		if (key.len > 5 &&
		    str_eq_nocase((struct str){ key.ptr, 5 }, STR_LIT("ipv6:")))
			entries[i].key = str_from(arena_printf(arena, "[%.*s]",
			    (int)key.len - 5, key.ptr + 5));
	}
	table->entries = entries;
}

static void
proof_adjust_tables(struct proof *proof, struct ir *ir)
{
	struct ir_table *tables;

	if (!convert_passes(&proof->convert, TARGET_6_6))
		return;
	tables = arena_alloc(proof->convert.arena,
	    ir->table_count * sizeof(*tables));
	for (uint32_t i = 0; i < ir->table_count; i++)
		tables[i] = ir->tables[i];
	ir->tables = tables;
	for (uint32_t i = 0; i < ir->action_count; i++)
		if (ir->actions[i].method == IR_RELAY &&
		    ir->actions[i].relay.helo_src != IR_NONE)
			proof_adjust_keys(proof,
			    &tables[ir->actions[i].relay.helo_src]);
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (ir->listeners[i].hostnames != IR_NONE)
			proof_adjust_keys(proof,
			    &tables[ir->listeners[i].hostnames]);
}

static void
proof_adjust(void *arg, struct ir *copy)
{
	const struct proof_side *side = arg;

	proof_adjust_actions(side->proof, copy);
	if (side->number == 0) {
		proof_adjust_listeners(side->proof, copy);
		proof_adjust_tables(side->proof, copy);
	}
}

/* The result. */

static void
proof_take_text(const struct str text, struct parse_text *text_r)
{
	char *copy = malloc((size_t)text.len + 2);

	if (copy == NULL)
		abort();
	memcpy(copy, text.ptr, text.len);
	memset(copy + text.len, 0, 2);
	*text_r = (struct parse_text){ .text = copy, .len = text.len };
}

/* False where it has errors. */
static bool
proof_compile(struct proof *proof, const char *name)
{
	struct differ_side *side = &proof->differ.sides[1];
	struct parse_text text;
	const char *what;

	proof->options = *proof->differ.sides[0].comp.options;
	proof->options.parse.has_dialect = true;
	proof->options.parse.dialect = DIALECT_MODERN;
	proof->options.parse.has_target = true;
	proof->options.parse.target = proof->convert.target;
	compilation_init(&side->comp, &proof->options);
	proof_take_text(convert_text(&proof->convert, proof->convert.files,
			    CONVERT_INLINE),
	    &text);
	return compilation_run_text(&side->comp, name, &text) ==
	    COMPILATION_OK &&
	    side->comp.diags.errors == 0 && differ_bind(side, &what) == HOST_OK;
}

static enum proof_verdict
proof_judge(const struct proof *proof)
{
	const struct differ *differ = &proof->differ;

	if (differ->rules.verdict == EQUAL_DIFFERENT ||
	    differ->changes != NULL ||
	    notes_count(&proof->convert.notes, NOTES_INEXACT) > 0)
		return PROOF_DIFFERENT;
	return differ->rules.verdict == EQUAL_SAME ? PROOF_SAME :
						     PROOF_UNDECIDED;
}

void
proof_run(struct proof *proof, const char *name)
{
	struct proof_side sides[2] = { { proof, 0 }, { proof, 1 } };

	proof->verdict = PROOF_UNREADABLE;
	if (!proof_compile(proof, name))
		return;
	for (uint32_t i = 0; i < 2; i++) {
		proof->differ.sides[i].adjust = proof_adjust;
		proof->differ.sides[i].adjust_arg = &sides[i];
		proof->differ.sides[i].bind.assumes_plain = true;
		differ_describe(&proof->differ.sides[i]);
	}
	differ_run(&proof->differ);
	proof->verdict = proof_judge(proof);
}

void
proof_fini(struct proof *proof)
{
	for (uint32_t i = 0; i < 2; i++) {
		if (proof->differ.sides[i].bind.ir != NULL)
			bind_fini(&proof->differ.sides[i].bind);
		if (proof->differ.sides[i].comp.options != NULL)
			compilation_fini(&proof->differ.sides[i].comp);
	}
}
