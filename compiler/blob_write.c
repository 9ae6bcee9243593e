/*
 * Sections, and the records that the registry describes: the mirror of
 * blob_records.c. Records of one section are written one after the other;
 * what they refer to is written to other sections at the same time.
 */
#include "compiler/blob_write.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "compiler/blob_write_private.h"

enum { BLOB_ROOM_MIN = 256 };

/* Memory. */

void *
blob_write_alloc(size_t size)
{
	void *memory = calloc(1, size + 1);

	if (memory == NULL)
		abort();
	return memory;
}

static void
blob_bytes_reserve(struct blob_bytes *bytes, size_t size)
{
	if (bytes->size + size <= bytes->room)
		return;
	while (bytes->room < bytes->size + size)
		bytes->room = bytes->room * 2 + BLOB_ROOM_MIN;
	bytes->data = realloc(bytes->data, bytes->room);
	if (bytes->data == NULL)
		abort();
}

void
blob_put_bytes(struct blob_writer *writer, enum blob_section_id id,
    const void *from, size_t size)
{
	struct blob_bytes *bytes = &writer->sections[id];

	blob_bytes_reserve(bytes, size);
	if (size > 0)
		memcpy(bytes->data + bytes->size, from, size);
	bytes->size += size;
}

static void
blob_put8(struct blob_writer *writer, enum blob_section_id id, unsigned byte)
{
	unsigned char bytes[] = { (unsigned char)byte };

	blob_put_bytes(writer, id, bytes, sizeof(bytes));
}

static void
blob_put16(struct blob_writer *writer, enum blob_section_id id, uint32_t number)
{
	unsigned char bytes[2];

	blob_set16(bytes, number);
	blob_put_bytes(writer, id, bytes, sizeof(bytes));
}

void
blob_put32(struct blob_writer *writer, enum blob_section_id id, uint32_t number)
{
	unsigned char bytes[4];

	blob_set32(bytes, number);
	blob_put_bytes(writer, id, bytes, sizeof(bytes));
}

uint32_t
blob_put_record(struct blob_writer *writer, enum blob_section_id id)
{
	return writer->counts[id]++;
}

/* Texts. */

static void
blob_put_text(struct blob_writer *writer, enum blob_section_id pool,
    struct str text)
{
	if (text.len >= BLOB_LONG_TEXT) {
		blob_put8(writer, pool, BLOB_LONG_TEXT);
		blob_put32(writer, pool, text.len);
	} else
		blob_put8(writer, pool, text.len);
	blob_put_bytes(writer, pool, text.ptr, text.len);
	blob_put8(writer, pool, '\0');
}

uint32_t
blob_write_text(struct blob_writer *writer, struct str text, bool is_secret)
{
	enum blob_section_id pool = is_secret ? BLOB_SECRETS : BLOB_STRINGS;
	struct blob_bytes *bytes = &writer->sections[pool];
	void **place;

	if (text.len == 0)
		return 0;
	place = strmap_put(&writer->texts[is_secret], text);
	if (*place == NULL) {
		/* Place 0 means the empty text. */
		if (bytes->size == 0)
			blob_put_text(writer, pool, STR_LIT(""));
		if (bytes->size + text.len > BLOB_SECRET - BLOB_PAGE) {
			writer->why = "its texts are longer than 2 GB";
			return 0;
		}
		*place = (void *)(uintptr_t)bytes->size;
		blob_put_text(writer, pool, text);
	}
	return (uint32_t)(uintptr_t)*place | (is_secret ? BLOB_SECRET : 0);
}

/* Places. */

/* As the main file's folder sees it. */
static struct str
blob_relative_path(const struct blob_writer *writer, const char *path)
{
	if (strncmp(path, writer->main_path, writer->folder) == 0)
		path += writer->folder;
	return str_from(path);
}

static uint32_t
blob_write_file(struct blob_writer *writer, const char *path)
{
	struct str name = blob_relative_path(writer, path);
	void **place = strmap_put(&writer->files, name);

	if (*place == NULL) {
		blob_put32(writer, BLOB_FILES,
		    blob_write_text(writer, name, false));
		blob_put_record(writer, BLOB_FILES);
		*place = (void *)(uintptr_t)writer->counts[BLOB_FILES];
	}
	if (writer->counts[BLOB_FILES] > BLOB_PLACE_COLUMN)
		writer->why = "it includes more than 65,535 files";
	return (uint32_t)(uintptr_t)*place - 1;
}

static void
blob_write_place(struct blob_writer *writer, enum blob_section_id id,
    struct srcpos pos)
{
	struct source_location at;
	uint32_t file;

	if (pos.end == 0 ||
	    !source_locate(&writer->bind->comp->map, pos.begin, &at)) {
		blob_put32(writer, id, 0);
		blob_put32(writer, id, 0);
		return;
	}
	file = blob_write_file(writer, at.file->path);
	blob_put32(writer, id, at.line);
	blob_put32(writer, id,
	    file << BLOB_PLACE_FILE |
		(at.column < BLOB_PLACE_COLUMN ? at.column :
						 BLOB_PLACE_COLUMN));
}

/* Fields. */

static struct str
blob_field_text(const unsigned char *from)
{
	struct str text;

	memcpy(&text, from, sizeof(text));
	return text;
}

static uint32_t
blob_field_word(const unsigned char *from)
{
	uint32_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* The first number of a list and how many it has. */
static void
blob_write_list(struct blob_writer *writer, enum blob_section_id id,
    enum blob_section_id items, uint32_t count)
{
	blob_put32(writer, id, writer->counts[items]);
	blob_put32(writer, id, count);
}

static void
blob_write_texts(struct blob_writer *writer, enum blob_section_id id,
    const unsigned char *from)
{
	const struct str *texts;
	uint32_t count = blob_field_word(from + sizeof(texts));

	memcpy(&texts, from, sizeof(texts));
	blob_write_list(writer, id, BLOB_TEXTS, count);
	for (uint32_t i = 0; i < count; i++) {
		blob_put32(writer, BLOB_TEXTS,
		    blob_write_text(writer, texts[i], false));
		blob_put_record(writer, BLOB_TEXTS);
	}
}

static void
blob_write_numbers(struct blob_writer *writer, enum blob_section_id id,
    const unsigned char *from)
{
	const uint32_t *numbers;
	uint32_t count = blob_field_word(from + sizeof(numbers));

	memcpy(&numbers, from, sizeof(numbers));
	blob_write_list(writer, id, BLOB_NUMBERS, count);
	for (uint32_t i = 0; i < count; i++) {
		blob_put32(writer, BLOB_NUMBERS, numbers[i]);
		blob_put_record(writer, BLOB_NUMBERS);
	}
}

/* Texts that are keys, by what the registry calls them. */
static bool
blob_is_secret(const struct blob_writer *writer, enum blob_section_id id,
    size_t offset, struct str text)
{
	if (id == BLOB_SETTINGS)
		return (offset == offsetof(struct ir_settings, queue_key) &&
			   dump_redact_queue_key(&writer->redact, text).ptr !=
			       text.ptr) ||
		    offset == offsetof(struct ir_settings, srs_key) ||
		    offset == offsetof(struct ir_settings, srs_key_backup);
	return id == BLOB_TABLE_FACTS &&
	    offset == offsetof(struct blob_table_facts, config) &&
	    text.len > 0 &&
	    dump_redact_url(&writer->redact, text).ptr != text.ptr;
}

static void
blob_write_field(struct blob_writer *writer, enum blob_section_id id,
    const struct blob_field *field, const unsigned char *from)
{
	struct str text;
	struct srcpos pos;

	switch (field->type) {
	case BLOB_TYPE_FLAG:
	case BLOB_TYPE_CHAR:
		blob_put8(writer, id, *from);
		break;
	case BLOB_TYPE_CODE:
		assert(blob_field_word(from) < field->limit);
		blob_put8(writer, id, blob_field_word(from));
		break;
	case BLOB_TYPE_SHORT:
		blob_put16(writer, id, *(const uint16_t *)(const void *)from);
		break;
	case BLOB_TYPE_INDEX:
		blob_put32(writer, id, blob_field_word(from));
		break;
	case BLOB_TYPE_WORD:
		for (uint32_t i = 0; i < field->limit; i++)
			blob_put32(writer, id,
			    blob_field_word(from + i * sizeof(uint32_t)));
		break;
	case BLOB_TYPE_LONG:
		for (uint32_t i = 0; i < field->limit; i++) {
			uint64_t number;

			memcpy(&number, from + i * sizeof(number),
			    sizeof(number));
			blob_put32(writer, id, (uint32_t)number);
			blob_put32(writer, id, (uint32_t)(number >> 32));
		}
		break;
	case BLOB_TYPE_TEXT:
		text = blob_field_text(from);
		blob_put32(writer, id,
		    blob_write_text(writer, text,
			blob_is_secret(writer, id, field->offset, text)));
		break;
	case BLOB_TYPE_TEXTS:
		blob_write_texts(writer, id, from);
		break;
	case BLOB_TYPE_NUMBERS:
		blob_write_numbers(writer, id, from);
		break;
	case BLOB_TYPE_RANGE:
		blob_put32(writer, id, blob_field_word(from));
		blob_put32(writer, id,
		    blob_field_word(from + sizeof(uint32_t)));
		break;
	case BLOB_TYPE_PLACE:
		memcpy(&pos, from, sizeof(pos));
		blob_write_place(writer, id, pos);
		break;
	}
}

uint32_t
blob_write_record(struct blob_writer *writer, enum blob_section_id id,
    const void *record)
{
	const struct blob_format *format = &blob_formats[id];

	for (uint32_t i = 0; i < format->field_count; i++)
		blob_write_field(writer, id, &format->fields[i],
		    (const unsigned char *)record + format->fields[i].offset);
	return blob_put_record(writer, id);
}

static void
blob_write_array(struct blob_writer *writer, enum blob_section_id id,
    const void *records, size_t size, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		blob_write_record(writer, id,
		    (const unsigned char *)records + i * size);
}

/*
 * Of the two halves of an action only one means anything. The other is the
 * same for all, so that what was in memory does not matter.
 */
static void
blob_write_action(struct blob_writer *writer, const struct ir_action *from)
{
	struct ir_action action = *from;

	if (action.method == IR_RELAY)
		action.local = (struct ir_local){ .alias = IR_NONE,
			.virtual = IR_NONE,
			.userbase = IR_NONE,
			.wrapper = IR_NONE };
	else
		action.relay = (struct ir_relay){ .hosts = IR_NONE,
			.domains = IR_NONE,
			.auth = IR_NONE,
			.helo_src = IR_NONE,
			.src = IR_NONE,
			.filter = IR_NONE };
	blob_write_record(writer, BLOB_ACTIONS, &action);
}

static void
blob_write_filter(struct blob_writer *writer, const struct ir_filter *from)
{
	struct ir_filter filter = *from;

	if (filter.kind != IR_FILTER_PROC)
		filter.proc = IR_NONE;
	if (filter.kind != IR_FILTER_PHASE)
		filter.table = IR_NONE;
	blob_write_record(writer, BLOB_FILTERS, &filter);
}

/* Rules. */

uint32_t
blob_write_pred(struct blob_writer *writer, const struct ruleset_pred *pred)
{
	bool has_text = pred->kind == PRED_TAG &&
	    pred->table == RULESET_NO_TABLE;
	uint32_t operand = has_text ?
	    blob_write_text(writer, pred->text, false) :
	    pred->table;
	unsigned char bytes[8] = {
		[BLOB_PRED_KIND] = (unsigned char)pred->kind,
		[BLOB_PRED_FLAGS] = (unsigned char)(pred->flags |
		    (has_text ? BLOB_PRED_HAS_TEXT : 0u)),
		[BLOB_PRED_CLASSES] = (unsigned char)pred->local_classes,
		[BLOB_PRED_SERVICE] = (unsigned char)pred->service,
	};
	struct str key = { (const char *)bytes, sizeof(bytes) };
	void **place;

	blob_set32(bytes + BLOB_PRED_OPERAND, operand);
	if (strmap_get(&writer->preds, key) == NULL)
		key = arena_copy(writer->arena, key);
	place = strmap_put(&writer->preds, key);
	if (*place == NULL) {
		blob_put_bytes(writer, BLOB_PREDS, bytes, sizeof(bytes));
		blob_put_record(writer, BLOB_PREDS);
		*place = (void *)(uintptr_t)writer->counts[BLOB_PREDS];
	}
	return (uint32_t)(uintptr_t)*place - 1;
}

static void
blob_write_rules(struct blob_writer *writer)
{
	const struct ir *ir = writer->ir;

	for (uint32_t i = 0; i < ir->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &ir->ruleset.rules[i];

		blob_put32(writer, BLOB_RULES, writer->counts[BLOB_RULE_PREDS]);
		blob_put32(writer, BLOB_RULES, rule->action);
		blob_write_place(writer, BLOB_RULES, ir->rules[i].stmt->pos);
		blob_put_record(writer, BLOB_RULES);
		for (uint32_t j = 0; j < rule->pred_count; j++) {
			blob_put32(writer, BLOB_RULE_PREDS,
			    blob_write_pred(writer, &rule->preds[j]));
			blob_put_record(writer, BLOB_RULE_PREDS);
		}
	}
	if (ir->ruleset.rule_count >= BLOB_RESIDUE - 1)
		writer->why = "it has too many rules";
}

static void
blob_write_ir(struct blob_writer *writer)
{
	const struct ir *ir = writer->ir;

	blob_write_record(writer, BLOB_SETTINGS, &ir->settings);
	blob_write_array(writer, BLOB_DOMAIN_LIMITS, ir->domain_limits,
	    sizeof(*ir->domain_limits), ir->domain_limit_count);
	blob_write_array(writer, BLOB_LISTENERS, ir->listeners,
	    sizeof(*ir->listeners), ir->listener_count);
	blob_write_array(writer, BLOB_PKIS, ir->pkis, sizeof(*ir->pkis),
	    ir->pki_count);
	blob_write_array(writer, BLOB_CAS, ir->cas, sizeof(*ir->cas),
	    ir->ca_count);
	blob_write_array(writer, BLOB_WRAPPERS, ir->wrappers,
	    sizeof(*ir->wrappers), ir->wrapper_count);
	blob_write_array(writer, BLOB_PROCS, ir->procs, sizeof(*ir->procs),
	    ir->proc_count);
	for (uint32_t i = 0; i < ir->filter_count; i++)
		blob_write_filter(writer, &ir->filters[i]);
	for (uint32_t i = 0; i < ir->action_count; i++)
		blob_write_action(writer, &ir->actions[i]);
	blob_write_tables(writer);
	blob_write_rules(writer);
	blob_write_forest(writer);
}

/* From outside. */

bool
blob_write(struct bind *bind, const char *main_path, struct blob_image *image_r,
    const char **why_r)
{
	struct blob_writer writer = {
		.bind = bind,
		.ir = bind->ir,
		.arena = &bind->comp->arena,
		.main_path = main_path,
	};
	const char *slash = strrchr(main_path, '/');

	*image_r = (struct blob_image){ .data = NULL };
	writer.folder = slash != NULL ? (size_t)(slash - main_path) + 1 : 0;
	dump_redact_init(&writer.redact, writer.arena, bind->ir, false);
	strmap_init(&writer.texts[false], writer.arena);
	strmap_init(&writer.texts[true], writer.arena);
	strmap_init(&writer.preds, writer.arena);
	strmap_init(&writer.files, writer.arena);
	blob_write_ir(&writer);
	if (writer.why == NULL)
		blob_image_make(&writer, image_r);
	if (writer.sections[BLOB_SECRETS].size > 0)
		OPENSSL_cleanse(writer.sections[BLOB_SECRETS].data,
		    writer.sections[BLOB_SECRETS].size);
	for (unsigned id = 0; id < BLOB_SECTIONS; id++)
		free(writer.sections[id].data);
	*why_r = writer.why;
	return writer.why == NULL;
}
