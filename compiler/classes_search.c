/*
 * A walk through the automaton, breadth first, over names of one form at a
 * time. How a name can go on is decided by its state in the automaton, its
 * place in the form, and which of the texts to be avoided begin with it:
 * for most names none, and of those that agree in the rest only the first
 * is followed. Names that begin a text to be avoided are followed each;
 * there are no more of them than the texts have bytes, and the walk is
 * mostly over before.
 */
#include "compiler/classes_search.h"

#include <stdlib.h>

#include "runtime/base/hostname.h"

enum {
	SEARCH_PLACES = 64,
	SEARCH_REFUSED = SEARCH_PLACES,

	/* Of an address in brackets. */
	SEARCH_OPENED = 1,
	SEARCH_INSIDE,
	SEARCH_CLOSED,
};

#define SEARCH_PLACE(place) (UINT64_C(1) << (place))

/*
 * A form that names have. Places go from 0 to SEARCH_PLACES - 1. Bytes are
 * grouped by what they do to a place, those preferred first.
 */
struct search_form {
	const char *groups[4]; /* up to NULL */
	uint8_t (*step)(uint8_t place, uint32_t len, uint8_t byte);
	uint64_t ends; /* the places where a name may end */

	/* All that a place but 0 allows, the lower ones but 0 allow. */
	bool is_ordered;
	unsigned rank;
};

struct search_node {
	uint32_t parent;
	uint32_t state;
	uint32_t low, high; /* avoided texts that begin with the name */
	uint32_t len;
	uint8_t byte; /* the last */
	uint8_t place;
};

struct search {
	struct classes *classes;
	const struct classes_automaton *automaton;
	struct classes_entry *const *avoided; /* in byte order */
	uint32_t avoided_count;

	/* Of one walk. */
	const struct search_form *form;
	uint32_t sought; /* signatures */
	uint64_t *seen;  /* of each state: places where no text began */
	struct search_node *nodes;
	uint32_t node_count, node_room;
};

/* Forms. */

/* The place is the length of the label. */
static uint8_t
search_step_host(uint8_t place, uint32_t len, uint8_t byte)
{
	char c = (char)byte;

	if (len >= HOSTNAME_LEN_MAX)
		return SEARCH_REFUSED;
	if (c == '.')
		return place > 0 ? 0 : SEARCH_REFUSED;
	if (!str_is_alnum(c) && c != '_' && (c != '-' || len == 0))
		return SEARCH_REFUSED;
	return place < HOSTNAME_LABEL_MAX ? place + 1 : SEARCH_REFUSED;
}

static uint8_t
search_step_address(uint8_t place, uint32_t len, uint8_t byte)
{
	if (len == 0)
		return byte == '[' ? SEARCH_OPENED : SEARCH_REFUSED;
	if (byte == ']')
		return place == SEARCH_INSIDE ? SEARCH_CLOSED : SEARCH_REFUSED;
	if (place == SEARCH_CLOSED || byte == '\0' ||
	    strchr("0123456789abcdef.:ipv", byte) == NULL)
		return SEARCH_REFUSED;
	return SEARCH_INSIDE;
}

static uint8_t
search_step_any(uint8_t place, uint32_t len, uint8_t byte)
{
	(void)place;
	(void)len;
	(void)byte;
	return 1;
}

/* All bytes but capitals and NUL, letters first. */
static void
search_list_bytes(char bytes[UINT8_MAX + 1])
{
	char *to = bytes;

	for (char c = 'a'; c <= 'z'; c++)
		*to++ = c;
	for (int byte = 1; byte <= UINT8_MAX; byte++)
		if (str_lower((char)byte) == (char)byte &&
		    (byte < 'a' || byte > 'z'))
			*to++ = (char)byte;
	*to = '\0';
}

/* Texts to be avoided. */

/* The first from low on that goes on with byte or more behind len bytes. */
static uint32_t
search_bound(const struct search *s, const struct search_node *node,
    unsigned byte)
{
	uint32_t low = node->low, high = node->high, middle;
	struct str text;

	while (low < high) {
		middle = low + (high - low) / 2;
		text = s->avoided[middle]->text;
		if (text.len == node->len ||
		    (uint8_t)text.ptr[node->len] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
search_is_avoided(const struct search *s, const struct search_node *node)
{
	return node->low < node->high &&
	    s->avoided[node->low]->text.len == node->len;
}

/* The walk. */

/* Whether a name in the same state was followed that allows as much. */
static bool
search_was_seen(struct search *s, const struct search_node *node)
{
	uint64_t here = SEARCH_PLACE(node->place), same = here;

	if (s->form->is_ordered && node->place > 0)
		same = (here | (here - 1)) & ~SEARCH_PLACE(0);
	if ((s->seen[node->state] & same) != 0)
		return true;
	s->seen[node->state] |= here;
	return false;
}

static void
search_found(struct search *s, struct search_node node)
{
	const struct classes_state *states = s->automaton->states;
	struct classes_signature *signature = states[node.state].signature;
	char *text = (char *)classes_scratch(s->classes, node.len);
	struct str name = { text, node.len };
	const struct search_node *from;

	for (; node.len > 0; node = *from) {
		from = &s->nodes[node.parent];
		memcpy(text + from->len, states[from->state].tail.ptr,
		    node.len - 1 - from->len);
		text[node.len - 1] = (char)node.byte;
	}
	classes_admit(s->classes, signature, name, s->form->rank);
	signature->is_sought = false;
	s->sought--;
}

static void
search_end(struct search *s, const struct search_node *node)
{
	if (s->automaton->states[node->state].signature->is_sought &&
	    (s->form->ends & SEARCH_PLACE(node->place)) != 0 &&
	    !search_is_avoided(s, node))
		search_found(s, *node);
}

static void
search_push(struct search *s, const struct search_node *node)
{
	if (s->node_count == s->node_room)
		s->nodes = (struct search_node *)classes_grow(s->classes,
		    s->nodes, &s->node_room, sizeof(*s->nodes));
	s->nodes[s->node_count++] = *node;
}

static void
search_visit(struct search *s, const struct search_node *node)
{
	if (node->low == node->high && search_was_seen(s, node))
		return;
	search_push(s, node);
	search_end(s, node);
}

/* Puts a byte behind the name; false where the form refuses it. */
static bool
search_extend(const struct search *s, struct search_node *node, uint8_t byte)
{
	uint8_t place = s->form->step(node->place, node->len, byte);
	uint32_t low;

	if (place == SEARCH_REFUSED)
		return false;
	low = search_bound(s, node, byte);
	node->high = search_bound(s, node, byte + 1u);
	node->low = low;
	node->place = place;
	node->byte = byte;
	node->len++;
	return true;
}

static void
search_follow(struct search *s, const struct search_node *from, uint8_t byte,
    uint32_t state)
{
	struct search_node node = *from;

	if (!search_extend(s, &node, byte))
		return;
	node.state = state;
	search_visit(s, &node);
}

/* Follows all bytes that are not done to one state. */
static void
search_follow_others(struct search *s, const struct search_node *from,
    bool *done, uint32_t state)
{
	struct search_node rest = *from;
	uint8_t byte;
	const char *c;

	if (search_is_avoided(s, from))
		rest.low++;
	for (; rest.low < rest.high;
	     rest.low = search_bound(s, &rest, byte + 1u)) {
		byte = (uint8_t)s->avoided[rest.low]->text.ptr[rest.len];
		if (!done[byte])
			search_follow(s, from, byte, state);
		done[byte] = true;
	}
	for (const char *const *group = s->form->groups; *group; group++) {
		for (c = *group; *c != '\0' && done[(uint8_t)*c]; c++)
			;
		if (*c != '\0')
			search_follow(s, from, (uint8_t)*c, state);
	}
}

/* Names that leave the tail, end in it, or end with it. */
static void
search_expand_tail(struct search *s, struct search_node node,
    const struct classes_state *state)
{
	for (uint32_t i = 0; i < state->tail.len; i++) {
		uint8_t byte = (uint8_t)state->tail.ptr[i];
		bool done[UINT8_MAX + 1] = { false };

		if (i > 0)
			search_end(s, &node);
		done[byte] = true;
		search_follow_others(s, &node, done, state->otherwise);
		if (!search_extend(s, &node, byte))
			return;
		node.state = state->otherwise;
	}
	node.state = state->match;
	search_visit(s, &node);
}

static void
search_expand(struct search *s, uint32_t number)
{
	struct search_node node = s->nodes[number];
	const struct classes_state *state = &s->automaton->states[node.state];
	const struct classes_edge *edges = s->automaton->edges;
	bool done[UINT8_MAX + 1] = { false };

	node.parent = number;
	if (state->tail.len > 0) {
		search_expand_tail(s, node, state);
		return;
	}
	for (uint32_t i = state->first_edge; i < state[1].first_edge; i++) {
		search_follow(s, &node, edges[i].byte, edges[i].target);
		done[edges[i].byte] = true;
	}
	search_follow_others(s, &node, done, state->otherwise);
}

/* Marks the signatures that want a representative of the form's rank. */
static void
search_mark(struct search *s)
{
	struct classes_signature *signature;

	s->sought = 0;
	for (uint32_t i = 1; i < s->automaton->count; i++) {
		signature = s->automaton->states[i].signature;
		if (signature->is_sought ||
		    !classes_is_wanted(s->classes, signature, s->form->rank))
			continue;
		signature->is_sought = true;
		s->sought++;
	}
}

static void
search_unmark(struct search *s)
{
	for (uint32_t i = 0; i < s->automaton->count; i++)
		s->automaton->states[i].signature->is_sought = false;
}

static void
search_walk(struct search *s, const struct search_form *form)
{
	const struct search_node root = { .high = s->avoided_count };

	s->form = form;
	s->node_count = 0;
	search_mark(s);
	if (s->sought == 0)
		return;
	memset(s->seen, 0, s->automaton->count * sizeof(*s->seen));
	search_push(s, &root);
	for (uint32_t i = 0; i < s->node_count && s->sought > 0; i++)
		search_expand(s, i);
	search_unmark(s);
}

void
classes_search(struct classes *classes,
    const struct classes_automaton *automaton,
    struct classes_entry *const *avoided, uint32_t count)
{
	char bytes[UINT8_MAX + 1];
	struct arena arena;
	const struct search_form forms[] = {
		{ { "abcdefghijklmnopqrstuvwxyz0123456789_", "-", "." },
		    search_step_host, ~SEARCH_PLACE(0), true,
		    CLASSES_RANK_BEST },
		{ { "0123456789abcdef.:ipv", "[", "]" }, search_step_address,
		    SEARCH_PLACE(SEARCH_CLOSED), false, CLASSES_RANK_ADDRESS },
		{ { bytes }, search_step_any, SEARCH_PLACE(1), false,
		    CLASSES_RANK_INFEASIBLE },
	};
	struct search s = { .classes = classes,
		.automaton = automaton,
		.avoided = avoided,
		.avoided_count = count };

	search_list_bytes(bytes);
	arena_init(&arena, classes->arena->out_of_memory);
	s.seen = (uint64_t *)arena_alloc(&arena,
	    automaton->count * sizeof(*s.seen));
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		search_walk(&s, &forms[i]);
	free(s.nodes);
	arena_fini(&arena);
}
