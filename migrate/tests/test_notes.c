/*
 * Notes: kept in order, each once, and counted by class.
 */
#include <criterion/criterion.h>

#include "migrate/notes.h"

static struct arena test_arena;
static struct notes test_notes;

static void
test_setup(void)
{
	arena_init(&test_arena, NULL);
	notes_init(&test_notes, &test_arena);
}

static void
test_teardown(void)
{
	arena_fini(&test_arena);
}

TestSuite(notes, .init = test_setup, .fini = test_teardown);

Test(notes, are_kept_in_order)
{
	const struct srcpos first = { 1, 2 }, second = { 3, 4 };

	notes_add(&test_notes, NOTE_TLS_NAME, second, "of %s", "b");
	notes_add(&test_notes, NOTE_TLS_NAME, first, "of a");
	cr_assert_str_eq(test_notes.first->text, "of b");
	cr_assert_str_eq(test_notes.first->next->text, "of a");
	cr_assert_null(test_notes.first->next->next);
}

Test(notes, say_nothing_twice)
{
	const struct srcpos pos = { 1, 2 }, other = { 3, 4 };

	notes_add(&test_notes, NOTE_FORMATS, pos, "x");
	notes_add(&test_notes, NOTE_FORMATS, pos, "x");
	cr_expect_eq(test_notes.counts[NOTE_FORMATS], 1);
	notes_add(&test_notes, NOTE_FORMATS, other, "x");
	notes_add(&test_notes, NOTE_FORMATS, pos, "y");
	cr_expect_eq(test_notes.counts[NOTE_FORMATS], 3);
}

Test(notes, are_counted_by_class)
{
	const struct srcpos pos = { 1, 2 };

	notes_add(&test_notes, NOTE_FORMATS, pos, "x");
	notes_add(&test_notes, NOTE_AS_USER, pos, "x");
	notes_add(&test_notes, NOTE_BACKUP_NAME, pos, "x");
	cr_expect_eq(notes_count(&test_notes, NOTES_STANDING), 1);
	cr_expect_eq(notes_count(&test_notes, NOTES_INEXACT), 2);
	cr_expect_eq(notes_count(&test_notes, NOTES_ADVICE), 0);
}

Test(notes, have_names_of_their_own)
{
	for (unsigned i = 0; i < NOTE_COUNT; i++)
		for (unsigned j = 0; j < i; j++)
			cr_expect_str_neq(notes_table[i].name,
			    notes_table[j].name);
}
