/*
 * The registry of blob_format.def as tables.
 */
#include "runtime/ruleset/blob_private.h"

/* CODE is read as unsigned; lists are a pointer and the count behind it. */
_Static_assert(sizeof(enum ir_method) == sizeof(unsigned), "enum");
_Static_assert(offsetof(struct ir_listener, pki_count) ==
	offsetof(struct ir_listener, pkis) + sizeof(void *),
    "pkis");
_Static_assert(offsetof(struct ir_filter, member_count) ==
	offsetof(struct ir_filter, members) + sizeof(void *),
    "members");

#define SECTION(id, word, size)
#define RECORDS(id, word, type) \
	static const struct blob_field blob_of_##id[] = {
#define FIELD(record, type, member, limit) \
	{ BLOB_TYPE_##type, offsetof(struct record, member), limit },
#define END(id) \
	} \
	;
#include "runtime/ruleset/blob_format.def"
#undef SECTION
#undef RECORDS
#undef FIELD
#undef END

const struct blob_format blob_formats[BLOB_SECTIONS] = {
#define SECTION(id, word, size) { word, size, NULL, 0 },
#define RECORDS(id, word, type) \
	{ word, 0, blob_of_##id, \
		sizeof(blob_of_##id) / sizeof(blob_of_##id[0]) },
#define FIELD(record, type, member, limit)
#define END(id)
#include "runtime/ruleset/blob_format.def"
#undef SECTION
#undef RECORDS
#undef FIELD
#undef END
};

uint32_t
blob_field_size(const struct blob_field *field)
{
	switch (field->type) {
	case BLOB_TYPE_FLAG:
	case BLOB_TYPE_CODE:
	case BLOB_TYPE_CHAR:
		return 1;
	case BLOB_TYPE_SHORT:
		return 2;
	case BLOB_TYPE_WORD:
		return 4 * field->limit;
	case BLOB_TYPE_TEXT:
	case BLOB_TYPE_INDEX:
		return 4;
	case BLOB_TYPE_LONG:
		return 8 * field->limit;
	case BLOB_TYPE_TEXTS:
	case BLOB_TYPE_NUMBERS:
	case BLOB_TYPE_RANGE:
	case BLOB_TYPE_PLACE:
		break;
	}
	return 8;
}

uint32_t
blob_record_size(enum blob_section_id id)
{
	const struct blob_format *format = &blob_formats[id];
	uint32_t size = format->size;

	for (uint32_t i = 0; i < format->field_count; i++)
		size += blob_field_size(&format->fields[i]);
	return size;
}

const char *
blob_section_word(enum blob_section_id id)
{
	return blob_formats[id].word;
}
