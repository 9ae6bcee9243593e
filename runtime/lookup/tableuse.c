/*
 * Listeners, actions, rules and filters, and the tables that they name.
 */
#include "runtime/lookup/tableuse.h"

#include "runtime/lookup/tableproto.h"

struct tableuse {
	const struct blob *blob;
	tableuse_fn *each;
	void *arg;
};

static void
tableuse_tell(const struct tableuse *use, uint32_t table, unsigned services)
{
	if (table != IR_NONE)
		use->each(use->arg, table, services);
}

static void
tableuse_listeners(const struct tableuse *use)
{
	for (uint32_t i = 0; i < blob_listener_count(use->blob); i++) {
		struct ir_listener listener;

		blob_listener(use->blob, i, &listener);
		tableuse_tell(use, listener.credentials,
		    1u << SERVICE_CREDENTIALS | 1u << TABLEPROTO_AUTH);
		tableuse_tell(use, listener.senders, 1u << SERVICE_MAILADDRMAP);
		tableuse_tell(use, listener.hostnames, 1u << SERVICE_ADDRNAME);
	}
}

static void
tableuse_relay(const struct tableuse *use, const struct ir_relay *relay)
{
	tableuse_tell(use, relay->hosts, 1u << SERVICE_RELAYHOST);
	tableuse_tell(use, relay->domains, 1u << SERVICE_RELAYHOST);
	tableuse_tell(use, relay->auth, 1u << SERVICE_CREDENTIALS);
	tableuse_tell(use, relay->helo_src, 1u << SERVICE_ADDRNAME);
	tableuse_tell(use, relay->src, 1u << TABLEPROTO_SOURCE);
}

static void
tableuse_actions(const struct tableuse *use)
{
	for (uint32_t i = 0; i < blob_action_count(use->blob); i++) {
		struct ir_action action;

		blob_action(use->blob, i, &action);
		if (action.method == IR_RELAY) {
			tableuse_relay(use, &action.relay);
			continue;
		}
		tableuse_tell(use, action.local.alias, 1u << SERVICE_ALIAS);
		tableuse_tell(use, action.local.virtual, 1u << SERVICE_ALIAS);
		tableuse_tell(use, action.local.userbase,
		    1u << SERVICE_USERINFO);
	}
}

/* A name that logs in is looked up as an address where it is one. */
static unsigned
tableuse_of_pred(const struct ruleset_pred *pred)
{
	if (pred->kind == PRED_AUTH && pred->service == SERVICE_STRING)
		return 1u << SERVICE_STRING | 1u << SERVICE_MAILADDR;
	return 1u << pred->service;
}

static void
tableuse_rules(const struct tableuse *use)
{
	for (uint32_t i = 0; i < blob_rule_count(use->blob); i++) {
		struct ruleset_rule rule;

		blob_rule(use->blob, i, &rule);
		for (uint32_t k = 0; k < rule.pred_count; k++) {
			struct ruleset_pred pred;

			blob_pred(use->blob, i, k, &pred);
			if (pred.table != RULESET_NO_TABLE)
				tableuse_tell(use, pred.table,
				    tableuse_of_pred(&pred));
		}
	}
}

static void
tableuse_filters(const struct tableuse *use)
{
	for (uint32_t i = 0; i < blob_filter_count(use->blob); i++) {
		struct ir_filter filter;

		blob_filter(use->blob, i, &filter);
		if (filter.kind == IR_FILTER_PHASE)
			tableuse_tell(use, filter.table, 1u << filter.service);
	}
}

void
tableuse_each(const struct blob *blob, tableuse_fn *each, void *arg)
{
	const struct tableuse use = { blob, each, arg };

	tableuse_listeners(&use);
	tableuse_actions(&use);
	tableuse_rules(&use);
	tableuse_filters(&use);
}
