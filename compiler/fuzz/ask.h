/*
 * Asks what becomes of a session's recipients, and prints it to memory in
 * both forms. Included by the harnesses that bring a config or sessions.
 */
#ifndef COMPILER_FUZZ_ASK_H
#define COMPILER_FUZZ_ASK_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/explain_json.h"
#include "compiler/explain_text.h"

#define ASK_RCPTS_MAX 4

/* A stream into memory, of which nothing is kept. */
struct ask_sink {
	FILE *out;
	char *text;
	size_t size;
};

static inline void
ask_open(struct ask_sink *sink)
{
	sink->out = open_memstream(&sink->text, &sink->size);
	if (sink->out == NULL)
		abort();
}

static inline void
ask_close(struct ask_sink *sink)
{
	fclose(sink->out);
	free(sink->text);
}

static inline void
ask_check(const struct bind *bind, const struct decision *decision)
{
	const struct decide_evaluation *first = decision->evaluations;

	assert(first != NULL && decision->verdict < DECIDE_VERDICTS);
	assert((decision->code == 250) == (decision->failure == NULL));
	assert((decision->code == 250) == (decision->leaf_count > 0));
	assert(decision->code == 250 || decision->code >= 400);
	assert(decision->tree != NULL);
	if (decision->code == 250)
		assert(decision->verdict == DECIDE_ACCEPT);
	for (uint32_t i = 0; i < decision->leaf_count; i++)
		assert(decision->leaves[i].action < bind->ir->action_count);
}

static inline void
ask_session(struct bind *bind, const struct session *session)
{
	struct arena *arena = &bind->comp->arena;
	struct session_context context;
	struct decision decision;
	struct ask_sink sink;

	ask_open(&sink);
	session_enter(session, bind, &context);
	for (uint32_t i = 0; i < session->rcpt_count && i < ASK_RCPTS_MAX;
	     i++) {
		decide_run(bind, &context, session->rcpts[i], arena, &decision);
		ask_check(bind, &decision);
		explain_text_decision(sink.out, bind, &decision);
		assert(explain_json_write(sink.out, bind, session, &decision));
	}
	explain_text_session(sink.out, bind, session, &context);
	ask_close(&sink);
}

#endif
