/*
 * Reading and writing with and without OpenSSL.
 */
#include "runtime/smtp/transport.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum transport_status
transport_errno(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return TRANSPORT_AGAIN;
	return errno == EPIPE ? TRANSPORT_END : TRANSPORT_ERROR;
}

static enum transport_status
transport_ssl_status(struct transport *transport, int result)
{
	transport->wants_write = false;
	switch (SSL_get_error(transport->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return TRANSPORT_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		transport->wants_write = true;
		return TRANSPORT_AGAIN;
	case SSL_ERROR_WANT_ASYNC:
		return TRANSPORT_ASKED;
	case SSL_ERROR_ZERO_RETURN:
		return TRANSPORT_END;
	case SSL_ERROR_SYSCALL:
		return errno == 0 ? TRANSPORT_END : transport_errno();
	default:
		return TRANSPORT_ERROR;
	}
}

enum transport_status
transport_read(struct transport *transport, char *buf, size_t *len)
{
	size_t room = *len;
	ssize_t n;
	int result;

	*len = 0;
	errno = 0;
	if (transport->ssl != NULL) {
		ERR_clear_error();
		result = SSL_read_ex(transport->ssl, buf, room, len);
		return result == 1 ? TRANSPORT_DONE :
				     transport_ssl_status(transport, result);
	}
	n = recv(transport->fd, buf, room, 0);
	if (n < 0)
		return transport_errno();
	*len = (size_t)n;
	return n == 0 ? TRANSPORT_END : TRANSPORT_DONE;
}

enum transport_status
transport_write(struct transport *transport, const char *data, size_t *len)
{
	size_t wanted = *len;
	ssize_t n;
	int result;

	*len = 0;
	errno = 0;
	if (transport->ssl != NULL) {
		ERR_clear_error();
		result = SSL_write_ex(transport->ssl, data, wanted, len);
		return result == 1 ? TRANSPORT_DONE :
				     transport_ssl_status(transport, result);
	}
	n = send(transport->fd, data, wanted, MSG_NOSIGNAL);
	if (n < 0)
		return transport_errno();
	*len = (size_t)n;
	return TRANSPORT_DONE;
}

void
transport_begin_tls(struct transport *transport, SSL *ssl)
{
	transport->ssl = ssl;
	SSL_set_accept_state(ssl);
}

enum transport_status
transport_handshake(struct transport *transport)
{
	int result;

	errno = 0;
	ERR_clear_error();
	result = SSL_do_handshake(transport->ssl);
	return result == 1 ? TRANSPORT_DONE :
			     transport_ssl_status(transport, result);
}

bool
transport_has_more(const struct transport *transport)
{
	return transport->ssl != NULL && SSL_pending(transport->ssl) > 0;
}

const char *
transport_error(const struct transport *transport, char *buf, size_t room)
{
	/* In the clear it would be another connection's. */
	unsigned long error = transport->ssl != NULL ? ERR_peek_error() : 0;

	if (error != 0)
		ERR_error_string_n(error, buf, room);
	else
		snprintf(buf, room, "%s",
		    errno != 0 ? strerror(errno) : "unknown");
	return buf;
}

void
transport_shut(struct transport *transport)
{
	ERR_clear_error();
	if (transport->ssl != NULL && SSL_is_init_finished(transport->ssl))
		SSL_shutdown(transport->ssl);
	shutdown(transport->fd, SHUT_WR);
}

void
transport_close(struct transport *transport)
{
	SSL_free(transport->ssl);
	close(transport->fd);
	transport->ssl = NULL;
	transport->fd = -1;
}
