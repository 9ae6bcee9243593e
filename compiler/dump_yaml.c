/*
 * The only file that includes <yaml.h>. Whether a text needs quotes is
 * decided here and not by the library, which would leave "yes" and "1e3"
 * bare.
 */
#include "compiler/dump_yaml.h"

#include <inttypes.h>
#include <yaml.h>

/* Words that some version of YAML takes for something else than text. */
static const char *const dump_yaml_reserved[] = {
	"false",
	"n",
	"no",
	"null",
	"off",
	"on",
	"true",
	"y",
	"yes",
};

static bool
dump_yaml_is_plain(struct str text)
{
	size_t count = sizeof(dump_yaml_reserved) /
	    sizeof(dump_yaml_reserved[0]);

	/* So numbers, dates and markup are out. */
	if (text.len == 0 || !str_is_alnum(text.ptr[0]) ||
	    str_is_digit(text.ptr[0]))
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		if (!str_is_alnum(text.ptr[i]) &&
		    (text.ptr[i] == '\0' ||
			strchr("-_./@+", text.ptr[i]) == NULL))
			return false;
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(text, str_from(dump_yaml_reserved[i])))
			return false;
	return true;
}

/* The library reads the text and copies it. */
static bool
dump_yaml_scalar(yaml_emitter_t *emitter, struct str text, bool is_plain)
{
	const union {
		const char *text;
		yaml_char_t *bytes;
	} value = { .text = text.len > 0 ? text.ptr : "" };
	yaml_event_t event;

	return yaml_scalar_event_initialize(&event, NULL, NULL, value.bytes,
		   (int)text.len, is_plain, !is_plain,
		   is_plain ? YAML_PLAIN_SCALAR_STYLE :
			      YAML_DOUBLE_QUOTED_SCALAR_STYLE) &&
	    yaml_emitter_emit(emitter, &event);
}

static bool
dump_yaml_text(yaml_emitter_t *emitter, struct str text)
{
	return dump_yaml_scalar(emitter, text, dump_yaml_is_plain(text));
}

static bool
dump_yaml_number(yaml_emitter_t *emitter, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	return dump_yaml_scalar(emitter, str_from(text), true);
}

static bool dump_yaml_value(yaml_emitter_t *emitter,
    const struct dump_value *value);

static bool
dump_yaml_map(yaml_emitter_t *emitter, const struct dump_value *value)
{
	yaml_event_t event;

	if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
		YAML_BLOCK_MAPPING_STYLE) ||
	    !yaml_emitter_emit(emitter, &event))
		return false;
	for (const struct dump_item *item = value->items; item != NULL;
	     item = item->next)
		if (!dump_yaml_text(emitter, item->key) ||
		    !dump_yaml_value(emitter, item->value))
			return false;
	return yaml_mapping_end_event_initialize(&event) &&
	    yaml_emitter_emit(emitter, &event);
}

static bool
dump_yaml_list(yaml_emitter_t *emitter, const struct dump_value *value)
{
	yaml_event_t event;

	if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
		YAML_BLOCK_SEQUENCE_STYLE) ||
	    !yaml_emitter_emit(emitter, &event))
		return false;
	for (const struct dump_item *item = value->items; item != NULL;
	     item = item->next)
		if (!dump_yaml_value(emitter, item->value))
			return false;
	return yaml_sequence_end_event_initialize(&event) &&
	    yaml_emitter_emit(emitter, &event);
}

static bool
dump_yaml_value(yaml_emitter_t *emitter, const struct dump_value *value)
{
	switch (value->kind) {
	case DUMP_NULL:
		return dump_yaml_scalar(emitter, STR_LIT("null"), true);
	case DUMP_FLAG:
		return dump_yaml_scalar(emitter,
		    str_from(value->number ? "true" : "false"), true);
	case DUMP_NUMBER:
		return dump_yaml_number(emitter, value->number);
	case DUMP_TEXT:
		return dump_yaml_text(emitter, value->text);
	case DUMP_LIST:
		return dump_yaml_list(emitter, value);
	case DUMP_MAP:
		return dump_yaml_map(emitter, value);
	}
	return false;
}

static bool
dump_yaml_stream(yaml_emitter_t *emitter, const struct dump_value *root)
{
	yaml_event_t event;

	return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	    yaml_emitter_emit(emitter, &event) &&
	    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
	    yaml_emitter_emit(emitter, &event) &&
	    dump_yaml_value(emitter, root) &&
	    yaml_document_end_event_initialize(&event, 1) &&
	    yaml_emitter_emit(emitter, &event) &&
	    yaml_stream_end_event_initialize(&event) &&
	    yaml_emitter_emit(emitter, &event);
}

bool
dump_yaml_print(FILE *out, const struct dump_value *root)
{
	yaml_emitter_t emitter;
	bool ok;

	if (!yaml_emitter_initialize(&emitter))
		return false;
	yaml_emitter_set_output_file(&emitter, out);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	ok = dump_yaml_stream(&emitter, root);
	yaml_emitter_delete(&emitter);
	return ok && fflush(out) == 0;
}
