/*
 * One struct a delivery, from the request to the answer:
 *
 *	DELIVER --> user --> delivery user --> worker --> DELIVERED
 *	              \__________\________________\_______/
 */
#include "runtime/mda/mda_parent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/delivery.h"
#include "runtime/mda/userinfo.h"

enum {
	/* More than its own alarm: for what does not heed that. */
	MDA_WORKER_SECONDS_MORE = 10,
};

struct mda_job {
	struct mda_parent *parent;
	struct mda_job *next;
	struct channel *queue;
	struct message request; /* its number; texts are gone */
	uint64_t evpid;
	struct ruleset_use *use;

	struct ir_action action;
	struct delivery delivery;
	struct account user, runs_as;
	int message;
	char *envelope;
};

struct mda_parent {
	struct mda_parent_config config;
	struct mda_job *jobs;
	bool is_closed;
};

struct mda_parent *
mda_parent_new(const struct mda_parent_config *config)
{
	struct mda_parent *parent = calloc(1, sizeof(*parent));

	if (parent != NULL)
		parent->config = *config;
	return parent;
}

static void
mda_job_free(struct mda_job *job)
{
	if (job->use != NULL)
		ruleset_drop(job->use);
	if (job->message != -1)
		close(job->message);
	free(job->envelope);
	free(job);
}

void
mda_parent_free(struct mda_parent *parent)
{
	struct mda_job *job, *next;

	if (parent == NULL)
		return;
	for (job = parent->jobs; job != NULL; job = next) {
		next = job->next;
		mda_job_free(job);
	}
	free(parent);
}

void
mda_parent_close(struct mda_parent *parent)
{
	parent->is_closed = true;
}

static void
mda_answer(struct channel *queue, const struct message *request, uint64_t evpid,
    const struct mda_result *result)
{
	struct message answer = {
		.type = MESSAGE_DELIVERED,
		.fd = -1,
		.delivered = { evpid, result->outcome, result->status,
		    str_from(result->text) },
	};

	channel_reply(queue, request, &answer);
}

static void
mda_job_forget(struct mda_job *job)
{
	struct mda_job **at = &job->parent->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	mda_job_free(job);
}

/* Answers and forgets. */
static void
mda_job_end(struct mda_job *job, const struct mda_result *result)
{
	mda_answer(job->queue, &job->request, job->evpid, result);
	mda_job_forget(job);
}

static void
mda_job_fail(struct mda_job *job, enum mda_outcome outcome, uint32_t status,
    const char *text)
{
	struct mda_result result;

	mda_result_set(&result, outcome, status, "%s", text);
	mda_job_end(job, &result);
}

/* The worker. */

static int
mda_job_run(void *arg)
{
	struct mda_job *job = arg;
	struct mda_result result;

	job->delivery.message = WORKER_KEPT;
	delivery_run(&job->delivery, &result);
	return write(WORKER_REPORT, &result, sizeof(result)) != sizeof(result);
}

/*
 * A report is believed as far as it goes: it comes from the user. Its text
 * gets into the log.
 */
static bool
mda_read_report(struct str report, struct mda_result *result)
{
	if (report.len != sizeof(*result))
		return false;
	memcpy(result, report.ptr, sizeof(*result));
	if ((unsigned)result->outcome >= MDA_OUTCOMES ||
	    memchr(result->text, '\0', sizeof(result->text)) == NULL)
		return false;
	for (char *c = result->text; *c != '\0'; c++)
		if (*c != '\t' && (*c < ' ' || *c > '~'))
			*c = '?';
	return true;
}

static void
mda_job_on_end(void *arg, const struct worker_end *end)
{
	struct mda_job *job = arg;
	struct mda_result result;
	int signal = WIFSIGNALED(end->wait_status) ?
	    WTERMSIG(end->wait_status) :
	    0;

	if (mda_read_report(end->report, &result))
		mda_job_end(job, &result);
	else if (end->is_timeout || signal == SIGALRM)
		mda_job_fail(job, MDA_TEMPFAIL, 0, "terminated; timeout");
	else if (signal != 0) {
		mda_result_set(&result, MDA_TEMPFAIL, 0,
		    "terminated; signal %d", signal);
		mda_job_end(job, &result);
	} else
		mda_job_fail(job, MDA_TEMPFAIL, EX_SOFTWARE,
		    "delivery ended without a result");
}

static void
mda_job_start(struct mda_job *job)
{
	struct worker_job worker = {
		.run = mda_job_run,
		.done = mda_job_on_end,
		.arg = job,
		.keep = job->message,
		.seconds = job->delivery.seconds + MDA_WORKER_SECONDS_MORE,
	};
	struct mda_result result;

	if (job->parent->is_closed) {
		mda_job_forget(job);
		return;
	}
	if (worker_start(job->parent->config.workers, &worker)) {
		close(job->message);
		job->message = -1;
		return;
	}
	mda_result_set(&result, MDA_TEMPFAIL, EX_OSERR, "fork: %s",
	    strerror(errno));
	mda_job_end(job, &result);
}

/* The users. */

static void
mda_job_on_delivery_user(void *arg, enum answer answer,
    const struct account *account)
{
	struct mda_job *job = arg;
	struct mda_result result;

	if (answer == ANSWER_YES) {
		job->runs_as = *account;
		mda_job_start(job);
	} else if (answer == ANSWER_NO) {
		mda_result_set(&result, MDA_PERMFAIL, EX_NOUSER,
		    "delivery user '%.*s' does not exist",
		    STR_ARG(job->action.local.user));
		mda_job_end(job, &result);
	} else {
		mda_job_fail(job, MDA_USER_TEMPFAIL, 0,
		    "Temporary failure in user lookup");
	}
}

static void
mda_job_on_user(void *arg, enum answer answer, const struct account *account)
{
	struct mda_job *job = arg;
	const struct ir_local *local = &job->action.local;

	if (answer == ANSWER_FAILED) {
		mda_job_fail(job, MDA_USER_TEMPFAIL, 0,
		    "Temporary failure in user lookup");
	} else if (answer == ANSWER_NO) {
		mda_job_fail(job, MDA_USER_PERMFAIL, 0,
		    "Permanent failure in user lookup");
	} else if (job->user = *account, local->user.len == 0) {
		job->runs_as = *account;
		mda_job_start(job);
	} else {
		userinfo_find(job->parent->config.lookup, job->use->generation,
		    local->user_from_userbase ? local->userbase : IR_NONE,
		    local->user, mda_job_on_delivery_user, job);
	}
}

/* Requests. */

/* False: the request makes no sense. */
static bool
mda_job_read(struct mda_job *job, const struct message_deliver *deliver)
{
	const struct blob *blob = &job->use->blob;
	struct ir_settings settings;
	struct ir_wrapper wrapper = { .command = STR_LIT("") };
	struct target target;

	if (deliver->action >= blob_action_count(blob))
		return false;
	blob_action(blob, deliver->action, &job->action);
	if (job->action.method == IR_RELAY)
		return false;
	if (job->action.local.wrapper != IR_NONE)
		blob_wrapper(blob, job->action.local.wrapper, &wrapper);
	blob_settings(blob, &settings);
	blob_target(blob, &target);
	job->delivery = (struct delivery){
		.action = &job->action,
		.wrapper = wrapper.command,
		.format_flags = delivery_format_flags(&job->action.local,
		    target.version),
		.delimiter = settings.delimiter,
		.envelope = { job->envelope, deliver->envelope.len },
		.user = &job->user,
		.runs_as = &job->runs_as,
		.libexec = job->parent->config.libexec,
		.mailboxes = job->parent->config.mailboxes,
		.seconds = job->parent->config.seconds,
	};
	return true;
}

/* NULL: no memory. */
static struct mda_job *
mda_job_new(struct mda_parent *parent, struct channel *queue,
    struct message *message, struct ruleset_use *use)
{
	const struct message_deliver *deliver = &message->deliver;
	struct mda_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->envelope = malloc((size_t)deliver->envelope.len + 1);
	if (job->envelope == NULL) {
		free(job);
		return NULL;
	}
	memcpy(job->envelope, deliver->envelope.ptr, deliver->envelope.len);
	job->parent = parent;
	job->queue = queue;
	job->request.type = message->type;
	job->request.number = message->number;
	job->evpid = deliver->evpid;
	job->use = ruleset_hold(use);
	job->message = message->fd;
	message->fd = -1;
	job->next = parent->jobs;
	parent->jobs = job;
	return job;
}

static void
mda_parent_start(struct mda_parent *parent, struct channel *queue,
    struct message *message, struct ruleset_use *use)
{
	const struct message_deliver *deliver = &message->deliver;
	struct mda_job *job = NULL;
	struct mda_result result;

	mda_result_set(&result, MDA_TEMPFAIL, 0, "%s",
	    message->fd == -1 ? "Cannot get message fd" :
		use == NULL   ? "The ruleset is gone" :
				"Out of memory");
	if (message->fd != -1 && use != NULL)
		job = mda_job_new(parent, queue, message, use);
	if (job == NULL)
		mda_answer(queue, message, deliver->evpid, &result);
	else if (!mda_job_read(job, deliver))
		mda_job_fail(job, MDA_TEMPFAIL, EX_CONFIG,
		    "The action delivers nothing");
	else
		userinfo_find(parent->config.lookup, use->generation,
		    job->action.local.userbase, deliver->user, mda_job_on_user,
		    job);
}

void
mda_parent_deliver(struct mda_parent *parent, struct channel *queue,
    struct message *message, struct ruleset_use *use)
{
	if (!parent->is_closed)
		mda_parent_start(parent, queue, message, use);
	if (message->fd != -1)
		close(message->fd);
	message->fd = -1;
}
