/*
 * Actions that deliver here. Commands and paths pass a shell more often
 * than they did, so they are quoted for it.
 */
#include "migrate/convert_private.h"

#include "compiler/dump_text.h"

/* Bytes that a shell leaves alone outside of quotes. */
bool
convert_is_shell_plain(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (!str_is_alnum(text.ptr[i]) &&
		    (text.ptr[i] == '\0' ||
			strchr("%+,-./:=@_[]{}", text.ptr[i]) == NULL))
			return false;
	return true;
}

/* For the inside of double quotes: a backslash before what they expand. */
static struct str
convert_escape(struct convert *convert, struct str text)
{
	char *copy = arena_bytes(convert->arena, 2 * (size_t)text.len + 1);
	uint32_t len = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\0' &&
		    strchr("\\\"$`", text.ptr[i]) != NULL)
			copy[len++] = '\\';
		copy[len++] = text.ptr[i];
	}
	copy[len] = '\0';
	return (struct str){ copy, len };
}

/* The argument as it was written, if it needs no quoting. */
static void
convert_put_escaped(struct convert *convert, struct word word)
{
	struct str escaped = convert_escape(convert, word_str(word));

	if (escaped.len == word.len)
		convert_put_word(convert, word);
	else
		convert_put_text(convert, escaped);
}

static void
convert_put_destination(struct convert *convert, struct word word)
{
	unsigned version = convert->target.version;
	bool is_quoted = version >= TARGET_6_6 && version < TARGET_7_3;

	if (is_quoted)
		convert_put_escaped(convert, word);
	else if (convert_is_shell_plain(word_str(word)))
		convert_put_word(convert, word);
	else
		convert_put_text(convert,
		    str_from(arena_printf(convert->arena, "\"%.*s\"",
			STR_ARG(convert_escape(convert, word_str(word))))));
}

static const struct {
	enum clause_kind clause;
	enum ir_method method;
	const char *word;
} convert_methods[] = {
	{ CLAUSE_MBOX, IR_MBOX, "mbox" },
	{ CLAUSE_MAILDIR, IR_MAILDIR, "maildir" },
	{ CLAUSE_LMTP, IR_LMTP, "lmtp" },
	{ CLAUSE_MDA, IR_MDA, "mda" },
	{ CLAUSE_FORWARD_ONLY, IR_FORWARD_ONLY, "forward-only" },
	{ CLAUSE_EXPAND_ONLY, IR_EXPAND_ONLY, "expand-only" },
};

static void
convert_put_method(struct convert *convert, enum ir_method method)
{
	const struct clause *clause;
	size_t i = 0;

	while (convert_methods[i].method != method)
		i++;
	clause = stmt_clause(convert->state->stmt, convert_methods[i].clause);
	fprintf(convert->state->out, " %s", convert_methods[i].word);
	if (clause == NULL || clause->arg.kind == WORD_NONE ||
	    method == IR_MBOX)
		return;
	putc(' ', convert->state->out);
	if (method == IR_LMTP)
		convert_put_destination(convert, clause->arg);
	else
		convert_put_escaped(convert, clause->arg);
}

static void
convert_put_user(struct convert *convert, const struct ir_action *action)
{
	const struct stmt *stmt = convert->state->stmt;
	const struct clause *user = stmt_clause(stmt, CLAUSE_USER);
	unsigned version = convert->target.version;

	if (user == NULL)
		return;
	if (action->method == IR_LMTP && version >= TARGET_7_3 &&
	    version < TARGET_7_5) {
		convert_note(convert, NOTE_LMTP_USER,
		    "in %s, lmtp always runs as _smtpd: 'as %.*s' is left out",
		    target_name(version), STR_ARG(action->local.user));
		return;
	}
	convert_put_option(convert, "user", user);
	if (action->local.userbase != IR_NONE)
		convert_note(convert, NOTE_USERBASE_USER,
		    "'%.*s' was looked up in the userbase; he must be a user "
		    "of the system now",
		    STR_ARG(action->local.user));
}

static void
convert_put_local(struct convert *convert, const struct ir_action *action)
{
	const struct stmt *stmt = convert->state->stmt;

	convert_put_method(convert, action->method);
	if (stmt_clause(stmt, CLAUSE_RCPT_TO) != NULL)
		fputs(" rcpt-to", convert->state->out);
	convert_put_user(convert, action);
	convert_put_table_option(convert, "alias",
	    stmt_clause(stmt, CLAUSE_ALIAS));
	convert_put_table_option(convert, "virtual",
	    stmt_clause(stmt, CLAUSE_VIRTUAL));
	convert_put_table_option(convert, "virtual",
	    stmt_clause(stmt, CLAUSE_FOR_VIRTUAL));
	convert_put_table_option(convert, "userbase",
	    stmt_clause(stmt, CLAUSE_USERBASE));
}

/* The time that was in force at the rule, where it is not the last one. */
static void
convert_put_ttl(struct convert *convert, const struct ir_action *action)
{
	const struct clause *expire = stmt_clause(convert->state->stmt,
	    CLAUSE_TTL);

	if (expire != NULL)
		convert_put_option(convert, "ttl", expire);
	else if (action->ttl != convert->ir->settings.queue_ttl)
		fprintf(convert->state->out, " ttl %.*s",
		    STR_ARG(dump_text_delay(convert->arena, action->ttl)));
}

void
convert_action(struct convert *convert, uint32_t number)
{
	const struct ir_action *action = &convert->ir->actions[number];
	bool is_relay = action->method == IR_RELAY;

	if (convert->state->has_action[number])
		return;
	convert->state->has_action[number] = true;
	convert_begin_item(convert);
	fputs("action ", convert->state->out);
	convert_put_quoted(convert, action->name);
	if (is_relay)
		convert_relay(convert, action);
	else
		convert_put_local(convert, action);
	convert_put_ttl(convert, action);
	convert_end_action(convert,
	    is_relay ? "what a rule does has a name now" :
		       "what a rule does has a name now, and its tables "
		       "belong to it");
}
