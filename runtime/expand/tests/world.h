/*
 * One small world of rules, tables, users and files, for the tests of
 * expansion: answers every request from it and prints what came out.
 */
#ifndef RUNTIME_EXPAND_TESTS_WORLD_H
#define RUNTIME_EXPAND_TESTS_WORLD_H

#include "runtime/expand/expand.h"

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* 6.0.3, and 7.8. */
extern const struct expand_semantics test_legacy, test_modern;

/* The one expansion of a test. */
struct test_run {
	struct arena arena;
	struct expand expand;
	char text[8192]; /* what test_say said */
	size_t len;
};

extern struct test_run test;

void test_setup(void);
void test_teardown(void);

void test_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* EXPAND_RULE_NONE for an unknown domain; rules count from 1. */
struct expand_rule test_find_rule(struct str domain);

void test_answer(struct expand *expand, const struct expand_request *request);

/*
 * Begins, and answers up to a request of that kind, or the end; goes on to
 * the end.
 */
enum expand_need test_run_to(const struct expand_semantics *semantics,
    const char *rcpt, enum expand_need stop, struct expand_request *request_r);
enum expand_need test_finish(void);

/*
 * The whole expansion: "DELIVERY ... [RULES]" or "CODE REASON [RULES]". A
 * delivery is ">address", "user<dest>", "user+subaddress<dest>",
 * "user|command<dest>", "user:file<dest>" or "user~maildir<dest>"; of the
 * rules "-" is none and "!" a failure.
 */
const char *test_expand(const struct expand_semantics *semantics,
    const char *rcpt);

struct test_case {
	const char *rcpt, *legacy;
	const char *modern; /* NULL: the same */
};

/* Expects what test_expand returns. */
void test_cases(const struct test_case *cases, size_t count);

#endif
