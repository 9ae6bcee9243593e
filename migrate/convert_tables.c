/*
 * Tables: statements that are mostly copied, and facts of their contents.
 * Up to 6.0 an address without a domain in a list of senders or recipients
 * matches nothing; from 6.4 on it matches that user of every domain.
 */
#include "migrate/convert_private.h"

#include "compiler/tablesrc.h"

bool
convert_has_local(struct convert *convert, uint32_t number)
{
	const struct table *table;

	if (number == IR_NONE ||
	    bind_state_of(convert->bind, number) != BIND_READY)
		return false;
	table = convert->bind->tables[number].table;
	for (uint32_t i = 0; table != NULL && i < table_count(table); i++)
		if (str_eq_nocase(table_entry_at(table, i)->key,
			STR_LIT("local")))
			return true;
	return false;
}

/* "root" and "root@", but neither "" nor "@": those match everything. */
static bool
convert_lacks_domain(struct str address)
{
	struct mailaddr parts = mailaddr_split(address);

	return parts.user.len > 0 && parts.domain.len == 0;
}

static bool
convert_is_inline(const struct ir_table *table)
{
	return table->kind == IR_TABLE_LIST || table->kind == IR_TABLE_MAPPING;
}

enum convert_addresses
convert_addresses_of(struct convert *convert, uint32_t number)
{
	const struct ir_table *table = &convert->ir->tables[number];
	uint32_t lacking = 0;

	if (number == IR_NONE || !convert_is_inline(table))
		return CONVERT_ALL_ADDRESSES;
	for (uint32_t i = 0; i < table->entry_count; i++)
		lacking += convert_lacks_domain(table->entries[i].key);
	return lacking == 0               ? CONVERT_ALL_ADDRESSES :
	    lacking == table->entry_count ? CONVERT_NO_ADDRESSES :
					    CONVERT_SOME_ADDRESSES;
}

/* A list of the addresses that can match. */
static void
convert_put_complete(struct convert *convert, const struct list *list)
{
	const char *separator = "{ ";

	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		if (convert_lacks_domain(word_str(e->key)))
			continue;
		fputs(separator, convert->state->out);
		convert_put_word(convert, e->key);
		separator = ", ";
	}
	fputs(" }", convert->state->out);
}

/* The lines of a file that would begin to match. */
static void
convert_note_addresses(struct convert *convert, uint32_t number)
{
	const struct ir_table *ir = &convert->ir->tables[number];
	const struct table *table;

	if (ir->kind != IR_TABLE_FILE ||
	    bind_state_of(convert->bind, number) != BIND_READY)
		return;
	table = convert->bind->tables[number].table;
	for (uint32_t i = 0; i < table_count(table); i++) {
		struct str key = table_entry_at(table, i)->key;

		if (!convert_lacks_domain(key))
			continue;
		convert_note(convert, NOTE_TABLE_ADDRESSES,
		    "'%.*s' in %.*s never matched, and now matches in every "
		    "domain: remove it, and what else lacks a domain there",
		    STR_ARG(key), STR_ARG(ir->config));
		return;
	}
}

void
convert_put_addresses(struct convert *convert, const char *option,
    const struct clause *clause, uint32_t number)
{
	const struct convert_table *table;

	convert_note_addresses(convert, number);
	if (convert_addresses_of(convert, number) == CONVERT_ALL_ADDRESSES) {
		convert_put_table_option(convert, option, clause);
		return;
	}
	fprintf(convert->state->out, " %s ", option);
	if (clause->table->kind == TABREF_LIST) {
		convert_put_complete(convert, clause->table->list);
		return;
	}
	table = strmap_get(&convert->state->tables,
	    word_str(clause->table->word));
	putc('<', convert->state->out);
	if (table != NULL && table->complete != NULL)
		convert_put_text(convert, str_from(table->complete));
	else
		convert_put_word(convert, clause->table->word);
	putc('>', convert->state->out);
}

/* Statements. */

/* map NAME source plain FILE */
static void
convert_put_source(struct convert *convert, const struct stmt *stmt)
{
	struct tablesrc source;

	tablesrc_parse(stmt, &source);
	fputs("table ", convert->state->out);
	convert_put_word(convert, stmt->name);
	putc(' ', convert->state->out);
	convert_put_text(convert,
	    str_from(arena_printf(convert->arena, "%s:%.*s",
		source.kind == TABLESRC_FILE ? "file" : "db",
		STR_ARG(source.config))));
}

/* Addresses of IPv6 as keys are spelt in another way from 6.6 on. */
static void
convert_edit_host_keys(struct convert *convert, const struct stmt *stmt)
{
	if (stmt->list == NULL || !convert_passes(convert, TARGET_6_6))
		return;
	for (const struct elem *e = stmt->list->elems; e != NULL; e = e->next)
		if (e->key.len > 5 &&
		    str_eq_nocase((struct str){ e->key.ptr, 5 },
			STR_LIT("ipv6:")))
			convert_edit(convert, e->key.pos, "\"[%.*s]\"",
			    (int)e->key.len - 5, e->key.ptr + 5);
}

static void
convert_edit_table(struct convert *convert, const struct stmt *stmt,
    const struct convert_table *table)
{
	struct srcpos word = { stmt->pos.begin, stmt->pos.begin + 3 };

	if (stmt->flags & STMT_OLD_WORD)
		convert_edit(convert, word, "table");
	convert_edit_words(convert, stmt);
	if (table != NULL && table->is_host_keys)
		convert_edit_host_keys(convert, stmt);
}

static bool
convert_is_lacking(const struct list *list)
{
	for (const struct elem *e = list == NULL ? NULL : list->elems; e;
	     e = e->next)
		if (convert_lacks_domain(word_str(e->key)))
			return true;
	return false;
}

static bool
convert_is_all_lacking(const struct list *list)
{
	for (const struct elem *e = list->elems; e != NULL; e = e->next)
		if (!convert_lacks_domain(word_str(e->key)))
			return false;
	return true;
}

/* The addresses that can match, under this name or another. */
static void
convert_put_complete_table(struct convert *convert, const struct stmt *stmt,
    struct convert_table *table)
{
	static const char why[] = "addresses without a domain never matched";

	if (convert_is_all_lacking(stmt->list)) {
		if (!table->is_others)
			convert_remark(convert,
			    "<%.*s> held only addresses without a domain, "
			    "which never matched",
			    WORD_ARG(stmt->name));
		return;
	}
	convert_begin_item(convert);
	fputs("table ", convert->state->out);
	if (table->is_others) {
		table->complete = convert_new_name(convert,
		    arena_printf(convert->arena, "%.*s_addresses",
			WORD_ARG(stmt->name)));
		convert_put_text(convert, str_from(table->complete));
	} else {
		convert_put_word(convert, stmt->name);
	}
	putc(' ', convert->state->out);
	convert_put_complete(convert, stmt->list);
	convert_end_item(convert, why);
}

static void
convert_note_source(struct convert *convert, const struct stmt *stmt)
{
	struct tablesrc source;

	tablesrc_parse(stmt, &source);
	if (source.kind == TABLESRC_PROGRAM && convert_passes(convert, 706))
		notes_add(&convert->notes, NOTE_TABLE_PROGRAM, stmt->pos,
		    "'table-%.*s' must be of a version for 7.6 or later",
		    STR_ARG(source.backend));
}

void
convert_table(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	struct convert_table *table = strmap_get(&convert->state->tables,
	    word_str(stmt->name));
	bool is_lacking = !convert_is_upgrade(convert) && table != NULL &&
	    table->is_addresses && convert_is_lacking(stmt->list);
	bool is_old = (stmt->flags & STMT_OLD) != 0 &&
	    (stmt->flags & STMT_OLD_WORD) == 0;

	convert_note_source(convert, stmt);
	if (!is_lacking || table->is_others) {
		convert_begin_item(convert);
		if (is_old) {
			convert_put_source(convert, stmt);
		} else {
			convert_edit_table(convert, stmt, table);
			convert_put_copy(convert, stmt->pos);
		}
		convert_end_item(convert,
		    is_old ? "maps are tables now" : NULL);
	}
	if (is_lacking)
		convert_put_complete_table(convert, stmt, table);
}
