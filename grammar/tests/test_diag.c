/*
 * Collecting diagnostics: policy, allowances, order, repetitions, counts.
 */
#include "grammar/diag.h"

#include <criterion/criterion.h>

#include "grammar/tests/diag_env.h"

TestSuite(diag, .init = env_init, .fini = env_fini);

/* A check that can be switched off. */
#define SOFT CHECK_DUPLICATE_SETTING
#define HARD CHECK_SYNTAX_ERROR

static void
expect_texts(const char *const *texts, size_t count)
{
	const struct diag *diag = env_list.head;

	for (size_t i = 0; i < count; i++, diag = diag->next) {
		cr_assert_not_null(diag, "only %zu left", i);
		cr_expect_str_eq(diag->text, texts[i]);
	}
	cr_expect_null(diag);
}

#define EXPECT_TEXTS(...) \
	expect_texts((const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

Test(diag, names_of_checks_are_found_and_unique)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		cr_expect_eq(check_by_name(str_from(check_table[i].name)), i);
	cr_expect_eq(check_by_name(STR_LIT("no-such")), CHECK_COUNT);
	cr_expect_eq(check_by_name(STR_LIT("")), CHECK_COUNT);
}

Test(diag, every_check_has_a_summary_without_full_stop)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		size_t len = strlen(check_table[i].summary);

		cr_assert_gt(len, 0, "%s", check_table[i].name);
		cr_expect_neq(check_table[i].summary[len - 1], '.');
	}
}

Test(diag, suggests_a_check)
{
	cr_expect_str_eq(check_suggest(STR_LIT("unknwon-table")),
	    "unknown-table");
	cr_expect_null(check_suggest(STR_LIT("zzzzzz")));
}

Test(diag, sorts_by_place_and_keeps_order_at_one_place)
{
	struct source_file *file = env_add("a", "one two three");

	diag_report(&env_list, HARD, env_nowhere, "whole");
	diag_report(&env_list, HARD, env_find(file, "three"), "third");
	diag_report(&env_list, HARD, env_find(file, "one"), "first z");
	diag_report(&env_list, HARD, env_find(file, "one"), "first a");
	diag_finish(&env_list);
	EXPECT_TEXTS("first z", "first a", "third", "whole");
}

Test(diag, drops_repetitions_that_are_not_adjacent)
{
	struct source_file *file = env_add("a", "one two");

	diag_report(&env_list, HARD, env_find(file, "one"), "x");
	diag_report(&env_list, HARD, env_find(file, "one"), "y");
	diag_report(&env_list, HARD, env_find(file, "two"), "x");
	diag_report(&env_list, HARD, env_find(file, "one"), "x");
	diag_finish(&env_list);
	EXPECT_TEXTS("x", "y", "x");
	cr_expect_eq(env_list.errors, 3);
}

Test(diag, same_text_of_another_check_is_no_repetition)
{
	diag_report(&env_list, HARD, env_nowhere, "x");
	diag_report(&env_list, CHECK_NO_RULES, env_nowhere, "x");
	diag_finish(&env_list);
	cr_expect_eq(env_list.errors, 2);
}

Test(diag, counts_by_severity)
{
	env_list.policy.advice = true;
	diag_add(&env_list, HARD, DIAG_ERROR, env_nowhere, "e");
	diag_add(&env_list, HARD, DIAG_WARNING, env_nowhere, "w");
	diag_add(&env_list, HARD, DIAG_ADVICE, env_nowhere, "a");
	diag_finish(&env_list);
	cr_expect_eq(env_list.errors, 1);
	cr_expect_eq(env_list.warnings, 2);
}

Test(diag, finishes_when_empty)
{
	diag_finish(&env_list);
	cr_expect_null(env_list.head);
	cr_expect_eq(env_list.errors + env_list.warnings, 0);
}

Test(diag, can_be_added_to_after_dropping_the_last)
{
	env_list.policy.disabled[SOFT] = true;
	diag_report(&env_list, HARD, env_nowhere, "kept");
	diag_report(&env_list, SOFT, env_nowhere, "off");
	diag_finish(&env_list);
	diag_report(&env_list, HARD, env_nowhere, "later");
	EXPECT_TEXTS("kept", "later");
}

Test(diag, disabled_check_is_dropped)
{
	env_list.policy.disabled[SOFT] = true;
	diag_report(&env_list, SOFT, env_nowhere, "off");
	diag_finish(&env_list);
	cr_expect_null(env_list.head);
}

Test(diag, fixed_check_cannot_be_disabled)
{
	env_list.policy.disabled[HARD] = true;
	diag_report(&env_list, HARD, env_nowhere, "on");
	diag_finish(&env_list);
	EXPECT_TEXTS("on");
}

Test(diag, warning_is_raised_to_error)
{
	env_list.policy.as_error[SOFT] = true;
	diag_report(&env_list, SOFT, env_nowhere, "x");
	diag_finish(&env_list);
	cr_assert_not_null(env_list.head);
	cr_expect_eq(env_list.head->severity, DIAG_ERROR);
	cr_expect_eq(env_list.errors, 1);
}

Test(diag, advice_is_off_even_where_raised)
{
	env_list.policy.as_error[SOFT] = true;
	diag_add(&env_list, SOFT, DIAG_ADVICE, env_nowhere, "x");
	diag_finish(&env_list);
	cr_expect_null(env_list.head);
}

static void
allow(const struct source_file *file, enum check_id id, uint32_t line)
{
	struct diag_allow *a = ARENA_NEW(&env_arena, struct diag_allow);

	*a = (struct diag_allow){ id, file->base, line, env_list.allows };
	env_list.allows = a;
}

Test(diag, allowance_covers_its_line_and_the_next)
{
	struct source_file *file = env_add("a", "one\ntwo\nthree\nfour\n");
	struct source_file *other = env_add("b", "\nelsewhere\n");

	allow(file, SOFT, 2);
	diag_report(&env_list, SOFT, env_find(file, "one"), "before");
	diag_report(&env_list, SOFT, env_find(file, "two"), "same");
	diag_report(&env_list, SOFT, env_find(file, "three"), "next");
	diag_report(&env_list, SOFT, env_find(file, "four"), "after");
	diag_report(&env_list, SOFT, env_find(other, "else"), "other");
	diag_finish(&env_list);
	EXPECT_TEXTS("before", "after", "other");
}

Test(diag, allowance_is_for_one_check_and_not_for_fixed_ones)
{
	struct source_file *file = env_add("a", "one\n");

	allow(file, SOFT, 1);
	allow(file, HARD, 1);
	diag_report(&env_list, HARD, env_find(file, "one"), "fixed");
	diag_report(&env_list, CHECK_NUL_BYTE, env_find(file, "one"), "nul");
	diag_finish(&env_list);
	EXPECT_TEXTS("fixed", "nul");
}

Test(diag, notes_and_edits_keep_the_order_of_addition)
{
	struct source_file *file = env_add("a", "one\n");
	struct diag *diag = diag_report(&env_list, HARD, env_nowhere, "x");

	diag_note(&env_list, diag, env_nowhere, "%s", "first");
	diag_note(&env_list, diag, env_find(file, "one"), "second");
	diag_edit(&env_list, diag, env_range(file, 0, 0), "%s", "p");
	diag_edit(&env_list, diag, env_range(file, 0, 0), "q");
	cr_expect_str_eq(diag->notes->text, "first");
	cr_expect_str_eq(diag->notes->next->text, "second");
	cr_expect_null(diag->notes->next->next);
	cr_expect_str_eq(diag->edits->text, "p");
	cr_expect_str_eq(diag->edits->next->text, "q");
	cr_expect_null(diag->edits->next->next);
}
