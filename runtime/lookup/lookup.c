/*
 * The lookup process: look-ups in tables that the ruleset only names, users,
 * passwords, names of addresses, include files, addresses that were signed.
 * Answers every request; what it cannot find out is a failure for now and
 * never "no".
 */
#include "runtime/lookup/lookup_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/account.h"
#include "runtime/base/log.h"
#include "runtime/base/rootdir.h"
#include "runtime/expand/srs.h"

enum {
	LOOKUP_INCLUDE_MAX = 64 * 1024, /* bytes */
	LOOKUP_DAY = 24 * 60 * 60,
};

/* Requests. */

static struct lookup_query
lookup_query(struct lookup *lookup, struct channel *channel,
    const struct message *message, lookup_done_fn *done)
{
	struct lookup_query query = {
		.lookup = lookup,
		.channel = channel,
		.request = { .type = message->type, .number = message->number },
		.done = done,
	};

	return query;
}

/* Tables. */

static void
lookup_answer(const struct lookup_query *query, enum answer found,
    struct str value)
{
	struct message answer = { .type = MESSAGE_LOOKUP_ANSWER, .fd = -1 };

	if (value.len > DYNTABLE_VALUE_MAX)
		found = ANSWER_FAILED;
	answer.lookup_answer.answer = (uint32_t)found;
	answer.lookup_answer.value = found == ANSWER_YES ? value : STR_LIT("");
	channel_reply(query->channel, &query->request, &answer);
}

/* Secrets are compared here and never handed out. */
static void
lookup_on_lookup(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	const struct message_lookup *request = &message->lookup;
	struct lookup_query query = lookup_query(lookup, channel, message,
	    lookup_answer);

	if (request->service < SERVICE_COUNT &&
	    request->service != SERVICE_CREDENTIALS)
		lookup_ask(&query, request->generation, request->table,
		    (enum service)request->service, request->key);
	else
		lookup_answer(&query, ANSWER_FAILED, STR_LIT(""));
}

/* Users. */

static bool
lookup_is_system_users(struct lookup *lookup, uint32_t generation_number,
    uint32_t number)
{
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    generation_number);
	struct ir_table table;

	if (number == IR_NONE)
		return true;
	if (generation == NULL ||
	    number >= blob_table_count(&generation->use->blob))
		return false;
	blob_table(&generation->use->blob, number, &table);
	return table.kind == IR_TABLE_SYSTEM_USERS;
}

static void
lookup_answer_account(const struct lookup_query *query, enum answer found,
    const struct account *account)
{
	struct message answer = { .type = MESSAGE_USERINFO_ANSWER, .fd = -1 };

	answer.userinfo_answer = (struct message_userinfo_answer){
		.answer = (uint32_t)found,
		.user = STR_LIT(""),
		.home = STR_LIT(""),
	};
	if (found == ANSWER_YES)
		answer.userinfo_answer = (struct message_userinfo_answer){
			(uint32_t)found, str_from(account->name), account->uid,
			account->gid, str_from(account->home)
		};
	channel_reply(query->channel, &query->request, &answer);
}

static void
lookup_answer_userinfo(const struct lookup_query *query, enum answer found,
    struct str value)
{
	struct table_userinfo info;
	struct account account;

	if (found == ANSWER_YES) {
		found = ANSWER_FAILED;
		if (table_parse_userinfo(str_from(query->name), value, &info))
			found = account_set(&account, info.user, info.directory,
			    info.uid, info.gid);
	}
	lookup_answer_account(query, found, &account);
}

static void
lookup_on_userinfo(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	const struct message_userinfo *request = &message->userinfo;
	struct lookup_query query = lookup_query(lookup, channel, message,
	    lookup_answer_userinfo);
	struct account account;
	enum answer found = ANSWER_FAILED;

	if (lookup_is_system_users(lookup, request->generation,
		request->table)) {
		found = account_find(request->user, &account);
		lookup_answer_account(&query, found, &account);
	} else if (str_copy(request->user, query.name, sizeof(query.name))) {
		lookup_ask(&query, request->generation, request->table,
		    SERVICE_USERINFO, request->user);
	} else {
		lookup_answer_account(&query, ANSWER_FAILED, NULL);
	}
}

/* Passwords. */

static void
lookup_answer_password(const struct lookup_query *query, enum answer found,
    struct str value)
{
	struct message answer = {
		.type = MESSAGE_CREDENTIALS_ANSWER,
		.fd = -1,
		.credentials_answer = { (uint32_t)found },
	};

	(void)value;
	channel_reply(query->channel, &query->request, &answer);
}

/* In the same time whether the table knows the user or not. */
static void
lookup_answer_credentials(const struct lookup_query *query, enum answer found,
    struct str value)
{
	char hash[TABLE_VALUE_MAX + 1] = PASSWORD_NO_HASH;
	struct table_credentials credentials;
	enum answer answer;

	if (found == ANSWER_YES &&
	    (!table_parse_credentials(str_from(query->name), value,
		 &credentials) ||
		!str_copy(credentials.secret, hash, sizeof(hash))))
		found = ANSWER_FAILED;
	answer = found == ANSWER_FAILED ?
	    found :
	    password_compare(query->password, hash);
	explicit_bzero(hash, sizeof(hash));
	lookup_answer_password(query, found == ANSWER_YES ? answer : found,
	    STR_LIT(""));
}

/* A program that checks passwords itself; a name with a ":" is nobody's. */
static void
lookup_check_auth(const struct lookup_query *query, struct tableproc *program)
{
	char key[sizeof(query->name) + sizeof(query->password)];

	if (strchr(query->name, ':') != NULL) {
		lookup_answer_password(query, ANSWER_NO, STR_LIT(""));
		return;
	}
	snprintf(key, sizeof(key), "%s:%s", query->name, query->password);
	lookup_ask_program(query, program, TABLEPROTO_CHECK, TABLEPROTO_AUTH,
	    str_from(key));
	explicit_bzero(key, sizeof(key));
}

static void
lookup_on_credentials(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	const struct message_credentials *request = &message->credentials;
	struct lookup_query query = lookup_query(lookup, channel, message,
	    lookup_answer_password);
	struct tableproc *program = lookup_find_program(lookup,
	    request->generation, request->table);

	if (!str_copy(request->user, query.name, sizeof(query.name)) ||
	    !str_copy(request->password, query.password,
		sizeof(query.password))) {
		lookup_answer_password(&query, ANSWER_NO, STR_LIT(""));
	} else if (program != NULL &&
	    tableproc_has_service(program, TABLEPROTO_AUTH)) {
		lookup_check_auth(&query, program);
	} else {
		query.done = lookup_answer_credentials;
		lookup_ask(&query, request->generation, request->table,
		    SERVICE_CREDENTIALS, request->user);
	}
	explicit_bzero(&query, sizeof(query));
}

/* SRS, here since the keys are secrets. */

static enum answer
lookup_decode(struct lookup *lookup, const struct message_srs *request,
    struct srs_address *address)
{
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    request->generation);
	char visible[1024];
	struct ir_settings settings;
	struct srs srs;

	if (generation == NULL)
		return ANSWER_FAILED;
	blob_settings(&generation->use->blob, &settings);
	if (settings.srs_key.len == 0)
		return ANSWER_NO;
	srs = (struct srs){ settings.srs_key, settings.srs_key_backup,
		settings.srs_ttl / LOOKUP_DAY,
		(uint32_t)(time(NULL) / LOOKUP_DAY) };
	if (srs_decode(&srs, mailaddr_split(request->address), address))
		return ANSWER_YES;
	log_warn("warn: SRS failed to decode: %s",
	    log_visible(request->address, false, visible, sizeof(visible)));
	return ANSWER_NO;
}

static void
lookup_on_srs(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	struct message answer = { .type = MESSAGE_SRS_ANSWER, .fd = -1 };
	struct srs_address address;
	enum answer found = lookup_decode(lookup, &message->srs, &address);

	answer.srs_answer.answer = (uint32_t)found;
	answer.srs_answer.address = found == ANSWER_YES ?
	    str_from(address.text) :
	    STR_LIT("");
	channel_reply(channel, message, &answer);
}

/* Names of addresses. */

struct lookup_rdns {
	struct channel *channel;
	struct message request; /* its number */
};

static void
lookup_answer_rdns(struct channel *channel, const struct message *request,
    const char *name, enum answer fcrdns)
{
	struct message answer = {
		.type = MESSAGE_RDNS_ANSWER,
		.fd = -1,
		.rdns_answer = { str_from(name), (uint32_t)fcrdns },
	};

	channel_reply(channel, request, &answer);
}

static void
lookup_on_name(void *arg, const char *name, enum answer fcrdns)
{
	struct lookup_rdns *rdns = arg;

	lookup_answer_rdns(rdns->channel, &rdns->request, name, fcrdns);
	free(rdns);
}

static void
lookup_on_rdns(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	struct lookup_rdns *rdns = calloc(1, sizeof(*rdns));
	struct netaddr address;

	if (rdns == NULL ||
	    netaddr_parse_host(message->rdns.address,
		NETADDR_BRACKETS | NETADDR_TAG, &address, NULL) != NETADDR_OK) {
		free(rdns);
		lookup_answer_rdns(channel, message, "", ANSWER_FAILED);
		return;
	}
	rdns->channel = channel;
	rdns->request.type = message->type;
	rdns->request.number = message->number;
	rdns_find(lookup->rdns, &address, lookup_on_name, rdns);
}

/* Files and updates. */

static void
lookup_on_include(struct channel *channel, const struct message *message)
{
	struct message answer = { .type = MESSAGE_INCLUDE_ANSWER, .fd = -1 };
	char path[1024], visible[4 * sizeof(path)];
	struct rootdir_text text = { .text = NULL };
	struct rootdir root;
	int failed = -ENAMETOOLONG;

	rootdir_init(&root, NULL);
	if (str_copy(message->include.path, path, sizeof(path)))
		failed = rootdir_read_file(&root, path, LOOKUP_INCLUDE_MAX,
		    &text);
	if (failed != 0)
		log_warn("warn: failed to open include file \"%s\": %s",
		    log_visible(message->include.path, false, visible,
			sizeof(visible)),
		    rootdir_error_text(failed));
	else
		answer.include_answer = (struct message_include_answer){ true,
			{ text.text, (uint32_t)text.len } };
	channel_reply(channel, message, &answer);
	if (failed == 0)
		rootdir_text_fini(&text);
}

static void
lookup_answer_update(const struct lookup_query *query, enum answer updated,
    struct str why)
{
	struct message answer = { .type = MESSAGE_RESULT, .fd = -1 };
	bool is_updated = updated == ANSWER_YES;
	char name[512], error[DYNTABLE_ERROR_MAX];

	log_visible(str_from(query->name), false, name, sizeof(name));
	log_visible(why, false, error, sizeof(error));
	if (is_updated)
		log_info("info: Table \"%s\" successfully updated", name);
	else
		log_info("info: Failed to update table \"%s\": %s", name,
		    error);
	answer.result.is_ok = is_updated;
	answer.result.error = str_from(is_updated ? "" : error);
	channel_reply(query->channel, &query->request, &answer);
}

/* In every ruleset that has it; false: one failed. */
static bool
lookup_update(struct lookup *lookup, struct str name,
    char error[DYNTABLE_ERROR_MAX])
{
	bool is_updated = true;

	for (unsigned i = 0; i < LOOKUP_GENERATIONS; i++) {
		struct lookup_generation *generation = &lookup->generations[i];
		uint32_t number = IR_NONE;

		if (generation->use != NULL)
			number = blob_find_table(&generation->use->blob, name);
		if (number != IR_NONE &&
		    !lookup_update_table(generation, number, error))
			is_updated = false;
	}
	return is_updated;
}

static void
lookup_on_update(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	struct lookup_query query = lookup_query(lookup, channel, message,
	    lookup_answer_update);
	struct str name = message->update_table.table;
	struct lookup_generation *newest;
	char error[DYNTABLE_ERROR_MAX] = "";
	uint32_t number = 0;
	bool is_updated;

	newest = lookup_find_name(lookup, name, &number);
	if (!str_copy(name, query.name, sizeof(query.name)) || newest == NULL) {
		lookup_answer_update(&query, ANSWER_FAILED,
		    STR_LIT("there is no such table"));
	} else if (newest->programs[number] != NULL) {
		lookup_ask_program(&query, newest->programs[number],
		    TABLEPROTO_UPDATE, 0, STR_LIT(""));
	} else {
		is_updated = lookup_update(lookup, name, error);
		lookup_answer_update(&query,
		    is_updated ? ANSWER_YES : ANSWER_FAILED, str_from(error));
	}
}

/* The process. */

static void
lookup_on_message(void *arg, struct channel *channel, struct message *message)
{
	struct child *child = arg;
	struct lookup *lookup = child->box;

	/* Nothing that is asked here comes with one. */
	if (message->fd != -1)
		close(message->fd);
	switch ((unsigned)message->type) {
	case MESSAGE_LOOKUP:
		lookup_on_lookup(lookup, channel, message);
		break;
	case MESSAGE_USERINFO:
		lookup_on_userinfo(lookup, channel, message);
		break;
	case MESSAGE_CREDENTIALS:
		lookup_on_credentials(lookup, channel, message);
		break;
	case MESSAGE_RDNS:
		lookup_on_rdns(lookup, channel, message);
		break;
	case MESSAGE_INCLUDE:
		lookup_on_include(channel, message);
		break;
	case MESSAGE_SRS:
		lookup_on_srs(lookup, channel, message);
		break;
	case MESSAGE_UPDATE_TABLE:
		lookup_on_update(lookup, channel, message);
		break;
	default:
		child_fail(child, "lookup: unexpected message");
		break;
	}
}

/* As root, so that it reads what others may not. */
static const char *
lookup_init(struct child *child)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	child->box = lookup;
	if (lookup == NULL)
		return "out of memory";
	lookup->child = child;
	lookup->rdns = rdns_new(child->base);
	if (lookup->rdns == NULL)
		return "cannot set up the resolver";
	return lookup_add_generation(lookup, child->ruleset);
}

/* One that was in use before comes again when others refuse the next. */
static const char *
lookup_use_ruleset(struct child *child, struct ruleset_use *use)
{
	struct lookup *lookup = child->box;
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    use->generation);
	const char *error;

	if (generation == NULL) {
		error = lookup_add_generation(lookup, use);
		if (error != NULL)
			return error;
		generation = lookup_find_generation(lookup, use->generation);
	}
	return lookup_start_programs(lookup, generation);
}

static void
lookup_fini(struct child *child)
{
	struct lookup *lookup = child->box;

	if (lookup == NULL)
		return;
	lookup->is_ending = true;
	for (unsigned i = 0; i < LOOKUP_GENERATIONS; i++)
		lookup_drop_generation(&lookup->generations[i]);
	rdns_free(lookup->rdns);
	free(lookup);
}

const struct child_ops lookup_ops = {
	.kind = PROC_LOOKUP,
	.init = lookup_init,
	.use_ruleset = lookup_use_ruleset,
	.on_message = lookup_on_message,
	.fini = lookup_fini,
};
