/*
 * Listeners: what each means for its sessions, and who comes in. Sockets
 * stay registered for as long as they are open; accepting stops when there
 * are too many clients or descriptors, or an administrator says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/smtp/session.h"
#include "runtime/smtp/tls.h"

enum {
	DOOR_ACCEPTS_MAX = 64, /* in a row */
	DOOR_SUBMISSION = 587,
	DOOR_AGAIN = 1, /* seconds until descriptors are asked for again */
};

/* What the rules of a listener come to. */

static enum smtp_tls
door_tls(const struct ir_listener *listener)
{
	switch (listener->tls) {
	case IR_LISTEN_STARTTLS:
		return SMTP_TLS_OFFERED;
	case IR_LISTEN_STARTTLS_REQUIRED:
		return SMTP_TLS_REQUIRED;
	case IR_LISTEN_PLAIN:
	case IR_LISTEN_SMTPS:
		break;
	}
	return SMTP_TLS_NONE;
}

static enum smtp_login
door_login(const struct ir_listener *listener)
{
	switch (listener->auth) {
	case IR_AUTH_OFFERED:
		return SMTP_LOGIN_OFFERED;
	case IR_AUTH_REQUIRED:
		return SMTP_LOGIN_REQUIRED;
	case IR_AUTH_NONE:
		break;
	}
	return SMTP_LOGIN_NONE;
}

static void
door_configure(struct door *door)
{
	const struct ir_listener *listener = &door->listener;
	struct ir_settings settings;

	blob_settings(&door->use->blob, &settings);
	door->name = listener->hostname.len > 0 ? listener->hostname :
						  door->box->child->server_name;
	door->is_local = listener->is_socket ||
	    str_is(door->address, "127.0.0.1") ||
	    str_is(door->address, "[::1]");
	door->config = (struct smtp_config){
		.tls = door_tls(listener),
		.login = door_login(listener),
		.no_dsn = listener->no_dsn,
		.masquerades = listener->masquerades,
		.masks_source = listener->masks_source,
		.received_auth = listener->received_auth,
		.verifies_clients = listener->verifies_clients,
		.completes_messages = door->is_local ||
		    listener->port == DOOR_SUBMISSION,
		.domain = door->name,
		.size_max = settings.max_message_size,
		.mails_max =
		    (uint64_t)settings.limits.values[IR_LIMIT_SMTP_MAX_MAILS],
		.rcpts_max =
		    (uint64_t)settings.limits.values[IR_LIMIT_SMTP_MAX_RCPT],
	};
}

/* Life. */

static struct door *
door_new(struct session_box *box, uint32_t listener, struct str address)
{
	struct door *door = calloc(1, sizeof(*door) + address.len + 1);
	char *text;

	if (door == NULL)
		return NULL;
	text = (char *)(door + 1);
	memcpy(text, address.ptr, address.len);
	door->box = box;
	door->fd = -1;
	door->users = 1;
	door->address = (struct str){ text, address.len };
	door->use = ruleset_hold(box->child->ruleset);
	blob_listener(&door->use->blob, listener, &door->listener);
	door_configure(door);
	return door;
}

void
door_release(struct door *door)
{
	if (door == NULL || --door->users > 0)
		return;
	tls_server_free(door->tls);
	ruleset_drop(door->use);
	free(door);
}

static void
door_close(struct door *door)
{
	if (door->event != NULL)
		event_free(door->event);
	door->event = NULL;
	if (door->fd != -1)
		close(door->fd);
	door->fd = -1;
	door_release(door);
}

void
door_close_all(struct session_box *box)
{
	struct door *next;

	for (struct door *door = box->doors; door != NULL; door = next) {
		next = door->next;
		door_close(door);
	}
	box->doors = box->socket_door = NULL;
}

const char *
door_open_all(struct session_box *box)
{
	const struct blob *blob = &box->child->ruleset->blob;
	struct ir_listener listener;

	for (uint32_t i = 0; i < blob_listener_count(blob); i++) {
		blob_listener(blob, i, &listener);
		if (!listener.is_socket)
			continue;
		box->doors = door_new(box, i, STR_LIT(""));
		if (box->doors == NULL)
			return "out of memory";
		box->socket_door = box->doors;
		break;
	}
	return NULL;
}

struct local
door_local(const struct door *door)
{
	struct target target;

	blob_target(&door->use->blob, &target);
	return (struct local){
		.version = target.version,
		.server_name = door->box->child->server_name,
		.addresses = door->box->addresses,
		.address_count = door->box->address_count,
	};
}

/* Accepting. */

static bool
door_is_open(const struct session_box *box)
{
	return (!box->is_full || box->is_trying) && !box->is_paused;
}

static void
door_note_full(struct session_box *box)
{
	if (!box->is_full)
		log_warn("warn: Disabling incoming SMTP connections: "
			 "Client limit reached");
	box->is_full = true;
	box->full_at = box->clients;
}

static void
door_note_room(struct session_box *box)
{
	box->is_full = false;
	box->is_trying = false;
	log_warn("warn: smtp: fd exhaustion over, "
		 "re-enabling incoming connections");
}

void
door_update_all(struct session_box *box)
{
	if (box->clients >= box->clients_max && !box->is_full)
		door_note_full(box);
	if (box->is_full && box->clients < box->full_at)
		door_note_room(box);
	for (struct door *door = box->doors; door != NULL; door = door->next) {
		if (door->event == NULL)
			continue;
		if (door_is_open(box) && door->is_ready)
			event_add(door->event, NULL);
		else
			event_del(door->event);
	}
}

/* Clients that leave make room, or whoever else holds what there is. */
static void
door_note_failure(struct session_box *box, int error)
{
	static const struct timeval again = { DOOR_AGAIN, 0 };

	if (error != EMFILE && error != ENFILE && error != ENOMEM &&
	    error != ENOBUFS)
		return;
	door_note_full(box);
	box->is_trying = false;
	event_add(box->again, &again);
	door_update_all(box);
}

static void
door_on_again(evutil_socket_t fd, short what, void *arg)
{
	struct session_box *box = arg;

	(void)fd;
	(void)what;
	box->is_trying = box->is_full && box->clients < box->clients_max;
	door_update_all(box);
}

bool
door_init(struct session_box *box)
{
	box->again = evtimer_new(box->child->base, door_on_again, box);
	return box->again != NULL;
}

static void
door_on_client(evutil_socket_t fd, short what, void *arg)
{
	struct door *door = arg;
	struct session_box *box = door->box;

	(void)what;
	for (int i = 0; i < DOOR_ACCEPTS_MAX && door_is_open(box); i++) {
		struct sockaddr_storage storage;
		struct sockaddr *peer = (struct sockaddr *)&storage;
		socklen_t len = sizeof(storage);
		int client = accept4(fd, peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client == -1) {
			door_note_failure(box, errno);
			return;
		}
		if (!client_accept(door, client, peer)) {
			door_note_failure(box, ENOMEM);
			return;
		}
		if (box->is_trying)
			door_note_room(box);
	}
}

/* Without its certificates a listener is not served. */
static void
door_on_certificates(void *arg, bool is_good)
{
	struct door *door = arg;

	door->is_ready = is_good;
	door_update_all(door->box);
}

const char *
door_listen(struct session_box *box, uint32_t listener, struct str address,
    int fd)
{
	struct door *door = door_new(box, listener, address);

	if (door == NULL) {
		close(fd);
		return "out of memory";
	}
	door->fd = fd;
	door->next = box->doors;
	box->doors = door;
	door->event = event_new(box->child->base, fd, EV_READ | EV_PERSIST,
	    door_on_client, door);
	door->is_ready = door->listener.pki_count == 0;
	if (!door->is_ready)
		door->tls = tls_server_new(box->child, door->use, listener,
		    door_on_certificates, door);
	if (door->event == NULL || (!door->is_ready && door->tls == NULL))
		return "cannot set up a listener";
	door_update_all(box);
	return NULL;
}
