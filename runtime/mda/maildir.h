/*
 * Delivery into a Maildir, as mail.maildir(8) does: written to tmp, synced,
 * moved to new and the move synced. Makes what folders are missing, and
 * never changes one that is there. Runs as the user, in a process of its
 * own.
 */
#ifndef RUNTIME_MDA_MAILDIR_H
#define RUNTIME_MDA_MAILDIR_H

#include "runtime/mda/mda.h"
#include "runtime/mda/mda_source.h"

struct maildir {
	const char *path;
	bool has_junk;        /* spam goes to .Junk */
	struct str extension; /* goes to .EXTENSION where that exists */
};

/* Returns 0 or a status of sysexits(3), with its text in status. */
int maildir_deliver(const struct maildir *maildir, struct mda_source *source,
    struct mda_status *status);

#endif
