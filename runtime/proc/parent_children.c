/*
 * The parent's children: their start, the channels among them, their end.
 * When one ends that should not, the daemon ends: what was answered for is
 * on disk, and a fresh start is a known state.
 */
#include "runtime/proc/parent_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/proc/spawn.h"

static void
parent_lost_child(struct parent_child *child, int status)
{
	struct parent *parent = child->parent;
	char cause[64];

	if (parent->is_stopping) {
		event_base_loopbreak(parent->base);
		return;
	}
	log_warn("warn: lost child: %s %s", child_name(child->kind),
	    spawn_cause(status, cause, sizeof(cause)));
	parent_fail(parent, "process %s socket closed",
	    child_name(child->kind));
}

/* Frees the place. */
static void
parent_close_child(struct parent_child *child)
{
	channel_free(child->channel);
	if (child->retire != NULL)
		event_free(child->retire);
	child->channel = NULL;
	child->retire = NULL;
	child->pid = -1;
}

bool
parent_reap_child(struct parent *parent, pid_t pid, int status)
{
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];

		if (child->pid != pid)
			continue;
		/* What still works for it answers to its channel. */
		if (child->retire != NULL)
			parent_close_child(child);
		else
			parent_lost_child(child, status);
		child->pid = -1;
		return true;
	}
	return false;
}

/* One that closes its channel and lives on was taken over. */
static void
parent_on_close(void *arg, struct channel *channel, const char *reason)
{
	struct parent_child *child = arg;

	(void)channel;
	log_debug("debug: parent: channel to %s %s", child_name(child->kind),
	    reason);
	if (child->pid > 0)
		kill(child->pid, SIGKILL);
}

static struct parent_child *
parent_free_place(struct parent *parent)
{
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++)
		if (parent->children[i].pid == -1 &&
		    parent->children[i].channel == NULL)
			return &parent->children[i];
	errno = EAGAIN;
	return NULL;
}

struct parent_child *
parent_start_child(struct parent *parent, enum proc_kind kind)
{
	struct spawn_options options = { parent->options->to_stderr,
		parent->options->is_verbose, parent->launcher != -1 };
	struct parent_child *child = parent_free_place(parent);
	struct channel_handlers handlers = { child, parent_on_message,
		parent_on_close };
	int fd;

	if (child == NULL)
		return NULL;
	fd = spawn_child(kind, &options, &child->pid);
	if (fd == -1)
		return NULL;
	child->parent = parent;
	child->kind = kind;
	child->row = parent->rows++ % PARENT_ROWS;
	child->channel = channel_new(parent->base, fd, &handlers);
	if (child->channel == NULL) {
		close(fd);
		return NULL;
	}
	return parent_send_facts(child) ? child : NULL;
}

struct parent_child *
parent_find_child(struct parent *parent, enum proc_kind kind)
{
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];

		if (child->pid > 0 && child->kind == kind &&
		    child->retire == NULL)
			return child;
	}
	return NULL;
}

static bool
parent_send_peer(struct parent_child *to, const struct parent_child *peer,
    int fd)
{
	struct message message = { .type = MESSAGE_SETUP_PEER, .fd = fd };

	message.setup_peer.process = peer->kind;
	return channel_send(to->channel, &message);
}

bool
parent_connect(struct parent_child *a, struct parent_child *b)
{
	bool is_sent;
	int fds[2];

	if (!spawn_pair(fds))
		return false;
	/* Both are sent, or closed. */
	is_sent = parent_send_peer(a, b, fds[0]);
	return parent_send_peer(b, a, fds[1]) && is_sent;
}

/* Who talks to whom. */
static const struct {
	enum proc_kind a, b;
} parent_pairs[] = {
	{ PROC_SESSION, PROC_QUEUE },
	{ PROC_SESSION, PROC_LOOKUP },
	{ PROC_SESSION, PROC_KEYS },
	{ PROC_CONTROL, PROC_SESSION },
	{ PROC_CONTROL, PROC_QUEUE },
	{ PROC_CONTROL, PROC_LOOKUP },
};

static bool
parent_connect_kinds(struct parent *parent, enum proc_kind a, enum proc_kind b)
{
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++)
		for (size_t k = 0; k < PARENT_CHILDREN_MAX; k++) {
			struct parent_child *first = &parent->children[i];
			struct parent_child *second = &parent->children[k];

			if (first->pid > 0 && second->pid > 0 &&
			    first->kind == a && second->kind == b &&
			    !parent_connect(first, second))
				return false;
		}
	return true;
}

/* A session process for each processor. */
static unsigned
parent_session_count(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	if (count < 1)
		return 1;
	return count > PARENT_SESSIONS_MAX ? PARENT_SESSIONS_MAX :
					     (unsigned)count;
}

bool
parent_start_children(struct parent *parent)
{
	static const enum proc_kind single[] = { PROC_QUEUE, PROC_LOOKUP,
		PROC_KEYS, PROC_CONTROL };

	parent->session_count = parent_session_count();
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (parent_start_child(parent, single[i]) == NULL)
			return false;
	for (unsigned i = 0; i < parent->session_count; i++)
		if (parent_start_child(parent, PROC_SESSION) == NULL)
			return false;
	for (size_t i = 0; i < sizeof(parent_pairs) / sizeof(parent_pairs[0]);
	     i++)
		if (!parent_connect_kinds(parent, parent_pairs[i].a,
			parent_pairs[i].b))
			return false;
	return true;
}

/* Ends. */

static void
parent_on_retire(evutil_socket_t fd, short what, void *arg)
{
	struct parent_child *child = arg;

	(void)fd;
	(void)what;
	/* It ends with its channel. */
	channel_free(child->channel);
	child->channel = NULL;
}

void
parent_retire_child(struct parent_child *child, unsigned seconds)
{
	const struct timeval delay = { (time_t)seconds, 0 };

	child->retire = event_new(child->parent->base, -1, 0, parent_on_retire,
	    child);
	if (child->retire == NULL || event_add(child->retire, &delay) != 0)
		parent_fail(child->parent, "out of memory");
}

void
parent_pause_sessions(struct parent *parent)
{
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];
		struct message message = { .type = MESSAGE_PAUSE, .fd = -1 };
		uint32_t number;

		if (child->channel == NULL || child->kind != PROC_SESSION)
			continue;
		message.pause.subsystem = SUBSYSTEM_SMTP;
		message.pause.is_paused = true;
		number = channel_ask(child->channel, &message, NULL, NULL);
		if (number != 0)
			channel_forget(child->channel, number);
	}
}

/* Waits at most the time that is left of the limit. */
static bool
parent_wait_child(struct parent_child *child, unsigned *left_ms)
{
	int status;

	while (waitpid(child->pid, &status, WNOHANG) == 0) {
		if (*left_ms == 0)
			return false;
		usleep(1000);
		--*left_ms;
	}
	return true;
}

void
parent_end_children(struct parent *parent)
{
	unsigned left_ms = PARENT_STOP_SECONDS * 1000;

	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		channel_free(parent->children[i].channel);
		parent->children[i].channel = NULL;
	}
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];

		if (child->pid <= 0)
			continue;
		if (!parent_wait_child(child, &left_ms)) {
			kill(child->pid, SIGKILL);
			waitpid(child->pid, NULL, 0);
		}
		parent_close_child(child);
	}
}
