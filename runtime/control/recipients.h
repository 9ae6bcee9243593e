/*
 * Recipients of a submission, from the command line and from header fields
 * (RFC 5322 address lists with comments, names, routes and groups).
 */
#ifndef RUNTIME_CONTROL_RECIPIENTS_H
#define RUNTIME_CONTROL_RECIPIENTS_H

#include <stdbool.h>
#include <stdio.h>

#include "runtime/base/str.h"

enum {
	RECIPIENTS_MAX = 1000,
	RECIPIENTS_SIZE_MAX = 1024, /* bytes of an address */
};

struct recipients {
	char **list;
	unsigned count;
};

/*
 * Adds every address of a list, once; one without a domain gets this one.
 * False: too many, one too long, or no memory.
 */
bool recipients_add(struct recipients *recipients, struct str list,
    const char *domain);
void recipients_fini(struct recipients *recipients);

/*
 * Whether blanks or comments part an address: "a b@c" is "ab@c" in a header
 * field, but a mistake elsewhere.
 */
bool recipients_has_gap(struct str list);

/* The first address of a list, into buf. False: none, and buf is kept. */
bool recipients_first(struct str list, const char *domain, char *buf,
    size_t room);

#endif
