/*
 * The backends. What is compared with patterns is held in memory, also of a
 * database, which can only be asked for exact keys.
 */
#include "runtime/lookup/dyntable.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/rootdir.h"
#include "runtime/lookup/database.h"

/* What is in memory, exchanged as a whole. */
struct dyntable_content {
	struct arena arena;
	struct table *table;
};

struct dyntable {
	const struct blob *blob;
	uint32_t number;
	struct ir_table source;
	struct table_rules rules;
	struct tablefile_options options;
	struct dyntable_content *content; /* of a database: its keys */
	struct database *database;
};

/* An arena without memory comes back to where the content is made. */
static jmp_buf dyntable_no_memory;

static void
dyntable_out_of_memory(void)
{
	longjmp(dyntable_no_memory, 1);
}

static struct dyntable_content *
dyntable_content_new(void)
{
	struct dyntable_content *content = calloc(1, sizeof(*content));

	if (content != NULL)
		arena_init(&content->arena, dyntable_out_of_memory);
	return content;
}

static void
dyntable_content_free(struct dyntable_content *content)
{
	if (content == NULL)
		return;
	if (content->table != NULL)
		table_fini(content->table);
	arena_fini(&content->arena);
	free(content);
}

/* Where content comes from. */

static bool
dyntable_read_blob(struct dyntable *dyntable, struct dyntable_content *content)
{
	content->table = table_new(&content->arena,
	    blob_table_is_mapping(dyntable->blob, dyntable->number));
	for (uint32_t i = 0; i < dyntable->source.entry_count; i++) {
		struct blob_entry entry;

		blob_entry(dyntable->blob, dyntable->number, i, &entry);
		table_add(content->table, entry.key, entry.value);
	}
	return true;
}

static bool
dyntable_load_text(struct dyntable *dyntable, struct dyntable_content *content,
    const struct rootdir_text *text, char error[DYNTABLE_ERROR_MAX])
{
	struct str all = { text->text, (uint32_t)text->len };
	enum tablefile_error wrong;
	uint32_t line = 0;

	content->table = table_new(&content->arena, false);
	wrong = table_load_file(content->table, all, &dyntable->options, &line);
	if (wrong == TABLEFILE_OK)
		return true;
	snprintf(error, DYNTABLE_ERROR_MAX, "%.*s:%u: %s",
	    STR_ARG(dyntable->source.config), line,
	    tablefile_error_text(wrong));
	return false;
}

static bool
dyntable_read_file(struct dyntable *dyntable, struct dyntable_content *content,
    char error[DYNTABLE_ERROR_MAX])
{
	const char *path = dyntable->source.config.ptr;
	struct rootdir_text text;
	struct rootdir root;
	bool is_loaded;
	int failed;

	rootdir_init(&root, NULL);
	failed = rootdir_read_file(&root, path, DYNTABLE_FILE_MAX, &text);
	if (failed != 0) {
		snprintf(error, DYNTABLE_ERROR_MAX, "%s: %s", path,
		    rootdir_error_text(failed));
		return false;
	}
	is_loaded = dyntable_load_text(dyntable, content, &text, error);
	rootdir_text_fini(&text);
	return is_loaded;
}

static bool
dyntable_add_key(void *arg, struct str key, struct str value)
{
	struct dyntable_content *content = arg;

	(void)value;
	table_add(content->table, key, STR_LIT(""));
	return true;
}

static bool
dyntable_read_keys(struct dyntable *dyntable, struct dyntable_content *content,
    char error[DYNTABLE_ERROR_MAX])
{
	content->table = table_new(&content->arena, false);
	if (database_walk(dyntable->database, dyntable_add_key, content))
		return true;
	snprintf(error, DYNTABLE_ERROR_MAX, "%.*s: cannot be read",
	    STR_ARG(dyntable->source.config));
	return false;
}

static bool
dyntable_fill(struct dyntable *dyntable, struct dyntable_content *content,
    char error[DYNTABLE_ERROR_MAX])
{
	bool is_read;

	if (dyntable->source.kind == IR_TABLE_DB)
		is_read = dyntable_read_keys(dyntable, content, error);
	else if (blob_table_is_inline(dyntable->blob, dyntable->number))
		is_read = dyntable_read_blob(dyntable, content);
	else
		is_read = dyntable_read_file(dyntable, content, error);
	if (is_read)
		table_seal(content->table, &dyntable->rules);
	return is_read;
}

/* Makes new content; false: what was there stays. */
static bool
dyntable_read(struct dyntable *dyntable, char error[DYNTABLE_ERROR_MAX])
{
	struct dyntable_content *content = dyntable_content_new();

	if (content == NULL || setjmp(dyntable_no_memory) != 0) {
		snprintf(error, DYNTABLE_ERROR_MAX, "%.*s: out of memory",
		    STR_ARG(dyntable->source.name));
		dyntable_content_free(content);
		return false;
	}
	if (!dyntable_fill(dyntable, content, error)) {
		dyntable_content_free(content);
		return false;
	}
	dyntable_content_free(dyntable->content);
	dyntable->content = content;
	return true;
}

/* What a service needs is made when it is first asked. */
static enum answer
dyntable_ask_content(const struct dyntable *dyntable, enum service service,
    struct str key, struct str *value_r)
{
	const struct table_entry *entry = NULL;
	enum answer answer;

	if (setjmp(dyntable_no_memory) != 0)
		return ANSWER_FAILED;
	table_prepare(dyntable->content->table, service);
	answer = table_lookup(dyntable->content->table, service, key, &entry);
	if (answer == ANSWER_YES && entry != NULL)
		*value_r = entry->value;
	return answer;
}

/* Databases. */

static bool
dyntable_open_database(struct dyntable *dyntable,
    char error[DYNTABLE_ERROR_MAX])
{
	struct database *database = database_open(dyntable->source.config.ptr);

	if (database == NULL) {
		snprintf(error, DYNTABLE_ERROR_MAX, "%.*s: %s",
		    STR_ARG(dyntable->source.config), strerror(errno));
		return false;
	}
	database_close(dyntable->database);
	dyntable->database = database;
	dyntable_content_free(dyntable->content);
	dyntable->content = NULL;
	return true;
}

static enum answer
dyntable_ask_database(struct dyntable *dyntable, enum service service,
    struct str key, struct str *value_r)
{
	char error[DYNTABLE_ERROR_MAX];

	if (key.len > TABLEFILE_KEY_MAX)
		return ANSWER_FAILED;
	if (database_is_stale(dyntable->database) &&
	    !dyntable_open_database(dyntable, error))
		return ANSWER_FAILED;
	if (service != SERVICE_DOMAIN && service != SERVICE_NETADDR &&
	    service != SERVICE_MAILADDR && service != SERVICE_REGEX)
		return database_get(dyntable->database, key, value_r);
	if (dyntable->content == NULL && !dyntable_read(dyntable, error))
		return ANSWER_FAILED;
	return dyntable_ask_content(dyntable, service, key, value_r);
}

/* All of them. */

static void
dyntable_set_rules(struct dyntable *dyntable)
{
	struct ir_settings settings;
	struct target target;

	blob_settings(dyntable->blob, &settings);
	blob_target(dyntable->blob, &target);
	dyntable->rules = (struct table_rules){
		.mailaddr = target.version > TARGET_LEGACY ? MAILADDR_MODERN :
							     MAILADDR_LEGACY,
		.delimiter = settings.delimiter,
		.brackets = target.version >= TARGET_6_6,
	};
	dyntable->options.key_brackets = target.version >= TARGET_7_5;
}

struct dyntable *
dyntable_open(const struct blob *blob, uint32_t number,
    char error[DYNTABLE_ERROR_MAX])
{
	struct dyntable *dyntable = calloc(1, sizeof(*dyntable));

	if (dyntable == NULL) {
		snprintf(error, DYNTABLE_ERROR_MAX, "out of memory");
		return NULL;
	}
	dyntable->blob = blob;
	dyntable->number = number;
	blob_table(blob, number, &dyntable->source);
	dyntable_set_rules(dyntable);
	if (dyntable->source.kind == IR_TABLE_DB ?
		dyntable_open_database(dyntable, error) :
		dyntable_read(dyntable, error))
		return dyntable;
	dyntable_close(dyntable);
	return NULL;
}

void
dyntable_close(struct dyntable *dyntable)
{
	if (dyntable == NULL)
		return;
	dyntable_content_free(dyntable->content);
	database_close(dyntable->database);
	free(dyntable);
}

bool
dyntable_update(struct dyntable *dyntable, char error[DYNTABLE_ERROR_MAX])
{
	if (dyntable->source.kind == IR_TABLE_DB)
		return dyntable_open_database(dyntable, error);
	return dyntable_read(dyntable, error);
}

enum answer
dyntable_lookup(struct dyntable *dyntable, enum service service, struct str key,
    struct str *value_r)
{
	*value_r = STR_LIT("");
	if (dyntable->source.kind == IR_TABLE_DB)
		return dyntable_ask_database(dyntable, service, key, value_r);
	return dyntable_ask_content(dyntable, service, key, value_r);
}
