/*
 * Fuzzes recipient expansion, target lists and formats. An input is a small
 * world as text that people can write, one fact a line; what is none of
 * these is skipped:
 *
 *     lrau                    semantics, a letter each, see fuzz_semantics
 *     rcpt bob+x@hub.test
 *     rule hub.test local a   how: local, relay, reject, failed; options
 *     alias bob alice, |cat
 *     virtual @v.test bob
 *     user bob 2000           a system user
 *     base bob 2000           one of the userbase
 *     forward bob x@far.test  several lines make one file
 *     include /list carol
 *     srs SRS0=a@hub.test x@far.test
 *     format ~/%{rcpt.user}
 *
 * A value that begins with '!' is a look-up that fails, a forward "!3" one
 * with that status. Every expansion must come to an end, and what it says
 * must hold together.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/expand/expand.h"
#include "runtime/expand/format.h"

enum {
	FUZZ_SIZE_MAX = 2 * 1024,
	FUZZ_RCPTS_MAX = 2,

	/*
	 * Questions of one node: a rule, twice with SRS, the keys of a
	 * table, users, a .forward, a format. Include files are apart.
	 */
	FUZZ_STEPS_MAX = 2 + EXPAND_KEYS_MAX + 4,
};

enum fuzz_table { FUZZ_ALIASES, FUZZ_VIRTUALS, FUZZ_USERBASE };

struct fuzz_world {
	struct arena arena;
	struct str text;
	struct expand_semantics semantics;
	bool is_decoded; /* the address that is asked about */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text of the world. */

/* Up to the first such byte, which is cut off what *rest keeps. */
static struct str
fuzz_cut(struct str *rest, char separator)
{
	const char *at = memchr(rest->ptr, separator, rest->len);
	struct str part = *rest;

	if (at != NULL)
		part.len = (uint32_t)(at - part.ptr);
	rest->ptr += part.len + (at != NULL);
	rest->len -= part.len + (at != NULL);
	return part;
}

/*
 * The next line "KIND KEY VALUE" from *rest on; an empty key stands for
 * any. False where there is none.
 */
static bool
fuzz_next(struct str *rest, const char *kind, struct str key,
    struct str *value_r)
{
	while (rest->len > 0) {
		struct str line = fuzz_cut(rest, '\n');

		if (!str_is(fuzz_cut(&line, ' '), kind))
			continue;
		if (key.len > 0 && !str_eq_nocase(fuzz_cut(&line, ' '), key))
			continue;
		*value_r = line;
		return true;
	}
	return false;
}

static bool
fuzz_find(const struct fuzz_world *world, const char *kind, struct str key,
    struct str *value_r)
{
	struct str rest = world->text;

	return fuzz_next(&rest, kind, key, value_r);
}

/* All lines of a file. */
static bool
fuzz_find_file(struct fuzz_world *world, const char *kind, struct str key,
    struct str *text_r)
{
	struct str rest = world->text, line;
	bool is_found = false;

	*text_r = STR_LIT("");
	while (fuzz_next(&rest, kind, key, &line)) {
		*text_r = str_from(arena_printf(&world->arena, "%.*s%.*s\n",
		    STR_ARG(*text_r), STR_ARG(line)));
		is_found = true;
	}
	return is_found;
}

static bool
fuzz_has(struct str letters, char letter)
{
	return memchr(letters.ptr, letter, letters.len) != NULL;
}

static struct expand_semantics
fuzz_semantics(struct str letters)
{
	return (struct expand_semantics){
		.delimiter = fuzz_has(letters, '-') ? '-' : '+',
		.daemon_user = STR_LIT("_smtpd"),
		.has_list_codes = fuzz_has(letters, 'l'),
		.self_is_delivered = fuzz_has(letters, 's'),
		.virtual_names_are_aliases = fuzz_has(letters, 'v'),
		.virtual_names_catch_all = fuzz_has(letters, 'c'),
		.user_skips_forward = fuzz_has(letters, 'u'),
		.root_runs_nothing = fuzz_has(letters, 'r'),
		.delivery_needs_method = fuzz_has(letters, 'm'),
		.repeats_users = fuzz_has(letters, 'a'),
		.delivery_needs_user = fuzz_has(letters, 'n'),
		.has_early_formats = fuzz_has(letters, 'f'),
		.has_maildir_targets = fuzz_has(letters, 'd'),
		.bad_domain_is_user = fuzz_has(letters, 'b'),
	};
}

/* Answers. */

/* "local avUfe user": tables, and what the action is like. */
static struct expand_rule
fuzz_read_rule(struct str line)
{
	struct str how = fuzz_cut(&line, ' ');
	struct str letters = fuzz_cut(&line, ' ');
	bool has_virtuals = fuzz_has(letters, 'v');

	return (struct expand_rule){
		.kind = str_is(how, "local") ? EXPAND_RULE_LOCAL :
		    str_is(how, "relay")     ? EXPAND_RULE_RELAY :
		    str_is(how, "reject")    ? EXPAND_RULE_REJECT :
					       EXPAND_RULE_FAILED,
		.aliases = !has_virtuals && fuzz_has(letters, 'a') ?
		    FUZZ_ALIASES :
		    EXPAND_NO_TABLE,
		.virtuals = has_virtuals ? FUZZ_VIRTUALS : EXPAND_NO_TABLE,
		.userbase = fuzz_has(letters, 'u') ? FUZZ_USERBASE :
						     EXPAND_SYSTEM,
		.forward_only = fuzz_has(letters, 'f'),
		.expand_only = fuzz_has(letters, 'e'),
		.user = line,
	};
}

static void
fuzz_answer_rule(struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	struct expand_rule rule = { .kind = EXPAND_RULE_NONE };
	struct mailaddr address = request->address;
	struct str text, line;

	text = str_from(arena_printf(&world->arena, "%.*s@%.*s",
	    STR_ARG(address.user), STR_ARG(address.domain)));
	if (!world->is_decoded && fuzz_find(world, "srs", text, &line)) {
		world->is_decoded = true;
		expand_answer_srs(expand, mailaddr_split(line));
		return;
	}
	world->is_decoded = false;
	if (fuzz_find(world, "rule", address.domain, &line))
		rule = fuzz_read_rule(line);
	expand_answer_rule(expand, &rule);
}

static enum answer
fuzz_look_up(const struct fuzz_world *world, const char *kind, struct str key,
    struct str *value_r)
{
	if (!fuzz_find(world, kind, key, value_r))
		return ANSWER_NO;
	return str_has_prefix(*value_r, "!") ? ANSWER_FAILED : ANSWER_YES;
}

static void
fuzz_answer_lookup(const struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	struct str value = STR_LIT("");
	enum answer answer = fuzz_look_up(world,
	    request->table == FUZZ_ALIASES ? "alias" : "virtual", request->key,
	    &value);

	for (uint32_t i = 0; i < request->key.len; i++)
		assert(request->key.ptr[i] == str_lower(request->key.ptr[i]));
	expand_answer_lookup(expand, answer, value);
}

static void
fuzz_answer_userinfo(const struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	struct expand_account account = { 0, STR_LIT("/home") };
	struct str value;
	enum answer answer = fuzz_look_up(world,
	    request->table == EXPAND_SYSTEM ? "user" : "base", request->key,
	    &value);

	if (answer == ANSWER_YES)
		for (uint32_t i = 0; i < value.len; i++)
			account.uid = account.uid * 10 + (value.ptr[i] & 15);
	expand_answer_userinfo(expand, answer,
	    answer == ANSWER_YES ? &account : NULL);
}

static void
fuzz_answer_forward(struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	enum expand_forward status = EXPAND_FORWARD_READ;
	struct str text;

	assert(request->account != NULL);
	if (!fuzz_find_file(world, "forward", request->key, &text))
		status = EXPAND_FORWARD_ABSENT;
	else if (text.len > 2 && text.ptr[0] == '!')
		status = (unsigned char)text.ptr[1] %
		    (EXPAND_FORWARD_TOO_LARGE + 1);
	expand_answer_forward(expand, status, text);
}

static void
fuzz_answer_include(struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	struct str text;
	bool is_open = fuzz_find_file(world, "include", request->key, &text);

	assert(request->key.len > 0 && request->key.ptr[0] == '/');
	expand_answer_include(expand, is_open, text);
}

static void
fuzz_answer_format(const struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	const struct expand_leaf *leaf = request->leaf;
	const struct format_values values = {
		.sender = leaf->dest,
		.rcpt = leaf->dest,
		.dest = leaf->dest,
		.username = leaf->user,
		.directory = STR_LIT("/home"),
		.mda = STR_LIT(""),
	};
	struct format_result result;
	enum format_error error = format_expand(leaf->node->text,
	    FORMAT_NO_SLASH | FORMAT_STRICT, world->semantics.delimiter,
	    &values, &result);

	expand_answer_format(expand, error == FORMAT_OK,
	    (struct str){ result.text, result.len });
}

static void
fuzz_answer(struct fuzz_world *world, struct expand *expand,
    const struct expand_request *request)
{
	switch (request->need) {
	case EXPAND_EVALUATE:
		fuzz_answer_rule(world, expand, request);
		break;
	case EXPAND_LOOKUP:
		fuzz_answer_lookup(world, expand, request);
		break;
	case EXPAND_USERINFO:
		fuzz_answer_userinfo(world, expand, request);
		break;
	case EXPAND_FORWARD:
		fuzz_answer_forward(world, expand, request);
		break;
	case EXPAND_INCLUDE:
		fuzz_answer_include(world, expand, request);
		break;
	case EXPAND_FORMAT:
		fuzz_answer_format(world, expand, request);
		break;
	case EXPAND_IDLE:
	case EXPAND_DONE:
	case EXPAND_FAILED:
		abort();
	}
}

/* What came out. */

static void
fuzz_check_node(const struct expand_node *node)
{
	const struct expand_node *parent = node->parent;

	for (; parent != NULL; node = parent, parent = node->parent) {
		assert(node->kind != TARGET_INCLUDE);
		assert(node->depth == parent->depth + 1);
		assert(node->index > parent->index);
		assert(node->address->kind == TARGET_ADDRESS);
	}
	assert(node->kind == TARGET_ADDRESS && node->index == 1);
}

static void
fuzz_check_leaves(const struct expand *expand)
{
	uint32_t count = 0;

	for (const struct expand_leaf *leaf = expand->leaves; leaf != NULL;
	     leaf = leaf->next, count++) {
		fuzz_check_node(leaf->node);
		assert(leaf->node->depth < EXPAND_DEPTH_MAX);
		assert(leaf->node->rule->kind ==
		    (leaf->node->kind == TARGET_ADDRESS ? EXPAND_RULE_RELAY :
							  EXPAND_RULE_LOCAL));
		assert(leaf->account != NULL ||
		    !expand->semantics.delivery_needs_user ||
		    leaf->node->kind == TARGET_ADDRESS);
	}
	assert(count == expand->leaf_count && count > 0);
}

static void
fuzz_check_failure(const struct expand_failure *failure)
{
	assert(failure->code >= 400 && failure->code <= 599);
	assert(strtoul(failure->reply.ptr, NULL, 10) == failure->code);
	assert(expand_reason_text(failure->reason) != NULL);
	fuzz_check_node(failure->node);
}

static void
fuzz_check_end(const struct expand *expand, enum expand_need need)
{
	assert(expand->node_count <= EXPAND_NODES_MAX);
	assert(expand->evaluations != NULL);
	if (need == EXPAND_FAILED)
		fuzz_check_failure(&expand->failure);
	else
		fuzz_check_leaves(expand);
}

static void
fuzz_expand(struct fuzz_world *world, struct str rcpt)
{
	struct expand_request request, again;
	struct expand expand;
	enum expand_need need;
	uint32_t steps = 0;

	expand_init(&expand, &world->arena, &world->semantics,
	    mailaddr_split(rcpt));
	while ((need = expand_step(&expand, &request)) < EXPAND_DONE) {
		assert(expand_step(&expand, &again) == need);
		assert(again.key.ptr == request.key.ptr);
		steps += need != EXPAND_INCLUDE;
		assert(steps <= expand.node_count * FUZZ_STEPS_MAX);
		fuzz_answer(world, &expand, &request);
	}
	assert(expand_step(&expand, &again) == need);
	fuzz_check_end(&expand, need);
}

/* Lists. */

static void
fuzz_check_target(const struct targets_entry *target)
{
	assert(target->kind < TARGET_KINDS);
	assert(target->text.len <= TARGETS_TEXT_MAX);
	assert(target_compare(target, target) == 0);
	if (target->kind == TARGET_FILE || target->kind == TARGET_INCLUDE)
		assert(target->text.ptr[0] == '/');
	if (target->kind == TARGET_USER)
		assert(target->text.len > 0 &&
		    target->text.len <= TARGETS_NAME_MAX);
	if (target->kind == TARGET_ADDRESS)
		assert(mailaddr_split(target->text).user.len > 0);
}

static void
fuzz_read_list(struct str list, unsigned flags)
{
	enum targets_status status;
	struct targets targets;
	struct targets_entry target;

	targets_init(&targets, list, flags);
	while ((status = targets_next(&targets, &target)) == TARGETS_ONE)
		fuzz_check_target(&target);
	if (status == TARGETS_BAD)
		assert(targets_next(&targets, &target) == TARGETS_END);
}

static void
fuzz_read_lists(struct str text)
{
	enum targets_status status;
	struct targets_file file;
	struct str list;

	fuzz_read_list(text, 0);
	targets_file_init(&file, text);
	while ((status = targets_file_next(&file, &list)) != TARGETS_END)
		if (status == TARGETS_ONE)
			fuzz_read_list(list,
			    TARGETS_MAILDIR | TARGETS_BAD_DOMAIN_IS_USER);
}

/* Formats. */

static void
fuzz_scan_format(struct str format, unsigned flags)
{
	struct format_piece piece, bad;
	struct format_scan scan;
	enum format_error error = FORMAT_OK;
	uint32_t next = 0;

	format_scan_init(&scan, format, flags);
	while (format_scan_next(&scan, &piece)) {
		assert(piece.offset >= next);
		assert(piece.kind == FORMAT_BAD || piece.text.len > 0);
		next = piece.offset + piece.text.len;
		assert(next <= format.len);
		assert(piece.text.ptr == format.ptr + piece.offset);
		if (piece.kind == FORMAT_BAD && error == FORMAT_OK)
			error = piece.error;
		if (piece.kind == FORMAT_BAD)
			assert(format_error_text(piece.error) != NULL);
		if (piece.kind == FORMAT_VALUE)
			assert(format_token_is_valid(piece.token, flags));
	}
	assert(format_check(format, flags, &bad) == error);
}

static void
fuzz_expand_format(struct str format, unsigned flags, struct mailaddr address)
{
	const struct format_values values = {
		.sender = address,
		.rcpt = address,
		.dest = address,
		.username = address.user,
		.directory = STR_LIT("/home/user"),
		.mda = format,
	};
	struct format_result result;
	enum format_error error;

	fuzz_scan_format(format, flags);
	error = format_expand(format, flags, '+', &values, &result);
	assert(error < FORMAT_ERROR_COUNT);
	if (error != FORMAT_OK)
		return;
	assert(result.len <= FORMAT_RESULT_MAX);
	assert(result.text[result.len] == '\0');
}

/* With the first recipient as every address. */
static void
fuzz_read_formats(const struct fuzz_world *world)
{
	static const unsigned flags[] = {
		FORMAT_NO_SLASH | FORMAT_STRICT,
		FORMAT_MODERN | FORMAT_NO_SLASH | FORMAT_STRICT,
		FORMAT_MODERN | FORMAT_WRAPPER,
		FORMAT_MODERN | FORMAT_NATIVE | FORMAT_NO_SLASH,
	};
	struct str rest = world->text, rcpt = STR_LIT(""), format;

	fuzz_find(world, "rcpt", STR_LIT(""), &rcpt);
	while (fuzz_next(&rest, "format", STR_LIT(""), &format))
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			fuzz_expand_format(format, flags[i],
			    mailaddr_split(rcpt));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, (uint32_t)size }, rcpt;
	struct fuzz_world world = { .is_decoded = false };

	if (size > FUZZ_SIZE_MAX)
		return 0;
	arena_init(&world.arena, NULL);
	world.semantics = fuzz_semantics(fuzz_cut(&rest, '\n'));
	world.text = rest;
	for (unsigned i = 0;
	     i < FUZZ_RCPTS_MAX && fuzz_next(&rest, "rcpt", STR_LIT(""), &rcpt);
	     i++)
		fuzz_expand(&world, rcpt);
	fuzz_read_lists(world.text);
	fuzz_read_formats(&world);
	arena_fini(&world.arena);
	return 0;
}
