/*
 * Sessions: reading them, finding their listener, checking their password.
 */
#include "compiler/session.h"

#include <crypt.h>
#include <stdlib.h>

#include "runtime/base/units.h"

void
session_init(struct session *session)
{
	struct str zone;

	*session = (struct session){
		.id = STR_LIT(""),
		.port = 25,
		.helo = STR_LIT("client.example.com"),
		.mail_from = STR_LIT("sender@example.com"),
	};
	netaddr_parse_host(STR_LIT("127.0.0.1"), 0, &session->src, &zone);
	session->dst = session->src;
}

static bool
session_read_address(struct str text, struct netaddr *addr, const char **why_r)
{
	struct str zone;

	*why_r = "not an address";
	return netaddr_parse_host(text, NETADDR_BRACKETS | NETADDR_TAG, addr,
		   &zone) == NETADDR_OK;
}

/* The listener's address is of the client's family unless it is given. */
static bool
session_read_src(struct session *session, struct str text, const char **why_r)
{
	struct str zone;

	if (!session_read_address(text, &session->src, why_r))
		return false;
	if (session->src.family != session->dst.family)
		netaddr_parse_host(session->src.family == 6 ?
			STR_LIT("::1") :
			STR_LIT("127.0.0.1"),
		    0, &session->dst, &zone);
	return true;
}

static bool
session_read_tls(struct session *session, struct str text, const char **why_r)
{
	*why_r = "neither starttls nor smtps";
	if (str_is(text, "starttls") || text.len == 0)
		session->tls = SESSION_STARTTLS;
	else if (str_is(text, "smtps"))
		session->tls = SESSION_SMTPS;
	else
		return false;
	return true;
}

static bool
session_add_rcpt(struct session *session, struct arena *arena, struct str rcpt,
    const char **why_r)
{
	*why_r = "too many recipients";
	if (session->rcpt_count == SESSION_RCPTS_MAX)
		return false;
	if (session->rcpts == NULL)
		session->rcpts = arena_alloc(arena,
		    SESSION_RCPTS_MAX * sizeof(*session->rcpts));
	session->rcpts[session->rcpt_count++] = rcpt;
	return true;
}

static bool
session_set(struct session *session, struct arena *arena, struct str key,
    struct str value, const char **why_r)
{
	*why_r = "not a number from 1 to 65535";
	if (str_is(key, "src"))
		return session_read_src(session, value, why_r);
	if (str_is(key, "dst"))
		return session_read_address(value, &session->dst, why_r);
	if (str_is(key, "port"))
		return units_parse_port(value, &session->port) == UNITS_OK;
	if (str_is(key, "tls"))
		return session_read_tls(session, value, why_r);
	if (str_is(key, "rcpt-to"))
		return session_add_rcpt(session, arena, value, why_r);
	if (str_is(key, "socket")) {
		session->is_socket = true;
	} else if (str_is(key, "auth")) {
		session->has_auth = true;
		session->login = value;
	} else if (str_is(key, "helo")) {
		session->helo = value;
	} else if (str_is(key, "tag")) {
		session->tag = value;
	} else if (str_is(key, "rdns")) {
		session->rdns = value;
	} else if (str_is(key, "mail-from")) {
		session->mail_from = value;
	} else {
		*why_r = "there are src, dst, port, tls, auth, helo, tag, "
			 "rdns, socket, mail-from and rcpt-to";
		return false;
	}
	return true;
}

bool
session_read_word(struct session *session, struct arena *arena,
    const char *word, const char **why_r)
{
	const char *equals = strchr(word, '=');
	struct str key = str_from(word), value = STR_LIT("");

	if (equals != NULL) {
		key.len = (uint32_t)(equals - word);
		value = str_from(equals + 1);
	}
	return session_set(session, arena, key, value, why_r);
}

static bool
session_read_rcpts(struct session *session, struct arena *arena, json_t *rcpt,
    const char **why_r)
{
	size_t i;
	json_t *item;

	*why_r = "\"rcpt\" is neither an address nor a list of them";
	if (json_is_string(rcpt))
		return session_add_rcpt(session, arena,
		    str_from(json_string_value(rcpt)), why_r);
	if (!json_is_array(rcpt))
		return false;
	json_array_foreach(rcpt, i, item) if (!json_is_string(item) ||
	    !session_add_rcpt(session, arena, str_from(json_string_value(item)),
		why_r)) return false;
	return true;
}

static bool
session_read_auth(struct session *session, json_t *auth, const char **why_r)
{
	const char *login = json_string_value(json_array_get(auth, 0));
	const char *password = json_string_value(json_array_get(auth, 1));

	*why_r = "\"auth\" is not [login, password]";
	if (auth == NULL)
		return true;
	if (login == NULL || password == NULL)
		return false;
	session->has_auth = true;
	session->login = str_from(login);
	session->password = str_from(password);
	return true;
}

/* A string member goes the way of a word. */
static bool
session_read_member(struct session *session, struct arena *arena,
    json_t *object, const char *member, const char *key, const char **why_r)
{
	const char *value = json_string_value(json_object_get(object, member));

	return value == NULL ||
	    session_set(session, arena, str_from(key), str_from(value), why_r);
}

bool
session_read_json(struct session *session, struct arena *arena, json_t *object,
    const char **why_r)
{
	static const char *const members[][2] = {
		{ "src", "src" },
		{ "dst", "dst" },
		{ "tls", "tls" },
		{ "helo", "helo" },
		{ "from", "mail-from" },
	};
	const char *id = json_string_value(json_object_get(object, "id"));
	json_t *port = json_object_get(object, "port");

	*why_r = "\"id\" is not a string";
	if (id == NULL)
		return false;
	session->id = str_from(id);
	session->is_socket = json_is_true(json_object_get(object, "socket"));
	if (session->is_socket)
		session->mail_from = STR_LIT("alice@example.com");
	if (port != NULL)
		session->port = (uint16_t)json_integer_value(port);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!session_read_member(session, arena, object, members[i][0],
			members[i][1], why_r))
			return false;
	return session_read_auth(session, json_object_get(object, "auth"),
		   why_r) &&
	    session_read_rcpts(session, arena, json_object_get(object, "rcpt"),
		why_r);
}

/* Listeners. */

/* An interface or a name: only the loopback ones can be known here. */
static bool
session_is_loopback_name(struct str name)
{
	return str_is(name, "lo") || str_is(name, "lo0") ||
	    str_is(name, "localhost");
}

static bool
session_is_loopback(const struct netaddr *addr)
{
	if (addr->family == 4)
		return addr->bytes[0] == 127;
	for (unsigned i = 0; i < 15; i++)
		if (addr->bytes[i] != 0)
			return false;
	return addr->bytes[15] == 1;
}

static bool
session_is_any(const struct netaddr *addr)
{
	for (unsigned i = 0; i < sizeof(addr->bytes); i++)
		if (addr->bytes[i] != 0)
			return false;
	return true;
}

static bool
session_meets(const struct session *session, const struct ir_listener *listener)
{
	struct netaddr addr;
	struct str zone;

	if (session->is_socket || listener->is_socket)
		return session->is_socket == listener->is_socket;
	if (listener->port != session->port ||
	    (listener->family != 0 && listener->family != session->dst.family))
		return false;
	if (netaddr_parse_host(listener->address, NETADDR_TAG, &addr, &zone) ==
	    NETADDR_OK)
		return addr.family == session->dst.family &&
		    (session_is_any(&addr) ||
			netaddr_contains(&addr, &session->dst));
	return session_is_loopback_name(listener->address) ==
	    session_is_loopback(&session->dst);
}

static const struct ir_listener *
session_find_listener(const struct session *session, const struct ir *ir)
{
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (session_meets(session, &ir->listeners[i]))
			return &ir->listeners[i];
	return NULL;
}

/* Authentication. */

static bool
session_check_password(struct str hash, struct str password)
{
	struct crypt_data data = { .initialized = 0 };
	char setting[256], phrase[512];
	const char *result;

	if (hash.len >= sizeof(setting) || password.len >= sizeof(phrase))
		return false;
	memcpy(setting, hash.ptr, hash.len);
	setting[hash.len] = '\0';
	memcpy(phrase, password.ptr, password.len);
	phrase[password.len] = '\0';
	result = crypt_r(phrase, setting, &data);
	return result != NULL && strcmp(result, setting) == 0;
}

static bool
session_is_authenticated(const struct session *session, struct bind *bind,
    const struct ir_listener *listener)
{
	const struct table_entry *entry;
	struct table_credentials creds;

	if (!session->has_auth || session->password.ptr == NULL)
		return session->has_auth;
	if (listener == NULL || listener->auth == IR_AUTH_NONE ||
	    session->tls == SESSION_PLAIN)
		return false;
	/* The passwords of system users are not ours to know. */
	if (listener->credentials == IR_NONE)
		return !bind->host->knows_users ||
		    host_find_user(bind->host, session->login) != NULL;
	if (bind_lookup(bind, listener->credentials, SERVICE_CREDENTIALS,
		session->login, &entry) != ANSWER_YES ||
	    entry == NULL ||
	    !table_parse_credentials(entry->key, entry->value, &creds))
		return false;
	return session_check_password(creds.secret, session->password);
}

static struct str
session_server_name(const struct bind *bind, const struct ir_listener *listener)
{
	if (listener != NULL && listener->hostname.len > 0)
		return listener->hostname;
	return bind->host->name;
}

struct mailaddr
session_mailbox(const struct session_context *context, struct str address)
{
	const char *at = memrchr(address.ptr, '@', address.len);

	if (address.len == 0)
		return (struct mailaddr){ STR_LIT(""), STR_LIT("") };
	if (at == NULL)
		return (struct mailaddr){ address, context->server_name };
	return (struct mailaddr){
		{ address.ptr, (uint32_t)(at - address.ptr) },
		{ at + 1, address.len - (uint32_t)(at - address.ptr) - 1 },
	};
}

void
session_enter(const struct session *session, struct bind *bind,
    struct session_context *context_r)
{
	const struct ir_listener *listener = session_find_listener(session,
	    bind->ir);
	struct ruleset_envelope *envelope = &context_r->envelope;

	*context_r = (struct session_context){
		.listener = listener,
		.server_name = session_server_name(bind, listener),
	};
	envelope->tag = session->tag.ptr != NULL ? session->tag :
	    listener != NULL                     ? listener->tag :
						   STR_LIT("");
	envelope->is_socket = session->is_socket;
	envelope->peer = session->is_socket ?
	    STR_LIT("local") :
	    host_spell(bind->host, &session->src);
	envelope->rdns = session->rdns.ptr != NULL ? session->rdns :
	    session->is_socket                     ? bind->host->name :
				 host_reverse(bind->host, &session->src);
	envelope->helo = session->is_socket ? STR_LIT("localhost") :
					      session->helo;
	envelope->is_tls = session->tls != SESSION_PLAIN;
	envelope->is_authenticated = session->is_socket ||
	    session_is_authenticated(session, bind, listener);
	envelope->username = session->is_socket || !envelope->is_authenticated ?
	    STR_LIT("") :
	    session->login;
	envelope->sender = session_mailbox(context_r, session->mail_from);
}
