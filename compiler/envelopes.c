/*
 * The brackets and commas of the list are read here, the objects between
 * them by jansson, which tells where an object ended but not where a member
 * of it stood.
 */
#include "compiler/envelopes.h"

#include "grammar/suggest.h"

/* Members that are texts, and the key of a session that they set. */
static const struct {
	const char *member;
	const char *key; /* NULL: changes nothing */
} envelopes_texts[] = {
	{ "src", "src" },
	{ "dst", "dst" },
	{ "tls", "tls" },
	{ "helo", "helo" },
	{ "tag", "tag" },
	{ "rdns", "rdns" },
	{ "from", "mail-from" },
	{ "mech", NULL },
	{ "as_user", NULL },
};

enum { ENVELOPES_TEXTS = sizeof(envelopes_texts) / sizeof(envelopes_texts[0]) };

void
envelopes_init(struct envelopes *envelopes, struct str text)
{
	*envelopes = (struct envelopes){ .line = 1, .text = text };
}

void
envelopes_fini(struct envelopes *envelopes)
{
	json_decref(envelopes->object);
}

/* Members. */

static struct str
envelopes_text(const json_t *value)
{
	return (struct str){ json_string_value(value),
		(uint32_t)json_string_length(value) };
}

/* rcpt: one address, or a list of them. */
static bool
envelopes_read_rcpts(struct session *session, struct arena *arena,
    const json_t *value, const char **why_r)
{
	const struct str key = STR_LIT("rcpt-to");
	const json_t *item;
	size_t i;

	if (json_is_string(value))
		return session_set(session, arena, key, envelopes_text(value),
		    why_r);
	*why_r = "neither an address nor a list of them";
	if (!json_is_array(value))
		return false;
	for (i = 0; i < json_array_size(value); i++) {
		item = json_array_get(value, i);
		*why_r = "not a list of addresses";
		if (!json_is_string(item) ||
		    !session_set(session, arena, key, envelopes_text(item),
			why_r))
			return false;
	}
	return true;
}

static bool
envelopes_read_auth(struct session *session, struct arena *arena,
    const json_t *value, const char **why_r)
{
	const json_t *login = json_array_get(value, 0);
	const json_t *password = json_array_get(value, 1);

	*why_r = "not [login, password]";
	if (json_array_size(value) != 2 || !json_is_string(login) ||
	    !json_is_string(password))
		return false;
	session->password = envelopes_text(password);
	return session_set(session, arena, STR_LIT("auth"),
	    envelopes_text(login), why_r);
}

static bool
envelopes_read_port(struct session *session, struct arena *arena,
    const json_t *value, const char **why_r)
{
	const char *text;

	*why_r = "not a number";
	if (!json_is_integer(value))
		return false;
	text = arena_printf(arena, "%lld", json_integer_value(value));
	return session_set(session, arena, STR_LIT("port"), str_from(text),
	    why_r);
}

static bool
envelopes_read_socket(struct session *session, const json_t *value,
    const char **why_r)
{
	*why_r = "neither true nor false";
	session->is_socket = json_is_true(value);
	return json_is_boolean(value);
}

static bool
envelopes_read_id(struct session *session, const json_t *value,
    const char **why_r)
{
	*why_r = "not a text";
	if (!json_is_string(value))
		return false;
	session->id = envelopes_text(value);
	return true;
}

static bool
envelopes_refuse(struct arena *arena, struct str member, const char **why_r)
{
	static const char *const others[] = { "id", "rcpt", "port", "auth",
		"socket" };
	struct suggest suggest;

	suggest_init(&suggest, member);
	for (size_t i = 0; i < ENVELOPES_TEXTS; i++)
		suggest_offer(&suggest, str_from(envelopes_texts[i].member));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		suggest_offer(&suggest, str_from(others[i]));
	*why_r = suggest.best.len == 0 ?
	    "there is no such member" :
	    arena_printf(arena, "there is no such member; did you mean '%s'?",
		suggest.best.ptr);
	return false;
}

static bool
envelopes_read_text(struct session *session, struct arena *arena,
    const struct str member, const json_t *value, const char **why_r)
{
	for (size_t i = 0; i < ENVELOPES_TEXTS; i++) {
		if (!str_is(member, envelopes_texts[i].member))
			continue;
		*why_r = "not a text";
		if (!json_is_string(value))
			return false;
		return envelopes_texts[i].key == NULL ||
		    session_set(session, arena,
			str_from(envelopes_texts[i].key), envelopes_text(value),
			why_r);
	}
	return envelopes_refuse(arena, member, why_r);
}

static bool
envelopes_read_member(struct session *session, struct arena *arena,
    const char *member, const json_t *value, const char **why_r)
{
	struct str name = str_from(member);

	if (str_is(name, "id"))
		return envelopes_read_id(session, value, why_r);
	if (str_is(name, "rcpt"))
		return envelopes_read_rcpts(session, arena, value, why_r);
	if (str_is(name, "auth"))
		return envelopes_read_auth(session, arena, value, why_r);
	if (str_is(name, "port"))
		return envelopes_read_port(session, arena, value, why_r);
	if (str_is(name, "socket"))
		return envelopes_read_socket(session, value, why_r);
	return envelopes_read_text(session, arena, name, value, why_r);
}

/* What stood for members that are not there when decisions were recorded. */
static void
envelopes_set_defaults(struct session *session, struct arena *arena,
    const json_t *object)
{
	const char *why;

	if (json_object_get(object, "dst") == NULL)
		session_set(session, arena, STR_LIT("dst"),
		    session->src.family == 6 ? STR_LIT("::1") :
					       STR_LIT("127.0.0.1"),
		    &why);
	if (session->is_socket && json_object_get(object, "from") == NULL)
		session->mail_from = STR_LIT("alice@example.com");
}

/* NULL, or why the object is no session. */
static const char *
envelopes_read_object(struct session *session, struct arena *arena,
    json_t *object)
{
	const char *member, *why;
	json_t *value;

	session_init(session);
	json_object_foreach(object, member, value)
	{
		if (!envelopes_read_member(session, arena, member, value, &why))
			return arena_printf(arena, "\"%s\": %s", member, why);
	}
	if (json_object_get(object, "id") == NULL)
		return "\"id\" is missing";
	if (json_object_get(object, "rcpt") == NULL)
		return "\"rcpt\" is missing";
	envelopes_set_defaults(session, arena, object);
	return NULL;
}

/* The list. */

static void
envelopes_skip(struct envelopes *envelopes, size_t bytes)
{
	const struct str text = envelopes->text;

	while (bytes-- > 0)
		if (text.ptr[envelopes->at++] == '\n') {
			envelopes->line++;
			envelopes->line_start = envelopes->at;
		}
}

static bool
envelopes_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Skips blanks; the byte there, or NUL at the end. */
static char
envelopes_peek(struct envelopes *envelopes)
{
	const struct str text = envelopes->text;

	while (envelopes->at < text.len &&
	    envelopes_is_blank(text.ptr[envelopes->at]))
		envelopes_skip(envelopes, 1);
	return envelopes->at < text.len ? text.ptr[envelopes->at] : '\0';
}

static enum envelopes_status
envelopes_fail(struct envelopes *envelopes, const char *why)
{
	envelopes->column = envelopes->at - envelopes->line_start + 1;
	envelopes->why = why;
	return ENVELOPES_BAD;
}

/* Behind "]" nothing may follow. */
static enum envelopes_status
envelopes_end(struct envelopes *envelopes)
{
	envelopes_skip(envelopes, 1);
	return envelopes_peek(envelopes) == '\0' &&
		envelopes->at == envelopes->text.len ?
	    ENVELOPES_END :
	    envelopes_fail(envelopes, "something follows the list");
}

/* jansson counts from where the object begins. */
static enum envelopes_status
envelopes_fail_json(struct envelopes *envelopes)
{
	const json_error_t *error = &envelopes->error;
	uint32_t line = error->line > 0 ? (uint32_t)error->line : 1;
	uint32_t column = error->column > 0 ? (uint32_t)error->column : 1;

	if (line == 1)
		column += envelopes->at - envelopes->line_start;
	envelopes->line += line - 1;
	envelopes->column = column;
	envelopes->why = error->text;
	return ENVELOPES_BAD;
}

enum envelopes_status
envelopes_next(struct envelopes *envelopes, struct arena *arena,
    struct session *session_r)
{
	char next = envelopes_peek(envelopes);

	if (envelopes->has_begun && next == ']')
		return envelopes_end(envelopes);
	if (next != (envelopes->has_begun ? ',' : '['))
		return envelopes_fail(envelopes,
		    envelopes->has_begun ? "',' or ']' is expected" :
					   "not a list of envelopes");
	envelopes_skip(envelopes, 1);
	if (envelopes_peek(envelopes) == ']' && !envelopes->has_begun)
		return envelopes_end(envelopes);
	envelopes->has_begun = true;
	if (envelopes_peek(envelopes) != '{')
		return envelopes_fail(envelopes, "an object is expected");

	json_decref(envelopes->object);
	envelopes->object = json_loadb(envelopes->text.ptr + envelopes->at,
	    envelopes->text.len - envelopes->at,
	    JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &envelopes->error);
	if (envelopes->object == NULL)
		return envelopes_fail_json(envelopes);
	envelopes->column = 0;
	envelopes->why = envelopes_read_object(session_r, arena,
	    envelopes->object);
	if (envelopes->why != NULL)
		return ENVELOPES_BAD;
	envelopes_skip(envelopes, (size_t)envelopes->error.position);
	return ENVELOPES_ONE;
}
