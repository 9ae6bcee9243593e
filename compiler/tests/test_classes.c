/*
 * Sets, classes and their representatives by example; what is left out when
 * the budget does not suffice; sizes.
 */
#include "compiler/classes.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "runtime/base/hostname.h"

enum {
	TEST_MANY = 100000,
	TEST_BUDGET = 10000,
};

static struct arena test_arena;

static void
test_setup(void)
{
	arena_init(&test_arena, NULL);
}

static void
test_teardown(void)
{
	arena_fini(&test_arena);
}

TestSuite(classes, .init = test_setup, .fini = test_teardown);

/* Entries stand between blanks. */
static uint32_t
test_add(struct classes *classes, const char *text)
{
	struct str entries[64];
	uint32_t count = 0;

	for (; *text != '\0'; text += text[0] == ' ') {
		entries[count] = (struct str){ text,
			(uint32_t)strcspn(text, " ") };
		text += entries[count++].len;
	}
	return classes_add_set(classes, entries, count);
}

static struct classes *
test_new(enum classes_kind kind, const char *first, const char *second)
{
	struct classes *classes = classes_new(&test_arena, kind);

	test_add(classes, first);
	if (second != NULL)
		test_add(classes, second);
	return classes;
}

static struct classes *
test_build(enum classes_kind kind, const char *first, const char *second)
{
	struct classes *classes = test_new(kind, first, second);

	cr_assert_eq(classes_build(classes, TEST_BUDGET), 0);
	return classes;
}

static bool
test_is_in(const struct classes *classes, uint32_t class, uint32_t set)
{
	struct classes_list sets = classes_signature(classes, class);

	for (uint32_t i = 0; i < sets.count; i++)
		if (sets.ids[i] == set)
			return true;
	return false;
}

static bool
test_has(const struct classes *classes, uint32_t set, const char *key)
{
	return test_is_in(classes, classes_find(classes, str_from(key)), set);
}

/* Of the one class that is in set 0 and in no other. */
static uint32_t
test_first_only(const struct classes *classes)
{
	struct classes_list members = classes_members(classes, 0);

	for (uint32_t i = 0; i < members.count; i++)
		if (classes_signature(classes, members.ids[i]).count == 1)
			return members.ids[i];
	cr_assert_fail("no such class");
	return CLASSES_EMPTY;
}

/* Sets. */

static const struct {
	enum classes_kind kind;
	const char *first;
	const char *second;
	bool is_same;
} test_pairs[] = {
	{ CLASSES_EXACT, "a b", "b a a", true },
	{ CLASSES_EXACT, "a", "A", false },
	{ CLASSES_EXACT, "a", "a b", false },
	{ CLASSES_EXACT, "", "a", false },
	{ CLASSES_STRING, "a b", "B A", true },
	{ CLASSES_STRING, "*", "**", false },
	{ CLASSES_DOMAIN, "*.A.example", "***.a.example", true },
	{ CLASSES_DOMAIN, "*", "a.example * *.example", true },
	{ CLASSES_DOMAIN, "a.example", "*.example", false },
	{ CLASSES_NETWORK, "10", "10.1.2.3/8", true },
	{ CLASSES_NETWORK, "[2001:db8::1]", "IPv6:2001:DB8:0::1/128", true },
	{ CLASSES_NETWORK, "", "local 10.0.0.256 10.0.0.0/33", true },
	{ CLASSES_NETWORK, "0.0.0.0/0", "::/0", false },
};

Test(classes, equal_sets_are_one)
{
	struct classes *classes;

	for (size_t i = 0; i < sizeof(test_pairs) / sizeof(*test_pairs); i++) {
		classes = test_new(test_pairs[i].kind, test_pairs[i].first,
		    test_pairs[i].second);
		cr_expect_eq(classes_set_count(classes) == 1,
		    test_pairs[i].is_same, "\"%s\" and \"%s\"",
		    test_pairs[i].first, test_pairs[i].second);
	}
}

Test(classes, parsed_networks_are_those_of_texts)
{
	struct classes *classes = test_new(CLASSES_NETWORK, "10.0.0.0/8", NULL);
	struct netaddr nets[2] = { { 0 } };

	netaddr_parse_cidr(STR_LIT("10.9.9.9/8"), 0, &nets[1]);
	cr_expect_eq(classes_add_networks(classes, nets, 2), 0);
	cr_expect_eq(classes_add_networks(classes, nets, 1), 1);
}

Test(classes, long_texts_match_nothing)
{
	char text[1025];

	memset(text, 'a', sizeof(text));
	text[1024] = '\0';
	cr_expect_eq(classes_set_count(test_new(CLASSES_STRING, "", text)), 1);
	cr_expect_eq(classes_set_count(test_new(CLASSES_STRING, "", text + 1)),
	    2);
	cr_expect_eq(classes_set_count(test_new(CLASSES_EXACT, "", text)), 2);
}

Test(classes, long_keys_are_compared)
{
	struct classes *classes = test_build(CLASSES_DOMAIN, "*.a", NULL);
	char text[2000];

	memset(text, 'a', sizeof(text));
	memcpy(text + sizeof(text) - 3, ".A", 3);
	cr_expect(test_has(classes, 0, text));
	cr_expect(!test_has(classes, 0, text + sizeof(text) - 2));
}

/* The empty value. */

Test(classes, empty_value_has_a_class_of_its_own)
{
	struct classes *classes = classes_new(&test_arena, CLASSES_DOMAIN);
	const struct str entries[] = { STR_LIT(""), STR_LIT("a.example") };

	classes_add_set(classes, entries, 2);
	cr_assert_eq(classes_build(classes, TEST_BUDGET), 0);
	cr_expect_eq(classes_find(classes, STR_LIT("")), CLASSES_EMPTY);
	cr_expect_neq(classes_find(classes, STR_LIT("a.example")),
	    CLASSES_EMPTY);
	cr_expect(test_has(classes, 0, ""));
	cr_expect(test_has(classes, 0, "a.example"));
	cr_expect_eq(classes_representative(classes, CLASSES_EMPTY).len, 0);
	cr_expect(classes_is_feasible(classes, CLASSES_EMPTY));
}

Test(classes, no_set_makes_two_classes)
{
	static const enum classes_kind kinds[] = { CLASSES_EXACT,
		CLASSES_STRING, CLASSES_DOMAIN, CLASSES_NETWORK };
	struct classes *classes;

	for (int i = 0; i < 4; i++) {
		classes = classes_new(&test_arena, kinds[i]);
		cr_assert_eq(classes_build(classes, 0), 0);
		cr_expect_eq(classes_count(classes), 2);
	}
}

Test(classes, what_is_no_address_is_empty)
{
	struct classes *classes = test_build(CLASSES_NETWORK, "0.0.0.0/0 ::/0",
	    NULL);

	cr_expect_eq(classes_find(classes, STR_LIT("local")), CLASSES_EMPTY);
	cr_expect_eq(classes_find(classes, STR_LIT("fe80::1%lo")),
	    CLASSES_EMPTY);
	cr_expect_eq(classes_count(classes), 2);
}

/* Representatives. */

static const struct {
	const char *first;
	const char *second;
	const char *value; /* of the class that is in the first only */
	bool is_feasible;
} test_domains[] = {
	{ "*", NULL, "other.example", true },
	{ "*", "other.example", "o", true },
	{ "*.example.org", NULL, "a.example.org", true },
	{ "*.example.org", "a.example.org c.example.org", "b.example.org",
	    true },
	{ "A.Example", NULL, "a.example", true },
	{ "mx*.example", "mxx.example", "mx.example", true },
	{ "foo*", NULL, "fooa", true },
	{ "*.x", "*a.x *b.x *-.x", "c.x", true },

	/* More names are avoided than a label of one letter can have. */
	{ "*.x",
	    "a.x b.x c.x d.x e.x f.x g.x h.x i.x j.x k.x l.x m.x n.x o.x p.x "
	    "q.x r.x s.x t.x u.x v.x w.x x.x y.x z.x 0.x 1.x 2.x 3.x 4.x 5.x "
	    "6.x 7.x 8.x 9.x _.x -.x",
	    "0a.x", true },

	/* Names that no server would take. */
	{ "*@x", NULL, "@x", false },
	{ "a..b", NULL, "a..b", false },
	{ "*.x.", NULL, ".x.", false },
	{ "-*", NULL, "-a", false },
	{ "[192.0.2.1]", NULL, "[192.0.2.1]", true },
	{ "[ipv6:2001:db8::1]", NULL, "[ipv6:2001:db8::1]", true },
	{ "[192.0.2.256]", NULL, "[192.0.2.256]", false },
	{ "[10.*]", NULL, "[10.]", true },
	{ "[*]x", NULL, "[]x", false },
	{ "x..y a.example", NULL, "a.example", true },
	{ "[::1] a.example", NULL, "a.example", true },
};

Test(classes, domains_have_host_names_for_representatives)
{
	struct classes *classes;
	uint32_t class;
	struct str value;

	for (size_t i = 0; i < sizeof(test_domains) / sizeof(*test_domains);
	     i++) {
		classes = test_build(CLASSES_DOMAIN, test_domains[i].first,
		    test_domains[i].second);
		class = test_first_only(classes);
		value = classes_representative(classes, class);
		cr_expect_str_eq(value.ptr, test_domains[i].value,
		    "\"%s\": \"%s\"", test_domains[i].first, value.ptr);
		cr_expect_eq(classes_is_feasible(classes, class),
		    test_domains[i].is_feasible, "\"%s\"",
		    test_domains[i].first);
	}
}

/* The value of the only set's class, of one pattern. */
static struct str
test_value_of(const char *pattern, bool *is_feasible_r)
{
	struct classes *classes = test_build(CLASSES_DOMAIN, pattern, NULL);
	uint32_t class = test_first_only(classes);

	*is_feasible_r = classes_is_feasible(classes, class);
	return classes_representative(classes, class);
}

Test(classes, labels_have_at_most_63_bytes)
{
	char text[2 + HOSTNAME_LABEL_MAX + 2] = "*.";
	bool is_feasible;

	memset(text + 2, 'x', HOSTNAME_LABEL_MAX + 1);
	test_value_of(text, &is_feasible);
	cr_expect(!is_feasible);
	text[2 + HOSTNAME_LABEL_MAX] = '\0';
	test_value_of(text, &is_feasible);
	cr_expect(is_feasible);
}

Test(classes, names_have_at_most_253_bytes)
{
	char text[3 + HOSTNAME_LEN_MAX] = "*xx";
	bool is_feasible;

	for (int i = 3; i < 2 + HOSTNAME_LEN_MAX; i += 2)
		memcpy(text + i, ".x", 2);
	text[2 + HOSTNAME_LEN_MAX] = '\0';
	test_value_of(text, &is_feasible);
	cr_expect(!is_feasible);
	text[1] = '*';
	cr_expect_eq(test_value_of(text, &is_feasible).len, HOSTNAME_LEN_MAX);
	cr_expect(is_feasible);
}

/* The shortest name has one label of 78 bytes. */
Test(classes, long_labels_are_parted)
{
	char pattern[3 * 26 * 2 + 1];
	bool is_feasible;

	for (size_t i = 0; i < sizeof(pattern) - 1; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = (char)('a' + i / 2 % 26);
	}
	pattern[sizeof(pattern) - 1] = '\0';
	cr_expect(hostname_is_valid(test_value_of(pattern, &is_feasible)));
	cr_expect(is_feasible);
}

/* What is shortest up to the c is too long a label with the rest. */
Test(classes, labels_are_parted_early_enough)
{
	char pattern[6 + HOSTNAME_LABEL_MAX] = "*a*b*c";
	bool is_feasible;

	memset(pattern + 6, 'd', HOSTNAME_LABEL_MAX - 1);
	pattern[6 + HOSTNAME_LABEL_MAX - 1] = '\0';
	cr_expect_eq(test_value_of(pattern, &is_feasible).len,
	    sizeof("ab.c") - 1 + HOSTNAME_LABEL_MAX - 1);
	cr_expect(is_feasible);
}

/*
 * The only host name of the first set alone is as long as one can be, and
 * begins a name that another pattern matches.
 */
Test(classes, last_name_left_is_found)
{
	const char *bytes = "abcdefghijklmnopqrstuvwyz0123456789_-";
	struct classes *classes = classes_new(&test_arena, CLASSES_DOMAIN);
	char text[HOSTNAME_LEN_MAX + 2] = "a";
	uint32_t class;

	for (int i = 1; i < HOSTNAME_LEN_MAX - 2; i += 2)
		memcpy(text + i, ".x", 2);
	memcpy(text + HOSTNAME_LEN_MAX - 2, "x*", 3);
	test_add(classes, text);
	for (; *bytes != '\0'; bytes++) {
		text[HOSTNAME_LEN_MAX - 1] = *bytes;
		test_add(classes, text);
	}
	text[0] = '*';
	memcpy(text + HOSTNAME_LEN_MAX - 1, "xy", 3);
	test_add(classes, text);
	cr_assert_eq(classes_build(classes, TEST_BUDGET), 0);
	class = test_first_only(classes);
	cr_expect(classes_is_feasible(classes, class));
	text[0] = 'a';
	text[HOSTNAME_LEN_MAX] = '\0';
	cr_expect_str_eq(classes_representative(classes, class).ptr, text);
}

static const struct {
	const char *first;
	const char *second;
	const char *value;
} test_networks[] = {
	{ "0.0.0.0/0", NULL, "192.0.2.1" },
	{ "::/0", NULL, "2001:db8::1" },
	{ "0.0.0.0/0 ::/0", NULL, "192.0.2.1" },
	{ "0.0.0.0/0", "192.0.2.0/24", "198.51.100.1" },
	{ "0.0.0.0/0 ::/0", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24",
	    "2001:db8::1" },
	{ "192.0.2.0/24", "192.0.2.0/25", "192.0.2.128" },
	{ "10.0.0.0/8", NULL, "10.0.0.1" },
	{ "10.0.0.0/8", "10.0.0.0/24 10.0.2.0/23", "10.0.1.1" },
	{ "10.0.0.255", NULL, "10.0.0.255" },
	{ "10.0.0.255 10.0.1.0/24", NULL, "10.0.1.1" },
	{ "127.0.0.0/8 172.16.0.0/12", NULL, "172.16.0.1" },
	{ "fe80::/10 2600::/16", NULL, "2600::1" },
	{ "255.255.255.255 0.0.0.0", NULL, "0.0.0.0" },
	{ "ffff::/16", "ffff::/17", "ffff:8000::1" },
};

Test(classes, networks_have_ordinary_representatives)
{
	struct classes *classes;
	uint32_t class;

	for (size_t i = 0; i < sizeof(test_networks) / sizeof(*test_networks);
	     i++) {
		classes = test_build(CLASSES_NETWORK, test_networks[i].first,
		    test_networks[i].second);
		class = test_first_only(classes);
		cr_expect_str_eq(classes_representative(classes, class).ptr,
		    test_networks[i].value, "\"%s\"", test_networks[i].first);
		cr_expect_eq(classes_find(classes,
				 str_from(test_networks[i].value)),
		    class);
	}
}

Test(classes, text_in_no_set_is_not_listed)
{
	struct classes *classes = test_build(CLASSES_STRING,
	    "Other other2 other4", NULL);
	uint32_t class = classes_find(classes, STR_LIT("nobody"));

	cr_expect_str_eq(classes_representative(classes, class).ptr, "other3");
}

/* Budgets. */

/* Sets of "*a*", "*b*" ..., and one more. */
static struct classes *
test_new_infixes(uint32_t count, const char *other)
{
	struct classes *classes = test_new(CLASSES_DOMAIN, other, NULL);
	char text[] = "*a*";

	for (uint32_t i = 0; i < count; i++, text[1]++)
		test_add(classes, text);
	return classes;
}

/* Leaves out until the rest can be built; how many sets it were. */
static uint32_t
test_build_rest(struct classes *classes, uint32_t budget)
{
	struct classes_list blame;
	uint32_t count = 0;

	while (classes_build(classes, budget) < 0) {
		blame = classes_blame(classes);
		cr_assert_gt(blame.count, 0);
		for (uint32_t i = 0; i < blame.count; i++) {
			cr_assert(!classes_is_left_out(classes, blame.ids[i]));
			classes_leave_out(classes, blame.ids[i]);
		}
		count += blame.count;
	}
	return count;
}

Test(classes, few_patterns_make_each_combination)
{
	struct classes *classes = test_new_infixes(8, "a.example");

	cr_assert_eq(classes_build(classes, TEST_BUDGET), 0);
	/* The empty name and a.example, which has two of the letters. */
	cr_expect_eq(classes_count(classes), 256 + 2);
}

Test(classes, many_patterns_pass_the_budget)
{
	struct classes *classes = test_new_infixes(24, "z.example");
	uint32_t left_out = test_build_rest(classes, TEST_BUDGET);

	cr_expect_geq(left_out, 24 - 13);
	cr_expect_lt(left_out, 24);
	cr_expect(!classes_is_left_out(classes, 0));
	cr_expect(test_has(classes, 0, "z.example"));
	for (uint32_t i = 1; i <= 24; i++)
		cr_expect_eq(test_has(classes, i, "abcdefghijklmnopqrstuvwxz"),
		    !classes_is_left_out(classes, i));
}

Test(classes, blame_spares_what_costs_little)
{
	struct classes *classes = test_new_infixes(24, "*.0.example");

	test_add(classes, "m*.example");
	test_add(classes, "*.1.example");
	test_add(classes, "*");
	cr_expect_gt(test_build_rest(classes, TEST_BUDGET), 0);
	cr_expect(!classes_is_left_out(classes, 0));
	for (uint32_t i = 25; i < 28; i++)
		cr_expect(!classes_is_left_out(classes, i), "%u", i);
}

Test(classes, sets_left_out_have_no_members)
{
	struct classes *classes = test_new(CLASSES_DOMAIN, "*.example a.test",
	    "b.test");

	classes_leave_out(classes, 0);
	cr_assert_eq(classes_build(classes, TEST_BUDGET), 0);
	cr_expect_eq(classes_members(classes, 0).count, 0);
	cr_expect_eq(classes_count(classes), 3);
	cr_expect_eq(classes_find(classes, STR_LIT("a.test")),
	    classes_find(classes, STR_LIT("a.example")));
}

Test(classes, patterns_that_part_need_no_budget)
{
	struct classes *classes = classes_new(&test_arena, CLASSES_DOMAIN);
	char text[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "*.d%d.example", i);
		test_add(classes, text);
	}
	cr_expect_eq(classes_build(classes, 0), 0);
	cr_expect_eq(classes_count(classes), 1002);
}

/* Each of 300 sets has 10/8, each of 300 others a network in it. */
Test(classes, signatures_pass_the_budget)
{
	struct classes *classes = classes_new(&test_arena, CLASSES_NETWORK);
	char text[64];

	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "10.0.0.0/8 11.%d.%d.0/24",
		    i / 100, i % 100);
		test_add(classes, text);
		test_add(classes, strchr(text, ' ') + 1);
		snprintf(text, sizeof(text), "10.%d.%d.0/24", i / 100, i % 100);
		test_add(classes, text);
	}
	cr_expect_gt(test_build_rest(classes, 0), 0);
	cr_expect_lt(classes_count(classes), 903);
	/* What is in few classes stays. */
	for (uint32_t i = 1; i < 900; i += 3)
		cr_expect(!classes_is_left_out(classes, i));
}

/* Sizes. */

static struct test_size {
	enum classes_kind kind;
	char format[32]; /* of three bytes of a number */
} test_sizes[] = {
	{ CLASSES_EXACT, "t%u.%u.%u" },
	{ CLASSES_STRING, "u%u.%u.%u" },
	{ CLASSES_DOMAIN, "d%u.%u.%u.example.org" },
	{ CLASSES_DOMAIN, "*.d%u-%u-%u.example.org" },
	{ CLASSES_DOMAIN, "m*.d%u-%u-%u.example.org" },
	{ CLASSES_NETWORK, "10.%u.%u.%u" },
	{ CLASSES_NETWORK, "2001:db8::%x:%x:%x" },
};

ParameterizedTestParameters(classes, one_class_for_each_entry)
{
	return cr_make_param_array(struct test_size, test_sizes,
	    sizeof(test_sizes) / sizeof(*test_sizes));
}

ParameterizedTest(struct test_size *size, classes, one_class_for_each_entry,
    .init = test_setup, .fini = test_teardown, .timeout = 60)
{
	struct classes *classes = classes_new(&test_arena, size->kind);
	char text[64];

	for (unsigned i = 0; i < TEST_MANY; i++) {
		snprintf(text, sizeof(text), size->format, i >> 16,
		    i >> 8 & 255, i & 255);
		cr_assert_eq(test_add(classes, text), i);
	}
	cr_assert_eq(classes_build(classes, 0), 0);
	/* And the empty value, and what is in no set. */
	cr_expect_eq(classes_count(classes), TEST_MANY + 2);
	for (uint32_t i = 0; i < TEST_MANY; i++)
		cr_assert_eq(classes_members(classes, i).count, 1);
}

Test(classes, large_sets_make_few_classes, .timeout = 60)
{
	struct classes *classes = classes_new(&test_arena, CLASSES_DOMAIN);
	struct str *entries = (struct str *)arena_alloc(&test_arena,
	    TEST_MANY * sizeof(*entries));

	for (unsigned i = 0; i < TEST_MANY; i++)
		entries[i] = str_from(arena_printf(&test_arena,
		    i % 2 == 0 ? "d%u.example" : "*.d%u.example", i));
	classes_add_set(classes, entries, TEST_MANY);
	cr_assert_eq(classes_build(classes, 0), 0);
	cr_expect_eq(classes_count(classes), 3);
	cr_expect_eq(classes_members(classes, 0).count, 1);
}
