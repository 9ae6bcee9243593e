/*
 * See random_env.h.
 */
#include "compiler/tests/random_env.h"

#include <stdio.h>

static uint64_t random_env_state = 1;
static struct str random_env_bytes; /* what remains; ptr NULL: none are fed */

void
random_env_feed(const uint8_t *data, size_t size)
{
	random_env_bytes = (struct str){ (const char *)data, (uint32_t)size };
}

bool
random_env_is_fed(void)
{
	return random_env_bytes.len > 0;
}

/* One byte, or two where that is needed; zeros behind the last. */
static uint32_t
random_env_eat(uint32_t n)
{
	uint32_t number = 0;

	for (uint32_t most = 1; most < n && random_env_bytes.len > 0;
	     most *= 256) {
		number = number * 256 + (unsigned char)*random_env_bytes.ptr++;
		random_env_bytes.len--;
	}
	return number % n;
}

uint32_t
random_env_below(uint32_t n)
{
	if (random_env_bytes.ptr != NULL)
		return random_env_eat(n);
	random_env_state = random_env_state * UINT64_C(6364136223846793005) +
	    1442695;
	return (uint32_t)(random_env_state >> 33) % n;
}

static void
random_env_add(struct random_env *env, struct str word)
{
	struct netaddr addr;

	if (env->count == RANDOM_ENV_WORDS_MAX)
		return;
	env->words[env->count++] = word;
	if (netaddr_parse_cidr(word, NETADDR_BRACKETS | NETADDR_TAG, &addr) ==
	    NETADDR_OK)
		env->peers[env->peer_count++] = addr;
}

static void
random_env_add_tables(struct random_env *env, const struct ir *ir)
{
	for (uint32_t t = 0; t < ir->table_count; t++) {
		const struct ir_table *table = &ir->tables[t];

		for (uint32_t i = 0; i < table->entry_count; i++)
			random_env_add(env, table->entries[i].key);
	}
}

void
random_env_init(struct random_env *env, const struct space *space)
{
	static const char *const strangers[] = { "", "x", "example.com",
		"a.b.example.org", "bob", "bob+tag", "alice@example.com",
		"192.0.2.1", "10.0.0.1", "2001:db8::1", "local", "DKIM" };

	env->count = env->peer_count = 0;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		random_env_add(env, str_from(strangers[i]));
	for (uint32_t side = 0; side < space->side_count; side++)
		random_env_add_tables(env, space->sides[side].bind->ir);
	for (uint32_t l = 0; l < SPACE_LEVELS; l++)
		for (uint32_t c = 0; space->classes[l] != NULL &&
		     c < classes_count(space->classes[l]) && c < 300;
		     c++)
			random_env_add(env,
			    classes_representative(space->classes[l], c));
}

static struct str
random_env_word(const struct random_env *env)
{
	return env->words[random_env_below(env->count)];
}

/* Domains never hold "@". */
static struct mailaddr
random_env_mailbox(const struct random_env *env)
{
	struct mailaddr a = mailaddr_split(random_env_word(env));
	struct mailaddr b = mailaddr_split(random_env_word(env));

	if (random_env_below(8) == 0)
		return (struct mailaddr){ STR_LIT(""), STR_LIT("") };
	if (a.domain.len == 0)
		a.domain = b.domain.len > 0 ? b.domain : b.user;
	if (a.domain.len == 0 ||
	    memchr(a.domain.ptr, '@', a.domain.len) != NULL)
		a.domain = STR_LIT("other.example");
	return a;
}

struct ruleset_envelope
random_env_next(const struct random_env *env, const struct host *host)
{
	struct ruleset_envelope e = {
		.tag = random_env_word(env),
		.is_socket = random_env_below(6) == 0,
		.rdns = random_env_below(3) == 0 ? STR_LIT("") :
						   random_env_word(env),
		.helo = random_env_word(env),
		.is_tls = random_env_below(2) == 0,
		.is_authenticated = random_env_below(3) == 0,
		.username = random_env_word(env),
		.sender = random_env_mailbox(env),
		.dest = random_env_mailbox(env),
		.is_internal = random_env_below(5) == 0,
	};
	struct netaddr addr;

	/* No host has such a name; entries that look so are never met. */
	if (e.rdns.len > 0 && memchr(e.rdns.ptr, '*', e.rdns.len) != NULL)
		e.rdns = STR_LIT("");
	e.peer = random_env_word(env);
	if (netaddr_parse_cidr(e.peer, NETADDR_BRACKETS | NETADDR_TAG, &addr) !=
	    NETADDR_OK)
		addr = env->peers[random_env_below(env->peer_count)];
	e.peer = e.is_socket ? STR_LIT("local") : host_spell(host, &addr);
	if (e.is_socket)
		e.is_authenticated = true;
	if (e.dest.domain.len == 0)
		e.dest.domain = STR_LIT("other.example");
	return e;
}

const char *
random_env_text(const struct ruleset_envelope *envelope,
    char buf[RANDOM_ENV_TEXT_MAX])
{
	const struct ruleset_envelope *e = envelope;

	snprintf(buf, RANDOM_ENV_TEXT_MAX,
	    "tag '%.*s' peer '%.*s' rdns '%.*s' helo '%.*s' login %d '%.*s' "
	    "from '%.*s'@'%.*s' to '%.*s'@'%.*s' tls %d internal %d socket %d",
	    STR_ARG(e->tag), STR_ARG(e->peer), STR_ARG(e->rdns),
	    STR_ARG(e->helo), e->is_authenticated, STR_ARG(e->username),
	    STR_ARG(e->sender.user), STR_ARG(e->sender.domain),
	    STR_ARG(e->dest.user), STR_ARG(e->dest.domain), e->is_tls,
	    e->is_internal, e->is_socket);
	return buf;
}

enum answer
random_env_answer(uint64_t seed, enum service service, struct str key)
{
	static const enum answer answers[] = { ANSWER_YES, ANSWER_NO,
		ANSWER_YES, ANSWER_NO, ANSWER_FAILED };

	seed += (uint64_t)service;
	for (uint32_t i = 0; i < key.len; i++)
		seed = (seed ^ (unsigned char)key.ptr[i]) *
		    UINT64_C(0x100000001b3);
	return answers[(seed >> 24) % 5];
}
