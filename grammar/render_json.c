/*
 * One JSON object a line for each diagnostic, none left out, for editors
 * and scripts. Lines and columns count from 1, columns in bytes, an end is
 * the place after the last byte. Members that have no value are null.
 */
#include "grammar/render_private.h"

/* As many U+FFFD as there are bytes that are not UTF-8. */
static json_t *
render_json_repaired(struct arena *arena, struct str s)
{
	static const char instead[] = "\xef\xbf\xbd";
	char *text = arena_bytes(arena, (size_t)s.len * 3);
	size_t len = 0;

	for (uint32_t at = 0; at < s.len;) {
		unsigned size = render_utf8_size(s.ptr + at, s.len - at);

		memcpy(text + len, size > 0 ? s.ptr + at : instead,
		    size > 0 ? size : sizeof(instead) - 1);
		len += size > 0 ? size : sizeof(instead) - 1;
		at += size > 0 ? size : 1;
	}
	return json_stringn(text, len);
}

json_t *
render_json_string(struct arena *arena, struct str s)
{
	json_t *value = json_stringn(s.ptr, s.len);

	/* Also tried again, in vain, where memory ran out. */
	return value != NULL ? value : render_json_repaired(arena, s);
}

bool
render_json_write(FILE *out, json_t *value)
{
	/* ASCII, so that no terminal has to be trusted with the rest. */
	bool written = value != NULL &&
	    json_dumpf(value, out, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;

	json_decref(value);
	return written;
}

/* An object with the five members of a place, all null for none. */
static json_t *
render_json_place(const struct diag_list *list, struct srcpos pos)
{
	struct render_span span;

	if (!render_locate(list->map, pos, &span))
		return json_pack("{s:n, s:n, s:n, s:n, s:n}", "file", "line",
		    "column", "endLine", "endColumn");
	return json_pack("{s:o, s:I, s:I, s:I, s:I}", "file",
	    render_json_string(list->arena, str_from(span.begin.file->path)),
	    "line", (json_int_t)span.begin.line, "column",
	    (json_int_t)span.begin.column, "endLine", (json_int_t)span.end.line,
	    "endColumn", (json_int_t)span.end.column);
}

/* Takes both over; NULL where either is NULL or memory ran out. */
static json_t *
render_json_merge(json_t *object, json_t *more)
{
	if (more == NULL || json_object_update_new(object, more) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Adds a place with one more member; false where memory ran out. */
static bool
render_json_append(const struct diag_list *list, json_t *array,
    struct srcpos pos, const char *key, const char *text)
{
	json_t *value = render_json_string(list->arena, str_from(text));
	json_t *object = render_json_merge(render_json_place(list, pos),
	    json_pack("{s:o}", key, value));

	return json_array_append_new(array, object) == 0;
}

static json_t *
render_json_notes(const struct diag_list *list, const struct diag *diag)
{
	struct diag_note storage;
	const struct diag_note *note = render_notes(list, diag, &storage);
	json_t *array = json_array();

	for (; note != NULL; note = note->next)
		if (!render_json_append(list, array, note->pos, "message",
			note->text)) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *
render_json_fix(const struct diag_list *list, const struct diag *diag)
{
	json_t *array = json_array();

	for (const struct diag_edit *e = diag->edits; e != NULL; e = e->next)
		if (!render_json_append(list, array, e->range, "replacement",
			e->text)) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static const char *
render_json_severity(enum diag_severity severity)
{
	static const char *const names[] = {
		[DIAG_ADVICE] = "advice",
		[DIAG_WARNING] = "warning",
		[DIAG_ERROR] = "error",
	};

	return names[severity];
}

bool
render_json(FILE *out, const struct diag_list *list)
{
	for (const struct diag *d = list->head; d != NULL; d = d->next) {
		json_t *object = render_json_merge(render_json_place(list,
						       d->pos),
		    json_pack("{s:s, s:s, s:o, s:o, s:o}", "severity",
			render_json_severity(d->severity), "id",
			check_table[d->id].name, "message",
			render_json_string(list->arena, str_from(d->text)),
			"notes", render_json_notes(list, d), "fix",
			render_json_fix(list, d)));

		if (!render_json_write(out, object))
			return false;
		fputc('\n', out);
	}
	return true;
}
