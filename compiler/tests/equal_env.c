/*
 * See equal_env.h.
 */
#include "compiler/tests/equal_env.h"

static void
equal_env_make_labels(struct equal_env *env, unsigned side)
{
	const struct ir *ir = env->binds[side]->ir;
	uint32_t *labels = arena_alloc(&env->binds[side]->comp->arena,
	    ir->ruleset.rule_count * sizeof(*labels));

	for (uint32_t i = 0; i < ir->ruleset.rule_count; i++) {
		uint32_t action = ir->ruleset.rules[i].action;

		labels[i] = action == RULESET_REJECT       ? EQUAL_REFUSED :
		    ir->actions[action].method == IR_RELAY ? 2 :
							     1;
	}
	env->labels[side] = (struct equal_labels){ labels,
		ir->ruleset.rule_count };
}

void
equal_env_init(struct equal_env *env, struct bind *const binds[2],
    uint32_t witnesses_max)
{
	for (unsigned side = 0; side < 2; side++) {
		env->binds[side] = binds[side];
		equal_env_make_labels(env, side);
	}
	equal_init(&env->equal, binds);
	env->result = equal_compare(&env->equal, env->labels, witnesses_max);
	random_env_init(&env->random, &env->equal.space);
}

void
equal_env_fini(struct equal_env *env)
{
	equal_fini(&env->equal);
}

/* Loops. */

struct equal_env_asking {
	struct bind *bind;
	struct space_facts facts;
};

static enum answer
equal_env_lookup(void *arg, uint32_t table, enum service service,
    struct str key)
{
	struct equal_env_asking *asking = arg;
	const struct table_entry *entry;

	return bind_lookup(asking->bind, table, service, key, &entry);
}

static bool
equal_env_is_own_address(void *arg, struct str peer)
{
	(void)peer;
	return ((struct equal_env_asking *)arg)->facts.is_own_address;
}

static bool
equal_env_is_own_name(void *arg, struct str domain)
{
	(void)domain;
	return ((struct equal_env_asking *)arg)->facts.is_own_name;
}

/* What the loop of a side does; UINT32_MAX for a failure. */
static uint32_t
equal_env_label(struct equal_env *env, unsigned side,
    const struct ruleset_envelope *envelope, struct space_facts facts)
{
	struct equal_env_asking asking = { env->binds[side], facts };
	const struct ruleset_callbacks callbacks = {
		.arg = &asking,
		.lookup = equal_env_lookup,
		.is_local_address = equal_env_is_own_address,
		.is_local_name = equal_env_is_own_name,
	};
	struct ruleset_result result =
	    ruleset_eval(&env->binds[side]->ir->ruleset, envelope, &callbacks);

	if (result.verdict == RULESET_TEMPFAIL)
		return UINT32_MAX;
	return result.verdict == RULESET_NO_MATCH ?
	    EQUAL_REFUSED :
	    env->labels[side].of_rules[result.rule];
}

static bool
equal_env_is_feasible(struct equal_env *env, uint32_t tag,
    const struct ruleset_envelope *e, struct space_facts facts)
{
	uint32_t classes[SPACE_LEVELS];

	space_classify(&env->equal.space, 0, e, facts, classes);
	classes[SPACE_TAG] = tag;
	return diagram_walk(&env->equal.diagram, env->equal.never, classes) ==
	    DIAGRAM_NO_MATCH;
}

/* Whether the next random envelope is treated differently. */
static bool
equal_env_differs_at_random(struct equal_env *env)
{
	const struct space *space = &env->equal.space;
	struct ruleset_envelope e[2];
	struct space_facts facts = { random_env_below(4) == 0,
		random_env_below(3) == 0 };
	uint32_t tag = random_env_below(space->tag_count);
	struct netaddr addr;

	e[0] = random_env_next(&env->random, env->binds[0]->host);
	e[0].helo = e[0].is_socket ? STR_LIT("localhost") : e[0].helo;
	if (e[0].is_socket || !e[0].is_authenticated)
		e[0].username = STR_LIT("");
	e[0].tag = space->tags[tag].on[0];
	e[1] = e[0];
	e[1].tag = space->tags[tag].on[1];
	if (netaddr_parse_cidr(e[0].peer, NETADDR_BRACKETS | NETADDR_TAG,
		&addr) == NETADDR_OK)
		e[1].peer = host_spell(env->binds[1]->host, &addr);
	return equal_env_is_feasible(env, tag, &e[0], facts) &&
	    equal_env_label(env, 0, &e[0], facts) !=
	    equal_env_label(env, 1, &e[1], facts);
}

static bool
equal_env_is_witness(struct equal_env *env, const struct equal_witness *w)
{
	return w->assumed_count > 0 ||
	    equal_env_label(env, 0, &w->envelopes[0], w->facts) !=
	    equal_env_label(env, 1, &w->envelopes[1], w->facts);
}

const char *
equal_env_problem(struct equal_env *env, unsigned envelopes)
{
	const struct equal_result *result = &env->result;
	const struct equal_witness *w;

	if ((result->verdict == EQUAL_DIFFERENT) != (result->witnesses != NULL))
		return "different without a witness, or with one not so";
	if (result->verdict == EQUAL_UNDECIDED && !result->is_too_large &&
	    result->question_count == 0)
		return "undecided without a question";
	if (env->equal.space.question_count == 0 && result->question_count > 0)
		return "a question where none has to be asked";
	for (w = result->witnesses; w != NULL; w = w->next)
		if (!equal_env_is_witness(env, w))
			return "a witness that both sides treat alike";
	for (unsigned i = 0; i < envelopes; i++)
		if (result->verdict == EQUAL_SAME &&
		    equal_env_differs_at_random(env))
			return "the same, and an envelope that shows it is not";
	return NULL;
}
