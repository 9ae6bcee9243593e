/*
 * The classes of a level, as blob_class.c finds them. What is written is
 * the value that diagrams know a class by, see space_value.
 */
#include <stdlib.h>

#include "compiler/blob_write_private.h"
#include "compiler/classes_automaton.h"
#include "compiler/classes_private.h"

struct blob_level_writer {
	struct blob_writer *writer;
	const struct space *space;
	enum space_level level;
	const struct classes *classes;
};

static uint32_t
blob_class_value(const struct blob_level_writer *from, uint32_t class)
{
	/* A state that no value ends in. */
	if (class == CLASSES_NONE)
		return UINT32_MAX;
	return space_value(from->space, from->level, class);
}

/* Texts that are a class by themselves. */
static bool
blob_entry_is_text(const struct classes_entry *entry)
{
	return entry->sets.count > 0 && entry->text.len > 0 &&
	    entry->class != CLASSES_NONE;
}

static struct blob_range
blob_write_class_slots(const struct blob_level_writer *from)
{
	const struct classes *classes = from->classes;
	struct blob_slots slots;
	uint32_t count = 0;

	for (uint32_t i = 0; i < classes->entries.count; i++)
		count += blob_entry_is_text(classes_entry_at(classes, i));
	slots = blob_slots_new(count);
	for (uint32_t i = 0; i < classes->entries.count; i++) {
		const struct classes_entry *entry = classes_entry_at(classes,
		    i);
		uint32_t *slot;

		if (!blob_entry_is_text(entry) ||
		    entry->text.len > BLOB_KEY_MAX)
			continue;
		slot = blob_slots_put(&slots, entry->text, 0);
		slot[0] = blob_write_text(from->writer, entry->text, false);
		slot[1] = blob_class_value(from, entry->class);
		if (slot[1] > BLOB_SLOT_CLASS_MAX)
			from->writer->why = "its conditions tell more than 16 "
					    "million values apart";
		slot[1] |= blob_hash(entry->text) << BLOB_SLOT_CLASS_BITS;
	}
	return blob_write_slots(from->writer, BLOB_CLASS_SLOTS, &slots);
}

static void
blob_write_state(const struct blob_level_writer *from,
    const struct classes_automaton *automaton, uint32_t i)
{
	const struct classes_state *state = &automaton->states[i];
	struct blob_writer *writer = from->writer;

	blob_put32(writer, BLOB_STATES, writer->counts[BLOB_STATE_EDGES]);
	blob_put32(writer, BLOB_STATES, state->otherwise);
	blob_put32(writer, BLOB_STATES, state->tail.len > 0 ? state->match : 0);
	blob_put32(writer, BLOB_STATES,
	    blob_write_text(writer, state->tail, false));
	blob_put32(writer, BLOB_STATES,
	    blob_class_value(from, state->signature->class));
	blob_put_record(writer, BLOB_STATES);
	for (uint32_t e = state->first_edge; e < state[1].first_edge; e++) {
		const struct classes_edge *edge = &automaton->edges[e];

		blob_put32(writer, BLOB_STATE_EDGES,
		    edge->target << 8 | edge->byte);
		blob_put_record(writer, BLOB_STATE_EDGES);
	}
}

static void
blob_write_states(const struct blob_level_writer *from,
    struct blob_level *level)
{
	const struct classes_automaton *automaton = from->classes->automaton;

	level->states.count = automaton->count;
	if (automaton->count > BLOB_STATES_MAX) {
		from->writer->why = "its patterns need too many states";
		return;
	}
	for (uint32_t i = 0; i < automaton->count; i++)
		blob_write_state(from, automaton, i);
}

static void
blob_write_intervals(const struct blob_level_writer *from,
    struct blob_level *level)
{
	const struct classes_intervals *intervals = from->classes->intervals;
	struct blob_net *nets = blob_write_alloc(intervals->count *
	    sizeof(*nets));

	for (uint32_t i = 0; i < intervals->count; i++) {
		nets[i].first = intervals->items[i].first;
		nets[i].answer = blob_class_value(from,
		    intervals->items[i].signature->class);
	}
	blob_write_nets(from->writer, nets, intervals->count, &level->nets4,
	    &level->nets6);
	free(nets);
}

static void
blob_write_classes(const struct blob_level_writer *from,
    struct blob_level *level)
{
	level->empty = blob_class_value(from, CLASSES_EMPTY);
	switch (from->classes->kind) {
	case CLASSES_EXACT:
	case CLASSES_STRING:
		level->method = BLOB_BY_STRINGS;
		level->other = blob_class_value(from, CLASSES_STRING_OTHER);
		level->slots = blob_write_class_slots(from);
		break;
	case CLASSES_DOMAIN:
		level->method = BLOB_BY_DOMAINS;
		level->slots = blob_write_class_slots(from);
		blob_write_states(from, level);
		break;
	case CLASSES_NETWORK:
		level->method = BLOB_BY_NETWORKS;
		blob_write_intervals(from, level);
		break;
	}
}

/* All but the last, which is that of all other tags. */
static void
blob_write_tags(const struct blob_level_writer *from, struct blob_level *level)
{
	const struct space *space = from->space;

	level->method = BLOB_BY_TAGS;
	level->other = space->tag_count - 1;
	level->slots.count = space->tag_count - 1;
	for (uint32_t i = 0; i + 1 < space->tag_count; i++) {
		blob_put32(from->writer, BLOB_CLASS_SLOTS,
		    blob_write_text(from->writer, space->tags[i].on[0], false));
		blob_put32(from->writer, BLOB_CLASS_SLOTS, i);
		blob_put_record(from->writer, BLOB_CLASS_SLOTS);
	}
}

void
blob_write_level(struct blob_writer *writer, const struct space *space,
    enum space_level level)
{
	static const enum blob_attribute attributes[SPACE_LEVELS] = {
		[SPACE_RCPT_DOMAIN] = BLOB_ASK_RCPT_DOMAIN,
		[SPACE_RCPT_LOCAL] = BLOB_ASK_RCPT_LOCAL,
		[SPACE_RCPT_USER] = BLOB_ASK_RCPT_USER,
		[SPACE_SENDER_DOMAIN] = BLOB_ASK_SENDER_DOMAIN,
		[SPACE_SENDER_USER] = BLOB_ASK_SENDER_USER,
		[SPACE_ORIGIN] = BLOB_ASK_ORIGIN,
		[SPACE_ADDRESS] = BLOB_ASK_ADDRESS,
		[SPACE_AUTH] = BLOB_ASK_AUTH,
		[SPACE_LOGIN] = BLOB_ASK_LOGIN,
		[SPACE_LOGIN_DOMAIN] = BLOB_ASK_LOGIN_DOMAIN,
		[SPACE_LOGIN_USER] = BLOB_ASK_LOGIN_USER,
		[SPACE_TAG] = BLOB_ASK_TAG,
		[SPACE_HELO] = BLOB_ASK_HELO,
		[SPACE_RDNS] = BLOB_ASK_RDNS,
		[SPACE_TLS] = BLOB_ASK_TLS,
	};
	const struct blob_level_writer from = { writer, space, level,
		space->classes[level] };
	struct blob_level record = {
		.attribute = attributes[level],
		.method = BLOB_BY_GIVEN,
		.slots.first = writer->counts[BLOB_CLASS_SLOTS],
		.states.first = writer->counts[BLOB_STATES],
		.nets4.first = writer->counts[BLOB_NETS4],
		.nets6.first = writer->counts[BLOB_NETS6],
	};

	if (from.classes != NULL)
		blob_write_classes(&from, &record);
	else if (level == SPACE_TAG)
		blob_write_tags(&from, &record);
	blob_write_record(writer, BLOB_LEVELS, &record);
}
