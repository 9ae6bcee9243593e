/*
 * Fuzzes what follows the checks, for all targets: lowering, the dumps,
 * and decisions of the loop with their explanations. Modern text that is
 * printed of a config must parse back to the same dump. Files are looked
 * for in a root of the fixtures. What an input looks like is told in
 * grammar/fuzz/input.h; a part that begins with '?' is a session:
 *
 *     %%
 *     ? src=192.0.2.7 mail-from=a@b.example rcpt-to=alice@example.org
 */
#include "compiler/check.h"
#include "compiler/dump_json.h"
#include "compiler/dump_yaml.h"
#include "compiler/fuzz/ask.h"
#include "compiler/lower.h"
#include "compiler/print_conf.h"
#include "compiler/resolve.h"
#include "grammar/fuzz/input.h"

#define FUZZ_ROOT "fixtures/explain/root"

enum {
	FUZZ_WORDS_MAX = 16, /* of a session */
	FUZZ_REGEX_MAX = 64, /* bytes; regcomp(3) can take long */
	FUZZ_REPEATS_MAX = 4,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_init(struct compilation *comp, struct options *options)
{
	*options = (struct options){ .root = FUZZ_ROOT };
	options->policy.disabled[CHECK_MISSING_FILE] = true;
	compilation_init(comp, options);
	if (rootdir_init(&comp->root, options->root) != 0)
		abort();
}

/* NULL where the config has errors; it was lowered all the same. */
static const struct ir *
fuzz_compile(struct compilation *comp, struct input *input)
{
	const struct ir *ir;

	comp->tree = input_parse(input, &comp->diags);
	resolve_run(comp);
	check_run(comp);
	diag_finish(&comp->diags);
	ir = lower_run(comp);
	return comp->diags.errors == 0 ? ir : NULL;
}

/* Dumps. */

static char *
fuzz_dump(struct compilation *comp, const struct ir *ir, bool shows_secrets)
{
	const struct dump_options options = { .shows_secrets = shows_secrets };
	const struct dump_value *root = dump_model_build(comp, ir, &options);
	struct ask_sink yaml, json;

	ask_open(&json);
	assert(dump_json_print(json.out, root));
	ask_close(&json);
	ask_open(&yaml);
	assert(dump_yaml_print(yaml.out, root));
	fclose(yaml.out);
	return yaml.text;
}

static char *
fuzz_print(struct compilation *comp, const struct ir *ir)
{
	struct ask_sink sink;

	ask_open(&sink);
	print_conf_write(sink.out, &comp->arena, ir, true);
	fclose(sink.out);
	return sink.text;
}

static void
fuzz_expect(const char *seen, const char *wanted)
{
	if (strcmp(seen, wanted) == 0)
		return;
	fprintf(stderr, "== wanted\n%s== seen\n%s", wanted, seen);
	abort();
}

/* The text means what the IR means, and is printed again as it is. */
static void
fuzz_parse_back(const struct ir *ir, const char *text, const char *dump)
{
	struct input input = {
		.parts = { str_from(text) },
		.count = 1,
		.options = {
			.has_target = true,
			.target = ir->target,
			.has_dialect = true,
			.dialect = ir->target.dialect,
			.read = input_read,
			.read_arg = &input,
		},
	};
	struct options options;
	struct compilation comp;
	const struct ir *again;
	char *text_again, *dump_again;

	fuzz_init(&comp, &options);
	again = fuzz_compile(&comp, &input);
	if (again == NULL) {
		fprintf(stderr, "== text\n%s", text);
		input_print(stderr, &comp.diags, RENDER_TEXT);
		abort();
	}
	dump_again = fuzz_dump(&comp, again, true);
	fuzz_expect(dump_again, dump);
	text_again = fuzz_print(&comp, again);
	fuzz_expect(text_again, text);
	free(text_again);
	free(dump_again);
	compilation_fini(&comp);
}

static void
fuzz_round_trip(struct compilation *comp, const struct ir *ir)
{
	char *dump = fuzz_dump(comp, ir, true), *text;

	free(fuzz_dump(comp, ir, false));
	if (ir->target.dialect == DIALECT_MODERN) {
		text = fuzz_print(comp, ir);
		fuzz_parse_back(ir, text, dump);
		free(text);
	}
	free(dump);
}

/* Decisions. */

/* What does not parse is left out. */
static void
fuzz_read_session(struct arena *arena, struct str part, struct session *session)
{
	char *rest = arena_bytes(arena, (size_t)part.len + 1), *word;
	const char *why;

	memcpy(rest, part.ptr, part.len);
	rest[part.len] = '\0';
	session_init(session);
	for (unsigned i = 0; i < FUZZ_WORDS_MAX &&
	     (word = strtok_r(rest, " \n", &rest)) != NULL;
	     i++)
		session_read_word(session, arena, word, &why);
}

static bool
fuzz_is_cheap_regex(struct str pattern)
{
	unsigned repeats = 0;

	for (uint32_t i = 0; i < pattern.len; i++) {
		repeats += pattern.ptr[i] == '+';
		if (pattern.ptr[i] == '{' || pattern.ptr[i] == '\\')
			return false;
	}
	return pattern.len <= FUZZ_REGEX_MAX && repeats <= FUZZ_REPEATS_MAX;
}

/* Whether every entry could be asked for as a regular expression. */
static bool
fuzz_is_cheap(const struct ir *ir)
{
	for (uint32_t i = 0; i < ir->table_count; i++)
		for (uint32_t j = 0; j < ir->tables[i].entry_count; j++)
			if (!fuzz_is_cheap_regex(ir->tables[i].entries[j].key))
				return false;
	return true;
}

static void
fuzz_decide(struct compilation *comp, const struct ir *ir,
    const struct input *input)
{
	struct arena *arena = &comp->arena;
	struct session session;
	struct host host;
	struct bind bind;
	const char *what, *why;

	assert(host_init(&host, comp, &what) == HOST_OK);
	bind_init(&bind, comp, ir, &host);
	session_init(&session);
	session_read_word(&session, arena, "rcpt-to=alice@example.org", &why);
	ask_session(&bind, &session);
	for (unsigned i = 1; i < input->count; i++) {
		if (!str_has_prefix(input->parts[i], "?"))
			continue;
		fuzz_read_session(arena, input->parts[i], &session);
		ask_session(&bind, &session);
	}
	bind_fini(&bind);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options;
	struct compilation comp;
	struct input input;
	const struct ir *ir = NULL;

	fuzz_init(&comp, &options);
	if (input_init(&input, &comp.arena, data, size))
		ir = fuzz_compile(&comp, &input);
	if (ir != NULL)
		fuzz_round_trip(&comp, ir);
	if (ir != NULL && fuzz_is_cheap(ir))
		fuzz_decide(&comp, ir, &input);
	compilation_fini(&comp);
	return 0;
}
