/*
 * Requests over the control socket. What comes back is read as strictly as
 * between processes: smtpctl runs as root.
 */
#include "runtime/control/ctlclient.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/fdpass.h"

bool
ctlclient_open(struct ctlclient *client, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	client->fd = -1;
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (client->fd != -1 &&
	    connect(client->fd, (const struct sockaddr *)&address,
		sizeof(address)) == 0)
		return true;
	ctlclient_close(client);
	return false;
}

void
ctlclient_close(struct ctlclient *client)
{
	int saved = errno;

	if (client->fd != -1)
		close(client->fd);
	client->fd = -1;
	errno = saved;
}

bool
ctlclient_next(struct ctlclient *client, struct message *answer_r)
{
	ssize_t n;
	int fd;

	n = fdpass_receive(client->fd, client->buf, sizeof(client->buf), &fd);
	if (n <= 0)
		return false;
	if (message_read(client->buf, (size_t)n, answer_r)) {
		answer_r->fd = fd;
		return true;
	}
	if (fd != -1)
		close(fd);
	errno = EPROTO;
	return false;
}

bool
ctlclient_ask(struct ctlclient *client, struct message *request,
    struct message *answer_r)
{
	size_t size;

	request->number = 1;
	request->fd = -1;
	size = message_write(request, client->buf, sizeof(client->buf));
	if (size == 0 ||
	    send(client->fd, client->buf, size, MSG_NOSIGNAL) != (ssize_t)size)
		return false;
	return ctlclient_next(client, answer_r);
}
