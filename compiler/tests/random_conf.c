/*
 * See random_conf.h.
 */
#include "compiler/tests/random_conf.h"

#include <stdio.h>
#include <string.h>

#include "compiler/tests/random_env.h"

#define RANDOM_CONF_PEOPLE \
	"table people { bob, \"alice@example.com\", " \
	"\"@*.example.org\", \"carol+x@example.com\" }\n"

const struct random_conf_language random_conf_modern = {
	.head = "listen on 127.0.0.1 port 25\n"
		"listen on 127.0.0.1 port 26 tag DKIM\n"
		"table lan { 10.0.0.0/8, 192.0.2.0/24 }\n" RANDOM_CONF_PEOPLE
		"action a0 mbox\naction a1 relay\n",
	.froms = { "", " from any", " from any", " from local",
	    " from src <lan>", " !from src <lan>", " from src 10.0.0.0/16",
	    " from socket", " !from local", " from rdns mx.example.com",
	    " !from rdns", NULL },
	.fors = { "", " for any", " for any", " for local", " !for local",
	    " for domain example.com", " for domain \"*.example.org\"",
	    " !for domain { example.com, x }", NULL },
	.others = { "", "", "", " mail-from <people>", " !mail-from <people>",
	    " rcpt-to <people>", " !rcpt-to { bob }", " helo x", " !helo x",
	    " auth", " !auth", " tag DKIM", " !tag DKIM", NULL },
	.actions = { " action a0", " action a1", " reject", NULL },
};

const struct random_conf_language random_conf_legacy = {
	.head = "listen on 127.0.0.1 port 25\n"
		"listen on 127.0.0.1 port 26 tag DKIM\n"
		"table lan { 10.0.0.0/8, 192.0.2.0/24 }\n" RANDOM_CONF_PEOPLE,
	.froms = { "", " from any", " from any", " from local", " from ! local",
	    " from source <lan>", " from ! source <lan>", NULL },
	.fors = { " for any", " for any", " for local", " for ! local",
	    " for domain example.com", " for domain \"*.example.org\"",
	    " for ! domain example.com", NULL },
	.others = { "", "", "", " sender <people>", " sender ! <people>",
	    " recipient <people>", " tagged DKIM", " tagged ! DKIM",
	    " authenticated", " ! authenticated", NULL },
	.actions = { " deliver to mbox", " relay", "", NULL },
	.is_action_first = true,
};

const struct random_conf_language random_conf_logins = {
	.head = RANDOM_CONF_PEOPLE
	"table others { \"bob+x\", alice, \"@example.com\", \"\", \"dave@\" }\n"
	"action a0 mbox\naction a1 relay\n",
	.froms = { " from any", " from socket", " from local", NULL },
	.fors = { " for any", NULL },
	.others = { "", " auth <people>", " !auth <people>", " auth <others>",
	    " !auth <others>", " auth bob", " auth { bob, \"bob+x\" }",
	    " auth \"*@example.com\"", " !auth \"alice@example.com\"", " auth",
	    NULL },
	.actions = { " action a0", " action a1", " reject", NULL },
};

const struct random_conf_language random_conf_wild = {
	.head = "action a0 mbox\naction a1 relay\n",
	.froms = { " from any", " from any", " from src <nets1>",
	    " !from src <nets2>", " from src <nets2>", " from rdns <doms1>",
	    " !from rdns <doms2>", NULL },
	.fors = { " for any", " for domain <doms1>", " for domain <doms2>",
	    " !for domain <doms1>", " for local", NULL },
	.others = { "", "", " mail-from <people1>", " !mail-from <people2>",
	    " rcpt-to <people1>", " !rcpt-to <people2>", " helo <doms1>",
	    " !helo <doms2>", " auth <people1>", " !auth <people2>", NULL },
	.actions = { " action a0", " action a1", " reject", NULL },
	.has_tables = true,
};

const struct random_conf_language random_conf_opaque = {
	.head = "table lan { 10.0.0.0/8, 192.0.2.0/24 }\n"
		"table people { bob, alice }\n"
		"action a0 mbox\naction a1 relay\n",
	.froms = { " from any", " from src <lan>", NULL },
	.fors = { " for any", " for domain example.com",
	    " for domain regex \"^ex\"", " !for domain regex \"org$\"", NULL },
	.others = { "", " tls", " !tls", " auth <people>", " !auth <people>",
	    " auth bob", " mail-from regex \"^bob\"",
	    " mail-from \"@example.com\"", NULL },
	.actions = { " action a0", " action a1", " reject", NULL },
};

const struct random_conf_language random_conf_dynamic = {
	.head = "listen on 127.0.0.1 port 25\n"
		"table lan { 10.0.0.0/8, 192.0.2.0/24 }\n"
		"table dyn db:/nowhere.db\n"
		"action a0 mbox\naction a1 relay\n",
	.froms = { " from any", " from src <lan>", " from src <dyn>",
	    " !from src <dyn>", " from rdns <dyn>", NULL },
	.fors = { " for any", " for domain example.com", " for domain <dyn>",
	    " !for domain <dyn>", " for domain regex \"^ex\"", NULL },
	.others = { "", " tls", " auth", " auth <dyn>", " !auth <dyn>",
	    " mail-from <dyn>", " !mail-from \"@example.com\"",
	    " rcpt-to <dyn>", " helo <dyn>", " tag <dyn>", NULL },
	.actions = { " action a0", " action a1", " reject", NULL },
};

static const char *
random_conf_pick(const char *const *texts)
{
	uint32_t count = 0;

	while (texts[count] != NULL)
		count++;
	return texts[random_env_below(count)];
}

/* Legacy rules: what an option stands before. */
static const char *
random_conf_only(const char *other, bool is_before_from)
{
	bool is_address = strstr(other, "sender") != NULL ||
	    strstr(other, "recip") != NULL;

	return is_address != is_before_from ? other : "";
}

static void
random_conf_make_rule(const struct random_conf_language *language, char *rule)
{
	const char *from = random_conf_pick(language->froms);
	const char *for_ = random_conf_pick(language->fors);
	const char *other = random_conf_pick(language->others);
	const char *action = random_conf_pick(language->actions);

	if (language->is_action_first)
		snprintf(rule, RANDOM_CONF_RULE_MAX, "%s%s%s%s%s%s\n",
		    action[0] == '\0' ? "reject" : "accept",
		    random_conf_only(other, true), from,
		    random_conf_only(other, false), for_, action);
	else
		snprintf(rule, RANDOM_CONF_RULE_MAX, "match%s%s%s%s\n", from,
		    other, for_, action);
}

/* Tables. */

static void
random_conf_word(const char *letters, char *to)
{
	uint32_t len = 1 + random_env_below(RANDOM_CONF_WORD_MAX - 1);

	for (uint32_t i = 0; i < len; i++)
		to[i] = letters[random_env_below((uint32_t)strlen(letters))];
	to[len] = '\0';
}

static void
random_conf_network(char *to, size_t room)
{
	uint32_t bits = random_env_below(33);

	if (random_env_below(6) == 0)
		snprintf(to, room, "2001:db8::%x/%u", random_env_below(65536),
		    112 + random_env_below(17));
	else
		/* Few that have no byte in common. */
		snprintf(to, room, "10.%u.%u.%u/%u", random_env_below(2),
		    random_env_below(4) * 64, random_env_below(256), bits);
}

/* letters NULL: networks. */
static void
random_conf_table(char *text, const char *name, const char *letters)
{
	uint32_t count = 1 + random_env_below(RANDOM_CONF_ENTRIES_MAX);
	char entry[64];

	sprintf(text + strlen(text), "table %s {", name);
	for (uint32_t i = 0; i < count; i++) {
		if (letters != NULL)
			random_conf_word(letters, entry);
		else
			random_conf_network(entry, sizeof(entry));
		sprintf(text + strlen(text), "%s \"%s\"", i > 0 ? "," : "",
		    entry);
	}
	strcat(text, " }\n");
}

static void
random_conf_make_tables(char *text)
{
	random_conf_table(text, "doms1", "ab.*");
	random_conf_table(text, "doms2", "ab.*-");
	random_conf_table(text, "people1", "ab@.*+");
	random_conf_table(text, "people2", "ab@+");
	random_conf_table(text, "nets1", NULL);
	random_conf_table(text, "nets2", NULL);
}

void
random_conf_make(struct random_conf *conf,
    const struct random_conf_language *language, uint32_t rules_max)
{
	conf->language = language;
	conf->tables[0] = '\0';
	if (language->has_tables)
		random_conf_make_tables(conf->tables);
	conf->count = 1 + random_env_below(rules_max);
	for (uint32_t i = 0; i < conf->count; i++)
		random_conf_make_rule(language, conf->rules[i]);
}

void
random_conf_mutate(struct random_conf *conf, uint32_t rules_max)
{
	uint32_t at = random_env_below(conf->count);
	char(*rules)[RANDOM_CONF_RULE_MAX] = conf->rules;
	char kept[RANDOM_CONF_RULE_MAX];

	switch (random_env_below(4)) {
	case 0:
		random_conf_make_rule(conf->language, rules[at]);
		break;
	case 1:
		if (at + 1 == conf->count)
			break;
		memcpy(kept, rules[at], sizeof(kept));
		memcpy(rules[at], rules[at + 1], sizeof(kept));
		memcpy(rules[at + 1], kept, sizeof(kept));
		break;
	case 2:
		if (conf->count == rules_max)
			break;
		memmove(rules[at + 1], rules[at],
		    (conf->count++ - at) * sizeof(rules[0]));
		break;
	default:
		if (conf->count == 1)
			break;
		memmove(rules[at], rules[at + 1],
		    (--conf->count - at) * sizeof(rules[0]));
		break;
	}
}

void
random_conf_text(const struct random_conf *conf,
    char text_r[RANDOM_CONF_TEXT_MAX])
{
	snprintf(text_r, RANDOM_CONF_TEXT_MAX, "%s%s", conf->language->head,
	    conf->tables);
	for (uint32_t i = 0; i < conf->count; i++)
		strcat(text_r, conf->rules[i]);
}
