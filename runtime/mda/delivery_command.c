/*
 * Texts of delivery commands, as OpenSMTPD composes them.
 */
#include "runtime/mda/delivery_command.h"

#include <paths.h>
#include <stdarg.h>
#include <stdio.h>

/* Environment. */

static bool __attribute__((format(printf, 2, 3)))
delivery_add_variable(struct delivery_environment *environment,
    const char *format, ...)
{
	char *at = environment->text + environment->len;
	size_t room = sizeof(environment->text) - environment->len;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(at, room, format, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= room ||
	    environment->count == DELIVERY_VARIABLES_MAX)
		return false;
	environment->len += (size_t)len + 1;
	environment->vars[environment->count++] = at;
	environment->vars[environment->count] = NULL;
	return true;
}

static void
delivery_clear_environment(struct delivery_environment *environment)
{
	environment->count = 0;
	environment->len = 0;
	environment->vars[0] = NULL;
}

void
delivery_set_mailbox_environment(struct delivery_environment *environment)
{
	delivery_clear_environment(environment);
	delivery_add_variable(environment, "HOME=/");
	delivery_add_variable(environment, "PATH=%s", _PATH_DEFPATH);
	delivery_add_variable(environment, "LOGNAME=root");
	delivery_add_variable(environment, "USER=root");
}

static bool
delivery_add_addresses(struct delivery_environment *environment,
    const struct envelope *envelope, enum ir_environment kind)
{
	struct mailaddr rcpt = mailaddr_split(envelope->rcpt);
	struct str sender = envelope->sender;

	if (str_is(sender, "@"))
		sender = STR_LIT("");
	return delivery_add_variable(environment, "RECIPIENT=%.*s",
		   STR_ARG(envelope->dest)) &&
	    delivery_add_variable(environment, "LOCAL=%.*s",
		STR_ARG(rcpt.user)) &&
	    delivery_add_variable(environment, "DOMAIN=%.*s",
		STR_ARG(rcpt.domain)) &&
	    (kind < IR_ENV_6_6 ||
		delivery_add_variable(environment, "SENDER=%.*s",
		    STR_ARG(sender))) &&
	    (kind < IR_ENV_7_6 ||
		delivery_add_variable(environment, "ORIGINAL_RECIPIENT=%.*s",
		    STR_ARG(envelope->rcpt)));
}

bool
delivery_set_environment(struct delivery_environment *environment,
    const struct delivery *delivery, const struct envelope *envelope)
{
	enum ir_environment kind = delivery->action->local.environment;
	const char *name = delivery->user->name;

	delivery_clear_environment(environment);
	delivery_add_variable(environment, "PATH=%s", _PATH_DEFPATH);
	if (kind == IR_ENV_PATH)
		return true;
	return delivery_add_variable(environment, "HOME=%s",
		   delivery->runs_as->home) &&
	    delivery_add_variable(environment, "SHELL=/bin/sh") &&
	    delivery_add_variable(environment, "USER=%s", name) &&
	    delivery_add_variable(environment, "LOGNAME=%s", name) &&
	    delivery_add_addresses(environment, envelope, kind) &&
	    (envelope->mda_subaddress.len == 0 ||
		delivery_add_variable(environment, "EXTENSION=%.*s",
		    STR_ARG(envelope->mda_subaddress)));
}

/* Commands. */

static int
delivery_format_maildir(const struct delivery *delivery, char *buf, size_t room)
{
	const struct ir_local *local = &delivery->action->local;
	struct str path = local->argument;
	const char *home = "";

	if (str_has_prefix(path, "~/")) {
		home = "%{user.directory}/";
		path = (struct str){ path.ptr + 2, path.len - 2 };
	}
	if (path.len == 0 && home[0] == '\0')
		return snprintf(buf, room, "%s/mail.maildir%s",
		    delivery->libexec, local->has_junk ? " -j" : "");
	return snprintf(buf, room, "%s/mail.maildir%s \"%s%.*s\"",
	    delivery->libexec, local->has_junk ? " -j" : "", home,
	    STR_ARG(path));
}

static int
delivery_format_method(const struct delivery *delivery, char *buf, size_t room)
{
	const struct ir_local *local = &delivery->action->local;
	const char *quote = local->shell == IR_SHELL_TWICE ? "\"" : "";

	switch (delivery->action->method) {
	case IR_MBOX:
		return snprintf(buf, room, "%s", "");
	case IR_MAILDIR:
		return delivery_format_maildir(delivery, buf, room);
	case IR_LMTP:
		return snprintf(buf, room, "%s/mail.lmtp -d %s%.*s%s -%c",
		    delivery->libexec, quote, STR_ARG(local->argument), quote,
		    local->lmtp_rcpt_to ? 'r' : 'u');
	case IR_MDA:
		if (local->shell != IR_SHELL_TWICE)
			return snprintf(buf, room, "%.*s",
			    STR_ARG(local->argument));
		return snprintf(buf, room, "%s/mail.mda \"%.*s\"",
		    delivery->libexec, STR_ARG(local->argument));
	case IR_FORWARD_ONLY:
	case IR_EXPAND_ONLY:
	case IR_RELAY:
		break;
	}
	return -1;
}

bool
delivery_command_format(const struct delivery *delivery,
    const struct envelope *envelope, char *buf, size_t room)
{
	int len;

	if (envelope->mda_exec.len > 0)
		len = snprintf(buf, room, "%.*s", STR_ARG(envelope->mda_exec));
	else
		len = delivery_format_method(delivery, buf, room);
	return len >= 0 && (size_t)len < room;
}

bool
delivery_is_unquoted(const struct ir_local *local, struct str argument)
{
	/* Between double quotes only these mean something. */
	static const char in_quotes[] = "\"$`\\";

	for (uint32_t i = 0; i < argument.len; i++) {
		char c = argument.ptr[i];

		if (local->shell == IR_SHELL_TWICE &&
		    strchr(in_quotes, c) != NULL)
			return false;
		if (local->shell == IR_SHELL_ONCE && !str_is_alnum(c) &&
		    strchr("/.:_-+@%[],", c) == NULL)
			return false;
	}
	return argument.len > 0 || local->shell == IR_SHELL_NONE;
}

bool
delivery_exec_is_file(struct str exec, struct str *path_r)
{
	struct str rest = STR_LIT("/mail.mboxfile -f %{mbox.from} ");
	const char *blank = memchr(exec.ptr, ' ', exec.len);
	uint32_t program;

	if (blank == NULL || exec.ptr[0] != '/')
		return false;
	program = (uint32_t)(blank - exec.ptr);
	if (program < strlen("/mail.mboxfile"))
		return false;
	program -= (uint32_t)strlen("/mail.mboxfile");
	exec = (struct str){ exec.ptr + program, exec.len - program };
	if (!str_has_prefix(exec, rest.ptr) || exec.len == rest.len)
		return false;
	*path_r = (struct str){ exec.ptr + rest.len, exec.len - rest.len };
	return true;
}
