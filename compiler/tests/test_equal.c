/*
 * Comparisons of random rulesets against the loop: what is the same for all
 * random envelopes, what differs for each witness, and no answer is left
 * open where nothing has to be asked.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/tests/equal_env.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/random_conf.h"
#include "compiler/tests/rounds.h"

enum {
	RULES_MAX = 6,
	PAIRS = 250,
	ENVELOPES = 1500,
	WITNESSES = 10,
};

/* Comparisons. */

struct pair {
	struct ir_env sides[2];
	char texts[2][RANDOM_CONF_TEXT_MAX];
	struct equal_env env;
};

static void
pair_init(struct pair *pair, const char *const targets[2])
{
	struct bind *binds[2];

	for (unsigned side = 0; side < 2; side++) {
		ir_env_init(&pair->sides[side]);
		ir_env_compile(&pair->sides[side], targets[side],
		    pair->texts[side]);
		binds[side] = &pair->sides[side].bind;
	}
	equal_env_init(&pair->env, binds, WITNESSES);
}

static void
pair_fini(struct pair *pair)
{
	equal_env_fini(&pair->env);
	for (unsigned side = 0; side < 2; side++)
		ir_env_fini(&pair->sides[side]);
}

static void
check_pair(struct pair *pair)
{
	const char *problem = equal_env_problem(&pair->env, ENVELOPES);

	cr_assert_null(problem, "%s:\n%s---\n%s", problem, pair->texts[0],
	    pair->texts[1]);
}

/* Counts of verdicts, so that no test passes by having nothing to do. */
struct counts {
	unsigned of[EQUAL_UNDECIDED + 1];
};

static void
try_pair(const struct random_conf_language *const languages[2],
    const char *const targets[2], struct counts *counts)
{
	static struct pair pair;
	struct random_conf conf;

	memset(&pair, 0, sizeof(pair));
	random_conf_make(&conf, languages[0], RULES_MAX);
	random_conf_text(&conf, pair.texts[0]);
	if (languages[0] == languages[1])
		random_conf_mutate(&conf, RULES_MAX);
	else
		random_conf_make(&conf, languages[1], RULES_MAX);
	random_conf_text(&conf, pair.texts[1]);
	pair_init(&pair, targets);
	check_pair(&pair);
	counts->of[pair.env.result.verdict]++;
	pair_fini(&pair);
}

static struct counts
try_pairs(const struct random_conf_language *a,
    const struct random_conf_language *b, const char *target_a,
    const char *target_b)
{
	const struct random_conf_language *const languages[2] = { a, b };
	const char *const targets[2] = { target_a, target_b };
	struct counts counts = { { 0 } };

	for (uint32_t i = 0; i < PAIRS * rounds_factor(); i++)
		try_pair(languages, targets, &counts);
	return counts;
}

/* More than one in so many pairs have that verdict. */
static void
expect_one_in(const struct counts *counts, enum equal_verdict verdict,
    unsigned pairs)
{
	cr_expect_gt(counts->of[verdict], PAIRS * rounds_factor() / pairs);
}

static void
expect_both(const struct counts *counts)
{
	expect_one_in(counts, EQUAL_SAME, 10);
	expect_one_in(counts, EQUAL_DIFFERENT, 10);
}

Test(equal, of_modern_configs_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_modern,
	    &random_conf_modern, NULL, NULL);

	expect_both(&counts);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_legacy_configs_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_legacy,
	    &random_conf_legacy, NULL, NULL);

	expect_both(&counts);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_both_languages_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_legacy,
	    &random_conf_modern, NULL, "7.8");

	expect_one_in(&counts, EQUAL_DIFFERENT, 2);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_two_targets_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_modern,
	    &random_conf_modern, "6.6", "7.8");

	expect_one_in(&counts, EQUAL_DIFFERENT, 10);
}

Test(equal, of_logins_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_logins,
	    &random_conf_logins, NULL, NULL);

	expect_both(&counts);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_wild_patterns_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_wild, &random_conf_wild,
	    NULL, NULL);

	expect_both(&counts);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_questions_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_opaque,
	    &random_conf_opaque, NULL, NULL);

	expect_both(&counts);
}

Test(equal, of_what_always_fails_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_opaque,
	    &random_conf_opaque, "7.8", "7.8");

	expect_both(&counts);
	counts = try_pairs(&random_conf_opaque, &random_conf_opaque, "7.8",
	    NULL);
	expect_one_in(&counts, EQUAL_DIFFERENT, 10);
	counts = try_pairs(&random_conf_opaque, &random_conf_opaque, "6.6",
	    "6.6");
	expect_one_in(&counts, EQUAL_DIFFERENT, 10);
}

/* By example. */

static enum equal_verdict
verdict_below(const char *head, const char *a, const char *b)
{
	static const char *const targets[2] = { NULL, NULL };
	static struct pair pair;
	enum equal_verdict verdict;

	memset(&pair, 0, sizeof(pair));
	snprintf(pair.texts[0], RANDOM_CONF_TEXT_MAX, "%s%s", head, a);
	snprintf(pair.texts[1], RANDOM_CONF_TEXT_MAX, "%s%s", head, b);
	pair_init(&pair, targets);
	check_pair(&pair);
	verdict = pair.env.result.verdict;
	pair_fini(&pair);
	return verdict;
}

static enum equal_verdict
verdict_of(const char *a, const char *b)
{
	return verdict_below(random_conf_modern.head, a, b);
}

Test(equal, leaves_out_who_cannot_log_in)
{
	/* No listener of the head offers it. */
	cr_expect_eq(verdict_of("match from src <lan> auth for any action a1\n",
			 "match from any for any reject\n"),
	    EQUAL_SAME);
}

Test(equal, merges_two_conditions_of_one_set)
{
	cr_expect_eq(verdict_of("match from any for domain x action a0\n"
				"match from any !for domain x action a0\n",
			 "match from any for any action a0\n"),
	    EQUAL_SAME);
}

Test(equal, does_not_care_in_which_order_questions_are_asked)
{
	cr_expect_eq(
	    verdict_of("match from any for domain regex \"x\" action a0\n"
		       "match from any for domain regex \"y\" action a0\n",
		"match from any for domain regex \"y\" action a0\n"
		"match from any for domain regex \"x\" action a0\n"),
	    EQUAL_SAME);
}

Test(equal, knows_an_answer_that_it_has_asked_for)
{
	cr_expect_eq(
	    verdict_of("match from any for domain regex \"x\" action a0\n"
		       "match from any for any action a1\n",
		"match from any for domain regex \"x\" action a0\n"
		"match from any for domain regex \"x\" reject\n"
		"match from any for any action a1\n"),
	    EQUAL_SAME);
}

Test(equal, does_not_guess_what_a_question_answers)
{
	cr_expect_eq(
	    verdict_of("match from any for domain regex \"^q.x\" action a0\n",
		"match from any for domain regex \"^q.y\" action a0\n"),
	    EQUAL_UNDECIDED);
}

Test(equal, knows_who_a_table_lets_log_in)
{
	cr_expect_eq(verdict_below(random_conf_opaque.head,
			 "match from any auth <people> for any action a1\n"
			 "match from any auth for any action a0\n",
			 "match from any auth alice for any action a1\n"
			 "match from any auth { x, y } for any action a0\n"
			 "match from any auth bob for any action a1\n"
			 "match from any auth for any action a0\n"),
	    EQUAL_SAME);
}

Test(equal, takes_a_login_without_domain_as_it_stands)
{
	/* "bob" is also "bob+x@a.example", but not "bob+x". */
	cr_expect_eq(verdict_below(random_conf_opaque.head,
			 "match from any auth bob for any action a1\n",
			 "match from any auth { bob, \"bob+x\" } for any "
			 "action a1\n"),
	    EQUAL_DIFFERENT);
	cr_expect_eq(verdict_below(random_conf_opaque.head,
			 "match from any auth bob for any action a1\n",
			 "match from any auth { bob, \"bob@a.example\" } "
			 "for any action a1\n"),
	    EQUAL_SAME);
}

Test(equal, knows_that_only_the_socket_has_no_login)
{
	cr_expect_eq(verdict_below(random_conf_opaque.head,
			 "match from any auth { \"\" } for any action a1\n",
			 "match from socket for any action a1\n"),
	    EQUAL_DIFFERENT); /* and who has just an "@" */
	cr_expect_eq(verdict_below(random_conf_opaque.head,
			 "match from socket auth <people> for any reject\n"
			 "match from socket for any action a1\n",
			 "match from socket for any action a1\n"),
	    EQUAL_SAME);
}
