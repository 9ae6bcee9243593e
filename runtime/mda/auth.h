/*
 * Passwords of system users, checked by a worker of the parent, which alone
 * may read them. Compared in the same time whether there is such a user or
 * not.
 */
#ifndef RUNTIME_MDA_AUTH_H
#define RUNTIME_MDA_AUTH_H

#include "runtime/base/service.h"
#include "runtime/mda/worker.h"
#include "runtime/proc/channel.h"

#define AUTH_SECONDS     30
#define AUTH_WORKERS_MAX 16 /* at a time; more fail for now */

struct auth;

/* NULL: no memory. */
struct auth *auth_new(struct workers *workers);
void auth_free(struct auth *auth);

/*
 * CREDENTIALS of a system user: answers CREDENTIALS_ANSWER, with
 * ANSWER_FAILED where it could not be found out.
 */
void auth_answer(struct auth *auth, struct channel *session,
    const struct message *request);

/* Reads the system's files, and takes as long as the hash is made to. */
enum answer auth_check(const char *user, const char *password);

#endif
