/*
 * Versions to flags, and actions to the rules of an expansion.
 */
#include "runtime/expand/semantics.h"

void
semantics_of_target(const struct target *target, char delimiter,
    struct expand_semantics *semantics_r)
{
	unsigned version = target->version;
	bool is_legacy = target->dialect == DIALECT_LEGACY;

	*semantics_r = (struct expand_semantics){
		.delimiter = delimiter,
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

void
semantics_of_action(const struct ir_action *action, struct expand_rule *rule)
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
