/*
 * The table of an envelope file's fields, of which reader and writer are
 * made.
 */
#ifndef RUNTIME_QUEUE_ENVELOPE_PRIVATE_H
#define RUNTIME_QUEUE_ENVELOPE_PRIVATE_H

#include "runtime/queue/envelope.h"

enum envelope_kind {
	ENVELOPE_NUMBER,  /* limit: the highest */
	ENVELOPE_TEXT,    /* limit: bytes */
	ENVELOPE_ADDRESS, /* with "@"; limit: bytes */
	ENVELOPE_ERRORS,  /* text for people; limit: bytes */
	ENVELOPE_SOCKADDR,
	ENVELOPE_WORD,  /* one of words; limit: how many */
	ENVELOPE_FLAGS, /* some of words; limit: how many */
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

/* In the order in which they are written. */
extern const struct envelope_field envelope_table[];
extern const size_t envelope_fields;

/* Where a field's value is. */
uint64_t *envelope_number(struct envelope *envelope,
    const struct envelope_field *field);
struct str *envelope_text(struct envelope *envelope,
    const struct envelope_field *field);

/* Whether a field of this type of envelope may have a value. */
bool envelope_has(const struct envelope *envelope,
    const struct envelope_field *field);

/* Cuts what stands before the first of the separators, and it. */
struct str envelope_cut(struct str *rest, const char *separators);

#endif
