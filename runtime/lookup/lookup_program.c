/*
 * The table programs of a ruleset. All of them are started when it comes,
 * and it comes into use when all have registered what it uses them for. Then
 * those of the rulesets before end: a session that began with one of these
 * goes on with the new program of the same source, if there is one.
 */
#include "runtime/lookup/lookup_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/lookup/tableuse.h"

/* What a program is known by to the parent. */
struct lookup_program {
	struct lookup *lookup;
	struct tableproc *proc;
	uint32_t id;
	uint32_t generation;
	uint32_t table;
	uint32_t asked; /* TABLE_OPEN that is not answered; 0: none */
};

/* Its services. */

struct lookup_check {
	const struct lookup_generation *generation;
	char *error;
	size_t room;
	bool is_wrong;
};

static void
lookup_check_use(void *arg, uint32_t number, unsigned services)
{
	struct lookup_check *check = arg;
	const struct tableproc *proc = check->generation->coming[number];
	char wanted[64], registered[256];
	struct ir_table table;

	if (proc == NULL || check->is_wrong ||
	    (services & tableproc_services(proc)) != 0)
		return;
	check->is_wrong = true;
	blob_table(&check->generation->use->blob, number, &table);
	snprintf(check->error, check->room,
	    "table \"%.*s\" may not be used for %s lookups: %s registers %s",
	    STR_ARG(table.name),
	    tableproto_service_names(services, " or ", wanted, sizeof(wanted)),
	    tableproc_program(proc),
	    tableproto_service_names(tableproc_services(proc), ", ", registered,
		sizeof(registered)));
}

/* NULL: they have what the ruleset asks them for. */
static const char *
lookup_check_services(struct lookup *lookup,
    const struct lookup_generation *generation)
{
	struct lookup_check check = { generation, lookup->error,
		sizeof(lookup->error), false };

	tableuse_each(&generation->use->blob, lookup_check_use, &check);
	return check.is_wrong ? lookup->error : NULL;
}

/* In the place of those before. */

static bool
lookup_is_same_source(const struct blob *a, uint32_t number_a,
    const struct blob *b, uint32_t number_b)
{
	struct ir_table table_a, table_b;

	blob_table(a, number_a, &table_a);
	blob_table(b, number_b, &table_b);
	return str_eq(table_a.name, table_b.name) &&
	    str_eq(table_a.backend, table_b.backend) &&
	    str_eq(table_a.config, table_b.config);
}

/* proc is dropped. */
static void
lookup_give_way(struct tableproc *proc, struct tableproc *to)
{
	tableproc_move(proc, to);
	tableproc_drop(proc);
}

static void
lookup_replace_program(struct lookup_generation *old, uint32_t number,
    struct lookup_generation *generation)
{
	const struct blob *blob = &generation->use->blob;
	struct tableproc *proc = old->programs[number];

	for (uint32_t i = 0; i < blob_table_count(blob); i++) {
		if (generation->programs[i] == NULL ||
		    !lookup_is_same_source(&old->use->blob, number, blob, i))
			continue;
		old->programs[number] = tableproc_hold(generation->programs[i]);
		lookup_give_way(proc, generation->programs[i]);
		return;
	}
	tableproc_retire(proc, LOOKUP_RETIRE_SECONDS);
}

/*
 * From here on the generation is in use. Its own first: it may have been so
 * before, and come again.
 */
static void
lookup_replace_programs(struct lookup *lookup,
    struct lookup_generation *generation)
{
	generation->order = ++lookup->orders;
	for (uint32_t k = 0; k < blob_table_count(&generation->use->blob);
	     k++) {
		struct tableproc *before = generation->programs[k];

		generation->programs[k] = generation->coming[k];
		generation->coming[k] = NULL;
		if (before != NULL)
			lookup_give_way(before, generation->programs[k]);
	}
	for (unsigned i = 0; i < LOOKUP_GENERATIONS; i++) {
		struct lookup_generation *old = &lookup->generations[i];

		if (old->use == NULL || old == generation)
			continue;
		for (uint32_t k = 0; k < blob_table_count(&old->use->blob); k++)
			if (old->programs[k] != NULL)
				lookup_replace_program(old, k, generation);
	}
}

/* Ends. */

static void
lookup_drop_programs(const struct lookup_generation *generation,
    struct tableproc **programs)
{
	for (uint32_t i = 0;
	     programs != NULL && i < blob_table_count(&generation->use->blob);
	     i++) {
		tableproc_drop(programs[i]);
		programs[i] = NULL;
	}
}

/* They cannot come; a generation that never was in use goes with them. */
static void
lookup_forget_programs(struct lookup_generation *generation)
{
	bool was_in_use = false;

	for (uint32_t i = 0; i < blob_table_count(&generation->use->blob); i++)
		was_in_use |= generation->programs[i] != NULL;
	lookup_drop_programs(generation, generation->coming);
	if (!was_in_use)
		lookup_drop_generation(generation);
}

void
lookup_stop_programs(struct lookup_generation *generation)
{
	lookup_drop_programs(generation, generation->coming);
	lookup_drop_programs(generation, generation->programs);
	free(generation->coming);
	free(generation->programs);
}

/* Call-backs of programs. */

static void
lookup_on_process(void *arg, struct message *message)
{
	struct lookup_program *program = arg;
	const struct message_table_opened *opened;
	char path[TABLEPROC_PROGRAM_ROOM], error[TABLEPROC_ERROR_MAX / 2];

	program->asked = 0;
	/* Without the parent the process ends. */
	if (message == NULL)
		return;
	opened = &message->table_opened;
	snprintf(path, sizeof(path), "%.*s", STR_ARG(opened->program));
	snprintf(error, sizeof(error), "%.*s", STR_ARG(opened->error));
	tableproc_connect(program->proc, message->fd, path, error);
}

static void
lookup_on_start(void *arg, struct tableproc *proc)
{
	struct lookup_program *program = arg;
	struct channel *parent = program->lookup->child->parent;
	struct message message = {
		.type = MESSAGE_TABLE_OPEN,
		.fd = -1,
		.table_open = { program->id, program->generation,
		    program->table },
	};

	(void)proc;
	if (program->asked != 0)
		channel_forget(parent, program->asked);
	program->asked = channel_ask(parent, &message, lookup_on_process,
	    program);
}

static void
lookup_on_settled(void *arg, struct tableproc *proc, const char *why)
{
	struct lookup_program *program = arg;
	struct lookup *lookup = program->lookup;
	struct lookup_generation *generation = lookup_find_generation(lookup,
	    program->generation);
	const char *error = NULL;
	struct ir_table table;

	(void)proc;
	if (why != NULL) {
		blob_table(&generation->use->blob, program->table, &table);
		snprintf(lookup->error, sizeof(lookup->error),
		    "table \"%.*s\": %s", STR_ARG(table.name), why);
		error = lookup->error;
	} else if (--generation->unsettled > 0) {
		return;
	} else {
		error = lookup_check_services(lookup, generation);
	}
	if (error != NULL)
		lookup_forget_programs(generation);
	else
		lookup_replace_programs(lookup, generation);
	child_settle(lookup->child, error);
}

static void
lookup_on_stop(void *arg, struct tableproc *proc)
{
	struct lookup_program *program = arg;
	struct channel *parent = program->lookup->child->parent;
	struct message message = {
		.type = MESSAGE_TABLE_CLOSE,
		.fd = -1,
		.table_close = { program->id },
	};

	(void)proc;
	if (!program->lookup->is_ending) {
		if (program->asked != 0)
			channel_forget(parent, program->asked);
		channel_send(parent, &message);
	}
	free(program);
}

/* Starts. */

static struct tableproc *
lookup_program_new(struct lookup *lookup,
    const struct lookup_generation *generation, uint32_t number)
{
	struct lookup_program *program = calloc(1, sizeof(*program));
	struct tableproc_config config = {
		.base = lookup->child->base,
		.start_ms = LOOKUP_START_MS,
		.answer_ms = LOOKUP_ANSWER_MS,
		.start = lookup_on_start,
		.settled = lookup_on_settled,
		.stop = lookup_on_stop,
		.arg = program,
	};
	struct ir_table table;
	struct tableproc *proc;

	if (program == NULL)
		return NULL;
	blob_table(&generation->use->blob, number, &table);
	config.table = table.name;
	proc = tableproc_new(&config);
	if (proc == NULL) {
		free(program);
		return NULL;
	}
	*program = (struct lookup_program){ .lookup = lookup,
		.proc = proc,
		.id = ++lookup->program_ids,
		.generation = generation->use->generation,
		.table = number };
	return proc;
}

/* False: no memory. */
static bool
lookup_make_programs(struct lookup *lookup,
    struct lookup_generation *generation)
{
	const struct blob *blob = &generation->use->blob;
	struct ir_table table;

	generation->unsettled = 0;
	for (uint32_t i = 0; i < blob_table_count(blob); i++) {
		blob_table(blob, i, &table);
		if (table.kind != IR_TABLE_PROGRAM)
			continue;
		generation->coming[i] = lookup_program_new(lookup, generation,
		    i);
		if (generation->coming[i] == NULL)
			return false;
		generation->unsettled++;
	}
	return true;
}

const char *
lookup_start_programs(struct lookup *lookup,
    struct lookup_generation *generation)
{
	if (!lookup_make_programs(lookup, generation)) {
		lookup_forget_programs(generation);
		return "out of memory";
	}
	if (generation->unsettled == 0) {
		lookup_replace_programs(lookup, generation);
		return NULL;
	}
	for (uint32_t i = 0; i < blob_table_count(&generation->use->blob); i++)
		if (generation->coming[i] != NULL)
			tableproc_start(generation->coming[i]);
	return child_later;
}
