/*
 * What the other processes ask the parent for. Each may ask only for what
 * is its own: a session process for .forward files and passwords, the queue
 * for deliveries, lookup for its table programs, control for what root tells
 * it.
 */
#include "runtime/proc/parent_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/mda/forward_open.h"

static void
parent_reply_result(struct parent_child *child, const struct message *request,
    bool is_ok, const char *error)
{
	struct message result = { .type = MESSAGE_RESULT, .fd = -1 };

	result.result.is_ok = is_ok;
	result.result.error = str_from(error);
	channel_reply(child->channel, request, &result);
}

/* Of what a process must not send: it was taken over. */
static void
parent_distrust(struct parent_child *child, const struct message *message)
{
	if (message->fd != -1)
		close(message->fd);
	parent_fail(child->parent, "process %s sent %s",
	    child_name(child->kind), message_name(message->type));
}

static void
parent_on_session(struct parent_child *child, struct message *message)
{
	struct parent *parent = child->parent;
	const struct parent_child *lookup = parent_find_child(parent,
	    PROC_LOOKUP);

	if (message->type == MESSAGE_FORWARD && lookup != NULL)
		forward_answer(lookup->channel, child->channel, message);
	else if (message->type == MESSAGE_CREDENTIALS)
		auth_answer(parent->auth, child->channel, message);
	else {
		parent_distrust(child, message);
		return;
	}
	if (message->fd != -1)
		close(message->fd);
}

struct ruleset_use *
parent_find_ruleset(const struct parent *parent, uint32_t generation)
{
	struct ruleset_use *now = parent->ruleset.use;
	struct ruleset_use *next = parent->reload.ruleset.use;

	if (now != NULL && now->generation == generation)
		return now;
	return next != NULL && next->generation == generation ? next : NULL;
}

static void
parent_on_queue(struct parent_child *child, struct message *message)
{
	struct parent *parent = child->parent;

	if (message->type == MESSAGE_DELIVER)
		mda_parent_deliver(parent->mda, child->channel, message,
		    parent_find_ruleset(parent, message->deliver.generation));
	else
		parent_distrust(child, message);
}

static void
parent_on_lookup(struct parent_child *child, struct message *message)
{
	if (message->type == MESSAGE_TABLE_OPEN)
		parent_open_program(child, message);
	else if (message->type == MESSAGE_TABLE_CLOSE)
		parent_close_program(child->parent, message->table_close.id);
	else {
		parent_distrust(child, message);
		return;
	}
	if (message->fd != -1)
		close(message->fd);
}

/* Control. */

/* To the parent itself and to all others; nobody waits for them. */
static void
parent_set_log_level(struct parent *parent, uint32_t level)
{
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++) {
		struct parent_child *child = &parent->children[i];
		struct message message = { .type = MESSAGE_LOG_LEVEL,
			.fd = -1 };
		uint32_t number;

		if (child->channel == NULL)
			continue;
		message.log_level.level = level;
		number = channel_ask(child->channel, &message, NULL, NULL);
		if (number != 0)
			channel_forget(child->channel, number);
	}
	log_set_level(level == LOG_LEVEL_BRIEF ? LOG_LEVEL_BRIEF :
						 LOG_LEVEL_VERBOSE);
}

static void
parent_reply_stats(struct parent_child *child, const struct message *request)
{
	struct message stats = { .type = MESSAGE_CTL_STATS_ARE };

	stats.ctl_stats_are.uptime = (uint64_t)(time(NULL) -
	    child->parent->started);
	stats.fd = fcntl(child->parent->stats, F_DUPFD_CLOEXEC, 0);
	channel_reply(child->channel, request, &stats);
}

static void
parent_on_control(struct parent_child *child, struct message *message)
{
	struct parent *parent = child->parent;

	if (message->type == MESSAGE_CTL_RELOAD) {
		if (!parent_reload_start(parent, message->ctl_reload.force,
			child->channel, message))
			parent_reply_result(child, message, false,
			    parent->is_stopping ?
				"smtpd is stopping" :
				"a reload is under way already");
	} else if (message->type == MESSAGE_CTL_STOP) {
		parent_reply_result(child, message, true, "");
		parent_stop(parent);
	} else if (message->type == MESSAGE_LOG_LEVEL) {
		parent_set_log_level(parent, message->log_level.level);
		parent_reply_result(child, message, true, "");
	} else if (message->type == MESSAGE_CTL_STATS) {
		parent_reply_stats(child, message);
	} else {
		parent_distrust(child, message);
	}
}

void
parent_on_message(void *arg, struct channel *channel, struct message *message)
{
	struct parent_child *child = arg;

	(void)channel;
	if (child->kind == PROC_SESSION)
		parent_on_session(child, message);
	else if (child->kind == PROC_QUEUE)
		parent_on_queue(child, message);
	else if (child->kind == PROC_LOOKUP)
		parent_on_lookup(child, message);
	else if (child->kind == PROC_CONTROL)
		parent_on_control(child, message);
	else
		parent_distrust(child, message);
}
