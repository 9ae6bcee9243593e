/*
 * The listening sockets of a ruleset: names of interfaces and hosts become
 * addresses, addresses become sockets. What a reload leaves as it was stays
 * open, so that no connection is lost.
 */
#ifndef RUNTIME_PROC_LISTEN_H
#define RUNTIME_PROC_LISTEN_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "runtime/ruleset/blob.h"

enum {
	LISTEN_BACKLOG = 4096,
	LISTEN_SOCKETS_MAX = 4096,
};

struct listen_socket {
	uint32_t listener; /* of the ruleset */
	int fd;
	socklen_t len;
	struct sockaddr_storage address;
	char text[INET6_ADDRSTRLEN + 2]; /* "192.0.2.1", "[2001:db8::1]" */
};

struct listen_set {
	struct listen_socket *sockets;
	uint32_t count;
};

/*
 * Opens all of a ruleset, those that old has too as duplicates. False: what
 * failed is in error, one clause; set_r is empty then.
 */
bool listen_open(const struct blob *blob, const struct listen_set *old,
    struct listen_set *set_r, char *error, size_t room);
void listen_close(struct listen_set *set);

/*
 * The control socket, in the place of one that nobody answers on any more.
 * -1: see error.
 */
int listen_control(const char *path, char *error, size_t room);

#endif
