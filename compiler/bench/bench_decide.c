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
#include <time.h>
#include <unistd.h>

#include "compiler/lower.h"
#include "compiler/tests/forest_env.h"

enum {
	ENVELOPES = 1024,
	NETWORKS = 4, /* of a table */
	TEXT_ROOM = 96,
	LINE_ROOM = 512,
	LOOP_RULES = 2000000, /* that all decisions of a loop may look at */
	LOOP_DECISIONS_MIN = 8,
	FOREST_DECISIONS = 100000,
	PASSES = 3, /* the fastest counts: others met other work */
};

/* Shapes: each writes the statements of one rule. */

struct writer {
	FILE *out;
	bool has_tables; /* of networks */
	uint32_t count;  /* rules of the whole */
};

/* A condition on the client, and the table that it needs before. */
static const char *
write_source(const struct writer *writer, uint32_t n, char to[TEXT_ROOM])
{
	if (!writer->has_tables) {
		snprintf(to, TEXT_ROOM, "src \"10.%u.%u.%u\"", n >> 16 & 255,
		    n >> 8 & 255, n & 255);
		return to;
	}
	fprintf(writer->out, "table n%u {", n);
	for (uint32_t i = 0; i < NETWORKS; i++)
		fprintf(writer->out, "%s \"%u.%u.%u.%u\"", i > 0 ? "," : "",
		    10 + i, n >> 16 & 255, n >> 8 & 255, n & 255);
	fputs(" }\n", writer->out);
	snprintf(to, TEXT_ROOM, "src <n%u>", n);
	return to;
}

static void
write_domain(const struct writer *writer, uint32_t n)
{
	fprintf(writer->out,
	    "match from any for domain \"d%u.example\" action \"out\"\n", n);
}

static void
write_own_action(const struct writer *writer, uint32_t n)
{
	fprintf(writer->out,
	    "action \"a%u\" relay host \"smtp://h%u.example\"\n"
	    "match from any for domain \"d%u.example\" action \"a%u\"\n",
	    n, n, n, n);
}

static void
write_pair(const struct writer *writer, uint32_t n)
{
	fprintf(writer->out,
	    "match from any mail-from \"@s%u.example\" for domain "
	    "\"d%u.example\" action \"out\"\n",
	    n, n);
}

static void
write_network(const struct writer *writer, uint32_t n)
{
	char source[TEXT_ROOM];

	write_source(writer, n, source);
	fprintf(writer->out,
	    "match from %s for domain \"d%u.example\" action \"out\"\n", source,
	    n);
}

/* Kinds of rules take turns, as in what people write. */
static void
write_mix(const struct writer *writer, uint32_t n)
{
	static const char *const kinds[] = {
		"match from any for domain \"d%u.example\" action \"in\"\n",
		"match from any for rcpt-to \"u%u@in.example\" action \"in\"\n",
		"match from any for domain \"*.d%u.example\" reject\n",
		"match from any mail-from \"u%u@s.example\" for any reject\n",
		"match from any auth \"u%u\" for any action \"out\"\n",
		"match from any helo h%u for domain \"in.example\" reject\n",
	};
	char source[TEXT_ROOM];

	switch (n % 8) {
	case 6:
		write_source(writer, n, source);
		fprintf(writer->out, "match from %s for any action \"out\"\n",
		    source);
		break;
	case 7:
		write_network(writer, n);
		break;
	default:
		fprintf(writer->out, kinds[n % 8], n);
	}
}

/* All senders, then all clients, then all domains, all done differently. */
static void
write_cross(const struct writer *writer, uint32_t n)
{
	const char *action = n % 2 == 0 ? "action \"out\"" : "reject";
	char source[TEXT_ROOM];

	if (n < writer->count / 3) {
		fprintf(writer->out,
		    "match from any mail-from \"@s%u.example\" for any %s\n", n,
		    action);
	} else if (n < writer->count / 3 * 2) {
		write_source(writer, n, source);
		fprintf(writer->out, "match from %s for any %s\n", source,
		    action);
	} else {
		fprintf(writer->out,
		    "match from any for domain \"d%u.example\" %s\n", n,
		    action);
	}
}

static const struct shape {
	const char *name;
	void (*write)(const struct writer *, uint32_t);
	bool has_networks;
} shapes[] = {
	{ "domains", write_domain, false },
	{ "own actions", write_own_action, false },
	{ "pairs", write_pair, false },
	{ "networks", write_network, true },
	{ "mix", write_mix, true },
	{ "cross", write_cross, true },
};

/* Envelopes. */

static uint64_t draw_state = 1;

static uint32_t
draw(uint32_t below)
{
	draw_state = draw_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(draw_state >> 33) % below;
}

static struct str
draw_text(struct arena *arena, const char *prefix, uint32_t n,
    const char *suffix)
{
	return str_from(arena_printf(arena, "%s%u%s", prefix, n, suffix));
}

/* Half are what some rule is about; of the others each part is any. */
static struct ruleset_envelope
draw_envelope(struct arena *arena, uint32_t rules)
{
	uint32_t n = draw(rules), parts[4];

	for (unsigned i = 0; i < 4; i++)
		parts[i] = n;
	if (draw(2) == 0)
		for (unsigned i = 0; i < 4; i++)
			parts[i] = draw(rules + rules / 4 + 1);
	return (struct ruleset_envelope){
		.peer = str_from(arena_printf(arena, "%u.%u.%u.%u",
		    10 + draw(NETWORKS), parts[0] >> 16 & 255,
		    parts[0] >> 8 & 255, parts[0] & 255)),
		.helo = draw_text(arena, "h", parts[1], ""),
		.is_tls = true,
		.is_authenticated = draw(4) == 0,
		.username = draw_text(arena, "u", parts[1], ""),
		.sender = { draw_text(arena, "u", parts[2], ""),
		    draw(2) == 0 ?
			STR_LIT("s.example") :
			draw_text(arena, "s", parts[2], ".example") },
		.dest = { draw_text(arena, "u", parts[3], ""),
		    draw(4) == 0 ?
			STR_LIT("in.example") :
			draw_text(arena, "d", parts[3], ".example") },
	};
}

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

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

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
	double begin = now();

	forest_env_init(env, bind, order);
	result->build = now() - begin;
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
	double begin = now(), time;

	for (uint32_t i = 0; i < FOREST_DECISIONS; i++) {
		space_classify(&env->space, 0, &envelopes[i % ENVELOPES], facts,
		    classes);
		forest_decide(&env->forest, classes, no_question, NULL);
	}
	time = (now() - begin) / FOREST_DECISIONS * 1e9;
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
	begin = now();
	for (uint32_t i = 0; i < count; i++)
		forest_env_loop(env, &envelopes[i % ENVELOPES], facts);
	time = (now() - begin) / count * 1e9;
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
		envelopes[i] = draw_envelope(&bind->comp->arena, rules);
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

static void
write_config(const struct shape *shape, uint32_t rules, bool has_tables,
    const char *path)
{
	struct writer writer = { fopen(path, "w"), has_tables, rules };

	if (writer.out == NULL) {
		perror(path);
		exit(2);
	}
	fputs("action \"in\" mbox\naction \"out\" relay\n", writer.out);
	for (uint32_t n = 0; n < rules; n++)
		shape->write(&writer, n);
	fclose(writer.out);
}

static uint32_t
run(const struct shape *shape, uint32_t rules, bool has_tables,
    const char *path)
{
	struct options options = { .root = NULL };
	struct compilation comp;
	struct host host;
	struct bind bind;
	char name[TEXT_ROOM];
	const char *what;
	uint32_t bad;

	write_config(shape, rules, has_tables, path);
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

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		bad += run(&shapes[i], rules, false, path);
		if (shapes[i].has_networks)
			bad += run(&shapes[i], rules, true, path);
	}
	return bad;
}

int
main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 10, 100, 1000, 10000, 100000 };
	char path[] = "/tmp/bench_decide.XXXXXX";
	int fd = mkstemp(path);
	uint32_t bad = 0;

	if (fd < 0) {
		perror(path);
		return 2;
	}
	close(fd);
	puts("                                      build                      "
	     "      memory    forest        loop\n"
	     "shape                rules  first          s  trees     nodes "
	     "    edges       MB        ns          ns");
	for (int i = 1; i < argc; i++)
		bad += run_shapes((uint32_t)strtoul(argv[i], NULL, 10), path);
	for (size_t i = 0; argc == 1 && i < sizeof(sizes) / sizeof(sizes[0]);
	     i++)
		bad += run_shapes(sizes[i], path);
	unlink(path);
	printf("%u envelopes were decided otherwise than by the loop\n", bad);
	return bad > 0;
}
