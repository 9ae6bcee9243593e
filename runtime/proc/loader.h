/*
 * Where the ruleset comes from: a blob, or a text config that is compiled
 * by smtpd-compile as an unprivileged child. Either way it ends in memory
 * that nobody can change any more, verified once. The parent itself reads no
 * config.
 */
#ifndef RUNTIME_PROC_LOADER_H
#define RUNTIME_PROC_LOADER_H

#include <event2/event.h>
#include <sys/types.h>

#include "runtime/proc/child.h"

enum {
	LOADER_BLOB_MAX = 1 << 30, /* bytes */
	LOADER_SECONDS = 120,      /* for the compiler */
};

struct loader_options {
	const char *blob;          /* -b; NULL: a config */
	const char *config;        /* -f */
	const char *const *macros; /* of -D */
	unsigned macro_count;
	bool lacks_files; /* that it names may be missing */
};

/*
 * fd: a sealed file that holds the blob, the receiver's; -1: error says
 * why, and where it was the config, the compiler has said more on standard
 * error.
 */
typedef void loader_fn(void *arg, int fd, const char *error);

struct loader;

/* done is called once, from the event loop. NULL: no memory. */
struct loader *loader_start(struct event_base *base,
    const struct loader_options *options, loader_fn *done, void *arg);
/* Told of every process that waitpid(2) gave; false: none of its own. */
bool loader_reap(struct loader *loader, pid_t pid, int status);

/* After done, or instead of it. */
void loader_free(struct loader *loader);

/* Opens read-only what root or the daemon's user alone can write to. */
int loader_open_trusted(const char *path, char *error, size_t room);

#endif
