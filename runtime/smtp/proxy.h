/*
 * The header that a proxy sends in front of a session (PROXY protocol,
 * version 2, binary): whom it speaks for. Pure: bytes to facts.
 */
#ifndef RUNTIME_SMTP_PROXY_H
#define RUNTIME_SMTP_PROXY_H

#include <stddef.h>

#include "runtime/base/netaddr.h"

#define PROXY_HEADER_MAX 65535 /* bytes, with what follows the address */

enum proxy_status {
	PROXY_OK,
	PROXY_MORE, /* it is not whole yet */
	PROXY_BAD_SIGNATURE,
	PROXY_BAD_VERSION,
	PROXY_BAD_COMMAND,
	PROXY_BAD_FAMILY,
	PROXY_TOO_LONG,
	PROXY_TOO_SHORT,
	PROXY_NO_ADDRESS, /* though it speaks for somebody */
	PROXY_STATUSES
};

struct proxy {
	bool keeps_peer; /* the proxy speaks for itself */
	bool is_local;   /* a local socket */
	struct netaddr address;
};

/* *size_r: bytes of the header, as far as it is known; with OK and MORE. */
enum proxy_status proxy_read(const char *data, size_t len,
    struct proxy *proxy_r, size_t *size_r);

/* For the log: "protocol error (invalid signature)". */
const char *proxy_status_text(enum proxy_status status);

#endif
