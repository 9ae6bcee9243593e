/*
 * Delivery to files in mbox format: a user's mailbox in the system's folder
 * (mail.local), and files that aliases and .forward name (mail.mboxfile).
 * Both lock, append, sync, and cut the file back to what it was when that
 * fails. Runs in a process of its own.
 */
#ifndef RUNTIME_MDA_MBOX_H
#define RUNTIME_MDA_MBOX_H

#include <sys/types.h>

#include "runtime/mda/mda.h"
#include "runtime/mda/mda_source.h"

struct mbox {
	const char *folder; /* of mailboxes, usually /var/mail */
	const char *user;
	uid_t uid;
	gid_t gid;
	struct str sender;
};

/*
 * Appends to folder/user, which must be a regular file with one name. The
 * caller has locked the mailbox. 0 or a status of sysexits(3).
 */
int mbox_deliver(const struct mbox *mbox, struct mda_source *source,
    struct mda_status *status);

/* Appends to any file, made with mode 0600. 0 or a status of sysexits(3). */
int mbox_append_file(const char *path, struct str sender,
    struct mda_source *source, struct mda_status *status);

/*
 * Makes an empty mailbox of its own for a user, as root; what is there
 * already stays as it is. 0 or a status of sysexits(3).
 */
int mbox_create(const struct mbox *mbox, struct mda_status *status);

#endif
