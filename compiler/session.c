/*
 * Sessions: setting their facts, finding their listener, checking their
 * password.
 */
#include "compiler/session.h"

#include <crypt.h>

#include "grammar/suggest.h"
#include "runtime/base/units.h"

static const char *const session_keys[] = { "src", "dst", "port", "tls", "auth",
	"helo", "tag", "rdns", "socket", "mail-from", "rcpt-to" };

enum { SESSION_KEYS = sizeof(session_keys) / sizeof(session_keys[0]) };

const char *
session_key(unsigned i)
{
	return i < SESSION_KEYS ? session_keys[i] : NULL;
}

void
session_init(struct session *session)
{
	struct str zone;

	*session = (struct session){
		.id = STR_LIT(""),
		.helo = STR_LIT("client.example.com"),
		.mail_from = STR_LIT("sender@example.com"),
	};
	netaddr_parse_host(STR_LIT("127.0.0.1"), 0, &session->src, &zone);
}

static bool
session_read_address(struct str text, struct netaddr *addr, const char **why_r)
{
	struct str zone;

	*why_r = "not an address";
	return netaddr_parse_host(text, NETADDR_BRACKETS | NETADDR_TAG, addr,
		   &zone) == NETADDR_OK;
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
session_read_dst(struct session *session, struct str text, const char **why_r)
{
	session->has_dst = true;
	return session_read_address(text, &session->dst, why_r);
}

static bool
session_read_socket(struct session *session, struct str text,
    const char **why_r)
{
	*why_r = "it takes no value";
	session->is_socket = true;
	return text.len == 0;
}

static bool
session_add_rcpt(struct session *session, struct arena *arena, struct str rcpt,
    const char **why_r)
{
	struct str *wider;

	*why_r = rcpt.len == 0 ? "no address" : "too many recipients";
	if (rcpt.len == 0 || session->rcpt_count == SESSION_RCPTS_MAX)
		return false;
	if (session->rcpt_count == session->rcpt_room) {
		session->rcpt_room = session->rcpt_room * 2 + 1;
		wider = arena_alloc(arena, session->rcpt_room * sizeof(*wider));
		if (session->rcpt_count > 0)
			memcpy(wider, session->rcpts,
			    session->rcpt_count * sizeof(*wider));
		session->rcpts = wider;
	}
	session->rcpts[session->rcpt_count++] = rcpt;
	return true;
}

static bool
session_refuse_key(struct arena *arena, struct str key, const char **why_r)
{
	struct suggest suggest;

	suggest_init(&suggest, key);
	for (unsigned i = 0; i < SESSION_KEYS; i++)
		suggest_offer(&suggest, str_from(session_keys[i]));
	*why_r = suggest.best.len == 0 ?
	    "there are src, dst, port, tls, auth, helo, tag, rdns, socket, "
	    "mail-from and rcpt-to" :
	    arena_printf(arena, "did you mean '%.*s'?", STR_ARG(suggest.best));
	return false;
}

bool
session_set(struct session *session, struct arena *arena, struct str key,
    struct str value, const char **why_r)
{
	*why_r = "not a number from 1 to 65535";
	if (str_is(key, "src"))
		return session_read_address(value, &session->src, why_r);
	if (str_is(key, "dst"))
		return session_read_dst(session, value, why_r);
	if (str_is(key, "port"))
		return units_parse_port(value, &session->port) == UNITS_OK;
	if (str_is(key, "tls"))
		return session_read_tls(session, value, why_r);
	if (str_is(key, "socket"))
		return session_read_socket(session, value, why_r);
	if (str_is(key, "rcpt-to"))
		return session_add_rcpt(session, arena, value, why_r);
	if (str_is(key, "auth")) {
		*why_r = "no user name";
		session->has_auth = value.len > 0;
		session->login = value;
		return session->has_auth;
	}
	if (str_is(key, "helo"))
		session->helo = value;
	else if (str_is(key, "tag"))
		session->tag = value;
	else if (str_is(key, "rdns"))
		session->rdns = value;
	else if (str_is(key, "mail-from"))
		session->mail_from = str_is(value, "<>") ? STR_LIT("") : value;
	else
		return session_refuse_key(arena, key, why_r);
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

uint16_t
session_port(const struct session *session)
{
	if (session->port != 0)
		return session->port;
	return session->tls == SESSION_SMTPS ? 465 : 25;
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

/* What a listener's address is compared with. */
static const struct netaddr *
session_address(const struct session *session)
{
	return session->has_dst ? &session->dst : &session->src;
}

/* False for the name of a host or an interface. */
static bool
session_listener_address(const struct ir_listener *listener,
    struct netaddr *addr_r)
{
	struct str zone;

	return netaddr_parse_host(listener->address, NETADDR_TAG, addr_r,
		   &zone) == NETADDR_OK;
}

static bool
session_meets_port(const struct session *session,
    const struct ir_listener *listener)
{
	unsigned family = session_address(session)->family;
	struct netaddr addr;

	if (session->is_socket || listener->is_socket)
		return session->is_socket == listener->is_socket;
	return listener->port == session_port(session) &&
	    (listener->family == 0 || listener->family == family) &&
	    (!session_listener_address(listener, &addr) ||
		addr.family == family);
}

/* One of the same family. Without dst: one that the client could reach. */
static bool
session_meets_address(const struct session *session,
    const struct ir_listener *listener)
{
	const struct netaddr *address = session_address(session);
	struct netaddr addr;

	if (!session_listener_address(listener, &addr))
		return session_is_loopback_name(listener->address) ==
		    session_is_loopback(address);
	if (session_is_any(&addr))
		return true;
	return session->has_dst ?
	    netaddr_contains(&addr, address) :
	    session_is_loopback(&addr) == session_is_loopback(address);
}

/* Without dst, the first on the port where no other will do. */
static const struct ir_listener *
session_find_listener(const struct session *session, const struct ir *ir)
{
	const struct ir_listener *other = NULL;

	for (uint32_t i = 0; i < ir->listener_count; i++) {
		const struct ir_listener *listener = &ir->listeners[i];

		if (!session_meets_port(session, listener))
			continue;
		if (session->is_socket ||
		    session_meets_address(session, listener))
			return listener;
		if (other == NULL && !session->has_dst)
			other = listener;
	}
	return other;
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
	/* Not crypt_r: a sanitizer's own one keeps libcrypt from linking. */
	result = crypt_rn(phrase, setting, &data, sizeof(data));
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
