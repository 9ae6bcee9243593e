/*
 * Fuzzes everything that smtpd-compile -n does after opening the config:
 * parsing, resolving, all checks, all printers. The files that a config
 * names are looked for in the demo's root and nowhere else. What an input
 * looks like is told in grammar/fuzz/input.h.
 */
#include "compiler/check.h"
#include "compiler/resolve.h"
#include "grammar/fuzz/input.h"

#define FUZZ_ROOT "fixtures/demo/root"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_compile(struct compilation *comp, struct input *input)
{
	comp->tree = input_parse(input, &comp->diags);
	resolve_run(comp);
	check_run(comp);
	diag_finish(&comp->diags);
	input_render(&comp->diags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options = { .root = FUZZ_ROOT };
	struct compilation comp;
	struct input input;

	options.policy.advice = true;
	compilation_init(&comp, &options);
	if (rootdir_init(&comp.root, options.root) != 0)
		abort();
	if (input_init(&input, &comp.arena, data, size))
		fuzz_compile(&comp, &input);
	compilation_fini(&comp);
	return 0;
}
