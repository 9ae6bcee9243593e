/*
 * Listening sockets. A name is, in this order, an address, an interface, or
 * a host.
 */
#include "runtime/proc/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct listen_work {
	const struct listen_set *old;
	struct listen_set *set;
	char *error;
	size_t room;
};

/* One line of the config. */
struct listen_line {
	uint32_t number;
	char address[256];
	uint16_t port;
	unsigned family;
	unsigned found;
};

/* Sockets. */

static bool
listen_is_same(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_port == b4->sin_port &&
		    a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	    a6->sin6_scope_id == b6->sin6_scope_id &&
	    memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
}

/* A duplicate of the socket that is open already; -1: none. */
static int
listen_reuse(const struct listen_set *old, const struct sockaddr *address)
{
	for (uint32_t i = 0; old != NULL && i < old->count; i++)
		if (listen_is_same((const struct sockaddr *)&old->sockets[i]
				       .address,
			address))
			return fcntl(old->sockets[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

static int
listen_bind(const struct sockaddr *address, socklen_t len)
{
	int one = 1, saved;
	int fd = socket(address->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	/* TCP_NODELAY is inherited by what is accepted. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 &&
	    (address->sa_family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) ==
		    0) &&
	    bind(fd, address, len) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
listen_name(struct listen_socket *socket)
{
	const struct sockaddr_in *in4 = (const void *)&socket->address;
	const struct sockaddr_in6 *in6 = (const void *)&socket->address;
	char text[INET6_ADDRSTRLEN] = "";

	if (socket->address.ss_family == AF_INET) {
		inet_ntop(AF_INET, &in4->sin_addr, text, sizeof(text));
		snprintf(socket->text, sizeof(socket->text), "%s", text);
	} else {
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		snprintf(socket->text, sizeof(socket->text), "[%s]", text);
	}
}

static bool
listen_add(struct listen_work *work, const struct listen_line *line,
    const struct sockaddr *address, socklen_t len)
{
	struct listen_set *set = work->set;
	struct listen_socket *grown, *added;

	if (set->count == LISTEN_SOCKETS_MAX) {
		snprintf(work->error, work->room, "too many listeners");
		return false;
	}
	grown = realloc(set->sockets, (set->count + 1) * sizeof(*grown));
	if (grown == NULL) {
		snprintf(work->error, work->room, "out of memory");
		return false;
	}
	set->sockets = grown;
	added = &grown[set->count];
	memset(added, 0, sizeof(*added));
	added->listener = line->number;
	added->len = len;
	memcpy(&added->address, address, len);
	listen_name(added);
	added->fd = listen_reuse(work->old, address);
	if (added->fd == -1)
		added->fd = listen_bind(address, len);
	if (added->fd == -1) {
		snprintf(work->error, work->room,
		    "cannot listen on %s port %u: %s", added->text, line->port,
		    strerror(errno));
		return false;
	}
	set->count++;
	return true;
}

/* With the line's port, if it is of the line's family. */
static bool
listen_add_address(struct listen_work *work, struct listen_line *line,
    const struct sockaddr *address)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET && line->family != 6) {
		memcpy(&in4, address, sizeof(in4));
		in4.sin_port = htons(line->port);
		line->found++;
		return listen_add(work, line, (const struct sockaddr *)&in4,
		    sizeof(in4));
	}
	if (address->sa_family == AF_INET6 && line->family != 4) {
		memcpy(&in6, address, sizeof(in6));
		in6.sin6_port = htons(line->port);
		line->found++;
		return listen_add(work, line, (const struct sockaddr *)&in6,
		    sizeof(in6));
	}
	return true;
}

/* Names. */

static bool
listen_add_interface(struct listen_work *work, struct listen_line *line)
{
	struct ifaddrs *list, *one;
	bool is_added = true;

	if (getifaddrs(&list) != 0)
		return true;
	for (one = list; one != NULL && is_added; one = one->ifa_next)
		if (one->ifa_addr != NULL &&
		    strcmp(one->ifa_name, line->address) == 0)
			is_added = listen_add_address(work, line,
			    one->ifa_addr);
	freeifaddrs(list);
	return is_added;
}

static bool
listen_add_host(struct listen_work *work, struct listen_line *line, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = flags };
	struct addrinfo *list, *one;
	char name[sizeof(line->address)];
	size_t len = strlen(line->address);
	bool is_added = true;

	/* "[::1]" is "::1". */
	memcpy(name, line->address, len + 1);
	if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
		memmove(name, name + 1, len - 2);
		name[len - 2] = '\0';
	}
	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return true;
	for (one = list; one != NULL && is_added; one = one->ai_next)
		is_added = listen_add_address(work, line, one->ai_addr);
	freeaddrinfo(list);
	return is_added;
}

static bool
listen_add_line(struct listen_work *work, struct listen_line *line)
{
	if (!listen_add_host(work, line, AI_NUMERICHOST))
		return false;
	if (line->found == 0 && !listen_add_interface(work, line))
		return false;
	if (line->found == 0 && !listen_add_host(work, line, 0))
		return false;
	if (line->found > 0)
		return true;
	snprintf(work->error, work->room,
	    "listen on %s: no such address, interface or host", line->address);
	return false;
}

bool
listen_open(const struct blob *blob, const struct listen_set *old,
    struct listen_set *set_r, char *error, size_t room)
{
	struct listen_work work = { old, set_r, error, room };

	memset(set_r, 0, sizeof(*set_r));
	for (uint32_t i = 0; i < blob_listener_count(blob); i++) {
		struct listen_line line = { .number = i };
		struct ir_listener listener;

		blob_listener(blob, i, &listener);
		if (listener.is_socket)
			continue;
		snprintf(line.address, sizeof(line.address), "%.*s",
		    STR_ARG(listener.address));
		line.port = listener.port;
		line.family = listener.family;
		if (!listen_add_line(&work, &line)) {
			listen_close(set_r);
			return false;
		}
	}
	return true;
}

void
listen_close(struct listen_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		close(set->sockets[i].fd);
	free(set->sockets);
	set->sockets = NULL;
	set->count = 0;
}

/* The control socket. */

static bool
listen_is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	bool is_answered = fd != -1 &&
	    (connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		    0 ||
		errno == EAGAIN);

	if (fd != -1)
		close(fd);
	return is_answered;
}

int
listen_control(const char *path, char *error, size_t room)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, bound;

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(error, room, "%s: path too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (listen_is_answered(&address)) {
		snprintf(error, room, "control socket already listening");
		return -1;
	}
	unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0111); /* 0666: who connects is known by its user */
	bound = fd == -1 ?
	    -1 :
	    bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	snprintf(error, room, "%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}
