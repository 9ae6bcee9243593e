/*
 * smtpd-diff: which envelopes two configs treat differently, each shown by
 * a witness, and what else of them differs.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "compiler/differ.h"
#include "compiler/report.h"

#define PROGRAM "smtpd-diff"

static const char usage[] =
    "usage: smtpd-diff [options] A B\n"
    "\n"
    "  --format=FORMAT     text or json\n"
    "  --target-a=VERSION  the daemon that A is for\n"
    "  --target-b=VERSION  the daemon that B is for\n"
    "  --target=VERSION    for both: native, 6.0.3, 6.4, 6.6 to 7.8\n"
    "  --dialect=DIALECT   legacy or modern; default: by content\n"
    "  --root=DIR          read files that the configs name below DIR\n"
    "  --hostname=NAME     the server's name\n"
    "  --local-address=A   an address of the server (repeatable)\n"
    "  --users=FILE        the server's users, as in passwd(5)\n"
    "  -D NAME=VALUE       define a macro\n"
    "  -W ID, -W no-ID     switch a check on or off\n"
    "  -W error=ID|all     report as errors\n"
    "  -W advice           also report matters of taste\n"
    "  -q                  print no diagnostics\n"
    "  --version, --help\n"
    "\n"
    "A and B are files of either language.\n";

struct diff_options {
	bool is_json;
	bool has_target[2];
	struct target targets[2];
};

enum {
	DIFF_FORMAT = 1,
	DIFF_TARGET_A,
	DIFF_TARGET_B,
};

static bool
diff_handle_target(struct diff_options *diff, unsigned side, const char *value)
{
	const char *nearest;

	diff->has_target[side] = target_parse(str_from(value),
	    &diff->targets[side], &nearest);
	if (!diff->has_target[side])
		fprintf(stderr,
		    "--target-%c: there is no release %s; the "
		    "nearest is %s\n",
		    'a' + (char)side, value, nearest);
	return diff->has_target[side];
}

static bool
diff_handle(void *arg, int val, const char *value)
{
	struct diff_options *diff = arg;

	if (val != DIFF_FORMAT)
		return diff_handle_target(diff, val == DIFF_TARGET_B, value);
	diff->is_json = strcmp(value, "json") == 0;
	if (diff->is_json || strcmp(value, "text") == 0)
		return true;
	fprintf(stderr, "--format: '%s' is neither text nor json\n", value);
	return false;
}

static const struct options_extra diff_extras[] = {
	{ { "format", required_argument, NULL, DIFF_FORMAT }, diff_handle },
	{ { "target-a", required_argument, NULL, DIFF_TARGET_A }, diff_handle },
	{ { "target-b", required_argument, NULL, DIFF_TARGET_B }, diff_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

static const char *
diff_aspect_text(enum differ_aspect aspect)
{
	switch (aspect) {
	case DIFFER_DECISION:
		return "what is accepted";
	case DIFFER_DESTINATION:
		return "where mail goes";
	case DIFFER_ALL:
	case DIFFER_ASPECTS:
		break;
	}
	return "how mail is delivered";
}

static const char *
diff_outcome(const struct differ_side *side, struct ruleset_result result)
{
	uint32_t action;

	if (result.verdict == RULESET_TEMPFAIL)
		return "refused for now";
	if (result.verdict == RULESET_NO_MATCH)
		return "refused, no rule matches";
	action = side->ir->ruleset.rules[result.rule].action;
	if (action == RULESET_REJECT)
		return "refused";
	return side->ir->actions[action].method == IR_RELAY ? "relayed" :
							      "delivered";
}

/* The envelope in the words that smtpd-explain takes. */
static const char *
diff_words(struct differ *differ, const struct equal_witness *witness)
{
	const struct ruleset_envelope *e = &witness->envelopes[0];
	struct arena *arena = &differ->sides[0].comp.arena;
	const char *text = e->is_socket ?
	    "socket" :
	    arena_printf(arena, "src=%.*s", STR_ARG(e->peer));

	if (witness->facts.is_own_address)
		text = arena_printf(arena, "%s (an address of the host)", text);
	if (e->is_authenticated && !e->is_socket)
		text = arena_printf(arena, "%s auth=%.*s", text,
		    STR_ARG(e->username));
	if (e->is_tls)
		text = arena_printf(arena, "%s tls", text);
	if (e->tag.len > 0)
		text = arena_printf(arena, "%s tag=%.*s", text,
		    STR_ARG(e->tag));
	text = arena_printf(arena,
	    "%s helo=%.*s mail-from=%.*s%s%.*s "
	    "rcpt-to=%.*s@%.*s",
	    text, STR_ARG(e->helo), STR_ARG(e->sender.user),
	    e->sender.domain.len > 0 ? "@" : "", STR_ARG(e->sender.domain),
	    STR_ARG(e->dest.user), STR_ARG(e->dest.domain));
	if (witness->facts.is_own_name)
		text = arena_printf(arena, "%s (a name of the host)", text);
	if (e->is_internal)
		text = arena_printf(arena, "%s (by expansion)", text);
	return text;
}

static void
diff_print_side(const struct differ_side *side, struct ruleset_result result)
{
	struct source_location loc;

	printf("    %s: %s", side->comp.tree->main_file->path,
	    diff_outcome(side, result));
	if (result.verdict != RULESET_NO_MATCH &&
	    source_locate(&side->comp.map,
		side->ir->rules[result.rule].stmt->pos.begin, &loc))
		printf(", by line %u: %.*s", loc.line, (int)loc.line_len,
		    loc.line_text);
	putchar('\n');
}

static void
diff_print_changes(const struct differ_change *change, const char *indent)
{
	for (; change != NULL; change = change->next) {
		printf("%s%s:\n", indent, change->path);
		if (change->texts[0] != NULL)
			printf("%s  - %s\n", indent, change->texts[0]);
		if (change->texts[1] != NULL)
			printf("%s  + %s\n", indent, change->texts[1]);
	}
}

static void
diff_print_witness(struct differ *differ, const struct equal_witness *witness)
{
	printf("\n  %s\n", diff_words(differ, witness));
	for (uint32_t side = 0; side < 2; side++)
		diff_print_side(&differ->sides[side], witness->results[side]);
	if (differ->aspect != DIFFER_DECISION)
		diff_print_changes(differ_actions(differ, witness), "      ");
}

static void
diff_print(struct differ *differ)
{
	switch (differ->rules.verdict) {
	case EQUAL_SAME:
		puts("rules: every envelope is treated alike");
		break;
	case EQUAL_UNDECIDED:
		printf("rules: not decided: they differ at most in %s, where "
		       "look-ups that only a daemon can make decide\n",
		    diff_aspect_text(differ->aspect));
		break;
	case EQUAL_DIFFERENT:
		printf("rules: they differ in %s\n",
		    diff_aspect_text(differ->aspect));
		break;
	}
	for (const struct equal_witness *w = differ->rules.witnesses; w != NULL;
	     w = w->next)
		diff_print_witness(differ, w);
	if (differ->changes == NULL)
		return;
	puts("\nsettings:");
	diff_print_changes(differ->changes, "  ");
}

/* The same as JSON. */

static json_t *
diff_changes_json(const struct differ_change *change)
{
	json_t *list = json_array();

	for (; change != NULL; change = change->next) {
		json_t *item = json_pack("{s:s}", "path", change->path);

		for (unsigned i = 0; i < 2; i++)
			json_object_set_new(item, i == 0 ? "a" : "b",
			    change->texts[i] == NULL ?
				json_null() :
				json_loads(change->texts[i], JSON_DECODE_ANY,
				    NULL));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *
diff_side_json(const struct differ_side *side, struct ruleset_result result)
{
	json_t *object = json_pack("{s:s}", "outcome",
	    diff_outcome(side, result));
	struct source_location loc;

	if (result.verdict == RULESET_NO_MATCH ||
	    !source_locate(&side->comp.map,
		side->ir->rules[result.rule].stmt->pos.begin, &loc))
		return object;
	json_object_set_new(object, "rule", json_integer(result.rule + 1));
	json_object_set_new(object, "file", json_string(loc.file->path));
	json_object_set_new(object, "line", json_integer(loc.line));
	return object;
}

static json_t *
diff_json(struct differ *differ)
{
	static const char *const verdicts[] = {
		[EQUAL_SAME] = "equivalent",
		[EQUAL_DIFFERENT] = "different",
		[EQUAL_UNDECIDED] = "not-decided",
	};
	json_t *witnesses = json_array();

	for (const struct equal_witness *w = differ->rules.witnesses; w != NULL;
	     w = w->next)
		json_array_append_new(witnesses,
		    json_pack("{s:s, s:o, s:o, s:o}", "envelope",
			diff_words(differ, w), "a",
			diff_side_json(&differ->sides[0], w->results[0]), "b",
			diff_side_json(&differ->sides[1], w->results[1]),
			"action",
			diff_changes_json(differ_actions(differ, w))));
	return json_pack("{s:s, s:s, s:o, s:o}", "rules",
	    verdicts[differ->rules.verdict], "aspect",
	    differ->rules.verdict == EQUAL_SAME ? "" :
					    diff_aspect_text(differ->aspect),
	    "witnesses", witnesses, "settings",
	    diff_changes_json(differ->changes));
}

static int
diff_answer(struct differ *differ, bool is_json)
{
	bool is_same = differ->rules.verdict == EQUAL_SAME && differ->changes == NULL;
	json_t *json;
	int status;

	if (is_json) {
		json = diff_json(differ);
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else {
		diff_print(differ);
	}
	status = report_flush(PROGRAM);
	if (status != EXIT_YES)
		return status;
	if (differ->rules.verdict == EQUAL_UNDECIDED)
		return EXIT_NO_ANSWER;
	return is_same ? EXIT_YES : EXIT_NO;
}

/* Compiles one side; EXIT_YES, or what the program ends with. */
static int
diff_compile(struct differ_side *side, const struct options *options,
    const char *path)
{
	const char *what;
	int error;

	compilation_init(&side->comp, options);
	error = compilation_run(&side->comp, path);
	if (error != COMPILATION_OK)
		return report_compilation(&side->comp, PROGRAM, error, path);
	report_diags(&side->comp, PROGRAM);
	if (side->comp.diags.errors > 0)
		return EXIT_NO_ANSWER;
	error = differ_prepare(side, &what);
	if (error != HOST_OK)
		return report_fail(PROGRAM, what,
		    error == HOST_EADDRESS ? "not an address" :
					     strerror(errno));
	return EXIT_YES;
}

static int
diff_run(const struct options *options, const struct diff_options *diff,
    char **paths)
{
	struct options each[2] = { *options, *options };
	struct differ differ = { .aspect = DIFFER_DECISION };
	int status = EXIT_YES;

	for (uint32_t i = 0; i < 2; i++) {
		if (diff->has_target[i]) {
			each[i].parse.has_target = true;
			each[i].parse.target = diff->targets[i];
		}
		if (status == EXIT_YES)
			status = diff_compile(&differ.sides[i], &each[i],
			    paths[i]);
	}
	if (status == EXIT_YES) {
		differ_run(&differ);
		status = diff_answer(&differ, diff->is_json);
	}
	for (uint32_t i = 0; i < 2; i++) {
		if (differ.sides[i].bind.ir != NULL)
			bind_fini(&differ.sides[i].bind);
		if (differ.sides[i].comp.options != NULL)
			compilation_fini(&differ.sides[i].comp);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct diff_options diff = { .is_json = false };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "", diff_extras, &diff) ==
	    OPTIONS_OK) {
		if (options_answer(&options, PROGRAM, usage))
			status = EXIT_YES;
		else if (argc - optind != 2)
			fprintf(stderr, PROGRAM ": A and B are needed\n%s",
			    usage);
		else
			status = diff_run(&options, &diff, argv + optind);
	}
	options_fini(&options);
	return status;
}
