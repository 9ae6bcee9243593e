/*
 * What policy tests came to, as text for people, TAP 13, or JUnit XML for
 * CI. Decides nothing. Called by smtpd-explain.
 */
#ifndef COMPILER_POLICY_REPORT_H
#define COMPILER_POLICY_REPORT_H

#include <stdio.h>

#include "compiler/policy_run.h"

enum policy_report_format {
	POLICY_REPORT_TEXT,
	POLICY_REPORT_TAP,
	POLICY_REPORT_JUNIT,
};

struct policy_report {
	FILE *out;
	const char *path; /* of the tests */
	bool has_coverage;
	unsigned coverage_min; /* in per cent: below it is a failure */
};

/* True where all passed, coverage included. */
bool policy_report(const struct policy_report *report,
    enum policy_report_format format, const struct policy_run *run);

#endif
