/*
 * Log lines of the queue, in OpenSMTPD's words.
 */
#include "runtime/queue/queue_private.h"

#include <sys/random.h>

#include "runtime/base/log.h"
#include "runtime/queue/queue_line.h"

enum { QUEUE_LOG_ADDRESS = ENVELOPE_ADDRESS_MAX * 4 + 1 };

static const char *
queue_log_address(struct str address, char buf[QUEUE_LOG_ADDRESS])
{
	return log_visible(address, false, buf, QUEUE_LOG_ADDRESS);
}

static struct str
queue_log_sender(const struct envelope *envelope)
{
	return str_is(envelope->sender, "@") ? STR_LIT("") : envelope->sender;
}

static const char *
queue_log_age(const struct envelope *envelope, char buf[QUEUE_DELAY_SIZE])
{
	return queue_delay(queue_now() - (int64_t)envelope->ctime, buf);
}

void
queue_log_delivery(uint64_t evpid, const struct envelope *envelope,
    const struct mda_result *result, const char *stat)
{
	static const char *const words[MDA_OUTCOMES] = {
		[MDA_DELIVERED] = "Ok",
		[MDA_TEMPFAIL] = "TempFail",
		[MDA_PERMFAIL] = "PermFail",
		[MDA_LOOP] = "PermFail",
		[MDA_USER_TEMPFAIL] = "TempFail",
		[MDA_USER_PERMFAIL] = "PermFail",
	};
	char from[QUEUE_LOG_ADDRESS], to[QUEUE_LOG_ADDRESS];
	char rcpt[QUEUE_LOG_ADDRESS], age[QUEUE_DELAY_SIZE];
	char user[4 * ENVELOPE_NAME_MAX + 1];
	uint64_t session = 0;

	(void)!getrandom(&session, sizeof(session), 0);
	log_info("%016llx mda delivery evpid=%016llx from=<%s> to=<%s> "
		 "rcpt=<%s> user=%s delay=%s result=%s stat=%s",
	    (unsigned long long)session, (unsigned long long)evpid,
	    queue_log_address(queue_log_sender(envelope), from),
	    queue_log_address(envelope->dest, to),
	    queue_log_address(envelope->rcpt, rcpt),
	    log_visible(envelope->mda_user, false, user, sizeof(user)),
	    queue_log_age(envelope, age), words[result->outcome], stat);
}

void
queue_log_end(uint64_t evpid, const struct envelope *envelope, const char *what,
    const char *stat)
{
	char from[QUEUE_LOG_ADDRESS], to[QUEUE_LOG_ADDRESS];
	char rcpt[QUEUE_LOG_ADDRESS], age[QUEUE_DELAY_SIZE];
	bool is_same = str_eq(envelope->rcpt, envelope->dest);

	log_info("%s: %s for %016llx: from=<%s>, to=<%s>, rcpt=<%s>, "
		 "delay=%s, stat=%s",
	    envelope->type == ENVELOPE_MTA ? "relay" : "delivery", what,
	    (unsigned long long)evpid,
	    queue_log_address(envelope->sender, from),
	    queue_log_address(envelope->dest, to),
	    is_same ? "-" : queue_log_address(envelope->rcpt, rcpt),
	    queue_log_age(envelope, age), stat);
}

void
queue_log_invalid(uint64_t evpid, enum envelope_status status, struct str field)
{
	const char *why = envelope_status_text(status);
	char name[64];

	/* Two have words of their own in OpenSMTPD. */
	if (status == ENVELOPE_MISSING_FIELD &&
	    (str_is(field, "helo") || str_is(field, "hostname")))
		why = "empty";
	log_warn("warn: invalid envelope %016llx: %s%s%s",
	    (unsigned long long)evpid, why, field.len == 0 ? "" : " ",
	    log_visible(field, true, name, sizeof(name)));
}
