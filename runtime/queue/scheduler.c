/*
 * Entries are in a tree by evpid and, while they wait for a time, in a heap.
 * Those that are READY hang in the line of their user, and users whose next one
 * may start in a ring.
 */
#include "runtime/queue/scheduler.h"

#include <stdlib.h>

#include "runtime/queue/scheduler_heap.h"
#include "runtime/queue/scheduler_tree.h"

enum {
	SCHEDULER_USERS = 4096, /* chains of them, a power of two */
	SCHEDULER_BASE_LOCAL = 10,
	SCHEDULER_BASE_RELAY = 400,
};

/* Entries of other types belong to a user without name. */
struct scheduler_user {
	struct scheduler_user *next; /* in its chain */
	enum envelope_type type;
	uint32_t entries;
	uint32_t running;
	struct scheduler_entry *first, *last;   /* READY */
	struct scheduler_user *before, *behind; /* in the ring, or NULL */
	uint32_t len;
	char name[];
};

struct scheduler {
	struct scheduler_limits limits;
	struct scheduler_tree tree;
	struct scheduler_heap heap;

	struct scheduler_user *users[SCHEDULER_USERS];
	struct scheduler_user *ring[ENVELOPE_TYPES]; /* whose turn it is */
	bool is_paused[ENVELOPE_TYPES];
	uint32_t running[ENVELOPE_TYPES];
};

struct scheduler *
scheduler_new(const struct scheduler_limits *limits, uint32_t seed)
{
	struct scheduler *scheduler = calloc(1, sizeof(*scheduler));

	if (scheduler == NULL)
		return NULL;
	scheduler->limits = *limits;
	scheduler->tree.random = seed | 1;
	return scheduler;
}

void
scheduler_free(struct scheduler *scheduler)
{
	if (scheduler == NULL)
		return;
	for (size_t i = 0; i < SCHEDULER_USERS; i++) {
		struct scheduler_user *user = scheduler->users[i], *next;

		for (; user != NULL; user = next) {
			next = user->next;
			free(user);
		}
	}
	scheduler_tree_free(scheduler->tree.root);
	free(scheduler->heap.entries);
	free(scheduler);
}

uint32_t
scheduler_count(const struct scheduler *scheduler)
{
	return scheduler->tree.count;
}

/* Finding. */

struct scheduler_entry *
scheduler_from(const struct scheduler *scheduler, uint64_t evpid)
{
	return scheduler_tree_from(&scheduler->tree, evpid);
}

struct scheduler_entry *
scheduler_find(const struct scheduler *scheduler, uint64_t evpid)
{
	struct scheduler_entry *entry = scheduler_from(scheduler, evpid);

	return entry != NULL && entry->evpid == evpid ? entry : NULL;
}

bool
scheduler_is_last(const struct scheduler *scheduler, uint64_t evpid)
{
	uint64_t message = evpid >> 32 << 32;
	struct scheduler_entry *first = scheduler_from(scheduler, message);
	struct scheduler_entry *next;

	if (first == NULL || first->evpid != evpid)
		return first == NULL || first->evpid >> 32 != evpid >> 32;
	next = evpid == UINT64_MAX ? NULL :
				     scheduler_from(scheduler, evpid + 1);
	return next == NULL || next->evpid >> 32 != evpid >> 32;
}

/* Users. */

static size_t
scheduler_hash(enum envelope_type type, struct str name)
{
	uint32_t hash = 2166136261u ^ (uint32_t)type;

	for (uint32_t i = 0; i < name.len; i++)
		hash = (hash ^ (uint8_t)name.ptr[i]) * 16777619u;
	return hash & (SCHEDULER_USERS - 1);
}

/* Found or made; counts the entry. NULL: no memory. */
static struct scheduler_user *
scheduler_take_user(struct scheduler *scheduler, enum envelope_type type,
    struct str name)
{
	struct scheduler_user **chain, *user;

	if (type != ENVELOPE_MDA)
		name.len = 0;
	chain = &scheduler->users[scheduler_hash(type, name)];
	for (user = *chain; user != NULL; user = user->next)
		if (user->type == type &&
		    str_eq((struct str){ user->name, user->len }, name))
			break;
	if (user == NULL) {
		user = calloc(1, sizeof(*user) + name.len + 1);
		if (user == NULL)
			return NULL;
		user->type = type;
		user->len = name.len;
		if (name.len > 0)
			memcpy(user->name, name.ptr, name.len);
		user->next = *chain;
		*chain = user;
	}
	user->entries++;
	return user;
}

static void
scheduler_leave_ring(struct scheduler *scheduler, struct scheduler_user *user)
{
	struct scheduler_user **turn = &scheduler->ring[user->type];

	if (user->behind == NULL)
		return;
	if (*turn == user)
		*turn = user->behind == user ? NULL : user->behind;
	user->before->behind = user->behind;
	user->behind->before = user->before;
	user->before = user->behind = NULL;
}

/* In the ring are those who have something that may start. */
static void
scheduler_place_user(struct scheduler *scheduler, struct scheduler_user *user)
{
	struct scheduler_user **turn = &scheduler->ring[user->type];
	bool is_limited = user->type == ENVELOPE_MDA &&
	    user->running >= scheduler->limits.user;

	if (user->first == NULL || is_limited) {
		scheduler_leave_ring(scheduler, user);
	} else if (user->behind == NULL && *turn == NULL) {
		*turn = user->before = user->behind = user;
	} else if (user->behind == NULL) {
		user->behind = *turn;
		user->before = (*turn)->before;
		user->before->behind = user;
		user->behind->before = user;
	}
}

static void
scheduler_drop_user(struct scheduler *scheduler, struct scheduler_user *user)
{
	struct scheduler_user **at;
	struct str name = { user->name, user->len };

	if (--user->entries > 0)
		return;
	scheduler_leave_ring(scheduler, user);
	at = &scheduler->users[scheduler_hash(user->type, name)];
	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	free(user);
}

static void
scheduler_line_up(struct scheduler *scheduler, struct scheduler_entry *entry)
{
	struct scheduler_user *user = entry->user;

	entry->before = user->last;
	entry->behind = NULL;
	if (user->last != NULL)
		user->last->behind = entry;
	else
		user->first = entry;
	user->last = entry;
	scheduler_place_user(scheduler, user);
}

static void
scheduler_leave_line(struct scheduler *scheduler, struct scheduler_entry *entry)
{
	struct scheduler_user *user = entry->user;

	if (entry->before != NULL)
		entry->before->behind = entry->behind;
	else
		user->first = entry->behind;
	if (entry->behind != NULL)
		entry->behind->before = entry->before;
	else
		user->last = entry->before;
	entry->before = entry->behind = NULL;
	scheduler_place_user(scheduler, user);
}

/* States. */

/* Out of wherever its state has put it. */
static void
scheduler_take_out(struct scheduler *scheduler, struct scheduler_entry *entry)
{
	scheduler_heap_pull(&scheduler->heap, entry);
	if (entry->state == SCHEDULER_READY)
		scheduler_leave_line(scheduler, entry);
	if (entry->state == SCHEDULER_INFLIGHT) {
		scheduler->running[entry->type]--;
		entry->user->running--;
		scheduler_place_user(scheduler, entry->user);
	}
}

static void
scheduler_enter(struct scheduler *scheduler, struct scheduler_entry *entry,
    enum scheduler_state state)
{
	scheduler_take_out(scheduler, entry);
	entry->state = state;
	if (state == SCHEDULER_INFLIGHT) {
		scheduler->running[entry->type]++;
		entry->user->running++;
		scheduler_place_user(scheduler, entry->user);
	}
	if (state == SCHEDULER_READY)
		scheduler_line_up(scheduler, entry);
	if ((state == SCHEDULER_READY || state == SCHEDULER_PENDING) &&
	    !entry->is_suspended)
		scheduler_heap_push(&scheduler->heap, entry);
}

int64_t
scheduler_time(enum envelope_type type, int64_t created, uint64_t n)
{
	int64_t base = type == ENVELOPE_MTA ? SCHEDULER_BASE_RELAY :
					      SCHEDULER_BASE_LOCAL;
	int64_t delay = base * (int64_t)n * (int64_t)n;

	return created > INT64_MAX - delay ? INT64_MAX : created + delay;
}

static int64_t
scheduler_end(int64_t created, int64_t ttl)
{
	return created > INT64_MAX - ttl ? INT64_MAX : created + ttl;
}

struct scheduler_entry *
scheduler_add(struct scheduler *scheduler, const struct scheduler_item *item)
{
	struct scheduler_entry *entry;

	if (scheduler_find(scheduler, item->evpid) != NULL ||
	    !scheduler_heap_reserve(&scheduler->heap,
		scheduler->tree.count + 1))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->user = scheduler_take_user(scheduler, item->type, item->user);
	if (entry->user == NULL) {
		free(entry);
		return NULL;
	}
	entry->evpid = item->evpid;
	entry->type = item->type;
	entry->retry = (uint16_t)item->retry;
	entry->created = item->created;
	entry->is_suspended = item->is_suspended;
	entry->expires = scheduler_end(item->created, item->ttl);
	entry->next = scheduler_time(item->type, item->created, item->retry);
	entry->state = SCHEDULER_HELD;
	scheduler_tree_insert(&scheduler->tree, entry);
	scheduler_enter(scheduler, entry, item->state);
	return entry;
}

/* Makes READY what has come due; the first that has expired instead. */
static struct scheduler_entry *
scheduler_ripen(struct scheduler *scheduler, int64_t now)
{
	while (scheduler->heap.count > 0) {
		struct scheduler_entry *entry = scheduler->heap.entries[1];

		if (scheduler_heap_key(entry) > now)
			return NULL;
		if (entry->expires <= now)
			return entry;
		scheduler_enter(scheduler, entry, SCHEDULER_READY);
	}
	return NULL;
}

static bool
scheduler_has_place(const struct scheduler *scheduler, enum envelope_type type)
{
	uint32_t total = 0;

	for (unsigned i = 0; i < ENVELOPE_TYPES; i++)
		total += scheduler->running[i];
	if (scheduler->is_paused[type] || scheduler->ring[type] == NULL ||
	    total >= scheduler->limits.inflight)
		return false;
	return type != ENVELOPE_MDA ||
	    scheduler->running[type] < scheduler->limits.local;
}

enum scheduler_need
scheduler_next(struct scheduler *scheduler, int64_t now,
    struct scheduler_entry **entry_r)
{
	struct scheduler_entry *entry = scheduler_ripen(scheduler, now);
	enum scheduler_need need = SCHEDULER_EXPIRE;

	for (unsigned type = 0; entry == NULL && type < ENVELOPE_TYPES;
	     type++) {
		struct scheduler_user *user = scheduler->ring[type];

		if (!scheduler_has_place(scheduler, type))
			continue;
		need = SCHEDULER_DELIVER;
		entry = user->first;
		scheduler->ring[type] = user->behind;
	}
	if (entry == NULL)
		return SCHEDULER_NOTHING;
	scheduler_enter(scheduler, entry, SCHEDULER_INFLIGHT);
	entry->next = now;
	*entry_r = entry;
	return need;
}

int64_t
scheduler_wake(const struct scheduler *scheduler)
{
	for (unsigned type = 0; type < ENVELOPE_TYPES; type++)
		if (scheduler_has_place(scheduler, type))
			return 0;
	return scheduler->heap.count == 0 ?
	    SCHEDULER_NEVER :
	    scheduler_heap_key(scheduler->heap.entries[1]);
}

void
scheduler_done(struct scheduler *scheduler, struct scheduler_entry *entry)
{
	scheduler_take_out(scheduler, entry);
	scheduler_tree_remove(&scheduler->tree, entry);
	scheduler_drop_user(scheduler, entry->user);
	free(entry);
}

void
scheduler_retry(struct scheduler *scheduler, struct scheduler_entry *entry,
    int64_t now)
{
	uint64_t n;

	if (entry->retry < UINT16_MAX)
		entry->retry++;
	n = entry->retry;
	while (scheduler_time(entry->type, entry->created, n) <= now &&
	    n < UINT16_MAX)
		n++;
	scheduler_delay(scheduler, entry,
	    scheduler_time(entry->type, entry->created, n));
}

void
scheduler_delay(struct scheduler *scheduler, struct scheduler_entry *entry,
    int64_t next)
{
	scheduler_take_out(scheduler, entry);
	entry->state = SCHEDULER_HELD;
	entry->next = next;
	scheduler_enter(scheduler, entry, SCHEDULER_PENDING);
}

void
scheduler_hold(struct scheduler *scheduler, struct scheduler_entry *entry)
{
	scheduler_enter(scheduler, entry, SCHEDULER_HELD);
}

void
scheduler_set_ttl(struct scheduler *scheduler, struct scheduler_entry *entry,
    int64_t ttl)
{
	bool is_placed = entry->place != 0;

	if (is_placed)
		scheduler_heap_pull(&scheduler->heap, entry);
	entry->expires = scheduler_end(entry->created, ttl);
	if (is_placed)
		scheduler_heap_push(&scheduler->heap, entry);
}

bool
scheduler_hasten(struct scheduler *scheduler, struct scheduler_entry *entry,
    int64_t now)
{
	if (entry->state == SCHEDULER_INFLIGHT ||
	    entry->state == SCHEDULER_INVALID)
		return false;
	scheduler_delay(scheduler, entry, now);
	return true;
}

bool
scheduler_suspend(struct scheduler *scheduler, struct scheduler_entry *entry,
    bool is_suspended)
{
	if (entry->is_suspended == is_suspended ||
	    entry->state == SCHEDULER_INVALID)
		return false;
	entry->is_suspended = is_suspended;
	if (entry->state == SCHEDULER_READY ||
	    entry->state == SCHEDULER_PENDING)
		scheduler_delay(scheduler, entry, entry->next);
	return true;
}

void
scheduler_pause(struct scheduler *scheduler, enum envelope_type type,
    bool is_paused)
{
	scheduler->is_paused[type] = is_paused;
}

static void
scheduler_place_all(struct scheduler *scheduler)
{
	for (size_t i = 0; i < SCHEDULER_USERS; i++)
		for (struct scheduler_user *user = scheduler->users[i];
		     user != NULL; user = user->next)
			scheduler_place_user(scheduler, user);
}

void
scheduler_set_limits(struct scheduler *scheduler,
    const struct scheduler_limits *limits)
{
	scheduler->limits = *limits;
	scheduler_place_all(scheduler);
}
