/*
 * Mail that sendmail left in the spool's offline folder while the daemon was
 * not there: each file is handed to sendmail again, as its owner. Believes
 * nothing of the folder, which everybody can put files into.
 */
#ifndef RUNTIME_MDA_OFFLINE_H
#define RUNTIME_MDA_OFFLINE_H

#include "runtime/mda/worker.h"

#define OFFLINE_SECONDS   60 /* for one file */
#define OFFLINE_FILES     20 /* looked at in 100 ms */
#define OFFLINE_WORKERS   5  /* at a time */
#define OFFLINE_LINE_MAX  4096
#define OFFLINE_ARGUMENTS 64

struct offline;

/*
 * Scans folder once, from a second after this on. smtpctl: path of the
 * program that is called as "sendmail -S". NULL: no memory.
 */
struct offline *offline_new(struct event_base *base, struct workers *workers,
    const char *folder, const char *smtpctl);
void offline_free(struct offline *offline);

#endif
