/*
 * The order of the checks.
 */
#include "compiler/check.h"

static void
check_rules(struct compilation *comp)
{
	const struct tree *tree = comp->tree;

	/* A rule that was lost to an error is there all the same. */
	if (tree->rule_count > 0 || tree->has_syntax_errors)
		return;
	diag_report(&comp->diags, CHECK_NO_RULES, (struct srcpos){ 0, 0 },
	    "%s has no rules: nothing would be accepted",
	    tree->main_file->path);
}

void
check_run(struct compilation *comp)
{
	check_rules(comp);
	check_spelling(comp);
	check_previews(comp);
	check_versions(comp);
	check_options(comp);
	check_settings(comp);
	check_values(comp);
	check_filters(comp);
	check_tables(comp);
	check_files(comp);
	check_entries(comp);
	check_effects(comp);
	check_relays(comp);
	check_commands(comp);
	check_tls(comp);
	check_macros(comp);
	check_unused(comp);
	check_style(comp);
	check_reach(comp);
}
