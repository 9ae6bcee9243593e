/*
 * Starts the daemon's own program anew for a child: an address-space layout
 * of its own, nothing open but its channel, standard error and the log.
 */
#ifndef RUNTIME_PROC_SPAWN_H
#define RUNTIME_PROC_SPAWN_H

#include <sys/types.h>

#include "runtime/proc/child.h"

struct spawn_options {
	bool to_stderr; /* the log */
	bool is_verbose;
	bool is_silent; /* whoever starts the daemon waits for its output */
};

/*
 * The parent's end of the channel, non-blocking, or -1 with errno. The
 * process runs child_main of the kind.
 */
int spawn_child(enum proc_kind kind, const struct spawn_options *options,
    pid_t *pid_r);

/* Standard descriptors from that one on lead nowhere. False: see errno. */
bool spawn_silence(int first);

/* Both ends of a new channel. False: see errno. */
bool spawn_pair(int fds_r[2]);

/* For the log: "exited abnormally" or "terminated; signal 9". */
const char *spawn_cause(int status, char *buf, size_t room);

#endif
