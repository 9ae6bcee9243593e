/*
 * The report as text, and rule by rule: for people at a terminal.
 */
#include "migrate/report.h"

#include "compiler/differ_print.h"

static const char *const report_classes[NOTES_CLASSES] = {
	[NOTES_INEXACT] = "not the same",
	[NOTES_WIDENED] = "wider, by choice of the idiomatic style",
	[NOTES_ADVICE] = "to look at",
	[NOTES_STANDING] = "no config can avoid",
};

const char *report_class_text(enum note_class class)
{
	return report_classes[class];
}

const char *
report_place(const struct proof *proof, struct srcpos pos)
{
	struct source_location loc;

	if (!source_locate(&proof->differ.sides[0].comp.map, pos.begin, &loc))
		return "";
	return arena_printf(proof->convert.arena, "%s:%u", loc.file->path,
	    loc.line);
}

static void
report_print_notes(FILE *out, const struct proof *proof, enum note_class class)
{
	for (unsigned id = 0; id < NOTE_COUNT; id++) {
		unsigned count = proof->convert.notes.counts[id];

		if (notes_table[id].class != class || count == 0)
			continue;
		fprintf(out, "  %s (%u): %s\n", notes_table[id].name, count,
		    notes_table[id].summary);
		for (const struct note *n = proof->convert.notes.first; n;
		     n = n->next)
			if (n->id == id)
				fprintf(out, "    %s: %.*s\n",
				    report_place(proof, n->pos),
				    STR_ARG(report_secrets_hide(proof,
					str_from(n->text))));
	}
}

const enum note_class report_order[NOTES_CLASSES] = { NOTES_INEXACT,
	NOTES_WIDENED, NOTES_ADVICE, NOTES_STANDING };

const char *
report_result_text(const struct proof *proof)
{
	switch (proof->verdict) {
	case PROOF_SAME:
		return notes_count(&proof->convert.notes, NOTES_WIDENED) > 0 ?
		    "the same, but for what was widened on purpose" :
		    "the same: every envelope is treated alike";
	case PROOF_DIFFERENT:
		return "not the same";
	case PROOF_UNDECIDED:
		return "not decided: some conditions cannot be asked here";
	case PROOF_UNREADABLE:
		break;
	}
	return "the result has errors";
}

void
report_print_summary(FILE *out, const struct proof *proof)
{
	const struct notes *notes = &proof->convert.notes;

	fprintf(out, "%s, from %s to %s: %s\n",
	    proof->differ.sides[0].comp.tree->main_file->path,
	    target_name(proof->convert.ir->target.version),
	    target_name(proof->convert.target.version),
	    report_result_text(proof));
	for (size_t i = 0; i < NOTES_CLASSES; i++) {
		const char *separator = ": ";

		if (notes_count(notes, report_order[i]) == 0)
			continue;
		fprintf(out, "  %s", report_classes[report_order[i]]);
		for (unsigned id = 0; id < NOTE_COUNT; id++) {
			if (notes_table[id].class != report_order[i] ||
			    notes->counts[id] == 0)
				continue;
			fprintf(out, "%s%s (%u)", separator,
			    notes_table[id].name, notes->counts[id]);
			separator = ", ";
		}
		putc('\n', out);
	}
}

bool
report_has_differences(const struct proof *proof)
{
	return proof->verdict != PROOF_UNREADABLE &&
	    !differ_is_equivalent(&proof->differ);
}

void
report_print_text(FILE *out, struct proof *proof)
{
	report_print_summary(out, proof);
	for (size_t i = 0; i < NOTES_CLASSES; i++) {
		enum note_class class = report_order[i];

		if (notes_count(&proof->convert.notes, class) == 0)
			continue;
		fprintf(out, "\n%s:\n", report_classes[class]);
		report_print_notes(out, proof, class);
	}
	if (!report_has_differences(proof))
		return;
	fputs("\nwhat the comparison found:\n\n", out);
	differ_print_text(out, &proof->differ);
}

/* Rule by rule. */

void
report_print_block(FILE *out, const struct proof *proof, const char *sign,
    struct str text)
{
	text = report_secrets_hide(proof, text);
	while (text.len > 0) {
		const char *lf = memchr(text.ptr, '\n', text.len);
		uint32_t len = lf == NULL ? text.len :
					    (uint32_t)(lf - text.ptr);

		fprintf(out, "%s%.*s\n", sign, (int)len, text.ptr);
		len += lf != NULL;
		text.ptr += len;
		text.len -= len;
	}
}

static void
report_explain_stmt(FILE *out, const struct proof *proof,
    const struct convert_item *first)
{
	const struct stmt *stmt = first->stmt;
	const char *why = NULL;

	fprintf(out, "\n%s:\n", report_place(proof, stmt->pos));
	report_print_block(out, proof, "  - ",
	    source_text(&proof->differ.sides[0].comp.map, stmt->pos));
	for (const struct convert_item *i = first; i; i = i->next_of_stmt) {
		report_print_block(out, proof, "  + ", str_from(i->text));
		if (i->why != NULL && (why == NULL || strcmp(why, i->why) != 0))
			fprintf(out, "      (%s)\n", i->why);
		why = i->why;
	}
}

void
report_print_explanation(FILE *out, const struct proof *proof)
{
	for (const struct convert_stmt *s = proof->convert.stmts; s;
	     s = s->next)
		if (s->is_changed)
			report_explain_stmt(out, proof, s->items);
}
