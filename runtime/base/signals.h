/*
 * Signals of a process that forks: its handlers are not its children's.
 */
#ifndef RUNTIME_BASE_SIGNALS_H
#define RUNTIME_BASE_SIGNALS_H

#include <sys/types.h>

/*
 * fork(2), but in the child every signal does what it does by default and
 * none is blocked. One that is sent to the child before that is done waits:
 * a handler would run there, and that of an event loop tells the parent
 * through a socket that both have.
 */
pid_t signals_fork(void);

/* Makes it so in a process that catches or ignores some. */
void signals_reset(void);

#endif
