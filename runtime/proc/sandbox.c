/*
 * Sandboxes. Lists hold what a process was seen to need, by purpose, and
 * everything else fails: a call that a library makes in passing must not
 * end the process, so nothing kills.
 */
#include "runtime/proc/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_IS_SANITIZED true
#endif
#endif
#ifdef SANDBOX_IS_SANITIZED
#include <sanitizer/common_interface_defs.h>
#else
#define SANDBOX_IS_SANITIZED          false
#define __sanitizer_get_report_path() NULL
#endif

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/log.h"

/* Calls. */

/* Of every process: memory, time, its channels, its end. */
static const char *const sandbox_common[] = { "read", "readv", "write",
	"writev", "pread64", "pwrite64", "lseek", "close", "fcntl", "dup",
	"fstat", "ftruncate", "poll", "ppoll", "epoll_wait", "epoll_pwait",
	"epoll_ctl", "recvmsg", "sendmsg", "recvfrom", "sendto", "shutdown",
	"getsockopt", "setsockopt", "getsockname", "getpeername", "munmap",
	"mremap", "madvise", "brk", "memfd_create", "futex", "rseq",
	"set_robust_list", "sched_yield", "clock_gettime", "clock_nanosleep",
	"nanosleep", "gettimeofday", "time", "getrandom", "getpid", "gettid",
	"getuid", "geteuid", "getgid", "getegid", "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill",
	"restart_syscall", "exit", "exit_group", NULL };

static const char *const sandbox_accept[] = { "accept", "accept4", NULL };

static const char *const sandbox_session[] = { "accept", "accept4",
	"socketpair", "sysinfo", NULL };

/* The spool, and threads that wait for the disk. */
static const char *const sandbox_queue[] = { "pipe2", "openat", "open", "stat",
	"lstat", "newfstatat", "statx", "mkdir", "mkdirat", "rmdir", "unlink",
	"unlinkat", "rename", "renameat", "renameat2", "link", "linkat",
	"fsync", "fdatasync", "sync_file_range", "fallocate", "fchmod",
	"getdents64", "statfs", "fstatfs", "flock", "umask",
	"sched_getaffinity", "prctl", "rt_sigtimedwait", "sendfile",
	"copy_file_range", NULL };

/* Files to read, names to resolve. */
static const char *const sandbox_lookup[] = { "openat", "open", "stat", "lstat",
	"newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "getdents64", "statfs", "fstatfs", "flock", "getcwd",
	"uname", "sysinfo", "connect", "bind", "select", "pselect6", "sendmmsg",
	"recvmmsg", "ioctl", "umask", "sched_getaffinity", "prlimit64",
	"getrlimit", NULL };

static const char *const *const sandbox_own[PROC_KINDS] = {
	[PROC_SESSION] = sandbox_session,
	[PROC_QUEUE] = sandbox_queue,
	[PROC_LOOKUP] = sandbox_lookup,
	[PROC_CONTROL] = sandbox_accept,
};

static bool
sandbox_allow(scmp_filter_ctx filter, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++) {
		int call = seccomp_syscall_resolve_name(*names);

		/* Not every machine has all of them. */
		if (call < 0)
			continue;
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0)
			return false;
	}
	return true;
}

/* fstat(3) of the C library: of an open file, not of a name. */
static bool
sandbox_allow_fstat(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
		   SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)) ==
	    0;
}

/* Memory that can be executed is for what loads code: name services. */
static bool
sandbox_allow_memory(scmp_filter_ctx filter, enum proc_kind kind)
{
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };

	for (size_t i = 0; i < 2; i++) {
		int error = kind == PROC_LOOKUP ?
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) :
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

		if (error != 0)
			return false;
	}
	return true;
}

/* To name servers, and to what name services ask on the machine. */
static bool
sandbox_allow_sockets(scmp_filter_ctx filter)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX };

	for (size_t i = 0; i < 3; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
			1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0)) !=
		    0)
			return false;
	return true;
}

/*
 * Threads, no processes. What clone3 is asked for cannot be seen here: the
 * C library takes ENOSYS as a reason to use clone.
 */
static bool
sandbox_allow_threads(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) ==
	    0 &&
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
		0) == 0;
}

static bool
sandbox_filter(scmp_filter_ctx filter, enum proc_kind kind)
{
	return sandbox_allow(filter, sandbox_common) &&
	    sandbox_allow(filter, sandbox_own[kind]) &&
	    sandbox_allow_fstat(filter) && sandbox_allow_memory(filter, kind) &&
	    (kind != PROC_QUEUE || sandbox_allow_threads(filter)) &&
	    (kind != PROC_LOOKUP || sandbox_allow_sockets(filter)) &&
	    seccomp_load(filter) == 0;
}

static bool
sandbox_limit_calls(enum proc_kind kind)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool is_limited = filter != NULL && sandbox_filter(filter, kind);

	if (filter != NULL)
		seccomp_release(filter);
	return is_limited;
}

/* Files. */

#define SANDBOX_READ \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define SANDBOX_SPOOL \
	(SANDBOX_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)
/* All that the first version of Landlock knows. */
#define SANDBOX_ALL \
	(SANDBOX_SPOOL | LANDLOCK_ACCESS_FS_EXECUTE | \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)

static bool
sandbox_open_path(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	bool is_added;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return false;
	is_added = syscall(SYS_landlock_add_rule, ruleset,
		       LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return is_added;
}

/* From the second version on files can be moved between folders. */
static uint64_t
sandbox_refer(long version)
{
#ifdef LANDLOCK_ACCESS_FS_REFER
	return version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
#else
	(void)version;
	return 0;
#endif
}

static bool
sandbox_restrict(int ruleset, enum proc_kind kind, uint64_t refer)
{
	bool is_added = true;

	if (kind == PROC_QUEUE)
		is_added = sandbox_open_path(ruleset, ".",
		    SANDBOX_SPOOL | refer);
	else if (kind == PROC_LOOKUP)
		is_added = sandbox_open_path(ruleset, "/", SANDBOX_READ);
	return is_added && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

static bool
sandbox_limit_files(enum proc_kind kind)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = SANDBOX_ALL
	};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	bool is_restricted;
	int ruleset;

	/* The first version forbids all moves: the queue could do nothing. */
	if (version < 1 || (kind == PROC_QUEUE && version < 2)) {
		log_debug("debug: %s: no Landlock here", child_name(kind));
		return true;
	}
	attr.handled_access_fs |= sandbox_refer(version);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
	if (ruleset == -1)
		return false;
	is_restricted = sandbox_restrict(ruleset, kind, sandbox_refer(version));
	close(ruleset);
	return is_restricted;
}

void
sandbox_prepare(void)
{
	/* To know the path of its report a sanitizer opens it. */
	(void)__sanitizer_get_report_path();
}

const char *
sandbox_enter(enum proc_kind kind)
{
	if (SANDBOX_IS_SANITIZED)
		return NULL;
	if (!sandbox_limit_files(kind))
		return "cannot limit what files it sees";
	if (!sandbox_limit_calls(kind))
		return "cannot limit what it can call";
	return NULL;
}
