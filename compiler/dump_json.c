/*
 * JSON through jansson. The library's functions take a NULL for a value
 * that could not be made, and fail.
 */
#include "compiler/dump_json.h"

#include <jansson.h>

static json_t *dump_json_value(const struct dump_value *value);

static json_t *
dump_json_text(struct str text)
{
	return json_stringn(text.len > 0 ? text.ptr : "", text.len);
}

static json_t *
dump_json_map(const struct dump_value *value)
{
	json_t *object = json_object();

	for (const struct dump_item *item = value->items; item != NULL;
	     item = item->next)
		if (json_object_setn_new(object, item->key.ptr, item->key.len,
			dump_json_value(item->value)) != 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

static json_t *
dump_json_list(const struct dump_value *value)
{
	json_t *array = json_array();

	for (const struct dump_item *item = value->items; item != NULL;
	     item = item->next)
		if (json_array_append_new(array,
			dump_json_value(item->value)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *
dump_json_value(const struct dump_value *value)
{
	switch (value->kind) {
	case DUMP_NULL:
		return json_null();
	case DUMP_FLAG:
		return json_boolean(value->number);
	case DUMP_NUMBER:
		return json_integer(value->number);
	case DUMP_TEXT:
		return dump_json_text(value->text);
	case DUMP_LIST:
		return dump_json_list(value);
	case DUMP_MAP:
		return dump_json_map(value);
	}
	return NULL;
}

char *
dump_json_line(const struct dump_value *value)
{
	json_t *json = dump_json_value(value);
	char *text = json == NULL ?
	    NULL :
	    json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(json);
	return text;
}

bool
dump_json_print(FILE *out, const struct dump_value *root)
{
	json_t *object = dump_json_value(root);
	bool ok = object != NULL &&
	    json_dumpf(object, out, JSON_INDENT(2)) == 0 &&
	    fputc('\n', out) != EOF;

	json_decref(object);
	return ok && fflush(out) == 0;
}
