/*
 * Differences of two dumps, as paths of keys. Listeners are matched by
 * where they listen, other lists by their elements.
 */
#include "compiler/differ_private.h"

#include <inttypes.h>

/* Parts that are compared through the rules that use them. */
static const char *const differ_left_out[] = { "dialect", "target", "tables",
	"actions", "rules" };

enum {
	DIFFER_LEFT_OUT = sizeof(differ_left_out) / sizeof(differ_left_out[0]),
};

struct differ_walk {
	struct arena *arena;
	struct differ_change **tail;
};

static void
differ_add(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b)
{
	struct differ_change *change = ARENA_NEW(walk->arena,
	    struct differ_change);

	change->path = path;
	change->values[0] = a;
	change->values[1] = b;
	*walk->tail = change;
	walk->tail = &change->next;
}

static const char *
differ_path(struct differ_walk *walk, const char *path, struct str key)
{
	return arena_printf(walk->arena, path[0] != '\0' ? "%s.%.*s" : "%s%.*s",
	    path, STR_ARG(key));
}

/* The elements of a list that the other does not have; NULL for none. */
static const struct dump_value *
differ_lacking(struct differ_walk *walk, const struct dump_value *list,
    const struct dump_value *other)
{
	struct dump_value *left = NULL;
	struct strmap seen;

	strmap_init(&seen, walk->arena);
	for (const struct dump_item *i = other->items; i; i = i->next)
		*strmap_put(&seen,
		    str_from(differ_json(walk->arena, i->value))) = walk;
	for (const struct dump_item *i = list->items; i; i = i->next) {
		struct dump_item *item;

		if (strmap_get(&seen,
			str_from(differ_json(walk->arena, i->value))) != NULL)
			continue;
		if (left == NULL) {
			left = ARENA_NEW(walk->arena, struct dump_value);
			left->kind = DUMP_LIST;
		}
		item = ARENA_NEW(walk->arena, struct dump_item);
		item->value = i->value;
		if (left->items == NULL)
			left->items = item;
		else
			left->last->next = item;
		left->last = item;
	}
	return left;
}

/* The order of a list alone is a difference of the whole. */
static void
differ_walk_list(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b)
{
	const struct dump_value *only_a = differ_lacking(walk, a, b);
	const struct dump_value *only_b = differ_lacking(walk, b, a);

	if (only_a != NULL || only_b != NULL)
		differ_add(walk, path, only_a, only_b);
	else if (strcmp(differ_json(walk->arena, a),
		     differ_json(walk->arena, b)) != 0)
		differ_add(walk, path, a, b);
}

static void differ_walk_map(struct differ_walk *, const char *,
    const struct dump_value *, const struct dump_value *);

static void
differ_walk_value(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b)
{
	if (a == NULL || b == NULL || a->kind != b->kind)
		differ_add(walk, path, a, b);
	else if (a->kind == DUMP_MAP)
		differ_walk_map(walk, path, a, b);
	else if (a->kind == DUMP_LIST)
		differ_walk_list(walk, path, a, b);
	else if (strcmp(differ_json(walk->arena, a),
		     differ_json(walk->arena, b)) != 0)
		differ_add(walk, path, a, b);
}

/* Listeners. */

/* "listener 192.0.2.1 port 25"; the second there is another one. */
static struct str
differ_listener_name(struct differ_walk *walk, const struct dump_value *value,
    struct strmap *seen)
{
	struct arena *arena = walk->arena;
	const struct dump_value *address = differ_get(value,
	    STR_LIT("address"));
	const struct dump_value *port = differ_get(value, STR_LIT("port"));
	const struct dump_value *family = differ_get(value, STR_LIT("family"));
	const char *name = "listener socket";
	void **slot;

	if (address != NULL && port != NULL && family != NULL)
		name = arena_printf(arena, "listener %.*s port %" PRId64 "%s%s",
		    STR_ARG(address->text), port->number,
		    family->kind == DUMP_NULL ? "" : " ",
		    family->kind == DUMP_NULL ? "" :
						differ_json(arena, family));
	for (unsigned n = 2; strmap_get(seen, str_from(name)) != NULL; n++)
		name = arena_printf(arena, "%s #%u", name, n);
	slot = strmap_put(seen, str_from(name));
	*slot = walk;
	return str_from(name);
}

/* The list as a map, by where they listen. */
static const struct dump_value *
differ_listeners(struct differ_walk *walk, const struct dump_value *list)
{
	struct dump_value *map = ARENA_NEW(walk->arena, struct dump_value);
	struct strmap seen;

	strmap_init(&seen, walk->arena);
	map->kind = DUMP_MAP;
	for (const struct dump_item *i = list->items; i; i = i->next) {
		struct dump_item *item = ARENA_NEW(walk->arena,
		    struct dump_item);

		item->key = differ_listener_name(walk, i->value, &seen);
		item->value = i->value;
		if (map->items == NULL)
			map->items = item;
		else
			map->last->next = item;
		map->last = item;
	}
	return map;
}

/* Maps. */

static bool
differ_is_left_out(const char *path, struct str key)
{
	for (size_t i = 0; path[0] == '\0' && i < DIFFER_LEFT_OUT; i++)
		if (str_is(key, differ_left_out[i]))
			return true;
	return false;
}

static void
differ_walk_key(struct differ_walk *walk, const char *path, struct str key,
    const struct dump_value *a, const struct dump_value *b)
{
	if (differ_is_left_out(path, key))
		return;
	if (path[0] == '\0' && str_is(key, "listeners") && a != NULL &&
	    b != NULL)
		differ_walk_map(walk, path, differ_listeners(walk, a),
		    differ_listeners(walk, b));
	else
		differ_walk_value(walk, differ_path(walk, path, key), a, b);
}

/* Keys of a in their order, then those that only b has. */
static void
differ_walk_map(struct differ_walk *walk, const char *path,
    const struct dump_value *a, const struct dump_value *b)
{
	for (const struct dump_item *i = a->items; i != NULL; i = i->next)
		differ_walk_key(walk, path, i->key, i->value,
		    differ_get(b, i->key));
	for (const struct dump_item *i = b->items; i != NULL; i = i->next)
		if (differ_get(a, i->key) == NULL)
			differ_walk_key(walk, path, i->key, NULL, i->value);
}

struct differ_change *
differ_changes(struct arena *arena, const struct dump_value *a,
    const struct dump_value *b)
{
	struct differ_change *first = NULL;
	struct differ_walk walk = { arena, &first };

	differ_walk_map(&walk, "", a, b);
	return first;
}
