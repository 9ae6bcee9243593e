/*
 * Writing of envelope files.
 */
#include "runtime/queue/envelope_private.h"

#include <stdio.h>

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
	for (size_t i = 0; i < envelope_fields && !out.is_bad; i++)
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
