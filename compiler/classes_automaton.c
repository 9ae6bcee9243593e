/*
 * The joint automaton. domain_match never backtracks: each pattern is a line
 * of positions, at one of which a name is at any time, or at none any more.
 * The patterns share their beginnings in a tree of tokens:
 *
 *	LITERAL c   the next byte must be c
 *	SKIP c      "*c": goes on behind the next c, waits until it comes
 *	REST        a '*' at the end: at least one byte, then all that comes
 *
 * A position is a node just entered, or waiting for a SKIP node. A state is
 * the set of the positions of all patterns. States are made breadth first;
 * each has edges for the bytes that its positions ask for, and one for all
 * others. Patterns like "*.domain" wait for the same dot and part behind
 * it, so that there are as many states as nodes.
 */
#include "compiler/classes_automaton.h"

#include <stdlib.h>

enum automaton_token {
	AUTOMATON_LITERAL,
	AUTOMATON_SKIP,
	AUTOMATON_REST,
};

enum {
	AUTOMATON_OTHER = -1, /* a byte that no position asks for */
	AUTOMATON_FEW = 16,   /* so many are sorted by insertion */
};

struct automaton_node {
	uint32_t parent;
	uint32_t child; /* the newest; 0: none */
	uint32_t next;  /* the parent's child before this one */
	uint32_t entry; /* of the pattern that ends here, or NONE */
	uint8_t token;
	uint8_t byte;
};

/* A position is the node's number times 2, plus 1 if waiting for it. */
struct automaton_state {
	uint32_t first_position; /* up to that of the next state */
	uint32_t first_edge;
	uint32_t otherwise;
	struct classes_signature *signature;
};

struct automaton {
	struct classes *classes;
	struct arena arena; /* for as long as this lives */

	struct automaton_node *nodes;
	uint32_t node_count;

	struct automaton_state *states;
	uint32_t state_count, state_room;
	uint32_t *positions;
	uint32_t position_count, position_room;
	struct classes_edge *edges;
	uint32_t edge_count, edge_room;

	uint64_t state_max;
	uint64_t position_max;

	uint32_t *slots; /* hash of states: number + 1, or 0 */
	uint32_t slot_room;
	struct strmap signature_by_entries;

	uint32_t *after; /* the positions after a byte */
	uint32_t after_count, after_room;
};

/* The tree of tokens. */

static bool
automaton_is_pattern(const struct classes_entry *entry)
{
	return entry->sets.count > 0 &&
	    memchr(entry->text.ptr, '*', entry->text.len) != NULL;
}

static uint32_t
automaton_child(struct automaton *a, uint32_t parent,
    enum automaton_token token, char byte)
{
	struct automaton_node *node;
	uint32_t number = a->nodes[parent].child;

	for (; number != 0; number = node->next) {
		node = &a->nodes[number];
		if (node->token == token && node->byte == (uint8_t)byte)
			return number;
	}
	number = a->node_count++;
	node = &a->nodes[number];
	node->parent = parent;
	node->next = a->nodes[parent].child;
	node->entry = CLASSES_NONE;
	node->token = (uint8_t)token;
	node->byte = (uint8_t)byte;
	a->nodes[parent].child = number;
	return number;
}

static void
automaton_add(struct automaton *a, const struct classes_entry *entry)
{
	struct str text = entry->text;
	uint32_t node = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '*')
			node = automaton_child(a, node, AUTOMATON_LITERAL,
			    text.ptr[i]);
		else if (++i < text.len)
			node = automaton_child(a, node, AUTOMATON_SKIP,
			    text.ptr[i]);
		else
			node = automaton_child(a, node, AUTOMATON_REST, '*');
	}
	a->nodes[node].entry = entry->number;
}

static void
automaton_add_patterns(struct automaton *a)
{
	const struct classes *classes = a->classes;
	size_t bytes = 0;

	for (uint32_t i = 0; i < classes->entries.count; i++)
		if (automaton_is_pattern(classes_entry_at(classes, i)))
			bytes += classes_entry_at(classes, i)->text.len;
	a->nodes = (struct automaton_node *)arena_alloc(&a->arena,
	    (bytes + 1) * sizeof(*a->nodes));
	a->nodes[0].entry = CLASSES_NONE;
	a->node_count = 1;
	for (uint32_t i = 0; i < classes->entries.count; i++)
		if (automaton_is_pattern(classes_entry_at(classes, i)))
			automaton_add(a, classes_entry_at(classes, i));
}

/* From positions to positions. */

static void
automaton_push_after(struct automaton *a, uint32_t node, bool is_waiting)
{
	if (a->after_count == a->after_room)
		a->after = (uint32_t *)classes_grow(a->classes, a->after,
		    &a->after_room, sizeof(*a->after));
	a->after[a->after_count++] = node * 2 + is_waiting;
}

static void
automaton_enter(struct automaton *a, uint32_t number, int byte)
{
	const struct automaton_node *node = &a->nodes[number];
	bool is_next = node->byte == byte;

	switch ((enum automaton_token)node->token) {
	case AUTOMATON_LITERAL:
		if (is_next)
			automaton_push_after(a, number, false);
		return;
	case AUTOMATON_SKIP:
		automaton_push_after(a, number, !is_next);
		return;
	case AUTOMATON_REST:
		automaton_push_after(a, number, false);
		return;
	}
}

static void
automaton_step_position(struct automaton *a, uint32_t position, int byte)
{
	uint32_t number = position / 2;

	if (position % 2 == 1 || a->nodes[number].token == AUTOMATON_REST) {
		automaton_enter(a, number, byte);
		return;
	}
	for (number = a->nodes[number].child; number != 0;
	     number = a->nodes[number].next)
		automaton_enter(a, number, byte);
}

/* No two positions are the same, since each pattern is at one only. */
static void
automaton_sort_after(struct automaton *a)
{
	uint32_t *after = a->after, value, j;

	if (a->after_count > AUTOMATON_FEW) {
		classes_sort(after, a->after_count);
		return;
	}
	for (uint32_t i = 1; i < a->after_count; i++) {
		value = after[i];
		for (j = i; j > 0 && after[j - 1] > value; j--)
			after[j] = after[j - 1];
		after[j] = value;
	}
}

static void
automaton_step(struct automaton *a, uint32_t state, int byte)
{
	uint32_t end = a->states[state + 1].first_position;

	a->after_count = 0;
	for (uint32_t i = a->states[state].first_position; i < end; i++)
		automaton_step_position(a, a->positions[i], byte);
	automaton_sort_after(a);
}

/* Signatures of states. */

static struct classes_signature *
automaton_sign_many(struct automaton *a, struct classes_list entries)
{
	struct classes_list sets = { NULL, 0 }, from;
	struct str key = classes_list_key(entries);
	struct classes_signature *signature;
	size_t total = 0;
	uint32_t *ids;

	signature = (struct classes_signature *)
	    strmap_get(&a->signature_by_entries, key);
	if (signature != NULL)
		return signature;
	for (uint32_t i = 0; i < entries.count; i++)
		total +=
		    classes_entry_at(a->classes, entries.ids[i])->sets.count;
	ids = classes_scratch(a->classes, total);
	for (uint32_t i = 0; i < entries.count; i++) {
		from = classes_entry_at(a->classes, entries.ids[i])->sets;
		memcpy(ids + sets.count, from.ids, from.count * sizeof(*ids));
		sets.count += from.count;
	}
	sets = (struct classes_list){ ids, classes_sort(ids, sets.count) };
	signature = classes_sign(a->classes, sets);
	if (signature != NULL)
		*strmap_put(&a->signature_by_entries,
		    arena_copy(&a->arena, key)) = signature;
	return signature;
}

/* The signature for the positions in after, of which it keeps nothing. */
static struct classes_signature *
automaton_sign_after(struct automaton *a)
{
	struct classes_list entries = { a->after, 0 };
	const struct automaton_node *node;

	for (uint32_t i = 0; i < a->after_count; i++) {
		node = &a->nodes[a->after[i] / 2];
		if (a->after[i] % 2 == 0 && node->entry != CLASSES_NONE)
			a->after[entries.count++] = node->entry;
	}
	if (entries.count == 1)
		return classes_sign_entry(a->classes,
		    classes_entry_at(a->classes, a->after[0]));
	return automaton_sign_many(a, entries);
}

/* States. */

static uint32_t
automaton_hash(const uint32_t *positions, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i++) {
		hash = (hash ^ positions[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

/* The slot of the state with these positions, or an empty one. */
static uint32_t *
automaton_slot(const struct automaton *a, const uint32_t *positions,
    uint32_t count)
{
	uint32_t mask = a->slot_room - 1, i, begin, end;

	for (i = automaton_hash(positions, count) & mask; a->slots[i] != 0;
	     i = (i + 1) & mask) {
		begin = a->states[a->slots[i] - 1].first_position;
		end = a->states[a->slots[i]].first_position;
		if (end - begin == count &&
		    (count == 0 ||
			memcmp(a->positions + begin, positions,
			    count * sizeof(*positions)) == 0))
			break;
	}
	return &a->slots[i];
}

static void
automaton_grow_slots(struct automaton *a)
{
	uint32_t begin, end;

	a->slots = (uint32_t *)classes_grow(a->classes, a->slots, &a->slot_room,
	    sizeof(*a->slots));
	memset(a->slots, 0, a->slot_room * sizeof(*a->slots));
	for (uint32_t i = 0; i < a->state_count; i++) {
		begin = a->states[i].first_position;
		end = a->states[i + 1].first_position;
		*automaton_slot(a, a->positions + begin, end - begin) = i + 1;
	}
}

/* Blame. */

/*
 * How many states there are in which the pattern that ends at a node is not
 * where it is in most: about so many would be saved without it.
 */
static uint32_t
automaton_spread(const struct automaton *a, uint32_t node,
    const uint32_t *counts)
{
	uint32_t total = 0, most = 0;

	for (;; node = a->nodes[node].parent) {
		for (uint32_t i = node * 2; i <= node * 2 + 1; i++) {
			total += counts[i];
			if (counts[i] > most)
				most = counts[i];
		}
		if (node == 0)
			break;
	}
	if (a->state_count - total > most)
		most = a->state_count - total;
	return a->state_count - most;
}

static void
automaton_blame(struct automaton *a)
{
	struct classes *classes = a->classes;
	uint32_t *counts = (uint32_t *)arena_alloc(&a->arena,
	    (size_t)a->node_count * 2 * sizeof(*counts));
	uint32_t *scores = (uint32_t *)arena_alloc(&a->arena,
	    classes->sets.count * sizeof(*scores));
	struct classes_list sets;
	uint32_t spread;

	for (uint32_t i = 0; i < a->position_count; i++)
		counts[a->positions[i]]++;
	for (uint32_t node = 1; node < a->node_count; node++) {
		if (a->nodes[node].entry == CLASSES_NONE)
			continue;
		spread = automaton_spread(a, node, counts);
		sets = classes_entry_at(classes, a->nodes[node].entry)->sets;
		for (uint32_t i = 0; i < sets.count; i++)
			if (scores[sets.ids[i]] <= spread)
				scores[sets.ids[i]] = spread + 1;
	}
	classes_blame_worst(classes, scores);
}

/* Adding states. */

static void
automaton_copy_after(struct automaton *a)
{
	while (a->position_room - a->position_count < a->after_count)
		a->positions = (uint32_t *)classes_grow(a->classes,
		    a->positions, &a->position_room, sizeof(*a->positions));
	if (a->after_count > 0)
		memcpy(a->positions + a->position_count, a->after,
		    a->after_count * sizeof(*a->after));
	a->position_count += a->after_count;
}

/* A state at the positions in after; false where there is no room for it. */
static bool
automaton_add_state(struct automaton *a)
{
	struct automaton_state *state;

	if (a->state_count >= a->state_max ||
	    a->position_count + (uint64_t)a->after_count > a->position_max) {
		automaton_blame(a);
		return false;
	}
	/* And one more, where the last one's lists end. */
	if (a->state_count + 2 > a->state_room)
		a->states = (struct automaton_state *)classes_grow(a->classes,
		    a->states, &a->state_room, sizeof(*a->states));
	state = &a->states[a->state_count++];
	state->first_position = a->position_count;
	automaton_copy_after(a);
	state[1].first_position = a->position_count;
	state->signature = automaton_sign_after(a);
	return state->signature != NULL;
}

/* The state at the positions in after, or NONE. */
static uint32_t
automaton_state(struct automaton *a)
{
	uint32_t *slot;

	if (a->state_count >= a->slot_room / 2)
		automaton_grow_slots(a);
	slot = automaton_slot(a, a->after, a->after_count);
	if (*slot != 0)
		return *slot - 1;
	if (!automaton_add_state(a))
		return CLASSES_NONE;
	*slot = a->state_count;
	return a->state_count - 1;
}

/* Edges. */

struct automaton_bytes {
	bool has[UINT8_MAX + 1];
};

static void
automaton_ask_position(const struct automaton *a, uint32_t position,
    struct automaton_bytes *asked)
{
	uint32_t number = position / 2;

	if (position % 2 == 1) {
		asked->has[a->nodes[number].byte] = true;
		return;
	}
	for (number = a->nodes[number].child; number != 0;
	     number = a->nodes[number].next)
		if (a->nodes[number].token != AUTOMATON_REST)
			asked->has[a->nodes[number].byte] = true;
}

static bool
automaton_add_edge(struct automaton *a, uint32_t state, uint8_t byte)
{
	struct classes_edge edge = { 0, byte };

	automaton_step(a, state, byte);
	edge.target = automaton_state(a);
	if (edge.target == CLASSES_NONE)
		return false;
	if (edge.target == a->states[state].otherwise)
		return true;
	if (a->edge_count == a->edge_room)
		a->edges = (struct classes_edge *)classes_grow(a->classes,
		    a->edges, &a->edge_room, sizeof(*a->edges));
	a->edges[a->edge_count++] = edge;
	return true;
}

static bool
automaton_expand(struct automaton *a, uint32_t state)
{
	struct automaton_bytes asked = { { false } };
	uint32_t end = a->states[state + 1].first_position, otherwise;

	for (uint32_t i = a->states[state].first_position; i < end; i++)
		automaton_ask_position(a, a->positions[i], &asked);
	automaton_step(a, state, AUTOMATON_OTHER);
	otherwise = automaton_state(a);
	if (otherwise == CLASSES_NONE)
		return false;
	a->states[state].otherwise = otherwise;
	a->states[state].first_edge = a->edge_count;
	for (uint32_t byte = 0; byte <= UINT8_MAX; byte++)
		if (asked.has[byte] &&
		    !automaton_add_edge(a, state, (uint8_t)byte))
			return false;
	return true;
}

static bool
automaton_expand_all(struct automaton *a)
{
	automaton_push_after(a, 0, false);
	if (automaton_state(a) == CLASSES_NONE)
		return false;
	for (uint32_t i = 0; i < a->state_count; i++)
		if (!automaton_expand(a, i))
			return false;
	return true;
}

/* From outside. */

/* Those of one pattern have a state for each position, and one for none. */
static void
automaton_init(struct automaton *a, struct classes *classes)
{
	*a = (struct automaton){ .classes = classes };
	arena_init(&a->arena, classes->arena->out_of_memory);
	strmap_init(&a->signature_by_entries, &a->arena);
	automaton_add_patterns(a);
	a->state_max = 2 * (uint64_t)a->node_count + classes->budget;
	if (a->state_max > UINT32_MAX / CLASSES_WIDTH)
		a->state_max = UINT32_MAX / CLASSES_WIDTH;
	a->position_max = a->state_max * CLASSES_WIDTH;
}

static void
automaton_fini(struct automaton *a)
{
	free(a->states);
	free(a->positions);
	free(a->edges);
	free(a->slots);
	free(a->after);
	arena_fini(&a->arena);
}

static struct classes_automaton *
automaton_keep(const struct automaton *a)
{
	struct arena *arena = a->classes->arena;
	struct classes_automaton *kept = ARENA_NEW(arena,
	    struct classes_automaton);
	struct classes_state *states = (struct classes_state *)
	    arena_alloc(arena, (a->state_count + 1) * sizeof(*states));
	struct classes_edge *edges = (struct classes_edge *)arena_alloc(arena,
	    a->edge_count * sizeof(*edges));

	for (uint32_t i = 0; i < a->state_count; i++)
		states[i] = (struct classes_state){ a->states[i].first_edge,
			a->states[i].otherwise, a->states[i].signature };
	states[a->state_count].first_edge = a->edge_count;
	if (a->edge_count > 0)
		memcpy(edges, a->edges, a->edge_count * sizeof(*edges));
	*kept = (struct classes_automaton){ states, a->state_count, edges };
	return kept;
}

struct classes_automaton *
classes_automaton_build(struct classes *classes)
{
	struct classes_automaton *kept = NULL;
	struct automaton a;

	automaton_init(&a, classes);
	if (automaton_expand_all(&a))
		kept = automaton_keep(&a);
	automaton_fini(&a);
	return kept;
}

uint32_t
classes_automaton_next(const struct classes_automaton *automaton,
    uint32_t state, uint8_t byte)
{
	const struct classes_state *from = &automaton->states[state];
	uint32_t low = from->first_edge, high = from[1].first_edge, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (automaton->edges[middle].byte == byte)
			return automaton->edges[middle].target;
		if (automaton->edges[middle].byte < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return from->otherwise;
}

uint32_t
classes_automaton_run(const struct classes_automaton *automaton,
    struct str name)
{
	uint32_t state = 0;

	for (uint32_t i = 0; i < name.len; i++)
		state = classes_automaton_next(automaton, state,
		    (uint8_t)str_lower(name.ptr[i]));
	return state;
}
