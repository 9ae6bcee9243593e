/*
 * The client of one LMTP delivery, as mail.lmtp(8) does it. Blocks: runs in
 * a process of its own, under an alarm.
 */
#ifndef RUNTIME_MDA_LMTP_H
#define RUNTIME_MDA_LMTP_H

#include "runtime/mda/mda.h"
#include "runtime/mda/mda_source.h"

#define LMTP_REPLY_MAX   4096 /* bytes of a line */
#define LMTP_REPLY_LINES 256  /* of one reply */

struct lmtp {
	struct str destination; /* "/socket", "host[:port]" or "[v6]:port" */
	struct str lhlo;
	struct str sender; /* empty: the null sender */
	const struct str *recipients;
	uint32_t recipient_count;
};

/*
 * 0 when every recipient was accepted and the message too; else a status:
 * EX_TEMPFAIL, EX_UNAVAILABLE for a refusal, EX_USAGE for arguments. SIGPIPE
 * must be ignored.
 */
int lmtp_deliver(const struct lmtp *lmtp, struct mda_source *source,
    struct mda_status *status);

/* The same over a connection, which stays open. */
int lmtp_deliver_over(int fd, const struct lmtp *lmtp,
    struct mda_source *source, struct mda_status *status);

#endif
