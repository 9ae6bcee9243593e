/*
 * Forest, blob, loop and the decisions that were recorded of real daemons, for
 * every envelope of ../shared/oracle/dev and all that it expands to. A
 * record whose rules are empty was refused before the ruleset and is left
 * out. That all programs give these answers, test_oracle.py shows.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "compiler/decide.h"
#include "compiler/envelopes.h"
#include "compiler/lower.h"
#include "compiler/tests/blob_env.h"
#include "compiler/tests/forest_env.h"

#define DEV "../shared/oracle/dev"

enum { PATH_ROOM = 512 };

/* One config on one daemon. */
struct run {
	char folder[PATH_ROOM];
	char config[PATH_ROOM];
	char version[32];
	json_t *records;
	struct options options;
	struct compilation comp;
	struct host host;
	struct bind bind;
	struct forest_env forests[SPACE_SENDER_FIRST + 1];
	struct blob_env blob;
	unsigned compared;
};

/* decisions-VERSION[-modern|-naive].json */
static void
name_run(struct run *run, const char *path)
{
	static const char *const files[][2] = {
		{ "-modern", "modern-7.8.conf" }, { "-naive", "naive.conf" },
		{ "", "smtpd.conf" }, { "", "legacy.conf" }
	};
	char *suffix;

	snprintf(run->folder, sizeof(run->folder), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	snprintf(run->version, sizeof(run->version), "%s",
	    strrchr(path, '/') + strlen("/decisions-"));
	*strstr(run->version, ".json") = '\0';
	suffix = strchr(run->version, '-');
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(suffix != NULL ? suffix : "", files[i][0]) != 0)
			continue;
		snprintf(run->config, sizeof(run->config), "%.400s/%s",
		    run->folder, files[i][1]);
		if (access(run->config, R_OK) == 0)
			break;
	}
	if (suffix != NULL)
		*suffix = '\0';
}

/* By id and recipient; NULL for none that is compared. */
static const json_t *
find_record(const struct run *run, struct str id, struct str rcpt)
{
	const json_t *record;
	size_t i;

	json_array_foreach(run->records, i, record)
	{
		const char *address = json_string_value(json_object_get(record,
		    "rcpt"));

		if (str_is(id,
			json_string_value(json_object_get(record, "id"))) &&
		    str_is(rcpt, address != NULL ? address : "") &&
		    json_array_size(json_object_get(record, "rules")) > 0)
			return record;
	}
	return NULL;
}

/* The forests and the blob say what the loop said when asked about this. */
static void
compare_forests(struct run *run, const struct decide_evaluation *evaluation)
{
	const struct ruleset_envelope *e = &evaluation->envelope;
	struct space_facts facts = { false,
		host_is_local_name(&run->host, e->dest.domain) };
	struct netaddr peer;
	struct ruleset_result result;

	if (netaddr_parse_cidr(e->peer, NETADDR_BRACKETS | NETADDR_TAG,
		&peer) == NETADDR_OK)
		facts.is_own_address = host_is_local_address(&run->host, &peer);
	for (unsigned i = 0; i <= SPACE_SENDER_FIRST; i++) {
		cr_assert(forest_env_agrees(&run->forests[i], e, facts,
			      &result),
		    "%s: %.*s", run->config, STR_ARG(evaluation->address));
		cr_assert(result.verdict == evaluation->result.verdict &&
		    result.rule == evaluation->result.rule);
	}
	cr_assert(blob_env_agrees(&run->blob, e, facts, &result), "%s: %.*s",
	    run->config, STR_ARG(evaluation->address));
	cr_assert(result.verdict == evaluation->result.verdict &&
	    result.rule == evaluation->result.rule);
}

static void
compare_record(struct run *run, const struct decision *decision,
    const json_t *record, struct str id)
{
	const json_t *rules = json_object_get(record, "rules");
	const struct decide_evaluation *e = decision->evaluations;

	for (size_t i = 0; i < json_array_size(rules); i++, e = e->next) {
		const json_t *wanted = json_array_get(rules, i);

		cr_assert_not_null(e, "%s %.*s: %zu of %zu", run->config,
		    STR_ARG(id), i, json_array_size(rules));
		compare_forests(run, e);
		cr_assert_eq(e->result.verdict == RULESET_MATCH,
		    json_is_integer(wanted), "%s %.*s", run->config,
		    STR_ARG(id));
		if (json_is_integer(wanted))
			cr_assert_eq(e->result.rule + 1,
			    (uint32_t)json_integer_value(wanted), "%s %.*s",
			    run->config, STR_ARG(id));
	}
	cr_assert_null(e, "%s %.*s", run->config, STR_ARG(id));
	/* The first digit of the reply; the socket has none. */
	if (json_is_integer(json_object_get(record, "code")))
		cr_assert_eq(decision->code / 100,
		    (unsigned)json_integer_value(json_object_get(record,
			"code")) /
			100,
		    "%s %.*s", run->config, STR_ARG(id));
	run->compared++;
}

static void
try_session(struct run *run, const struct session *session, struct arena *arena)
{
	struct session_context context;
	struct decision decision;
	const json_t *record;

	session_enter(session, &run->bind, &context);
	for (uint32_t i = 0; i < session->rcpt_count; i++) {
		record = find_record(run, session->id, session->rcpts[i]);
		if (record == NULL)
			continue;
		decide_run(&run->bind, &context, session->rcpts[i], arena,
		    &decision);
		compare_record(run, &decision, record, session->id);
	}
}

static void
try_envelopes(struct run *run)
{
	struct rootdir_text text;
	struct rootdir machine;
	struct envelopes envelopes;
	struct session session;
	struct arena arena;
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%.400s/envelopes.json", run->folder);
	cr_assert_eq(rootdir_init(&machine, NULL), 0);
	cr_assert_eq(rootdir_read_file(&machine, path, 1 << 24, &text), 0);
	arena_init(&arena, NULL);
	envelopes_init(&envelopes,
	    (struct str){ text.text, (uint32_t)text.len });
	while (envelopes_next(&envelopes, &arena, &session) == ENVELOPES_ONE)
		try_session(run, &session, &arena);
	cr_assert_null(envelopes.why);
	envelopes_fini(&envelopes);
	arena_fini(&arena);
	rootdir_text_fini(&text);
	rootdir_fini(&machine);
}

static void
compile_run(struct run *run)
{
	struct options *options = &run->options;
	const char *what, *nearest;

	options->root = run->folder;
	options->parse.has_target = true;
	options->policy.disabled[CHECK_MISSING_FILE] = true;
	cr_assert(target_parse(str_from(run->version), &options->parse.target,
	    &nearest));
	compilation_init(&run->comp, options);
	cr_assert_eq(compilation_run(&run->comp, run->config), COMPILATION_OK);
	cr_assert_eq(run->comp.diags.errors, 0, "%s", run->config);
	cr_assert_eq(host_init(&run->host, &run->comp, &what), HOST_OK);
	bind_init(&run->bind, &run->comp, lower_run(&run->comp), &run->host);
}

/* Returns how many decisions it compared. */
static unsigned
try_run(const char *path)
{
	static struct run run;
	json_error_t error;

	memset(&run, 0, sizeof(run));
	name_run(&run, path);
	run.records = json_load_file(path, 0, &error);
	cr_assert_not_null(run.records, "%s", path);
	compile_run(&run);
	for (unsigned i = 0; i <= SPACE_SENDER_FIRST; i++)
		forest_env_init(&run.forests[i], &run.bind,
		    (enum space_order)i);
	blob_env_init(&run.blob, &run.bind);
	try_envelopes(&run);
	blob_env_fini(&run.blob);
	for (unsigned i = 0; i <= SPACE_SENDER_FIRST; i++)
		forest_env_fini(&run.forests[i]);
	bind_fini(&run.bind);
	compilation_fini(&run.comp);
	json_decref(run.records);
	return run.compared;
}

Test(oracle_forest, loop_and_real_daemons_agree)
{
	unsigned compared = 0;
	glob_t found;

	if (glob(DEV "/*/decisions-*.json", 0, NULL, &found) != 0)
		cr_skip_test(DEV " is not there");
	for (size_t i = 0; i < found.gl_pathc; i++)
		compared += try_run(found.gl_pathv[i]);
	globfree(&found);
	cr_expect_gt(compared, 5000);
	cr_log_info("%u decisions", compared);
}
