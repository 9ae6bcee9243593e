/*
 * The Sender Rewriting Scheme: addresses of senders made ours when their
 * mail is relayed, so that bounces come back here, and undone when they do.
 * The letters are OpenSMTPD's, which takes what we sign and the other way
 * round. Looks at no clock and keeps nothing.
 *
 *	user@dom       <-> SRS0=HHHH=TT=dom=user@D
 *	SRS0=X@last    <-> SRS1=HHHH=last==X@D
 *	SRS1=hhhh=Y@z   -> SRS1=HHHH=Y@D
 *
 * HHHH: of the base64 of SHA-1 of the key and of all behind it, D with it.
 * TT: the day, modulo 1,024, in base 32.
 */
#ifndef RUNTIME_EXPAND_SRS_H
#define RUNTIME_EXPAND_SRS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/mailaddr.h"

#define SRS_TEXT_MAX 511 /* bytes of user@domain; 255 of either part */

struct srs {
	struct str key;
	struct str backup; /* signed with once; empty: none */
	uint32_t ttl;      /* days that a signature is good for */
	uint32_t today;    /* days since 1970 */
};

struct srs_address {
	struct mailaddr address; /* slices of text */
	char text[SRS_TEXT_MAX + 1];
};

/* Whether the address is one that may be decoded: "SRS0=", "SRS1=". */
bool srs_is_signed(struct mailaddr address);

/*
 * False: not ours, too old, or from the future. address: not of what
 * address_r holds.
 */
bool srs_decode(const struct srs *srs, struct mailaddr address,
    struct srs_address *address_r);

/*
 * domain: where it is to come back to. False: too long, or the sender is
 * none; it is relayed as it is then.
 */
bool srs_encode(const struct srs *srs, struct mailaddr sender,
    struct str domain, struct srs_address *address_r);

#endif
