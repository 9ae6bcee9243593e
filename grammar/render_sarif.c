/*
 * Diagnostics as a SARIF 2.1.0 log of one run, for code scanning. Written
 * result by result, so that a long log is never held in memory. Columns
 * count code points, an invalid byte being one.
 */
#include "grammar/render_private.h"

#define RENDER_SARIF_SCHEMA \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/" \
	"errata01/os/schemas/sarif-schema-2.1.0.json"

struct render_sarif {
	FILE *out;
	const struct diag_list *list;

	/*
	 * How far code points were counted, and in which line: diagnostics
	 * come in order, and counting anew would be quadratic.
	 */
	const char *line;
	uint32_t bytes;
	uint32_t points;
};

/* Takes both over; NULL where either is NULL or memory ran out. */
static json_t *
render_sarif_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *
render_sarif_message(struct render_sarif *r, const char *text)
{
	return json_pack("{s:o}", "text",
	    render_json_string(r->list->arena, str_from(text)));
}

/* What is empty in the table says the same as the summary. */
static json_t *
render_sarif_prose(const struct check *check, const char *text)
{
	return json_pack("{s:s}", "text",
	    text[0] != '\0' ? text : check->summary);
}

static const char *
render_sarif_level(enum diag_severity severity)
{
	static const char *const levels[] = {
		[DIAG_ADVICE] = "note",
		[DIAG_WARNING] = "warning",
		[DIAG_ERROR] = "error",
	};

	return levels[severity];
}

static json_t *
render_sarif_rule(const struct check *check)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:{s:s}}", "id", check->name,
	    "shortDescription", render_sarif_prose(check, check->summary),
	    "fullDescription", render_sarif_prose(check, check->explanation),
	    "help", render_sarif_prose(check, check->remedy),
	    "defaultConfiguration", "level",
	    render_sarif_level(check->severity));
}

static json_t *
render_sarif_tool(const struct render_options *options)
{
	json_t *rules = json_array();

	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (json_array_append_new(rules,
			render_sarif_rule(&check_table[i])) != 0) {
			json_decref(rules);
			return NULL;
		}
	return json_pack("{s:{s:s, s:s, s:o}}", "driver", "name", options->tool,
	    "version", options->version, "rules", rules);
}

/* A path as a URI reference. */
static json_t *
render_sarif_artifact(struct render_sarif *r, const char *path)
{
	static const char digits[] = "0123456789ABCDEF", scheme[] = "file://";
	char *uri = arena_bytes(r->list->arena,
	    sizeof(scheme) + strlen(path) * 3);
	char *end = uri;

	if (path[0] == '/')
		end = stpcpy(uri, scheme);
	for (const char *p = path; *p != '\0'; p++)
		if (str_is_alnum(*p) || strchr("/-._~", *p) != NULL) {
			*end++ = *p;
		} else {
			*end++ = '%';
			*end++ = digits[(unsigned char)*p >> 4];
			*end++ = digits[*p & 15];
		}
	return json_pack("{s:s%}", "uri", uri, (size_t)(end - uri));
}

static json_int_t
render_sarif_column(struct render_sarif *r, const struct source_location *loc)
{
	if (loc->line_text != r->line || loc->column - 1 < r->bytes) {
		r->line = loc->line_text;
		r->bytes = 0;
		r->points = 0;
	}
	while (r->bytes < loc->column - 1) {
		unsigned size = render_utf8_size(r->line + r->bytes,
		    loc->column - 1 - r->bytes);

		r->bytes += size > 0 ? size : 1;
		r->points++;
	}
	return (json_int_t)r->points + 1;
}

static json_t *
render_sarif_region(struct render_sarif *r, const struct render_span *span)
{
	json_int_t column = render_sarif_column(r, &span->begin);

	return json_pack("{s:I, s:I, s:I, s:I}", "startLine",
	    (json_int_t)span->begin.line, "startColumn", column, "endLine",
	    (json_int_t)span->end.line, "endColumn",
	    render_sarif_column(r, &span->end));
}

static json_t *
render_sarif_place(struct render_sarif *r, const struct render_span *span)
{
	return json_pack("{s:{s:o, s:o}}", "physicalLocation",
	    "artifactLocation",
	    render_sarif_artifact(r, span->begin.file->path), "region",
	    render_sarif_region(r, span));
}

static json_t *
render_sarif_related(struct render_sarif *r, const struct diag_note *note)
{
	json_t *array = json_array();

	for (; note != NULL; note = note->next) {
		struct render_span span;
		json_t *location = render_locate(r->list->map, note->pos,
				       &span) ?
		    render_sarif_place(r, &span) :
		    json_object();

		location = render_sarif_set(location, "message",
		    render_sarif_message(r, note->text));
		if (json_array_append_new(array, location) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
render_sarif_replacement(struct render_sarif *r, const struct render_span *span,
    const char *text)
{
	return json_pack("{s:o, s:o}", "deletedRegion",
	    render_sarif_region(r, span), "insertedContent",
	    render_sarif_message(r, text));
}

/* One change for each run of edits of one file. */
static json_t *
render_sarif_changes(struct render_sarif *r, const struct diag_edit *edit)
{
	const struct source_file *file = NULL;
	json_t *changes = json_array(), *replacements = NULL;
	bool failed = false;

	for (; edit != NULL && !failed; edit = edit->next) {
		struct render_span span;

		if (!render_locate(r->list->map, edit->range, &span))
			continue;
		if (span.begin.file != file) {
			file = span.begin.file;
			replacements = json_array();
			failed = json_array_append_new(changes,
				     json_pack("{s:o, s:o}", "artifactLocation",
					 render_sarif_artifact(r, file->path),
					 "replacements", replacements)) != 0;
		}
		failed = failed ||
		    json_array_append_new(replacements,
			render_sarif_replacement(r, &span, edit->text)) != 0;
	}
	if (failed) {
		json_decref(changes);
		return NULL;
	}
	return changes;
}

static json_t *
render_sarif_result(struct render_sarif *r, const struct diag *diag)
{
	struct render_span span;
	struct diag_note storage;
	const struct diag_note *notes = render_notes(r->list, diag, &storage);
	json_t *result = json_pack("{s:s, s:I, s:s, s:o}", "ruleId",
	    check_table[diag->id].name, "ruleIndex", (json_int_t)diag->id,
	    "level", render_sarif_level(diag->severity), "message",
	    render_sarif_message(r, diag->text));

	if (render_locate(r->list->map, diag->pos, &span))
		result = render_sarif_set(result, "locations",
		    json_pack("[o]", render_sarif_place(r, &span)));
	if (notes != NULL)
		result = render_sarif_set(result, "relatedLocations",
		    render_sarif_related(r, notes));
	if (diag->edits != NULL)
		result = render_sarif_set(result, "fixes",
		    json_pack("[{s:o}]", "artifactChanges",
			render_sarif_changes(r, diag->edits)));
	return result;
}

bool
render_sarif(FILE *out, const struct diag_list *list,
    const struct render_options *options)
{
	struct render_sarif r = { .out = out, .list = list };

	fputs("{\"$schema\":\"" RENDER_SARIF_SCHEMA "\",\n"
	      "\"version\":\"2.1.0\",\"runs\":[{\n"
	      "\"columnKind\":\"unicodeCodePoints\",\n\"tool\":",
	    out);
	if (!render_json_write(out, render_sarif_tool(options)))
		return false;
	fputs(",\n\"results\":[", out);
	for (const struct diag *d = list->head; d != NULL; d = d->next) {
		fputs(d == list->head ? "\n" : ",\n", out);
		if (!render_json_write(out, render_sarif_result(&r, d)))
			return false;
	}
	fputs("\n]}]}\n", out);
	return true;
}
