/*
 * Table programs: their processes. The lookup process, which talks to them,
 * may not start any; it names a table, and what is executed for it, as which
 * user, is read here from the ruleset. A program ends with its socket, and
 * is helped to where it does not.
 */
#include "runtime/proc/parent_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"
#include "runtime/base/signals.h"
#include "runtime/proc/privileges.h"
#include "runtime/proc/spawn.h"

enum {
	PARENT_PROGRAM_END_SECONDS = 2, /* from the socket's end to force */
	PARENT_PROGRAM_NAME_MAX = 255,
};

/* What is executed for a table. */
struct parent_command {
	char path[PATH_MAX];
	const char *argv[3];
};

/* Which program. */

/*
 * "proc:/NAME:CONFIG" is what "/NAME:CONFIG" would be: a program in a folder
 * "table-". Texts of blobs end in NUL.
 */
static void
parent_split_backend(const struct ir_table *table, struct str *name_r,
    struct str *config_r)
{
	const char *colon = NULL;

	*name_r = table->backend;
	*config_r = table->config;
	if (!str_is(table->backend, "proc"))
		return;
	if (table->config.len > 0)
		colon = memchr(table->config.ptr, ':', table->config.len);
	*name_r = table->config;
	config_r->len = 0;
	if (colon == NULL)
		return;
	name_r->len = (uint32_t)(colon - table->config.ptr);
	config_r->ptr = colon + 1;
	config_r->len = table->config.len - name_r->len - 1;
}

/* False: error says what command->path lacks. */
static bool
parent_find_program(const struct ir_table *table,
    struct parent_command *command, char *error, size_t room)
{
	char file[PARENT_PROGRAM_NAME_MAX + 1];
	struct str name, config;

	parent_split_backend(table, &name, &config);
	snprintf(command->path, sizeof(command->path), "its backend");
	if (name.len == 0 ||
	    snprintf(file, sizeof(file), "table-%.*s", STR_ARG(name)) >=
		(int)sizeof(file) ||
	    !paths_find(PATHS_LIBEXEC, file, command->path,
		sizeof(command->path))) {
		snprintf(error, room, "\"%.*s\" names no program",
		    STR_ARG(name));
		return false;
	}
	command->argv[0] = table->name.ptr;
	command->argv[1] = config.len > 0 ? config.ptr : NULL;
	command->argv[2] = NULL;
	if (access(command->path, X_OK) == 0)
		return true;
	snprintf(error, room,
	    "cannot be run: %s: install it, or correct the backend \"%.*s\"",
	    strerror(errno), STR_ARG(name));
	return false;
}

bool
parent_check_programs(const struct blob *blob, char *error, size_t room)
{
	for (uint32_t i = 0; i < blob_table_count(blob); i++) {
		char why[PATH_MAX + 128];
		struct parent_command command;
		struct ir_table table;

		blob_table(blob, i, &table);
		if (table.kind != IR_TABLE_PROGRAM ||
		    parent_find_program(&table, &command, why, sizeof(why)))
			continue;
		snprintf(error, room, "table \"%.*s\": %s %s",
		    STR_ARG(table.name), command.path, why);
		return false;
	}
	return true;
}

/* Processes. */

/* In the child; returns only if it fails. */
static const char *
parent_run_program(const struct parent *parent,
    const struct parent_command *command, int fd)
{
	const char *error = NULL;

	if (dup2(fd, STDIN_FILENO) == -1 || dup2(fd, STDOUT_FILENO) == -1)
		return strerror(errno);
	/* What it says later would keep whoever starts the daemon waiting. */
	if (parent->launcher != -1) {
		log_open("parent", false);
		if (!spawn_silence(STDERR_FILENO))
			return strerror(errno);
	}
	if (!parent->is_ordinary)
		error = privileges_become(paths_built.smtpd_user);
	if (error != NULL)
		return error;
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	/* execv changes none of them. */
	execv(command->path, (char **)(uintptr_t)command->argv);
	return strerror(errno);
}

/* The other end of its input and output, or -1: errno. */
static int
parent_fork_program(const struct parent *parent,
    const struct parent_command *command, pid_t *pid_r)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	*pid_r = signals_fork();
	if (*pid_r == 0) {
		log_warn("warn: table-proc: %s: %s", command->path,
		    parent_run_program(parent, command, fds[1]));
		_exit(127);
	}
	close(fds[1]);
	if (*pid_r != -1 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0)
		return fds[0];
	close(fds[0]);
	return -1;
}

/* NULL: there is none that still may run. */
static struct parent_program *
parent_program_of(struct parent *parent, uint32_t id)
{
	for (size_t i = 0; i < PARENT_PROGRAMS_MAX; i++) {
		struct parent_program *program = &parent->programs[i];

		if (program->pid != -1 && program->kill == NULL &&
		    program->id == id)
			return program;
	}
	return NULL;
}

static struct parent_program *
parent_free_program(struct parent *parent)
{
	for (size_t i = 0; i < PARENT_PROGRAMS_MAX; i++)
		if (parent->programs[i].pid == -1)
			return &parent->programs[i];
	return NULL;
}

/* Requests. */

/* Its socket, or -1: error says why. */
static int
parent_start_program(struct parent *parent,
    const struct message_table_open *open, struct parent_command *command,
    char *error, size_t room)
{
	const struct ruleset_use *use = parent_find_ruleset(parent,
	    open->generation);
	struct parent_program *program = parent_free_program(parent);
	struct ir_table table = { .kind = IR_TABLE_LIST };
	int fd;

	snprintf(error, room,
	    "has no process: too many run, or it is not used "
	    "any more");
	if (use != NULL && open->table < blob_table_count(&use->blob))
		blob_table(&use->blob, open->table, &table);
	if (program == NULL || table.kind != IR_TABLE_PROGRAM ||
	    !parent_find_program(&table, command, error, room))
		return -1;
	fd = parent_fork_program(parent, command, &program->pid);
	if (fd == -1)
		snprintf(error, room, "cannot be started: %s", strerror(errno));
	program->id = open->id;
	return fd;
}

void
parent_open_program(struct parent_child *lookup, const struct message *request)
{
	const struct message_table_open *open = &request->table_open;
	struct message answer = { .type = MESSAGE_TABLE_OPENED, .fd = -1 };
	struct parent_command command = { .path = "its program" };
	char error[PATH_MAX + 128];

	parent_close_program(lookup->parent, open->id);
	answer.fd = parent_start_program(lookup->parent, open, &command, error,
	    sizeof(error));
	answer.table_opened = (struct message_table_opened){
		str_from(command.path),
		str_from(answer.fd == -1 ? error : ""),
	};
	channel_reply(lookup->channel, request, &answer);
}

static void
parent_on_kill(evutil_socket_t fd, short what, void *arg)
{
	const struct parent_program *program = arg;

	(void)fd;
	(void)what;
	kill(program->pid, SIGKILL);
}

void
parent_close_program(struct parent *parent, uint32_t id)
{
	const struct timeval delay = { PARENT_PROGRAM_END_SECONDS, 0 };
	struct parent_program *program = parent_program_of(parent, id);

	if (program == NULL)
		return;
	kill(program->pid, SIGTERM);
	program->kill = event_new(parent->base, -1, 0, parent_on_kill, program);
	if (program->kill == NULL || event_add(program->kill, &delay) != 0)
		kill(program->pid, SIGKILL);
}

/* Ends. */

bool
parent_reap_program(struct parent *parent, pid_t pid, int status)
{
	char cause[64];

	for (size_t i = 0; i < PARENT_PROGRAMS_MAX; i++) {
		struct parent_program *program = &parent->programs[i];

		if (program->pid != pid)
			continue;
		log_debug("debug: parent: table program %d %s", (int)pid,
		    spawn_cause(status, cause, sizeof(cause)));
		if (program->kill != NULL)
			event_free(program->kill);
		*program = (struct parent_program){ .pid = -1 };
		return true;
	}
	return false;
}

void
parent_end_programs(struct parent *parent)
{
	unsigned left_ms = PARENT_PROGRAM_END_SECONDS * 1000;

	for (size_t i = 0; i < PARENT_PROGRAMS_MAX; i++)
		if (parent->programs[i].pid != -1)
			kill(parent->programs[i].pid, SIGTERM);
	for (size_t i = 0; i < PARENT_PROGRAMS_MAX; i++) {
		pid_t pid = parent->programs[i].pid;
		int status = 0;

		if (pid == -1)
			continue;
		for (; waitpid(pid, &status, WNOHANG) == 0; left_ms--) {
			if (left_ms == 0) {
				kill(pid, SIGKILL);
				waitpid(pid, &status, 0);
				break;
			}
			usleep(1000);
		}
		parent_reap_program(parent, pid, status);
	}
}
