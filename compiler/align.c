/*
 * What both ends have in common, then the keys that occur once on each
 * side, as far as they keep their order, then the ends of the gaps between.
 */
#include "compiler/align.h"

#include <stdlib.h>
#include <string.h>

struct align_item {
	uint64_t key;
	uint32_t side;
	uint32_t index;
};

/* Positions of one key; before: the pair that the best chain has before. */
struct align_pair {
	uint32_t a;
	uint32_t b;
	uint32_t before;
};

#define ALIGN_NONE UINT32_MAX

static void *
align_alloc(size_t count, size_t size)
{
	void *array = calloc(count + 1, size);

	if (array == NULL)
		abort();
	return array;
}

static void
align_mark(struct align_side *a, struct align_side *b, uint32_t i, uint32_t j)
{
	a->is_common[i] = true;
	b->is_common[j] = true;
}

/* Equal elements from both ends of two ranges, as far as they go. */
static void
align_ends(struct align_side *a, struct align_side *b, struct align_pair *begin,
    struct align_pair *end)
{
	while (begin->a < end->a && begin->b < end->b &&
	    a->keys[begin->a] == b->keys[begin->b])
		align_mark(a, b, begin->a++, begin->b++);
	while (begin->a < end->a && begin->b < end->b &&
	    a->keys[end->a - 1] == b->keys[end->b - 1])
		align_mark(a, b, --end->a, --end->b);
}

static int
align_compare_items(const void *vx, const void *vy)
{
	const struct align_item *x = vx, *y = vy;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->side < y->side ? -1 : x->side > y->side;
}

static int
align_compare_pairs(const void *vx, const void *vy)
{
	const struct align_pair *x = vx, *y = vy;

	return x->a < y->a ? -1 : x->a > y->a;
}

static uint32_t
align_add_items(struct align_item *items, const struct align_side *side,
    uint32_t number, uint32_t begin, uint32_t end)
{
	for (uint32_t i = begin; i < end; i++)
		items[i - begin] = (struct align_item){ side->keys[i], number,
			i };
	return end - begin;
}

/* Keys that occur once on each side, in the order of a. */
static struct align_pair *
align_unique(const struct align_side *a, const struct align_side *b,
    struct align_pair begin, struct align_pair end, uint32_t *count_r)
{
	size_t room = (size_t)(end.a - begin.a) + (end.b - begin.b);
	struct align_item *items = align_alloc(room, sizeof(*items));
	struct align_pair *pairs = align_alloc(room / 2, sizeof(*pairs));
	uint32_t count = align_add_items(items, a, 0, begin.a, end.a);

	count += align_add_items(items + count, b, 1, begin.b, end.b);
	qsort(items, count, sizeof(*items), align_compare_items);
	*count_r = 0;
	for (uint32_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count; next++)
			if (items[next].key != items[i].key)
				break;
		if (next == i + 2 && items[i].side != items[i + 1].side)
			pairs[(*count_r)++] = (struct align_pair){
				items[i].index, items[i + 1].index, ALIGN_NONE
			};
	}
	free(items);
	qsort(pairs, *count_r, sizeof(*pairs), align_compare_pairs);
	return pairs;
}

/*
 * The longest chain of pairs that ascend on both sides: ends[k] is the pair
 * with the lowest b that a chain of k + 1 can end with. Returns the last
 * pair of the chain.
 */
static uint32_t
align_chain(struct align_pair *pairs, uint32_t count)
{
	uint32_t *ends = align_alloc(count, sizeof(*ends));
	uint32_t length = 0, last;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t low = 0, high = length;

		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (pairs[ends[middle]].b < pairs[i].b)
				low = middle + 1;
			else
				high = middle;
		}
		pairs[i].before = low == 0 ? ALIGN_NONE : ends[low - 1];
		ends[low] = i;
		if (low == length)
			length++;
	}
	last = length == 0 ? ALIGN_NONE : ends[length - 1];
	free(ends);
	return last;
}

void
align_run(struct align_side *a, struct align_side *b)
{
	struct align_pair begin = { 0, 0, 0 }, end = { a->count, b->count, 0 };
	struct align_pair *pairs;
	uint32_t count;

	memset(a->is_common, 0, a->count * sizeof(bool));
	memset(b->is_common, 0, b->count * sizeof(bool));
	align_ends(a, b, &begin, &end);
	pairs = align_unique(a, b, begin, end, &count);
	/* From the last pair of the chain back to the first. */
	for (uint32_t i = align_chain(pairs, count); i != ALIGN_NONE;
	     i = pairs[i].before) {
		struct align_pair gap = { pairs[i].a + 1, pairs[i].b + 1, 0 };

		align_mark(a, b, pairs[i].a, pairs[i].b);
		align_ends(a, b, &gap, &end);
		end = pairs[i];
	}
	align_ends(a, b, &begin, &end);
	free(pairs);
}
