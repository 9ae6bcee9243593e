/*
 * When a certificate is reported, to the second, and by which clock.
 */
#include "compiler/check_expiry.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#define TEST_NOW 1700000000
#define TEST_DAY (24 * 60 * 60)

static struct arena test_arena;
static struct source_map test_map;

/* What is said of a certificate with so many seconds left, or NULL. */
static const char *
test_text(long left)
{
	struct word word = { .ptr = "/cert.pem", .len = 9 };
	struct diag_list diags;

	diag_list_init(&diags, &test_arena, &test_map);
	check_expiry(&diags, word, TEST_NOW + left, TEST_NOW);
	return diags.head == NULL ? NULL : diags.head->text;
}

static void
test_init(void)
{
	arena_init(&test_arena, NULL);
	source_map_init(&test_map, &test_arena);
}

static void
test_fini(void)
{
	source_map_fini(&test_map);
	arena_fini(&test_arena);
}

TestSuite(check_expiry, .init = test_init, .fini = test_fini);

Test(check_expiry, two_weeks_are_enough)
{
	cr_expect_null(test_text(14 * TEST_DAY));
}

Test(check_expiry, less_than_two_weeks_are_not)
{
	cr_expect_str_eq(test_text(14 * TEST_DAY - 1),
	    "the certificate in '/cert.pem' expires on 2023-11-28, in 13 days");
}

Test(check_expiry, one_day_is_singular)
{
	cr_expect_str_eq(test_text(TEST_DAY),
	    "the certificate in '/cert.pem' expires on 2023-11-15, in 1 day");
}

Test(check_expiry, valid_to_the_last_second)
{
	cr_expect_str_eq(test_text(0),
	    "the certificate in '/cert.pem' expires on 2023-11-14, in 0 days");
}

Test(check_expiry, expired_a_second_ago)
{
	cr_expect_str_eq(test_text(-1),
	    "the certificate in '/cert.pem' expired on 2023-11-14");
}

Test(check_expiry, epoch_of_the_environment)
{
	setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
	cr_expect_eq(check_expiry_now(), TEST_NOW);
}

Test(check_expiry, no_number_in_the_environment)
{
	static const char *const texts[] = { "", "soon", "-1", "17h",
		"99999999999999999999" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		time_t before = time(NULL);

		setenv("SOURCE_DATE_EPOCH", texts[i], 1);
		cr_expect_geq(check_expiry_now(), before, "'%s'", texts[i]);
		cr_expect_leq(check_expiry_now(), time(NULL), "'%s'", texts[i]);
	}
}
