/*
 * What benchmarks of decisions have in common: rulesets of six shapes, those
 * with networks once with a network in each rule and once with tables of
 * them, and envelopes.
 */
#ifndef COMPILER_BENCH_SHAPES_H
#define COMPILER_BENCH_SHAPES_H

#include <stdio.h>

#include "runtime/base/arena.h"
#include "runtime/ruleset/ruleset.h"

struct bench_writer {
	FILE *out;
	bool has_tables; /* of networks */
	uint32_t count;  /* rules of the whole */
};

struct bench_shape {
	const char *name;
	void (*write)(const struct bench_writer *, uint32_t);
	bool has_networks;
};

enum { BENCH_SHAPES = 6 };

extern const struct bench_shape bench_shapes[BENCH_SHAPES];

/* Ends the program where the file cannot be written. */
void bench_write_config(const struct bench_shape *shape, uint32_t rules,
    bool has_tables, const char *path);

/* Half are what some rule is about; of the others each part is any. */
struct ruleset_envelope bench_draw_envelope(struct arena *arena,
    uint32_t rules);

/*
 * Runs with the numbers of rules that arguments name, else with those of a
 * list that ends in 0; path is a file to write. Returns the sum.
 */
uint32_t bench_run_sizes(char **arguments, const uint32_t *sizes,
    uint32_t (*run)(uint32_t rules, const char *path), const char *path);

/* An empty file of that pattern; ends the program where it cannot be made. */
void bench_make_file(char *path);

/* Seconds. */
double bench_now(void);

#endif
