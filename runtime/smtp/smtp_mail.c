/*
 * MAIL and RCPT: their addresses, and their parameters, those of DSN
 * (RFC 3461) above all.
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/smtp/smtp_private.h"

/* Completes the address and joins it in text. */
static struct mailaddr
smtp_complete(const struct smtp *smtp, struct mailaddr addr,
    char text[SMTP_ADDRESS_MAX + 1])
{
	struct str domain = addr.domain;
	struct str whole;

	if (domain.len == 0 && addr.user.len > 0)
		domain = smtp->peer->hostname;
	snprintf(text, SMTP_ADDRESS_MAX + 1, "%.*s@%.*s", STR_ARG(addr.user),
	    STR_ARG(domain));
	whole = str_from(text);
	return (struct mailaddr){
		.user = { text, addr.user.len },
		.domain = { text + addr.user.len + 1,
		    whole.len - addr.user.len - 1 },
	};
}

/* The next parameter; false behind the last. */
static bool
smtp_next_option(struct str *rest, struct str *option_r)
{
	const char *blank;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = (struct str){ rest->ptr + 1, rest->len - 1 };
	blank = memchr(rest->ptr, ' ', rest->len);
	*option_r = *rest;
	if (blank != NULL)
		option_r->len = (uint32_t)(blank - rest->ptr);
	rest->ptr += option_r->len;
	rest->len -= option_r->len;
	return option_r->len > 0;
}

/* Whether option is NAME=value, in any case. */
static bool
smtp_option_is(struct str option, const char *name, struct str *value_r)
{
	struct str head = { option.ptr, (uint32_t)strlen(name) };

	if (option.len < head.len || !str_eq_nocase(head, str_from(name)))
		return false;
	*value_r = (struct str){ option.ptr + head.len, option.len - head.len };
	return true;
}

/* MAIL. */

bool
smtp_check_mail(struct smtp *smtp, struct str arg)
{
	const struct smtp_config *config = smtp->config;

	(void)arg;
	if (!smtp_check_outside(smtp))
		return false;
	if (config->tls == SMTP_TLS_REQUIRED && !smtp->is_secure)
		return smtp_refuse(smtp,
		    "530 5.5.1 Invalid command: "
		    "Must issue a STARTTLS command first");
	if (config->login == SMTP_LOGIN_REQUIRED && !smtp->is_authenticated)
		return smtp_refuse(smtp,
		    "530 5.5.1 Invalid command: "
		    "Must issue an AUTH command first");
	return smtp->mails < config->mails_max ||
	    smtp_refuse(smtp,
		"452 4.5.3 Too many recipients: Too many messages sent");
}

/* It ends up in a file of lines. */
static bool
smtp_is_printable(struct str s)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '!' || s.ptr[i] > '~')
			return false;
	return true;
}

static bool
smtp_mail_set_envid(struct smtp *smtp, struct smtp_tx *tx, struct str value)
{
	if (value.len > SMTP_ENVID_MAX)
		return smtp_refuse(smtp,
		    "503 5.5.4 Invalid command arguments: "
		    "option too large, truncated: %.*s",
		    STR_ARG(value));
	snprintf(tx->envid_text, sizeof(tx->envid_text), "%.*s",
	    STR_ARG(value));
	tx->envid = str_from(tx->envid_text);
	return true;
}

static bool
smtp_mail_set_option(struct smtp *smtp, struct smtp_tx *tx, struct str option)
{
	bool has_dsn = !smtp->config->no_dsn;
	struct str value;

	if (smtp_option_is(option, "AUTH=", &value) ||
	    smtp_option_is(option, "SIZE=", &value) ||
	    str_eq_nocase(option, STR_LIT("BODY=7BIT")) ||
	    str_eq_nocase(option, STR_LIT("BODY=8BITMIME")))
		return true;
	if (has_dsn && smtp_option_is(option, "RET=", &value)) {
		if (str_eq_nocase(value, STR_LIT("HDRS")))
			tx->ret = SMTP_RET_HDRS;
		else if (str_eq_nocase(value, STR_LIT("FULL")))
			tx->ret = SMTP_RET_FULL;
		return true;
	}
	if (has_dsn && smtp_option_is(option, "ENVID=", &value) &&
	    smtp_is_printable(value))
		return smtp_mail_set_envid(smtp, tx, value);
	return smtp_refuse(smtp,
	    "503 5.5.4 Invalid command arguments: Unsupported option %.*s",
	    STR_ARG(option));
}

void
smtp_proceed_mail(struct smtp *smtp, struct str arg)
{
	struct smtp_tx *tx;
	struct mailaddr addr;
	struct str rest, option;

	if (!address_read_path(arg, &addr, &rest)) {
		smtp_reply(smtp, "553 5.1.0 Sender address syntax error");
		return;
	}
	tx = calloc(1, sizeof(*tx));
	if (tx == NULL) {
		smtp_reply(smtp, "421 4.3.0 Temporary Error");
		return;
	}
	tx->envid = STR_LIT("");
	tx->sender = smtp_complete(smtp, addr, tx->sender_text);
	while (smtp_next_option(&rest, &option))
		if (!smtp_mail_set_option(smtp, tx, option)) {
			free(tx);
			return;
		}
	smtp->tx = tx;
	smtp->wait = SMTP_WAIT_MAIL;
	smtp->ops->mail(smtp->arg);
}

void
smtp_answer_mail(struct smtp *smtp, enum smtp_mail answer)
{
	smtp->wait = SMTP_READY;
	if (answer != SMTP_MAIL_OK)
		smtp_end_tx(smtp);
	switch (answer) {
	case SMTP_MAIL_OK:
		smtp_reply(smtp, "250 2.0.0 Ok");
		break;
	case SMTP_MAIL_REJECTED:
		smtp_reply(smtp, "530 Sender rejected");
		break;
	case SMTP_MAIL_TEMPFAIL:
		smtp_reply(smtp, "421 4.3.0 Temporary Error");
		break;
	}
	smtp_resume(smtp);
}

/* RCPT. */

bool
smtp_check_rcpt(struct smtp *smtp, struct str arg)
{
	(void)arg;
	if (!smtp_check_inside(smtp))
		return false;
	return smtp->tx->rcpts < smtp->config->rcpts_max ||
	    smtp_refuse(smtp,
		"451 4.5.3 Too many recipients: Too many recipients");
}

static unsigned
smtp_rcpt_notify(struct str word)
{
	static const struct {
		const char *word;
		unsigned flag;
	} words[] = {
		{ "SUCCESS", SMTP_NOTIFY_SUCCESS },
		{ "FAILURE", SMTP_NOTIFY_FAILURE },
		{ "DELAY", SMTP_NOTIFY_DELAY },
		{ "NEVER", SMTP_NOTIFY_NEVER },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq_nocase(word, str_from(words[i].word)))
			return words[i].flag;
	return 0;
}

static bool
smtp_rcpt_set_notify(struct smtp *smtp, struct smtp_rcpt *rcpt,
    struct str value)
{
	while (value.len > 0) {
		const char *comma = memchr(value.ptr, ',', value.len);
		struct str word = value;

		if (comma != NULL)
			word.len = (uint32_t)(comma - value.ptr);
		rcpt->notify |= smtp_rcpt_notify(word);
		value.ptr += word.len + (comma != NULL);
		value.len -= word.len + (comma != NULL);
	}
	return (rcpt->notify & SMTP_NOTIFY_NEVER) == 0 ||
	    rcpt->notify == SMTP_NOTIFY_NEVER ||
	    smtp_refuse(smtp,
		"553 NOTIFY option NEVER cannot be combined with other "
		"options");
}

static bool
smtp_is_hex(char c)
{
	return str_is_digit(c) || (c >= 'A' && c <= 'F');
}

/* RFC 3461 4 */
static bool
smtp_is_xtext(struct str s)
{
	for (uint32_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c < '!' || c > '~' || c == '=')
			return false;
		if (c != '+')
			continue;
		if (s.len - i < 3 || !smtp_is_hex(s.ptr[i + 1]) ||
		    !smtp_is_hex(s.ptr[i + 2]))
			return false;
		i += 2;
	}
	return true;
}

static bool
smtp_is_orcpt(struct str value)
{
	const char *semicolon = memchr(value.ptr, ';', value.len);

	return semicolon != NULL && semicolon > value.ptr &&
	    value.len <= SMTP_ORCPT_MAX && smtp_is_xtext(value);
}

static bool
smtp_rcpt_set_option(struct smtp *smtp, struct smtp_rcpt *rcpt,
    struct str option)
{
	bool has_dsn = !smtp->config->no_dsn;
	struct str value;

	if (has_dsn && smtp_option_is(option, "NOTIFY=", &value))
		return smtp_rcpt_set_notify(smtp, rcpt, value);
	if (has_dsn && smtp_option_is(option, "ORCPT=", &value)) {
		rcpt->orcpt = value;
		return smtp_is_orcpt(value) ||
		    smtp_refuse(smtp, "553 ORCPT address syntax error");
	}
	return smtp_refuse(smtp, "503 Unsupported option %.*s",
	    STR_ARG(option));
}

void
smtp_proceed_rcpt(struct smtp *smtp, struct str arg)
{
	struct smtp_rcpt rcpt = { .orcpt = STR_LIT("") };
	struct mailaddr addr;
	struct str rest, option;

	if (!address_read_path(arg, &addr, &rest) || addr.user.len == 0) {
		smtp_reply(smtp, "501 5.1.3 Recipient address syntax error");
		return;
	}
	rcpt.address = smtp_complete(smtp, addr, smtp->tx->rcpt_text);
	while (smtp_next_option(&rest, &option))
		if (!smtp_rcpt_set_option(smtp, &rcpt, option))
			return;
	smtp->wait = SMTP_WAIT_RCPT;
	smtp->ops->rcpt(smtp->arg, &rcpt);
}

void
smtp_answer_rcpt(struct smtp *smtp, struct str reply)
{
	struct smtp_tx *tx = smtp->tx;

	smtp->wait = SMTP_READY;
	if (reply.len == 0) {
		if (tx->rcpts++ == 0)
			memcpy(tx->first_text, tx->rcpt_text,
			    sizeof(tx->first_text));
		smtp_reply(smtp,
		    "250 2.1.5 Destination address valid: Recipient ok");
	} else
		smtp_reply(smtp, "%.*s: <%s>", STR_ARG(reply), tx->rcpt_text);
	smtp_resume(smtp);
}
