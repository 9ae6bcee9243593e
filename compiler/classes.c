/*
 * Sets, entries, signatures, classes: what is the same for all kinds. Equal
 * things are made one by hashing: entries by canonical text, sets by the
 * numbers of their entries, signatures by the numbers of their sets.
 */
#include "compiler/classes.h"

#include <assert.h>
#include <stdlib.h>

#include "compiler/classes_private.h"
#include "runtime/table/tablefile.h"

enum {
	CLASSES_ROOM_MIN = 16,
	CLASSES_SPARED = 8, /* with at most that part of the highest score */
};

/* Vectors. */

static void
classes_push(struct classes *classes, struct classes_vector *vector, void *item)
{
	void **items;

	if (vector->count == vector->room) {
		vector->room = vector->room == 0 ? CLASSES_ROOM_MIN :
						   vector->room * 2;
		items = (void **)arena_alloc(classes->arena,
		    vector->room * sizeof(*items));
		if (vector->count > 0)
			memcpy(items, vector->items,
			    vector->count * sizeof(*items));
		vector->items = items;
	}
	vector->items[vector->count++] = item;
}

/* Entries. */

struct classes *
classes_new(struct arena *arena, enum classes_kind kind)
{
	struct classes *classes = ARENA_NEW(arena, struct classes);

	classes->arena = arena;
	classes->kind = kind;
	strmap_init(&classes->entry_by_text, arena);
	strmap_init(&classes->set_by_entries, arena);
	return classes;
}

bool
classes_fold(enum classes_kind kind, struct str text, char *buf,
    struct str *folded_r)
{
	uint32_t len = 0;

	if (kind == CLASSES_EXACT) {
		*folded_r = text;
		return true;
	}
	if (text.len > TABLEFILE_KEY_MAX)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		buf[len++] = str_lower(text.ptr[i]);
	*folded_r = (struct str){ buf, len };
	return true;
}

/* "**" is "*". Edits the text in place, as classes_fold made it. */
static struct str
classes_fold_stars(struct str text, char *buf)
{
	uint32_t len = 0;

	for (uint32_t i = 0; i < text.len; i++)
		if (buf[i] != '*' || len == 0 || buf[len - 1] != '*')
			buf[len++] = buf[i];
	return (struct str){ buf, len };
}

static struct classes_entry *
classes_put_text(struct classes *classes, struct str text)
{
	struct classes_entry *entry =
	    (struct classes_entry *)strmap_get(&classes->entry_by_text, text);

	if (entry != NULL)
		return entry;
	entry = ARENA_NEW(classes->arena, struct classes_entry);
	entry->text = arena_copy(classes->arena, text);
	entry->number = classes->entries.count;
	classes_push(classes, &classes->entries, entry);
	*strmap_put(&classes->entry_by_text, entry->text) = entry;
	return entry;
}

static struct classes_entry *
classes_put_network(struct classes *classes, struct netaddr net)
{
	netaddr_mask(&net);
	return classes_put_text(classes,
	    (struct str){ (const char *)&net, sizeof(net) });
}

/* NULL where the entry matches nothing. */
static struct classes_entry *
classes_put_entry(struct classes *classes, struct str text)
{
	char buf[TABLEFILE_KEY_MAX];
	struct netaddr net;

	if (classes->kind == CLASSES_NETWORK) {
		if (netaddr_parse_cidr(text, NETADDR_BRACKETS, &net) !=
		    NETADDR_OK)
			return NULL;
		return classes_put_network(classes, net);
	}
	if (!classes_fold(classes->kind, text, buf, &text))
		return NULL;
	if (classes->kind == CLASSES_DOMAIN)
		text = classes_fold_stars(text, buf);
	return classes_put_text(classes, text);
}

struct classes_entry *
classes_entry_at(const struct classes *classes, uint32_t number)
{
	return (struct classes_entry *)classes->entries.items[number];
}

struct classes_entry *
classes_find_entry(const struct classes *classes, struct str text)
{
	struct classes_entry *entry =
	    (struct classes_entry *)strmap_get(&classes->entry_by_text, text);

	return entry != NULL && entry->sets.count > 0 ? entry : NULL;
}

/* Sets. */

static struct classes_list
classes_list_copy(struct arena *arena, struct classes_list list)
{
	size_t size = list.count * sizeof(*list.ids);
	uint32_t *ids = (uint32_t *)arena_alloc(arena, size);

	if (size > 0)
		memcpy(ids, list.ids, size);
	return (struct classes_list){ ids, list.count };
}

static struct classes_set *
classes_set_at(const struct classes *classes, uint32_t number)
{
	assert(number < classes->sets.count);
	return (struct classes_set *)classes->sets.items[number];
}

/* In a set of domains with "*", only that and the empty name count. */
static uint32_t
classes_drop_covered(const struct classes *classes, uint32_t *ids,
    uint32_t count)
{
	const struct classes_entry *any = (struct classes_entry *)
	    strmap_get(&classes->entry_by_text, STR_LIT("*"));
	uint32_t kept = 0;

	if (classes->kind != CLASSES_DOMAIN || any == NULL ||
	    !classes_list_has((struct classes_list){ ids, count }, any->number))
		return count;
	for (uint32_t i = 0; i < count; i++)
		if (ids[i] == any->number ||
		    classes_entry_at(classes, ids[i])->text.len == 0)
			ids[kept++] = ids[i];
	return kept;
}

static uint32_t
classes_put_set(struct classes *classes, uint32_t *ids, uint32_t count)
{
	struct classes_list list = { ids, classes_sort(ids, count) };
	struct classes_set *set;

	assert(classes->classes.count == 0);
	list.count = classes_drop_covered(classes, ids, list.count);
	set = (struct classes_set *)strmap_get(&classes->set_by_entries,
	    classes_list_key(list));
	if (set != NULL)
		return set->number;
	set = ARENA_NEW(classes->arena, struct classes_set);
	set->number = classes->sets.count;
	set->entries = classes_list_copy(classes->arena, list);
	classes_push(classes, &classes->sets, set);
	*strmap_put(&classes->set_by_entries,
	    classes_list_key(set->entries)) = set;
	return set->number;
}

uint32_t
classes_add_set(struct classes *classes, const struct str *entries,
    uint32_t count)
{
	uint32_t *ids = classes_scratch(classes, count), kept = 0;
	const struct classes_entry *entry;

	for (uint32_t i = 0; i < count; i++) {
		entry = classes_put_entry(classes, entries[i]);
		if (entry != NULL)
			ids[kept++] = entry->number;
	}
	return classes_put_set(classes, ids, kept);
}

uint32_t
classes_add_networks(struct classes *classes, const struct netaddr *nets,
    uint32_t count)
{
	uint32_t *ids = classes_scratch(classes, count), kept = 0;

	assert(classes->kind == CLASSES_NETWORK);
	for (uint32_t i = 0; i < count; i++)
		if (nets[i].family != 0)
			ids[kept++] =
			    classes_put_network(classes, nets[i])->number;
	return classes_put_set(classes, ids, kept);
}

uint32_t
classes_set_count(const struct classes *classes)
{
	return classes->sets.count;
}

void
classes_leave_out(struct classes *classes, uint32_t set)
{
	classes_set_at(classes, set)->is_left_out = true;
}

bool
classes_is_left_out(const struct classes *classes, uint32_t set)
{
	return classes_set_at(classes, set)->is_left_out;
}

/* Blame. */

static int
classes_compare_scores(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

void
classes_blame_worst(struct classes *classes, const uint32_t *scores,
    uint32_t spared)
{
	uint32_t count = classes->sets.count, max = 1, found = 0;
	uint64_t *worst = (uint64_t *)arena_alloc(classes->arena,
	    count * sizeof(*worst));
	uint32_t *ids;

	for (uint32_t i = 0; i < count; i++)
		if (scores[i] > max)
			max = scores[i];
	for (uint32_t i = 0; i < count; i++)
		if (scores[i] > max / CLASSES_SPARED)
			worst[found++] = (uint64_t)scores[i] << 32 | i;
	qsort(worst, found, sizeof(*worst), classes_compare_scores);
	found -= found / 2 < spared ? found / 2 : spared;
	ids = (uint32_t *)arena_alloc(classes->arena, found * sizeof(*ids));
	for (uint32_t i = 0; i < found; i++)
		ids[i] = (uint32_t)worst[i];
	classes->blamed = (struct classes_list){ ids,
		classes_sort(ids, found) };
}

static void
classes_count_members(uint32_t *scores, struct classes_list list)
{
	for (uint32_t i = 0; i < list.count; i++)
		scores[list.ids[i]]++;
}

/* The sets that are in most signatures, of which list would be the next. */
static void
classes_blame_members(struct classes *classes, struct classes_list list)
{
	const struct classes_signature *signature;
	uint32_t *scores = (uint32_t *)arena_alloc(classes->arena,
	    classes->sets.count * sizeof(*scores));

	for (uint32_t i = 0; i < classes->signatures.count; i++) {
		signature =
		    (struct classes_signature *)classes->signatures.items[i];
		classes_count_members(scores, signature->sets);
	}
	classes_count_members(scores, list);
	classes_blame_worst(classes, scores, classes->sets.count);
}

struct classes_list
classes_blame(const struct classes *classes)
{
	return classes->blamed;
}

/* Signatures. */

struct classes_signature *
classes_sign(struct classes *classes, struct classes_list sets)
{
	struct classes_signature *signature;
	struct str key = classes_list_key(sets);

	signature = (struct classes_signature *)
	    strmap_get(&classes->signature_by_sets, key);
	if (signature != NULL)
		return signature;
	if (sets.count > classes->room_left) {
		classes_blame_members(classes, sets);
		return NULL;
	}
	classes->room_left -= sets.count;
	signature = ARENA_NEW(classes->arena, struct classes_signature);
	signature->sets = classes_list_copy(classes->arena, sets);
	signature->class = CLASSES_NONE;
	classes_push(classes, &classes->signatures, signature);
	key = classes_list_key(signature->sets);
	*strmap_put(&classes->signature_by_sets, key) = signature;
	return signature;
}

struct classes_signature *
classes_sign_entry(struct classes *classes, struct classes_entry *entry)
{
	if (entry->signature == NULL)
		entry->signature = classes_sign(classes, entry->sets);
	return entry->signature;
}

struct classes_signature *
classes_sign_union(struct classes *classes, struct classes_list a,
    struct classes_list b)
{
	uint32_t *ids = classes_scratch(classes, (size_t)a.count + b.count);
	uint32_t i = 0, j = 0, count = 0;

	while (i < a.count || j < b.count) {
		if (j == b.count || (i < a.count && a.ids[i] < b.ids[j]))
			ids[count++] = a.ids[i++];
		else {
			if (i < a.count && a.ids[i] == b.ids[j])
				i++;
			ids[count++] = b.ids[j++];
		}
	}
	return classes_sign(classes, (struct classes_list){ ids, count });
}

/* Classes. */

static struct classes_class *
classes_class_at(const struct classes *classes, uint32_t number)
{
	assert(number < classes->classes.count);
	return (struct classes_class *)classes->classes.items[number];
}

static uint32_t
classes_add_class(struct classes *classes,
    const struct classes_signature *signature)
{
	struct classes_class *class = ARENA_NEW(classes->arena,
	    struct classes_class);

	class->signature = signature;
	class->representative = STR_LIT("");
	classes_push(classes, &classes->classes, class);
	return classes->classes.count - 1;
}

bool
classes_is_wanted(const struct classes *classes,
    const struct classes_signature *signature, unsigned rank)
{
	return signature->class == CLASSES_NONE ||
	    rank < classes_class_at(classes, signature->class)->rank;
}

uint32_t
classes_admit(struct classes *classes, struct classes_signature *signature,
    struct str value, unsigned rank)
{
	struct classes_class *class;

	if (!classes_is_wanted(classes, signature, rank))
		return signature->class;
	if (signature->class == CLASSES_NONE)
		signature->class = classes_add_class(classes, signature);
	class = classes_class_at(classes, signature->class);
	class->representative = arena_copy(classes->arena, value);
	class->rank = rank;
	return signature->class;
}

/* Building. */

/*
 * from[i] lists numbers below to_count; to[j] becomes the list of those i
 * that list j.
 */
static void
classes_invert(struct arena *arena, const struct classes_list *from,
    uint32_t from_count, struct classes_list *to, uint32_t to_count)
{
	size_t *next = (size_t *)arena_alloc(arena, to_count * sizeof(*next));
	size_t total = 0;
	uint32_t *ids;

	for (uint32_t i = 0; i < from_count; i++)
		for (uint32_t j = 0; j < from[i].count; j++)
			to[from[i].ids[j]].count++;
	for (uint32_t i = 0; i < to_count; i++) {
		next[i] = total;
		total += to[i].count;
	}
	ids = (uint32_t *)arena_alloc(arena, total * sizeof(*ids));
	for (uint32_t i = 0; i < to_count; i++)
		to[i].ids = ids + next[i];
	for (uint32_t i = 0; i < from_count; i++)
		for (uint32_t j = 0; j < from[i].count; j++)
			ids[next[from[i].ids[j]]++] = i;
}

static struct classes_list *
classes_new_lists(struct classes *classes, uint32_t count)
{
	return (struct classes_list *)arena_alloc(classes->arena,
	    count * sizeof(struct classes_list));
}

/* The sets of each entry. */
static void
classes_index_entries(struct classes *classes)
{
	uint32_t sets = classes->sets.count, count = classes->entries.count;
	struct classes_list *from = classes_new_lists(classes, sets);
	struct classes_list *to = classes_new_lists(classes, count);
	struct classes_entry *entry;

	classes->size = 0;
	for (uint32_t i = 0; i < sets; i++) {
		if (!classes_is_left_out(classes, i))
			from[i] = classes_set_at(classes, i)->entries;
		classes->size += from[i].count;
	}
	classes_invert(classes->arena, from, sets, to, count);
	for (uint32_t i = 0; i < count; i++) {
		entry = classes_entry_at(classes, i);
		entry->sets = to[i];
		entry->signature = NULL;
		entry->class = CLASSES_NONE;
	}
}

/* The classes of each set. */
static void
classes_index_members(struct classes *classes)
{
	uint32_t sets = classes->sets.count, count = classes->classes.count;
	struct classes_list *from = classes_new_lists(classes, count);
	struct classes_list *to = classes_new_lists(classes, sets);

	for (uint32_t i = 0; i < count; i++)
		from[i] = classes_signature(classes, i);
	classes_invert(classes->arena, from, count, to, sets);
	for (uint32_t i = 0; i < sets; i++)
		classes_set_at(classes, i)->members = to[i];
}

static void
classes_begin(struct classes *classes, uint32_t budget)
{
	assert(classes->classes.count == 0);
	classes_index_entries(classes);
	classes->budget = budget;
	classes->room_left = CLASSES_WIDTH * (classes->size + budget);
	classes->blamed.count = 0;
	classes->signatures.count = 0;
	strmap_init(&classes->signature_by_sets, classes->arena);
}

/* Of no class yet, so that another value of that signature gets its own. */
static int
classes_add_empty(struct classes *classes)
{
	const struct classes_entry *entry = classes_find_entry(classes,
	    STR_LIT(""));
	struct classes_list none = { NULL, 0 };
	const struct classes_signature *signature = classes_sign(classes,
	    entry != NULL ? entry->sets : none);

	if (signature == NULL)
		return -1;
	classes_add_class(classes, signature);
	return 0;
}

static int
classes_build_kind(struct classes *classes)
{
	switch (classes->kind) {
	case CLASSES_EXACT:
	case CLASSES_STRING:
		return classes_build_strings(classes);
	case CLASSES_DOMAIN:
		return classes_build_domains(classes);
	case CLASSES_NETWORK:
		break;
	}
	return classes_build_networks(classes);
}

int
classes_build(struct classes *classes, uint32_t budget)
{
	classes_begin(classes, budget);
	if (classes_add_empty(classes) < 0 || classes_build_kind(classes) < 0) {
		classes->classes.count = 0;
		return -1;
	}
	classes_index_members(classes);
	return 0;
}

/* Answers. */

uint32_t
classes_count(const struct classes *classes)
{
	return classes->classes.count;
}

uint32_t
classes_find(const struct classes *classes, struct str key)
{
	assert(classes->classes.count > 0);
	if (key.len == 0)
		return CLASSES_EMPTY;
	switch (classes->kind) {
	case CLASSES_EXACT:
	case CLASSES_STRING:
		return classes_find_string(classes, key);
	case CLASSES_DOMAIN:
		return classes_find_domain(classes, key);
	case CLASSES_NETWORK:
		break;
	}
	return classes_find_network(classes, key);
}

struct str
classes_representative(const struct classes *classes, uint32_t class)
{
	return classes_class_at(classes, class)->representative;
}

bool
classes_is_feasible(const struct classes *classes, uint32_t class)
{
	return classes_class_at(classes, class)->rank < CLASSES_RANK_INFEASIBLE;
}

struct classes_list
classes_signature(const struct classes *classes, uint32_t class)
{
	return classes_class_at(classes, class)->signature->sets;
}

struct classes_list
classes_members(const struct classes *classes, uint32_t set)
{
	return classes_set_at(classes, set)->members;
}
