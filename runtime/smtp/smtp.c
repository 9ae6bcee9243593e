/*
 * Lines in, replies out: the frame in which commands and messages are worked
 * on. Input that comes in one piece is not copied; only what waits is.
 */
#include "runtime/smtp/smtp.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/smtp/smtp_private.h"

void
smtp_init(struct smtp *smtp, const struct smtp_config *config,
    const struct smtp_ops *ops, void *arg)
{
	*smtp = (struct smtp){ .config = config, .ops = ops, .arg = arg };
}

void
smtp_fini(struct smtp *smtp)
{
	smtp_end_tx(smtp);
	bytes_fini(&smtp->input);
	bytes_fini(&smtp->output);
	free(smtp->command);
	*smtp = (struct smtp){ .phase = SMTP_CLOSED };
}

void
smtp_trust(struct smtp *smtp)
{
	smtp->is_authenticated = true;
}

/* Output. */

static void
smtp_make_visible(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

/* Closes where there is no memory for more than that. */
static void
smtp_starve(struct smtp *smtp)
{
	smtp->last_words = STR_LIT(SMTP_LAST_WORDS);
	smtp_close(smtp);
}

static void smtp_vreply(struct smtp *smtp, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
smtp_vreply(struct smtp *smtp, const char *format, va_list ap)
{
	char line[SMTP_REPLY_MAX];
	int wanted = vsnprintf(line, sizeof(line) - 1, format, ap);
	size_t len = wanted < 0 ? 0 : (size_t)wanted;

	/* All was said. */
	if (smtp->last_words.len > 0)
		return;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	smtp_make_visible(line, len);
	if (line[0] == '4' || line[0] == '5')
		smtp->ops->refused(smtp->arg,
		    str_from(smtp->command == NULL ? "" : smtp->command),
		    (struct str){ line, (uint32_t)len });
	line[len++] = '\r';
	line[len++] = '\n';
	if (!bytes_append(&smtp->output, line, len, SIZE_MAX))
		smtp_starve(smtp);
}

void
smtp_reply(struct smtp *smtp, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	smtp_vreply(smtp, format, ap);
	va_end(ap);
}

bool
smtp_refuse(struct smtp *smtp, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	smtp_vreply(smtp, format, ap);
	va_end(ap);
	return false;
}

void
smtp_close(struct smtp *smtp)
{
	smtp->phase = SMTP_CLOSED;
	smtp->wait = SMTP_READY;
}

void
smtp_set_command(struct smtp *smtp, struct str text)
{
	free(smtp->command);
	smtp->command = strndup(text.ptr, text.len);
}

void
smtp_refuse_input(struct smtp *smtp, const char *reply)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%s\r\n", reply);

	smtp->ops->bad_input(smtp->arg, str_from(reply));
	if (bytes_append(&smtp->output, line, (size_t)len, SIZE_MAX))
		smtp_close(smtp);
	else
		smtp_starve(smtp);
}

struct str
smtp_output(const struct smtp *smtp)
{
	if (smtp->output.len == 0)
		return smtp->last_words;
	return (struct str){ bytes_front(&smtp->output),
		(uint32_t)smtp->output.len };
}

void
smtp_sent(struct smtp *smtp, size_t len)
{
	if (smtp->output.len > 0)
		bytes_take(&smtp->output, len);
	else
		smtp->last_words = (struct str){ smtp->last_words.ptr + len,
			smtp->last_words.len - (uint32_t)len };
	smtp_resume(smtp);
}

/* Input. */

static bool
smtp_is_able(const struct smtp *smtp)
{
	return smtp->phase != SMTP_SILENT && smtp->phase != SMTP_CLOSED &&
	    smtp->wait == SMTP_READY && smtp->output.len < SMTP_OUTPUT_HIGH;
}

bool
smtp_wants_input(const struct smtp *smtp)
{
	return smtp_is_able(smtp) && !smtp->is_running;
}

static void
smtp_line(struct smtp *smtp, struct str line, bool has_cr)
{
	switch (smtp->phase) {
	case SMTP_COMMANDS:
		smtp_command_line(smtp, line);
		break;
	case SMTP_AUTH_PLAIN:
	case SMTP_AUTH_USER:
	case SMTP_AUTH_PASSWORD:
		smtp_auth_line(smtp, line);
		break;
	case SMTP_DATA:
		smtp_data_line(smtp, line, has_cr);
		break;
	case SMTP_SILENT:
	case SMTP_CLOSED:
		break;
	}
}

/* len: without LF. Refuses what is too long, as far as it is known. */
static bool
smtp_is_line_short(struct smtp *smtp, const char *data, size_t len)
{
	bool has_cr = len > 0 && data[len - 1] == '\r';

	if (smtp->phase == SMTP_DATA) {
		if (len <= SMTP_LINE_MAX)
			return true;
		smtp_refuse_input(smtp, "500 5.0.0 Line too long");
		return false;
	}
	if (len - has_cr <= SMTP_COMMAND_MAX)
		return true;
	smtp_refuse_input(smtp, "500 5.0.0 Command line too long");
	return false;
}

/* One line from the beginning of data. Bytes used; 0: not a whole line. */
static size_t
smtp_take_line(struct smtp *smtp, const char *data, size_t len)
{
	const char *end = memchr(data + smtp->scanned, '\n',
	    len - smtp->scanned);
	size_t line_len = end == NULL ? len : (size_t)(end - data);
	bool has_cr = line_len > 0 && data[line_len - 1] == '\r';

	if (!smtp_is_line_short(smtp, data, line_len))
		return len;
	if (end == NULL) {
		smtp->scanned = len;
		return 0;
	}
	smtp->scanned = 0;
	smtp->behind = len - line_len - 1;
	smtp_line(smtp, (struct str){ data, (uint32_t)(line_len - has_cr) },
	    has_cr);
	return line_len + 1;
}

/* As many lines as can be worked on. Bytes used. */
static size_t
smtp_consume(struct smtp *smtp, const char *data, size_t len)
{
	size_t used = 0, line;

	smtp->is_running = true;
	while (used < len && smtp_is_able(smtp)) {
		line = smtp_take_line(smtp, data + used, len - used);
		if (line == 0)
			break;
		used += line;
	}
	smtp->is_running = false;
	return smtp->phase == SMTP_CLOSED ? len : used;
}

void
smtp_resume(struct smtp *smtp)
{
	if (!smtp->is_running && smtp->input.len > 0)
		bytes_take(&smtp->input,
		    smtp_consume(smtp, bytes_front(&smtp->input),
			smtp->input.len));
}

void
smtp_input(struct smtp *smtp, const char *data, size_t len)
{
	size_t used = 0;

	assert(!smtp->is_running);
	if (smtp->input.len == 0)
		used = smtp_consume(smtp, data, len);
	if (!bytes_append(&smtp->input, data + used, len - used,
		SMTP_INPUT_MAX))
		smtp_starve(smtp);
	if (used == 0)
		smtp_resume(smtp);
}

/* The session. */

void
smtp_greet(struct smtp *smtp, const struct smtp_peer *peer)
{
	smtp->peer = peer;
	smtp->phase = SMTP_COMMANDS;
	smtp_reply(smtp, "220 %.*s ESMTP smtpd", STR_ARG(peer->hostname));
}

void
smtp_secure(struct smtp *smtp, struct str text)
{
	snprintf(smtp->tls_text, sizeof(smtp->tls_text), "%.*s", STR_ARG(text));
	smtp->is_secure = true;
	smtp->helo = STR_LIT("");
	smtp->is_extended = false;
	smtp->wait = SMTP_READY;
}

void
smtp_end_tx(struct smtp *smtp)
{
	if (smtp->tx == NULL)
		return;
	smtp->ops->rollback(smtp->arg);
	smtp_data_fini(smtp);
	free(smtp->tx);
	smtp->tx = NULL;
}
