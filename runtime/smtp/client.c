/*
 * Connections: their steps, their events, what they ask and their log lines.
 * Whatever happens to one ends in client_go_on or in its end.
 */
#include "runtime/smtp/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/smtp/tls.h"
#include "runtime/smtp/tls_key.h"

enum {
	CLIENT_READ_SIZE = 64 * 1024,
	CLIENT_READS_MAX = 16, /* in a row: others want to be served too */
	CLIENT_AUTH_DELAY = 1000000, /* microseconds at most */
	CLIENT_LOG_MAX = 4 * SMTP_REPLY_MAX,
};

/* The end. */

void
client_count(struct client *client, int n)
{
	struct stats *stats = client->box->child->stats;

	stats_add(stats, STAT_SMTP_SESSION, n);
	stats_add(stats,
	    client->address.family == 4     ? STAT_SMTP_SESSION_INET4 :
		client->address.family == 6 ? STAT_SMTP_SESSION_INET6 :
					      STAT_SMTP_SESSION_LOCAL,
	    n);
	client->box->clients += (uint32_t)n;
}

static void
client_count_tls(struct client *client, int n)
{
	bool is_smtps = client->door->listener.tls == IR_LISTEN_SMTPS;

	stats_add(client->box->child->stats,
	    is_smtps ? STAT_SMTP_SMTPS : STAT_SMTP_TLS, n);
}

static void
client_free(struct client *client)
{
	rcpt_free(client);
	door_release(client->door);
	free(client);
}

/* reason: of the log; NULL: none was written before, so none is now. */
static void
client_end(struct client *client, const char *reason)
{
	struct session_box *box = client->box;

	if (reason != NULL && client->step != CLIENT_LINGER)
		log_info("%016llx smtp disconnected reason=%s",
		    CLIENT_ID(client), reason);
	if (client->transport.ssl != NULL)
		client_count_tls(client, -1);
	client_count(client, -1);
	event_free(client->read);
	event_free(client->write);
	if (client->delay != NULL)
		event_free(client->delay);
	tls_key_cancel(client);
	transport_close(&client->transport);
	smtp_fini(&client->smtp);
	bytes_fini(&client->early);
	client->is_gone = true;
	if (!client->is_asking)
		client_free(client);
	door_update_all(box);
}

static void
client_end_by_error(struct client *client)
{
	char error[256], text[sizeof(error) * 4], reason[sizeof(text) + 32];

	transport_error(&client->transport, error, sizeof(error));
	snprintf(reason, sizeof(reason), "\"io-error: %s\"",
	    log_visible(str_from(error), false, text, sizeof(text)));
	client_end(client, reason);
}

static void
client_end_proxy(struct client *client, const char *reason)
{
	log_info("proxy %016llx event=closed address=%s "
		 "reason=\"%s\"",
	    CLIENT_ID(client), client->address_text, reason);
	client_end(client, NULL);
}

/* What came of reading or writing; false: the client is gone. */
static bool
client_take_status(struct client *client, enum transport_status status)
{
	switch (status) {
	case TRANSPORT_DONE:
	case TRANSPORT_AGAIN:
	case TRANSPORT_ASKED:
		return true;
	case TRANSPORT_END:
		client_end(client, "disconnect");
		return false;
	case TRANSPORT_ERROR:
		client_end_by_error(client);
		return false;
	}
	return false;
}

/* All was said: waits for the client to close first. */
static void
client_begin_linger(struct client *client)
{
	const struct timeval wait = { .tv_sec = SESSION_LINGER };

	log_info("%016llx smtp disconnected reason=quit", CLIENT_ID(client));
	client->step = CLIENT_LINGER;
	transport_shut(&client->transport);
	event_add(client->read, &wait);
	client->is_reading = true;
}

/* Questions. */

struct client_question {
	struct client *client;
	client_answer_fn *answer;
	client_answer_fn *undo;
};

static void
client_on_answer(void *arg, struct message *message)
{
	struct client_question question = *(struct client_question *)arg;
	struct client *client = question.client;

	free(arg);
	client->is_asking = false;
	if (client->is_gone) {
		if (question.undo != NULL)
			question.undo(client, message);
		client_free(client);
		return;
	}
	question.answer(client, message);
	client_go_on(client);
}

bool
client_ask(struct client *client, struct channel *channel,
    struct message *message, client_answer_fn *answer, client_answer_fn *undo)
{
	struct client_question *question = malloc(sizeof(*question));

	message->fd = -1;
	if (question == NULL || channel == NULL) {
		free(question);
		return false;
	}
	*question = (struct client_question){ client, answer, undo };
	if (channel_ask(channel, message, client_on_answer, question) == 0) {
		free(question);
		return false;
	}
	client->is_asking = true;
	return true;
}

/* TLS. */

static void
client_after_handshake(struct client *client)
{
	char text[SMTP_TLS_MAX + 1], fingerprint[TLS_FINGERPRINT_SIZE];

	SSL_clear_mode(client->transport.ssl, SSL_MODE_ASYNC);
	log_info("%016llx smtp tls ciphers=%s", CLIENT_ID(client),
	    tls_describe(client->transport.ssl, text, sizeof(text)));
	if (tls_fingerprint(client->transport.ssl, fingerprint))
		log_info("%016llx smtp cert-check result=\"verified\" "
			 "fingerprint=\"%s\"",
		    CLIENT_ID(client), fingerprint);
	smtp_secure(&client->smtp, str_from(text));
	if (client->smtp.phase == SMTP_SILENT)
		smtp_greet(&client->smtp, &client->peer);
	client->step = CLIENT_TALK;
}

/* False: the client is gone. */
static bool
client_shake_hands(struct client *client)
{
	enum transport_status status = tls_key_handshake(client);

	if (status == TRANSPORT_DONE)
		client_after_handshake(client);
	return client_take_status(client, status);
}

static bool
client_begin_tls(struct client *client)
{
	SSL *ssl = tls_server_accept(client->door->tls, client->transport.fd);

	client->wants_tls = false;
	if (ssl == NULL) {
		client_end(client, "tls-accept-failed");
		return false;
	}
	transport_begin_tls(&client->transport, ssl);
	client_count_tls(client, 1);
	client->step = CLIENT_TLS;
	return true;
}

/* Input and output. */

static void
client_update_events(struct client *client)
{
	const struct timeval timeout = { .tv_sec = SESSION_TIMEOUT };
	bool wants_write = smtp_output(&client->smtp).len > 0;
	bool wants_read = true;

	if (client->step == CLIENT_TLS)
		wants_write = client->transport.wants_write;
	else if (client->step == CLIENT_TALK)
		wants_read = smtp_wants_input(&client->smtp);
	/* A client that waits for us hardly ever sends: see client_on_read. */
	if (wants_read && !client->is_reading) {
		event_add(client->read, &timeout);
		client->is_reading = true;
	}
	if (wants_write != client->is_writing) {
		client->is_writing = wants_write;
		if (wants_write)
			event_add(client->write, &timeout);
		else
			event_del(client->write);
	}
	if (wants_read && client->step == CLIENT_TALK &&
	    transport_has_more(&client->transport))
		event_active(client->read, EV_READ, 0);
}

/* False: the client is gone. */
static bool
client_send(struct client *client)
{
	struct str output;

	while ((output = smtp_output(&client->smtp)).len > 0) {
		size_t len = output.len;
		enum transport_status status =
		    transport_write(&client->transport, output.ptr, &len);

		if (status != TRANSPORT_DONE)
			return client_take_status(client, status);
		smtp_sent(&client->smtp, len);
	}
	return true;
}

/* One thing that can be done now; false: the client is gone, or lingers. */
static bool
client_step(struct client *client)
{
	if (client->step == CLIENT_TLS)
		return client_shake_hands(client);
	if (client->step != CLIENT_TALK)
		return true;
	if (!client_send(client))
		return false;
	if (smtp_output(&client->smtp).len > 0)
		return true;
	if (client->wants_tls)
		return client_begin_tls(client);
	if (client->smtp.phase != SMTP_CLOSED)
		return true;
	client_begin_linger(client);
	return false;
}

void
client_go_on(struct client *client)
{
	enum client_step step;

	do {
		step = client->step;
		if (!client_step(client))
			return;
	} while (client->step != step);
	client_update_events(client);
}

/* Events. */

/* Drops what comes, up to the end. */
static void
client_drain(struct client *client)
{
	static char buf[CLIENT_READ_SIZE];

	for (int i = 0; i < CLIENT_READS_MAX; i++) {
		ssize_t n = recv(client->transport.fd, buf, sizeof(buf), 0);

		if (n > 0)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		client_end(client, NULL);
		return;
	}
}

static void
client_talk(struct client *client)
{
	static char buf[CLIENT_READ_SIZE];
	enum transport_status status = TRANSPORT_DONE;

	for (int i = 0; i < CLIENT_READS_MAX && status == TRANSPORT_DONE &&
	     smtp_wants_input(&client->smtp);
	     i++) {
		size_t len = sizeof(buf);

		status = transport_read(&client->transport, buf, &len);
		if (status == TRANSPORT_DONE)
			smtp_input(&client->smtp, buf, len);
		/* Most of the time that was all. */
		if (len < sizeof(buf) && client->transport.ssl == NULL)
			break;
	}
	if (client_take_status(client, status))
		client_go_on(client);
}

static void
client_on_proxy(struct client *client)
{
	char buf[256];
	const char *error = client_read_proxy(client, buf, sizeof(buf));

	if (error == NULL)
		client_go_on(client);
	else
		client_end_proxy(client, error);
}

static void
client_on_timeout(struct client *client)
{
	if (client->step == CLIENT_PROXY)
		client_end_proxy(client, "timeout");
	else if (!client->is_asking)
		client_end(client, "timeout");
}

static void
client_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		client_on_timeout(client);
		return;
	}
	switch (client->step) {
	case CLIENT_PROXY:
		client_on_proxy(client);
		return;
	case CLIENT_TLS:
		client_go_on(client);
		return;
	case CLIENT_LINGER:
		client_drain(client);
		return;
	case CLIENT_TALK:
		if (smtp_wants_input(&client->smtp)) {
			client_talk(client);
			return;
		}
		break;
	case CLIENT_NAMES:
		break;
	}
	/* It sends though we are not ready: look again when we are. */
	event_del(client->read);
	client->is_reading = false;
}

static void
client_on_write(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		client_on_timeout(client);
	else
		client_go_on(client);
}

/* What the protocol asks for. */

static void
client_on_delay(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;

	(void)fd;
	(void)what;
	smtp_answer_auth(&client->smtp, client->auth_answer);
	client_go_on(client);
}

static const char *
client_auth_result(enum answer answer)
{
	return answer == ANSWER_YES ? "ok" :
	    answer == ANSWER_NO     ? "permfail" :
				      "tempfail";
}

/* A wrong password is answered late, so that guessing takes time. */
static void
client_on_auth(struct client *client, struct message *answer)
{
	char user[4 * SMTP_USER_MAX + 1];
	struct timeval delay = {
		.tv_usec = (suseconds_t)arc4random_uniform(CLIENT_AUTH_DELAY),
	};
	enum answer result = ANSWER_FAILED;

	if (answer != NULL)
		result =
		    (enum answer)(int32_t)answer->credentials_answer.answer;
	log_info("%016llx smtp authentication user=%s result=%s",
	    CLIENT_ID(client),
	    log_visible(str_from(client->smtp.username_text), true, user,
		sizeof(user)),
	    client_auth_result(result));
	client->auth_answer = result;
	if (result == ANSWER_NO) {
		if (client->delay == NULL)
			client->delay = event_new(client->box->child->base, -1,
			    0, client_on_delay, client);
		if (client->delay != NULL &&
		    event_add(client->delay, &delay) == 0)
			return;
	}
	smtp_answer_auth(&client->smtp, result);
}

static void
client_auth(void *arg, struct str user, struct str password)
{
	struct client *client = arg;
	uint32_t table = client->door->listener.credentials;
	struct child *child = client->box->child;
	struct message message = { .type = MESSAGE_CREDENTIALS };

	message.credentials.generation = client->door->use->generation;
	message.credentials.table = table;
	message.credentials.user = user;
	message.credentials.password = password;
	if (!client_ask(client,
		table == IR_NONE ? child->parent : child->peers[PROC_LOOKUP],
		&message, client_on_auth, NULL))
		client_on_auth(client, NULL);
}

static void
client_start_tls(void *arg)
{
	struct client *client = arg;

	client->wants_tls = true;
}

static void
client_refused(void *arg, struct str command, struct str reply)
{
	const struct client *client = arg;
	char text[CLIENT_LOG_MAX], result[CLIENT_LOG_MAX];

	log_info("%016llx smtp failed-command command=\"%s\" result=\"%s\"",
	    CLIENT_ID(client), log_visible(command, false, text, sizeof(text)),
	    log_visible(reply, false, result, sizeof(result)));
}

static void
client_bad_input(void *arg, struct str reply)
{
	const struct client *client = arg;

	log_info("%016llx smtp bad-input result=\"%.*s\"", CLIENT_ID(client),
	    STR_ARG(reply));
}

static void
client_rcpt(void *arg, const struct smtp_rcpt *rcpt)
{
	rcpt_begin(arg, rcpt);
}

static const struct smtp_ops client_smtp_ops = {
	.auth = client_auth,
	.mail = mail_check_sender,
	.rcpt = client_rcpt,
	.data = mail_begin_data,
	.commit = mail_commit,
	.start_tls = client_start_tls,
	.append = mail_append,
	.rollback = mail_rollback,
	.refused = client_refused,
	.bad_input = client_bad_input,
};

/* The beginning. */

static struct client *
client_new(struct door *door, int fd, const struct sockaddr *peer)
{
	struct client *client = calloc(1, sizeof(*client));
	struct event_base *base = door->box->child->base;

	if (client == NULL)
		return NULL;
	client->door = door;
	client->box = door->box;
	client->transport.fd = fd;
	client->read = event_new(base, fd, EV_READ | EV_PERSIST, client_on_read,
	    client);
	client->write = event_new(base, fd, EV_WRITE | EV_PERSIST,
	    client_on_write, client);
	if (client->read == NULL || client->write == NULL ||
	    !client_set_peer(client, peer)) {
		if (client->read != NULL)
			event_free(client->read);
		if (client->write != NULL)
			event_free(client->write);
		free(client);
		return NULL;
	}
	door->users++;
	return client;
}

static void
client_begin_proxy(struct client *client)
{
	log_info("%016llx smtp event=proxy address=%s", CLIENT_ID(client),
	    client->address_text);
	client->step = CLIENT_PROXY;
}

static void
client_turn_away(const struct door *door, int fd)
{
	if (door->listener.tls != IR_LISTEN_SMTPS)
		/* As far as it goes at once. */
		(void)!send(fd, SMTP_LAST_WORDS, strlen(SMTP_LAST_WORDS),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

bool
client_accept(struct door *door, int fd, const struct sockaddr *peer)
{
	struct session_box *box = door->box;
	struct client *client = NULL;

	if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		client = client_new(door, fd, peer);
	if (client == NULL) {
		client_turn_away(door, fd);
		return false;
	}
	client->id = session_new_id(box);
	client_count(client, 1);
	stats_add(box->child->stats, STAT_SMTP_CONNECTED, 1);
	smtp_init(&client->smtp, &door->config, &client_smtp_ops, client);
	if (peer == NULL)
		smtp_trust(&client->smtp);
	if (door->listener.proxy_v2)
		client_begin_proxy(client);
	else
		client_begin_names(client);
	client_go_on(client);
	door_update_all(box);
	return true;
}
