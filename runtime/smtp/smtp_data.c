/*
 * DATA: the lines of a message, what is written in front of them, and what
 * is said at the end. Only a dot between CR LF and CR LF ends a message. One
 * between other line ends is what smuggles a second message past a server
 * that takes it for an end, or a client that should be mended: it refuses
 * the message, at the end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/smtp/smtp_private.h"

enum {
	/* A name, an address, a user and what stands around them. */
	SMTP_RECEIVED_MAX = 4096,
	SMTP_DATE_MAX = 128,
};

/* Bodies of fields that may be added. */
struct smtp_texts {
	char date[SMTP_DATE_MAX];
	char message_id[SMTP_ADDRESS_MAX];
};

static const char *const smtp_refusals[SMTP_REFUSALS] = {
	[SMTP_DATA_TOO_BIG] = "554 5.3.4 Message too big for system: "
			      "Transaction failed, message too big",
	[SMTP_DATA_LOOP] = "500 5.4.6 Routing loop detected: Loop detected",
	[SMTP_DATA_MALFORMED] =
	    "550 5.7.1 Delivery not authorized, message refused: "
	    "Message is not RFC 2822 compliant",
	[SMTP_DATA_BARE_DOT] =
	    "550 5.7.1 Delivery not authorized, message refused: "
	    "Dot on a line that does not begin and end with CRLF",
	[SMTP_DATA_NOT_WRITTEN] = "421 4.3.0 Temporary Error",
};

bool
smtp_check_data(struct smtp *smtp, struct str arg)
{
	if (!smtp_check_no_argument(smtp, arg) || !smtp_check_inside(smtp))
		return false;
	return smtp->tx->rcpts > 0 ||
	    smtp_refuse(smtp,
		"503 5.5.4 Invalid command arguments: "
		"No recipient specified");
}

void
smtp_proceed_data(struct smtp *smtp, struct str arg)
{
	(void)arg;
	smtp->wait = SMTP_WAIT_DATA;
	smtp->ops->data(smtp->arg);
}

void
smtp_data_fini(struct smtp *smtp)
{
	header_fini(&smtp->header);
	free(smtp->texts);
	smtp->texts = NULL;
}

static bool
smtp_data_write(void *arg, struct str bytes)
{
	struct smtp *smtp = arg;

	return smtp->ops->append(smtp->arg, bytes);
}

/* "Mon, 23 Nov 2026 13:17:53 +0000 (UTC)", whatever the locale. */
static void
smtp_data_date(time_t time, char text[SMTP_DATE_MAX])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;
	long minutes;

	localtime_r(&time, &tm);
	minutes = tm.tm_gmtoff / 60;
	snprintf(text, SMTP_DATE_MAX,
	    "%s, %d %s %d %02d:%02d:%02d %c%02ld%02ld (%s)", days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, minutes < 0 ? '-' : '+', labs(minutes) / 60,
	    labs(minutes) % 60, tm.tm_zone);
}

/* Appends to text of SMTP_RECEIVED_MAX bytes; what does not fit is cut. */
static void smtp_data_add(char *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
smtp_data_add(char *text, const char *format, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + len, SMTP_RECEIVED_MAX - len, format, ap);
	va_end(ap);
}

static void
smtp_data_add_received(const struct smtp *smtp, char *text, const char *date)
{
	const struct smtp_config *config = smtp->config;

	smtp_data_add(text, "Received: ");
	if (!config->masks_source)
		smtp_data_add(text, "from %.*s (%.*s %.*s)",
		    STR_ARG(smtp->helo), STR_ARG(smtp->peer->rdns),
		    STR_ARG(smtp->peer->address));
	smtp_data_add(text, "\n\tby %.*s (smtpd) with %sSMTP%s%s id %08x",
	    STR_ARG(smtp->peer->hostname), smtp->is_extended ? "E" : "",
	    smtp->is_secure ? "S" : "", smtp->is_authenticated ? "A" : "",
	    smtp->msgid);
	if (smtp->is_secure) {
		smtp_data_add(text, " (%s:%s)", smtp->tls_text,
		    config->verifies_clients ? "YES" : "NO");
		if (config->received_auth && smtp->username.len > 0)
			smtp_data_add(text, " auth=yes user=%.*s",
			    STR_ARG(smtp->username));
		else if (config->received_auth)
			smtp_data_add(text, " auth=no");
	}
	if (smtp->tx->rcpts == 1)
		smtp_data_add(text, "\n\tfor <%s>", smtp->tx->first_text);
	smtp_data_add(text, ";\n\t%s\n", date);
}

static void
smtp_data_set_options(struct smtp *smtp, const struct smtp_message *message)
{
	const struct smtp_config *config = smtp->config;
	struct header_options *options = &smtp->header_options;
	bool masquerades = config->masquerades && smtp->username.len > 0 &&
	    smtp->tx->sender.user.len > 0;

	snprintf(smtp->texts->message_id, sizeof(smtp->texts->message_id),
	    "<%016llx@%.*s>", (unsigned long long)message->unique,
	    STR_ARG(config->domain));
	*options = (struct header_options){
		.domain = config->domain,
		.masquerade = str_from(masquerades ? smtp->tx->sender_text :
						     ""),
		.write = smtp_data_write,
		.arg = smtp,
	};
	if (config->completes_messages) {
		options->date = str_from(smtp->texts->date);
		options->message_id = str_from(smtp->texts->message_id);
	}
}

static void
smtp_data_begin(struct smtp *smtp, const struct smtp_message *message)
{
	char text[SMTP_RECEIVED_MAX] = "";

	smtp->phase = SMTP_DATA;
	smtp->msgid = message->msgid;
	smtp->size = 0;
	smtp->has_closed_cr = true;
	smtp_data_date(message->time, smtp->texts->date);
	smtp_data_set_options(smtp, message);
	header_init(&smtp->header, &smtp->header_options);
	if (message->is_junk)
		smtp_data_add(text, "X-Spam: Yes\n");
	smtp_data_add_received(smtp, text, smtp->texts->date);
	smtp->refusal = smtp_data_write(smtp, str_from(text)) ?
	    SMTP_DATA_OK :
	    SMTP_DATA_NOT_WRITTEN;
	smtp_reply(smtp, "354 Enter mail, end with \".\" on a line by itself");
}

void
smtp_answer_data(struct smtp *smtp, const struct smtp_message *message)
{
	smtp->wait = SMTP_READY;
	if (message != NULL)
		smtp->texts = calloc(1, sizeof(*smtp->texts));
	if (smtp->texts != NULL)
		smtp_data_begin(smtp, message);
	else {
		smtp_end_tx(smtp);
		smtp_reply(smtp, "421 4.3.0 Temporary Error");
		smtp_close(smtp);
	}
	smtp_resume(smtp);
}

static void
smtp_data_note(struct smtp *smtp, enum header_status status)
{
	switch (status) {
	case HEADER_OK:
		break;
	case HEADER_MALFORMED:
		smtp->refusal = SMTP_DATA_MALFORMED;
		break;
	case HEADER_LOOP:
		smtp->refusal = SMTP_DATA_LOOP;
		break;
	case HEADER_NOT_WRITTEN:
		smtp->refusal = SMTP_DATA_NOT_WRITTEN;
		break;
	}
}

static void
smtp_data_end(struct smtp *smtp)
{
	smtp->phase = SMTP_COMMANDS;
	if (smtp->refusal == SMTP_DATA_OK)
		smtp_data_note(smtp, header_end(&smtp->header));
	if (smtp->refusal != SMTP_DATA_OK) {
		smtp_end_tx(smtp);
		smtp_reply(smtp, "%s", smtp_refusals[smtp->refusal]);
		return;
	}
	smtp->wait = SMTP_WAIT_COMMIT;
	smtp->ops->commit(smtp->arg);
}

void
smtp_data_line(struct smtp *smtp, struct str line, bool has_cr)
{
	bool was_closed = smtp->has_closed_cr;
	bool is_dot = line.len == 1 && line.ptr[0] == '.';

	smtp->has_closed_cr = has_cr;
	if (is_dot && was_closed && has_cr) {
		smtp_data_end(smtp);
		return;
	}
	if (smtp->refusal != SMTP_DATA_OK)
		return;
	smtp->size += line.len + 1;
	if (is_dot)
		smtp->refusal = SMTP_DATA_BARE_DOT;
	else if (smtp->size > smtp->config->size_max)
		smtp->refusal = SMTP_DATA_TOO_BIG;
	if (smtp->refusal != SMTP_DATA_OK)
		return;
	if (line.len > 0 && line.ptr[0] == '.')
		line = (struct str){ line.ptr + 1, line.len - 1 };
	smtp_data_note(smtp, header_line(&smtp->header, line));
}

/* The transaction is over without a roll-back: the queue has it. */
void
smtp_answer_commit(struct smtp *smtp, bool is_committed)
{
	smtp->wait = SMTP_READY;
	if (is_committed) {
		smtp_data_fini(smtp);
		free(smtp->tx);
		smtp->tx = NULL;
		smtp->mails++;
		smtp_reply(smtp, "250 2.0.0 %08x Message accepted for delivery",
		    smtp->msgid);
	} else {
		smtp_end_tx(smtp);
		smtp_reply(smtp, "421 4.3.0 Temporary failure");
		smtp_close(smtp);
	}
	smtp_resume(smtp);
}
