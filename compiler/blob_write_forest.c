/*
 * The forest of a blob: what is reachable of the diagrams, in the order in
 * which it is met, so that the same rules give the same bytes whatever else
 * was made on the way. The mirror of blob_decide.c.
 */
#include <stdlib.h>

#include "compiler/blob_write_private.h"

/* Numbers that are handed out, in a queue. */
struct blob_numbers {
	uint32_t *by_old; /* new number + 1, or 0 */
	uint32_t *queue;
	uint32_t count;
};

struct blob_forest_writer {
	struct blob_writer *writer;
	struct diagram diagram;
	struct space space;
	struct forest forest;
	struct blob_numbers nodes;
	struct blob_numbers residues;
	uint32_t *questions; /* by number of a list: what it became */
};

static void
blob_numbers_init(struct blob_numbers *numbers, uint32_t count)
{
	numbers->by_old = blob_write_alloc(count * sizeof(uint32_t));
	numbers->queue = blob_write_alloc(count * sizeof(uint32_t));
	numbers->count = 0;
}

static void
blob_numbers_fini(struct blob_numbers *numbers)
{
	free(numbers->by_old);
	free(numbers->queue);
}

static uint32_t
blob_number(struct blob_numbers *numbers, uint32_t old)
{
	if (numbers->by_old[old] == 0) {
		numbers->queue[numbers->count++] = old;
		numbers->by_old[old] = numbers->count;
	}
	return numbers->by_old[old] - 1;
}

/* A leaf that is only a rule needs no residue. */
static uint32_t
blob_leaf(struct blob_forest_writer *from, uint32_t number)
{
	const struct diagram_residue *residue = &from->diagram.residues[number];

	if (number == DIAGRAM_NO_MATCH)
		return BLOB_NO_MATCH;
	if (residue->questions == 0 && residue->matches)
		return BLOB_LEAF | residue->rule;
	return BLOB_LEAF | BLOB_RESIDUE | blob_number(&from->residues, number);
}

static uint32_t
blob_child(struct blob_forest_writer *from, uint32_t child)
{
	return child & DIAGRAM_LEAF ? blob_leaf(from, child & ~DIAGRAM_LEAF) :
				      blob_number(&from->nodes, child);
}

static void
blob_write_node(struct blob_forest_writer *from, uint32_t number)
{
	const struct diagram_node *node = &from->diagram.nodes[number];
	const struct diagram_edge *edges = from->diagram.edges +
	    node->first_edge;
	struct blob_writer *writer = from->writer;

	blob_put32(writer, BLOB_NODES, blob_child(from, node->otherwise));
	blob_put32(writer, BLOB_NODES, writer->counts[BLOB_EDGES]);
	blob_put32(writer, BLOB_NODES, diagram_depth(&from->diagram, number));
	blob_put_record(writer, BLOB_NODES);
	for (uint32_t i = 0; i < node->edge_count; i++) {
		blob_put32(writer, BLOB_EDGES, edges[i].value);
		blob_put32(writer, BLOB_EDGES,
		    blob_child(from, edges[i].child));
		blob_put_record(writer, BLOB_EDGES);
	}
}

static void
blob_write_trees(struct blob_forest_writer *from)
{
	struct blob_writer *writer = from->writer;

	for (uint32_t i = 0; i < from->forest.tree_count; i++) {
		const struct forest_tree *tree = &from->forest.trees[i];

		blob_put32(writer, BLOB_TREES, blob_child(from, tree->root));
		blob_put32(writer, BLOB_TREES, tree->first_rule);
		blob_put_record(writer, BLOB_TREES);
	}
	for (uint32_t i = 0; i < from->nodes.count; i++)
		blob_write_node(from, from->nodes.queue[i]);
}

/*
 * A list, from its end, since each refers to one before it. Lists are as
 * long as a rule has predicates.
 */
static uint32_t
blob_write_questions(struct blob_forest_writer *from, uint32_t list)
{
	const struct diagram_questions *questions = from->diagram.questions;
	struct blob_writer *writer = from->writer;
	uint32_t next;

	if (list == 0 || from->questions[list] != 0)
		return from->questions[list];
	next = blob_write_questions(from, questions[list].next);
	blob_put32(writer, BLOB_QUESTIONS,
	    blob_write_pred(writer,
		from->space.questions[questions[list].question].pred));
	blob_put32(writer, BLOB_QUESTIONS, next);
	blob_put_record(writer, BLOB_QUESTIONS);
	from->questions[list] = writer->counts[BLOB_QUESTIONS];
	return from->questions[list];
}

static void
blob_write_residues(struct blob_forest_writer *from)
{
	struct blob_writer *writer = from->writer;

	/* Writing one may add those behind it. */
	for (uint32_t i = 0; i < from->residues.count; i++) {
		const struct diagram_residue *residue =
		    &from->diagram.residues[from->residues.queue[i]];

		blob_put32(writer, BLOB_RESIDUES,
		    residue->rule | (residue->matches ? BLOB_LEAF : 0));
		blob_put32(writer, BLOB_RESIDUES,
		    blob_write_questions(from, residue->questions));
		blob_put32(writer, BLOB_RESIDUES,
		    blob_leaf(from, residue->next));
		blob_put_record(writer, BLOB_RESIDUES);
	}
}

/* In the order of the diagrams. */
static void
blob_write_levels(struct blob_forest_writer *from)
{
	for (uint32_t depth = 0; depth < SPACE_LEVELS; depth++)
		for (uint32_t level = 0; level < SPACE_LEVELS; level++)
			if (from->diagram.depths[level] == depth)
				blob_write_level(from->writer, &from->space,
				    (enum space_level)level);
}

static void
blob_build_forest(struct blob_forest_writer *from)
{
	struct diagram *diagram = &from->diagram;

	diagram_init(diagram);
	space_init(&from->space, &from->writer->bind, 1, diagram);
	forest_build(&from->forest, diagram, from->space.sides[0].rules,
	    from->writer->ir->ruleset.rule_count);
	blob_numbers_init(&from->nodes, diagram->node_count);
	blob_numbers_init(&from->residues, diagram->residue_count);
	from->questions = blob_write_alloc((diagram->question_count + 1) *
	    sizeof(uint32_t));
}

void
blob_write_forest(struct blob_writer *writer)
{
	struct blob_forest_writer from = { .writer = writer };

	blob_build_forest(&from);
	blob_write_levels(&from);
	blob_write_trees(&from);
	blob_write_residues(&from);
	free(from.questions);
	blob_numbers_fini(&from.residues);
	blob_numbers_fini(&from.nodes);
	forest_fini(&from.forest);
	space_fini(&from.space);
	diagram_fini(&from.diagram);
}
