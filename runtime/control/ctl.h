/*
 * The commands of smtpctl.
 */
#ifndef RUNTIME_CONTROL_CTL_H
#define RUNTIME_CONTROL_CTL_H

#include <stdbool.h>

/* What is the same for all names that smtpctl goes by. */
struct ctl_paths {
	const char *spool; /* --spool; NULL: the build's */
	char socket[4096];
	char folder[4096]; /* of the spool */
};

/* False: too long. */
bool ctl_paths_set(struct ctl_paths *paths, const char *spool);

/* Runs the command that the words are; returns the exit status. */
int ctl_main(const struct ctl_paths *paths, int word_count,
    const char *const *words);

#endif
