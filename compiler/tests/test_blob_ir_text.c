/*
 * The source map of a blob: where it says that something stands, and how
 * far it is believed.
 */
#include <criterion/criterion.h>

#include "compiler/blob_ir_text.h"
#include "compiler/tests/blob_env.h"
#include "compiler/tests/ir_env.h"

enum { RULES = 3 };

/* Places of three rules, one a line, in files of so many bytes together. */
static void
place_rules(size_t left, uint32_t lines_r[RULES])
{
	static struct ir_env ir;
	struct blob_env env;
	struct blob_ir_text text;
	struct srcpos places[RULES];

	ir_env_init(&ir);
	ir_env_compile(&ir, NULL,
	    "match from any for any reject\n"
	    "match from any for local reject\n"
	    "match from any for any reject\n");
	blob_env_init(&env, &ir.bind);
	blob_ir_text_init(&text, &ir.comp, &env.blob, ir.ir);
	cr_assert_eq(text.left, SOURCE_SIZE_MAX);
	text.left = left;
	for (uint32_t i = 0; i < RULES; i++) {
		blob_rule_pos(&env.blob, i, &places[i]);
		blob_ir_text_place(&text, &places[i]);
	}
	blob_ir_text_finish(&text);
	for (uint32_t i = 0; i < RULES; i++) {
		struct source_location at = { .line = 0 };

		source_locate(&ir.comp.map, places[i].begin, &at);
		lines_r[i] = at.line;
	}
	blob_env_fini(&env);
	ir_env_fini(&ir);
}

Test(blob_ir_text, has_all_in_its_line)
{
	uint32_t lines[RULES];

	place_rules(SOURCE_SIZE_MAX, lines);
	for (uint32_t i = 0; i < RULES; i++)
		cr_expect_eq(lines[i], i + 1);
}

Test(blob_ir_text, has_nothing_behind_what_sources_may_have)
{
	uint32_t lines[RULES];

	place_rules(2, lines);
	cr_expect_eq(lines[0], 1);
	cr_expect_eq(lines[1], 2);
	cr_expect_eq(lines[2], 0);
}
