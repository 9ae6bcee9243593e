/*
 * The table of system calls with faults: the n-th call fails, or is where
 * the process died. Keeps account of what was changed and not synced, and
 * so would not outlive the machine.
 */
#ifndef RUNTIME_QUEUE_TESTS_FAULTS_H
#define RUNTIME_QUEUE_TESTS_FAULTS_H

#include <stdbool.h>

#include "runtime/queue/sys.h"

enum faults_kind {
	FAULTS_NONE,
	FAULTS_FAIL,  /* one call fails with error */
	FAULTS_CRASH, /* it and all behind it have no effect */
};

extern const struct sys sys_faulty;

/* Counts from 1; forgets what was not synced. */
void faults_set(enum faults_kind kind, unsigned n, int error);

/* Calls since then. */
unsigned faults_count(void);

/* Whether the file or folder has changes that were not synced. */
bool faults_is_dirty(int dir, const char *path);

/*
 * A folder was moved into a place for good while it, or a file in it, was
 * dirty.
 */
bool faults_moved_dirty(void);

#endif
