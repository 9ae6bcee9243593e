/*
 * Accounts of users: whom mail is delivered to and as. Those of the system
 * are looked up here, those of tables come from elsewhere.
 */
#ifndef RUNTIME_BASE_ACCOUNT_H
#define RUNTIME_BASE_ACCOUNT_H

#include <sys/types.h>

#include "runtime/base/service.h"
#include "runtime/base/str.h"

#define ACCOUNT_NAME_MAX 255
#define ACCOUNT_HOME_MAX 1023

struct account {
	char name[ACCOUNT_NAME_MAX + 1];
	char home[ACCOUNT_HOME_MAX + 1];
	uid_t uid;
	gid_t gid;
};

/*
 * FAILED where a text does not fit, holds a NUL, or is an empty name, or a
 * number stands for "no change" in the system's calls.
 */
enum answer account_set(struct account *account, struct str name,
    struct str home, uid_t uid, gid_t gid);

/* Asks the system; may read files, or talk to a name service. */
enum answer account_find(struct str name, struct account *account_r);

#endif
