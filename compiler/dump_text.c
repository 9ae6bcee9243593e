/*
 * Forms of text and time.
 */
#include "compiler/dump_text.h"

/* The length of the character at s, 0 where there is none. */
static uint32_t
dump_text_utf8(struct str s, uint32_t at)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)s.ptr[at];
	uint32_t len = lead < 0x80 ? 1 :
	    lead < 0xc0            ? 0 :
	    lead < 0xe0            ? 2 :
	    lead < 0xf0            ? 3 :
	    lead < 0xf8            ? 4 :
				     0;
	uint32_t rune = len > 1 ? lead & (0x7fu >> len) : lead;

	if (len == 0 || len > s.len - at)
		return 0;
	for (uint32_t i = 1; i < len; i++) {
		unsigned char byte = (unsigned char)s.ptr[at + i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		rune = rune << 6 | (byte & 0x3f);
	}
	return rune < least[len] || (rune >= 0xd800 && rune < 0xe000) ||
		rune > 0x10ffff ?
	    0 :
	    len;
}

struct str
dump_text_clean(struct arena *arena, struct str text)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t at = 0, len;
	char *to, *begin;

	while (at < text.len && (len = dump_text_utf8(text, at)) > 0)
		at += len;
	if (at == text.len)
		return text;
	to = begin = arena_bytes(arena, 4 * (size_t)text.len);
	for (at = 0; at < text.len; at += len) {
		len = dump_text_utf8(text, at);
		if (len > 0 && text.ptr[at] != '\\') {
			memcpy(to, text.ptr + at, len);
			to += len;
			continue;
		}
		*to++ = '\\';
		*to++ = len > 0 ? '\\' : 'x';
		if (len > 0)
			continue;
		len = 1;
		*to++ = digits[(unsigned char)text.ptr[at] >> 4];
		*to++ = digits[(unsigned char)text.ptr[at] & 15];
	}
	return (struct str){ begin, (uint32_t)(to - begin) };
}

int
dump_text_compare(struct str a, struct str b)
{
	uint32_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct str
dump_text_delay(struct arena *arena, uint32_t seconds)
{
	static const struct {
		uint32_t seconds;
		char name;
	} units[] = {
		{ 24 * 60 * 60, 'd' },
		{ 60 * 60, 'h' },
		{ 60, 'm' },
		{ 1, 's' },
	};
	unsigned i = 0;

	while (seconds % units[i].seconds != 0)
		i++;
	return str_from(arena_printf(arena, "%u%c", seconds / units[i].seconds,
	    units[i].name));
}
