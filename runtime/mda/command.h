/*
 * Runs a delivery command with the message on its standard input, takes in
 * what it prints, and judges how it ended. Runs in a process of its own, as
 * the user already. The command leads a session, which is killed when its
 * time is over.
 */
#ifndef RUNTIME_MDA_COMMAND_H
#define RUNTIME_MDA_COMMAND_H

#include "runtime/mda/mda.h"
#include "runtime/mda/mda_source.h"

struct command {
	const char *const *argv; /* argv[0] is the path */
	const char *const *envp;
	unsigned seconds;
	enum ir_exit_policy policy;
};

/* SIGPIPE must be ignored, and no other child be there. */
void command_run(const struct command *command, struct mda_source *source,
    struct mda_result *result);

/*
 * The result of a writer or command that ended with a status, and with a
 * text that it may have printed: both in the log's form.
 */
void command_set_result(struct mda_result *result, int status, struct str text,
    enum ir_exit_policy policy);

#endif
