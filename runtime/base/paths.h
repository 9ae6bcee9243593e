/*
 * Users and paths that the daemon was built with (mk/paths.mk), and where
 * its programs are. In a build tree an ordinary user gets those of the tree;
 * root never does.
 */
#ifndef RUNTIME_BASE_PATHS_H
#define RUNTIME_BASE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/* One system's paths; below an own --spool those that matter move there. */
struct paths {
	const char *smtpd_user;
	const char *smtpq_user;
	const char *config;
	const char *aliases;
	const char *mailname;
	const char *spool;
	const char *socket;
	const char *pidfile;
	const char *chroot;
};

extern const struct paths paths_built;

enum paths_folder { PATHS_BIN, PATHS_SBIN, PATHS_LIBEXEC };

/*
 * The path of a program by its name, "smtpctl" or "mail.lmtp". False: too
 * long for room.
 */
bool paths_find(enum paths_folder folder, const char *name, char *buf,
    size_t room);

#endif
