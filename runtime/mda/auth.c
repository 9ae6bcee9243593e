/*
 * shadow(5) and crypt(3).
 */
#include "runtime/mda/auth.h"

#include <errno.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/account.h"
#include "runtime/lookup/password.h"

struct auth {
	struct workers *workers;
	unsigned running;
};

struct auth_request {
	struct auth *auth;
	struct channel *session;
	struct message request; /* its number */
	char user[ACCOUNT_NAME_MAX + 1];
	char password[PASSWORD_MAX + 1];
};

struct auth *
auth_new(struct workers *workers)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (auth != NULL)
		auth->workers = workers;
	return auth;
}

void
auth_free(struct auth *auth)
{
	free(auth);
}

enum answer
auth_check(const char *user, const char *password)
{
	const char *hash = PASSWORD_NO_HASH;
	const struct spwd *spwd;
	const struct passwd *pw;
	enum answer answer;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		errno == EIO))
		return ANSWER_FAILED;
	if (pw != NULL) {
		hash = pw->pw_passwd;
		spwd = strcmp(hash, "x") == 0 ? getspnam(user) : NULL;
		if (spwd != NULL)
			hash = spwd->sp_pwdp;
		else if (strcmp(hash, "x") == 0)
			return ANSWER_FAILED;
	}
	answer = password_compare(password, hash);
	return pw == NULL ? ANSWER_NO : answer;
}

/* Requests. */

static void
auth_reply(struct channel *session, const struct message *request,
    enum answer answer)
{
	struct message message = {
		.type = MESSAGE_CREDENTIALS_ANSWER,
		.fd = -1,
		.credentials_answer = { (uint32_t)answer },
	};

	channel_reply(session, request, &message);
}

static void
auth_request_free(struct auth_request *request)
{
	explicit_bzero(request, sizeof(*request));
	free(request);
}

static int
auth_run(void *arg)
{
	const struct auth_request *request = arg;
	signed char answer = (signed char)auth_check(request->user,
	    request->password);

	return write(WORKER_REPORT, &answer, 1) != 1;
}

static void
auth_on_end(void *arg, const struct worker_end *end)
{
	struct auth_request *request = arg;
	enum answer answer = ANSWER_FAILED;

	if (WIFEXITED(end->wait_status) && end->report.len == 1)
		answer = end->report.ptr[0] == ANSWER_YES ? ANSWER_YES :
		    end->report.ptr[0] == ANSWER_NO       ? ANSWER_NO :
							    ANSWER_FAILED;
	request->auth->running--;
	auth_reply(request->session, &request->request, answer);
	auth_request_free(request);
}

void
auth_answer(struct auth *auth, struct channel *session,
    const struct message *request)
{
	struct auth_request *copy = calloc(1, sizeof(*copy));
	struct worker_job job = {
		.run = auth_run,
		.done = auth_on_end,
		.arg = copy,
		.keep = -1,
		.seconds = AUTH_SECONDS,
	};
	enum answer answer = ANSWER_FAILED;

	if (copy != NULL && auth->running < AUTH_WORKERS_MAX) {
		copy->auth = auth;
		copy->session = session;
		copy->request.type = request->type;
		copy->request.number = request->number;
		/* Too long for anyone's. */
		if (!str_copy(request->credentials.user, copy->user,
			sizeof(copy->user)) ||
		    !str_copy(request->credentials.password, copy->password,
			sizeof(copy->password))) {
			answer = ANSWER_NO;
		} else if (worker_start(auth->workers, &job)) {
			auth->running++;
			return;
		}
	}
	if (copy != NULL)
		auth_request_free(copy);
	auth_reply(session, request, answer);
}
