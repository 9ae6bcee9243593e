/*
 * The notes of a conversion.
 */
#include "migrate/notes.h"

const struct note_info notes_table[NOTE_COUNT] = {
#define NOTE(id, name, class, summary) \
	[NOTE_##id] = { name, NOTES_##class, summary },
#include "migrate/notes.def"
#undef NOTE
};

void
notes_init(struct notes *notes, struct arena *arena)
{
	*notes = (struct notes){ .arena = arena };
	strmap_init(&notes->seen, arena);
	notes->tail = &notes->first;
}

void
notes_add(struct notes *notes, enum note_id id, struct srcpos pos,
    const char *fmt, ...)
{
	struct note *note = ARENA_NEW(notes->arena, struct note);
	void **slot;
	va_list ap;

	va_start(ap, fmt);
	note->id = id;
	note->pos = pos;
	note->text = arena_vprintf(notes->arena, fmt, ap);
	va_end(ap);
	slot = strmap_put(&notes->seen,
	    str_from(arena_printf(notes->arena, "%u %u %s", (unsigned)id,
		pos.begin, note->text)));
	if (*slot != NULL)
		return;
	*slot = note;
	notes->counts[id]++;
	*notes->tail = note;
	notes->tail = &note->next;
}

unsigned
notes_count(const struct notes *notes, enum note_class class)
{
	unsigned count = 0;

	for (unsigned id = 0; id < NOTE_COUNT; id++)
		if (notes_table[id].class == class)
			count += notes->counts[id];
	return count;
}
