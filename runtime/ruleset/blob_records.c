/*
 * Records of a verified blob as the structs of ir.h. One function reads all
 * that the registry describes; the compiler's blob_write.c has its mirror.
 */
#include "runtime/ruleset/blob_private.h"

/* Texts. */

struct str
blob_text(const struct blob *blob, uint32_t ref)
{
	const struct blob_section *pool = &blob->sections[BLOB_STRINGS];
	const unsigned char *at;
	uint32_t len;

	if (ref == 0 || ((ref & BLOB_SECRET) && !blob->has_secrets))
		return STR_LIT("");
	if (ref & BLOB_SECRET)
		pool = &blob->sections[BLOB_SECRETS];
	at = pool->data + (ref & ~BLOB_SECRET);
	len = *at++;
	if (len == BLOB_LONG_TEXT) {
		len = blob_get32(at);
		at += 4;
	}
	return (struct str){ (const char *)at, len };
}

/* Fields. */

static void
blob_read_numbers(const struct blob_field *field, const unsigned char *at,
    unsigned char *to)
{
	for (uint32_t i = 0; i < field->limit; i++) {
		uint32_t word = blob_get32(at + 4 * (size_t)i);

		memcpy(to + i * sizeof(word), &word, sizeof(word));
	}
}

static void
blob_read_longs(const struct blob_field *field, const unsigned char *at,
    unsigned char *to)
{
	for (uint32_t i = 0; i < field->limit; i++) {
		uint64_t word = blob_get64(at + 8 * (size_t)i);

		memcpy(to + i * sizeof(word), &word, sizeof(word));
	}
}

/* A list's elements are asked for one by one. */
static void
blob_read_list(const unsigned char *at, unsigned char *to)
{
	uint32_t count = blob_get32(at + 4);

	memset(to, 0, sizeof(void *));
	memcpy(to + sizeof(void *), &count, sizeof(count));
}

static void
blob_read_field(const struct blob *blob, const struct blob_field *field,
    const unsigned char *at, unsigned char *to)
{
	uint16_t half;
	uint32_t word;
	struct str text;

	switch (field->type) {
	case BLOB_TYPE_FLAG:
		*(bool *)(void *)to = *at != 0;
		break;
	case BLOB_TYPE_CODE:
		word = *at;
		memcpy(to, &word, sizeof(word));
		break;
	case BLOB_TYPE_CHAR:
		*to = *at;
		break;
	case BLOB_TYPE_SHORT:
		half = blob_get16(at);
		memcpy(to, &half, sizeof(half));
		break;
	case BLOB_TYPE_INDEX:
		word = blob_get32(at);
		memcpy(to, &word, sizeof(word));
		break;
	case BLOB_TYPE_WORD:
		blob_read_numbers(field, at, to);
		break;
	case BLOB_TYPE_LONG:
		blob_read_longs(field, at, to);
		break;
	case BLOB_TYPE_TEXT:
		text = blob_text(blob, blob_get32(at));
		memcpy(to, &text, sizeof(text));
		break;
	case BLOB_TYPE_TEXTS:
	case BLOB_TYPE_NUMBERS:
		blob_read_list(at, to);
		break;
	case BLOB_TYPE_RANGE:
	case BLOB_TYPE_PLACE:
		word = blob_get32(at);
		memcpy(to, &word, sizeof(word));
		word = blob_get32(at + 4);
		memcpy(to + sizeof(word), &word, sizeof(word));
		break;
	}
}

void
blob_read(const struct blob *blob, enum blob_section_id id, uint32_t n,
    void *record_r)
{
	const struct blob_format *format = &blob_formats[id];
	const unsigned char *at = blob_at(blob, id, n);

	for (uint32_t i = 0; i < format->field_count; i++) {
		const struct blob_field *field = &format->fields[i];

		blob_read_field(blob, field, at,
		    (unsigned char *)record_r + field->offset);
		at += field->size;
	}
}

/* Element i of the first list that the record has. */
static uint32_t
blob_list_item(const struct blob *blob, enum blob_section_id id, uint32_t n,
    enum blob_type type, uint32_t i)
{
	const struct blob_field *field = blob_formats[id].fields;
	const unsigned char *at = blob_at(blob, id, n);

	for (; field->type != type; field++)
		at += field->size;
	assert(i < blob_get32(at + 4));
	return blob_get32(blob_at(blob,
	    type == BLOB_TYPE_TEXTS ? BLOB_TEXTS : BLOB_NUMBERS,
	    blob_get32(at) + i));
}

/* Settings. */

void
blob_target(const struct blob *blob, struct target *target_r)
{
	*target_r = blob->target;
}

void
blob_settings(const struct blob *blob, struct ir_settings *settings_r)
{
	blob_read(blob, BLOB_SETTINGS, 0, settings_r);
}

uint32_t
blob_domain_limit_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_DOMAIN_LIMITS);
}

void
blob_domain_limits(const struct blob *blob, uint32_t n,
    struct ir_domain_limits *limits_r)
{
	blob_read(blob, BLOB_DOMAIN_LIMITS, n, limits_r);
}

/* Listeners, certificates. */

uint32_t
blob_listener_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_LISTENERS);
}

void
blob_listener(const struct blob *blob, uint32_t n,
    struct ir_listener *listener_r)
{
	blob_read(blob, BLOB_LISTENERS, n, listener_r);
}

struct str
blob_listener_pki(const struct blob *blob, uint32_t n, uint32_t i)
{
	return blob_text(blob,
	    blob_list_item(blob, BLOB_LISTENERS, n, BLOB_TYPE_TEXTS, i));
}

uint32_t
blob_pki_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_PKIS);
}

void
blob_pki(const struct blob *blob, uint32_t n, struct ir_pki *pki_r)
{
	blob_read(blob, BLOB_PKIS, n, pki_r);
}

uint32_t
blob_ca_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_CAS);
}

void
blob_ca(const struct blob *blob, uint32_t n, struct ir_ca *ca_r)
{
	blob_read(blob, BLOB_CAS, n, ca_r);
}

/* Actions. */

uint32_t
blob_action_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_ACTIONS);
}

void
blob_action(const struct blob *blob, uint32_t n, struct ir_action *action_r)
{
	blob_read(blob, BLOB_ACTIONS, n, action_r);
}

uint32_t
blob_find_action(const struct blob *blob, struct str name)
{
	/* The name is the first field. */
	for (uint32_t i = 0; i < blob_action_count(blob); i++)
		if (str_eq(blob_text(blob,
			       blob_get32(blob_at(blob, BLOB_ACTIONS, i))),
			name))
			return i;
	return IR_NONE;
}

/* Programs and filters. */

uint32_t
blob_wrapper_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_WRAPPERS);
}

void
blob_wrapper(const struct blob *blob, uint32_t n, struct ir_wrapper *wrapper_r)
{
	blob_read(blob, BLOB_WRAPPERS, n, wrapper_r);
}

uint32_t
blob_proc_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_PROCS);
}

void
blob_proc(const struct blob *blob, uint32_t n, struct ir_proc *proc_r)
{
	blob_read(blob, BLOB_PROCS, n, proc_r);
}

uint32_t
blob_filter_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_FILTERS);
}

void
blob_filter(const struct blob *blob, uint32_t n, struct ir_filter *filter_r)
{
	blob_read(blob, BLOB_FILTERS, n, filter_r);
}

uint32_t
blob_filter_member(const struct blob *blob, uint32_t n, uint32_t i)
{
	return blob_list_item(blob, BLOB_FILTERS, n, BLOB_TYPE_NUMBERS, i);
}

/* Rules. */

uint32_t
blob_rule_count(const struct blob *blob)
{
	return blob_count(blob, BLOB_RULES);
}

void
blob_rule(const struct blob *blob, uint32_t n, struct ruleset_rule *rule_r)
{
	*rule_r = (struct ruleset_rule){
		.pred_count = blob_list(blob, BLOB_RULES, n, BLOB_RULE_FIRST,
		    BLOB_RULE_PREDS)
				  .count,
		.action = blob_get32(blob_at(blob, BLOB_RULES, n) +
		    BLOB_RULE_ACTION),
	};
}

struct ruleset_pred
blob_pred_at(const struct blob *blob, uint32_t n)
{
	const unsigned char *at = blob_at(blob, BLOB_PREDS, n);
	uint32_t operand = blob_get32(at + BLOB_PRED_OPERAND);
	bool has_text = (at[BLOB_PRED_FLAGS] & BLOB_PRED_HAS_TEXT) != 0;

	return (struct ruleset_pred){
		.kind = (enum ruleset_pred_kind)at[BLOB_PRED_KIND],
		.flags = at[BLOB_PRED_FLAGS] & ~(unsigned)BLOB_PRED_HAS_TEXT,
		.local_classes = at[BLOB_PRED_CLASSES],
		.service = (enum service)at[BLOB_PRED_SERVICE],
		.table = has_text ? RULESET_NO_TABLE : operand,
		.text = has_text ? blob_text(blob, operand) : STR_LIT(""),
	};
}

void
blob_pred(const struct blob *blob, uint32_t rule, uint32_t i,
    struct ruleset_pred *pred_r)
{
	struct blob_range preds = blob_list(blob, BLOB_RULES, rule,
	    BLOB_RULE_FIRST, BLOB_RULE_PREDS);

	assert(i < preds.count);
	*pred_r = blob_pred_at(blob,
	    blob_get32(blob_at(blob, BLOB_RULE_PREDS, preds.first + i)));
}

/* Places. */

void
blob_rule_pos(const struct blob *blob, uint32_t n, struct srcpos *pos_r)
{
	const unsigned char *at = blob_at(blob, BLOB_RULES, n) +
	    BLOB_RULE_PLACE;

	*pos_r = (struct srcpos){ blob_get32(at), blob_get32(at + 4) };
}

bool
blob_locate(const struct blob *blob, struct srcpos pos,
    struct blob_place *place_r)
{
	if (pos.begin == 0)
		return false;
	*place_r = (struct blob_place){
		.path = blob_text(blob,
		    blob_get32(blob_at(blob, BLOB_FILES,
			pos.end >> BLOB_PLACE_FILE))),
		.line = pos.begin,
		.column = pos.end & BLOB_PLACE_COLUMN,
	};
	return true;
}
