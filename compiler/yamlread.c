/*
 * Builds the tree from libyaml's events.
 */
#include "compiler/yamlread.h"

#include <yaml.h>

#include "runtime/base/strmap.h"

struct yamlread {
	yaml_parser_t parser;
	yaml_event_t event; /* the one that is looked at */
	struct arena *arena;
	struct str text;
	struct yamlread_error *error;
	uint32_t node_count;
	unsigned depth;
};

const char *
yamlread_kind_text(enum yamlread_kind kind)
{
	static const char *const texts[] = {
		[YAMLREAD_SCALAR] = "a text",
		[YAMLREAD_LIST] = "a list",
		[YAMLREAD_MAP] = "a mapping",
	};

	return texts[kind];
}

bool
yamlread_bool(const struct yamlread_node *node, bool *value_r)
{
	if (node->kind != YAMLREAD_SCALAR || !node->is_plain)
		return false;
	*value_r = str_is(node->text, "true");
	return *value_r || str_is(node->text, "false");
}

/* Errors. */

static bool
yamlread_fail_at(struct yamlread *yaml, yaml_mark_t mark, const char *text)
{
	*yaml->error = (struct yamlread_error){
		.line = (uint32_t)mark.line + 1,
		.column = (uint32_t)mark.column + 1,
		.text = text,
	};
	return false;
}

static bool
yamlread_fail(struct yamlread *yaml, const char *text)
{
	return yamlread_fail_at(yaml, yaml->event.start_mark, text);
}

/* Where bytes are no text libyaml tells their offset only. */
static bool
yamlread_fail_bytes(struct yamlread *yaml)
{
	yaml_mark_t mark = { .index = yaml->parser.problem_offset };

	if (mark.index > yaml->text.len)
		mark.index = yaml->text.len;
	for (size_t i = 0; i < mark.index; i++) {
		mark.column++;
		if (yaml->text.ptr[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return yamlread_fail_at(yaml, mark,
	    "not UTF-8, or no character of YAML");
}

static bool
yamlread_next(struct yamlread *yaml)
{
	yaml_event_delete(&yaml->event);
	if (yaml_parser_parse(&yaml->parser, &yaml->event))
		return true;
	if (yaml->parser.error == YAML_READER_ERROR)
		return yamlread_fail_bytes(yaml);
	return yamlread_fail_at(yaml, yaml->parser.problem_mark,
	    yaml->parser.problem != NULL ?
		arena_printf(yaml->arena, "%s", yaml->parser.problem) :
		"it cannot be read");
}

/* Nodes. */

static bool
yamlread_refuse(struct yamlread *yaml, const yaml_char_t *anchor,
    const yaml_char_t *tag)
{
	if (anchor != NULL)
		return yamlread_fail(yaml, "anchors are not taken");
	if (tag != NULL)
		return yamlread_fail(yaml, "tags are not taken");
	return true;
}

static struct yamlread_node *
yamlread_new(struct yamlread *yaml, enum yamlread_kind kind)
{
	struct yamlread_node *node;

	if (yaml->node_count++ == YAMLREAD_NODES_MAX) {
		yamlread_fail(yaml, "more than a million values");
		return NULL;
	}
	node = ARENA_NEW(yaml->arena, struct yamlread_node);
	node->kind = kind;
	node->line = (uint32_t)yaml->event.start_mark.line + 1;
	node->column = (uint32_t)yaml->event.start_mark.column + 1;
	return node;
}

static struct yamlread_node *
yamlread_scalar(struct yamlread *yaml)
{
	const yaml_char_t *value = yaml->event.data.scalar.value;
	size_t len = yaml->event.data.scalar.length;
	struct yamlread_node *node;

	if (!yamlread_refuse(yaml, yaml->event.data.scalar.anchor,
		yaml->event.data.scalar.tag))
		return NULL;
	if (memchr(value, '\0', len) != NULL) {
		yamlread_fail(yaml, "a text may not hold NUL");
		return NULL;
	}
	node = yamlread_new(yaml, YAMLREAD_SCALAR);
	if (node == NULL)
		return NULL;
	node->text = arena_copy(yaml->arena,
	    (struct str){ (const char *)value, (uint32_t)len });
	node->is_plain = yaml->event.data.scalar.style ==
	    YAML_PLAIN_SCALAR_STYLE;
	return node;
}

static struct yamlread_node *yamlread_value(struct yamlread *yaml);

static bool
yamlread_list(struct yamlread *yaml, struct yamlread_node *list)
{
	struct yamlread_node **end = &list->children;

	while (yamlread_next(yaml)) {
		if (yaml->event.type == YAML_SEQUENCE_END_EVENT)
			return true;
		*end = yamlread_value(yaml);
		if (*end == NULL)
			return false;
		end = &(*end)->next;
		list->count++;
	}
	return false;
}

static struct yamlread_node *
yamlread_key(struct yamlread *yaml, struct strmap *seen)
{
	struct yamlread_node *key;
	void **slot;

	if (yaml->event.type != YAML_SCALAR_EVENT) {
		yamlread_fail(yaml, "a key must be a text");
		return NULL;
	}
	key = yamlread_scalar(yaml);
	if (key == NULL)
		return NULL;
	slot = strmap_put(seen, key->text);
	if (*slot != NULL) {
		yamlread_fail(yaml,
		    arena_printf(yaml->arena, "the key '%.*s' is there twice",
			STR_ARG(key->text)));
		return NULL;
	}
	*slot = key;
	return key;
}

static bool
yamlread_map(struct yamlread *yaml, struct yamlread_node *map)
{
	struct yamlread_node **end = &map->children, *key;
	struct strmap seen;

	strmap_init(&seen, yaml->arena);
	while (yamlread_next(yaml)) {
		if (yaml->event.type == YAML_MAPPING_END_EVENT)
			return true;
		key = yamlread_key(yaml, &seen);
		if (key == NULL || !yamlread_next(yaml))
			return false;
		*end = yamlread_value(yaml);
		if (*end == NULL)
			return false;
		(*end)->key = key;
		end = &(*end)->next;
		map->count++;
	}
	return false;
}

/* Recursion, to a depth that is bounded. */
static struct yamlread_node *
yamlread_inside(struct yamlread *yaml, enum yamlread_kind kind)
{
	struct yamlread_node *node;
	bool is_good;

	if (yaml->depth == YAMLREAD_DEPTH_MAX) {
		yamlread_fail(yaml, "nested too deep");
		return NULL;
	}
	node = yamlread_new(yaml, kind);
	if (node == NULL)
		return NULL;
	yaml->depth++;
	is_good = kind == YAMLREAD_LIST ? yamlread_list(yaml, node) :
					  yamlread_map(yaml, node);
	yaml->depth--;
	return is_good ? node : NULL;
}

/* Of the event that is looked at. */
static struct yamlread_node *
yamlread_value(struct yamlread *yaml)
{
	switch ((unsigned)yaml->event.type) {
	case YAML_SCALAR_EVENT:
		return yamlread_scalar(yaml);
	case YAML_SEQUENCE_START_EVENT:
		return yamlread_refuse(yaml,
			   yaml->event.data.sequence_start.anchor,
			   yaml->event.data.sequence_start.tag) ?
		    yamlread_inside(yaml, YAMLREAD_LIST) :
		    NULL;
	case YAML_MAPPING_START_EVENT:
		return yamlread_refuse(yaml,
			   yaml->event.data.mapping_start.anchor,
			   yaml->event.data.mapping_start.tag) ?
		    yamlread_inside(yaml, YAMLREAD_MAP) :
		    NULL;
	default:
		yamlread_fail(yaml, "aliases are not taken");
		return NULL;
	}
}

/* Stream, one document, end of stream. */
static struct yamlread_node *
yamlread_document(struct yamlread *yaml)
{
	struct yamlread_node *root;

	if (!yamlread_next(yaml) || !yamlread_next(yaml))
		return NULL;
	if (yaml->event.type == YAML_STREAM_END_EVENT) {
		yamlread_fail(yaml, "there is nothing in it");
		return NULL;
	}
	if (!yamlread_next(yaml))
		return NULL;
	root = yamlread_value(yaml);
	if (root == NULL || !yamlread_next(yaml) || !yamlread_next(yaml))
		return NULL;
	if (yaml->event.type == YAML_STREAM_END_EVENT)
		return root;
	yamlread_fail(yaml, "there is a second document");
	return NULL;
}

struct yamlread_node *
yamlread_parse(struct arena *arena, struct str text,
    struct yamlread_error *error_r)
{
	struct yamlread yaml = {
		.arena = arena,
		.text = text,
		.error = error_r,
	};
	struct yamlread_node *root;

	if (text.len > YAMLREAD_SIZE_MAX ||
	    !yaml_parser_initialize(&yaml.parser)) {
		*error_r = (struct yamlread_error){ 1, 1,
			"more than can be read" };
		return NULL;
	}
	yaml_parser_set_encoding(&yaml.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&yaml.parser,
	    (const unsigned char *)text.ptr, text.len);
	root = yamlread_document(&yaml);
	yaml_event_delete(&yaml.event);
	yaml_parser_delete(&yaml.parser);
	return root;
}
