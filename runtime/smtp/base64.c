/*
 * Four characters to three bytes. Bits behind the last byte must be zero, so
 * that every byte string has one spelling.
 */
#include "runtime/smtp/base64.h"

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Up to three bytes of a group; 0 where it is none. */
static unsigned
base64_group(const char *group, unsigned padding, unsigned char bytes_r[3])
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4; i++) {
		int value = i < 4 - padding ? base64_value(group[i]) : 0;

		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
	}
	if ((padding == 1 && (bits & 0xff) != 0) ||
	    (padding == 2 && (bits & 0xffff) != 0))
		return 0;
	bytes_r[0] = (unsigned char)(bits >> 16);
	bytes_r[1] = (unsigned char)(bits >> 8);
	bytes_r[2] = (unsigned char)bits;
	return 3 - padding;
}

bool
base64_decode(struct str text, char *out, size_t room, uint32_t *len_r)
{
	size_t len = 0;

	if (text.len % 4 != 0)
		return false;
	for (uint32_t i = 0; i < text.len; i += 4) {
		unsigned char bytes[3];
		unsigned padding = 0, count;

		if (i + 4 == text.len && text.ptr[i + 3] == '=')
			padding = text.ptr[i + 2] == '=' ? 2 : 1;
		count = base64_group(text.ptr + i, padding, bytes);
		if (count == 0 || count > room - len)
			return false;
		memcpy(out + len, bytes, count);
		len += count;
	}
	*len_r = (uint32_t)len;
	return true;
}
