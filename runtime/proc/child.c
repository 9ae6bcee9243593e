/*
 * A process below the parent: set-up, privileges, loop. What the parent
 * says is gathered until SETUP_DONE, so that a ruleset comes with all that
 * belongs to it or not at all.
 */
#include "runtime/proc/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/proc/privileges.h"

enum {
	CHILD_LISTENERS_MAX = 4096,
	CHILD_SESSIONS_MAX = 64,
	CHILD_ADDRESS_MAX = 63,
	CHILD_END_SECONDS = 1,
};

struct child_listener {
	uint32_t listener;
	char address[CHILD_ADDRESS_MAX + 1];
	int fd;
};

/* Of one generation, until SETUP_DONE. */
struct child_setup {
	const char *error; /* what could not be taken; NULL: nothing */
	struct ruleset_use *use;
	struct ruleset_use *old; /* until it is settled */
	struct child_listener *listeners;
	uint32_t listener_count;
	struct message request; /* SETUP_DONE, its number */
};

const char child_later[] = "later";

static const char *const child_names[PROC_KINDS] = {
	[PROC_PARENT] = "parent",
	[PROC_SESSION] = "session",
	[PROC_QUEUE] = "queue",
	[PROC_LOOKUP] = "lookup",
	[PROC_KEYS] = "keys",
	[PROC_CONTROL] = "control",
};

const char *
child_name(enum proc_kind kind)
{
	return child_names[kind];
}

/* Rulesets. */

struct ruleset_use *
ruleset_hold(struct ruleset_use *use)
{
	use->uses++;
	return use;
}

void
ruleset_drop(struct ruleset_use *use)
{
	if (use == NULL || --use->uses > 0)
		return;
	blob_unmap(&use->blob);
	free(use);
}

/* The parent has verified it, and nobody can write to it. */
static struct ruleset_use *
child_map_ruleset(const struct child *child, uint32_t generation, int fd)
{
	struct ruleset_use *use = calloc(1, sizeof(*use));
	bool without_secrets = child->ops->kind != PROC_LOOKUP;

	if (use == NULL)
		return NULL;
	if (blob_map(&use->blob, fd, without_secrets, BLOB_IS_INTACT) !=
	    BLOB_OK) {
		free(use);
		return NULL;
	}
	use->generation = generation;
	use->uses = 1;
	return use;
}

/* Set-up. */

void
child_fail(struct child *child, const char *reason)
{
	log_fatal("%s", reason);
	child->status = EXIT_FAILURE;
	event_base_loopbreak(child->base);
}

/* Not one whose process was replaced. */
static bool
child_is_current(const struct child *child, const struct channel *channel)
{
	bool is_current = channel == child->parent;

	for (unsigned i = 0; i < PROC_KINDS; i++)
		is_current = is_current || channel == child->peers[i];
	for (uint32_t i = 0; i < child->session_count; i++)
		is_current = is_current || channel == child->sessions[i];
	return is_current;
}

static void
child_on_close(void *arg, struct channel *channel, const char *reason)
{
	const struct timeval delay = { CHILD_END_SECONDS, 0 };
	struct child *child = arg;

	log_debug("debug: %s: channel %s", child_names[child->ops->kind],
	    reason);
	if (channel == child->parent)
		event_base_loopbreak(child->base);
	else if (child_is_current(child, channel))
		/*
		 * The end of one is the end of all, but not at once: the
		 * parent shall see who it was.
		 */
		event_base_loopexit(child->base, &delay);
	else
		channel_free(channel);
}

static void
child_take_ruleset(struct child *child, const struct message *message)
{
	struct child_setup *setup = child->setup;

	ruleset_drop(setup->use);
	setup->use = child_map_ruleset(child, message->setup_ruleset.generation,
	    message->fd);
}

/* Texts of facts are few and for good: nothing frees them. */
static bool
child_copy(struct str text, struct str *copy_r)
{
	size_t room = (size_t)text.len + 1;
	char *copy = malloc(room);

	*copy_r = (struct str){ copy, text.len };
	return copy != NULL && str_copy(text, copy, room);
}

static bool
child_take_facts(struct child *child, const struct message *message)
{
	const struct message_setup_facts *facts = &message->setup_facts;

	child->flags = facts->flags;
	return child_copy(facts->server_name, &child->server_name) &&
	    child_copy(facts->spool, &child->spool) &&
	    child_copy(facts->queue_key, &child->queue_key);
}

static bool
child_add_session(struct child *child, struct channel *channel)
{
	struct channel **grown;

	if (child->session_count == CHILD_SESSIONS_MAX)
		return false;
	grown = realloc(child->sessions,
	    (child->session_count + 1) * sizeof(struct channel *));
	if (grown == NULL)
		return false;
	child->sessions = grown;
	child->sessions[child->session_count++] = channel;
	return true;
}

static bool
child_take_peer(struct child *child, struct message *message)
{
	struct channel_handlers handlers = { child, child->ops->on_message,
		child_on_close };
	uint32_t kind = message->setup_peer.process;
	struct channel *channel;

	if (message->fd == -1 || kind >= PROC_KINDS || kind == PROC_PARENT)
		return false;
	channel = channel_new(child->base, message->fd, &handlers);
	if (channel == NULL)
		return false;
	message->fd = -1;
	/* One that is set up sooner may ask before we can answer. */
	if (!child->is_locked_in)
		channel_pause(channel);
	if (kind == PROC_SESSION)
		return child_add_session(child, channel);
	/*
	 * Keys come with a process of their own when the ruleset changes; the
	 * channel to the old one stays for what is under way, until it ends.
	 */
	child->peers[kind] = channel;
	return true;
}

static bool
child_take_listener(struct child *child, struct message *message)
{
	const struct message_setup_listener *fields = &message->setup_listener;
	struct child_setup *setup = child->setup;
	struct child_listener *grown, *listener;

	if (message->fd == -1 || setup->listener_count == CHILD_LISTENERS_MAX)
		return false;
	grown = realloc(setup->listeners,
	    (setup->listener_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return false;
	setup->listeners = grown;
	listener = &grown[setup->listener_count];
	if (!str_copy(fields->address, listener->address,
		sizeof(listener->address)))
		return false;
	listener->listener = fields->listener;
	listener->fd = message->fd;
	message->fd = -1;
	setup->listener_count++;
	return true;
}

static bool
child_take_stats(struct child *child, const struct message *message)
{
	off_t offset = (off_t)message->setup_stats.row * STATS_ROW;
	void *row;

	if (message->fd == -1)
		return false;
	row = mmap(NULL, STATS_ROW, PROT_READ | PROT_WRITE, MAP_SHARED,
	    message->fd, offset);
	if (row == MAP_FAILED)
		return false;
	child->stats = row;
	return true;
}

static const char *
child_give_listeners(struct child *child)
{
	struct child_setup *setup = child->setup;
	const char *error = NULL;

	for (uint32_t i = 0; i < setup->listener_count; i++) {
		struct child_listener *listener = &setup->listeners[i];

		if (child->ops->on_listener != NULL && error == NULL)
			error = child->ops->on_listener(child,
			    listener->listener, str_from(listener->address),
			    listener->fd);
		else
			close(listener->fd);
	}
	free(setup->listeners);
	setup->listeners = NULL;
	setup->listener_count = 0;
	return error;
}

static void
child_hear_peers(struct child *child)
{
	for (unsigned i = 0; i < PROC_KINDS; i++)
		if (child->peers[i] != NULL)
			channel_resume(child->peers[i]);
	for (uint32_t i = 0; i < child->session_count; i++)
		channel_resume(child->sessions[i]);
}

/* Once: what needs privileges, then the end of them. */
static const char *
child_lock_in(struct child *child)
{
	const char *error = NULL;

	if (child->is_locked_in)
		return NULL;
	child->is_locked_in = true;
	if (child->stats == NULL)
		return "was set up without counters";
	if (child->ops->init != NULL)
		error = child->ops->init(child);
	if (error == NULL)
		error = privileges_drop(child->ops->kind, child->is_ordinary,
		    child->spool.ptr);
	if (error == NULL)
		child_hear_peers(child);
	return error;
}

static const char *
child_use(struct child *child)
{
	struct ruleset_use *use = child->setup->use;
	const char *error;

	child->setup->old = child->ruleset;
	if (child->setup->error != NULL)
		return child->setup->error;
	if (use == NULL)
		return "cannot map the ruleset";
	child->ruleset = use;
	error = child_lock_in(child);
	if (error == NULL && child->ops->use_ruleset != NULL)
		error = child->ops->use_ruleset(child, use);
	return error;
}

/* Forgets what came for a generation that is not used. */
static void
child_reset_setup(struct child *child)
{
	struct child_setup *setup = child->setup;

	ruleset_drop(setup->use);
	setup->use = NULL;
	setup->error = NULL;
	for (uint32_t i = 0; i < setup->listener_count; i++)
		close(setup->listeners[i].fd);
	free(setup->listeners);
	setup->listeners = NULL;
	setup->listener_count = 0;
}

void
child_settle(struct child *child, const char *error)
{
	struct child_setup *setup = child->setup;
	struct message ready = { .type = MESSAGE_READY, .fd = -1 };

	if (error == NULL)
		error = child_give_listeners(child);
	if (error != NULL) {
		child->ruleset = setup->old;
	} else {
		setup->use = NULL;
		ruleset_drop(setup->old);
	}
	ready.ready.error = str_from(error == NULL ? "" : error);
	child_reset_setup(child);
	channel_reply(child->parent, &setup->request, &ready);
}

static void
child_finish_setup(struct child *child, const struct message *message)
{
	const char *error;

	child->is_forced = message->setup_done.is_forced;
	child->setup->request = *message;
	error = child_use(child);
	if (error != child_later)
		child_settle(child, error);
}

static void
child_set_log_level(struct child *child, const struct message *message)
{
	struct message result = { .type = MESSAGE_RESULT, .fd = -1 };

	log_set_level(message->log_level.level == LOG_LEVEL_BRIEF ?
		LOG_LEVEL_BRIEF :
		LOG_LEVEL_VERBOSE);
	result.result.is_ok = true;
	channel_reply(child->parent, message, &result);
}

static void
child_on_parent(void *arg, struct channel *channel, struct message *message)
{
	struct child *child = arg;
	bool is_taken = true;

	if (message->type == MESSAGE_SETUP_RULESET)
		child_take_ruleset(child, message);
	else if (message->type == MESSAGE_SETUP_FACTS)
		is_taken = child_take_facts(child, message);
	else if (message->type == MESSAGE_SETUP_PEER)
		is_taken = child_take_peer(child, message);
	else if (message->type == MESSAGE_SETUP_LISTENER)
		is_taken = child_take_listener(child, message);
	else if (message->type == MESSAGE_SETUP_STATS)
		is_taken = child_take_stats(child, message);
	else if (message->type == MESSAGE_SETUP_DONE)
		child_finish_setup(child, message);
	else if (message->type == MESSAGE_LOG_LEVEL)
		child_set_log_level(child, message);
	else {
		child->ops->on_message(child, channel, message);
		return;
	}
	if (message->fd != -1)
		close(message->fd);
	if (!is_taken)
		child->setup->error = "no memory or no descriptor for what "
				      "the ruleset needs";
}

/* Life. */

static void
child_prepare(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE,
		SIGUSR1, SIGUSR2 };
	struct rlimit files;

	/* Not "exe", as it was started. */
	prctl(PR_SET_NAME, "smtpd");
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static bool
child_open(struct child *child)
{
	struct channel_handlers handlers = { child, child_on_parent,
		child_on_close };

	child->base = event_base_new();
	child->setup = calloc(1, sizeof(*child->setup));
	if (child->base == NULL || child->setup == NULL ||
	    fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(CHILD_FD, F_SETFL, O_NONBLOCK) != 0)
		return false;
	child->parent = channel_new(child->base, CHILD_FD, &handlers);
	return child->parent != NULL;
}

/* What others hold an end of, and what the box itself would wait for. */
static void
child_close(struct child *child)
{
	for (unsigned i = 0; i < PROC_KINDS; i++)
		channel_free(child->peers[i]);
	for (uint32_t i = 0; i < child->session_count; i++)
		channel_free(child->sessions[i]);
	free(child->sessions);
	child_reset_setup(child);
	free(child->setup);
	channel_free(child->parent);
	if (child->ops->fini != NULL)
		child->ops->fini(child);
}

int
child_main(const struct child_ops *ops)
{
	/* What lives as long as the process is reached from here. */
	static struct child child;

	child.ops = ops;
	child.is_ordinary = geteuid() != 0;
	child.status = EXIT_SUCCESS;
	child_prepare();
	if (!child_open(&child)) {
		log_fatal("cannot start: run smtpd without -x");
		return EXIT_FAILURE;
	}
	event_base_dispatch(child.base);
	child_close(&child);
	return child.status;
}
