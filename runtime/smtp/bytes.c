/*
 * A block that doubles; what it holds moves to its beginning when the end is
 * reached.
 */
#include "runtime/smtp/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	BYTES_ROOM_MIN = 512,
};

static bool
bytes_grow(struct bytes *bytes, size_t needed)
{
	size_t room = bytes->room == 0 ? BYTES_ROOM_MIN : bytes->room;
	char *memory;

	while (room < needed)
		room *= 2;
	memory = malloc(room);
	if (memory == NULL)
		return false;
	if (bytes->len > 0)
		memcpy(memory, bytes_front(bytes), bytes->len);
	free(bytes->memory);
	bytes->memory = memory;
	bytes->begin = 0;
	bytes->room = room;
	return true;
}

bool
bytes_append(struct bytes *bytes, const char *data, size_t len, size_t limit)
{
	if (len == 0)
		return true;
	if (bytes->len > limit || len > limit - bytes->len)
		return false;
	if (bytes->len + len > bytes->room) {
		if (!bytes_grow(bytes, bytes->len + len))
			return false;
	} else if (bytes->begin + bytes->len + len > bytes->room) {
		memmove(bytes->memory, bytes_front(bytes), bytes->len);
		bytes->begin = 0;
	}
	memcpy(bytes->memory + bytes->begin + bytes->len, data, len);
	bytes->len += len;
	return true;
}

const char *
bytes_front(const struct bytes *bytes)
{
	return bytes->len > 0 ? bytes->memory + bytes->begin : "";
}

void
bytes_take(struct bytes *bytes, size_t len)
{
	assert(len <= bytes->len);
	bytes->begin += len;
	bytes->len -= len;
	if (bytes->len == 0)
		bytes_fini(bytes);
}

void
bytes_fini(struct bytes *bytes)
{
	free(bytes->memory);
	*bytes = (struct bytes){ .memory = NULL };
}
