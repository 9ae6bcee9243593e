/*
 * The report as one HTML page that needs nothing else: old and new side by
 * side, a line of either leading to what it became or came from.
 */
#include "migrate/report.h"

#include <stdlib.h>

#include "compiler/differ_print.h"

static const char html_style[] =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:96em;"
    "padding:0 1.5em;color:#1c2024;background:#fff}\n"
    "h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;"
    "margin-top:2em}\n"
    "pre,code,td.text,td.number{font:13px/1.45 ui-monospace,monospace}\n"
    ".verdict{display:inline-block;padding:.3em .9em;border-radius:.4em;"
    "font-weight:600}\n"
    ".same{background:#d8f3dc;color:#14532d}"
    ".different{background:#ffe0dd;color:#7f1d1d}"
    ".undecided,.unreadable{background:#fff1c9;color:#6b4e00}\n"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.2em .7em}"
    "table.notes td{border-top:1px solid #e3e6ea}"
    "table.notes code{white-space:nowrap}\n"
    ".both{display:grid;grid-template-columns:1fr 1fr;gap:1em}"
    ".both>div{overflow-x:auto;border:1px solid #d5d9de;"
    "border-radius:.4em}\n"
    "table.code td{padding:0 .5em;white-space:pre}"
    "td.number{text-align:right;width:1%}"
    "td.number a{color:#8a929b;text-decoration:none}"
    "td.number a:hover{color:#0b5bd3;text-decoration:underline}\n"
    "tr.changed td.text{background:#f3f7ff}"
    "tr.kept td.text{color:#5c646d}tr:target td{background:#fff3bf}\n"
    "pre{background:#f6f7f9;padding:1em;border-radius:.4em;"
    "overflow-x:auto}\n"
    "@media print{.both{font-size:80%}}\n";

/* Bytes that are not UTF-8, and control bytes, are shown as \xHH. */
static void
html_print_text(FILE *out, const struct proof *proof, struct str text)
{
	struct str clean = dump_text_clean(proof->convert.arena,
	    report_secrets_hide(proof, text));

	for (uint32_t i = 0; i < clean.len; i++) {
		unsigned char c = (unsigned char)clean.ptr[i];

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

static void
html_print(FILE *out, const struct proof *proof, const char *text)
{
	html_print_text(out, proof, str_from(text));
}

/* Notes. */

static void
html_print_notes(FILE *out, const struct proof *proof, enum note_class class)
{
	if (notes_count(&proof->convert.notes, class) == 0)
		return;
	fputs("<h2>", out);
	html_print(out, proof, report_class_text(class));
	fputs("</h2>\n<table class=\"notes\">\n", out);
	for (const struct note *n = proof->convert.notes.first; n;
	     n = n->next) {
		if (notes_table[n->id].class != class)
			continue;
		fprintf(out, "<tr><td><code title=\"");
		html_print(out, proof, notes_table[n->id].summary);
		fprintf(out, "\">%s</code></td><td>", notes_table[n->id].name);
		html_print(out, proof, report_place(proof, n->pos));
		fputs("</td><td>", out);
		html_print(out, proof, n->text);
		fputs("</td></tr>\n", out);
	}
	fputs("</table>\n", out);
}

/* Lines. */

/* Both sides of one file: for each old line the new one, and back. */
struct html_file {
	struct proof *proof;
	struct convert_file *file;
	unsigned number;
	uint32_t old_count;
	uint32_t new_count;
	uint32_t *to_new; /* by old line from 1; 0: none */
	uint32_t *to_old;
	bool *is_changed; /* old lines */
};

static uint32_t
html_count_lines(struct str text)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count + (text.len > 0 && text.ptr[text.len - 1] != '\n');
}

static void
html_link_item(struct html_file *html, uint32_t old,
    const struct convert_item *item)
{
	uint32_t lines = html_count_lines(str_from(item->text));

	for (uint32_t i = 0; i < lines && item->line + i <= html->new_count;
	     i++)
		html->to_old[item->line + i] = old;
	/* The last thing made is what a statement mostly is. */
	if (!item->is_action || html->to_new[old] == 0)
		html->to_new[old] = item->line;
}

static void
html_link_statement(struct html_file *html, const struct convert_stmt *made)
{
	const struct source_map *map = &html->proof->differ.sides[0].comp.map;
	struct source_location first, last;

	if (!source_locate(map, made->stmt->pos.begin, &first) ||
	    !source_locate(map, made->stmt->pos.end, &last) ||
	    first.file != html->file->source)
		return;
	for (const struct convert_item *i = made->items; i; i = i->next_of_stmt)
		html_link_item(html, first.line, i);
	for (uint32_t l = first.line; l <= last.line && l <= html->old_count;
	     l++) {
		html->is_changed[l] = made->is_changed;
		html->to_new[l] = html->to_new[first.line];
	}
}

static void
html_print_line(FILE *out, const struct html_file *html, char side,
    uint32_t line, struct str text)
{
	bool is_old = side == 'o';
	uint32_t other = is_old ? html->to_new[line] : html->to_old[line];
	bool is_changed = is_old ? html->is_changed[line] :
				   html->is_changed[other];
	char other_side = is_old ? 'n' : 'o';

	fprintf(out, "<tr id=\"%c%u-%u\" class=\"%s\"><td class=\"number\">",
	    side, html->number, line,
	    other == 0     ? "kept" :
		is_changed ? "changed" :
			     "same-text");
	if (other > 0)
		fprintf(out, "<a href=\"#%c%u-%u\">%u</a>", other_side,
		    html->number, other, line);
	else
		fprintf(out, "%u", line);
	fputs("</td><td class=\"text\">", out);
	html_print_text(out, html->proof, text);
	fputs("</td></tr>\n", out);
}

static void
html_print_side(FILE *out, const struct html_file *html, char side,
    struct str text)
{
	uint32_t line = 1;

	fputs("<div><table class=\"code\">\n", out);
	while (text.len > 0) {
		const char *lf = memchr(text.ptr, '\n', text.len);
		uint32_t len = lf == NULL ? text.len :
					    (uint32_t)(lf - text.ptr);

		html_print_line(out, html, side, line++,
		    (struct str){ text.ptr, len });
		len += lf != NULL;
		text.ptr += len;
		text.len -= len;
	}
	fputs("</table></div>\n", out);
}

static void
html_print_file(FILE *out, struct proof *proof, struct convert_file *file,
    unsigned number)
{
	struct arena *arena = proof->convert.arena;
	struct str before = { file->source->text, file->source->len };
	struct str after = convert_text(&proof->convert, file, CONVERT_KEEP);
	struct html_file html = {
		.proof = proof,
		.file = file,
		.number = number,
		.old_count = html_count_lines(before),
		.new_count = html_count_lines(after),
	};

	html.to_new = arena_alloc(arena,
	    ((size_t)html.old_count + 2) * sizeof(uint32_t));
	html.to_old = arena_alloc(arena,
	    ((size_t)html.new_count + 2) * sizeof(uint32_t));
	html.is_changed = arena_alloc(arena,
	    ((size_t)html.old_count + 2) * sizeof(bool));
	for (const struct convert_stmt *s = proof->convert.stmts; s;
	     s = s->next)
		html_link_statement(&html, s);
	fputs("<h2>", out);
	html_print(out, proof, file->source->path);
	fputs("</h2>\n<div class=\"both\">\n", out);
	html_print_side(out, &html, 'o', before);
	html_print_side(out, &html, 'n', after);
	fputs("</div>\n", out);
}

/* The page. */

static void
html_print_head(FILE *out, const struct proof *proof)
{
	const char *path = proof->differ.sides[0].comp.tree->main_file->path;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n<title>",
	    out);
	html_print(out, proof, path);
	fprintf(out,
	    ": %s to %s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
	    target_name(proof->convert.ir->target.version),
	    target_name(proof->convert.target.version), html_style);
	fputs("<h1>", out);
	html_print(out, proof, path);
	fprintf(out, ", from %s to %s</h1>\n",
	    target_name(proof->convert.ir->target.version),
	    target_name(proof->convert.target.version));
	fprintf(out, "<p class=\"verdict %s\">%s</p>\n",
	    proof_verdicts[proof->verdict], report_result_text(proof));
}

/* The comparison's own text: witnesses with the lines that decide. */
static void
html_print_differences(FILE *out, struct proof *proof)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	if (stream == NULL)
		abort();
	differ_print_text(stream, &proof->differ);
	if (fclose(stream) != 0)
		abort();
	fputs("<h2>what the comparison found</h2>\n<pre>", out);
	html_print_text(out, proof, (struct str){ text, (uint32_t)len });
	fputs("</pre>\n", out);
	free(text);
}

void
report_print_html(FILE *out, struct proof *proof)
{
	unsigned number = 0;

	html_print_head(out, proof);
	if (report_has_differences(proof))
		html_print_differences(out, proof);
	for (unsigned i = 0; i < NOTES_CLASSES; i++)
		html_print_notes(out, proof, report_order[i]);
	for (struct convert_file *f = proof->convert.files; f; f = f->next)
		html_print_file(out, proof, f, number++);
	fputs("</body>\n</html>\n", out);
}
