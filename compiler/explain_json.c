/*
 * Rules are numbered from 1 among all rules, null where none matched.
 */
#include "compiler/explain_json.h"

#include "grammar/render.h"

static json_t *
explain_json_rule(struct ruleset_result result)
{
	return result.verdict == RULESET_MATCH ?
	    json_integer((json_int_t)result.rule + 1) :
	    json_null();
}

static json_t *
explain_json_rules(const struct decision *decision)
{
	json_t *rules = json_array();

	for (const struct decide_evaluation *e = decision->evaluations;
	     e != NULL; e = e->next)
		json_array_append_new(rules, explain_json_rule(e->result));
	return rules;
}

/* Where the rule is, and its action. False where memory ran out. */
static bool
explain_json_add_rule(json_t *line, const struct bind *bind, uint32_t rule)
{
	uint32_t action = bind->ir->ruleset.rules[rule].action;
	struct arena *arena = &bind->comp->arena;
	struct source_location loc;

	if (!decide_locate(bind, rule, &loc))
		return true;
	if (json_object_set_new(line, "file",
		render_json_string(arena, str_from(loc.file->path))) != 0 ||
	    json_object_set_new(line, "line", json_integer(loc.line)) != 0)
		return false;
	return action == RULESET_REJECT ||
	    json_object_set_new(line, "action",
		render_json_string(arena, bind->ir->actions[action].name)) == 0;
}

bool
explain_json_write(FILE *out, const struct bind *bind,
    const struct session *session, const struct decision *decision)
{
	struct arena *arena = &bind->comp->arena;
	struct ruleset_result first = decision->evaluations->result;
	json_t *line;

	line = json_pack("{s:o, s:o, s:s, s:o, s:o, s:s%}", "id",
	    render_json_string(arena, session->id), "rcpt",
	    render_json_string(arena, decision->rcpt), "decision",
	    decide_verdict_name(decision->verdict), "rule",
	    explain_json_rule(first), "rules", explain_json_rules(decision),
	    "reply", decision->reply.ptr, (size_t)1);
	if (line == NULL ||
	    (first.verdict == RULESET_MATCH &&
		!explain_json_add_rule(line, bind, first.rule))) {
		json_decref(line);
		return false;
	}
	if (!render_json_write(out, line))
		return false;
	fputc('\n', out);
	return true;
}
