/*
 * The protocol of table programs, version 0.1 of OpenSMTPD 7.6 and later:
 * lines of fields, "|" between them. Writes what is sent and reads what
 * comes, one line at a time; knows no socket and keeps nothing.
 *
 *	config|protocol|0.1 ...              -->
 *	                                     <-- register|alias ...
 *	table|0.1|TIME|NAME|lookup|alias|ID|root -->
 *	                                     <-- lookup-result|ID|found|joe
 */
#ifndef RUNTIME_LOOKUP_TABLEPROTO_H
#define RUNTIME_LOOKUP_TABLEPROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include "runtime/base/service.h"
#include "runtime/base/str.h"

/* Of lines, with the end. */
#define TABLEPROTO_LINE_MAX    (64u * 1024) /* that a program may send */
#define TABLEPROTO_REQUEST_MAX 4096u

/* Services are those of enum service, by their numbers, and these. */
enum {
	TABLEPROTO_AUTH = SERVICE_COUNT, /* "user:password", existence */
	TABLEPROTO_SOURCE,               /* an address to connect from */
	TABLEPROTO_SERVICES
};

/* Of a set, a bit each, as programs register them: "alias, domain". */
const char *tableproto_service_names(unsigned services, const char *between,
    char *buf, size_t room);

enum tableproto_op {
	TABLEPROTO_UPDATE, /* read again what the answers come from */
	TABLEPROTO_CHECK,  /* does the key exist? */
	TABLEPROTO_LOOKUP, /* its value */
	TABLEPROTO_FETCH,  /* the next value */
};

/* Without a value. */
const char *tableproto_op_name(enum tableproto_op op);

struct tableproto_request {
	enum tableproto_op op;
	unsigned service; /* not of UPDATE */
	uint32_t id;
	struct timeval time;
	struct str table;
	struct str key; /* of CHECK and LOOKUP, see tableproto_write */
};

/* Whether it can stand between two "|". */
bool tableproto_is_name(struct str name);

/*
 * The lines that begin a conversation, or 0: they do not fit into room, or
 * the name is none. Returns bytes; no NUL behind them.
 */
size_t tableproto_write_config(struct str table, char *buf, size_t room);

/*
 * A request, with its key in lower case, but for what is behind the first
 * ":" for AUTH. 0: it does not fit, or the key has a byte that ends a line.
 */
size_t tableproto_write(const struct tableproto_request *request, char *buf,
    size_t room);

/* What a program says of itself, a line without its end. */
enum tableproto_register {
	TABLEPROTO_REGISTER_SERVICE, /* *service_r */
	TABLEPROTO_REGISTER_READY,
	TABLEPROTO_REGISTER_UNKNOWN, /* a service that there is not */
	TABLEPROTO_REGISTER_BAD,     /* another line */
};

enum tableproto_register tableproto_read_register(struct str line,
    unsigned *service_r);

enum tableproto_result {
	TABLEPROTO_FOUND, /* or updated */
	TABLEPROTO_NOT_FOUND,
	TABLEPROTO_ERROR,
	TABLEPROTO_BAD, /* not an answer to this request */
};

/*
 * An answer to the request of that kind and id, a line without its end.
 * *text_r: the value, never empty, of LOOKUP and FETCH; the message, which
 * may be empty, of an ERROR; else empty. Points into line.
 */
enum tableproto_result tableproto_read(struct str line, enum tableproto_op op,
    uint32_t id, struct str *text_r);

#endif
