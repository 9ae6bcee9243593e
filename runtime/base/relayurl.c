/*
 * Relay URLs. One table of schemas per language, one parser: the languages
 * differ in the schemas, in whether a label is required or merely allowed,
 * and in the trailing dot of a host.
 */
#include "runtime/base/relayurl.h"

#include "runtime/base/hostname.h"
#include "runtime/base/units.h"

enum {
	RELAYURL_MAY_LABEL = 1,
	RELAYURL_MUST_LABEL = 2,
	RELAYURL_IS_LMTP = 4,
	RELAYURL_IS_BACKUP = 8,
};

struct relayurl_schema {
	const char *name;
	enum relayurl_tls tls;
	uint16_t port; /* 0: must be written */
	unsigned flags;
};

/* The first of each is what a URL without a schema means. */
static const struct relayurl_schema relayurl_legacy[] = {
	{ "smtp+tls", RELAYURL_TLS_IF_OFFERED, 25, 0 },
	{ "smtp", RELAYURL_TLS_NEVER, 25, 0 },
	{ "tls", RELAYURL_TLS_STARTTLS, 25, 0 },
	{ "tls+auth", RELAYURL_TLS_STARTTLS, 25, RELAYURL_MUST_LABEL },
	{ "smtps", RELAYURL_TLS_SMTPS, 465, 0 },
	{ "smtps+auth", RELAYURL_TLS_SMTPS, 465, RELAYURL_MUST_LABEL },
	{ "secure", RELAYURL_TLS_BOTH, 25, 0 },
	{ "secure+auth", RELAYURL_TLS_BOTH, 25, RELAYURL_MUST_LABEL },
	{ "lmtp", RELAYURL_TLS_NEVER, 0, RELAYURL_IS_LMTP },
	{ "backup", RELAYURL_TLS_IF_OFFERED, 25, RELAYURL_IS_BACKUP },
	{ "tls+backup", RELAYURL_TLS_STARTTLS, 25, RELAYURL_IS_BACKUP },
	{ 0 },
};

static const struct relayurl_schema relayurl_modern[] = {
	{ "smtp", RELAYURL_TLS_IF_OFFERED, 25, 0 },
	{ "smtp+tls", RELAYURL_TLS_STARTTLS, 25, RELAYURL_MAY_LABEL },
	{ "smtp+notls", RELAYURL_TLS_NEVER, 25, 0 },
	{ "smtps", RELAYURL_TLS_SMTPS, 465, RELAYURL_MAY_LABEL },
	{ "lmtp", RELAYURL_TLS_NEVER, 0, RELAYURL_IS_LMTP },
	{ 0 },
};

static const struct {
	const char *legacy;
	const char *modern;
} relayurl_forms[] = {
	{ "tls", "smtp+tls" },
	{ "tls+auth", "smtp+tls" },
	{ "smtps+auth", "smtps" },
	{ "secure", "smtp+tls" },
	{ "secure+auth", "smtp+tls" },
	{ "ssl", "smtp+tls" },
	{ "ssl+auth", "smtp+tls" },
};

static const char *const relayurl_status_texts[RELAYURL_STATUS_COUNT] = {
	[RELAYURL_OK] = "valid",
	[RELAYURL_TOO_LONG] = "the URL is longer than 1023 bytes",
	[RELAYURL_UNKNOWN_SCHEMA] = "the schema does not exist",
	[RELAYURL_LABEL_MISSING] = "the schema needs a label ('label@host')",
	[RELAYURL_LABEL_REFUSED] = "the schema takes no label",
	[RELAYURL_NO_HOST] = "the host is missing",
	[RELAYURL_BAD_HOST] = "the host is not a valid name",
	[RELAYURL_TRAILING_DOT] = "the host ends in a dot",
	[RELAYURL_BAD_LITERAL] = "no address stands in the brackets",
	[RELAYURL_BARE_IPV6] = "an IPv6 address must stand in brackets",
	[RELAYURL_BAD_PORT] = "the port is not a number from 1 to 65535",
	[RELAYURL_PORT_MISSING] = "the schema needs a port",
};

const char *
relayurl_status_text(enum relayurl_status status)
{
	return relayurl_status_texts[status];
}

static const struct relayurl_schema *
relayurl_schemas(enum relayurl_dialect dialect)
{
	return dialect == RELAYURL_LEGACY ? relayurl_legacy : relayurl_modern;
}

const char *
relayurl_schema_name(enum relayurl_dialect dialect, unsigned i)
{
	const struct relayurl_schema *schema = relayurl_schemas(dialect);

	while (i > 0 && schema->name != NULL) {
		schema++;
		i--;
	}
	return schema->name;
}

static struct str
relayurl_from(struct str s, uint32_t begin)
{
	return (struct str){ s.ptr + begin, s.len - begin };
}

/* Moves what stands in front of the first mark from *rest to *front_r. */
static bool
relayurl_cut(struct str *rest, const char *mark, struct str *front_r)
{
	uint32_t mark_len = (uint32_t)strlen(mark);
	const char *at = NULL;

	*front_r = (struct str){ rest->ptr, 0 };
	if (rest->len > 0)
		at = memmem(rest->ptr, rest->len, mark, mark_len);
	if (at == NULL)
		return false;
	front_r->len = (uint32_t)(at - rest->ptr);
	*rest = relayurl_from(*rest, front_r->len + mark_len);
	return true;
}

static enum relayurl_status
relayurl_read_schema(struct str *rest, enum relayurl_dialect dialect,
    struct relayurl *url, const struct relayurl_schema **schema_r)
{
	const struct relayurl_schema *schema = relayurl_schemas(dialect);
	struct str name;

	if (relayurl_cut(rest, "://", &name)) {
		while (schema->name != NULL &&
		    !str_eq_nocase(name, str_from(schema->name)))
			schema++;
		if (schema->name == NULL) {
			url->fault = name;
			return RELAYURL_UNKNOWN_SCHEMA;
		}
	}
	url->is_lmtp = (schema->flags & RELAYURL_IS_LMTP) != 0;
	url->is_backup = (schema->flags & RELAYURL_IS_BACKUP) != 0;
	url->tls = schema->tls;
	url->port = schema->port;
	*schema_r = schema;
	return RELAYURL_OK;
}

static enum relayurl_status
relayurl_read_label(struct str *rest, unsigned flags, struct relayurl *url)
{
	/* The first '@', wherever it stands. */
	(void)relayurl_cut(rest, "@", &url->label);
	url->fault = url->label;
	if ((flags & RELAYURL_MUST_LABEL) != 0)
		return url->label.len > 0 ? RELAYURL_OK :
					    RELAYURL_LABEL_MISSING;
	if (url->label.len > 0 && (flags & RELAYURL_MAY_LABEL) == 0)
		return RELAYURL_LABEL_REFUSED;
	return RELAYURL_OK;
}

/* "[address]" */
static enum relayurl_status
relayurl_read_literal(struct str *rest, struct relayurl *url)
{
	const char *end = memchr(rest->ptr, ']', rest->len);
	struct str inner;

	url->fault = *rest;
	if (end == NULL)
		return RELAYURL_BAD_LITERAL;
	url->host = (struct str){ rest->ptr, (uint32_t)(end - rest->ptr) + 1 };
	url->fault = url->host;
	inner = (struct str){ rest->ptr + 1, url->host.len - 2 };
	if (netaddr_parse_host(inner, NETADDR_TAG, &url->address, NULL) !=
	    NETADDR_OK)
		return RELAYURL_BAD_LITERAL;
	url->is_literal = true;
	*rest = relayurl_from(*rest, url->host.len);
	return RELAYURL_OK;
}

static bool
relayurl_is_name_char(char c)
{
	return str_is_alnum(c) || c == '_' || c == '.' || c == '-';
}

static enum relayurl_status
relayurl_read_name(struct str *rest, enum relayurl_dialect dialect,
    struct relayurl *url)
{
	struct netaddr address;
	uint32_t len = 0;

	if (netaddr_parse_host(*rest, 0, &address, NULL) == NETADDR_OK &&
	    address.family == 6) {
		url->fault = *rest;
		return RELAYURL_BARE_IPV6;
	}
	while (len < rest->len && relayurl_is_name_char(rest->ptr[len]))
		len++;
	url->host = url->fault = (struct str){ rest->ptr, len };
	if (len == 0)
		return RELAYURL_NO_HOST;
	if (!hostname_is_valid(url->host))
		return RELAYURL_BAD_HOST;
	if (dialect == RELAYURL_MODERN && url->host.ptr[len - 1] == '.')
		return RELAYURL_TRAILING_DOT;
	*rest = relayurl_from(*rest, len);
	return RELAYURL_OK;
}

/* ":port", which must end the URL; anything else is junk. */
static enum relayurl_status
relayurl_read_port(struct str rest, struct relayurl *url)
{
	url->fault = (struct str){ rest.ptr, 0 };
	if (rest.len > 0 && rest.ptr[0] == ':') {
		struct str digits = relayurl_from(rest, 1);

		url->fault = digits;
		if (digits.len == 0 || !str_is_digit(digits.ptr[0]) ||
		    units_parse_port(digits, &url->port) != UNITS_OK)
			return RELAYURL_BAD_PORT;
		url->has_port = true;
	} else
		url->junk = rest;
	return url->port == 0 ? RELAYURL_PORT_MISSING : RELAYURL_OK;
}

enum relayurl_status
relayurl_parse(struct str text, enum relayurl_dialect dialect,
    struct relayurl *url_r)
{
	const struct relayurl_schema *schema;
	enum relayurl_status status;
	struct str rest = text;

	*url_r = (struct relayurl){ .fault = text };
	if (text.len > RELAYURL_LEN_MAX)
		return RELAYURL_TOO_LONG;
	status = relayurl_read_schema(&rest, dialect, url_r, &schema);
	if (status != RELAYURL_OK)
		return status;
	status = relayurl_read_label(&rest, schema->flags, url_r);
	if (status != RELAYURL_OK)
		return status;
	if (rest.len > 0 && rest.ptr[0] == '[')
		status = relayurl_read_literal(&rest, url_r);
	else
		status = relayurl_read_name(&rest, dialect, url_r);
	if (status != RELAYURL_OK)
		return status;
	return relayurl_read_port(rest, url_r);
}

const char *
relayurl_modern_form(struct str text)
{
	const unsigned count = sizeof(relayurl_forms) /
	    sizeof(relayurl_forms[0]);
	struct str schema;

	if (!relayurl_cut(&text, "://", &schema))
		return NULL;
	for (unsigned i = 0; i < count; i++)
		if (str_eq_nocase(schema, str_from(relayurl_forms[i].legacy)))
			return relayurl_forms[i].modern;
	return NULL;
}
