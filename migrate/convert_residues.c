/*
 * Residues that no statement can avoid, and that the IR does not show: they
 * are in how a daemon works. Each is noted at the rule that it is about.
 */
#include "migrate/convert_private.h"

static const struct ir_action *
convert_action_of(const struct convert *convert, uint32_t rule)
{
	uint32_t action = convert->ir->ruleset.rules[rule].action;

	return action == RULESET_REJECT ? NULL : &convert->ir->actions[action];
}

static void
convert_note_command(struct convert *convert, struct srcpos pos)
{
	struct notes *notes = &convert->notes;

	notes_add(notes, NOTE_COMMAND_ENVIRONMENT, pos,
	    "$HOME and others are set now; up to 6.0 only PATH was");
	notes_add(notes, NOTE_COMMAND_EXIT, pos,
	    "write 'COMMAND || exit 75' if it may fail for a while");
	notes_add(notes, NOTE_COMMAND_FROM_LINE, pos,
	    "a program that appends to a mailbox needs a wrapper that prints "
	    "it; Return-Path has its address in '<>' now");
}

/* In how mail is handed over. */
static void
convert_note_delivery(struct convert *convert, struct srcpos pos,
    const struct ir_action *action)
{
	bool has_program = action->method == IR_MAILDIR ||
	    action->method == IR_MDA || action->method == IR_LMTP;

	if (action->method == IR_MDA)
		convert_note_command(convert, pos);
	if (convert_has_format(action))
		notes_add(&convert->notes, NOTE_FORMATS, pos,
		    "up to 6.0 such a recipient was refused with 451%s",
		    convert->target.version >= TARGET_6_6 ?
			"; '/' and '^' in what is filled in are not replaced" :
			"");
	if (has_program && action->local.user.len == 0)
		notes_add(&convert->notes, NOTE_ROOT_DELIVERY, pos,
		    "mail for root bounces here unless an alias takes it");
}

static bool
convert_has_pki(const struct convert *convert, struct str name)
{
	for (uint32_t i = 0; i < convert->ir->pki_count; i++)
		if (str_eq_nocase(convert->ir->pkis[i].name, name) ||
		    str_is(convert->ir->pkis[i].name, "*"))
			return true;
	return false;
}

/* The one named like the HELO name was shown to servers that asked. */
void
convert_note_certificate(struct convert *convert, struct srcpos pos,
    const struct ir_relay *relay)
{
	struct str helo = relay->helo.len > 0 ? relay->helo :
						convert->bind->host->name;

	if (!convert_passes(convert, TARGET_7_3) || relay->pki.len > 0 ||
	    convert->ir->pki_count == 0)
		return;
	if (helo.len == 0)
		notes_add(&convert->notes, NOTE_CLIENT_CERTIFICATE, pos,
		    "one named like the server was shown to hosts that asked");
	else if (convert_has_pki(convert, helo))
		notes_add(&convert->notes, NOTE_CLIENT_CERTIFICATE, pos,
		    "that of '%.*s' was shown to hosts that asked; 'pki' "
		    "would do it again",
		    STR_ARG(helo));
}

static void
convert_note_local(struct convert *convert, struct srcpos pos,
    const struct ir_action *action)
{
	struct notes *notes = &convert->notes;
	bool needs_forward = action->method == IR_FORWARD_ONLY ||
	    action->method == IR_EXPAND_ONLY;

	if (action->local.alias != IR_NONE || action->local.virtual != IR_NONE)
		notes_add(notes, NOTE_REPLY_TEXTS, pos,
		    "550 and 451 become 524 and 424 where aliases end "
		    "nowhere");
	if (needs_forward)
		notes_add(notes, NOTE_FORWARD_LOOP, pos,
		    "up to 6.0 such a .forward was answered with 451");
	if (action->local.user.len > 0 && convert->target.version >= TARGET_7_5)
		notes_add(notes, NOTE_USER_FORWARD, pos,
		    "mail is delivered by '%.*s', whatever the recipients' "
		    ".forward says",
		    STR_ARG(action->local.user));
}

/* Look-ups of these fail when the daemon that is asked fails. */
static unsigned
convert_count_dynamic(struct convert *convert, const struct ruleset_rule *rule)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < rule->pred_count; i++) {
		uint32_t table = rule->preds[i].table;

		if (table == RULESET_NO_TABLE)
			continue;
		count += convert->ir->tables[table].kind == IR_TABLE_DB ||
		    convert->ir->tables[table].kind == IR_TABLE_PROGRAM;
	}
	return count;
}

/* The proof takes such tables to have no entry that targets read apart. */
static void
convert_note_unread(struct convert *convert, struct srcpos pos,
    const struct ruleset_pred *pred)
{
	const struct ir_table *table;

	if ((pred->kind != PRED_FROM_TABLE && pred->kind != PRED_MAIL_FROM &&
		pred->kind != PRED_RCPT_TO) ||
	    pred->table == RULESET_NO_TABLE ||
	    bind_state_of(convert->bind, pred->table) == BIND_READY)
		return;
	table = &convert->ir->tables[pred->table];
	notes_add(&convert->notes, NOTE_TABLE_UNREAD, pos,
	    "see that %.*s has %s", STR_ARG(table->config),
	    pred->kind == PRED_FROM_TABLE ?
		"no entry 'local'" :
		"no address without a domain: those never matched");
}

static void
convert_note_rule(struct convert *convert, uint32_t number)
{
	const struct ruleset_rule *rule = &convert->ir->ruleset.rules[number];
	struct srcpos pos = convert->ir->rules[number].stmt->pos;
	const struct ir_action *action = convert_action_of(convert, number);

	for (uint32_t i = 0; i < rule->pred_count; i++)
		if (rule->preds[i].kind == PRED_FOR_LOCAL &&
		    convert->target.version >= TARGET_6_6)
			notes_add(&convert->notes, NOTE_ADDRESS_LITERALS, pos,
			    "'[IPv6:::1]' is '[::1]' now%s; a rule 'for "
			    "domain \"[ADDRESS]\"' can have others",
			    convert->target.version >= TARGET_7_5 ?
				", and '[127.0.0.1]' is not local" :
				"");
	for (uint32_t i = 0; i < rule->pred_count; i++)
		convert_note_unread(convert, pos, &rule->preds[i]);
	if (rule->pred_count > 1 && convert_count_dynamic(convert, rule) > 0)
		notes_add(&convert->notes, NOTE_LOOKUP_ORDER, pos,
		    "where a table cannot be asked, other envelopes are "
		    "refused for now");
	if (action != NULL && action->method == IR_RELAY) {
		convert_note_certificate(convert, pos, &action->relay);
	} else if (action != NULL) {
		convert_note_local(convert, pos, action);
		convert_note_delivery(convert, pos, action);
	}
}

/*
 * From 7.3 on connections are shared by what they go to, and the rest is
 * that of whichever action came first.
 */
static const char *
convert_session_key(struct convert *convert, const struct ir_action *action)
{
	const struct ir_relay *relay = &action->relay;
	struct str host = relay->hosts == IR_NONE ?
	    STR_LIT("") :
	    convert->ir->tables[relay->hosts].entries[0].key;

	return arena_printf(convert->arena,
	    "%.*s|%u|%u|%u|%.*s|%.*s|%.*s|%.*s|%d", STR_ARG(host), relay->auth,
	    relay->src, relay->helo_src, STR_ARG(relay->helo),
	    STR_ARG(relay->pki), STR_ARG(relay->ca), STR_ARG(relay->backup_mx),
	    relay->is_backup);
}

static void
convert_note_shared(struct convert *convert)
{
	struct strmap seen;

	strmap_init(&seen, convert->arena);
	for (uint32_t i = 0; i < convert->ir->action_count; i++) {
		const struct ir_action *action = &convert->ir->actions[i];
		void **slot;

		if (action->method != IR_RELAY)
			continue;
		slot = strmap_put(&seen,
		    str_from(convert_session_key(convert, action)));
		if (*slot == NULL)
			*slot = convert;
		else
			notes_add(&convert->notes, NOTE_SHARED_SESSIONS,
			    action->pos,
			    "another action has the same host, but not the "
			    "same sender or verification: give one of them a "
			    "'helo' of its own");
	}
}

void
convert_count_residues(struct convert *convert)
{
	if (convert_passes(convert, TARGET_7_3))
		convert_note_shared(convert);
	for (uint32_t i = 0; i < convert->ir->ruleset.rule_count; i++)
		convert_note_rule(convert, i);
}
