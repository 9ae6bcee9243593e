/*
 * Commands. Output goes to a file without name, of which only the end is
 * read: it belongs to the user, whose quota it counts to, and a command that
 * leaves a process behind does not keep us waiting for the end of a pipe.
 */
#include "runtime/mda/command.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/signals.h"

enum {
	COMMAND_OUTPUT_READ = 4096, /* bytes, of the end */
};

struct command_run {
	pid_t pid;
	int input;  /* our end of its standard input */
	int output; /* its standard output and error */
	bool is_fed;
};

/* What the alarm kills, and whether it did. */
static volatile pid_t command_pid;
static volatile sig_atomic_t command_timed_out;

/* Its session, or itself where it has none yet. */
static void
command_kill(pid_t pid)
{
	if (kill(-pid, SIGKILL) == -1)
		kill(pid, SIGKILL);
}

static void
command_on_alarm(int signal)
{
	(void)signal;
	command_timed_out = 1;
	if (command_pid > 0)
		command_kill(command_pid);
}

static void
command_fail(struct mda_result *result, const char *what)
{
	mda_result_set(result, MDA_TEMPFAIL, EX_OSERR, "%s: %s", what,
	    strerror(errno));
}

static int
command_open_output(void)
{
	char path[] = _PATH_TMP "smtpd.XXXXXXXXXX";
	int fd = open(_PATH_TMP, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1)
		unlink(path);
	return fd;
}

/* In the child. */
static void
command_execute(const struct command *command, int input, int output)
{
	if (dup2(input, STDIN_FILENO) == -1 ||
	    dup2(output, STDOUT_FILENO) == -1 ||
	    dup2(output, STDERR_FILENO) == -1)
		_exit(EX_OSERR);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	signals_reset();
	execve(command->argv[0], (char *const *)(uintptr_t)command->argv,
	    (char *const *)(uintptr_t)command->envp);
	dprintf(STDERR_FILENO, "%s: %s\n", command->argv[0], strerror(errno));
	_exit(EX_TEMPFAIL);
}

/* False: result is set. */
static bool
command_start(const struct command *command, struct command_run *run,
    struct mda_result *result)
{
	int ends[2];

	run->output = command_open_output();
	if (run->output == -1) {
		command_fail(result, "mkstemp");
		return false;
	}
	if (pipe2(ends, O_CLOEXEC) == -1) {
		command_fail(result, "pipe");
		close(run->output);
		return false;
	}
	run->pid = fork();
	if (run->pid == 0) {
		setsid();
		command_execute(command, ends[0], run->output);
	}
	close(ends[0]);
	run->input = ends[1];
	if (run->pid == -1) {
		command_fail(result, "fork");
		close(ends[1]);
		close(run->output);
	}
	return run->pid != -1;
}

static bool
command_write(int fd, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n == -1 && (errno != EINTR || command_timed_out))
			return false;
		if (n > 0) {
			bytes.ptr += n;
			bytes.len -= (uint32_t)n;
		}
	}
	return true;
}

/* Until all is written or nobody reads any more. */
static void
command_feed(struct command_run *run, struct mda_source *source)
{
	struct str bytes;

	run->is_fed = true;
	while (run->is_fed && mda_source_read(source, &bytes))
		run->is_fed = command_write(run->input, bytes);
	/* It must not take what there is of it for the whole. */
	if (source->failed_errno != 0)
		command_kill(run->pid);
	close(run->input);
}

/* The last line of the output that is not empty, without its end. */
static struct str
command_last_line(int output, char *buf, size_t room)
{
	off_t end = lseek(output, 0, SEEK_END);
	off_t begin = end > (off_t)room ? end - (off_t)room : 0;
	ssize_t n = pread(output, buf, room, begin);
	struct str line = { buf, n > 0 ? (uint32_t)n : 0 };
	const char *lf;

	while (line.len > 0 && strchr("\r\n", line.ptr[line.len - 1]) != NULL)
		line.len--;
	lf = memrchr(line.ptr, '\n', line.len);
	if (lf != NULL) {
		line.len = (uint32_t)(line.ptr + line.len - lf) - 1;
		line.ptr = lf + 1;
	}
	return line;
}

void
command_set_result(struct mda_result *result, int status, struct str text,
    enum ir_exit_policy policy)
{
	char visible[MDA_TEXT_MAX - 1];

	*result = (struct mda_result){
		.outcome = mda_status_judge(status, policy),
		.status = (uint32_t)status,
	};
	if (status == 0)
		return;
	if (text.len == 0)
		snprintf(result->text, sizeof(result->text), "%s",
		    "exited abnormally");
	else
		snprintf(result->text, sizeof(result->text), "\"%s\"",
		    log_vis(text, visible, sizeof(visible)));
}

/* Ends that are not by its own will, or too early, are temporary. */
static void
command_judge(const struct command *command, const struct command_run *run,
    const struct mda_source *source, int wait_status, struct mda_result *result)
{
	char buf[COMMAND_OUTPUT_READ];
	int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;

	if (source->failed_errno != 0)
		mda_result_set(result, MDA_TEMPFAIL, 0, "Error reading body");
	else if (WIFSIGNALED(wait_status) &&
	    (command_timed_out || WTERMSIG(wait_status) == SIGALRM))
		mda_result_set(result, MDA_TEMPFAIL, 0, "terminated; timeout");
	else if (WIFSIGNALED(wait_status))
		mda_result_set(result, MDA_TEMPFAIL, 0, "terminated; signal %d",
		    WTERMSIG(wait_status));
	else if (status == 0 && !run->is_fed)
		mda_result_set(result, MDA_TEMPFAIL, 0,
		    "mda exited prematurely");
	else
		command_set_result(result, status,
		    command_last_line(run->output, buf, sizeof(buf)),
		    command->policy);
}

void
command_run(const struct command *command, struct mda_source *source,
    struct mda_result *result)
{
	struct sigaction action = { .sa_handler = command_on_alarm };
	struct command_run run;
	int wait_status = 0;
	pid_t pid;

	command_timed_out = 0;
	command_pid = 0;
	if (!command_start(command, &run, result))
		return;
	command_pid = run.pid;
	sigaction(SIGALRM, &action, NULL);
	alarm(command->seconds);
	command_feed(&run, source);
	do
		pid = waitpid(run.pid, &wait_status, 0);
	while (pid == -1 && errno == EINTR);
	alarm(0);
	command_pid = 0;
	command_judge(command, &run, source, wait_status, result);
	close(run.output);
}
