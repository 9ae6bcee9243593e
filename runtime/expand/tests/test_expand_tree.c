/*
 * The tree of an expansion: order, duplicates, limits, and replies.
 */
#include "runtime/expand/expand_tree.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "runtime/expand/tests/world.h"

TestSuite(expand_tree, .init = test_setup, .fini = test_teardown);

static const struct test_case test_order_cases[] = {
	{ "sorted@hub.test", "550 NO_USER [5]", NULL },
	{ "badfirst@hub.test", "550 NO_RULE [5,-]", NULL },
};

Test(expand_tree, works_on_a_tables_targets_in_sorted_order)
{
	test_cases(test_order_cases, TEST_COUNT(test_order_cases));
}

static const struct test_case test_duplicates[] = {
	{ "twice@hub.test", "alice<twice@hub.test> [5]", NULL },
	{ "team@hub.test", "carol<team@hub.test> [5]",
	    "carol<team@hub.test> carol<team@hub.test> [5]" },
	{ "cross@hub.test",
	    "carol<cross@hub.test> carol<carol@plain.test> [5,4]", NULL },
	{ "pipes@hub.test",
	    "_smtpd|cat<pipes@hub.test> _smtpd|cat<pipes@hub.test> [5]", NULL },
	{ "tagged@hub.test", "bob<tagged@hub.test> bob+x<tagged@hub.test> [5]",
	    NULL },
};

Test(expand_tree, drops_duplicates)
{
	test_cases(test_duplicates, TEST_COUNT(test_duplicates));
}

/* Depths: recipient 0, d2 1, ... bob 8; from d0 on two more. */
static const struct test_case test_depths[] = {
	{ "d1@hub.test", "bob<d1@hub.test> [5]", NULL },
	{ "d0@hub.test", "550 TOO_DEEP [5]", "524 TOO_DEEP [5]" },
};

Test(expand_tree, limits_depth)
{
	test_cases(test_depths, TEST_COUNT(test_depths));
}

/* "user0@far.test,..." or, in lines, "user0@far.test\n..." */
static struct str
test_crowd(uint32_t count, char separator)
{
	const uint32_t width = 15;
	char *text = arena_alloc(&test.arena, (size_t)count * width + 1);

	for (uint32_t i = 0; i < count; i++)
		snprintf(text + i * width, width + 1, "u%05u@far.tst%c",
		    i % 100000, separator);
	return (struct str){ text, count * width };
}

static const struct {
	uint32_t count; /* besides recipient and user */
	char separator;
	enum expand_need need;
} test_crowds[] = {
	{ EXPAND_FORWARD_NODES - 2, '\n', EXPAND_EVALUATE },
	{ EXPAND_FORWARD_NODES - 1, '\n', EXPAND_FAILED },
	{ EXPAND_FORWARD_NODES - 1, ',', EXPAND_FAILED },
};

Test(expand_tree, limits_the_nodes_behind_a_forward)
{
	for (size_t i = 0; i < TEST_COUNT(test_crowds); i++) {
		struct expand_request request;

		test_run_to(&test_modern, "alice@plain.test", EXPAND_FORWARD,
		    &request);
		expand_answer_forward(&test.expand, EXPAND_FORWARD_READ,
		    test_crowd(test_crowds[i].count, test_crowds[i].separator));
		cr_expect_eq(expand_step(&test.expand, &request),
		    test_crowds[i].need, "%zu", i);
		if (test_crowds[i].need == EXPAND_FAILED)
			cr_expect_eq(test.expand.failure.reason,
			    EXPAND_REASON_FORWARD_TOO_MANY);
	}
}

Test(expand_tree, limits_the_size_of_a_forward)
{
	char text[EXPAND_FORWARD_MAX + 1];
	struct expand_request request;

	memset(text, '\n', sizeof(text));
	test_run_to(&test_modern, "alice@plain.test", EXPAND_FORWARD, &request);
	expand_answer_forward(&test.expand, EXPAND_FORWARD_READ,
	    (struct str){ text, EXPAND_FORWARD_MAX });
	cr_expect_eq(test_finish(), EXPAND_DONE);
	test_run_to(&test_modern, "alice@plain.test", EXPAND_FORWARD, &request);
	expand_answer_forward(&test.expand, EXPAND_FORWARD_READ,
	    (struct str){ text, EXPAND_FORWARD_MAX + 1 });
	cr_expect_eq(test_finish(), EXPAND_FAILED);
	cr_expect_eq(test.expand.failure.reason,
	    EXPAND_REASON_FORWARD_TOO_LARGE);
}

Test(expand_tree, limits_the_nodes_of_a_recipient)
{
	struct expand_request request;

	test_run_to(&test_modern, "list@hub.test", EXPAND_INCLUDE, &request);
	expand_answer_include(&test.expand, true,
	    test_crowd(EXPAND_NODES_MAX - 2, '\n'));
	cr_expect_eq(expand_step(&test.expand, &request), EXPAND_EVALUATE);
	test_run_to(&test_modern, "list@hub.test", EXPAND_INCLUDE, &request);
	expand_answer_include(&test.expand, true,
	    test_crowd(EXPAND_NODES_MAX - 1, '\n'));
	cr_expect_eq(expand_step(&test.expand, &request), EXPAND_FAILED);
	cr_expect_eq(test.expand.failure.reason, EXPAND_REASON_TOO_MANY);
}

static const struct {
	const char *rcpt, *reply, *culprit;
} test_replies[] = {
	{ "x@nowhere.test", "550 Invalid recipient", "x@nowhere.test" },
	{ "x@down.test", "451 Temporary failure", "x@down.test" },
	{ "badvalue@hub.test", "424 4.2.4 Mailing list expansion problem",
	    "badvalue" },
	{ "any@w.test", "524 5.2.4 Mailing list expansion problem",
	    "any@w.test" },
	{ "gone@hub.test", "550 this list is closed",
	    "550 this list is closed" },
	{ "blocked@hub.test", "550 Invalid recipient", "x@no.test" },
	{ "loop1@hub.test", "524 5.2.4 Mailing list expansion problem",
	    "loop1@hub.test" },
};

Test(expand_tree, gives_the_reply_of_a_failure_and_its_node)
{
	for (size_t i = 0; i < TEST_COUNT(test_replies); i++) {
		test_expand(&test_modern, test_replies[i].rcpt);
		cr_expect(str_is(test.expand.failure.reply,
			      test_replies[i].reply),
		    "%s", test_replies[i].rcpt);
		cr_expect(str_is(test.expand.failure.node->text,
			      test_replies[i].culprit),
		    "%s", test_replies[i].rcpt);
	}
}

Test(expand_tree, has_a_text_for_each_reason)
{
	for (unsigned i = 0; i < EXPAND_REASON_COUNT; i++)
		cr_expect_not_null(expand_reason_text((enum expand_reason)i));
}
