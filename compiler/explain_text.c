/*
 * Two blanks of indentation a level. Nothing is said twice: the rule of a
 * tempfail is not among the earlier ones, and predicates that always hold
 * are left out.
 */
#include "compiler/explain_text.h"

#include "compiler/explain_action.h"
#include "compiler/explain_why.h"
#include "grammar/render.h"

static void
explain_text_indent(FILE *out, unsigned level)
{
	while (level-- > 0)
		fputs("  ", out);
}

void
explain_text_rule(FILE *out, const struct bind *bind, uint32_t rule)
{
	struct source_location loc;

	fprintf(out, "rule %u", rule + 1);
	if (decide_locate(bind, rule, &loc)) {
		fputs(", ", out);
		render_escaped(out, str_from(loc.file->path));
		fprintf(out, ":%u: ", loc.line);
		explain_why_source(out, bind, bind->ir->rules[rule].stmt->pos);
	}
}

static void
explain_text_step(FILE *out, struct bind *bind,
    const struct decide_evaluation *evaluation, const struct decide_step *step)
{
	explain_why(out, bind, &evaluation->envelope, step);
	fputc('\n', out);
}

static void
explain_text_action(FILE *out, const struct bind *bind, uint32_t rule,
    unsigned level)
{
	uint32_t action = bind->ir->ruleset.rules[rule].action;
	const struct ir_action *a;
	struct source_location loc;

	if (action == RULESET_REJECT)
		return;
	a = &bind->ir->actions[action];
	explain_text_indent(out, level);
	fputs("action \"", out);
	render_escaped(out, a->name);
	fputc('"', out);
	if (source_locate(&bind->comp->map, a->pos.begin, &loc)) {
		fputs(", ", out);
		render_escaped(out, str_from(loc.file->path));
		fprintf(out, ":%u", loc.line);
	}
	fputs(": ", out);
	explain_action(out, bind, action);
	fputc('\n', out);
}

/* The rule that decided, and what of it took a look. */
static void
explain_text_deciding(FILE *out, struct bind *bind,
    const struct decide_evaluation *evaluation, unsigned level)
{
	const struct ruleset_result result = evaluation->result;

	explain_text_indent(out, level);
	if (result.verdict == RULESET_NO_MATCH) {
		fputs("no rule matches\n", out);
		return;
	}
	explain_text_rule(out, bind, result.rule);
	fputc('\n', out);
	if (result.verdict == RULESET_TEMPFAIL) {
		explain_text_indent(out, level + 1);
		explain_text_step(out, bind, evaluation,
		    &evaluation->misses[evaluation->miss_count - 1]);
		return;
	}
	for (uint32_t i = 0; i < evaluation->hit_count; i++) {
		const struct decide_step *step = &evaluation->hits[i];
		enum ruleset_pred_kind kind =
		    bind->ir->ruleset.rules[step->rule].preds[step->pred].kind;

		if (kind == PRED_FROM_ANY || kind == PRED_FOR_ANY)
			continue;
		explain_text_indent(out, level + 1);
		explain_text_step(out, bind, evaluation, step);
	}
	explain_text_action(out, bind, result.rule, level);
}

static void
explain_text_earlier(FILE *out, struct bind *bind,
    const struct decide_evaluation *evaluation, unsigned level)
{
	uint32_t count = evaluation->miss_count;

	if (evaluation->result.verdict == RULESET_TEMPFAIL)
		count--;
	if (count == 0)
		return;
	explain_text_indent(out, level);
	fputs(evaluation->result.verdict == RULESET_NO_MATCH ?
		"rules:\n" :
		"rules before it:\n",
	    out);
	for (uint32_t i = 0; i < count; i++) {
		explain_text_indent(out, level + 1);
		explain_text_rule(out, bind, evaluation->misses[i].rule);
		fputc('\n', out);
		explain_text_indent(out, level + 2);
		explain_text_step(out, bind, evaluation,
		    &evaluation->misses[i]);
	}
}

/* The tree. */

static void
explain_text_leaf(FILE *out, const struct bind *bind,
    const struct decide_leaf *leaf)
{
	const struct ir_action *action = &bind->ir->actions[leaf->action];

	fputs(": ", out);
	switch (leaf->kind) {
	case DECIDE_RELAY:
		fputs("relay", out);
		return;
	case DECIDE_USER:
		explain_action_method(out, action,
		    leaf->text.len > 0 ? leaf->text : action->local.argument);
		fputs(" for ", out);
		break;
	case DECIDE_MAILDIR:
		fputs("deliver as ", out);
		break;
	case DECIDE_FILE:
		fputs("append as ", out);
		break;
	case DECIDE_COMMAND:
		fputs("run as ", out);
		break;
	}
	render_escaped(out, leaf->user);
}

/* Where a name came from: a table, a .forward, the address itself. */
static void
explain_text_origin(FILE *out, const struct bind *bind,
    const struct expand_node *node)
{
	const struct expand_node *parent = node->parent;
	uint32_t table;

	if (node->origin == EXPAND_FROM_FORWARD &&
	    parent->kind == TARGET_USER) {
		fputs(", from ~/.forward", out);
		return;
	}
	if (node->origin != EXPAND_FROM_TABLE || parent->rule == NULL)
		return;
	table = parent->rule->virtuals != EXPAND_NO_TABLE ?
	    parent->rule->virtuals :
	    parent->rule->aliases;
	/* The user of an address that a table gave inherits the origin. */
	if (table == EXPAND_NO_TABLE ||
	    (parent->kind == TARGET_ADDRESS &&
		parent->rule->virtuals == EXPAND_NO_TABLE))
		return;
	fputs(", from ", out);
	explain_why_table(out, bind, table);
}

static void
explain_text_node_rule(FILE *out, const struct expand_node *node)
{
	const struct expand_rule *rule = node->rule;

	if (node->kind != TARGET_ADDRESS || node->parent == NULL ||
	    rule == NULL)
		return;
	if (rule->kind == EXPAND_RULE_RELAY || rule->kind == EXPAND_RULE_LOCAL)
		fprintf(out, ", rule %u", rule->rule + 1);
}

static void
explain_text_failure(FILE *out, struct bind *bind,
    const struct expand_failure *failure)
{
	const struct expand_rule *rule = failure->node->rule;

	fprintf(out, ": %s", expand_reason_text(failure->reason));
	if (rule == NULL || failure->reason != EXPAND_REASON_LOOKUP_FAILED)
		return;
	fputs(": ", out);
	explain_why_failed(out, bind,
	    rule->virtuals != EXPAND_NO_TABLE ? rule->virtuals : rule->aliases);
}

/* The depth of a tree is bounded by that of expansion. */
static void
explain_text_tree(FILE *out, struct bind *bind, const struct decision *decision,
    const struct decide_node *node, unsigned level)
{
	static const char *const before[TARGET_KINDS] = {
		[TARGET_COMMAND] = "|",
		[TARGET_ERROR] = "error:",
		[TARGET_MAILDIR] = "maildir:",
	};
	const char *prefix = before[node->node->kind];

	explain_text_indent(out, level);
	fputs(prefix != NULL ? prefix : "", out);
	render_escaped(out, node->node->text);
	explain_text_origin(out, bind, node->node);
	explain_text_node_rule(out, node->node);
	if (node->leaf != NULL)
		explain_text_leaf(out, bind, node->leaf);
	if (decision->failure != NULL && decision->failure->node == node->node)
		explain_text_failure(out, bind, decision->failure);
	fputc('\n', out);
	for (const struct decide_node *c = node->children; c != NULL;
	     c = c->next)
		explain_text_tree(out, bind, decision, c, level + 1);
}

/* Of a recipient that goes nowhere there is nothing to show. */
static void
explain_text_expansion(FILE *out, struct bind *bind,
    const struct decision *decision)
{
	if (decision->verdict != DECIDE_ACCEPT)
		return;
	fputs("  expansion:\n", out);
	explain_text_tree(out, bind, decision, decision->tree, 2);
}

/* A rule that accepts is not the last word: the list may not expand. */
static void
explain_text_verdict(FILE *out, const struct decision *decision)
{
	bool is_late = decision->verdict == DECIDE_ACCEPT &&
	    decision->failure != NULL;

	render_escaped(out, decision->rcpt);
	fprintf(out, ": %s, %s", decide_verdict_name(decision->verdict),
	    is_late ? "but " : "");
	render_escaped(out, decision->reply);
	if (is_late)
		fprintf(out, ": %s",
		    expand_reason_text(decision->failure->reason));
	fputc('\n', out);
}

void
explain_text_decision(FILE *out, struct bind *bind,
    const struct decision *decision)
{
	const struct decide_evaluation *first = decision->evaluations;

	explain_text_verdict(out, decision);
	explain_text_deciding(out, bind, first, 1);
	explain_text_expansion(out, bind, decision);
	explain_text_earlier(out, bind, first, 1);
	for (const struct decide_evaluation *e = first->next; e != NULL;
	     e = e->next) {
		fputs("  then ", out);
		render_escaped(out, e->address);
		fputs(", as mail of this host:\n", out);
		explain_text_deciding(out, bind, e, 2);
		explain_text_earlier(out, bind, e, 2);
	}
}

/* The session. */

static void
explain_text_client(FILE *out, const struct session *session,
    const struct session_context *context)
{
	const struct ruleset_envelope *envelope = &context->envelope;

	fputs("  client: ", out);
	if (session->is_socket) {
		fputs("the local socket", out);
	} else {
		render_escaped(out, envelope->peer);
		fputs(", ", out);
		if (envelope->rdns.len == 0)
			fputs("no reverse name", out);
		render_escaped(out, envelope->rdns);
		fputs(", helo ", out);
		render_escaped(out, envelope->helo);
		fputs(envelope->is_tls ? ", TLS" : ", no TLS", out);
		if (!envelope->is_authenticated)
			fputs(", not logged in", out);
		else
			fputs(", logged in as ", out);
		render_escaped(out, envelope->username);
	}
	if (envelope->sender.user.len + envelope->sender.domain.len == 0) {
		fputs(", null sender\n", out);
		return;
	}
	fputs(", sender ", out);
	render_escaped(out, envelope->sender.user);
	fputc('@', out);
	render_escaped(out, envelope->sender.domain);
	fputc('\n', out);
}

static void
explain_text_offers(FILE *out, const struct ir_listener *listener)
{
	static const char *const tls[] = {
		[IR_LISTEN_PLAIN] = "no TLS",
		[IR_LISTEN_STARTTLS] = "TLS offered",
		[IR_LISTEN_STARTTLS_REQUIRED] = "TLS required",
		[IR_LISTEN_SMTPS] = "TLS from the start",
	};
	static const char *const auth[] = {
		[IR_AUTH_NONE] = "no AUTH",
		[IR_AUTH_OFFERED] = "AUTH offered",
		[IR_AUTH_REQUIRED] = "AUTH required",
	};

	if (listener->tag.len == 0)
		fputs("    no tag", out);
	else
		fputs("    tag ", out);
	render_escaped(out, listener->tag);
	if (!listener->is_socket)
		fprintf(out, ", %s, %s", tls[listener->tls],
		    auth[listener->auth]);
	fputc('\n', out);
}

/* What this client asks for and this listener does not do. */
static void
explain_text_doubts(FILE *out, const struct session *session,
    const struct session_context *context)
{
	const struct ir_listener *listener = context->listener;
	const struct ruleset_envelope *envelope = &context->envelope;
	bool is_smtps = session->tls == SESSION_SMTPS;

	if (listener->is_socket)
		return;
	if (envelope->is_tls && listener->tls == IR_LISTEN_PLAIN)
		fputs("    note: it would offer this client no TLS\n", out);
	else if (is_smtps != (listener->tls == IR_LISTEN_SMTPS))
		fputs("    note: TLS would begin another way\n", out);
	else if (!envelope->is_tls &&
	    listener->tls == IR_LISTEN_STARTTLS_REQUIRED)
		fputs("    note: it would refuse this client for lack of "
		      "TLS\n",
		    out);
	if (envelope->is_authenticated && listener->auth == IR_AUTH_NONE)
		fputs("    note: it would not let this client log in\n", out);
	else if (!envelope->is_authenticated &&
	    listener->auth == IR_AUTH_REQUIRED)
		fputs("    note: it would refuse this client until it logs "
		      "in\n",
		    out);
	if (listener->refuses_all)
		fputs("    note: its filter makes it refuse everyone\n", out);
}

void
explain_text_session(FILE *out, const struct bind *bind,
    const struct session *session, const struct session_context *context)
{
	const struct ir_listener *listener = context->listener;
	struct source_location loc;

	fputs("session", out);
	if (session->id.len > 0)
		fputc(' ', out);
	render_escaped(out, session->id);
	fputs(":\n", out);
	explain_text_client(out, session, context);
	if (listener == NULL) {
		fprintf(out,
		    "  listener: none on port %u at that address; taken to "
		    "have no tag\n",
		    session_port(session));
		return;
	}
	fputs("  listener: ", out);
	if (source_locate(&bind->comp->map, listener->pos.begin, &loc)) {
		render_escaped(out, str_from(loc.file->path));
		fprintf(out, ":%u: ", loc.line);
		explain_why_source(out, bind, listener->pos);
	} else {
		fputs("the socket, which needs no statement", out);
	}
	fputc('\n', out);
	explain_text_offers(out, listener);
	explain_text_doubts(out, session, context);
}
