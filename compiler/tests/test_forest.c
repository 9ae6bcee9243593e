/*
 * The forest against the loop that it stands for, on random rules: answer,
 * rule, and the questions asked, in their order, with their failures; and
 * against a second builder. ROUNDS=100 in the environment: so many times as
 * many of each.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "compiler/forest.h"
#include "compiler/tests/rounds.h"

enum {
	LEVELS = 4,
	CLASSES = 5,
	PREDS_MAX = 4,
	RULES_MAX = 40,
	QUESTIONS = 6,
	ASKED_MAX = RULES_MAX * PREDS_MAX,
};

static uint64_t random_state;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(random_state >> 33) % n;
}

/* A predicate over one level: a set of classes. */
struct set {
	uint32_t level;
	bool members[CLASSES];
};

struct world {
	struct diagram diagram;
	struct set sets[RULES_MAX][PREDS_MAX];
	struct forest_pred preds[RULES_MAX][PREDS_MAX];
	struct forest_rule rules[RULES_MAX];
	uint32_t rule_count;
	enum answer answers[QUESTIONS];
};

struct asked {
	const struct world *world;
	uint32_t questions[ASKED_MAX];
	uint32_t count;
};

static enum answer
ask(void *arg, uint32_t question)
{
	struct asked *asked = arg;

	cr_assert_lt(asked->count, ASKED_MAX);
	asked->questions[asked->count++] = question;
	return asked->world->answers[question];
}

static uint32_t
set_diagram(struct diagram *diagram, const struct set *set)
{
	uint32_t yes = diagram_true(diagram), no = diagram_no_match();
	struct diagram_edge edges[CLASSES];
	uint32_t count = 0;

	for (uint32_t c = 1; c < CLASSES; c++)
		edges[count++] = (struct diagram_edge){ c,
			set->members[c] ? yes : no };
	return diagram_node(diagram, set->level, set->members[0] ? yes : no,
	    edges, count);
}

static void
make_rule(struct world *world, uint32_t number, bool with_questions)
{
	struct forest_rule *rule = &world->rules[number];

	rule->preds = world->preds[number];
	rule->pred_count = random_below(PREDS_MAX + 1);
	for (uint32_t i = 0; i < rule->pred_count; i++) {
		struct forest_pred *pred = &world->preds[number][i];
		struct set *set = &world->sets[number][i];

		pred->is_question = with_questions && random_below(3) == 0;
		pred->number = random_below(QUESTIONS);
		if (pred->is_question)
			continue;
		set->level = random_below(LEVELS);
		for (uint32_t c = 0; c < CLASSES; c++)
			set->members[c] = random_below(3) == 0;
		pred->number = set_diagram(&world->diagram, set);
	}
}

static struct ruleset_result
loop(const struct world *world, const uint32_t *classes, struct asked *asked)
{
	for (uint32_t r = 0; r < world->rule_count; r++) {
		enum answer answer = ANSWER_YES;

		for (uint32_t i = 0;
		     i < world->rules[r].pred_count && answer == ANSWER_YES;
		     i++) {
			const struct forest_pred *pred = &world->preds[r][i];
			const struct set *set = &world->sets[r][i];

			answer = pred->is_question ? ask(asked, pred->number) :
			    set->members[classes[set->level]] ? ANSWER_YES :
								ANSWER_NO;
		}
		if (answer == ANSWER_FAILED)
			return (struct ruleset_result){ RULESET_TEMPFAIL, r };
		if (answer == ANSWER_YES)
			return (struct ruleset_result){ RULESET_MATCH, r };
	}
	return (struct ruleset_result){ RULESET_NO_MATCH, 0 };
}

static void
compare(const struct world *world, const struct forest *forest)
{
	uint32_t classes[DIAGRAM_LEVELS_MAX] = { 0 };
	struct asked by_loop = { .world = world };
	struct asked by_forest = { .world = world };
	struct ruleset_result wanted, seen;

	for (uint32_t l = 0; l < LEVELS; l++)
		classes[l] = random_below(CLASSES);
	wanted = loop(world, classes, &by_loop);
	seen = forest_decide(forest, classes, ask, &by_forest);
	cr_assert_eq(seen.verdict, wanted.verdict);
	cr_assert_eq(seen.rule, wanted.rule);
	cr_assert_eq(by_forest.count, by_loop.count);
	for (uint32_t i = 0; i < by_loop.count; i++)
		cr_assert_eq(by_forest.questions[i], by_loop.questions[i]);
}

static void
try_random_rules(uint32_t rounds, bool with_questions)
{
	static struct world world;

	for (uint32_t round = 0; round < rounds * rounds_factor(); round++) {
		struct forest forest;

		random_state = round + 1;
		diagram_init(&world.diagram);
		world.rule_count = 1 + random_below(RULES_MAX);
		for (uint32_t r = 0; r < world.rule_count; r++)
			make_rule(&world, r, with_questions);
		forest_build(&forest, &world.diagram, world.rules,
		    world.rule_count);
		for (uint32_t i = 0; i < 40; i++) {
			for (uint32_t q = 0; q < QUESTIONS; q++)
				world.answers[q] =
				    (enum answer)(random_below(7) == 0 ?
					    -1 :
					    (int)random_below(2));
			compare(&world, &forest);
		}
		forest_fini(&forest);
		diagram_fini(&world.diagram);
	}
}

Test(forest, agrees_with_the_loop_without_questions)
{
	try_random_rules(400, false);
}

Test(forest, agrees_with_the_loop_and_asks_what_it_asks)
{
	try_random_rules(400, true);
}

/* The plain fold: one diagram, built rule after rule. */
Test(forest, has_the_root_of_the_plain_fold)
{
	static struct world world;

	for (uint32_t round = 0; round < 200 * rounds_factor(); round++) {
		struct forest forest;
		uint32_t root, merged = diagram_no_match();

		random_state = 1000 + round;
		diagram_init(&world.diagram);
		root = diagram_no_match();
		world.rule_count = 1 + random_below(RULES_MAX);
		for (uint32_t r = 0; r < world.rule_count; r++) {
			make_rule(&world, r, true);
			root = diagram_min(&world.diagram, root,
			    forest_rule_diagram(&world.diagram, &world.rules[r],
				r),
			    UINT64_MAX);
		}
		forest_build(&forest, &world.diagram, world.rules,
		    world.rule_count);
		for (uint32_t i = 0; i < forest.tree_count; i++)
			merged = diagram_min(&world.diagram, merged,
			    forest.trees[i].root, UINT64_MAX);
		cr_assert_eq(merged, root);
		forest_fini(&forest);
		diagram_fini(&world.diagram);
	}
}
