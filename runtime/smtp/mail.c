/*
 * A transaction on its way into the queue. Envelopes are made as recipients
 * are accepted and kept here; the queue hears of the message when its DATA
 * begins, gives it a number and a file to write, and gets the envelopes when
 * the file is complete. Nothing is acknowledged before it says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"
#include "runtime/queue/envelope.h"
#include "runtime/smtp/client.h"

enum {
	MAIL_BUFFER = 64 * 1024, /* bytes of the message, not written yet */
	MAIL_ENVELOPES_MAX = 8 * 1024 * 1024, /* bytes, of a message */
};

/* One envelope; its text follows. */
struct mail_envelope {
	struct mail_envelope *next;
	uint32_t id; /* the evpid's lower half */
	uint32_t len;
	char text[];
};

/* One recipient, for the log. */
struct mail_rcpt {
	struct mail_rcpt *next;
	uint32_t id; /* of its last envelope */
	char text[]; /* user@domain */
};

struct mail {
	struct mail_envelope *envelopes, **envelope_end;
	struct mail_envelope **kept_end; /* behind those that were accepted */
	uint32_t envelope_count, kept_count;
	size_t bytes, kept_bytes;
	struct mail_rcpt *rcpts, **rcpt_end;
	uint32_t rcpt_count;

	/* Numbers of envelopes: no two steps of an odd width meet. */
	uint32_t next_id;
	uint32_t id_step;

	/* From DATA on. */
	bool is_begun;
	uint32_t msgid;
	int fd;
	char *buffer;
	size_t len;
	uint64_t size;
};

static struct channel *
mail_queue(const struct client *client)
{
	return client->box->child->peers[PROC_QUEUE];
}

static struct mail *
mail_new(void)
{
	struct mail *mail = calloc(1, sizeof(*mail));

	if (mail == NULL)
		return NULL;
	mail->envelope_end = &mail->envelopes;
	mail->kept_end = mail->envelope_end;
	mail->rcpt_end = &mail->rcpts;
	mail->next_id = arc4random();
	mail->id_step = arc4random() | 1;
	mail->fd = -1;
	return mail;
}

static void
mail_drop_envelopes(struct mail_envelope *envelope)
{
	struct mail_envelope *next;

	for (; envelope != NULL; envelope = next) {
		next = envelope->next;
		free(envelope);
	}
}

static void
mail_free(struct client *client)
{
	struct mail *mail = client->mail;
	struct mail_rcpt *next;

	if (mail == NULL)
		return;
	mail_drop_envelopes(mail->envelopes);
	for (struct mail_rcpt *rcpt = mail->rcpts; rcpt != NULL; rcpt = next) {
		next = rcpt->next;
		free(rcpt);
	}
	if (mail->fd != -1)
		close(mail->fd);
	free(mail->buffer);
	free(mail);
	client->mail = NULL;
}

static void
mail_roll_back(struct channel *queue, uint32_t msgid)
{
	struct message message = {
		.type = MESSAGE_QUEUE_ROLLBACK,
		.fd = -1,
		.queue_rollback = { .msgid = msgid },
	};

	channel_send(queue, &message);
}

void
mail_rollback(void *arg)
{
	struct client *client = arg;
	struct mail *mail = client->mail;

	if (mail != NULL && mail->is_begun && mail_queue(client) != NULL)
		mail_roll_back(mail_queue(client), mail->msgid);
	mail_free(client);
}

/* MAIL: who may send as whom. */

/* One entry of a list of senders, "user", "@domain", "user@domain". */
static bool
mail_sender_fits(const struct client *client, struct str entry)
{
	struct mailaddr pattern;
	struct ir_settings settings;

	while (entry.len > 0 && (entry.ptr[0] == ' ' || entry.ptr[0] == '\t'))
		entry = (struct str){ entry.ptr + 1, entry.len - 1 };
	while (entry.len > 0 &&
	    (entry.ptr[entry.len - 1] == ' ' ||
		entry.ptr[entry.len - 1] == '\t'))
		entry.len--;
	if (entry.len == 0)
		return false;
	blob_settings(&client->door->use->blob, &settings);
	pattern = mailaddr_split(entry);
	return mailaddr_match(&client->smtp.tx->sender, &pattern,
	    settings.delimiter, MAILADDR_MODERN);
}

static bool
mail_senders_fit(const struct client *client, struct str list)
{
	while (list.len > 0) {
		const char *comma = memchr(list.ptr, ',', list.len);
		struct str entry = list;

		if (comma != NULL)
			entry.len = (uint32_t)(comma - list.ptr);
		if (mail_sender_fits(client, entry))
			return true;
		list.ptr += entry.len + (comma != NULL);
		list.len -= entry.len + (comma != NULL);
	}
	return false;
}

static void
mail_end_sender(struct client *client, enum smtp_mail result)
{
	if (result == SMTP_MAIL_OK && client->mail == NULL)
		client->mail = mail_new();
	if (client->mail == NULL && result == SMTP_MAIL_OK)
		result = SMTP_MAIL_TEMPFAIL;
	smtp_answer_mail(&client->smtp, result);
}

/* list: of the user's senders, with ANSWER_YES. */
static void
mail_answer_sender(struct client *client, enum answer answer, struct str list)
{
	enum smtp_mail result = SMTP_MAIL_TEMPFAIL;

	if (answer == ANSWER_NO)
		result = SMTP_MAIL_REJECTED;
	else if (answer == ANSWER_YES)
		result = mail_senders_fit(client, list) ? SMTP_MAIL_OK :
							  SMTP_MAIL_REJECTED;
	mail_end_sender(client, result);
}

static void
mail_on_senders(struct client *client, struct message *message)
{
	if (message == NULL)
		mail_answer_sender(client, ANSWER_FAILED, STR_LIT(""));
	else
		mail_answer_sender(client,
		    (enum answer)(int32_t)message->lookup_answer.answer,
		    message->lookup_answer.value);
}

void
mail_check_sender(void *arg)
{
	struct client *client = arg;
	const struct door *door = client->door;
	const struct blob *blob = &door->use->blob;
	uint32_t table = door->listener.senders;
	struct message message = { .type = MESSAGE_LOOKUP };
	struct blob_entry entry = { .value = STR_LIT("") };

	if (table == IR_NONE || client->smtp.username.len == 0) {
		mail_end_sender(client, SMTP_MAIL_OK);
		return;
	}
	if (blob_can_look_up(blob, table, SERVICE_MAILADDRMAP)) {
		enum answer answer = blob_lookup(blob, table,
		    SERVICE_MAILADDRMAP, client->smtp.username, &entry);

		mail_answer_sender(client, answer, entry.value);
		return;
	}
	message.lookup.generation = door->use->generation;
	message.lookup.table = table;
	message.lookup.service = SERVICE_MAILADDRMAP;
	message.lookup.key = client->smtp.username;
	if (!client_ask(client, client->box->child->peers[PROC_LOOKUP],
		&message, mail_on_senders, NULL))
		mail_on_senders(client, NULL);
}

/* RCPT: envelopes. */

static struct str
mail_text(struct mailaddr address, char buf[ENVELOPE_ADDRESS_MAX + 1])
{
	snprintf(buf, ENVELOPE_ADDRESS_MAX + 1, "%.*s@%.*s",
	    STR_ARG(address.user), STR_ARG(address.domain));
	return str_from(buf);
}

static void
mail_set_session(const struct client *client, struct envelope *envelope)
{
	const struct smtp *smtp = &client->smtp;

	envelope->version = ENVELOPE_VERSION;
	envelope->tag = client->door->listener.tag;
	envelope->smtpname = str_from(client->hostname);
	envelope->helo = smtp->helo;
	envelope->hostname = str_from(client->rdns);
	envelope->username = smtp->username;
	envelope->sockaddr = str_from(client->address_text);
	envelope->flags = smtp->is_authenticated ? ENVELOPE_AUTHENTICATED : 0;
	envelope->ctime = (uint64_t)time(NULL);
	envelope->dsn_envid = smtp->tx->envid;
	envelope->dsn_ret = smtp->tx->ret == SMTP_RET_HDRS ? ENVELOPE_RET_HDRS :
	    smtp->tx->ret == SMTP_RET_FULL                 ? ENVELOPE_RET_FULL :
							     ENVELOPE_RET_NONE;
}

/* Files and commands of aliases run as the daemon's user. */
static bool
mail_set_command(struct envelope *envelope, const struct expand_leaf *leaf,
    char buf[ENVELOPE_LINE_MAX + 1])
{
	const struct expand_node *node = leaf->node;
	char program[ENVELOPE_LINE_MAX];
	int len = 0;

	switch (node->kind) {
	case TARGET_COMMAND:
		if (node->origin == EXPAND_FROM_TABLE)
			log_info("commands executed from aliases run with %s "
				 "privileges",
			    paths_built.smtpd_user);
		len = snprintf(buf, ENVELOPE_LINE_MAX + 1, "%.*s",
		    STR_ARG(node->text));
		break;
	case TARGET_FILE:
		if (!paths_find(PATHS_LIBEXEC, "mail.mboxfile", program,
			sizeof(program)))
			return false;
		len = snprintf(buf, ENVELOPE_LINE_MAX + 1,
		    "%s -f %%{mbox.from} %.*s", program, STR_ARG(node->text));
		break;
	case TARGET_MAILDIR:
		if (!paths_find(PATHS_LIBEXEC, "mail.maildir", program,
			sizeof(program)))
			return false;
		len = snprintf(buf, ENVELOPE_LINE_MAX + 1, "%s \"%.*s\"",
		    program, STR_ARG(node->text));
		break;
	case TARGET_USER:
	case TARGET_ADDRESS:
	case TARGET_INCLUDE:
	case TARGET_ERROR:
	case TARGET_KINDS:
		break;
	}
	envelope->mda_exec = (struct str){ buf, (uint32_t)len };
	return len <= ENVELOPE_LINE_MAX;
}

static void
mail_set_leaf(struct envelope *envelope, const struct expand_leaf *leaf)
{
	const struct expand_node *node = leaf->node;

	if (node->kind == TARGET_ADDRESS) {
		envelope->type = ENVELOPE_MTA;
		return;
	}
	envelope->type = ENVELOPE_MDA;
	envelope->mda_user = leaf->user;
	if (node->kind == TARGET_USER)
		envelope->mda_subaddress = node->subaddress;
}

static uint32_t
mail_new_id(struct mail *mail)
{
	mail->next_id += mail->id_step;
	if (mail->next_id == 0)
		mail->next_id += mail->id_step;
	return mail->next_id;
}

static bool
mail_keep_text(struct mail *mail, const char *text, size_t len)
{
	struct mail_envelope *envelope;

	if (len == 0 || mail->bytes + len > MAIL_ENVELOPES_MAX)
		return false;
	envelope = malloc(sizeof(*envelope) + len);
	if (envelope == NULL)
		return false;
	envelope->next = NULL;
	envelope->id = mail_new_id(mail);
	envelope->len = (uint32_t)len;
	memcpy(envelope->text, text, len);
	*mail->envelope_end = envelope;
	mail->envelope_end = &envelope->next;
	mail->envelope_count++;
	mail->bytes += len + sizeof(*envelope);
	return true;
}

bool
mail_add_envelope(struct client *client, const struct smtp_rcpt *rcpt,
    const struct expand_leaf *leaf, struct str dispatcher)
{
	char sender[ENVELOPE_ADDRESS_MAX + 1], to[ENVELOPE_ADDRESS_MAX + 1];
	char dest[ENVELOPE_ADDRESS_MAX + 1], exec[ENVELOPE_LINE_MAX + 1];
	char text[ENVELOPE_TEXT_MAX];
	struct envelope envelope = { .dispatcher = dispatcher };

	mail_set_session(client, &envelope);
	mail_set_leaf(&envelope, leaf);
	envelope.sender = mail_text(client->smtp.tx->sender, sender);
	envelope.rcpt = mail_text(rcpt->address, to);
	envelope.dest = mail_text(leaf->dest, dest);
	envelope.dsn_notify = rcpt->notify;
	envelope.dsn_orcpt = rcpt->orcpt;
	return mail_set_command(&envelope, leaf, exec) &&
	    mail_keep_text(client->mail, text,
		envelope_write(&envelope, text, sizeof(text)));
}

void
mail_end_rcpt(struct client *client, bool is_accepted)
{
	struct mail *mail = client->mail;
	const char *text = client->smtp.tx->rcpt_text;
	struct mail_rcpt *rcpt = NULL;

	if (is_accepted)
		rcpt = malloc(sizeof(*rcpt) + strlen(text) + 1);
	if (!is_accepted) {
		mail_drop_envelopes(*mail->kept_end);
		*mail->kept_end = NULL;
		mail->envelope_end = mail->kept_end;
		mail->envelope_count = mail->kept_count;
		mail->bytes = mail->kept_bytes;
		return;
	}
	mail->kept_end = mail->envelope_end;
	mail->kept_count = mail->envelope_count;
	mail->kept_bytes = mail->bytes;
	mail->rcpt_count++;
	/* Without memory one line of the log is missing, no more. */
	if (rcpt == NULL)
		return;
	rcpt->next = NULL;
	rcpt->id = mail->next_id;
	memcpy(rcpt->text, text, strlen(text) + 1);
	*mail->rcpt_end = rcpt;
	mail->rcpt_end = &rcpt->next;
}

/* DATA. */

static void
mail_undo_begin(struct client *client, struct message *message)
{
	if (message != NULL && message->fd != -1)
		close(message->fd);
	if (message == NULL || !message->queue_begun.is_ok)
		return;
	if (mail_queue(client) != NULL)
		mail_roll_back(mail_queue(client), message->queue_begun.msgid);
}

static void
mail_on_begun(struct client *client, struct message *message)
{
	struct mail *mail = client->mail;
	struct smtp_message begun = {
		.time = time(NULL),
		.unique = session_new_id(client->box),
	};

	mail->buffer = malloc(MAIL_BUFFER);
	if (message == NULL || !message->queue_begun.is_ok ||
	    message->fd == -1 || mail->buffer == NULL) {
		mail_undo_begin(client, message);
		smtp_answer_data(&client->smtp, NULL);
		return;
	}
	mail->is_begun = true;
	mail->fd = message->fd;
	mail->msgid = begun.msgid = message->queue_begun.msgid;
	smtp_answer_data(&client->smtp, &begun);
}

void
mail_begin_data(void *arg)
{
	struct client *client = arg;
	struct message message = {
		.type = MESSAGE_QUEUE_BEGIN,
		.queue_begin = { .session = client->id },
	};

	if (!client_ask(client, mail_queue(client), &message, mail_on_begun,
		mail_undo_begin))
		smtp_answer_data(&client->smtp, NULL);
}

static bool
mail_write(struct mail *mail, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(mail->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
mail_flush(struct mail *mail)
{
	size_t len = mail->len;

	mail->len = 0;
	return mail_write(mail, mail->buffer, len);
}

bool
mail_append(void *arg, struct str bytes)
{
	struct client *client = arg;
	struct mail *mail = client->mail;

	mail->size += bytes.len;
	if (bytes.len > MAIL_BUFFER - mail->len && !mail_flush(mail))
		return false;
	if (bytes.len > MAIL_BUFFER)
		return mail_write(mail, bytes.ptr, bytes.len);
	memcpy(mail->buffer + mail->len, bytes.ptr, bytes.len);
	mail->len += bytes.len;
	return true;
}

/* The end of the message. */

static void
mail_log(const struct client *client)
{
	const struct mail *mail = client->mail;
	const struct smtp_tx *tx = client->smtp.tx;
	unsigned long long id = client->id;

	log_info("%016llx smtp message msgid=%08x size=%llu nrcpt=%u proto=%s",
	    id, mail->msgid, (unsigned long long)mail->size, mail->rcpt_count,
	    client->smtp.is_extended ? "ESMTP" : "SMTP");
	for (const struct mail_rcpt *rcpt = mail->rcpts; rcpt != NULL;
	     rcpt = rcpt->next)
		log_info("%016llx smtp envelope evpid=%08x%08x from=<%s> "
			 "to=<%s>",
		    id, mail->msgid, rcpt->id,
		    tx->sender.user.len > 0 ? tx->sender_text : "", rcpt->text);
}

static void
mail_on_committed(struct client *client, struct message *message)
{
	bool is_ok = message != NULL && message->result.is_ok;

	if (is_ok) {
		mail_log(client);
		mail_free(client);
	}
	smtp_answer_commit(&client->smtp, is_ok);
}

/* The envelopes, in order, then the request to commit. */
static bool
mail_send(struct client *client)
{
	struct mail *mail = client->mail;
	struct message message = { .type = MESSAGE_QUEUE_ENVELOPE, .fd = -1 };

	for (const struct mail_envelope *e = mail->envelopes; e != NULL;
	     e = e->next) {
		message.queue_envelope.evpid = (uint64_t)mail->msgid << 32 |
		    e->id;
		message.queue_envelope.envelope = (struct str){ e->text,
			e->len };
		if (!channel_send(mail_queue(client), &message))
			return false;
	}
	message = (struct message){
		.type = MESSAGE_QUEUE_COMMIT,
		.queue_commit = {
			.msgid = mail->msgid,
			.envelopes = mail->envelope_count,
			.size = mail->size,
		},
	};
	return client_ask(client, mail_queue(client), &message,
	    mail_on_committed, NULL);
}

void
mail_commit(void *arg)
{
	struct client *client = arg;
	struct mail *mail = client->mail;

	if (mail_flush(mail) && mail_send(client))
		/* From now on the queue has it, whoever leaves. */
		mail->is_begun = false;
	else
		smtp_answer_commit(&client->smtp, false);
}
