/*
 * Static tables. By definition a look-up tries the entries in byte order,
 * and the first that fits is the answer. Most kinds of entries fit few
 * texts, which can be told from the key and asked of a hash; of these the
 * lowest in order is taken. The rest are tried one by one, up to it.
 */
#include "runtime/table/table.h"

#include <assert.h>
#include <stdlib.h>

#include "runtime/base/domain.h"
#include "runtime/base/netaddr.h"
#include "runtime/base/strmap.h"
#include "runtime/table/pattern.h"

enum {
	TABLE_SECRET_MIN = 3, /* bytes of a credentials value */
	TABLE_USER_MAX = 255,
};

struct table_regex {
	const struct table_entry *entry;
	regex_t compiled;
};

struct table {
	struct arena *arena;
	bool is_mapping;
	struct strmap by_key;
	struct table_entry *listed; /* all; once sealed the wild ones */

	/* From table_seal on. */
	struct table_rules rules;
	struct table_entry **entries;

	/* From table_prepare on. */
	bool has_nets;
	bool has_prefix[2][129]; /* any IPv4, IPv6 network that wide */
	struct strmap by_net;    /* keys: masked networks */
	struct table_regex *regexes;
	uint32_t regex_count;
	bool has_costly; /* patterns that were not compiled */
};

typedef bool table_matcher(const struct table *table, struct str key,
    const struct table_entry *entry);

/* Adding. */

struct table *
table_new(struct arena *arena, bool is_mapping)
{
	struct table *table = ARENA_NEW(arena, struct table);

	table->arena = arena;
	table->is_mapping = is_mapping;
	strmap_init(&table->by_key, arena);
	strmap_init(&table->by_net, arena);
	return table;
}

/* to has room for the text and a NUL. */
static struct str
table_lower(struct str text, char *to)
{
	for (uint32_t i = 0; i < text.len; i++)
		to[i] = str_lower(text.ptr[i]);
	to[text.len] = '\0';
	return (struct str){ to, text.len };
}

bool
table_add(struct table *table, struct str key, struct str value)
{
	struct table_entry *entry;
	void **place;

	assert(table->entries == NULL);
	if (key.len > TABLEFILE_KEY_MAX)
		return false;
	key = table_lower(key, arena_bytes(table->arena, key.len + 1));
	place = strmap_put(&table->by_key, key);
	entry = *place;
	if (entry == NULL) {
		entry = ARENA_NEW(table->arena, struct table_entry);
		entry->key = key;
		entry->next = table->listed;
		table->listed = entry;
		*place = entry;
	}
	entry->value = arena_copy(table->arena, value);
	return true;
}

enum tablefile_error
table_load_file(struct table *table, struct str text,
    const struct tablefile_options *options, uint32_t *line_r)
{
	struct tablefile_entry entry;
	struct tablefile file;

	tablefile_init(&file, text, options);
	table->is_mapping = tablefile_kind(&file) == TABLEFILE_MAPPING;
	while (tablefile_next(&file, &entry)) {
		if (entry.error == TABLEFILE_LONG_KEY)
			continue;
		if (entry.error != TABLEFILE_OK) {
			*line_r = entry.line;
			return entry.error;
		}
		table_add(table, entry.key, entry.value);
	}
	return TABLEFILE_OK;
}

/* Order and indexes. */

static int
table_compare(const void *a, const void *b)
{
	struct str ka = (*(const struct table_entry *const *)a)->key;
	struct str kb = (*(const struct table_entry *const *)b)->key;
	int order = memcmp(ka.ptr, kb.ptr, ka.len < kb.len ? ka.len : kb.len);

	return order != 0 ? order : (ka.len > kb.len) - (ka.len < kb.len);
}

bool
table_is_wild(struct str key)
{
	uint32_t skip = str_has_prefix(key, "*.") ? 1 : 0;

	return memchr(key.ptr + skip, '*', key.len - skip) != NULL;
}

void
table_seal(struct table *table, const struct table_rules *rules)
{
	uint32_t count = table->by_key.count, i = count;
	struct table_entry **entries;

	assert(table->entries == NULL);
	table->rules = *rules;
	entries = (struct table_entry **)arena_alloc(table->arena,
	    count * sizeof(*entries));
	for (struct table_entry *e = table->listed; e != NULL; e = e->next)
		entries[--i] = e;
	qsort(entries, count, sizeof(*entries), table_compare);
	table->entries = entries;
	table->listed = NULL;
	for (i = count; i-- > 0;) {
		entries[i]->rank = i;
		if (!table_is_wild(entries[i]->key))
			continue;
		entries[i]->next = table->listed;
		table->listed = entries[i];
	}
}

static bool
table_parse_net(const struct table *table, struct str text,
    struct netaddr *net_r)
{
	return netaddr_parse_cidr(text,
		   table->rules.brackets ? NETADDR_BRACKETS : 0,
		   net_r) == NETADDR_OK;
}

/* Bytes that are equal where two masked networks are: it has no padding. */
static struct str
table_net_key(const struct netaddr *net)
{
	return (struct str){ (const char *)net, sizeof(*net) };
}

static void
table_index_nets(struct table *table)
{
	struct netaddr net;
	void **place;

	for (uint32_t i = 0; i < table->by_key.count; i++) {
		if (!table_parse_net(table, table->entries[i]->key, &net))
			continue;
		netaddr_mask(&net);
		table->has_prefix[net.family == 6][net.prefix] = true;
		if (strmap_get(&table->by_net, table_net_key(&net)) != NULL)
			continue;
		place = strmap_put(&table->by_net,
		    arena_copy(table->arena, table_net_key(&net)));
		*place = table->entries[i];
	}
	table->has_nets = true;
}

static void
table_compile_all(struct table *table)
{
	uint32_t count = table->by_key.count, n = 0;
	uint32_t left = PATTERN_COST_TOTAL;

	table->regexes = (struct table_regex *)arena_alloc(table->arena,
	    count * sizeof(*table->regexes));
	for (uint32_t i = 0; i < count; i++)
		switch (pattern_compile(table->entries[i]->key.ptr, &left,
		    &table->regexes[n].compiled, NULL)) {
		case PATTERN_OK:
			table->regexes[n++].entry = table->entries[i];
			break;
		case PATTERN_BAD:
			break;
		case PATTERN_COSTLY:
			table->has_costly = true;
			break;
		}
	table->regex_count = n;
}

void
table_prepare(struct table *table, enum service service)
{
	assert(table->entries != NULL);
	if (service == SERVICE_NETADDR && !table->has_nets)
		table_index_nets(table);
	if (service == SERVICE_REGEX && table->regexes == NULL)
		table_compile_all(table);
}

void
table_fini(struct table *table)
{
	for (uint32_t i = 0; i < table->regex_count; i++)
		regfree(&table->regexes[i].compiled);
	table->regex_count = 0;
}

bool
table_is_mapping(const struct table *table)
{
	return table->is_mapping;
}

uint32_t
table_count(const struct table *table)
{
	return table->by_key.count;
}

const struct table_entry *
table_entry_at(const struct table *table, uint32_t i)
{
	assert(table->entries != NULL && i < table->by_key.count);
	return table->entries[i];
}

/* Look-ups. */

static const struct table_entry *
table_first(const struct table_entry *a, const struct table_entry *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return a->rank < b->rank ? a : b;
}

static const struct table_entry *
table_find_exact(const struct table *table, struct str key)
{
	return (const struct table_entry *)strmap_get(&table->by_key, key);
}

/* The first wild entry that matches, if it comes before best; else best. */
static const struct table_entry *
table_scan(const struct table *table, struct str key, table_matcher *matches,
    const struct table_entry *best)
{
	for (const struct table_entry *e = table->listed;
	     e != NULL && (best == NULL || e->rank < best->rank); e = e->next)
		if (matches(table, key, e))
			return e;
	return best;
}

static bool
table_match_domain(const struct table *table, struct str key,
    const struct table_entry *entry)
{
	(void)table;
	return domain_match(key, entry->key);
}

static const struct table_entry *
table_find_domain(const struct table *table, struct str key)
{
	const struct table_entry *best = table_find_exact(table, key);
	const char *dot = memchr(key.ptr, '.', key.len);
	char text[TABLEFILE_KEY_MAX + 1];
	uint32_t len;

	if (dot != NULL) {
		len = key.len - (uint32_t)(dot - key.ptr);
		text[0] = '*';
		memcpy(text + 1, dot, len);
		best = table_first(best,
		    table_find_exact(table, (struct str){ text, len + 1 }));
	}
	return table_scan(table, key, table_match_domain, best);
}

static const struct table_entry *
table_find_netaddr(const struct table *table, struct str key)
{
	const struct table_entry *best = table_find_exact(table, key);
	struct netaddr addr;

	assert(table->has_nets);
	if (!table_parse_net(table, key, &addr))
		return best;
	for (int width = addr.family == 6 ? 128 : 32; width >= 0; width--) {
		if (!table->has_prefix[addr.family == 6][width])
			continue;
		addr.prefix = (uint8_t)width;
		netaddr_mask(&addr);
		best = table_first(best,
		    strmap_get(&table->by_net, table_net_key(&addr)));
	}
	return best;
}

static bool
table_match_mailaddr(const struct table *table, struct str key,
    const struct table_entry *entry)
{
	struct mailaddr addr = mailaddr_split(key);
	struct mailaddr pattern = mailaddr_split(entry->key);

	return mailaddr_match(&addr, &pattern, table->rules.delimiter,
	    table->rules.mailaddr);
}

/* User and tail, if that is an entry and matches: one byte more than key. */
static const struct table_entry *
table_find_joined(const struct table *table, struct str key, struct str user,
    struct str tail)
{
	char text[TABLEFILE_KEY_MAX + 1];
	const struct table_entry *entry;

	memcpy(text, user.ptr, user.len);
	memcpy(text + user.len, tail.ptr, tail.len);
	entry = table_find_exact(table,
	    (struct str){ text, user.len + tail.len });
	if (entry == NULL || !table_match_mailaddr(table, key, entry))
		return NULL;
	return entry;
}

/*
 * An entry whose domain has no star matches only if it is one of: the user,
 * the user without tag, or nothing; then the domain, "@", or nothing.
 */
static const struct table_entry *
table_find_mailaddr(const struct table *table, struct str key)
{
	struct str user = mailaddr_split(key).user;
	const char *tag = memchr(user.ptr, table->rules.delimiter, user.len);
	struct str users[] = { STR_LIT(""), user,
		{ user.ptr, (uint32_t)(tag != NULL ? tag - user.ptr : 0) } };
	struct str tails[] = { STR_LIT(""), STR_LIT("@"),
		{ key.ptr + user.len, key.len - user.len } };
	const struct table_entry *best = NULL;

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			best = table_first(best,
			    table_find_joined(table, key, users[i], tails[j]));
	return table_scan(table, key, table_match_mailaddr, best);
}

static const struct table_entry *
table_find_regex(const struct table *table, struct str key)
{
	const struct table_regex *regex = table->regexes;

	assert(regex != NULL);
	for (uint32_t i = 0; i < table->regex_count; i++, regex++)
		if (regexec(&regex->compiled, key.ptr, 0, NULL, 0) == 0)
			return regex->entry;
	return NULL;
}

static const struct table_entry *
table_find(const struct table *table, enum service service, struct str key)
{
	switch (service) {
	case SERVICE_DOMAIN:
		return table_find_domain(table, key);
	case SERVICE_NETADDR:
		return table_find_netaddr(table, key);
	case SERVICE_MAILADDR:
		return table_find_mailaddr(table, key);
	case SERVICE_REGEX:
		return table_find_regex(table, key);
	case SERVICE_STRING:
	case SERVICE_ALIAS:
	case SERVICE_CREDENTIALS:
	case SERVICE_USERINFO:
	case SERVICE_ADDRNAME:
	case SERVICE_MAILADDRMAP:
	case SERVICE_RELAYHOST:
	case SERVICE_COUNT:
		break;
	}
	return table_find_exact(table, key);
}

enum answer
table_lookup(const struct table *table, enum service service, struct str key,
    const struct table_entry **entry_r)
{
	char text[TABLEFILE_KEY_MAX + 1];
	const struct table_entry *entry = NULL;
	bool is_short = key.len <= TABLEFILE_KEY_MAX;

	assert(table->entries != NULL);
	if (is_short)
		entry = table_find(table, service, table_lower(key, text));
	if (entry_r != NULL)
		*entry_r = entry;
	if (!is_short ||
	    (entry == NULL && service == SERVICE_REGEX && table->has_costly))
		return ANSWER_FAILED;
	return entry != NULL ? ANSWER_YES : ANSWER_NO;
}

/* Values. */

bool
table_parse_credentials(struct str key, struct str value,
    struct table_credentials *creds_r)
{
	const char *colon;
	uint32_t len;

	if (value.len < TABLE_SECRET_MIN || value.len > TABLE_VALUE_MAX)
		return false;
	colon = memchr(value.ptr, ':', value.len);
	if (colon == NULL) {
		*creds_r = (struct table_credentials){ key, value };
		return true;
	}
	len = (uint32_t)(colon - value.ptr);
	if (len == 0 || len + 1 == value.len)
		return false;
	*creds_r = (struct table_credentials){
		.user = { value.ptr, len },
		.secret = { colon + 1, value.len - len - 1 },
	};
	return true;
}

/* Takes a number and the ':' behind it off the text. */
static bool
table_take_id(struct str *text, uint32_t *id_r)
{
	uint64_t id = 0;
	uint32_t i = 0, first;

	while (i < text->len && (text->ptr[i] == ' ' || text->ptr[i] == '\t'))
		i++;
	for (first = i; i < text->len && str_is_digit(text->ptr[i]); i++) {
		id = id * 10 + (uint64_t)(text->ptr[i] - '0');
		if (id >= UINT32_MAX)
			return false;
	}
	if (i == first || i == text->len || text->ptr[i] != ':')
		return false;
	*id_r = (uint32_t)id;
	*text = (struct str){ text->ptr + i + 1, text->len - i - 1 };
	return true;
}

bool
table_parse_userinfo(struct str key, struct str value,
    struct table_userinfo *info_r)
{
	struct table_userinfo info = { .user = key };

	if (key.len > TABLE_USER_MAX || value.len > TABLE_VALUE_MAX)
		return false;
	if (!table_take_id(&value, &info.uid) ||
	    !table_take_id(&value, &info.gid))
		return false;
	info.directory = value;
	*info_r = info;
	return true;
}
