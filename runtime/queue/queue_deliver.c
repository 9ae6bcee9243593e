/*
 * Attempts. An entry stays in flight until what became of it is on disk:
 *
 *	in flight --> fetched: text and message --> the parent, DELIVER
 *	          <-- DELIVERED: removed, or its envelope rewritten; then
 *	              tried again later or held
 */
#include "runtime/queue/queue_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/queue/queue_line.h"

enum {
	/* Until what the system had none of is asked for again. */
	QUEUE_PATIENCE = 60, /* seconds */
};

enum {
	QUEUE_CODE_EXPIRED = 47, /* RFC 3463: x.4.7 */
};

/* One attempt, from the first byte fetched to the last written. */
struct queue_attempt {
	struct pool_job job; /* the first member */
	struct queue *queue;
	struct scheduler_entry *entry;
	uint64_t evpid;
	uint32_t generation;

	char text[ENVELOPE_TEXT_MAX];
	size_t len;
	struct envelope envelope; /* slices of text */
	int fd;                   /* of the message */
	int error;

	/* When it was to be rewritten or removed. */
	char new_text[ENVELOPE_TEXT_MAX];
	struct store_envelope update;
	bool is_last;
	void (*then)(struct queue *queue, struct scheduler_entry *entry);
};

static struct queue_attempt *
queue_attempt_of(struct pool_job *job)
{
	return (struct queue_attempt *)(void *)job;
}

/* NULL: no memory; the entry will be tried later. */
static struct queue_attempt *
queue_attempt_new(struct queue *queue, struct scheduler_entry *entry)
{
	struct queue_attempt *attempt = malloc(sizeof(*attempt));
	struct queue_item *item = entry->data;

	if (attempt == NULL) {
		scheduler_delay(queue->scheduler, entry,
		    queue_now() + QUEUE_PATIENCE);
		return NULL;
	}
	memset(attempt, 0, offsetof(struct queue_attempt, text));
	item->attempt = attempt;
	attempt->queue = queue;
	attempt->entry = entry;
	attempt->evpid = entry->evpid;
	attempt->fd = -1;
	attempt->error = 0;
	attempt->len = 0;
	if (item->text != NULL) {
		memcpy(attempt->text, item->text, item->len);
		attempt->len = item->len;
	}
	queue_drop_text(queue, item);
	return attempt;
}

void
queue_attempt_free(struct queue_attempt *attempt)
{
	struct queue_item *item = attempt->entry == NULL ? NULL :
							   attempt->entry->data;

	if (item != NULL)
		item->attempt = NULL;
	if (attempt->fd != -1)
		close(attempt->fd);
	free(attempt);
}

/* The envelope, if it is not there yet. */
static void
queue_load(struct queue_attempt *attempt)
{
	struct store *store = attempt->queue->store;
	struct str field;

	if (attempt->len == 0)
		attempt->error = store->ops->load(store, attempt->evpid,
		    attempt->text, &attempt->len);
	if (attempt->error == 0 &&
	    envelope_read((struct str){ attempt->text, (uint32_t)attempt->len },
		&attempt->envelope, &field) != ENVELOPE_OK)
		attempt->error = -EBADMSG;
}

/* Rewriting and removing. */

static void
queue_then_retry(struct queue *queue, struct scheduler_entry *entry)
{
	const struct queue_item *item = entry->data;

	/* A reload took its action away meanwhile. */
	if (item->action->number == IR_NONE)
		scheduler_hold(queue->scheduler, entry);
	else
		scheduler_retry(queue->scheduler, entry, queue_now());
}

static void
queue_then_hold(struct queue *queue, struct scheduler_entry *entry)
{
	scheduler_hold(queue->scheduler, entry);
}

static void
queue_update_run(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);
	struct store *store = attempt->queue->store;

	attempt->error = store->ops->update(store, &attempt->update);
}

static void
queue_remove_run(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);
	struct store *store = attempt->queue->store;

	attempt->error = store->ops->remove(store, attempt->evpid,
	    attempt->is_last);
}

static void
queue_remove_done(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);

	if (attempt->error != 0 && attempt->error != -ENOENT)
		log_warn("warn: queue: envelope %016llx cannot be removed and "
			 "will be delivered again after a restart: %s",
		    (unsigned long long)attempt->evpid,
		    strerror(-attempt->error));
	queue_attempt_free(attempt);
}

/*
 * Nobody waits for it, so that a thread may do it; but the walk at start
 * must not find what is on its way out.
 */
static void
queue_attempt_remove(struct queue_attempt *attempt)
{
	struct queue *queue = attempt->queue;

	attempt->is_last = scheduler_is_last(queue->scheduler, attempt->evpid);
	queue_forget(queue, attempt->entry);
	attempt->entry = NULL;
	attempt->job.run = queue_remove_run;
	attempt->job.done = queue_remove_done;
	queue_do(queue, &attempt->job, queue->is_walking);
	queue_kick(queue);
}

static void
queue_attempt_remove_by_hand(struct queue_attempt *attempt)
{
	queue_log_end(attempt->evpid, &attempt->envelope, "Remove",
	    "Removed by administrator");
	stats_add(attempt->queue->child->stats, STAT_SCHEDULER_REMOVED, 1);
	queue_attempt_remove(attempt);
}

static void
queue_update_done(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);
	struct queue *queue = attempt->queue;

	if (attempt->error != 0)
		log_warn("warn: queue: envelope %016llx cannot be updated: %s",
		    (unsigned long long)attempt->evpid,
		    strerror(-attempt->error));
	else
		stats_add(queue->child->stats, STAT_SCHEDULER_UPDATED, 1);
	if (attempt->entry->is_removed) {
		queue_attempt_remove_by_hand(attempt);
		return;
	}
	attempt->then(queue, attempt->entry);
	queue_attempt_free(attempt);
	queue_kick(queue);
}

/* Keeps in the envelope why it failed. */
static void
queue_attempt_update(struct queue_attempt *attempt, const char *why,
    unsigned esc_class, unsigned esc_code)
{
	struct envelope envelope = attempt->envelope;
	size_t len;

	envelope.errorline = str_from(why);
	envelope.esc_class = esc_class;
	envelope.esc_code = esc_code;
	len = envelope_write(&envelope, attempt->new_text,
	    sizeof(attempt->new_text));
	attempt->update = (struct store_envelope){ attempt->evpid,
		{ attempt->new_text, (uint32_t)len } };
	attempt->job.run = queue_update_run;
	attempt->job.done = queue_update_done;
	/* Too long with its error: it stays as it was. */
	if (len == 0) {
		attempt->error = -EMSGSIZE;
		queue_update_done(&attempt->job);
		return;
	}
	queue_do(attempt->queue, &attempt->job, false);
}

/* What the parent says. */

static const struct queue_ending {
	enum stats_counter counter;
	void (*then)(struct queue *queue, struct scheduler_entry *entry);
	unsigned esc_class, esc_code; /* RFC 3463, as in OpenSMTPD */
} queue_endings[MDA_OUTCOMES] = {
	[MDA_DELIVERED] = { STAT_DELIVERY_OK, NULL, 0, 0 },
	[MDA_TEMPFAIL] = { STAT_DELIVERY_TEMPFAIL, queue_then_retry, 4, 30 },
	[MDA_PERMFAIL] = { STAT_DELIVERY_PERMFAIL, queue_then_hold, 5, 30 },
	[MDA_LOOP] = { STAT_DELIVERY_LOOP, queue_then_hold, 5, 46 },
	[MDA_USER_TEMPFAIL] = { STAT_DELIVERY_TEMPFAIL, queue_then_retry, 4,
	    10 },
	[MDA_USER_PERMFAIL] = { STAT_DELIVERY_PERMFAIL, queue_then_hold, 5,
	    16 },
};

static void
queue_attempt_end(struct queue_attempt *attempt,
    const struct mda_result *result)
{
	const struct queue_ending *ending = &queue_endings[result->outcome];
	struct envelope *envelope = &attempt->envelope;
	char buf[2 * MDA_TEXT_MAX];

	queue_log_delivery(attempt->evpid, envelope, result,
	    mda_result_stat(result, buf, sizeof(buf)));
	stats_add(attempt->queue->child->stats, ending->counter, 1);
	if (ending->then == NULL) {
		queue_attempt_remove(attempt);
		return;
	}
	envelope->last_try = (uint64_t)attempt->entry->next;
	if (ending->esc_class == 4 && envelope->retry < UINT16_MAX)
		envelope->retry++;
	attempt->then = ending->then;
	queue_attempt_update(attempt, result->text, ending->esc_class,
	    ending->esc_code);
}

/* All that is in flight is local delivery, until there is relaying. */
static void
queue_count_running(struct queue *queue, int64_t n)
{
	stats_add(queue->child->stats, STAT_SCHEDULER_INFLIGHT, n);
	stats_add(queue->child->stats, STAT_MDA_RUNNING, n);
}

static void
queue_on_delivered(void *arg, struct message *message)
{
	struct queue_attempt *attempt = arg;
	const struct message_delivered *fields;
	struct mda_result result;
	bool is_known;

	queue_count_running(attempt->queue, -1);
	/* The parent is gone, and so are we in a moment. */
	if (message == NULL) {
		queue_attempt_free(attempt);
		return;
	}
	fields = &message->delivered;
	is_known = fields->outcome < MDA_OUTCOMES;
	mda_result_set(&result,
	    is_known ? (enum mda_outcome)fields->outcome : MDA_TEMPFAIL,
	    fields->status, "%.*s", STR_ARG(fields->output));
	queue_attempt_end(attempt, &result);
}

/* Attempts. */

/* The fault is ours or the system's: it is no attempt. */
static void
queue_attempt_put_off(struct queue_attempt *attempt, const char *what)
{
	struct queue *queue = attempt->queue;
	struct scheduler_entry *entry = attempt->entry;

	log_warn("warn: queue: %s of envelope %016llx: %s", what,
	    (unsigned long long)attempt->evpid, strerror(-attempt->error));
	/* Somebody else has removed it, or was asked to have us do so. */
	if ((attempt->error == -ENOENT && attempt->len == 0) ||
	    entry->is_removed) {
		queue_attempt_remove(attempt);
		return;
	}
	if (attempt->error == -ENOENT || attempt->error == -EBADMSG)
		scheduler_hold(queue->scheduler, entry);
	else
		scheduler_delay(queue->scheduler, entry,
		    queue_now() + QUEUE_PATIENCE);
	queue_attempt_free(attempt);
	queue_kick(queue);
}

static void
queue_fetch_run(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);
	struct store *store = attempt->queue->store;

	queue_load(attempt);
	if (attempt->error != 0)
		return;
	attempt->fd = store->ops->open_message(store,
	    evpid_message(attempt->evpid));
	if (attempt->fd < 0) {
		attempt->error = attempt->fd;
		attempt->fd = -1;
	}
}

static void
queue_fetch_done(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);
	struct queue *queue = attempt->queue;
	const struct queue_item *item = attempt->entry->data;
	struct message message = { .type = MESSAGE_DELIVER };

	if (queue->is_ending) {
		queue_attempt_free(attempt);
		return;
	}
	if (attempt->error != 0) {
		queue_attempt_put_off(attempt,
		    attempt->len == 0 ? "file" : "message");
		return;
	}
	message.fd = attempt->fd;
	attempt->fd = -1;
	message.deliver = (struct message_deliver){
		.evpid = attempt->evpid,
		.generation = queue->child->ruleset->generation,
		.action = item->action->number,
		.user = attempt->envelope.mda_user,
		.envelope = { attempt->text, (uint32_t)attempt->len },
	};
	if (channel_ask(queue->child->parent, &message, queue_on_delivered,
		attempt) == 0) {
		attempt->error = -EPIPE;
		queue_attempt_put_off(attempt, "delivery");
		return;
	}
	queue_count_running(queue, 1);
}

void
queue_deliver(struct queue *queue, struct scheduler_entry *entry)
{
	struct queue_attempt *attempt = queue_attempt_new(queue, entry);

	if (attempt == NULL)
		return;
	attempt->job.run = queue_fetch_run;
	attempt->job.done = queue_fetch_done;
	/* A message that must be decoded first can be a long one. */
	queue_do(queue, &attempt->job, codec_is_plain(&queue->store->codec));
}

static void
queue_load_run(struct pool_job *job)
{
	queue_load(queue_attempt_of(job));
}

static void
queue_expire_done(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);

	if (attempt->error != 0) {
		queue_attempt_put_off(attempt, "file");
		return;
	}
	queue_log_end(attempt->evpid, &attempt->envelope, "Expire",
	    "Envelope expired");
	stats_add(attempt->queue->child->stats, STAT_SCHEDULER_EXPIRED, 1);
	attempt->then = queue_then_hold;
	queue_attempt_update(attempt, "Envelope expired", 5,
	    QUEUE_CODE_EXPIRED);
}

void
queue_expire(struct queue *queue, struct scheduler_entry *entry)
{
	struct queue_attempt *attempt = queue_attempt_new(queue, entry);

	if (attempt == NULL)
		return;
	attempt->job.run = queue_load_run;
	attempt->job.done = queue_expire_done;
	queue_do(queue, &attempt->job, true);
}

static void
queue_by_hand_done(struct pool_job *job)
{
	struct queue_attempt *attempt = queue_attempt_of(job);

	/* What cannot be read can be removed all the same. */
	if (attempt->error == 0)
		queue_attempt_remove_by_hand(attempt);
	else
		queue_attempt_remove(attempt);
}

void
queue_remove(struct queue *queue, struct scheduler_entry *entry)
{
	struct queue_attempt *attempt = queue_attempt_new(queue, entry);

	if (attempt == NULL)
		return;
	attempt->job.run = queue_load_run;
	attempt->job.done = queue_by_hand_done;
	queue_do(queue, &attempt->job, true);
}
