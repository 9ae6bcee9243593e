/*
 * The queue process: the only one that writes to the spool, and the one that
 * knows what is to be done when. Session processes give it messages, the
 * parent delivers for it, control asks for smtpctl. What blocks is left to
 * threads (pool.h), which touch the store and nothing else.
 */
#include "runtime/queue/queue_private.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"

enum {
	QUEUE_RUN_STEP = 64,   /* attempts started in a row */
	QUEUE_WALK_STEP = 50,  /* envelopes found in a row */
	QUEUE_WALK_AGAIN = 60, /* seconds, after one that was short */
};

int64_t
queue_now(void)
{
	return time(NULL);
}

void
queue_kick(struct queue *queue)
{
	static const struct timeval at_once;

	event_add(queue->run, &at_once);
}

void
queue_do(struct queue *queue, struct pool_job *job, bool is_short)
{
	if (!is_short) {
		pool_add(queue->pool, job);
		return;
	}
	job->run(job);
	job->done(job);
}

/* Actions. */

static const struct blob *
queue_blob(const struct queue *queue)
{
	return &queue->child->ruleset->blob;
}

static void
queue_set_action(struct queue_action *action, const struct blob *blob)
{
	struct ir_settings settings;
	struct ir_action record = { .ttl = 0 };

	action->number = blob_find_action(blob, action->name);
	if (action->number != IR_NONE)
		blob_action(blob, action->number, &record);
	blob_settings(blob, &settings);
	action->ttl = record.ttl != 0 ? record.ttl : settings.queue_ttl;
}

/* NULL: no memory. */
static struct queue_action *
queue_find_action(struct queue *queue, struct str name)
{
	struct queue_action *action = queue->actions;

	while (action != NULL && !str_eq(action->name, name))
		action = action->next;
	if (action != NULL)
		return action;
	action = malloc(sizeof(*action) + name.len + 1);
	if (action == NULL)
		return NULL;
	memcpy(action->text, name.ptr, name.len);
	action->text[name.len] = '\0';
	action->name = (struct str){ action->text, name.len };
	queue_set_action(action, queue_blob(queue));
	action->envelopes = 0;
	action->next = queue->actions;
	queue->actions = action;
	return action;
}

/* Entries. */

void
queue_drop_text(struct queue *queue, struct queue_item *item)
{
	if (item->text == NULL)
		return;
	queue->kept_texts -= item->len;
	free(item->text);
	item->text = NULL;
}

void
queue_forget(struct queue *queue, struct scheduler_entry *entry)
{
	struct queue_item *item = entry->data;

	queue_drop_text(queue, item);
	if (item->action != NULL)
		item->action->envelopes--;
	free(item);
	scheduler_done(queue->scheduler, entry);
	stats_add(queue->child->stats, STAT_SCHEDULER_ENVELOPE, -1);
}

/*
 * Permanent failures wait with their error until there are bounces; after a
 * restart their enhanced status code tells.
 */
static enum scheduler_state
queue_state(const struct envelope *envelope, const struct queue_action *action)
{
	if (action->number == IR_NONE)
		return SCHEDULER_INVALID;
	return envelope->type == ENVELOPE_MDA && envelope->esc_class != 5 ?
	    SCHEDULER_PENDING :
	    SCHEDULER_HELD;
}

/* What the scheduler is to know. False: no memory. */
static bool
queue_describe(struct queue *queue, uint64_t evpid, struct str text,
    struct scheduler_item *item, struct queue_action **action_r)
{
	enum envelope_status status;
	struct envelope envelope;
	struct str field;

	item->evpid = evpid;
	item->state = SCHEDULER_INVALID;
	*action_r = NULL;
	status = envelope_read(text, &envelope, &field);
	if (status == ENVELOPE_OK && envelope.version != ENVELOPE_VERSION)
		status = ENVELOPE_VERSION_MISMATCH;
	if (status != ENVELOPE_OK) {
		queue_log_invalid(evpid, status, field);
		return true;
	}
	*action_r = queue_find_action(queue, envelope.dispatcher);
	if (*action_r == NULL)
		return false;
	if ((*action_r)->number == IR_NONE)
		log_warn("warn: invalid envelope %016llx: unknown dispatcher",
		    (unsigned long long)evpid);
	item->type = (enum envelope_type)envelope.type;
	item->state = queue_state(&envelope, *action_r);
	item->user = envelope.mda_user;
	item->created = (int64_t)envelope.ctime;
	item->ttl = envelope.type == ENVELOPE_BOUNCE && envelope.ttl != 0 ?
	    (int64_t)envelope.ttl :
	    (*action_r)->ttl;
	item->retry = envelope.retry;
	return true;
}

static bool
queue_may_keep(const struct queue *queue, const struct scheduler_entry *entry,
    size_t len)
{
	return entry->state == SCHEDULER_PENDING &&
	    entry->next <= queue_now() &&
	    len <= QUEUE_KEPT_TEXTS - queue->kept_texts;
}

/*
 * Until then nothing is removed in passing; a walk that is under way has
 * come by some already, and is followed by another.
 */
static void
queue_walk_later(struct queue *queue)
{
	static const struct timeval later = { QUEUE_WALK_AGAIN, 0 };

	if (queue->is_walking) {
		queue->is_walk_short = true;
		return;
	}
	queue->is_walking = true;
	queue->is_walk_short = false;
	event_add(queue->walk, &later);
}

static void
queue_enter(struct queue *queue, uint64_t evpid, struct str text,
    char *text_kept, bool is_suspended)
{
	struct scheduler_item item = { .is_suspended = is_suspended };
	struct queue_item *data = calloc(1, sizeof(*data));
	struct scheduler_entry *entry = NULL;

	if (data != NULL &&
	    queue_describe(queue, evpid, text, &item, &data->action))
		entry = scheduler_add(queue->scheduler, &item);
	if (entry == NULL) {
		/* Safe on disk, where a walk will find it. */
		log_warn("warn: queue: no memory for envelope %016llx",
		    (unsigned long long)evpid);
		queue_walk_later(queue);
		free(data);
		free(text_kept);
		return;
	}
	entry->data = data;
	if (data->action != NULL)
		data->action->envelopes++;
	stats_add(queue->child->stats, STAT_SCHEDULER_ENVELOPE, 1);
	stats_add(queue->child->stats, STAT_SCHEDULER_ENQUEUED, 1);
	if (text_kept == NULL || !queue_may_keep(queue, entry, text.len)) {
		free(text_kept);
		return;
	}
	data->text = text_kept;
	data->len = text.len;
	queue->kept_texts += text.len;
}

void
queue_add(struct queue *queue, uint64_t evpid, struct str text, char *text_kept)
{
	queue_enter(queue, evpid, text, text_kept, false);
}

/* Finding what is there. */

/* What may not be so a minute later. */
static bool
queue_is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

/* That of an earlier walk that could not read it makes room. */
static bool
queue_is_known(struct queue *queue, uint64_t evpid, bool is_read)
{
	struct scheduler_entry *entry = scheduler_find(queue->scheduler, evpid);

	if (entry == NULL)
		return false;
	if (!is_read || entry->state != SCHEDULER_INVALID ||
	    ((struct queue_item *)entry->data)->action != NULL)
		return true;
	queue_forget(queue, entry);
	return false;
}

static void
queue_on_found(struct queue *queue, const struct store_found *found)
{
	if (queue_is_shortage(found->error))
		queue->is_walk_short = true;
	if (found->error != 0) {
		log_warn("warn: queue: envelope %016llx cannot be read: %s",
		    (unsigned long long)found->evpid, strerror(-found->error));
		/* It counts as one of its message, which must not go. */
		if (found->evpid == 0)
			return;
	}
	if (!queue_is_new(queue, evpid_message(found->evpid)) &&
	    !queue_is_known(queue, found->evpid, found->error == 0))
		queue_add(queue, found->evpid, found->text, NULL);
}

static void
queue_walk(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once;
	struct queue *queue = arg;
	struct store_found found;
	int status = 1;

	(void)fd;
	(void)what;
	for (int i = 0; i < QUEUE_WALK_STEP && status == 1; i++) {
		status = queue->store->ops->walk(queue->store, &found);
		if (status == 1)
			queue_on_found(queue, &found);
	}
	queue_kick(queue);
	if (status < 0)
		log_warn("warn: queue: cannot read the spool: %s",
		    strerror(-status));
	if (status == 1) {
		event_add(queue->walk, &at_once);
		return;
	}
	queue->is_walking = false;
	if (queue->is_walk_short || queue_is_shortage(status))
		queue_walk_later(queue);
}

static void
queue_purge_run(struct pool_job *job)
{
	struct queue *queue = (struct queue *)(void *)((char *)job -
	    offsetof(struct queue, purge));
	int status = queue->store->ops->purge(queue->store);

	queue->has_more_to_purge = status == 1;
}

static void
queue_purge_done(struct pool_job *job)
{
	struct queue *queue = (struct queue *)(void *)((char *)job -
	    offsetof(struct queue, purge));

	if (queue->has_more_to_purge && !queue->is_ending)
		pool_add(queue->pool, job);
}

/* Attempts. */

static void
queue_run_later(struct queue *queue)
{
	int64_t wake = scheduler_wake(queue->scheduler), now = queue_now();
	struct timeval delay = { 0 };

	if (wake == SCHEDULER_NEVER)
		return;
	if (wake > now)
		delay.tv_sec = wake - now;
	/* Far times come nearer with a clock that is set. */
	if (delay.tv_sec > 3600)
		delay.tv_sec = 3600;
	event_add(queue->run, &delay);
}

static void
queue_run(evutil_socket_t fd, short what, void *arg)
{
	struct queue *queue = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < QUEUE_RUN_STEP; i++) {
		struct scheduler_entry *entry;
		enum scheduler_need need = scheduler_next(queue->scheduler,
		    queue_now(), &entry);

		if (need == SCHEDULER_NOTHING)
			break;
		if (need == SCHEDULER_DELIVER)
			queue_deliver(queue, entry);
		else
			queue_expire(queue, entry);
	}
	queue_run_later(queue);
}

/* Start. */

static const char *
queue_open_store(struct queue *queue, char error[STORE_ERROR_SIZE])
{
	const struct child *child = queue->child;
	struct store_fs_options options = { .spool = child->spool.ptr,
		.sys = &sys_real };
	const struct passwd *user;
	struct ir_settings settings;
	struct codec codec = { 0 };

	if (!child->is_ordinary) {
		user = getpwnam(paths_built.smtpq_user);
		if (user == NULL)
			return "unknown user, see make SMTPQ_USER=";
		options.owner = user->pw_uid;
		options.offline_group = user->pw_gid;
	}
	blob_settings(queue_blob(queue), &settings);
	codec.compresses = settings.queue_compression;
	codec.has_key = settings.queue_encryption;
	if (codec.has_key && child->queue_key.len != CODEC_KEY_SIZE)
		return "the queue's key must have 32 bytes";
	if (codec.has_key)
		memcpy(codec.key, child->queue_key.ptr, CODEC_KEY_SIZE);
	options.codec = &codec;
	queue->store = store_fs_open(&options, error);
	explicit_bzero(&codec, sizeof(codec));
	return queue->store == NULL ? error : NULL;
}

static const char *
queue_init(struct child *child)
{
	static const struct scheduler_limits none;
	static char error[STORE_ERROR_SIZE];
	struct queue *queue = calloc(1, sizeof(*queue));
	const char *failure;
	uint32_t seed = 0;

	if (queue == NULL || getrandom(&seed, sizeof(seed), 0) < 0)
		return "out of memory";
	child->box = queue;
	queue->child = child;
	failure = queue_open_store(queue, error);
	if (failure != NULL)
		return failure;
	queue->pool = pool_new(child->base, QUEUE_THREADS);
	queue->scheduler = scheduler_new(&none, seed);
	queue->run = evtimer_new(child->base, queue_run, queue);
	queue->walk = evtimer_new(child->base, queue_walk, queue);
	if (queue->pool == NULL || queue->scheduler == NULL ||
	    queue->run == NULL || queue->walk == NULL)
		return "out of memory";
	queue->paused = child->flags;
	return NULL;
}

/* Rulesets. */

/* Queued mail must not lose its action by an oversight. */
static const char *
queue_check_actions(const struct queue *queue, const struct blob *blob)
{
	static char error[ENVELOPE_NAME_MAX + 128];

	for (const struct queue_action *action = queue->actions; action != NULL;
	     action = action->next) {
		if (action->envelopes == 0 || action->number == IR_NONE ||
		    blob_find_action(blob, action->name) != IR_NONE)
			continue;
		snprintf(error, sizeof(error),
		    "%u queued envelopes need action \"%s\", which the new "
		    "config lacks; reload --force keeps them undelivered",
		    action->envelopes, action->text);
		return error;
	}
	return NULL;
}

/* What is no number of envelopes is no limit. */
static uint32_t
queue_limit(const struct ir_settings *settings, enum ir_limit limit)
{
	int64_t value = settings->limits.values[limit];

	return value < 0 || value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void
queue_set_limits(struct queue *queue, const struct blob *blob)
{
	struct scheduler_limits limits;
	struct ir_settings settings;

	blob_settings(blob, &settings);
	limits.inflight = queue_limit(&settings,
	    IR_LIMIT_SCHEDULER_MAX_INFLIGHT);
	limits.local = queue_limit(&settings, IR_LIMIT_MDA_MAX_SESSION);
	limits.user = queue_limit(&settings, IR_LIMIT_MDA_MAX_SESSION_PER_USER);
	scheduler_set_limits(queue->scheduler, &limits);
}

/* Threads use the codec, and what a key has encrypted needs that key. */
static void
queue_warn_of_codec(const struct queue *queue, const struct blob *blob)
{
	const struct codec *codec = &queue->store->codec;
	struct ir_settings settings;
	bool is_same;

	blob_settings(blob, &settings);
	is_same = settings.queue_compression == codec->compresses &&
	    settings.queue_encryption == codec->has_key;
	if (is_same && codec->has_key && settings.queue_key.len > 0 &&
	    !str_is(settings.queue_key, "stdin"))
		is_same = str_eq(settings.queue_key, queue->child->queue_key);
	if (!is_same)
		log_warn("warn: queue: compression and encryption stay as they "
			 "were at the start: restart smtpd to change them");
}

/* Its action came or went. */
static void
queue_read_again(struct queue *queue, struct scheduler_entry *entry)
{
	bool is_suspended = entry->is_suspended;
	uint64_t evpid = entry->evpid;
	char text[ENVELOPE_TEXT_MAX];
	size_t len;

	if (entry->state == SCHEDULER_INFLIGHT ||
	    queue->store->ops->load(queue->store, evpid, text, &len) != 0)
		return;
	queue_forget(queue, entry);
	queue_enter(queue, evpid, (struct str){ text, (uint32_t)len }, NULL,
	    is_suspended);
}

/* is_known: it neither came nor went, but has another ttl. */
static void
queue_renew(struct queue *queue, const struct queue_action *changed,
    bool is_known)
{
	struct scheduler_entry *entry = scheduler_from(queue->scheduler, 0);

	while (entry != NULL) {
		uint64_t evpid = entry->evpid;
		const struct queue_item *item = entry->data;

		if (item->action == changed && !is_known)
			queue_read_again(queue, entry);
		else if (item->action == changed &&
		    entry->type != ENVELOPE_BOUNCE)
			scheduler_set_ttl(queue->scheduler, entry,
			    changed->ttl);
		entry = evpid == UINT64_MAX ?
		    NULL :
		    scheduler_from(queue->scheduler, evpid + 1);
	}
}

static void
queue_set_actions(struct queue *queue, const struct blob *blob)
{
	for (struct queue_action *action = queue->actions; action != NULL;
	     action = action->next) {
		bool was_there = action->number != IR_NONE;
		int64_t ttl = action->ttl;
		bool is_known;

		queue_set_action(action, blob);
		is_known = was_there == (action->number != IR_NONE);
		if (action->envelopes > 0 && (!is_known || ttl != action->ttl))
			queue_renew(queue, action, is_known);
	}
}

static const char *
queue_use_ruleset(struct child *child, struct ruleset_use *use)
{
	static const struct timeval at_once;
	struct queue *queue = child->box;
	const char *error = queue_check_actions(queue, &use->blob);
	bool is_first = queue->purge.run == NULL;

	if (error != NULL && !child->is_forced)
		return error;
	queue_set_limits(queue, &use->blob);
	queue_set_actions(queue, &use->blob);
	if (is_first) {
		scheduler_pause(queue->scheduler, ENVELOPE_MDA,
		    (queue->paused & SUBSYSTEM_MDA) != 0);
		scheduler_pause(queue->scheduler, ENVELOPE_MTA,
		    (queue->paused & SUBSYSTEM_MTA) != 0);
		queue->is_walking = true;
		event_add(queue->walk, &at_once);
		queue->purge.run = queue_purge_run;
		queue->purge.done = queue_purge_done;
		pool_add(queue->pool, &queue->purge);
	} else {
		queue_warn_of_codec(queue, &use->blob);
	}
	queue_kick(queue);
	return NULL;
}

/* Messages. */

static bool
queue_is_session(const struct child *child, const struct channel *channel)
{
	for (uint32_t i = 0; i < child->session_count; i++)
		if (child->sessions[i] == channel)
			return true;
	return false;
}

static bool
queue_on_session(struct queue *queue, struct channel *channel,
    struct message *message)
{
	if (message->type == MESSAGE_QUEUE_BEGIN)
		queue_on_begin(queue, channel, message);
	else if (message->type == MESSAGE_QUEUE_ENVELOPE)
		queue_on_envelope(queue, channel, message);
	else if (message->type == MESSAGE_QUEUE_COMMIT)
		queue_on_commit(queue, channel, message);
	else if (message->type == MESSAGE_QUEUE_ROLLBACK)
		queue_on_rollback(queue, channel, message);
	else
		return false;
	return true;
}

static void
queue_on_message(void *arg, struct channel *channel, struct message *message)
{
	struct child *child = arg;

	if (message->fd != -1)
		close(message->fd);
	if (channel == child->peers[PROC_CONTROL])
		queue_on_control(child->box, channel, message);
	else if (!queue_is_session(child, channel) ||
	    !queue_on_session(child->box, channel, message))
		child_fail(child, "a process sent what it must not");
}

/* Threads first: what was delivered must be removed, or it is again. */
static void
queue_fini(struct child *child)
{
	struct queue *queue = child->box;
	struct scheduler_entry *entry;
	struct queue_action *action;

	if (queue == NULL)
		return;
	queue->is_ending = true;
	pool_free(queue->pool);
	queue_forget_new(queue);
	while (queue->scheduler != NULL &&
	    (entry = scheduler_from(queue->scheduler, 0)) != NULL) {
		const struct queue_item *item = entry->data;

		if (item->attempt != NULL)
			queue_attempt_free(item->attempt);
		queue_forget(queue, entry);
	}
	scheduler_free(queue->scheduler);
	while ((action = queue->actions) != NULL) {
		queue->actions = action->next;
		free(action);
	}
	if (queue->run != NULL)
		event_free(queue->run);
	if (queue->walk != NULL)
		event_free(queue->walk);
	if (queue->store != NULL)
		queue->store->ops->close(queue->store);
	free(queue);
	child->box = NULL;
}

const struct child_ops queue_ops = {
	.kind = PROC_QUEUE,
	.init = queue_init,
	.use_ruleset = queue_use_ruleset,
	.on_message = queue_on_message,
	.fini = queue_fini,
};
