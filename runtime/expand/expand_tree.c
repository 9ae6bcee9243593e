/*
 * The tree of an expansion and its ends. See expand_tree.h.
 */
#include "runtime/expand/expand_tree.h"

#include <stdlib.h>

enum expand_code {
	EXPAND_CODE_INVALID = 550,
	EXPAND_CODE_TEMPORARY = 451,
	EXPAND_CODE_LIST_INVALID = 524,
	EXPAND_CODE_LIST_TEMPORARY = 424,
	EXPAND_CODE_OWN = 0, /* of an error target */
};

static const struct {
	enum expand_code code;
	const char *text;
} expand_reasons[EXPAND_REASON_COUNT] = {
#define EXPAND_REASON_ENTRY(id, code, text) \
	[EXPAND_REASON_##id] = { EXPAND_CODE_##code, text },
	EXPAND_REASONS(EXPAND_REASON_ENTRY)
#undef EXPAND_REASON_ENTRY
};

const char *
expand_reason_text(enum expand_reason reason)
{
	return expand_reasons[reason].text;
}

static struct str
expand_tree_reply(enum expand_code code)
{
	switch (code) {
	case EXPAND_CODE_LIST_INVALID:
		return STR_LIT("524 5.2.4 Mailing list expansion problem");
	case EXPAND_CODE_LIST_TEMPORARY:
		return STR_LIT("424 4.2.4 Mailing list expansion problem");
	case EXPAND_CODE_TEMPORARY:
		return STR_LIT("451 Temporary failure");
	case EXPAND_CODE_INVALID:
	case EXPAND_CODE_OWN:
		break;
	}
	return STR_LIT("550 Invalid recipient");
}

void
expand_tree_fail(struct expand *expand, enum expand_reason reason)
{
	enum expand_code code = expand_reasons[reason].code;
	struct expand_failure *failure = &expand->failure;

	if (!expand->semantics.has_list_codes) {
		if (code == EXPAND_CODE_LIST_INVALID)
			code = EXPAND_CODE_INVALID;
		if (code == EXPAND_CODE_LIST_TEMPORARY)
			code = EXPAND_CODE_TEMPORARY;
	}
	failure->reason = reason;
	failure->node = expand->node;
	failure->reply = expand_tree_reply(code);
	if (code == EXPAND_CODE_OWN)
		failure->reply = expand->node->text;
	failure->code = (unsigned)strtoul(failure->reply.ptr, NULL, 10);
	expand->request.need = EXPAND_FAILED;
}

static uint32_t
expand_tree_index(const struct expand_node *node)
{
	return node == NULL ? 0 : node->index;
}

/*
 * What makes two nodes duplicates: kind, text, whether they repeat their
 * parent, the address they come from, and for files and commands the user.
 * The text stands at the end.
 */
static struct str
expand_tree_key(struct expand *expand, const struct targets_entry *target,
    bool is_same)
{
	const struct expand_node *parent = expand->node, *user = NULL;
	uint32_t address = 0;

	if (parent != NULL)
		address = parent->address->index;
	if (target->kind == TARGET_FILE || target->kind == TARGET_COMMAND)
		user = parent;
	while (user != NULL && user->kind != TARGET_USER)
		user = user->parent;
	return str_from(arena_printf(expand->arena, "%u %u %u %u %.*s",
	    (unsigned)target->kind, (unsigned)is_same, address,
	    expand_tree_index(user), STR_ARG(target->text)));
}

static struct expand_node *
expand_tree_new(struct expand *expand, enum target_kind kind, struct str text)
{
	struct expand_node *node = ARENA_NEW(expand->arena, struct expand_node);
	const struct expand_node *parent = expand->node;

	node->kind = kind;
	node->text = text;
	node->parent = parent;
	node->index = ++expand->node_count;
	node->address = node;
	if (parent != NULL) {
		node->depth = parent->depth + 1;
		node->rule = parent->rule;
		if (kind != TARGET_ADDRESS)
			node->address = parent->address;
	}
	*expand->queue_end = node;
	expand->queue_end = &node->next;
	return node;
}

void
expand_tree_insert(struct expand *expand, const struct targets_entry *target,
    enum expand_origin origin)
{
	const struct expand_node *parent = expand->node;
	bool is_same = parent != NULL && parent->kind == TARGET_USER &&
	    target->kind == TARGET_USER && str_eq(parent->text, target->text);
	struct str key = expand_tree_key(expand, target, is_same);
	void **place = strmap_put(&expand->seen, key);
	struct expand_node *node = *place;
	uint32_t len = target->text.len;

	if (node != NULL &&
	    !(node->is_found && expand->semantics.repeats_users))
		return;
	if (expand->node_count == EXPAND_NODES_MAX) {
		expand_tree_fail(expand, EXPAND_REASON_TOO_MANY);
		return;
	}
	node = expand_tree_new(expand, target->kind,
	    (struct str){ key.ptr + key.len - len, len });
	node->origin = origin;
	node->is_same = is_same;
	*place = node;
}

static void
expand_tree_open_list(const struct expand *expand, struct targets *targets,
    struct str list)
{
	unsigned flags = 0;

	if (expand->semantics.has_maildir_targets)
		flags |= TARGETS_MAILDIR;
	if (expand->semantics.bad_domain_is_user)
		flags |= TARGETS_BAD_DOMAIN_IS_USER;
	targets_init(targets, list, flags);
}

bool
expand_tree_insert_line(struct expand *expand, struct str list,
    enum expand_origin origin)
{
	enum targets_status status;
	struct targets targets;
	struct targets_entry target;

	expand_tree_open_list(expand, &targets, list);
	while ((status = targets_next(&targets, &target)) == TARGETS_ONE)
		if (target.kind != TARGET_INCLUDE)
			expand_tree_insert(expand, &target, origin);
	return status == TARGETS_END;
}

static int
expand_tree_compare(const void *a, const void *b)
{
	return target_compare(a, b);
}

bool
expand_tree_read_value(struct expand *expand, struct str value)
{
	enum targets_status status;
	struct targets targets;
	struct targets_entry target;
	uint32_t count = 0;

	expand_tree_open_list(expand, &targets, value);
	while ((status = targets_next(&targets, &target)) == TARGETS_ONE)
		count++;
	if (status == TARGETS_BAD)
		return false;
	expand->targets = arena_alloc(expand->arena,
	    count * sizeof(expand->targets[0]));
	expand->target_count = count;
	expand->target_next = 0;
	expand->has_targets = false;
	expand_tree_open_list(expand, &targets, value);
	for (uint32_t i = 0; i < count; i++) {
		targets_next(&targets, &target);
		target.text = arena_copy(expand->arena, target.text);
		expand->targets[i] = target;
	}
	qsort(expand->targets, count, sizeof(expand->targets[0]),
	    expand_tree_compare);
	return true;
}
