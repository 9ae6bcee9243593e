/*
 * Rules: one accept or reject becomes an action, where it is a new one, and
 * one or two matches. Up to 6.0 clients that logged in count as the host
 * itself, and a look-up of the client's address asks for "local" instead;
 * from 6.4 on they are what their address says.
 */
#include "migrate/convert_private.h"

/* Where mail of a rule may come from, one match each. */
enum convert_origin {
	ORIGIN_ANY,
	ORIGIN_LOCAL,
	ORIGIN_NOT_LOCAL,
	ORIGIN_TABLE,
	ORIGIN_NOT_TABLE,
	ORIGIN_LOGIN, /* whoever logged in, from anywhere */
};

struct convert_match {
	enum convert_origin origin;
	const char *auth; /* "auth" or "!auth" in front, or "" */
};

enum { CONVERT_MATCHES_MAX = 2 };

/* A rule of the original, by what its clauses constrain. */
struct convert_rule {
	const struct ruleset_rule *rule;
	const struct ruleset_pred *from;
	const struct ruleset_pred *auth;
	const struct ruleset_pred *sender;
	const struct ruleset_pred *recipient;
	const struct ruleset_pred *tag;
	const struct ruleset_pred *for_;
	bool source_has_local; /* the table of from: "local" is in it */
	bool may_log_in;       /* a client that the rule could be about */

	struct convert_match matches[CONVERT_MATCHES_MAX];
	unsigned match_count; /* 0: it never matched */
	const char *why;
};

static bool
convert_is_negated(const struct ruleset_pred *pred)
{
	return (pred->flags & PRED_NEGATED) != 0;
}

static void
convert_sort_preds(const struct ruleset_rule *rule, struct convert_rule *to)
{
	to->rule = rule;
	for (uint32_t i = 0; i < rule->pred_count; i++) {
		const struct ruleset_pred *pred = &rule->preds[i];

		switch (pred->kind) {
		case PRED_TAG:
			to->tag = pred;
			break;
		case PRED_AUTH:
			to->auth = pred;
			break;
		case PRED_MAIL_FROM:
			to->sender = pred;
			break;
		case PRED_RCPT_TO:
			to->recipient = pred;
			break;
		case PRED_FOR_ANY:
		case PRED_FOR_LOCAL:
		case PRED_FOR_TABLE:
			to->for_ = pred;
			break;
		case PRED_FROM_ANY:
		case PRED_FROM_LOCAL:
		case PRED_FROM_TABLE:
		case PRED_FROM_SOCKET:
		case PRED_FROM_RDNS:
			to->from = pred;
			break;
		case PRED_HELO:
		case PRED_TLS:
		case PRED_KINDS:
			break;
		}
	}
}

/* Origins. */

static void
convert_add_match(struct convert_rule *rule, enum convert_origin origin,
    const char *auth)
{
	rule->matches[rule->match_count++] = (struct convert_match){ origin,
		auth };
}

static const char convert_why_login[] =
    "clients that logged in counted as local, and have a rule of their own "
    "now";
static const char convert_why_source[] =
    "'from source' never matched clients that logged in";
static const char convert_why_not_source[] =
    "'from ! source' always matched clients that logged in";

/* Whether or not a client logged in. */
static void
convert_origins_plain(struct convert_rule *rule)
{
	bool is_negated = convert_is_negated(rule->from);
	bool is_table = rule->from->kind == PRED_FROM_TABLE;

	if (!is_table && !is_negated) {
		convert_add_match(rule, ORIGIN_LOCAL, "");
		convert_add_match(rule, ORIGIN_LOGIN, "");
		rule->why = convert_why_login;
	} else if (!is_table) {
		convert_add_match(rule, ORIGIN_NOT_LOCAL, "!auth");
		rule->why = "clients that logged in counted as local";
	} else if (is_negated == rule->source_has_local) {
		convert_add_match(rule,
		    is_negated ? ORIGIN_NOT_TABLE : ORIGIN_TABLE, "!auth");
		rule->why = convert_why_source;
	} else {
		convert_add_match(rule,
		    is_negated ? ORIGIN_NOT_TABLE : ORIGIN_TABLE, "");
		convert_add_match(rule, ORIGIN_LOGIN, "");
		rule->why = is_negated ? convert_why_not_source :
					 convert_why_login;
	}
}

/* Only clients that logged in. */
static void
convert_origins_auth(struct convert_rule *rule)
{
	bool is_table = rule->from->kind == PRED_FROM_TABLE;
	bool has_local = !is_table || rule->source_has_local;

	rule->why = "whoever logged in counted as local";
	if (has_local != convert_is_negated(rule->from))
		convert_add_match(rule, ORIGIN_LOGIN, "");
	else
		rule->why = "whoever logged in counted as local, so nobody "
			    "was both";
}

/* Only clients that did not. */
static void
convert_origins_no_auth(struct convert_rule *rule)
{
	static const enum convert_origin origins[2][2] = {
		{ ORIGIN_LOCAL, ORIGIN_NOT_LOCAL },
		{ ORIGIN_TABLE, ORIGIN_NOT_TABLE },
	};
	bool is_table = rule->from->kind == PRED_FROM_TABLE;

	convert_add_match(rule,
	    origins[is_table][convert_is_negated(rule->from)], "!auth");
}

static void
convert_origins(struct convert_rule *rule)
{
	bool has_auth = rule->auth != NULL;
	bool is_without = has_auth && convert_is_negated(rule->auth);

	if (rule->from->kind == PRED_FROM_ANY) {
		if (convert_is_negated(rule->from))
			rule->why = "'from ! any' matches nobody";
		else if (has_auth && !is_without)
			convert_add_match(rule, ORIGIN_LOGIN, "");
		else
			convert_add_match(rule, ORIGIN_ANY,
			    is_without ? "!auth" : "");
	} else if (!has_auth) {
		convert_origins_plain(rule);
	} else if (is_without) {
		convert_origins_no_auth(rule);
	} else {
		convert_origins_auth(rule);
	}
}

/* What never matches, and conditions that always hold. */

static void
convert_narrow(struct convert *convert, struct convert_rule *rule)
{
	const struct ruleset_pred **addresses[] = { &rule->sender,
		&rule->recipient };

	if (rule->for_->kind == PRED_FOR_ANY &&
	    convert_is_negated(rule->for_)) {
		rule->match_count = 0;
		rule->why = "'for ! any' matches nothing";
	}
	for (size_t i = 0; i < 2; i++) {
		const struct ruleset_pred *pred = *addresses[i];

		if (pred == NULL ||
		    convert_addresses_of(convert, pred->table) !=
			CONVERT_NO_ADDRESSES)
			continue;
		*addresses[i] = NULL;
		if (convert_is_negated(pred))
			continue;
		rule->match_count = 0;
		rule->why = "addresses without a domain never matched";
	}
}

/* People mean the addresses, whoever logs in there. */
static void
convert_widen(struct convert *convert, struct convert_rule *rule)
{
	struct convert_match *match = &rule->matches[0];

	if (convert->style != CONVERT_IDIOMATIC || rule->match_count != 1 ||
	    match->origin != ORIGIN_TABLE || match->auth[0] == '\0' ||
	    rule->auth != NULL)
		return;
	match->auth = "";
	rule->why = "as people mean it: addresses count, whoever logs in";
	notes_add(&convert->notes, NOTE_WIDENED_SOURCE,
	    convert->state->stmt->pos,
	    "up to 6.0, clients that logged in did not match 'from source'; "
	    "now they do, if they come from these addresses");
}

/*
 * Where no listener lets clients log in, only the socket's mail is
 * authenticated, and that is local as well. A config without listeners is
 * part of another.
 */
static bool
convert_may_log_in(const struct convert *convert,
    const struct convert_rule *rule)
{
	const struct ir *ir = convert->ir;

	if (convert->state->last_listen == NULL)
		return true;
	for (uint32_t i = 0; i < ir->listener_count; i++) {
		const struct ir_listener *listener = &ir->listeners[i];

		if (listener->is_socket || listener->auth == IR_AUTH_NONE)
			continue;
		if (rule->tag == NULL ||
		    str_eq(rule->tag->text, listener->tag) !=
			convert_is_negated(rule->tag))
			return true;
	}
	return false;
}

static void
convert_forget_logins(struct convert_rule *rule)
{
	if (rule->may_log_in || rule->auth != NULL)
		return;
	if (rule->match_count == 2)
		rule->match_count = 1;
	rule->matches[0].auth = "";
	rule->why = "no listener lets such clients log in, so nobody but the "
		    "host itself counted as local";
}

/* Text. */

static void
convert_put_origin(struct convert *convert, const struct convert_match *match)
{
	const struct stmt *stmt = convert->state->stmt;
	const struct clause *src = stmt_clause(stmt, CLAUSE_FROM_SRC);
	FILE *out = convert->state->out;

	if (match->auth[0] != '\0')
		fprintf(out, " %s", match->auth);
	switch (match->origin) {
	case ORIGIN_ANY:
		fputs(" from any", out);
		break;
	case ORIGIN_LOCAL:
		fputs(" from local", out);
		break;
	case ORIGIN_NOT_LOCAL:
		fputs(" !from local", out);
		break;
	case ORIGIN_TABLE:
		convert_put_table_option(convert, "from src", src);
		break;
	case ORIGIN_NOT_TABLE:
		convert_put_table_option(convert, "!from src", src);
		break;
	case ORIGIN_LOGIN:
		fputs(convert->target.version >= TARGET_6_7 ? " from auth" :
							      " auth from any",
		    out);
		break;
	}
}

static void
convert_put_tag(struct convert *convert, const struct ruleset_pred *tag)
{
	const struct stmt *stmt = convert->state->stmt;
	const struct clause *clause = NULL;
	const char *name = convert_tag(convert, tag->text);

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		if (c->kind == CLAUSE_COND_TAG)
			clause = c;
	fprintf(convert->state->out, " %stag ",
	    convert_is_negated(tag) ? "!" : "");
	if (str_is(tag->text, name))
		convert_put_word(convert, clause->arg);
	else
		convert_put_text(convert, str_from(name));
}

/*
 * The spelling of 5.2: a virtual table has its domains among its keys. Where
 * there is none, no recipient is meant.
 */
static void
convert_put_for_virtual(struct convert *convert, const char *sign,
    const struct clause *clause, uint32_t number)
{
	const struct ir_table *domains = &convert->ir->tables[number];
	FILE *out = convert->state->out;

	if (domains->kind != IR_TABLE_LIST) {
		convert_put_table_option(convert,
		    arena_printf(convert->arena, "%sfor domain", sign), clause);
		return;
	}
	if (domains->entry_count == 0) {
		fprintf(out, " %sfor any", *sign == '\0' ? "!" : "");
		return;
	}
	fprintf(out, " %sfor domain { ", sign);
	for (uint32_t i = 0; i < domains->entry_count; i++) {
		if (i > 0)
			fputs(", ", out);
		convert_put_quoted(convert, domains->entries[i].key);
	}
	fputs(" }", out);
}

static void
convert_put_for(struct convert *convert, const struct ruleset_pred *for_)
{
	const struct stmt *stmt = convert->state->stmt;
	const struct clause *virtual = stmt_clause(stmt, CLAUSE_FOR_VIRTUAL);
	const char *sign = convert_is_negated(for_) ? "!" : "";

	if (for_->kind == PRED_FOR_TABLE && virtual != NULL)
		convert_put_for_virtual(convert, sign, virtual, for_->table);
	else if (for_->kind == PRED_FOR_TABLE)
		convert_put_table_option(convert,
		    arena_printf(convert->arena, "%sfor domain", sign),
		    stmt_clause(stmt, CLAUSE_FOR_DOMAIN));
	else
		fprintf(convert->state->out, " %sfor %s", sign,
		    for_->kind == PRED_FOR_ANY ? "any" : "local");
}

static void
convert_put_match(struct convert *convert, const struct convert_rule *rule,
    const struct convert_match *match)
{
	const struct stmt *stmt = convert->state->stmt;
	FILE *out = convert->state->out;

	fputs("match", out);
	if (rule->tag != NULL)
		convert_put_tag(convert, rule->tag);
	convert_put_origin(convert, match);
	if (rule->sender != NULL)
		convert_put_addresses(convert,
		    convert_is_negated(rule->sender) ? "!mail-from" :
						       "mail-from",
		    stmt_clause(stmt, CLAUSE_COND_MAIL_FROM),
		    rule->sender->table);
	convert_put_for(convert, rule->for_);
	if (rule->recipient != NULL)
		convert_put_addresses(convert,
		    convert_is_negated(rule->recipient) ? "!rcpt-to" :
							  "rcpt-to",
		    stmt_clause(stmt, CLAUSE_COND_RCPT_TO),
		    rule->recipient->table);
	if (rule->rule->action == RULESET_REJECT) {
		fputs(" reject", out);
		return;
	}
	fputs(" action ", out);
	convert_put_quoted(convert,
	    convert->ir->actions[rule->rule->action].name);
}

/* A rule that is not there any more, on one line. */
static void
convert_drop_rule(struct convert *convert, const char *why)
{
	const struct stmt *stmt = convert->state->stmt;
	struct str text = source_text(&convert->comp->map, stmt->pos);
	char *line = arena_bytes(convert->arena, text.len + 1);
	uint32_t len = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		bool is_space = memchr(" \t\r\n\\", text.ptr[i], 5) != NULL;

		if (!is_space)
			line[len++] = text.ptr[i];
		else if (len > 0 && line[len - 1] != ' ')
			line[len++] = ' ';
	}
	line[len] = '\0';
	convert_note(convert, NOTE_RULE_DROPPED,
	    "the rule never matched and is left out: %s", why);
	convert_begin_item(convert);
	fprintf(convert->state->out, "# never matched: %s", line);
	convert_end_item(convert, why);
}

void
convert_rule(struct convert *convert)
{
	uint32_t number = convert->state->rule++;
	struct convert_rule rule = { .why = NULL };

	if (convert->state->last_listen == NULL &&
	    convert_begin_socket(convert))
		convert_end_action(convert, convert_why_socket);
	convert_sort_preds(&convert->ir->ruleset.rules[number], &rule);
	rule.source_has_local = rule.from->kind == PRED_FROM_TABLE &&
	    convert_has_local(convert, rule.from->table);
	rule.may_log_in = convert_may_log_in(convert, &rule);
	convert_origins(&rule);
	if (rule.from->kind != PRED_FROM_ANY)
		convert_forget_logins(&rule);
	convert_narrow(convert, &rule);
	convert_widen(convert, &rule);
	if (rule.match_count == 0) {
		convert_drop_rule(convert, rule.why);
		return;
	}
	if (rule.rule->action != RULESET_REJECT)
		convert_action(convert, rule.rule->action);
	for (unsigned i = 0; i < rule.match_count; i++) {
		convert_begin_item(convert);
		convert_put_match(convert, &rule, &rule.matches[i]);
		convert_end_item(convert, rule.why);
	}
}
