/*
 * Comparing passwords with what crypt(3) made of them.
 */
#ifndef RUNTIME_LOOKUP_PASSWORD_H
#define RUNTIME_LOOKUP_PASSWORD_H

#include "runtime/base/service.h"

#define PASSWORD_MAX 511 /* bytes that crypt(3) takes */

/* For a name that nobody has: takes as long, and fits no password. */
#define PASSWORD_NO_HASH "$6$smtpd.nobody$"

/*
 * Whether a password has the hash. An empty or locked hash fits none;
 * FAILED: no memory, or a hash of a kind that crypt(3) does not know. Takes
 * as long as the hash is made to.
 */
enum answer password_compare(const char *password, const char *hash);

#endif
