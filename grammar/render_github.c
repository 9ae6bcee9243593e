/*
 * Diagnostics as workflow commands of GitHub Actions, which shows them
 * beside the lines of a pull request. Notes become lines of the message,
 * fixes are left out. Columns count bytes, as in the text form.
 */
#include "grammar/render_private.h"

#define RENDER_GITHUB_MESSAGE  "%\r\n"
#define RENDER_GITHUB_PROPERTY "%\r\n:,"

/* Writes the bytes named in escapes as %XX, the unsafe ones as \xNN. */
static void
render_github_text(FILE *out, const char *s, const char *escapes)
{
	size_t left = strlen(s);
	struct render_unit unit;

	for (; left > 0; s += unit.bytes, left -= unit.bytes) {
		render_unit_next(s, left, &unit);
		if (strchr(escapes, *s) != NULL)
			fprintf(out, "%%%02X", (unsigned)*s);
		else
			fwrite(unit.text, 1, unit.len, out);
	}
}

/*
 * The end is inclusive here, and columns are refused for a span of
 * several lines.
 */
static void
render_github_place(FILE *out, const struct diag_list *list, struct srcpos pos)
{
	struct render_span span;

	if (pos.end > pos.begin)
		pos.end--;
	if (!render_locate(list->map, pos, &span))
		return;
	fputs("file=", out);
	render_github_text(out, span.begin.file->path, RENDER_GITHUB_PROPERTY);
	fprintf(out, ",line=%u", span.begin.line);
	if (span.begin.line == span.end.line)
		fprintf(out, ",col=%u,endLine=%u,endColumn=%u",
		    span.begin.column, span.end.line, span.end.column);
	else
		fprintf(out, ",endLine=%u", span.end.line);
	fputc(',', out);
}

static void
render_github_note(FILE *out, const struct diag_list *list,
    const struct diag_note *note)
{
	struct source_location loc;

	fputs("%0A", out);
	if (source_locate(list->map, note->pos.begin, &loc)) {
		render_github_text(out, loc.file->path, RENDER_GITHUB_MESSAGE);
		fprintf(out, ":%u:%u: ", loc.line, loc.column);
	}
	fputs("note: ", out);
	render_github_text(out, note->text, RENDER_GITHUB_MESSAGE);
}

void
render_github(FILE *out, const struct diag_list *list)
{
	static const char *const commands[] = {
		[DIAG_ADVICE] = "notice",
		[DIAG_WARNING] = "warning",
		[DIAG_ERROR] = "error",
	};

	for (const struct diag *d = list->head; d != NULL; d = d->next) {
		struct diag_note storage;
		const struct diag_note *note = render_notes(list, d, &storage);

		fprintf(out, "::%s ", commands[d->severity]);
		render_github_place(out, list, d->pos);
		fprintf(out, "title=%s::", check_table[d->id].name);
		render_github_text(out, d->text, RENDER_GITHUB_MESSAGE);
		for (; note != NULL; note = note->next)
			render_github_note(out, list, note);
		fputc('\n', out);
	}
}
