/*
 * The joint automaton. domain_match never backtracks: each pattern is a line
 * of positions, at one of which a name is at any time, or at none any more.
 * The lines share their beginnings in a tree.
 *
 * A state is the set of the positions of all patterns. States are made
 * breadth first; each has edges for the bytes that its positions ask for,
 * and one for all others, or if nothing else is of interest any more a tail
 * to compare with. Patterns like "*.domain" wait for the same dot and part
 * behind it, so that there are as many states as nodes.
 */
#include "compiler/classes_automaton.h"

#include <stdlib.h>

#include "compiler/classes_tree.h"

/* A position is one of these at a node, whose number is taken times 4. */
enum automaton_at {
	AUTOMATON_ENTERED,
	AUTOMATON_WAITING, /* to enter it */
	AUTOMATON_MATCHED, /* behind its tail */
};

enum {
	AUTOMATON_OTHER = -1,  /* a byte that no position asks for */
	AUTOMATON_WIDTH = 4,   /* positions that a state may have, on average */
	AUTOMATON_FEW = 16,    /* so many are sorted by insertion */
	AUTOMATON_SPARED = 32, /* more would hardly ever fit in a budget */
};

struct automaton_state {
	uint32_t first_position; /* up to that of the next state */
	struct classes_state state;
};

struct automaton {
	struct classes *classes;
	struct arena arena; /* for as long as this lives */

	struct classes_tree tree;

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

/* From positions to positions. */

static void
automaton_push_after(struct automaton *a, uint32_t node, enum automaton_at at)
{
	if (a->after_count == a->after_room)
		a->after = (uint32_t *)classes_grow(a->classes, a->after,
		    &a->after_room, sizeof(*a->after));
	a->after[a->after_count++] = node * 4 + (uint32_t)at;
}

static void
automaton_enter(struct automaton *a, uint32_t number, int byte)
{
	const struct classes_node *node = &a->tree.nodes[number];
	bool is_next = node->byte == byte;

	switch ((enum classes_token)node->token) {
	case CLASSES_TREE_LITERAL:
		if (is_next)
			automaton_push_after(a, number, AUTOMATON_ENTERED);
		return;
	case CLASSES_TREE_SKIP:
		automaton_push_after(a, number,
		    is_next ? AUTOMATON_ENTERED : AUTOMATON_WAITING);
		return;
	case CLASSES_TREE_REST:
		automaton_push_after(a, number, AUTOMATON_ENTERED);
		return;
	}
}

static void
automaton_step_position(struct automaton *a, uint32_t position, int byte)
{
	uint32_t number = position / 4;

	switch ((enum automaton_at)(position % 4)) {
	case AUTOMATON_MATCHED:
		return;
	case AUTOMATON_WAITING:
		automaton_enter(a, number, byte);
		return;
	case AUTOMATON_ENTERED:
		break;
	}
	if (a->tree.nodes[number].token == CLASSES_TREE_REST)
		automaton_enter(a, number, byte);
	for (number = a->tree.nodes[number].child; number != 0;
	     number = a->tree.nodes[number].next)
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

/* The entry of a pattern that a name is in which ends at a position. */
static uint32_t
automaton_accepted(const struct automaton *a, uint32_t position)
{
	uint32_t number = position / 4;

	if (position % 4 == AUTOMATON_MATCHED ||
	    (position % 4 == AUTOMATON_ENTERED &&
		classes_tree_tail(&a->tree, number).len == 0))
		return a->tree.nodes[number].entry;
	return CLASSES_NONE;
}

/* The signature for the positions in after, of which it keeps nothing. */
static struct classes_signature *
automaton_sign_after(struct automaton *a)
{
	struct classes_list entries = { a->after, 0 };
	uint32_t entry;

	for (uint32_t i = 0; i < a->after_count; i++) {
		entry = automaton_accepted(a, a->after[i]);
		if (entry != CLASSES_NONE)
			a->after[entries.count++] = entry;
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

/* Whether no pattern but that of the entry goes on behind the node. */
static bool
automaton_is_own(const struct automaton *a, uint32_t number, uint32_t entry)
{
	const struct classes_node *node = &a->tree.nodes[number];
	const struct classes_node *child = &a->tree.nodes[node->child];

	if (node->entry != CLASSES_NONE)
		return node->entry == entry &&
		    (node->child == 0 || child->entry == entry);
	return child->next == 0;
}

/*
 * How many states there are in which the pattern that ends at a node is not
 * where it is in most: about so many would be saved without it. Where it
 * goes along with others counts as one place, since they stay.
 */
static uint32_t
automaton_spread(const struct automaton *a, uint32_t node,
    const uint32_t *counts)
{
	uint32_t entry = a->tree.nodes[node].entry, total = 0, most = 0;

	for (; node != 0 && automaton_is_own(a, node, entry);
	     node = a->tree.nodes[node].parent) {
		for (uint32_t i = node * 4; i < node * 4 + 4; i++) {
			total += counts[i];
			if (counts[i] > most)
				most = counts[i];
		}
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
	    (size_t)a->tree.node_count * 4 * sizeof(*counts));
	uint32_t *scores = (uint32_t *)arena_alloc(&a->arena,
	    classes->sets.count * sizeof(*scores));
	struct classes_list sets;
	uint32_t spread;

	for (uint32_t i = 0; i < a->position_count; i++)
		counts[a->positions[i]]++;
	for (uint32_t node = 1; node < a->tree.node_count; node++) {
		if (a->tree.nodes[node].entry == CLASSES_NONE)
			continue;
		spread = automaton_spread(a, node, counts);
		sets =
		    classes_entry_at(classes, a->tree.nodes[node].entry)->sets;
		for (uint32_t i = 0; i < sets.count; i++)
			if (scores[sets.ids[i]] <= spread)
				scores[sets.ids[i]] = spread + 1;
	}
	classes_blame_worst(classes, scores, AUTOMATON_SPARED);
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
	state->state = (struct classes_state){ .tail = STR_LIT(""),
		.signature = automaton_sign_after(a) };
	return state->state.signature != NULL;
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
	uint32_t number = position / 4;

	if (position % 4 == AUTOMATON_WAITING) {
		asked->has[a->tree.nodes[number].byte] = true;
		return;
	}
	for (number = a->tree.nodes[number].child; number != 0;
	     number = a->tree.nodes[number].next)
		if (a->tree.nodes[number].token != CLASSES_TREE_REST)
			asked->has[a->tree.nodes[number].byte] = true;
}

static bool
automaton_add_edge(struct automaton *a, uint32_t state, uint8_t byte)
{
	struct classes_edge edge = { 0, byte };

	automaton_step(a, state, byte);
	edge.target = automaton_state(a);
	if (edge.target == CLASSES_NONE)
		return false;
	if (edge.target == a->states[state].state.otherwise)
		return true;
	if (a->edge_count == a->edge_room)
		a->edges = (struct classes_edge *)classes_grow(a->classes,
		    a->edges, &a->edge_room, sizeof(*a->edges));
	a->edges[a->edge_count++] = edge;
	return true;
}

static bool
automaton_add_edges(struct automaton *a, uint32_t state)
{
	struct automaton_bytes asked = { { false } };
	uint32_t end = a->states[state + 1].first_position;

	for (uint32_t i = a->states[state].first_position; i < end; i++) {
		if (a->positions[i] % 4 == AUTOMATON_ENTERED)
			classes_tree_open(&a->tree, a->positions[i] / 4);
		automaton_ask_position(a, a->positions[i], &asked);
	}
	for (uint32_t byte = 0; byte <= UINT8_MAX; byte++)
		if (asked.has[byte] &&
		    !automaton_add_edge(a, state, (uint8_t)byte))
			return false;
	return true;
}

/* Whether it does not matter which byte comes next. */
static bool
automaton_is_settled(const struct automaton *a, uint32_t position)
{
	uint32_t child = a->tree.nodes[position / 4].child;

	if (position % 4 == AUTOMATON_WAITING)
		return false;
	return child == 0 ||
	    (a->tree.nodes[child].token == CLASSES_TREE_REST &&
		a->tree.nodes[child].next == 0);
}

/* The only node by whose tail the state can tell names apart, or NONE. */
static uint32_t
automaton_only_tail(const struct automaton *a, uint32_t state)
{
	uint32_t end = a->states[state + 1].first_position;
	uint32_t found = CLASSES_NONE, position;

	for (uint32_t i = a->states[state].first_position; i < end; i++) {
		position = a->positions[i];
		if (position % 4 == AUTOMATON_ENTERED &&
		    classes_tree_tail(&a->tree, position / 4).len > 0) {
			if (found != CLASSES_NONE)
				return CLASSES_NONE;
			found = position / 4;
		} else if (!automaton_is_settled(a, position))
			return CLASSES_NONE;
	}
	return found;
}

static bool
automaton_add_tail(struct automaton *a, uint32_t state, uint32_t node)
{
	uint32_t match;

	automaton_step(a, state, AUTOMATON_OTHER);
	automaton_push_after(a, node, AUTOMATON_MATCHED);
	automaton_sort_after(a);
	match = automaton_state(a);
	a->states[state].state.match = match;
	a->states[state].state.tail = classes_tree_tail(&a->tree, node);
	return match != CLASSES_NONE;
}

static bool
automaton_expand(struct automaton *a, uint32_t state)
{
	uint32_t tail = automaton_only_tail(a, state), otherwise;

	automaton_step(a, state, AUTOMATON_OTHER);
	otherwise = automaton_state(a);
	if (otherwise == CLASSES_NONE)
		return false;
	a->states[state].state.otherwise = otherwise;
	a->states[state].state.first_edge = a->edge_count;
	if (tail != CLASSES_NONE)
		return automaton_add_tail(a, state, tail);
	return automaton_add_edges(a, state);
}

static bool
automaton_expand_all(struct automaton *a)
{
	automaton_push_after(a, 0, AUTOMATON_ENTERED);
	if (automaton_state(a) == CLASSES_NONE)
		return false;
	for (uint32_t i = 0; i < a->state_count; i++)
		if (!automaton_expand(a, i))
			return false;
	return true;
}

/* From outside. */

/*
 * Patterns that part need two states a node and one behind each tail; where
 * two of them have the same tail, one for each of its bytes.
 */
static void
automaton_init(struct automaton *a, struct classes *classes)
{
	*a = (struct automaton){ .classes = classes };
	arena_init(&a->arena, classes->arena->out_of_memory);
	strmap_init(&a->signature_by_entries, &a->arena);
	a->state_max = classes_tree_build(&a->tree, classes);
	a->state_max += 2 * (uint64_t)a->tree.node_count + classes->budget;
	if (a->state_max > UINT32_MAX / AUTOMATON_WIDTH)
		a->state_max = UINT32_MAX / AUTOMATON_WIDTH;
	a->position_max = a->state_max * AUTOMATON_WIDTH;
}

static void
automaton_fini(struct automaton *a)
{
	free(a->tree.nodes);
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
		states[i] = a->states[i].state;
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

static uint32_t
automaton_next(const struct classes_automaton *kept, uint32_t state, char byte)
{
	const struct classes_state *from = &kept->states[state];
	uint32_t low = from->first_edge, high = from[1].first_edge, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (kept->edges[middle].byte == (uint8_t)byte)
			return kept->edges[middle].target;
		if (kept->edges[middle].byte < (uint8_t)byte)
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
	const struct classes_state *from;
	uint32_t state = 0;

	while (name.len > 0) {
		from = &automaton->states[state];
		if (from->tail.len > 0)
			return str_eq_nocase(from->tail, name) ?
			    from->match :
			    from->otherwise;
		state = automaton_next(automaton, state,
		    str_lower(*name.ptr++));
		name.len--;
	}
	return state;
}
