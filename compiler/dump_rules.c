/*
 * Rules of a dump, in order: predicates in the order in which the target
 * asks them, then what becomes of the envelope. No numbers, so that a new
 * rule changes no other.
 */
#include "compiler/dump_private.h"

/* How a predicate is called, and what its facts are called below it. */
static const struct dump_pred {
	const char *key;
	const char *fact; /* without a table */
	const char *table;
} dump_preds[PRED_KINDS] = {
	[PRED_TAG] = { "tag", "equals", "table" },
	[PRED_FROM_ANY] = { "from", "any", NULL },
	[PRED_FROM_LOCAL] = { "from", "local", NULL },
	[PRED_FROM_SOCKET] = { "from", "socket", NULL },
	[PRED_FROM_TABLE] = { "from", NULL, "src" },
	[PRED_FROM_RDNS] = { "from", "rdns", "rdns" },
	[PRED_FOR_ANY] = { "for", "any", NULL },
	[PRED_FOR_LOCAL] = { "for", "local", NULL },
	[PRED_FOR_TABLE] = { "for", NULL, "domain" },
	[PRED_HELO] = { "helo", NULL, "table" },
	[PRED_AUTH] = { "auth", "any", "table" },
	[PRED_TLS] = { "tls", "used", NULL },
	[PRED_MAIL_FROM] = { "mail-from", NULL, "table" },
	[PRED_RCPT_TO] = { "rcpt-to", NULL, "table" },
};

const char *
dump_service_word(enum service service)
{
	switch ((unsigned)service) {
	case SERVICE_DOMAIN:
		return "domain";
	case SERVICE_NETADDR:
		return "network";
	case SERVICE_MAILADDR:
		return "mail-address";
	case SERVICE_REGEX:
		return "regex";
	default:
		return "text";
	}
}

/* Sessions that count as the host itself. */
static void
dump_put_local_classes(struct dump *dump, struct dump_value *map,
    unsigned classes)
{
	static const struct {
		unsigned class;
		const char *word;
	} words[] = {
		{ ORIGIN_AUTH, "authenticated" },
		{ ORIGIN_INTERNAL, "expanded" },
		{ ORIGIN_SOCKET, "socket" },
	};
	struct dump_value *list;

	if (classes == 0)
		return;
	list = dump_put_list(dump, map, "counts-as-local");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (classes & words[i].class)
			dump_append(dump, list,
			    dump_text(dump, str_from(words[i].word)));
}

/* Where a target does not simply say yes or no. */
static void
dump_put_pred_flags(struct dump *dump, struct dump_value *map, unsigned flags)
{
	if (flags & PRED_FAILS)
		dump_put_word(dump, map, "fails", "always");
	if (flags & PRED_FAILS_IF_AUTH)
		dump_put_word(dump, map, "fails", "if-authenticated");
	if (flags & PRED_NOT_INTERNAL)
		dump_put_word(dump, map, "never-for", "expanded");
	if (flags & PRED_NOT_UNKNOWN)
		dump_put_word(dump, map, "never-for", "unknown-rdns");
}

static void
dump_put_pred(struct dump *dump, struct dump_value *rule,
    const struct ruleset_pred *pred)
{
	const struct dump_pred *words = &dump_preds[pred->kind];
	struct dump_value *map = dump_put_map(dump, rule, words->key);

	if (pred->flags & PRED_NEGATED)
		dump_put_flag(dump, map, "not", true);
	if (pred->table != RULESET_NO_TABLE) {
		dump_put_table(dump, map, words->table, pred->table);
		dump_put_word(dump, map, "lookup",
		    dump_service_word(pred->service));
	} else if (pred->kind == PRED_TAG) {
		dump_put_text(dump, map, words->fact, pred->text);
	} else {
		dump_put_flag(dump, map, words->fact, true);
	}
	dump_put_local_classes(dump, map, pred->local_classes);
	dump_put_pred_flags(dump, map, pred->flags);
}

void
dump_add_rules(struct dump *dump, struct dump_value *root)
{
	struct dump_value *rules = dump_put_list(dump, root, "rules");
	const struct ir *ir = dump->ir;

	for (uint32_t i = 0; i < ir->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &ir->ruleset.rules[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		for (uint32_t j = 0; j < rule->pred_count; j++)
			dump_put_pred(dump, map, &rule->preds[j]);
		if (rule->action == RULESET_REJECT)
			dump_put_flag(dump, map, "reject", true);
		else
			dump_put_text(dump, map, "action",
			    ir->actions[rule->action].name);
		dump_put_pos(dump, map, ir->rules[i].stmt->pos);
		dump_append(dump, rules, map);
	}
}
