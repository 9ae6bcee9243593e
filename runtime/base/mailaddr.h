/*
 * Mail addresses as texts: splitting into user and domain, and matching
 * against an entry of an address table. No syntax is checked: what a
 * sender or recipient may look like is for the SMTP session to decide.
 */
#ifndef RUNTIME_BASE_MAILADDR_H
#define RUNTIME_BASE_MAILADDR_H

#include <stdbool.h>

#include "runtime/base/str.h"

struct mailaddr {
	struct str user; /* slices of the text; empty where absent */
	struct str domain;
};

/* Up to 6.0.x an entry without a domain, "user" or "user@", never matches;
 * since 6.4 it matches that user in every domain. */
enum mailaddr_rule {
	MAILADDR_LEGACY,
	MAILADDR_MODERN,
};

/* At the last '@'; without one all is user. The null sender is "@". */
struct mailaddr mailaddr_split(struct str text);

/*
 * Whether an entry ("user@domain", "@domain", "user", "@") matches an
 * address. The domain may have wildcards, see domain.h, the user not. The
 * address's user is cut at its first delimiter, unless the entry's holds
 * one as well. "" and "@" match everything, the null sender too.
 */
bool mailaddr_match(const struct mailaddr *addr, const struct mailaddr *entry,
    char delimiter, enum mailaddr_rule rule);

#endif
