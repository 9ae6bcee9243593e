/*
 * From the reader's records to the IR, and from places to a source map: for
 * each file that the config had, a text in which all that has a place stands
 * there.
 */
#include "compiler/blob_ir.h"

#include <stdio.h>
#include <stdlib.h>

#include "compiler/blob_ir_text.h"

struct blob_ir {
	const struct blob *blob;
	struct arena *arena;
	struct ir *ir;
	struct blob_ir_text text;
};

/* An array of count records that one function of the reader fills. */
#define BLOB_IR_READ(from, type, what, array, total) \
	do { \
		uint32_t read_count = blob_##what##_count((from)->blob); \
		struct type *read = arena_alloc((from)->arena, \
		    read_count * sizeof(*read)); \
\
		for (uint32_t i = 0; i < read_count; i++) { \
			blob_##what((from)->blob, i, &read[i]); \
			blob_ir_text_place(&(from)->text, &read[i].pos); \
		} \
		(from)->ir->array = read; \
		(from)->ir->total = read_count; \
	} while (0)

/* Tables. */

static void
blob_ir_entries(struct blob_ir *from, uint32_t n, struct ir_table *table)
{
	struct ir_entry *entries = arena_alloc(from->arena,
	    table->entry_count * sizeof(*entries));
	struct blob_entry entry;

	for (uint32_t i = 0; i < table->entry_count; i++) {
		blob_entry(from->blob, n, i, &entry);
		entries[i].key = entry.key;
		entries[i].value = entry.value;
	}
	table->entries = entries;
}

static void
blob_ir_tables(struct blob_ir *from)
{
	uint32_t count = blob_table_count(from->blob);
	struct ir_table *tables = arena_alloc(from->arena,
	    count * sizeof(*tables));

	for (uint32_t i = 0; i < count; i++) {
		blob_table(from->blob, i, &tables[i]);
		if (blob_table_is_inline(from->blob, i))
			blob_ir_entries(from, i, &tables[i]);
		blob_ir_text_place(&from->text, &tables[i].pos);
	}
	from->ir->tables = tables;
	from->ir->table_count = count;
}

/* Listeners, filters. */

static void
blob_ir_listeners(struct blob_ir *from)
{
	uint32_t count = blob_listener_count(from->blob);
	struct ir_listener *listeners = arena_alloc(from->arena,
	    count * sizeof(*listeners));

	for (uint32_t i = 0; i < count; i++) {
		struct ir_listener *listener = &listeners[i];
		struct str *pkis;

		blob_listener(from->blob, i, listener);
		pkis = arena_alloc(from->arena,
		    listener->pki_count * sizeof(*pkis));
		for (uint32_t j = 0; j < listener->pki_count; j++)
			pkis[j] = blob_listener_pki(from->blob, i, j);
		listener->pkis = pkis;
		blob_ir_text_listener(&from->text, listener);
	}
	from->ir->listeners = listeners;
	from->ir->listener_count = count;
}

static void
blob_ir_filters(struct blob_ir *from)
{
	uint32_t count = blob_filter_count(from->blob);
	struct ir_filter *filters = arena_alloc(from->arena,
	    count * sizeof(*filters));

	for (uint32_t i = 0; i < count; i++) {
		struct ir_filter *filter = &filters[i];
		uint32_t *members;

		blob_filter(from->blob, i, filter);
		members = arena_alloc(from->arena,
		    filter->member_count * sizeof(*members));
		for (uint32_t j = 0; j < filter->member_count; j++)
			members[j] = blob_filter_member(from->blob, i, j);
		filter->members = members;
		blob_ir_text_place(&from->text, &filter->pos);
	}
	from->ir->filters = filters;
	from->ir->filter_count = count;
}

static void
blob_ir_domain_limits(struct blob_ir *from)
{
	uint32_t count = blob_domain_limit_count(from->blob);
	struct ir_domain_limits *limits = arena_alloc(from->arena,
	    count * sizeof(*limits));

	for (uint32_t i = 0; i < count; i++)
		blob_domain_limits(from->blob, i, &limits[i]);
	from->ir->domain_limits = limits;
	from->ir->domain_limit_count = count;
}

/* Rules. */

static void
blob_ir_rule(struct blob_ir *from, uint32_t n, struct ruleset_rule *rule,
    struct ir_rule *source)
{
	struct ruleset_pred *preds;
	struct clause *clauses, **refs;
	struct stmt *stmt = ARENA_NEW(from->arena, struct stmt);

	blob_rule(from->blob, n, rule);
	blob_rule_pos(from->blob, n, &stmt->pos);
	preds = arena_alloc(from->arena, rule->pred_count * sizeof(*preds));
	clauses = arena_alloc(from->arena, rule->pred_count * sizeof(*clauses));
	refs = arena_alloc(from->arena, rule->pred_count * sizeof(*refs));
	for (uint32_t i = 0; i < rule->pred_count; i++) {
		blob_pred(from->blob, n, i, &preds[i]);
		refs[i] = &clauses[i];
	}
	rule->preds = preds;
	source->stmt = stmt;
	source->clauses = (const struct clause *const *)refs;
	blob_ir_text_rule(&from->text, rule, stmt, clauses);
}

static void
blob_ir_rules(struct blob_ir *from)
{
	uint32_t count = blob_rule_count(from->blob);
	struct ruleset_rule *rules = arena_alloc(from->arena,
	    count * sizeof(*rules));
	struct ir_rule *sources = arena_alloc(from->arena,
	    count * sizeof(*sources));

	/* Rules are printed: by now it is known what of them is secret. */
	dump_redact_init(&from->text.conf.redact, from->arena, from->ir, false);
	for (uint32_t i = 0; i < count; i++)
		blob_ir_rule(from, i, &rules[i], &sources[i]);
	from->ir->ruleset = (struct ruleset){ rules, count };
	from->ir->rules = sources;
}

/* From outside. */

static void
blob_ir_read(struct blob_ir *from)
{
	blob_target(from->blob, &from->ir->target);
	blob_settings(from->blob, &from->ir->settings);
	blob_ir_domain_limits(from);
	blob_ir_tables(from);
	blob_ir_listeners(from);
	BLOB_IR_READ(from, ir_pki, pki, pkis, pki_count);
	BLOB_IR_READ(from, ir_ca, ca, cas, ca_count);
	BLOB_IR_READ(from, ir_wrapper, wrapper, wrappers, wrapper_count);
	BLOB_IR_READ(from, ir_proc, proc, procs, proc_count);
	blob_ir_filters(from);
	BLOB_IR_READ(from, ir_action, action, actions, action_count);
	blob_ir_rules(from);
}

bool
blob_ir_open(struct compilation *comp, const char **why_r)
{
	struct blob *blob = ARENA_NEW(&comp->arena, struct blob);
	struct blob_ir from = {
		.blob = blob,
		.arena = &comp->arena,
		.ir = ARENA_NEW(&comp->arena, struct ir),
	};
	char *buf = arena_bytes(&comp->arena, BLOB_ERROR_SIZE);
	int error = blob_open(blob, comp->image.text, comp->image.len, 0);

	if (error != BLOB_OK) {
		*why_r = blob_error_text(blob, error, buf, BLOB_ERROR_SIZE);
		return false;
	}
	blob_ir_text_init(&from.text, comp, blob, from.ir);
	blob_ir_read(&from);
	blob_ir_text_finish(&from.text);
	comp->ir = from.ir;
	comp->blob = blob;
	return true;
}
