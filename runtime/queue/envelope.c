/*
 * Envelope files: the table of fields.
 */
#include "runtime/queue/envelope_private.h"

/* A word is written by its first spelling; "|" stands between them. */
static const char *const envelope_types[ENVELOPE_TYPES] = {
	[ENVELOPE_MDA] = "mda",
	[ENVELOPE_MTA] = "mta",
	[ENVELOPE_BOUNCE] = "bounce",
};

static const char *const envelope_bounces[ENVELOPE_BOUNCES] = {
	[ENVELOPE_FAILED] = "failed|error",
	[ENVELOPE_DELAYED] = "delayed|warn",
	[ENVELOPE_DELIVERED] = "delivered|dsn",
};

static const char *const envelope_rets[ENVELOPE_RETS] = {
	[ENVELOPE_RET_NONE] = "",
	[ENVELOPE_RET_FULL] = "FULL",
	[ENVELOPE_RET_HDRS] = "HDRS",
};

static const char *const envelope_flags[] = {
	"authenticated",
	"bounce",
	"internal",
};

#define FIELD(key, kind, flags, limit, member) \
	{ \
		key, ENVELOPE_##kind, flags, limit, \
		    offsetof(struct envelope, member), NULL \
	}
#define WORDS(key, kind, flags, words, member) \
	{ \
		key, ENVELOPE_##kind, flags, \
		    sizeof(words) / sizeof((words)[0]), \
		    offsetof(struct envelope, member), words \
	}

enum {
	ENVELOPE_MUST = ENVELOPE_ALL | ENVELOPE_NEEDED,
	ENVELOPE_COUNTER = ENVELOPE_ALL | ENVELOPE_ALWAYS,
	ENVELOPE_MDA3 = ENVELOPE_V3 | ENVELOPE_OF_MDA,
	ENVELOPE_MDA2 = ENVELOPE_V2 | ENVELOPE_OF_MDA,
	ENVELOPE_MTA2 = ENVELOPE_V2 | ENVELOPE_OF_MTA,
	ENVELOPE_WAIT3 = ENVELOPE_V3 | ENVELOPE_OF_BOUNCE | ENVELOPE_OF_DELAYED,
};

/* In the order in which they are written. */
const struct envelope_field envelope_table[] = {
	FIELD("version", NUMBER, ENVELOPE_MUST, 64, version),
	FIELD("dispatcher", TEXT, ENVELOPE_V3 | ENVELOPE_NEEDED,
	    ENVELOPE_NAME_MAX, dispatcher),
	FIELD("tag", TEXT, ENVELOPE_ALL, ENVELOPE_TAG_MAX, tag),
	WORDS("type", WORD, ENVELOPE_MUST, envelope_types, type),
	FIELD("smtpname", TEXT, ENVELOPE_ALL, ENVELOPE_NAME_MAX, smtpname),
	FIELD("helo", TEXT, ENVELOPE_MUST, ENVELOPE_NAME_MAX, helo),
	FIELD("hostname", TEXT, ENVELOPE_MUST, ENVELOPE_NAME_MAX, hostname),
	FIELD("username", TEXT, ENVELOPE_V3, ENVELOPE_ADDRESS_MAX, username),
	FIELD("errorline", ERRORS, ENVELOPE_ALL, ENVELOPE_LINE_MAX, errorline),
	FIELD("sockaddr", SOCKADDR, ENVELOPE_MUST, ENVELOPE_NAME_MAX, sockaddr),
	FIELD("sender", ADDRESS, ENVELOPE_MUST, ENVELOPE_ADDRESS_MAX, sender),
	FIELD("rcpt", ADDRESS, ENVELOPE_MUST, ENVELOPE_ADDRESS_MAX, rcpt),
	FIELD("dest", ADDRESS, ENVELOPE_MUST, ENVELOPE_ADDRESS_MAX, dest),
	FIELD("ctime", NUMBER, ENVELOPE_MUST, INT64_MAX, ctime),
	FIELD("last-try", NUMBER, ENVELOPE_COUNTER, INT64_MAX, last_try),
	FIELD("last-bounce", NUMBER, ENVELOPE_COUNTER, INT64_MAX, last_bounce),
	FIELD("expire", NUMBER, ENVELOPE_V2, INT64_MAX, expire),
	FIELD("ttl", NUMBER, ENVELOPE_V3 | ENVELOPE_ALWAYS, INT64_MAX, ttl),
	FIELD("retry", NUMBER, ENVELOPE_COUNTER, UINT16_MAX, retry),
	WORDS("flags", FLAGS, ENVELOPE_ALL, envelope_flags, flags),
	FIELD("dsn-notify", NUMBER, ENVELOPE_COUNTER, UINT8_MAX, dsn_notify),
	WORDS("dsn-ret", WORD, ENVELOPE_ALL, envelope_rets, dsn_ret),
	FIELD("dsn-envid", TEXT, ENVELOPE_ALL, ENVELOPE_ENVID_MAX, dsn_envid),
	FIELD("dsn-orcpt", TEXT, ENVELOPE_ALL, ENVELOPE_ORCPT_MAX, dsn_orcpt),
	FIELD("esc-class", NUMBER, ENVELOPE_ALL, UINT8_MAX, esc_class),
	FIELD("esc-code", NUMBER, ENVELOPE_ALL | ENVELOPE_OF_CODE, UINT8_MAX,
	    esc_code),

	FIELD("mda-exec", TEXT, ENVELOPE_MDA3, ENVELOPE_LINE_MAX, mda_exec),
	FIELD("mda-subaddress", TEXT, ENVELOPE_MDA3, ENVELOPE_NAME_MAX,
	    mda_subaddress),
	FIELD("mda-buffer", TEXT, ENVELOPE_MDA2, ENVELOPE_LINE_MAX, mda_buffer),
	FIELD("mda-method", TEXT, ENVELOPE_MDA2, ENVELOPE_NAME_MAX, mda_method),
	FIELD("mda-user", TEXT, ENVELOPE_ALL | ENVELOPE_OF_MDA,
	    ENVELOPE_NAME_MAX, mda_user),
	FIELD("mda-usertable", TEXT, ENVELOPE_MDA2, ENVELOPE_NAME_MAX,
	    mda_usertable),
	FIELD("mda-delivery-user", TEXT, ENVELOPE_MDA2, ENVELOPE_NAME_MAX,
	    mda_delivery_user),

	FIELD("mta-relay", TEXT, ENVELOPE_MTA2, ENVELOPE_ADDRESS_MAX,
	    mta_relay),
	FIELD("mta-relay-auth", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_auth),
	FIELD("mta-relay-cert", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_cert),
	FIELD("mta-relay-ca", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_ca),
	FIELD("mta-relay-flags", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_flags),
	FIELD("mta-relay-heloname", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_heloname),
	FIELD("mta-relay-helotable", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_helotable),
	FIELD("mta-relay-source", TEXT, ENVELOPE_MTA2, ENVELOPE_NAME_MAX,
	    mta_relay_source),

	FIELD("bounce-expire", NUMBER,
	    ENVELOPE_V2 | ENVELOPE_OF_BOUNCE | ENVELOPE_OF_DELAYED, INT64_MAX,
	    bounce_ttl),
	FIELD("bounce-ttl", NUMBER, ENVELOPE_WAIT3, INT64_MAX, bounce_ttl),
	FIELD("bounce-delay", NUMBER, ENVELOPE_WAIT3 | ENVELOPE_V2, INT64_MAX,
	    bounce_delay),
	WORDS("bounce-type", WORD,
	    ENVELOPE_ALL | ENVELOPE_OF_BOUNCE | ENVELOPE_ALWAYS,
	    envelope_bounces, bounce_type),
};

const size_t envelope_fields = sizeof(envelope_table) /
    sizeof(envelope_table[0]);

_Static_assert(sizeof(envelope_table) / sizeof(envelope_table[0]) <= 64,
    "a set of fields is 64 bits");

static const char *const envelope_status_texts[ENVELOPE_STATUS_COUNT] = {
	[ENVELOPE_OK] = "valid",
	[ENVELOPE_TOO_LONG] = "text too long",
	[ENVELOPE_BAD_LINE] = "malformed line",
	[ENVELOPE_VERSION_MISMATCH] = "version mismatch",
	[ENVELOPE_UNKNOWN_FIELD] = "unknown field",
	[ENVELOPE_REPEATED_FIELD] = "repeated field",
	[ENVELOPE_BAD_FIELD] = "invalid field",
	[ENVELOPE_MISSING_FIELD] = "missing field",
};

const char *
envelope_status_text(enum envelope_status status)
{
	return envelope_status_texts[status];
}

uint64_t *
envelope_number(struct envelope *envelope, const struct envelope_field *field)
{
	return (uint64_t *)(void *)((char *)envelope + field->offset);
}

struct str *
envelope_text(struct envelope *envelope, const struct envelope_field *field)
{
	return (struct str *)(void *)((char *)envelope + field->offset);
}

bool
envelope_has(const struct envelope *envelope,
    const struct envelope_field *field)
{
	static const unsigned owners[ENVELOPE_TYPES] = {
		[ENVELOPE_MDA] = ENVELOPE_OF_MDA,
		[ENVELOPE_MTA] = ENVELOPE_OF_MTA,
		[ENVELOPE_BOUNCE] = ENVELOPE_OF_BOUNCE,
	};
	unsigned owned = field->flags &
	    (ENVELOPE_OF_MDA | ENVELOPE_OF_MTA | ENVELOPE_OF_BOUNCE);

	if (owned != 0 && (owned & owners[envelope->type]) == 0)
		return false;
	return (field->flags & ENVELOPE_OF_DELAYED) == 0 ||
	    envelope->bounce_type == ENVELOPE_DELAYED;
}

struct str
envelope_cut(struct str *rest, const char *separators)
{
	struct str word = { rest->ptr, 0 };

	while (word.len < rest->len &&
	    strchr(separators, word.ptr[word.len]) == NULL)
		word.len++;
	rest->ptr += word.len;
	rest->len -= word.len;
	if (rest->len > 0) {
		rest->ptr++;
		rest->len--;
	}
	return word;
}
