/*
 * Reader of table files, each byte looked at a bounded number of times.
 * Both rules for keys and values are those of OpenSMTPD's own reader.
 */
#include "runtime/table/tablefile.h"

/* isspace(3) of the C locale, which is what the daemon runs in. */
static bool
tablefile_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
tablefile_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct str
tablefile_skip(struct str s, uint32_t n)
{
	return (struct str){ s.ptr + n, s.len - n };
}

static struct str
tablefile_skip_space(struct str s)
{
	while (s.len > 0 && tablefile_is_space(s.ptr[0]))
		s = tablefile_skip(s, 1);
	return s;
}

/* The next line, trimmed; false at the end of the text. */
static bool
tablefile_read_line(struct tablefile *file, struct str *line_r)
{
	const char *end;
	uint32_t len;

	if (file->rest.len == 0)
		return false;
	end = memchr(file->rest.ptr, '\n', file->rest.len);
	len = end != NULL ? (uint32_t)(end - file->rest.ptr) : file->rest.len;
	*line_r = tablefile_skip_space((struct str){ file->rest.ptr, len });
	while (line_r->len > 0 &&
	    tablefile_is_space(line_r->ptr[line_r->len - 1]))
		line_r->len--;
	file->rest = tablefile_skip(file->rest, len + (end != NULL));
	file->line++;
	return true;
}

/* Length of the key that a line begins with; false where ']' is missing. */
static bool
tablefile_key_len(const struct tablefile *file, struct str line,
    uint32_t *len_r)
{
	const char *bracket;
	uint32_t len = 0;

	if (file->key_brackets && line.ptr[0] == '[') {
		bracket = memchr(line.ptr, ']', line.len);
		if (bracket == NULL)
			return false;
		len = (uint32_t)(bracket - line.ptr) + 1;
	} else {
		while (len < line.len && line.ptr[len] != ':' &&
		    !tablefile_is_blank(line.ptr[len]))
			len++;
	}
	*len_r = len;
	return true;
}

/* The value in what follows a key: the separator and the rest. */
static struct str
tablefile_value(const struct tablefile *file, struct str s)
{
	if (s.len > 0)
		s = tablefile_skip(s, 1);
	if (file->key_brackets) {
		while (s.len > 0 && tablefile_is_blank(s.ptr[0]))
			s = tablefile_skip(s, 1);
		return s;
	}
	while (s.len > 0 &&
	    (tablefile_is_space(s.ptr[0]) ||
		(s.ptr[0] == ':' && s.len > 1 && tablefile_is_space(s.ptr[1]))))
		s = tablefile_skip(s, 1);
	return s;
}

static enum tablefile_error
tablefile_split(const struct tablefile *file, struct str line,
    struct tablefile_entry *entry)
{
	uint32_t len;

	entry->key = line;
	if (memchr(line.ptr, '\0', line.len) != NULL)
		return TABLEFILE_NUL;
	if (!tablefile_key_len(file, line, &len))
		return TABLEFILE_NO_BRACKET;
	if (file->kind == TABLEFILE_MAPPING) {
		entry->key.len = len;
		entry->value = tablefile_value(file, tablefile_skip(line, len));
		if (entry->value.len == 0)
			return TABLEFILE_NO_VALUE;
	}
	return entry->key.len > TABLEFILE_KEY_MAX ? TABLEFILE_LONG_KEY :
						    TABLEFILE_OK;
}

/* Reads on to the first entry that tells. */
static enum tablefile_kind
tablefile_detect(struct tablefile ahead)
{
	struct str line;
	uint32_t len;

	while (tablefile_read_line(&ahead, &line)) {
		if (line.len == 0)
			continue;
		if (line.ptr[0] != '#') {
			if (!tablefile_key_len(&ahead, line, &len))
				continue;
			return len == line.len ? TABLEFILE_LIST :
						 TABLEFILE_MAPPING;
		}
		line = tablefile_skip_space(tablefile_skip(line, 1));
		if (str_is(line, "@list"))
			return TABLEFILE_LIST;
	}
	return TABLEFILE_MAPPING;
}

void
tablefile_init(struct tablefile *file, struct str text,
    const struct tablefile_options *options)
{
	*file = (struct tablefile){
		.rest = text,
		.key_brackets = options->key_brackets,
	};
	file->kind = tablefile_detect(*file);
}

enum tablefile_kind
tablefile_kind(const struct tablefile *file)
{
	return file->kind;
}

bool
tablefile_next(struct tablefile *file, struct tablefile_entry *entry_r)
{
	struct str line;

	do {
		if (!tablefile_read_line(file, &line))
			return false;
	} while (line.len == 0 || line.ptr[0] == '#');
	*entry_r = (struct tablefile_entry){ .line = file->line };
	entry_r->error = tablefile_split(file, line, entry_r);
	return true;
}

const char *
tablefile_error_text(enum tablefile_error error)
{
	switch (error) {
	case TABLEFILE_NO_VALUE:
		return "key without a value";
	case TABLEFILE_NO_BRACKET:
		return "'[' without ']'";
	case TABLEFILE_LONG_KEY:
		return "key longer than 1023 bytes";
	case TABLEFILE_NUL:
		return "NUL byte in a line";
	case TABLEFILE_OK:
		break;
	}
	return NULL;
}
