/*
 * The reader of YAML: trees and places, and what would make a small text a
 * large tree. Texts that are refused are also in fixtures/policy.
 */
#include "compiler/yamlread.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena test_arena;
static struct yamlread_error test_error;

static void
test_setup(void)
{
	arena_init(&test_arena, NULL);
}

static void
test_teardown(void)
{
	arena_fini(&test_arena);
}

TestSuite(yamlread, .init = test_setup, .fini = test_teardown);

static struct yamlread_node *
test_parse(const char *text)
{
	test_error = (struct yamlread_error){ 0, 0, "" };
	return yamlread_parse(&test_arena, str_from(text), &test_error);
}

/* As [a, {b: c}], with quotes where there were some. */
static void
test_print(FILE *out, const struct yamlread_node *node)
{
	if (node->kind == YAMLREAD_SCALAR) {
		fprintf(out, node->is_plain ? "%.*s" : "\"%.*s\"",
		    STR_ARG(node->text));
		return;
	}
	fputs(node->kind == YAMLREAD_LIST ? "[" : "{", out);
	for (const struct yamlread_node *c = node->children; c != NULL;
	     c = c->next) {
		if (node->kind == YAMLREAD_MAP) {
			test_print(out, c->key);
			fputs(": ", out);
		}
		test_print(out, c);
		fputs(c->next != NULL ? ", " : "", out);
	}
	fputs(node->kind == YAMLREAD_LIST ? "]" : "}", out);
}

Test(yamlread, builds_a_tree)
{
	static const char *const cases[][2] = {
		{ "a", "a" },
		{ "'a: b'", "\"a: b\"" },
		{ "- a\n- b: c\n  d: [e, f]\n-\n", "[a, {b: c, d: [e, f]}, ]" },
		{ "{a: {}, b: [], \"c\": \"\"}",
		    "{a: {}, b: [], \"c\": \"\"}" },
		{ "--- |\n  x\n  y\n", "\"x\ny\n\"" },
		{ "# only\n- 1 # one\n", "[1]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct yamlread_node *root = test_parse(cases[i][0]);
		char *text;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		cr_assert_not_null(root, "%s: %s", cases[i][0],
		    test_error.text);
		test_print(out, root);
		fclose(out);
		cr_expect_str_eq(text, cases[i][1]);
		free(text);
	}
}

Test(yamlread, knows_the_place_of_everything)
{
	const struct yamlread_node *root =
	    test_parse("# x\n- a\n- key:   value\n- [b,\n   c]\n");
	const struct yamlread_node *map, *list;

	cr_assert_not_null(root);
	cr_expect_eq(root->count, 3);
	cr_expect_eq(root->children->line, 2);
	cr_expect_eq(root->children->column, 3);
	map = root->children->next;
	cr_expect_eq(map->children->key->column, 3);
	cr_expect_eq(map->children->column, 10);
	list = map->next;
	cr_expect_eq(list->children->next->line, 5);
	cr_expect_eq(list->children->next->column, 4);
}

Test(yamlread, only_plain_words_are_true_or_false)
{
	static const struct {
		const char *text;
		bool is_bool;
		bool value;
	} cases[] = {
		{ "true", true, true },
		{ "false", true, false },
		{ "\"true\"", false, false },
		{ "yes", false, false },
		{ "True", false, false },
		{ "[]", false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct yamlread_node *node = test_parse(cases[i].text);
		bool value = false;

		cr_assert_not_null(node);
		cr_expect_eq(yamlread_bool(node, &value), cases[i].is_bool,
		    "%s", cases[i].text);
		cr_expect_eq(value, cases[i].value, "%s", cases[i].text);
	}
}

Test(yamlread, depth_is_bounded)
{
	char text[2 * YAMLREAD_DEPTH_MAX + 3];
	size_t depth = YAMLREAD_DEPTH_MAX;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	cr_expect_not_null(test_parse(text));
	depth++;
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	cr_expect_null(test_parse(text));
	cr_expect_str_eq(test_error.text, "nested too deep");
	cr_expect_eq(test_error.column, YAMLREAD_DEPTH_MAX + 1);
}

Test(yamlread, a_text_that_is_too_long_is_not_read)
{
	struct str text = { "", YAMLREAD_SIZE_MAX + 1 };

	cr_expect_null(yamlread_parse(&test_arena, text, &test_error));
	cr_expect_str_eq(test_error.text, "more than can be read");
}
