/*
 * Fuzzes a session: what a client sends, in whatever pieces, while answers
 * come at once or later. The first byte says what the listener allows, the
 * second into what pieces the rest is cut. Whatever comes, one question is
 * open at a time, transactions end as often as they begin, and replies are
 * lines of printable text with a code.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/smtp/smtp.h"

enum {
	FUZZ_SIZE_MAX = 64 * 1024,

	/* Bits of the first byte. */
	FUZZ_TLS = 1,
	FUZZ_LOGIN = 2,
	FUZZ_MASQUERADE = 4,
	FUZZ_COMPLETE = 8,
	FUZZ_NO_DSN = 16,
	FUZZ_LATE = 32, /* answers */
	FUZZ_SECURE = 64,
};

enum fuzz_question {
	FUZZ_NONE,
	FUZZ_AUTH,
	FUZZ_MAIL,
	FUZZ_RCPT,
	FUZZ_DATA,
	FUZZ_COMMIT,
};

struct fuzz_session {
	struct smtp smtp;
	bool is_late;
	bool is_tls;
	enum fuzz_question question;
	unsigned salt; /* answers differ by it */
	int begun;
	char line[SMTP_REPLY_MAX]; /* of a reply, so far */
	size_t line_len;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_answer(struct fuzz_session *session)
{
	const struct smtp_message message = { .msgid = 1, .unique = 2 };
	enum fuzz_question question = session->question;
	unsigned salt = session->salt++ % 8;

	session->question = FUZZ_NONE;
	switch (question) {
	case FUZZ_AUTH:
		smtp_answer_auth(&session->smtp,
		    salt == 0     ? ANSWER_FAILED :
			salt == 1 ? ANSWER_NO :
				    ANSWER_YES);
		break;
	case FUZZ_MAIL:
		smtp_answer_mail(&session->smtp,
		    salt == 0     ? SMTP_MAIL_REJECTED :
			salt == 1 ? SMTP_MAIL_TEMPFAIL :
				    SMTP_MAIL_OK);
		break;
	case FUZZ_RCPT:
		smtp_answer_rcpt(&session->smtp,
		    salt == 0 ? STR_LIT("550 no") : STR_LIT(""));
		break;
	case FUZZ_DATA:
		smtp_answer_data(&session->smtp, salt == 7 ? NULL : &message);
		break;
	case FUZZ_COMMIT:
		session->begun -= salt != 6;
		smtp_answer_commit(&session->smtp, salt != 6);
		break;
	case FUZZ_NONE:
		break;
	}
}

static void
fuzz_ask(struct fuzz_session *session, enum fuzz_question question)
{
	assert(session->question == FUZZ_NONE);
	session->question = question;
	if (!session->is_late)
		fuzz_answer(session);
}

static void
fuzz_auth(void *arg, struct str user, struct str password)
{
	assert(user.len > 0 && user.len <= SMTP_USER_MAX && password.len > 0);
	assert(memchr(user.ptr, '\n', user.len) == NULL);
	fuzz_ask(arg, FUZZ_AUTH);
}

static void
fuzz_mail(void *arg)
{
	struct fuzz_session *session = arg;
	const struct mailaddr *sender = &session->smtp.tx->sender;

	assert(sender->user.len == 0 ? sender->domain.len == 0 :
				       address_is_complete(sender));
	session->begun++;
	fuzz_ask(session, FUZZ_MAIL);
}

static void
fuzz_rcpt(void *arg, const struct smtp_rcpt *rcpt)
{
	assert(address_is_complete(&rcpt->address));
	assert(rcpt->orcpt.len <= SMTP_ORCPT_MAX);
	fuzz_ask(arg, FUZZ_RCPT);
}

static void
fuzz_data(void *arg)
{
	fuzz_ask(arg, FUZZ_DATA);
}

static void
fuzz_commit(void *arg)
{
	fuzz_ask(arg, FUZZ_COMMIT);
}

static void
fuzz_start_tls(void *arg)
{
	struct fuzz_session *session = arg;

	session->is_tls = true;
}

static bool
fuzz_append(void *arg, struct str bytes)
{
	(void)arg;
	return bytes.len > 0;
}

static void
fuzz_rollback(void *arg)
{
	struct fuzz_session *session = arg;

	assert(session->begun-- > 0);
}

static void
fuzz_refused(void *arg, struct str command, struct str reply)
{
	(void)arg;
	assert(command.len <= SMTP_COMMAND_MAX + 32);
	assert(reply.ptr[0] == '4' || reply.ptr[0] == '5');
}

static void
fuzz_bad_input(void *arg, struct str reply)
{
	(void)arg;
	assert(reply.ptr[0] == '5');
}

static const struct smtp_ops fuzz_ops = {
	.auth = fuzz_auth,
	.mail = fuzz_mail,
	.rcpt = fuzz_rcpt,
	.data = fuzz_data,
	.commit = fuzz_commit,
	.start_tls = fuzz_start_tls,
	.append = fuzz_append,
	.rollback = fuzz_rollback,
	.refused = fuzz_refused,
	.bad_input = fuzz_bad_input,
};

static void
fuzz_check_reply(const char *line, size_t len)
{
	assert(len >= 5 && line[len - 1] == '\r');
	for (size_t i = 0; i < 3; i++)
		assert(str_is_digit(line[i]));
	assert(line[3] == ' ' || line[3] == '-');
	for (size_t i = 0; i < len - 1; i++)
		assert((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
}

static void
fuzz_drain(struct fuzz_session *session)
{
	struct str output;

	while ((output = smtp_output(&session->smtp)).len > 0) {
		if (output.ptr[0] == '\n') {
			fuzz_check_reply(session->line, session->line_len);
			session->line_len = 0;
		} else {
			assert(session->line_len < sizeof(session->line));
			session->line[session->line_len++] = output.ptr[0];
		}
		smtp_sent(&session->smtp, 1);
	}
}

static void
fuzz_settle(struct fuzz_session *session)
{
	fuzz_drain(session);
	while (session->question != FUZZ_NONE) {
		fuzz_answer(session);
		fuzz_drain(session);
	}
	if (session->is_tls) {
		session->is_tls = false;
		smtp_secure(&session->smtp, STR_LIT("TLSv1.3:X:256"));
	}
}

static void
fuzz_feed(struct fuzz_session *session, const char *data, size_t size,
    size_t piece)
{
	while (size > 0 && session->smtp.phase != SMTP_CLOSED) {
		size_t len = piece < size ? piece : size;

		assert(smtp_wants_input(&session->smtp));
		smtp_input(&session->smtp, data, len);
		fuzz_settle(session);
		data += len;
		size -= len;
	}
}

static struct smtp_config
fuzz_config(uint8_t bits)
{
	return (struct smtp_config){
		.tls = (bits & FUZZ_TLS) != 0 ? SMTP_TLS_OFFERED :
						SMTP_TLS_NONE,
		.login = (bits & FUZZ_LOGIN) != 0 ? SMTP_LOGIN_OFFERED :
						    SMTP_LOGIN_NONE,
		.masquerades = (bits & FUZZ_MASQUERADE) != 0,
		.completes_messages = (bits & FUZZ_COMPLETE) != 0,
		.no_dsn = (bits & FUZZ_NO_DSN) != 0,
		.domain = STR_LIT("h.test"),
		.size_max = 4096,
		.mails_max = 3,
		.rcpts_max = 3,
	};
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct smtp_peer peer = { STR_LIT("h.test"), STR_LIT("[::1]"),
		STR_LIT("<unknown>") };
	struct smtp_config config;
	struct fuzz_session *session;

	if (size < 2 || size > FUZZ_SIZE_MAX)
		return 0;
	config = fuzz_config(data[0]);
	session = calloc(1, sizeof(*session));
	if (session == NULL)
		return 0;
	session->is_late = (data[0] & FUZZ_LATE) != 0;
	smtp_init(&session->smtp, &config, &fuzz_ops, session);
	if ((data[0] & FUZZ_SECURE) != 0)
		smtp_secure(&session->smtp, STR_LIT("TLSv1.3:X:256"));
	smtp_greet(&session->smtp, &peer);
	fuzz_drain(session);
	fuzz_feed(session, (const char *)data + 2, size - 2,
	    data[1] == 0 ? size : data[1]);
	smtp_fini(&session->smtp);
	assert(session->begun == 0);
	free(session);
	return 0;
}
