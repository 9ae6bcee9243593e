/*
 * The entry to the printers and what they share: positions, notes, and
 * the escaping of bytes that come from a config. Knows no format.
 */
#include "grammar/render.h"

#include <stdlib.h>
#include <unistd.h>

#include "grammar/render_private.h"

bool
render_diags(FILE *out, const struct diag_list *list,
    const struct render_options *options)
{
	bool complete = true;

	switch (options->format) {
	case RENDER_TEXT:
		render_text(out, list, options);
		break;
	case RENDER_JSON:
		complete = render_json(out, list);
		break;
	case RENDER_SARIF:
		complete = render_sarif(out, list, options);
		break;
	case RENDER_GITHUB:
		render_github(out, list);
		break;
	}
	return fflush(out) == 0 && !ferror(out) && complete;
}

bool
render_wants_color(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color != NULL && no_color[0] != '\0')
		return false;
	if (term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(out)) == 1;
}

bool
render_locate(const struct source_map *map, struct srcpos pos,
    struct render_span *span_r)
{
	const struct source_file *file;
	uint32_t end = pos.end, last;

	if (!source_locate(map, pos.begin, &span_r->begin))
		return false;
	file = span_r->begin.file;
	last = file->base + file->len;
	if (end < pos.begin)
		end = pos.begin;
	if (end > last)
		end = last;
	return source_locate(map, end, &span_r->end);
}

const struct diag_note *
render_notes(const struct diag_list *list, const struct diag *diag,
    struct diag_note *storage)
{
	const struct source_expansion *expansion = NULL;
	struct str name;

	if (!srcpos_is_none(diag->pos))
		expansion = source_expansion_at(list->map, diag->pos);
	if (expansion == NULL)
		return diag->notes;
	name = source_text(list->map, expansion->defined_at);
	*storage = (struct diag_note){
		.pos = expansion->defined_at,
		.text = arena_printf(list->arena,
		    "in the expansion of "
		    "macro '%.*s', defined here",
		    STR_ARG(name)),
		.next = diag->notes,
	};
	return storage;
}

unsigned
render_utf8_size(const char *s, size_t left)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned size = 0;

	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xf4)
		size = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (size == 0 || size > left)
		return 0;
	for (unsigned i = 1; i < size; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what is beyond U+10FFFF. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return size;
}

/* The code point of a valid character. */
static uint32_t
render_utf8_decode(const char *s, unsigned size)
{
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t point = (unsigned char)s[0] & lead[size];

	for (unsigned i = 1; i < size; i++)
		point = point << 6 | ((unsigned char)s[i] & 0x3f);
	return point;
}

/*
 * C0, DEL and C1 move the cursor or start an escape sequence; the others
 * make a terminal show a line in another order than it is read in.
 */
static bool
render_is_unsafe(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
	    point == 0x061c || point == 0x200e || point == 0x200f ||
	    (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069);
}

void
render_unit_next(const char *s, size_t left, struct render_unit *unit_r)
{
	static const char digits[] = "0123456789abcdef";
	unsigned size = render_utf8_size(s, left);
	char *text = unit_r->text;

	unit_r->bytes = size == 0 ? 1 : size;
	if (size > 0 && !render_is_unsafe(render_utf8_decode(s, size))) {
		memcpy(text, s, size);
		unit_r->len = size;
		unit_r->columns = 1;
		return;
	}
	for (unsigned i = 0; i < unit_r->bytes; i++) {
		unsigned char byte = (unsigned char)s[i];

		*text++ = '\\';
		*text++ = 'x';
		*text++ = digits[byte >> 4];
		*text++ = digits[byte & 15];
	}
	unit_r->len = unit_r->bytes * 4;
	unit_r->columns = unit_r->len;
}

void
render_escaped(FILE *out, struct str s)
{
	struct render_unit unit;

	for (uint32_t at = 0; at < s.len; at += unit.bytes) {
		render_unit_next(s.ptr + at, s.len - at, &unit);
		fwrite(unit.text, 1, unit.len, out);
	}
}
