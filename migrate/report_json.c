/*
 * The report as JSON, for programs: see smtpd-migrate(1).
 */
#include "migrate/report.h"

#include <jansson.h>
#include <stdlib.h>

#include "compiler/differ_print.h"
#include "compiler/dump_json.h"

static const char *const json_classes[NOTES_CLASSES] = {
	[NOTES_STANDING] = "standing",
	[NOTES_INEXACT] = "inexact",
	[NOTES_WIDENED] = "widened",
	[NOTES_ADVICE] = "advice",
};

/* Config text is bytes; JSON is UTF-8. */
static json_t *
json_text(const struct proof *proof, struct str text)
{
	struct str clean = dump_text_clean(proof->convert.arena,
	    report_secrets_hide(proof, text));

	return json_stringn(clean.ptr, clean.len);
}

static void
json_put_place(json_t *object, const struct proof *proof, struct srcpos pos)
{
	struct source_location loc;

	if (!source_locate(&proof->differ.sides[0].comp.map, pos.begin, &loc))
		return;
	json_object_set_new(object, "file",
	    json_text(proof, str_from(loc.file->path)));
	json_object_set_new(object, "line", json_integer(loc.line));
}

static json_t *
json_notes(const struct proof *proof)
{
	json_t *list = json_array();

	for (const struct note *n = proof->convert.notes.first; n;
	     n = n->next) {
		json_t *note = json_object();

		json_object_set_new(note, "id",
		    json_string(notes_table[n->id].name));
		json_object_set_new(note, "class",
		    json_string(json_classes[notes_table[n->id].class]));
		json_put_place(note, proof, n->pos);
		json_object_set_new(note, "text",
		    json_text(proof, str_from(n->text)));
		json_array_append_new(list, note);
	}
	return list;
}

static json_t *
json_counts(const struct proof *proof)
{
	json_t *counts = json_object();

	for (unsigned id = 0; id < NOTE_COUNT; id++)
		if (proof->convert.notes.counts[id] > 0)
			json_object_set_new(counts, notes_table[id].name,
			    json_integer(proof->convert.notes.counts[id]));
	return counts;
}

static json_t *
json_statement(const struct proof *proof, const struct convert_stmt *made)
{
	json_t *statement = json_object(), *items = json_array();

	json_put_place(statement, proof, made->stmt->pos);
	json_object_set_new(statement, "old",
	    json_text(proof,
		source_text(&proof->differ.sides[0].comp.map,
		    made->stmt->pos)));
	json_object_set_new(statement, "changed",
	    json_boolean(made->is_changed));
	for (const struct convert_item *i = made->items; i;
	     i = i->next_of_stmt) {
		json_t *item = json_object();

		json_object_set_new(item, "line", json_integer(i->line));
		json_object_set_new(item, "text",
		    json_text(proof, str_from(i->text)));
		json_object_set_new(item, "why",
		    i->why == NULL ? json_null() : json_string(i->why));
		json_array_append_new(items, item);
	}
	json_object_set_new(statement, "new", items);
	return statement;
}

static json_t *
json_comparison(struct proof *proof)
{
	char *line;
	json_t *value;

	if (proof->verdict == PROOF_UNREADABLE)
		return json_null();
	line = dump_json_line(differ_model(&proof->differ));
	if (line == NULL)
		abort();
	value = json_loads(line, JSON_DECODE_ANY, NULL);
	free(line);
	return value;
}

void
report_print_json(FILE *out, struct proof *proof)
{
	json_t *root = json_object(), *statements = json_array();

	json_object_set_new(root, "config",
	    json_text(proof,
		str_from(proof->differ.sides[0].comp.tree->main_file->path)));
	json_object_set_new(root, "from",
	    json_string(target_name(proof->convert.ir->target.version)));
	json_object_set_new(root, "target",
	    json_string(target_name(proof->convert.target.version)));
	json_object_set_new(root, "result",
	    json_string(proof_verdicts[proof->verdict]));
	json_object_set_new(root, "counts", json_counts(proof));
	json_object_set_new(root, "notes", json_notes(proof));
	json_object_set_new(root, "comparison", json_comparison(proof));
	for (const struct convert_stmt *s = proof->convert.stmts; s;
	     s = s->next)
		json_array_append_new(statements, json_statement(proof, s));
	json_object_set_new(root, "statements", statements);
	if (json_dumpf(root, out, JSON_INDENT(2)) != 0)
		abort();
	putc('\n', out);
	json_decref(root);
}
