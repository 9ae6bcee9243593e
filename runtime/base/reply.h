/*
 * Reply texts of filters (reject and disconnect). The daemon does not
 * check them when it reads the config; at run time it answers an invalid
 * one with "421 Internal server error".
 */
#ifndef RUNTIME_BASE_REPLY_H
#define RUNTIME_BASE_REPLY_H

#include "runtime/base/str.h"

enum reply_status {
	REPLY_OK,
	REPLY_CODE_SYNTAX,
	REPLY_CODE_RANGE,
	REPLY_NO_SPACE,
	REPLY_NO_TEXT,
	REPLY_UNPRINTABLE,
	REPLY_STATUS_COUNT
};

/*
 * Three digits that begin with 4 or 5, a space, at least one more byte;
 * behind the space only what RFC 5321 4.2 lets a reply hold: printable
 * ASCII and tabs.
 */
enum reply_status reply_check(struct str text);

/* One clause for a message, without full stop. */
const char *reply_status_text(enum reply_status status);

#endif
