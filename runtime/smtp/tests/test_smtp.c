/*
 * Transcripts of whole sessions against the engine, which is all of the
 * server but network and processes. Each is run as a dialogue, byte by byte,
 * and in two pieces cut at every place, so pipelined; each of these with
 * answers that come at once and with answers that come later.
 */
#include "runtime/smtp/smtp.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/smtp/tests/transcript.h"

enum {
	TEST_OUTPUT_MAX = 256 * 1024,
	TEST_MESSAGE_MAX = 1024 * 1024,
	TEST_CUTS_MAX = 1200, /* of a longer case only the first places */
	TEST_FILES_MAX = 64,
	TEST_TIME = 1795440000,
};

#define TEST_FILES "fixtures/smtp/*.txt"
#define TEST_TLS   "TLSv1.3:TLS_AES_256_GCM_SHA384:256"

static const struct transcript_value test_values[] = {
	{ "{host}", "mail.example.org" },
	{ "{peer}", "[192.0.2.1]" },
	{ "{rdns}", "client.example.net" },
	{ "{msgid}", "0badcafe" },
	{ "{unique}", "0123456789abcdef" },
	{ "{date}", "Mon, 23 Nov 2026 13:20:00 +0000 (UTC)" },
	{ "{tls}", TEST_TLS },
	{ NULL, NULL },
};

static const struct smtp_peer test_peer = {
	.hostname = { "mail.example.org", 16 },
	.address = { "[192.0.2.1]", 11 },
	.rdns = { "client.example.net", 18 },
};

/* A question that waits, and what it will be answered. */
enum test_question {
	TEST_NONE,
	TEST_AUTH,
	TEST_MAIL,
	TEST_RCPT,
	TEST_DATA,
	TEST_COMMIT,
};

struct test_session {
	struct smtp smtp;
	struct smtp_config config;
	struct str listener;
	bool is_late; /* answers */
	enum test_question question;
	enum answer auth;
	enum smtp_mail mail;
	struct str reply;
	bool is_tls; /* the server waits for a handshake */
	char *output;
	size_t output_len;
	char *message;
	size_t message_len;
	unsigned begun; /* transactions without an end */
};

static bool
test_is(const struct test_session *session, const char *word)
{
	return transcript_has_word(session->listener, word, NULL);
}

static void
test_answer(struct test_session *session)
{
	static const struct smtp_message message = {
		.msgid = 0x0badcafe,
		.time = TEST_TIME,
		.unique = 0x0123456789abcdef,
	};
	struct smtp *smtp = &session->smtp;
	enum test_question question = session->question;

	session->question = TEST_NONE;
	switch (question) {
	case TEST_AUTH:
		smtp_answer_auth(smtp, session->auth);
		break;
	case TEST_MAIL:
		smtp_answer_mail(smtp, session->mail);
		break;
	case TEST_RCPT:
		smtp_answer_rcpt(smtp, session->reply);
		break;
	case TEST_DATA:
		session->message_len = 0;
		smtp_answer_data(smtp,
		    test_is(session, "no-queue") ? NULL : &message);
		break;
	case TEST_COMMIT:
		session->begun -= !test_is(session, "no-commit");
		smtp_answer_commit(smtp, !test_is(session, "no-commit"));
		break;
	case TEST_NONE:
		break;
	}
}

static void
test_ask(struct test_session *session, enum test_question question)
{
	cr_assert_eq(session->question, TEST_NONE, "two questions at once");
	session->question = question;
	if (!session->is_late)
		test_answer(session);
}

static void
test_auth(void *arg, struct str user, struct str password)
{
	struct test_session *session = arg;

	session->auth = ANSWER_NO;
	if (str_is(user, "broken"))
		session->auth = ANSWER_FAILED;
	else if (str_is(user, "alice") && str_is(password, "secret"))
		session->auth = ANSWER_YES;
	test_ask(session, TEST_AUTH);
}

static void
test_mail(void *arg)
{
	struct test_session *session = arg;
	struct str user = session->smtp.tx->sender.user;

	session->begun++;
	session->mail = str_is(user, "mallory") ? SMTP_MAIL_REJECTED :
	    str_is(user, "tempfail")            ? SMTP_MAIL_TEMPFAIL :
						  SMTP_MAIL_OK;
	test_ask(session, TEST_MAIL);
}

static void
test_rcpt(void *arg, const struct smtp_rcpt *rcpt)
{
	static const struct {
		const char *user;
		const char *reply;
	} replies[] = {
		{ "nouser", "550 Invalid recipient" },
		{ "tempfail", "451 Temporary failure" },
		{ "badlist", "424 4.2.4 Mailing list expansion problem" },
		{ "loop", "524 5.2.4 Mailing list expansion problem" },
		{ "moved", "551 gone away" },
	};
	struct test_session *session = arg;

	session->reply = STR_LIT("");
	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++)
		if (str_is(rcpt->address.user, replies[i].user))
			session->reply = str_from(replies[i].reply);
	test_ask(session, TEST_RCPT);
}

static void
test_data(void *arg)
{
	test_ask(arg, TEST_DATA);
}

static void
test_commit(void *arg)
{
	test_ask(arg, TEST_COMMIT);
}

static void
test_start_tls(void *arg)
{
	struct test_session *session = arg;

	session->is_tls = true;
}

static bool
test_append(void *arg, struct str bytes)
{
	struct test_session *session = arg;

	cr_assert_leq(session->message_len + bytes.len,
	    (size_t)TEST_MESSAGE_MAX);
	memcpy(session->message + session->message_len, bytes.ptr, bytes.len);
	session->message_len += bytes.len;
	return !test_is(session, "no-write");
}

static void
test_rollback(void *arg)
{
	struct test_session *session = arg;

	cr_assert_gt(session->begun, 0u, "rolled back twice");
	session->begun--;
}

static void
test_refused(void *arg, struct str command, struct str reply)
{
	(void)arg;
	cr_assert(reply.ptr[0] == '4' || reply.ptr[0] == '5');
	cr_assert_eq(memmem(command.ptr, command.len, "c2VjcmV0", 8), NULL,
	    "a password for the log");
}

static void
test_bad_input(void *arg, struct str reply)
{
	(void)arg;
	cr_assert_eq(reply.ptr[0], '5');
}

static const struct smtp_ops test_ops = {
	.auth = test_auth,
	.mail = test_mail,
	.rcpt = test_rcpt,
	.data = test_data,
	.commit = test_commit,
	.start_tls = test_start_tls,
	.append = test_append,
	.rollback = test_rollback,
	.refused = test_refused,
	.bad_input = test_bad_input,
};

static void
test_configure(struct test_session *session)
{
	unsigned long size = 36700160, rcpts = 1000, mails = 100;

	transcript_has_word(session->listener, "size=", &size);
	transcript_has_word(session->listener, "rcpts=", &rcpts);
	transcript_has_word(session->listener, "mails=", &mails);
	session->config = (struct smtp_config){
		.tls = test_is(session, "tls-require") ? SMTP_TLS_REQUIRED :
		    test_is(session, "tls")            ? SMTP_TLS_OFFERED :
							 SMTP_TLS_NONE,
		.login = test_is(session, "auth-require") ?
		    SMTP_LOGIN_REQUIRED :
		    test_is(session, "auth") ? SMTP_LOGIN_OFFERED :
					       SMTP_LOGIN_NONE,
		.no_dsn = test_is(session, "no-dsn"),
		.masquerades = test_is(session, "masquerade"),
		.masks_source = test_is(session, "mask-src"),
		.received_auth = test_is(session, "received-auth"),
		.verifies_clients = test_is(session, "verify"),
		.completes_messages = test_is(session, "local"),
		.domain = STR_LIT("mail.example.org"),
		.size_max = size,
		.rcpts_max = rcpts,
		.mails_max = mails,
	};
}

static void
test_drain(struct test_session *session)
{
	struct str output;

	while ((output = smtp_output(&session->smtp)).len > 0) {
		size_t len = output.len > 7 ? output.len - 3 : output.len;

		cr_assert_leq(session->output_len + len,
		    (size_t)TEST_OUTPUT_MAX);
		memcpy(session->output + session->output_len, output.ptr, len);
		session->output_len += len;
		smtp_sent(&session->smtp, len);
	}
}

/* All that can be done without more input. */
static void
test_settle(struct test_session *session)
{
	test_drain(session);
	while (session->question != TEST_NONE) {
		test_answer(session);
		test_drain(session);
	}
}

static void
test_open(struct test_session *session, const struct transcript_case *c,
    bool is_late)
{
	*session = (struct test_session){ .listener = c->listener,
		.is_late = is_late };
	session->output = malloc(TEST_OUTPUT_MAX);
	session->message = malloc(TEST_MESSAGE_MAX);
	cr_assert(session->output != NULL && session->message != NULL);
	test_configure(session);
	smtp_init(&session->smtp, &session->config, &test_ops, session);
	if (test_is(session, "smtps"))
		smtp_secure(&session->smtp, STR_LIT(TEST_TLS));
	if (test_is(session, "socket"))
		smtp_trust(&session->smtp);
	smtp_greet(&session->smtp, &test_peer);
	test_drain(session);
	cr_assert(str_is((struct str){ session->output,
			     (uint32_t)session->output_len },
	    "220 mail.example.org ESMTP smtpd\r\n"));
	session->output_len = 0;
}

static void
test_close(struct test_session *session)
{
	smtp_fini(&session->smtp);
	cr_assert_eq(session->begun, 0u, "a transaction is left");
	free(session->output);
	free(session->message);
}

static void
test_feed(struct test_session *session, const char *data, size_t len)
{
	if (len == 0 || session->smtp.phase == SMTP_CLOSED)
		return;
	cr_assert(smtp_wants_input(&session->smtp));
	smtp_input(&session->smtp, data, len);
	test_settle(session);
}

static void
test_begin_tls(struct test_session *session)
{
	cr_assert(session->is_tls, "no handshake is due");
	session->is_tls = false;
	smtp_secure(&session->smtp, STR_LIT(TEST_TLS));
}

/* One way to run a case. */
struct test_run {
	const char *file;
	const struct transcript_case *c;
	const char *mode;
	size_t piece; /* of the client's bytes; the rest follows at once */
	bool by_bytes;
	bool is_late;
};

static void
test_compare(const struct test_run *run, unsigned line, struct str seen,
    struct str wanted)
{
	if (!str_eq(seen, wanted))
		cr_assert_fail("%s:%u: %.*s (%s, %zu, late %d)\n"
			       "seen:\n%.*s\nwanted:\n%.*s",
		    run->file, line, STR_ARG(run->c->name), run->mode,
		    run->piece, run->is_late, STR_ARG(seen), STR_ARG(wanted));
}

/* The lines of one kind that follow each other, as one text. */
static struct str
test_join(const struct transcript_step **step, enum transcript_kind kind,
    char *buf)
{
	size_t len = 0;

	for (; *step != NULL && (*step)->kind == kind; *step = (*step)->next) {
		cr_assert_leq(len + (*step)->text.len,
		    (size_t)TEST_MESSAGE_MAX);
		memcpy(buf + len, (*step)->text.ptr, (*step)->text.len);
		len += (*step)->text.len;
	}
	return (struct str){ buf, (uint32_t)len };
}

/* Steps up to a handshake or the end. */
struct test_part {
	char in[TEST_MESSAGE_MAX];
	size_t in_len;
	char out[TEST_OUTPUT_MAX];
	size_t out_len;
	char message[TEST_MESSAGE_MAX];
	struct str stored; /* the last message */
	bool is_closed;
};

static const struct transcript_step *
test_collect(const struct transcript_step *step, struct test_part *part)
{
	struct str text;

	part->in_len = part->out_len = 0;
	part->stored = STR_LIT("");
	part->is_closed = false;
	while (step != NULL && step->kind != TRANSCRIPT_TLS) {
		switch (step->kind) {
		case TRANSCRIPT_CLIENT:
			text = test_join(&step, TRANSCRIPT_CLIENT,
			    part->in + part->in_len);
			part->in_len += text.len;
			break;
		case TRANSCRIPT_SERVER:
			text = test_join(&step, TRANSCRIPT_SERVER,
			    part->out + part->out_len);
			part->out_len += text.len;
			break;
		case TRANSCRIPT_MESSAGE:
			part->stored = test_join(&step, TRANSCRIPT_MESSAGE,
			    part->message);
			break;
		case TRANSCRIPT_CLOSE:
		case TRANSCRIPT_TLS:
			part->is_closed = true;
			step = step->next;
			break;
		}
	}
	return step;
}

static void
test_run_part(const struct test_run *run, struct test_session *session,
    const struct test_part *part)
{
	size_t piece = run->piece < part->in_len ? run->piece : part->in_len;

	if (run->by_bytes) {
		for (size_t i = 0; i < part->in_len; i++)
			test_feed(session, part->in + i, 1);
	} else {
		test_feed(session, part->in, piece);
		test_feed(session, part->in + piece, part->in_len - piece);
	}
	test_compare(run, run->c->steps->line,
	    (struct str){ session->output, (uint32_t)session->output_len },
	    (struct str){ part->out, (uint32_t)part->out_len });
	if (part->stored.len > 0)
		test_compare(run, run->c->steps->line,
		    (struct str){
			session->message, (uint32_t)session->message_len },
		    part->stored);
	cr_assert_eq(session->smtp.phase == SMTP_CLOSED, part->is_closed,
	    "%s: %.*s: open or closed", run->file, STR_ARG(run->c->name));
	session->output_len = 0;
}

/* Returns the bytes of the longest part. */
static size_t
test_run_stream(const struct test_run *run)
{
	static struct test_part part;
	const struct transcript_step *step = run->c->steps;
	struct test_session session;
	size_t longest = 0;

	test_open(&session, run->c, run->is_late);
	while (step != NULL) {
		step = test_collect(step, &part);
		longest = part.in_len > longest ? part.in_len : longest;
		test_run_part(run, &session, &part);
		if (step != NULL) {
			test_begin_tls(&session);
			step = step->next;
		}
	}
	test_close(&session);
	return longest;
}

/* What the server says must come right behind what it answers. */
static void
test_run_dialogue(const struct test_run *run)
{
	static char buf[TEST_MESSAGE_MAX];
	const struct transcript_step *step = run->c->steps;
	struct test_session session;
	unsigned line;

	test_open(&session, run->c, run->is_late);
	while (step != NULL) {
		line = step->line;
		switch (step->kind) {
		case TRANSCRIPT_CLIENT:
			test_feed(&session, step->text.ptr, step->text.len);
			step = step->next;
			if (step != NULL && step->kind == TRANSCRIPT_SERVER)
				break;
			test_compare(run, line,
			    (struct str){
				session.output, (uint32_t)session.output_len },
			    STR_LIT(""));
			break;
		case TRANSCRIPT_SERVER:
			test_compare(run, line,
			    (struct str){
				session.output, (uint32_t)session.output_len },
			    test_join(&step, TRANSCRIPT_SERVER, buf));
			session.output_len = 0;
			break;
		case TRANSCRIPT_MESSAGE:
			test_compare(run, line,
			    (struct str){ session.message,
				(uint32_t)session.message_len },
			    test_join(&step, TRANSCRIPT_MESSAGE, buf));
			break;
		case TRANSCRIPT_TLS:
			test_begin_tls(&session);
			step = step->next;
			break;
		case TRANSCRIPT_CLOSE:
			cr_assert_eq(session.smtp.phase, SMTP_CLOSED,
			    "%s:%u: not closed", run->file, line);
			step = step->next;
			break;
		}
	}
	test_close(&session);
}

static void
test_run_case(const char *file, const struct transcript_case *c, bool is_late)
{
	struct test_run run = {
		.file = file,
		.c = c,
		.is_late = is_late,
		.mode = "dialogue",
	};
	size_t longest;

	test_run_dialogue(&run);
	run.mode = "bytes";
	run.by_bytes = true;
	longest = test_run_stream(&run);
	run.mode = "cut";
	run.by_bytes = false;
	for (; run.piece <= longest && run.piece < TEST_CUTS_MAX; run.piece++)
		test_run_stream(&run);
	run.piece = longest;
	test_run_stream(&run);
}

ParameterizedTestParameters(smtp, transcript)
{
	static char paths[TEST_FILES_MAX][64];
	glob_t found;
	size_t count;

	cr_assert_eq(glob(TEST_FILES, 0, NULL, &found), 0);
	count = found.gl_pathc;
	cr_assert_leq(count, (size_t)TEST_FILES_MAX);
	for (size_t i = 0; i < count; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s", found.gl_pathv[i]);
	globfree(&found);
	return cr_make_param_array(char[64], paths, count);
}

ParameterizedTest(char path[64], smtp, transcript)
{
	struct transcript_case *c;
	struct arena arena;
	unsigned count = 0;

	setenv("TZ", "UTC", 1);
	tzset();
	arena_init(&arena, NULL);
	for (c = transcript_read(&arena, path, test_values); c != NULL;
	     c = c->next, count++) {
		test_run_case(path, c, false);
		test_run_case(path, c, true);
	}
	cr_expect_gt(count, 0u, "%s has no case", path);
	arena_fini(&arena);
}
