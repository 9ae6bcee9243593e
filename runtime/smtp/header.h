/*
 * What happens to the header of a message on its way in: Bcc goes, addresses
 * without domain in To, Cc and From are completed, From is replaced for
 * masquerading senders, Received fields are counted, Date and Message-ID
 * added where they are missed. Takes the message line by line and hands on
 * its bytes, lines ending in LF. Of the body nothing is changed.
 */
#ifndef RUNTIME_SMTP_HEADER_H
#define RUNTIME_SMTP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/smtp/bytes.h"
#include "runtime/smtp/mailboxes.h"

#define HEADER_NAME_MAX     1023
#define HEADER_FIELD_MAX    (64 * 1024) /* of an address field */
#define HEADER_RECEIVED_MAX 100         /* as many are a loop */

enum header_status {
	HEADER_OK,
	HEADER_MALFORMED,
	HEADER_LOOP,
	HEADER_NOT_WRITTEN, /* or no memory */
};

struct header_options {
	struct str domain;     /* completes addresses */
	struct str masquerade; /* address for From; empty: as it is */
	struct str date;       /* field bodies, if missed; empty: never */
	struct str message_id;
	mailboxes_write_fn *write;
	void *arg;
};

/* Members are private. */
struct header {
	const struct header_options *options;
	struct bytes field; /* of To, Cc or From, so far */
	uint32_t name_len;  /* of that field, with the colon */
	bool is_from;
	bool is_body;
	bool is_dropping; /* continuations too */
	bool has_field;   /* one has begun */
	bool has_date;
	bool has_message_id;
	unsigned received;
};

/* options must outlive it. */
void header_init(struct header *header, const struct header_options *options);
void header_fini(struct header *header);

/* A line without its end. Not to be called again after a failure. */
enum header_status header_line(struct header *header, struct str line);

/* Behind the last line. */
enum header_status header_end(struct header *header);

#endif
