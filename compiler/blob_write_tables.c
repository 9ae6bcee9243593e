/*
 * Tables of a blob: entries in the order of runtime/table, and the indexes
 * by which blob_table.c finds them.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/blob_write_private.h"

/* A network of a table, and the entry that it is. */
struct blob_entry_net {
	struct netaddr net;
	uint32_t entry;
};

/* Networks around an address: prefixes of 0 to 128. */
enum { BLOB_NETS_DEPTH = 130 };

struct blob_open_net {
	struct netaddr last;
	uint32_t answer; /* with those around it */
};

struct blob_sweep {
	struct blob_net *nets;
	uint32_t count;
	struct blob_open_net open[BLOB_NETS_DEPTH]; /* the widest first */
	unsigned depth;
};

/* Slots. */

/* At most two thirds of them are taken. */
struct blob_slots
blob_slots_new(uint32_t texts)
{
	struct blob_slots slots = { NULL, texts + texts / 2 + 1 };

	if (texts == 0)
		slots.count = 0;
	slots.slots = blob_write_alloc((size_t)slots.count * 2 *
	    sizeof(*slots.slots));
	return slots;
}

/* used: which of the two numbers is never 0 where a slot is taken. */
uint32_t *
blob_slots_put(struct blob_slots *slots, struct str text, unsigned used)
{
	uint32_t i = blob_slot(blob_hash(text), slots->count);

	while (slots->slots[2 * (size_t)i + used] != 0)
		i = i + 1 < slots->count ? i + 1 : 0;
	return &slots->slots[2 * (size_t)i];
}

struct blob_range
blob_write_slots(struct blob_writer *writer, enum blob_section_id id,
    struct blob_slots *slots)
{
	struct blob_range range = { writer->counts[id], slots->count };

	for (uint32_t i = 0; i < slots->count; i++) {
		blob_put32(writer, id, slots->slots[2 * (size_t)i]);
		blob_put32(writer, id, slots->slots[2 * (size_t)i + 1]);
		blob_put_record(writer, id);
	}
	free(slots->slots);
	return range;
}

/* Whether there is a star in the domain. */
bool
blob_is_wild_mail(struct str key)
{
	struct str domain = mailaddr_split(key).domain;

	return domain.len > 0 && memchr(domain.ptr, '*', domain.len) != NULL;
}

/* Of an entry that a hash finds. */
static unsigned
blob_shapes_of(const struct blob_writer *writer, struct str key)
{
	struct mailaddr addr = mailaddr_split(key);
	enum blob_user user = BLOB_USER_NONE;
	enum blob_tail tail = BLOB_TAIL_NONE;
	unsigned shapes = 0;

	if (!table_is_wild(key))
		shapes = str_has_prefix(key, "*.") ? BLOB_SHAPE_STAR :
						     BLOB_SHAPE_NAME;
	if (blob_is_wild_mail(key))
		return shapes;
	if (addr.user.len > 0)
		user = memchr(addr.user.ptr, writer->bind->rules.delimiter,
			   addr.user.len) != NULL ?
		    BLOB_USER_TAGGED :
		    BLOB_USER_PLAIN;
	if (addr.user.len < key.len)
		tail = addr.domain.len > 0 ? BLOB_TAIL_DOMAIN : BLOB_TAIL_AT;
	return shapes | BLOB_SHAPE(user, tail);
}

static void
blob_index_texts(struct blob_writer *writer, const struct table *table,
    struct blob_table_facts *facts)
{
	uint32_t count = table_count(table);
	struct blob_slots slots = blob_slots_new(count);
	unsigned shapes = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct str key = table_entry_at(table, i)->key;
		uint32_t *slot = blob_slots_put(&slots, key, 1);

		slot[0] = blob_hash(key);
		slot[1] = i + 1;
		shapes |= blob_shapes_of(writer, key);
	}
	facts->slots = blob_write_slots(writer, BLOB_TABLE_SLOTS, &slots);
	facts->shapes = (uint16_t)shapes;
	facts->wild = blob_write_wild(writer, table, false);
	facts->wild_mail = blob_write_wild(writer, table, true);
}

/* Networks. */

static void
blob_write_net(struct blob_writer *writer, const struct blob_net *net)
{
	const unsigned char *bytes = net->first.bytes;

	if (net->first.family == 4) {
		blob_put32(writer, BLOB_NETS4,
		    (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			(uint32_t)bytes[2] << 8 | bytes[3]);
		blob_put32(writer, BLOB_NETS4, net->answer);
		blob_put_record(writer, BLOB_NETS4);
		return;
	}
	blob_put_bytes(writer, BLOB_NETS6, bytes, sizeof(net->first.bytes));
	blob_put32(writer, BLOB_NETS6, net->answer);
	blob_put_record(writer, BLOB_NETS6);
}

void
blob_write_nets(struct blob_writer *writer, const struct blob_net *nets,
    uint32_t count, struct blob_range *nets4_r, struct blob_range *nets6_r)
{
	nets4_r->first = writer->counts[BLOB_NETS4];
	nets6_r->first = writer->counts[BLOB_NETS6];
	for (uint32_t i = 0; i < count; i++)
		if (i == 0 ||
		    nets[i].first.family != nets[i - 1].first.family ||
		    nets[i].answer != nets[i - 1].answer)
			blob_write_net(writer, &nets[i]);
	nets4_r->count = writer->counts[BLOB_NETS4] - nets4_r->first;
	nets6_r->count = writer->counts[BLOB_NETS6] - nets6_r->first;
}

static int
blob_compare_nets(const void *va, const void *vb)
{
	const struct blob_entry_net *a = va, *b = vb;
	int order = netaddr_compare(&a->net, &b->net);

	return order != 0 ? order :
			    (a->entry > b->entry) - (a->entry < b->entry);
}

/* Of several answers for one address the last counts. */
static void
blob_sweep_emit(struct blob_sweep *sweep, struct netaddr first, uint32_t answer)
{
	first.prefix = 0;
	if (sweep->count > 0 &&
	    netaddr_compare_addresses(&sweep->nets[sweep->count - 1].first,
		&first) == 0)
		sweep->count--;
	sweep->nets[sweep->count++] = (struct blob_net){ first, answer };
}

static void
blob_sweep_enter(struct blob_sweep *sweep, const struct netaddr *net,
    uint32_t answer)
{
	assert(sweep->depth < BLOB_NETS_DEPTH);
	sweep->open[sweep->depth++] =
	    (struct blob_open_net){ netaddr_last(*net), answer };
	blob_sweep_emit(sweep, *net, answer);
}

/* Leaves the networks that end before an address, or all if it is NULL. */
static void
blob_sweep_leave(struct blob_sweep *sweep, const struct netaddr *before)
{
	for (; sweep->depth > 1; sweep->depth--) {
		struct netaddr next = sweep->open[sweep->depth - 1].last;

		if (before != NULL &&
		    netaddr_compare_addresses(&next, before) >= 0)
			return;
		if (netaddr_increase(&next))
			blob_sweep_emit(sweep, next,
			    sweep->open[sweep->depth - 2].answer);
	}
}

static void
blob_sweep_family(struct blob_sweep *sweep, uint8_t family,
    const struct blob_entry_net *nets, uint32_t count)
{
	const struct netaddr all = { .family = family };

	sweep->depth = 0;
	blob_sweep_enter(sweep, &all, 0);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t answer = nets[i].entry + 1, around;

		if (nets[i].net.family != family)
			continue;
		blob_sweep_leave(sweep, &nets[i].net);
		around = sweep->open[sweep->depth - 1].answer;
		/* The same network twice: the first is the lower entry. */
		if (around != 0 && around < answer)
			answer = around;
		if (i == 0 || netaddr_compare(&nets[i - 1].net, &nets[i].net))
			blob_sweep_enter(sweep, &nets[i].net, answer);
	}
	blob_sweep_leave(sweep, NULL);
}

static void
blob_index_nets(struct blob_writer *writer, const struct table *table,
    struct blob_table_facts *facts)
{
	uint32_t total = table_count(table), count = 0;
	unsigned flags = writer->bind->rules.brackets ? NETADDR_BRACKETS : 0;
	struct blob_entry_net *nets = blob_write_alloc(total * sizeof(*nets));
	struct blob_sweep sweep = { .count = 0 };

	for (uint32_t i = 0; i < total; i++) {
		struct blob_entry_net *net = &nets[count];

		if (netaddr_parse_cidr(table_entry_at(table, i)->key, flags,
			&net->net) != NETADDR_OK)
			continue;
		netaddr_mask(&net->net);
		net->entry = i;
		count++;
	}
	qsort(nets, count, sizeof(*nets), blob_compare_nets);
	sweep.nets = blob_write_alloc((2 * (size_t)count + 2) *
	    sizeof(*sweep.nets));
	blob_sweep_family(&sweep, 4, nets, count);
	blob_sweep_family(&sweep, 6, nets, count);
	blob_write_nets(writer, sweep.nets, sweep.count, &facts->nets4,
	    &facts->nets6);
	free(sweep.nets);
	free(nets);
}

/* Tables. */

/* Whether somebody looks for addresses in it. */
static bool *
blob_tables_with_nets(const struct blob_writer *writer)
{
	const struct ir *ir = writer->ir;
	bool *has = blob_write_alloc(ir->table_count * sizeof(*has));

	for (uint32_t i = 0; i < ir->ruleset.rule_count; i++)
		for (uint32_t j = 0; j < ir->ruleset.rules[i].pred_count; j++) {
			const struct ruleset_pred *pred =
			    &ir->ruleset.rules[i].preds[j];

			if (pred->table != IR_NONE &&
			    pred->service == SERVICE_NETADDR)
				has[pred->table] = true;
		}
	for (uint32_t i = 0; i < ir->filter_count; i++)
		if (ir->filters[i].kind == IR_FILTER_PHASE &&
		    ir->filters[i].table != IR_NONE &&
		    ir->filters[i].service == SERVICE_NETADDR)
			has[ir->filters[i].table] = true;
	return has;
}

/* By its use, or because a URL in it has a password. */
static bool
blob_table_is_secret(const struct blob_writer *writer, uint32_t number,
    const struct table *table)
{
	const struct ir_table *from = &writer->ir->tables[number];

	for (uint32_t i = 0; table != NULL && i < table_count(table); i++) {
		const struct table_entry *entry = table_entry_at(table, i);

		if (dump_redact_key(&writer->redact, from, entry->key).ptr !=
			entry->key.ptr ||
		    dump_redact_value(&writer->redact, from, entry->value)
			    .ptr != entry->value.ptr)
			return true;
	}
	return false;
}

static void
blob_write_entries(struct blob_writer *writer, const struct table *table,
    const struct blob_table_facts *facts)
{
	for (uint32_t i = 0; i < table_count(table); i++) {
		const struct table_entry *entry = table_entry_at(table, i);

		blob_put32(writer, BLOB_ENTRIES,
		    blob_write_text(writer, entry->key, facts->is_secret));
		blob_put_record(writer, BLOB_ENTRIES);
		if (!facts->is_mapping)
			continue;
		blob_put32(writer, BLOB_ENTRIES,
		    blob_write_text(writer, entry->value, facts->is_secret));
		blob_put_record(writer, BLOB_ENTRIES);
	}
}

static struct str
blob_file_digest(const struct blob_writer *writer, const struct ir_table *table)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *hex = arena_bytes(writer->arena, 2 * BLOB_IDENTITY_SIZE + 1);
	struct str text = files_text(files_read(&writer->bind->comp->files,
	    table->config, FILES_SIZE_MAX));

	if (EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL) !=
	    1)
		abort();
	for (unsigned i = 0; i < BLOB_IDENTITY_SIZE; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	return str_from(hex);
}

/* NULL for a table whose entries the blob does not hold. */
static const struct table *
blob_inline_table(struct blob_writer *writer, uint32_t number)
{
	const struct ir_table *from = &writer->ir->tables[number];
	enum bind_state state = bind_state_of(writer->bind, number);

	if (state == BIND_BROKEN)
		writer->why = arena_printf(writer->arena,
		    "table file %.*s cannot be embedded: it is missing, or "
		    "a line of it is not sound",
		    STR_ARG(from->config));
	return state == BIND_READY ? writer->bind->tables[number].table : NULL;
}

static uint32_t
blob_write_facts(struct blob_writer *writer, uint32_t number,
    const struct table *table, struct blob_table_facts *facts, bool has_nets)
{
	const struct ir_table *from = &writer->ir->tables[number];

	facts->name = from->name;
	facts->is_builtin = from->is_builtin;
	facts->backend = from->backend;
	facts->config = from->config;
	facts->pos = from->pos;
	facts->slots.first = writer->counts[BLOB_TABLE_SLOTS];
	facts->wild.first = writer->counts[BLOB_WILD];
	facts->wild_mail.first = writer->counts[BLOB_WILD];
	facts->nets4.first = writer->counts[BLOB_NETS4];
	facts->nets6.first = writer->counts[BLOB_NETS6];
	if (table != NULL)
		blob_index_texts(writer, table, facts);
	if (table != NULL && has_nets)
		blob_index_nets(writer, table, facts);
	if (table != NULL && from->kind == IR_TABLE_FILE)
		facts->digest = blob_file_digest(writer, from);
	return blob_write_record(writer, BLOB_TABLE_FACTS, facts);
}

static void
blob_write_table(struct blob_writer *writer, uint32_t number, bool has_nets)
{
	const struct ir_table *from = &writer->ir->tables[number];
	const struct table *table = blob_inline_table(writer, number);
	struct blob_table_facts facts = {
		.kind = from->kind,
		.is_inline = table != NULL,
		.is_mapping = table != NULL && table_is_mapping(table),
		.is_secret = blob_table_is_secret(writer, number, table),
	};
	bool is_small = from->kind == IR_TABLE_LIST && from->name.len == 0 &&
	    !facts.is_secret && table_count(table) <= BLOB_SMALL_TABLE;

	blob_put32(writer, BLOB_TABLES, writer->counts[BLOB_ENTRIES]);
	blob_put32(writer, BLOB_TABLES,
	    is_small ?
		IR_NONE :
		blob_write_facts(writer, number, table, &facts, has_nets));
	blob_put_record(writer, BLOB_TABLES);
	if (table != NULL)
		blob_write_entries(writer, table, &facts);
}

void
blob_write_tables(struct blob_writer *writer)
{
	bool *has_nets = blob_tables_with_nets(writer);

	for (uint32_t i = 0; i < writer->ir->table_count; i++)
		blob_write_table(writer, i, has_nets[i]);
	free(has_nets);
}
