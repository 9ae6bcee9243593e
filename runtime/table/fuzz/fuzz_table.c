/*
 * Fuzzes static tables: a file is loaded by the rules of old and of new
 * versions and asked by every service. An answer must be that of the
 * definition, a loop over the entries. An input is what people can write:
 *
 *     *.example.com           the table file, to the first line "%%"
 *     %%
 *     mx.example.com          the keys, one a line
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/base/domain.h"
#include "runtime/base/fuzz/cut.h"
#include "runtime/base/netaddr.h"
#include "runtime/table/table.h"

enum {
	FUZZ_SIZE_MAX = 5 * 1024,
	FUZZ_KEYS_MAX = 12,
	FUZZ_REGEXES_MAX = 512, /* bytes of them all */
	FUZZ_REPEATS_MAX = 8,   /* "+" in them all, each of which may double */
};

struct fuzz_version {
	struct table_rules rules;
	struct tablefile_options file;
};

static const struct fuzz_version fuzz_versions[] = {
	{ { MAILADDR_LEGACY, '+', false }, { false } },
	{ { MAILADDR_MODERN, '-', true }, { true } },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
fuzz_is_inside(struct str part, struct str whole)
{
	return part.len == 0 ||
	    (part.ptr >= whole.ptr &&
		part.ptr + part.len <= whole.ptr + whole.len);
}

/* Lines. */

static void
fuzz_check_line(const struct tablefile_entry *entry, struct str text,
    enum tablefile_kind kind)
{
	assert(fuzz_is_inside(entry->key, text));
	assert(fuzz_is_inside(entry->value, text));
	assert((tablefile_error_text(entry->error) == NULL) ==
	    (entry->error == TABLEFILE_OK));
	if (entry->error != TABLEFILE_OK)
		return;
	assert(entry->key.len <= TABLEFILE_KEY_MAX);
	assert((entry->value.len > 0) == (kind == TABLEFILE_MAPPING));
}

/* What table_load_file must say of the text. */
static enum tablefile_error
fuzz_read_lines(struct str text, const struct tablefile_options *options)
{
	enum tablefile_error error = TABLEFILE_OK;
	struct tablefile_entry entry;
	struct tablefile file;
	uint32_t line = 0;

	tablefile_init(&file, text, options);
	while (tablefile_next(&file, &entry)) {
		assert(entry.line > line);
		line = entry.line;
		fuzz_check_line(&entry, text, tablefile_kind(&file));
		if (error == TABLEFILE_OK && entry.error != TABLEFILE_LONG_KEY)
			error = entry.error;
	}
	return error;
}

/* Entries. */

static int
fuzz_compare(struct str a, struct str b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static void
fuzz_parse_values(const struct table_entry *entry)
{
	struct table_credentials creds;
	struct table_userinfo info;

	if (table_parse_credentials(entry->key, entry->value, &creds)) {
		assert(fuzz_is_inside(creds.user, entry->key) ||
		    fuzz_is_inside(creds.user, entry->value));
		assert(fuzz_is_inside(creds.secret, entry->value));
	}
	if (table_parse_userinfo(entry->key, entry->value, &info)) {
		assert(info.uid < UINT32_MAX && info.gid < UINT32_MAX);
		assert(fuzz_is_inside(info.directory, entry->value));
	}
}

static void
fuzz_check_entries(const struct table *table)
{
	for (uint32_t i = 0; i < table_count(table); i++) {
		const struct table_entry *entry = table_entry_at(table, i);

		assert(entry->key.ptr[entry->key.len] == '\0');
		assert(i == 0 ||
		    fuzz_compare(table_entry_at(table, i - 1)->key,
			entry->key) < 0);
		fuzz_parse_values(entry);
	}
}

/* Look-ups, by definition. */

static bool
fuzz_matches_network(const struct table_rules *rules, struct str key,
    struct str entry)
{
	unsigned flags = rules->brackets ? NETADDR_BRACKETS : 0;
	struct netaddr addr, net;

	return netaddr_parse_cidr(key, flags, &addr) == NETADDR_OK &&
	    netaddr_parse_cidr(entry, flags, &net) == NETADDR_OK &&
	    netaddr_contains(&net, &addr);
}

static bool
fuzz_matches(const struct table_rules *rules, enum service service,
    struct str key, struct str entry)
{
	struct mailaddr addr = mailaddr_split(key);
	struct mailaddr pattern = mailaddr_split(entry);

	if (service == SERVICE_DOMAIN)
		return domain_match(key, entry);
	if (service == SERVICE_MAILADDR)
		return mailaddr_match(&addr, &pattern, rules->delimiter,
		    rules->mailaddr);
	return str_eq_nocase(key, entry) ||
	    (service == SERVICE_NETADDR &&
		fuzz_matches_network(rules, key, entry));
}

static const struct table_entry *
fuzz_find(const struct table *table, const struct table_rules *rules,
    enum service service, struct str key)
{
	for (uint32_t i = 0; i < table_count(table); i++)
		if (fuzz_matches(rules, service, key,
			table_entry_at(table, i)->key))
			return table_entry_at(table, i);
	return NULL;
}

static void
fuzz_look_up(const struct table *table, const struct table_rules *rules,
    enum service service, struct str key)
{
	const struct table_entry *entry;
	enum answer answer = table_lookup(table, service, key, &entry);

	if (key.len > TABLEFILE_KEY_MAX) {
		assert(answer == ANSWER_FAILED && entry == NULL);
		return;
	}
	assert(answer == (entry != NULL ? ANSWER_YES : ANSWER_NO));
	if (service != SERVICE_REGEX)
		assert(entry == fuzz_find(table, rules, service, key));
}

/* What regcomp(3) takes is exponential in nested repetitions. */
static bool
fuzz_has_cheap_regexes(struct str text)
{
	unsigned repeats = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		repeats += text.ptr[i] == '+';
		if (text.ptr[i] == '{' || text.ptr[i] == '\\')
			return false;
	}
	return text.len <= FUZZ_REGEXES_MAX && repeats <= FUZZ_REPEATS_MAX;
}

static void
fuzz_ask(struct table *table, const struct table_rules *rules,
    enum service service, struct str keys)
{
	table_prepare(table, service);
	fuzz_look_up(table, rules, service, STR_LIT(""));
	for (unsigned i = 0; i < FUZZ_KEYS_MAX && keys.len > 0; i++)
		fuzz_look_up(table, rules, service, cut_part(&keys, "\n"));
}

static void
fuzz_run(const struct fuzz_version *version, struct str text, struct str keys)
{
	enum tablefile_error error = fuzz_read_lines(text, &version->file);
	struct arena arena;
	struct table *table;
	uint32_t line;

	arena_init(&arena, NULL);
	table = table_new(&arena, false);
	assert(table_load_file(table, text, &version->file, &line) == error);
	table_seal(table, &version->rules);
	fuzz_check_entries(table);
	for (unsigned service = 0; service < SERVICE_COUNT; service++)
		if (service != SERVICE_REGEX || fuzz_has_cheap_regexes(text))
			fuzz_ask(table, &version->rules, service, keys);
	table_fini(table);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str keys = { (const char *)data, (uint32_t)size }, text;

	if (size > FUZZ_SIZE_MAX)
		return 0;
	text = cut_part(&keys, CUT_SEPARATOR);
	for (unsigned i = 0; i < 2; i++)
		fuzz_run(&fuzz_versions[i], text, keys);
	return 0;
}
