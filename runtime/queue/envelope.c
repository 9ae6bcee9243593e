/*
 * Envelope files: one table of fields for reader and writer.
 */
#include "runtime/queue/envelope.h"

#include <stdio.h>

#include "runtime/base/netaddr.h"

enum envelope_kind {
	ENVELOPE_NUMBER,  /* limit: the highest */
	ENVELOPE_TEXT,    /* limit: bytes */
	ENVELOPE_ADDRESS, /* with "@"; limit: bytes */
	ENVELOPE_ERRORS,  /* text for people; limit: bytes */
	ENVELOPE_SOCKADDR,
	ENVELOPE_WORD,  /* one of words; limit: how many */
	ENVELOPE_FLAGS, /* some of words; limit: how many */
};

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

enum {
	/* Versions that have a field. */
	ENVELOPE_V2 = 1,
	ENVELOPE_V3 = 2,
	ENVELOPE_ALL = ENVELOPE_V2 | ENVELOPE_V3,

	/* Must be there. */
	ENVELOPE_NEEDED = 4,
	/* Written although 0. */
	ENVELOPE_ALWAYS = 8,
	/* Of one type of envelope alone. */
	ENVELOPE_OF_MDA = 16,
	ENVELOPE_OF_MTA = 32,
	ENVELOPE_OF_BOUNCE = 64,
	/* Of delayed bounces alone. */
	ENVELOPE_OF_DELAYED = 128,
	/* Written together with an enhanced status code. */
	ENVELOPE_OF_CODE = 256,
};

struct envelope_field {
	const char *key;
	enum envelope_kind kind;
	unsigned flags;
	uint64_t limit;
	size_t offset; /* of the struct's uint64_t or struct str */
	const char *const *words;
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
static const struct envelope_field envelope_table[] = {
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

enum { ENVELOPE_FIELDS = sizeof(envelope_table) / sizeof(envelope_table[0]) };

_Static_assert(ENVELOPE_FIELDS <= 64, "a set of fields is 64 bits");

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

static uint64_t *
envelope_number(struct envelope *envelope, const struct envelope_field *field)
{
	return (uint64_t *)(void *)((char *)envelope + field->offset);
}

static struct str *
envelope_text(struct envelope *envelope, const struct envelope_field *field)
{
	return (struct str *)(void *)((char *)envelope + field->offset);
}

/* Whether a field of this type of envelope may have a value. */
static bool
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

/* Reading. */

static bool
envelope_read_number(struct str value, uint64_t limit, uint64_t *number_r)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)(value.ptr[i] - '0');

		if (!str_is_digit(value.ptr[i]) ||
		    number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*number_r = number;
	return number <= limit;
}

/* Cuts what stands before the first of the separators, and it. */
static struct str
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

static bool
envelope_is_word(struct str value, const char *spellings)
{
	struct str rest = str_from(spellings);

	while (rest.len > 0)
		if (str_eq_nocase(value, envelope_cut(&rest, "|")))
			return true;
	return false;
}

static bool
envelope_read_word(struct str value, const struct envelope_field *field,
    uint64_t *number_r)
{
	for (uint64_t i = 0; i < field->limit; i++) {
		if (envelope_is_word(value, field->words[i])) {
			*number_r = i;
			return true;
		}
	}
	return false;
}

/* "enqueued" is what old daemons left behind; it means nothing. */
static bool
envelope_read_flags(struct str value, const struct envelope_field *field,
    uint64_t *number_r)
{
	uint64_t flags = 0, flag;

	while (value.len > 0) {
		struct str word = envelope_cut(&value, " ,|");

		if (envelope_is_word(word, "enqueued"))
			continue;
		if (!envelope_read_word(word, field, &flag))
			return false;
		flags |= (uint64_t)1 << flag;
	}
	*number_r = flags;
	return true;
}

/* 6.4 wrote "IPv6:x" where others write "[x]". */
static bool
envelope_is_sockaddr(struct str value)
{
	struct netaddr addr;
	struct str zone;

	if (str_is(value, "local"))
		return true;
	return netaddr_parse_host(value,
		   NETADDR_BRACKETS | NETADDR_TAG | NETADDR_ZONE, &addr,
		   &zone) == NETADDR_OK;
}

static bool
envelope_read_value(struct str value, const struct envelope_field *field,
    struct envelope *envelope)
{
	uint64_t *number = envelope_number(envelope, field);

	switch (field->kind) {
	case ENVELOPE_NUMBER:
		return envelope_read_number(value, field->limit, number);
	case ENVELOPE_WORD:
		return envelope_read_word(value, field, number);
	case ENVELOPE_FLAGS:
		return envelope_read_flags(value, field, number);
	case ENVELOPE_ADDRESS:
		if (memchr(value.ptr, '@', value.len) == NULL)
			return false;
		break;
	case ENVELOPE_SOCKADDR:
		if (!envelope_is_sockaddr(value))
			return false;
		break;
	case ENVELOPE_TEXT:
	case ENVELOPE_ERRORS:
		break;
	}
	*envelope_text(envelope, field) = value;
	return value.len <= field->limit;
}

static const struct envelope_field *
envelope_find(struct str key)
{
	for (size_t i = 0; i < ENVELOPE_FIELDS; i++)
		if (str_eq_nocase(key, str_from(envelope_table[i].key)))
			return &envelope_table[i];
	return NULL;
}

/* Takes a line off the text; false where there is none by the grammar. */
static bool
envelope_read_line(struct str *rest, struct str *key_r, struct str *value_r)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	struct str line = { rest->ptr, 0 };
	uint32_t len = 0;

	if (end == NULL)
		return false;
	line.len = (uint32_t)(end - line.ptr);
	rest->ptr += line.len + 1;
	rest->len -= line.len + 1;
	while (len < line.len &&
	    (str_is_alnum(line.ptr[len]) || line.ptr[len] == '-'))
		len++;
	*key_r = (struct str){ line.ptr, len };
	if (len == 0 || line.len < len + 3 ||
	    memcmp(line.ptr + len, ": ", 2) != 0)
		return false;
	*value_r = (struct str){ line.ptr + len + 2, line.len - len - 2 };
	return memchr(value_r->ptr, '\0', value_r->len) == NULL;
}

static enum envelope_status
envelope_read_lines(struct str text, struct envelope *envelope, uint64_t *seen,
    struct str *key)
{
	const struct envelope_field *field;
	struct str value;

	while (text.len > 0) {
		uint64_t bit;

		if (!envelope_read_line(&text, key, &value))
			return ENVELOPE_BAD_LINE;
		field = envelope_find(*key);
		if (field == NULL)
			return ENVELOPE_UNKNOWN_FIELD;
		bit = (uint64_t)1 << (field - envelope_table);
		if ((*seen & bit) != 0)
			return ENVELOPE_REPEATED_FIELD;
		*seen |= bit;
		if (!envelope_read_value(value, field, envelope))
			return ENVELOPE_BAD_FIELD;
	}
	return ENVELOPE_OK;
}

/* What can be judged only when all lines have been read. */
static enum envelope_status
envelope_check(const struct envelope *envelope, uint64_t seen, struct str *key)
{
	unsigned version = envelope->version == 2 ? ENVELOPE_V2 : ENVELOPE_V3;

	for (size_t i = 0; i < ENVELOPE_FIELDS; i++) {
		const struct envelope_field *field = &envelope_table[i];
		bool is_seen = (seen >> i & 1) != 0;
		bool is_had = (field->flags & version) != 0 &&
		    envelope_has(envelope, field);

		*key = str_from(field->key);
		if (is_seen && !is_had)
			return ENVELOPE_UNKNOWN_FIELD;
		if (!is_seen && is_had && (field->flags & ENVELOPE_NEEDED) != 0)
			return ENVELOPE_MISSING_FIELD;
	}
	*key = STR_LIT("");
	return ENVELOPE_OK;
}

enum envelope_status
envelope_read(struct str text, struct envelope *envelope_r, struct str *field_r)
{
	enum envelope_status status;
	uint64_t seen = 0;

	*envelope_r = (struct envelope){ 0 };
	*field_r = STR_LIT("");
	if (text.len > ENVELOPE_TEXT_MAX)
		return ENVELOPE_TOO_LONG;
	status = envelope_read_lines(text, envelope_r, &seen, field_r);
	if (status != ENVELOPE_OK)
		return status;
	*field_r = STR_LIT("version");
	if ((seen & 1) == 0)
		return ENVELOPE_MISSING_FIELD;
	if (envelope_r->version != 2 && envelope_r->version != 3)
		return ENVELOPE_VERSION_MISMATCH;
	return envelope_check(envelope_r, seen, field_r);
}

/* Writing. */

struct envelope_out {
	char *buf;
	size_t room, len;
	bool is_bad;
};

static void
envelope_put(struct envelope_out *out, struct str s)
{
	if (s.len > out->room - out->len) {
		out->is_bad = true;
		return;
	}
	if (s.len > 0)
		memcpy(out->buf + out->len, s.ptr, s.len);
	out->len += s.len;
}

static bool
envelope_breaks_line(char c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

static void
envelope_put_text(struct envelope_out *out, const struct envelope_field *field,
    struct str value)
{
	size_t start = out->len;

	envelope_put(out, value);
	if (out->is_bad)
		return;
	for (size_t i = start; i < out->len; i++) {
		if (!envelope_breaks_line(out->buf[i]))
			continue;
		if (field->kind != ENVELOPE_ERRORS)
			out->is_bad = true;
		out->buf[i] = ' ';
	}
}

static void
envelope_put_flags(struct envelope_out *out, const struct envelope_field *field,
    uint64_t flags)
{
	bool is_first = true;

	for (uint64_t i = 0; i < field->limit; i++) {
		if ((flags >> i & 1) == 0)
			continue;
		if (!is_first)
			envelope_put(out, STR_LIT(" "));
		envelope_put(out, str_from(field->words[i]));
		is_first = false;
	}
}

static void
envelope_put_number(struct envelope_out *out,
    const struct envelope_field *field, uint64_t number)
{
	char digits[24];
	struct str word;

	switch (field->kind) {
	case ENVELOPE_WORD:
		word = str_from(field->words[number]);
		envelope_put(out, envelope_cut(&word, "|"));
		break;
	case ENVELOPE_FLAGS:
		envelope_put_flags(out, field, number);
		break;
	case ENVELOPE_NUMBER:
	case ENVELOPE_TEXT:
	case ENVELOPE_ADDRESS:
	case ENVELOPE_ERRORS:
	case ENVELOPE_SOCKADDR:
		snprintf(digits, sizeof(digits), "%llu",
		    (unsigned long long)number);
		envelope_put(out, str_from(digits));
		break;
	}
}

static bool
envelope_number_fits(const struct envelope_field *field, uint64_t number)
{
	switch (field->kind) {
	case ENVELOPE_WORD:
		return number < field->limit;
	case ENVELOPE_FLAGS:
		return number >> field->limit == 0;
	case ENVELOPE_NUMBER:
	case ENVELOPE_TEXT:
	case ENVELOPE_ADDRESS:
	case ENVELOPE_ERRORS:
	case ENVELOPE_SOCKADDR:
		break;
	}
	return number <= field->limit;
}

static bool
envelope_is_number(const struct envelope_field *field)
{
	return field->kind == ENVELOPE_NUMBER || field->kind == ENVELOPE_WORD ||
	    field->kind == ENVELOPE_FLAGS;
}

/* Nothing where the value is empty. */
static void
envelope_put_field(struct envelope_out *out, const struct envelope_field *field,
    struct envelope *envelope)
{
	bool is_number = envelope_is_number(field);
	uint64_t number = is_number ? *envelope_number(envelope, field) : 0;
	struct str text = is_number ? STR_LIT("") :
				      *envelope_text(envelope, field);
	bool is_always = (field->flags & (ENVELOPE_ALWAYS | ENVELOPE_NEEDED)) !=
	    0;

	if ((field->flags & ENVELOPE_OF_CODE) != 0)
		is_always = envelope->esc_class != 0;
	if (is_number ? number == 0 && !is_always : text.len == 0) {
		out->is_bad = out->is_bad ||
		    (field->flags & ENVELOPE_NEEDED) != 0;
		return;
	}
	envelope_put(out, str_from(field->key));
	envelope_put(out, STR_LIT(": "));
	if (is_number && envelope_number_fits(field, number))
		envelope_put_number(out, field, number);
	else if (!is_number && text.len <= field->limit)
		envelope_put_text(out, field, text);
	else
		out->is_bad = true;
	envelope_put(out, STR_LIT("\n"));
}

size_t
envelope_write(const struct envelope *envelope, char *buf, size_t room)
{
	struct envelope copy = *envelope, seen;
	struct envelope_out out = { .buf = buf, .room = room };
	struct str field;

	copy.version = ENVELOPE_VERSION;
	if (copy.type >= ENVELOPE_TYPES)
		return 0;
	for (size_t i = 0; i < ENVELOPE_FIELDS && !out.is_bad; i++)
		if ((envelope_table[i].flags & ENVELOPE_V3) != 0 &&
		    envelope_has(&copy, &envelope_table[i]))
			envelope_put_field(&out, &envelope_table[i], &copy);
	/* What the reader would refuse must not get onto a disk. */
	if (out.is_bad ||
	    envelope_read((struct str){ buf, (uint32_t)out.len }, &seen,
		&field) != ENVELOPE_OK)
		return 0;
	return out.len;
}
