/*
 * Actions that relay. The same URL means another transport in the two
 * languages, and TLS that is required is verified unless that is switched
 * off.
 */
#include "migrate/convert_private.h"

#include "runtime/base/relayurl.h"

/* Of options that are given twice, the last counts. */
static const struct clause *
convert_last(const struct convert *convert, enum clause_kind kind)
{
	const struct clause *last = NULL;

	for (const struct clause *c = convert->state->stmt->clauses; c != NULL;
	     c = c->next)
		if (c->kind == kind)
			last = c;
	return last;
}

/* The server's name, empty where it is not known. */
static struct str
convert_server_name(const struct convert *convert)
{
	return convert->bind->host->name;
}

static bool
convert_has_listener_names(const struct ir *ir)
{
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (ir->listeners[i].hostname.len > 0 ||
		    ir->listeners[i].hostnames != IR_NONE)
			return true;
	return false;
}

/* URLs. */

static const char *
convert_schema(const struct relayurl *url)
{
	static const char *const schemas[] = {
		[RELAYURL_TLS_NEVER] = "smtp+notls",
		[RELAYURL_TLS_IF_OFFERED] = "smtp",
		[RELAYURL_TLS_STARTTLS] = "smtp+tls",
		[RELAYURL_TLS_SMTPS] = "smtps",
		[RELAYURL_TLS_BOTH] = "smtp+tls",
	};

	return url->is_lmtp ? "lmtp" : schemas[url->tls];
}

static struct str
convert_url(struct convert *convert, const struct relayurl *url)
{
	struct arena *arena = convert->arena;
	const char *port = url->has_port || url->is_lmtp ?
	    arena_printf(arena, ":%u", url->port) :
	    "";

	return str_from(arena_printf(arena, "%s://%.*s%s%.*s%s",
	    convert_schema(url), STR_ARG(url->label),
	    url->label.len > 0 ? "@" : "", STR_ARG(url->host), port));
}

static void
convert_put_host(struct convert *convert, const struct clause *via,
    const struct relayurl *url)
{
	struct str text = convert_url(convert, url);

	if (url->is_backup) {
		fputs(" backup mx ", convert->state->out);
		convert_put_quoted(convert, url->host);
		return;
	}
	fputs(" host ", convert->state->out);
	if (str_eq(text, word_str(via->arg)))
		convert_put_word(convert, via->arg);
	else
		convert_put_text(convert, text);
	if (url->tls == RELAYURL_TLS_BOTH)
		convert_note(convert, NOTE_SECURE_FALLBACK,
		    "'secure://' tried SMTPS where STARTTLS failed; for a "
		    "host that has port 465 only, write smtps://");
}

/* Whatever requires TLS says now whether it verifies. */
static void
convert_put_tls(struct convert *convert, bool is_required, bool verifies)
{
	if (!is_required)
		return;
	fputs(verifies ? " tls" : " tls no-verify", convert->state->out);
	if (verifies && convert->target.version >= TARGET_6_6)
		notes_add(&convert->notes, NOTE_TLS_NAME,
		    convert->state->stmt->pos,
		    "the certificate must also have the name of the host");
}

static void
convert_put_via(struct convert *convert, const struct clause *via)
{
	const struct clause *auth = convert_last(convert, CLAUSE_AUTH);
	struct relayurl url;

	if (relayurl_parse(word_str(via->arg), RELAYURL_LEGACY, &url) !=
	    RELAYURL_OK)
		return;
	convert_put_host(convert, via, &url);
	/* Without a label it was not used. */
	if (url.label.len > 0)
		convert_put_table_option(convert, "auth", auth);
	convert_put_tls(convert, url.tls >= RELAYURL_TLS_STARTTLS,
	    convert_last(convert, CLAUSE_VERIFY) != NULL);
}

static void
convert_put_backup(struct convert *convert, const struct clause *backup)
{
	struct str name = convert_server_name(convert);
	bool is_named = backup->arg.len > 0;

	fputs(" backup", convert->state->out);
	if (is_named) {
		convert_put_option(convert, "mx", backup);
		return;
	}
	if (!convert_has_listener_names(convert->ir))
		return;
	if (name.len > 0) {
		fputs(" mx ", convert->state->out);
		convert_put_quoted(convert, name);
	} else {
		convert_note(convert, NOTE_BACKUP_NAME,
		    "'backup' meant the server's name, and now means that of "
		    "the listener; give --hostname=NAME to write it out");
	}
}

/* Other options. */

static void
convert_put_sender(struct convert *convert)
{
	const struct clause *as = convert_last(convert, CLAUSE_MAIL_FROM);
	struct str name = convert_server_name(convert);

	if (as == NULL)
		return;
	notes_add(&convert->notes, NOTE_STORED_SENDER,
	    convert->state->stmt->pos,
	    "bounces went to '%.*s', and go to the original sender now",
	    WORD_ARG(as->arg));
	if (memchr(as->arg.ptr, '@', as->arg.len) != NULL) {
		convert_put_option(convert, "mail-from", as);
		return;
	}
	if (name.len == 0) {
		convert_note(convert, NOTE_AS_USER,
		    "'as %.*s' meant that user of this server, and now "
		    "keeps the sender's domain; give --hostname=NAME to "
		    "write it out",
		    WORD_ARG(as->arg));
		convert_put_option(convert, "mail-from", as);
		return;
	}
	fputs(" mail-from ", convert->state->out);
	convert_put_quoted(convert,
	    str_from(arena_printf(convert->arena, "%.*s@%.*s",
		WORD_ARG(as->arg), STR_ARG(name))));
}

/* Words of 5.2 behind the host: nothing says what they became. */
static void
convert_note_old_options(struct convert *convert)
{
	for (const struct clause *c = convert->state->stmt->clauses; c != NULL;
	     c = c->next)
		if ((c->flags & CLAUSE_OLD) &&
		    (c->kind == CLAUSE_OLD_SSL || c->kind == CLAUSE_PORT ||
			c->kind == CLAUSE_AUTH))
			convert_note(convert, NOTE_OLD_OPTION,
			    "'%.*s' is left out: options of a host are part "
			    "of its URL now, as in \"smtps://LABEL@HOST\" "
			    "auth <TABLE>",
			    STR_ARG(source_text(&convert->comp->map, c->pos)));
}

void
convert_relay(struct convert *convert, const struct ir_action *action)
{
	const struct clause *via = convert_last(convert, CLAUSE_HOST);
	const struct clause *backup = convert_last(convert, CLAUSE_BACKUP);
	const struct clause *tls = convert_last(convert, CLAUSE_TLS);

	fputs(" relay", convert->state->out);
	if (backup != NULL)
		convert_put_backup(convert, backup);
	if (via != NULL)
		convert_put_via(convert, via);
	else
		convert_put_tls(convert, tls != NULL,
		    action->relay.verify != IR_VERIFY_NONE);
	convert_put_pki(convert, "pki", convert_last(convert, CLAUSE_PKI));
	convert_put_pki(convert, "ca", convert_last(convert, CLAUSE_CA));
	convert_put_option(convert, "helo", convert_last(convert, CLAUSE_HELO));
	convert_put_table_option(convert, "helo-src",
	    convert_last(convert, CLAUSE_HELO_SRC));
	convert_put_table_option(convert, "src",
	    convert_last(convert, CLAUSE_SRC));
	convert_put_sender(convert);
	convert_note_old_options(convert);
}
