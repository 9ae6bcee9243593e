/*
 * What tables hold that the target reads or follows in another way. Only
 * tables that can be read are looked at.
 */
#include "migrate/convert_private.h"

/* Files. */

static bool
convert_next_entry(struct tablefile *table, struct tablefile_entry *entry)
{
	return tablefile_next(table, entry) && entry->error == TABLEFILE_OK;
}

/* The first line that the two versions read differently, 0 for none. */
static uint32_t
convert_differing_line(const struct files_file *file, unsigned from,
    unsigned to)
{
	struct tablefile tables[2];
	struct tablefile_entry a, b;
	bool has_a, has_b;

	files_open_table(file, from, &tables[0]);
	files_open_table(file, to, &tables[1]);
	do {
		has_a = convert_next_entry(&tables[0], &a);
		has_b = convert_next_entry(&tables[1], &b);
		if (has_a != has_b)
			return has_a ? a.line : b.line;
		if (has_a &&
		    (!str_eq(a.key, b.key) || !str_eq(a.value, b.value)))
			return a.line;
	} while (has_a);
	return 0;
}

static void
convert_check_file(struct convert *convert, const struct ir_table *table)
{
	struct files_file *file = files_read(&convert->comp->files,
	    table->config, FILES_SIZE_MAX);
	uint32_t line;

	if (file->error != 0)
		return;
	line = convert_differing_line(file, convert->ir->target.version,
	    convert->target.version);
	if (line > 0)
		notes_add(&convert->notes, NOTE_TABLE_FILE, table->pos,
		    "line %u of %.*s: write 'KEY VALUE', with nothing else "
		    "between them",
		    line, STR_ARG(table->config));
}

/* Targets of aliases. */

static const struct table *
convert_ready(struct convert *convert, uint32_t number)
{
	if (number == IR_NONE ||
	    bind_state_of(convert->bind, number) != BIND_READY)
		return NULL;
	return convert->bind->tables[number].table;
}

/* The next of the targets apart by commas; false at the end. */
static bool
convert_next_target(struct str *rest, struct str *target_r)
{
	const char *comma;
	uint32_t len;

	if (rest->len == 0)
		return false;
	comma = memchr(rest->ptr, ',', rest->len);
	len = comma == NULL ? rest->len : (uint32_t)(comma - rest->ptr);
	*target_r = (struct str){ rest->ptr, len };
	rest->ptr += len + (comma != NULL);
	rest->len -= len + (comma != NULL);
	while (target_r->len > 0 &&
	    (target_r->ptr[0] == ' ' || target_r->ptr[0] == '\t')) {
		target_r->ptr++;
		target_r->len--;
	}
	while (target_r->len > 0 && target_r->ptr[target_r->len - 1] == ' ')
		target_r->len--;
	return true;
}

static void
convert_check_alias(struct convert *convert, uint32_t number,
    const struct table_entry *entry)
{
	struct srcpos pos = convert->ir->tables[number].pos;
	struct str rest = entry->value, target;

	while (convert_next_target(&rest, &target)) {
		if (str_has_prefix(target, "maildir:"))
			notes_add(&convert->notes, NOTE_ALIAS_MAILDIR, pos,
			    "'%.*s': give that address a rule of its own, "
			    "with a maildir action",
			    STR_ARG(entry->key));
		else if (str_eq_nocase(target, entry->key))
			notes_add(&convert->notes, NOTE_ALIAS_SELF, pos,
			    "'%.*s' is delivered as his .forward says; up to "
			    "6.0 such an alias passed it over",
			    STR_ARG(entry->key));
	}
}

/*
 * A virtual address that maps to a name is looked up once more, as "name@",
 * and up to 6.6 as "@" too.
 */
static void
convert_check_virtual(struct convert *convert, uint32_t number,
    const struct table_entry *entry)
{
	struct mailaddr key = mailaddr_split(entry->key);
	bool is_user = key.user.len > 0 && key.domain.len == 0 &&
	    memchr(entry->key.ptr, '@', entry->key.len) != NULL;
	bool is_all = str_is(entry->key, "@") &&
	    convert->target.version < TARGET_6_7;

	if (is_user || is_all)
		notes_add(&convert->notes, NOTE_VIRTUAL_TWICE,
		    convert->ir->tables[number].pos,
		    "what other entries map to a user may end at '%.*s' now",
		    STR_ARG(entry->key));
}

static void
convert_check_entries(struct convert *convert, uint32_t number,
    void (*check)(struct convert *, uint32_t, const struct table_entry *))
{
	const struct table *table = convert_ready(convert, number);

	for (uint32_t i = 0; table != NULL && i < table_count(table); i++)
		check(convert, number, table_entry_at(table, i));
}

void
convert_check_files(struct convert *convert)
{
	for (uint32_t i = 0; i < convert->ir->table_count; i++)
		if (convert->ir->tables[i].kind == IR_TABLE_FILE)
			convert_check_file(convert, &convert->ir->tables[i]);
}

void
convert_check_aliases(struct convert *convert)
{
	const struct ir *ir = convert->ir;
	bool *is_checked = arena_alloc(convert->arena,
	    ir->table_count * sizeof(*is_checked));

	for (uint32_t i = 0; i < ir->action_count; i++) {
		const struct ir_local *local = &ir->actions[i].local;

		if (ir->actions[i].method == IR_RELAY)
			continue;
		if (local->alias != IR_NONE && !is_checked[local->alias]) {
			is_checked[local->alias] = true;
			convert_check_entries(convert, local->alias,
			    convert_check_alias);
		}
		if (local->virtual != IR_NONE && !is_checked[local->virtual]) {
			is_checked[local->virtual] = true;
			convert_check_entries(convert, local->virtual,
			    convert_check_virtual);
		}
	}
}
