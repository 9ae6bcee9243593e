/*
 * Relay URLs. One table of schemas per language, one parser: the languages
 * differ in the schemas, in whether a label is required or merely allowed,
 * and in the trailing dot of a host.
 */
#include "runtime/base/relayurl.h"

#include "runtime/base/hostname.h"
#include "runtime/base/units.h"

enum relayurl_label {
	RELAYURL_LABEL_NEVER,
	RELAYURL_LABEL_OPTIONAL,
	RELAYURL_LABEL_ALWAYS,
};

struct relayurl_schema {
	const char *name;
	enum relayurl_transport transport;
	enum relayurl_tls tls;
	enum relayurl_label label;
	uint16_t port; /* 0: must be written */
	bool is_backup;
};

/* The first of each is what a URL without a schema means. */
static const struct relayurl_schema relayurl_legacy[] = {
	{ "smtp+tls", RELAYURL_SMTP, RELAYURL_TLS_IF_OFFERED,
	    RELAYURL_LABEL_NEVER, 25, false },
	{ "smtp", RELAYURL_SMTP, RELAYURL_TLS_NEVER,
	    RELAYURL_LABEL_NEVER, 25, false },
	{ "tls", RELAYURL_SMTP, RELAYURL_TLS_STARTTLS,
	    RELAYURL_LABEL_NEVER, 25, false },
	{ "tls+auth", RELAYURL_SMTP, RELAYURL_TLS_STARTTLS,
	    RELAYURL_LABEL_ALWAYS, 25, false },
	{ "smtps", RELAYURL_SMTP, RELAYURL_TLS_SMTPS,
	    RELAYURL_LABEL_NEVER, 465, false },
	{ "smtps+auth", RELAYURL_SMTP, RELAYURL_TLS_SMTPS,
	    RELAYURL_LABEL_ALWAYS, 465, false },
	{ "secure", RELAYURL_SMTP, RELAYURL_TLS_STARTTLS_OR_SMTPS,
	    RELAYURL_LABEL_NEVER, 25, false },
	{ "secure+auth", RELAYURL_SMTP, RELAYURL_TLS_STARTTLS_OR_SMTPS,
	    RELAYURL_LABEL_ALWAYS, 25, false },
	{ "lmtp", RELAYURL_LMTP, RELAYURL_TLS_NEVER,
	    RELAYURL_LABEL_NEVER, 0, false },
	{ "backup", RELAYURL_SMTP, RELAYURL_TLS_IF_OFFERED,
	    RELAYURL_LABEL_NEVER, 25, true },
	{ "tls+backup", RELAYURL_SMTP, RELAYURL_TLS_STARTTLS,
	    RELAYURL_LABEL_NEVER, 25, true },
	{ 0 },
};

static const struct relayurl_schema relayurl_modern[] = {
	{ "smtp", RELAYURL_SMTP, RELAYURL_TLS_IF_OFFERED,
	    RELAYURL_LABEL_NEVER, 25, false },
	{ "smtp+tls", RELAYURL_SMTP, RELAYURL_TLS_STARTTLS,
	    RELAYURL_LABEL_OPTIONAL, 25, false },
	{ "smtp+notls", RELAYURL_SMTP, RELAYURL_TLS_NEVER,
	    RELAYURL_LABEL_NEVER, 25, false },
	{ "smtps", RELAYURL_SMTP, RELAYURL_TLS_SMTPS,
	    RELAYURL_LABEL_OPTIONAL, 465, false },
	{ "lmtp", RELAYURL_LMTP, RELAYURL_TLS_NEVER,
	    RELAYURL_LABEL_NEVER, 0, false },
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

/* Moves what stands in front of "://" from *rest to *schema_r. */
static bool
relayurl_cut_schema(struct str *rest, struct str *schema_r)
{
	const char *at = rest->len > 0 ?
	    memmem(rest->ptr, rest->len, "://", 3) : NULL;

	if (at == NULL)
		return false;
	*schema_r = (struct str){ rest->ptr, (uint32_t)(at - rest->ptr) };
	*rest = relayurl_from(*rest, schema_r->len + 3);
	return true;
}

/* The same for the label; the first '@', wherever it stands. */
static struct str
relayurl_cut_label(struct str *rest)
{
	const char *at = rest->len > 0 ?
	    memchr(rest->ptr, '@', rest->len) : NULL;
	struct str label = { rest->ptr, 0 };

	if (at != NULL) {
		label.len = (uint32_t)(at - rest->ptr);
		*rest = relayurl_from(*rest, label.len + 1);
	}
	return label;
}

static enum relayurl_status
relayurl_read_schema(struct str *rest, enum relayurl_dialect dialect,
    struct relayurl *url, const struct relayurl_schema **schema_r)
{
	const struct relayurl_schema *schema = relayurl_schemas(dialect);
	struct str name;

	if (relayurl_cut_schema(rest, &name)) {
		while (schema->name != NULL &&
		    !str_eq_nocase(name, str_from(schema->name)))
			schema++;
		if (schema->name == NULL) {
			url->fault = name;
			return RELAYURL_UNKNOWN_SCHEMA;
		}
	}
	url->transport = schema->transport;
	url->tls = schema->tls;
	url->is_backup = schema->is_backup;
	url->port = schema->port;
	*schema_r = schema;
	return RELAYURL_OK;
}

static enum relayurl_status
relayurl_read_label(struct str *rest, enum relayurl_label rule,
    struct relayurl *url)
{
	url->label = url->fault = relayurl_cut_label(rest);
	if (rule == RELAYURL_LABEL_ALWAYS && url->label.len == 0)
		return RELAYURL_LABEL_MISSING;
	if (rule == RELAYURL_LABEL_NEVER && url->label.len > 0)
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
	while (len < rest->len && (str_is_alnum(rest->ptr[len]) ||
	    strchr("_.-", rest->ptr[len]) != NULL) && rest->ptr[len] != '\0')
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
	status = relayurl_read_label(&rest, schema->label, url_r);
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

	if (!relayurl_cut_schema(&text, &schema))
		return NULL;
	for (unsigned i = 0; i < count; i++)
		if (str_eq_nocase(schema, str_from(relayurl_forms[i].legacy)))
			return relayurl_forms[i].modern;
	return NULL;
}
