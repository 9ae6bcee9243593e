/*
 * The indexes of static tables give what the definition gives: a loop over
 * the entries in byte order. Compared on random tables of short texts.
 */
#include "runtime/table/table.h"

#include <criterion/criterion.h>

#include "runtime/base/domain.h"
#include "runtime/base/netaddr.h"

#define TEST_COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

TestSuite(table_index, .init = test_setup, .fini = test_teardown);

static const struct table_rules test_rules[] = {
	{ .mailaddr = MAILADDR_MODERN, .delimiter = '+', .brackets = true },
	{ .mailaddr = MAILADDR_LEGACY, .delimiter = '+', .brackets = false },
};

/* The definition of a match. */

static bool
test_matches_net(const struct table_rules *rules, struct str key,
    struct str entry)
{
	unsigned flags = rules->brackets ? NETADDR_BRACKETS : 0;
	struct netaddr addr, net;

	return str_eq(key, entry) ||
	    (netaddr_parse_cidr(key, flags, &addr) == NETADDR_OK &&
		netaddr_parse_cidr(entry, flags, &net) == NETADDR_OK &&
		netaddr_contains(&net, &addr));
}

static bool
test_matches(enum service service, const struct table_rules *rules,
    struct str key, struct str entry)
{
	struct mailaddr addr = mailaddr_split(key);
	struct mailaddr pattern = mailaddr_split(entry);

	if (service == SERVICE_DOMAIN)
		return domain_match(key, entry);
	if (service == SERVICE_NETADDR)
		return test_matches_net(rules, key, entry);
	return mailaddr_match(&addr, &pattern, rules->delimiter,
	    rules->mailaddr);
}

static uint32_t
test_random(uint32_t below)
{
	static uint64_t state = 42;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

/* A short text of few letters, so that many match. */
static struct str
test_text(const char *letters, uint32_t max)
{
	uint32_t len = test_random(max + 1);
	char text[16];

	for (uint32_t i = 0; i < len; i++)
		text[i] = letters[test_random((uint32_t)strlen(letters))];
	return arena_copy(&test_arena, (struct str){ text, len });
}

/* An address, a network or a word, of few. */
static struct str
test_net(void)
{
	unsigned a = test_random(3), b = test_random(3), n = test_random(33);

	switch (test_random(6)) {
	case 0:
		return str_from(arena_printf(&test_arena, "%u.%u", a, b));
	case 1:
		return str_from(arena_printf(&test_arena, "%u.%u.1.%u/%u", a, b,
		    n, n));
	case 2:
		return str_from(arena_printf(&test_arena, "200%u::%u/%u", a, b,
		    n * 4));
	case 3:
		return str_from(arena_printf(&test_arena, "[200%u::%u]", a, b));
	case 4:
		return str_from(arena_printf(&test_arena, "200%u::%u", a, b));
	default:
		return str_from(arena_printf(&test_arena, "w%u", a));
	}
}

static struct str
test_word(enum service service)
{
	switch ((int)service) {
	case SERVICE_DOMAIN:
		return test_text("*.ab", 5);
	case SERVICE_MAILADDR:
		return test_text("*.a@+", 6);
	default:
		return test_net();
	}
}

/* The first entry in order that matches by definition. */
static const struct table_entry *
test_define(const struct table *table, enum service service,
    const struct table_rules *rules, struct str key)
{
	for (uint32_t i = 0; i < table_count(table); i++)
		if (test_matches(service, rules, key,
			table_entry_at(table, i)->key))
			return table_entry_at(table, i);
	return NULL;
}

/* Returns the number of keys that matched. */
static unsigned
test_compare_table(enum service service, const struct table_rules *rules)
{
	struct table *table = table_new(&test_arena, false);
	const struct table_entry *expected, *entry;
	unsigned matched = 0;
	struct str key;

	for (uint32_t n = test_random(8); n > 0; n--)
		table_add(table, test_word(service), STR_LIT(""));
	table_seal(table, rules);
	table_prepare(table, service);
	for (int i = 0; i < 30; i++) {
		key = test_word(service);
		expected = test_define(table, service, rules, key);
		table_lookup(table, service, key, &entry);
		cr_assert_eq(entry, expected, "\"%.*s\": %s, not %s",
		    STR_ARG(key), entry != NULL ? entry->key.ptr : "no",
		    expected != NULL ? expected->key.ptr : "no");
		matched += entry != NULL;
	}
	return matched;
}

Test(table_index, agrees_with_the_definition)
{
	static const enum service services[] = { SERVICE_DOMAIN,
		SERVICE_NETADDR, SERVICE_MAILADDR };
	unsigned matched, all = 2000 * 30;

	for (size_t s = 0; s < TEST_COUNT(services); s++) {
		matched = 0;
		for (int i = 0; i < 2000; i++)
			matched += test_compare_table(services[s],
			    &test_rules[i % 2]);
		cr_expect(matched > all / 20 && matched < all - all / 20,
		    "service %d: %u of %u match, which tells little",
		    services[s], matched, all);
	}
}
