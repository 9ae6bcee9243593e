/*
 * Parts of words, and what replaces them: in a text as it is written, with
 * escapes, and where a macro stands for it.
 */
#include "compiler/words.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct arena test_arena;
static struct source_map test_map;
static struct diag_list test_list;
static uint32_t test_base;

static void
test_setup(void)
{
	arena_init(&test_arena, NULL);
	source_map_init(&test_map, &test_arena);
	diag_list_init(&test_list, &test_arena, &test_map);
}

static void
test_teardown(void)
{
	source_map_fini(&test_map);
	arena_fini(&test_arena);
}

TestSuite(words, .init = test_setup, .fini = test_teardown);

/* A file that holds one word; text is the word without quotes, escapes. */
static struct word
test_word(const char *source, const char *text)
{
	size_t len = strlen(source);
	char *copy = calloc(1, len + 2);
	struct source_file *file;

	cr_assert_not_null(copy);
	memcpy(copy, source, len);
	file = source_add(&test_map, "x.conf", copy, len,
	    (struct srcpos){ 0, 0 });
	test_base = file->base;
	return (struct word){
		.ptr = text,
		.len = (uint32_t)strlen(text),
		.kind = source[0] == '"' ? WORD_QUOTED : WORD_BARE,
		.pos = { file->base, file->base + (uint32_t)len },
	};
}

static struct str
test_slice(struct word word, uint32_t begin, uint32_t len)
{
	return (struct str){ word.ptr + begin, len };
}

/* The edit that replaces a part, applied to the source of the word. */
static const char *
test_replace(const char *source, struct word word, struct str part,
    const char *text)
{
	struct diag *diag = diag_add(&test_list, CHECK_INVALID_VALUE,
	    DIAG_ERROR, word.pos, "wrong");
	const struct diag_edit *edit;

	words_replace(&test_list, diag, word, part, text);
	edit = diag->edits;
	if (edit == NULL)
		return "none";
	return arena_printf(&test_arena, "%.*s%s%s",
	    (int)(edit->range.begin - test_base), source, edit->text,
	    source + (edit->range.end - test_base));
}

Test(words, part_of_a_bare_word)
{
	struct word word = test_word("file:/x", "file:/x");
	struct srcpos pos = words_part(&test_map, word, test_slice(word, 5, 2));

	cr_expect_eq(pos.begin, test_base + 5);
	cr_expect_eq(pos.end, test_base + 7);
}

Test(words, part_of_a_quoted_word)
{
	struct word word = test_word("\"file:/x\"", "file:/x");
	struct srcpos pos = words_part(&test_map, word, test_slice(word, 0, 4));

	cr_expect_eq(pos.begin, test_base + 1);
	cr_expect_eq(pos.end, test_base + 5);
}

Test(words, whole_word_has_its_quotes)
{
	struct word word = test_word("\"abc\"", "abc");
	struct srcpos pos = words_part(&test_map, word, word_str(word));

	cr_expect_eq(pos.begin, word.pos.begin);
	cr_expect_eq(pos.end, word.pos.end);
}

Test(words, empty_part_is_the_word)
{
	struct word word = test_word("abc", "abc");
	struct srcpos pos = words_part(&test_map, word, test_slice(word, 3, 0));

	cr_expect_eq(pos.begin, word.pos.begin);
}

Test(words, part_behind_an_escape)
{
	struct word word = test_word("\"a\\\"bc\"", "a\"bc");
	struct srcpos pos = words_part(&test_map, word, test_slice(word, 2, 2));

	cr_expect_eq(pos.begin, word.pos.begin);
	cr_expect_eq(pos.end, word.pos.end);
}

Test(words, replaces_inside_quotes)
{
	struct word word = test_word("\"a:b c\"", "a:b c");

	cr_expect_str_eq(test_replace("\"a:b c\"", word, test_slice(word, 0, 1),
			     "xyz"),
	    "\"xyz:b c\"");
}

Test(words, quotes_what_needs_it)
{
	struct word word = test_word("abc", "abc");

	cr_expect_str_eq(test_replace("abc", word, word_str(word), "[::1]"),
	    "\"[::1]\"");
}

Test(words, quotes_no_part)
{
	struct word word = test_word("abc", "abc");

	cr_expect_str_eq(test_replace("abc", word, test_slice(word, 1, 1), "*"),
	    "none");
}

Test(words, edits_no_macro)
{
	struct word word = test_word("$m", "abc");

	source_add_expansion(&test_map,
	    (struct source_expansion){ word.pos, word.pos });
	cr_expect_str_eq(test_replace("$m", word, word_str(word), "x"), "none");
}

Test(words, lower_copies_only_what_differs)
{
	struct str lower = STR_LIT("abc-1"), mixed = STR_LIT("aBc-1");

	cr_expect(words_lower(&test_arena, lower).ptr == lower.ptr);
	cr_expect(str_is(words_lower(&test_arena, mixed), "abc-1"));
}
