/*
 * What each command asks of the daemon and how its answer is printed.
 */
#include "runtime/control/ctl.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"
#include "runtime/control/ctl_private.h"

enum { CTL_EXIT_INVALID = 255 };

struct ctl_command {
	const char *pattern;
	ctl_run_fn *run;
	uint32_t value;
};

/* Results. */

int
ctl_say_result(const struct message *answer)
{
	if (answer->result.is_ok) {
		printf("command succeeded\n");
		return EXIT_SUCCESS;
	}
	if (answer->result.error.len == 0)
		printf("command failed\n");
	else
		printf("command failed: %.*s\n", STR_ARG(answer->result.error));
	return EXIT_FAILURE;
}

static bool
ctl_check_answer(bool is_there, const struct message *answer,
    enum message_type expected)
{
	if (is_there && answer->type == expected)
		return true;
	if (!is_there)
		fprintf(stderr, "smtpctl: the daemon broke off\n");
	else if (answer->type == MESSAGE_RESULT)
		fprintf(stderr, "smtpctl: %.*s\n",
		    STR_ARG(answer->result.error));
	else
		fprintf(stderr, "incompatible smtpctl and smtpd\n");
	return false;
}

bool
ctl_ask(struct ctl *ctl, struct message *request, struct message *answer_r,
    enum message_type expected)
{
	return ctl_check_answer(ctlclient_ask(&ctl->client, request, answer_r),
	    answer_r, expected);
}

bool
ctl_next(struct ctl *ctl, struct message *answer_r, enum message_type expected)
{
	return ctl_check_answer(ctlclient_next(&ctl->client, answer_r),
	    answer_r, expected);
}

static int
ctl_run_result(struct ctl *ctl, struct message *request)
{
	struct message answer;

	if (!ctl_ask(ctl, request, &answer, MESSAGE_RESULT))
		return EXIT_FAILURE;
	if (answer.fd != -1)
		close(answer.fd);
	return ctl_say_result(&answer);
}

/* Commands. */

static int
ctl_run_change(struct ctl *ctl, const struct words_match *match,
    uint32_t change)
{
	static const char *const done[] = { [CTL_REMOVE] = "removed",
		[CTL_SCHEDULE] = "scheduled",
		[CTL_PAUSE] = "paused",
		[CTL_RESUME] = "resumed",
		[CTL_DISCOVER] = "discovered" };
	struct message request = { .type = MESSAGE_CTL_CHANGE }, answer;
	uint32_t count;
	bool is_plural;

	request.ctl_change.change = change;
	request.ctl_change.evpid = match->id;
	if (!ctl_ask(ctl, &request, &answer, MESSAGE_CTL_CHANGED))
		return EXIT_FAILURE;
	count = answer.ctl_changed.count;
	/* As the original has it: no envelopes are one, or discovered. */
	is_plural = change == CTL_DISCOVER ? count != 1 : count > 1;
	printf("%u envelope%s %s\n", count, is_plural ? "s" : "", done[change]);
	return EXIT_SUCCESS;
}

static int
ctl_run_pause(struct ctl *ctl, const struct words_match *match,
    uint32_t subsystem)
{
	struct message request = { .type = MESSAGE_PAUSE };

	(void)match;
	request.pause.subsystem = subsystem;
	request.pause.is_paused = true;
	return ctl_run_result(ctl, &request);
}

static int
ctl_run_resume(struct ctl *ctl, const struct words_match *match,
    uint32_t subsystem)
{
	struct message request = { .type = MESSAGE_PAUSE };

	(void)match;
	request.pause.subsystem = subsystem;
	return ctl_run_result(ctl, &request);
}

static int
ctl_run_log(struct ctl *ctl, const struct words_match *match, uint32_t level)
{
	struct message request = { .type = MESSAGE_LOG_LEVEL };

	(void)match;
	request.log_level.level = level;
	return ctl_run_result(ctl, &request);
}

static int
ctl_run_reload(struct ctl *ctl, const struct words_match *match, uint32_t force)
{
	struct message request = { .type = MESSAGE_CTL_RELOAD };

	(void)match;
	request.ctl_reload.force = force != 0;
	return ctl_run_result(ctl, &request);
}

static int
ctl_run_stop(struct ctl *ctl, const struct words_match *match, uint32_t unused)
{
	struct message request = { .type = MESSAGE_CTL_STOP };

	(void)match;
	(void)unused;
	return ctl_run_result(ctl, &request);
}

static int
ctl_run_update(struct ctl *ctl, const struct words_match *match,
    uint32_t unused)
{
	struct message request = { .type = MESSAGE_UPDATE_TABLE };

	(void)unused;
	request.update_table.table = str_from(match->text);
	return ctl_run_result(ctl, &request);
}

/* Without the daemon. */

static int
ctl_print_hash(const char *password)
{
	/* The library's best, and what is there if it is an old one. */
	static const char *const methods[] = { NULL, "$y$", "$gy$", "$7$",
		"$2a$", "$2b$", "$2y$", "$6$", "$5$" };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const char *salt = crypt_gensalt(methods[i], 0, NULL, 0);
		const char *hash = salt == NULL ? NULL : crypt(password, salt);

		if (hash == NULL || hash[0] == '*')
			continue;
		printf("%s\n", hash);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "smtpctl: crypt: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static int
ctl_run_encrypt(struct ctl *ctl, const struct words_match *match,
    uint32_t unused)
{
	int status = EXIT_SUCCESS;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	(void)ctl;
	(void)unused;
	if (match->text != NULL)
		return ctl_print_hash(match->text);
	while (status == EXIT_SUCCESS &&
	    (len = getline(&line, &room, stdin)) != -1) {
		if (len > 0 && line[len - 1] == '\n')
			line[len - 1] = '\0';
		status = ctl_print_hash(line);
	}
	free(line);
	return status;
}

/* What belongs to later parts of the daemon. */

enum ctl_missing { CTL_MISSING_RELAY, CTL_MISSING_TRACE, CTL_MISSING_SPF };

static int
ctl_run_missing(struct ctl *ctl, const struct words_match *match, uint32_t what)
{
	static const char *const texts[] = {
		[CTL_MISSING_RELAY] =
		    "this smtpd does not relay yet: there are neither hosts "
		    "nor routes",
		[CTL_MISSING_TRACE] =
		    "this smtpd does not trace parts of itself yet; "
		    "\"log verbose\" logs more",
		[CTL_MISSING_SPF] =
		    "this smtpctl does not walk SPF records yet",
	};

	(void)ctl;
	(void)match;
	fprintf(stderr, "smtpctl: %s\n", texts[what]);
	return EXIT_FAILURE;
}

/* The table. */

static const struct ctl_command ctl_commands[] = {
	{ "discover <evpid>", ctl_run_change, CTL_DISCOVER },
	{ "discover <msgid>", ctl_run_change, CTL_DISCOVER },
	{ "encrypt", ctl_run_encrypt, 0 },
	{ "encrypt <str>", ctl_run_encrypt, 0 },
	{ "log brief", ctl_run_log, LOG_LEVEL_BRIEF },
	{ "log verbose", ctl_run_log, LOG_LEVEL_VERBOSE },
	{ "monitor", ctl_run_monitor, 0 },
	{ "pause envelope <evpid>", ctl_run_change, CTL_PAUSE },
	{ "pause envelope <msgid>", ctl_run_change, CTL_PAUSE },
	{ "pause envelope all", ctl_run_change, CTL_PAUSE },
	{ "pause mda", ctl_run_pause, SUBSYSTEM_MDA },
	{ "pause mta", ctl_run_pause, SUBSYSTEM_MTA },
	{ "pause mta from <str> for <str>", ctl_run_missing,
	    CTL_MISSING_RELAY },
	{ "pause smtp", ctl_run_pause, SUBSYSTEM_SMTP },
	{ "profile <str>", ctl_run_missing, CTL_MISSING_TRACE },
	{ "reload", ctl_run_reload, false },
	{ "reload --force", ctl_run_reload, true },
	{ "remove <evpid>", ctl_run_change, CTL_REMOVE },
	{ "remove <msgid>", ctl_run_change, CTL_REMOVE },
	{ "remove all", ctl_run_change, CTL_REMOVE },
	{ "resume envelope <evpid>", ctl_run_change, CTL_RESUME },
	{ "resume envelope <msgid>", ctl_run_change, CTL_RESUME },
	{ "resume envelope all", ctl_run_change, CTL_RESUME },
	{ "resume mda", ctl_run_resume, SUBSYSTEM_MDA },
	{ "resume mta", ctl_run_resume, SUBSYSTEM_MTA },
	{ "resume mta from <str> for <str>", ctl_run_missing,
	    CTL_MISSING_RELAY },
	{ "resume route <str>", ctl_run_missing, CTL_MISSING_RELAY },
	{ "resume smtp", ctl_run_resume, SUBSYSTEM_SMTP },
	{ "schedule <evpid>", ctl_run_change, CTL_SCHEDULE },
	{ "schedule <msgid>", ctl_run_change, CTL_SCHEDULE },
	{ "schedule all", ctl_run_change, CTL_SCHEDULE },
	{ "show envelope <evpid>", ctl_run_show, false },
	{ "show hosts", ctl_run_missing, CTL_MISSING_RELAY },
	{ "show hoststats", ctl_run_missing, CTL_MISSING_RELAY },
	{ "show message <evpid>", ctl_run_show, true },
	{ "show message <msgid>", ctl_run_show, true },
	{ "show mta paused", ctl_run_missing, CTL_MISSING_RELAY },
	{ "show queue", ctl_run_queue, 0 },
	{ "show queue <msgid>", ctl_run_queue, 0 },
	{ "show relays", ctl_run_missing, CTL_MISSING_RELAY },
	{ "show routes", ctl_run_missing, CTL_MISSING_RELAY },
	{ "show stats", ctl_run_stats, 0 },
	{ "show status", ctl_run_status, 0 },
	{ "spf walk", ctl_run_missing, CTL_MISSING_SPF },
	{ "stop", ctl_run_stop, 0 },
	{ "trace <str>", ctl_run_missing, CTL_MISSING_TRACE },
	{ "unprofile <str>", ctl_run_missing, CTL_MISSING_TRACE },
	{ "untrace <str>", ctl_run_missing, CTL_MISSING_TRACE },
	{ "update table <str>", ctl_run_update, 0 },
};

enum { CTL_COMMANDS = sizeof(ctl_commands) / sizeof(ctl_commands[0]) };

/* Whether an earlier command begins with the same len bytes. */
static bool
ctl_is_said(const bool *is_possible, unsigned command, int len)
{
	for (unsigned i = 0; i < command; i++)
		if (is_possible[i] &&
		    strncmp(ctl_commands[i].pattern,
			ctl_commands[command].pattern, (size_t)len) == 0 &&
		    strchr(" ", ctl_commands[i].pattern[len]) != NULL)
			return true;
	return false;
}

static int
ctl_say_unclear(const struct words_match *match, const bool *is_possible)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CTL_COMMANDS; i++) {
		const char *pattern = ctl_commands[i].pattern;
		int len = words_length(pattern, match->unclear);

		if (!is_possible[i] || len == 0 ||
		    ctl_is_said(is_possible, i, len))
			continue;
		if (count++ == 0)
			fprintf(stderr, "possibilities are:\n");
		fprintf(stderr, "%.*s\n", len, pattern);
	}
	if (count == 0)
		fprintf(stderr, "invalid command\n");
	return CTL_EXIT_INVALID;
}

static bool
ctl_open(struct ctl *ctl, const struct ctl_command *command)
{
	if (geteuid() != 0 && ctl->paths->spool == NULL) {
		fprintf(stderr, "smtpctl: need root privileges\n");
		return false;
	}
	if (ctlclient_open(&ctl->client, ctl->paths->socket))
		return true;
	/* What lies on the disk can be shown all the same. */
	if (command->run == ctl_run_queue || command->run == ctl_run_show)
		return true;
	fprintf(stderr, "smtpd doesn't seem to be running\n");
	return false;
}

bool
ctl_paths_set(struct ctl_paths *paths, const char *spool)
{
	const char *folder = spool == NULL ? paths_built.spool : spool;
	const char *socket = spool == NULL ? paths_built.socket : spool;

	paths->spool = spool;
	return snprintf(paths->folder, sizeof(paths->folder), "%s", folder) <
	    (int)sizeof(paths->folder) &&
	    snprintf(paths->socket, sizeof(paths->socket),
		spool == NULL ? "%s" : "%s/smtpd.sock",
		socket) < (int)sizeof(paths->socket);
}

int
ctl_main(const struct ctl_paths *paths, int word_count,
    const char *const *words)
{
	static struct ctl ctl;
	const char *patterns[CTL_COMMANDS];
	bool is_possible[WORDS_COMMANDS_MAX];
	const struct ctl_command *command;
	struct words_match match;
	enum words_status status;
	int result;

	for (unsigned i = 0; i < CTL_COMMANDS; i++)
		patterns[i] = ctl_commands[i].pattern;
	status = words_find(patterns, CTL_COMMANDS, words, (unsigned)word_count,
	    &match, is_possible);
	if (status != WORDS_OK)
		return ctl_say_unclear(&match, is_possible);
	command = &ctl_commands[match.command];
	ctl.paths = paths;
	ctl.client.fd = -1;
	if (command->run != ctl_run_encrypt &&
	    command->run != ctl_run_missing && !ctl_open(&ctl, command))
		return EXIT_FAILURE;
	result = command->run(&ctl, &match, command->value);
	ctlclient_close(&ctl.client);
	if (fflush(stdout) == 0)
		return result;
	fprintf(stderr, "smtpctl: standard output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}
