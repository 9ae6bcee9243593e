/*
 * Rules become labels: what they do. Questions become levels below those of
 * the space, one for the answer and, where a target may be unable to ask,
 * one for that. So leaves are functions of the questions, whatever the order
 * in which they are asked, and a question without effect is gone.
 */
#include "compiler/equal_private.h"

#include <stdlib.h>

static void *
equal_alloc(uint32_t count, size_t size)
{
	void *array = calloc((size_t)count + 1, size);

	if (array == NULL)
		abort();
	return array;
}

void
equal_relabel_init(struct equal_relabel *relabel, struct equal *equal,
    const struct equal_labels *labels)
{
	*relabel = (struct equal_relabel){
		.equal = equal,
		.labels = labels,
		.nodes = equal_alloc(equal->diagram.node_count,
		    sizeof(*relabel->nodes)),
		.residues = equal_alloc(equal->diagram.residue_count,
		    sizeof(*relabel->residues)),
	};
	relabel->residues[DIAGRAM_NO_MATCH] = diagram_no_match();
}

void
equal_relabel_fini(struct equal_relabel *relabel)
{
	free(relabel->nodes);
	free(relabel->residues);
}

static uint32_t
equal_label_leaf(struct diagram *diagram, uint32_t label)
{
	struct diagram_residue residue = { .rule = label, .matches = true };

	return label == EQUAL_REFUSED ? diagram_no_match() :
					diagram_leaf(diagram, residue);
}

/* Look-ups count as not failing, but for those that must. */
static uint32_t
equal_ask(struct equal_relabel *relabel, uint32_t question, uint32_t then,
    uint32_t otherwise)
{
	struct diagram *diagram = &relabel->equal->diagram;
	unsigned flags = relabel->equal->space.questions[question].pred->flags;
	struct diagram_edge edge = { 1, diagram_true(diagram) };
	uint32_t level = SPACE_LEVELS + 2 * question, failed;

	failed = equal_label_leaf(diagram, EQUAL_FAILED);
	if (flags & PRED_FAILS)
		return failed;
	then = diagram_ite(diagram,
	    diagram_node(diagram, level + 1, diagram_no_match(), &edge, 1),
	    then, otherwise);
	if (!(flags & PRED_FAILS_IF_AUTH))
		return then;
	return diagram_ite(diagram,
	    diagram_node(diagram, level, diagram_no_match(), &edge, 1), failed,
	    then);
}

/* The last question is the innermost. */
static uint32_t
equal_ask_all(struct equal_relabel *relabel, uint32_t list, uint32_t then,
    uint32_t otherwise)
{
	struct diagram_questions item = relabel->equal->diagram.questions[list];

	if (list == 0)
		return then;
	then = equal_ask_all(relabel, item.next, then, otherwise);
	return equal_ask(relabel, item.question, then, otherwise);
}

static uint32_t
equal_relabel_rule(struct equal_relabel *relabel, uint32_t number,
    uint32_t next)
{
	struct diagram *diagram = &relabel->equal->diagram;
	struct diagram_residue residue = diagram->residues[number];
	uint32_t then = next;

	if (residue.matches)
		then = equal_label_leaf(diagram,
		    relabel->labels->of_rules[residue.rule]);
	return equal_ask_all(relabel, residue.questions, then, next);
}

/* From the end of the list to its beginning, which may be far away. */
static uint32_t
equal_relabel_residue(struct equal_relabel *relabel, uint32_t number)
{
	const struct diagram *diagram = &relabel->equal->diagram;
	uint32_t count = 0, i, *list;

	for (i = number; relabel->residues[i] == 0;
	     i = diagram->residues[i].next)
		count++;
	list = equal_alloc(count, sizeof(*list));
	for (i = number; relabel->residues[i] == 0;
	     i = diagram->residues[i].next)
		list[--count] = i;
	for (; relabel->residues[number] == 0; count++)
		relabel->residues[list[count]] = equal_relabel_rule(relabel,
		    list[count],
		    relabel->residues[diagram->residues[list[count]].next]);
	free(list);
	return relabel->residues[number];
}

uint32_t
equal_relabel(struct equal_relabel *relabel, uint32_t node)
{
	struct diagram *diagram = &relabel->equal->diagram;
	struct diagram_node n;
	struct diagram_edge *edges;
	uint32_t otherwise;

	if (node & DIAGRAM_LEAF)
		return equal_relabel_residue(relabel, node & ~DIAGRAM_LEAF);
	if (relabel->nodes[node] != 0)
		return relabel->nodes[node] - 1;
	n = diagram->nodes[node];
	edges = equal_alloc(n.edge_count, sizeof(*edges));
	otherwise = equal_relabel(relabel, n.otherwise);
	for (uint32_t i = 0; i < n.edge_count; i++) {
		struct diagram_edge edge = diagram->edges[n.first_edge + i];

		edges[i].value = edge.value;
		edges[i].child = equal_relabel(relabel, edge.child);
	}
	otherwise = diagram_node(diagram, n.level, otherwise, edges,
	    n.edge_count);
	free(edges);
	relabel->nodes[node] = otherwise + 1;
	return otherwise;
}
