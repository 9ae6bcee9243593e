/*
 * Alignments are common subsequences; what was moved, doubled or changed is
 * left out, and not much more.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "compiler/align.h"

enum { KEYS_MAX = 64, ROUNDS = 20000 };

static uint64_t random_state = 1;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(random_state >> 33) % n;
}

struct sequence {
	uint64_t keys[KEYS_MAX];
	bool is_common[KEYS_MAX];
	uint32_t count;
};

/* One key a letter. */
static void
spell(struct sequence *s, const char *letters)
{
	s->count = (uint32_t)strlen(letters);
	for (uint32_t i = 0; i < s->count; i++)
		s->keys[i] = (unsigned char)letters[i];
}

static struct align_side
side(struct sequence *s)
{
	return (struct align_side){ s->keys, s->count, s->is_common };
}

/* The common elements of both; returns how many. */
static uint32_t
align(struct sequence *a, struct sequence *b)
{
	struct align_side sides[2] = { side(a), side(b) };
	uint32_t i = 0, j = 0, count = 0;

	align_run(&sides[0], &sides[1]);
	for (;; i++, j++, count++) {
		while (i < a->count && !a->is_common[i])
			i++;
		while (j < b->count && !b->is_common[j])
			j++;
		if (i == a->count || j == b->count)
			break;
		cr_assert_eq(a->keys[i], b->keys[j]);
	}
	cr_assert(i == a->count && j == b->count);
	return count;
}

struct example {
	char a[16];
	char b[16];
	uint32_t count;
};

ParameterizedTestParameters(align, finds_what_stayed)
{
	static struct example examples[] = {
		{ "", "", 0 },
		{ "abc", "", 0 },
		{ "abc", "abc", 3 },
		{ "abc", "xyz", 0 },
		{ "abcd", "abxd", 3 },
		{ "abcd", "abxcd", 4 },
		{ "abcdef", "bcdefa", 5 },
		{ "abcdef", "afbcde", 5 },
		{ "axbxc", "axbxc", 5 },
		{ "aab", "aabb", 3 },
		{ "xxaxxbxx", "xaxxxbx", 6 },
		{ "fedcba", "abcdef", 1 },
	};

	return cr_make_param_array(struct example, examples,
	    sizeof(examples) / sizeof(examples[0]));
}

ParameterizedTest(struct example *example, align, finds_what_stayed)
{
	struct sequence a, b;

	spell(&a, example->a);
	spell(&b, example->b);
	cr_expect_eq(align(&a, &b), example->count, "%s %s", example->a,
	    example->b);
}

Test(align, of_random_sequences_is_common)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct sequence a, b;
		uint32_t letters = 1 + random_below(30), before = 0;

		a.count = random_below(KEYS_MAX);
		b.count = random_below(KEYS_MAX);
		for (uint32_t i = 0; i < a.count; i++)
			a.keys[i] = random_below(letters);
		for (uint32_t i = 0; i < b.count; i++)
			b.keys[i] = random_below(letters);
		while (before < a.count && before < b.count &&
		    a.keys[before] == b.keys[before])
			before++;
		cr_assert_geq(align(&a, &b), before);
	}
}
