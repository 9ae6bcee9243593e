/*
 * Lines of the queue's listing.
 */
#include "runtime/queue/queue_line.h"

#include <stdio.h>

#include "runtime/base/log.h"

static const char *const queue_line_types[ENVELOPE_TYPES] = {
	[ENVELOPE_MDA] = "mda",
	[ENVELOPE_MTA] = "mta",
	[ENVELOPE_BOUNCE] = "bounce",
};

static const char *
queue_line_family(struct str sockaddr)
{
	if (str_is(sockaddr, "local"))
		return "local";
	return memchr(sockaddr.ptr, ':', sockaddr.len) != NULL ? "inet6" :
								 "inet4";
}

static void
queue_line_flags(const struct envelope *envelope,
    const struct queue_line_state *state, char buf[64])
{
	const struct {
		bool is_set;
		const char *word;
	} flags[] = {
		{ (envelope->flags & ENVELOPE_IS_BOUNCE) != 0, "bounce" },
		{ (envelope->flags & ENVELOPE_AUTHENTICATED) != 0, "auth" },
		{ (envelope->flags & ENVELOPE_INTERNAL) != 0, "internal" },
		{ state->is_suspended, "suspend" },
		{ state->is_held, "hold" },
	};
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].is_set)
			len += (size_t)snprintf(buf + len, 64 - len, "%s%s",
			    len == 0 ? "" : ",", flags[i].word);
}

const char *
queue_line(uint64_t evpid, const struct envelope *envelope,
    const struct queue_line_state *state, char buf[QUEUE_LINE_SIZE])
{
	char flags[64], seconds[24] = "", error[4 * ENVELOPE_LINE_MAX + 1];
	struct str line = envelope->errorline;

	if (line.len == 0 && state->note != NULL)
		line = str_from(state->note);
	queue_line_flags(envelope, state, flags);
	if (state->seconds >= 0)
		snprintf(seconds, sizeof(seconds), "%lld",
		    (long long)state->seconds);
	snprintf(buf, QUEUE_LINE_SIZE,
	    "%016llx|%s|%s|%s|%.*s|%.*s|%.*s|%llu|%lld|%lld|%llu|%s|%s|%s",
	    (unsigned long long)evpid, queue_line_family(envelope->sockaddr),
	    queue_line_types[envelope->type], flags, STR_ARG(envelope->sender),
	    STR_ARG(envelope->rcpt), STR_ARG(envelope->dest),
	    (unsigned long long)envelope->ctime, (long long)state->expires,
	    (long long)state->last_try, (unsigned long long)state->retry,
	    state->word, seconds, log_vis(line, error, sizeof(error)));
	return buf;
}

const char *
queue_delay(int64_t seconds, char buf[QUEUE_DELAY_SIZE])
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t len = 0;

	if (seconds <= 0)
		return "0s";
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t count = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (count > 0)
			len += (size_t)snprintf(buf + len,
			    QUEUE_DELAY_SIZE - len, "%lld%c", (long long)count,
			    units[i].unit);
	}
	return buf;
}
