/*
 * Comparisons of random rulesets against the loop: what is the same for all
 * random envelopes, what differs for each witness, and no answer is left
 * open where nothing has to be asked.
 */
#include "compiler/equal.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/feasible.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/random_conf.h"
#include "compiler/tests/random_env.h"
#include "compiler/tests/rounds.h"

enum {
	RULES_MAX = 6,
	PAIRS = 250,
	ENVELOPES = 1500,
	WITNESSES = 10,
};

/* Comparisons. */

struct pair {
	struct ir_env envs[2];
	char texts[2][RANDOM_CONF_TEXT_MAX];
	struct equal equal;
	struct equal_labels labels[2];
	struct equal_result result;
	struct random_env random;
};

/* 1: delivered here, 2: relayed. */
static void
pair_label(struct pair *pair, unsigned side)
{
	struct ir_env *env = &pair->envs[side];
	const struct ruleset *ruleset = &env->ir->ruleset;
	uint32_t *labels = arena_alloc(&env->comp.arena,
	    ruleset->rule_count * sizeof(*labels));

	for (uint32_t i = 0; i < ruleset->rule_count; i++) {
		uint32_t action = ruleset->rules[i].action;

		labels[i] = action == RULESET_REJECT ? EQUAL_REFUSED :
		    env->ir->actions[action].method == IR_RELAY ? 2 :
								  1;
	}
	pair->labels[side] = (struct equal_labels){ labels,
		ruleset->rule_count };
}

static void
pair_init(struct pair *pair, const char *const targets[2])
{
	struct bind *binds[2];

	for (unsigned side = 0; side < 2; side++) {
		ir_env_init(&pair->envs[side]);
		ir_env_compile(&pair->envs[side], targets[side],
		    pair->texts[side]);
		pair_label(pair, side);
		binds[side] = &pair->envs[side].bind;
	}
	equal_init(&pair->equal, binds);
	pair->result = equal_compare(&pair->equal, pair->labels, WITNESSES);
	random_env_init(&pair->random, &pair->equal.space);
}

static void
pair_fini(struct pair *pair)
{
	equal_fini(&pair->equal);
	for (unsigned side = 0; side < 2; side++)
		ir_env_fini(&pair->envs[side]);
}

struct asking {
	struct bind *bind;
	struct space_facts facts;
};

static enum answer
lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct asking *asking = arg;
	const struct table_entry *entry;

	return bind_lookup(asking->bind, table, service, key, &entry);
}

static bool
is_local_address(void *arg, struct str peer)
{
	(void)peer;
	return ((struct asking *)arg)->facts.is_own_address;
}

static bool
is_local_name(void *arg, struct str domain)
{
	(void)domain;
	return ((struct asking *)arg)->facts.is_own_name;
}

/* UINT32_MAX for a failure. */
static uint32_t
label_of(struct pair *pair, unsigned side, const struct ruleset_envelope *e,
    struct space_facts facts)
{
	struct asking asking = { &pair->envs[side].bind, facts };
	const struct ruleset_callbacks callbacks = { &asking, lookup,
		is_local_address, is_local_name, NULL };
	struct ruleset_result result =
	    ruleset_eval(&pair->envs[side].ir->ruleset, e, &callbacks);

	if (result.verdict == RULESET_TEMPFAIL)
		return UINT32_MAX;
	return result.verdict == RULESET_NO_MATCH ?
	    EQUAL_REFUSED :
	    pair->labels[side].of_rules[result.rule];
}

static bool
is_feasible(struct pair *pair, uint32_t tag, const struct ruleset_envelope *e,
    struct space_facts facts)
{
	uint32_t classes[SPACE_LEVELS];

	space_classify(&pair->equal.space, 0, e, facts, classes);
	classes[SPACE_TAG] = tag;
	return diagram_walk(&pair->equal.diagram, pair->equal.never, classes) ==
	    DIAGRAM_NO_MATCH;
}

/* Whether a random envelope is treated differently. */
static bool
differs_at_random(struct pair *pair)
{
	const struct space *space = &pair->equal.space;
	struct ruleset_envelope e[2];
	struct space_facts facts = { random_env_below(4) == 0,
		random_env_below(3) == 0 };
	uint32_t tag = random_env_below(space->tag_count);
	struct netaddr addr;

	e[0] = random_env_next(&pair->random, &pair->envs[0].host);
	e[0].helo = e[0].is_socket ? STR_LIT("localhost") : e[0].helo;
	if (e[0].is_socket || !e[0].is_authenticated)
		e[0].username = STR_LIT("");
	e[0].tag = space->tags[tag].on[0];
	e[1] = e[0];
	e[1].tag = space->tags[tag].on[1];
	if (netaddr_parse_cidr(e[0].peer, NETADDR_BRACKETS | NETADDR_TAG,
		&addr) == NETADDR_OK)
		e[1].peer = host_spell(&pair->envs[1].host, &addr);
	return is_feasible(pair, tag, &e[0], facts) &&
	    label_of(pair, 0, &e[0], facts) != label_of(pair, 1, &e[1], facts);
}

static void
check_pair(struct pair *pair)
{
	const char *a = pair->texts[0], *b = pair->texts[1];
	const struct equal_result *result = &pair->result;

	if (result->verdict == EQUAL_SAME)
		for (unsigned i = 0; i < ENVELOPES; i++)
			cr_assert_not(differs_at_random(pair), "%s---\n%s", a,
			    b);
	cr_assert_eq(result->verdict == EQUAL_DIFFERENT,
	    result->witnesses != NULL);
	cr_assert(result->verdict != EQUAL_UNDECIDED ||
		result->question_count > 0,
	    "%s---\n%s", a, b);
	cr_assert(pair->equal.space.question_count > 0 ||
		result->question_count == 0,
	    "%s---\n%s", a, b);
	for (const struct equal_witness *w = result->witnesses; w; w = w->next)
		cr_assert_neq(label_of(pair, 0, &w->envelopes[0], w->facts),
		    label_of(pair, 1, &w->envelopes[1], w->facts), "%s---\n%s",
		    a, b);
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
	counts->of[pair.result.verdict]++;
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

Test(equal, of_modern_configs_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_modern,
	    &random_conf_modern, NULL, NULL);

	cr_expect_gt(counts.of[EQUAL_SAME], PAIRS * rounds_factor() / 10);
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_legacy_configs_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_legacy,
	    &random_conf_legacy, NULL, NULL);

	cr_expect_gt(counts.of[EQUAL_SAME], PAIRS * rounds_factor() / 10);
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_both_languages_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_legacy,
	    &random_conf_modern, NULL, "7.8");

	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 2);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_two_targets_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_modern,
	    &random_conf_modern, "6.6", "7.8");

	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
}

Test(equal, of_logins_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_logins,
	    &random_conf_logins, NULL, NULL);

	cr_expect_gt(counts.of[EQUAL_SAME], PAIRS * rounds_factor() / 10);
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
	cr_expect_eq(counts.of[EQUAL_UNDECIDED], 0);
}

Test(equal, of_questions_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_opaque,
	    &random_conf_opaque, NULL, NULL);

	cr_expect_gt(counts.of[EQUAL_SAME], PAIRS * rounds_factor() / 10);
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
}

Test(equal, of_what_always_fails_agrees_with_the_loop)
{
	struct counts counts = try_pairs(&random_conf_opaque,
	    &random_conf_opaque, "7.8", "7.8");

	cr_expect_gt(counts.of[EQUAL_SAME], PAIRS * rounds_factor() / 10);
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
	counts = try_pairs(&random_conf_opaque, &random_conf_opaque, "7.8",
	    NULL);
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
	counts = try_pairs(&random_conf_opaque, &random_conf_opaque, "6.6",
	    "6.6");
	cr_expect_gt(counts.of[EQUAL_DIFFERENT], PAIRS * rounds_factor() / 10);
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
	verdict = pair.result.verdict;
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
