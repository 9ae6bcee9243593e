/*
 * The one pass over a blob before it is used: whatever refers to something
 * refers to what there is, lists lie one behind the other, and all ways
 * through the forest lead downwards. Iterative, in time proportional to the
 * size, so that a hostile blob costs no more than a sound one.
 */
#include "runtime/ruleset/blob_private.h"

enum { VERIFY_AHEAD = 16 }; /* records */

typedef bool blob_check(struct blob_verifier *verifier, uint32_t n);

static bool
verify_text(const struct blob *blob, uint32_t ref)
{
	const struct blob_section *pool =
	    &blob->sections[ref & BLOB_SECRET ? BLOB_SECRETS : BLOB_STRINGS];
	uint64_t at = ref & ~BLOB_SECRET, len;

	if (ref == 0 || ((ref & BLOB_SECRET) && !blob->has_secrets))
		return true;
	if (at >= pool->count)
		return false;
	len = pool->data[at++];
	if (len == BLOB_LONG_TEXT) {
		if (at + 4 > pool->count)
			return false;
		len = blob_get32(pool->data + at);
		at += 4;
	}
	return at + len < pool->count && pool->data[at + len] == '\0';
}

static bool
verify_index(const struct blob *blob, uint32_t n, enum blob_section_id id)
{
	return n < blob_count(blob, id) || n == IR_NONE;
}

/* A range begins where the one before it has ended. */
static bool
verify_range(struct blob_verifier *verifier, const unsigned char *at,
    enum blob_section_id id)
{
	uint32_t first = blob_get32(at), count = blob_get32(at + 4);

	if (first != verifier->used[id] ||
	    count > blob_count(verifier->blob, id) - first)
		return false;
	verifier->used[id] += count;
	return true;
}

static bool
verify_numbers(struct blob_verifier *verifier, const unsigned char *at,
    enum blob_section_id id)
{
	const struct blob *blob = verifier->blob;
	uint32_t first = blob_get32(at), count = blob_get32(at + 4);

	if (!verify_range(verifier, at, BLOB_NUMBERS))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (blob_get32(blob_at(blob, BLOB_NUMBERS, first + i)) >=
		    blob_count(blob, id))
			return false;
	return true;
}

static bool
verify_place(const struct blob *blob, const unsigned char *at)
{
	uint32_t line = blob_get32(at), rest = blob_get32(at + 4);

	return line == 0 ?
	    rest == 0 :
	    rest >> BLOB_PLACE_FILE < blob_count(blob, BLOB_FILES);
}

static bool
verify_field(struct blob_verifier *verifier, const struct blob_field *field,
    const unsigned char *at)
{
	const struct blob *blob = verifier->blob;

	switch (field->type) {
	case BLOB_TYPE_FLAG:
		return *at <= 1;
	case BLOB_TYPE_CODE:
		return *at < field->limit;
	case BLOB_TYPE_TEXT:
		return verify_text(blob, blob_get32(at));
	case BLOB_TYPE_INDEX:
		return verify_index(blob, blob_get32(at),
		    (enum blob_section_id)field->limit);
	case BLOB_TYPE_TEXTS:
		return verify_range(verifier, at, BLOB_TEXTS);
	case BLOB_TYPE_NUMBERS:
		return verify_numbers(verifier, at,
		    (enum blob_section_id)field->limit);
	case BLOB_TYPE_RANGE:
		return verify_range(verifier, at,
		    (enum blob_section_id)field->limit);
	case BLOB_TYPE_PLACE:
		return verify_place(blob, at);
	case BLOB_TYPE_CHAR:
	case BLOB_TYPE_SHORT:
	case BLOB_TYPE_WORD:
	case BLOB_TYPE_LONG:
		break;
	}
	return true;
}

static bool
verify_fields(struct blob_verifier *verifier, enum blob_section_id id,
    uint32_t n)
{
	const struct blob_format *format = &blob_formats[id];
	const unsigned char *at = blob_at(verifier->blob, id, n);

	for (uint32_t i = 0; i < format->field_count; i++) {
		if (!verify_field(verifier, &format->fields[i], at))
			return false;
		at += format->fields[i].size;
	}
	return true;
}

/* The list of record n, which is one of those that blob_list reads. */
static bool
verify_list(const struct blob *blob, enum blob_section_id id, uint32_t n,
    unsigned offset, enum blob_section_id items)
{
	uint32_t first = blob_get32(blob_at(blob, id, n) + offset);
	uint32_t end = blob_count(blob, items);

	if (n == 0 && first != 0)
		return false;
	if (n + 1 < blob_count(blob, id))
		end = blob_get32(blob_at(blob, id, n + 1) + offset);
	return first <= end && end <= blob_count(blob, items);
}

/* Sections without fields. */

static bool
verify_text_record(const struct blob *blob, enum blob_section_id id, uint32_t n)
{
	return verify_text(blob, blob_get32(blob_at(blob, id, n)));
}

static bool
verify_file(struct blob_verifier *verifier, uint32_t n)
{
	return verify_text_record(verifier->blob, BLOB_FILES, n);
}

static bool
verify_texts(struct blob_verifier *verifier, uint32_t n)
{
	return verify_text_record(verifier->blob, BLOB_TEXTS, n);
}

static bool
verify_entry(struct blob_verifier *verifier, uint32_t n)
{
	return verify_text_record(verifier->blob, BLOB_ENTRIES, n);
}

/* A filter that is a program has one, and no chain holds a chain. */
static bool
verify_filter(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	struct ir_filter filter, member;

	blob_filter(blob, n, &filter);
	if (filter.kind != IR_FILTER_CHAIN && filter.member_count > 0)
		return false;
	for (uint32_t i = 0; i < filter.member_count; i++) {
		blob_filter(blob, blob_filter_member(blob, n, i), &member);
		if (member.kind == IR_FILTER_CHAIN)
			return false;
	}
	return filter.kind != IR_FILTER_PROC || filter.proc != IR_NONE;
}

/* Tables. */

static bool
verify_table(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	const unsigned char *at = blob_at(blob, BLOB_TABLES, n);

	return verify_list(blob, BLOB_TABLES, n, BLOB_TABLE_FIRST,
		   BLOB_ENTRIES) &&
	    verify_index(blob, blob_get32(at + BLOB_TABLE_FACT),
		BLOB_TABLE_FACTS);
}

/* Rules. */

static bool
verify_rule(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	const unsigned char *at = blob_at(blob, BLOB_RULES, n);

	return n < BLOB_RESIDUE - 1 &&
	    verify_list(blob, BLOB_RULES, n, BLOB_RULE_FIRST,
		BLOB_RULE_PREDS) &&
	    verify_index(blob, blob_get32(at + BLOB_RULE_ACTION),
		BLOB_ACTIONS) &&
	    verify_place(blob, at + BLOB_RULE_PLACE);
}

static bool
verify_rule_pred(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;

	return blob_get32(blob_at(blob, BLOB_RULE_PREDS, n)) <
	    blob_count(blob, BLOB_PREDS);
}

/* Which predicates look something up: those of no kind here may. */
#define VERIFY_KIND(kind) (1u << (kind))

static const unsigned verify_without_table = VERIFY_KIND(PRED_FROM_ANY) |
    VERIFY_KIND(PRED_FROM_LOCAL) | VERIFY_KIND(PRED_FROM_SOCKET) |
    VERIFY_KIND(PRED_FOR_ANY) | VERIFY_KIND(PRED_FOR_LOCAL) |
    VERIFY_KIND(PRED_TLS);

static const unsigned verify_with_table = VERIFY_KIND(PRED_TAG) |
    VERIFY_KIND(PRED_FROM_TABLE) | VERIFY_KIND(PRED_FOR_TABLE) |
    VERIFY_KIND(PRED_HELO) | VERIFY_KIND(PRED_MAIL_FROM) |
    VERIFY_KIND(PRED_RCPT_TO);

/* A tag may have a text in place of its table. */
static bool
verify_operand(const struct blob *blob, unsigned kind, bool has_text,
    uint32_t operand)
{
	if (has_text)
		return kind == PRED_TAG && verify_text(blob, operand);
	return verify_index(blob, operand, BLOB_TABLES) &&
	    !(VERIFY_KIND(kind) &
		(operand == IR_NONE ? verify_with_table :
				      verify_without_table));
}

static bool
verify_pred(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	const unsigned char *at = blob_at(blob, BLOB_PREDS, n);
	unsigned flags = at[BLOB_PRED_FLAGS];

	if (at[BLOB_PRED_KIND] >= PRED_KINDS ||
	    (flags & ~(unsigned)BLOB_PRED_FLAG_BITS) != 0 ||
	    (at[BLOB_PRED_CLASSES] & ~(unsigned)BLOB_PRED_CLASS_BITS) != 0 ||
	    at[BLOB_PRED_SERVICE] >= SERVICE_COUNT)
		return false;
	return verify_operand(blob, at[BLOB_PRED_KIND],
	    (flags & BLOB_PRED_HAS_TEXT) != 0,
	    blob_get32(at + BLOB_PRED_OPERAND));
}

/* Classes. */

static uint32_t
verify_slot_text(const struct blob *blob, uint32_t slot)
{
	return blob_get32(blob_at(blob, BLOB_CLASS_SLOTS, slot) +
	    BLOB_SLOT_TEXT);
}

/* Texts are in no order: they are called from memory in time. */
static void
verify_expect_text(const struct blob *blob, uint32_t ref)
{
	const struct blob_section *strings = &blob->sections[BLOB_STRINGS];

	if (ref < strings->count)
		__builtin_prefetch(strings->data + ref);
}

static bool
verify_class_slots(const struct blob *blob, const struct blob_level *level)
{
	uint32_t end = level->slots.first + level->slots.count;
	bool has_empty = level->slots.count == 0 ||
	    level->method == BLOB_BY_TAGS;

	for (uint32_t i = level->slots.first; i < end; i++) {
		uint32_t text = verify_slot_text(blob, i);

		if (end - i > VERIFY_AHEAD)
			verify_expect_text(blob,
			    verify_slot_text(blob, i + VERIFY_AHEAD));
		has_empty |= text == 0;
		if (!verify_text(blob, text))
			return false;
	}
	return has_empty;
}

static bool
verify_state(const struct blob *blob, struct blob_range states, uint32_t n)
{
	const unsigned char *at = blob_at(blob, BLOB_STATES, states.first + n);
	struct blob_range edges;

	if (!verify_list(blob, BLOB_STATES, states.first + n, BLOB_STATE_FIRST,
		BLOB_STATE_EDGES) ||
	    blob_get32(at + BLOB_STATE_OTHERWISE) >= states.count ||
	    blob_get32(at + BLOB_STATE_MATCH) >= states.count ||
	    !verify_text(blob, blob_get32(at + BLOB_STATE_TAIL)))
		return false;
	edges = blob_list(blob, BLOB_STATES, states.first + n, BLOB_STATE_FIRST,
	    BLOB_STATE_EDGES);
	for (uint32_t i = 0; i < edges.count; i++)
		if (blob_get32(blob_at(blob, BLOB_STATE_EDGES,
			edges.first + i)) >>
		    8 >= states.count)
			return false;
	return true;
}

static bool
verify_level(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	struct blob_level level;

	if (n >= BLOB_LEVELS_MAX)
		return false;
	blob_read(blob, BLOB_LEVELS, n, &level);
	if ((level.method == BLOB_BY_DOMAINS) != (level.states.count > 0) ||
	    level.states.count > BLOB_STATES_MAX)
		return false;
	for (uint32_t i = 0; i < level.states.count; i++)
		if (!verify_state(blob, level.states, i))
			return false;
	return verify_class_slots(blob, &level);
}

/* The forest. */

/* The lowest rule that a leaf can answer; UINT32_MAX for no match. */
static bool
verify_leaf(const struct blob *blob, uint32_t leaf, uint32_t *rule_r)
{
	*rule_r = UINT32_MAX;
	if (leaf == BLOB_NO_MATCH)
		return true;
	if (leaf & BLOB_RESIDUE) {
		leaf &= ~(BLOB_LEAF | BLOB_RESIDUE);
		if (leaf >= blob_count(blob, BLOB_RESIDUES))
			return false;
		*rule_r = blob_get32(blob_at(blob, BLOB_RESIDUES, leaf) +
			      BLOB_RESIDUE_RULE) &
		    ~BLOB_LEAF;
		return true;
	}
	*rule_r = leaf & ~BLOB_LEAF;
	return *rule_r < blob_count(blob, BLOB_RULES);
}

/* Where an edge from that level leads. */
static bool
verify_child(const struct blob *blob, uint32_t child, uint32_t level)
{
	uint32_t rule;

	if (child & BLOB_LEAF)
		return verify_leaf(blob, child, &rule);
	return child < blob_count(blob, BLOB_NODES) &&
	    blob_get32(blob_at(blob, BLOB_NODES, child) + BLOB_NODE_LEVEL) >
	    level;
}

static bool
verify_tree(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	uint32_t root = blob_get32(blob_at(blob, BLOB_TREES, n) +
	    BLOB_TREE_ROOT);
	uint32_t rule;

	if (n > 0 &&
	    blob_get32(blob_at(blob, BLOB_TREES, n) + BLOB_TREE_RULE) <
		blob_get32(blob_at(blob, BLOB_TREES, n - 1) + BLOB_TREE_RULE))
		return false;
	return root & BLOB_LEAF ? verify_leaf(blob, root, &rule) :
				  root < blob_count(blob, BLOB_NODES);
}

static bool
verify_node(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	const unsigned char *at = blob_at(blob, BLOB_NODES, n);
	uint32_t level = blob_get32(at + BLOB_NODE_LEVEL);
	struct blob_range edges;

	if (level >= blob_count(blob, BLOB_LEVELS) ||
	    !verify_list(blob, BLOB_NODES, n, BLOB_NODE_EDGES, BLOB_EDGES) ||
	    !verify_child(blob, blob_get32(at + BLOB_NODE_OTHERWISE), level))
		return false;
	edges = blob_list(blob, BLOB_NODES, n, BLOB_NODE_EDGES, BLOB_EDGES);
	at = blob->sections[BLOB_EDGES].data +
	    (size_t)edges.first * blob->sections[BLOB_EDGES].stride;
	for (uint32_t i = 0, last = 0; i < edges.count; i++) {
		uint32_t class = blob_get32(at + BLOB_EDGE_CLASS);

		if (class <= last ||
		    !verify_child(blob, blob_get32(at + BLOB_EDGE_CHILD),
			level))
			return false;
		last = class;
		at += blob->sections[BLOB_EDGES].stride;
	}
	return true;
}

static bool
verify_residue(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	const unsigned char *at = blob_at(blob, BLOB_RESIDUES, n);
	uint32_t rule = blob_get32(at + BLOB_RESIDUE_RULE) & ~BLOB_LEAF;
	uint32_t next = blob_get32(at + BLOB_RESIDUE_NEXT), next_rule;

	return rule < blob_count(blob, BLOB_RULES) &&
	    blob_get32(at + BLOB_RESIDUE_QUESTIONS) <=
	    blob_count(blob, BLOB_QUESTIONS) &&
	    (next & BLOB_LEAF) != 0 && verify_leaf(blob, next, &next_rule) &&
	    next_rule > rule;
}

static bool
verify_question(struct blob_verifier *verifier, uint32_t n)
{
	const struct blob *blob = verifier->blob;
	const unsigned char *at = blob_at(blob, BLOB_QUESTIONS, n);

	return blob_get32(at + BLOB_QUESTION_PRED) <
	    blob_count(blob, BLOB_PREDS) &&
	    blob_get32(at + BLOB_QUESTION_NEXT) <= n;
}

/* All of it. */

static blob_check *const verify_checks[BLOB_SECTIONS] = {
	[BLOB_FILES] = verify_file,
	[BLOB_TEXTS] = verify_texts,
	[BLOB_TABLES] = verify_table,
	[BLOB_ENTRIES] = verify_entry,
	[BLOB_RULES] = verify_rule,
	[BLOB_RULE_PREDS] = verify_rule_pred,
	[BLOB_PREDS] = verify_pred,
	[BLOB_TREES] = verify_tree,
	[BLOB_NODES] = verify_node,
	[BLOB_RESIDUES] = verify_residue,
	[BLOB_QUESTIONS] = verify_question,
};

/* What relies on what was found sound in the first round. */
static blob_check *const verify_second[BLOB_SECTIONS] = {
	[BLOB_FILTERS] = verify_filter,
	[BLOB_TABLES] = blob_verify_table,
	[BLOB_LEVELS] = verify_level,
};

static int
verify_section(struct blob_verifier *verifier, enum blob_section_id id,
    blob_check *check, bool has_fields)
{
	struct blob *blob = verifier->blob;

	/* Texts, of which every byte would be a record to look at. */
	if (blob_formats[id].field_count == 0 && check == NULL)
		return BLOB_OK;
	for (uint32_t i = 0; i < blob_count(blob, id); i++)
		if ((has_fields && !verify_fields(verifier, id, i)) ||
		    (check != NULL && !check(verifier, i)))
			return blob_bad(blob, id, i);
	return BLOB_OK;
}

/* Nothing is left that belongs to nobody. */
static int
verify_used(struct blob_verifier *verifier)
{
	static const enum blob_section_id shared[] = { BLOB_TEXTS, BLOB_NUMBERS,
		BLOB_TABLE_FACTS, BLOB_TABLE_SLOTS, BLOB_WILD, BLOB_NETS4,
		BLOB_NETS6, BLOB_CLASS_SLOTS, BLOB_STATES };
	struct blob *blob = verifier->blob;

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (verifier->used[shared[i]] != blob_count(blob, shared[i]))
			return blob_bad(blob, shared[i],
			    verifier->used[shared[i]]);
	return BLOB_OK;
}

int
blob_verify(struct blob *blob)
{
	struct blob_verifier verifier = { .blob = blob };

	if (blob_count(blob, BLOB_SETTINGS) != 1)
		return blob_bad(blob, BLOB_SETTINGS, 0);
	for (unsigned id = 0; id < BLOB_SECTIONS; id++)
		if (verify_section(&verifier, (enum blob_section_id)id,
			verify_checks[id], true) != BLOB_OK)
			return BLOB_EFORMAT;
	for (unsigned id = 0; id < BLOB_SECTIONS; id++)
		if (verify_second[id] != NULL &&
		    verify_section(&verifier, (enum blob_section_id)id,
			verify_second[id], false) != BLOB_OK)
			return BLOB_EFORMAT;
	return verify_used(&verifier);
}
