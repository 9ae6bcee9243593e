/*
 * The report as Markdown, for a change request or a wiki.
 */
#include "migrate/report.h"

#include "compiler/differ_print.h"

/* A cell of a table, which a bar would end. */
static void
markdown_print_cell(FILE *out, const struct proof *proof, const char *text)
{
	struct str shown = report_secrets_hide(proof, str_from(text));

	for (uint32_t i = 0; i < shown.len; i++) {
		if (shown.ptr[i] == '|')
			putc('\\', out);
		putc(shown.ptr[i], out);
	}
}

static void
markdown_print_notes(FILE *out, const struct proof *proof,
    enum note_class class)
{
	if (notes_count(&proof->convert.notes, class) == 0)
		return;
	fprintf(out, "\n## %c%s\n\n| note | where | what |\n|---|---|---|\n",
	    report_class_text(class)[0] - 'a' + 'A',
	    report_class_text(class) + 1);
	for (const struct note *n = proof->convert.notes.first; n; n = n->next)
		if (notes_table[n->id].class == class) {
			fprintf(out, "| `%s` | ", notes_table[n->id].name);
			markdown_print_cell(out, proof,
			    report_place(proof, n->pos));
			fputs(" | ", out);
			markdown_print_cell(out, proof, n->text);
			fputs(" |\n", out);
		}
}

/* Behind a sign no line of a config ends the block. */
static void
markdown_print_statement(FILE *out, const struct proof *proof,
    const struct convert_stmt *made)
{
	const char *why = NULL;

	fprintf(out, "\n%s\n\n```diff\n", report_place(proof, made->stmt->pos));
	report_print_block(out, proof, "- ",
	    source_text(&proof->differ.sides[0].comp.map, made->stmt->pos));
	for (const struct convert_item *i = made->items; i;
	     i = i->next_of_stmt) {
		report_print_block(out, proof, "+ ", str_from(i->text));
		why = i->why != NULL ? i->why : why;
	}
	fprintf(out, "```\n");
	if (why != NULL)
		fprintf(out, "\n%c%s.\n",
		    why[0] >= 'a' && why[0] <= 'z' ? why[0] - 'a' + 'A' :
						     why[0],
		    why + 1);
}

void
report_print_markdown(FILE *out, struct proof *proof)
{
	fprintf(out, "# %s, from %s to %s\n\nThe result is %s.\n",
	    proof->differ.sides[0].comp.tree->main_file->path,
	    target_name(proof->convert.ir->target.version),
	    target_name(proof->convert.target.version),
	    report_result_text(proof));
	for (unsigned i = 0; i < NOTES_CLASSES; i++)
		markdown_print_notes(out, proof, report_order[i]);
	if (report_has_differences(proof)) {
		fputs("\n## What the comparison found\n\n```\n", out);
		differ_print_text(out, &proof->differ);
		fputs("```\n", out);
	}
	fputs("\n## Statements\n", out);
	for (const struct convert_stmt *s = proof->convert.stmts; s;
	     s = s->next)
		if (s->is_changed)
			markdown_print_statement(out, proof, s);
}
