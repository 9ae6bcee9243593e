/*
 * The table of commands, and those that take no more than a reply.
 */
#include "runtime/smtp/smtp_private.h"

/*
 * A command whose word ends in ':' is separated from its argument by that,
 * the others by a blank. The argument is without blanks in front; its ptr is
 * NULL where there is none.
 */
struct smtp_command {
	const char *word;
	bool (*check)(struct smtp *smtp, struct str arg);
	void (*proceed)(struct smtp *smtp, struct str arg);
};

static bool
smtp_refuse_state(struct smtp *smtp)
{
	return smtp_refuse(smtp,
	    "503 5.5.1 Invalid command: "
	    "Command not allowed at this point.");
}

bool
smtp_check_outside(struct smtp *smtp)
{
	return (smtp->helo.len > 0 && smtp->tx == NULL) ||
	    smtp_refuse_state(smtp);
}

bool
smtp_check_inside(struct smtp *smtp)
{
	return smtp->tx != NULL || smtp_refuse_state(smtp);
}

bool
smtp_check_no_argument(struct smtp *smtp, struct str arg)
{
	return arg.ptr == NULL ||
	    smtp_refuse(smtp,
		"500 5.5.4 Invalid command arguments: "
		"command does not accept arguments.");
}

/* HELO and EHLO. */

static bool
smtp_check_name(struct smtp *smtp, struct str arg, const char *word)
{
	if (smtp->helo.len > 0)
		return smtp_refuse(smtp,
		    "503 5.5.1 Invalid command: Already identified");
	if (arg.ptr == NULL)
		return smtp_refuse(smtp,
		    "501 5.5.1 Invalid command: %s requires domain name", word);
	return address_is_domain(arg) ||
	    smtp_refuse(smtp,
		"501 5.5.4 Invalid command arguments: Invalid domain name");
}

static bool
smtp_check_helo(struct smtp *smtp, struct str arg)
{
	return smtp_check_name(smtp, arg, "HELO");
}

static bool
smtp_check_ehlo(struct smtp *smtp, struct str arg)
{
	return smtp_check_name(smtp, arg, "EHLO");
}

static void
smtp_hello(struct smtp *smtp, struct str arg, char separator)
{
	memcpy(smtp->helo_text, arg.ptr, arg.len);
	smtp->helo = (struct str){ smtp->helo_text, arg.len };
	smtp_reply(smtp, "250%c%.*s Hello %.*s %.*s, pleased to meet you",
	    separator, STR_ARG(smtp->peer->hostname), STR_ARG(arg),
	    STR_ARG(smtp->peer->address));
}

static void
smtp_proceed_helo(struct smtp *smtp, struct str arg)
{
	smtp_hello(smtp, arg, ' ');
}

static void
smtp_proceed_ehlo(struct smtp *smtp, struct str arg)
{
	const struct smtp_config *config = smtp->config;

	smtp->is_extended = true;
	smtp_hello(smtp, arg, '-');
	smtp_reply(smtp, "250-8BITMIME");
	smtp_reply(smtp, "250-ENHANCEDSTATUSCODES");
	smtp_reply(smtp, "250-PIPELINING");
	smtp_reply(smtp, "250-SIZE %llu", (unsigned long long)config->size_max);
	if (!config->no_dsn)
		smtp_reply(smtp, "250-DSN");
	if (config->tls != SMTP_TLS_NONE && !smtp->is_secure)
		smtp_reply(smtp, "250-STARTTLS");
	if (config->login != SMTP_LOGIN_NONE && smtp->is_secure &&
	    !smtp->is_authenticated)
		smtp_reply(smtp, "250-AUTH PLAIN LOGIN");
	smtp_reply(smtp, "250 HELP");
}

/* STARTTLS. */

static bool
smtp_check_starttls(struct smtp *smtp, struct str arg)
{
	if (!smtp_check_outside(smtp))
		return false;
	if (smtp->config->tls == SMTP_TLS_NONE)
		return smtp_refuse(smtp,
		    "503 5.5.1 Invalid command: Command not supported");
	if (smtp->is_secure)
		return smtp_refuse(smtp,
		    "503 5.5.1 Invalid command: Channel already secured");
	return arg.ptr == NULL ||
	    smtp_refuse(smtp,
		"501 5.5.4 Invalid command arguments: "
		"No parameters allowed");
}

/* What the client sent behind the command was sent by anyone. */
static void
smtp_proceed_starttls(struct smtp *smtp, struct str arg)
{
	(void)arg;
	if (smtp->behind > 0) {
		smtp_refuse_input(smtp,
		    "500 5.5.1 Invalid command: Pipelining not supported");
		return;
	}
	smtp_reply(smtp, "220 2.0.0 Ready to start TLS");
	smtp->wait = SMTP_WAIT_TLS;
	smtp->ops->start_tls(smtp->arg);
}

/* The rest. */

static bool
smtp_check_nothing(struct smtp *smtp, struct str arg)
{
	(void)smtp;
	(void)arg;
	return true;
}

static bool
smtp_check_rset(struct smtp *smtp, struct str arg)
{
	if (!smtp_check_no_argument(smtp, arg))
		return false;
	return smtp->helo.len > 0 || smtp_refuse_state(smtp);
}

static void
smtp_proceed_rset(struct smtp *smtp, struct str arg)
{
	(void)arg;
	smtp_end_tx(smtp);
	smtp_reply(smtp, "250 2.0.0 Reset state");
}

static void
smtp_proceed_noop(struct smtp *smtp, struct str arg)
{
	(void)arg;
	smtp_reply(smtp, "250 2.0.0 Ok");
}

static void
smtp_proceed_quit(struct smtp *smtp, struct str arg)
{
	(void)arg;
	smtp_reply(smtp, "221 2.0.0 Bye");
	smtp_close(smtp);
}

static void
smtp_proceed_help(struct smtp *smtp, struct str arg)
{
	(void)arg;
	smtp_reply(smtp, "214-2.0.0 This is smtpd");
	smtp_reply(smtp, "214 2.0.0 End of HELP info");
}

static void
smtp_proceed_wiz(struct smtp *smtp, struct str arg)
{
	(void)arg;
	smtp_reply(smtp,
	    "500 5.5.1 Invalid command: "
	    "this feature is not supported yet ;-)");
}

static const struct smtp_command smtp_commands[] = {
	{ "HELO", smtp_check_helo, smtp_proceed_helo },
	{ "EHLO", smtp_check_ehlo, smtp_proceed_ehlo },
	{ "STARTTLS", smtp_check_starttls, smtp_proceed_starttls },
	{ "AUTH", smtp_check_auth, smtp_proceed_auth },
	{ "MAIL FROM:", smtp_check_mail, smtp_proceed_mail },
	{ "RCPT TO:", smtp_check_rcpt, smtp_proceed_rcpt },
	{ "DATA", smtp_check_data, smtp_proceed_data },
	{ "RSET", smtp_check_rset, smtp_proceed_rset },
	{ "NOOP", smtp_check_nothing, smtp_proceed_noop },
	{ "QUIT", smtp_check_no_argument, smtp_proceed_quit },
	{ "HELP", smtp_check_no_argument, smtp_proceed_help },
	{ "WIZ", smtp_check_no_argument, smtp_proceed_wiz },
};

/* Whether line is the command; *arg_r is what follows. */
static bool
smtp_split(struct str line, const char *word, struct str *arg_r)
{
	struct str head = { line.ptr, (uint32_t)strlen(word) };
	bool has_colon = word[head.len - 1] == ':';
	struct str arg;

	if (line.len < head.len || !str_eq_nocase(head, str_from(word)))
		return false;
	arg = (struct str){ line.ptr + head.len, line.len - head.len };
	if (!has_colon && arg.len == 0) {
		*arg_r = (struct str){ NULL, 0 };
		return true;
	}
	if (!has_colon && arg.ptr[0] != ' ')
		return false;
	while (arg.len > 0 && (arg.ptr[0] == ' ' || arg.ptr[0] == '\t'))
		arg = (struct str){ arg.ptr + 1, arg.len - 1 };
	*arg_r = arg;
	return true;
}

void
smtp_command_line(struct smtp *smtp, struct str line)
{
	const struct smtp_command *command = smtp_commands;
	const struct smtp_command *end = smtp_commands +
	    sizeof(smtp_commands) / sizeof(*smtp_commands);
	struct str arg;

	while (command < end && !smtp_split(line, command->word, &arg))
		command++;
	if (command < end && command->check == smtp_check_auth)
		smtp_auth_set_command(smtp, arg);
	else
		smtp_set_command(smtp, line);
	if (command == end)
		smtp_reply(smtp,
		    "500 5.5.1 Invalid command: Command unrecognized");
	else if (command->check(smtp, arg))
		command->proceed(smtp, arg);
}
