/*
 * Delays, sizes, ports.
 */
#include "runtime/base/units.h"

static const char *const units_status_texts[UNITS_STATUS_COUNT] = {
	[UNITS_OK] = "valid",
	[UNITS_SYNTAX] = "not a number",
	[UNITS_NO_UNIT] = "the unit is missing",
	[UNITS_BAD_UNIT] = "the unit does not exist",
	[UNITS_ZERO] = "0 is not accepted",
	[UNITS_RANGE] = "the value is too large",
	[UNITS_UNKNOWN_SERVICE] = "the service is not known",
};

/*
 * As in the services files of the systems that the daemon runs on. A table
 * of our own, because a config must mean the same on every machine that
 * checks it.
 */
static const struct units_service {
	const char *name;
	uint16_t port;
} units_services[] = {
	{ "smtp", 25 },
	{ "mail", 25 },
	{ "submission", 587 },
	{ "submissions", 465 },
	{ "smtps", 465 },
	{ "ssmtp", 465 },
	{ "urd", 465 },
	{ "lmtp", 24 },
	{ "qmtp", 209 },
	{ "qmqp", 628 },
};

enum {
	UNITS_SERVICE_COUNT = sizeof(units_services) / sizeof(units_services[0])
};

const char *
units_status_text(enum units_status status)
{
	return units_status_texts[status];
}

/* Digits only, at least one. Stops counting above max. */
static enum units_status
units_read(struct str digits, uint64_t max, uint64_t *value_r)
{
	uint64_t value = 0;
	bool is_large = false;

	if (digits.len == 0)
		return UNITS_SYNTAX;
	for (uint32_t i = 0; i < digits.len; i++) {
		unsigned digit;

		if (!str_is_digit(digits.ptr[i]))
			return UNITS_SYNTAX;
		digit = (unsigned)(digits.ptr[i] - '0');
		is_large = is_large || digit > max ||
		    value > (max - digit) / 10;
		if (!is_large)
			value = value * 10 + digit;
	}
	if (is_large)
		return UNITS_RANGE;
	*value_r = value;
	return UNITS_OK;
}

enum units_status
units_parse_delay(struct str text, uint32_t *seconds_r)
{
	static const char units[] = "smhd";
	static const uint32_t seconds[] = { 1, 60, 3600, 86400 };
	enum units_status status;
	const char *unit;
	uint64_t value;
	uint32_t factor;

	if (text.len == 0)
		return UNITS_SYNTAX;
	if (str_is_digit(text.ptr[text.len - 1])) {
		status = units_read(text, UNITS_DELAY_MAX, &value);
		return status == UNITS_SYNTAX ? status : UNITS_NO_UNIT;
	}
	text.len--;
	status = units_read(text, UNITS_DELAY_MAX, &value);
	if (status == UNITS_SYNTAX)
		return status;
	unit = memchr(units, text.ptr[text.len], sizeof(units) - 1);
	if (unit == NULL)
		return UNITS_BAD_UNIT;
	if (status != UNITS_OK)
		return status;
	if (value == 0)
		return UNITS_ZERO;
	factor = seconds[unit - units];
	if (value > UNITS_DELAY_MAX / factor)
		return UNITS_RANGE;
	*seconds_r = (uint32_t)value * factor;
	return UNITS_OK;
}

/*
 * floor(0.DIGITS * scale), exact for any number of digits: Horner's rule
 * from the last digit, where rounding down at each step loses nothing.
 * scale is at most 2^60, so that digit * scale + rest fits.
 */
static uint64_t
units_scale_fraction(struct str digits, uint64_t scale)
{
	uint64_t rest = 0;

	for (uint32_t i = digits.len; i > 0; i--)
		rest = ((uint64_t)(digits.ptr[i - 1] - '0') * scale + rest) /
		    10;
	return rest;
}

/* Cuts the digits at the beginning of s. */
static struct str
units_cut_digits(struct str *s)
{
	struct str digits = { s->ptr, 0 };

	while (s->len > 0 && str_is_digit(*s->ptr)) {
		s->ptr++;
		s->len--;
		digits.len++;
	}
	return digits;
}

enum units_status
units_parse_size(struct str text, uint64_t *bytes_r)
{
	static const char suffixes[] = "bkmgtpe";
	struct str rest = text, whole, fraction = { 0 };
	uint64_t value = 0, part;
	const char *suffix = suffixes;
	unsigned shift;

	whole = units_cut_digits(&rest);
	if (rest.len > 0 && *rest.ptr == '.') {
		rest.ptr++;
		rest.len--;
		fraction = units_cut_digits(&rest);
	}
	if (whole.len + fraction.len == 0)
		return UNITS_SYNTAX;
	if (rest.len > 0)
		suffix = memchr(suffixes, str_lower(*rest.ptr),
		    sizeof(suffixes) - 1);
	if (rest.len > 1 || suffix == NULL)
		return UNITS_BAD_UNIT;
	shift = 10 * (unsigned)(suffix - suffixes);
	if (whole.len > 0 &&
	    units_read(whole, INT64_MAX >> shift, &value) != UNITS_OK)
		return UNITS_RANGE;
	part = units_scale_fraction(fraction, (uint64_t)1 << shift);
	*bytes_r = (value << shift) + part;
	return UNITS_OK;
}

enum units_status
units_parse_service(struct str name, uint16_t *port_r)
{
	for (unsigned i = 0; i < UNITS_SERVICE_COUNT; i++) {
		if (str_is(name, units_services[i].name)) {
			*port_r = units_services[i].port;
			return UNITS_OK;
		}
	}
	return UNITS_UNKNOWN_SERVICE;
}

const char *
units_service_name(unsigned i)
{
	return i < UNITS_SERVICE_COUNT ? units_services[i].name : NULL;
}

enum units_status
units_parse_port(struct str text, uint16_t *port_r)
{
	enum units_status status;
	uint64_t value;

	if (text.len > 0 && !str_is_digit(text.ptr[0]))
		return units_parse_service(text, port_r);
	status = units_read(text, UINT16_MAX, &value);
	if (status != UNITS_OK)
		return status;
	if (value == 0)
		return UNITS_ZERO;
	*port_r = (uint16_t)value;
	return UNITS_OK;
}
