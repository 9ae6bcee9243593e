/*
 * From the tree of a YAML text to tests. The keys of a mapping are a table
 * of names and readers.
 */
#include "compiler/policy.h"

#include "compiler/yamlread.h"
#include "grammar/suggest.h"

struct policy_key {
	const char *name;
	void (*read)(struct policy *policy, const struct yamlread_node *value,
	    struct policy_test *test);
};

const char *
policy_delivery_name(enum decide_leaf_kind kind)
{
	static const char *const names[] = {
		[DECIDE_RELAY] = "relay",
		[DECIDE_USER] = "user",
		[DECIDE_FILE] = "file",
		[DECIDE_COMMAND] = "command",
		[DECIDE_MAILDIR] = "maildir",
	};

	return names[kind];
}

/* Errors. */

static void
policy_add_error(struct policy *policy, uint32_t line, uint32_t column,
    const char *text)
{
	struct policy_error *error = ARENA_NEW(policy->arena,
	    struct policy_error);

	*error = (struct policy_error){ line, column, text, NULL };
	*policy->errors_end = error;
	policy->errors_end = &error->next;
}

static void
policy_fail(struct policy *policy, const struct yamlread_node *node,
    const char *text)
{
	policy_add_error(policy, node->line, node->column, text);
}

/* "'mail-form' is not known; did you mean 'mail-from'?" */
static void
policy_fail_key(struct policy *policy, const struct yamlread_node *key,
    const struct suggest *suggest)
{
	policy_fail(policy, key,
	    suggest->best.len > 0 ?
		arena_printf(policy->arena,
		    "'%.*s' is not known; did you mean '%.*s'?",
		    STR_ARG(key->text), STR_ARG(suggest->best)) :
		arena_printf(policy->arena, "'%.*s' is not known",
		    STR_ARG(key->text)));
}

static bool
policy_want(struct policy *policy, const struct yamlread_node *node,
    enum yamlread_kind kind)
{
	if (node->kind == kind)
		return true;
	policy_fail(policy, node,
	    arena_printf(policy->arena, "%s is expected, not %s",
		yamlread_kind_text(kind), yamlread_kind_text(node->kind)));
	return false;
}

/* NULL where the mapping does not have the key. */
static const struct yamlread_node *
policy_find(const struct yamlread_node *map, const char *key)
{
	const struct yamlread_node *v = map->children;

	while (v != NULL && !str_is(v->key->text, key))
		v = v->next;
	return v;
}

/* Goes through a mapping by a table that ends with a NULL name. */
static void
policy_read_map(struct policy *policy, const struct yamlread_node *map,
    const struct policy_key *keys, struct policy_test *test)
{
	if (!policy_want(policy, map, YAMLREAD_MAP))
		return;
	for (const struct yamlread_node *v = map->children; v != NULL;
	     v = v->next) {
		const struct policy_key *key = keys;
		struct suggest suggest;

		suggest_init(&suggest, v->key->text);
		while (key->name != NULL && !str_is(v->key->text, key->name))
			suggest_offer(&suggest, str_from(key++->name));
		if (key->name == NULL)
			policy_fail_key(policy, v->key, &suggest);
		else
			key->read(policy, v, test);
	}
}

/* The envelope: keys of a session, some of which are switches or lists. */

static void
policy_set(struct policy *policy, struct policy_test *test, struct str key,
    const struct yamlread_node *value)
{
	const char *why;

	if (policy_want(policy, value, YAMLREAD_SCALAR) &&
	    !session_set(&test->session, policy->arena, key, value->text, &why))
		policy_fail(policy, value,
		    arena_printf(policy->arena, "%.*s: %s", STR_ARG(key), why));
}

/* tls: true, socket: true. False is as if it were not there. */
static void
policy_set_switch(struct policy *policy, struct policy_test *test,
    struct str key, const struct yamlread_node *value)
{
	struct yamlread_node on = *value;
	bool is_on;

	if (yamlread_bool(value, &is_on)) {
		on.text = STR_LIT("");
		if (is_on)
			policy_set(policy, test, key, &on);
	} else if (str_is(key, "socket") ||
	    (value->kind == YAMLREAD_SCALAR && value->text.len == 0)) {
		policy_fail(policy, value, "true or false is expected");
	} else {
		policy_set(policy, test, key, value);
	}
}

static void
policy_set_fact(struct policy *policy, struct policy_test *test,
    const struct yamlread_node *value)
{
	struct str key = value->key->text;

	if (str_is(key, "tls") || str_is(key, "socket")) {
		policy_set_switch(policy, test, key, value);
	} else if (str_is(key, "rcpt-to") && value->kind == YAMLREAD_LIST) {
		for (const struct yamlread_node *v = value->children; v != NULL;
		     v = v->next)
			policy_set(policy, test, key, v);
	} else {
		policy_set(policy, test, key, value);
	}
}

static void
policy_read_fact(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	struct suggest suggest;

	suggest_init(&suggest, value->key->text);
	for (unsigned i = 0; session_key(i) != NULL; i++) {
		if (str_is(value->key->text, session_key(i))) {
			policy_set_fact(policy, test, value);
			return;
		}
		suggest_offer(&suggest, str_from(session_key(i)));
	}
	policy_fail_key(policy, value->key, &suggest);
}

static void
policy_read_envelope(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	const struct yamlread_node *rcpt;

	if (!policy_want(policy, value, YAMLREAD_MAP))
		return;
	for (const struct yamlread_node *v = value->children; v != NULL;
	     v = v->next)
		policy_read_fact(policy, v, test);
	rcpt = policy_find(value, "rcpt-to");
	if (rcpt == NULL || (rcpt->kind == YAMLREAD_LIST && rcpt->count == 0))
		policy_fail(policy, value, "an envelope needs rcpt-to");
}

/* Expectations. */

static void
policy_read_decision(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	if (!policy_want(policy, value, YAMLREAD_SCALAR))
		return;
	for (unsigned i = 0; i < DECIDE_VERDICTS; i++)
		if (str_is(value->text, decide_verdict_name(i))) {
			test->expect.has_decision = true;
			test->expect.decision = i;
			return;
		}
	policy_fail(policy, value,
	    "one of accept, reject, no-match and tempfail is expected");
}

/* A decimal number above 0. */
static bool
policy_number(struct str text, uint32_t *number_r)
{
	uint32_t number = 0;

	if (text.len == 0 || text.len > 9)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		if (!str_is_digit(text.ptr[i]))
			return false;
		number = number * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	*number_r = number;
	return number > 0;
}

/* A number, or FILE:LINE. */
static void
policy_read_rule(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	struct policy_expect *expect = &test->expect;
	struct str text = value->text, line;
	const char *colon;

	if (!policy_want(policy, value, YAMLREAD_SCALAR) ||
	    policy_number(text, &expect->rule))
		return;
	colon = memrchr(text.ptr, ':', text.len);
	if (colon != NULL && colon > text.ptr) {
		expect->rule_file = text;
		expect->rule_file.len = (uint32_t)(colon - text.ptr);
		line = (struct str){ colon + 1,
			text.len - expect->rule_file.len - 1 };
		if (policy_number(line, &expect->rule_line))
			return;
	}
	policy_fail(policy, value,
	    "the number of a rule, from 1, or FILE:LINE is expected");
}

static void
policy_read_action(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	if (policy_want(policy, value, YAMLREAD_SCALAR))
		test->expect.action = value->text;
}

static void
policy_read_reply(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	uint32_t reply;

	if (!policy_want(policy, value, YAMLREAD_SCALAR))
		return;
	if (policy_number(value->text, &reply) &&
	    (reply == 2 || reply == 4 || reply == 5 ||
		(reply >= 200 && reply <= 599)))
		test->expect.reply = reply;
	else
		policy_fail(policy, value,
		    "2, 4, 5 or a reply code is expected");
}

/* "user: alice": a mapping with one key. */
static void
policy_read_delivery(struct policy *policy, const struct yamlread_node *value,
    struct policy_delivery *delivery)
{
	const struct yamlread_node *what;
	struct suggest suggest;

	if (!policy_want(policy, value, YAMLREAD_MAP))
		return;
	what = value->children;
	if (value->count != 1) {
		policy_fail(policy, value, "one key is expected");
		return;
	}
	if (!policy_want(policy, what, YAMLREAD_SCALAR))
		return;
	suggest_init(&suggest, what->key->text);
	for (unsigned i = 0; i <= DECIDE_MAILDIR; i++) {
		const char *name = policy_delivery_name(i);

		if (str_is(what->key->text, name)) {
			*delivery = (struct policy_delivery){ i, what->text };
			return;
		}
		suggest_offer(&suggest, str_from(name));
	}
	policy_fail_key(policy, what->key, &suggest);
}

static void
policy_read_deliveries(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	struct policy_delivery *delivery;

	if (!policy_want(policy, value, YAMLREAD_LIST))
		return;
	delivery = arena_alloc(policy->arena, value->count * sizeof(*delivery));
	test->expect.has_deliveries = true;
	test->expect.deliveries = delivery;
	test->expect.delivery_count = value->count;
	for (const struct yamlread_node *v = value->children; v != NULL;
	     v = v->next)
		policy_read_delivery(policy, v, delivery++);
}

static void
policy_read_expect(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	static const struct policy_key keys[] = {
		{ "decision", policy_read_decision },
		{ "rule", policy_read_rule },
		{ "action", policy_read_action },
		{ "reply", policy_read_reply },
		{ "deliveries", policy_read_deliveries },
		{ NULL, NULL },
	};

	policy_read_map(policy, value, keys, test);
	if (value->kind == YAMLREAD_MAP && value->count == 0)
		policy_fail(policy, value, "nothing is expected");
}

/* Tests. */

static void
policy_read_name(struct policy *policy, const struct yamlread_node *value,
    struct policy_test *test)
{
	if (policy_want(policy, value, YAMLREAD_SCALAR))
		test->name = value->text;
}

static void
policy_read_test(struct policy *policy, const struct yamlread_node *node,
    struct policy_test *test)
{
	static const struct policy_key keys[] = {
		{ "name", policy_read_name },
		{ "envelope", policy_read_envelope },
		{ "expect", policy_read_expect },
		{ NULL, NULL },
	};

	session_init(&test->session);
	test->line = node->line;
	policy_read_map(policy, node, keys, test);
	if (node->kind != YAMLREAD_MAP)
		return;
	for (const struct policy_key *key = keys; key->name != NULL; key++)
		if (policy_find(node, key->name) == NULL)
			policy_fail(policy, node,
			    arena_printf(policy->arena, "the test has no '%s'",
				key->name));
}

bool
policy_read(struct policy *policy, struct arena *arena, struct str text)
{
	struct yamlread_error error;
	const struct yamlread_node *root = yamlread_parse(arena, text, &error);

	*policy = (struct policy){ .arena = arena };
	policy->errors_end = &policy->errors;
	if (root == NULL) {
		policy_add_error(policy, error.line, error.column, error.text);
		return false;
	}
	if (!policy_want(policy, root, YAMLREAD_LIST))
		return false;
	policy->tests = arena_alloc(arena,
	    root->count * sizeof(*policy->tests));
	for (const struct yamlread_node *v = root->children; v != NULL;
	     v = v->next)
		policy_read_test(policy, v, &policy->tests[policy->count++]);
	if (policy->count == 0)
		policy_fail(policy, root, "there is no test");
	return policy->errors == NULL;
}
