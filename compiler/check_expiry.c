/*
 * The warning about certificates that have expired or soon will.
 */
#include "compiler/check_expiry.h"

#include <errno.h>
#include <stdlib.h>

enum { CHECK_EXPIRY_DAY = 24 * 60 * 60 /* s */ };

time_t
check_expiry_now(void)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	long long now;
	char *end;

	if (text == NULL || !str_is_digit(*text))
		return time(NULL);
	errno = 0;
	now = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? (time_t)now : time(NULL);
}

void
check_expiry(struct diag_list *diags, struct word word, time_t not_after,
    time_t now)
{
	char date[sizeof("-2147483648-12-31")];
	struct tm tm;
	long long days;

	if (not_after - now >= CHECK_EXPIRY_DAYS * CHECK_EXPIRY_DAY ||
	    gmtime_r(&not_after, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%d", &tm) == 0)
		return;
	days = (long long)(not_after - now) / CHECK_EXPIRY_DAY;
	if (not_after < now)
		diag_report(diags, CHECK_CERTIFICATE_EXPIRY, word.pos,
		    "the certificate in '%.*s' expired on %s", WORD_ARG(word),
		    date);
	else
		diag_report(diags, CHECK_CERTIFICATE_EXPIRY, word.pos,
		    "the certificate in '%.*s' expires on %s, in %lld day%s",
		    WORD_ARG(word), date, days, days == 1 ? "" : "s");
}
