/*
 * The diagram store: hash-consing, and the two operations that build
 * everything else. Recursion is bounded by the number of levels.
 */
#include "compiler/diagram.h"

#include <assert.h>
#include <stdlib.h>

enum {
	DIAGRAM_ROOM_MIN = 64,
	DIAGRAM_MEMO_ROOM = 1 << 15,
};

/* A rule number above all others: "true" in conditions. */
#define DIAGRAM_TRUE_RULE (UINT32_MAX - 1)

static void *
diagram_grow(void *old, uint32_t *room, size_t size)
{
	uint32_t wider = *room == 0 ? DIAGRAM_ROOM_MIN : *room * 2;
	void *array = realloc(old, wider * size);

	if (array == NULL)
		abort();
	*room = wider;
	return array;
}

static uint32_t
diagram_mix(uint32_t hash, uint32_t word)
{
	uint64_t mixed = ((uint64_t)hash << 32 | word) *
	    UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed >> 32) ^ (uint32_t)mixed;
}

static void
diagram_table_grow(struct diagram_table *table,
    uint32_t (*rehash)(const void *, uint32_t), const void *owner)
{
	struct diagram_table old = *table;

	table->room = old.room == 0 ? DIAGRAM_ROOM_MIN : old.room * 2;
	table->slots = calloc(table->room, sizeof(*table->slots));
	if (table->slots == NULL)
		abort();
	for (uint32_t i = 0; i < old.room; i++) {
		uint32_t slot;

		if (old.slots[i] == 0)
			continue;
		slot = rehash(owner, old.slots[i] - 1) & (table->room - 1);
		while (table->slots[slot] != 0)
			slot = (slot + 1) & (table->room - 1);
		table->slots[slot] = old.slots[i];
	}
	free(old.slots);
}

static uint32_t
diagram_hash_node(const void *owner, uint32_t number)
{
	const struct diagram *diagram = owner;
	const struct diagram_node *node = &diagram->nodes[number];
	const struct diagram_edge *edges = &diagram->edges[node->first_edge];
	uint32_t hash = diagram_mix(node->level, node->otherwise);

	for (uint32_t i = 0; i < node->edge_count; i++)
		hash = diagram_mix(diagram_mix(hash, edges[i].value),
		    edges[i].child);
	return hash;
}

static uint32_t
diagram_hash_residue(const void *owner, uint32_t number)
{
	const struct diagram *diagram = owner;
	const struct diagram_residue *r = &diagram->residues[number];

	return diagram_mix(diagram_mix(diagram_mix(r->rule, r->questions),
			       r->matches),
	    r->next);
}

static uint32_t
diagram_hash_questions(const void *owner, uint32_t number)
{
	const struct diagram *diagram = owner;
	const struct diagram_questions *q = &diagram->questions[number];

	return diagram_mix(q->question, q->next);
}

void
diagram_init(struct diagram *diagram)
{
	struct diagram_residue end = { .rule = UINT32_MAX };

	memset(diagram, 0, sizeof(*diagram));
	diagram->memo_room = DIAGRAM_MEMO_ROOM;
	diagram->memo = calloc(diagram->memo_room, sizeof(*diagram->memo));
	diagram->choices = calloc(diagram->memo_room,
	    sizeof(*diagram->choices));
	if (diagram->memo == NULL || diagram->choices == NULL)
		abort();
	/* Number 0 of both is "none". */
	diagram->residues = diagram_grow(NULL, &diagram->residue_room,
	    sizeof(*diagram->residues));
	diagram->residues[diagram->residue_count++] = end;
	diagram->questions = diagram_grow(NULL, &diagram->question_room,
	    sizeof(*diagram->questions));
	diagram->questions[diagram->question_count++] =
	    (struct diagram_questions){ 0, 0 };
	for (uint32_t level = 0; level < DIAGRAM_LEVELS_MAX; level++)
		diagram->depths[level] = level;
}

void
diagram_set_order(struct diagram *diagram, const uint32_t *levels,
    uint32_t count)
{
	assert(count <= DIAGRAM_LEVELS_MAX && diagram->node_count == 0);
	for (uint32_t i = 0; i < count; i++)
		diagram->depths[levels[i]] = i;
}

void
diagram_fini(struct diagram *diagram)
{
	free(diagram->nodes);
	free(diagram->edges);
	free(diagram->residues);
	free(diagram->questions);
	free(diagram->node_table.slots);
	free(diagram->residue_table.slots);
	free(diagram->question_table.slots);
	free(diagram->memo);
	free(diagram->choices);
	free(diagram->marks);
	memset(diagram, 0, sizeof(*diagram));
}

uint32_t
diagram_no_match(void)
{
	return DIAGRAM_LEAF | DIAGRAM_NO_MATCH;
}

uint32_t
diagram_question_list(struct diagram *diagram, uint32_t question, uint32_t next)
{
	struct diagram_table *table = &diagram->question_table;
	struct diagram_questions *q;
	uint32_t slot;

	if (table->count >= table->room / 2)
		diagram_table_grow(table, diagram_hash_questions, diagram);
	slot = diagram_mix(question, next) & (table->room - 1);
	for (; table->slots[slot] != 0; slot = (slot + 1) & (table->room - 1)) {
		q = &diagram->questions[table->slots[slot] - 1];
		if (q->question == question && q->next == next)
			return table->slots[slot] - 1;
	}
	if (diagram->question_count == diagram->question_room)
		diagram->questions = diagram_grow(diagram->questions,
		    &diagram->question_room, sizeof(*q));
	diagram->questions[diagram->question_count++] =
	    (struct diagram_questions){ question, next };
	table->slots[slot] = diagram->question_count;
	table->count++;
	return diagram->question_count - 1;
}

static bool
diagram_residue_eq(const struct diagram_residue *a,
    const struct diagram_residue *b)
{
	return a->rule == b->rule && a->questions == b->questions &&
	    a->matches == b->matches && a->next == b->next;
}

static uint32_t
diagram_residue(struct diagram *diagram, struct diagram_residue residue)
{
	struct diagram_table *table = &diagram->residue_table;
	uint32_t slot;

	if (table->count >= table->room / 2)
		diagram_table_grow(table, diagram_hash_residue, diagram);
	if (diagram->residue_count == diagram->residue_room)
		diagram->residues = diagram_grow(diagram->residues,
		    &diagram->residue_room, sizeof(residue));
	diagram->residues[diagram->residue_count] = residue;
	slot = diagram_hash_residue(diagram, diagram->residue_count) &
	    (table->room - 1);
	for (; table->slots[slot] != 0; slot = (slot + 1) & (table->room - 1))
		if (diagram_residue_eq(&residue,
			&diagram->residues[table->slots[slot] - 1]))
			return table->slots[slot] - 1;
	table->slots[slot] = ++diagram->residue_count;
	table->count++;
	return diagram->residue_count - 1;
}

uint32_t
diagram_leaf(struct diagram *diagram, struct diagram_residue residue)
{
	/* Without questions nothing behind it is ever reached. */
	if (residue.questions == 0) {
		if (!residue.matches)
			return DIAGRAM_LEAF | residue.next;
		residue.next = DIAGRAM_NO_MATCH;
	}
	return DIAGRAM_LEAF | diagram_residue(diagram, residue);
}

uint32_t
diagram_true(struct diagram *diagram)
{
	return diagram_leaf(diagram,
	    (struct diagram_residue){
		.rule = DIAGRAM_TRUE_RULE, .matches = true });
}

static bool
diagram_node_eq(const struct diagram *diagram, const struct diagram_node *a,
    const struct diagram_node *b)
{
	return a->level == b->level && a->otherwise == b->otherwise &&
	    a->edge_count == b->edge_count &&
	    memcmp(&diagram->edges[a->first_edge],
		&diagram->edges[b->first_edge],
		a->edge_count * sizeof(struct diagram_edge)) == 0;
}

/* The node whose edges are the last ones of the store. */
static uint32_t
diagram_intern(struct diagram *diagram, struct diagram_node node)
{
	struct diagram_table *table = &diagram->node_table;
	uint32_t slot;

	if (table->count >= table->room / 2)
		diagram_table_grow(table, diagram_hash_node, diagram);
	if (diagram->node_count == diagram->node_room)
		diagram->nodes = diagram_grow(diagram->nodes,
		    &diagram->node_room, sizeof(node));
	diagram->nodes[diagram->node_count] = node;
	slot = diagram_hash_node(diagram, diagram->node_count) &
	    (table->room - 1);
	for (; table->slots[slot] != 0; slot = (slot + 1) & (table->room - 1))
		if (diagram_node_eq(diagram, &node,
			&diagram->nodes[table->slots[slot] - 1])) {
			diagram->edge_count = node.first_edge;
			return table->slots[slot] - 1;
		}
	table->slots[slot] = ++diagram->node_count;
	table->count++;
	return diagram->node_count - 1;
}

uint32_t
diagram_node(struct diagram *diagram, uint32_t level, uint32_t otherwise,
    const struct diagram_edge *edges, uint32_t count)
{
	struct diagram_node node = {
		.level = level,
		.otherwise = otherwise,
		.first_edge = diagram->edge_count,
	};

	for (uint32_t i = 0; i < count; i++) {
		if (edges[i].child == otherwise)
			continue;
		assert(edges[i].value != 0);
		if (diagram->edge_count == diagram->edge_room)
			diagram->edges = diagram_grow(diagram->edges,
			    &diagram->edge_room, sizeof(*edges));
		diagram->edges[diagram->edge_count++] = edges[i];
		node.edge_count++;
	}
	return node.edge_count == 0 ? otherwise : diagram_intern(diagram, node);
}

uint32_t
diagram_child(const struct diagram *diagram, uint32_t node, uint32_t value)
{
	const struct diagram_node *n = &diagram->nodes[node];
	const struct diagram_edge *edges = &diagram->edges[n->first_edge];
	uint32_t low = 0, high = n->edge_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (edges[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n->edge_count && edges[low].value == value ?
	    edges[low].child :
	    n->otherwise;
}

uint32_t
diagram_walk(const struct diagram *diagram, uint32_t root,
    const uint32_t *classes)
{
	while (!(root & DIAGRAM_LEAF))
		root = diagram_child(diagram, root,
		    classes[diagram->nodes[root].level]);
	return root & ~DIAGRAM_LEAF;
}

/* Operations. */

/* Both lists of residues in the order of their rules. */
static uint32_t
diagram_min_residues(struct diagram *diagram, uint32_t a, uint32_t b)
{
	struct diagram_residue head;

	if (a == b || b == DIAGRAM_NO_MATCH)
		return a;
	if (a == DIAGRAM_NO_MATCH)
		return b;
	if (diagram->residues[b].rule < diagram->residues[a].rule) {
		uint32_t swap = a;

		a = b;
		b = swap;
	}
	head = diagram->residues[a];
	if (head.questions == 0)
		return a;
	/* One rule in both is one rule: its two parts are alike. */
	if (diagram->residues[b].rule == head.rule)
		b = diagram->residues[b].next;
	head.next = diagram_min_residues(diagram, head.next, b);
	return diagram_leaf(diagram, head) & ~DIAGRAM_LEAF;
}

uint32_t
diagram_depth(const struct diagram *diagram, uint32_t node)
{
	uint32_t level;

	if (node & DIAGRAM_LEAF)
		return UINT32_MAX;
	level = diagram->nodes[node].level;
	return level < DIAGRAM_LEVELS_MAX ? diagram->depths[level] : level;
}

/* The first of two nodes on a path, or the leaf that both are. */
static uint32_t
diagram_upper(const struct diagram *diagram, uint32_t a, uint32_t b)
{
	return diagram_depth(diagram, b) < diagram_depth(diagram, a) ? b : a;
}

/* The edges of a node at a level; none where it does not ask it. */
struct diagram_view {
	uint32_t first_edge;
	uint32_t left;
	uint32_t otherwise;
};

static struct diagram_view
diagram_look(const struct diagram *diagram, uint32_t node, uint32_t level)
{
	const struct diagram_node *n;

	if ((node & DIAGRAM_LEAF) || diagram->nodes[node].level != level)
		return (struct diagram_view){ 0, 0, node };
	n = &diagram->nodes[node];
	return (struct diagram_view){ n->first_edge, n->edge_count,
		n->otherwise };
}

static uint32_t
diagram_next_value(const struct diagram *diagram,
    const struct diagram_view *view)
{
	return view->left == 0 ? UINT32_MAX :
				 diagram->edges[view->first_edge].value;
}

static uint32_t
diagram_take(const struct diagram *diagram, struct diagram_view *view,
    uint32_t value)
{
	if (diagram_next_value(diagram, view) != value)
		return view->otherwise;
	view->left--;
	return diagram->edges[view->first_edge++].child;
}

/* Steps of an operation; when they have run out, it only returns. */
static void
diagram_begin(struct diagram *diagram, uint64_t steps)
{
	diagram->steps = steps;
	diagram->has_given_up = false;
}

static void
diagram_spend(struct diagram *diagram, uint64_t steps)
{
	if (diagram->steps < steps)
		diagram->has_given_up = true;
	else
		diagram->steps -= steps;
}

static uint32_t diagram_apply(struct diagram *, uint32_t, uint32_t);

static uint32_t
diagram_apply_nodes(struct diagram *diagram, uint32_t a, uint32_t b)
{
	uint32_t level = diagram->nodes[diagram_upper(diagram, a, b)].level;
	uint32_t count = 0, otherwise, result;
	struct diagram_view va = diagram_look(diagram, a, level);
	struct diagram_view vb = diagram_look(diagram, b, level);
	struct diagram_edge *edges = malloc(((size_t)va.left + vb.left) *
	    sizeof(*edges));

	if (edges == NULL)
		abort();
	diagram_spend(diagram, (uint64_t)va.left + vb.left + 1);
	otherwise = diagram_apply(diagram, va.otherwise, vb.otherwise);
	while ((va.left > 0 || vb.left > 0) && !diagram->has_given_up) {
		uint32_t na = diagram_next_value(diagram, &va);
		uint32_t nb = diagram_next_value(diagram, &vb);
		uint32_t value = na < nb ? na : nb;
		uint32_t ca = diagram_take(diagram, &va, value);
		uint32_t cb = diagram_take(diagram, &vb, value);

		edges[count++] = (struct diagram_edge){ value,
			diagram_apply(diagram, ca, cb) };
	}
	result = diagram_node(diagram, level, otherwise, edges, count);
	free(edges);
	return result;
}

static uint32_t
diagram_apply(struct diagram *diagram, uint32_t a, uint32_t b)
{
	struct diagram_memo *memo;
	uint32_t result;

	if (diagram->has_given_up)
		return diagram_no_match();
	if (a == b || b == diagram_no_match())
		return a;
	if (a == diagram_no_match())
		return b;
	if ((a & DIAGRAM_LEAF) && (b & DIAGRAM_LEAF))
		return DIAGRAM_LEAF |
		    diagram_min_residues(diagram, a & ~DIAGRAM_LEAF,
			b & ~DIAGRAM_LEAF);
	memo = &diagram->memo[diagram_mix(a, b) & (diagram->memo_room - 1)];
	if (memo->a == a && memo->b == b && a != b)
		return memo->result;
	result = diagram_apply_nodes(diagram, a, b);
	if (!diagram->has_given_up)
		*memo = (struct diagram_memo){ a, b, result };
	return result;
}

uint32_t
diagram_min(struct diagram *diagram, uint32_t a, uint32_t b, uint64_t steps)
{
	uint32_t result;

	diagram_begin(diagram, steps);
	result = diagram_apply(diagram, a, b);
	return diagram->has_given_up ? diagram_no_match() : result;
}

static uint32_t diagram_choice(struct diagram *, uint32_t, uint32_t, uint32_t);

static uint32_t
diagram_choose(struct diagram *diagram, uint32_t condition, uint32_t then,
    uint32_t otherwise)
{
	uint32_t upper = diagram_upper(diagram, condition, then);
	uint32_t level, count = 0, room, result, other;
	struct diagram_view views[3];
	struct diagram_edge *edges;

	level = diagram->nodes[diagram_upper(diagram, upper, otherwise)].level;
	views[0] = diagram_look(diagram, condition, level);
	views[1] = diagram_look(diagram, then, level);
	views[2] = diagram_look(diagram, otherwise, level);
	room = views[0].left + views[1].left + views[2].left;
	edges = malloc((size_t)room * sizeof(*edges) + 1);
	if (edges == NULL)
		abort();
	diagram_spend(diagram, (uint64_t)room + 1);
	other = diagram_choice(diagram, views[0].otherwise, views[1].otherwise,
	    views[2].otherwise);
	while ((views[0].left > 0 || views[1].left > 0 || views[2].left > 0) &&
	    !diagram->has_given_up) {
		uint32_t value = UINT32_MAX, children[3];

		for (unsigned i = 0; i < 3; i++)
			if (diagram_next_value(diagram, &views[i]) < value)
				value = diagram_next_value(diagram, &views[i]);
		for (unsigned i = 0; i < 3; i++)
			children[i] = diagram_take(diagram, &views[i], value);
		edges[count++] = (struct diagram_edge){ value,
			diagram_choice(diagram, children[0], children[1],
			    children[2]) };
	}
	result = diagram_node(diagram, level, other, edges, count);
	free(edges);
	return result;
}

static uint32_t
diagram_choice(struct diagram *diagram, uint32_t condition, uint32_t then,
    uint32_t otherwise)
{
	struct diagram_choice *choice;
	uint32_t result;

	if (diagram->has_given_up)
		return diagram_no_match();
	if (condition == diagram_no_match() || then == otherwise)
		return otherwise;
	if (condition & DIAGRAM_LEAF)
		return then;
	choice = &diagram->choices[diagram_mix(diagram_mix(condition, then),
				       otherwise) &
	    (diagram->memo_room - 1)];
	if (choice->condition == condition && choice->then == then &&
	    choice->otherwise == otherwise)
		return choice->result;
	result = diagram_choose(diagram, condition, then, otherwise);
	if (!diagram->has_given_up)
		*choice = (struct diagram_choice){ condition, then, otherwise,
			result };
	return result;
}

uint32_t
diagram_ite_within(struct diagram *diagram, uint32_t condition, uint32_t then,
    uint32_t otherwise, uint64_t steps)
{
	uint32_t result;

	diagram_begin(diagram, steps);
	result = diagram_choice(diagram, condition, then, otherwise);
	return diagram->has_given_up ? diagram_no_match() : result;
}

uint32_t
diagram_ite(struct diagram *diagram, uint32_t condition, uint32_t then,
    uint32_t otherwise)
{
	return diagram_ite_within(diagram, condition, then, otherwise,
	    UINT64_MAX);
}

/* Measures. */

struct diagram_measure {
	struct diagram *diagram;
	uint32_t nodes;
	uint32_t edges;
};

static void
diagram_measure_node(struct diagram_measure *measure, uint32_t node)
{
	struct diagram *diagram = measure->diagram;
	const struct diagram_node *n;

	if ((node & DIAGRAM_LEAF) || diagram->marks[node] == diagram->mark)
		return;
	diagram->marks[node] = diagram->mark;
	n = &diagram->nodes[node];
	measure->nodes++;
	measure->edges += n->edge_count + 1;
	diagram_measure_node(measure, n->otherwise);
	for (uint32_t i = 0; i < n->edge_count; i++)
		diagram_measure_node(measure,
		    diagram->edges[n->first_edge + i].child);
}

void
diagram_measure(struct diagram *diagram, uint32_t root, uint32_t *nodes_r,
    uint32_t *edges_r)
{
	struct diagram_measure measure = { .diagram = diagram };

	while (diagram->mark_room < diagram->node_count) {
		uint32_t old = diagram->mark_room;

		diagram->marks = diagram_grow(diagram->marks,
		    &diagram->mark_room, sizeof(*diagram->marks));
		memset(diagram->marks + old, 0,
		    (diagram->mark_room - old) * sizeof(*diagram->marks));
	}
	diagram->mark++;
	diagram_measure_node(&measure, root);
	*nodes_r = measure.nodes;
	*edges_r = measure.edges;
}
