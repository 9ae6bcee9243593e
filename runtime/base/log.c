/*
 * Lines to syslog or standard error. A line is one write, so that those of
 * several processes do not mix.
 */
#include "runtime/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 8192 };

static struct {
	const char *process;
	enum log_level level;
	bool to_stderr;
} log_state = { "smtpd", LOG_LEVEL_BRIEF, true };

void
log_open(const char *process, bool to_stderr)
{
	log_state.process = process;
	log_state.to_stderr = to_stderr;
	/* At once: later the process may be in a chroot. */
	if (!to_stderr)
		openlog("smtpd", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_set_level(enum log_level level)
{
	log_state.level = level;
}

static void __attribute__((format(printf, 3, 0)))
log_line(int priority, const char *prefix, const char *format, va_list args)
{
	char line[LOG_LINE_MAX];
	int len = 0, more;

	if (prefix != NULL)
		len = snprintf(line, sizeof(line) / 2, "%s: ", prefix);
	if (len < 0 || len >= (int)sizeof(line) / 2)
		len = 0;
	more = vsnprintf(line + len, sizeof(line) - 1 - (size_t)len, format,
	    args);
	if (more < 0)
		return;
	len += more;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	if (!log_state.to_stderr) {
		syslog(priority, "%.*s", len, line);
		return;
	}
	line[len] = '\n';
	/* Nobody can be told of a log that cannot be written. */
	(void)!write(STDERR_FILENO, line, (size_t)len + 1);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_INFO, NULL, format, args);
	va_end(args);
}

void
log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_ERR, NULL, format, args);
	va_end(args);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	if (log_state.level < LOG_LEVEL_VERBOSE)
		return;
	va_start(args, format);
	log_line(LOG_DEBUG, NULL, format, args);
	va_end(args);
}

void
log_fatal(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_CRIT, log_state.process, format, args);
	va_end(args);
}

/* The letter after a backslash, or 0 where C has none. */
static char
log_escape(char c)
{
	static const char codes[] = "\a\b\t\n\v\f\r\"\\",
			  letters[] = "abtnvfr\"\\";
	const char *at = c == '\0' ? NULL : strchr(codes, c);

	return at == NULL ? '\0' : letters[at - codes];
}

/* Writes one character's form, at most 4 bytes; returns its length. */
static size_t
log_encode(char c, bool blanks_too, char *out)
{
	unsigned char byte = (unsigned char)c;
	char letter = log_escape(c);

	out[0] = '\\';
	if (letter != '\0') {
		out[1] = letter;
		return 2;
	}
	if (byte < ' ' || byte >= 0x7f || (byte == ' ' && blanks_too)) {
		out[1] = (char)('0' + (byte >> 6));
		out[2] = (char)('0' + ((byte >> 3) & 7));
		out[3] = (char)('0' + (byte & 7));
		return 4;
	}
	out[0] = c;
	return 1;
}

/* False: there is no room, also for the NUL. */
static bool
log_put(const char *form, size_t n, char *buf, size_t room, size_t *len)
{
	if (*len + n >= room)
		return false;
	memcpy(buf + *len, form, n);
	*len += n;
	return true;
}

/* The same, as strvis(3) has it. */
static size_t
log_encode_vis(char c, char *out)
{
	unsigned char byte = (unsigned char)c, low = byte & 0x7f;
	bool is_control = low < ' ' || low == 0x7f;
	size_t len = 0;

	if (c != '\\' && (c == '\t' || (byte == low && !is_control))) {
		out[0] = c;
		return 1;
	}
	out[len++] = '\\';
	if (byte == ' ' + 0x80) {
		memcpy(out + len, "240", 3);
		return 4;
	}
	if (byte != low)
		out[len++] = 'M';
	if (byte != low && !is_control)
		out[len++] = '-';
	if (is_control)
		out[len++] = '^';
	out[len++] = (char)(is_control ? low ^ 0x40 : low);
	return len;
}

const char *
log_visible(struct str text, bool blanks_too, char *buf, size_t room)
{
	size_t len = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		char form[4];
		size_t n = log_encode(text.ptr[i], blanks_too, form);

		if (!log_put(form, n, buf, room, &len))
			break;
	}
	if (room > 0)
		buf[len] = '\0';
	return buf;
}

const char *
log_vis(struct str text, char *buf, size_t room)
{
	size_t len = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		char form[4];
		size_t n = log_encode_vis(text.ptr[i], form);

		if (!log_put(form, n, buf, room, &len))
			break;
	}
	if (room > 0)
		buf[len] = '\0';
	return buf;
}
