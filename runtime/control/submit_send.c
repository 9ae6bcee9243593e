/*
 * The dialogue with the daemon: SMTP over a socket that it handed out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/control/submit.h"

enum { SUBMIT_REPLY_MAX = 4096 };

struct submit_dialogue {
	FILE *in, *out;
	bool is_verbose;
	char reply[SUBMIT_REPLY_MAX]; /* its last line, without its end */
};

/* Up to the last line of a reply; its first digit, 0: the end. */
static char
submit_read_reply(struct submit_dialogue *dialogue)
{
	char *line = dialogue->reply;

	do {
		if (fgets(line, sizeof(dialogue->reply), dialogue->in) ==
		    NULL) {
			snprintf(line, sizeof(dialogue->reply),
			    "connection closed");
			return '\0';
		}
		line[strcspn(line, "\r\n")] = '\0';
		if (dialogue->is_verbose)
			printf("<<< %s\n", line);
		if (strlen(line) < 3)
			return '\0';
	} while (line[3] == '-');
	return line[0];
}

static bool __attribute__((format(printf, 3, 4)))
submit_say(struct submit_dialogue *dialogue, const char *accepted,
    const char *format, ...)
{
	char command[SUBMIT_REPLY_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (len < 0 || len >= (int)sizeof(command) ||
	    strpbrk(command, "\r\n") != NULL) {
		snprintf(dialogue->reply, sizeof(dialogue->reply),
		    "an address or option that cannot be sent");
		return false;
	}
	if (dialogue->is_verbose)
		printf(">>> %s\n", command);
	fprintf(dialogue->out, "%s\r\n", command);
	if (fflush(dialogue->out) != 0) {
		snprintf(dialogue->reply, sizeof(dialogue->reply), "%s",
		    strerror(errno));
		return false;
	}
	return submit_read_reply(dialogue) == accepted[0];
}

/* With CRLF, and a dot more where a line begins with one. */
static void
submit_send_body(struct submit_dialogue *dialogue, FILE *message)
{
	bool is_start = true;
	int c;

	while ((c = getc(message)) != EOF) {
		if (is_start && c == '.')
			putc('.', dialogue->out);
		if (c == '\n')
			putc('\r', dialogue->out);
		putc(c, dialogue->out);
		is_start = c == '\n';
	}
	if (!is_start)
		fputs("\r\n", dialogue->out);
}

static bool
submit_send_envelope(struct submit_dialogue *dialogue,
    const struct submit *submit)
{
	const char *notify = submit->notify, *ret = submit->ret;
	const char *envid = submit->envid;

	if (!submit_say(dialogue, "2", "MAIL FROM:<%s>%s%s%s%s", submit->sender,
		ret == NULL ? "" : " RET=", ret == NULL ? "" : ret,
		envid == NULL ? "" : " ENVID=", envid == NULL ? "" : envid))
		return false;
	for (unsigned i = 0; i < submit->recipients.count; i++)
		if (!submit_say(dialogue, "2", "RCPT TO:<%s>%s%s",
			submit->recipients.list[i],
			notify == NULL ? "" : " NOTIFY=",
			notify == NULL ? "" : notify))
			return false;
	return true;
}

static bool
submit_converse(struct submit_dialogue *dialogue, const struct submit *submit,
    FILE *message)
{
	if (submit_read_reply(dialogue) != '2' ||
	    !submit_say(dialogue, "2", "EHLO localhost") ||
	    !submit_send_envelope(dialogue, submit) ||
	    !submit_say(dialogue, "3", "DATA"))
		return false;
	submit_send_body(dialogue, message);
	/* Half a message must not get its end. */
	if (ferror(message)) {
		snprintf(dialogue->reply, sizeof(dialogue->reply),
		    "the message cannot be read");
		return false;
	}
	if (!submit_say(dialogue, "2", "."))
		return false;
	submit_say(dialogue, "2", "QUIT");
	return true;
}

int
submit_send(const struct submit *submit, int fd, FILE *message)
{
	struct submit_dialogue dialogue = { .is_verbose = submit->is_verbose };
	int other = dup(fd);
	bool is_sent = false;

	dialogue.in = fdopen(fd, "r");
	dialogue.out = other == -1 ? NULL : fdopen(other, "w");
	if (dialogue.in != NULL && dialogue.out != NULL)
		is_sent = submit_converse(&dialogue, submit, message);
	if (!is_sent)
		fprintf(stderr, "sendmail: command failed: %s\n",
		    dialogue.reply);
	if (dialogue.in != NULL)
		fclose(dialogue.in);
	if (dialogue.out != NULL)
		fclose(dialogue.out);
	return is_sent ? EX_OK : EX_SOFTWARE;
}
