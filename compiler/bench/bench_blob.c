/*
 * Measures compiled rulesets: how large they are beside their strings, how
 * long it takes to write and to verify them, and what a decision costs, with
 * warm caches and with cold ones, beside the loop; then look-ups in tables
 * of a million entries. Blob and loop must agree on every envelope; a
 * disagreement is all that makes the run fail.
 *
 *	bench_blob [RULES...]
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/bench/shapes.h"
#include "compiler/blob_write.h"
#include "compiler/lower.h"
#include "runtime/ruleset/blob.h"

enum {
	ENVELOPES = 4096,
	DECISIONS = 100000,
	COLD_DECISIONS = 200,
	CACHES = 64 << 20, /* bytes that push out all else */
	ROUNDS = 7,        /* of which the best counts: machines are shared */
	LOOP_RULES = 4000000, /* that all decisions of a loop may look at */
	MOST_SHAPES = 100000, /* rules; beyond, only two shapes are tried */
	TABLE_ENTRIES = 1000000,
	LOOKUPS = 100000,
	KEY_ROOM = 48,
};

static bool
is_nothing_local(void *arg, struct str text)
{
	(void)arg;
	(void)text;
	return false;
}

/* What the loop needs, and the blob must not. */
static enum answer
look_up(void *arg, uint32_t table, enum service service, struct str key)
{
	const struct table_entry *entry;

	return bind_lookup(arg, table, service, key, &entry);
}

struct bench {
	struct compilation comp;
	struct host host;
	struct bind bind;
	struct ruleset_callbacks callbacks;
	struct blob_image image;
	struct blob blob;
	struct ruleset_envelope envelopes[ENVELOPES];

	/* Results. */
	double write; /* seconds, all stages behind the checks */
	double verify;
	double open; /* with the digest */
	double warm; /* nanoseconds a decision */
	double cold;
	double loop;
};

/* Deciding. */

static volatile uint32_t sum;

static double
time_warm(const struct bench *bench)
{
	double best = 1e9, begin, took;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		begin = bench_now();
		for (uint32_t i = 0; i < DECISIONS; i++)
			sum += ruleset_decide(&bench->blob,
			    &bench->envelopes[i % ENVELOPES], &bench->callbacks)
				   .rule;
		took = bench_now() - begin;
		if (took < best)
			best = took;
	}
	return best / DECISIONS * 1e9;
}

static double
time_cold(const struct bench *bench)
{
	unsigned char *caches = malloc(CACHES);
	double total = 0;

	if (caches == NULL)
		abort();
	for (uint32_t i = 0; i < COLD_DECISIONS; i++) {
		double begin;

		memset(caches, (int)i, CACHES);
		begin = bench_now();
		sum += ruleset_decide(&bench->blob, &bench->envelopes[i],
		    &bench->callbacks)
			   .rule;
		total += bench_now() - begin;
	}
	free(caches);
	return total / COLD_DECISIONS * 1e9;
}

static double
time_loop(const struct bench *bench, uint32_t rules)
{
	uint32_t count = LOOP_RULES / rules + 4;
	double begin = bench_now();

	for (uint32_t i = 0; i < count; i++)
		sum += ruleset_eval(&bench->bind.ir->ruleset,
		    &bench->envelopes[i % ENVELOPES], &bench->callbacks)
			   .rule;
	return (bench_now() - begin) / count * 1e9;
}

static uint32_t
count_disagreements(const struct bench *bench, uint32_t rules)
{
	uint32_t bad = 0, count = LOOP_RULES / rules + 16;

	for (uint32_t i = 0; i < count && i < ENVELOPES; i++) {
		struct ruleset_result loop, blob;

		loop = ruleset_eval(&bench->bind.ir->ruleset,
		    &bench->envelopes[i], &bench->callbacks);
		blob = ruleset_decide(&bench->blob, &bench->envelopes[i],
		    &bench->callbacks);
		bad += loop.verdict != blob.verdict || loop.rule != blob.rule;
	}
	return bad;
}

/* Compiling. */

static void
compile(struct bench *bench, const struct options *options, const char *path)
{
	const char *what;
	double begin;

	compilation_init(&bench->comp, options);
	if (compilation_run(&bench->comp, path) != COMPILATION_OK ||
	    bench->comp.diags.errors > 0 ||
	    host_init(&bench->host, &bench->comp, &what) != HOST_OK)
		abort();
	begin = bench_now();
	bind_init(&bench->bind, &bench->comp, lower_run(&bench->comp),
	    &bench->host);
	if (!blob_write(&bench->bind, path, &bench->image, &what))
		abort();
	bench->write = bench_now() - begin;
	bench->callbacks = (struct ruleset_callbacks){
		.arg = &bench->bind,
		.lookup = look_up,
		.is_local_address = is_nothing_local,
		.is_local_name = is_nothing_local,
	};
}

static double
time_open(struct bench *bench, unsigned flags)
{
	double best = 1e9, begin, took;

	for (int i = 0; i < ROUNDS; i++) {
		begin = bench_now();
		if (blob_open(&bench->blob, bench->image.data,
			bench->image.size, flags) != BLOB_OK)
			abort();
		took = bench_now() - begin;
		if (took < best)
			best = took;
	}
	return best;
}

static void
finish(struct bench *bench)
{
	blob_image_fini(&bench->image);
	bind_fini(&bench->bind);
	compilation_fini(&bench->comp);
}

/* Rulesets. */

static void
print_shape(const struct bench *bench, const char *name, uint32_t rules)
{
	const struct blob *blob = &bench->blob;
	double plain = (double)(blob->size -
	    blob->sections[BLOB_STRINGS].count);

	printf("%-12s %8u %8.2f %9.2f %7.1f %8.3f %8.3f %5u %8.0f %8.0f "
	       "%11.0f %9.1f\n",
	    name, rules, bench->write, (double)blob->size / 1e6, plain / rules,
	    bench->verify * 1e3 / rules * 1e4, bench->open * 1e3 / rules * 1e4,
	    blob->sections[BLOB_TREES].count, bench->warm, bench->cold,
	    bench->loop, bench->loop / bench->warm);
	fflush(stdout);
}

/* Returns how many envelopes it was wrong about. */
static uint32_t
run_shape(const struct bench_shape *shape, uint32_t rules, const char *path)
{
	static struct bench bench;
	const struct options options = { .root = NULL };
	uint32_t bad;

	bench_write_config(shape, rules, false, path);
	compile(&bench, &options, path);
	for (uint32_t i = 0; i < ENVELOPES; i++)
		bench.envelopes[i] = bench_draw_envelope(&bench.comp.arena,
		    rules);
	bench.verify = time_open(&bench, BLOB_IS_INTACT);
	bench.open = time_open(&bench, 0);
	bad = count_disagreements(&bench, rules);
	bench.warm = time_warm(&bench);
	bench.cold = time_cold(&bench);
	bench.loop = time_loop(&bench, rules);
	print_shape(&bench, shape->name, rules);
	finish(&bench);
	return bad;
}

static uint32_t
run_shapes(uint32_t rules, const char *path)
{
	uint32_t bad = 0;

	/* The first and the last but one: the plainest, and a mix. */
	for (unsigned i = 0; i < BENCH_SHAPES; i++)
		if (rules <= MOST_SHAPES || i == 0 || i == BENCH_SHAPES - 2)
			bad += run_shape(&bench_shapes[i], rules, path);
	return bad;
}

/* Tables. */

struct table_case {
	const char *name;
	enum service service;
	const char *entry; /* of its number */
	const char *hit;
	const char *miss;
};

static const struct table_case table_cases[] = {
	{ "texts", SERVICE_STRING, "user%u", "user%u", "nobody%u" },
	{ "domains", SERVICE_DOMAIN, "*.d%u.example", "x.d%u.example",
	    "x.e%u.example" },
	{ "addresses", SERVICE_MAILADDR, "u%u@d.example", "u%u@d.example",
	    "v%u@d.example" },
	{ "mail*.domain", SERVICE_DOMAIN, "mail*.d%u.example",
	    "mail7.d%u.example", "mail7.e%u.example" },
	{ "mx*", SERVICE_DOMAIN, "mx%u-*", "mx%u-a.example", "mx%u.a.example" },
	{ "domain.*", SERVICE_DOMAIN, "d%u.*", "d%u.example", "e%u.example" },
	{ "*foo*", SERVICE_DOMAIN, "*foo%u*", "a.foo%u.example",
	    "a.fou%u.example" },
	{ "@*.domain", SERVICE_MAILADDR, "@*.d%u.example", "u@x.d%u.example",
	    "u@x.e%u.example" },
	{ "networks", SERVICE_NETADDR, "10.%u.%u.%u", "10.%u.%u.%u",
	    "11.%u.%u.%u" },
};

static void
print_key(char to[KEY_ROOM], const struct table_case *kind, const char *format,
    uint32_t n)
{
	if (kind->service == SERVICE_NETADDR)
		snprintf(to, KEY_ROOM, format, n >> 16 & 255, n >> 8 & 255,
		    n & 255);
	else
		snprintf(to, KEY_ROOM, format, n);
}

static void
write_table(const struct table_case *kind, const char *path)
{
	FILE *out = fopen(path, "w");
	char key[KEY_ROOM];

	if (out == NULL) {
		perror(path);
		exit(2);
	}
	/* What asks for addresses has them indexed. */
	fputs("action a relay\ntable t {", out);
	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		print_key(key, kind, kind->entry, i);
		fprintf(out, "%s \"%s\"", i > 0 ? "," : "", key);
	}
	fprintf(out, " }\nmatch %s <t> for any action a\n",
	    kind->service == SERVICE_NETADDR ? "from src" : "from any helo");
	fclose(out);
}

static double
time_lookups(const struct bench *bench, uint32_t table,
    const struct table_case *kind, const char *format, enum answer wanted)
{
	char(*keys)[KEY_ROOM] = malloc((size_t)LOOKUPS * KEY_ROOM);
	double best = 1e9, begin, took;

	if (keys == NULL)
		abort();
	for (uint32_t i = 0; i < LOOKUPS; i++)
		print_key(keys[i], kind, format,
		    i * 2654435761u % TABLE_ENTRIES);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		begin = bench_now();
		for (uint32_t i = 0; i < LOOKUPS; i++)
			if (blob_lookup(&bench->blob, table, kind->service,
				str_from(keys[i]), NULL) != wanted)
				abort();
		took = bench_now() - begin;
		if (took < best)
			best = took;
	}
	free(keys);
	return best / LOOKUPS * 1e9;
}

static void
run_table(const struct table_case *kind, const char *path)
{
	static struct bench bench;
	const struct options options = { .root = NULL };
	uint32_t table;

	write_table(kind, path);
	compile(&bench, &options, path);
	bench.verify = time_open(&bench, BLOB_IS_INTACT);
	table = blob_find_table(&bench.blob, STR_LIT("t"));
	printf("%-12s %8.2f %9.2f %8.1f %8.0f %8.0f\n", kind->name, bench.write,
	    (double)bench.blob.size / 1e6, bench.verify * 1e3,
	    time_lookups(&bench, table, kind, kind->hit, ANSWER_YES),
	    time_lookups(&bench, table, kind, kind->miss, ANSWER_NO));
	fflush(stdout);
	finish(&bench);
}

int
main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 10, 1000, 100000, 1000000, 0 };
	char path[] = "/tmp/bench_blob.XXXXXX";
	uint32_t bad;

	(void)argc;
	bench_make_file(path);
	puts("                                         bytes   ms a 10,000 "
	     "rules          ns a decision");
	puts("shape           rules   write s      MB  a rule   verify   "
	     "digest trees     warm     cold        loop     ratio");
	bad = bench_run_sizes(argv + 1, sizes, run_shapes, path);
	puts("\n1,000,000                          verify   ns a look-up");
	puts("entries       write s      MB       ms      hit     miss");
	for (size_t i = 0; i < sizeof(table_cases) / sizeof(table_cases[0]);
	     i++)
		run_table(&table_cases[i], path);
	unlink(path);
	if (bad > 0)
		printf("%u decisions differ from the loop\n", bad);
	return bad > 0;
}
