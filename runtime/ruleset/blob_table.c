/*
 * Tables of a blob and their look-ups. What fits a key is defined by
 * runtime/table, whose answers these are: of all entries that fit, the first
 * in byte order. Most can be told from the key and found by their hash; a
 * table keeps a list of the others, and its networks as intervals.
 */
#include "runtime/base/domain.h"
#include "runtime/base/netaddr.h"
#include "runtime/ruleset/blob_private.h"

struct blob_search {
	const struct blob *blob;
	struct blob_table_facts facts;
	bool has_facts;
	struct blob_range entries;
	uint32_t count;
};

/* Of entries, before all of which there is none. */
#define BLOB_NOT_FOUND UINT32_MAX

typedef bool blob_matcher(const struct blob *blob, struct str key,
    struct str entry);

/* Records. */

struct blob_range
blob_table_entries(const struct blob *blob, uint32_t table)
{
	return blob_list(blob, BLOB_TABLES, table, BLOB_TABLE_FIRST,
	    BLOB_ENTRIES);
}

/* False for a small table, which has none: what stands for them then. */
static bool
blob_table_facts_of(const struct blob *blob, uint32_t table,
    struct blob_table_facts *facts_r)
{
	uint32_t fact = blob_get32(blob_at(blob, BLOB_TABLES, table) +
	    BLOB_TABLE_FACT);

	if (fact == IR_NONE) {
		*facts_r = (struct blob_table_facts){ .kind = IR_TABLE_LIST,
			.is_inline = true,
			.name = STR_LIT(""),
			.backend = STR_LIT(""),
			.config = STR_LIT(""),
			.digest = STR_LIT("") };
		return false;
	}
	blob_read(blob, BLOB_TABLE_FACTS, fact, facts_r);
	return true;
}

uint32_t
blob_table_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_TABLES);
}

void
blob_table(const struct blob *blob, uint32_t n, struct ir_table *table_r)
{
	struct blob_table_facts facts;
	struct blob_range entries = blob_table_entries(blob, n);

	blob_table_facts_of(blob, n, &facts);
	*table_r = (struct ir_table){
		.kind = facts.kind,
		.name = facts.name,
		.is_builtin = facts.is_builtin,
		.backend = facts.backend,
		.config = facts.config,
		.entry_count = facts.is_mapping ? entries.count / 2 :
						  entries.count,
		.pos = facts.pos,
	};
}

uint32_t
blob_find_table(const struct blob *blob, struct str name)
{
	struct blob_table_facts facts;

	for (uint32_t i = 0; i < blob_table_count(blob); i++)
		if (blob_table_facts_of(blob, i, &facts) &&
		    facts.name.len > 0 && str_eq(facts.name, name))
			return i;
	return IR_NONE;
}

bool
blob_table_is_inline(const struct blob *blob, uint32_t n)
{
	struct blob_table_facts facts;

	blob_table_facts_of(blob, n, &facts);
	return facts.is_inline;
}

bool
blob_table_is_mapping(const struct blob *blob, uint32_t n)
{
	struct blob_table_facts facts;

	blob_table_facts_of(blob, n, &facts);
	return facts.is_mapping;
}

struct str
blob_table_digest(const struct blob *blob, uint32_t n)
{
	struct blob_table_facts facts;

	blob_table_facts_of(blob, n, &facts);
	return facts.digest;
}

/* Entries. */

static struct blob_search
blob_search_begin(const struct blob *blob, uint32_t table)
{
	struct blob_search search = {
		.blob = blob,
		.entries = blob_table_entries(blob, table),
	};

	search.has_facts = blob_table_facts_of(blob, table, &search.facts);
	search.count = search.facts.is_mapping ? search.entries.count / 2 :
						 search.entries.count;
	return search;
}

static struct str
blob_search_key(const struct blob_search *search, uint32_t i)
{
	uint32_t at = search->entries.first +
	    (search->facts.is_mapping ? 2 * i : i);

	return blob_text(search->blob,
	    blob_get32(blob_at(search->blob, BLOB_ENTRIES, at)));
}

static struct str
blob_search_value(const struct blob_search *search, uint32_t i)
{
	uint32_t at = search->entries.first + 2 * i + 1;

	if (!search->facts.is_mapping)
		return STR_LIT("");
	return blob_text(search->blob,
	    blob_get32(blob_at(search->blob, BLOB_ENTRIES, at)));
}

void
blob_entry(const struct blob *blob, uint32_t table, uint32_t i,
    struct blob_entry *entry_r)
{
	struct blob_search search = blob_search_begin(blob, table);

	assert(i < search.count);
	entry_r->key = blob_search_key(&search, i);
	entry_r->value = blob_search_value(&search, i);
}

/* Searches. */

bool
blob_fold(struct str text, char buf[BLOB_KEY_MAX + 1], struct str *folded_r)
{
	if (text.len > BLOB_KEY_MAX)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		buf[i] = str_lower(text.ptr[i]);
	buf[text.len] = '\0';
	*folded_r = (struct str){ buf, text.len };
	return true;
}

static uint32_t
blob_find_exact(const struct blob_search *search, struct str key)
{
	const struct blob_section *slots =
	    &search->blob->sections[BLOB_TABLE_SLOTS];
	struct blob_range range = search->facts.slots;
	uint32_t hash, i, entry;

	if (range.count == 0)
		return BLOB_NOT_FOUND;
	hash = blob_hash(key);
	i = blob_slot(hash, range.count);
	for (;; i = i + 1 < range.count ? i + 1 : 0) {
		const unsigned char *at = slots->data +
		    (size_t)(range.first + i) * slots->stride;

		entry = blob_get32(at + BLOB_SLOT_ENTRY);
		if (entry == 0)
			return BLOB_NOT_FOUND;
		if (blob_get32(at + BLOB_SLOT_HASH) == hash &&
		    str_eq(blob_search_key(search, entry - 1), key))
			return entry - 1;
	}
}

/* The first wild entry that fits, if it comes before best; else best. */
static uint32_t
blob_find_wild(const struct blob_search *search, struct str key,
    blob_matcher *matches, uint32_t best)
{
	struct blob_range wild = search->facts.wild;

	for (uint32_t i = 0; i < wild.count; i++) {
		uint32_t entry = blob_get32(blob_at(search->blob, BLOB_WILD,
		    wild.first + i));

		if (entry >= best)
			break;
		if (matches(search->blob, key, blob_search_key(search, entry)))
			return entry;
	}
	return best;
}

/* Where there is no index, of a few entries. */
static uint32_t
blob_find_any(const struct blob_search *search, struct str key,
    blob_matcher *matches)
{
	for (uint32_t i = 0; i < search->count; i++)
		if (matches(search->blob, key, blob_search_key(search, i)))
			return i;
	return BLOB_NOT_FOUND;
}

static uint32_t
blob_first(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool
blob_match_text(const struct blob *blob, struct str key, struct str entry)
{
	(void)blob;
	return str_eq(key, entry);
}

/* Domains. */

static bool
blob_match_domain(const struct blob *blob, struct str key, struct str entry)
{
	(void)blob;
	return domain_match(key, entry);
}

/* "*.domain" stops at the key's first dot. */
static uint32_t
blob_find_domain(const struct blob_search *search, struct str key)
{
	uint32_t best = blob_find_exact(search, key), len;
	const char *dot = memchr(key.ptr, '.', key.len);
	char text[BLOB_KEY_MAX + 1];

	if (dot != NULL) {
		len = key.len - (uint32_t)(dot - key.ptr);
		text[0] = '*';
		memcpy(text + 1, dot, len);
		best = blob_first(best,
		    blob_find_exact(search, (struct str){ text, len + 1 }));
	}
	return blob_find_wild(search, key, blob_match_domain, best);
}

/* Addresses. */

static bool
blob_parse_net(const struct blob *blob, struct str text, struct netaddr *net_r)
{
	return netaddr_parse_cidr(text,
		   blob->target.version >= TARGET_6_6 ? NETADDR_BRACKETS : 0,
		   net_r) == NETADDR_OK;
}

static bool
blob_match_net(const struct blob *blob, struct str key, struct str entry)
{
	struct netaddr addr, net;

	return str_eq(key, entry) ||
	    (blob_parse_net(blob, key, &addr) &&
		blob_parse_net(blob, entry, &net) &&
		netaddr_contains(&net, &addr));
}

/* The last of count records that begins at or before the address, or NULL. */
static const unsigned char *
blob_net6(const struct blob *blob, struct blob_range range,
    const unsigned char *bytes)
{
	uint32_t low = 0, high = range.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (memcmp(blob_at(blob, BLOB_NETS6, range.first + middle),
			bytes, BLOB_NET6_ANSWER) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL :
			  blob_at(blob, BLOB_NETS6, range.first + low - 1);
}

static const unsigned char *
blob_net4(const struct blob *blob, struct blob_range range,
    const unsigned char *bytes)
{
	const struct blob_section *nets = &blob->sections[BLOB_NETS4];
	const unsigned char *data = nets->data +
	    (size_t)range.first * nets->stride;
	uint32_t low = 0, high = range.count;
	uint32_t addr = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	    (uint32_t)bytes[2] << 8 | bytes[3];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (blob_get32(data + (size_t)middle * nets->stride) <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? NULL : data + (size_t)(low - 1) * nets->stride;
}

uint32_t
blob_net(const struct blob *blob, struct blob_range nets4,
    struct blob_range nets6, const struct netaddr *addr, uint32_t none)
{
	const unsigned char *at;

	if (addr->family == 4) {
		at = blob_net4(blob, nets4, addr->bytes);
		return at == NULL ? none : blob_get32(at + BLOB_NET4_ANSWER);
	}
	at = blob_net6(blob, nets6, addr->bytes);
	return at == NULL ? none : blob_get32(at + BLOB_NET6_ANSWER);
}

/* An entry of the same text is a network that has the address, too. */
static uint32_t
blob_find_netaddr(const struct blob_search *search, struct str key)
{
	const struct blob_table_facts *facts = &search->facts;
	struct netaddr addr;
	uint32_t answer;

	if (facts->nets4.count == 0)
		return blob_find_any(search, key, blob_match_net);
	if (!blob_parse_net(search->blob, key, &addr))
		return blob_find_exact(search, key);
	answer = blob_net(search->blob, facts->nets4, facts->nets6, &addr, 0);
	return answer == 0 ? BLOB_NOT_FOUND : answer - 1;
}

/* Mail addresses. */

static bool
blob_match_mailaddr(const struct blob *blob, struct str key, struct str entry)
{
	struct mailaddr addr = mailaddr_split(key);
	struct mailaddr pattern = mailaddr_split(entry);

	return mailaddr_match(&addr, &pattern, blob->delimiter,
	    blob->target.version > TARGET_LEGACY ? MAILADDR_MODERN :
						   MAILADDR_LEGACY);
}

/* User and tail in text, which has room for a key. */
static struct str
blob_join(char text[BLOB_KEY_MAX + 1], struct str user, struct str tail)
{
	memcpy(text, user.ptr, user.len);
	memcpy(text + user.len, tail.ptr, tail.len);
	return (struct str){ text, user.len + tail.len };
}

/* Has the memory come that blob_find_exact will need. */
static void
blob_expect(const struct blob_search *search, struct str key)
{
	const struct blob_section *slots =
	    &search->blob->sections[BLOB_TABLE_SLOTS];
	struct blob_range range = search->facts.slots;

	if (range.count > 0)
		__builtin_prefetch(slots->data +
		    ((size_t)range.first +
			blob_slot(blob_hash(key), range.count)) *
			slots->stride);
}

/*
 * The user, the user without tag, or nothing; then the domain, "@", or
 * nothing: what fits is one of these unless it has a star in its domain.
 */
static uint32_t
blob_find_mailaddr(const struct blob_search *search, struct str key)
{
	struct str user = mailaddr_split(key).user;
	const char *tag = memchr(user.ptr, search->blob->delimiter, user.len);
	const struct str users[] = { STR_LIT(""), user,
		{ user.ptr, (uint32_t)(tag != NULL ? tag - user.ptr : 0) } };
	const struct str tails[] = { STR_LIT(""), STR_LIT("@"),
		{ key.ptr + user.len, key.len - user.len } };
	/* Without a tag the third user is the first. */
	int count = (tag != NULL ? 3 : 2) * 3;
	uint32_t best = BLOB_NOT_FOUND, entry;
	char text[BLOB_KEY_MAX + 1];
	struct str joined;

	for (int i = 0; i < count; i++)
		blob_expect(search,
		    blob_join(text, users[i / 3], tails[i % 3]));
	for (int i = 0; i < count; i++) {
		joined = blob_join(text, users[i / 3], tails[i % 3]);
		entry = blob_find_exact(search, joined);
		if (entry < best &&
		    blob_match_mailaddr(search->blob, key, joined))
			best = entry;
	}
	return blob_find_wild(search, key, blob_match_mailaddr, best);
}

/* From outside. */

static blob_matcher *
blob_matcher_of(enum service service)
{
	switch ((unsigned)service) {
	case SERVICE_DOMAIN:
		return blob_match_domain;
	case SERVICE_NETADDR:
		return blob_match_net;
	case SERVICE_MAILADDR:
		return blob_match_mailaddr;
	default:
		return blob_match_text;
	}
}

static uint32_t
blob_find(const struct blob_search *search, enum service service,
    struct str key)
{
	if (!search->has_facts)
		return blob_find_any(search, key, blob_matcher_of(service));
	switch ((unsigned)service) {
	case SERVICE_DOMAIN:
		return blob_find_domain(search, key);
	case SERVICE_NETADDR:
		return blob_find_netaddr(search, key);
	case SERVICE_MAILADDR:
		return blob_find_mailaddr(search, key);
	default:
		return blob_find_exact(search, key);
	}
}

static bool
blob_search_can(const struct blob_search *search, enum service service)
{
	return search->facts.is_inline && service != SERVICE_REGEX &&
	    (!search->facts.is_secret || search->blob->has_secrets);
}

bool
blob_can_look_up(const struct blob *blob, uint32_t table, enum service service)
{
	struct blob_search search = blob_search_begin(blob, table);

	return blob_search_can(&search, service);
}

enum answer
blob_lookup(const struct blob *blob, uint32_t table, enum service service,
    struct str key, struct blob_entry *entry_r)
{
	struct blob_search search = blob_search_begin(blob, table);
	char text[BLOB_KEY_MAX + 1];
	uint32_t found;

	if (!blob_search_can(&search, service) || !blob_fold(key, text, &key))
		return ANSWER_FAILED;
	found = blob_find(&search, service, key);
	if (found == BLOB_NOT_FOUND)
		return ANSWER_NO;
	if (entry_r != NULL) {
		entry_r->key = blob_search_key(&search, found);
		entry_r->value = blob_search_value(&search, found);
	}
	return ANSWER_YES;
}

enum answer
blob_ask_host(const struct blob *blob, uint32_t table, struct str key,
    const struct ruleset_callbacks *callbacks)
{
	struct blob_table_facts facts;
	struct netaddr addr;
	bool is_address, is_socket;

	blob_table_facts_of(blob, table, &facts);
	is_address = netaddr_parse_cidr(key, NETADDR_BRACKETS, &addr) ==
	    NETADDR_OK;
	is_socket = str_eq_nocase(key, STR_LIT("local"));
	switch ((unsigned)facts.kind) {
	case IR_TABLE_LOCAL_NAMES:
		return callbacks->is_local_name(callbacks->arg, key) ?
		    ANSWER_YES :
		    ANSWER_NO;
	case IR_TABLE_LOCAL_ADDRESSES:
		return is_socket ||
			(is_address &&
			    callbacks->is_local_address(callbacks->arg, key)) ?
		    ANSWER_YES :
		    ANSWER_NO;
	case IR_TABLE_ANY_ADDRESS:
		return is_socket || is_address ? ANSWER_YES : ANSWER_NO;
	case IR_TABLE_ANY_NAME:
		return key.len > 0 ? ANSWER_YES : ANSWER_NO;
	default:
		return ANSWER_FAILED;
	}
}
