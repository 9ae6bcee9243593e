/*
 * The source map: offsets to lines and back, and its limits.
 */
#include "grammar/source.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "grammar/tests/diag_env.h"

TestSuite(source, .init = env_init, .fini = env_fini);

struct place {
	uint32_t at;
	uint32_t line;
	uint32_t column;
	char text[8];
};

/* In "ab\n\ncd" */
ParameterizedTestParameters(source, locates_line_and_column)
{
	static struct place places[] = {
		{ 0, 1, 1, "ab" },
		{ 1, 1, 2, "ab" },
		{ 2, 1, 3, "ab" },
		{ 3, 2, 1, "" },
		{ 4, 3, 1, "cd" },
		{ 6, 3, 3, "cd" },
	};

	return cr_make_param_array(struct place, places,
	    sizeof(places) / sizeof(places[0]));
}

ParameterizedTest(struct place *place, source, locates_line_and_column)
{
	struct source_file *file;
	struct source_location loc;

	env_add("first", "x\n");
	file = env_add("second", "ab\n\ncd");
	cr_assert(source_locate(&env_map, file->base + place->at, &loc));
	cr_expect_eq(loc.file, file);
	cr_expect_eq(loc.line, place->line);
	cr_expect_eq(loc.column, place->column);
	cr_expect(str_is((struct str){ loc.line_text, loc.line_len },
	    place->text));
}

Test(source, end_of_text_ending_in_line_feed_is_on_the_next_line)
{
	struct source_file *file = env_add("a", "ab\n");
	struct source_location loc;

	cr_assert(source_locate(&env_map, file->base + 3, &loc));
	cr_expect_eq(loc.line, 2);
	cr_expect_eq(loc.column, 1);
	cr_expect_eq(loc.line_len, 0);
}

Test(source, zero_is_no_position)
{
	struct source_location loc = { .line = 7 };

	env_add("a", "ab\n");
	cr_expect_null(source_file_at(&env_map, 0));
	cr_expect_not(source_locate(&env_map, 0, &loc));
	cr_expect_eq(loc.line, 7);
}

Test(source, beyond_the_last_file_is_no_position)
{
	struct source_file *file = env_add("a", "ab\n");

	cr_expect_eq(source_file_at(&env_map, file->base + 3), file);
	cr_expect_null(source_file_at(&env_map, file->base + 4));
}

Test(source, finds_each_of_many_files)
{
	struct source_file *files[20];

	for (size_t i = 0; i < 20; i++)
		files[i] = env_add("f", i % 2 == 0 ? "" : "abc");
	for (size_t i = 0; i < 20; i++) {
		cr_expect_eq(source_file_at(&env_map, files[i]->base),
		    files[i]);
		cr_expect_eq(source_file_at(&env_map,
				 files[i]->base + files[i]->len),
		    files[i]);
	}
}

Test(source, empty_file_has_one_position)
{
	struct source_file *file = env_add("empty", "");
	struct source_location loc;

	cr_assert(source_locate(&env_map, file->base, &loc));
	cr_expect_eq(loc.line, 1);
	cr_expect_eq(loc.column, 1);
}

Test(source, refuses_more_than_the_maximum)
{
	struct source_file *file;

	env_map.next_base = SOURCE_SIZE_MAX - 4;
	file = source_add(&env_map, "large", calloc(1, 6), 4, env_nowhere);
	cr_expect_null(file);
	file = source_add(&env_map, "fits", calloc(1, 5), 3, env_nowhere);
	cr_expect_not_null(file);
}

Test(source, text_ends_with_its_file)
{
	struct source_file *a = env_add("a", "abc");
	struct source_file *b = env_add("b", "def");

	cr_expect(str_is(source_text(&env_map,
			     (struct srcpos){ a->base + 1, b->base + 2 }),
	    "bc"));
	cr_expect(str_is(source_text(&env_map, env_find(b, "de")), "de"));
}

Test(source, text_of_nothing_is_empty)
{
	struct source_file *a = env_add("a", "abc");

	cr_expect_eq(source_text(&env_map, env_nowhere).len, 0);
	cr_expect_eq(source_text(&env_map, env_range(a, 2, 1)).len, 0);
}

Test(source, finds_expansion_by_its_reference)
{
	struct source_file *file = env_add("a", "m = \"x\"\nuse $m $m\n");
	struct source_expansion expansion = { env_find(file, "$m"),
		env_find(file, "m") };
	const struct source_expansion *found;

	for (unsigned i = 0; i < 20; i++)
		source_add_expansion(&env_map, expansion);
	found = source_expansion_at(&env_map, expansion.at);
	cr_assert_not_null(found);
	cr_expect_eq(found->defined_at.begin, file->base);
	cr_expect_null(source_expansion_at(&env_map, env_find(file, "use")));
}
