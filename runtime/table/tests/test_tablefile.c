/*
 * Lines of table files under the rules of both generations, as tables of
 * a text and what is read from it.
 */
#include "runtime/table/tablefile.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TEST_TO_74 = 1,
	TEST_FROM_75 = 2,
	TEST_BOTH = TEST_TO_74 | TEST_FROM_75,
};

static void
test_open(struct tablefile *file, struct str text, bool key_brackets)
{
	struct tablefile_options options = { .key_brackets = key_brackets };

	tablefile_init(file, text, &options);
}

/* One line for each entry: "line key=value", "line key" or "line !error". */
static void
test_print(const char *text, bool key_brackets, char *out, size_t size)
{
	struct tablefile_entry entry;
	struct tablefile file;
	size_t used = 0;

	test_open(&file, str_from(text), key_brackets);
	out[0] = '\0';
	while (tablefile_next(&file, &entry) && used < size) {
		char *p = out + used;
		size_t room = size - used;

		if (entry.error != TABLEFILE_OK)
			snprintf(p, room, "%u !%s\n", entry.line,
			    tablefile_error_text(entry.error));
		else if (tablefile_kind(&file) == TABLEFILE_LIST)
			snprintf(p, room, "%u %.*s\n", entry.line,
			    STR_ARG(entry.key));
		else
			snprintf(p, room, "%u %.*s=%.*s\n", entry.line,
			    STR_ARG(entry.key), STR_ARG(entry.value));
		used += strlen(p);
	}
}

struct file_case {
	int rules;
	char text[64];
	char expected[96];
};

/* Runs one case under the rules that it names. */
static void
test_check(const struct file_case *c)
{
	char out[256];

	if (c->rules & TEST_TO_74) {
		test_print(c->text, false, out, sizeof(out));
		cr_expect_str_eq(out, c->expected, "to 7.4: \"%s\": \"%s\"",
		    c->text, out);
	}
	if (c->rules & TEST_FROM_75) {
		test_print(c->text, true, out, sizeof(out));
		cr_expect_str_eq(out, c->expected, "from 7.5: \"%s\": \"%s\"",
		    c->text, out);
	}
}

ParameterizedTestParameters(tablefile, splits_mappings)
{
	static struct file_case cases[] = {
		{ TEST_BOTH, "k v", "1 k=v\n" },
		{ TEST_BOTH, "k:v", "1 k=v\n" },
		{ TEST_BOTH, "k: v", "1 k=v\n" },
		{ TEST_BOTH, "k\tv", "1 k=v\n" },
		{ TEST_BOTH, "k   v", "1 k=v\n" },
		{ TEST_BOTH, "k \t v", "1 k=v\n" },
		{ TEST_TO_74, "k : v", "1 k=v\n" },
		{ TEST_FROM_75, "k : v", "1 k=: v\n" },
		{ TEST_TO_74, "k  :  v", "1 k=v\n" },
		{ TEST_FROM_75, "k  :  v", "1 k=:  v\n" },
		{ TEST_TO_74, "k:: v", "1 k=v\n" },
		{ TEST_FROM_75, "k:: v", "1 k=: v\n" },
		{ TEST_TO_74, "k:\v v", "1 k=v\n" },
		{ TEST_FROM_75, "k:\v v", "1 k=\v v\n" },
		{ TEST_BOTH, "k :v", "1 k=:v\n" },
		{ TEST_BOTH, "k: :v", "1 k=:v\n" },
		{ TEST_BOTH, "k::v", "1 k=:v\n" },
		{ TEST_BOTH, "k :", "1 k=:\n" },
		{ TEST_BOTH, "k v w : x", "1 k=v w : x\n" },
		{ TEST_BOTH, ":v", "1 =v\n" },
		{ TEST_BOTH, "K: Value", "1 K=Value\n" },
		{ TEST_BOTH, "k: v # w", "1 k=v # w\n" },
		{ TEST_BOTH, "k: \"v w\"", "1 k=\"v w\"\n" },
		{ TEST_BOTH, "k: :include:/f", "1 k=:include:/f\n" },
		{ TEST_BOTH, "k: v\\\nl: w", "1 k=v\\\n2 l=w\n" },
		{ TEST_BOTH, "k\xc3\xa4: v\xa0", "1 k\xc3\xa4=v\xa0\n" },
	};

	return cr_make_param_array(struct file_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct file_case *c, tablefile, splits_mappings)
{
	test_check(c);
}

ParameterizedTestParameters(tablefile, reads_brackets)
{
	static struct file_case cases[] = {
		{ TEST_TO_74, "[::1] v", "1 [=:1] v\n" },
		{ TEST_FROM_75, "[::1] v", "1 [::1]=v\n" },
		{ TEST_FROM_75, "[::1]: v", "1 [::1]=v\n" },
		{ TEST_FROM_75, "[::1]xv", "1 [::1]=v\n" },
		{ TEST_FROM_75, "[a b]:c v", "1 [a b]=c v\n" },
		{ TEST_FROM_75, "[a] b] v", "1 [a]=b] v\n" },
		{ TEST_FROM_75, "[::1]", "1 [::1]\n" },
		{ TEST_FROM_75, "[fd00::]/8", "1 [fd00::]=8\n" },
		{ TEST_FROM_75, "# @list\n[fd00::]/8", "2 [fd00::]/8\n" },
		{ TEST_FROM_75, "a\n[::1] x", "1 a\n2 [::1] x\n" },
		{ TEST_TO_74, "a\n[::1", "1 a\n2 [::1\n" },
		{ TEST_FROM_75, "a\n[::1", "1 a\n2 !'[' without ']'\n" },
		{ TEST_FROM_75, "k v\n[a v", "1 k=v\n2 !'[' without ']'\n" },
		{ TEST_FROM_75, "[a v\nb", "1 !'[' without ']'\n2 b\n" },
		{ TEST_FROM_75, "k: v\n[::1]",
		    "1 k=v\n2 !key without a value\n" },
		{ TEST_FROM_75, "k: [::1", "1 k=[::1\n" },
	};

	return cr_make_param_array(struct file_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct file_case *c, tablefile, reads_brackets)
{
	test_check(c);
}

ParameterizedTestParameters(tablefile, reads_lists)
{
	static struct file_case cases[] = {
		{ TEST_BOTH, "a", "1 a\n" },
		{ TEST_BOTH, "a\nb\n", "1 a\n2 b\n" },
		{ TEST_BOTH, "a\n\n\nb\n", "1 a\n4 b\n" },
		{ TEST_BOTH, "a\r\nb\r\n", "1 a\n2 b\n" },
		{ TEST_BOTH, " a \n\tb\t\n", "1 a\n2 b\n" },
		{ TEST_BOTH, "\v\fa\v\f", "1 a\n" },
		{ TEST_BOTH, "a\nb c: d", "1 a\n2 b c: d\n" },
		{ TEST_BOTH, "*.example.org\n@\n", "1 *.example.org\n2 @\n" },
		{ TEST_BOTH, "#b\n  # c\na", "3 a\n" },
		{ TEST_BOTH, "a#b", "1 a#b\n" },
		{ TEST_BOTH, "# @list\na b", "2 a b\n" },
		{ TEST_BOTH, "#@list\na b", "2 a b\n" },
		{ TEST_BOTH, " #\t @list \na b", "2 a b\n" },
		{ TEST_BOTH, "# x\n# @list\n# @y\n::1", "4 ::1\n" },
		{ TEST_BOTH, "# @list x\na b", "2 a=b\n" },
		{ TEST_BOTH, "## @list\na b", "2 a=b\n" },
		{ TEST_BOTH, "# @LIST\na b", "2 a=b\n" },
		{ TEST_BOTH, "a b\n# @list\nc d", "1 a=b\n3 c=d\n" },
		{ TEST_BOTH, "::1", "1 =:1\n" },
	};

	return cr_make_param_array(struct file_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct file_case *c, tablefile, reads_lists)
{
	test_check(c);
}

ParameterizedTestParameters(tablefile, reports_missing_values)
{
	static struct file_case cases[] = {
		{ TEST_BOTH, "k:", "1 !key without a value\n" },
		{ TEST_BOTH, ":", "1 !key without a value\n" },
		{ TEST_BOTH, "k: \t", "1 !key without a value\n" },
		{ TEST_BOTH, "k v\n\nl\n", "1 k=v\n3 !key without a value\n" },
		{ TEST_BOTH, "k:\nl: v", "1 !key without a value\n2 l=v\n" },
	};

	return cr_make_param_array(struct file_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct file_case *c, tablefile, reports_missing_values)
{
	test_check(c);
}

ParameterizedTestParameters(tablefile, takes_no_entries_for_a_mapping)
{
	static struct file_case cases[] = {
		{ TEST_BOTH, "", "" },
		{ TEST_BOTH, "\n", "" },
		{ TEST_BOTH, " \t\r\n\n", "" },
		{ TEST_BOTH, "# comment", "" },
	};

	return cr_make_param_array(struct file_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct file_case *c, tablefile,
    takes_no_entries_for_a_mapping)
{
	struct tablefile file;

	test_check(c);
	test_open(&file, str_from(c->text), true);
	cr_expect_eq(tablefile_kind(&file), TABLEFILE_MAPPING);
}

Test(tablefile, reads_no_text_at_all)
{
	struct tablefile_entry entry;
	struct tablefile file;

	test_open(&file, (struct str){ NULL, 0 }, false);
	cr_expect_not(tablefile_next(&file, &entry));
	cr_expect_not(tablefile_next(&file, &entry));
}

Test(tablefile, takes_an_empty_forced_list_for_a_list)
{
	struct tablefile file;

	test_open(&file, STR_LIT("# @list\n"), false);
	cr_expect_eq(tablefile_kind(&file), TABLEFILE_LIST);
}

Test(tablefile, yields_slices_of_the_text)
{
	static const char text[] = "  key: value\n";
	struct tablefile_entry entry;
	struct tablefile file;

	test_open(&file, STR_LIT(text), true);
	cr_assert(tablefile_next(&file, &entry));
	cr_expect_eq(entry.key.ptr, text + 2);
	cr_expect_eq(entry.value.ptr, text + 7);
}

Test(tablefile, does_not_read_past_the_text)
{
	static const char text[] = "[a]: value\nb";
	struct tablefile_entry entry;
	struct tablefile file;

	for (uint32_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len);
		unsigned entries = 0;

		cr_assert(copy != NULL || len == 0);
		if (len > 0)
			memcpy(copy, text, len);
		for (int brackets = 0; brackets < 2; brackets++) {
			test_open(&file, (struct str){ copy, len },
			    brackets != 0);
			while (tablefile_next(&file, &entry))
				entries++;
		}
		free(copy);
		cr_expect_eq(entries, len == 0 ? 0 : len < 12 ? 2 : 4);
	}
}

static enum tablefile_error
test_long_key(uint32_t key_len, const char *rest)
{
	char line[TABLEFILE_KEY_MAX + 16];
	struct tablefile_entry entry;
	struct tablefile file;

	memset(line, 'k', key_len);
	snprintf(line + key_len, sizeof(line) - key_len, "%s", rest);
	test_open(&file, str_from(line), true);
	cr_assert(tablefile_next(&file, &entry));
	return entry.error;
}

Test(tablefile, limits_the_length_of_keys)
{
	const uint32_t max = TABLEFILE_KEY_MAX;

	cr_expect_eq(test_long_key(max, ""), TABLEFILE_OK);
	cr_expect_eq(test_long_key(max + 1, ""), TABLEFILE_LONG_KEY);
	cr_expect_eq(test_long_key(max, ": v"), TABLEFILE_OK);
	cr_expect_eq(test_long_key(max + 1, ": v"), TABLEFILE_LONG_KEY);
	cr_expect_eq(test_long_key(max + 1, ":"), TABLEFILE_NO_VALUE);
}

Test(tablefile, reports_nul_bytes)
{
	struct tablefile_entry entry;
	struct tablefile file;

	test_open(&file, STR_LIT("# \0\na: b\nc: d\0e\n"), false);
	cr_assert(tablefile_next(&file, &entry));
	cr_expect_eq(entry.error, TABLEFILE_OK);
	cr_assert(tablefile_next(&file, &entry));
	cr_expect_eq(entry.error, TABLEFILE_NUL);
	cr_expect_eq(entry.line, 3);
}

Test(tablefile, names_its_errors)
{
	cr_expect_null(tablefile_error_text(TABLEFILE_OK));
	for (int e = TABLEFILE_NO_VALUE; e <= TABLEFILE_NUL; e++)
		cr_expect_not_null(tablefile_error_text((enum tablefile_error)
			e));
}

Test(tablefile, reads_a_million_lines, .timeout = 20)
{
	enum { TEST_LINES = 1000 * 1000 };
	static const char line[] = "user@example.org: a, b\n";
	const size_t len = sizeof(line) - 1;
	char *text = malloc(TEST_LINES * len);
	struct tablefile_entry entry = { .line = 0 };
	struct tablefile file;
	unsigned entries = 0;

	cr_assert_not_null(text);
	for (size_t i = 0; i < TEST_LINES; i++)
		memcpy(text + i * len, line, len);
	test_open(&file, (struct str){ text, (uint32_t)(TEST_LINES * len) },
	    false);
	while (tablefile_next(&file, &entry))
		entries += entry.error == TABLEFILE_OK;
	cr_expect_eq(entries, TEST_LINES);
	cr_expect_eq(entry.line, TEST_LINES);
	free(text);
}

/* One line without end, and separators only: nothing may be quadratic. */
Test(tablefile, reads_a_line_of_separators, .timeout = 20)
{
	const uint32_t len = 32 * 1024 * 1024;
	char *text = malloc(len);
	struct tablefile_entry entry;
	struct tablefile file;

	cr_assert_not_null(text);
	for (uint32_t i = 0; i < len; i++)
		text[i] = i % 2 == 0 ? ':' : ' ';
	test_open(&file, (struct str){ text, len }, false);
	cr_assert(tablefile_next(&file, &entry));
	cr_expect_eq(entry.error, TABLEFILE_OK);
	cr_expect_eq(entry.value.len, 1);
	free(text);
}
