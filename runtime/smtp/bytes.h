/*
 * A queue of bytes with a limit: appended at the end, taken from the front.
 * Holds no memory while it is empty, so that an idle session costs nothing.
 */
#ifndef RUNTIME_SMTP_BYTES_H
#define RUNTIME_SMTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: empty. */
struct bytes {
	char *memory;
	size_t begin; /* of what is held, in memory */
	size_t len;
	size_t room;
};

/* False, and nothing is appended: over limit bytes in all, or no memory. */
bool bytes_append(struct bytes *bytes, const char *data, size_t len,
    size_t limit);

/* Valid until the next call of another function. */
const char *bytes_front(const struct bytes *bytes);

/* Drops bytes from the front; len is at most what is held. */
void bytes_take(struct bytes *bytes, size_t len);

void bytes_fini(struct bytes *bytes);

#endif
