/*
 * Relay URLs of both languages: [schema://][label@]host[:port][junk]. The
 * same schema means different things in the two: smtp+tls:// is STARTTLS
 * if offered in the legacy language, STARTTLS or nothing in the modern
 * one. Nothing is resolved; slices point into the text.
 */
#ifndef RUNTIME_BASE_RELAYURL_H
#define RUNTIME_BASE_RELAYURL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/netaddr.h"
#include "runtime/base/str.h"

#define RELAYURL_LEN_MAX 1023

enum relayurl_dialect {
	RELAYURL_LEGACY,
	RELAYURL_MODERN,
};

enum relayurl_tls {
	RELAYURL_TLS_NEVER,
	RELAYURL_TLS_IF_OFFERED,
	RELAYURL_TLS_STARTTLS,
	RELAYURL_TLS_SMTPS,
	RELAYURL_TLS_BOTH, /* STARTTLS, and if that fails SMTPS */
};

enum relayurl_status {
	RELAYURL_OK,
	RELAYURL_TOO_LONG,
	RELAYURL_UNKNOWN_SCHEMA,
	RELAYURL_LABEL_MISSING,
	RELAYURL_LABEL_REFUSED,
	RELAYURL_NO_HOST,
	RELAYURL_BAD_HOST,
	RELAYURL_TRAILING_DOT,
	RELAYURL_BAD_LITERAL,
	RELAYURL_BARE_IPV6,
	RELAYURL_BAD_PORT,
	RELAYURL_PORT_MISSING,
	RELAYURL_STATUS_COUNT
};

struct relayurl {
	/* What the schema says. */
	enum relayurl_tls tls;
	bool is_lmtp;   /* else SMTP */
	bool is_backup; /* host is the name of an MX, not a host */

	/* What is written, and the schema's default port. */
	struct str label; /* empty: no authentication */
	struct str host;  /* brackets included */
	bool is_literal;  /* address in brackets; address is set */
	struct netaddr address;
	uint16_t port;
	bool has_port;   /* written; without it TLS_BOTH tries 25 and 465 */
	struct str junk; /* behind the host, ignored by the daemon */

	struct str fault; /* on failure: the part that is wrong */
};

/*
 * On failure only url_r->fault is meaningful: a slice of text, empty and
 * at the place where something is missing. The host is not resolved, so
 * an address without brackets is a name here, as it is to the daemon.
 */
enum relayurl_status relayurl_parse(struct str text,
    enum relayurl_dialect dialect, struct relayurl *url_r);

/* One clause for a message, without full stop. */
const char *relayurl_status_text(enum relayurl_status status);

/* The i-th schema of a language, without "://"; NULL behind the last. */
const char *relayurl_schema_name(enum relayurl_dialect dialect, unsigned i);

/*
 * For a URL whose schema exists only in the legacy language, 5.x included:
 * the modern schema to write instead, without "://". NULL for any other
 * URL, and for backup://, which is an option and no URL in the modern one.
 */
const char *relayurl_modern_form(struct str text);

#endif
