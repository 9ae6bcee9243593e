/*
 * Measures decision diagrams: how long they take to build, how large they
 * become, and what one decision costs, beside the loop that they stand for.
 * Rulesets of six shapes are written in every size, those with networks
 * once with a network in each rule and once with tables of them, and built
 * in both orders of levels. Forest and loop must agree on every envelope;
 * a disagreement is all that makes the run fail.
 *
 *	bench_decide [RULES...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/bench/shapes.h"
#include "compiler/lower.h"
#include "compiler/tests/forest_env.h"

enum {
	ENVELOPES = 1024,
	TEXT_ROOM = 96,
	LOOP_RULES = 2000000, /* that all decisions of a loop may look at */
	LOOP_DECISIONS_MIN = 8,
	FOREST_DECISIONS = 100000,
	PASSES = 3, /* the fastest counts: others met other work */
};

/* One case. */

struct result {
	double build;    /* seconds */
	uint64_t memory; /* bytes of classes and diagrams */
	double forest;   /* nanoseconds a decision */
	double loop;
	uint32_t nodes;
	uint32_t edges;
	uint32_t trees;
};

static uint64_t
memory_of(const struct diagram *diagram)
{
	return diagram->node_room * sizeof(*diagram->nodes) +
	    diagram->edge_room * sizeof(*diagram->edges) +
	    diagram->residue_room * sizeof(*diagram->residues) +
	    sizeof(uint32_t) *
	    ((uint64_t)diagram->node_table.room + diagram->residue_table.room) +
	    diagram->memo_room *
	    (sizeof(*diagram->memo) + sizeof(*diagram->choices));
}

static void
build(struct forest_env *env, struct bind *bind, enum space_order order,
    struct result *result)
{
	const struct arena *arena = &bind->comp->arena;
	size_t before = arena->total;
	double begin = bench_now();

	forest_env_init(env, bind, order);
	result->build = bench_now() - begin;
	result->memory = arena->total - before + memory_of(&env->diagram);
	result->trees = env->forest.tree_count;
	result->nodes = result->edges = 0;
	for (uint32_t i = 0; i < env->forest.tree_count; i++) {
		uint32_t nodes, edges;

		diagram_measure(&env->diagram, env->forest.trees[i].root,
		    &nodes, &edges);
		result->nodes += nodes;
		result->edges += edges;
	}
}

/* No rule of the shapes asks a question. */
static enum answer
no_question(void *arg, uint32_t question)
{
	(void)arg;
	(void)question;
	abort();
}

static void
time_forest(struct forest_env *env, const struct ruleset_envelope *envelopes,
    struct result *result)
{
	const struct space_facts facts = { false, false };
	uint32_t classes[SPACE_LEVELS];
	double begin = bench_now(), time;

	for (uint32_t i = 0; i < FOREST_DECISIONS; i++) {
		space_classify(&env->space, 0, &envelopes[i % ENVELOPES], facts,
		    classes);
		forest_decide(&env->forest, classes, no_question, NULL);
	}
	time = (bench_now() - begin) / FOREST_DECISIONS * 1e9;
	if (result->forest == 0 || time < result->forest)
		result->forest = time;
}

static void
time_loop(struct forest_env *env, const struct ruleset_envelope *envelopes,
    uint32_t rules, struct result *result)
{
	const struct space_facts facts = { false, false };
	uint32_t count = LOOP_RULES / rules;
	double begin, time;

	if (count < LOOP_DECISIONS_MIN)
		count = LOOP_DECISIONS_MIN;
	begin = bench_now();
	for (uint32_t i = 0; i < count; i++)
		forest_env_loop(env, &envelopes[i % ENVELOPES], facts);
	time = (bench_now() - begin) / count * 1e9;
	if (result->loop == 0 || time < result->loop)
		result->loop = time;
}

/* How many envelopes are decided otherwise than by the loop. */
static uint32_t
count_disagreements(struct forest_env *env,
    const struct ruleset_envelope *envelopes, uint32_t rules)
{
	const struct space_facts facts = { false, false };
	struct ruleset_result result;
	uint32_t bad = 0, count = ENVELOPES;

	if ((uint64_t)count * rules > LOOP_RULES * 10)
		count = LOOP_RULES * 10 / rules;
	for (uint32_t i = 0; i < count; i++)
		bad += !forest_env_agrees(env, &envelopes[i], facts, &result);
	return bad;
}

static void
print_result(const char *name, uint32_t rules, const char *order,
    const struct result *result)
{
	printf("%-18s %7u  %-6s %9.3f %6u %9u %9u %8.1f %9.0f %11.0f\n", name,
	    rules, order, result->build, result->trees, result->nodes,
	    result->edges, (double)result->memory / 1e6, result->forest,
	    result->loop);
	fflush(stdout);
}

/* Returns how many envelopes it was wrong about. */
static uint32_t
measure(struct bind *bind, const char *name, uint32_t rules)
{
	static const char *const orders[] = { "rcpt", "sender" };
	static struct ruleset_envelope envelopes[ENVELOPES];
	uint32_t bad = 0;

	/* Tables are read at their first use, which is to be no part of it. */
	for (uint32_t i = 0; i < bind->ir->table_count; i++)
		bind_state_of(bind, i);
	for (uint32_t i = 0; i < ENVELOPES; i++)
		envelopes[i] = bench_draw_envelope(&bind->comp->arena, rules);
	for (unsigned order = 0; order <= SPACE_SENDER_FIRST; order++) {
		struct forest_env env;
		struct result result = { .forest = 0 };

		build(&env, bind, (enum space_order)order, &result);
		bad += count_disagreements(&env, envelopes, rules);
		for (unsigned i = 0; i < PASSES; i++) {
			time_forest(&env, envelopes, &result);
			time_loop(&env, envelopes, rules, &result);
		}
		print_result(name, rules, orders[order], &result);
		forest_env_fini(&env);
	}
	return bad;
}

static uint32_t
run(const struct bench_shape *shape, uint32_t rules, bool has_tables,
    const char *path)
{
	struct options options = { .root = NULL };
	struct compilation comp;
	struct host host;
	struct bind bind;
	char name[TEXT_ROOM];
	const char *what;
	uint32_t bad;

	bench_write_config(shape, rules, has_tables, path);
	compilation_init(&comp, &options);
	if (compilation_run(&comp, path) != COMPILATION_OK ||
	    comp.diags.errors > 0 || host_init(&host, &comp, &what) != 0)
		abort();
	bind_init(&bind, &comp, lower_run(&comp), &host);
	snprintf(name, sizeof(name), "%s%s", shape->name,
	    has_tables ? ", tables" : "");
	bad = measure(&bind, name, rules);
	bind_fini(&bind);
	compilation_fini(&comp);
	return bad;
}

static uint32_t
run_shapes(uint32_t rules, const char *path)
{
	uint32_t bad = 0;

	for (size_t i = 0; i < BENCH_SHAPES; i++) {
		bad += run(&bench_shapes[i], rules, false, path);
		if (bench_shapes[i].has_networks)
			bad += run(&bench_shapes[i], rules, true, path);
	}
	return bad;
}

int
main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 10, 100, 1000, 10000, 100000, 0 };
	char path[] = "/tmp/bench_decide.XXXXXX";
	uint32_t bad;

	(void)argc;
	bench_make_file(path);
	puts("                                      build                      "
	     "      memory    forest        loop\n"
	     "shape                rules  first          s  trees     nodes "
	     "    edges       MB        ns          ns");
	bad = bench_run_sizes(argv + 1, sizes, run_shapes, path);
	unlink(path);
	printf("%u envelopes were decided otherwise than by the loop\n", bad);
	return bad > 0;
}
