/*
 * The last step of a process that locks itself in: which system calls are
 * left to it (seccomp), and which files (Landlock). docs/ARCHITECTURE.md has
 * the table. What is not allowed fails with EPERM or EACCES.
 */
#ifndef RUNTIME_PROC_SANDBOX_H
#define RUNTIME_PROC_SANDBOX_H

#include "runtime/proc/child.h"

/*
 * Before the root folder changes: a program built with a sanitizer can open
 * its report file then, and no more later. Others do nothing.
 */
void sandbox_prepare(void);

/*
 * With no_new_privs set; the queue's working folder is the spool. Holds for
 * threads started later. Returns what failed, or NULL. An old kernel without
 * Landlock has the rest; programs built with a sanitizer have neither.
 */
const char *sandbox_enter(enum proc_kind kind);

#endif
