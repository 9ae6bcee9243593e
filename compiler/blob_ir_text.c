/*
 * Words are printed while the rules are read; then all that has a place is
 * sorted by it and laid out, file by file.
 */
#include "compiler/blob_ir_text.h"

#include <stdlib.h>

/* A text that grows. */
struct blob_ir_page {
	char *data;
	size_t size;
	size_t room;
	uint32_t line;
	uint32_t column;
};

static void *
blob_ir_grow(void *old, size_t *room, size_t wanted, size_t size)
{
	void *array;

	if (wanted <= *room)
		return old;
	*room = wanted + wanted / 2 + 64;
	array = realloc(old, *room * size);
	if (array == NULL)
		abort();
	return array;
}

/* Collecting. */

void
blob_ir_text_init(struct blob_ir_text *text, struct compilation *comp,
    const struct blob *blob, const struct ir *ir)
{
	*text = (struct blob_ir_text){
		.comp = comp,
		.blob = blob,
		.left = SOURCE_SIZE_MAX,
	};
	text->conf = (struct print_conf){
		.arena = &comp->arena,
		.ir = ir,
		.out = open_memstream(&text->words, &text->words_size),
	};
	if (text->conf.out == NULL)
		abort();
}

/* NULL where it has no place. */
static struct blob_ir_item *
blob_ir_text_add(struct blob_ir_text *text, struct srcpos *pos)
{
	struct blob_ir_item item = { .pos = pos };
	bool has_place = blob_locate(text->blob, *pos, &item.place) &&
	    item.place.line <= BLOB_IR_LINES_MAX;

	*pos = (struct srcpos){ 0, 0 };
	if (!has_place)
		return NULL;
	text->items = blob_ir_grow(text->items, &text->room, text->count + 1,
	    sizeof(item));
	text->items[text->count] = item;
	return &text->items[text->count++];
}

void
blob_ir_text_place(struct blob_ir_text *text, struct srcpos *pos)
{
	blob_ir_text_add(text, pos);
}

static uint32_t
blob_ir_text_tell(const struct blob_ir_text *text)
{
	return (uint32_t)ftello(text->conf.out);
}

void
blob_ir_text_listener(struct blob_ir_text *text, struct ir_listener *listener)
{
	struct blob_ir_item *item = blob_ir_text_add(text, &listener->pos);

	if (item == NULL)
		return;
	item->words.begin = blob_ir_text_tell(text);
	fputs("listen on ", text->conf.out);
	if (listener->is_socket)
		fputs("socket", text->conf.out);
	else
		print_conf_word(&text->conf, listener->address);
	item->words.end = blob_ir_text_tell(text);
}

void
blob_ir_text_rule(struct blob_ir_text *text, const struct ruleset_rule *rule,
    struct stmt *stmt, struct clause *clauses)
{
	struct blob_ir_item *item = blob_ir_text_add(text, &stmt->pos);

	if (item == NULL)
		return;
	item->clauses = clauses;
	item->clause_count = rule->pred_count;
	item->words.begin = blob_ir_text_tell(text);
	fputs("match", text->conf.out);
	for (uint32_t i = 0; i < rule->pred_count; i++) {
		clauses[i].pos.begin = blob_ir_text_tell(text) + 1;
		print_conf_pred(&text->conf, &rule->preds[i]);
		clauses[i].pos.end = blob_ir_text_tell(text);
	}
	if (rule->action == RULESET_REJECT)
		fputs(" reject", text->conf.out);
	else
		print_conf_option(&text->conf, "action",
		    text->conf.ir->actions[rule->action].name);
	item->words.end = blob_ir_text_tell(text);
}

/* Laying out. */

static int
blob_ir_compare(const void *va, const void *vb)
{
	const struct blob_ir_item *a = va, *b = vb;
	int order = strcmp(a->place.path.ptr, b->place.path.ptr);

	if (order != 0)
		return order;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->words.begin < b->words.begin ?
	    -1 :
	    a->words.begin > b->words.begin;
}

static void
blob_ir_page_put(struct blob_ir_page *page, const char *from, size_t size)
{
	page->data = blob_ir_grow(page->data, &page->room,
	    page->size + size + 2, 1);
	for (size_t i = 0; i < size; i++)
		page->data[page->size++] = from[i] == '\n' ? ' ' : from[i];
	page->column += (uint32_t)size;
}

/* What does not fit behind what stands before it comes right after that. */
static void
blob_ir_page_go(struct blob_ir_page *page, const struct blob_place *place)
{
	for (; page->line < place->line; page->line++) {
		blob_ir_page_put(page, " ", 1);
		page->data[page->size - 1] = '\n';
		page->column = 1;
	}
	while (page->column < place->column)
		blob_ir_page_put(page, " ", 1);
}

/* False where the page would become too large. */
static bool
blob_ir_page_add(struct blob_ir_page *page, const struct blob_ir_text *text,
    struct blob_ir_item *item)
{
	uint32_t from = item->words.begin, len = item->words.end - from, at;

	if (page->size + (item->place.line - page->line) + item->place.column +
		len >
	    text->left)
		return false;
	blob_ir_page_go(page, &item->place);
	at = (uint32_t)page->size;
	blob_ir_page_put(page, text->words + from, len);
	*item->pos = (struct srcpos){ at, at + len };
	for (uint32_t i = 0; i < item->clause_count; i++) {
		item->clauses[i].pos.begin += at - from;
		item->clauses[i].pos.end += at - from;
	}
	return true;
}

static void
blob_ir_shift(struct srcpos *pos, uint32_t base)
{
	pos->begin += base;
	pos->end += base;
}

/* Puts an item into the map; without a file it has no place. */
static void
blob_ir_item_map(struct blob_ir_item *item, const struct source_file *file)
{
	if (file == NULL) {
		*item->pos = (struct srcpos){ 0, 0 };
		for (uint32_t i = 0; i < item->clause_count; i++)
			item->clauses[i].pos = (struct srcpos){ 0, 0 };
		return;
	}
	blob_ir_shift(item->pos, file->base);
	for (uint32_t i = 0; i < item->clause_count; i++)
		blob_ir_shift(&item->clauses[i].pos, file->base);
}

/* Items of one file; returns how many. */
static size_t
blob_ir_page_make(struct blob_ir_text *text, struct blob_ir_item *items,
    size_t left)
{
	struct blob_ir_page page = { .line = 1, .column = 1 };
	struct str path = items[0].place.path;
	struct source_file *file;
	size_t count, placed = 0;

	while (placed < left && str_eq(items[placed].place.path, path) &&
	    blob_ir_page_add(&page, text, &items[placed]))
		placed++;
	for (count = placed; count < left; count++)
		if (!str_eq(items[count].place.path, path))
			break;
	text->left -= page.size;
	blob_ir_page_put(&page, "\n", 1);
	memset(page.data + page.size, 0, 2);
	file = source_add(&text->comp->map, path.ptr, page.data, page.size,
	    (struct srcpos){ 0, 0 });
	for (size_t i = 0; i < count; i++)
		blob_ir_item_map(&items[i], i < placed ? file : NULL);
	return count;
}

void
blob_ir_text_finish(struct blob_ir_text *text)
{
	if (fclose(text->conf.out) != 0)
		abort();
	if (text->count > 0)
		qsort(text->items, text->count, sizeof(*text->items),
		    blob_ir_compare);
	for (size_t i = 0; i < text->count;)
		i += blob_ir_page_make(text, text->items + i, text->count - i);
	free(text->words);
	free(text->items);
}
