/*
 * Fuzzes envelope files: what is read can be written, unless a value has a
 * CR, and is then read as the same.
 */
#include <assert.h>

#include "runtime/queue/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_compare(const struct envelope *a, const struct envelope *b)
{
	assert(a->type == b->type && a->flags == b->flags);
	assert(a->ctime == b->ctime && a->retry == b->retry);
	assert(str_eq(a->dispatcher, b->dispatcher));
	assert(str_eq(a->sender, b->sender) && str_eq(a->rcpt, b->rcpt));
	assert(str_eq(a->dest, b->dest) && str_eq(a->username, b->username));
	assert(str_eq(a->mda_exec, b->mda_exec));
	assert(str_eq(a->mda_user, b->mda_user));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, (uint32_t)size }, field;
	char buf[ENVELOPE_TEXT_MAX];
	struct envelope envelope, again;
	size_t len;

	if (size > UINT32_MAX || envelope_read(text, &envelope, &field) != 0)
		return 0;
	/* Conversion of old ones is not the writer's. */
	if (envelope.version != ENVELOPE_VERSION)
		return 0;
	len = envelope_write(&envelope, buf, sizeof(buf));
	if (len == 0) {
		assert(memchr(data, '\r', size) != NULL);
		return 0;
	}
	text = (struct str){ buf, (uint32_t)len };
	assert(envelope_read(text, &again, &field) == ENVELOPE_OK);
	fuzz_compare(&envelope, &again);
	return 0;
}
