/*
 * Prints the registry of checks.
 */
#include "compiler/explain.h"

#include "grammar/diag.h"

static const char *
explain_severity(const struct check *check)
{
	switch (check->severity) {
	case DIAG_ERROR:
		return "error";
	case DIAG_WARNING:
		return "warning";
	case DIAG_ADVICE:
		break;
	}
	return "advice";
}

void
explain_list(FILE *out)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		fprintf(out, "%-20s  %-7s  %s\n", check_table[i].name,
		    explain_severity(&check_table[i]), check_table[i].summary);
}

bool
explain_check(FILE *out, const char *name)
{
	enum check_id id = check_by_name(str_from(name));
	const char *nearest;
	const struct check *check;

	if (id == CHECK_COUNT) {
		nearest = check_suggest(str_from(name));
		fprintf(stderr, "there is no check named '%s'%s%s%s\n", name,
		    nearest != NULL ? "; did you mean '" : "",
		    nearest != NULL ? nearest : "",
		    nearest != NULL ? "'?" : "");
		return false;
	}
	check = &check_table[id];
	fprintf(out,
	    "%s (%s%s): %s\n\n%s\n\nFor example:\n\n%s\n"
	    "Remedy: %s\n",
	    check->name, explain_severity(check),
	    (check->flags & CHECK_FIXED) ? ", cannot be switched off" : "",
	    check->summary, check->explanation, check->example, check->remedy);
	return true;
}
