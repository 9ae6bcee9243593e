/*
 * Every recipient of a test must be as expected.
 */
#include "compiler/policy_run.h"

/* "bob@example.org: " and what differs. */
__attribute__((format(printf, 3, 4))) static void
policy_run_fail(struct policy_run *run, const struct decision *decision,
    const char *fmt, ...)
{
	struct arena *arena = &run->bind->comp->arena;
	struct policy_problem *problem = ARENA_NEW(arena,
	    struct policy_problem);
	va_list ap;

	va_start(ap, fmt);
	problem->text = arena_printf(arena, "%.*s: %s", STR_ARG(decision->rcpt),
	    arena_vprintf(arena, fmt, ap));
	va_end(ap);
	*run->problem_end = problem;
	run->problem_end = &problem->next;
}

static void
policy_run_compare_decision(struct policy_run *run,
    const struct policy_expect *expect, const struct decision *decision)
{
	if (expect->has_decision && expect->decision != decision->verdict)
		policy_run_fail(run, decision, "the decision is %s, not %s",
		    decide_verdict_name(decision->verdict),
		    decide_verdict_name(expect->decision));
}

/* Who expects "accept" does not mean that an unknown user is one. */
static unsigned
policy_run_reply(const struct policy_expect *expect)
{
	bool is_accept = expect->has_decision &&
	    expect->decision == DECIDE_ACCEPT;

	return expect->reply == 0 && is_accept ? 2 : expect->reply;
}

static void
policy_run_compare_reply(struct policy_run *run,
    const struct policy_expect *expect, const struct decision *decision)
{
	unsigned wanted = policy_run_reply(expect);
	unsigned seen = wanted < 10 ? decision->code / 100 : decision->code;

	if (wanted != 0 && wanted != seen)
		policy_run_fail(run, decision, "the reply is %.*s, not %u%s%s",
		    STR_ARG(decision->reply), wanted,
		    decision->failure != NULL ? ": " : "",
		    decision->failure != NULL ?
			expand_reason_text(decision->failure->reason) :
			"");
}

/* A path, or the end of one. */
static bool
policy_run_is_file(struct str path, struct str wanted)
{
	struct str end = path;

	if (wanted.len > path.len)
		return false;
	end.ptr += path.len - wanted.len;
	end.len = wanted.len;
	return str_eq(end, wanted) &&
	    (end.ptr == path.ptr || end.ptr[-1] == '/');
}

static bool
policy_run_is_rule(const struct policy_expect *expect,
    struct ruleset_result result, const struct source_location *loc)
{
	if (result.verdict != RULESET_MATCH)
		return false;
	if (expect->rule != 0)
		return expect->rule == result.rule + 1;
	return expect->rule_line == loc->line &&
	    policy_run_is_file(str_from(loc->file->path), expect->rule_file);
}

static void
policy_run_compare_rule(struct policy_run *run,
    const struct policy_expect *expect, const struct decision *decision)
{
	struct ruleset_result result = decision->evaluations->result;
	struct source_location loc = { .line = 0 };

	if (expect->rule == 0 && expect->rule_file.ptr == NULL)
		return;
	if (result.verdict == RULESET_MATCH)
		decide_locate(run->bind, result.rule, &loc);
	if (policy_run_is_rule(expect, result, &loc))
		return;
	if (result.verdict != RULESET_MATCH)
		policy_run_fail(run, decision, "no rule matches");
	else
		policy_run_fail(run, decision, "the rule is %u, at %s:%u",
		    result.rule + 1, loc.file->path, loc.line);
}

static void
policy_run_compare_action(struct policy_run *run,
    const struct policy_expect *expect, const struct decision *decision)
{
	const struct ir *ir = run->bind->ir;
	struct str name;

	if (expect->action.ptr == NULL)
		return;
	if (decision->verdict != DECIDE_ACCEPT) {
		policy_run_fail(run, decision, "there is no action, but %s",
		    decide_verdict_name(decision->verdict));
		return;
	}
	name = ir->actions[ir->ruleset.rules[decision->evaluations->result.rule]
			       .action]
		   .name;
	if (!str_eq(name, expect->action))
		policy_run_fail(run, decision,
		    "the action is \"%.*s\", not \"%.*s\"", STR_ARG(name),
		    STR_ARG(expect->action));
}

/* Deliveries: as often as expected, in any order. */

static uintptr_t *
policy_run_count(struct policy_run *run, struct strmap *counts,
    enum decide_leaf_kind kind, struct str text)
{
	struct arena *arena = &run->bind->comp->arena;
	void **slot = strmap_put(counts,
	    str_from(arena_printf(arena, "%s %.*s", policy_delivery_name(kind),
		STR_ARG(text))));

	if (*slot == NULL)
		*slot = ARENA_NEW(arena, uintptr_t);
	return *slot;
}

static struct str
policy_run_leaf_text(const struct decide_leaf *leaf)
{
	switch (leaf->kind) {
	case DECIDE_RELAY:
		return leaf->dest;
	case DECIDE_USER:
		return leaf->user;
	case DECIDE_FILE:
	case DECIDE_COMMAND:
	case DECIDE_MAILDIR:
		break;
	}
	return leaf->text;
}

static void
policy_run_compare_deliveries(struct policy_run *run,
    const struct policy_expect *expect, const struct decision *decision)
{
	struct strmap counts;

	if (!expect->has_deliveries)
		return;
	strmap_init(&counts, &run->bind->comp->arena);
	for (uint32_t i = 0; i < expect->delivery_count; i++)
		++*policy_run_count(run, &counts, expect->deliveries[i].kind,
		    expect->deliveries[i].text);
	for (uint32_t i = 0; i < decision->leaf_count; i++) {
		const struct decide_leaf *leaf = &decision->leaves[i];
		struct str text = policy_run_leaf_text(leaf);
		uintptr_t *left = policy_run_count(run, &counts, leaf->kind,
		    text);

		if (*left > 0)
			--*left;
		else
			policy_run_fail(run, decision, "not expected: %s %.*s",
			    policy_delivery_name(leaf->kind), STR_ARG(text));
	}
	for (uint32_t i = 0; i < expect->delivery_count; i++) {
		const struct policy_delivery *wanted = &expect->deliveries[i];
		uintptr_t *left = policy_run_count(run, &counts, wanted->kind,
		    wanted->text);

		if (*left == 0)
			continue;
		--*left;
		policy_run_fail(run, decision, "missing: %s %.*s",
		    policy_delivery_name(wanted->kind), STR_ARG(wanted->text));
	}
}

static void
policy_run_note_met(struct policy_run *run, const struct decision *decision)
{
	for (const struct decide_evaluation *e = decision->evaluations;
	     e != NULL; e = e->next) {
		if (e->result.verdict != RULESET_MATCH ||
		    run->met[e->result.rule])
			continue;
		run->met[e->result.rule] = true;
		run->met_count++;
	}
}

static void
policy_run_test(struct policy_run *run, const struct policy_test *test,
    struct arena *arena)
{
	struct session_context context;

	session_enter(&test->session, run->bind, &context);
	for (uint32_t i = 0; i < test->session.rcpt_count; i++) {
		struct decision decision;

		decide_run(run->bind, &context, test->session.rcpts[i], arena,
		    &decision);
		policy_run_note_met(run, &decision);
		policy_run_compare_decision(run, &test->expect, &decision);
		policy_run_compare_rule(run, &test->expect, &decision);
		policy_run_compare_action(run, &test->expect, &decision);
		policy_run_compare_reply(run, &test->expect, &decision);
		policy_run_compare_deliveries(run, &test->expect, &decision);
	}
}

void
policy_run(struct policy_run *run, struct bind *bind,
    const struct policy *policy)
{
	struct arena *arena = &bind->comp->arena;

	*run = (struct policy_run){ .bind = bind, .policy = policy };
	run->problems = arena_alloc(arena,
	    policy->count * sizeof(struct policy_problem *));
	run->met = arena_alloc(arena,
	    bind->ir->ruleset.rule_count * sizeof(bool));
	for (uint32_t i = 0; i < policy->count; i++) {
		struct arena scratch;

		arena_init(&scratch, arena->out_of_memory);
		run->problem_end = &run->problems[i];
		policy_run_test(run, &policy->tests[i], &scratch);
		run->failed += run->problems[i] != NULL;
		arena_fini(&scratch);
	}
}

unsigned
policy_run_coverage(const struct policy_run *run)
{
	uint64_t count = run->bind->ir->ruleset.rule_count;

	return count == 0 ? 100 : (unsigned)(run->met_count * 100u / count);
}
