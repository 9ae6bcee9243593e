/*
 * The lines of table programs.
 */
#include "runtime/lookup/tableproto.h"

#include <stdio.h>

#define TABLEPROTO_VERSION "0.1"
/* Whose programs these are: what they know about is that daemon. */
#define TABLEPROTO_SMTPD "7.8.0-portable"

static const char *const tableproto_services[TABLEPROTO_SERVICES] = {
	[SERVICE_STRING] = "string",
	[SERVICE_DOMAIN] = "domain",
	[SERVICE_NETADDR] = "netaddr",
	[SERVICE_MAILADDR] = "mailaddr",
	[SERVICE_REGEX] = "regex",
	[SERVICE_ALIAS] = "alias",
	[SERVICE_CREDENTIALS] = "credentials",
	[SERVICE_USERINFO] = "userinfo",
	[SERVICE_ADDRNAME] = "addrname",
	[SERVICE_MAILADDRMAP] = "mailaddrmap",
	[SERVICE_RELAYHOST] = "relayhost",
	[TABLEPROTO_AUTH] = "auth",
	[TABLEPROTO_SOURCE] = "source",
};

static const char *const tableproto_ops[] = {
	[TABLEPROTO_UPDATE] = "update",
	[TABLEPROTO_CHECK] = "check",
	[TABLEPROTO_LOOKUP] = "lookup",
	[TABLEPROTO_FETCH] = "fetch",
};

const char *
tableproto_service_names(unsigned services, const char *between, char *buf,
    size_t room)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < TABLEPROTO_SERVICES; i++)
		if ((services & 1u << i) != 0 && len < room)
			len += (size_t)snprintf(buf + len, room - len, "%s%s",
			    len == 0 ? "" : between, tableproto_services[i]);
	return buf;
}

const char *
tableproto_op_name(enum tableproto_op op)
{
	return tableproto_ops[op];
}

/* Writing. */

/* What would end a line, here or in a program that reads C's strings. */
static bool
tableproto_is_line(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\n' || text.ptr[i] == '\r' ||
		    text.ptr[i] == '\0')
			return false;
	return true;
}

bool
tableproto_is_name(struct str name)
{
	return name.len > 0 && tableproto_is_line(name) &&
	    memchr(name.ptr, '|', name.len) == NULL;
}

size_t
tableproto_write_config(struct str table, char *buf, size_t room)
{
	int len;

	if (!tableproto_is_name(table))
		return 0;
	len = snprintf(buf, room,
	    "config|smtpd-version|" TABLEPROTO_SMTPD "\n"
	    "config|protocol|" TABLEPROTO_VERSION "\n"
	    "config|tablename|%.*s\n"
	    "config|ready\n",
	    STR_ARG(table));
	return len < 0 || (size_t)len >= room ? 0 : (size_t)len;
}

/* In lower case, but a password. */
static void
tableproto_copy_key(const struct tableproto_request *request, char *buf)
{
	struct str key = request->key;
	uint32_t i = 0;

	for (; i < key.len; i++) {
		if (request->service == TABLEPROTO_AUTH && key.ptr[i] == ':')
			break;
		buf[i] = str_lower(key.ptr[i]);
	}
	for (; i < key.len; i++)
		buf[i] = key.ptr[i];
}

/* Of a request up to its key: the length, or 0. */
static size_t
tableproto_write_head(const struct tableproto_request *request, char *buf,
    size_t room)
{
	bool is_update = request->op == TABLEPROTO_UPDATE;
	bool has_key = request->op == TABLEPROTO_CHECK ||
	    request->op == TABLEPROTO_LOOKUP;
	int len = snprintf(buf, room,
	    "table|" TABLEPROTO_VERSION "|%lld.%06ld|%.*s|%s%s%s|%08x%s",
	    (long long)request->time.tv_sec, (long)request->time.tv_usec,
	    STR_ARG(request->table), tableproto_ops[request->op],
	    is_update ? "" : "|",
	    is_update ? "" : tableproto_services[request->service],
	    (unsigned)request->id, has_key ? "|" : "");

	return len < 0 || (size_t)len >= room ? 0 : (size_t)len;
}

size_t
tableproto_write(const struct tableproto_request *request, char *buf,
    size_t room)
{
	size_t len;

	if (!tableproto_is_name(request->table) ||
	    !tableproto_is_line(request->key))
		return 0;
	len = tableproto_write_head(request, buf, room);
	if (len == 0 || request->key.len + 1u > room - len)
		return 0;
	tableproto_copy_key(request, buf + len);
	len += request->key.len;
	buf[len++] = '\n';
	return len;
}

/* Reading. */

/* Takes the next field; the last one, if is_last, may hold "|". */
static struct str
tableproto_take(struct str *rest, bool is_last)
{
	const char *bar = is_last || rest->len == 0 ?
	    NULL :
	    memchr(rest->ptr, '|', rest->len);
	struct str field = *rest;

	if (bar == NULL) {
		*rest = (struct str){ rest->ptr + rest->len, 0 };
		return field;
	}
	field.len = (uint32_t)(bar - rest->ptr);
	rest->ptr += field.len + 1;
	rest->len -= field.len + 1;
	return field;
}

enum tableproto_register
tableproto_read_register(struct str line, unsigned *service_r)
{
	struct str word;

	if (!tableproto_is_line(line) || !str_has_prefix(line, "register|"))
		return TABLEPROTO_REGISTER_BAD;
	tableproto_take(&line, false);
	word = tableproto_take(&line, true);
	if (str_is(word, "ready"))
		return TABLEPROTO_REGISTER_READY;
	for (unsigned i = 0; i < TABLEPROTO_SERVICES; i++) {
		if (!str_is(word, tableproto_services[i]))
			continue;
		*service_r = i;
		return TABLEPROTO_REGISTER_SERVICE;
	}
	return TABLEPROTO_REGISTER_UNKNOWN;
}

/* "lookup-result"; a fetch may be answered so, too, as its manual shows. */
static bool
tableproto_is_result(struct str word, enum tableproto_op op)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "%s-result", tableproto_ops[op]);
	return str_is(word, wanted) ||
	    (op == TABLEPROTO_FETCH && str_is(word, "lookup-result"));
}

static bool
tableproto_is_id(struct str word, uint32_t id)
{
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%08x", (unsigned)id);
	return str_is(word, wanted);
}

enum tableproto_result
tableproto_read(struct str line, enum tableproto_op op, uint32_t id,
    struct str *text_r)
{
	bool has_value = op == TABLEPROTO_LOOKUP || op == TABLEPROTO_FETCH;
	struct str rest = line, word;
	bool is_last;

	*text_r = STR_LIT("");
	if (!tableproto_is_line(line) ||
	    !tableproto_is_result(tableproto_take(&rest, false), op) ||
	    !tableproto_is_id(tableproto_take(&rest, false), id))
		return TABLEPROTO_BAD;
	word = tableproto_take(&rest, false);
	is_last = word.ptr + word.len == line.ptr + line.len;
	if (str_is(word, "error")) {
		*text_r = rest;
		return TABLEPROTO_ERROR;
	}
	if (has_value && str_is(word, "found") && rest.len > 0) {
		*text_r = rest;
		return TABLEPROTO_FOUND;
	}
	if (!is_last)
		return TABLEPROTO_BAD;
	if (op != TABLEPROTO_UPDATE && str_is(word, "not-found"))
		return TABLEPROTO_NOT_FOUND;
	if (str_is(word, op == TABLEPROTO_UPDATE ? "ok" : "found") &&
	    !has_value)
		return TABLEPROTO_FOUND;
	return TABLEPROTO_BAD;
}
