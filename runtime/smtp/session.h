/*
 * The session process from the inside: who listens where and who is
 * connected. session.c owns the process, door.c the listeners, client.c the
 * connections, client_peer.c who is at their other end, transport.c their
 * bytes, rcpt.c what recipients expand to, mail.c the way of a message into
 * the queue. The protocol itself is smtp.c's, which knows none of them.
 */
#ifndef RUNTIME_SMTP_SESSION_H
#define RUNTIME_SMTP_SESSION_H

#include <event2/event.h>
#include <sys/socket.h>

#include "runtime/proc/child.h"
#include "runtime/ruleset/local.h"
#include "runtime/smtp/smtp.h"

#define SESSION_TIMEOUT 300 /* seconds without a byte */
#define SESSION_LINGER  2   /* seconds for the client to read the end */

struct tls_server;

/* One listener of one ruleset. Freed with its last client. */
struct door {
	struct session_box *box;
	struct ruleset_use *use;
	struct ir_listener listener;
	struct smtp_config config;
	struct str name;    /* HOST, unless the table of names has one */
	struct str address; /* "127.0.0.1", "[::1]"; empty: the socket */
	bool is_local;      /* the socket, 127.0.0.1, ::1 */
	int fd;             /* -1: the socket, or closed */
	struct event *event;
	struct tls_server *tls; /* NULL: none */
	bool is_ready;          /* certificates are there */
	uint32_t users;
	struct door *next;
};

struct session_box {
	struct child *child;
	struct door *doors; /* of the newest ruleset */
	struct door *socket_door;
	struct netaddr *addresses; /* of the host */
	uint32_t address_count;
	uint32_t next_id;
	uint32_t clients;
	uint32_t clients_max;
	bool is_full;
	uint32_t full_at;    /* clients; fewer make room again */
	struct event *again; /* when what the system lacks is asked for again */
	bool is_trying;      /* so it is, though full */
	bool is_paused;
};

struct client;

/* session.c */
uint64_t session_new_id(struct session_box *box);

/* door.c */
/* False: no memory. */
bool door_init(struct session_box *box);
const char *door_open_all(struct session_box *box);
const char *door_listen(struct session_box *box, uint32_t listener,
    struct str address, int fd);
void door_close_all(struct session_box *box);
void door_release(struct door *door);
/* Whether connections are accepted has changed. */
void door_update_all(struct session_box *box);
struct local door_local(const struct door *door);

/*
 * client.c: takes fd. peer: as accept said, NULL for the local socket.
 * False: it could not be served.
 */
bool client_accept(struct door *door, int fd, const struct sockaddr *peer);

#endif
