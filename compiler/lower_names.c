/*
 * Names for the actions of legacy rules, which have none. A name says what
 * the action does, "relay_mail_example_net", so that queued mail finds its
 * action after an edit of other rules, and in the config that smtpd-migrate
 * writes. Actions that differ but would have one name say more, all of
 * them, and what has no readable name has a part of its content's digest.
 */
#include "compiler/lower_private.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/relayurl.h"

/* Bytes of a name, without the digest. */
#define LOWER_NAME_MAX 48

/* Content goes into a digest field by field, each with its length. */

static void
lower_digest_str(EVP_MD_CTX *digest, struct str text)
{
	EVP_DigestUpdate(digest, &text.len, sizeof(text.len));
	EVP_DigestUpdate(digest, text.ptr, text.len);
}

static void
lower_digest_number(EVP_MD_CTX *digest, uint32_t number)
{
	EVP_DigestUpdate(digest, &number, sizeof(number));
}

/* Named tables count by their name, others by their entries. */
static void
lower_digest_table(EVP_MD_CTX *digest, const struct lower *lower,
    uint32_t number)
{
	const struct ir_table *tables = lower->tables.items, *table;

	lower_digest_number(digest, number == IR_NONE);
	if (number == IR_NONE)
		return;
	table = &tables[number];
	lower_digest_str(digest, table->name);
	for (uint32_t i = 0; table->name.len == 0 && i < table->entry_count;
	     i++) {
		lower_digest_str(digest, table->entries[i].key);
		lower_digest_str(digest, table->entries[i].value);
	}
}

static void
lower_digest_local(EVP_MD_CTX *digest, const struct lower *lower,
    const struct ir_local *local)
{
	lower_digest_str(digest, local->argument);
	lower_digest_number(digest, local->lmtp_rcpt_to);
	lower_digest_str(digest, local->user);
	lower_digest_table(digest, lower, local->alias);
	lower_digest_table(digest, lower, local->virtual);
	lower_digest_table(digest, lower, local->userbase);
}

static void
lower_digest_relay(EVP_MD_CTX *digest, const struct lower *lower,
    const struct ir_relay *relay)
{
	lower_digest_table(digest, lower, relay->hosts);
	lower_digest_number(digest, relay->is_backup);
	lower_digest_str(digest, relay->backup_mx);
	lower_digest_number(digest, relay->tls);
	lower_digest_number(digest, relay->verify);
	lower_digest_table(digest, lower, relay->auth);
	lower_digest_str(digest, relay->helo);
	lower_digest_table(digest, lower, relay->helo_src);
	lower_digest_table(digest, lower, relay->src);
	lower_digest_str(digest, relay->mail_from);
	lower_digest_str(digest, relay->pki);
	lower_digest_str(digest, relay->ca);
}

enum { LOWER_DIGEST_SIZE = 32 };

struct str
lower_action_digest(struct lower *lower, const struct ir_action *action)
{
	unsigned char *result = arena_alloc(lower->arena, LOWER_DIGEST_SIZE);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (digest == NULL ||
	    EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
		abort();
	lower_digest_number(digest, action->method);
	lower_digest_number(digest, action->ttl);
	if (action->method == IR_RELAY)
		lower_digest_relay(digest, lower, &action->relay);
	else
		lower_digest_local(digest, lower, &action->local);
	EVP_DigestFinal_ex(digest, result, NULL);
	EVP_MD_CTX_free(digest);
	return (struct str){ (const char *)result, LOWER_DIGEST_SIZE };
}

/* Readable names. */

/* "_" and the text, with "_" for what is no letter or digit. */
static const char *
lower_name_add(struct lower *lower, const char *name, struct str text)
{
	char *copy = arena_bytes(lower->arena, strlen(name) + text.len + 2);
	size_t len = strlen(name);

	memcpy(copy, name, len);
	for (uint32_t i = 0; i < text.len; i++) {
		if (!str_is_alnum(text.ptr[i]))
			continue;
		if (i == 0 || !str_is_alnum(text.ptr[i - 1]))
			copy[len++] = '_';
		copy[len++] = str_lower(text.ptr[i]);
	}
	if (len > LOWER_NAME_MAX)
		len = LOWER_NAME_MAX;
	copy[len] = '\0';
	return copy;
}

static const char *
lower_name_table(struct lower *lower, const char *name, uint32_t number,
    const char *word)
{
	const struct ir_table *tables = lower->tables.items;

	if (number == IR_NONE)
		return name;
	return lower_name_add(lower, name,
	    tables[number].name.len > 0 ? tables[number].name : str_from(word));
}

/* The program of a command: its first word, without folders. */
static struct str
lower_program(struct str command)
{
	uint32_t begin = 0, end = 0;

	while (end < command.len && command.ptr[end] != ' ')
		if (command.ptr[end++] == '/')
			begin = end;
	return (struct str){ command.ptr + begin, end - begin };
}

static const char *
lower_local_name(struct lower *lower, const struct ir_action *action)
{
	static const char *const stems[] = {
		[IR_MBOX] = "deliver_mbox",
		[IR_MAILDIR] = "deliver_maildir",
		[IR_LMTP] = "deliver_lmtp",
		[IR_MDA] = "deliver",
		[IR_FORWARD_ONLY] = "forward_only",
		[IR_EXPAND_ONLY] = "expand_only",
		[IR_RELAY] = "",
	};
	const struct ir_local *local = &action->local;
	const char *name = stems[action->method];

	if (action->method == IR_MDA)
		name = lower_name_add(lower, name,
		    lower_program(local->argument));
	name = lower_name_table(lower, name, local->virtual, "virtual");
	name = lower_name_table(lower, name, local->alias, "aliases");
	return lower_name_table(lower, name, local->userbase, "users");
}

/* The port where it tells hosts apart: not those of mail. */
static const char *
lower_relay_host(struct lower *lower, const struct relayurl *url)
{
	const char *name = lower_name_add(lower,
	    url->is_lmtp ? "lmtp" : "relay", url->host);
	bool is_usual = url->port == 25 || url->port == 465 || url->port == 587;

	return is_usual ? name :
			  arena_printf(lower->arena, "%s_%u", name, url->port);
}

static const char *
lower_relay_name(struct lower *lower, const struct ir_relay *relay)
{
	const struct ir_table *tables = lower->tables.items;
	struct relayurl url;

	if (relay->is_backup)
		return lower_name_add(lower, "relay_backup", relay->backup_mx);
	if (relay->hosts != IR_NONE &&
	    relayurl_parse(tables[relay->hosts].entries[0].key, RELAYURL_LEGACY,
		&url) == RELAYURL_OK)
		return lower_relay_host(lower, &url);
	return relay->tls == IR_TLS_REQUIRED ? "relay_tls" : "relay";
}

/* The same with everything else that is readable. */

static const char *
lower_local_details(struct lower *lower, const char *name,
    const struct ir_local *local)
{
	name = lower_name_add(lower, name, local->argument);
	if (local->lmtp_rcpt_to)
		name = lower_name_add(lower, name, STR_LIT("rcpt-to"));
	return lower_name_add(lower, name, local->user);
}

static const char *
lower_relay_details(struct lower *lower, const char *name,
    const struct ir_relay *relay)
{
	const struct ir_table *tables = lower->tables.items;
	struct relayurl url;

	if (relay->hosts != IR_NONE &&
	    relayurl_parse(tables[relay->hosts].entries[0].key, RELAYURL_LEGACY,
		&url) == RELAYURL_OK) {
		static const char *const modes[] = {
			[RELAYURL_TLS_NEVER] = "plain",
			[RELAYURL_TLS_IF_OFFERED] = "",
			[RELAYURL_TLS_STARTTLS] = "tls",
			[RELAYURL_TLS_SMTPS] = "smtps",
			[RELAYURL_TLS_BOTH] = "secure",
		};

		name = lower_name_add(lower, name, str_from(modes[url.tls]));
		name = lower_name_add(lower, name, url.label);
	}
	if (relay->verify != IR_VERIFY_NONE)
		name = lower_name_add(lower, name, STR_LIT("verify"));
	name = lower_name_add(lower, name, relay->helo);
	name = lower_name_table(lower, name, relay->src, "src");
	return lower_name_add(lower, name, relay->mail_from);
}

static const char *
lower_detailed_name(struct lower *lower, const char *name,
    const struct ir_action *action)
{
	return action->method == IR_RELAY ?
	    lower_relay_details(lower, name, &action->relay) :
	    lower_local_details(lower, name, &action->local);
}

/* Choosing among them. */

struct lower_name {
	const char *names[2]; /* short, detailed */
	struct str digest;
};

enum { LOWER_NAMES = 2 };

/* In the place of a name's only action: several have it. */
static char lower_is_shared;

static void
lower_note_name(struct strmap *uses, const char *name, void *action)
{
	void **slot = strmap_put(uses, str_from(name));

	*slot = *slot == NULL ? action : &lower_is_shared;
}

/* What no name says, a part of the digest does. */
static const char *
lower_name_digest(struct lower *lower, const char *name, struct str digest,
    uint32_t bytes)
{
	char hex[2 * LOWER_DIGEST_SIZE + 1];

	for (uint32_t i = 0; i < bytes; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x",
		    (unsigned)(unsigned char)digest.ptr[i]);
	return arena_printf(lower->arena, "%s_%s", name, hex);
}

/* The first that no other action has. */
static const char *
lower_choose_name(struct lower *lower, const struct strmap *uses,
    const struct lower_name *name, const void *action)
{
	for (uint32_t i = 0; i < LOWER_NAMES; i++)
		if (strmap_get(uses, str_from(name->names[i])) == action)
			return name->names[i];
	return lower_name_digest(lower, name->names[0], name->digest, 3);
}

void
lower_name_actions(struct lower *lower)
{
	struct ir_action *actions = lower->actions.items;
	uint32_t count = lower->actions.count;
	struct lower_name *all = arena_alloc(lower->arena,
	    count * sizeof(*all));
	struct strmap uses, taken;

	strmap_init(&uses, lower->arena);
	strmap_init(&taken, lower->arena);
	for (uint32_t i = 0; i < count; i++) {
		const char *name = actions[i].method == IR_RELAY ?
		    lower_relay_name(lower, &actions[i].relay) :
		    lower_local_name(lower, &actions[i]);

		all[i].digest = actions[i].name;
		all[i].names[0] = name;
		all[i].names[1] = lower_detailed_name(lower, name, &actions[i]);
		lower_note_name(&uses, all[i].names[0], &actions[i]);
		if (strcmp(all[i].names[0], all[i].names[1]) != 0)
			lower_note_name(&uses, all[i].names[1], &actions[i]);
	}
	for (uint32_t i = 0; i < count; i++) {
		const char *name = lower_choose_name(lower, &uses, &all[i],
		    &actions[i]);
		void **slot = strmap_put(&taken, str_from(name));

		if (*slot != NULL)
			name = lower_name_digest(lower, all[i].names[0],
			    all[i].digest, LOWER_DIGEST_SIZE);
		*slot = lower;
		actions[i].name = str_from(name);
	}
}
