/*
 * The control process: takes requests from smtpctl on a socket that every
 * user can connect to, and hands them to the process they are for. What a
 * client sends can harm nobody but the client.
 *
 *     client --- request ---> control --- the same ---> queue, parent ...
 *            <-- answer ----          <-- answer ------
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/proc/child.h"

enum {
	CONTROL_CLIENTS_PER_USER = 32,
	CONTROL_CLIENTS_MAX = 512,
	CONTROL_REQUESTS_MAX = 16, /* of a client, without an answer */
	CONTROL_AGAIN = 1, /* seconds until descriptors are asked for again */
};

struct control_client;

/* One that was handed on. */
struct control_request {
	struct control_client *client;
	struct message request;   /* for its number alone */
	struct channel *receiver; /* NULL: free */
	uint32_t number;          /* its number there */
};

struct control_client {
	struct control *control;
	struct control_client *next;
	struct channel *channel;
	uid_t uid;
	struct control_request requests[CONTROL_REQUESTS_MAX];
};

struct control {
	struct child *child;
	struct event *listener;
	struct event *again; /* listens then */
	struct control_client *clients;
	uint32_t client_count;
	uint32_t paused;    /* SUBSYSTEM_* */
	uint32_t next_door; /* the session process that mail goes to next */
};

/* Answers. */

static void
control_reply_result(struct control_client *client,
    const struct message *request, bool is_ok, const char *error)
{
	struct message result = { .type = MESSAGE_RESULT, .fd = -1 };

	result.result.is_ok = is_ok;
	result.result.error = str_from(error);
	channel_reply(client->channel, request, &result);
}

static void
control_on_answer(void *arg, struct message *message)
{
	struct control_request *request = arg;
	struct control_client *client = request->client;

	if (message == NULL) {
		request->receiver = NULL;
		control_reply_result(client, &request->request, false,
		    "the daemon is ending");
		return;
	}
	if (message->type != MESSAGE_CTL_LISTED || message->ctl_listed.is_last)
		request->receiver = NULL;
	channel_reply(client->channel, &request->request, message);
}

static struct control_request *
control_free_request(struct control_client *client)
{
	for (size_t i = 0; i < CONTROL_REQUESTS_MAX; i++)
		if (client->requests[i].receiver == NULL)
			return &client->requests[i];
	return NULL;
}

static void
control_hand_on(struct control_client *client, struct message *message,
    struct channel *receiver)
{
	struct control_request *request = control_free_request(client);

	if (receiver == NULL || request == NULL) {
		control_reply_result(client, message, false,
		    "too much at once");
		return;
	}
	request->client = client;
	request->request = *message;
	request->number = channel_ask(receiver, message, control_on_answer,
	    request);
	if (request->number != 0)
		request->receiver = receiver;
	else
		control_reply_result(client, &request->request, false,
		    "the daemon is ending");
}

/* Requests. */

/* Nobody waits for the answers. */
static void
control_tell(struct channel *receiver, const struct message *message)
{
	struct message copy = *message;
	uint32_t number;

	copy.fd = -1;
	number = channel_ask(receiver, &copy, NULL, NULL);
	if (number != 0)
		channel_forget(receiver, number);
}

static void
control_pause(struct control_client *client, const struct message *message)
{
	struct control *control = client->control;
	struct child *child = control->child;
	uint32_t subsystem = message->pause.subsystem;
	bool is_paused = message->pause.is_paused;

	if ((subsystem != SUBSYSTEM_MDA && subsystem != SUBSYSTEM_MTA &&
		subsystem != SUBSYSTEM_SMTP) ||
	    is_paused == ((control->paused & subsystem) != 0)) {
		control_reply_result(client, message, false, "");
		return;
	}
	control->paused ^= subsystem;
	if (subsystem == SUBSYSTEM_SMTP) {
		/* The queue says so itself; sessions are several. */
		log_info("info: smtp %s", is_paused ? "paused" : "resumed");
		for (uint32_t i = 0; i < child->session_count; i++)
			control_tell(child->sessions[i], message);
	} else {
		control_tell(child->peers[PROC_QUEUE], message);
	}
	control_reply_result(client, message, true, "");
}

static void
control_reply_status(struct control_client *client,
    const struct message *request)
{
	struct message status = { .type = MESSAGE_CTL_STATUS_IS, .fd = -1 };

	status.ctl_status_is.paused = client->control->paused;
	channel_reply(client->channel, request, &status);
}

/* The session processes take turns. */
static void
control_enqueue(struct control_client *client, struct message *message)
{
	struct control *control = client->control;
	struct child *child = control->child;

	if ((control->paused & SUBSYSTEM_SMTP) != 0 ||
	    child->session_count == 0) {
		control_reply_result(client, message, false, "smtp is paused");
		return;
	}
	message->ctl_enqueue.uid = client->uid;
	control->next_door = (control->next_door + 1) % child->session_count;
	control_hand_on(client, message, child->sessions[control->next_door]);
}

/* Root, or who runs the daemon as an ordinary user. */
static bool
control_is_admin(const struct control_client *client)
{
	return client->uid == 0 ||
	    (client->control->child->is_ordinary && client->uid == geteuid());
}

static void
control_take_admin(struct control_client *client, struct message *message)
{
	struct child *child = client->control->child;

	switch ((int)message->type) {
	case MESSAGE_CTL_LIST:
	case MESSAGE_CTL_CHANGE:
	case MESSAGE_CTL_SHOW:
		control_hand_on(client, message, child->peers[PROC_QUEUE]);
		break;
	case MESSAGE_UPDATE_TABLE:
		control_hand_on(client, message, child->peers[PROC_LOOKUP]);
		break;
	case MESSAGE_CTL_STATS:
	case MESSAGE_CTL_RELOAD:
	case MESSAGE_CTL_STOP:
	case MESSAGE_LOG_LEVEL:
		control_hand_on(client, message, child->parent);
		break;
	case MESSAGE_CTL_STATUS:
		control_reply_status(client, message);
		break;
	case MESSAGE_PAUSE:
		control_pause(client, message);
		break;
	default:
		control_reply_result(client, message, false, "unknown request");
	}
}

static void
control_on_request(void *arg, struct channel *channel, struct message *message)
{
	struct control_client *client = arg;

	(void)channel;
	/* Nobody sends one with a request. */
	if (message->fd != -1)
		close(message->fd);
	message->fd = -1;
	if (message->type == MESSAGE_CTL_ENQUEUE)
		control_enqueue(client, message);
	else if (control_is_admin(client))
		control_take_admin(client, message);
	else
		control_reply_result(client, message, false,
		    "need root privileges");
}

/* Clients. */

static void
control_close_client(struct control_client *client)
{
	struct control *control = client->control;
	struct control_client **at = &control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	control->client_count--;
	stats_add(control->child->stats, STAT_CONTROL_SESSION, -1);
	for (size_t i = 0; i < CONTROL_REQUESTS_MAX; i++)
		if (client->requests[i].receiver != NULL)
			channel_forget(client->requests[i].receiver,
			    client->requests[i].number);
	channel_free(client->channel);
	free(client);
}

static void
control_on_client_close(void *arg, struct channel *channel, const char *reason)
{
	(void)channel;
	if (strcmp(reason, "closed") != 0)
		log_warn("warn: client sent invalid imsg over control "
			 "socket");
	control_close_client(arg);
}

static uint32_t
control_count_of(const struct control *control, uid_t uid)
{
	uint32_t count = 0;

	for (const struct control_client *client = control->clients;
	     client != NULL; client = client->next)
		count += client->uid == uid;
	return count;
}

/* False: fd is not taken. */
static bool
control_add_client(struct control *control, int fd)
{
	struct control_client *client;
	struct channel_handlers handlers = { NULL, control_on_request,
		control_on_client_close };
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    control->client_count == CONTROL_CLIENTS_MAX ||
	    control_count_of(control, peer.uid) == CONTROL_CLIENTS_PER_USER)
		return false;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return false;
	handlers.arg = client;
	client->channel = channel_new(control->child->base, fd, &handlers);
	if (client->channel == NULL) {
		free(client);
		return false;
	}
	client->control = control;
	client->uid = peer.uid;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	stats_add(control->child->stats, STAT_CONTROL_SESSION, 1);
	return true;
}

static void
control_on_accept(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval again = { CONTROL_AGAIN, 0 };
	struct control *control = arg;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (client != -1 && !control_add_client(control, client))
		close(client);
	if (client != -1 || errno == EAGAIN || errno == EINTR ||
	    errno == ECONNABORTED || event_add(control->again, &again) != 0)
		return;
	log_warn("warn: control: cannot accept: %s", strerror(errno));
	event_del(control->listener);
}

static void
control_on_again(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	event_add(control->listener, NULL);
}

/* The process. */

static const char *
control_init(struct child *child)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return "out of memory";
	control->child = child;
	control->paused = child->flags;
	child->box = control;
	return NULL;
}

/* The same socket again when a ruleset is reloaded. */
static const char *
control_on_listener(struct child *child, uint32_t listener, struct str address,
    int fd)
{
	struct control *control = child->box;

	(void)listener;
	(void)address;
	if (control->listener != NULL) {
		close(fd);
		return NULL;
	}
	control->listener = event_new(child->base, fd, EV_READ | EV_PERSIST,
	    control_on_accept, control);
	control->again = evtimer_new(child->base, control_on_again, control);
	if (control->listener == NULL || control->again == NULL ||
	    event_add(control->listener, NULL) != 0)
		return "out of memory";
	return NULL;
}

static void
control_on_message(void *arg, struct channel *channel, struct message *message)
{
	(void)arg;
	(void)channel;
	if (message->fd != -1)
		close(message->fd);
	log_warn("warn: control: %s is nothing to be asked for",
	    message_name(message->type));
}

const struct child_ops control_ops = {
	.kind = PROC_CONTROL,
	.init = control_init,
	.on_listener = control_on_listener,
	.on_message = control_on_message,
};
