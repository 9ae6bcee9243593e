/*
 * The addresses that the SMTP server takes: paths of MAIL and RCPT and the
 * argument of HELO. RFC 5321 4.1.2 without quoted local parts, as OpenSMTPD
 * does: no byte that a shell, a mailbox name or a log line could take for
 * more than it is. Nothing is looked up.
 *
 *     path   = "<" [ routes ":" ] local [ "@" domain ] ">"
 *     local  = atom { "." atom }
 *     domain = hostname | "[" address "]"
 */
#ifndef RUNTIME_SMTP_ADDRESS_H
#define RUNTIME_SMTP_ADDRESS_H

#include <stdbool.h>

#include "runtime/base/mailaddr.h"

#define ADDRESS_LOCAL_MAX  255
#define ADDRESS_DOMAIN_MAX 255

/*
 * Reads a path from the beginning of text. A source route is dropped; a
 * domain that was left out stays empty, for the caller to complete. "<>" and
 * "<@>" are the null sender, both parts empty. The parts are slices of text,
 * *rest_r is what stands behind ">". False: no path.
 */
bool address_read_path(struct str text, struct mailaddr *addr_r,
    struct str *rest_r);

/* "mail.example", "[192.0.2.1]", "[IPv6:2001:db8::1]". */
bool address_is_domain(struct str domain);

/* user@domain whose domain is not empty. */
bool address_is_complete(const struct mailaddr *addr);

#endif
