/*
 * Reading of envelope files.
 */
#include "runtime/queue/envelope_private.h"

#include "runtime/base/netaddr.h"

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
	for (size_t i = 0; i < envelope_fields; i++)
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

	for (size_t i = 0; i < envelope_fields; i++) {
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
