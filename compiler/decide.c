/*
 * Answers what rules and expansion ask, from the bound tables and the host.
 */
#include "compiler/decide.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/expand/expand.h"
#include "runtime/expand/format.h"

struct decide {
	struct bind *bind;
	struct arena *arena;
	const struct session_context *context;
	struct expand expand;
	struct str last_entry; /* of the look-up before */

	/* The evaluation that is going on. */
	struct decide_miss *misses;
	uint32_t miss_count;

	struct decide_evaluation *evaluations;
	uint32_t evaluation_count;
	uint32_t evaluation_room;
};

static enum answer
decide_lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct decide *decide = arg;
	const struct table_entry *entry;
	enum answer answer = bind_lookup(decide->bind, table, service, key,
	    &entry);

	decide->last_entry = entry != NULL ? entry->key : STR_LIT("");
	return answer;
}

static bool
decide_is_local_address(void *arg, struct str peer)
{
	struct decide *decide = arg;
	struct netaddr addr;

	return netaddr_parse_cidr(peer, NETADDR_BRACKETS, &addr) ==
	    NETADDR_OK &&
	    host_is_local_address(decide->bind->host, &addr);
}

static bool
decide_is_local_name(void *arg, struct str domain)
{
	struct decide *decide = arg;

	return host_is_local_name(decide->bind->host, domain);
}

static void
decide_trace(void *arg, uint32_t rule, uint32_t pred, enum answer answer)
{
	struct decide *decide = arg;

	if (answer != ANSWER_YES)
		decide->misses[decide->miss_count++] = (struct decide_miss){
			.rule = rule,
			.pred = pred,
			.answer = answer,
			.entry = decide->last_entry,
		};
	decide->last_entry = STR_LIT("");
}

static struct str
decide_address_text(struct decide *decide, struct mailaddr address)
{
	return str_from(arena_printf(decide->arena, "%.*s@%.*s",
	    STR_ARG(address.user), STR_ARG(address.domain)));
}

static void
decide_note_evaluation(struct decide *decide,
    const struct expand_request *request, struct ruleset_result result)
{
	struct decide_evaluation *wider;

	if (decide->evaluation_count == decide->evaluation_room) {
		decide->evaluation_room = decide->evaluation_room * 2 + 4;
		wider = arena_alloc(decide->arena,
		    decide->evaluation_room * sizeof(*wider));
		if (decide->evaluation_count > 0)
			memcpy(wider, decide->evaluations,
			    decide->evaluation_count * sizeof(*wider));
		decide->evaluations = wider;
	}
	decide->evaluations[decide->evaluation_count++] =
	    (struct decide_evaluation){
		    .address = decide_address_text(decide, request->address),
		    .is_internal = request->is_internal,
		    .result = result,
		    .misses = decide->misses,
		    .miss_count = decide->miss_count,
	    };
}

static void
decide_fill_rule(const struct ir_action *action, struct expand_rule *rule)
{
	rule->kind = action->method == IR_RELAY ? EXPAND_RULE_RELAY :
						  EXPAND_RULE_LOCAL;
	rule->aliases = action->local.alias;
	rule->virtuals = action->local.virtual;
	rule->userbase = action->local.userbase;
	rule->forward_only = action->method == IR_FORWARD_ONLY;
	rule->expand_only = action->method == IR_EXPAND_ONLY;
	rule->user = action->local.user;
}

static void
decide_evaluate(struct decide *decide, const struct expand_request *request)
{
	const struct ir *ir = decide->bind->ir;
	const struct ruleset_callbacks callbacks = {
		.arg = decide,
		.lookup = decide_lookup,
		.is_local_address = decide_is_local_address,
		.is_local_name = decide_is_local_name,
		.trace = decide_trace,
	};
	struct ruleset_envelope envelope = decide->context->envelope;
	struct expand_rule rule = { .kind = EXPAND_RULE_NONE };
	struct ruleset_result result;

	envelope.dest = request->address;
	envelope.is_internal = request->is_internal;
	decide->miss_count = 0;
	decide->misses = arena_alloc(decide->arena,
	    ir->ruleset.rule_count * sizeof(*decide->misses));
	result = ruleset_eval(&ir->ruleset, &envelope, &callbacks);
	decide_note_evaluation(decide, request, result);

	if (result.verdict == RULESET_TEMPFAIL) {
		rule.kind = EXPAND_RULE_FAILED;
	} else if (result.verdict == RULESET_MATCH) {
		rule.rule = result.rule;
		rule.action = ir->ruleset.rules[result.rule].action;
		if (rule.action == RULESET_REJECT)
			rule.kind = EXPAND_RULE_REJECT;
		else
			decide_fill_rule(&ir->actions[rule.action], &rule);
	}
	expand_answer_rule(&decide->expand, &rule);
}

static void
decide_answer_lookup(struct decide *decide,
    const struct expand_request *request)
{
	const struct table_entry *entry;
	enum answer answer = bind_lookup(decide->bind, request->table,
	    SERVICE_ALIAS, request->key, &entry);

	if (answer == ANSWER_YES && entry == NULL)
		answer = ANSWER_FAILED;
	expand_answer_lookup(&decide->expand, answer,
	    answer == ANSWER_YES ? entry->value : STR_LIT(""));
}

static enum answer
decide_find_account(struct decide *decide, const struct expand_request *request,
    struct expand_account *account)
{
	const struct table_entry *entry;
	struct table_userinfo info;
	const struct host_user *user;
	enum answer answer;

	if (request->table == EXPAND_SYSTEM ||
	    decide->bind->ir->tables[request->table].kind ==
		IR_TABLE_SYSTEM_USERS) {
		user = host_find_user(decide->bind->host, request->key);
		if (user == NULL)
			/* Who the users are may not be known at all. */
			return decide->bind->host->knows_users ? ANSWER_NO :
								 ANSWER_YES;
		*account = (struct expand_account){ user->uid, user->home };
		return ANSWER_YES;
	}
	answer = bind_lookup(decide->bind, request->table, SERVICE_USERINFO,
	    request->key, &entry);
	if (answer != ANSWER_YES)
		return answer;
	if (entry == NULL ||
	    !table_parse_userinfo(entry->key, entry->value, &info))
		return ANSWER_FAILED;
	*account = (struct expand_account){ info.uid, info.directory };
	return ANSWER_YES;
}

static void
decide_answer_userinfo(struct decide *decide,
    const struct expand_request *request)
{
	struct expand_account account = { UINT32_MAX, STR_LIT("") };
	enum answer answer = decide_find_account(decide, request, &account);

	expand_answer_userinfo(&decide->expand, answer,
	    answer == ANSWER_YES ? &account : NULL);
}

/* Of what a file's owner and mode say only the mode survives a checkout. */
static enum expand_forward
decide_judge_forward(int error, const struct rootdir_text *text)
{
	switch (error) {
	case 0:
		return (text->mode & (S_IWGRP | S_IWOTH)) != 0 ?
		    EXPAND_FORWARD_INSECURE :
		    EXPAND_FORWARD_READ;
	case -ENOENT:
		return EXPAND_FORWARD_ABSENT;
	case -ELOOP:
		return EXPAND_FORWARD_SYMLINK;
	case -EFBIG:
		return EXPAND_FORWARD_TOO_LARGE;
	case -EISDIR:
	case -EINVAL:
		return EXPAND_FORWARD_INSECURE;
	default:
		return EXPAND_FORWARD_UNREADABLE;
	}
}

/* Homes are looked into below --root only, never on the machine. */
static void
decide_answer_forward(struct decide *decide,
    const struct expand_request *request)
{
	const struct rootdir *root = &decide->bind->comp->root;
	struct rootdir_text text = { .text = NULL };
	enum expand_forward status = EXPAND_FORWARD_ABSENT;
	const char *path;
	int error = -ENOENT;

	if (decide->bind->comp->options->root != NULL &&
	    request->account->home.len > 0) {
		path = arena_printf(decide->arena, "%.*s/.forward",
		    STR_ARG(request->account->home));
		error = rootdir_read_file(root, path, EXPAND_FORWARD_MAX,
		    &text);
		status = decide_judge_forward(error, &text);
	}
	expand_answer_forward(&decide->expand, status,
	    status == EXPAND_FORWARD_READ ?
		(struct str){ text.text, (uint32_t)text.len } :
		STR_LIT(""));
	if (error == 0)
		rootdir_text_fini(&text);
}

static void
decide_answer_include(struct decide *decide,
    const struct expand_request *request)
{
	struct files_file *file = files_read(&decide->bind->comp->files,
	    arena_copy(decide->arena, request->key), FILES_SIZE_MAX);

	expand_answer_include(&decide->expand, file->error == 0,
	    file->error == 0 ? files_text(file) : STR_LIT(""));
}

/* The text that the originals expand already at RCPT TO. */
static void
decide_answer_format(struct decide *decide,
    const struct expand_request *request)
{
	const struct expand_node *node = request->leaf->node;
	const struct ir_action *action =
	    &decide->bind->ir->actions[node->rule->action];
	struct str format = node->kind == TARGET_USER ? action->local.argument :
							node->text;
	struct format_piece bad;

	expand_answer_format(&decide->expand,
	    format_check(format, 0, &bad) == FORMAT_OK, format);
}

static void
decide_answer(struct decide *decide, const struct expand_request *request)
{
	switch (request->need) {
	case EXPAND_EVALUATE:
		decide_evaluate(decide, request);
		break;
	case EXPAND_LOOKUP:
		decide_answer_lookup(decide, request);
		break;
	case EXPAND_USERINFO:
		decide_answer_userinfo(decide, request);
		break;
	case EXPAND_FORWARD:
		decide_answer_forward(decide, request);
		break;
	case EXPAND_INCLUDE:
		decide_answer_include(decide, request);
		break;
	case EXPAND_FORMAT:
		decide_answer_format(decide, request);
		break;
	case EXPAND_IDLE:
	case EXPAND_DONE:
	case EXPAND_FAILED:
		break;
	}
}

static struct expand_semantics
decide_semantics(const struct ir *ir)
{
	unsigned version = ir->target.version;
	bool is_legacy = ir->target.dialect == DIALECT_LEGACY;

	return (struct expand_semantics){
		.delimiter = ir->settings.delimiter,
		.daemon_user = STR_LIT("_smtpd"),
		.has_list_codes = !is_legacy,
		.self_is_delivered = is_legacy,
		.virtual_names_are_aliases = is_legacy,
		.virtual_names_catch_all = !is_legacy && version < TARGET_6_7,
		.user_skips_forward = version >= TARGET_7_5,
		.root_runs_nothing = version >= TARGET_7_5,
		.delivery_needs_method = is_legacy || version == TARGET_NATIVE,
		.repeats_users = !is_legacy,
		.delivery_needs_user = is_legacy,
		.has_early_formats = is_legacy,
		.has_maildir_targets = is_legacy,
		.bad_domain_is_user = version != TARGET_NATIVE,
	};
}

static void
decide_add_leaves(struct decide *decide, struct decision *decision)
{
	struct decide_leaf *leaves = arena_alloc(decide->arena,
	    decide->expand.leaf_count * sizeof(*leaves));

	decision->leaves = leaves;
	for (const struct expand_leaf *l = decide->expand.leaves; l != NULL;
	     l = l->next) {
		enum target_kind kind = l->node->kind;

		leaves[decision->leaf_count++] = (struct decide_leaf){
			.kind = kind == TARGET_ADDRESS ? DECIDE_RELAY :
			    kind == TARGET_USER        ? DECIDE_USER :
			    kind == TARGET_COMMAND     ? DECIDE_PIPE :
							 DECIDE_FILE,
			.dest = decide_address_text(decide, l->dest),
			.user = l->user,
			.text = kind == TARGET_USER ? l->formatted :
						      l->node->text,
			.rule = l->node->rule->rule,
			.action = l->node->rule->action,
		};
	}
}

void
decide_run(struct bind *bind, const struct session_context *context,
    struct str rcpt, struct decision *decision_r)
{
	struct expand_semantics semantics = decide_semantics(bind->ir);
	struct expand_request request;
	struct decide decide = {
		.bind = bind,
		.arena = &bind->comp->arena,
		.context = context,
	};
	struct mailaddr address = session_mailbox(context, rcpt);

	*decision_r = (struct decision){ .rcpt = rcpt };
	expand_init(&decide.expand, decide.arena, &semantics, address);
	while (expand_step(&decide.expand, &request) < EXPAND_DONE)
		decide_answer(&decide, &request);
	decision_r->evaluations = decide.evaluations;
	decision_r->evaluation_count = decide.evaluation_count;
	if (request.need == EXPAND_DONE) {
		decision_r->code = 250;
		decision_r->text = "Recipient ok";
		decide_add_leaves(&decide, decision_r);
	} else {
		decision_r->code = decide.expand.failure.code;
		decision_r->text =
		    expand_reason_text(decide.expand.failure.reason);
	}
}
