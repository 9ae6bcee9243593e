/*
 * The answer as text, in the manner of diff(1): "-" is the first config,
 * "+" the second.
 */
#include "compiler/differ_print.h"

#include "compiler/differ_private.h"

static const char differ_signs[] = { '-', '+' };

static const char *
differ_aspect_text(enum differ_aspect aspect)
{
	switch (aspect) {
	case DIFFER_DECISION:
		return "what is accepted";
	case DIFFER_DESTINATION:
		return "where mail goes";
	case DIFFER_ALL:
	case DIFFER_ASPECTS:
		break;
	}
	return "how mail is delivered";
}

/* Values. */

static bool
differ_is_nothing(const struct dump_value *value)
{
	return value->kind == DUMP_NULL ||
	    (value->kind == DUMP_FLAG && value->number == 0) ||
	    (value->kind == DUMP_LIST && value->items == NULL);
}

/* A map on one line, without what is not set. */
static void
differ_print_map(FILE *out, struct arena *arena, const struct dump_value *map)
{
	const char *separator = "";

	for (const struct dump_item *i = map->items; i != NULL; i = i->next) {
		if (differ_is_nothing(i->value))
			continue;
		fprintf(out, "%s%.*s %s", separator, STR_ARG(i->key),
		    differ_json(arena, i->value));
		separator = ", ";
	}
}

static void
differ_print_value(FILE *out, struct arena *arena,
    const struct dump_value *value)
{
	if (value->kind == DUMP_MAP)
		differ_print_map(out, arena, value);
	else if (value->kind == DUMP_NULL)
		fputs("not set", out);
	else
		fputs(differ_json(arena, value), out);
}

/* Each element of a list on a line of its own. */
static void
differ_print_side(FILE *out, struct arena *arena, const char *lead,
    const struct dump_value *value)
{
	const struct dump_item *i = value->items;

	if (value->kind != DUMP_LIST || i == NULL) {
		fputs(lead, out);
		differ_print_value(out, arena, value);
		putc('\n', out);
		return;
	}
	for (; i != NULL; i = i->next) {
		fputs(lead, out);
		differ_print_value(out, arena, i->value);
		putc('\n', out);
	}
}

static bool
differ_is_scalar(const struct dump_value *value)
{
	return value != NULL && value->kind != DUMP_LIST &&
	    value->kind != DUMP_MAP;
}

static void
differ_print_changes(FILE *out, struct arena *arena,
    const struct differ_change *change, const char *indent)
{
	for (; change != NULL; change = change->next) {
		if (differ_is_scalar(change->values[0]) &&
		    differ_is_scalar(change->values[1])) {
			fprintf(out, "%s%s: ", indent, change->path);
			differ_print_value(out, arena, change->values[0]);
			fputs(" -> ", out);
			differ_print_value(out, arena, change->values[1]);
			putc('\n', out);
			continue;
		}
		fprintf(out, "%s%s:\n", indent, change->path);
		for (unsigned side = 0; side < 2; side++)
			if (change->values[side] != NULL)
				differ_print_side(out, arena,
				    arena_printf(arena, "%s  %c ", indent,
					differ_signs[side]),
				    change->values[side]);
	}
}

/* Witnesses. */

/* The first line of the deciding rule, as it is written. */
static void
differ_print_outcome(FILE *out, const struct differ *differ, unsigned number,
    struct ruleset_result result)
{
	const struct differ_side *side = &differ->sides[number];
	struct source_location loc;

	fprintf(out, "    %c ", differ_signs[number]);
	if (result.verdict == RULESET_NO_MATCH ||
	    !source_locate(&side->comp.map,
		side->ir->rules[result.rule].stmt->pos.begin, &loc)) {
		fprintf(out, "%s\n", differ_outcome(side, result));
		return;
	}
	while (loc.line_len > 0 &&
	    (*loc.line_text == ' ' || *loc.line_text == '\t')) {
		loc.line_text++;
		loc.line_len--;
	}
	fprintf(out, "%s, %s:%u: %.*s\n", differ_outcome(side, result),
	    loc.file->path, loc.line, (int)loc.line_len, loc.line_text);
}

/* What differs of two actions, unless it was printed before. */
static void
differ_print_actions(FILE *out, struct arena *arena,
    const struct differ_change *change, struct strmap *printed)
{
	const char *text = "";
	void **slot;

	for (const struct differ_change *c = change; c != NULL; c = c->next) {
		text = arena_printf(arena, "%s%s\n", text, c->path);
		for (unsigned side = 0; side < 2; side++)
			if (c->values[side] != NULL)
				text = arena_printf(arena, "%s%u%s\n", text,
				    side, differ_json(arena, c->values[side]));
	}
	slot = strmap_put(printed, str_from(text));
	if (*slot == NULL)
		differ_print_changes(out, arena, change, "      ");
	else if (change != NULL)
		fputs("      differing as above\n", out);
	*slot = printed;
}

static void
differ_print_witness(FILE *out, struct differ *differ,
    const struct equal_witness *witness, struct strmap *printed)
{
	struct differ_words words;

	differ_words(differ, witness, &words);
	fprintf(out, "\n  %s", words.words);
	for (unsigned i = 0; words.notes[i] != NULL; i++)
		fprintf(out, "%s%s", i == 0 ? "  (" : "; ", words.notes[i]);
	fputs(words.notes[0] == NULL ? "\n" : ")\n", out);
	for (unsigned side = 0; side < 2; side++)
		differ_print_outcome(out, differ, side, witness->results[side]);
	if (differ->aspect != DIFFER_DECISION)
		differ_print_actions(out, &differ->sides[0].comp.arena,
		    differ_actions(differ, witness), printed);
}

static void
differ_print_different(FILE *out, struct differ *differ)
{
	const struct equal_result *rules = &differ->rules;
	struct strmap printed;
	unsigned count = 0;

	strmap_init(&printed, &differ->sides[0].comp.arena);
	for (const struct equal_witness *w = rules->witnesses; w; w = w->next)
		count++;
	fprintf(out, "rules: they differ in %s; ",
	    differ_aspect_text(differ->aspect));
	if (rules->has_more)
		fprintf(out, "the first %u pairs of rules:\n", count);
	else
		fprintf(out, "%s that show%s it:\n",
		    count == 1 ? "an envelope" : "envelopes",
		    count == 1 ? "s" : "");
	for (const struct equal_witness *w = rules->witnesses; w; w = w->next)
		differ_print_witness(out, differ, w, &printed);
	if (rules->is_too_large)
		fputs("\n  There may be more: the rules are too large to "
		      "compare as a whole.\n",
		    out);
}

static void
differ_print_undecided(FILE *out, struct differ *differ)
{
	fprintf(out, "rules: not decided whether they differ in %s: ",
	    differ_aspect_text(differ->aspect));
	if (differ->rules.is_too_large) {
		fputs("they are too large to compare as a whole\n", out);
		return;
	}
	fputs("that is up to conditions which cannot be asked here\n", out);
	for (const struct differ_question *q = differ->questions; q;
	     q = q->next) {
		const struct source_map *map = &differ->sides[q->side].comp.map;
		struct source_location loc;
		struct str text = source_text(map, q->pos);

		if (source_locate(map, q->pos.begin, &loc))
			fprintf(out, "    %c %s:%u: %.*s\n",
			    differ_signs[q->side], loc.file->path, loc.line,
			    STR_ARG(text));
	}
}

static void
differ_print_rules(FILE *out, struct differ *differ)
{
	switch (differ->rules.verdict) {
	case EQUAL_SAME:
		fputs("rules: every envelope is treated alike\n", out);
		break;
	case EQUAL_DIFFERENT:
		differ_print_different(out, differ);
		break;
	case EQUAL_UNDECIDED:
		differ_print_undecided(out, differ);
		break;
	}
}

void
differ_print_text(FILE *out, struct differ *differ)
{
	if (differ_is_equivalent(differ)) {
		fputs("equivalent\n", out);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct compilation *comp = &differ->sides[i].comp;

		fprintf(out, "%c%c%c %s, for %s\n", differ_signs[i],
		    differ_signs[i], differ_signs[i], comp->path,
		    target_name(comp->tree->target.version));
	}
	differ_print_rules(out, differ);
	if (differ->changes == NULL)
		return;
	fputs("\nsettings:\n", out);
	differ_print_changes(out, &differ->sides[0].comp.arena, differ->changes,
	    "  ");
}
