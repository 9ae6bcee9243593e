/*
 * AUTH PLAIN (RFC 4616) and LOGIN. What was sent is taken apart here and
 * judged elsewhere; it is kept nowhere and never part of a log line.
 */
#include <stdio.h>

#include "runtime/smtp/base64.h"
#include "runtime/smtp/smtp_private.h"

/* The mechanism; *rest_r is the initial response, ptr NULL without. */
static struct str
smtp_auth_split(struct str arg, struct str *rest_r)
{
	const char *blank = memchr(arg.ptr, ' ', arg.len);
	struct str method = arg;

	*rest_r = (struct str){ NULL, 0 };
	if (blank == NULL)
		return method;
	method.len = (uint32_t)(blank - arg.ptr);
	*rest_r = (struct str){ blank, arg.len - method.len };
	while (rest_r->len > 0 && rest_r->ptr[0] == ' ')
		*rest_r = (struct str){ rest_r->ptr + 1, rest_r->len - 1 };
	return method;
}

void
smtp_auth_set_command(struct smtp *smtp, struct str arg)
{
	char text[SMTP_COMMAND_MAX + sizeof("AUTH  (username)")];
	struct str rest, method;
	const char *hidden = "";

	if (arg.ptr == NULL) {
		smtp_set_command(smtp, STR_LIT("AUTH"));
		return;
	}
	method = smtp_auth_split(arg, &rest);
	if (str_eq_nocase(method, STR_LIT("LOGIN")))
		hidden = " (username)";
	else if (rest.len > 0 || str_eq_nocase(method, STR_LIT("PLAIN")))
		hidden = " (...)";
	snprintf(text, sizeof(text), "AUTH %.*s%s", STR_ARG(method), hidden);
	smtp_set_command(smtp, str_from(text));
}

bool
smtp_check_auth(struct smtp *smtp, struct str arg)
{
	if (!smtp_check_outside(smtp))
		return false;
	if (smtp->is_authenticated)
		return smtp_refuse(smtp,
		    "503 5.5.1 Invalid command: Already authenticated");
	if (smtp->config->login == SMTP_LOGIN_NONE || !smtp->is_secure)
		return smtp_refuse(smtp,
		    "503 5.5.1 Invalid command: Command not supported");
	return arg.ptr != NULL ||
	    smtp_refuse(smtp,
		"501 5.5.4 Invalid command arguments: "
		"No parameters given");
}

static void
smtp_auth_refuse(struct smtp *smtp)
{
	smtp->phase = SMTP_COMMANDS;
	smtp_reply(smtp, "501 5.5.2 Syntax error: Syntax error");
}

/* Neither may hold what ends a line or a C string: it goes to files. */
static bool
smtp_auth_is_text(struct str s)
{
	return s.len > 0 && memchr(s.ptr, '\0', s.len) == NULL &&
	    memchr(s.ptr, '\r', s.len) == NULL &&
	    memchr(s.ptr, '\n', s.len) == NULL;
}

/* Kept until the answer has come. */
static bool
smtp_auth_keep_user(struct smtp *smtp, struct str user)
{
	if (!smtp_auth_is_text(user) || user.len > SMTP_USER_MAX)
		return false;
	memcpy(smtp->username_text, user.ptr, user.len);
	smtp->username_text[user.len] = '\0';
	return true;
}

static bool
smtp_auth_ask(struct smtp *smtp, struct str password)
{
	if (!smtp_auth_is_text(password))
		return false;
	smtp->phase = SMTP_COMMANDS;
	smtp->wait = SMTP_WAIT_AUTH;
	smtp->ops->auth(smtp->arg, str_from(smtp->username_text), password);
	return true;
}

/* [authorization identity] NUL user NUL password */
static bool
smtp_auth_plain(struct smtp *smtp, struct str text)
{
	const char *end = text.ptr + text.len, *user, *password;

	user = memchr(text.ptr, '\0', text.len);
	if (user == NULL)
		return false;
	user++;
	password = memchr(user, '\0', (size_t)(end - user));
	if (password == NULL)
		return false;
	password++;
	return smtp_auth_keep_user(smtp,
		   (struct str){ user, (uint32_t)(password - 1 - user) }) &&
	    smtp_auth_ask(smtp,
		(struct str){ password, (uint32_t)(end - password) });
}

static bool
smtp_auth_user(struct smtp *smtp, struct str user)
{
	if (!smtp_auth_keep_user(smtp, user))
		return false;
	smtp->phase = SMTP_AUTH_PASSWORD;
	smtp_set_command(smtp, STR_LIT("AUTH LOGIN (password)"));
	smtp_reply(smtp, "334 UGFzc3dvcmQ6");
	return true;
}

void
smtp_auth_line(struct smtp *smtp, struct str line)
{
	char decoded[SMTP_AUTH_MAX];
	struct str text = { decoded, 0 };
	bool is_good = base64_decode(line, decoded, sizeof(decoded), &text.len);

	if (is_good && smtp->phase == SMTP_AUTH_PLAIN)
		is_good = smtp_auth_plain(smtp, text);
	else if (is_good && smtp->phase == SMTP_AUTH_USER)
		is_good = smtp_auth_user(smtp, text);
	else if (is_good)
		is_good = smtp_auth_ask(smtp, text);
	if (!is_good)
		smtp_auth_refuse(smtp);
	explicit_bzero(decoded, sizeof(decoded));
}

void
smtp_proceed_auth(struct smtp *smtp, struct str arg)
{
	struct str response, method = smtp_auth_split(arg, &response);
	const char *prompt = "";

	if (str_eq_nocase(method, STR_LIT("PLAIN"))) {
		smtp->phase = SMTP_AUTH_PLAIN;
	} else if (str_eq_nocase(method, STR_LIT("LOGIN"))) {
		smtp->phase = SMTP_AUTH_USER;
		prompt = "VXNlcm5hbWU6";
	} else {
		smtp_reply(smtp,
		    "504 5.7.4 Security features not supported: "
		    "AUTH method \"%.*s\" not supported",
		    STR_ARG(method));
		return;
	}
	if (response.ptr != NULL)
		smtp_auth_line(smtp, response);
	else
		smtp_reply(smtp, "334 %s", prompt);
}

void
smtp_answer_auth(struct smtp *smtp, enum answer answer)
{
	smtp->wait = SMTP_READY;
	switch (answer) {
	case ANSWER_YES:
		smtp->is_authenticated = true;
		smtp->username = str_from(smtp->username_text);
		smtp_reply(smtp, "235 2.0.0 Authentication succeeded");
		break;
	case ANSWER_NO:
		smtp_reply(smtp, "535 Authentication failed");
		break;
	case ANSWER_FAILED:
		smtp_reply(smtp, "421 4.3.0 Temporary failure");
		break;
	}
	smtp_resume(smtp);
}
