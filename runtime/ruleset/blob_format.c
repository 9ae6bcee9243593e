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

/* Bytes that a field of a type takes. */
#define BLOB_BYTES_FLAG(limit)    1
#define BLOB_BYTES_CODE(limit)    1
#define BLOB_BYTES_CHAR(limit)    1
#define BLOB_BYTES_SHORT(limit)   2
#define BLOB_BYTES_WORD(limit)    (4 * (limit))
#define BLOB_BYTES_LONG(limit)    (8 * (limit))
#define BLOB_BYTES_TEXT(limit)    4
#define BLOB_BYTES_INDEX(limit)   4
#define BLOB_BYTES_TEXTS(limit)   8
#define BLOB_BYTES_NUMBERS(limit) 8
#define BLOB_BYTES_RANGE(limit)   8
#define BLOB_BYTES_PLACE(limit)   8

#define SECTION(id, word, size)
#define RECORDS(id, word, type) \
	static const struct blob_field blob_of_##id[] = {
#define FIELD(record, type, member, limit) \
	{ BLOB_TYPE_##type, offsetof(struct record, member), limit, \
		BLOB_BYTES_##type(limit) },
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
blob_record_size(enum blob_section_id id)
{
	const struct blob_format *format = &blob_formats[id];
	uint32_t size = format->size;

	for (uint32_t i = 0; i < format->field_count; i++)
		size += format->fields[i].size;
	return size;
}

const char *
blob_section_word(enum blob_section_id id)
{
	return blob_formats[id].word;
}
