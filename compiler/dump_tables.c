/*
 * Tables, programs and filters of a dump, and how their uses are shown.
 */
#include "compiler/dump_private.h"

#include <stdlib.h>

#include "compiler/dump_text.h"
#include "compiler/words.h"

/* Entries. */

static int
dump_compare_entries(const void *a, const void *b)
{
	const struct ir_entry *left = a, *right = b;
	int order = dump_text_compare(left->key, right->key);

	/* Equal keys stay in the order of the config. */
	return order != 0 ? order :
			    (left->pos.begin > right->pos.begin) -
		(left->pos.begin < right->pos.begin);
}

/*
 * As the daemon has them: keys in lower case and in order, and of those
 * that are equal the last.
 */
static struct ir_entry *
dump_sorted_entries(struct dump *dump, const struct ir_table *table,
    uint32_t *count_r)
{
	struct ir_entry *entries = arena_alloc(dump->arena,
	    table->entry_count * sizeof(*entries));
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->entry_count; i++) {
		entries[i] = table->entries[i];
		entries[i].key = words_lower(dump->arena, entries[i].key);
	}
	qsort(entries, table->entry_count, sizeof(*entries),
	    dump_compare_entries);
	for (uint32_t i = 0; i < table->entry_count; i++) {
		if (count > 0 && str_eq(entries[count - 1].key, entries[i].key))
			count--;
		entries[count++] = entries[i];
	}
	*count_r = count;
	return entries;
}

static struct dump_value *
dump_entries(struct dump *dump, const struct ir_table *table)
{
	bool is_map = table->kind == IR_TABLE_MAPPING;
	struct dump_value *value = dump_new(dump,
	    is_map ? DUMP_MAP : DUMP_LIST);
	uint32_t count;
	const struct ir_entry *entries = dump_sorted_entries(dump, table,
	    &count);

	for (uint32_t i = 0; i < count; i++) {
		struct str key = dump_redact_key(&dump->redact, table,
		    entries[i].key);

		if (is_map)
			dump_put(dump, value, key,
			    dump_text(dump,
				dump_redact_value(&dump->redact, table,
				    entries[i].value)));
		else
			dump_append(dump, value, dump_text(dump, key));
	}
	return value;
}

void
dump_put_table(struct dump *dump, struct dump_value *map, const char *key,
    uint32_t number)
{
	const struct ir_table *table;

	if (number == IR_NONE) {
		dump_put_word(dump, map, key, "");
		return;
	}
	table = &dump->ir->tables[number];
	if (table->name.len > 0)
		dump_put_text(dump, map, key, table->name);
	else
		dump_put(dump, map, str_from(key), dump_entries(dump, table));
}

/* Declared tables. */

static const char *
dump_table_kind(const struct ir_table *table)
{
	static const char *const kinds[] = {
		[IR_TABLE_LIST] = "list",
		[IR_TABLE_MAPPING] = "mapping",
		[IR_TABLE_FILE] = "file",
		[IR_TABLE_DB] = "db",
		[IR_TABLE_PROGRAM] = "program",
		[IR_TABLE_SYSTEM_USERS] = "system-users",
		[IR_TABLE_LOCAL_NAMES] = "local-names",
		[IR_TABLE_LOCAL_ADDRESSES] = "local-addresses",
		[IR_TABLE_ANY_ADDRESS] = "any-address",
		[IR_TABLE_ANY_NAME] = "any-name",
	};

	return kinds[table->kind];
}

static struct dump_value *
dump_declared_table(struct dump *dump, const struct ir_table *table)
{
	struct dump_value *map = dump_new(dump, DUMP_MAP);
	struct str config = dump_redact_config(&dump->redact, table);

	dump_put_word(dump, map, "kind", dump_table_kind(table));
	switch ((unsigned)table->kind) {
	case IR_TABLE_LIST:
	case IR_TABLE_MAPPING:
		dump_put(dump, map, STR_LIT("entries"),
		    dump_entries(dump, table));
		break;
	case IR_TABLE_PROGRAM:
		dump_put_text(dump, map, "backend", table->backend);
		dump_put_text(dump, map, "config", config);
		break;
	case IR_TABLE_FILE:
	case IR_TABLE_DB:
		dump_put_text(dump, map, "path", config);
		break;
	default:
		break;
	}
	dump_put_pos(dump, map, table->pos);
	return map;
}

void
dump_add_tables(struct dump *dump, struct dump_value *root)
{
	struct dump_value *map = dump_put_map(dump, root, "tables");

	for (uint32_t i = 0; i < dump->ir->table_count; i++) {
		const struct ir_table *table = &dump->ir->tables[i];

		if (table->name.len > 0 && !table->is_builtin)
			dump_put(dump, map, table->name,
			    dump_declared_table(dump, table));
	}
	dump_sort(dump, map);
}

/* Filters. */

static struct dump_value *
dump_members(struct dump *dump, const struct ir_filter *filter)
{
	struct dump_value *list = dump_new(dump, DUMP_LIST);

	for (uint32_t i = 0; i < filter->member_count; i++)
		dump_append(dump, list,
		    dump_text(dump,
			dump->ir->filters[filter->members[i]].name));
	return list;
}

void
dump_put_filter(struct dump *dump, struct dump_value *map, const char *key,
    uint32_t number)
{
	const struct ir_filter *filter;

	if (number == IR_NONE) {
		dump_put_word(dump, map, key, "");
		return;
	}
	filter = &dump->ir->filters[number];
	if (filter->name.len > 0)
		dump_put_text(dump, map, key, filter->name);
	else
		dump_put(dump, map, str_from(key), dump_members(dump, filter));
}

static void
dump_put_phase(struct dump *dump, struct dump_value *map,
    const struct ir_filter *filter)
{
	dump_put_word(dump, map, "phase", ir_phase_word(filter->phase));
	if (filter->acts_at_connect)
		dump_put_word(dump, map, "acts-at", "connect");
	if (filter->is_negated)
		dump_put_flag(dump, map, "not", true);
	dump_put_word(dump, map, "condition",
	    ir_condition_word(filter->condition));
	if (filter->table != IR_NONE) {
		dump_put_table(dump, map, "table", filter->table);
		dump_put_word(dump, map, "lookup",
		    dump_service_word(filter->service));
	}
	dump_put_word(dump, map, "decision",
	    ir_decision_word(filter->decision));
	dump_put_text(dump, map, "text", filter->text);
}

static struct dump_value *
dump_declared_filter(struct dump *dump, const struct ir_filter *filter)
{
	struct dump_value *map = dump_new(dump, DUMP_MAP);

	switch (filter->kind) {
	case IR_FILTER_PROC:
		dump_put_text(dump, map, "proc",
		    dump->ir->procs[filter->proc].name);
		break;
	case IR_FILTER_CHAIN:
		dump_put(dump, map, STR_LIT("chain"),
		    dump_members(dump, filter));
		break;
	case IR_FILTER_PHASE:
		dump_put_phase(dump, map, filter);
		break;
	}
	dump_put_pos(dump, map, filter->pos);
	return map;
}

static void
dump_add_procs(struct dump *dump, struct dump_value *root)
{
	struct dump_value *procs = dump_put_map(dump, root, "procs");

	for (uint32_t i = 0; i < dump->ir->proc_count; i++) {
		const struct ir_proc *proc = &dump->ir->procs[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		dump_put_text(dump, map, "command", proc->command);
		dump_put_text(dump, map, "user", proc->user);
		dump_put_text(dump, map, "group", proc->group);
		dump_put_text(dump, map, "chroot", proc->chroot);
		dump_put_pos(dump, map, proc->pos);
		dump_put(dump, procs, proc->name, map);
	}
	dump_sort(dump, procs);
}

static void
dump_add_wrappers(struct dump *dump, struct dump_value *root)
{
	struct dump_value *wrappers = dump_put_map(dump, root, "wrappers");

	for (uint32_t i = 0; i < dump->ir->wrapper_count; i++) {
		const struct ir_wrapper *wrapper = &dump->ir->wrappers[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		dump_put_text(dump, map, "command", wrapper->command);
		dump_put_pos(dump, map, wrapper->pos);
		dump_put(dump, wrappers, wrapper->name, map);
	}
	dump_sort(dump, wrappers);
}

void
dump_add_filters(struct dump *dump, struct dump_value *root)
{
	struct dump_value *filters;

	dump_add_procs(dump, root);
	filters = dump_put_map(dump, root, "filters");
	for (uint32_t i = 0; i < dump->ir->filter_count; i++) {
		const struct ir_filter *filter = &dump->ir->filters[i];

		if (filter->name.len > 0)
			dump_put(dump, filters, filter->name,
			    dump_declared_filter(dump, filter));
	}
	dump_sort(dump, filters);
	dump_add_wrappers(dump, root);
}
