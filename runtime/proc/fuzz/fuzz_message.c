/*
 * Fuzzes the reader of messages with bytes as they come and, as the fields
 * of every type, behind a valid header: what it takes is written back to the
 * same bytes.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/proc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A valid header for the fields that are the input, of each type in turn. */
static void
fuzz_read_fields(uint32_t type, const uint8_t *fields, size_t size)
{
	static uint8_t in[MESSAGE_MAX], out[MESSAGE_MAX];
	uint32_t header[3] = { type, 1, (uint32_t)size };
	struct message message;
	size_t len = sizeof(header) + size;

	if (len > sizeof(in))
		return;
	memcpy(in, header, sizeof(header));
	memcpy(in + sizeof(header), fields, size);
	if (!message_read(in, len, &message))
		return;
	assert(message.fd == -1 && message.type == type);
	assert(message_write(&message, out, sizeof(out)) == len);
	assert(memcmp(in, out, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;

	if (message_read(data, size, &message))
		assert(message.type < MESSAGE_TYPES);
	for (uint32_t type = 0; type < MESSAGE_TYPES; type++)
		fuzz_read_fields(type, data, size);
	return 0;
}
