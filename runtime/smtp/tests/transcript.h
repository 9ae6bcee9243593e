/*
 * Transcripts of SMTP sessions, fixtures/smtp/NAME.txt, as tests of the
 * engine, of the running daemon and of OpenSMTPD itself read them:
 *
 *     # comment
 *     listener WORD ...        for the cases below
 *     == name of a case        a new session; the greeting is understood
 *     C: bytes of the client   and CR LF, unless \c stands at the end
 *     S: a line of the server
 *     T:                       both sides begin TLS
 *     X:                       the server closes
 *     M: a line of the message that was stored last
 *
 * Escapes: \r \n \t \0 \\ \xHH \c, and {N*text} for repetition, in which \n
 * ends a line; {host}, {peer}, {msgid} and so on are the session's.
 */
#ifndef RUNTIME_SMTP_TESTS_TRANSCRIPT_H
#define RUNTIME_SMTP_TESTS_TRANSCRIPT_H

#include "runtime/base/arena.h"

enum transcript_kind {
	TRANSCRIPT_CLIENT,
	TRANSCRIPT_SERVER,
	TRANSCRIPT_TLS,
	TRANSCRIPT_CLOSE,
	TRANSCRIPT_MESSAGE,
};

struct transcript_step {
	enum transcript_kind kind;
	unsigned line;
	struct str text; /* bytes, line ends included */
	struct transcript_step *next;
};

struct transcript_case {
	struct str name;
	struct str listener; /* its words */
	struct transcript_step *steps;
	struct transcript_case *next;
};

struct transcript_value {
	const char *name; /* "{host}" */
	const char *text;
};

/* Fails the test where the file is none. values end in a NULL name. */
struct transcript_case *transcript_read(struct arena *arena, const char *path,
    const struct transcript_value *values);

/* Whether word is among the words; of "size=", the number behind it. */
bool transcript_has_word(struct str words, const char *word,
    unsigned long *number_r);

#endif
