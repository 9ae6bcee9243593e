/*
 * Classes of random sets against what matching each entry says: for random
 * values, for all short ones, and for every representative.
 */
#include "compiler/classes.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "runtime/base/domain.h"
#include "runtime/base/hostname.h"

enum {
	TEST_SETS = 7,
	TEST_ENTRIES = 4,
	TEST_TEXT = 64,
	TEST_ROUNDS = 400,
	TEST_KEYS = 200,
	TEST_BUDGET = 100000,
};

static const char test_letters[] = "abc.-";

struct test_set {
	char texts[TEST_ENTRIES][TEST_TEXT];
	uint32_t count;
	uint32_t number;
};

static enum classes_kind test_kind;
static struct test_set test_sets[TEST_SETS];
static uint32_t test_set_count;
static struct arena test_arena;
static struct classes *test_classes;
static uint64_t test_seed;

static uint32_t
test_random(uint32_t below)
{
	test_seed = test_seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(test_seed >> 33) % below;
}

/* Random texts. */

static void
test_text(char to[TEST_TEXT], const char *bytes, uint32_t max)
{
	uint32_t len = test_random(max + 1);

	for (uint32_t i = 0; i < len; i++)
		to[i] = bytes[test_random((uint32_t)strlen(bytes))];
	to[len] = '\0';
}

/* In the same few networks mostly, so that many nest. */
static void
test_network(char to[TEST_TEXT], bool has_prefix)
{
	uint32_t low = test_random(256), bits = test_random(9);

	if (test_random(8) == 0)
		snprintf(to, TEST_TEXT, "0.0.0.0/%u", test_random(33));
	else if (test_random(8) == 0)
		snprintf(to, TEST_TEXT, "::/%u", test_random(129));
	else if (test_random(3) == 0)
		snprintf(to, TEST_TEXT, "2001:db8::%x/%u", low, 120 + bits);
	else
		snprintf(to, TEST_TEXT, "192.0.%u.%u/%u", 2 + test_random(2),
		    low, 24 + bits);
	if (!has_prefix)
		*strchr(to, '/') = '\0';
}

static void
test_entry(char to[TEST_TEXT])
{
	switch (test_kind) {
	case CLASSES_EXACT:
	case CLASSES_STRING:
		test_text(to, "aAbB", 3);
		return;
	case CLASSES_DOMAIN:
		test_text(to, test_random(2) == 0 ? "aB.*-" : "ab*", 6);
		return;
	case CLASSES_NETWORK:
		break;
	}
	test_network(to, true);
}

static void
test_key(char to[TEST_TEXT])
{
	switch (test_kind) {
	case CLASSES_EXACT:
	case CLASSES_STRING:
		test_text(to, "aAbB", 4);
		return;
	case CLASSES_DOMAIN:
		test_text(to, "abcA.-*_[]", 8);
		return;
	case CLASSES_NETWORK:
		break;
	}
	test_network(to, false);
}

/* By definition. */

static bool
test_net_matches(struct str key, struct str entry)
{
	struct netaddr net, addr;

	return netaddr_parse_cidr(entry, NETADDR_BRACKETS, &net) ==
	    NETADDR_OK &&
	    netaddr_parse_cidr(key, NETADDR_BRACKETS, &addr) == NETADDR_OK &&
	    netaddr_contains(&net, &addr);
}

static bool
test_matches(struct str key, struct str entry)
{
	switch (test_kind) {
	case CLASSES_EXACT:
		return str_eq(key, entry);
	case CLASSES_STRING:
		return str_eq_nocase(key, entry);
	case CLASSES_DOMAIN:
		return domain_match(key, entry);
	case CLASSES_NETWORK:
		break;
	}
	return test_net_matches(key, entry);
}

static bool
test_is_in(struct str key, const struct test_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (test_matches(key, str_from(set->texts[i])))
			return true;
	return false;
}

/* Checks. */

static bool
test_list_has(struct classes_list list, uint32_t id)
{
	for (uint32_t i = 0; i < list.count; i++)
		if (list.ids[i] == id)
			return true;
	return false;
}

static void
test_check_key(struct str key)
{
	uint32_t class = classes_find(test_classes, key), set;
	bool is_in;

	cr_assert_lt(class, classes_count(test_classes), "\"%.*s\"",
	    STR_ARG(key));
	for (uint32_t i = 0; i < test_set_count; i++) {
		set = test_sets[i].number;
		is_in = test_is_in(key, &test_sets[i]);
		cr_assert_eq(test_list_has(classes_signature(test_classes,
					       class),
				 set),
		    is_in, "round %u: \"%.*s\" in set %u",
		    (unsigned)test_set_count, STR_ARG(key), i);
		cr_assert_eq(test_list_has(classes_members(test_classes, set),
				 class),
		    is_in);
	}
}

static void
test_check_ascending(struct classes_list list)
{
	for (uint32_t i = 1; i < list.count; i++)
		cr_assert_lt(list.ids[i - 1], list.ids[i]);
}

static bool
test_is_same(struct classes_list a, struct classes_list b)
{
	return a.count == b.count &&
	    (a.count == 0 ||
		memcmp(a.ids, b.ids, a.count * sizeof(*a.ids)) == 0);
}

static bool
test_is_host(struct str name)
{
	return hostname_is_valid(name) && name.ptr[name.len - 1] != '.';
}

static void
test_check_class(uint32_t class)
{
	struct str value = classes_representative(test_classes, class);
	struct classes_list sets = classes_signature(test_classes, class);

	cr_assert_eq(classes_find(test_classes, value), class, "\"%.*s\"",
	    STR_ARG(value));
	test_check_key(value);
	test_check_ascending(sets);
	for (uint32_t i = CLASSES_EMPTY + 1; i < class; i++)
		cr_assert(!test_is_same(sets,
		    classes_signature(test_classes, i)));
	if (test_kind != CLASSES_DOMAIN)
		cr_assert(classes_is_feasible(test_classes, class));
	else if (class != CLASSES_EMPTY && value.ptr[0] != '[')
		cr_assert_eq(classes_is_feasible(test_classes, class),
		    test_is_host(value), "\"%.*s\"", STR_ARG(value));
}

static void
test_build(void)
{
	struct str entries[TEST_ENTRIES];

	arena_init(&test_arena, NULL);
	test_classes = classes_new(&test_arena, test_kind);
	test_set_count = 1 + test_random(TEST_SETS);
	for (uint32_t i = 0; i < test_set_count; i++) {
		test_sets[i].count = test_random(TEST_ENTRIES + 1);
		for (uint32_t j = 0; j < test_sets[i].count; j++) {
			test_entry(test_sets[i].texts[j]);
			entries[j] = str_from(test_sets[i].texts[j]);
		}
		test_sets[i].number = classes_add_set(test_classes, entries,
		    test_sets[i].count);
	}
	cr_assert_eq(classes_build(test_classes, TEST_BUDGET), 0);
}

static void
test_rounds(enum classes_kind kind, void (*check)(void))
{
	char key[TEST_TEXT];

	test_kind = kind;
	for (uint32_t round = 0; round < TEST_ROUNDS; round++) {
		test_seed = round;
		test_build();
		for (uint32_t i = 0; i < classes_count(test_classes); i++)
			test_check_class(i);
		for (uint32_t i = 0; i < TEST_KEYS; i++) {
			test_key(key);
			test_check_key(str_from(key));
		}
		if (check != NULL)
			check();
		arena_fini(&test_arena);
	}
}

/* Whether a class has a host name: all short names. */
static void
test_check_short_names(void)
{
	const uint32_t letters = sizeof(test_letters) - 1;
	char text[5];
	struct str name = { text, 1 };

	for (uint32_t count = letters; name.len <= sizeof(text);
	     name.len++, count *= letters) {
		for (uint32_t i = 0; i < count; i++) {
			for (uint32_t j = 0, k = i; j < name.len; j++) {
				text[j] = test_letters[k % letters];
				k /= letters;
			}
			if (test_is_host(name))
				cr_assert(classes_is_feasible(test_classes,
				    classes_find(test_classes, name)));
		}
	}
}

/* All last bytes. */
static void
test_check_addresses(void)
{
	char text[TEST_TEXT];

	for (unsigned i = 0; i < 256; i++) {
		snprintf(text, sizeof(text), "192.0.2.%u", i);
		test_check_key(str_from(text));
		snprintf(text, sizeof(text), "2001:db8::%x", i);
		test_check_key(str_from(text));
	}
}

Test(classes_random, exact)
{
	test_rounds(CLASSES_EXACT, NULL);
}

Test(classes_random, string)
{
	test_rounds(CLASSES_STRING, NULL);
}

Test(classes_random, domain)
{
	test_rounds(CLASSES_DOMAIN, test_check_short_names);
}

Test(classes_random, network)
{
	test_rounds(CLASSES_NETWORK, test_check_addresses);
}
