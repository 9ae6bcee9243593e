/*
 * What a process keeps of its privileges: user, root folder, and from there
 * no way back. The sandbox is the last step.
 */
#ifndef RUNTIME_PROC_PRIVILEGES_H
#define RUNTIME_PROC_PRIVILEGES_H

#include <stdbool.h>

#include "runtime/proc/child.h"

/*
 * For good. An ordinary user has only the sandbox to enter. Returns what
 * failed, or NULL.
 */
const char *privileges_drop(enum proc_kind kind, bool is_ordinary,
    const char *spool);

/* For a child of the parent's own that runs a program as the daemon's user. */
const char *privileges_become(const char *user);

#endif
