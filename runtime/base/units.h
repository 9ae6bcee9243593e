/*
 * Numbers with a unit, and ports: delays ("4h"), sizes ("35M"), port
 * numbers and the names of mail services. Pure functions; on failure the
 * result is untouched.
 */
#ifndef RUNTIME_BASE_UNITS_H
#define RUNTIME_BASE_UNITS_H

#include <stdint.h>

#include "runtime/base/str.h"

#define UNITS_DELAY_MAX 2147483647u /* seconds */

enum units_status {
	UNITS_OK,
	UNITS_SYNTAX, /* the number is none */
	UNITS_NO_UNIT,
	UNITS_BAD_UNIT,
	UNITS_ZERO,
	UNITS_RANGE,
	UNITS_UNKNOWN_SERVICE,
	UNITS_STATUS_COUNT
};

/*
 * Digits and one of s, m, h, d: seconds, 1 to UNITS_DELAY_MAX. No
 * compounds: "1h30m" is UNITS_SYNTAX.
 */
enum units_status units_parse_delay(struct str text, uint32_t *seconds_r);

/*
 * Digits, optionally with a fraction, and one of B K M G T P E in either
 * case, each 1024 times the last: bytes, at most INT64_MAX, rounded down.
 * Without a suffix it is bytes, and a fraction is dropped.
 */
enum units_status units_parse_size(struct str text, uint64_t *bytes_r);

/* Digits: 1 to 65535. A text that begins with no digit: a service. */
enum units_status units_parse_port(struct str text, uint16_t *port_r);

/*
 * The name of a mail service, case-sensitive: what "port" takes in quotes,
 * where "25" is none. The daemon asks the host's services file, so a name
 * that is unknown here may be known there.
 */
enum units_status units_parse_service(struct str name, uint16_t *port_r);

/* The i-th known service, to suggest one; NULL behind the last. */
const char *units_service_name(unsigned i);

/* One clause for a message, without full stop. */
const char *units_status_text(enum units_status status);

#endif
