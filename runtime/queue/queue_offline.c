/*
 * The spool without a daemon.
 */
#include "runtime/queue/queue_offline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/queue/queue_line.h"

struct queue_offline {
	uint64_t *evpids;
	size_t count, room;
};

static struct store *
queue_offline_store(const char *spool, char error[STORE_ERROR_SIZE])
{
	static const struct codec codec;
	struct store_fs_options options = {
		.spool = spool, .sys = &sys_real, .codec = &codec
	};

	return store_fs_open_readonly(&options, error);
}

static int
queue_offline_compare(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static bool
queue_offline_put(struct queue_offline *list, uint64_t evpid)
{
	size_t room = list->room == 0 ? 64 : list->room * 2;
	uint64_t *grown;

	if (list->count == list->room) {
		grown = realloc(list->evpids, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		list->evpids = grown;
		list->room = room;
	}
	list->evpids[list->count++] = evpid;
	return true;
}

/* 0 or -errno. */
static int
queue_offline_walk(struct store *store, uint32_t msgid,
    struct queue_offline *list)
{
	struct store_found found;
	int status;

	while ((status = store->ops->walk(store, &found)) == 1) {
		if (found.evpid == 0)
			return found.error;
		if (msgid != 0 && evpid_message(found.evpid) != msgid)
			continue;
		if (!queue_offline_put(list, found.evpid))
			return -ENOMEM;
	}
	return status;
}

static bool
queue_offline_line(struct store *store, uint64_t evpid,
    char line[QUEUE_LINE_SIZE])
{
	struct queue_line_state state = { .word = "offline", .seconds = -1 };
	char text[ENVELOPE_TEXT_MAX];
	struct envelope envelope;
	struct str field;
	size_t len = 0;

	if (store->ops->load(store, evpid, text, &len) != 0 ||
	    envelope_read((struct str){ text, (uint32_t)len }, &envelope,
		&field) != ENVELOPE_OK ||
	    envelope.version != ENVELOPE_VERSION)
		return false;
	state.expires = (int64_t)(envelope.ctime + envelope.ttl);
	state.last_try = (int64_t)envelope.last_try;
	state.retry = envelope.retry;
	queue_line(evpid, &envelope, &state, line);
	return true;
}

int
queue_offline_list(const char *spool, uint32_t msgid, queue_offline_fn *show,
    void *arg, uint32_t *bad_r, char error[STORE_ERROR_SIZE])
{
	struct store *store = queue_offline_store(spool, error);
	struct queue_offline list = { 0 };
	char line[QUEUE_LINE_SIZE];
	int status;

	*bad_r = 0;
	if (store == NULL)
		return -1;
	status = queue_offline_walk(store, msgid, &list);
	if (status != 0)
		snprintf(error, STORE_ERROR_SIZE, "cannot read the queue: %s",
		    strerror(-status));
	if (list.count > 1)
		qsort(list.evpids, list.count, sizeof(*list.evpids),
		    queue_offline_compare);
	for (size_t i = 0; status == 0 && i < list.count; i++) {
		if (queue_offline_line(store, list.evpids[i], line))
			show(arg, line);
		else
			(*bad_r)++;
	}
	free(list.evpids);
	store->ops->close(store);
	return status == 0 ? 0 : -1;
}

static int
queue_offline_envelope(struct store *store, uint64_t evpid)
{
	char text[ENVELOPE_TEXT_MAX];
	size_t len = 0;
	int error = store->ops->load(store, evpid, text, &len);

	return error != 0 ? error : store_open_text(text, len);
}

static const char *
queue_offline_reason(int error)
{
	if (error == -ENOKEY)
		return "it is encrypted, which only a running smtpd can undo";
	if (error == -EBADMSG)
		return "it is damaged";
	return strerror(-error);
}

int
queue_offline_open(const char *spool, uint64_t evpid, bool is_message,
    char error[STORE_ERROR_SIZE])
{
	struct store *store = queue_offline_store(spool, error);
	int fd;

	if (store == NULL)
		return -1;
	fd = is_message ?
	    store->ops->open_message(store, evpid_message(evpid)) :
	    queue_offline_envelope(store, evpid);
	if (fd < 0)
		snprintf(error, STORE_ERROR_SIZE, "cannot show %s: %s",
		    is_message ? "the message" : "the envelope",
		    queue_offline_reason(fd));
	store->ops->close(store);
	return fd < 0 ? -1 : fd;
}
