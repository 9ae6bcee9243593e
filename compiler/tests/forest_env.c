/*
 * See forest_env.h.
 */
#include "compiler/tests/forest_env.h"

#include <assert.h>

#include "compiler/tests/random_env.h"

void
forest_env_init(struct forest_env *env, struct bind *bind,
    enum space_order order)
{
	struct bind *const binds[] = { bind };

	*env = (struct forest_env){ .bind = bind };
	diagram_init(&env->diagram);
	space_set_order(&env->diagram, order);
	space_init(&env->space, binds, 1, &env->diagram);
	forest_build(&env->forest, &env->diagram, env->space.sides[0].rules,
	    bind->ir->ruleset.rule_count);
}

void
forest_env_fini(struct forest_env *env)
{
	forest_fini(&env->forest);
	space_fini(&env->space);
	diagram_fini(&env->diagram);
}

/* One evaluation. */
struct forest_env_asking {
	struct forest_env *env;
	const struct ruleset_envelope *envelope;
	struct space_facts facts;
	struct ruleset_callbacks callbacks;
	uint32_t asked[FOREST_ENV_ASKED_MAX]; /* questions */
	uint32_t asked_count;
};

static enum answer
forest_env_lookup(void *arg, uint32_t table, enum service service,
    struct str key)
{
	const struct forest_env_asking *asking = arg;
	struct forest_env *env = asking->env;
	const struct table_entry *entry;

	if (env->seed != 0 && bind_state_of(env->bind, table) != BIND_READY)
		return random_env_answer(env->seed, service, key);
	return bind_lookup(env->bind, table, service, key, &entry);
}

static bool
forest_env_is_own_address(void *arg, struct str peer)
{
	(void)peer;
	return ((struct forest_env_asking *)arg)->facts.is_own_address;
}

static bool
forest_env_is_own_name(void *arg, struct str domain)
{
	(void)domain;
	return ((struct forest_env_asking *)arg)->facts.is_own_name;
}

static void
forest_env_note(struct forest_env_asking *asking, uint32_t question)
{
	assert(asking->asked_count < FOREST_ENV_ASKED_MAX);
	asking->asked[asking->asked_count++] = question;
}

static bool
forest_env_is_host_itself(const struct ruleset_envelope *envelope,
    unsigned classes)
{
	return ((classes & ORIGIN_INTERNAL) && envelope->is_internal) ||
	    ((classes & ORIGIN_SOCKET) && envelope->is_socket) ||
	    ((classes & ORIGIN_AUTH) && envelope->is_authenticated);
}

/* Of what the loop asks, that which the forest has to ask as well. */
static void
forest_env_trace(void *arg, uint32_t rule, uint32_t pred, enum answer answer)
{
	struct forest_env_asking *asking = arg;
	const struct forest_pred *known =
	    &asking->env->space.sides[0].rules[rule].preds[pred];

	unsigned classes = asking->env->bind->ir->ruleset.rules[rule]
			       .preds[pred]
			       .local_classes;
	bool is_guarded = known->has_guard &&
	    forest_env_is_host_itself(asking->envelope, classes);

	(void)answer;
	if (known->is_question)
		forest_env_note(asking,
		    is_guarded ? known->guarded : known->number);
}

static enum answer
forest_env_ask(void *arg, uint32_t question)
{
	struct forest_env_asking *asking = arg;

	forest_env_note(asking, question);
	return ruleset_ask(asking->env->space.questions[question].pred,
	    asking->envelope, &asking->callbacks);
}

static void
forest_env_begin(struct forest_env_asking *asking, struct forest_env *env,
    const struct ruleset_envelope *envelope, struct space_facts facts)
{
	asking->env = env;
	asking->envelope = envelope;
	asking->facts = facts;
	asking->callbacks = (struct ruleset_callbacks){
		.arg = asking,
		.lookup = forest_env_lookup,
		.is_local_address = forest_env_is_own_address,
		.is_local_name = forest_env_is_own_name,
	};
	asking->asked_count = 0;
}

struct ruleset_result
forest_env_loop(struct forest_env *env, const struct ruleset_envelope *envelope,
    struct space_facts facts)
{
	struct forest_env_asking asking;

	forest_env_begin(&asking, env, envelope, facts);
	return ruleset_eval(&env->bind->ir->ruleset, envelope,
	    &asking.callbacks);
}

bool
forest_env_agrees(struct forest_env *env,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    struct ruleset_result *result_r)
{
	struct forest_env_asking loop, forest;
	uint32_t classes[SPACE_LEVELS];
	struct ruleset_result result;

	forest_env_begin(&loop, env, envelope, facts);
	loop.callbacks.trace = forest_env_trace;
	*result_r = ruleset_eval(&env->bind->ir->ruleset, envelope,
	    &loop.callbacks);
	forest_env_begin(&forest, env, envelope, facts);
	space_classify(&env->space, 0, envelope, facts, classes);
	result = forest_decide(&env->forest, classes, forest_env_ask, &forest);
	return result.verdict == result_r->verdict &&
	    result.rule == result_r->rule &&
	    forest.asked_count == loop.asked_count &&
	    memcmp(forest.asked, loop.asked,
		loop.asked_count * sizeof(loop.asked[0])) == 0;
}

bool
forest_env_is_plain_fold(struct forest_env *env)
{
	uint32_t merged = diagram_no_match(), folded = diagram_no_match();

	for (uint32_t i = 0; i < env->forest.tree_count; i++)
		merged = diagram_min(&env->diagram, merged,
		    env->forest.trees[i].root, UINT64_MAX);
	for (uint32_t r = 0; r < env->bind->ir->ruleset.rule_count; r++)
		folded = diagram_min(&env->diagram, folded,
		    forest_rule_diagram(&env->diagram,
			&env->space.sides[0].rules[r], r),
		    UINT64_MAX);
	return merged == folded;
}
