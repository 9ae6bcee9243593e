/*
 * Reading transcripts.
 */
#include "runtime/smtp/tests/transcript.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRANSCRIPT_FILE_MAX = 1024 * 1024, TRANSCRIPT_TEXT_MAX = 512 * 1024 };

struct transcript_text {
	char *bytes;
	size_t len;
};

static void
transcript_put(struct transcript_text *text, const char *bytes, size_t len)
{
	cr_assert(text->len + len <= TRANSCRIPT_TEXT_MAX);
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static struct str
transcript_read_file(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = arena_bytes(arena, TRANSCRIPT_FILE_MAX);
	size_t len;

	cr_assert_neq(file, NULL, "%s", path);
	len = fread(text, 1, TRANSCRIPT_FILE_MAX, file);
	cr_assert_lt(len, (size_t)TRANSCRIPT_FILE_MAX, "%s", path);
	fclose(file);
	return (struct str){ text, (uint32_t)len };
}

/* "{10*text}" at the beginning of rest; bytes used, 0: it is none. */
static size_t
transcript_repeat(struct str rest, struct transcript_text *text,
    const char *line_end)
{
	const char *end = memchr(rest.ptr, '}', rest.len);
	size_t line_len = strlen(line_end);
	const char *star = memchr(rest.ptr, '*', rest.len);
	unsigned long count;

	if (end == NULL || star == NULL || star > end ||
	    !str_is_digit(rest.ptr[1]))
		return 0;
	count = strtoul(rest.ptr + 1, NULL, 10);
	for (unsigned long i = 0; i < count; i++)
		for (const char *p = star + 1; p < end; p++) {
			bool is_end = p[0] == '\\' && p[1] == 'n';

			transcript_put(text, is_end ? line_end : p,
			    is_end ? line_len : 1);
			p += is_end;
		}
	return (size_t)(end + 1 - rest.ptr);
}

static size_t
transcript_escape(struct str rest, struct transcript_text *text)
{
	static const char escapes[] = "r\rn\nt\t0\0\\\\";
	char byte, hex[3] = "";

	cr_assert_geq(rest.len, 2u);
	if (rest.ptr[1] == 'x') {
		memcpy(hex, rest.ptr + 2, 2);
		byte = (char)strtoul(hex, NULL, 16);
		transcript_put(text, &byte, 1);
		return 4;
	}
	for (size_t i = 0; i < sizeof(escapes) - 1; i += 2)
		if (escapes[i] == rest.ptr[1]) {
			transcript_put(text, &escapes[i + 1], 1);
			return 2;
		}
	cr_assert_fail("escape \\%c", rest.ptr[1]);
	return 0;
}

static size_t
transcript_value(struct str rest, struct transcript_text *text,
    const struct transcript_value *values)
{
	for (; values->name != NULL; values++)
		if (str_has_prefix(rest, values->name)) {
			transcript_put(text, values->text,
			    strlen(values->text));
			return strlen(values->name);
		}
	return 0;
}

/* What stands on a line, with end at its end, unless that is \c. */
static struct str
transcript_expand(struct arena *arena, struct str line, const char *end,
    const struct transcript_value *values)
{
	struct transcript_text text = { malloc(TRANSCRIPT_TEXT_MAX), 0 };
	struct str result;

	cr_assert_neq(text.bytes, NULL);
	while (line.len > 0 && !str_is(line, "\\c")) {
		size_t used = 0;

		if (line.ptr[0] == '\\')
			used = transcript_escape(line, &text);
		else if (line.ptr[0] == '{')
			used = transcript_repeat(line, &text, end);
		if (used == 0 && line.ptr[0] == '{')
			used = transcript_value(line, &text, values);
		if (used == 0) {
			transcript_put(&text, line.ptr, 1);
			used = 1;
		}
		line.ptr += used;
		line.len -= (uint32_t)used;
	}
	if (line.len == 0)
		transcript_put(&text, end, strlen(end));
	result = arena_copy(arena,
	    (struct str){ text.bytes, (uint32_t)text.len });
	free(text.bytes);
	return result;
}

static struct transcript_step *
transcript_read_step(struct arena *arena, struct str line,
    const struct transcript_value *values)
{
	static const struct {
		char letter;
		enum transcript_kind kind;
		const char *end;
	} kinds[] = {
		{ 'C', TRANSCRIPT_CLIENT, "\r\n" },
		{ 'S', TRANSCRIPT_SERVER, "\r\n" },
		{ 'T', TRANSCRIPT_TLS, "" },
		{ 'X', TRANSCRIPT_CLOSE, "" },
		{ 'M', TRANSCRIPT_MESSAGE, "\n" },
	};
	struct transcript_step *step = ARENA_NEW(arena, struct transcript_step);
	struct str rest = { line.ptr + 2, line.len - 2 };

	if (rest.len > 0)
		rest = (struct str){ rest.ptr + 1, rest.len - 1 };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].letter == line.ptr[0]) {
			step->kind = kinds[i].kind;
			step->text = transcript_expand(arena, rest,
			    kinds[i].end, values);
			return step;
		}
	cr_assert_fail("no step: %.*s", STR_ARG(line));
	return NULL;
}

static struct str
transcript_next_line(struct str *rest)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	struct str line = *rest;

	cr_assert_neq(end, NULL, "the last line has no end");
	line.len = (uint32_t)(end - rest->ptr);
	rest->ptr += line.len + 1;
	rest->len -= line.len + 1;
	return line;
}

struct transcript_case *
transcript_read(struct arena *arena, const char *path,
    const struct transcript_value *values)
{
	struct str rest = transcript_read_file(arena, path), line;
	struct str listener = STR_LIT("");
	struct transcript_case *first = NULL, **end = &first, *last = NULL;
	struct transcript_step **steps_end = NULL;

	for (unsigned number = 1; rest.len > 0; number++) {
		line = transcript_next_line(&rest);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (str_has_prefix(line, "listener")) {
			listener = line;
		} else if (str_has_prefix(line, "== ")) {
			last = ARENA_NEW(arena, struct transcript_case);
			last->name = (struct str){ line.ptr + 3, line.len - 3 };
			last->listener = listener;
			steps_end = &last->steps;
			*end = last;
			end = &last->next;
		} else {
			cr_assert(steps_end != NULL && line.len > 1 &&
				line.ptr[1] == ':',
			    "%s:%u", path, number);
			*steps_end = transcript_read_step(arena, line, values);
			(*steps_end)->line = number;
			steps_end = &(*steps_end)->next;
		}
	}
	return first;
}

bool
transcript_has_word(struct str words, const char *word, unsigned long *number_r)
{
	uint32_t len = (uint32_t)strlen(word);

	for (uint32_t i = 1; i + len <= words.len; i++) {
		bool ends = i + len == words.len || words.ptr[i + len] == ' ' ||
		    word[len - 1] == '=';

		if (words.ptr[i - 1] != ' ' || !ends ||
		    memcmp(words.ptr + i, word, len) != 0)
			continue;
		if (number_r != NULL)
			*number_r = strtoul(words.ptr + i + len, NULL, 10);
		return true;
	}
	return false;
}
