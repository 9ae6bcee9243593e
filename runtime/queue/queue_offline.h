/*
 * Looks into a spool while no daemon runs: for smtpctl, as whoever may read
 * it. What is plain or compressed; what is encrypted is told of, not shown.
 */
#ifndef RUNTIME_QUEUE_QUEUE_OFFLINE_H
#define RUNTIME_QUEUE_QUEUE_OFFLINE_H

#include "runtime/queue/store.h"

typedef void queue_offline_fn(void *arg, const char *line);

/*
 * Lines of "show queue", in order of evpid; msgid 0: of all messages. What
 * cannot be read is passed by and counted in *bad_r. 0 or -1 with error,
 * one clause.
 */
int queue_offline_list(const char *spool, uint32_t msgid,
    queue_offline_fn *show, void *arg, uint32_t *bad_r,
    char error[STORE_ERROR_SIZE]);

/*
 * A message, or an envelope's text, decoded: a descriptor to read, or -1
 * with error.
 */
int queue_offline_open(const char *spool, uint64_t evpid, bool is_message,
    char error[STORE_ERROR_SIZE]);

#endif
