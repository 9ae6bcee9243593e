/*
 * The method first, then what else the action says, set off by semicolons.
 */
#include "compiler/explain_action.h"

#include "compiler/explain_why.h"
#include "grammar/render.h"

static void
explain_action_text(FILE *out, const char *before, struct str text)
{
	fputs(before, out);
	render_escaped(out, text);
}

void
explain_action_method(FILE *out, const struct ir_action *action,
    struct str argument)
{
	switch (action->method) {
	case IR_MBOX:
		fputs("deliver to the mailbox", out);
		break;
	case IR_MAILDIR:
		explain_action_text(out, "deliver to the maildir ",
		    argument.len > 0 ? argument : STR_LIT("~/Maildir"));
		break;
	case IR_LMTP:
		explain_action_text(out, "hand over by LMTP to ", argument);
		break;
	case IR_MDA:
		explain_action_text(out, "run ", argument);
		break;
	case IR_FORWARD_ONLY:
		fputs("forward as ~/.forward says, and deliver nothing", out);
		break;
	case IR_EXPAND_ONLY:
		fputs("expand, and deliver nothing", out);
		break;
	case IR_RELAY:
		fputs("relay", out);
		break;
	}
}

/* "; aliases in <t>" */
static void
explain_action_table(FILE *out, const struct bind *bind, const char *before,
    uint32_t table)
{
	if (table == IR_NONE)
		return;
	fputs(before, out);
	explain_why_table(out, bind, table);
}

static void
explain_action_local(FILE *out, const struct bind *bind,
    const struct ir_local *local)
{
	explain_action_table(out, bind, "; aliases in ", local->alias);
	explain_action_table(out, bind, "; virtual addresses in ",
	    local->virtual);
	explain_action_table(out, bind, "; users in ", local->userbase);
	if (local->user.len > 0)
		explain_action_text(out, "; as the user ", local->user);
	if (local->wrapper != IR_NONE)
		explain_action_text(out, "; by the wrapper ",
		    bind->ir->wrappers[local->wrapper].name);
}

static void
explain_action_tls(FILE *out, const struct ir_relay *relay)
{
	static const char *const verify[] = {
		[IR_VERIFY_NONE] = "",
		[IR_VERIFY_CHAIN] = " with a valid certificate",
		[IR_VERIFY_NAME] = " with a certificate of that name",
		[IR_VERIFY_BY_URL] = "",
	};

	if (relay->tls == IR_TLS_REQUIRED)
		fprintf(out, "; TLS required%s", verify[relay->verify]);
}

static void
explain_action_relay(FILE *out, const struct bind *bind,
    const struct ir_relay *relay)
{
	if (relay->is_backup)
		fputs(" to hosts of a better MX", out);
	else if (relay->hosts == IR_NONE && relay->domains == IR_NONE)
		fputs(" by MX", out);
	explain_action_table(out, bind, " through ", relay->hosts);
	explain_action_table(out, bind, " by domain as in ", relay->domains);
	explain_action_tls(out, relay);
	explain_action_table(out, bind, "; credentials in ", relay->auth);
	explain_action_table(out, bind, "; from addresses in ", relay->src);
	if (relay->mail_from.len > 0)
		explain_action_text(out, "; the sender becomes ",
		    relay->mail_from);
	if (relay->srs)
		fputs("; the sender is rewritten by SRS", out);
}

void
explain_action(FILE *out, const struct bind *bind, uint32_t action)
{
	const struct ir_action *a = &bind->ir->actions[action];

	explain_action_method(out, a, a->local.argument);
	if (a->method == IR_RELAY)
		explain_action_relay(out, bind, &a->relay);
	else
		explain_action_local(out, bind, &a->local);
}
