/*
 * What the parent itself reads of a ruleset: whether this version can do all
 * that it asks for, and the key of the queue.
 */
#include "runtime/proc/parent_private.h"

#include <stdio.h>
#include <unistd.h>

#include "runtime/base/log.h"

enum { PARENT_KEY_SIZE = 32 };

static bool
parent_has_filter(const struct blob *blob)
{
	for (uint32_t i = 0; i < blob_listener_count(blob); i++) {
		struct ir_listener listener;

		blob_listener(blob, i, &listener);
		if (listener.filter != IR_NONE || listener.refuses_all)
			return true;
	}
	for (uint32_t i = 0; i < blob_action_count(blob); i++) {
		struct ir_action action;

		blob_action(blob, i, &action);
		if (action.method == IR_RELAY && action.relay.filter != IR_NONE)
			return true;
	}
	return false;
}

/* They tune queues between processes that are not there. */
static void
parent_warn_of_limits(const struct blob *blob)
{
	static const struct {
		const char *word;
		int64_t fallback;
	} limits[IR_LIMITS] = {
#define LIMIT(group, id, word, fallback) { #group " limit " word, fallback },
#include "runtime/ruleset/limits.def"
#undef LIMIT
	};
	static const enum ir_limit idle[] = { IR_LIMIT_MDA_TASK_HIWAT,
		IR_LIMIT_MDA_TASK_LOWAT, IR_LIMIT_MDA_TASK_RELEASE,
		IR_LIMIT_SCHEDULER_MAX_EVP_BATCH_SIZE,
		IR_LIMIT_SCHEDULER_MAX_MSG_BATCH_SIZE,
		IR_LIMIT_SCHEDULER_MAX_SCHEDULE };
	struct ir_settings settings;

	blob_settings(blob, &settings);
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (settings.limits.values[idle[i]] != limits[idle[i]].fallback)
			log_warn("warn: %s has no effect: remove it "
				 "[limit-without-effect]",
			    limits[idle[i]].word);
}

/* Once a ruleset, for the first action that it is true of. */
static void
parent_warn_of_relays(const struct blob *blob)
{
	for (uint32_t i = 0; i < blob_action_count(blob); i++) {
		struct ir_action action;

		blob_action(blob, i, &action);
		if (action.method != IR_RELAY)
			continue;
		log_warn("warn: action \"%.*s\" relays, which is not there "
			 "yet: its mail is taken, stored and held",
		    STR_ARG(action.name));
		return;
	}
}

bool
parent_ruleset_check(const struct blob *blob, char *error, size_t room)
{
	if (parent_has_filter(blob)) {
		snprintf(error, room,
		    "filters cannot be run yet: remove \"filter\" from "
		    "listeners and actions [filter-not-supported]");
		return false;
	}
	if (!parent_check_programs(blob, error, room))
		return false;
	parent_warn_of_limits(blob);
	parent_warn_of_relays(blob);
	return true;
}

/* A line of standard input, or what somebody types. */
static bool
parent_ask_key(struct parent *parent, bool is_stdin)
{
	const char *typed;

	if (!is_stdin) {
		typed = getpass("queue key: ");
		if (typed != NULL)
			snprintf(parent->queue_key, sizeof(parent->queue_key),
			    "%s", typed);
		return typed != NULL;
	}
	if (fgets(parent->queue_key, sizeof(parent->queue_key), stdin) == NULL)
		return false;
	parent->queue_key[strcspn(parent->queue_key, "\r\n")] = '\0';
	return true;
}

bool
parent_find_key(struct parent *parent, char *error, size_t room)
{
	struct ir_settings settings;

	blob_settings(&parent->reload.ruleset.use->blob, &settings);
	if (!settings.queue_encryption)
		return true;
	if (settings.queue_key.len == 0 ||
	    str_is(settings.queue_key, "stdin")) {
		if (!parent_ask_key(parent, settings.queue_key.len > 0)) {
			snprintf(error, room, "no queue key was given");
			return false;
		}
	} else {
		snprintf(parent->queue_key, sizeof(parent->queue_key), "%.*s",
		    STR_ARG(settings.queue_key));
	}
	if (strlen(parent->queue_key) == PARENT_KEY_SIZE)
		return true;
	snprintf(error, room, "the queue key has %zu bytes, not %d",
	    strlen(parent->queue_key), PARENT_KEY_SIZE);
	return false;
}
