/*
 * Commands of deliveries: which one a method means, what of it can be done
 * without a shell, and the environment it gets. Builds texts only.
 */
#ifndef RUNTIME_MDA_DELIVERY_COMMAND_H
#define RUNTIME_MDA_DELIVERY_COMMAND_H

#include "runtime/mda/delivery.h"
#include "runtime/queue/envelope.h"

#define DELIVERY_FORMAT_MAX      4096
#define DELIVERY_ENVIRONMENT_MAX 8192 /* bytes */
#define DELIVERY_VARIABLES_MAX   16

struct delivery_environment {
	const char *vars[DELIVERY_VARIABLES_MAX + 1]; /* ends in NULL */
	unsigned count;
	size_t len;
	char text[DELIVERY_ENVIRONMENT_MAX];
};

/* False: it is too large. */
bool delivery_set_environment(struct delivery_environment *environment,
    const struct delivery *delivery, const struct envelope *envelope);

/* Of mail.local, which is told nothing. */
void delivery_set_mailbox_environment(struct delivery_environment *environment);

/*
 * The command, not expanded yet: of the envelope, or of the method. False:
 * does not fit, or the action delivers nothing itself.
 */
bool delivery_command_format(const struct delivery *delivery,
    const struct envelope *envelope, char *buf, size_t room);

/*
 * Whether the expanded argument of a method means the same with and without
 * the shells that the config's version puts around it.
 */
bool delivery_is_unquoted(const struct ir_local *local, struct str argument);

/*
 * Whether the command of an envelope is that of a file named in an alias or
 * .forward, of whatever installation; the path is not expanded yet.
 */
bool delivery_exec_is_file(struct str exec, struct str *path_r);

#endif
