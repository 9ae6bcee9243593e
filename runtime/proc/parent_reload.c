/*
 * A ruleset that comes into use, the first one or another. Processes take
 * it one kind after the other, in an order in which each may still refuse
 * it: keys first, in a process of their own, sessions last, since these
 * decide what mail means from then on. If one refuses, all before it get the
 * old ruleset back.
 *
 *     load -> verify -> sockets -> keys -> queue -> lookup -> control ->
 *         sessions
 */
#include "runtime/proc/parent_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"

static const enum proc_kind parent_order[] = { PROC_KEYS, PROC_QUEUE,
	PROC_LOOKUP, PROC_CONTROL, PROC_SESSION };

enum {
	PARENT_STEPS = sizeof(parent_order) / sizeof(parent_order[0]),
	PARENT_SPARE_DESCRIPTORS = 32, /* beside those of listeners */
};

static void parent_reload_step(struct parent *parent);
static void parent_on_set_up(void *arg, struct message *message);

void
parent_ruleset_close(struct parent_ruleset *ruleset)
{
	ruleset_drop(ruleset->use);
	ruleset->use = NULL;
	if (ruleset->memory != -1)
		close(ruleset->memory);
	ruleset->memory = -1;
	listen_close(&ruleset->sockets);
}

/* Messages. */

bool
parent_send_facts(struct parent_child *child)
{
	struct parent *parent = child->parent;
	struct message facts = { .type = MESSAGE_SETUP_FACTS, .fd = -1 };
	struct message stats = { .type = MESSAGE_SETUP_STATS };

	facts.setup_facts.server_name = str_from(parent->server_name);
	facts.setup_facts.spool = str_from(parent->spool);
	facts.setup_facts.queue_key =
	    str_from(child->kind == PROC_QUEUE ? parent->queue_key : "");
	facts.setup_facts.flags = parent->options->paused;
	stats.setup_stats.row = child->row;
	stats.fd = fcntl(parent->stats, F_DUPFD_CLOEXEC, 0);
	return channel_send(child->channel, &facts) &&
	    channel_send(child->channel, &stats);
}

static bool
parent_send_listener(struct parent_child *child, uint32_t listener,
    const char *address, int fd)
{
	struct message message = { .type = MESSAGE_SETUP_LISTENER };

	message.setup_listener.listener = listener;
	message.setup_listener.address = str_from(address);
	message.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return message.fd != -1 && channel_send(child->channel, &message);
}

static bool
parent_send_listeners(struct parent_child *child,
    const struct parent_ruleset *ruleset)
{
	const struct listen_set *set = &ruleset->sockets;

	if (child->kind == PROC_CONTROL)
		return parent_send_listener(child, IR_NONE, "",
		    child->parent->control);
	for (uint32_t i = 0; child->kind == PROC_SESSION && i < set->count; i++)
		if (!parent_send_listener(child, set->sockets[i].listener,
			set->sockets[i].text, set->sockets[i].fd))
			return false;
	return true;
}

/* Of the ruleset that is coming into use. */
static const struct parent_ruleset *
parent_reload_ruleset(const struct parent *parent)
{
	return parent->reload.is_rollback ? &parent->ruleset :
					    &parent->reload.ruleset;
}

static bool
parent_set_up(struct parent_child *child)
{
	const struct parent_ruleset *ruleset =
	    parent_reload_ruleset(child->parent);
	struct message message = { .type = MESSAGE_SETUP_RULESET };
	struct message done = { .type = MESSAGE_SETUP_DONE, .fd = -1 };

	message.setup_ruleset.generation = ruleset->use->generation;
	message.fd = fcntl(ruleset->memory, F_DUPFD_CLOEXEC, 0);
	done.setup_done.is_forced = child->parent->reload.is_forced;
	return message.fd != -1 && channel_send(child->channel, &message) &&
	    parent_send_listeners(child, ruleset) &&
	    channel_ask(child->channel, &done, parent_on_set_up, child) != 0;
}

/* Ends. */

static void
parent_reload_answer(struct parent *parent, const char *error)
{
	struct parent_reload *reload = &parent->reload;
	struct message result = { .type = MESSAGE_RESULT, .fd = -1 };

	if (reload->asker == NULL)
		return;
	result.result.is_ok = error == NULL;
	result.result.error = str_from(error == NULL ? "" : error);
	channel_reply(reload->asker, &reload->request, &result);
	reload->asker = NULL;
}

void
parent_reload_forget(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;

	loader_free(parent->loader);
	parent->loader = NULL;
	if (reload->is_running)
		parent_ruleset_close(&reload->ruleset);
	if (reload->limit != NULL)
		event_free(reload->limit);
	memset(reload, 0, sizeof(*reload));
	reload->ruleset.memory = -1;
}

static void
parent_reload_refuse(struct parent *parent, const char *error)
{
	struct parent_reload *reload = &parent->reload;
	char text[PARENT_ERROR_MAX];

	if (reload->is_first) {
		parent_fail(parent, "%s", error);
		return;
	}
	/* It may be the reload's own. */
	snprintf(text, sizeof(text), "%s", error);
	log_warn("warn: reload: %s", text);
	parent_reload_answer(parent, text);
	if (reload->keys != NULL)
		parent_retire_child(reload->keys, 0);
	parent_reload_forget(parent);
}

/*
 * Those that took it get the old one again. What the queue names now is not
 * what mail waits for, or it would have been refused; still, nothing may
 * stop this. When even that cannot be taken, the daemon ends.
 */
static void
parent_reload_roll_back(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;

	reload->is_rollback = true;
	reload->is_forced = true;
	/* Sessions are several, of which some may have taken it. */
	reload->end = reload->step;
	if (parent_order[reload->step] == PROC_SESSION)
		reload->end++;
	reload->step = 1;
	parent_reload_step(parent);
}

/* All that were asked have answered, and one of them has refused. */
static void
parent_reload_fail(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;
	enum proc_kind kind = parent_order[reload->step];

	if (reload->is_first || reload->is_rollback)
		parent_fail(parent, "%s", reload->error);
	else if (kind == PROC_KEYS || kind == PROC_QUEUE)
		parent_reload_refuse(parent, reload->error);
	else
		parent_reload_roll_back(parent);
}

static void
parent_reload_finish(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;
	bool is_first = reload->is_first;

	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];

		if (reload->keys != NULL && child->pid > 0 &&
		    child->kind == PROC_KEYS && child != reload->keys &&
		    child->retire == NULL)
			parent_retire_child(child, PARENT_KEYS_SECONDS);
	}
	parent_ruleset_close(&parent->ruleset);
	parent->ruleset = reload->ruleset;
	reload->ruleset = (struct parent_ruleset){ .memory = -1 };
	parent_reload_answer(parent, NULL);
	parent_reload_forget(parent);
	if (is_first)
		parent_on_ready(parent);
	else
		log_info("info: ruleset reloaded");
}

/* Steps. */

static void
parent_on_set_up(void *arg, struct message *message)
{
	struct parent_child *child = arg;
	struct parent *parent = child->parent;
	struct parent_reload *reload = &parent->reload;

	/* Whose channel breaks is reaped, which ends the daemon. */
	if (message == NULL || parent->is_stopping)
		return;
	if (message->ready.error.len > 0 && !reload->has_failed)
		snprintf(reload->error, sizeof(reload->error), "%s: %.*s",
		    child_name(child->kind), STR_ARG(message->ready.error));
	reload->has_failed |= message->ready.error.len > 0;
	if (--reload->waiting > 0)
		return;
	if (reload->has_failed) {
		parent_reload_fail(parent);
	} else {
		reload->step++;
		parent_reload_step(parent);
	}
}

/* With which sessions sign under the ruleset that is coming into use. */
static struct parent_child *
parent_reload_keys(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;

	for (size_t i = 0; reload->is_rollback && i < PARENT_CHILDREN_MAX;
	     i++) {
		struct parent_child *child = &parent->children[i];

		if (child->pid > 0 && child->kind == PROC_KEYS &&
		    child != reload->keys && child->retire == NULL)
			return child;
	}
	return reload->keys;
}

static bool
parent_set_up_kind(struct parent *parent, enum proc_kind kind)
{
	struct parent_reload *reload = &parent->reload;

	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];

		if (child->pid <= 0 || child->kind != kind)
			continue;
		if (kind == PROC_SESSION && reload->keys != NULL &&
		    !parent_connect(child, parent_reload_keys(parent)))
			return false;
		if (!parent_set_up(child))
			return false;
		reload->waiting++;
	}
	return true;
}

static bool
parent_set_up_keys(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;

	reload->keys = parent_start_child(parent, PROC_KEYS);
	if (reload->keys == NULL)
		return false;
	reload->waiting = 1;
	return parent_set_up(reload->keys);
}

static void
parent_reload_step(struct parent *parent)
{
	struct parent_reload *reload = &parent->reload;
	bool is_sent;

	if (reload->step == reload->end) {
		if (reload->is_rollback)
			parent_reload_refuse(parent, reload->error);
		else
			parent_reload_finish(parent);
		return;
	}
	reload->waiting = 0;
	reload->has_failed = false;
	if (parent_order[reload->step] == PROC_KEYS && !reload->is_first)
		is_sent = parent_set_up_keys(parent);
	else
		is_sent = parent_set_up_kind(parent,
		    parent_order[reload->step]);
	if (!is_sent)
		parent_fail(parent, "cannot set up %s: %s",
		    child_name(parent_order[reload->step]), strerror(errno));
}

static void
parent_on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct parent *parent = arg;

	(void)fd;
	(void)what;
	parent_fail(parent, "%s: not ready after %d seconds",
	    child_name(parent_order[parent->reload.step]),
	    PARENT_SETUP_SECONDS);
}

/* Loading. */

static bool
parent_map_ruleset(struct parent *parent, struct parent_ruleset *ruleset,
    char *error, size_t room)
{
	struct ruleset_use *use = calloc(1, sizeof(*use));
	char text[256];
	int status;

	if (use == NULL) {
		snprintf(error, room, "out of memory");
		return false;
	}
	status = blob_map(&use->blob, ruleset->memory, false, 0);
	if (status != BLOB_OK) {
		snprintf(error, room, "the ruleset is not sound: %s",
		    blob_error_text(&use->blob, status, text, sizeof(text)));
		free(use);
		return false;
	}
	use->uses = 1;
	use->generation = ++parent->generation;
	ruleset->use = use;
	return parent_ruleset_check(&use->blob, error, room);
}

/*
 * Descriptors that the steps below need at most at a time. Once a process
 * has the new ruleset there is no way back without some either.
 */
static size_t
parent_reload_needs(const struct parent *parent)
{
	size_t count = PARENT_SPARE_DESCRIPTORS;

	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++)
		if (parent->children[i].pid > 0 &&
		    parent->children[i].kind == PROC_SESSION)
			count += parent->reload.ruleset.sockets.count;
	return count;
}

static bool
parent_reload_has_descriptors(const struct parent *parent)
{
	size_t wanted = parent_reload_needs(parent), count = 0;
	int *taken = calloc(wanted, sizeof(*taken));

	while (taken != NULL && count < wanted) {
		taken[count] = fcntl(parent->reload.ruleset.memory,
		    F_DUPFD_CLOEXEC, 0);
		if (taken[count] == -1)
			break;
		count++;
	}
	for (size_t i = 0; i < count; i++)
		close(taken[i]);
	free(taken);
	return count == wanted;
}

/* What belongs to the first alone. */
static bool
parent_start_all(struct parent *parent, char *error, size_t room)
{
	struct mda_parent_config config = { .workers = parent->workers,
		.libexec = parent->libexec,
		.mailboxes = "/var/mail",
		.seconds = MDA_SECONDS };

	if (!parent_find_key(parent, error, room))
		return false;
	parent->control = listen_control(parent->socket_path, error, room);
	if (parent->control == -1)
		return false;
	if (!parent_start_children(parent)) {
		snprintf(error, room, "cannot start: %s", strerror(errno));
		return false;
	}
	config.lookup = parent_find_child(parent, PROC_LOOKUP)->channel;
	parent->mda = mda_parent_new(&config);
	if (parent->mda == NULL)
		snprintf(error, room, "out of memory");
	return parent->mda != NULL;
}

static void
parent_on_loaded(void *arg, int fd, const char *why)
{
	struct parent *parent = arg;
	struct parent_reload *reload = &parent->reload;
	const struct timeval limit = { PARENT_SETUP_SECONDS, 0 };
	char error[PARENT_ERROR_MAX];

	reload->ruleset.memory = fd;
	if (fd == -1) {
		parent_reload_refuse(parent, why);
	} else if (!parent_map_ruleset(parent, &reload->ruleset, error,
		       sizeof(error))) {
		parent_reload_refuse(parent, error);
	} else if (parent->options->check_only) {
		fprintf(stderr, "configuration OK\n");
		parent_stop(parent);
	} else if (!listen_open(&reload->ruleset.use->blob,
		       &parent->ruleset.sockets, &reload->ruleset.sockets,
		       error, sizeof(error)) ||
	    (reload->is_first &&
		!parent_start_all(parent, error, sizeof(error)))) {
		parent_reload_refuse(parent, error);
	} else if (!parent_reload_has_descriptors(parent)) {
		parent_reload_refuse(parent,
		    "too few descriptors are left: raise the limit of open "
		    "files, or try again");
	} else {
		event_add(reload->limit, &limit);
		parent_reload_step(parent);
	}
}

bool
parent_reload_start(struct parent *parent, bool is_forced,
    struct channel *asker, const struct message *request)
{
	struct parent_reload *reload = &parent->reload;

	if (reload->is_running || parent->is_stopping)
		return false;
	*reload = (struct parent_reload){ .is_running = true,
		.is_first = parent->ruleset.use == NULL,
		.is_forced = is_forced,
		.end = PARENT_STEPS,
		.asker = asker,
		.ruleset.memory = -1 };
	if (request != NULL)
		reload->request = *request;
	reload->limit = event_new(parent->base, -1, 0, parent_on_limit, parent);
	parent->loader = loader_start(parent->base, &parent->options->ruleset,
	    parent_on_loaded, parent);
	if (reload->limit == NULL || parent->loader == NULL)
		parent_reload_refuse(parent, "out of memory");
	return true;
}
