/*
 * The class that a value has at a level of the diagrams: what the
 * compiler's classes_find and space_classify say, from what they wrote down.
 */
#include "runtime/base/netaddr.h"
#include "runtime/ruleset/blob_private.h"

/* Texts that stand in some set. False where it is none. */
static bool
class_find_text(const struct blob *blob, const struct blob_level *level,
    struct str key, uint32_t *class_r)
{
	const struct blob_section *slots = &blob->sections[BLOB_CLASS_SLOTS];
	uint32_t hash = blob_hash(key), text, class;
	uint32_t i = blob_slot(hash, level->slots.count);

	if (level->slots.count == 0)
		return false;
	for (;; i = i + 1 < level->slots.count ? i + 1 : 0) {
		const unsigned char *at = slots->data +
		    (size_t)(level->slots.first + i) * slots->stride;

		text = blob_get32(at + BLOB_SLOT_TEXT);
		if (text == 0)
			return false;
		class = blob_get32(at + BLOB_SLOT_CLASS);
		if (class >> BLOB_SLOT_CLASS_BITS != (uint8_t)hash ||
		    !str_eq(blob_text(blob, text), key))
			continue;
		*class_r = class & BLOB_SLOT_CLASS_MAX;
		return true;
	}
}

static uint32_t
class_of_string(const struct blob *blob, const struct blob_level *level,
    struct str key)
{
	char text[BLOB_KEY_MAX + 1];
	uint32_t class;

	return blob_fold(key, text, &key) &&
		class_find_text(blob, level, key, &class) ?
	    class :
	    level->other;
}

/* Domains. */

static const unsigned char *
class_state(const struct blob *blob, const struct blob_level *level,
    uint32_t state)
{
	return blob_at(blob, BLOB_STATES, level->states.first + state);
}

/* The state after one more byte. */
static uint32_t
class_step(const struct blob *blob, const struct blob_level *level,
    uint32_t state, char byte)
{
	const struct blob_section *all = &blob->sections[BLOB_STATE_EDGES];
	struct blob_range edges = blob_list(blob, BLOB_STATES,
	    level->states.first + state, BLOB_STATE_FIRST, BLOB_STATE_EDGES);
	uint32_t low = 0, high = edges.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t edge = blob_get32(all->data +
		    (size_t)(edges.first + middle) * all->stride);

		if ((uint8_t)edge == (uint8_t)byte)
			return edge >> 8;
		if ((uint8_t)edge < (uint8_t)byte)
			low = middle + 1;
		else
			high = middle;
	}
	return blob_get32(class_state(blob, level, state) +
	    BLOB_STATE_OTHERWISE);
}

/* The automaton of all patterns. */
static uint32_t
class_of_name(const struct blob *blob, const struct blob_level *level,
    struct str name)
{
	uint32_t state = 0;
	const unsigned char *at;
	struct str tail;

	while (name.len > 0) {
		at = class_state(blob, level, state);
		tail = blob_text(blob, blob_get32(at + BLOB_STATE_TAIL));
		if (tail.len > 0) {
			state = blob_get32(at +
			    (str_eq_nocase(tail, name) ? BLOB_STATE_MATCH :
							 BLOB_STATE_OTHERWISE));
			break;
		}
		state = class_step(blob, level, state, str_lower(*name.ptr++));
		name.len--;
	}
	return blob_get32(class_state(blob, level, state) + BLOB_STATE_CLASS);
}

static uint32_t
class_of_domain(const struct blob *blob, const struct blob_level *level,
    struct str key)
{
	char text[BLOB_KEY_MAX + 1];
	uint32_t class;

	if (blob_fold(key, text, &key) &&
	    class_find_text(blob, level, key, &class))
		return class;
	return class_of_name(blob, level, key);
}

/* The rest. */

static uint32_t
class_of_network(const struct blob *blob, const struct blob_level *level,
    struct str key)
{
	struct netaddr addr;

	if (netaddr_parse_cidr(key, NETADDR_BRACKETS, &addr) != NETADDR_OK)
		return level->empty;
	return blob_net(blob, level->nets4, level->nets6, &addr, level->other);
}

/* Case counts in the legacy language only; else the same case goes first. */
static uint32_t
class_of_tag(const struct blob *blob, const struct blob_level *level,
    struct str tag)
{
	bool is_exact = blob->target.dialect == DIALECT_LEGACY;
	uint32_t class = level->other;

	for (uint32_t i = level->slots.count; i-- > 0;) {
		const unsigned char *at = blob_at(blob, BLOB_CLASS_SLOTS,
		    level->slots.first + i);
		struct str text = blob_text(blob,
		    blob_get32(at + BLOB_SLOT_TEXT));

		if (str_eq(text, tag))
			return blob_get32(at + BLOB_SLOT_CLASS);
		if (!is_exact && str_eq_nocase(text, tag))
			class = blob_get32(at + BLOB_SLOT_CLASS);
	}
	return class;
}

uint32_t
blob_class(const struct blob *blob, const struct blob_level *level,
    struct str key)
{
	if (level->method == BLOB_BY_TAGS)
		return class_of_tag(blob, level, key);
	if (key.len == 0)
		return level->empty;
	if (level->method == BLOB_BY_DOMAINS)
		return class_of_domain(blob, level, key);
	if (level->method == BLOB_BY_NETWORKS)
		return class_of_network(blob, level, key);
	return class_of_string(blob, level, key);
}
