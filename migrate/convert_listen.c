/*
 * Listeners, and the local socket, which always listens. From 7.3 on a
 * listener names all its certificates; from 6.7 on mail from the socket has
 * no tag unless it is given one.
 */
#include "migrate/convert_private.h"

#include "compiler/words.h"

/* Bytes of a tag. */
enum { CONVERT_TAG_MAX = 32 };

/* Where certificates were before they had names. */
#define CONVERT_CERTS "/etc/mail/certs/"

const char convert_why_socket[] =
    "the socket always listens; this keeps what it did";

/* Tags. */

static void
convert_name_tag(struct convert *convert, struct str tag)
{
	struct convert_state *state = convert->state;
	void **slot = strmap_put(&state->tags, tag);
	const char *name = arena_copy(convert->arena, tag).ptr;
	struct str folded = words_lower(convert->arena, tag);
	char *copy;

	if (*slot != NULL)
		return;
	for (unsigned n = 2; strmap_get(&state->folded, folded) != NULL; n++) {
		name = arena_printf(convert->arena, "%.*s_%u",
		    tag.len > CONVERT_TAG_MAX - 6 ? CONVERT_TAG_MAX - 6 :
						    (int)tag.len,
		    tag.ptr, n);
		folded = words_lower(convert->arena, str_from(name));
	}
	*slot = copy = arena_bytes(convert->arena, strlen(name) + 1);
	memcpy(copy, name, strlen(name) + 1);
	*strmap_put(&state->folded, folded) = *slot;
}

/* A modern rule that asks for the tag that the socket had by itself. */
static void
convert_find_socket_tag(struct convert *convert)
{
	const struct ruleset *ruleset = &convert->ir->ruleset;
	const struct table_entry *entry;

	for (uint32_t r = 0; r < ruleset->rule_count; r++)
		for (uint32_t i = 0; i < ruleset->rules[r].pred_count; i++) {
			const struct ruleset_pred *pred =
			    &ruleset->rules[r].preds[i];

			convert->state->asks_socket_tag |= pred->kind ==
				PRED_TAG &&
			    bind_lookup(convert->bind, pred->table,
				pred->service, STR_LIT("local"),
				&entry) == ANSWER_YES;
		}
}

void
convert_name_tags(struct convert *convert)
{
	const struct ir *ir = convert->ir;

	if (convert_is_upgrade(convert)) {
		convert_find_socket_tag(convert);
		return;
	}
	/* The socket's own comes first: it keeps its name. */
	convert_name_tag(convert, STR_LIT("local"));
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (ir->listeners[i].tag.len > 0)
			convert_name_tag(convert, ir->listeners[i].tag);
	for (uint32_t r = 0; r < ir->ruleset.rule_count; r++)
		for (uint32_t i = 0; i < ir->ruleset.rules[r].pred_count; i++) {
			const struct ruleset_pred *pred =
			    &ir->ruleset.rules[r].preds[i];

			if (pred->kind != PRED_TAG || pred->text.len == 0)
				continue;
			convert->state->asks_socket_tag |= str_is(pred->text,
			    "local");
			convert_name_tag(convert, pred->text);
		}
}

const char *
convert_tag(struct convert *convert, struct str tag)
{
	const char *name = strmap_get(&convert->state->tags, tag);

	if (name == NULL)
		return arena_copy(convert->arena, tag).ptr;
	if (!str_is(tag, name))
		notes_add(&convert->notes, NOTE_TAG_RENAMED,
		    convert->state->stmt->pos,
		    "'%.*s' differs from another tag in case only, and is "
		    "called '%s' now",
		    STR_ARG(tag), name);
	return name;
}

/* The socket. */

bool
convert_begin_socket(struct convert *convert)
{
	struct convert_state *state = convert->state;
	bool has_tag = state->asks_socket_tag &&
	    convert_passes(convert, TARGET_6_7);
	bool passes = convert_passes(convert, TARGET_7_5);
	bool has_dsn = !passes || convert->style == CONVERT_IDIOMATIC;

	if (passes && has_dsn && !state->has_socket)
		notes_add(&convert->notes, NOTE_WIDENED_SOCKET,
		    state->stmt->pos,
		    "'listen on socket no-dsn' would keep them from that");
	if (state->has_socket || state->has_socket_item ||
	    (!has_tag && has_dsn))
		return false;
	state->has_socket_item = true;
	if (convert->target.version < TARGET_7_5)
		notes_add(&convert->notes, NOTE_SOCKET_DSN, state->stmt->pos,
		    "no option switches that off before 7.5");
	convert_begin_item(convert);
	fprintf(state->out, "listen on socket%s%s",
	    has_tag ? " tag \"local\"" : "", has_dsn ? "" : " no-dsn");
	return true;
}

/* Certificates of a listener. */

static bool
convert_is_tls(const struct clause *clause)
{
	return clause->kind == CLAUSE_TLS ||
	    clause->kind == CLAUSE_TLS_REQUIRE ||
	    clause->kind == CLAUSE_SMTPS || clause->kind == CLAUSE_OLD_SSL ||
	    clause->kind == CLAUSE_OLD_SECURE;
}

/* In the order in which the daemon looked for one. */
static int
convert_rank_pki(struct str name, struct str hostname)
{
	if (str_eq_nocase(name, hostname))
		return 0;
	return str_is(name, "*") ? 2 : 1;
}

uint32_t
convert_order_pkis(const struct convert *convert, struct str hostname,
    struct str *names)
{
	const struct ir *ir = convert->ir;
	uint32_t count = 0;

	if (hostname.len == 0)
		hostname = convert->bind->host->name;
	for (int rank = 0; rank < 3; rank++)
		for (uint32_t i = 0; i < ir->pki_count; i++)
			if (convert_rank_pki(ir->pkis[i].name, hostname) ==
				rank &&
			    count < CONVERT_PKIS_MAX)
				names[count++] = ir->pkis[i].name;
	return count;
}

/* Whether the listener needs certificates and names none. */
static bool
convert_is_nameless(const struct convert *convert)
{
	bool is_tls = false;

	for (const struct clause *c = convert->state->stmt->clauses; c != NULL;
	     c = c->next) {
		is_tls |= convert_is_tls(c);
		if (c->kind == CLAUSE_PKI)
			return false;
	}
	return is_tls && convert_passes(convert, TARGET_7_3);
}

static bool
convert_adds_pkis(const struct convert *convert)
{
	return convert_is_nameless(convert) && convert->ir->pki_count > 0;
}

/* TLS that could never begin. From 7.3 on the daemon would not start. */
static bool
convert_lacks_pki(const struct convert *convert)
{
	return convert_is_nameless(convert) && convert->ir->pki_count == 0;
}

/* What a listener names stands above it: the rest of them moves here. */
static void
convert_hoist_pkis(struct convert *convert)
{
	struct convert_state *state = convert->state;
	const struct stmt *stmt = state->stmt;
	struct convert_stmt *made = state->made;

	if (state->has_hoisted_pkis)
		return;
	state->has_hoisted_pkis = true;
	for (const struct stmt *s = stmt->next; s != NULL; s = s->next) {
		if (s->kind != STMT_PKI)
			continue;
		state->stmt = s;
		state->made = convert_add_stmt(convert, s);
		state->made->is_changed = true;
		convert_certificate(convert);
	}
	state->stmt = stmt;
	state->made = made;
	state->first = NULL;
}

/* " pki A pki B": all that it could show. */
static const char *
convert_all_pkis(struct convert *convert)
{
	const struct clause *hostname = stmt_clause(convert->state->stmt,
	    CLAUSE_HOSTNAME);
	struct str names[CONVERT_PKIS_MAX];
	uint32_t count = convert_order_pkis(convert,
	    hostname != NULL ? word_str(hostname->arg) : STR_LIT(""), names);
	const char *text = "";

	for (uint32_t i = 0; i < count; i++)
		text = arena_printf(convert->arena, "%s pki %s", text,
		    convert_pki_text(convert, names[i]));
	return text;
}

/* An old "certificate X" named files; what names them now is declared. */
static void
convert_declare_pki(struct convert *convert, const struct clause *clause)
{
	struct str name = words_lower(convert->arena, word_str(clause->arg));
	void **slot;

	if (names_find(&convert->comp->names, NAMES_PKI, name) != NULL)
		return;
	slot = strmap_put(&convert->state->pkis, name);
	if (*slot != NULL)
		return;
	*slot = convert;
	convert_begin_item(convert);
	fprintf(convert->state->out,
	    "pki %s cert \"" CONVERT_CERTS "%.*s.crt\" "
	    "key \"" CONVERT_CERTS "%.*s.key\"",
	    convert_pki_text(convert, name), WORD_ARG(clause->arg),
	    WORD_ARG(clause->arg));
	convert_end_item(convert, "certificates have names now");
	convert->state->first = NULL;
}

/* Options. */

static void
convert_edit_listen_clause(struct convert *convert, const struct clause *clause)
{
	const char *name;

	switch ((unsigned)clause->kind) {
	case CLAUSE_MASK_SRC:
		convert_edit(convert, clause->pos, "mask-src");
		break;
	case CLAUSE_TAG:
		name = convert_tag(convert, word_str(clause->arg));
		if (!str_is(word_str(clause->arg), name))
			convert_edit(convert, clause->arg.pos, "\"%s\"", name);
		break;
	case CLAUSE_PKI:
		name = convert_pki_name(convert, word_str(clause->arg));
		if (clause->flags & CLAUSE_OLD)
			convert_edit(convert, clause->pos, "pki %s",
			    convert_pki_text(convert, word_str(clause->arg)));
		else if (!str_is(word_str(clause->arg), name))
			convert_edit(convert, clause->arg.pos, "%s",
			    convert_pki_text(convert, word_str(clause->arg)));
		break;
	case CLAUSE_AUTH:
		if (clause->flags & CLAUSE_OLD)
			convert_edit(convert, clause->pos, "auth");
		break;
	case CLAUSE_FILTER:
		if (!convert_is_upgrade(convert))
			convert_edit_out(convert, clause->pos);
		break;
	default:
		break;
	}
}

/* secure: the name of what it is this time. */
static void
convert_edit_tls(struct convert *convert, const struct clause *clause,
    const char *tls)
{
	const char *pkis = convert_adds_pkis(convert) ?
	    convert_all_pkis(convert) :
	    "";
	struct srcpos end = { clause->pos.end, clause->pos.end };

	if (clause->kind == CLAUSE_OLD_SECURE || clause->kind == CLAUSE_OLD_SSL)
		convert_edit(convert, clause->pos, "%s%s", tls, pkis);
	else if (pkis[0] != '\0')
		convert_edit(convert, end, "%s", pkis);
}

/* Options that a macro holds together, when one of them changes. */

static void
convert_put_held(struct convert *convert, const struct clause *clause)
{
	FILE *out = convert->state->out;

	if (clause->kind == CLAUSE_FILTER && !convert_is_upgrade(convert))
		return;
	fprintf(out, " %s", clause_words(clause->kind, DIALECT_MODERN));
	if (!srcpos_is_none(clause->qualifier) &&
	    clause->kind != CLAUSE_SENDERS)
		fputs(" verify", out);
	if (clause->kind == CLAUSE_TAG) {
		putc(' ', out);
		convert_put_quoted(convert,
		    str_from(convert_tag(convert, word_str(clause->arg))));
	} else if (clause->kind == CLAUSE_PKI || clause->kind == CLAUSE_CA) {
		fprintf(out, " %s",
		    convert_pki_text(convert, word_str(clause->arg)));
	} else if (clause->arg.kind == WORD_NUMBER) {
		fprintf(out, " %.*s", WORD_ARG(clause->arg));
	} else if (clause->arg.len > 0) {
		putc(' ', out);
		convert_put_text(convert, word_str(clause->arg));
	} else if (clause->table != NULL) {
		putc(' ', out);
		convert_put_tabref(convert, clause->table);
	}
	if (!srcpos_is_none(clause->qualifier) &&
	    clause->kind == CLAUSE_SENDERS)
		fputs(" masquerade", out);
}

static unsigned
convert_count_held(const struct stmt *stmt, uint32_t begin)
{
	unsigned count = 0;

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		count += c->pos.begin == begin;
	return count;
}

/* Edits of one option in a macro become the text of all of them. */
static void
convert_edit_held(struct convert *convert)
{
	struct convert_state *state = convert->state;

	for (uint32_t i = 0; i < state->edit_count; i++) {
		struct convert_edit *edit = &state->edits[i];
		struct convert_state outer = *state;
		const char *text;

		if (convert_count_held(state->stmt, edit->range.begin) < 2)
			continue;
		state->indent = "";
		convert_begin_item(convert);
		for (const struct clause *c = state->stmt->clauses; c;
		     c = c->next)
			if (c->pos.begin == edit->range.begin)
				convert_put_held(convert, c);
		text = convert_take_text(convert);
		state->out = outer.out;
		state->buffer = outer.buffer;
		state->buffer_len = outer.buffer_len;
		state->indent = outer.indent;
		edit->text = text + (text[0] == ' ');
	}
}

static void
convert_put_listen(struct convert *convert, const char *tls, const char *why)
{
	const struct stmt *stmt = convert->state->stmt;

	convert_begin_item(convert);
	convert_edit_words(convert, stmt);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (convert_is_tls(c))
			convert_edit_tls(convert, c, tls);
		convert_edit_listen_clause(convert, c);
	}
	convert_edit_held(convert);
	convert_put_copy(convert, stmt->pos);
	convert_end_item(convert, why);
}

static void
convert_comment_listen(struct convert *convert)
{
	convert_note(convert, NOTE_LISTENER_WITHOUT_PKI,
	    "TLS needs a certificate: declare 'pki NAME cert FILE key FILE', "
	    "and add 'pki NAME' to this listener");
	convert_comment_out(convert, "TLS needs a certificate");
}

static const struct clause *
convert_secure(const struct stmt *stmt)
{
	const struct clause *secure = stmt_clause(stmt, CLAUSE_OLD_SECURE);

	return secure != NULL ? secure : stmt_clause(stmt, CLAUSE_OLD_SSL);
}

static void
convert_listen_inet(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	const char *why = NULL;

	if (convert_lacks_pki(convert)) {
		convert_comment_listen(convert);
		return;
	}
	if (convert_adds_pkis(convert))
		convert_hoist_pkis(convert);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind == CLAUSE_PKI && (c->flags & CLAUSE_OLD))
			convert_declare_pki(convert, c);
		if (c->kind == CLAUSE_FILTER && !convert_is_upgrade(convert))
			convert_note(convert, NOTE_LISTENER_FILTER,
			    "'filter %.*s' made 6.0 refuse every client "
			    "here; it is left out",
			    WORD_ARG(c->arg));
	}
	if (convert_adds_pkis(convert))
		why = "a listener names its certificates now";
	if (convert_secure(stmt) == NULL) {
		convert_put_listen(convert, "", why);
		return;
	}
	convert_put_listen(convert, "tls",
	    "the line was two listeners: STARTTLS, and TLS from the start");
	if (stmt_clause(stmt, CLAUSE_PORT) == NULL)
		convert_put_listen(convert, "smtps",
		    "the line was two listeners: STARTTLS, and TLS from the "
		    "start");
}

/* "listen on socket" that is there, and gets what it had without words. */
static void
convert_listen_socket(struct convert *convert)
{
	struct convert_state *state = convert->state;
	const struct stmt *stmt = state->stmt;
	bool has_tag = state->asks_socket_tag &&
	    convert_passes(convert, TARGET_6_7);

	convert_begin_item(convert);
	if (stmt->flags & STMT_OLD) {
		fputs("listen on socket", state->out);
	} else {
		convert_edit_words(convert, stmt);
		for (const struct clause *c = stmt->clauses; c; c = c->next)
			convert_edit_listen_clause(convert, c);
		convert_put_copy(convert, stmt->pos);
	}
	if (has_tag)
		fputs(" tag \"local\"", state->out);
	convert_end_item(convert,
	    has_tag ? "mail from the socket had the tag 'local' by itself" :
		      NULL);
}

void
convert_listen(struct convert *convert)
{
	struct convert_state *state = convert->state;

	if (state->stmt->kind == STMT_LISTEN_SOCKET) {
		convert_listen_socket(convert);
		return;
	}
	convert_listen_inet(convert);
	if (state->stmt == state->last_listen && convert_begin_socket(convert))
		convert_end_item(convert, convert_why_socket);
}
