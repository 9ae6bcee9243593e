/*
 * The lookup process: look-ups in tables that the ruleset only names, users,
 * passwords, names of addresses, include files, addresses that were signed.
 * Answers every request; what it cannot find out is a failure for now and
 * never "no".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/account.h"
#include "runtime/base/log.h"
#include "runtime/base/rootdir.h"
#include "runtime/expand/srs.h"
#include "runtime/lookup/dyntable.h"
#include "runtime/lookup/embedded.h"
#include "runtime/lookup/password.h"
#include "runtime/lookup/rdns.h"
#include "runtime/proc/child.h"

enum {
	LOOKUP_GENERATIONS = 8,         /* older rulesets are forgotten */
	LOOKUP_INCLUDE_MAX = 64 * 1024, /* bytes */
	LOOKUP_DAY = 24 * 60 * 60,
};

/* What to do where a table's file is not what the ruleset took in. */
#define LOOKUP_STALE \
	" has changed since the ruleset was compiled: compile it and reload"

/* A ruleset, with the tables that it does not hold. */
struct lookup_generation {
	struct ruleset_use *use;
	struct dyntable **tables; /* by number; NULL: the blob's, or unused */
};

struct lookup {
	struct lookup_generation generations[LOOKUP_GENERATIONS];
	struct rdns *rdns;
	char error[DYNTABLE_ERROR_MAX + 64]; /* that READY tells */
};

/* Generations. */

static void
lookup_drop_generation(struct lookup_generation *generation)
{
	if (generation->use == NULL)
		return;
	for (uint32_t i = 0; generation->tables != NULL &&
	     i < blob_table_count(&generation->use->blob);
	     i++)
		dyntable_close(generation->tables[i]);
	free(generation->tables);
	ruleset_drop(generation->use);
	*generation = (struct lookup_generation){ .use = NULL };
}

static struct lookup_generation *
lookup_find_generation(struct lookup *lookup, uint32_t number)
{
	for (unsigned i = 0; i < LOOKUP_GENERATIONS; i++) {
		struct lookup_generation *generation = &lookup->generations[i];

		if (generation->use != NULL &&
		    generation->use->generation == number)
			return generation;
	}
	return NULL;
}

/* What must be read or opened before anybody asks. */
static bool
lookup_is_opened_at_once(const struct blob *blob, uint32_t number)
{
	struct ir_table table;

	blob_table(blob, number, &table);
	return table.kind == IR_TABLE_DB ||
	    (table.kind == IR_TABLE_FILE &&
		!blob_table_is_inline(blob, number));
}

/* False: lookup->error says why. */
static bool
lookup_open_tables(struct lookup *lookup, struct lookup_generation *generation)
{
	const struct blob *blob = &generation->use->blob;
	uint32_t count = blob_table_count(blob);
	char error[DYNTABLE_ERROR_MAX] = "out of memory";
	struct ir_table table = { .name = STR_LIT("") };
	bool is_open;

	generation->tables = calloc((size_t)count + 1,
	    sizeof(struct dyntable *));
	is_open = generation->tables != NULL;
	for (uint32_t i = 0; is_open && i < count; i++) {
		blob_table(blob, i, &table);
		if (lookup_is_opened_at_once(blob, i)) {
			generation->tables[i] = dyntable_open(blob, i, error);
			is_open = generation->tables[i] != NULL;
		} else if (embedded_is_stale(blob, i)) {
			log_warn("warn: table \"%.*s\": %.*s" LOOKUP_STALE,
			    STR_ARG(table.name), STR_ARG(table.config));
		}
	}
	if (!is_open)
		snprintf(lookup->error, sizeof(lookup->error),
		    "table \"%.*s\": %s", STR_ARG(table.name), error);
	return is_open;
}

/* Its place is that of the oldest. */
static const char *
lookup_add_generation(struct lookup *lookup, struct ruleset_use *use)
{
	struct lookup_generation *oldest = &lookup->generations[0];
	struct lookup_generation generation = { .use = ruleset_hold(use) };

	for (unsigned i = 0; i < LOOKUP_GENERATIONS && oldest->use != NULL;
	     i++) {
		struct lookup_generation *other = &lookup->generations[i];

		if (other->use == NULL ||
		    other->use->generation < oldest->use->generation)
			oldest = other;
	}
	if (!lookup_open_tables(lookup, &generation)) {
		lookup_drop_generation(&generation);
		return lookup->error;
	}
	lookup_drop_generation(oldest);
	*oldest = generation;
	return NULL;
}

/* Tables. */

/* The table's own, made when it is first needed; NULL: it failed. */
static struct dyntable *
lookup_open_table(struct lookup_generation *generation, uint32_t number)
{
	char error[DYNTABLE_ERROR_MAX];

	if (generation->tables[number] == NULL) {
		generation->tables[number] =
		    dyntable_open(&generation->use->blob, number, error);
		if (generation->tables[number] == NULL)
			log_warn("warn: %s", error);
	}
	return generation->tables[number];
}

static enum answer
lookup_ask(struct lookup *lookup, uint32_t generation_number, uint32_t number,
    enum service service, struct str key, struct str *value_r)
{
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    generation_number);
	const struct blob *blob;
	struct dyntable *dyntable;
	struct blob_entry entry;
	struct ir_table table;
	enum answer answer;

	*value_r = STR_LIT("");
	if (generation == NULL ||
	    number >= blob_table_count(&generation->use->blob))
		return ANSWER_FAILED;
	blob = &generation->use->blob;
	if (blob_can_look_up(blob, number, service)) {
		answer = blob_lookup(blob, number, service, key, &entry);
		if (answer == ANSWER_YES)
			*value_r = entry.value;
		return answer;
	}
	blob_table(blob, number, &table);
	if (table.kind != IR_TABLE_FILE && table.kind != IR_TABLE_DB &&
	    !blob_table_is_inline(blob, number))
		return ANSWER_FAILED;
	dyntable = lookup_open_table(generation, number);
	return dyntable == NULL ?
	    ANSWER_FAILED :
	    dyntable_lookup(dyntable, service, key, value_r);
}

/* Secrets are compared here and never handed out. */
static void
lookup_on_lookup(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	const struct message_lookup *request = &message->lookup;
	struct message answer = { .type = MESSAGE_LOOKUP_ANSWER, .fd = -1 };
	struct message_lookup_answer *said = &answer.lookup_answer;
	enum answer found = ANSWER_FAILED;

	if (request->service < SERVICE_COUNT &&
	    request->service != SERVICE_CREDENTIALS)
		found = lookup_ask(lookup, request->generation, request->table,
		    (enum service)request->service, request->key, &said->value);
	if (said->value.len > DYNTABLE_VALUE_MAX) {
		said->value = STR_LIT("");
		found = ANSWER_FAILED;
	}
	said->answer = (uint32_t)found;
	channel_reply(channel, message, &answer);
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

static enum answer
lookup_find_account(struct lookup *lookup,
    const struct message_userinfo *request, struct account *account)
{
	struct table_userinfo info;
	enum answer answer;
	struct str value;

	if (lookup_is_system_users(lookup, request->generation, request->table))
		return account_find(request->user, account);
	answer = lookup_ask(lookup, request->generation, request->table,
	    SERVICE_USERINFO, request->user, &value);
	if (answer != ANSWER_YES)
		return answer;
	if (!table_parse_userinfo(request->user, value, &info))
		return ANSWER_FAILED;
	return account_set(account, info.user, info.directory, info.uid,
	    info.gid);
}

static void
lookup_on_userinfo(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	struct message answer = { .type = MESSAGE_USERINFO_ANSWER, .fd = -1 };
	struct account account;
	enum answer found = lookup_find_account(lookup, &message->userinfo,
	    &account);

	answer.userinfo_answer = (struct message_userinfo_answer){
		.answer = (uint32_t)found,
		.user = STR_LIT(""),
		.home = STR_LIT(""),
	};
	if (found == ANSWER_YES)
		answer.userinfo_answer = (struct message_userinfo_answer){
			(uint32_t)found, str_from(account.name), account.uid,
			account.gid, str_from(account.home)
		};
	channel_reply(channel, message, &answer);
}

/* Passwords. */

/* In the same time whether the table knows the user or not. */
static enum answer
lookup_check_password(struct lookup *lookup,
    const struct message_credentials *request)
{
	char password[PASSWORD_MAX + 1], hash[TABLE_VALUE_MAX + 1];
	struct table_credentials credentials;
	enum answer found, answer;
	struct str value;

	if (!str_copy(request->password, password, sizeof(password)))
		return ANSWER_NO;
	found = lookup_ask(lookup, request->generation, request->table,
	    SERVICE_CREDENTIALS, request->user, &value);
	snprintf(hash, sizeof(hash), "%s", PASSWORD_NO_HASH);
	if (found == ANSWER_YES &&
	    (!table_parse_credentials(request->user, value, &credentials) ||
		!str_copy(credentials.secret, hash, sizeof(hash))))
		found = ANSWER_FAILED;
	answer = found == ANSWER_FAILED ? found :
					  password_compare(password, hash);
	explicit_bzero(password, sizeof(password));
	explicit_bzero(hash, sizeof(hash));
	return found == ANSWER_YES ? answer : found;
}

static void
lookup_on_credentials(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	struct message answer = {
		.type = MESSAGE_CREDENTIALS_ANSWER,
		.fd = -1,
		.credentials_answer = { (uint32_t)lookup_check_password(lookup,
		    &message->credentials) },
	};

	channel_reply(channel, message, &answer);
}

/* SRS, here since the keys are secrets. */

static enum answer
lookup_decode(struct lookup *lookup, const struct message_srs *request,
    struct srs_address *address)
{
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    request->generation);
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
	log_warn("warn: SRS failed to decode: %.*s", STR_ARG(request->address));
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

/* What a ruleset holds changes with it alone. */
static bool
lookup_update_table(struct lookup_generation *generation, uint32_t number,
    char error[DYNTABLE_ERROR_MAX])
{
	const struct blob *blob = &generation->use->blob;
	struct ir_table table;

	if (embedded_is_stale(blob, number)) {
		blob_table(blob, number, &table);
		snprintf(error, DYNTABLE_ERROR_MAX, "%.*s" LOOKUP_STALE,
		    STR_ARG(table.config));
		return false;
	}
	return generation->tables[number] == NULL ||
	    dyntable_update(generation->tables[number], error);
}

/* Of every ruleset that has it; false: one failed, or none has it. */
static bool
lookup_update(struct lookup *lookup, struct str name,
    char error[DYNTABLE_ERROR_MAX])
{
	bool is_known = false, is_updated = true;

	for (unsigned i = 0; i < LOOKUP_GENERATIONS; i++) {
		struct lookup_generation *generation = &lookup->generations[i];
		uint32_t number = IR_NONE;

		if (generation->use != NULL && name.len > 0)
			number = blob_find_table(&generation->use->blob, name);
		if (number == IR_NONE)
			continue;
		is_known = true;
		if (!lookup_update_table(generation, number, error))
			is_updated = false;
	}
	if (!is_known)
		snprintf(error, DYNTABLE_ERROR_MAX, "there is no such table");
	return is_known && is_updated;
}

static void
lookup_on_update(struct lookup *lookup, struct channel *channel,
    const struct message *message)
{
	struct message answer = { .type = MESSAGE_RESULT, .fd = -1 };
	char error[DYNTABLE_ERROR_MAX] = "", name[512];
	bool is_updated = lookup_update(lookup, message->update_table.table,
	    error);

	log_visible(message->update_table.table, false, name, sizeof(name));
	if (is_updated)
		log_info("info: Table \"%s\" successfully updated", name);
	else
		log_info("info: Failed to update table \"%s\": %s", name,
		    error);
	answer.result = (struct message_result){ is_updated, str_from(error) };
	channel_reply(channel, message, &answer);
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
	lookup->rdns = rdns_new(child->base);
	if (lookup->rdns == NULL)
		return "cannot set up the resolver";
	return lookup_add_generation(lookup, child->ruleset);
}

static const char *
lookup_use_ruleset(struct child *child, struct ruleset_use *use)
{
	struct lookup *lookup = child->box;

	if (lookup_find_generation(lookup, use->generation) != NULL)
		return NULL;
	return lookup_add_generation(lookup, use);
}

static void
lookup_fini(struct child *child)
{
	struct lookup *lookup = child->box;

	if (lookup == NULL)
		return;
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
