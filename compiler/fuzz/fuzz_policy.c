/*
 * Fuzzes the readers of policy tests and of envelopes files: any bytes give
 * tests or errors, and what is read can be asked.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "compiler/envelopes.h"
#include "compiler/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_envelopes(struct arena *arena, struct str text)
{
	struct envelopes envelopes;
	struct session session;

	envelopes_init(&envelopes, text);
	while (envelopes_next(&envelopes, arena, &session) == ENVELOPES_ONE)
		if (session.rcpt_count > SESSION_RCPTS_MAX)
			abort();
	envelopes_fini(&envelopes);
}

static void
fuzz_policy(struct arena *arena, struct str text)
{
	struct policy policy;
	bool is_good = policy_read(&policy, arena, text);

	if (is_good != (policy.errors == NULL))
		abort();
	for (uint32_t i = 0; is_good && i < policy.count; i++)
		if (policy.tests[i].session.rcpt_count == 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, (uint32_t)size };
	struct arena arena;

	if (size > 64 * 1024)
		return 0;
	arena_init(&arena, NULL);
	fuzz_envelopes(&arena, text);
	fuzz_policy(&arena, text);
	arena_fini(&arena);
	return 0;
}
