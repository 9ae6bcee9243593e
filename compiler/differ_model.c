/*
 * The answer as a tree of values, which the printers of dumps print.
 */
#include "compiler/differ_print.h"

#include "compiler/differ_private.h"
#include "compiler/dump_private.h"

static const char *const differ_aspects[] = {
	[DIFFER_DECISION] = "decision",
	[DIFFER_DESTINATION] = "destination",
	[DIFFER_ALL] = "delivery",
};

static struct dump_value *
differ_add_map(struct dump *dump, struct dump_value *list)
{
	struct dump_value *map = dump_new(dump, DUMP_MAP);

	dump_append(dump, list, map);
	return map;
}

/* The tree of a dump is not written to, only hung elsewhere. */
static struct dump_value *
differ_copy(struct dump *dump, const struct dump_value *value)
{
	struct dump_value *copy = dump_new(dump, DUMP_NULL);

	if (value != NULL)
		*copy = *value;
	return copy;
}

static void
differ_put_changes(struct dump *dump, struct dump_value *map, const char *key,
    const struct differ_change *change)
{
	struct dump_value *list = dump_put_list(dump, map, key);

	for (; change != NULL; change = change->next) {
		struct dump_value *item = differ_add_map(dump, list);

		dump_put_word(dump, item, "path", change->path);
		dump_put(dump, item, STR_LIT("a"),
		    differ_copy(dump, change->values[0]));
		dump_put(dump, item, STR_LIT("b"),
		    differ_copy(dump, change->values[1]));
	}
}

static void
differ_put_place(struct dump *dump, struct dump_value *map,
    const struct differ_side *side, uint32_t offset)
{
	struct source_location loc;

	if (!source_locate(&side->comp.map, offset, &loc))
		return;
	dump_put_word(dump, map, "file", loc.file->path);
	dump_put_number(dump, map, "line", loc.line);
}

static void
differ_put_outcome(struct dump *dump, struct dump_value *map, const char *key,
    const struct differ_side *side, struct ruleset_result result)
{
	struct dump_value *outcome = dump_put_map(dump, map, key);

	dump_put_word(dump, outcome, "outcome", differ_outcome(side, result));
	if (result.verdict == RULESET_NO_MATCH)
		return;
	dump_put_number(dump, outcome, "rule", (int64_t)result.rule + 1);
	differ_put_place(dump, outcome, side,
	    side->ir->rules[result.rule].stmt->pos.begin);
}

static void
differ_put_witness(struct dump *dump, struct dump_value *list,
    struct differ *differ, const struct equal_witness *witness)
{
	struct dump_value *map = differ_add_map(dump, list), *notes;
	struct differ_words words;

	differ_words(differ, witness, &words);
	dump_put_word(dump, map, "envelope", words.words);
	notes = dump_put_list(dump, map, "notes");
	for (unsigned i = 0; words.notes[i] != NULL; i++)
		dump_append(dump, notes,
		    dump_text(dump, str_from(words.notes[i])));
	differ_put_outcome(dump, map, "a", &differ->sides[0],
	    witness->results[0]);
	differ_put_outcome(dump, map, "b", &differ->sides[1],
	    witness->results[1]);
	differ_put_changes(dump, map, "action",
	    differ_actions(differ, witness));
}

static void
differ_put_question(struct dump *dump, struct dump_value *list,
    const struct differ *differ, const struct differ_question *question)
{
	const struct differ_side *side = &differ->sides[question->side];
	struct dump_value *map = differ_add_map(dump, list);

	dump_put_word(dump, map, "of", question->side == 0 ? "a" : "b");
	differ_put_place(dump, map, side, question->pos.begin);
	dump_put_text(dump, map, "condition",
	    source_text(&side->comp.map, question->pos));
}

static void
differ_put_config(struct dump *dump, struct dump_value *map, const char *key,
    const struct differ_side *side)
{
	struct dump_value *config = dump_put_map(dump, map, key);

	dump_put_word(dump, config, "file", side->comp.path);
	dump_put_word(dump, config, "target",
	    target_name(side->comp.tree->target.version));
}

const struct dump_value *
differ_model(struct differ *differ)
{
	static const char *const verdicts[] = {
		[EQUAL_SAME] = "equivalent",
		[EQUAL_DIFFERENT] = "different",
		[EQUAL_UNDECIDED] = "not-decided",
	};
	struct dump dump = { .arena = &differ->sides[0].comp.arena };
	struct dump_value *root = dump_new(&dump, DUMP_MAP), *list;
	const struct equal_result *rules = &differ->rules;

	differ_put_config(&dump, root, "a", &differ->sides[0]);
	differ_put_config(&dump, root, "b", &differ->sides[1]);
	dump_put_flag(&dump, root, "equivalent", differ_is_equivalent(differ));
	dump_put_word(&dump, root, "rules", verdicts[rules->verdict]);
	dump_put_word(&dump, root, "aspect",
	    rules->verdict == EQUAL_SAME ? "" : differ_aspects[differ->aspect]);
	dump_put_flag(&dump, root, "complete",
	    !rules->has_more && !rules->is_too_large);
	list = dump_put_list(&dump, root, "witnesses");
	for (const struct equal_witness *w = rules->witnesses; w; w = w->next)
		differ_put_witness(&dump, list, differ, w);
	list = dump_put_list(&dump, root, "questions");
	for (const struct differ_question *q = differ->questions; q;
	     q = q->next)
		differ_put_question(&dump, list, differ, q);
	differ_put_changes(&dump, root, "settings", differ->changes);
	return root;
}
