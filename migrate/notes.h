/*
 * What a conversion has to say beside the converted text: each note has an
 * id of notes.def and a place in the original. Prints nothing.
 */
#ifndef MIGRATE_NOTES_H
#define MIGRATE_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "grammar/source.h"
#include "runtime/base/strmap.h"

enum note_id {
#define NOTE(id, name, class, summary) NOTE_##id,
#include "migrate/notes.def"
#undef NOTE
	NOTE_COUNT
};

enum note_class {
	NOTES_STANDING,
	NOTES_INEXACT,
	NOTES_WIDENED,
	NOTES_ADVICE,
	NOTES_CLASSES
};

struct note_info {
	const char *name;
	enum note_class class;
	const char *summary;
};

extern const struct note_info notes_table[NOTE_COUNT];

struct note {
	enum note_id id;
	struct srcpos pos; /* in the original; may be none */
	const char *text;  /* what to know or do, no full stop */
	struct note *next;
};

struct notes {
	struct arena *arena;
	struct note *first;
	struct note **tail;
	struct strmap seen;
	unsigned counts[NOTE_COUNT];
};

void notes_init(struct notes *notes, struct arena *arena);

/* At the end of the list; the same note twice is one. */
void notes_add(struct notes *notes, enum note_id id, struct srcpos pos,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

unsigned notes_count(const struct notes *notes, enum note_class class);

#endif
