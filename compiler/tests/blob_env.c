/*
 * See blob_env.h.
 */
#include "compiler/tests/blob_env.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/tests/random_env.h"

enum {
	BLOB_ENV_LOG_MAX = 512,
	BLOB_ENV_KEY_MAX = 64,
};

/* Tables from one source answer alike, so that is what is compared. */
struct blob_env_lookup {
	struct str source;
	enum service service;
	char key[BLOB_ENV_KEY_MAX];
};

struct blob_env_asking {
	struct blob_env *env;
	struct space_facts facts;
	struct blob_env_lookup log[BLOB_ENV_LOG_MAX];
	uint32_t count;
};

void
blob_env_init(struct blob_env *env, struct bind *bind)
{
	const char *why;
	char buf[BLOB_ERROR_SIZE];
	int error;

	*env = (struct blob_env){ .bind = bind };
	bind_init(&env->leaving, bind->comp, bind->ir, NULL);
	env->leaving.leaves_files = true;
	cr_assert(blob_write(&env->leaving, "test.conf", &env->image, &why),
	    "%s", why);
	error = blob_open(&env->blob, env->image.data, env->image.size, 0);
	cr_assert_eq(error, BLOB_OK, "%s",
	    blob_error_text(&env->blob, error, buf, sizeof(buf)));
}

void
blob_env_fini(struct blob_env *env)
{
	blob_image_fini(&env->image);
	bind_fini(&env->leaving);
}

static enum answer
blob_env_ask(struct blob_env_asking *asking, uint32_t table,
    enum service service, struct str key)
{
	struct blob_env *env = asking->env;
	const struct table_entry *entry;
	struct blob_env_lookup *lookup = &asking->log[asking->count++];

	cr_assert_lt(asking->count, BLOB_ENV_LOG_MAX);
	lookup->source = env->bind->ir->tables[table].config;
	lookup->service = service;
	snprintf(lookup->key, sizeof(lookup->key), "%.*s", STR_ARG(key));
	if (env->seed != 0 && bind_state_of(env->bind, table) != BIND_READY)
		return random_env_answer(env->seed, service, key);
	return bind_lookup(env->bind, table, service, key, &entry);
}

static bool
blob_env_is_own_address(void *arg, struct str peer)
{
	(void)peer;
	return ((struct blob_env_asking *)arg)->facts.is_own_address;
}

static bool
blob_env_is_own_name(void *arg, struct str domain)
{
	(void)domain;
	return ((struct blob_env_asking *)arg)->facts.is_own_name;
}

static struct ruleset_callbacks
blob_env_callbacks(struct blob_env_asking *asking)
{
	return (struct ruleset_callbacks){
		.arg = asking,
		.is_local_address = blob_env_is_own_address,
		.is_local_name = blob_env_is_own_name,
	};
}

/* Of what the loop looks up, the blob leaves out what it knows itself. */
static enum answer
blob_env_loop_lookup(void *arg, uint32_t table, enum service service,
    struct str key)
{
	struct blob_env_asking *asking = arg;
	const struct blob *blob = &asking->env->blob;
	const struct ruleset_callbacks callbacks = blob_env_callbacks(asking);
	const struct table_entry *entry;
	enum answer answer;

	if (table == RULESET_NO_TABLE)
		return ANSWER_FAILED;
	answer = blob_ask_host(blob, table, key, &callbacks);
	if (answer != ANSWER_FAILED)
		return answer;
	if (blob_can_look_up(blob, table, service))
		return bind_lookup(asking->env->bind, table, service, key,
		    &entry);
	return blob_env_ask(asking, table, service, key);
}

static struct ruleset_result
blob_env_decide(struct blob_env_asking *asking,
    const struct ruleset_envelope *envelope)
{
	const struct ruleset_callbacks callbacks = blob_env_callbacks(asking);
	struct blob_decision decision;

	memset(&decision, 0xa5, sizeof(decision));
	blob_decision_init(&decision, &asking->env->blob, envelope, &callbacks);
	while (!blob_decision_run(&decision))
		blob_decision_answer(&decision,
		    blob_env_ask(asking, decision.table, decision.service,
			decision.key));
	return decision.result;
}

static bool
blob_env_is_same_log(const struct blob_env_asking *a,
    const struct blob_env_asking *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!str_eq(a->log[i].source, b->log[i].source) ||
		    a->log[i].service != b->log[i].service ||
		    strcmp(a->log[i].key, b->log[i].key) != 0)
			return false;
	return true;
}

bool
blob_env_agrees(struct blob_env *env, const struct ruleset_envelope *envelope,
    struct space_facts facts, struct ruleset_result *result_r)
{
	static struct blob_env_asking loop, blob;
	struct ruleset_callbacks callbacks = blob_env_callbacks(&loop);
	struct ruleset_result result;

	loop.env = blob.env = env;
	loop.facts = blob.facts = facts;
	loop.count = blob.count = 0;
	callbacks.lookup = blob_env_loop_lookup;
	*result_r = ruleset_eval(&env->bind->ir->ruleset, envelope, &callbacks);
	result = blob_env_decide(&blob, envelope);
	return result.verdict == result_r->verdict &&
	    result.rule == result_r->rule && blob_env_is_same_log(&loop, &blob);
}
