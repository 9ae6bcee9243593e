/*
 * The codec: what is written is read again, all else is no message.
 */
#include "runtime/proc/message.h"

#include <criterion/criterion.h>

static uint8_t test_buf[MESSAGE_MAX];

/* A field's value says where it stands, so that none can take another's. */
static void
test_fill(struct message *message, enum message_type type)
{
	static const char text[] = "text, \0 and \n";
	uint32_t n = 0;

	memset(message, 0, sizeof(*message));
	message->type = type;
	message->number = 0x7abbccdd;
	message->fd = -1;
#define FILL_FLAG(name)  fields->name = (++n & 1) != 0;
#define FILL_U32(name)   fields->name = 0x80000000u + ++n;
#define FILL_U64(name)   fields->name = 0x8000000000000000u + ++n;
#define FILL_TEXT(name)  fields->name = (struct str){ text, 5 + ++n };
#define FILL(kind, name) FILL_##kind(name)
#define FILL_CASE(ID, id) \
	case MESSAGE_##ID: { \
		struct message_##id *fields = &message->id; \
		FIELDS_##ID(FILL) break; \
	}
	switch (type) {
		MESSAGES(FILL_CASE)
	case MESSAGE_TYPES:
		break;
	}
}

static void
test_compare(const struct message *a, const struct message *b)
{
	bool is_same = a->type == b->type && a->number == b->number;

#define SAME_FLAG(name)  is_same = is_same && x->name == y->name;
#define SAME_U32(name)   SAME_FLAG(name)
#define SAME_U64(name)   SAME_FLAG(name)
#define SAME_TEXT(name)  is_same = is_same && str_eq(x->name, y->name);
#define SAME(kind, name) SAME_##kind(name)
#define SAME_CASE(ID, id) \
	case MESSAGE_##ID: { \
		const struct message_##id *x = &a->id, *y = &b->id; \
		FIELDS_##ID(SAME) break; \
	}
	switch (a->type) {
		MESSAGES(SAME_CASE)
	case MESSAGE_TYPES:
		break;
	}
	cr_expect(is_same, "%s", message_name(a->type));
}

Test(message, reads_what_it_wrote)
{
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		struct message message, read;
		size_t size;

		test_fill(&message, (enum message_type)type);
		size = message_write(&message, test_buf, sizeof(test_buf));
		cr_assert_gt(size, 0);
		cr_assert(message_read(test_buf, size, &read), "%s",
		    message_name(message.type));
		cr_expect_eq(read.fd, -1);
		test_compare(&message, &read);
	}
}

Test(message, refuses_every_other_length)
{
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		struct message message, read;
		size_t size;

		test_fill(&message, (enum message_type)type);
		size = message_write(&message, test_buf, sizeof(test_buf));
		for (size_t len = 0; len < size; len++)
			cr_expect_not(message_read(test_buf, len, &read));
		cr_expect_not(message_read(test_buf, size + 1, &read));
	}
}

static bool
test_reads(const void *bytes, size_t len)
{
	struct message message;

	return message_read(bytes, len, &message);
}

Test(message, refuses_unknown_types_and_flags)
{
	uint32_t header[3] = { MESSAGE_TYPES, 0, 0 };
	uint8_t result[12 + 5] = { 0 };
	uint32_t type = MESSAGE_RESULT, len = 5;

	cr_expect_not(test_reads(header, sizeof(header)));
	memcpy(result, &type, 4);
	memcpy(result + 8, &len, 4);
	cr_expect(test_reads(result, sizeof(result)));
	result[12] = 2;
	cr_expect_not(test_reads(result, sizeof(result)));
}

Test(message, refuses_texts_beyond_the_end)
{
	uint8_t result[12 + 5 + 3] = { 0 };
	uint32_t type = MESSAGE_RESULT, len = 5 + 3;
	static const uint32_t lens[] = { 0, 2, 4, 0x7fffffff, 0xffffffff };

	memcpy(result, &type, 4);
	memcpy(result + 8, &len, 4);
	memcpy(result + 13, &(uint32_t){ 3 }, 4);
	cr_expect(test_reads(result, sizeof(result)));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memcpy(result + 13, &lens[i], 4);
		cr_expect_not(test_reads(result, sizeof(result)));
	}
}

Test(message, writes_none_that_does_not_fit)
{
	static char text[MESSAGE_MAX];
	struct message message = { .type = MESSAGE_RESULT, .fd = -1 };
	uint32_t most = MESSAGE_MAX - 12 - 5;

	message.result.error = (struct str){ text, most };
	cr_expect_eq(message_write(&message, test_buf, sizeof(test_buf)),
	    MESSAGE_MAX);
	cr_expect_eq(message_write(&message, test_buf, MESSAGE_MAX - 1), 0);
	message.result.error.len++;
	cr_expect_eq(message_write(&message, test_buf, sizeof(test_buf)), 0);
}

Test(message, knows_what_answers)
{
	cr_expect_eq(message_answer(MESSAGE_LOOKUP), MESSAGE_LOOKUP_ANSWER);
	cr_expect_eq(message_answer(MESSAGE_RESULT), MESSAGE_TYPES);
	cr_expect_str_eq(message_name(MESSAGE_LOOKUP), "LOOKUP");
}
