/*
 * The text form of diagnostics, for people: a line as compilers print it,
 * the source line with a caret, what a fix would make of it, and the notes.
 * No byte of a config reaches the terminal unescaped.
 */
#include "grammar/render_private.h"

enum {
	RENDER_WARNINGS_MAX = 100,
	RENDER_INCLUDES_MAX = 5, /* levels of "included from" */
	RENDER_EDITS_MAX = 5,    /* of one fix */
	RENDER_TAB = 8,
	RENDER_COLUMNS_MAX = 120,   /* wider lines are shown in part: */
	RENDER_COLUMNS_BEFORE = 40, /* at most so much before the caret */
	RENDER_FIXED_MAX = 4096,    /* bytes of a line shown as fixed */
};

#define RENDER_CUT     "..."
#define RENDER_CUT_LEN (sizeof(RENDER_CUT) - 1)

struct render_text {
	FILE *out;
	const struct diag_list *list;
	const struct render_options *options;
	const struct source_file *file; /* of the diagnostic before */
};

struct render_style {
	const char *label;
	const char *color;
};

static const struct render_style render_styles[] = {
	[DIAG_ADVICE] = { "advice", "\033[1m" },
	[DIAG_WARNING] = { "warning", "\033[1;35m" },
	[DIAG_ERROR] = { "error", "\033[1;31m" },
};
static const struct render_style render_note_style = { "note", "\033[1m" };
static const struct render_style render_fix_style = { "fix", "\033[1;32m" };
static const char render_bold[] = "\033[1m";
static const char render_green[] = "\033[1;32m";

/* A line of source, and which of its bytes the caret is for. */
struct render_line {
	struct str text;
	uint32_t mark_begin;
	uint32_t mark_end;
};

/* The part of a line that is shown, in columns from 0. */
struct render_window {
	size_t begin;
	size_t end;
	size_t total; /* columns of the whole line */
	size_t mark_begin;
	size_t mark_end; /* greater than mark_begin */
};

static void
render_text_color(const struct render_text *r, const char *color)
{
	if (r->options->color)
		fputs(color, r->out);
}

static void
render_text_reset(const struct render_text *r)
{
	render_text_color(r, "\033[0m");
}

static void
render_text_location(const struct render_text *r,
    const struct source_location *loc)
{
	render_escaped(r->out, str_from(loc->file->path));
	fprintf(r->out, ":%u:%u", loc->line, loc->column);
}

/* "mail.conf:12:28: error: ", or "error: " where loc is NULL. */
static void
render_text_head(const struct render_text *r, const struct source_location *loc,
    const struct render_style *style)
{
	if (loc != NULL) {
		render_text_color(r, render_bold);
		render_text_location(r, loc);
		fputs(": ", r->out);
		render_text_reset(r);
	}
	render_text_color(r, style->color);
	fprintf(r->out, "%s: ", style->label);
	render_text_reset(r);
}

/* The unit at an offset of a line; tab stops count from its beginning. */
static void
render_text_unit(struct str line, uint32_t at, size_t column,
    struct render_unit *unit_r)
{
	if (line.ptr[at] != '\t') {
		render_unit_next(line.ptr + at, line.len - at, unit_r);
		return;
	}
	unit_r->bytes = 1;
	unit_r->columns = RENDER_TAB - (unsigned)(column % RENDER_TAB);
	unit_r->len = unit_r->columns;
	memset(unit_r->text, ' ', unit_r->len);
}

static struct render_window
render_text_window(const struct render_line *line)
{
	const size_t shown = RENDER_COLUMNS_MAX - 2 * RENDER_CUT_LEN;
	struct render_window w = { 0, 0, 0, 0, 0 };
	struct render_unit unit;
	uint32_t at;

	for (at = 0; at < line->text.len; at += unit.bytes) {
		render_text_unit(line->text, at, w.total, &unit);
		if (at <= line->mark_begin)
			w.mark_begin = w.total;
		w.total += unit.columns;
		if (at < line->mark_end)
			w.mark_end = w.total;
	}
	if (at <= line->mark_begin)
		w.mark_begin = w.total;
	if (w.mark_end <= w.mark_begin)
		w.mark_end = w.mark_begin + 1;

	w.end = w.total;
	if (w.total <= RENDER_COLUMNS_MAX)
		return w;
	if (w.mark_begin > RENDER_COLUMNS_BEFORE)
		w.begin = w.mark_begin - RENDER_COLUMNS_BEFORE;
	if (w.begin + shown > w.total)
		w.begin = w.total - shown;
	w.end = w.begin + shown;
	return w;
}

/* The columns of a unit at column that lie in the window. */
static void
render_text_clip(const struct render_text *r, const struct render_unit *unit,
    size_t column, const struct render_window *w)
{
	size_t first = column < w->begin ? w->begin - column : 0;
	size_t last = unit->columns;

	if (column >= w->end)
		return;
	if (last > w->end - column)
		last = w->end - column;
	if (unit->columns == 1)
		last *= unit->len;
	if (first < last)
		fwrite(unit->text + first, 1, last - first, r->out);
}

static void
render_text_line(const struct render_text *r, struct str line,
    const struct render_window *w)
{
	struct render_unit unit;
	size_t column = 0;

	if (w->begin > 0)
		fputs(RENDER_CUT, r->out);
	for (uint32_t at = 0; at < line.len; at += unit.bytes) {
		render_text_unit(line, at, column, &unit);
		render_text_clip(r, &unit, column, w);
		column += unit.columns;
	}
	if (w->end < w->total)
		fputs(RENDER_CUT, r->out);
	fputc('\n', r->out);
}

static void
render_text_caret(const struct render_text *r, const struct render_window *w)
{
	size_t indent = w->mark_begin - w->begin;
	size_t end = w->mark_end;

	if (w->begin > 0)
		indent += RENDER_CUT_LEN;
	if (end > w->end && w->mark_begin < w->end)
		end = w->end;
	fprintf(r->out, "%*s", (int)indent, "");
	render_text_color(r, render_green);
	fputc('^', r->out);
	for (size_t i = w->mark_begin + 1; i < end; i++)
		fputc('~', r->out);
	render_text_reset(r);
	fputc('\n', r->out);
}

static struct render_line
render_text_marked(const struct render_span *span)
{
	const struct source_location *begin = &span->begin;
	struct render_line line = {
		.text = { begin->line_text, begin->line_len },
		.mark_begin = begin->column - 1,
		.mark_end = begin->line_len,
	};

	if (span->end.line == begin->line)
		line.mark_end = span->end.column - 1;
	return line;
}

/* The source line with its caret. */
static void
render_text_excerpt(const struct render_text *r, const struct render_span *span)
{
	struct render_line line = render_text_marked(span);
	struct render_window w = render_text_window(&line);
	int width = fprintf(r->out, "%5u", span->begin.line);

	fputs(" | ", r->out);
	render_text_line(r, line.text, &w);
	fprintf(r->out, "%*s | ", width, "");
	render_text_caret(r, &w);
}

/* A line as a fix would make it. */
struct render_fixed {
	char text[RENDER_FIXED_MAX];
	size_t len;
};

static bool
render_text_append(struct render_fixed *fixed, const char *text, size_t len)
{
	if (len > RENDER_FIXED_MAX - fixed->len)
		return false;
	memcpy(fixed->text + fixed->len, text, len);
	fixed->len += len;
	return true;
}

/*
 * False where the fix reaches beyond the line of the diagnostic, breaks
 * it, or does not fit. Edits that are not in order of place are rare and
 * not worth sorting: they are shown in words.
 */
static bool
render_text_fixed(const struct diag *diag, const struct source_location *loc,
    struct render_fixed *fixed)
{
	uint32_t start = diag->pos.begin - (loc->column - 1), at = 0;

	fixed->len = 0;
	for (const struct diag_edit *e = diag->edits; e != NULL; e = e->next) {
		size_t len = strlen(e->text);
		uint32_t begin = e->range.begin - start;
		uint32_t end = e->range.end - start;

		if (begin < at || end < begin || end > loc->line_len ||
		    memchr(e->text, '\n', len) != NULL)
			return false;
		if (!render_text_append(fixed, loc->line_text + at,
			begin - at) ||
		    !render_text_append(fixed, e->text, len))
			return false;
		at = end;
	}
	return render_text_append(fixed, loc->line_text + at,
	    loc->line_len - at);
}

static void
render_text_edit(const struct render_text *r, const struct diag_edit *edit)
{
	struct render_span span;
	bool is_empty = edit->range.begin >= edit->range.end;

	if (!render_locate(r->list->map, edit->range, &span))
		return;
	render_text_head(r, &span.begin, &render_fix_style);
	if (edit->text[0] == '\0') {
		fputs("remove '", r->out);
		render_escaped(r->out, source_text(r->list->map, edit->range));
	} else {
		fputs(is_empty ? "insert '" : "replace with '", r->out);
		render_escaped(r->out, str_from(edit->text));
	}
	fputs("'\n", r->out);
}

/* The line as it would be or, where that does not do, every edit. */
static void
render_text_fix(const struct render_text *r, const struct diag *diag,
    const struct render_span *span)
{
	struct render_fixed fixed;
	unsigned shown = 0, more = 0;

	if (span != NULL && render_text_fixed(diag, &span->begin, &fixed)) {
		struct render_line line = {
			.text = { fixed.text, (uint32_t)fixed.len },
			.mark_begin = span->begin.column - 1,
		};
		struct render_window w = render_text_window(&line);

		render_text_color(r, render_fix_style.color);
		fputs("  fix", r->out);
		render_text_reset(r);
		fputs(" | ", r->out);
		render_text_line(r, line.text, &w);
		return;
	}
	for (const struct diag_edit *e = diag->edits; e != NULL; e = e->next)
		if (shown < RENDER_EDITS_MAX) {
			render_text_edit(r, e);
			shown++;
		} else {
			more++;
		}
	if (more > 0)
		fprintf(r->out, "and %u more edits\n", more);
}

static void
render_text_note(const struct render_text *r, const struct diag_note *note)
{
	struct render_span span;
	bool has_place = render_locate(r->list->map, note->pos, &span);

	render_text_head(r, has_place ? &span.begin : NULL, &render_note_style);
	render_escaped(r->out, str_from(note->text));
	fputc('\n', r->out);
	if (has_place)
		render_text_excerpt(r, &span);
}

/* How the file came to be read, innermost first, once per run of a file. */
static void
render_text_included(struct render_text *r, const struct source_file *file)
{
	const char *lead = "In file included from ";
	struct source_location loc;
	unsigned shown = 0, more = 0;

	if (r->file == file)
		return;
	r->file = file;
	for (; source_locate(r->list->map, file->included_at.begin, &loc);
	     file = loc.file) {
		if (shown == RENDER_INCLUDES_MAX) {
			more++;
			continue;
		}
		if (shown > 0)
			fputs(",\n", r->out);
		fputs(lead, r->out);
		render_text_location(r, &loc);
		lead = "                 from ";
		shown++;
	}
	if (more > 0)
		fprintf(r->out, ",\n                 ... %u more", more);
	if (shown > 0)
		fputs(":\n", r->out);
}

static void
render_text_diag(struct render_text *r, const struct diag *diag)
{
	struct render_span span;
	struct diag_note storage;
	bool has_place = render_locate(r->list->map, diag->pos, &span);

	if (has_place) {
		render_text_included(r, span.begin.file);
	} else {
		render_text_color(r, render_bold);
		fprintf(r->out, "%s: ", r->options->tool);
		render_text_reset(r);
	}
	render_text_head(r, has_place ? &span.begin : NULL,
	    &render_styles[diag->severity]);
	render_escaped(r->out, str_from(diag->text));
	fprintf(r->out, " [%s]\n", check_table[diag->id].name);
	if (has_place)
		render_text_excerpt(r, &span);
	if (diag->edits != NULL)
		render_text_fix(r, diag, has_place ? &span : NULL);
	for (const struct diag_note *note =
		 render_notes(r->list, diag, &storage);
	     note != NULL; note = note->next)
		render_text_note(r, note);
}

static void
render_text_more(FILE *out, unsigned more, const char *what)
{
	if (more > 0)
		fprintf(out, "and %u more %s%s\n", more, what,
		    more > 1 ? "s" : "");
}

void
render_text(FILE *out, const struct diag_list *list,
    const struct render_options *options)
{
	struct render_text r = { out, list, options, NULL };
	unsigned errors = 0, warnings = 0;

	for (const struct diag *d = list->head; d != NULL; d = d->next) {
		bool is_shown = d->severity == DIAG_ERROR ?
		    errors++ < RENDER_ERRORS_MAX :
		    warnings++ < RENDER_WARNINGS_MAX;

		if (is_shown)
			render_text_diag(&r, d);
	}
	if (errors > RENDER_ERRORS_MAX)
		render_text_more(out, errors - RENDER_ERRORS_MAX, "error");
	if (warnings > RENDER_WARNINGS_MAX)
		render_text_more(out, warnings - RENDER_WARNINGS_MAX,
		    "warning");
}
