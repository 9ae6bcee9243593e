/*
 * The bytes of a connection, encrypted or not, never blocking.
 */
#ifndef RUNTIME_SMTP_TRANSPORT_H
#define RUNTIME_SMTP_TRANSPORT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct transport {
	int fd;
	SSL *ssl;         /* NULL: in the clear */
	bool wants_write; /* of TLS: where reading or a handshake waits */
};

enum transport_status {
	TRANSPORT_DONE,
	TRANSPORT_AGAIN, /* when the descriptor is ready */
	TRANSPORT_ASKED, /* when the keys process has answered */
	TRANSPORT_END,   /* by the peer */
	TRANSPORT_ERROR, /* see transport_error */
};

/* *len: room, and what it came to. */
enum transport_status transport_read(struct transport *transport, char *buf,
    size_t *len);
enum transport_status transport_write(struct transport *transport,
    const char *data, size_t *len);

/* Takes ssl. The server's side. */
void transport_begin_tls(struct transport *transport, SSL *ssl);
enum transport_status transport_handshake(struct transport *transport);

/* Bytes that were received but not read. */
bool transport_has_more(const struct transport *transport);

/* Of the last error, valid until the next. */
const char *transport_error(const struct transport *transport, char *buf,
    size_t room);

/* Says good-bye. */
void transport_shut(struct transport *transport);
void transport_close(struct transport *transport);

#endif
