/*
 * Which words of a config are what kind of value, and the values that one
 * option alone has.
 */
#include "compiler/check.h"

#include "compiler/check_facts.h"
#include "compiler/values.h"
#include "compiler/words.h"
#include "grammar/suggest.h"
#include "runtime/base/hostname.h"
#include "runtime/base/mailaddr.h"
#include "runtime/expand/format.h"
#include "runtime/table/pattern.h"

enum {
	VALUES_TAG_MAX = 32,
	VALUES_KEY_LEN = 32,   /* of queue encryption */
	VALUES_USER_MAX = 255, /* bytes in front of '@' */
	VALUES_DOMAIN_MAX = 255,
};

static void (*const values_uses[VALUES_USES])(struct values *,
    const struct values_elem *) = {
	[VALUES_NETWORK] = values_network,
	[VALUES_SOURCE] = values_source,
	[VALUES_ADDRNAME] = values_addrname,
	[VALUES_RELAY_HOST] = values_relay_host,
	[VALUES_RELAY_DOMAIN] = values_relay_domain,
	[VALUES_REGEX] = values_regex,
};

struct diag *
values_warn(struct values *v, const struct values_elem *at, enum check_id id,
    struct srcpos pos, const char *text)
{
	struct diag *diag = diag_add(v->diags, id, DIAG_WARNING, pos, "%s%s",
	    at->where, text);

	v->reported++;
	if (at->is_declared)
		diag_note(v->diags, diag, at->clause->pos,
		    "the table is used here");
	return diag;
}

static void
values_list(struct values *v, const struct list *list, struct values_elem at,
    enum values_use use)
{
	for (at.elem = list->elems; at.elem != NULL; at.elem = at.elem->next)
		values_uses[use](v, &at);
}

/* The entries of a table file, as if they stood where its path does. */
static void
values_file(struct values *v, const struct stmt *decl, struct values_elem at,
    enum values_use use)
{
	unsigned most = v->reported + CHECK_FACTS_LINES_MAX;
	struct tablefile_entry entry;
	struct tablefile file;
	struct elem elem = { .next = NULL };
	struct str path;

	if (!check_facts_open_file(v->comp, decl, &file, &path))
		return;
	at.elem = &elem;
	while (v->reported < most && tablefile_next(&file, &entry)) {
		if (entry.error != TABLEFILE_OK)
			continue;
		elem.key = check_facts_file_word(v->comp, decl, path,
		    entry.key);
		elem.value = check_facts_file_word(v->comp, decl, path,
		    entry.value);
		at.where = arena_printf(v->diags->arena,
		    "%.*s:%u: ", STR_ARG(path), entry.line);
		values_uses[use](v, &at);
	}
}

/* A declared table is gone through at its first use for a purpose. */
static void
values_declared(struct values *v, const struct clause *clause,
    enum values_use use)
{
	const struct stmt *decl = clause->table->table;
	struct values_elem at = { NULL, clause, true, "" };
	void **seen;

	if (decl == NULL)
		return;
	seen = strmap_put(&v->seen[use], word_str(decl->name));
	if (*seen != NULL)
		return;
	*seen = v;
	if (decl->list != NULL)
		values_list(v, decl->list, at, use);
	else
		values_file(v, decl, at, use);
}

static void
values_table(struct values *v, const struct clause *clause, enum values_use use)
{
	const struct tabref *ref = clause->table;
	struct elem elem;
	struct str name;

	if (ref == NULL)
		return;
	switch (ref->kind) {
	case TABREF_NAMED:
		values_declared(v, clause, use);
		break;
	case TABREF_WORD:
		/* Reported with the tables. */
		if (words_is_quoted_table(&v->comp->names, ref->word, &name))
			break;
		elem = (struct elem){ .key = ref->word };
		values_uses[use](v,
		    &(struct values_elem){ &elem, clause, false, "" });
		break;
	case TABREF_LIST:
		values_list(v, ref->list,
		    (struct values_elem){ NULL, clause, false, "" }, use);
		break;
	}
}

static void
values_name(struct values *v, struct word word)
{
	enum hostname_status status = hostname_check(word_str(word));

	if (status != HOSTNAME_OK && !str_is(word_str(word), "*"))
		diag_report(v->diags, CHECK_INVALID_HOSTNAME, word.pos,
		    "'%.*s' is neither '*' nor a host name: %s", WORD_ARG(word),
		    hostname_status_text(status));
}

static void
values_tag(struct values *v, struct word word)
{
	if (word.len > VALUES_TAG_MAX)
		diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
		    "a tag has at most %d bytes, this one has %u",
		    VALUES_TAG_MAX, word.len);
}

static void
values_delimiter(struct values *v, struct word word)
{
	if (word.len != 1)
		diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
		    "the delimiter must be one byte, not %u", word.len);
	else if (*word.ptr <= ' ' || *word.ptr > '~' || *word.ptr == '@')
		diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
		    "the delimiter must be printable, and not '@'");
}

/* Never shows the key. */
static void
values_queue_key(struct values *v, struct word word)
{
	struct str text = word_str(word);

	if (word.kind == WORD_NONE || word.len == VALUES_KEY_LEN ||
	    str_is(text, "-") || str_eq_nocase(text, STR_LIT("stdin")))
		return;
	diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
	    "the key must have %d bytes, this one has %u; 'stdin' reads it "
	    "when the daemon starts",
	    VALUES_KEY_LEN, word.len);
}

static void
values_dhe(struct values *v, struct word word)
{
	static const char *const words[] = { "none", "auto", "legacy" };
	struct suggest nearest;
	struct diag *diag;

	suggest_init(&nearest, word_str(word));
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eq_nocase(word_str(word), str_from(words[i])))
			return;
		suggest_offer(&nearest, str_from(words[i]));
	}
	diag = diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
	    "dhe is none, auto or legacy, not '%.*s'", WORD_ARG(word));
	if (nearest.best.len > 0)
		words_replace(v->diags, diag, word, word_str(word),
		    nearest.best.ptr);
}

/*
 * Modern versions start mail.lmtp with any word. Without a port it talks
 * to port 25, where LMTP must not be served (RFC 2033 5).
 */
static void
values_lmtp(struct values *v, struct word word)
{
	struct str text = word_str(word);

	if (str_has_prefix(text, "/") ||
	    (text.len > 0 && memchr(text.ptr, ':', text.len) != NULL))
		return;
	if (v->target->dialect == DIALECT_LEGACY)
		diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
		    "'%.*s' is neither host:port nor the path of a socket",
		    WORD_ARG(word));
	else
		diag_add(v->diags, CHECK_INVALID_VALUE, DIAG_WARNING, word.pos,
		    "'%.*s' is neither host:port nor the path of a socket, so "
		    "port 25 is meant",
		    WORD_ARG(word));
}

/* The sender's replacement, or parts of one. Modern versions ignore bad. */
static void
values_mail_from(struct values *v, struct word word)
{
	struct mailaddr addr = mailaddr_split(word_str(word));
	const char *text;

	if (addr.user.len == 0 && addr.domain.len == 0)
		text = "the address is empty";
	else if (addr.user.len > VALUES_USER_MAX ||
	    addr.domain.len > VALUES_DOMAIN_MAX)
		text = "the address is too long";
	else
		return;
	if (v->target->dialect == DIALECT_LEGACY)
		diag_report(v->diags, CHECK_INVALID_VALUE, word.pos, "%s",
		    text);
	else
		diag_report(v->diags, CHECK_IGNORED_VALUE, word.pos,
		    "%s, so the sender stays as it is", text);
}

static void
values_admd(struct values *v, struct word word)
{
	for (uint32_t i = 0; i < word.len; i++)
		if (word.ptr[i] < ' ' || word.ptr[i] > '~') {
			diag_report(v->diags, CHECK_INVALID_VALUE, word.pos,
			    "an admd has only printable ASCII");
			return;
		}
}

static void
values_path_or_command(struct values *v, struct word word)
{
	unsigned flags = 0;

	if (word.kind == WORD_NONE)
		return;
	if (v->target->dialect == DIALECT_MODERN)
		flags |= FORMAT_MODERN;
	if (v->target->version == TARGET_NATIVE)
		flags |= FORMAT_NATIVE;
	values_format(v, word, flags);
}

static void
values_wrapper(struct values *v, struct word word)
{
	unsigned flags = FORMAT_MODERN | FORMAT_WRAPPER;

	if (v->target->version == TARGET_NATIVE)
		flags |= FORMAT_NATIVE;
	values_format(v, word, flags);
}

/* Clauses whose table has values to check. */
static void
values_table_clause(struct values *v, const struct clause *clause)
{
	if (clause->flags & CLAUSE_REGEX) {
		values_table(v, clause, VALUES_REGEX);
		return;
	}
	switch ((unsigned)clause->kind) {
	case CLAUSE_FROM_SRC:
	case CLAUSE_COND_SRC:
		values_table(v, clause, VALUES_NETWORK);
		break;
	case CLAUSE_SRC:
		values_table(v, clause, VALUES_SOURCE);
		break;
	case CLAUSE_HOSTNAMES:
	case CLAUSE_HELO_SRC:
		values_table(v, clause, VALUES_ADDRNAME);
		break;
	case CLAUSE_DOMAIN:
		values_table(v, clause, VALUES_RELAY_DOMAIN);
		break;
	case CLAUSE_HOST:
		if (v->target->dialect == DIALECT_MODERN)
			values_table(v, clause, VALUES_RELAY_HOST);
		break;
	default:
		break;
	}
}

/* Clauses of a rule, listener or action that have a word. */
static void
values_word_clause(struct values *v, const struct clause *clause)
{
	switch ((unsigned)clause->kind) {
	case CLAUSE_PORT:
		values_port(v, clause->arg);
		break;
	case CLAUSE_TAG:
	case CLAUSE_COND_TAG:
		values_tag(v, clause->arg);
		break;
	case CLAUSE_TTL:
		values_delay(v, clause->arg);
		break;
	case CLAUSE_LMTP:
		values_lmtp(v, clause->arg);
		values_path_or_command(v, clause->arg);
		break;
	case CLAUSE_MAILDIR:
	case CLAUSE_MDA:
		values_path_or_command(v, clause->arg);
		break;
	case CLAUSE_HOSTNAME:
	case CLAUSE_HELO:
	case CLAUSE_BACKUP:
		if (clause->arg.kind != WORD_NONE)
			values_hostname(v, clause->arg);
		break;
	case CLAUSE_HOST:
		if (v->target->dialect == DIALECT_LEGACY)
			values_via(v, clause->arg);
		break;
	case CLAUSE_MAIL_FROM:
		values_mail_from(v, clause->arg);
		break;
	case CLAUSE_DHE:
		values_dhe(v, clause->arg);
		break;
	default:
		break;
	}
}

static void
values_clauses(struct values *v, const struct stmt *stmt)
{
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->flags & CLAUSE_OLD)
			continue;
		values_table_clause(v, c);
		values_word_clause(v, c);
	}
}

static void
values_filter(struct values *v, const struct stmt *stmt)
{
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		values_table_clause(v, c);
		if (c->kind == CLAUSE_REJECT || c->kind == CLAUSE_DISCONNECT)
			values_reply(v, c->arg);
	}
}

static void
values_stmt(struct values *v, const struct stmt *stmt)
{
	switch ((unsigned)stmt->kind) {
	case STMT_LISTEN:
		values_listen(v, stmt);
		values_clauses(v, stmt);
		break;
	case STMT_LISTEN_SOCKET:
	case STMT_ACCEPT:
	case STMT_REJECT:
	case STMT_ACTION:
	case STMT_MATCH:
		values_clauses(v, stmt);
		break;
	case STMT_PKI:
	case STMT_CA:
		values_name(v, stmt->name);
		values_clauses(v, stmt);
		break;
	case STMT_FILTER:
		if ((stmt->flags & STMT_OLD) == 0)
			values_filter(v, stmt);
		break;
	case STMT_LIMIT_SMTP:
	case STMT_LIMIT_MDA:
	case STMT_LIMIT_MTA:
	case STMT_LIMIT_SCHEDULER:
		values_limits(v, stmt);
		break;
	case STMT_BOUNCE_WARN:
		values_bounce_delays(v, stmt);
		break;
	case STMT_MDA_WRAPPER:
		values_wrapper(v, stmt->value);
		break;
	default:
		break;
	}
}

/* Statements that set one value. */
static void
values_setting(struct values *v, const struct stmt *stmt)
{
	switch ((unsigned)stmt->kind) {
	case STMT_ADMD:
		values_admd(v, stmt->name);
		break;
	case STMT_MAX_MESSAGE_SIZE:
		values_size(v, stmt->name);
		break;
	case STMT_MAX_DEFERRED:
		values_count(v, stmt->name);
		break;
	case STMT_SUB_ADDR_DELIM:
		values_delimiter(v, stmt->name);
		break;
	case STMT_QUEUE_ENCRYPTION:
		values_queue_key(v, stmt->name);
		break;
	case STMT_QUEUE_TTL:
		values_delay(v, stmt->name);
		break;
	case STMT_SRS_TTL:
		values_srs_ttl(v, stmt->name);
		break;
	default:
		break;
	}
}

void
check_values(struct compilation *comp)
{
	struct values v = {
		.comp = comp,
		.diags = &comp->diags,
		.target = &comp->tree->target,
		.regex_left = PATTERN_COST_TOTAL,
	};

	for (unsigned i = 0; i < VALUES_USES; i++)
		strmap_init(&v.seen[i], &comp->arena);
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next) {
		values_stmt(&v, s);
		values_setting(&v, s);
	}
}
