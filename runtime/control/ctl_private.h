/*
 * What the commands of smtpctl share.
 */
#ifndef RUNTIME_CONTROL_CTL_PRIVATE_H
#define RUNTIME_CONTROL_CTL_PRIVATE_H

#include "runtime/control/ctl.h"
#include "runtime/control/ctlclient.h"
#include "runtime/control/words.h"

struct ctl {
	struct ctlclient client; /* not open: the daemon does not run */
	const struct ctl_paths *paths;
};

/* Runs a command; returns the exit status. */
typedef int ctl_run_fn(struct ctl *ctl, const struct words_match *match,
    uint32_t value);

/* False: another answer, or none; it has been said. */
bool ctl_ask(struct ctl *ctl, struct message *request, struct message *answer_r,
    enum message_type expected);
/* The same for the next of several answers. */
bool ctl_next(struct ctl *ctl, struct message *answer_r,
    enum message_type expected);
/* "command succeeded" and the like; returns the exit status. */
int ctl_say_result(const struct message *answer);

/* ctl_show.c */
ctl_run_fn ctl_run_queue;
ctl_run_fn ctl_run_show; /* value: the message, not the envelope */
ctl_run_fn ctl_run_status;

/* ctl_stats.c */
ctl_run_fn ctl_run_monitor;
ctl_run_fn ctl_run_stats;

#endif
