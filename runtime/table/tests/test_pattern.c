/*
 * What is compiled, what is not tried, and what that leaves for others.
 */
#include "runtime/table/pattern.h"

#include <criterion/criterion.h>

static enum pattern_status
test_compile(const char *pattern, uint32_t *left)
{
	regex_t compiled;
	enum pattern_status status = pattern_compile(pattern, left, &compiled,
	    NULL);

	if (status == PATTERN_OK)
		regfree(&compiled);
	return status;
}

Test(pattern, compiles_within_bounds)
{
	static const struct {
		const char *pattern;
		enum pattern_status status;
	} cases[] = {
		{ "", PATTERN_OK },
		{ "^[a-z]{1,64}@example\\.(com|net)$", PATTERN_OK },
		{ "(?i)[[:upper:]]", PATTERN_OK },
		{ "a{200}", PATTERN_OK },
		{ "a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+", PATTERN_OK },
		{ "(", PATTERN_BAD },
		{ "a{2,1}", PATTERN_BAD },
		{ "((a{1,999}){1,999}){1,999}(", PATTERN_COSTLY },
		{ "(a{1,999}){999}", PATTERN_COSTLY },
		{ "a++++++++++++++++++++++++(", PATTERN_COSTLY },
		{ "(((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+",
		    PATTERN_COSTLY },
		{ "a{99999999999999999999}", PATTERN_COSTLY },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t left = PATTERN_COST_TOTAL;

		cr_expect_eq(test_compile(cases[i].pattern, &left),
		    cases[i].status, "\"%s\"", cases[i].pattern);
	}
}

Test(pattern, ignores_case_after_a_prefix)
{
	uint32_t left = PATTERN_COST_TOTAL;
	regex_t compiled;
	int error;

	cr_assert_eq(pattern_compile("(?i)^[[:upper:]]", &left, &compiled,
			 &error),
	    PATTERN_OK);
	cr_expect_eq(error, 0);
	cr_expect_eq(regexec(&compiled, "a", 0, NULL, 0), 0);
	regfree(&compiled);
}

Test(pattern, tells_what_is_wrong)
{
	uint32_t left = PATTERN_COST_TOTAL;
	regex_t compiled;
	int error;

	cr_expect_eq(pattern_compile("[a", &left, &compiled, &error),
	    PATTERN_BAD);
	cr_expect_eq(error, REG_EBRACK);
}

Test(pattern, spends_what_is_left)
{
	uint32_t left = PATTERN_COST_TOTAL, before;
	unsigned count = 0;

	cr_assert_eq(test_compile("(", &left), PATTERN_BAD);
	cr_expect_eq(left, PATTERN_COST_TOTAL - 2);
	for (; test_compile("a{100}+", &left) == PATTERN_OK; count++)
		cr_assert_lt(count, PATTERN_COST_TOTAL / 1000);
	before = left;
	cr_expect_gt(count, 100);
	cr_expect_eq(test_compile("a{100}+", &left), PATTERN_COSTLY);
	cr_expect_eq(left, before);
	cr_expect_eq(test_compile("a", &left), PATTERN_OK);
}
