/*
 * One envelope as "smtpctl show queue" prints it, in OpenSMTPD's form of 14
 * fields with "|" between them, and times as log lines have them.
 */
#ifndef RUNTIME_QUEUE_QUEUE_LINE_H
#define RUNTIME_QUEUE_QUEUE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/queue/envelope.h"

/* A line and its NUL: every byte of the error may take four. */
#define QUEUE_LINE_SIZE (4 * ENVELOPE_LINE_MAX + 4096)

/* What the envelope itself does not say. */
struct queue_line_state {
	const char *word; /* "pending", "inflight", "offline" */
	int64_t seconds;  /* to or since; -1: empty */
	bool is_suspended;
	bool is_held;
	int64_t expires;
	int64_t last_try;
	uint64_t retry;
	const char *note; /* in place of an empty error; may be NULL */
};

const char *queue_line(uint64_t evpid, const struct envelope *envelope,
    const struct queue_line_state *state, char buf[QUEUE_LINE_SIZE]);

#define QUEUE_DELAY_SIZE 48

/* "1d2h3m4s"; "0s" for nothing. */
const char *queue_delay(int64_t seconds, char buf[QUEUE_DELAY_SIZE]);

#endif
