/*
 * Random envelopes that a config can tell apart: put together from what its
 * tables hold, from representatives of all classes, and from strangers.
 */
#ifndef COMPILER_TESTS_RANDOM_ENV_H
#define COMPILER_TESTS_RANDOM_ENV_H

#include "compiler/host.h"
#include "compiler/ir.h"
#include "compiler/space.h"

enum {
	RANDOM_ENV_WORDS_MAX = 4096,
	RANDOM_ENV_TEXT_MAX = 1024,
};

struct random_env {
	struct str words[RANDOM_ENV_WORDS_MAX];
	uint32_t count;
	struct netaddr peers[RANDOM_ENV_WORDS_MAX]; /* words that are one */
	uint32_t peer_count;
};

/* The same numbers in every run; 0 < n <= 65536. */
uint32_t random_env_below(uint32_t n);

/*
 * From now on numbers come from these bytes, and are 0 behind the last. So a
 * fuzzer chooses what would be random.
 */
void random_env_feed(const uint8_t *data, size_t size);

/* Whether bytes remain. */
bool random_env_is_fed(void);

/* Strangers, and the words of a space of one side or two. */
void random_env_init(struct random_env *env, const struct space *space);

/* The peer is spelled as that host does it. */
struct ruleset_envelope random_env_next(const struct random_env *env,
    const struct host *host);

/* What a test says of an envelope that it fails for. Returns buf. */
const char *random_env_text(const struct ruleset_envelope *envelope,
    char buf[RANDOM_ENV_TEXT_MAX]);

/* What a table that cannot be read answers: yes, no or with a failure. */
enum answer random_env_answer(uint64_t seed, enum service service,
    struct str key);

#endif
