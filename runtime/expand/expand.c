/*
 * The state machine of recipient expansion. Each function that answers a
 * request goes on as far as it can: it leaves the next request, a failure,
 * or EXPAND_IDLE, upon which expand_step takes the next node.
 */
#include "runtime/expand/expand.h"

#include <assert.h>

#include "runtime/expand/expand_tree.h"

/* Names. */

static struct str
expand_slice(struct str s, uint32_t begin, uint32_t end)
{
	return (struct str){ s.ptr + begin, end - begin };
}

static struct str
expand_lower(struct arena *arena, struct str s)
{
	char *p = arena_bytes(arena, (size_t)s.len + 1);

	for (uint32_t i = 0; i < s.len; i++)
		p[i] = str_lower(s.ptr[i]);
	p[s.len] = '\0';
	return (struct str){ p, s.len };
}

/* user@domain */
static struct str
expand_join(struct arena *arena, struct str user, struct str domain)
{
	return str_from(arena_printf(arena, "%.*s@%.*s", STR_ARG(user),
	    STR_ARG(domain)));
}

/* The name up to the first delimiter. */
static struct str
expand_cut(const struct expand *expand, struct str name)
{
	uint32_t len = 0;

	while (len < name.len && name.ptr[len] != expand->semantics.delimiter)
		len++;
	return expand_slice(name, 0, len);
}

/* Deliveries. */

static void
expand_keep_leaf(struct expand *expand)
{
	*expand->leaf_end = expand->leaf;
	expand->leaf_end = &expand->leaf->next;
	expand->leaf_count++;
	expand->leaf = NULL;
}

/* The user of the leaf is known to exist, or need not. */
static void
expand_check_method(struct expand *expand)
{
	const struct expand_node *node = expand->node;

	if (node->kind == TARGET_USER &&
	    expand->semantics.delivery_needs_method &&
	    (node->rule->forward_only || node->rule->expand_only))
		expand_tree_fail(expand, EXPAND_REASON_NO_METHOD);
	else if (expand->semantics.has_early_formats)
		expand->request = (struct expand_request){
			.need = EXPAND_FORMAT,
			.leaf = expand->leaf,
		};
	else
		expand_keep_leaf(expand);
}

/* In the userbase of the node's action. */
static void
expand_ask_user(struct expand *expand, struct str user)
{
	expand->request = (struct expand_request){
		.need = EXPAND_USERINFO,
		.table = expand->node->rule->userbase,
		.key = user,
	};
}

static struct str
expand_leaf_user(const struct expand *expand, const struct expand_node *node)
{
	const struct expand_node *parent = node->parent;

	if (node->kind == TARGET_USER)
		return node->text;
	if (node->kind == TARGET_MAILDIR && parent->kind == TARGET_ADDRESS)
		return mailaddr_split(parent->text).user;
	if (node->kind == TARGET_MAILDIR || parent->is_found)
		return parent->text;
	return expand->semantics.daemon_user;
}

static void
expand_deliver(struct expand *expand)
{
	struct expand_node *node = expand->node;
	struct expand_leaf *leaf = ARENA_NEW(expand->arena, struct expand_leaf);

	leaf->node = node;
	leaf->dest = mailaddr_split(node->address->text);
	expand->leaf = leaf;
	if (node->kind == TARGET_ADDRESS) {
		expand_keep_leaf(expand);
		return;
	}
	leaf->user = expand_leaf_user(expand, node);
	if (node->is_found)
		leaf->account = &node->account;
	else if (node->parent->is_found)
		leaf->account = &node->parent->account;
	if (leaf->account == NULL && expand->semantics.delivery_needs_user)
		expand_ask_user(expand, leaf->user);
	else
		expand_check_method(expand);
}

/* Users. */

static void
expand_find_user(struct expand *expand)
{
	struct expand_node *node = expand->node;
	struct str user = expand_cut(expand, node->text);

	if (user.len < node->text.len)
		node->subaddress = expand_slice(node->text, user.len + 1,
		    node->text.len);
	node->text = user;
	expand_ask_user(expand, user);
}

static void
expand_found_user(struct expand *expand)
{
	struct expand_node *node = expand->node;
	struct str only = node->rule->user;

	if ((node->is_same && node->parent->is_forwarded) ||
	    (expand->semantics.user_skips_forward && only.len > 0 &&
		!str_eq(only, node->text))) {
		expand_deliver(expand);
		return;
	}
	node->is_forwarded = true;
	expand->request = (struct expand_request){
		.need = EXPAND_FORWARD,
		.table = node->rule->userbase,
		.key = node->text,
		.account = &node->account,
	};
}

void
expand_answer_userinfo(struct expand *expand, enum answer answer,
    const struct expand_account *account)
{
	struct expand_node *node = expand->node;
	struct expand_account *copy;

	assert(expand->request.need == EXPAND_USERINFO);
	expand->request.need = EXPAND_IDLE;
	if (answer != ANSWER_YES) {
		expand_tree_fail(expand,
		    answer == ANSWER_NO ? EXPAND_REASON_NO_USER :
					  EXPAND_REASON_USER_FAILED);
		return;
	}
	copy = ARENA_NEW(expand->arena, struct expand_account);
	copy->uid = account->uid;
	copy->home = arena_copy(expand->arena, account->home);
	if (expand->leaf != NULL) {
		expand->leaf->account = copy;
		expand_check_method(expand);
		return;
	}
	node->is_found = true;
	node->account = *copy;
	expand_found_user(expand);
}

void
expand_answer_format(struct expand *expand, bool has_expanded, struct str text)
{
	assert(expand->request.need == EXPAND_FORMAT);
	expand->request.need = EXPAND_IDLE;
	if (!has_expanded) {
		expand_tree_fail(expand, EXPAND_REASON_FORMAT);
		return;
	}
	expand->leaf->formatted = arena_copy(expand->arena, text);
	expand_keep_leaf(expand);
}

/* .forward */

static void
expand_no_forward(struct expand *expand)
{
	const struct expand_rule *rule = expand->node->rule;

	if (rule->forward_only)
		expand_tree_fail(expand, EXPAND_REASON_FORWARD_ONLY);
	else if (rule->expand_only)
		expand_tree_fail(expand, EXPAND_REASON_EXPAND_ONLY);
	else
		expand_deliver(expand);
}

static void
expand_read_forward(struct expand *expand, struct str text)
{
	uint32_t node_count = expand->node_count;
	enum targets_status status;
	struct targets_file file;
	struct str list;

	targets_file_init(&file, text);
	while ((status = targets_file_next(&file, &list)) != TARGETS_END) {
		if (status == TARGETS_BAD ||
		    !expand_tree_insert_line(expand, list,
			EXPAND_FROM_FORWARD)) {
			expand_tree_fail(expand, EXPAND_REASON_FORWARD_BAD);
			return;
		}
		if (expand->node_count > EXPAND_FORWARD_NODES) {
			expand_tree_fail(expand,
			    EXPAND_REASON_FORWARD_TOO_MANY);
			return;
		}
	}
	/* Nothing, or nothing new. */
	if (expand->node_count == node_count)
		expand_no_forward(expand);
}

void
expand_answer_forward(struct expand *expand, enum expand_forward status,
    struct str text)
{
	static const enum expand_reason reasons[] = {
		[EXPAND_FORWARD_STICKY] = EXPAND_REASON_FORWARD_STICKY,
		[EXPAND_FORWARD_SYMLINK] = EXPAND_REASON_FORWARD_SYMLINK,
		[EXPAND_FORWARD_INSECURE] = EXPAND_REASON_FORWARD_INSECURE,
		[EXPAND_FORWARD_TEMPORARY] = EXPAND_REASON_FORWARD_TEMPORARY,
		[EXPAND_FORWARD_UNREADABLE] = EXPAND_REASON_FORWARD_UNREADABLE,
		[EXPAND_FORWARD_TOO_LARGE] = EXPAND_REASON_FORWARD_TOO_LARGE,
	};

	assert(expand->request.need == EXPAND_FORWARD);
	expand->request.need = EXPAND_IDLE;
	if (status == EXPAND_FORWARD_READ && text.len > EXPAND_FORWARD_MAX)
		status = EXPAND_FORWARD_TOO_LARGE;
	if (status == EXPAND_FORWARD_READ)
		expand_read_forward(expand, text);
	else if (status == EXPAND_FORWARD_ABSENT)
		expand_no_forward(expand);
	else
		expand_tree_fail(expand, reasons[status]);
}

/* Aliases and virtual tables. */

static void
expand_ask_key(struct expand *expand)
{
	const struct expand_rule *rule = expand->node->rule;
	bool is_virtual = rule->virtuals != EXPAND_NO_TABLE;

	expand->request = (struct expand_request){
		.need = EXPAND_LOOKUP,
		.table = is_virtual ? rule->virtuals : rule->aliases,
		.key = expand->keys[expand->key_next++],
	};
}

static void
expand_add_key(struct expand *expand, struct str key)
{
	expand->keys[expand->key_count++] = key;
}

/* name: in lower case. */
static void
expand_ask_alias(struct expand *expand, struct str name)
{
	struct str user = expand_cut(expand, name);

	expand->key_count = expand->key_next = 0;
	if (user.len < name.len)
		expand_add_key(expand, name);
	expand_add_key(expand, user);
	expand_ask_key(expand);
}

/* Both in lower case; domain is empty for a user. */
static void
expand_ask_virtual(struct expand *expand, struct str name, struct str domain)
{
	struct arena *arena = expand->arena;
	struct str user = expand_cut(expand, name);
	bool has_tag = name.len > user.len + 1;
	bool has_domain = domain.len > 0;

	expand->key_count = expand->key_next = 0;
	if (has_tag)
		expand_add_key(expand, expand_join(arena, name, domain));
	expand_add_key(expand, expand_join(arena, user, domain));
	if (has_tag)
		expand_add_key(expand, name);
	expand_add_key(expand, user);
	if (has_domain)
		expand_add_key(expand, expand_join(arena, STR_LIT(""), domain));
	if (has_domain || expand->semantics.virtual_names_catch_all)
		expand_add_key(expand, STR_LIT("@"));
	expand_ask_key(expand);
}

static void
expand_found_nothing(struct expand *expand)
{
	if (expand->node->kind == TARGET_ADDRESS)
		expand_tree_fail(expand, EXPAND_REASON_NOT_VIRTUAL);
	else
		expand_find_user(expand);
}

/*
 * Up to the next include file. A value whose include files are all missing
 * counts as none, one with an empty file does not.
 */
static void
expand_take_targets(struct expand *expand)
{
	while (expand->request.need == EXPAND_IDLE &&
	    expand->target_next < expand->target_count) {
		const struct targets_entry *target =
		    &expand->targets[expand->target_next++];

		if (target->kind != TARGET_INCLUDE) {
			expand_tree_insert(expand, target, EXPAND_FROM_TABLE);
			expand->has_targets = true;
			continue;
		}
		expand->request = (struct expand_request){
			.need = EXPAND_INCLUDE,
			.key = target->text,
		};
	}
	if (expand->request.need == EXPAND_IDLE && !expand->has_targets)
		expand_found_nothing(expand);
}

void
expand_answer_lookup(struct expand *expand, enum answer answer,
    struct str value)
{
	assert(expand->request.need == EXPAND_LOOKUP);
	expand->request.need = EXPAND_IDLE;
	if (answer == ANSWER_FAILED)
		expand_tree_fail(expand, EXPAND_REASON_LOOKUP_FAILED);
	else if (answer == ANSWER_YES && !expand_tree_read_value(expand, value))
		expand_tree_fail(expand, EXPAND_REASON_BAD_VALUE);
	else if (answer == ANSWER_YES)
		expand_take_targets(expand);
	else if (expand->key_next < expand->key_count)
		expand_ask_key(expand);
	else
		expand_found_nothing(expand);
}

void
expand_answer_include(struct expand *expand, bool is_open, struct str text)
{
	enum targets_status status;
	struct targets_file file;
	struct str list;

	assert(expand->request.need == EXPAND_INCLUDE);
	expand->request.need = EXPAND_IDLE;
	expand->has_targets = expand->has_targets || is_open;
	targets_file_init(&file, is_open ? text : STR_LIT(""));
	while (expand->request.need == EXPAND_IDLE &&
	    (status = targets_file_next(&file, &list)) != TARGETS_END)
		if (status == TARGETS_ONE)
			expand_tree_insert_line(expand, list,
			    EXPAND_FROM_TABLE);
	expand_take_targets(expand);
}

/* Addresses. */

static void
expand_ask_rule(struct expand *expand)
{
	const struct expand_node *node = expand->node;

	expand->request = (struct expand_request){
		.need = EXPAND_EVALUATE,
		.address = mailaddr_split(node->text),
		.is_internal = node->parent != NULL || node->is_decoded,
	};
}

void
expand_answer_srs(struct expand *expand, struct mailaddr decoded)
{
	assert(expand->request.need == EXPAND_EVALUATE);
	expand->node->text = expand_join(expand->arena, decoded.user,
	    decoded.domain);
	expand->node->is_decoded = true;
	expand_ask_rule(expand);
}

static void
expand_record(struct expand *expand, const struct expand_rule *rule)
{
	struct expand_evaluation *evaluation;

	evaluation = ARENA_NEW(expand->arena, struct expand_evaluation);
	evaluation->address = expand->request.address;
	evaluation->is_internal = expand->request.is_internal;
	evaluation->has_failed = rule->kind == EXPAND_RULE_FAILED;
	evaluation->rule = EXPAND_NO_RULE;
	if (rule->kind != EXPAND_RULE_NONE && rule->kind != EXPAND_RULE_FAILED)
		evaluation->rule = rule->rule;
	*expand->evaluation_end = evaluation;
	expand->evaluation_end = &evaluation->next;
}

static void
expand_go_local(struct expand *expand)
{
	struct mailaddr address = expand->request.address;
	struct targets_entry user = { TARGET_USER,
		expand_lower(expand->arena, address.user) };

	if (expand->node->rule->virtuals != EXPAND_NO_TABLE)
		expand_ask_virtual(expand, user.text,
		    expand_lower(expand->arena, address.domain));
	else
		expand_tree_insert(expand, &user, expand->node->origin);
}

void
expand_answer_rule(struct expand *expand, const struct expand_rule *rule)
{
	struct expand_rule *copy = ARENA_NEW(expand->arena, struct expand_rule);

	assert(expand->request.need == EXPAND_EVALUATE);
	expand->request.need = EXPAND_IDLE;
	expand_record(expand, rule);
	*copy = *rule;
	copy->user = arena_copy(expand->arena, rule->user);
	expand->node->rule = copy;
	switch (rule->kind) {
	case EXPAND_RULE_RELAY:
		expand_deliver(expand);
		break;
	case EXPAND_RULE_LOCAL:
		expand_go_local(expand);
		break;
	case EXPAND_RULE_REJECT:
		expand_tree_fail(expand, EXPAND_REASON_REJECTED);
		break;
	case EXPAND_RULE_NONE:
		expand_tree_fail(expand, EXPAND_REASON_NO_RULE);
		break;
	case EXPAND_RULE_FAILED:
		expand_tree_fail(expand, EXPAND_REASON_RULE_FAILED);
		break;
	}
}

/* The queue. */

static void
expand_begin_user(struct expand *expand)
{
	const struct expand_node *node = expand->node;
	const struct expand_rule *rule = node->rule;
	struct str name = expand_lower(expand->arena, node->text);

	if (node->is_same && expand->semantics.self_is_delivered)
		expand_deliver(expand);
	else if (node->is_same)
		expand_find_user(expand);
	else if (rule->aliases != EXPAND_NO_TABLE ||
	    (rule->virtuals != EXPAND_NO_TABLE &&
		expand->semantics.virtual_names_are_aliases))
		expand_ask_alias(expand, name);
	else if (rule->virtuals != EXPAND_NO_TABLE)
		expand_ask_virtual(expand, name, STR_LIT(""));
	else
		expand_find_user(expand);
}

static void
expand_begin_program(struct expand *expand)
{
	const struct expand_node *node = expand->node;

	if (expand->semantics.root_runs_nothing && node->parent->is_found &&
	    node->parent->account.uid == 0)
		expand_tree_fail(expand, EXPAND_REASON_ROOT);
	else if (node->rule->forward_only)
		expand_tree_fail(expand, EXPAND_REASON_NOT_FORWARDING);
	else
		expand_deliver(expand);
}

static void
expand_begin(struct expand *expand)
{
	if (expand->node->depth >= EXPAND_DEPTH_MAX) {
		expand_tree_fail(expand, EXPAND_REASON_TOO_DEEP);
		return;
	}
	switch (expand->node->kind) {
	case TARGET_ADDRESS:
		expand_ask_rule(expand);
		break;
	case TARGET_USER:
		expand_begin_user(expand);
		break;
	case TARGET_FILE:
	case TARGET_COMMAND:
		expand_begin_program(expand);
		break;
	case TARGET_MAILDIR:
		expand_deliver(expand);
		break;
	case TARGET_ERROR:
		expand_tree_fail(expand,
		    expand->node->rule->forward_only ?
			EXPAND_REASON_NOT_FORWARDING :
			EXPAND_REASON_ERROR);
		break;
	case TARGET_INCLUDE: /* never a node */
	case TARGET_KINDS:
		break;
	}
}

static void
expand_next(struct expand *expand)
{
	if (expand->queue != NULL) {
		expand->node = expand->queue;
		expand->queue = expand->node->next;
		if (expand->queue == NULL)
			expand->queue_end = &expand->queue;
		expand_begin(expand);
		return;
	}
	expand->node = expand->root;
	if (expand->leaf_count == 0)
		expand_tree_fail(expand, EXPAND_REASON_EMPTY);
	else
		expand->request =
		    (struct expand_request){ .need = EXPAND_DONE };
}

void
expand_init(struct expand *expand, struct arena *arena,
    const struct expand_semantics *semantics, struct mailaddr rcpt)
{
	struct targets_entry root = { TARGET_ADDRESS,
		expand_join(arena, rcpt.user, rcpt.domain) };

	*expand = (struct expand){ .arena = arena, .semantics = *semantics };
	expand->semantics.daemon_user = arena_copy(arena,
	    semantics->daemon_user);
	expand->leaf_end = &expand->leaves;
	expand->evaluation_end = &expand->evaluations;
	expand->queue_end = &expand->queue;
	strmap_init(&expand->seen, arena);
	expand_tree_insert(expand, &root, EXPAND_FROM_RCPT);
	expand->root = expand->queue;
}

enum expand_need
expand_step(struct expand *expand, struct expand_request *request_r)
{
	while (expand->request.need == EXPAND_IDLE)
		expand_next(expand);
	*request_r = expand->request;
	return expand->request.need;
}
