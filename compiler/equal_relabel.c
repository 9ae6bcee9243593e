/*
 * Rules become labels: what they do. Then rules that do the same are one,
 * and questions whose answers make no difference are gone.
 */
#include "compiler/equal_private.h"

#include <stdlib.h>

struct equal_relabel {
	struct equal *equal;
	const struct equal_labels *labels;
	uint32_t *done; /* node to new node + 1 */
};

/* Whether a question is one that the target never answers. */
static bool
equal_always_fails(const struct equal *equal, uint32_t question)
{
	return equal->space.questions[question].pred->flags & PRED_FAILS;
}

/* The questions before the first that always fails; true if there is one. */
static bool
equal_cut_questions(struct equal *equal, uint32_t list, uint32_t *before_r)
{
	struct diagram_questions item = equal->diagram.questions[list];
	bool is_cut;

	*before_r = list;
	if (list == 0)
		return false;
	if (equal_always_fails(equal, item.question)) {
		*before_r = 0;
		return true;
	}
	is_cut = equal_cut_questions(equal, item.next, &item.next);
	if (is_cut)
		*before_r = diagram_question_list(&equal->diagram,
		    item.question, item.next);
	return is_cut;
}

static bool
equal_may_fail(const struct equal *equal, uint32_t list)
{
	for (; list != 0; list = equal->diagram.questions[list].next) {
		uint32_t question = equal->diagram.questions[list].question;

		if (equal->space.questions[question].pred->flags &
		    PRED_FAILS_IF_AUTH)
			return true;
	}
	return false;
}

/*
 * A label behind questions. One whose answer makes no difference is
 * dropped: look-ups count as not failing, but for those that must.
 */
static uint32_t
equal_labelled(struct equal *equal, uint32_t questions, uint32_t label,
    uint32_t next)
{
	struct diagram_residue residue = { .rule = label, .matches = true };
	uint32_t leaf = label == EQUAL_REFUSED ?
	    diagram_no_match() :
	    diagram_leaf(&equal->diagram, residue);

	if (questions == 0)
		return leaf;
	if (leaf == next && !equal_may_fail(equal, questions))
		return next;
	residue.questions = questions;
	residue.next = next & ~DIAGRAM_LEAF;
	return diagram_leaf(&equal->diagram, residue);
}

static uint32_t
equal_relabel_residue(struct equal_relabel *relabel, uint32_t number)
{
	struct equal *equal = relabel->equal;
	struct diagram_residue residue = equal->diagram.residues[number];
	uint32_t next, questions;

	if (number == DIAGRAM_NO_MATCH)
		return diagram_no_match();
	next = residue.questions == 0 ?
	    diagram_no_match() :
	    equal_relabel_residue(relabel, residue.next);
	if (equal_cut_questions(equal, residue.questions, &questions))
		return equal_labelled(equal, questions, EQUAL_FAILED, next);
	if (residue.matches)
		return equal_labelled(equal, questions,
		    relabel->labels->of_rules[residue.rule], next);
	if (!equal_may_fail(equal, questions))
		return next;
	residue.rule = EQUAL_REFUSED;
	residue.next = next & ~DIAGRAM_LEAF;
	return diagram_leaf(&equal->diagram, residue);
}

static uint32_t
equal_relabel_node(struct equal_relabel *relabel, uint32_t node)
{
	struct diagram *diagram = &relabel->equal->diagram;
	struct diagram_node n;
	struct diagram_edge *edges;
	uint32_t otherwise, result;

	if (node & DIAGRAM_LEAF)
		return equal_relabel_residue(relabel, node & ~DIAGRAM_LEAF);
	if (relabel->done[node] != 0)
		return relabel->done[node] - 1;
	n = diagram->nodes[node];
	edges = malloc(n.edge_count * sizeof(*edges) + 1);
	if (edges == NULL)
		abort();
	otherwise = equal_relabel_node(relabel, n.otherwise);
	for (uint32_t i = 0; i < n.edge_count; i++) {
		struct diagram_edge edge = diagram->edges[n.first_edge + i];

		edges[i].value = edge.value;
		edges[i].child = equal_relabel_node(relabel, edge.child);
	}
	result = diagram_node(diagram, n.level, otherwise, edges, n.edge_count);
	free(edges);
	relabel->done[node] = result + 1;
	return result;
}

uint32_t
equal_relabel(struct equal *equal, uint32_t root,
    const struct equal_labels *labels)
{
	struct equal_relabel relabel = { equal, labels, NULL };

	relabel.done = calloc(equal->diagram.node_count + 1,
	    sizeof(*relabel.done));
	if (relabel.done == NULL)
		abort();
	root = equal_relabel_node(&relabel, root);
	free(relabel.done);
	return root;
}
