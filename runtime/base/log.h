/*
 * Log lines of the daemon, in OpenSMTPD's forms, to syslog (facility mail)
 * or standard error. What peers say is passed through log_visible first, so
 * that no line can be forged; the formats here take nothing else from
 * outside.
 */
#ifndef RUNTIME_BASE_LOG_H
#define RUNTIME_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/str.h"

enum log_level {
	LOG_LEVEL_BRIEF, /* no log_debug */
	LOG_LEVEL_VERBOSE,
};

/* process: the name in front of fatal messages. */
void log_open(const char *process, bool to_stderr);
void log_set_level(enum log_level level);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says it; whether to exit is for the main function to decide. */
void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Text as C writes it: control characters, quotes and backslashes escaped;
 * blanks too if asked for. Returns buf; cut to room, always ended by NUL.
 */
const char *log_visible(struct str text, bool blanks_too, char *buf,
    size_t room);

/*
 * The same as strvis(3) of BSD writes it, which OpenSMTPD uses for what
 * delivery commands say: quotes and tabs stay.
 */
const char *log_vis(struct str text, char *buf, size_t room);

#endif
