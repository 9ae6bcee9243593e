/*
 * Redaction. A table may be used in several ways: the strictest counts.
 */
#include "compiler/dump_redact.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum {
	REDACT_CREDENTIALS = 1,
	REDACT_URLS = 2,
};

static void
dump_redact_use(struct dump_redact *redact, uint32_t table, unsigned use)
{
	if (table != IR_NONE)
		redact->uses[table] |= (unsigned char)use;
}

void
dump_redact_init(struct dump_redact *redact, struct arena *arena,
    const struct ir *ir, bool shows_secrets)
{
	*redact = (struct dump_redact){
		.arena = arena,
		.shows_secrets = shows_secrets,
		.ir = ir,
		.uses = arena_alloc(arena, ir->table_count),
	};
	for (uint32_t i = 0; i < ir->listener_count; i++)
		dump_redact_use(redact, ir->listeners[i].credentials,
		    REDACT_CREDENTIALS);
	for (uint32_t i = 0; i < ir->action_count; i++) {
		const struct ir_relay *relay = &ir->actions[i].relay;

		if (ir->actions[i].method != IR_RELAY)
			continue;
		dump_redact_use(redact, relay->auth, REDACT_CREDENTIALS);
		dump_redact_use(redact, relay->hosts, REDACT_URLS);
		dump_redact_use(redact, relay->domains, REDACT_URLS);
	}
}

struct str
dump_redact_secret(const struct dump_redact *redact, struct str secret)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (redact->shows_secrets || secret.len == 0)
		return secret;
	if (EVP_Digest(secret.ptr, secret.len, digest, NULL, EVP_sha256(),
		NULL) != 1)
		abort();
	return str_from(arena_printf(redact->arena,
	    "<redacted sha256:%02x%02x%02x%02x>", digest[0], digest[1],
	    digest[2], digest[3]));
}

struct str
dump_redact_queue_key(const struct dump_redact *redact, struct str key)
{
	if (str_is(key, "-") || str_eq_nocase(key, STR_LIT("stdin")))
		return key;
	return dump_redact_secret(redact, key);
}

/* Where the first of these bytes is, or the end. */
static uint32_t
dump_redact_span(struct str text, uint32_t from, const char *bytes)
{
	while (from < text.len && strchr(bytes, text.ptr[from]) == NULL)
		from++;
	return from;
}

struct str
dump_redact_url(const struct dump_redact *redact, struct str url)
{
	const char *schema = url.len > 0 ? memmem(url.ptr, url.len, "://", 3) :
					   NULL;
	uint32_t begin = schema != NULL ? (uint32_t)(schema - url.ptr) + 3 : 0;
	uint32_t colon = dump_redact_span(url, begin, ":"), at = url.len;
	struct str secret;

	/* A password may hold an "@", a host may not. */
	while (at > colon && url.ptr[at - 1] != '@')
		at--;
	if (redact->shows_secrets || at <= colon + 1)
		return url;
	secret = dump_redact_secret(redact,
	    (struct str){ url.ptr + colon + 1, at - 1 - (colon + 1) });
	return str_from(arena_printf(redact->arena, "%.*s%.*s%.*s",
	    (int)colon + 1, url.ptr, STR_ARG(secret), (int)(url.len - at) + 1,
	    url.ptr + at - 1));
}

static unsigned
dump_redact_uses(const struct dump_redact *redact, const struct ir_table *table)
{
	return redact->uses[table - redact->ir->tables];
}

/* A list is no table of credentials, but some write one. */
struct str
dump_redact_key(const struct dump_redact *redact, const struct ir_table *table,
    struct str key)
{
	unsigned uses = dump_redact_uses(redact, table);

	if (table->kind == IR_TABLE_LIST && (uses & REDACT_CREDENTIALS))
		return dump_redact_secret(redact, key);
	if (table->kind == IR_TABLE_LIST && (uses & REDACT_URLS))
		return dump_redact_url(redact, key);
	return key;
}

struct str
dump_redact_value(const struct dump_redact *redact,
    const struct ir_table *table, struct str value)
{
	unsigned uses = dump_redact_uses(redact, table);

	if (uses & REDACT_CREDENTIALS)
		return dump_redact_secret(redact, value);
	if (uses & REDACT_URLS)
		return dump_redact_url(redact, value);
	return value;
}

struct str
dump_redact_config(const struct dump_redact *redact,
    const struct ir_table *table)
{
	struct str config = table->config;

	if (!str_has_prefix(config, "//") &&
	    (config.len == 0 ||
		memmem(config.ptr, config.len, "://", 3) == NULL))
		return config;
	return dump_redact_url(redact, config);
}
