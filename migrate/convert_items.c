/*
 * The lines of the output, as items: kept ones, and those made of a
 * statement; and the text that they add up to.
 */
#include "migrate/convert_private.h"

#include <stddef.h>
#include <stdlib.h>

static struct convert_item *
convert_append(struct convert *convert, struct convert_file *file,
    const char *text)
{
	struct convert_item *item = ARENA_NEW(convert->arena,
	    struct convert_item);

	item->text = text;
	*file->tail = item;
	file->tail = &item->next;
	return item;
}

static bool
convert_is_blank(struct str line)
{
	for (uint32_t i = 0; i < line.len; i++)
		if (line.ptr[i] != ' ' && line.ptr[i] != '\t')
			return false;
	return true;
}

/*
 * Comments directly above a statement are about it, unless they are the
 * head of the file.
 */
void
convert_keep_line(struct convert *convert, struct convert_file *file,
    struct str line)
{
	convert_append(convert, file, arena_copy(convert->arena, line).ptr);
	if (convert_is_blank(line))
		file->run = file->tail;
}

void
convert_keep_gap(struct convert *convert, struct convert_file *file,
    uint32_t end)
{
	const char *text = file->source->text;
	uint32_t begin = file->done - file->source->base;
	uint32_t limit = end - file->source->base;

	while (begin < limit) {
		const char *lf = memchr(text + begin, '\n', limit - begin);
		uint32_t stop = lf == NULL ? limit : (uint32_t)(lf - text);

		convert_keep_line(convert, file,
		    (struct str){ text + begin, stop - begin });
		begin = stop + 1;
	}
	file->done = end;
}

/* Gives an item to the statement at hand. */
static void
convert_own(struct convert *convert, struct convert_item *item)
{
	struct convert_stmt *made = convert->state->made;

	item->stmt = made->stmt;
	*made->tail = item;
	made->tail = &item->next_of_stmt;
}

/* Remarks stand above the item that was being made. */
static struct convert_item *
convert_take_remarks(struct convert *convert)
{
	struct convert_state *state = convert->state;
	struct convert_item *first = state->remarks;

	state->remarks = NULL;
	state->remarks_tail = &state->remarks;
	return first;
}

void
convert_flush_remarks(struct convert *convert)
{
	struct convert_file *file = convert->state->file;
	struct convert_item *next;

	for (struct convert_item *i = convert_take_remarks(convert); i != NULL;
	     i = next) {
		next = i->next;
		i->next = NULL;
		*file->tail = i;
		file->tail = &i->next;
	}
}

/* Texts. */

void
convert_begin_item(struct convert *convert)
{
	struct convert_state *state = convert->state;

	state->out = open_memstream(&state->buffer, &state->buffer_len);
	if (state->out == NULL)
		convert->arena->out_of_memory();
	fputs(state->indent, state->out);
}

const char *
convert_take_text(struct convert *convert)
{
	struct convert_state *state = convert->state;
	const char *text;

	if (fclose(state->out) != 0)
		convert->arena->out_of_memory();
	text = arena_copy(convert->arena,
	    (struct str){ state->buffer, (uint32_t)state->buffer_len })
		   .ptr;
	free(state->buffer);
	state->out = NULL;
	return text;
}

struct convert_item *
convert_end_item(struct convert *convert, const char *why)
{
	struct convert_state *state = convert->state;
	struct convert_item *item;

	convert_flush_remarks(convert);
	item = convert_append(convert, state->file, convert_take_text(convert));
	convert_own(convert, item);
	item->why = why;
	state->file->run = state->file->tail;
	if (state->first == NULL)
		state->first = item;
	return item;
}

static struct convert_item **
convert_insert(struct convert_item **slot, struct convert_item *item)
{
	item->next = *slot;
	*slot = item;
	return &item->next;
}

static struct convert_item *
convert_new_blank(struct convert *convert)
{
	struct convert_item *item = ARENA_NEW(convert->arena,
	    struct convert_item);

	item->text = "";
	return item;
}

/* The item that a slot is the end of; NULL: the slot begins the list. */
static const struct convert_item *
convert_before(const struct convert_file *file, struct convert_item **slot)
{
	if (slot == &file->items)
		return NULL;
	return (const struct convert_item *)(const void *)((char *)slot -
	    offsetof(struct convert_item, next));
}

void
convert_begin_rules(struct convert *convert)
{
	struct convert_state *state = convert->state;
	struct convert_file *file = state->file;

	if (state->rules_file == file)
		return;
	state->rules_file = file;
	state->has_actions = false;
	state->actions_tail = file->run != NULL ? file->run : file->tail;
}

/* Makes room above the first rule of the run. */
static void
convert_open_actions(struct convert *convert)
{
	struct convert_state *state = convert->state;
	struct convert_file *file = state->file;
	struct convert_item **slot = state->actions_tail;
	const struct convert_item *before = convert_before(file, slot);
	bool is_last = slot == file->tail;
	struct convert_item **end;

	if (before != NULL && before->text[0] != '\0') {
		end = convert_insert(slot, convert_new_blank(convert));
		if (is_last)
			file->tail = end;
		slot = end;
	}
	end = convert_insert(slot, convert_new_blank(convert));
	if (is_last)
		file->tail = end;
	state->actions_tail = slot;
	state->has_actions = true;
}

struct convert_item *
convert_end_action(struct convert *convert, const char *why)
{
	struct convert_state *state = convert->state;
	struct convert_item *item = ARENA_NEW(convert->arena,
	    struct convert_item);
	struct convert_item *next;

	item->text = convert_take_text(convert);
	convert_own(convert, item);
	item->why = why;
	item->is_action = true;
	if (!state->has_actions)
		convert_open_actions(convert);
	for (struct convert_item *i = convert_take_remarks(convert); i != NULL;
	     i = next) {
		next = i->next;
		state->actions_tail = convert_insert(state->actions_tail, i);
	}
	state->actions_tail = convert_insert(state->actions_tail, item);
	return item;
}

/* Remarks. */

void
convert_remark(struct convert *convert, const char *fmt, ...)
{
	struct convert_state *state = convert->state;
	struct convert_item *item = ARENA_NEW(convert->arena,
	    struct convert_item);
	va_list ap;

	va_start(ap, fmt);
	item->text = arena_printf(convert->arena, "%s# %s", state->indent,
	    arena_vprintf(convert->arena, fmt, ap));
	va_end(ap);
	convert_own(convert, item);
	*state->remarks_tail = item;
	state->remarks_tail = &item->next;
}

void
convert_note(struct convert *convert, enum note_id id, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(convert->arena, fmt, ap);
	va_end(ap);
	notes_add(&convert->notes, id, convert->state->stmt->pos, "%s", text);
	if (notes_table[id].class == NOTES_INEXACT)
		convert_remark(convert, "smtpd-migrate: %s [%s]", text,
		    notes_table[id].name);
}

/* All together. */

const char *
convert_included_path(const struct convert *convert,
    const struct convert_file *file)
{
	return arena_printf(convert->arena, "%s.%s", file->source->path,
	    target_name(convert->target.version));
}

struct convert_writer {
	struct convert *convert;
	FILE *out;
	enum convert_includes includes;
	uint32_t line;
};

static void convert_write_file(struct convert_writer *, struct convert_file *);

static void
convert_write_line(struct convert_writer *writer, const char *text)
{
	fprintf(writer->out, "%s\n", text);
	writer->line++;
	for (const char *c = text; (c = strchr(c, '\n')) != NULL; c++)
		writer->line++;
}

static void
convert_write_inclusion(struct convert_writer *writer,
    struct convert_item *item)
{
	struct arena *arena = writer->convert->arena;
	const char *path = item->included->source->path;
	const char *comment = item->comment != NULL ? item->comment : "";

	switch (writer->includes) {
	case CONVERT_KEEP:
		convert_write_line(writer,
		    arena_printf(arena, "%s%s", item->text, comment));
		break;
	case CONVERT_RENAME:
		convert_write_line(writer,
		    arena_printf(arena, "include \"%s\"%s",
			convert_included_path(writer->convert, item->included),
			comment));
		break;
	case CONVERT_INLINE:
		convert_write_line(writer,
		    arena_printf(arena, "# include \"%s\":%s", path, comment));
		convert_write_file(writer, item->included);
		convert_write_line(writer,
		    arena_printf(arena, "# end of \"%s\"", path));
		break;
	}
}

static void
convert_write_file(struct convert_writer *writer, struct convert_file *file)
{
	for (struct convert_item *i = file->items; i != NULL; i = i->next) {
		i->line = writer->line;
		if (i->included != NULL)
			convert_write_inclusion(writer, i);
		else
			convert_write_line(writer, i->text);
	}
}

struct str
convert_text(struct convert *convert, struct convert_file *file,
    enum convert_includes includes)
{
	struct convert_state *state = convert->state;
	struct convert_writer writer = {
		.convert = convert,
		.includes = includes,
		.line = 1,
	};
	struct str text;

	writer.out = open_memstream(&state->buffer, &state->buffer_len);
	if (writer.out == NULL)
		convert->arena->out_of_memory();
	convert_write_file(&writer, file);
	if (fclose(writer.out) != 0)
		convert->arena->out_of_memory();
	text = arena_copy(convert->arena,
	    (struct str){ state->buffer, (uint32_t)state->buffer_len });
	free(state->buffer);
	return text;
}
