/*
 * smtpd-explain: what happens to an envelope, which rule decides, and why
 * every earlier rule did not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler/decide.h"
#include "compiler/lower.h"
#include "compiler/options.h"
#include "compiler/report.h"

#define PROGRAM "smtpd-explain"

static const char usage[] =
    "usage: smtpd-explain [options] CONFIG key=value ...\n"
    "       smtpd-explain [options] --envelopes=FILE.json CONFIG\n"
    "\n"
    "  src=ADDRESS dst=ADDRESS port=N tls[=starttls|smtps] socket\n"
    "  auth=USER helo=NAME tag=TAG rdns=NAME\n"
    "  mail-from=ADDRESS rcpt-to=ADDRESS (repeatable)\n"
    "\n"
    "  --format=FORMAT     text or json, one line a recipient\n"
    "  --envelopes=FILE    sessions to ask about, as JSON\n"
    "  --target=VERSION    native, 6.0.3, 6.4, 6.6, 6.7, 6.8, 7.3 to 7.8\n"
    "  --dialect=DIALECT   legacy or modern; default: by content\n"
    "  --root=DIR          read files that the config names below DIR\n"
    "  --hostname=NAME     the server's name\n"
    "  --local-address=A   an address of the server (repeatable)\n"
    "  --users=FILE        the server's users, as in passwd(5)\n"
    "  -D NAME=VALUE       define a macro\n"
    "  -W ID, -W no-ID     switch a check on or off\n"
    "  -q                  print no diagnostics\n"
    "  --version, --help\n";

struct explain_options {
	bool is_json;
	const char *envelopes;
};

enum {
	EXPLAIN_FORMAT = 1,
	EXPLAIN_ENVELOPES,
};

static bool
explain_handle(void *arg, int val, const char *value)
{
	struct explain_options *explain = arg;

	if (val == EXPLAIN_ENVELOPES) {
		explain->envelopes = value;
		return true;
	}
	explain->is_json = strcmp(value, "json") == 0;
	if (explain->is_json || strcmp(value, "text") == 0)
		return true;
	fprintf(stderr, "--format: '%s' is neither text nor json\n", value);
	return false;
}

static const struct options_extra explain_extras[] = {
	{ { "format", required_argument, NULL, EXPLAIN_FORMAT },
	    explain_handle },
	{ { "envelopes", required_argument, NULL, EXPLAIN_ENVELOPES },
	    explain_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

struct explain {
	const struct explain_options *options;
	struct compilation *comp;
	struct host host;
	struct bind bind;
	const struct ir *ir;
};

static const char *
explain_kind(const struct explain *explain, const struct decision *decision)
{
	const struct ruleset_result *result = &decision->evaluations[0].result;

	if (result->verdict == RULESET_TEMPFAIL)
		return "tempfail";
	if (result->verdict == RULESET_NO_MATCH)
		return "no-match";
	return explain->ir->ruleset.rules[result->rule].action ==
		RULESET_REJECT ?
	    "reject" :
	    "accept";
}

static bool
explain_locate(const struct explain *explain, uint32_t rule,
    struct source_location *loc)
{
	return source_locate(&explain->comp->map,
	    explain->ir->rules[rule].stmt->pos.begin, loc);
}

static json_t *
explain_rule_json(struct ruleset_result result)
{
	return result.verdict == RULESET_MATCH ?
	    json_integer((json_int_t)result.rule + 1) :
	    json_null();
}

static json_t *
explain_json(const struct explain *explain, const struct session *session,
    const struct decision *decision)
{
	struct ruleset_result first = decision->evaluations[0].result;
	json_t *rules = json_array(), *line;
	struct source_location loc;
	uint32_t action;

	for (uint32_t i = 0; i < decision->evaluation_count; i++)
		json_array_append_new(rules,
		    explain_rule_json(decision->evaluations[i].result));
	line = json_pack("{s:s%, s:s%, s:s, s:o, s:o, s:s%}", "id",
	    session->id.ptr, (size_t)session->id.len, "rcpt",
	    decision->rcpt.ptr, (size_t)decision->rcpt.len, "decision",
	    explain_kind(explain, decision), "rule", explain_rule_json(first),
	    "rules", rules, "reply",
	    decision->code < 300     ? "2" :
		decision->code < 500 ? "4" :
				       "5",
	    (size_t)1);
	if (line == NULL || first.verdict != RULESET_MATCH ||
	    !explain_locate(explain, first.rule, &loc))
		return line;
	json_object_set_new(line, "file", json_string(loc.file->path));
	json_object_set_new(line, "line", json_integer(loc.line));
	action = explain->ir->ruleset.rules[first.rule].action;
	if (action != RULESET_REJECT)
		json_object_set_new(line, "action",
		    json_stringn(explain->ir->actions[action].name.ptr,
			explain->ir->actions[action].name.len));
	return line;
}

/* "file:line: the rule as written" */
static void
explain_print_rule(const struct explain *explain, uint32_t rule)
{
	struct source_location loc;

	if (!explain_locate(explain, rule, &loc))
		return;
	printf("rule %u, %s:%u: %.*s", rule + 1, loc.file->path, loc.line,
	    (int)loc.line_len, loc.line_text);
}

static void
explain_print_miss(const struct explain *explain,
    const struct decide_miss *miss)
{
	const struct ir_rule *rule = &explain->ir->rules[miss->rule];
	const struct clause *clause = rule->clauses[miss->pred];
	const char *outcome = miss->answer == ANSWER_FAILED ?
	    "could not be answered" :
	    "does not hold";

	fputs("    ", stdout);
	explain_print_rule(explain, miss->rule);
	if (clause == NULL)
		printf("\n        the default '%s' %s",
		    explain->ir->ruleset.rules[miss->rule]
				.preds[miss->pred]
				.kind == PRED_FOR_LOCAL ?
			"for local" :
			"from local",
		    outcome);
	else
		printf("\n        '%.*s' %s",
		    STR_ARG(source_text(&explain->comp->map, clause->pos)),
		    outcome);
	if (miss->entry.len > 0)
		printf(" (entry '%.*s')", STR_ARG(miss->entry));
	putchar('\n');
}

static void
explain_print_evaluation(const struct explain *explain,
    const struct decide_evaluation *evaluation)
{
	printf("  %.*s%s: ", STR_ARG(evaluation->address),
	    evaluation->is_internal ? " (expanded)" : "");
	if (evaluation->result.verdict == RULESET_NO_MATCH)
		fputs("no rule matches", stdout);
	else
		explain_print_rule(explain, evaluation->result.rule);
	putchar('\n');
	for (uint32_t i = 0; i < evaluation->miss_count; i++)
		explain_print_miss(explain, &evaluation->misses[i]);
}

static void
explain_print_leaf(const struct explain *explain,
    const struct decide_leaf *leaf)
{
	const struct ir_action *action = &explain->ir->actions[leaf->action];

	printf("  -> action \"%.*s\": ", STR_ARG(action->name));
	switch (leaf->kind) {
	case DECIDE_RELAY:
		printf("relay to %.*s\n", STR_ARG(leaf->dest));
		break;
	case DECIDE_USER:
		printf("deliver %.*s to user %.*s\n", STR_ARG(leaf->dest),
		    STR_ARG(leaf->user));
		break;
	case DECIDE_FILE:
		printf("write to %.*s as %.*s\n", STR_ARG(leaf->text),
		    STR_ARG(leaf->user));
		break;
	case DECIDE_PIPE:
		printf("run %.*s as %.*s\n", STR_ARG(leaf->text),
		    STR_ARG(leaf->user));
		break;
	}
}

static void
explain_print(const struct explain *explain, const struct decision *decision)
{
	printf("%.*s: %s, %u %s\n", STR_ARG(decision->rcpt),
	    explain_kind(explain, decision), decision->code, decision->text);
	for (uint32_t i = 0; i < decision->evaluation_count; i++)
		explain_print_evaluation(explain, &decision->evaluations[i]);
	for (uint32_t i = 0; i < decision->leaf_count; i++)
		explain_print_leaf(explain, &decision->leaves[i]);
}

static void
explain_session(struct explain *explain, const struct session *session)
{
	struct session_context context;
	struct decision decision;
	json_t *line;

	session_enter(session, &explain->bind, &context);
	for (uint32_t i = 0; i < session->rcpt_count; i++) {
		decide_run(&explain->bind, &context, session->rcpts[i],
		    &decision);
		if (!explain->options->is_json) {
			explain_print(explain, &decision);
			continue;
		}
		line = explain_json(explain, session, &decision);
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	}
}

static int
explain_words(struct explain *explain, int argc, char **argv)
{
	struct session session;
	const char *why;

	session_init(&session);
	for (int i = 0; i < argc; i++)
		if (!session_read_word(&session, &explain->comp->arena, argv[i],
			&why)) {
			fprintf(stderr, PROGRAM ": %s: %s\n", argv[i], why);
			return EXIT_USAGE;
		}
	if (session.rcpt_count == 0) {
		fputs(PROGRAM ": rcpt-to=ADDRESS is needed\n", stderr);
		return EXIT_USAGE;
	}
	explain_session(explain, &session);
	return report_flush(PROGRAM);
}

static int
explain_envelopes(struct explain *explain, const char *path)
{
	json_error_t error;
	json_t *list = json_load_file(path, 0, &error), *item;
	int status = EXIT_YES;
	const char *why;
	size_t i;

	if (!json_is_array(list)) {
		fprintf(stderr, PROGRAM ": %s:%d: %s\n", path, error.line,
		    list == NULL ? error.text : "not a list of envelopes");
		json_decref(list);
		return EXIT_NO_ANSWER;
	}
	json_array_foreach(list, i, item)
	{
		struct session session;

		session_init(&session);
		if (!session_read_json(&session, &explain->comp->arena, item,
			&why)) {
			fprintf(stderr, PROGRAM ": %s: envelope %zu: %s\n",
			    path, i + 1, why);
			status = EXIT_NO_ANSWER;
			break;
		}
		explain_session(explain, &session);
	}
	json_decref(list);
	return status == EXIT_YES ? report_flush(PROGRAM) : status;
}

static int
explain_ask(struct compilation *comp, const struct explain_options *options,
    int argc, char **argv)
{
	struct explain explain = { .options = options, .comp = comp };
	const char *what;
	int error, status;

	explain.ir = lower_run(comp);
	error = host_init(&explain.host, comp, &what);
	if (error != HOST_OK)
		return report_fail(PROGRAM, what,
		    error == HOST_EADDRESS ? "not an address" :
					     strerror(errno));
	bind_init(&explain.bind, comp, explain.ir, &explain.host);
	status = options->envelopes != NULL ?
	    explain_envelopes(&explain, options->envelopes) :
	    explain_words(&explain, argc, argv);
	bind_fini(&explain.bind);
	return status;
}

static int
explain_run(const struct options *options,
    const struct explain_options *explain, int argc, char **argv)
{
	struct compilation comp;
	int error, status = EXIT_NO_ANSWER;

	compilation_init(&comp, options);
	error = compilation_run(&comp, argv[0]);
	if (error != COMPILATION_OK) {
		status = report_compilation(&comp, PROGRAM, error, argv[0]);
	} else {
		report_diags(&comp, PROGRAM);
		if (comp.diags.errors == 0)
			status = explain_ask(&comp, explain, argc - 1,
			    argv + 1);
	}
	compilation_fini(&comp);
	return status;
}

int
main(int argc, char **argv)
{
	struct explain_options explain = { .envelopes = NULL };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "", explain_extras, &explain) ==
	    OPTIONS_OK) {
		if (options_answer(&options, PROGRAM, usage))
			status = EXIT_YES;
		else if (optind == argc)
			fprintf(stderr, PROGRAM ": CONFIG is needed\n%s",
			    usage);
		else
			status = explain_run(&options, &explain, argc - optind,
			    argv + optind);
	}
	options_fini(&options);
	return status;
}
