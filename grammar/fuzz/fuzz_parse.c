/*
 * Fuzzes the front end: both languages, every target, inclusions, macros,
 * and all printers. What an input looks like is told in grammar/fuzz/input.h.
 */
#include "grammar/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct source_map map;
	struct diag_list diags;
	struct input input;
	struct tree *tree;

	arena_init(&arena, NULL);
	source_map_init(&map, &arena);
	diag_list_init(&diags, &arena, &map);
	if (input_init(&input, &arena, data, size)) {
		tree = input_parse(&input, &diags);
		diag_finish(&diags);
		/* No error is silent. */
		assert(diags.errors > 0 || !tree->has_syntax_errors);
		input_render(&diags);
	}
	source_map_fini(&map);
	arena_fini(&arena);
	return 0;
}
