/*
 * One function a format. Names and addresses are foreign text in all of
 * them.
 */
#include "compiler/policy_report.h"

#include "compiler/explain_text.h"
#include "grammar/render.h"

static bool
policy_report_is_covered(const struct policy_report *report,
    const struct policy_run *run)
{
	return !report->has_coverage ||
	    policy_run_coverage(run) >= report->coverage_min;
}

/* "coverage: 5 of 7 rules, 71 %" */
static void
policy_report_coverage(const struct policy_report *report,
    const struct policy_run *run)
{
	fprintf(report->out, "coverage: %u of %u rules, %u %%", run->met_count,
	    run->bind->ir->ruleset.rule_count, policy_run_coverage(run));
	if (!policy_report_is_covered(report, run))
		fprintf(report->out, ", less than %u %%", report->coverage_min);
}

/* Rules that no test met, each behind the prefix. */
static void
policy_report_unmet(const struct policy_report *report,
    const struct policy_run *run, const char *prefix)
{
	for (uint32_t i = 0; i < run->bind->ir->ruleset.rule_count; i++) {
		if (run->met[i])
			continue;
		fprintf(report->out, "%snot met: ", prefix);
		explain_text_rule(report->out, run->bind, i);
		fputc('\n', report->out);
	}
}

/* Text. */

static void
policy_report_text(const struct policy_report *report,
    const struct policy_run *run)
{
	FILE *out = report->out;

	for (uint32_t i = 0; i < run->policy->count; i++) {
		const struct policy_test *test = &run->policy->tests[i];

		if (run->problems[i] == NULL)
			continue;
		render_escaped(out, str_from(report->path));
		fprintf(out, ":%u: failed: ", test->line);
		render_escaped(out, test->name);
		fputc('\n', out);
		for (const struct policy_problem *p = run->problems[i];
		     p != NULL; p = p->next) {
			fputs("  ", out);
			render_escaped(out, str_from(p->text));
			fputc('\n', out);
		}
	}
	fprintf(out, "%u passed, %u failed\n", run->policy->count - run->failed,
	    run->failed);
	if (!report->has_coverage)
		return;
	policy_report_coverage(report, run);
	fputc('\n', out);
	policy_report_unmet(report, run, "  ");
}

/* TAP. */

/* A "#" would begin a directive. */
static void
policy_report_tap_name(FILE *out, struct str name)
{
	for (uint32_t i = 0, begin = 0; i <= name.len; i++) {
		if (i < name.len && name.ptr[i] != '#' && name.ptr[i] != '\\')
			continue;
		render_escaped(out,
		    (struct str){ name.ptr + begin, i - begin });
		if (i < name.len)
			fprintf(out, "\\%c", name.ptr[i]);
		begin = i + 1;
	}
}

static void
policy_report_tap(const struct policy_report *report,
    const struct policy_run *run)
{
	FILE *out = report->out;
	uint32_t count = run->policy->count;

	fprintf(out, "TAP version 13\n1..%u\n", count + report->has_coverage);
	for (uint32_t i = 0; i < count; i++) {
		fprintf(out, "%s %u - ",
		    run->problems[i] == NULL ? "ok" : "not ok", i + 1);
		policy_report_tap_name(out, run->policy->tests[i].name);
		fputc('\n', out);
		for (const struct policy_problem *p = run->problems[i];
		     p != NULL; p = p->next) {
			fputs("# ", out);
			render_escaped(out, str_from(p->text));
			fputc('\n', out);
		}
	}
	if (!report->has_coverage)
		return;
	fprintf(out, "%s %u - ",
	    policy_report_is_covered(report, run) ? "ok" : "not ok", count + 1);
	policy_report_coverage(report, run);
	fputc('\n', out);
	policy_report_unmet(report, run, "# ");
}

/* JUnit. */

static const char *
policy_report_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

static void
policy_report_xml(FILE *out, struct str text)
{
	for (uint32_t i = 0; i < text.len;) {
		unsigned size = render_utf8_size(text.ptr + i, text.len - i);
		const char *entity = policy_report_entity(text.ptr[i]);

		size = size == 0 ? 1 : size;
		/* U+FFFE and U+FFFF are no characters of XML. */
		if (size == 3 && memcmp(text.ptr + i, "\xef\xbf", 2) == 0 &&
		    (unsigned char)text.ptr[i + 2] >= 0xbe)
			entity = "?";
		if (entity != NULL)
			fputs(entity, out);
		else
			render_escaped(out, (struct str){ text.ptr + i, size });
		i += size;
	}
}

static void
policy_report_case(const struct policy_report *report, struct str name,
    uint32_t line)
{
	FILE *out = report->out;

	fputs("    <testcase classname=\"", out);
	policy_report_xml(out, str_from(report->path));
	fputs("\" name=\"", out);
	policy_report_xml(out, name);
	fputs("\" file=\"", out);
	policy_report_xml(out, str_from(report->path));
	fprintf(out, "\" line=\"%u\"", line);
}

static void
policy_report_junit_test(const struct policy_report *report,
    const struct policy_test *test, const struct policy_problem *problems)
{
	FILE *out = report->out;

	policy_report_case(report, test->name, test->line);
	if (problems == NULL) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n      <failure message=\"", out);
	policy_report_xml(out, str_from(problems->text));
	fputs("\">", out);
	for (; problems != NULL; problems = problems->next) {
		policy_report_xml(out, str_from(problems->text));
		fputc('\n', out);
	}
	fputs("</failure>\n    </testcase>\n", out);
}

static void
policy_report_junit_coverage(const struct policy_report *report,
    const struct policy_run *run)
{
	FILE *out = report->out;

	policy_report_case(report, STR_LIT("coverage"), 1);
	if (policy_report_is_covered(report, run)) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n      <failure message=\"", out);
	policy_report_coverage(report, run);
	fputs("\"/>\n    </testcase>\n", out);
}

static void
policy_report_junit(const struct policy_report *report,
    const struct policy_run *run)
{
	FILE *out = report->out;
	uint32_t tests = run->policy->count + report->has_coverage;
	uint32_t failed = run->failed + !policy_report_is_covered(report, run);

	fprintf(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites tests=\"%u\" failures=\"%u\">\n"
	    "  <testsuite name=\"",
	    tests, failed);
	policy_report_xml(out, str_from(report->path));
	fprintf(out, "\" tests=\"%u\" failures=\"%u\">\n", tests, failed);
	for (uint32_t i = 0; i < run->policy->count; i++)
		policy_report_junit_test(report, &run->policy->tests[i],
		    run->problems[i]);
	if (report->has_coverage)
		policy_report_junit_coverage(report, run);
	fputs("  </testsuite>\n</testsuites>\n", out);
}

bool
policy_report(const struct policy_report *report,
    enum policy_report_format format, const struct policy_run *run)
{
	switch (format) {
	case POLICY_REPORT_TEXT:
		policy_report_text(report, run);
		break;
	case POLICY_REPORT_TAP:
		policy_report_tap(report, run);
		break;
	case POLICY_REPORT_JUNIT:
		policy_report_junit(report, run);
		break;
	}
	return run->failed == 0 && policy_report_is_covered(report, run);
}
