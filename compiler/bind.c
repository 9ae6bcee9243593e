/*
 * Tables are read at their first use.
 */
#include "compiler/bind.h"

#include <openssl/evp.h>
#include <stdio.h>

void
bind_init(struct bind *bind, struct compilation *comp, const struct ir *ir,
    const struct host *host)
{
	unsigned version = ir->target.version;

	*bind = (struct bind){ .comp = comp, .ir = ir, .host = host };
	bind->rules = (struct table_rules){
		.mailaddr = version > TARGET_LEGACY ? MAILADDR_MODERN :
						      MAILADDR_LEGACY,
		.delimiter = ir->settings.delimiter,
		.brackets = version >= TARGET_6_6,
	};
	bind->tables = arena_alloc(&comp->arena,
	    ir->table_count * sizeof(*bind->tables));
}

void
bind_fini(struct bind *bind)
{
	for (uint32_t i = 0; i < bind->ir->table_count; i++)
		if (bind->tables[i].table != NULL)
			table_fini(bind->tables[i].table);
}

/* What a blob embedded tells by its values: a list has none. */
static bool
bind_is_mapping(const struct ir_table *from)
{
	if (from->kind != IR_TABLE_FILE)
		return from->kind == IR_TABLE_MAPPING;
	return from->entry_count == 0 || from->entries[0].value.len > 0;
}

static void
bind_read_entries(struct bind *bind, const struct ir_table *from,
    struct bind_table *to)
{
	to->table = table_new(&bind->comp->arena, bind_is_mapping(from));
	for (uint32_t i = 0; i < from->entry_count; i++)
		table_add(to->table, from->entries[i].key,
		    from->entries[i].value);
	to->state = BIND_READY;
}

static void
bind_read_file(struct bind *bind, const struct ir_table *from,
    struct bind_table *to)
{
	struct files_file *file = files_read(&bind->comp->files, from->config,
	    FILES_SIZE_MAX);
	struct tablefile_options options = {
		.key_brackets = bind->ir->target.version >= TARGET_7_5,
	};
	uint32_t line;

	to->state = BIND_BROKEN;
	if (file->error != 0)
		return;
	to->table = table_new(&bind->comp->arena, false);
	if (table_load_file(to->table, files_text(file), &options, &line) ==
	    TABLEFILE_OK)
		to->state = BIND_READY;
}

static struct bind_table *
bind_read(struct bind *bind, uint32_t number)
{
	const struct ir_table *from = &bind->ir->tables[number];
	struct bind_table *to = &bind->tables[number];

	if (to->state != BIND_UNREAD)
		return to;
	switch (from->kind) {
	case IR_TABLE_LIST:
	case IR_TABLE_MAPPING:
		bind_read_entries(bind, from, to);
		break;
	case IR_TABLE_FILE:
		if (from->entries != NULL)
			bind_read_entries(bind, from, to);
		else if (bind->leaves_files)
			to->state = BIND_DYNAMIC;
		else
			bind_read_file(bind, from, to);
		break;
	case IR_TABLE_DB:
	case IR_TABLE_PROGRAM:
		to->state = BIND_DYNAMIC;
		break;
	case IR_TABLE_SYSTEM_USERS:
	case IR_TABLE_LOCAL_NAMES:
	case IR_TABLE_LOCAL_ADDRESSES:
	case IR_TABLE_ANY_ADDRESS:
	case IR_TABLE_ANY_NAME:
		to->state = BIND_READY;
		break;
	}
	if (to->table != NULL)
		table_seal(to->table, &bind->rules);
	return to;
}

enum bind_state
bind_state_of(struct bind *bind, uint32_t table)
{
	return bind_read(bind, table)->state;
}

/* Tables without entries of their own. */
static enum answer
bind_ask_host(const struct bind *bind, enum ir_table_kind kind, struct str key)
{
	struct netaddr addr;
	bool is_address = netaddr_parse_cidr(key, NETADDR_BRACKETS, &addr) ==
	    NETADDR_OK;
	bool is_socket = str_eq_nocase(key, STR_LIT("local"));

	if (kind == IR_TABLE_LOCAL_NAMES)
		return host_is_local_name(bind->host, key);
	if (kind == IR_TABLE_LOCAL_ADDRESSES)
		return is_socket ||
		    (is_address && host_is_local_address(bind->host, &addr));
	if (kind == IR_TABLE_ANY_ADDRESS)
		return is_socket || is_address;
	return key.len > 0;
}

const char *
bind_digest(struct bind *bind, uint32_t number)
{
	const struct table *table = bind_read(bind, number)->table;
	unsigned char hash[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned len = 0;
	char *hex;

	if (table == NULL || digest == NULL ||
	    EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(digest);
		return "";
	}
	for (uint32_t i = 0; i < table_count(table); i++) {
		const struct table_entry *entry = table_entry_at(table, i);

		/* Both end in NUL or have a length: no two texts run on. */
		EVP_DigestUpdate(digest, entry->key.ptr, entry->key.len + 1);
		EVP_DigestUpdate(digest, &entry->value.len,
		    sizeof(entry->value.len));
		EVP_DigestUpdate(digest, entry->value.ptr, entry->value.len);
	}
	EVP_DigestFinal_ex(digest, hash, &len);
	EVP_MD_CTX_free(digest);
	hex = arena_bytes(&bind->comp->arena, 2 * (size_t)len + 1);
	for (unsigned i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return hex;
}

enum answer
bind_lookup(struct bind *bind, uint32_t number, enum service service,
    struct str key, const struct table_entry **entry_r)
{
	struct bind_table *table;

	*entry_r = NULL;
	if (number == IR_NONE)
		return ANSWER_FAILED;
	table = bind_read(bind, number);
	if (table->state != BIND_READY)
		return ANSWER_FAILED;
	if (table->table == NULL)
		return bind_ask_host(bind, bind->ir->tables[number].kind, key);
	table_prepare(table->table, service);
	return table_lookup(table->table, service, key, entry_r);
}
