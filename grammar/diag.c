/*
 * Diagnostic records, the registry of checks, and the policy applied to
 * both: what is off, what counts as an error, what a comment allows.
 */
#include "grammar/diag.h"

#include <stdlib.h>

#include "grammar/suggest.h"

const struct check check_table[CHECK_COUNT] = {
#define CHECK(id, name, severity, flags, summary, explanation, example, \
    remedy) \
	[CHECK_##id] = { name, severity, flags, summary, explanation, example, \
		remedy },
#include "grammar/checks.def"
#undef CHECK
};

enum check_id
check_by_name(struct str name)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (str_is(name, check_table[i].name))
			return (enum check_id)i;
	return CHECK_COUNT;
}

const char *
check_suggest(struct str name)
{
	struct suggest nearest;

	suggest_init(&nearest, name);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		suggest_offer(&nearest, str_from(check_table[i].name));
	return nearest.best.len > 0 ? nearest.best.ptr : NULL;
}

void
diag_list_init(struct diag_list *list, struct arena *arena,
    struct source_map *map)
{
	*list = (struct diag_list){ .arena = arena, .map = map };
	list->tail = &list->head;
}

struct diag *
diag_add(struct diag_list *list, enum check_id id, enum diag_severity severity,
    struct srcpos pos, const char *fmt, ...)
{
	struct diag *diag = ARENA_NEW(list->arena, struct diag);
	va_list ap;

	va_start(ap, fmt);
	diag->text = arena_vprintf(list->arena, fmt, ap);
	va_end(ap);
	diag->id = id;
	diag->severity = severity;
	diag->pos = pos;
	diag->edits_tail = &diag->edits;
	*list->tail = diag;
	list->tail = &diag->next;
	return diag;
}

void
diag_note(struct diag_list *list, struct diag *diag, struct srcpos pos,
    const char *fmt, ...)
{
	struct diag_note *note = ARENA_NEW(list->arena, struct diag_note);
	struct diag_note **tail = &diag->notes;
	va_list ap;

	va_start(ap, fmt);
	note->text = arena_vprintf(list->arena, fmt, ap);
	va_end(ap);
	note->pos = pos;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = note;
}

void
diag_edit(struct diag_list *list, struct diag *diag, struct srcpos range,
    const char *fmt, ...)
{
	struct diag_edit *edit = ARENA_NEW(list->arena, struct diag_edit);
	va_list ap;

	va_start(ap, fmt);
	edit->text = arena_vprintf(list->arena, fmt, ap);
	va_end(ap);
	edit->range = range;
	*diag->edits_tail = edit;
	diag->edits_tail = &edit->next;
}

/* The allowances as an array, since there may be one for each line. */
struct diag_allowed {
	struct diag_allow *sorted;
	size_t count;
};

static int
diag_compare_allow(const void *va, const void *vb)
{
	const struct diag_allow *a = va, *b = vb;

	if (a->file_base != b->file_base)
		return a->file_base < b->file_base ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static struct diag_allowed
diag_sort_allows(const struct diag_list *list)
{
	struct diag_allowed allowed = { .count = 0 };

	for (const struct diag_allow *a = list->allows; a != NULL; a = a->next)
		allowed.count++;
	allowed.sorted = (struct diag_allow *)arena_alloc(list->arena,
	    allowed.count * sizeof(*allowed.sorted));
	allowed.count = 0;
	for (const struct diag_allow *a = list->allows; a != NULL; a = a->next)
		allowed.sorted[allowed.count++] = *a;
	qsort(allowed.sorted, allowed.count, sizeof(*allowed.sorted),
	    diag_compare_allow);
	return allowed;
}

static bool
diag_has_allow(const struct diag_allowed *allowed, uint32_t file_base,
    uint32_t line, enum check_id id)
{
	struct diag_allow key = { id, file_base, line, NULL };

	return bsearch(&key, allowed->sorted, allowed->count, sizeof(key),
		   diag_compare_allow) != NULL;
}

static bool
diag_is_allowed(const struct diag_list *list,
    const struct diag_allowed *allowed, const struct diag *diag)
{
	struct source_location loc;
	uint32_t base;

	if (allowed->count == 0 ||
	    !source_locate(list->map, diag->pos.begin, &loc))
		return false;
	base = loc.file->base;
	return diag_has_allow(allowed, base, loc.line, diag->id) ||
	    diag_has_allow(allowed, base, loc.line - 1, diag->id);
}

/* Applies the policy to one record; false drops it. */
static bool
diag_is_wanted(const struct diag_list *list, const struct diag_allowed *allowed,
    struct diag *diag)
{
	const struct diag_policy *policy = &list->policy;

	if (!(check_table[diag->id].flags & CHECK_FIXED) &&
	    (policy->disabled[diag->id] ||
		diag_is_allowed(list, allowed, diag)))
		return false;
	if (diag->severity == DIAG_ADVICE && !policy->advice &&
	    !policy->enabled[diag->id])
		return false;
	if (policy->as_error[diag->id])
		diag->severity = DIAG_ERROR;
	return true;
}

struct diag_sort_key {
	struct diag *diag;
	uint32_t order;
};

static int
diag_compare_place(const void *va, const void *vb)
{
	const struct diag_sort_key *a = va, *b = vb;
	/* Those without a place come last. */
	uint32_t pa = a->diag->pos.begin - 1, pb = b->diag->pos.begin - 1;

	if (pa != pb)
		return pa < pb ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* 0 for repetitions. */
static int
diag_compare_content(const struct diag *a, const struct diag *b)
{
	if (a->pos.begin != b->pos.begin)
		return a->pos.begin < b->pos.begin ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return strcmp(a->text, b->text);
}

static int
diag_compare_repetition(const void *va, const void *vb)
{
	const struct diag_sort_key *a = va, *b = vb;
	int order = diag_compare_content(a->diag, b->diag);

	return order != 0 ? order : diag_compare_place(a, b);
}

/* Keeps the first of each; returns how many are left, in no order. */
static size_t
diag_drop_repetitions(struct diag_sort_key *keys, size_t count)
{
	size_t kept = 0;

	qsort(keys, count, sizeof(*keys), diag_compare_repetition);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 ||
		    diag_compare_content(keys[kept - 1].diag, keys[i].diag) !=
			0)
			keys[kept++] = keys[i];
	return kept;
}

static void
diag_relink(struct diag_list *list, struct diag_sort_key *keys, size_t count)
{
	list->head = NULL;
	list->tail = &list->head;
	qsort(keys, count, sizeof(*keys), diag_compare_place);
	for (size_t i = 0; i < count; i++) {
		struct diag *diag = keys[i].diag;

		diag->next = NULL;
		*list->tail = diag;
		list->tail = &diag->next;
		if (diag->severity == DIAG_ERROR)
			list->errors++;
		else
			list->warnings++;
	}
}

void
diag_finish(struct diag_list *list)
{
	struct diag_allowed allowed = diag_sort_allows(list);
	struct diag_sort_key *keys;
	size_t count = 0;

	for (struct diag *d = list->head; d != NULL; d = d->next)
		count++;
	keys = (struct diag_sort_key *)arena_alloc(list->arena,
	    count * sizeof(*keys));
	count = 0;
	for (struct diag *d = list->head; d != NULL; d = d->next)
		if (diag_is_wanted(list, &allowed, d)) {
			keys[count] = (struct diag_sort_key){ d,
				(uint32_t)count };
			count++;
		}
	count = diag_drop_repetitions(keys, count);
	diag_relink(list, keys, count);
}
