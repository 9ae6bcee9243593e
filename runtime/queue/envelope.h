/*
 * The text of an envelope file: who a message is from and for, how it is
 * delivered and what became of that so far. One reader and one writer for
 * the store, for messages between processes and for the conversion of old
 * queues. Neither allocates, opens or logs anything.
 *
 *     envelope = line { line }
 *     line     = key ": " value LF
 *     key      = letters, digits, "-"; in any case, each at most once
 *     value    = one byte or more, but no LF and no NUL
 *
 * The reader takes what the version named in the text has and nothing else:
 * an unknown or repeated key, a key of another type of envelope, a value
 * that is too long or out of range or a missing last LF is an error, never
 * a guess. What an envelope says is executed (mda-exec), so half of one
 * must not be. Lines may come in any order; empty values and numbers that
 * are absent are not there.
 *
 * The writer makes version 3 as OpenSMTPD 6.4 to 7.8 reads it, keys in its
 * order. CR, LF and NUL never reach a value: in the error line, which is
 * for people, they become blanks; an envelope that has them anywhere else
 * is not written, because it would mean something else than was asked for.
 */
#ifndef RUNTIME_QUEUE_ENVELOPE_H
#define RUNTIME_QUEUE_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"

/*
 * Bytes of a text. What all fields have at their longest fits; OpenSMTPD
 * refuses more than the size of its own struct, which is about that.
 */
#define ENVELOPE_TEXT_MAX 9000

#define ENVELOPE_VERSION 3

/* Bytes of values. */
#define ENVELOPE_NAME_MAX    255
#define ENVELOPE_TAG_MAX     31
#define ENVELOPE_ADDRESS_MAX 511
#define ENVELOPE_LINE_MAX    2047 /* error line, command */
#define ENVELOPE_ENVID_MAX   100
#define ENVELOPE_ORCPT_MAX   500

enum envelope_type {
	ENVELOPE_MDA,
	ENVELOPE_MTA,
	ENVELOPE_BOUNCE,
	ENVELOPE_TYPES
};

enum envelope_bounce {
	ENVELOPE_FAILED,
	ENVELOPE_DELAYED,
	ENVELOPE_DELIVERED,
	ENVELOPE_BOUNCES
};

enum {
	ENVELOPE_AUTHENTICATED = 1,
	ENVELOPE_IS_BOUNCE = 2,
	ENVELOPE_INTERNAL = 4,
};

/* dsn_notify, RFC 3461 */
enum {
	ENVELOPE_NOTIFY_SUCCESS = 1,
	ENVELOPE_NOTIFY_FAILURE = 2,
	ENVELOPE_NOTIFY_DELAY = 4,
	ENVELOPE_NOTIFY_NEVER = 8,
};

enum envelope_ret {
	ENVELOPE_RET_NONE,
	ENVELOPE_RET_FULL,
	ENVELOPE_RET_HDRS,
	ENVELOPE_RETS
};

/* Texts of one that was read are slices of the text. */
struct envelope {
	uint64_t version; /* the writer's is ENVELOPE_VERSION */
	uint64_t type;    /* enum envelope_type */

	/* The session that it came by. */
	struct str tag;
	struct str smtpname;
	struct str helo;     /* never empty */
	struct str hostname; /* never empty; "<unknown>" */
	struct str username; /* of AUTH */
	struct str sockaddr; /* "local", "192.0.2.1", "[2001:db8::1]" */
	uint64_t flags;

	/* "user@domain"; the null sender is "@". */
	struct str sender;
	struct str rcpt; /* as in the RCPT command */
	struct str dest; /* after expansion */

	/* State. Times are seconds since 1970, 0 for never. */
	struct str dispatcher; /* the action's name */
	struct str errorline;  /* of the last attempt */
	uint64_t ctime;
	uint64_t last_try;
	uint64_t last_bounce;
	uint64_t ttl; /* seconds; 0: the action's */
	uint64_t retry;
	uint64_t esc_class; /* 0: no enhanced status code */
	uint64_t esc_code;  /* 47: x.4.7 */

	uint64_t dsn_notify;
	uint64_t dsn_ret;
	struct str dsn_envid;
	struct str dsn_orcpt;

	/* MDA */
	struct str mda_exec; /* a file's or command's of an alias */
	struct str mda_subaddress;
	struct str mda_user;

	/* BOUNCE */
	uint64_t bounce_type;
	uint64_t bounce_delay; /* DELAYED, seconds */
	uint64_t bounce_ttl;   /* DELAYED, seconds */

	/* Version 2 alone: up to OpenSMTPD 6.0. */
	uint64_t expire; /* seconds */
	struct str mda_buffer;
	struct str mda_method;
	struct str mda_usertable;
	struct str mda_delivery_user;
	struct str mta_relay;
	struct str mta_relay_auth;
	struct str mta_relay_cert;
	struct str mta_relay_ca;
	struct str mta_relay_flags;
	struct str mta_relay_heloname;
	struct str mta_relay_helotable;
	struct str mta_relay_source;
};

enum envelope_status {
	ENVELOPE_OK,
	ENVELOPE_TOO_LONG, /* the text */
	ENVELOPE_BAD_LINE, /* no line by the grammar */
	ENVELOPE_VERSION_MISMATCH,
	ENVELOPE_UNKNOWN_FIELD,
	ENVELOPE_REPEATED_FIELD,
	ENVELOPE_BAD_FIELD,
	ENVELOPE_MISSING_FIELD,
	ENVELOPE_STATUS_COUNT
};

/*
 * Versions 2 and 3. *field_r is the key at fault, empty where there is
 * none; it may be a slice of the text. *envelope_r is valid with OK only.
 */
enum envelope_status envelope_read(struct str text, struct envelope *envelope_r,
    struct str *field_r);

/*
 * Bytes written, or 0: a value is too long, out of range or would not
 * stay on its line, a mandatory one is empty, or room is too small.
 */
size_t envelope_write(const struct envelope *envelope, char *buf, size_t room);

/* One clause for a message, without full stop. */
const char *envelope_status_text(enum envelope_status status);

#endif
