/*
 * The tree of a dump, and the order of its parts.
 */
#include "compiler/dump_private.h"

#include <stdlib.h>

#include "compiler/dump_text.h"

/* The tree. */

struct dump_value *
dump_new(struct dump *dump, enum dump_kind kind)
{
	struct dump_value *value = ARENA_NEW(dump->arena, struct dump_value);

	value->kind = kind;
	return value;
}

struct dump_value *
dump_text(struct dump *dump, struct str text)
{
	struct dump_value *value = dump_new(dump, DUMP_TEXT);

	value->text = dump_text_clean(dump->arena, text);
	return value;
}

void
dump_put(struct dump *dump, struct dump_value *map, struct str key,
    struct dump_value *value)
{
	struct dump_item *item = ARENA_NEW(dump->arena, struct dump_item);

	item->key = dump_text_clean(dump->arena, key);
	item->value = value;
	if (map->items == NULL)
		map->items = item;
	else
		map->last->next = item;
	map->last = item;
}

void
dump_append(struct dump *dump, struct dump_value *list,
    struct dump_value *value)
{
	dump_put(dump, list, STR_LIT(""), value);
}

struct dump_value *
dump_put_map(struct dump *dump, struct dump_value *map, const char *key)
{
	struct dump_value *value = dump_new(dump, DUMP_MAP);

	dump_put(dump, map, str_from(key), value);
	return value;
}

struct dump_value *
dump_put_list(struct dump *dump, struct dump_value *map, const char *key)
{
	struct dump_value *value = dump_new(dump, DUMP_LIST);

	dump_put(dump, map, str_from(key), value);
	return value;
}

void
dump_put_flag(struct dump *dump, struct dump_value *map, const char *key,
    bool flag)
{
	struct dump_value *value = dump_new(dump, DUMP_FLAG);

	value->number = flag;
	dump_put(dump, map, str_from(key), value);
}

void
dump_put_number(struct dump *dump, struct dump_value *map, const char *key,
    int64_t number)
{
	struct dump_value *value = dump_new(dump, DUMP_NUMBER);

	value->number = number;
	dump_put(dump, map, str_from(key), value);
}

void
dump_put_word(struct dump *dump, struct dump_value *map, const char *key,
    const char *word)
{
	dump_put_text(dump, map, key, str_from(word));
}

void
dump_put_text(struct dump *dump, struct dump_value *map, const char *key,
    struct str text)
{
	dump_put(dump, map, str_from(key),
	    text.len == 0 ? dump_new(dump, DUMP_NULL) : dump_text(dump, text));
}

void
dump_put_delay(struct dump *dump, struct dump_value *map, const char *key,
    uint32_t seconds)
{
	dump_put_text(dump, map, key, dump_text_delay(dump->arena, seconds));
}

void
dump_put_pos(struct dump *dump, struct dump_value *map, struct srcpos pos)
{
	struct source_location at;

	if (!dump->shows_positions || !source_locate(dump->map, pos.begin, &at))
		return;
	dump_put_word(dump, map, "at",
	    arena_printf(dump->arena, "%s:%u", at.file->path, at.line));
}

/* Order. */

static int
dump_compare(const void *a, const void *b)
{
	const struct dump_item *const *left = a, *const *right = b;

	return dump_text_compare((*left)->key, (*right)->key);
}

void
dump_sort(struct dump *dump, struct dump_value *map)
{
	struct dump_item **items;
	size_t count = 0, i = 0;

	for (const struct dump_item *item = map->items; item != NULL;
	     item = item->next)
		count++;
	if (count == 0)
		return;
	items = arena_alloc(dump->arena, (count + 1) * sizeof(*items));
	for (struct dump_item *item = map->items; item != NULL;
	     item = item->next)
		items[i++] = item;
	qsort(items, count, sizeof(*items), dump_compare);
	/* The array ends in a NULL, as the list does. */
	for (i = 0; i < count; i++)
		items[i]->next = items[i + 1];
	map->items = items[0];
	map->last = items[count - 1];
}

const struct dump_value *
dump_model_build(struct compilation *comp, const struct ir *ir,
    const struct dump_options *options)
{
	struct dump dump = {
		.arena = &comp->arena,
		.map = &comp->map,
		.ir = ir,
		.shows_positions = options->shows_positions,
	};
	struct dump_value *root = dump_new(&dump, DUMP_MAP);

	dump_redact_init(&dump.redact, dump.arena, ir, options->shows_secrets);
	dump_put_word(&dump, root, "dialect", dialect_name(ir->target.dialect));
	dump_put_word(&dump, root, "target", target_name(ir->target.version));
	dump_add_settings(&dump, root);
	dump_add_listeners(&dump, root);
	dump_add_tables(&dump, root);
	dump_add_filters(&dump, root);
	dump_add_actions(&dump, root);
	dump_add_rules(&dump, root);
	return root;
}
