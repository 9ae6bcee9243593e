/*
 * Counters in memory that all processes share, one row a process, so that
 * counting is an addition and no message. smtpctl sums the rows.
 */
#ifndef RUNTIME_PROC_STATS_H
#define RUNTIME_PROC_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * STAT(ID, "name of smtpctl show stats"): append only. Those without a name
 * only ever grow and are for smtpctl monitor.
 */
#define STATS(S) \
	S(SMTP_SESSION, "smtp.session") \
	S(SMTP_SESSION_INET4, "smtp.session.inet4") \
	S(SMTP_SESSION_INET6, "smtp.session.inet6") \
	S(SMTP_SESSION_LOCAL, "smtp.session.local") \
	S(SMTP_TLS, "smtp.tls") \
	S(SMTP_SMTPS, "smtp.smtps") \
	S(CONTROL_SESSION, "control.session") \
	S(SCHEDULER_ENVELOPE, "scheduler.envelope") \
	S(SCHEDULER_INCOMING, "scheduler.envelope.incoming") \
	S(SCHEDULER_INFLIGHT, "scheduler.envelope.inflight") \
	S(SCHEDULER_EXPIRED, "scheduler.envelope.expired") \
	S(SCHEDULER_REMOVED, "scheduler.envelope.removed") \
	S(SCHEDULER_UPDATED, "scheduler.envelope.updated") \
	S(DELIVERY_OK, "scheduler.delivery.ok") \
	S(DELIVERY_TEMPFAIL, "scheduler.delivery.tempfail") \
	S(DELIVERY_PERMFAIL, "scheduler.delivery.permfail") \
	S(DELIVERY_LOOP, "scheduler.delivery.loop") \
	S(MDA_RUNNING, "mda.running") \
	S(SMTP_CONNECTED, NULL) \
	S(SCHEDULER_ENQUEUED, NULL)

enum stats_counter {
#define STAT_ENUM(ID, name) STAT_##ID,
	STATS(STAT_ENUM)
#undef STAT_ENUM
	    STAT_COUNT
};

struct stats {
	_Atomic int64_t values[STAT_COUNT];
	/* Ever counted: such a counter is shown, though it be 0. */
	_Atomic bool is_used[STAT_COUNT];
};

/* Bytes from row to row: each process maps its own alone. */
#define STATS_ROW 4096

static inline void
stats_add(struct stats *stats, enum stats_counter counter, int64_t n)
{
	atomic_fetch_add_explicit(&stats->values[counter], n,
	    memory_order_relaxed);
	atomic_store_explicit(&stats->is_used[counter], true,
	    memory_order_relaxed);
}

/* NULL: not to be shown. */
const char *stats_name(enum stats_counter counter);

#endif
