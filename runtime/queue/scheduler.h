/*
 * Which envelope is to be tried when. A data structure and nothing else: it
 * knows no file, no process and no clock, but is told the time.
 *
 *     add --> PENDING --its time--> READY --a place--> INFLIGHT --> done
 *                ^------------------------retry-----------'   '---> HELD
 *
 * READY is what waits for a place because of a limit or a pause. Users take
 * turns, so that one with thousands of messages keeps nobody waiting.
 *
 * The n-th attempt after the first is at created + base * n^2 seconds, base
 * being 10 for local delivery and bounces and 400 for relaying; n goes on to
 * the first that lies ahead. Times are seconds since 1970.
 */
#ifndef RUNTIME_QUEUE_SCHEDULER_H
#define RUNTIME_QUEUE_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/str.h"
#include "runtime/queue/envelope.h"

#define SCHEDULER_NEVER INT64_MAX

enum scheduler_state {
	SCHEDULER_PENDING,
	SCHEDULER_READY,
	SCHEDULER_INFLIGHT,
	SCHEDULER_HELD,    /* until it is scheduled by hand */
	SCHEDULER_INVALID, /* cannot be tried at all: kept */
};

struct scheduler_user;

/* To be read only, but for data. */
struct scheduler_entry {
	uint64_t evpid;
	enum envelope_type type;
	enum scheduler_state state;
	uint16_t retry;
	bool is_suspended; /* skipped until it is resumed */
	bool is_removed;   /* INFLIGHT: to go when it comes back */
	int64_t created;
	int64_t expires;
	int64_t next; /* when; INFLIGHT: since when */
	void *data;   /* the caller's */

	/* Private. */
	struct scheduler_user *user;
	struct scheduler_entry *before, *behind; /* of READY */
	struct scheduler_entry *left, *right;    /* of the tree by evpid */
	uint32_t priority;
	uint32_t place; /* in the heap, from 1; 0: not there */
};

struct scheduler_limits {
	uint32_t inflight;
	uint32_t local; /* local deliveries at once */
	uint32_t user;  /* the same, of one user */
};

/* What is to be added. */
struct scheduler_item {
	uint64_t evpid;
	enum envelope_type type;
	enum scheduler_state state; /* PENDING, HELD or INVALID */
	struct str user;            /* MDA: who the limit counts for */
	int64_t created;
	int64_t ttl; /* seconds */
	bool is_suspended;
	uint64_t retry; /* attempts that failed */
};

enum scheduler_need {
	SCHEDULER_NOTHING, /* before scheduler_wake */
	SCHEDULER_DELIVER,
	SCHEDULER_EXPIRE,
};

struct scheduler;

/* NULL: no memory. seed: random. */
struct scheduler *scheduler_new(const struct scheduler_limits *limits,
    uint32_t seed);
void scheduler_free(struct scheduler *scheduler);
void scheduler_set_limits(struct scheduler *scheduler,
    const struct scheduler_limits *limits);

/* NULL: no memory, or evpid is there already: see scheduler_find. */
struct scheduler_entry *scheduler_add(struct scheduler *scheduler,
    const struct scheduler_item *item);

struct scheduler_entry *scheduler_find(const struct scheduler *scheduler,
    uint64_t evpid);
/* The first of evpid or higher. */
struct scheduler_entry *scheduler_from(const struct scheduler *scheduler,
    uint64_t evpid);
/* Whether no other envelope of its message is there. */
bool scheduler_is_last(const struct scheduler *scheduler, uint64_t evpid);

/* An entry to deal with, INFLIGHT from now on. */
enum scheduler_need scheduler_next(struct scheduler *scheduler, int64_t now,
    struct scheduler_entry **entry_r);
/* When scheduler_next may have something, if nothing else is called. */
int64_t scheduler_wake(const struct scheduler *scheduler);

/* What became of an entry, in whatever state. done frees it. */
void scheduler_done(struct scheduler *scheduler, struct scheduler_entry *entry);
void scheduler_retry(struct scheduler *scheduler, struct scheduler_entry *entry,
    int64_t now);
/* Tried again at a time, which does not count as an attempt. */
void scheduler_delay(struct scheduler *scheduler, struct scheduler_entry *entry,
    int64_t next);
void scheduler_hold(struct scheduler *scheduler, struct scheduler_entry *entry);

/* Counts from when it was created; for one in flight, when it is back. */
void scheduler_set_ttl(struct scheduler *scheduler,
    struct scheduler_entry *entry, int64_t ttl);

/* By hand. False: it is in a state in which that means nothing. */
bool scheduler_hasten(struct scheduler *scheduler,
    struct scheduler_entry *entry, int64_t now);
bool scheduler_suspend(struct scheduler *scheduler,
    struct scheduler_entry *entry, bool is_suspended);

/* Deliveries of a type start or do not. */
void scheduler_pause(struct scheduler *scheduler, enum envelope_type type,
    bool is_paused);

uint32_t scheduler_count(const struct scheduler *scheduler);

/* The time of the n-th attempt; see above. */
int64_t scheduler_time(enum envelope_type type, int64_t created, uint64_t n);

#endif
