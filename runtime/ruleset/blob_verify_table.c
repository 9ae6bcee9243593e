/*
 * The indexes of tables, the part of the pass over a blob that is about
 * them: answers are entries, searches come to an end, patterns are a tree.
 */
#include "runtime/ruleset/blob_private.h"

/* Some slot is empty, where a search ends at the latest. */
static bool
verify_slots(const struct blob *blob, struct blob_range slots, uint32_t entries)
{
	bool has_empty = slots.count == 0;

	for (uint32_t i = 0; i < slots.count; i++) {
		uint32_t entry = blob_get32(blob_at(blob, BLOB_TABLE_SLOTS,
						slots.first + i) +
		    BLOB_SLOT_ENTRY);

		has_empty |= entry == 0;
		if (entry > entries)
			return false;
	}
	return has_empty;
}

static bool
verify_answers(const struct blob *blob, enum blob_section_id id,
    struct blob_range range, unsigned offset, uint32_t max)
{
	for (uint32_t i = 0; i < range.count; i++)
		if (blob_get32(blob_at(blob, id, range.first + i) + offset) >
		    max)
			return false;
	return true;
}

static unsigned char
verify_byte(const struct blob *blob, struct blob_range nodes, uint32_t n)
{
	return blob_at(blob, BLOB_WILD, nodes.first + n)[BLOB_WILD_BYTE];
}

/* Where the children of a node begin. */
static uint32_t
verify_children(const struct blob *blob, struct blob_range nodes, uint32_t n)
{
	return n < nodes.count ?
	    blob_get32(blob_at(blob, BLOB_WILD, nodes.first + n) +
		BLOB_WILD_FIRST) :
	    nodes.count;
}

/*
 * As the children of all nodes follow each other, from the second node to
 * the last, each node has one parent; as it is below, all have one root.
 */
static bool
verify_wild(const struct blob *blob, struct blob_range nodes, uint32_t entries)
{
	if (nodes.count > 0 && verify_children(blob, nodes, 0) != 1)
		return false;
	for (uint32_t i = 0; i < nodes.count; i++) {
		uint32_t first = verify_children(blob, nodes, i);
		uint32_t end = verify_children(blob, nodes, i + 1);

		if (first <= i || first > end || end > nodes.count)
			return false;
		for (uint32_t j = first + 1; j < end; j++)
			if (verify_byte(blob, nodes, j) <=
			    verify_byte(blob, nodes, j - 1))
				return false;
	}
	return verify_answers(blob, BLOB_WILD, nodes, BLOB_WILD_ENTRY, entries);
}

/* The indexes of a table, and that it is the facts' only one. */
bool
blob_verify_table(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	struct blob_table_facts facts;
	uint32_t fact = blob_get32(blob_at(blob, BLOB_TABLES, n) +
	    BLOB_TABLE_FACT);
	uint32_t count = blob_table_entries(blob, n).count;

	if (fact == IR_NONE)
		return count <= BLOB_SMALL_TABLE;
	if (fact != verifier->used[BLOB_TABLE_FACTS]++)
		return false;
	blob_read(blob, BLOB_TABLE_FACTS, fact, &facts);
	if (count > 0 && !facts.is_inline)
		return false;
	if (facts.is_mapping && count % 2 != 0)
		return false;
	count = facts.is_mapping ? count / 2 : count;
	return facts.shapes < BLOB_SHAPES_END &&
	    verify_slots(blob, facts.slots, count) &&
	    verify_wild(blob, facts.wild, count) &&
	    verify_wild(blob, facts.wild_mail, count) &&
	    verify_answers(blob, BLOB_NETS4, facts.nets4, BLOB_NET4_ANSWER,
		count) &&
	    verify_answers(blob, BLOB_NETS6, facts.nets6, BLOB_NET6_ANSWER,
		count);
}
