/*
 * The parent: starts and watches the other processes, opens what needs
 * privileges, and runs deliveries as their users. It reads neither config
 * nor mail.
 */
#ifndef RUNTIME_PROC_PARENT_H
#define RUNTIME_PROC_PARENT_H

#include "runtime/proc/loader.h"

struct parent_options {
	struct loader_options ruleset;
	const char *spool; /* --spool; NULL: the build's */
	bool is_foreground;
	bool to_stderr; /* the log */
	bool is_verbose;
	bool check_only; /* -n */
	unsigned paused; /* SUBSYSTEM_* */
};

/* Runs the daemon to its end; returns the exit status of the program. */
int parent_main(const struct parent_options *options);

#endif
