/*
 * Host names by the rule of the C library's resolver, as the daemon checks
 * the names of pki, ca and relay hosts. Nothing is looked up. An address
 * literal in dotted form is a valid host name by this rule.
 */
#ifndef RUNTIME_BASE_HOSTNAME_H
#define RUNTIME_BASE_HOSTNAME_H

#include <stdbool.h>

#include "runtime/base/str.h"

#define HOSTNAME_LEN_MAX   253 /* without a trailing dot, RFC 1035 2.3.4 */
#define HOSTNAME_LABEL_MAX 63

enum hostname_status {
	HOSTNAME_OK,
	HOSTNAME_EMPTY,
	HOSTNAME_TOO_LONG,
	HOSTNAME_EMPTY_LABEL,
	HOSTNAME_LABEL_TOO_LONG,
	HOSTNAME_LEADING_HYPHEN,
	HOSTNAME_BAD_CHARACTER,
	HOSTNAME_STATUS_COUNT
};

/*
 * Labels of letters, digits, '-' and '_' between dots, the first not
 * beginning with '-'. One trailing dot is accepted.
 */
enum hostname_status hostname_check(struct str name);
bool hostname_is_valid(struct str name);

/* One clause for a message, without full stop. */
const char *hostname_status_text(enum hostname_status status);

#endif
