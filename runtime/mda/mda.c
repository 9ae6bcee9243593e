/*
 * Names and judgement of exit statuses.
 */
#include "runtime/mda/mda.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

int
mda_status_set(struct mda_status *status, int value, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(status->text, sizeof(status->text), format, ap);
	va_end(ap);
	status->status = value;
	return value;
}

int
mda_status_set_errno(struct mda_status *status, int value, const char *format,
    ...)
{
	int error = errno;
	va_list ap;
	size_t len;

	va_start(ap, format);
	vsnprintf(status->text, sizeof(status->text), format, ap);
	va_end(ap);
	len = strlen(status->text);
	snprintf(status->text + len, sizeof(status->text) - len, ": %s",
	    strerror(error));
	status->status = value;
	return value;
}

void
mda_result_set(struct mda_result *result, enum mda_outcome outcome,
    uint32_t status, const char *format, ...)
{
	va_list ap;

	*result = (struct mda_result){ .outcome = outcome, .status = status };
	va_start(ap, format);
	vsnprintf(result->text, sizeof(result->text), format, ap);
	va_end(ap);
}

const char *
mda_status_name(uint32_t status)
{
	static const char *const names[] = {
		[EX_USAGE - EX__BASE] = "command line usage error",
		[EX_DATAERR - EX__BASE] = "data format error",
		[EX_NOINPUT - EX__BASE] = "cannot open input",
		[EX_NOUSER - EX__BASE] = "user unknown",
		[EX_NOHOST - EX__BASE] = "host name unknown",
		[EX_UNAVAILABLE - EX__BASE] = "service unavailable",
		[EX_SOFTWARE - EX__BASE] = "internal software error",
		[EX_OSERR - EX__BASE] = "system resource problem",
		[EX_OSFILE - EX__BASE] = "critical OS file missing",
		[EX_CANTCREAT - EX__BASE] = "can't create user output file",
		[EX_IOERR - EX__BASE] = "input/output error",
		[EX_TEMPFAIL - EX__BASE] = "temporary failure",
		[EX_PROTOCOL - EX__BASE] = "remote error in protocol",
		[EX_NOPERM - EX__BASE] = "permission denied",
		[EX_CONFIG - EX__BASE] = "local configuration error",
	};

	if (status < EX__BASE || status > EX__MAX)
		return NULL;
	return names[status - EX__BASE];
}

enum mda_outcome
mda_status_judge(int status, enum ir_exit_policy policy)
{
	if (status == 0)
		return MDA_DELIVERED;
	if (policy == IR_EXIT_RETRY_ALL || status == EX_OSERR ||
	    status == EX_TEMPFAIL)
		return MDA_TEMPFAIL;
	return MDA_PERMFAIL;
}

const char *
mda_result_stat(const struct mda_result *result, char *buf, size_t room)
{
	const char *name = mda_status_name(result->status);

	switch (result->outcome) {
	case MDA_DELIVERED:
		return "Delivered";
	case MDA_LOOP:
	case MDA_USER_TEMPFAIL:
	case MDA_USER_PERMFAIL:
		return result->text;
	case MDA_TEMPFAIL:
	case MDA_PERMFAIL:
	case MDA_OUTCOMES:
		break;
	}
	if (name == NULL)
		snprintf(buf, room, "Error (%s)", result->text);
	else
		snprintf(buf, room, "Error (%s: %s)", name, result->text);
	return buf;
}

size_t
mda_from_line(struct str sender, char *buf, size_t room)
{
	time_t now = time(NULL);
	char date[64] = "";
	struct tm tm;
	int len;

	if (sender.len == 0 || str_is(sender, "@"))
		sender = STR_LIT("MAILER-DAEMON");
	if (localtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm);
	len = snprintf(buf, room, "From %.*s %s\n", STR_ARG(sender), date);
	return len < 0 ? 0 : (size_t)len < room ? (size_t)len : room - 1;
}
