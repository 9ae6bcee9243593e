/*
 * Uses all that a reader can ask of a blob, whatever it holds: what a
 * sanitizer has to complain about, it finds here. Shared by the fuzz harness
 * and by the tests of hostile blobs.
 */
#ifndef RUNTIME_RULESET_FUZZ_EXERCISE_H
#define RUNTIME_RULESET_FUZZ_EXERCISE_H

#include "runtime/ruleset/blob.h"

enum {
	EXERCISE_RECORDS = 64, /* of each kind at most */
	EXERCISE_LOOKUPS = 64, /* that a decision waits for */
};

/* Reads every byte; returned so that nothing is left out. */
static inline unsigned
exercise_text(struct str text)
{
	unsigned sum = 0;

	for (uint32_t i = 0; i <= text.len; i++)
		sum += (unsigned char)text.ptr[i];
	return sum;
}

static inline unsigned
exercise_place(const struct blob *blob, struct srcpos pos)
{
	struct blob_place place;

	return blob_locate(blob, pos, &place) ? exercise_text(place.path) : 0;
}

static inline uint32_t
exercise_count(uint32_t count)
{
	return count < EXERCISE_RECORDS ? count : EXERCISE_RECORDS;
}

static inline unsigned
exercise_listeners(const struct blob *blob)
{
	struct ir_listener listener;
	unsigned sum = 0;

	for (uint32_t i = 0; i < exercise_count(blob_listener_count(blob));
	     i++) {
		blob_listener(blob, i, &listener);
		sum += exercise_text(listener.address) +
		    exercise_text(listener.hostname) +
		    exercise_place(blob, listener.pos);
		for (uint32_t j = 0; j < exercise_count(listener.pki_count);
		     j++)
			sum += exercise_text(blob_listener_pki(blob, i, j));
	}
	return sum;
}

static inline unsigned
exercise_filters(const struct blob *blob)
{
	struct ir_filter filter;
	struct ir_proc proc;
	unsigned sum = 0;

	for (uint32_t i = 0; i < exercise_count(blob_filter_count(blob)); i++) {
		blob_filter(blob, i, &filter);
		sum += exercise_text(filter.text);
		for (uint32_t j = 0; j < exercise_count(filter.member_count);
		     j++)
			sum += blob_filter_member(blob, i, j);
		if (filter.proc == IR_NONE)
			continue;
		blob_proc(blob, filter.proc, &proc);
		sum += exercise_text(proc.command);
	}
	return sum;
}

static inline unsigned
exercise_actions(const struct blob *blob)
{
	struct ir_action action;
	struct ir_wrapper wrapper;
	unsigned sum = 0;

	for (uint32_t i = 0; i < exercise_count(blob_action_count(blob)); i++) {
		blob_action(blob, i, &action);
		sum += exercise_text(action.name) +
		    exercise_text(action.local.argument) +
		    exercise_text(action.relay.helo) +
		    exercise_place(blob, action.pos);
		if (action.local.wrapper == IR_NONE)
			continue;
		blob_wrapper(blob, action.local.wrapper, &wrapper);
		sum += exercise_text(wrapper.command);
	}
	return sum;
}

static inline unsigned
exercise_settings(const struct blob *blob)
{
	struct ir_domain_limits limits;
	struct ir_settings settings;
	struct ir_pki pki;
	struct ir_ca ca;
	unsigned sum;

	blob_settings(blob, &settings);
	sum = exercise_text(settings.queue_key) +
	    exercise_text(settings.srs_key) +
	    settings.bounce_delays[settings.bounce_delay_count % 4];
	for (uint32_t i = 0; i < exercise_count(blob_domain_limit_count(blob));
	     i++) {
		blob_domain_limits(blob, i, &limits);
		sum += exercise_text(limits.domain);
	}
	for (uint32_t i = 0; i < exercise_count(blob_pki_count(blob)); i++) {
		blob_pki(blob, i, &pki);
		sum += exercise_text(pki.key);
	}
	for (uint32_t i = 0; i < exercise_count(blob_ca_count(blob)); i++) {
		blob_ca(blob, i, &ca);
		sum += exercise_text(ca.cert);
	}
	return sum;
}

static inline unsigned
exercise_table(const struct blob *blob, uint32_t number)
{
	static const char *const keys[] = { "", "a.example", "x.a.example",
		"192.0.2.1", "2001:db8::1", "bob@a.example", "bob+x@a.example",
		"local", "@", "relay" };
	struct ir_table table;
	struct blob_entry entry;
	unsigned sum = 0;

	blob_table(blob, number, &table);
	sum += exercise_text(table.name) + exercise_text(table.config) +
	    exercise_text(blob_table_digest(blob, number)) +
	    exercise_place(blob, table.pos);
	for (uint32_t i = 0; i < exercise_count(table.entry_count); i++) {
		blob_entry(blob, number, i, &entry);
		sum += exercise_text(entry.key) + exercise_text(entry.value);
	}
	for (unsigned service = 0; service < SERVICE_COUNT; service++)
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (blob_lookup(blob, number, (enum service)service,
				str_from(keys[i]), &entry) == ANSWER_YES)
				sum += exercise_text(entry.value);
	return sum;
}

static inline unsigned
exercise_rules(const struct blob *blob)
{
	struct ruleset_rule rule;
	struct ruleset_pred pred;
	struct srcpos pos;
	unsigned sum = 0;

	for (uint32_t i = 0; i < exercise_count(blob_rule_count(blob)); i++) {
		blob_rule(blob, i, &rule);
		blob_rule_pos(blob, i, &pos);
		sum += exercise_place(blob, pos);
		for (uint32_t j = 0; j < exercise_count(rule.pred_count); j++) {
			blob_pred(blob, i, j, &pred);
			sum += exercise_text(pred.text);
		}
	}
	return sum;
}

/* Facts of the host, which change with what is asked. */
static inline bool
exercise_is_local(void *arg, struct str text)
{
	(void)arg;
	return (exercise_text(text) & 1) != 0;
}

static inline unsigned
exercise_decide(const struct blob *blob, const struct ruleset_envelope *e)
{
	const struct ruleset_callbacks callbacks = {
		.is_local_address = exercise_is_local,
		.is_local_name = exercise_is_local,
	};
	struct blob_decision decision;
	unsigned asked = 0;

	blob_decision_init(&decision, blob, e, &callbacks);
	while (!blob_decision_run(&decision) && asked++ < EXERCISE_LOOKUPS)
		blob_decision_answer(&decision,
		    (exercise_text(decision.key) + asked) % 3 == 0 ?
			ANSWER_YES :
			ANSWER_NO);
	return asked < EXERCISE_LOOKUPS ? decision.result.rule : 0;
}

static inline unsigned
exercise_decisions(const struct blob *blob)
{
	static const char *const peers[] = { "192.0.2.7", "10.1.2.3",
		"2001:db8::5", "" };
	static const char *const names[] = { "a.example", "x.b.example",
		"mail.other.example", "" };
	static const char *const users[] = { "bob", "bob+tag",
		"alice@a.example", "" };
	unsigned sum = 0;

	for (unsigned i = 0; i < 256; i++) {
		struct ruleset_envelope e = {
			.tag = str_from(i & 1 ? "EXT" : ""),
			.is_socket = i % 11 == 0,
			.peer = str_from(peers[i % 4]),
			.rdns = str_from(names[i / 4 % 4]),
			.helo = str_from(names[i / 2 % 4]),
			.is_tls = i & 2,
			.is_authenticated = i & 4,
			.username = str_from(users[i / 8 % 4]),
			.is_internal = i % 13 == 0,
		};

		e.sender = (struct mailaddr){ str_from(users[i / 16 % 2]),
			str_from(names[i / 16 % 4]) };
		e.dest = (struct mailaddr){ str_from(users[i / 64 % 2]),
			str_from(names[i / 64 % 4]) };
		sum += exercise_decide(blob, &e);
	}
	return sum;
}

static inline unsigned
exercise_blob(const struct blob *blob)
{
	unsigned sum = exercise_settings(blob) + exercise_listeners(blob) +
	    exercise_filters(blob) + exercise_actions(blob) +
	    exercise_rules(blob) + exercise_decisions(blob);

	for (uint32_t i = 0; i < exercise_count(blob_table_count(blob)); i++)
		sum += exercise_table(blob, i);
	return sum + blob_find_action(blob, STR_LIT("out")) +
	    blob_find_table(blob, STR_LIT("creds"));
}

#endif
