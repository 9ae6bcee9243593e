/*
 * An envelopes file: a JSON list of sessions, in the form in which the
 * decisions of real daemons were recorded. Read one object at a time, so
 * that an error has a line. Opens no file and prints nothing. Called by
 * smtpd-explain.
 *
 *     id          text, needed
 *     rcpt        an address or a list of them
 *     src dst helo tls tag rdns from mech as_user     texts
 *     port        a number
 *     auth        [login, password]
 *     socket      true or false
 *
 * mech and as_user say how something was sent; they change nothing.
 */
#ifndef COMPILER_ENVELOPES_H
#define COMPILER_ENVELOPES_H

#include <jansson.h>

#include "compiler/session.h"

enum envelopes_status {
	ENVELOPES_END,
	ENVELOPES_ONE,
	ENVELOPES_BAD, /* see line, column, why; nothing can follow */
};

struct envelopes {
	/* Of ENVELOPES_BAD. From 1; a column is 0 where there is none. */
	uint32_t line;
	uint32_t column;
	const char *why;

	/* Private. */
	struct str text;
	uint32_t at;         /* what was read so far */
	uint32_t line_start; /* of the line that at is in */
	bool has_begun;
	json_t *object; /* of the session read last */
	json_error_t error;
};

/* The text must outlive the reader. */
void envelopes_init(struct envelopes *envelopes, struct str text);
void envelopes_fini(struct envelopes *envelopes);

/* The session is valid until the next call, and as long as the arena. */
enum envelopes_status envelopes_next(struct envelopes *envelopes,
    struct arena *arena, struct session *session_r);

#endif
