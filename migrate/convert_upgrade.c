/*
 * From one modern version to a later one: statements stay as they are but
 * for what the later daemon reads or does in another way.
 */
#include "migrate/convert_private.h"

/* Actions. */

/*
 * From 6.6 to 6.8 the destination stood in double quotes of the shell's
 * command, and before and after that it does not.
 */
static void
convert_edit_destination(struct convert *convert, const struct clause *lmtp)
{
	struct str text = word_str(lmtp->arg);

	if (convert_is_shell_plain(text))
		return;
	if (convert_passes(convert, TARGET_7_3) &&
	    convert->ir->target.version >= TARGET_6_6)
		convert_edit(convert, lmtp->arg.pos, "'\"%.*s\"'",
		    STR_ARG(text));
	else if (convert_passes(convert, TARGET_6_6) &&
	    convert->target.version < TARGET_7_3)
		convert_note(convert, NOTE_LMTP_QUOTES,
		    "the destination stands in double quotes of a shell now");
}

static void
convert_edit_lmtp(struct convert *convert, const struct stmt *stmt)
{
	const struct clause *lmtp = stmt_clause(stmt, CLAUSE_LMTP);
	const struct clause *user = stmt_clause(stmt, CLAUSE_USER);
	unsigned version = convert->target.version;

	if (lmtp == NULL)
		return;
	convert_edit_destination(convert, lmtp);
	if (user == NULL || version < TARGET_7_3 || version >= TARGET_7_5)
		return;
	convert_edit_out(convert, user->pos);
	convert_note(convert, NOTE_LMTP_USER,
	    "in %s, lmtp always runs as _smtpd: 'user %.*s' is left out",
	    target_name(version), WORD_ARG(user->arg));
}

static void
convert_edit_pki(struct convert *convert, const struct clause *clause)
{
	const char *name = convert_pki_name(convert, word_str(clause->arg));

	if ((clause->kind == CLAUSE_PKI || clause->kind == CLAUSE_CA) &&
	    !str_is(word_str(clause->arg), name))
		convert_edit(convert, clause->arg.pos, "%s",
		    convert_pki_text(convert, word_str(clause->arg)));
}

void
convert_upgrade_action(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	bool is_changed;

	convert_begin_item(convert);
	convert_edit_words(convert, stmt);
	convert_edit_lmtp(convert, stmt);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		convert_edit_pki(convert, c);
	is_changed = convert->state->edit_count > 0;
	convert_put_copy(convert, stmt->pos);
	convert_end_item(convert,
	    is_changed ? "the later version reads it in another way" : NULL);
}

/* What no statement shows. */

static void
convert_note_relay(struct convert *convert, struct srcpos pos,
    const struct ir_relay *relay)
{
	convert_note_certificate(convert, pos, relay);
	if (convert_passes(convert, TARGET_6_6) &&
	    relay->verify != IR_VERIFY_NONE)
		notes_add(&convert->notes, NOTE_TLS_NAME, pos,
		    "the certificate must also have the name of the host");
}

static void
convert_note_deliverer(struct convert *convert, struct srcpos pos,
    const struct ir_action *action)
{
	if (action->method == IR_MDA && convert_passes(convert, TARGET_7_3))
		notes_add(&convert->notes, NOTE_COMMAND_ENVIRONMENT, pos,
		    "$USER and $LOGNAME are the recipient's from 7.3 on, no "
		    "more those of who delivers");
	else if (action->method == IR_MDA && convert_passes(convert, 706))
		notes_add(&convert->notes, NOTE_COMMAND_ENVIRONMENT, pos,
		    "there is $ORIGINAL_RECIPIENT from 7.6 on");
	if (action->local.user.len > 0 && convert_passes(convert, TARGET_7_5))
		notes_add(&convert->notes, NOTE_USER_FORWARD, pos,
		    "mail is delivered by '%.*s', whatever the recipients' "
		    ".forward says",
		    STR_ARG(action->local.user));
	if (convert_passes(convert, TARGET_6_6) && convert_has_format(action))
		notes_add(&convert->notes, NOTE_FORMATS, pos,
		    "'/' and '^' in what is filled in are not replaced");
}

static void
convert_note_literals(struct convert *convert, uint32_t number)
{
	const struct ruleset_rule *rule = &convert->ir->ruleset.rules[number];

	if (!convert_passes(convert, TARGET_7_5) &&
	    !convert_passes(convert, TARGET_6_6))
		return;
	for (uint32_t i = 0; i < rule->pred_count; i++)
		if (rule->preds[i].kind == PRED_FOR_LOCAL)
			notes_add(&convert->notes, NOTE_ADDRESS_LITERALS,
			    convert->ir->rules[number].stmt->pos,
			    "a rule 'for domain \"[ADDRESS]\"' can have "
			    "them");
}

void
convert_note_upgrade(struct convert *convert)
{
	const struct ir *ir = convert->ir;

	for (uint32_t i = 0; i < ir->action_count; i++) {
		const struct ir_action *action = &ir->actions[i];

		if (action->method == IR_RELAY)
			convert_note_relay(convert, action->pos,
			    &action->relay);
		else
			convert_note_deliverer(convert, action->pos, action);
	}
	for (uint32_t i = 0; i < ir->ruleset.rule_count; i++)
		convert_note_literals(convert, i);
}
