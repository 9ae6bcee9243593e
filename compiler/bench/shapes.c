/*
 * Rulesets of six shapes in every size, and envelopes that they are about.
 */
#include "compiler/bench/shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	NETWORKS = 4, /* of a table */
	TEXT_ROOM = 96,
};

/* Shapes: each writes the statements of one rule. */

/* A condition on the client, and the table that it needs before. */
static const char *
write_source(const struct bench_writer *writer, uint32_t n, char to[TEXT_ROOM])
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
write_domain(const struct bench_writer *writer, uint32_t n)
{
	fprintf(writer->out,
	    "match from any for domain \"d%u.example\" action \"out\"\n", n);
}

static void
write_own_action(const struct bench_writer *writer, uint32_t n)
{
	fprintf(writer->out,
	    "action \"a%u\" relay host \"smtp://h%u.example\"\n"
	    "match from any for domain \"d%u.example\" action \"a%u\"\n",
	    n, n, n, n);
}

static void
write_pair(const struct bench_writer *writer, uint32_t n)
{
	fprintf(writer->out,
	    "match from any mail-from \"@s%u.example\" for domain "
	    "\"d%u.example\" action \"out\"\n",
	    n, n);
}

static void
write_network(const struct bench_writer *writer, uint32_t n)
{
	char source[TEXT_ROOM];

	write_source(writer, n, source);
	fprintf(writer->out,
	    "match from %s for domain \"d%u.example\" action \"out\"\n", source,
	    n);
}

/* Kinds of rules take turns, as in what people write. */
static void
write_mix(const struct bench_writer *writer, uint32_t n)
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
write_cross(const struct bench_writer *writer, uint32_t n)
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

const struct bench_shape bench_shapes[BENCH_SHAPES] = {
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

struct ruleset_envelope
bench_draw_envelope(struct arena *arena, uint32_t rules)
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

void
bench_write_config(const struct bench_shape *shape, uint32_t rules,
    bool has_tables, const char *path)
{
	struct bench_writer writer = { fopen(path, "w"), has_tables, rules };

	if (writer.out == NULL) {
		perror(path);
		exit(2);
	}
	fputs("action \"in\" mbox\naction \"out\" relay\n", writer.out);
	for (uint32_t n = 0; n < rules; n++)
		shape->write(&writer, n);
	fclose(writer.out);
}

uint32_t
bench_run_sizes(char **arguments, const uint32_t *sizes,
    uint32_t (*run)(uint32_t rules, const char *path), const char *path)
{
	uint32_t sum = 0;

	for (char **i = arguments; *i != NULL; i++)
		sum += run((uint32_t)strtoul(*i, NULL, 10), path);
	for (; *arguments == NULL && *sizes != 0; sizes++)
		sum += run(*sizes, path);
	return sum;
}

void
bench_make_file(char *path)
{
	int fd = mkstemp(path);

	if (fd < 0) {
		perror(path);
		exit(2);
	}
	close(fd);
}

double
bench_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
