/*
 * Codec of the messages, made of the same lists as the structs.
 *
 *     type  number  length | field field ...
 *     u32   u32     u32    | FLAG: u8  U32: u32  U64: u64  TEXT: u32, bytes
 *
 * The length counts the fields alone and must be all that follows.
 */
#include "runtime/proc/message.h"

enum { MESSAGE_HEADER = 3 * sizeof(uint32_t) };

/* Bytes. */

/* A failure sticks: what follows is not written. */
struct message_out {
	uint8_t *next;
	size_t room;
	bool is_full;
};

static void
message_put(struct message_out *out, const void *data, size_t size)
{
	if (out->is_full || size > out->room) {
		out->is_full = true;
		return;
	}
	if (size > 0)
		memcpy(out->next, data, size);
	out->next += size;
	out->room -= size;
}

static void
message_put_text(struct message_out *out, struct str text)
{
	message_put(out, &text.len, sizeof(text.len));
	message_put(out, text.ptr, text.len);
}

/* A failure sticks: what follows is zero. */
struct message_in {
	const uint8_t *next;
	size_t left;
	bool is_wrong;
};

static void
message_get(struct message_in *in, void *data, size_t size)
{
	if (in->is_wrong || size > in->left) {
		in->is_wrong = true;
		memset(data, 0, size);
		return;
	}
	memcpy(data, in->next, size);
	in->next += size;
	in->left -= size;
}

static bool
message_get_flag(struct message_in *in)
{
	uint8_t byte;

	message_get(in, &byte, sizeof(byte));
	if (byte > 1)
		in->is_wrong = true;
	return byte == 1;
}

static struct str
message_get_text(struct message_in *in)
{
	struct str text = { (const char *)in->next, 0 };
	uint32_t len;

	message_get(in, &len, sizeof(len));
	if (in->is_wrong || len > in->left) {
		in->is_wrong = true;
		return text;
	}
	text.ptr = (const char *)in->next;
	text.len = len;
	in->next += len;
	in->left -= len;
	return text;
}

/* Fields of each type. */

#define PUT_FLAG(name)  message_put(out, &(uint8_t){ fields->name ? 1 : 0 }, 1);
#define PUT_U32(name)   message_put(out, &fields->name, sizeof(uint32_t));
#define PUT_U64(name)   message_put(out, &fields->name, sizeof(uint64_t));
#define PUT_TEXT(name)  message_put_text(out, fields->name);
#define PUT(type, name) PUT_##type(name)
#define PUT_FIELDS(ID, id) \
	static void message_put_##id(struct message_out *out, \
	    const struct message_##id *fields) \
	{ \
		FIELDS_##ID(PUT) \
	}
MESSAGES(PUT_FIELDS)

#define GET_FLAG(name)  fields->name = message_get_flag(in);
#define GET_U32(name)   message_get(in, &fields->name, sizeof(uint32_t));
#define GET_U64(name)   message_get(in, &fields->name, sizeof(uint64_t));
#define GET_TEXT(name)  fields->name = message_get_text(in);
#define GET(type, name) GET_##type(name)
#define GET_FIELDS(ID, id) \
	static void message_get_##id(struct message_in *in, \
	    struct message_##id *fields) \
	{ \
		FIELDS_##ID(GET) \
	}
MESSAGES(GET_FIELDS)

static void
message_put_fields(struct message_out *out, const struct message *message)
{
	switch (message->type) {
#define PUT_CASE(ID, id) \
	case MESSAGE_##ID: \
		message_put_##id(out, &message->id); \
		break;
		MESSAGES(PUT_CASE)
#undef PUT_CASE
	case MESSAGE_TYPES:
		out->is_full = true;
	}
}

static void
message_get_fields(struct message_in *in, struct message *message)
{
	switch (message->type) {
#define GET_CASE(ID, id) \
	case MESSAGE_##ID: \
		message_get_##id(in, &message->id); \
		break;
		MESSAGES(GET_CASE)
#undef GET_CASE
	case MESSAGE_TYPES:
		in->is_wrong = true;
	}
}

/* Messages. */

size_t
message_write(const struct message *message, uint8_t *buf, size_t room)
{
	struct message_out out = { buf, room, false };
	uint32_t header[3] = { message->type, message->number, 0 };
	size_t size;

	if (out.room > MESSAGE_MAX)
		out.room = MESSAGE_MAX;
	message_put(&out, header, sizeof(header));
	message_put_fields(&out, message);
	if (out.is_full)
		return 0;
	size = (size_t)(out.next - buf);
	header[2] = (uint32_t)(size - MESSAGE_HEADER);
	memcpy(buf, header, sizeof(header));
	return size;
}

bool
message_read(const uint8_t *buf, size_t len, struct message *message_r)
{
	struct message_in in = { buf, len, len > MESSAGE_MAX };
	uint32_t header[3];

	message_get(&in, header, sizeof(header));
	if (in.is_wrong || header[0] >= MESSAGE_TYPES || header[2] != in.left)
		return false;
	message_r->type = (enum message_type)header[0];
	message_r->number = header[1];
	message_r->fd = -1;
	message_get_fields(&in, message_r);
	return !in.is_wrong && in.left == 0;
}

const char *
message_name(enum message_type type)
{
	static const char *const names[] = {
#define MESSAGE_NAME(ID, id) [MESSAGE_##ID] = #ID,
		MESSAGES(MESSAGE_NAME)
#undef MESSAGE_NAME
	};

	return type < MESSAGE_TYPES ? names[type] : "unknown";
}

enum message_type
message_answer(enum message_type type)
{
	static const struct {
		enum message_type request, answer;
	} pairs[] = {
#define MESSAGE_PAIR(REQUEST, ANSWER) { MESSAGE_##REQUEST, MESSAGE_##ANSWER },
		MESSAGE_ANSWERS(MESSAGE_PAIR)
#undef MESSAGE_PAIR
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].request == type)
			return pairs[i].answer;
	return MESSAGE_TYPES;
}
