/*
 * Settings and certificates: most of them only begin with other words.
 */
#include "migrate/convert_private.h"

/* A warning this late never comes. */
#define CONVERT_NEVER "365d"

/* Where the arguments of a statement begin; its end where it has none. */
static uint32_t
convert_arguments(const struct stmt *stmt)
{
	if (stmt->name.kind != WORD_NONE)
		return stmt->name.pos.begin;
	if (stmt->clauses != NULL)
		return stmt->clauses->pos.begin;
	return stmt->pos.end;
}

/* The same arguments behind the words of the target. */
static void
convert_put_head(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	struct srcpos head = { stmt->pos.begin, convert_arguments(stmt) };
	const char *words = stmt_words(stmt->kind, DIALECT_MODERN);

	convert_begin_item(convert);
	convert_edit(convert, head, "%s%s", words,
	    head.end < stmt->pos.end ? " " : "");
	convert_edit_words(convert, stmt);
	convert_put_copy(convert, stmt->pos);
	convert_end_item(convert,
	    "the setting is called that now, and means the same");
}

static void
convert_bounce_warn(struct convert *convert)
{
	if (convert->state->stmt->clauses != NULL) {
		convert_put_head(convert);
		return;
	}
	convert_note(convert, NOTE_BOUNCE_WARN_OFF,
	    "no warnings were wanted; they cannot be switched off, so the "
	    "first comes after " CONVERT_NEVER);
	convert_begin_item(convert);
	fputs("bounce warn-interval " CONVERT_NEVER, convert->state->out);
	convert_end_item(convert, "warnings cannot be switched off");
}

/* Only the last one counts, but for the rules above it. */
static void
convert_queue_ttl(struct convert *convert)
{
	if (convert->state->stmt == convert->state->last_ttl)
		convert_put_head(convert);
	else
		convert_comment_out(convert,
		    "the time counts for the rules up to the next one, "
		    "whose actions have it now");
}

static void
convert_old_statement(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	const char *why = "there is no such statement now";

	switch ((unsigned)stmt->kind) {
	case STMT_OLD_HOSTNAME:
		why = arena_printf(convert->arena,
		    "write '%.*s' to the file mailname: no statement sets "
		    "the server's name",
		    WORD_ARG(stmt->name));
		break;
	case STMT_OLD_DSN:
		why = "notifications are switched off by 'no-dsn', for one "
		      "listener";
		break;
	case STMT_FILTER:
		why = "filters of 5.4 to 5.9 do not run any more: see "
		      "smtpd-filters(7) for what takes their place";
		break;
	default:
		break;
	}
	convert_note(convert, NOTE_OLD_STATEMENT, "%s", why);
	convert_comment_out(convert, why);
}

void
convert_setting(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;

	switch ((unsigned)stmt->kind) {
	case STMT_BOUNCE_WARN:
		convert_bounce_warn(convert);
		break;
	case STMT_QUEUE_TTL:
		convert_queue_ttl(convert);
		break;
	case STMT_CIPHERS:
		notes_add(&convert->notes, NOTE_CIPHERS, stmt->pos,
		    "see that the library of the new daemon knows these "
		    "ciphers: openssl ciphers '%.*s'",
		    WORD_ARG(stmt->name));
		convert_put_head(convert);
		break;
	case STMT_SUB_ADDR_DELIM:
	case STMT_MAX_MESSAGE_SIZE:
	case STMT_MAX_DEFERRED:
	case STMT_LIMIT_SMTP:
	case STMT_LIMIT_MDA:
	case STMT_LIMIT_MTA:
	case STMT_LIMIT_SCHEDULER:
	case STMT_QUEUE_COMPRESSION:
	case STMT_QUEUE_ENCRYPTION:
		convert_put_head(convert);
		break;
	default:
		convert_old_statement(convert);
		break;
	}
}

/* Certificates. */

static bool
convert_begins_with(const struct convert *convert, struct srcpos pos,
    const char *word)
{
	return str_has_prefix(source_text(&convert->comp->map, pos), word);
}

static void
convert_edit_certificate(struct convert *convert, const struct clause *clause)
{
	static const char old[] = "certificate";
	struct srcpos word = { clause->pos.begin,
		clause->pos.begin + (uint32_t)sizeof(old) - 1 };

	if (clause->kind == CLAUSE_CERT &&
	    convert_begins_with(convert, clause->pos, old))
		convert_edit(convert, word, "cert");
	else if (clause->kind == CLAUSE_CA)
		convert_edit_out(convert, clause->pos);
	else if (clause->kind == CLAUSE_DHE && (clause->flags & CLAUSE_OLD))
		convert_edit(convert, clause->pos, "dhe auto");
}

/* "pki NAME … ca FILE" of 5.4 */
static void
convert_old_ca(struct convert *convert, const struct clause *clause)
{
	convert_begin_item(convert);
	fputs("ca ", convert->state->out);
	convert_put_word(convert, convert->state->stmt->name);
	convert_put_option(convert, "cert", clause);
	convert_end_item(convert, "a CA is a statement of its own now");
}

void
convert_certificate(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	const struct clause *ca = stmt_clause(stmt, CLAUSE_CA);
	const char *name = convert_pki_name(convert, word_str(stmt->name));
	bool is_changed;

	convert_begin_item(convert);
	convert_edit_words(convert, stmt);
	if (!str_is(word_str(stmt->name), name))
		convert_edit(convert, stmt->name.pos, "%s",
		    convert_pki_text(convert, word_str(stmt->name)));
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		convert_edit_certificate(convert, c);
	is_changed = convert->state->edit_count > 0;
	convert_put_copy(convert, stmt->pos);
	convert_end_item(convert,
	    !is_changed ? NULL :
		convert_is_upgrade(convert) ?
			  "names are compared in lower case" :
			  "'certificate' is called 'cert' now");
	if (stmt->kind == STMT_PKI && ca != NULL)
		convert_old_ca(convert, ca);
}
