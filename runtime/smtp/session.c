/*
 * The session process: takes rulesets, listeners and orders.
 */
#include "runtime/smtp/session.h"

#include <ifaddrs.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/log.h"

enum {
	SESSION_FDS_SPARE = 32, /* channels, the loop's, the log's */
	SESSION_ADDRESSES_MAX = 4096,
};

uint64_t
session_new_id(struct session_box *box)
{
	return (uint64_t)box->next_id++ << 32 | arc4random();
}

/* The host. */

/* Those that come later are not seen, as with the original. */
static const char *
session_read_addresses(struct session_box *box)
{
	struct ifaddrs *all, *one;
	struct netaddr addr;

	if (getifaddrs(&all) != 0)
		return "cannot list the host's addresses";
	box->addresses = calloc(SESSION_ADDRESSES_MAX, sizeof(*box->addresses));
	for (one = all; one != NULL && box->addresses != NULL;
	     one = one->ifa_next)
		if (netaddr_read_sockaddr(one->ifa_addr, &addr) &&
		    box->address_count < SESSION_ADDRESSES_MAX)
			box->addresses[box->address_count++] = addr;
	freeifaddrs(all);
	return box->addresses == NULL ? "out of memory" : NULL;
}

/* Two descriptors a session: the client's and the message's. */
static uint32_t
session_clients_max(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur < 4 * SESSION_FDS_SPARE)
		return SESSION_FDS_SPARE;
	if (files.rlim_cur > 1000000)
		return 500000;
	return (uint32_t)((files.rlim_cur - SESSION_FDS_SPARE) / 2 - 5);
}

static const char *
session_init(struct child *child)
{
	struct session_box *box = calloc(1, sizeof(*box));

	if (box == NULL)
		return "out of memory";
	child->box = box;
	box->child = child;
	box->next_id = arc4random();
	box->clients_max = session_clients_max();
	box->is_paused = (child->flags & SUBSYSTEM_SMTP) != 0;
	tzset();
	if (!door_init(box))
		return "out of memory";
	return session_read_addresses(box);
}

static const char *
session_use_ruleset(struct child *child, struct ruleset_use *use)
{
	struct session_box *box = child->box;

	(void)use;
	door_close_all(box);
	return door_open_all(box);
}

static const char *
session_on_listener(struct child *child, uint32_t listener, struct str address,
    int fd)
{
	return door_listen(child->box, listener, address, fd);
}

/* Messages. */

static void
session_reply(struct channel *channel, const struct message *request,
    const char *error, int fd)
{
	struct message answer = {
		.type = MESSAGE_RESULT,
		.fd = fd,
		.result = { .is_ok = error == NULL,
		    .error = str_from(error == NULL ? "" : error) },
	};

	channel_reply(channel, request, &answer);
}

/* One end of a pair of sockets goes back, on the other is our client. */
static void
session_enqueue(struct session_box *box, struct channel *channel,
    const struct message *request)
{
	int pair[2];

	if (box->is_paused || box->socket_door == NULL ||
	    box->clients >= box->clients_max) {
		session_reply(channel, request, "mail is not accepted now", -1);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		session_reply(channel, request, "no more sessions", -1);
		return;
	}
	if (!client_accept(box->socket_door, pair[0], NULL)) {
		close(pair[1]);
		session_reply(channel, request, "no more sessions", -1);
		return;
	}
	session_reply(channel, request, NULL, pair[1]);
}

static void
session_pause(struct session_box *box, struct channel *channel,
    const struct message *message)
{
	bool is_same = box->is_paused == message->pause.is_paused;

	box->is_paused = message->pause.is_paused;
	door_update_all(box);
	session_reply(channel, message, is_same ? "it already was" : NULL, -1);
}

static void
session_on_message(void *arg, struct channel *channel, struct message *message)
{
	struct child *child = arg;

	if (message->fd != -1)
		close(message->fd);
	message->fd = -1;
	if (message->type == MESSAGE_CTL_ENQUEUE)
		session_enqueue(child->box, channel, message);
	else if (message->type == MESSAGE_PAUSE)
		session_pause(child->box, channel, message);
	else if (message->type == MESSAGE_LOG_LEVEL) {
		log_set_level((enum log_level)message->log_level.level);
		session_reply(channel, message, NULL, -1);
	} else
		child_fail(child, "a message that is not for sessions");
}

const struct child_ops session_ops = {
	.kind = PROC_SESSION,
	.init = session_init,
	.use_ruleset = session_use_ruleset,
	.on_listener = session_on_listener,
	.on_message = session_on_message,
};
