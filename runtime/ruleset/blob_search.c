/*
 * Searches of a table. What fits a key is defined by runtime/table, whose
 * answers these are: of all entries that fit, the first in byte order. Most
 * can be told from the key and found by their hash, the rest stand in trees
 * of patterns, and networks as intervals.
 */
#include "runtime/base/domain.h"
#include "runtime/ruleset/blob_private.h"

typedef bool blob_matcher(const struct blob *blob, struct str key,
    struct str entry);

/* Patterns, and the key as they were written: see BLOB_WILD_FIRST. */
struct blob_wild {
	struct blob_range nodes;
	struct str text;
	struct str key;
	blob_matcher *matches;
};

/* Entries. */

struct blob_search
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

struct str
blob_search_key(const struct blob_search *search, uint32_t i)
{
	uint32_t at = search->entries.first +
	    (search->facts.is_mapping ? 2 * i : i);

	return blob_text(search->blob,
	    blob_get32(blob_at(search->blob, BLOB_ENTRIES, at)));
}

struct str
blob_search_value(const struct blob_search *search, uint32_t i)
{
	uint32_t at = search->entries.first + 2 * i + 1;

	if (!search->facts.is_mapping)
		return STR_LIT("");
	return blob_text(search->blob,
	    blob_get32(blob_at(search->blob, BLOB_ENTRIES, at)));
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
blob_find_hashed(const struct blob_search *search, struct str key,
    uint32_t hash)
{
	const struct blob_section *slots =
	    &search->blob->sections[BLOB_TABLE_SLOTS];
	struct blob_range range = search->facts.slots;
	uint32_t i = blob_slot(hash, range.count), entry;

	if (range.count == 0)
		return BLOB_NOT_FOUND;
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

static uint32_t
blob_find_exact(const struct blob_search *search, struct str key)
{
	return blob_find_hashed(search, key, blob_hash(key));
}

static uint32_t
blob_first(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The first entry that matches among patterns that may fit text, or best. */
static uint32_t
blob_find_wild(const struct blob_search *search, const struct blob_wild *wild,
    uint32_t best)
{
	struct blob_walk walk;
	uint32_t entry;

	if (wild->nodes.count == 0)
		return best;
	blob_walk_begin(&walk, search->blob, wild->nodes, wild->text);
	while ((entry = blob_walk_next(&walk)) != BLOB_NOT_FOUND)
		if (entry < best &&
		    wild->matches(search->blob, wild->key,
			blob_search_key(search, entry)))
			best = entry;
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
blob_find_star(const struct blob_search *search, struct str key)
{
	const char *dot = memchr(key.ptr, '.', key.len);
	char text[BLOB_KEY_MAX + 1];
	uint32_t len;

	if (dot == NULL)
		return BLOB_NOT_FOUND;
	len = key.len - (uint32_t)(dot - key.ptr);
	text[0] = '*';
	memcpy(text + 1, dot, len);
	return blob_find_exact(search, (struct str){ text, len + 1 });
}

static uint32_t
blob_find_domain(const struct blob_search *search, struct str key)
{
	const struct blob_wild wild = { search->facts.wild, key, key,
		blob_match_domain };
	uint32_t best = BLOB_NOT_FOUND;

	if (search->facts.shapes & BLOB_SHAPE_NAME)
		best = blob_find_exact(search, key);
	if (search->facts.shapes & BLOB_SHAPE_STAR)
		best = blob_first(best, blob_find_star(search, key));
	return blob_find_wild(search, &wild, best);
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

/* Has the memory come that blob_find_hashed will need. */
static void
blob_expect(const struct blob_search *search, uint32_t hash)
{
	const struct blob_section *slots =
	    &search->blob->sections[BLOB_TABLE_SLOTS];
	struct blob_range range = search->facts.slots;

	__builtin_prefetch(slots->data +
	    ((size_t)range.first + blob_slot(hash, range.count)) *
		slots->stride);
}

/*
 * The key as an entry of each shape that the table has. All are on their
 * way from memory before the first is looked at.
 */
static uint32_t
blob_find_shapes(const struct blob_search *search, struct str key,
    const struct str users[BLOB_USERS], const struct str tails[BLOB_TAILS])
{
	uint32_t hashes[BLOB_USERS * BLOB_TAILS], best = BLOB_NOT_FOUND, entry;
	unsigned shapes = search->facts.shapes;
	char text[BLOB_KEY_MAX + 1];
	struct str joined;

	if (users[BLOB_USER_TAGGED].len == 0)
		shapes &= BLOB_SHAPE(BLOB_USER_TAGGED, 0) - 1;
	for (unsigned i = 0; i < BLOB_USERS * BLOB_TAILS; i++) {
		if ((shapes & 1u << i) == 0)
			continue;
		hashes[i] = blob_hash(blob_join(text, users[i / BLOB_TAILS],
		    tails[i % BLOB_TAILS]));
		blob_expect(search, hashes[i]);
	}
	for (unsigned i = 0; i < BLOB_USERS * BLOB_TAILS; i++) {
		if ((shapes & 1u << i) == 0)
			continue;
		joined = blob_join(text, users[i / BLOB_TAILS],
		    tails[i % BLOB_TAILS]);
		entry = blob_find_hashed(search, joined, hashes[i]);
		if (entry < best &&
		    blob_match_mailaddr(search->blob, key, joined))
			best = entry;
	}
	return best;
}

/* The first pattern that matches, or best. */
static uint32_t
blob_find_wild_mail(const struct blob_search *search, struct str key,
    struct str user, uint32_t best)
{
	struct str domain = mailaddr_split(key).domain;
	char text[BLOB_STARS_MAX];
	struct blob_wild wild = {
		.nodes = search->facts.wild_mail,
		.text = { text, domain.len + 1 + user.len },
		.key = key,
		.matches = blob_match_mailaddr,
	};

	if (domain.len > 0)
		memcpy(text, domain.ptr, domain.len);
	text[domain.len] = '@';
	memcpy(text + domain.len + 1, user.ptr, user.len);
	return blob_find_wild(search, &wild, best);
}

/*
 * What fits has no user, the key's up to its tag or, if it has a tag itself,
 * all of it; and no domain, an empty one or the key's. Else it has a star in
 * its domain.
 */
static uint32_t
blob_find_mailaddr(const struct blob_search *search, struct str key)
{
	struct str user = mailaddr_split(key).user;
	const char *tag = memchr(user.ptr, search->blob->delimiter, user.len);
	uint32_t plain = tag != NULL ? (uint32_t)(tag - user.ptr) : user.len;
	const struct str users[BLOB_USERS] = { STR_LIT(""), { user.ptr, plain },
		{ user.ptr, tag != NULL ? user.len : 0 } };
	const struct str tails[BLOB_TAILS] = { STR_LIT(""), STR_LIT("@"),
		{ key.ptr + user.len, key.len - user.len } };
	uint32_t best = blob_find_shapes(search, key, users, tails);

	return search->facts.wild_mail.count == 0 ?
	    best :
	    blob_find_wild_mail(search, key, user, best);
}

/* All of them. */

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

uint32_t
blob_search_find(const struct blob_search *search, enum service service,
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
