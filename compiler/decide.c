/*
 * Answers what rules and expansion ask, from the bound tables and the host.
 */
#include "compiler/decide.h"

#include <errno.h>

#include "runtime/expand/format.h"
#include "runtime/expand/semantics.h"

struct decide {
	struct bind *bind;
	struct arena *arena;
	const struct session_context *context;
	struct mailaddr rcpt;
	struct expand *expand; /* in the arena: results point into it */
	struct str last_entry; /* of the look-up before */

	struct decide_evaluation *evaluation; /* the one that goes on */
	struct decide_evaluation **evaluation_end;
};

const char *
decide_verdict_name(enum decide_verdict verdict)
{
	static const char *const names[DECIDE_VERDICTS] = {
		[DECIDE_ACCEPT] = "accept",
		[DECIDE_REJECT] = "reject",
		[DECIDE_NO_MATCH] = "no-match",
		[DECIDE_TEMPFAIL] = "tempfail",
	};

	return names[verdict];
}

bool
decide_locate(const struct bind *bind, uint32_t rule,
    struct source_location *loc_r)
{
	return source_locate(&bind->comp->map,
	    bind->ir->rules[rule].stmt->pos.begin, loc_r);
}

/* Questions of the rules. */

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
	struct decide_evaluation *evaluation = decide->evaluation;

	if (answer != ANSWER_YES)
		evaluation->misses[evaluation->miss_count++] =
		    (struct decide_step){ rule, pred, answer,
			    decide->last_entry };
	decide->last_entry = STR_LIT("");
}

static struct str
decide_address_text(struct decide *decide, struct mailaddr address)
{
	return str_from(arena_printf(decide->arena, "%.*s@%.*s",
	    STR_ARG(address.user), STR_ARG(address.domain)));
}

static struct ruleset_callbacks
decide_callbacks(struct decide *decide)
{
	return (struct ruleset_callbacks){
		.arg = decide,
		.lookup = decide_lookup,
		.is_local_address = decide_is_local_address,
		.is_local_name = decide_is_local_name,
		.trace = decide_trace,
	};
}

/* Asks the rule that matched again: which it is was not known before. */
static void
decide_note_hits(struct decide *decide, struct decide_evaluation *evaluation)
{
	const struct ruleset_callbacks callbacks = decide_callbacks(decide);
	uint32_t number = evaluation->result.rule;
	const struct ruleset_rule *rule =
	    &decide->bind->ir->ruleset.rules[number];

	evaluation->hits = arena_alloc(decide->arena,
	    rule->pred_count * sizeof(*evaluation->hits));
	for (uint32_t i = 0; i < rule->pred_count; i++) {
		decide->last_entry = STR_LIT("");
		evaluation->hits[i] = (struct decide_step){
			.rule = number,
			.pred = i,
			.answer = ruleset_ask(&rule->preds[i],
			    &evaluation->envelope, &callbacks),
		};
		evaluation->hits[i].entry = decide->last_entry;
	}
	evaluation->hit_count = rule->pred_count;
}

static struct ruleset_result
decide_add_evaluation(struct decide *decide,
    const struct expand_request *request)
{
	const struct ruleset_callbacks callbacks = decide_callbacks(decide);
	const struct ruleset *ruleset = &decide->bind->ir->ruleset;
	struct decide_evaluation *evaluation = ARENA_NEW(decide->arena,
	    struct decide_evaluation);

	evaluation->envelope = decide->context->envelope;
	evaluation->envelope.dest = request->address;
	evaluation->envelope.is_internal = request->is_internal;
	evaluation->address = decide_address_text(decide, request->address);
	evaluation->misses = arena_alloc(decide->arena,
	    ruleset->rule_count * sizeof(*evaluation->misses));
	decide->evaluation = evaluation;
	*decide->evaluation_end = evaluation;
	decide->evaluation_end = &evaluation->next;
	decide->last_entry = STR_LIT("");
	evaluation->result = ruleset_eval(ruleset, &evaluation->envelope,
	    &callbacks);
	if (evaluation->result.verdict == RULESET_MATCH)
		decide_note_hits(decide, evaluation);
	return evaluation->result;
}

static void
decide_evaluate(struct decide *decide, const struct expand_request *request)
{
	const struct ir *ir = decide->bind->ir;
	struct expand_rule rule = { .kind = EXPAND_RULE_NONE };
	struct ruleset_result result = decide_add_evaluation(decide, request);

	if (result.verdict == RULESET_TEMPFAIL) {
		rule.kind = EXPAND_RULE_FAILED;
	} else if (result.verdict == RULESET_MATCH) {
		rule.rule = result.rule;
		rule.action = ir->ruleset.rules[result.rule].action;
		if (rule.action == RULESET_REJECT)
			rule.kind = EXPAND_RULE_REJECT;
		else
			semantics_of_action(&ir->actions[rule.action], &rule);
	}
	expand_answer_rule(decide->expand, &rule);
}

/* Questions of the expansion. */

static void
decide_answer_lookup(struct decide *decide,
    const struct expand_request *request)
{
	const struct table_entry *entry;
	enum answer answer = bind_lookup(decide->bind, request->table,
	    SERVICE_ALIAS, request->key, &entry);

	if (answer == ANSWER_YES && entry == NULL)
		answer = ANSWER_FAILED;
	expand_answer_lookup(decide->expand, answer,
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

	expand_answer_userinfo(decide->expand, answer,
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
	expand_answer_forward(decide->expand, status,
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
	/* Files are kept, and so is the name. */
	struct compilation *comp = decide->bind->comp;
	struct files_file *file = files_read(&comp->files,
	    arena_copy(&comp->arena, request->key), FILES_SIZE_MAX);

	expand_answer_include(decide->expand, file->error == 0,
	    file->error == 0 ? files_text(file) : STR_LIT(""));
}

/* A method without argument, as mbox, has no format. */
static struct str
decide_leaf_format(const struct decide *decide, const struct expand_leaf *leaf)
{
	const struct ir *ir = decide->bind->ir;
	const struct expand_node *node = leaf->node;

	if (node->kind == TARGET_USER)
		return ir->actions[node->rule->action].local.argument;
	return node->text;
}

/* What 6.0 expands at RCPT TO. */
static void
decide_answer_format(struct decide *decide,
    const struct expand_request *request)
{
	const struct expand_leaf *leaf = request->leaf;
	const struct format_values values = {
		.sender = decide->context->envelope.sender,
		.rcpt = decide->rcpt,
		.dest = leaf->dest,
		.username = leaf->user,
		.directory = leaf->account != NULL ? leaf->account->home :
						     STR_LIT(""),
		.mda = STR_LIT(""),
	};
	struct str format = decide_leaf_format(decide, leaf);
	struct format_result result = { .len = 0 };
	bool is_good = format.len == 0 ||
	    format_expand(format, FORMAT_STRICT | FORMAT_NO_SLASH,
		decide->bind->ir->settings.delimiter, &values,
		&result) == FORMAT_OK;

	expand_answer_format(decide->expand, is_good,
	    (struct str){ result.text, is_good ? result.len : 0 });
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

/* Results. */

static enum decide_leaf_kind
decide_leaf_kind(enum target_kind kind)
{
	switch (kind) {
	case TARGET_ADDRESS:
		return DECIDE_RELAY;
	case TARGET_FILE:
		return DECIDE_FILE;
	case TARGET_COMMAND:
		return DECIDE_COMMAND;
	case TARGET_MAILDIR:
		return DECIDE_MAILDIR;
	case TARGET_USER:
	case TARGET_INCLUDE:
	case TARGET_ERROR:
	case TARGET_KINDS:
		break;
	}
	return DECIDE_USER;
}

static void
decide_add_leaves(struct decide *decide, struct decision *decision)
{
	struct decide_leaf *leaf = arena_alloc(decide->arena,
	    decide->expand->leaf_count * sizeof(*leaf));

	decision->leaves = leaf;
	decision->leaf_count = decide->expand->leaf_count;
	for (const struct expand_leaf *l = decide->expand->leaves; l != NULL;
	     l = l->next)
		*leaf++ = (struct decide_leaf){
			.kind = decide_leaf_kind(l->node->kind),
			.dest = decide_address_text(decide, l->dest),
			.user = l->user,
			.text = l->formatted.len > 0     ? l->formatted :
			    l->node->kind == TARGET_USER ? STR_LIT("") :
							   l->node->text,
			.action = l->node->rule->action,
			.node = l->node,
		};
}

/* Nodes by index, from 1; those on the way to a leaf are filled. */
struct decide_tree {
	struct arena *arena;
	struct decide_node **nodes;
	uint32_t count;
};

static void
decide_tree_add(struct decide_tree *tree, const struct expand_node *node,
    const struct decide_leaf *leaf)
{
	for (; node != NULL && tree->nodes[node->index] == NULL;
	     node = node->parent) {
		struct decide_node *new = ARENA_NEW(tree->arena,
		    struct decide_node);

		new->node = node;
		new->leaf = leaf;
		new->children_end = &new->children;
		tree->nodes[node->index] = new;
		leaf = NULL;
	}
}

/* A parent's index is below those of its children. */
static struct decide_node *
decide_tree_link(struct decide_tree *tree)
{
	struct decide_node *root = NULL, *parent;

	for (uint32_t i = 1; i < tree->count; i++) {
		struct decide_node *node = tree->nodes[i];

		if (node == NULL)
			continue;
		if (node->node->parent == NULL) {
			root = node;
			continue;
		}
		parent = tree->nodes[node->node->parent->index];
		*parent->children_end = node;
		parent->children_end = &node->next;
	}
	return root;
}

static struct decide_node *
decide_build_tree(struct decide *decide, const struct decision *decision)
{
	struct decide_tree tree = {
		.arena = decide->arena,
		.count = decide->expand->node_count + 1,
	};

	tree.nodes = arena_alloc(tree.arena,
	    tree.count * sizeof(struct decide_node *));
	for (uint32_t i = 0; i < decision->leaf_count; i++)
		decide_tree_add(&tree, decision->leaves[i].node,
		    &decision->leaves[i]);
	if (decision->failure != NULL)
		decide_tree_add(&tree, decision->failure->node, NULL);
	return decide_tree_link(&tree);
}

static enum decide_verdict
decide_verdict(const struct ir *ir, struct ruleset_result result)
{
	if (result.verdict == RULESET_TEMPFAIL)
		return DECIDE_TEMPFAIL;
	if (result.verdict == RULESET_NO_MATCH)
		return DECIDE_NO_MATCH;
	return ir->ruleset.rules[result.rule].action == RULESET_REJECT ?
	    DECIDE_REJECT :
	    DECIDE_ACCEPT;
}

void
decide_run(struct bind *bind, const struct session_context *context,
    struct str rcpt, struct arena *arena, struct decision *decision_r)
{
	struct expand_semantics semantics;
	struct expand_request request;
	struct decide decide = {
		.bind = bind,
		.arena = arena,
		.context = context,
		.rcpt = session_mailbox(context, rcpt),
		.expand = ARENA_NEW(arena, struct expand),
		.evaluation_end = &decision_r->evaluations,
	};

	*decision_r = (struct decision){ .rcpt = rcpt };
	semantics_of_target(&bind->ir->target, bind->ir->settings.delimiter,
	    &semantics);
	expand_init(decide.expand, arena, &semantics, decide.rcpt);
	while (expand_step(decide.expand, &request) < EXPAND_DONE)
		decide_answer(&decide, &request);
	decision_r->verdict = decide_verdict(bind->ir,
	    decision_r->evaluations->result);
	if (request.need == EXPAND_DONE) {
		decision_r->code = 250;
		decision_r->reply = STR_LIT("250 Recipient ok");
		decide_add_leaves(&decide, decision_r);
	} else {
		decision_r->failure = &decide.expand->failure;
		decision_r->code = decide.expand->failure.code;
		decision_r->reply = decide.expand->failure.reply;
	}
	decision_r->tree = decide_build_tree(&decide, decision_r);
}
