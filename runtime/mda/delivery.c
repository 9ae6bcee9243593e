/*
 * Deliveries. What needs no command is done here: a Maildir, a file, LMTP.
 * A command goes to the shell as the config says it, with its formats
 * expanded; a path or destination that the shell would change is left to
 * the helper program, which gets it by way of the shell as it always did.
 */
#include "runtime/mda/delivery.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/expand/format.h"
#include "runtime/mda/command.h"
#include "runtime/mda/delivery_command.h"
#include "runtime/mda/lmtp.h"
#include "runtime/mda/maildir.h"
#include "runtime/mda/mbox.h"

#define DELIVERY_NO_COMMAND "mda command line could not be expanded"

/* What is known once the envelope was read. */
struct delivery_run {
	const struct delivery *delivery;
	struct envelope envelope;
	struct format_values values;
	struct mda_result *result;
	struct mda_source source;
	char head[3 * ENVELOPE_ADDRESS_MAX + 256];
	char extension[ENVELOPE_NAME_MAX];
};

unsigned
delivery_format_flags(const struct ir_local *local, unsigned version)
{
	unsigned flags = FORMAT_NATIVE;

	if (version == TARGET_NATIVE || local->sanitises_slash)
		flags |= FORMAT_NO_SLASH;
	flags |= version > TARGET_LEGACY ? FORMAT_MODERN : FORMAT_STRICT;
	return flags;
}

static void
delivery_fail(const struct delivery_run *run, int status, const char *text)
{
	command_set_result(run->result, status, str_from(text),
	    run->delivery->action->local.exit_policy);
}

/* Before it is the user. */

static bool
delivery_is_plain_mbox(const struct delivery *delivery)
{
	return delivery->action->method == IR_MBOX &&
	    delivery->wrapper.len == 0;
}

static bool
delivery_may_be_root(const struct delivery *delivery)
{
	return delivery_is_plain_mbox(delivery) ||
	    (delivery->action->local.root_may_deliver &&
		delivery->action->method == IR_MAILDIR);
}

/* No exit status, so that no policy applies; false. */
static bool
delivery_forbid(const struct delivery *delivery, struct mda_result *result)
{
	mda_result_set(result, MDA_PERMFAIL, EX_NOPERM,
	    "MDA not allowed to deliver to: %s", delivery->runs_as->name);
	return false;
}

static bool
delivery_is_allowed(const struct delivery *delivery, struct mda_result *result)
{
	uid_t uid = delivery->runs_as->uid;

	if ((uid == 0 && !delivery_may_be_root(delivery)) ||
	    (geteuid() != 0 && uid != geteuid()))
		return delivery_forbid(delivery, result);
	return true;
}

/* Only root can make a mailbox in a folder that is not the user's. */
static bool
delivery_create_mailbox(const struct delivery *delivery,
    struct mda_result *result)
{
	struct mbox mbox = {
		.folder = delivery->mailboxes,
		.user = delivery->user->name,
		.uid = delivery->user->uid,
		.gid = delivery->user->gid,
	};
	struct mda_status status;

	if (!delivery_is_plain_mbox(delivery) || geteuid() != 0 ||
	    mbox_create(&mbox, &status) == 0)
		return true;
	mda_result_set(result, MDA_TEMPFAIL, EX_OSERR, "%s", status.text);
	return false;
}

static bool
delivery_become_user(const struct delivery *delivery, struct mda_result *result)
{
	const struct account *account = delivery->runs_as;
	gid_t gid = account->gid;

	/* What a command makes is as in the user's own shell. */
	umask(022);
	if ((geteuid() != 0 ||
		(setgroups(1, &gid) == 0 && setresgid(gid, gid, gid) == 0 &&
		    setresuid(account->uid, account->uid, account->uid) ==
			0)) &&
	    (chdir(account->home) == 0 || chdir("/") == 0))
		return true;
	mda_result_set(result, MDA_TEMPFAIL, EX_OSERR, "cannot become %s: %s",
	    account->name, strerror(errno));
	return false;
}

/* Reading of envelope and message. */

/* The sub-address counts in lower case. */
static void
delivery_lower_extension(struct delivery_run *run)
{
	struct str *extension = &run->envelope.mda_subaddress;

	/* The reader's limit. */
	assert(extension->len <= sizeof(run->extension));
	for (uint32_t i = 0; i < extension->len; i++)
		run->extension[i] = str_lower(extension->ptr[i]);
	extension->ptr = run->extension;
}

static bool
delivery_read_envelope(struct delivery_run *run)
{
	const struct delivery *delivery = run->delivery;
	struct str field;

	if (envelope_read(delivery->envelope, &run->envelope, &field) !=
	    ENVELOPE_OK) {
		mda_result_set(run->result, MDA_TEMPFAIL, EX_SOFTWARE,
		    "envelope is damaged");
		return false;
	}
	if (delivery->runs_as->uid == 0 && run->envelope.mda_exec.len > 0)
		return delivery_forbid(delivery, run->result);
	delivery_lower_extension(run);
	run->values = (struct format_values){
		.sender = mailaddr_split(run->envelope.sender),
		.rcpt = mailaddr_split(run->envelope.rcpt),
		.dest = mailaddr_split(run->envelope.dest),
		.username = str_from(delivery->user->name),
		.directory = str_from(delivery->user->home),
	};
	return true;
}

/* Whether the message went through the hands of its recipient already. */
static bool
delivery_has_looped(struct delivery_run *run)
{
	struct str line, name = STR_LIT("Delivered-To: ");
	bool begins;

	mda_source_init(&run->source, STR_LIT(""), run->delivery->message);
	while (mda_source_read_line(&run->source, &line, &begins)) {
		struct str key = { line.ptr, name.len };

		if (begins && str_eq(line, STR_LIT("\n")))
			return false;
		if (line.ptr[line.len - 1] == '\n')
			line.len--;
		if (begins && line.len > name.len && str_eq_nocase(key, name) &&
		    str_eq_nocase((struct str){ line.ptr + name.len,
				      line.len - name.len },
			run->envelope.dest))
			return true;
	}
	return false;
}

/* What stands before the message as it was stored. */
static void
delivery_open_source(struct delivery_run *run)
{
	struct str sender = run->envelope.sender;
	size_t len = 0, room = sizeof(run->head);

	if (run->delivery->action->local.has_from_line)
		len = mda_from_line(sender, run->head, room);
	if (!str_is(sender, "@"))
		len += (size_t)snprintf(run->head + len, room - len,
		    "Return-Path: <%.*s>\n", STR_ARG(sender));
	len += (size_t)snprintf(run->head + len, room - len,
	    "Delivered-To: %.*s\n", STR_ARG(run->envelope.rcpt));
	mda_source_init(&run->source, (struct str){ run->head, (uint32_t)len },
	    run->delivery->message);
}

/* Writers. */

static void
delivery_set_status(struct delivery_run *run, const struct mda_status *status)
{
	command_set_result(run->result, status->status, str_from(status->text),
	    run->delivery->action->local.exit_policy);
}

static bool
delivery_expand(const struct delivery_run *run, struct str format,
    struct format_result *text_r)
{
	return format_expand(format, run->delivery->format_flags,
		   run->delivery->delimiter, &run->values, text_r) == FORMAT_OK;
}

static void
delivery_to_maildir(struct delivery_run *run, const char *path)
{
	struct maildir maildir = {
		.path = path,
		.has_junk = run->delivery->action->local.has_junk,
		.extension = run->envelope.mda_subaddress,
	};
	struct mda_status status;

	alarm(run->delivery->seconds);
	maildir_deliver(&maildir, &run->source, &status);
	alarm(0);
	delivery_set_status(run, &status);
}

static void
delivery_to_lmtp(struct delivery_run *run, struct str destination)
{
	bool to_rcpt = run->delivery->action->local.lmtp_rcpt_to;
	struct str recipient = to_rcpt ? run->envelope.dest :
					 str_from(run->delivery->user->name);
	struct lmtp lmtp = {
		.destination = destination,
		.lhlo = STR_LIT("localhost"),
		.sender = run->envelope.sender,
		.recipients = &recipient,
		.recipient_count = 1,
	};
	struct mda_status status;

	if (str_is(lmtp.sender, "@"))
		lmtp.sender = STR_LIT("");
	alarm(run->delivery->seconds);
	lmtp_deliver(&lmtp, &run->source, &status);
	alarm(0);
	delivery_set_status(run, &status);
}

static void
delivery_to_file(struct delivery_run *run, struct str format)
{
	struct format_result path;
	struct mda_status status;

	if (!delivery_expand(run, format, &path)) {
		delivery_fail(run, EXIT_FAILURE, DELIVERY_NO_COMMAND);
		return;
	}
	alarm(run->delivery->seconds);
	mbox_append_file(path.text, run->envelope.sender, &run->source,
	    &status);
	alarm(0);
	delivery_set_status(run, &status);
}

/* Commands. */

static void
delivery_execute(struct delivery_run *run, const char *const *argv,
    const struct delivery_environment *environment)
{
	struct command command = {
		.argv = argv,
		.envp = environment->vars,
		.seconds = run->delivery->seconds,
		.policy = run->delivery->action->local.exit_policy,
	};

	command_run(&command, &run->source, run->result);
}

static void
delivery_to_mailbox(struct delivery_run *run)
{
	char program[1024], sender[ENVELOPE_ADDRESS_MAX + 1];
	const char *argv[] = { program, "-f", sender, "--",
		run->delivery->user->name, NULL };
	struct delivery_environment environment;

	snprintf(program, sizeof(program), "%s/mail.local",
	    run->delivery->libexec);
	snprintf(sender, sizeof(sender), "%.*s", STR_ARG(run->envelope.sender));
	if (strcmp(sender, "@") == 0)
		argv[2] = "MAILER-DAEMON";
	delivery_set_mailbox_environment(&environment);
	delivery_execute(run, argv, &environment);
}

static void
delivery_to_shell(struct delivery_run *run, const char *command)
{
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	struct delivery_environment environment;

	if (!delivery_set_environment(&environment, run->delivery,
		&run->envelope))
		delivery_fail(run, EX_OSERR, "environment is too large");
	else
		delivery_execute(run, argv, &environment);
}

/* By a shell: the method's command, or that of an alias, wrapped. */
static void
delivery_to_command(struct delivery_run *run)
{
	const struct delivery *delivery = run->delivery;
	char format[DELIVERY_FORMAT_MAX];
	struct format_result command, wrapped;
	bool is_expanded = delivery_command_format(delivery, &run->envelope,
			       format, sizeof(format)) &&
	    delivery_expand(run, str_from(format), &command);

	if (is_expanded && delivery->wrapper.len > 0) {
		wrapped = command;
		run->values.mda = (struct str){ wrapped.text, wrapped.len };
		is_expanded = format_expand(delivery->wrapper,
				  delivery->format_flags | FORMAT_WRAPPER,
				  delivery->delimiter, &run->values,
				  &command) == FORMAT_OK;
	}
	if (is_expanded)
		delivery_to_shell(run, command.text);
	else
		delivery_fail(run, EXIT_FAILURE, DELIVERY_NO_COMMAND);
}

/*
 * By what is in here, or without a shell around the shell, where that would
 * change nothing; else false.
 */
static bool
delivery_to_writer(struct delivery_run *run)
{
	const struct ir_action *action = run->delivery->action;
	struct str argument = action->local.argument;
	struct format_result text;

	if (action->method == IR_MDA && action->local.shell != IR_SHELL_TWICE)
		return false;
	if (argument.len == 0 && action->method == IR_MAILDIR)
		argument = STR_LIT("~/Maildir");
	if (!delivery_expand(run, argument, &text) ||
	    !delivery_is_unquoted(&action->local,
		(struct str){ text.text, text.len }))
		return false;
	if (action->method == IR_MAILDIR)
		delivery_to_maildir(run, text.text);
	else if (action->method == IR_LMTP)
		delivery_to_lmtp(run, (struct str){ text.text, text.len });
	else if (action->method == IR_MDA)
		delivery_to_shell(run, text.text);
	else
		return false;
	return true;
}

static void
delivery_to_method(struct delivery_run *run)
{
	const struct delivery *delivery = run->delivery;
	struct str exec = run->envelope.mda_exec, path;

	if (delivery->wrapper.len > 0)
		delivery_to_command(run);
	else if (exec.len > 0 && delivery_exec_is_file(exec, &path))
		delivery_to_file(run, path);
	else if (exec.len > 0)
		delivery_to_command(run);
	else if (delivery->action->method == IR_MBOX)
		delivery_to_mailbox(run);
	else if (!delivery_to_writer(run))
		delivery_to_command(run);
}

void
delivery_run(const struct delivery *delivery, struct mda_result *result)
{
	struct delivery_run run = { .delivery = delivery, .result = result };

	if (!delivery_is_allowed(delivery, result) ||
	    !delivery_create_mailbox(delivery, result) ||
	    !delivery_become_user(delivery, result) ||
	    !delivery_read_envelope(&run))
		return;
	if (delivery_has_looped(&run)) {
		mda_result_set(result, MDA_LOOP, 0, "Loop detected");
		return;
	}
	delivery_open_source(&run);
	delivery_to_method(&run);
}
