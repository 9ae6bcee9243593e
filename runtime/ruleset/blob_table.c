/*
 * Tables of a blob, as others see them. How a key is found in one is
 * blob_search.c's.
 */
#include "runtime/base/netaddr.h"
#include "runtime/ruleset/blob_private.h"

/* Records. */

struct blob_range
blob_table_entries(const struct blob *blob, uint32_t table)
{
	return blob_list(blob, BLOB_TABLES, table, BLOB_TABLE_FIRST,
	    BLOB_ENTRIES);
}

bool
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

/* From outside. */

void
blob_entry(const struct blob *blob, uint32_t table, uint32_t i,
    struct blob_entry *entry_r)
{
	struct blob_search search = blob_search_begin(blob, table);

	assert(i < search.count);
	entry_r->key = blob_search_key(&search, i);
	entry_r->value = blob_search_value(&search, i);
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
	found = blob_search_find(&search, service, key);
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
