/*
 * What smtpctl asks of the queue: lists, changes, contents, pauses. Lists
 * come in parts, so that a long queue keeps neither process from its work.
 */
#include "runtime/queue/queue_private.h"

#include "runtime/base/log.h"
#include "runtime/queue/queue_line.h"

enum { QUEUE_LIST_MAX = 500 };

/* The text of an entry; 0 or -errno. */
static int
queue_text(struct queue *queue, const struct scheduler_entry *entry,
    char text[ENVELOPE_TEXT_MAX], size_t *len_r)
{
	const struct queue_item *item = entry->data;

	if (item->text == NULL)
		return queue->store->ops->load(queue->store, entry->evpid, text,
		    len_r);
	memcpy(text, item->text, item->len);
	*len_r = item->len;
	return 0;
}

/* Lists. */

static struct queue_line_state
queue_entry_state(const struct scheduler_entry *entry,
    const struct envelope *envelope)
{
	int64_t now = queue_now();
	bool is_flying = entry->state == SCHEDULER_INFLIGHT;
	bool is_invalid = entry->state == SCHEDULER_INVALID;
	int64_t seconds = is_flying ? now - entry->next : entry->next - now;
	struct queue_line_state state = {
		.word = is_flying ? "inflight" :
		    is_invalid    ? "invalid" :
				    "pending",
		.seconds = is_invalid ? -1 :
		    seconds < 0       ? 0 :
					seconds,
		.is_suspended = entry->is_suspended,
		.is_held = entry->state == SCHEDULER_HELD ||
		    entry->state == SCHEDULER_READY,
		.expires = entry->expires,
		.last_try = is_flying ? entry->next :
					(int64_t)envelope->last_try,
		.retry = entry->retry,
	};

	if (envelope->version != ENVELOPE_VERSION) {
		state.expires = (int64_t)(envelope->ctime + envelope->expire);
		state.retry = envelope->retry;
		state.note = "Envelope of OpenSMTPD 6.0 or before: kept, but "
			     "not understood yet";
	} else if (entry->state == SCHEDULER_INVALID) {
		state.note = "Unknown dispatcher";
	} else if (entry->type == ENVELOPE_MTA) {
		state.note = "Held: relaying is not available yet";
	} else if (entry->type == ENVELOPE_BOUNCE) {
		state.note = "Held: bounces are not available yet";
	}
	return state;
}

/* False: there is nothing to show of it. */
static bool
queue_list_line(struct queue *queue, const struct scheduler_entry *entry,
    char line[QUEUE_LINE_SIZE])
{
	struct queue_line_state state;
	struct envelope envelope;
	char text[ENVELOPE_TEXT_MAX];
	struct str field;
	size_t len = 0;

	if (queue_text(queue, entry, text, &len) != 0 ||
	    envelope_read((struct str){ text, (uint32_t)len }, &envelope,
		&field) != ENVELOPE_OK)
		return false;
	state = queue_entry_state(entry, &envelope);
	queue_line(entry->evpid, &envelope, &state, line);
	return true;
}

static void
queue_list(struct queue *queue, struct channel *channel,
    const struct message *request)
{
	uint32_t limit = request->ctl_list.limit;
	struct message listed = { .type = MESSAGE_CTL_LISTED, .fd = -1 };
	struct scheduler_entry *entry = scheduler_from(queue->scheduler,
	    request->ctl_list.from);
	char line[QUEUE_LINE_SIZE];

	if (limit == 0 || limit > QUEUE_LIST_MAX)
		limit = QUEUE_LIST_MAX;
	for (; entry != NULL && limit > 0; limit--) {
		if (queue_list_line(queue, entry, line)) {
			listed.ctl_listed.evpid = entry->evpid;
			listed.ctl_listed.line = str_from(line);
			channel_reply(channel, request, &listed);
		}
		entry = entry->evpid == UINT64_MAX ?
		    NULL :
		    scheduler_from(queue->scheduler, entry->evpid + 1);
	}
	listed.ctl_listed.is_last = true;
	listed.ctl_listed.evpid = entry == NULL ? 0 : entry->evpid;
	listed.ctl_listed.line = STR_LIT("");
	channel_reply(channel, request, &listed);
}

/* Changes. */

/* Whether it counts. */
static bool
queue_change_entry(struct queue *queue, struct scheduler_entry *entry,
    enum ctl_change change)
{
	switch (change) {
	case CTL_REMOVE:
		if (entry->state != SCHEDULER_INFLIGHT) {
			queue_remove(queue, entry);
			return true;
		}
		if (entry->is_removed)
			return false;
		entry->is_removed = true;
		return true;
	case CTL_SCHEDULE:
		/* Nobody is there yet to take the others. */
		return entry->type == ENVELOPE_MDA &&
		    scheduler_hasten(queue->scheduler, entry, queue_now());
	case CTL_PAUSE:
		return scheduler_suspend(queue->scheduler, entry, true);
	case CTL_RESUME:
		return scheduler_suspend(queue->scheduler, entry, false);
	case CTL_DISCOVER:
	case CTL_CHANGES:
		break;
	}
	return false;
}

/* evpid as in CTL_CHANGE. */
static bool
queue_is_meant(uint64_t meant, uint64_t evpid)
{
	if (meant == 0)
		return true;
	if ((uint32_t)meant == 0)
		return meant >> 32 == evpid >> 32;
	return meant == evpid;
}

static uint32_t
queue_change(struct queue *queue, enum ctl_change change, uint64_t meant)
{
	struct scheduler_entry *entry = scheduler_from(queue->scheduler, meant);
	uint32_t count = 0;

	while (entry != NULL && queue_is_meant(meant, entry->evpid)) {
		uint64_t evpid = entry->evpid;

		count += queue_change_entry(queue, entry, change);
		entry = evpid == UINT64_MAX ?
		    NULL :
		    scheduler_from(queue->scheduler, evpid + 1);
	}
	queue_kick(queue);
	return count;
}

/* A walk at start comes by everything anyway. */
static uint32_t
queue_discover(struct queue *queue, uint64_t meant)
{
	struct store_found found;
	uint32_t count = 0;

	while (!queue->is_walking &&
	    queue->store->ops->walk(queue->store, &found) == 1) {
		if (found.error != 0 || found.evpid == 0 ||
		    !queue_is_meant(meant, found.evpid) ||
		    queue_is_new(queue, evpid_message(found.evpid)) ||
		    scheduler_find(queue->scheduler, found.evpid) != NULL)
			continue;
		queue_add(queue, found.evpid, found.text, NULL);
		count++;
	}
	queue_kick(queue);
	return count;
}

/* Contents. */

static int
queue_open_shown(struct queue *queue, const struct message_ctl_show *show)
{
	char text[ENVELOPE_TEXT_MAX];
	size_t len = 0;
	int error;

	if (show->is_message)
		return queue->store->ops->open_message(queue->store,
		    evpid_message(show->evpid));
	error = queue->store->ops->load(queue->store, show->evpid, text, &len);
	return error != 0 ? error : store_open_text(text, len);
}

static void
queue_show(struct queue *queue, struct channel *channel,
    const struct message *request)
{
	struct message result = { .type = MESSAGE_RESULT };
	int fd = queue_open_shown(queue, &request->ctl_show);

	result.fd = fd < 0 ? -1 : fd;
	result.result.is_ok = fd >= 0;
	result.result.error = str_from(fd < 0 ? strerror(-fd) : "");
	channel_reply(channel, request, &result);
}

/* Pauses. */

static void
queue_switch(struct queue *queue, struct channel *channel,
    const struct message *request)
{
	struct message result = { .type = MESSAGE_RESULT, .fd = -1 };
	unsigned subsystem = request->pause.subsystem;
	bool is_paused = request->pause.is_paused;
	bool is_mda = subsystem == SUBSYSTEM_MDA;

	result.result.error = STR_LIT("");
	if ((is_mda || subsystem == SUBSYSTEM_MTA) &&
	    ((queue->paused & subsystem) != 0) != is_paused) {
		queue->paused ^= subsystem;
		scheduler_pause(queue->scheduler,
		    is_mda ? ENVELOPE_MDA : ENVELOPE_MTA, is_paused);
		log_info("info: %s %s", is_mda ? "mda" : "mta",
		    is_paused ? "paused" : "resumed");
		result.result.is_ok = true;
		queue_kick(queue);
	}
	channel_reply(channel, request, &result);
}

void
queue_on_control(struct queue *queue, struct channel *channel,
    struct message *message)
{
	struct message answer = { .fd = -1 };

	if (message->type == MESSAGE_CTL_LIST) {
		queue_list(queue, channel, message);
	} else if (message->type == MESSAGE_CTL_SHOW) {
		queue_show(queue, channel, message);
	} else if (message->type == MESSAGE_PAUSE) {
		queue_switch(queue, channel, message);
	} else if (message->type == MESSAGE_CTL_CHANGE) {
		answer.type = MESSAGE_CTL_CHANGED;
		answer.ctl_changed.count = message->ctl_change.change ==
			CTL_DISCOVER ?
		    queue_discover(queue, message->ctl_change.evpid) :
		    queue_change(queue,
			(enum ctl_change)message->ctl_change.change,
			message->ctl_change.evpid);
		channel_reply(channel, message, &answer);
	} else {
		child_fail(queue->child, "control sent what it must not");
	}
}
