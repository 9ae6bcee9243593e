/*
 * Recipient expansion: a recipient in, the deliveries or the failure out,
 * side by side for the legacy daemon and the last modern one.
 */
#include "runtime/expand/expand.h"

#include <criterion/criterion.h>

#include "runtime/expand/tests/world.h"

TestSuite(expand, .init = test_setup, .fini = test_teardown);

static const struct test_case test_addresses[] = {
	{ "x@far.test", ">x@far.test [1]", NULL },
	{ "X.y+z@far.test", ">X.y+z@far.test [1]", NULL },
	{ "x@no.test", "550 REJECTED [2]", NULL },
	{ "x@nowhere.test", "550 NO_RULE [-]", NULL },
	{ "x@down.test", "451 RULE_FAILED [!]", NULL },
	{ "alice@plain.test", "alice<alice@plain.test> [4]", NULL },
	{ "ALICE@plain.test", "alice<ALICE@plain.test> [4]", NULL },
	{ "alice+x@plain.test", "alice+x<alice+x@plain.test> [4]", NULL },
	{ "alice+@plain.test", "alice<alice+@plain.test> [4]", NULL },
	{ "alice+x+y@plain.test", "alice+x+y<alice+x+y@plain.test> [4]", NULL },
	{ "nosuch@plain.test", "550 NO_USER [4]", NULL },
	{ "alice@badub.test", "451 USER_FAILED [16]", NULL },
};

Test(expand, follows_the_rule_of_an_address)
{
	test_cases(test_addresses, TEST_COUNT(test_addresses));
}

static const struct test_case test_aliases[] = {
	{ "alice@hub.test", "alice<alice@hub.test> [5]", NULL },
	{ "root@hub.test", "alice<root@hub.test> [5]", NULL },
	{ "Root+x@hub.test", "alice<Root+x@hub.test> [5]", NULL },
	{ "alice+x@hub.test", "carol<alice+x@hub.test> [5]", NULL },
	{ "alice+y@hub.test", "alice+y<alice+y@hub.test> [5]", NULL },
	{ "mix@hub.test",
	    "alice<mix@hub.test> bob<mix@hub.test> >f@far.test [5,1]", NULL },
	{ "nest1@hub.test", "carol<nest1@hub.test> [5]", NULL },
	{ "loop1@hub.test", "550 EMPTY [5]", "524 EMPTY [5]" },
	{ "self@hub.test", "550 NO_USER [5]", NULL },
	{ "blocked@hub.test", "550 REJECTED [5,2]", NULL },
	{ "unrouted@hub.test", "550 NO_RULE [5,-]", NULL },
	{ "down@hub.test", "451 RULE_FAILED [5,!]", NULL },
	{ "gone@hub.test", "550 ERROR [5]", NULL },
	{ "later@hub.test", "421 ERROR [5]", NULL },
	{ "badvalue@hub.test", "451 BAD_VALUE [5]", "424 BAD_VALUE [5]" },
	{ "halfbad@hub.test", "451 BAD_VALUE [5]", "424 BAD_VALUE [5]" },
	{ "empty@hub.test", "550 NO_USER [5]", NULL },
	{ "back@hub.test", "bob<bob@hub.test> [5,5]", NULL },
	{ "pipe@hub.test", "_smtpd|/bin/cat<pipe@hub.test> [5]", NULL },
	{ "file@hub.test", "_smtpd:/srv/box<file@hub.test> [5]", NULL },
	{ "literal@hub.test", "alice<literal@hub.test> [5]", NULL },
	{ "cased@hub.test", "Bob<cased@hub.test> [5]", NULL },
	{ "full@hub.test", "550 NO_USER [5]", NULL },
	{ "nosuch@hub.test", "550 NO_USER [5]", NULL },
	{ "alice@badal.test", "451 LOOKUP_FAILED [14]",
	    "424 LOOKUP_FAILED [14]" },
	{ "dv@hub.test", "550 NO_USER [5]", "424 BAD_VALUE [5]" },
	{ "dave@hub.test", "dave~/srv/dave<dave@hub.test> [5]",
	    "424 BAD_VALUE [5]" },
	{ "pipe@ub.test", "550 NO_USER [13]",
	    "_smtpd|/bin/cat<pipe@ub.test> [13]" },
	{ "joe@ub.test", "joe<joe@ub.test> [13]", NULL },
	{ "root@ub.test", "550 NO_USER [13]", NULL },
	{ "noformat@hub.test", "451 FORMAT [5]",
	    "_smtpd|noformat<noformat@hub.test> [5]" },
	{ "noformat@plain.test", "451 FORMAT [4]",
	    "noformat<noformat@plain.test> [4]" },
};

Test(expand, looks_up_aliases)
{
	test_cases(test_aliases, TEST_COUNT(test_aliases));
}

/* A user in its own alias is not looked up again. */
Test(expand, reads_the_forward_of_an_alias_to_itself_since_6_4)
{
	static const struct test_case cases[] = {
		{ "fwd@hub.test", "alice<fwd@hub.test> fwd<fwd@hub.test> [5]",
		    "alice<fwd@hub.test> >x@far.test [5,1]" },
	};

	test_cases(cases, TEST_COUNT(cases));
}

static const struct test_case test_include_cases[] = {
	{ "list@hub.test", "carol<list@hub.test> >x@far.test [5,1]", NULL },
	{ "lists@hub.test",
	    "bob<lists@hub.test> carol<lists@hub.test> >x@far.test [5,1]",
	    NULL },
	{ "missing@hub.test", "550 NO_USER [5]", NULL },
	{ "partly@hub.test", "bob<partly@hub.test> [5]", NULL },
	{ "void@hub.test", "550 EMPTY [5]", "524 EMPTY [5]" },
	{ "missing@w.test", "550 NOT_VIRTUAL [7]", "524 NOT_VIRTUAL [7]" },
};

Test(expand, reads_include_files)
{
	test_cases(test_include_cases, TEST_COUNT(test_include_cases));
}

static const struct test_case test_virtuals[] = {
	{ "joe@v.test", "alice<joe@v.test> [6]", NULL },
	{ "JOE@V.test", "550 NO_RULE [-]", NULL },
	{ "JOE@v.test", "alice<JOE@v.test> [6]", NULL },
	{ "joe+tag@v.test", "carol<joe+tag@v.test> [6]", NULL },
	{ "joe+other@v.test", "alice<joe+other@v.test> [6]", NULL },
	{ "joe+@v.test", "alice<joe+@v.test> [6]", NULL },
	{ "any@v.test", "bob<any@v.test> [6]", NULL },
	{ "alice@v.test", "bob<alice@v.test> [6]", NULL },
	{ "useronly@w.test", "carol<useronly@w.test> [7]", NULL },
	{ "useronly+tag@w.test", "550 NO_RULE [7,-]", NULL },
	{ "any@w.test", "550 NOT_VIRTUAL [7]", "524 NOT_VIRTUAL [7]" },
	{ "nouser@w.test", "550 NO_USER [7]", NULL },
	{ "chain@w.test", "alice<joe@v.test> [7,6]", NULL },
	{ "ring@w.test", "550 TOO_DEEP [7,7,7,7,7,7,7,7,7,7]",
	    "524 TOO_DEEP [7,7,7,7,7,7,7,7,7,7]" },
	{ "again@w.test", "carol<again@w.test> [7]", NULL },
	{ "again2@w.test", "550 NO_USER [7]", "bob<again2@w.test> [7]" },
	{ "pipe@w.test", "_smtpd|/bin/cat<pipe@w.test> [7]", NULL },
	{ "dir@w.test", "550 NO_USER [7]", "424 BAD_VALUE [7]" },
	{ "alice@w.test", "alice~/srv/dir<alice@w.test> [7]",
	    "424 BAD_VALUE [7]" },
	{ "out@w.test", ">x@far.test [7,1]", NULL },
	{ "x@badvi.test", "451 LOOKUP_FAILED [15]", "424 LOOKUP_FAILED [15]" },
	{ "joe@star.test", "joe<joe@star.test> [8]", NULL },
	{ "what@star.test", "ann<what@star.test> [8]", NULL },
	{ "gone@star.test", "550 NO_USER [8]", NULL },
};

Test(expand, looks_up_virtual_addresses)
{
	test_cases(test_virtuals, TEST_COUNT(test_virtuals));
}

Test(expand, looks_virtual_names_up_to_the_catch_all_until_6_6)
{
	struct expand_semantics semantics = test_modern;

	semantics.virtual_names_catch_all = true;
	cr_expect_str_eq(test_expand(&semantics, "joe@star.test"),
	    "ann<joe@star.test> [8]");
	cr_expect_str_eq(test_expand(&semantics, "gone@star.test"),
	    "ann<gone@star.test> [8]");
}

static const struct test_case test_forward_cases[] = {
	{ "fwd@plain.test", ">x@far.test [4,1]", NULL },
	{ "fwd+t@plain.test", ">x@far.test [4,1]", NULL },
	{ "bob@plain.test", "bob<bob@plain.test> [4]", NULL },
	{ "blank@plain.test", "blank<blank@plain.test> [4]", NULL },
	{ "include@plain.test", "include<include@plain.test> [4]", NULL },
	{ "dave@plain.test", "550 NO_RULE [4,-]", NULL },
	{ "selfish@plain.test", "selfish<selfish@plain.test> >x@far.test [4,1]",
	    NULL },
	{ "tag+x@plain.test",
	    "tag<tag+x@plain.test> bob+y<tag+x@plain.test> [4]", NULL },
	{ "aliased@hub.test", ">x@far.test alice<aliased@hub.test> [5,1]",
	    NULL },
	{ "piper@plain.test", "piper|cat -v<piper@plain.test> [4]", NULL },
	{ "piper+x@plain.test", "piper|cat -v<piper+x@plain.test> [4]", NULL },
	{ "filer@plain.test", "filer:/home/filer/box<filer@plain.test> [4]",
	    NULL },
	{ "quitter@plain.test", "550 ERROR [4]", NULL },
	{ "root@plain.test", "root|cat -v<root@plain.test> [4]",
	    "451 ROOT [4]" },
	{ "lines@plain.test",
	    ">z@far.test >a@far.test bob<lines@plain.test> [4,1,1]", NULL },
	{ "broken@plain.test", "451 FORWARD_BAD [4]", "424 FORWARD_BAD [4]" },
	{ "sticky@plain.test", "451 FORWARD_STICKY [4]",
	    "424 FORWARD_STICKY [4]" },
	{ "symlink@plain.test", "550 FORWARD_SYMLINK [4]",
	    "524 FORWARD_SYMLINK [4]" },
	{ "insecure@plain.test", "550 FORWARD_INSECURE [4]",
	    "524 FORWARD_INSECURE [4]" },
	{ "busy@plain.test", "451 FORWARD_TEMPORARY [4]",
	    "424 FORWARD_TEMPORARY [4]" },
	{ "unread@plain.test", "550 FORWARD_UNREADABLE [4]",
	    "524 FORWARD_UNREADABLE [4]" },
	{ "large@plain.test", "451 FORWARD_TOO_LARGE [4]",
	    "424 FORWARD_TOO_LARGE [4]" },
};

Test(expand, follows_forward_files)
{
	test_cases(test_forward_cases, TEST_COUNT(test_forward_cases));
}

static const struct test_case test_only_cases[] = {
	{ "fwd@fo.test", ">x@far.test [9,1]", NULL },
	{ "carol@fo.test", "451 FORWARD_ONLY [9]", "424 FORWARD_ONLY [9]" },
	{ "blank@fo.test", "451 FORWARD_ONLY [9]", "424 FORWARD_ONLY [9]" },
	{ "nosuch@fo.test", "550 NO_USER [9]", NULL },
	{ "selfish@fo.test", "451 NO_METHOD [9]",
	    "selfish<selfish@fo.test> >x@far.test [9,1]" },
	{ "piper@fo.test", "451 NOT_FORWARDING [9]", NULL },
	{ "filer@fo.test", "451 NOT_FORWARDING [9]", NULL },
	{ "quitter@fo.test", "451 NOT_FORWARDING [9]", NULL },
	{ "root@fo.test", "451 NOT_FORWARDING [9]", "451 ROOT [9]" },
	{ "back@fa.test", "bob<bob@hub.test> [10,5]", NULL },
	{ "nest1@fa.test", "451 FORWARD_ONLY [10]", "424 FORWARD_ONLY [10]" },
	{ "gone@fa.test", "451 NOT_FORWARDING [10]", NULL },
	{ "pipe@fa.test", "451 NOT_FORWARDING [10]", NULL },
	{ "dave@fa.test", "dave~/srv/dave<dave@fa.test> [10]",
	    "424 BAD_VALUE [10]" },
	{ "fwd@ex.test", "550 EXPAND_ONLY [11]", "524 EXPAND_ONLY [11]" },
	{ "carol@ex.test", "550 EXPAND_ONLY [11]", "524 EXPAND_ONLY [11]" },
	{ "selfish@ex.test", "451 NO_METHOD [11]",
	    "selfish<selfish@ex.test> >x@far.test [11,1]" },
	{ "pipe@ex.test", "_smtpd|/bin/cat<pipe@ex.test> [11]", NULL },
	{ "piper@ex.test", "piper|cat -v<piper@ex.test> [11]", NULL },
	{ "gone@ex.test", "550 ERROR [11]", NULL },
};

Test(expand, delivers_nothing_by_actions_without_method)
{
	test_cases(test_only_cases, TEST_COUNT(test_only_cases));
}

static const struct test_case test_as_cases[] = {
	{ "bob@as.test", "bob<bob@as.test> [12]", NULL },
	{ "fwd@as.test", ">x@far.test [12,1]", "fwd<fwd@as.test> [12]" },
	{ "sticky@as.test", "451 FORWARD_STICKY [12]",
	    "sticky<sticky@as.test> [12]" },
	{ "nosuch@as.test", "550 NO_USER [12]", NULL },
};

Test(expand, reads_no_forward_but_that_of_the_actions_user_since_7_5)
{
	test_cases(test_as_cases, TEST_COUNT(test_as_cases));
}

/* What native mends. */
Test(expand, can_deliver_a_repeated_user_once)
{
	struct expand_semantics semantics = test_modern;

	semantics.repeats_users = false;
	cr_expect_str_eq(test_expand(&semantics, "team@hub.test"),
	    "carol<team@hub.test> [5]");
}

Test(expand, can_refuse_a_delivery_without_method)
{
	struct expand_semantics semantics = test_modern;

	semantics.delivery_needs_method = true;
	cr_expect_str_eq(test_expand(&semantics, "selfish@fo.test"),
	    "424 NO_METHOD [9]");
}

Test(expand, can_refuse_address_literals)
{
	struct expand_semantics semantics = test_modern;

	semantics.bad_domain_is_user = false;
	cr_expect_str_eq(test_expand(&semantics, "literal@hub.test"),
	    "424 BAD_VALUE [5]");
}

Test(expand, cuts_names_at_the_delimiter)
{
	struct expand_semantics semantics = test_modern;

	semantics.delimiter = '-';
	cr_expect_str_eq(test_expand(&semantics, "root-x@hub.test"),
	    "alice<root-x@hub.test> [5]");
	cr_expect_str_eq(test_expand(&semantics, "joe-x@v.test"),
	    "alice<joe-x@v.test> [6]");
	cr_expect_str_eq(test_expand(&semantics, "alice-x@plain.test"),
	    "alice+x<alice-x@plain.test> [4]");
	cr_expect_str_eq(test_expand(&semantics, "alice+x@plain.test"),
	    "550 NO_USER [4]");
}

static const struct {
	const char *rcpt, *keys;
	const struct expand_semantics *semantics;
} test_keys[] = {
	{ "A+T@hub.test", "a+t a", &test_modern },
	{ "A+@hub.test", "a+ a", &test_modern },
	{ "A@hub.test", "a", &test_modern },
	{ "A+T@w.test", "a+t@w.test a@w.test a+t a @w.test @", &test_modern },
	{ "A+@w.test", "a@w.test a @w.test @", &test_modern },
	{ "A@w.test", "a@w.test a @w.test @", &test_legacy },
	{ "nouser@w.test", "nouser@w.test missing@ missing", &test_modern },
	{ "nouser@w.test", "nouser@w.test missing", &test_legacy },
};

Test(expand, asks_tables_for_one_key_after_the_other)
{
	for (size_t i = 0; i < TEST_COUNT(test_keys); i++) {
		struct expand_request request;

		test.len = 0;
		expand_init(&test.expand, &test.arena, test_keys[i].semantics,
		    mailaddr_split(str_from(test_keys[i].rcpt)));
		while (expand_step(&test.expand, &request) < EXPAND_DONE) {
			if (request.need == EXPAND_LOOKUP)
				test_say("%s%.*s", test.len == 0 ? "" : " ",
				    STR_ARG(request.key));
			test_answer(&test.expand, &request);
		}
		cr_expect_str_eq(test.text, test_keys[i].keys, "%s: %s",
		    test_keys[i].rcpt, test.text);
	}
}

Test(expand, evaluates_a_decoded_address_as_internal)
{
	struct expand_request request;

	test_run_to(&test_modern, "SRS0=x@plain.test", EXPAND_EVALUATE,
	    &request);
	cr_expect(!request.is_internal);
	expand_answer_srs(&test.expand,
	    mailaddr_split(STR_LIT("joe@far.test")));
	cr_assert_eq(expand_step(&test.expand, &request), EXPAND_EVALUATE);
	cr_expect(request.is_internal);
	cr_expect_eq(test_finish(), EXPAND_DONE);
	cr_expect(str_is(test.expand.leaves->dest.user, "joe"));
	cr_expect(str_is(test.expand.leaves->dest.domain, "far.test"));
}

/* Of the account that was found, not of the name that was asked for. */
Test(expand, asks_for_the_forward_of_an_account)
{
	struct expand_request request;

	test_run_to(&test_modern, "root+x@plain.test", EXPAND_FORWARD,
	    &request);
	cr_expect(str_is(request.key, "root"));
	cr_expect_eq(request.account->uid, 0);
	cr_expect(str_is(request.account->home, "/home"));
}

static const struct {
	const char *rcpt;
	enum expand_origin origin;
	bool has_account;
} test_origins[] = {
	{ "x@far.test", EXPAND_FROM_RCPT, false },
	{ "alice@plain.test", EXPAND_FROM_RCPT, true },
	{ "root@hub.test", EXPAND_FROM_TABLE, true },
	{ "back@hub.test", EXPAND_FROM_TABLE, true },
	{ "pipe@hub.test", EXPAND_FROM_TABLE, false },
	{ "fwd@plain.test", EXPAND_FROM_FORWARD, false },
	{ "piper@plain.test", EXPAND_FROM_FORWARD, true },
};

Test(expand, tells_where_a_delivery_comes_from)
{
	for (size_t i = 0; i < TEST_COUNT(test_origins); i++) {
		const struct expand_leaf *leaf;

		test_expand(&test_modern, test_origins[i].rcpt);
		leaf = test.expand.leaves;
		cr_assert_eq(test.expand.leaf_count, 1);
		cr_expect_eq(leaf->node->origin, test_origins[i].origin, "%s",
		    test_origins[i].rcpt);
		cr_expect_eq(leaf->account != NULL, test_origins[i].has_account,
		    "%s", test_origins[i].rcpt);
	}
}

Test(expand, hands_rule_and_action_through)
{
	struct expand_rule rule = { .kind = EXPAND_RULE_RELAY };
	struct expand_request request;

	rule.rule = 12;
	rule.action = 34;
	test_run_to(&test_modern, "x@far.test", EXPAND_EVALUATE, &request);
	expand_answer_rule(&test.expand, &rule);
	cr_assert_eq(test_finish(), EXPAND_DONE);
	cr_expect_eq(test.expand.leaves->node->rule->rule, 12);
	cr_expect_eq(test.expand.leaves->node->rule->action, 34);
}

Test(expand, keeps_an_early_format)
{
	test_expand(&test_legacy, "alice@plain.test");
	cr_expect(str_is(test.expand.leaves->formatted, "made"));
	test_expand(&test_modern, "alice@plain.test");
	cr_expect_eq(test.expand.leaves->formatted.len, 0);
}

/* What a reply was given for may be gone by then. */
Test(expand, copies_what_it_is_told)
{
	char value[] = "joe@far.test", user[] = "bob", home[] = "/home";
	struct expand_account account = { 1, { home, 5 } };
	struct expand_rule rule = test_find_rule(STR_LIT("hub.test"));
	struct expand_request request;

	rule.user = (struct str){ user, 3 };
	test_run_to(&test_modern, "x@hub.test", EXPAND_EVALUATE, &request);
	expand_answer_rule(&test.expand, &rule);
	memset(user, '!', 3);
	expand_step(&test.expand, &request);
	expand_answer_lookup(&test.expand, ANSWER_NO, STR_LIT(""));
	expand_step(&test.expand, &request);
	expand_answer_userinfo(&test.expand, ANSWER_YES, &account);
	memset(home, '!', 5);
	cr_assert_eq(expand_step(&test.expand, &request), EXPAND_DONE);
	cr_expect(str_is(test.expand.leaves->account->home, "/home"));
	test_run_to(&test_modern, "x@hub.test", EXPAND_LOOKUP, &request);
	expand_answer_lookup(&test.expand, ANSWER_YES, str_from(value));
	memset(value, '!', sizeof(value) - 1);
	cr_assert_eq(test_finish(), EXPAND_DONE);
	cr_expect(str_is(test.expand.leaves->dest.user, "joe"));
}
