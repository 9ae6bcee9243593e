/*
 * What a process tries when somebody has taken it over. Each kind enters
 * its sandbox in a child process, tries everything, and says what it could
 * do.
 */
#include "runtime/proc/sandbox.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define TEST_IS_SANITIZED true
#else
#define TEST_IS_SANITIZED false
#endif

#define TEST_ATTEMPTS(A) \
	A(READ_FILE, "read a file") \
	A(WRITE_FILE, "write a file outside of the spool") \
	A(WRITE_SPOOL, "write a file in the working folder") \
	A(MOVE_SPOOL, "move a file in the working folder") \
	A(EXEC, "start a program") \
	A(FORK, "fork") \
	A(SOCKET, "open a socket to the network") \
	A(SOCKET_UNIX, "open a socket of the machine") \
	A(SOCKET_RAW, "open a raw socket") \
	A(LISTEN, "listen") \
	A(CODE, "make memory executable") \
	A(PTRACE, "look into another process") \
	A(KILL, "kill another process") \
	A(MOUNT, "mount") \
	A(SETUID, "become another user") \
	A(CHROOT, "change the root folder") \
	A(BPF, "load code into the kernel") \
	A(URING, "go around the filter") \
	A(MEMORY, "write to another process") \
	A(LIMITS, "get more descriptors")

enum test_attempt {
#define TEST_ENUM(ID, text) TEST_##ID,
	TEST_ATTEMPTS(TEST_ENUM)
#undef TEST_ENUM
	    TEST_COUNT
};

static const char *const test_texts[] = {
#define TEST_TEXT(ID, text) text,
	TEST_ATTEMPTS(TEST_TEXT)
#undef TEST_TEXT
};

static const char *const test_outside = "/tmp/test_sandbox.outside";

static bool
test_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

static bool
test_socket(int family, int type)
{
	int fd = socket(family, type, 0);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

/* With raw calls: the C library's may have other ways. */
static bool
test_forks(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
test_execs(void)
{
	const char *const argv[] = { "true", NULL };

	execve("/bin/true", (char *const *)(uintptr_t)argv, NULL);
	return false; /* a success is seen by the missing report */
}

static bool
test_makes_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED &&
	    mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
test_listens(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd != -1 && listen(fd, 1) == 0;
}

static bool
test_gets_more(void)
{
	struct {
		uint64_t now, most;
	} limit = { 1, 1 };

	return syscall(SYS_prlimit64, getppid(), 7, &limit, NULL) == 0;
}

static bool
test_writes_memory(void)
{
	char byte = 0;

	return syscall(SYS_process_vm_writev, getppid(), &byte, 0, &byte, 0,
		   0) == 0;
}

static bool
test_try(enum test_attempt attempt)
{
	switch (attempt) {
	case TEST_READ_FILE:
		return test_open("/etc/passwd", O_RDONLY);
	case TEST_WRITE_FILE:
		return test_open(test_outside, O_WRONLY | O_CREAT);
	case TEST_WRITE_SPOOL:
		return test_open("file", O_WRONLY | O_CREAT);
	case TEST_MOVE_SPOOL:
		return rename("there", "folder/here") == 0;
	case TEST_EXEC:
		return test_execs();
	case TEST_FORK:
		return test_forks();
	case TEST_SOCKET:
		return test_socket(AF_INET, SOCK_DGRAM);
	case TEST_SOCKET_UNIX:
		return test_socket(AF_UNIX, SOCK_STREAM);
	case TEST_SOCKET_RAW:
		return test_socket(AF_PACKET, SOCK_RAW);
	case TEST_LISTEN:
		return test_listens();
	case TEST_CODE:
		return test_makes_code();
	case TEST_PTRACE:
		return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
	case TEST_KILL:
		return kill(getppid(), 0) == 0;
	case TEST_MOUNT:
		return mount("none", "/mnt", "tmpfs", 0, NULL) == 0;
	case TEST_SETUID:
		return setuid(1) == 0;
	case TEST_CHROOT:
		return chroot("/") == 0;
	case TEST_BPF:
		return syscall(SYS_bpf, 0, NULL, 0) != -1 || errno != EPERM;
	case TEST_URING:
		return syscall(SYS_io_uring_setup, 1, NULL) != -1 ||
		    errno != EPERM;
	case TEST_MEMORY:
		return test_writes_memory();
	case TEST_LIMITS:
		return test_gets_more();
	case TEST_COUNT:
		break;
	}
	return false;
}

/* In the child: a byte for each attempt, 1 where it worked. */
static void
test_be(enum proc_kind kind, int report)
{
	char done[TEST_COUNT];

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    sandbox_enter(kind) != NULL)
		_exit(1);
	for (unsigned i = 0; i < TEST_COUNT; i++)
		done[i] = test_try((enum test_attempt)i);
	_exit(write(report, done, sizeof(done)) == sizeof(done) ? 0 : 1);
}

static char test_folder[] = "/tmp/test_sandbox.XXXXXX";

static void
test_init(void)
{
	cr_assert_not_null(mkdtemp(test_folder));
	cr_assert_eq(chdir(test_folder), 0);
	cr_assert_eq(mkdir("folder", 0700), 0);
	cr_assert(test_open("there", O_WRONLY | O_CREAT));
}

static void
test_fini(void)
{
	unlink("file");
	unlink("there");
	unlink("folder/here");
	rmdir("folder");
	rmdir(test_folder);
}

/* Whether it could do exactly what it may. */
static void
test_kind(enum proc_kind kind, const enum test_attempt *allowed, size_t count)
{
	char done[TEST_COUNT] = { 0 }, may[TEST_COUNT] = { 0 };
	int fds[2], status;
	pid_t pid;

	for (size_t i = 0; i < count; i++)
		may[allowed[i]] = 1;
	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		test_be(kind, fds[1]);
	close(fds[1]);
	cr_assert_eq(read(fds[0], done, sizeof(done)), (ssize_t)sizeof(done),
	    "%s ended before its report", child_name(kind));
	close(fds[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	for (unsigned i = 0; i < TEST_COUNT; i++)
		cr_expect_eq(done[i], may[i], "%s can%s %s", child_name(kind),
		    done[i] ? "" : "not", test_texts[i]);
}

#define TEST_ALLOWED(...) \
	(const enum test_attempt[]){ __VA_ARGS__ }, \
	    sizeof((const enum test_attempt[]){ __VA_ARGS__ }) / \
	    sizeof(enum test_attempt)

TestSuite(sandbox, .init = test_init, .fini = test_fini, .timeout = 30,
    .disabled = TEST_IS_SANITIZED);

Test(sandbox, keys_can_do_nothing)
{
	test_kind(PROC_KEYS, NULL, 0);
}

Test(sandbox, control_can_do_nothing)
{
	test_kind(PROC_CONTROL, NULL, 0);
}

Test(sandbox, session_can_do_nothing)
{
	test_kind(PROC_SESSION, NULL, 0);
}

Test(sandbox, queue_can_change_the_spool)
{
	test_kind(PROC_QUEUE, TEST_ALLOWED(TEST_WRITE_SPOOL, TEST_MOVE_SPOOL));
}

/* Name services load code, and ask daemons of the machine. */
Test(sandbox, lookup_can_read_and_resolve)
{
	test_kind(PROC_LOOKUP,
	    TEST_ALLOWED(TEST_READ_FILE, TEST_SOCKET, TEST_SOCKET_UNIX,
		TEST_CODE));
}
