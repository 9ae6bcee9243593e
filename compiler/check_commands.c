/*
 * Commands and paths that a shell sees: what a stranger may put into them,
 * and what the quotes around them change.
 */
#include "compiler/check.h"

#include "compiler/words.h"
#include "runtime/expand/format.h"

struct commands {
	struct diag_list *diags;
	enum dialect dialect;
	struct strmap seen; /* tables of aliases */
};

/* Values that hold what a client has sent; a user must exist. */
static bool
commands_is_foreign(enum format_token token)
{
	return token != FORMAT_TOKEN_USER_USERNAME &&
	    token != FORMAT_TOKEN_USER_DIRECTORY && token != FORMAT_TOKEN_MDA;
}

static void
commands_check_raw(struct commands *commands, struct word word, struct str text)
{
	enum format_modifier modifier;
	struct format_piece piece;
	struct format_scan scan;

	format_scan_init(&scan, text,
	    FORMAT_MODERN | FORMAT_WRAPPER | FORMAT_NATIVE);
	while (format_scan_next(&scan, &piece)) {
		if (piece.kind != FORMAT_VALUE ||
		    !commands_is_foreign(piece.token))
			continue;
		while (format_next_modifier(&piece.modifiers, &modifier))
			if (modifier == FORMAT_RAW)
				diag_report(commands->diags, CHECK_RAW_FORMAT,
				    words_part(commands->diags->map, word,
					piece.text),
				    "'%.*s' lets whoever sends mail write "
				    "into the shell's command: leave out "
				    "'raw'",
				    STR_ARG(piece.text));
	}
}

/* What is the same whoever sends, and has no blanks. */
static bool
commands_is_harmless(struct str name)
{
	static const char *const names[] = { "HOME", "LOGNAME", "PATH", "SHELL",
		"USER" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

/* Whether a "$" is left alone, or stands for what is harmless. */
static bool
commands_is_plain_dollar(struct str text)
{
	struct str name = { text.ptr + 1, 0 };
	const char *end = text.ptr + text.len;
	bool is_braced = text.len > 1 && text.ptr[1] == '{';

	if (text.len < 2 ||
	    (!str_is_alnum(text.ptr[1]) &&
		memchr("_{(@*#?-$!", text.ptr[1], 10) == NULL))
		return true;
	name.ptr += is_braced;
	while (name.ptr + name.len < end &&
	    (str_is_alnum(name.ptr[name.len]) || name.ptr[name.len] == '_'))
		name.len++;
	if (is_braced &&
	    (name.ptr + name.len == end || name.ptr[name.len] != '}'))
		return false;
	return commands_is_harmless(name);
}

/* The first byte that the outer shell takes for itself, or NULL. */
static const char *
commands_find_special(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		struct str rest = { text.ptr + i, text.len - i };

		switch (text.ptr[i]) {
		case '"':
		case '`':
			return rest.ptr;
		case '$':
			if (!commands_is_plain_dollar(rest))
				return rest.ptr;
			break;
		case '\\':
			if (rest.len > 1 &&
			    memchr("\\$`\"", rest.ptr[1], 4) != NULL)
				return rest.ptr;
			break;
		default:
			break;
		}
	}
	return NULL;
}

static void
commands_check_quoting(struct commands *commands, const struct clause *clause)
{
	struct word word = clause->arg;
	const char *special = commands_find_special(word_str(word));
	const char *why = "the shell replaces it before the command is run";
	struct str part = { special, 1 };

	if (special == NULL)
		return;
	if (*special == '"')
		why = "it ends the quotes there";
	else if (clause->kind == CLAUSE_MAILDIR)
		why = "the shell takes it for its own";
	diag_report(commands->diags, CHECK_SHELL_QUOTING,
	    words_part(commands->diags->map, word, part),
	    "this %s stands between double quotes for the shell, where '%c' is "
	    "special: %s",
	    clause->kind == CLAUSE_MAILDIR ? "path" : "command", *special, why);
}

/* A command in an alias begins with '|', perhaps in quotes of its own. */
static void
commands_check_list(struct commands *commands, const struct list *list)
{
	if (list == NULL || (list->flags & LIST_MAPPING) == 0)
		return;
	for (const struct elem *e = list->elems; e != NULL; e = e->next)
		if (memchr(e->value.ptr, '|', e->value.len) != NULL)
			commands_check_raw(commands, e->value,
			    word_str(e->value));
}

static void
commands_check_aliases(struct commands *commands, const struct tabref *ref)
{
	void **seen;

	if (ref->kind == TABREF_LIST)
		commands_check_list(commands, ref->list);
	if (ref->kind != TABREF_NAMED || ref->table == NULL)
		return;
	seen = strmap_put(&commands->seen, word_str(ref->word));
	if (*seen == NULL)
		commands_check_list(commands, ref->table->list);
	*seen = commands;
}

static void
commands_check_clause(struct commands *commands, const struct clause *clause)
{
	bool is_modern = commands->dialect == DIALECT_MODERN;

	switch ((unsigned)clause->kind) {
	case CLAUSE_MDA:
	case CLAUSE_MAILDIR:
	case CLAUSE_LMTP:
		if (clause->arg.kind == WORD_NONE)
			break;
		/* Legacy versions open maildirs and sockets themselves. */
		if (is_modern || clause->kind == CLAUSE_MDA)
			commands_check_raw(commands, clause->arg,
			    word_str(clause->arg));
		if (is_modern && clause->kind != CLAUSE_LMTP)
			commands_check_quoting(commands, clause);
		break;
	case CLAUSE_ALIAS:
	case CLAUSE_VIRTUAL:
		commands_check_aliases(commands, clause->table);
		break;
	default:
		break;
	}
}

void
check_commands(struct compilation *comp)
{
	struct commands commands = {
		.diags = &comp->diags,
		.dialect = comp->tree->target.dialect,
	};

	strmap_init(&commands.seen, &comp->arena);
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other) {
		if (s->kind == STMT_MDA_WRAPPER)
			commands_check_raw(&commands, s->value,
			    word_str(s->value));
		for (const struct clause *c = s->clauses; c != NULL;
		     c = c->next)
			if ((c->flags & CLAUSE_OLD) == 0)
				commands_check_clause(&commands, c);
	}
}
