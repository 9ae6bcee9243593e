/*
 * Runs policy tests on a ruleset: what each test got that it did not
 * expect, and which rules were met by any. Prints nothing. Called by
 * smtpd-explain.
 */
#ifndef COMPILER_POLICY_RUN_H
#define COMPILER_POLICY_RUN_H

#include "compiler/policy.h"

/* One line, as "bob@example.org: decision is accept, not reject". */
struct policy_problem {
	const char *text;
	struct policy_problem *next;
};

struct policy_run {
	struct bind *bind;
	const struct policy *policy;
	struct policy_problem **problems; /* of each test; NULL: it passed */
	uint32_t failed;
	bool *met; /* of each rule: it decided an evaluation */
	uint32_t met_count;

	/* Private. */
	struct policy_problem **problem_end;
};

/* The results live in the compilation's arena. */
void policy_run(struct policy_run *run, struct bind *bind,
    const struct policy *policy);

/* Of rules that were met, in per cent, rounded down. */
unsigned policy_run_coverage(const struct policy_run *run);

#endif
