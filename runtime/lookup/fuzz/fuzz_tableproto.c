/*
 * Fuzzes the reader of what table programs say, line by line: services, and
 * answers to every kind of request. What is given out lies in the line.
 */
#include <assert.h>
#include <string.h>

#include "runtime/lookup/tableproto.h"

enum { FUZZ_ID = 0x12ab };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_line(struct str line)
{
	unsigned service = TABLEPROTO_SERVICES;

	if (tableproto_read_register(line, &service) ==
	    TABLEPROTO_REGISTER_SERVICE)
		assert(service < TABLEPROTO_SERVICES);
	for (unsigned op = TABLEPROTO_UPDATE; op <= TABLEPROTO_FETCH; op++) {
		bool has_value = op == TABLEPROTO_LOOKUP ||
		    op == TABLEPROTO_FETCH;
		struct str text;
		enum tableproto_result result = tableproto_read(line,
		    (enum tableproto_op)op, FUZZ_ID, &text);

		assert(text.len == 0 ||
		    (text.ptr >= line.ptr &&
			text.ptr + text.len == line.ptr + line.len));
		if (result == TABLEPROTO_FOUND)
			assert((text.len > 0) == has_value);
		else if (result != TABLEPROTO_ERROR)
			assert(text.len == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, (uint32_t)size };

	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		struct str line = rest;

		if (end != NULL)
			line.len = (uint32_t)(end - rest.ptr);
		fuzz_line(line);
		rest.ptr += line.len + (end != NULL);
		rest.len -= line.len + (end != NULL);
	}
	return 0;
}
