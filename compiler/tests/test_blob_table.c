/*
 * Tables in a blob against runtime/table, whose look-ups they repeat, and
 * against its matchers: random entries of few letters, so that they often
 * fit, asked by every service.
 * ROUNDS=100 in the environment: so many times as many tables.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/tests/blob_env.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/rounds.h"
#include "runtime/base/domain.h"

enum {
	TABLES = 60,
	ENTRIES_MAX = 40,
	KEYS = 400,
	WORD_ROOM = 64,
	TEXT_ROOM = 8192,
};

typedef void word_maker(char to[WORD_ROOM], bool is_entry);

static uint64_t random_state = 7;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(random_state >> 33) % n;
}

/* A word, and for entries with stars and networks. */
static void
make_word(char to[WORD_ROOM], bool is_entry)
{
	static const char *const names[] = { "a", "b.a", "c.b.a", "B.A", "" };
	static const char *const users[] = { "u", "v", "u+t", "" };
	static const char *const patterns[] = { "*.a", "*", "*.b.*", "c*",
		"a*a" };
	const char *name = names[random_below(5)];

	if (is_entry && random_below(3) == 0)
		name = patterns[random_below(5)];
	switch (random_below(6)) {
	case 0:
		snprintf(to, WORD_ROOM, "%s@%s", users[random_below(4)], name);
		break;
	case 1:
		snprintf(to, WORD_ROOM, "10.%u.%u.%u%s", random_below(2),
		    random_below(2), random_below(4),
		    is_entry && random_below(2) == 0 ? "/23" : "");
		break;
	case 2:
		snprintf(to, WORD_ROOM, "2001:db8::%u%s", random_below(4),
		    is_entry && random_below(2) == 0 ? "/127" : "");
		break;
	case 3:
		snprintf(to, WORD_ROOM, "local");
		break;
	case 4:
		snprintf(to, WORD_ROOM, "%s", users[random_below(4)]);
		break;
	default:
		snprintf(to, WORD_ROOM, "%s", name);
	}
}

/* A mapping, or a list that somebody looks for addresses in. */
static void
make_conf(char text[TEXT_ROOM], word_maker *make, bool is_mapping)
{
	FILE *out = fmemopen(text, TEXT_ROOM, "w");
	uint32_t count = 1 + random_below(ENTRIES_MAX);

	cr_assert_not_null(out);
	fputs("action a relay\ntable t {", out);
	for (uint32_t i = 0; i < count; i++) {
		char word[WORD_ROOM];

		make(word, true);
		fprintf(out, "%s \"%s\"", i > 0 ? "," : "", word);
		if (is_mapping)
			fprintf(out, " = \"v%u\"", i);
	}
	fprintf(out, " }\nmatch %s for any action a\n",
	    !is_mapping && random_below(2) == 0 ? "from src <t>" : "from any");
	fclose(out);
}

/* Of so few bytes that random patterns often fit a random key. */
static void
make_odd_word(char to[WORD_ROOM], bool is_entry)
{
	static const char bytes[] = "abA.@+*";
	uint32_t len = 1 + random_below(is_entry ? 7 : 12);
	/* A star in a key is a byte like others. */
	uint32_t count = is_entry || random_below(8) == 0 ? 7 : 6;

	for (uint32_t i = 0; i < len; i++)
		to[i] = bytes[random_below(count)];
	to[len] = '\0';
}

/* What the manual says, entry by entry. */
static bool
fits(enum service service, struct str key, struct str entry)
{
	struct mailaddr addr = mailaddr_split(key);
	struct mailaddr pattern = mailaddr_split(entry);

	if (service == SERVICE_DOMAIN)
		return domain_match(key, entry);
	if (service == SERVICE_MAILADDR)
		return mailaddr_match(&addr, &pattern, '+', MAILADDR_MODERN);
	return str_eq_nocase(key, entry);
}

/* The first entry that fits is the answer. */
static void
try_entries(const struct blob *blob, uint32_t number, enum service service,
    struct str key)
{
	struct ir_table table;
	struct blob_entry seen, entry;
	enum answer answer = blob_lookup(blob, number, service, key, &seen);

	blob_table(blob, number, &table);
	for (uint32_t i = 0; i < table.entry_count; i++) {
		blob_entry(blob, number, i, &entry);
		if (!fits(service, key, entry.key))
			continue;
		cr_assert_eq(answer, ANSWER_YES, "'%s' fits '%s'", key.ptr,
		    entry.key.ptr);
		cr_assert(str_eq(seen.key, entry.key), "'%s': %s, not %s",
		    key.ptr, seen.key.ptr, entry.key.ptr);
		return;
	}
	cr_assert_eq(answer, ANSWER_NO, "'%s' fits nothing", key.ptr);
}

static unsigned
try_key(struct blob_env *env, uint32_t number, enum service service,
    const char *key)
{
	const struct table_entry *wanted;
	struct blob_entry seen;
	enum answer answer = bind_lookup(env->bind, number, service,
	    str_from(key), &wanted);

	cr_assert_eq(blob_lookup(&env->blob, number, service, str_from(key),
			 &seen),
	    answer, "service %u of '%s'", (unsigned)service, key);
	if (service != SERVICE_NETADDR)
		try_entries(&env->blob, number, service, str_from(key));
	if (answer != ANSWER_YES)
		return 0;
	cr_assert(str_eq(seen.key, wanted->key), "'%s': %s, not %s", key,
	    seen.key.ptr, wanted->key.ptr);
	cr_assert(str_eq(seen.value, wanted->value));
	return 1;
}

static unsigned
try_table(const char *target, word_maker *make, bool is_mapping)
{
	static struct ir_env ir;
	struct blob_env env;
	char text[TEXT_ROOM], key[WORD_ROOM];
	uint32_t number;
	unsigned found = 0;

	make_conf(text, make, is_mapping);
	ir_env_init(&ir);
	ir_env_compile(&ir, target, text);
	blob_env_init(&env, &ir.bind);
	number = blob_find_table(&env.blob, STR_LIT("t"));
	cr_assert_neq(number, IR_NONE);
	for (unsigned i = 0; i < KEYS; i++) {
		make(key, false);
		for (unsigned service = 0; service < SERVICE_COUNT; service++)
			if (service != SERVICE_REGEX)
				found += try_key(&env, number,
				    (enum service)service, key);
	}
	blob_env_fini(&env);
	ir_env_fini(&ir);
	return found;
}

static void
try_tables(word_maker *make)
{
	static const char *const targets[] = { NULL, "6.4", "7.8" };
	unsigned found = 0;

	for (uint32_t i = 0; i < TABLES * rounds_factor(); i++)
		found += try_table(targets[i % 3], make, i % 2 == 0);
	cr_expect_gt(found, KEYS);
}

Test(blob_table, answers_like_the_table_itself)
{
	try_tables(make_word);
}

Test(blob_table, finds_odd_patterns)
{
	try_tables(make_odd_word);
}

Test(blob_table, does_not_answer_what_it_does_not_know)
{
	static struct ir_env ir;
	struct blob_env env;
	struct blob public;

	ir_env_init(&ir);
	ir_env_compile(&ir, NULL,
	    "table creds { \"label\" = \"user:secret\" }\n"
	    "table list { \"^a\" }\n"
	    "action a relay host smtp+tls://label@mx.example auth <creds>\n"
	    "match from any for domain regex <list> action a\n");
	blob_env_init(&env, &ir.bind);
	cr_expect_eq(blob_lookup(&env.blob,
			 blob_find_table(&env.blob, STR_LIT("creds")),
			 SERVICE_CREDENTIALS, STR_LIT("label"), NULL),
	    ANSWER_YES);
	cr_expect_eq(blob_lookup(&env.blob,
			 blob_find_table(&env.blob, STR_LIT("list")),
			 SERVICE_REGEX, STR_LIT("a"), NULL),
	    ANSWER_FAILED);
	cr_assert_lt(env.blob.public_size, env.blob.size);
	cr_assert_eq(blob_open(&public, env.image.data, env.blob.public_size,
			 0),
	    BLOB_OK);
	cr_expect_eq(blob_lookup(&public,
			 blob_find_table(&public, STR_LIT("creds")),
			 SERVICE_CREDENTIALS, STR_LIT("label"), NULL),
	    ANSWER_FAILED);
	blob_env_fini(&env);
	ir_env_fini(&ir);
}
