/*
 * Tables of the rulesets in use, those that a ruleset only names and those
 * that are asked what it cannot answer.
 */
#include "runtime/lookup/lookup_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/lookup/embedded.h"

/* What to do where a table's file is not what the ruleset took in. */
#define LOOKUP_STALE \
	" has changed since the ruleset was compiled: compile it and reload"

/* Generations. */

void
lookup_drop_generation(struct lookup_generation *generation)
{
	if (generation->use == NULL)
		return;
	for (uint32_t i = 0; generation->tables != NULL &&
	     i < blob_table_count(&generation->use->blob);
	     i++)
		dyntable_close(generation->tables[i]);
	free(generation->tables);
	lookup_stop_programs(generation);
	ruleset_drop(generation->use);
	*generation = (struct lookup_generation){ .use = NULL };
}

struct lookup_generation *
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
	generation->programs = calloc((size_t)count + 1,
	    sizeof(struct tableproc *));
	generation->coming = calloc((size_t)count + 1,
	    sizeof(struct tableproc *));
	is_open = generation->tables != NULL && generation->programs != NULL &&
	    generation->coming != NULL;
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

struct lookup_generation *
lookup_find_name(struct lookup *lookup, struct str name, uint32_t *number_r)
{
	struct lookup_generation *newest = NULL;

	for (unsigned i = 0; i < LOOKUP_GENERATIONS && name.len > 0; i++) {
		struct lookup_generation *generation = &lookup->generations[i];
		uint32_t number = IR_NONE;

		if (generation->use != NULL && generation->order > 0)
			number = blob_find_table(&generation->use->blob, name);
		if (number == IR_NONE ||
		    (newest != NULL && newest->order > generation->order))
			continue;
		newest = generation;
		*number_r = number;
	}
	return newest;
}

/* Its place is that of the oldest. */
const char *
lookup_add_generation(struct lookup *lookup, struct ruleset_use *use)
{
	struct lookup_generation *oldest = &lookup->generations[0];
	struct lookup_generation generation = { .use = ruleset_hold(use) };

	for (unsigned i = 0; i < LOOKUP_GENERATIONS && oldest->use != NULL;
	     i++) {
		struct lookup_generation *other = &lookup->generations[i];

		if (other->use == NULL || other->order < oldest->order)
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

/* Of a table that is no program: the answer is there. */
static enum answer
lookup_ask_here(struct lookup_generation *generation, uint32_t number,
    enum service service, struct str key, struct str *value_r)
{
	const struct blob *blob = &generation->use->blob;
	struct dyntable *dyntable;
	struct blob_entry entry;
	struct ir_table table;
	enum answer answer;

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

bool
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

/* Programs. */

struct tableproc *
lookup_find_program(struct lookup *lookup, uint32_t generation_number,
    uint32_t number)
{
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    generation_number);

	return generation == NULL ||
		number >= blob_table_count(&generation->use->blob) ?
	    NULL :
	    generation->programs[number];
}

static void
lookup_on_program(void *arg, enum answer answer, struct str text)
{
	struct lookup_query *query = arg;

	if (!query->lookup->is_ending)
		query->done(query, answer, text);
	explicit_bzero(query, sizeof(*query));
	free(query);
}

void
lookup_ask_program(const struct lookup_query *query, struct tableproc *program,
    enum tableproto_op op, unsigned service, struct str key)
{
	struct lookup_query *copy = malloc(sizeof(*copy));

	if (copy == NULL) {
		query->done(query, ANSWER_FAILED, STR_LIT("out of memory"));
		return;
	}
	*copy = *query;
	tableproc_ask(program, op, service, key, lookup_on_program, copy);
}

static enum tableproto_op
lookup_op(enum service service)
{
	switch ((unsigned)service) {
	case SERVICE_STRING:
	case SERVICE_DOMAIN:
	case SERVICE_NETADDR:
	case SERVICE_MAILADDR:
	case SERVICE_REGEX:
		return TABLEPROTO_CHECK;
	default:
		return TABLEPROTO_LOOKUP;
	}
}

void
lookup_ask(const struct lookup_query *query, uint32_t generation_number,
    uint32_t number, enum service service, struct str key)
{
	struct lookup_generation *generation =
	    lookup_find_generation(query->lookup, generation_number);
	struct tableproc *program = lookup_find_program(query->lookup,
	    generation_number, number);
	enum answer answer = ANSWER_FAILED;
	struct str value = STR_LIT("");

	if (key.len > TABLEFILE_KEY_MAX || generation == NULL ||
	    number >= blob_table_count(&generation->use->blob)) {
		query->done(query, ANSWER_FAILED, value);
	} else if (program != NULL) {
		lookup_ask_program(query, program, lookup_op(service), service,
		    key);
	} else {
		answer = lookup_ask_here(generation, number, service, key,
		    &value);
		query->done(query, answer, value);
	}
}
