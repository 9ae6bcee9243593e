/*
 * Chooses the fixes that can be applied together and makes the new text of
 * each file. Writes nothing: see fix_diff.c and fix_apply.c.
 */
#include "grammar/fix_private.h"

#include <stdlib.h>

/* Files are few, and looked up in runs of the same one. */
static const struct fix_file *
fix_file_find(struct fix_plan *plan, const struct source_file *file)
{
	struct fix_file *known;
	char *real_path;

	for (known = plan->files; known != NULL; known = known->next)
		if (known->file == file)
			return known;

	known = ARENA_NEW(plan->arena, struct fix_file);
	known->file = file;
	known->real_path = file->path;
	real_path = realpath(file->path, NULL);
	if (real_path != NULL)
		known->real_path =
		    arena_copy(plan->arena, str_from(real_path)).ptr;
	free(real_path);
	for (struct fix_file *f = plan->files; f != NULL; f = f->next)
		if (strcmp(f->real_path, known->real_path) == 0)
			known->is_repeated = true;
	known->next = plan->files;
	plan->files = known;
	return known;
}

static bool
fix_is_in_file(const struct fix_plan *plan, struct srcpos range)
{
	const struct source_file *file = source_file_at(plan->map, range.begin);

	return file != NULL && !file->is_command_line &&
	    range.begin <= range.end && range.end <= file->base + file->len;
}

static bool
fix_is_repeated(struct fix_plan *plan, const struct diag *diag)
{
	for (const struct diag_edit *e = diag->edits; e != NULL; e = e->next)
		if (fix_is_in_file(plan, e->range) &&
		    fix_file_find(plan,
			source_file_at(plan->map, e->range.begin))
			->is_repeated)
			return true;
	return false;
}

/* Whether a comes before b; of two insertions at one point, neither. */
static bool
fix_is_before(struct srcpos a, struct srcpos b)
{
	return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
}

/* An insertion at either end of a replaced range is no overlap. */
static bool
fix_is_overlap(struct srcpos a, struct srcpos b)
{
	return a.begin < b.end && b.begin < a.end;
}

/*
 * Because those taken do not overlap, only the neighbours of the place
 * can. One insertion made twice is one that two diagnostics ask for.
 */
static bool
fix_is_conflict(const struct fix_plan *plan, size_t place,
    const struct fix_edit *edit)
{
	if (place < plan->count &&
	    fix_is_overlap(plan->edits[place].range, edit->range))
		return true;
	if (place > 0 &&
	    fix_is_overlap(plan->edits[place - 1].range, edit->range))
		return true;
	for (; place > 0; place--) {
		const struct fix_edit *before = &plan->edits[place - 1];

		if (fix_is_before(before->range, edit->range))
			return false;
		if (str_eq(before->text, edit->text))
			return true;
	}
	return false;
}

static void
fix_insert(struct fix_plan *plan, size_t place, const struct fix_edit *edit)
{
	if (plan->count == plan->room) {
		size_t room = plan->room == 0 ? 16 : plan->room * 2;
		struct fix_edit *wider = (struct fix_edit *)
		    arena_alloc(plan->arena, room * sizeof(*wider));

		if (plan->count > 0)
			memcpy(wider, plan->edits,
			    plan->count * sizeof(*wider));
		plan->edits = wider;
		plan->room = room;
	}
	memmove(plan->edits + place + 1, plan->edits + place,
	    (plan->count - place) * sizeof(*edit));
	plan->edits[place] = *edit;
	plan->count++;
}

static bool
fix_take_edit(struct fix_plan *plan, const struct diag_edit *edit,
    unsigned taker)
{
	struct fix_edit taken = { edit->range, str_from(edit->text), taker };
	size_t low = 0, high = plan->count;

	if (!fix_is_in_file(plan, edit->range))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fix_is_before(edit->range, plan->edits[middle].range))
			high = middle;
		else
			low = middle + 1;
	}
	if (fix_is_conflict(plan, low, &taken))
		return false;
	fix_insert(plan, low, &taken);
	return true;
}

static void
fix_drop_edits(struct fix_plan *plan, unsigned taker)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->edits[i].taker != taker)
			plan->edits[kept++] = plan->edits[i];
	plan->count = kept;
}

static bool
fix_take(struct fix_plan *plan, const struct diag *diag, unsigned taker)
{
	for (const struct diag_edit *e = diag->edits; e != NULL; e = e->next)
		if (!fix_take_edit(plan, e, taker)) {
			if (e != diag->edits)
				fix_drop_edits(plan, taker);
			return false;
		}
	return true;
}

void
fix_plan_init(struct fix_plan *plan, const struct diag_list *list,
    struct fix_result *result_r)
{
	const struct source_file *last = NULL;
	unsigned taker = 0;

	*plan = (struct fix_plan){ .arena = list->arena, .map = list->map };
	*result_r = (struct fix_result){ 0 };
	for (const struct diag *d = list->head; d != NULL; d = d->next) {
		bool has_fix = d->edits != NULL;

		if (has_fix && fix_is_repeated(plan, d))
			continue;
		if (has_fix && fix_take(plan, d, ++taker)) {
			result_r->applied++;
			continue;
		}
		result_r->conflicting += has_fix;
		result_r->errors_left += d->severity == DIAG_ERROR;
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct source_file *file = source_file_at(plan->map,
		    plan->edits[i].range.begin);

		result_r->files += file != last;
		last = file;
	}
}

/* Makes the text; returns its length. */
static size_t
fix_change_text(const struct fix_change *change, char *text)
{
	const struct source_file *file = change->file;
	size_t len = 0;
	uint32_t at = 0;

	for (size_t i = 0; i < change->count; i++) {
		const struct fix_edit *edit = &change->edits[i];
		uint32_t begin = edit->range.begin - file->base;

		memcpy(text + len, file->text + at, begin - at);
		len += begin - at;
		memcpy(text + len, edit->text.ptr, edit->text.len);
		len += edit->text.len;
		at = edit->range.end - file->base;
	}
	memcpy(text + len, file->text + at, file->len - at);
	return len + file->len - at;
}

bool
fix_plan_next(const struct fix_plan *plan, size_t *at,
    struct fix_change *change_r)
{
	const struct source_file *file;
	size_t first = *at, size;

	if (first == plan->count)
		return false;
	file = source_file_at(plan->map, plan->edits[first].range.begin);
	if (file == NULL)
		return false;
	size = file->len;
	for (; *at < plan->count &&
	     plan->edits[*at].range.begin <= file->base + file->len;
	     (*at)++)
		size += plan->edits[*at].text.len;
	*change_r = (struct fix_change){
		.file = file,
		.edits = plan->edits + first,
		.count = *at - first,
		.text = arena_bytes(plan->arena, size + 1),
	};
	change_r->len = fix_change_text(change_r, change_r->text);
	return true;
}
