/*
 * Channels for tests that play one process to another: both ends are in the
 * test, and neither may break.
 */
#ifndef RUNTIME_TESTS_CHANNELS_H
#define RUNTIME_TESTS_CHANNELS_H

#include "runtime/proc/channel.h"

/* What is called with the messages that come to an end. */
struct channels_end {
	void *arg;
	channel_message_fn *on_message;
};

/* Fails the test where there are none, and later where one closes. */
void channels_connect(struct event_base *base, struct channels_end a,
    struct channel **a_r, struct channels_end b, struct channel **b_r);

#endif
