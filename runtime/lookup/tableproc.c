/*
 * Conversations with table programs. Requests stand in a queue, of which
 * the first is the one that was sent, if any. The socket never holds more
 * than one request, so that what cannot be written at once means a program
 * that does not read.
 */
#include "runtime/lookup/tableproc.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/log.h"

enum tableproc_state {
	TABLEPROC_NEW,
	TABLEPROC_STARTING, /* a process was asked for */
	TABLEPROC_HELLO,    /* what it registers is still to come */
	TABLEPROC_READY,
	TABLEPROC_ASKED,
	TABLEPROC_WAITING, /* for the time of the next start */
	TABLEPROC_ENDED,
};

struct tableproc_request {
	struct tableproc_request *next;
	enum tableproto_op op;
	unsigned service;
	tableproc_fn *done;
	void *arg;
	uint32_t key_len;
	char key[];
};

struct tableproc {
	struct tableproc_config config;
	char program[TABLEPROC_PROGRAM_ROOM];
	unsigned uses;
	enum tableproc_state state;
	bool is_settled;
	bool is_reading; /* who drops it then does not free it */

	int fd;
	struct event *readable;
	struct event *limit; /* of the state's time */
	struct event *retire;
	unsigned services; /* a bit each, of the last hand-shake */
	unsigned coming;   /* of the one that is under way */
	unsigned backoff_ms;

	struct tableproc_request *first;
	struct tableproc_request **last;
	unsigned count;
	uint32_t id; /* of the request that was sent */

	size_t len;
	char in[TABLEPROTO_LINE_MAX];
};

static void tableproc_fail(struct tableproc *proc, const char *why);

/* Requests. */

static struct tableproc_request *
tableproc_pop(struct tableproc *proc)
{
	struct tableproc_request *request = proc->first;

	assert(request != NULL);
	proc->first = request->next;
	if (proc->first == NULL)
		proc->last = &proc->first;
	proc->count--;
	return request;
}

/* Of one that is in no queue. */
static void
tableproc_finish(struct tableproc_request *request, enum answer answer,
    struct str text)
{
	request->done(request->arg, answer, text);
	/* It may hold a password. */
	explicit_bzero(request->key, request->key_len);
	free(request);
}

/* Those that wait now: whoever asks again in done waits for the next. */
static void
tableproc_fail_all(struct tableproc *proc)
{
	struct tableproc_request *request = proc->first, *next;

	proc->first = NULL;
	proc->last = &proc->first;
	proc->count = 0;
	for (; request != NULL; request = next) {
		next = request->next;
		tableproc_finish(request, ANSWER_FAILED,
		    STR_LIT("the program does not answer"));
	}
}

static struct tableproc_request *
tableproc_request_new(enum tableproto_op op, unsigned service, struct str key)
{
	struct tableproc_request *request = malloc(sizeof(*request) + key.len);

	if (request == NULL)
		return NULL;
	*request = (struct tableproc_request){
		.op = op, .service = service, .key_len = key.len
	};
	if (key.len > 0)
		memcpy(request->key, key.ptr, key.len);
	return request;
}

/* Life. */

static void
tableproc_on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct tableproc *proc = arg;

	(void)fd;
	(void)what;
	if (proc->state == TABLEPROC_WAITING)
		tableproc_start(proc);
	else if (proc->state == TABLEPROC_ASKED)
		tableproc_fail(proc, "does not answer");
	else
		tableproc_fail(proc, "registers nothing in time");
}

/* No time at all for 0. */
static void
tableproc_limit(struct tableproc *proc, unsigned ms)
{
	const struct timeval delay = { ms / 1000, ms % 1000 * 1000 };

	event_del(proc->limit);
	if (ms > 0)
		event_add(proc->limit, &delay);
}

struct tableproc *
tableproc_new(const struct tableproc_config *config)
{
	struct tableproc *proc = calloc(1, sizeof(*proc));

	if (proc == NULL)
		return NULL;
	proc->config = *config;
	snprintf(proc->program, sizeof(proc->program), "its program");
	proc->uses = 1;
	proc->fd = -1;
	proc->last = &proc->first;
	proc->limit = event_new(config->base, -1, 0, tableproc_on_limit, proc);
	if (proc->limit != NULL)
		return proc;
	free(proc);
	return NULL;
}

struct tableproc *
tableproc_hold(struct tableproc *proc)
{
	proc->uses++;
	return proc;
}

static void
tableproc_disconnect(struct tableproc *proc)
{
	tableproc_limit(proc, 0);
	if (proc->readable != NULL)
		event_free(proc->readable);
	proc->readable = NULL;
	if (proc->fd != -1)
		close(proc->fd);
	proc->fd = -1;
	proc->len = 0;
}

static void
tableproc_end(struct tableproc *proc)
{
	if (proc->state == TABLEPROC_ENDED)
		return;
	tableproc_disconnect(proc);
	proc->state = TABLEPROC_ENDED;
	proc->config.stop(proc->config.arg, proc);
	tableproc_fail_all(proc);
}

static void
tableproc_free(struct tableproc *proc)
{
	if (proc->retire != NULL)
		event_free(proc->retire);
	event_free(proc->limit);
	free(proc);
}

void
tableproc_drop(struct tableproc *proc)
{
	if (proc == NULL || --proc->uses > 0)
		return;
	tableproc_end(proc);
	if (!proc->is_reading)
		tableproc_free(proc);
}

static void
tableproc_on_retire(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tableproc_end(arg);
}

void
tableproc_retire(struct tableproc *proc, unsigned seconds)
{
	const struct timeval delay = { (time_t)seconds, 0 };

	if (proc->retire != NULL || proc->state == TABLEPROC_ENDED)
		return;
	proc->retire = event_new(proc->config.base, -1, 0, tableproc_on_retire,
	    proc);
	if (proc->retire == NULL || event_add(proc->retire, &delay) != 0)
		tableproc_end(proc);
}

/*
 * Of the first start whoever asked for it is told and nobody else; later it
 * is started again.
 */
static void
tableproc_fail(struct tableproc *proc, const char *why)
{
	char error[TABLEPROC_ERROR_MAX];
	bool is_first = !proc->is_settled;

	tableproc_disconnect(proc);
	proc->is_settled = true;
	if (is_first) {
		snprintf(error, sizeof(error), "%s %s", proc->program, why);
		proc->config.settled(proc->config.arg, proc, error);
		return;
	}
	log_warn("warn: table-proc: %.*s: %s %s: started again in %u.%u s",
	    STR_ARG(proc->config.table), proc->program, why,
	    proc->backoff_ms / 1000, proc->backoff_ms % 1000 / 100);
	proc->state = TABLEPROC_WAITING;
	tableproc_limit(proc, proc->backoff_ms);
	proc->backoff_ms *= 2;
	if (proc->backoff_ms > TABLEPROC_BACKOFF_MAX)
		proc->backoff_ms = TABLEPROC_BACKOFF_MAX;
	tableproc_fail_all(proc);
}

/* In the words of OpenSMTPD, which ends then. */
static void
tableproc_distrust(struct tableproc *proc, const char *why)
{
	log_warn("warn: table-proc: failed to parse reply");
	tableproc_fail(proc, why);
}

unsigned
tableproc_services(const struct tableproc *proc)
{
	return proc->services;
}

bool
tableproc_has_service(const struct tableproc *proc, unsigned service)
{
	return (proc->services & 1u << service) != 0;
}

#define TABLEPROC_HINT \
	": programs for OpenSMTPD 7.5 and before speak another protocol; " \
	"install one for 7.6 or later"

static void
tableproc_lose(struct tableproc *proc)
{
	if (proc->state == TABLEPROC_HELLO)
		tableproc_fail(proc,
		    "ended without registering a service" TABLEPROC_HINT);
	else
		tableproc_distrust(proc, "has ended");
}

/* Talking. */

static void
tableproc_send(struct tableproc *proc, const char *bytes, size_t len)
{
	ssize_t n = send(proc->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		tableproc_lose(proc);
	else if (n != (ssize_t)len)
		tableproc_fail(proc, "does not read what it is asked");
}

/* False: it cannot be asked this. */
static bool
tableproc_write(struct tableproc *proc, struct tableproc_request *request)
{
	char line[TABLEPROTO_REQUEST_MAX];
	struct tableproto_request say = { .op = request->op,
		.service = request->service,
		.id = ++proc->id,
		.table = proc->config.table,
		.key = { request->key, request->key_len } };
	size_t len = 0;

	gettimeofday(&say.time, NULL);
	if (request->op == TABLEPROTO_UPDATE ||
	    tableproc_has_service(proc, request->service))
		len = tableproto_write(&say, line, sizeof(line));
	if (len > 0) {
		proc->state = TABLEPROC_ASKED;
		tableproc_limit(proc, proc->config.answer_ms);
		tableproc_send(proc, line, len);
	}
	explicit_bzero(line, sizeof(line));
	return len > 0;
}

static void
tableproc_ask_next(struct tableproc *proc)
{
	while (proc->state == TABLEPROC_READY && proc->first != NULL)
		if (!tableproc_write(proc, proc->first))
			tableproc_finish(tableproc_pop(proc), ANSWER_FAILED,
			    STR_LIT("the program cannot be asked this"));
}

/* A line too many: nobody asked. */
static void
tableproc_take_answer(struct tableproc *proc, struct str line)
{
	struct tableproc_request *request = proc->first;
	enum tableproto_result result;
	enum answer answer;
	struct str text;
	char visible[512];

	if (proc->state != TABLEPROC_ASKED) {
		tableproc_distrust(proc, "answers what nobody asked");
		return;
	}
	result = tableproto_read(line, request->op, proc->id, &text);
	if (result == TABLEPROTO_BAD) {
		tableproc_distrust(proc, "answers what is no answer");
		return;
	}
	if (result == TABLEPROTO_ERROR) {
		log_warn("warn: table-proc: %.*s %s failed: %s",
		    STR_ARG(proc->config.table),
		    tableproto_op_name(request->op),
		    log_visible(text, false, visible, sizeof(visible)));
	}
	answer = result == TABLEPROTO_FOUND ? ANSWER_YES :
	    result == TABLEPROTO_NOT_FOUND  ? ANSWER_NO :
					      ANSWER_FAILED;
	proc->backoff_ms = TABLEPROC_BACKOFF_MIN;
	proc->state = TABLEPROC_READY;
	tableproc_limit(proc, 0);
	tableproc_finish(tableproc_pop(proc), answer, text);
	tableproc_ask_next(proc);
}

static void
tableproc_be_ready(struct tableproc *proc)
{
	bool is_first = !proc->is_settled;

	if (proc->coming == 0) {
		tableproc_fail(proc, "registers no service");
		return;
	}
	proc->services = proc->coming;
	proc->state = TABLEPROC_READY;
	proc->is_settled = true;
	tableproc_limit(proc, 0);
	if (is_first)
		proc->config.settled(proc->config.arg, proc, NULL);
	tableproc_ask_next(proc);
}

static void
tableproc_take_service(struct tableproc *proc, struct str line)
{
	char why[TABLEPROC_ERROR_MAX / 2], visible[128];
	unsigned service = 0;

	switch (tableproto_read_register(line, &service)) {
	case TABLEPROTO_REGISTER_SERVICE:
		proc->coming |= 1u << service;
		return;
	case TABLEPROTO_REGISTER_READY:
		tableproc_be_ready(proc);
		return;
	case TABLEPROTO_REGISTER_UNKNOWN:
		snprintf(why, sizeof(why),
		    "registers a service that there is not: \"%s\"",
		    log_visible(line, false, visible, sizeof(visible)));
		break;
	case TABLEPROTO_REGISTER_BAD:
		snprintf(why, sizeof(why),
		    "does not register services but says \"%s\"" TABLEPROC_HINT,
		    log_visible(line, false, visible, sizeof(visible)));
		break;
	}
	tableproc_fail(proc, why);
}

/* Call-backs may end the conversation, or begin another. */
static void
tableproc_take_lines(struct tableproc *proc)
{
	int fd = proc->fd;
	size_t at = 0;
	char *end;

	while (proc->fd == fd && at < proc->len &&
	    (end = memchr(proc->in + at, '\n', proc->len - at)) != NULL) {
		struct str line = { proc->in + at,
			(uint32_t)(end - (proc->in + at)) };

		at += line.len + 1;
		if (proc->state == TABLEPROC_HELLO)
			tableproc_take_service(proc, line);
		else
			tableproc_take_answer(proc, line);
	}
	if (proc->fd != fd || fd == -1)
		return;
	proc->len -= at;
	memmove(proc->in, proc->in + at, proc->len);
	if (proc->len == sizeof(proc->in))
		tableproc_distrust(proc, "sends a line that is too long");
}

static void
tableproc_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tableproc *proc = arg;
	ssize_t n = recv(fd, proc->in + proc->len, sizeof(proc->in) - proc->len,
	    MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	proc->is_reading = true;
	if (n > 0) {
		proc->len += (size_t)n;
		tableproc_take_lines(proc);
	} else {
		tableproc_lose(proc);
	}
	proc->is_reading = false;
	if (proc->uses == 0)
		tableproc_free(proc);
}

/* Starts. */

void
tableproc_start(struct tableproc *proc)
{
	if (proc->backoff_ms == 0)
		proc->backoff_ms = TABLEPROC_BACKOFF_MIN;
	proc->state = TABLEPROC_STARTING;
	tableproc_limit(proc, proc->config.start_ms);
	proc->config.start(proc->config.arg, proc);
}

void
tableproc_connect(struct tableproc *proc, int fd, const char *program,
    const char *error)
{
	char hello[TABLEPROTO_REQUEST_MAX];
	size_t len;

	/* It was too late, or is not wanted any more. */
	if (proc->state != TABLEPROC_STARTING) {
		if (fd != -1)
			close(fd);
		return;
	}
	snprintf(proc->program, sizeof(proc->program), "%s", program);
	if (fd == -1) {
		tableproc_fail(proc, error);
		return;
	}
	proc->fd = fd;
	proc->coming = 0;
	proc->state = TABLEPROC_HELLO;
	proc->readable = event_new(proc->config.base, fd, EV_READ | EV_PERSIST,
	    tableproc_on_readable, proc);
	if (proc->readable == NULL || event_add(proc->readable, NULL) != 0) {
		tableproc_fail(proc, "cannot be read: out of memory");
		return;
	}
	len = tableproto_write_config(proc->config.table, hello, sizeof(hello));
	if (len > 0)
		tableproc_send(proc, hello, len);
	else
		tableproc_fail(proc,
		    "cannot be told the table's name: choose a short one "
		    "without \"|\"");
}

const char *
tableproc_program(const struct tableproc *proc)
{
	return proc->program;
}

/* Asking. */

/* One that starts again will answer, or soon fail. */
static bool
tableproc_is_running(const struct tableproc *proc)
{
	return proc->state != TABLEPROC_NEW &&
	    proc->state != TABLEPROC_WAITING && proc->state != TABLEPROC_ENDED;
}

void
tableproc_ask(struct tableproc *proc, enum tableproto_op op, unsigned service,
    struct str key, tableproc_fn *done, void *arg)
{
	struct tableproc_request *request = NULL;

	if (tableproc_is_running(proc) && proc->count < TABLEPROC_QUEUE_MAX)
		request = tableproc_request_new(op, service, key);
	if (request == NULL) {
		done(arg, ANSWER_FAILED,
		    STR_LIT("the program cannot be asked now"));
		return;
	}
	request->done = done;
	request->arg = arg;
	*proc->last = request;
	proc->last = &request->next;
	proc->count++;
	tableproc_ask_next(proc);
}

void
tableproc_move(struct tableproc *from, struct tableproc *to)
{
	/* What was asked is asked again: its answer is not waited for. */
	if (from->first != NULL) {
		*to->last = from->first;
		to->last = from->last;
		to->count += from->count;
	}
	from->first = NULL;
	from->last = &from->first;
	from->count = 0;
	tableproc_end(from);
	tableproc_ask_next(to);
}
