/*
 * The keys process: reads keys and certificates before it locks itself in,
 * then signs for session processes. Each ruleset has one of its own, so no
 * generation is asked for. It is the first that a ruleset goes to, and
 * refuses what session processes could not speak TLS with.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/proc/child.h"
#include "runtime/proc/keystore.h"
#include "runtime/proc/tlswords.h"

static const char *
keys_init(struct child *child)
{
	static char error[KEYSTORE_ERROR_MAX];

	if (tlswords_check(&child->ruleset->blob, error, sizeof(error)))
		child->box = keystore_open(&child->ruleset->blob, error,
		    sizeof(error));
	return child->box == NULL ? error : NULL;
}

static void
keys_sign(const struct child *child, struct channel *channel,
    const struct message *request)
{
	const struct message_key_sign *sign = &request->key_sign;
	struct message answer = { .type = MESSAGE_KEY_SIGNED, .fd = -1 };
	uint8_t signature[KEYSTORE_SIGNATURE_MAX];
	size_t len = 0;

	if (sign->scheme < KEY_SCHEMES)
		len = keystore_sign(child->box, sign->public_digest,
		    (enum key_scheme)sign->scheme, sign->digest, signature);
	answer.key_signed.is_ok = len > 0;
	answer.key_signed.signature = (struct str){ (const char *)signature,
		(uint32_t)len };
	channel_reply(channel, request, &answer);
}

/* A file in memory that holds the text; -1: not possible. */
static int
keys_copy(struct str text)
{
	int fd = memfd_create("certificates", MFD_CLOEXEC);
	uint32_t done = 0;

	while (fd != -1 && done < text.len) {
		ssize_t n = write(fd, text.ptr + done, text.len - done);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (uint32_t)n;
	}
	return fd;
}

static void
keys_give_file(const struct child *child, struct channel *channel,
    const struct message *request)
{
	const struct message_key_file *file = &request->key_file;
	struct message answer = { .type = MESSAGE_RESULT, .fd = -1 };
	struct str text;

	if (file->kind < KEY_FILES &&
	    keystore_file(child->box, (enum key_file)file->kind, file->number,
		&text))
		answer.fd = keys_copy(text);
	answer.result.is_ok = answer.fd != -1;
	answer.result.error = answer.fd != -1 ? STR_LIT("") :
						STR_LIT("no such certificates");
	channel_reply(channel, request, &answer);
}

static void
keys_on_message(void *arg, struct channel *channel, struct message *message)
{
	const struct child *child = arg;

	if (message->fd != -1)
		close(message->fd);
	if (message->type == MESSAGE_KEY_SIGN)
		keys_sign(child, channel, message);
	else if (message->type == MESSAGE_KEY_FILE)
		keys_give_file(child, channel, message);
	else
		log_warn("warn: keys: %s is nothing to be asked for",
		    message_name(message->type));
}

const struct child_ops keys_ops = {
	.kind = PROC_KEYS,
	.init = keys_init,
	.on_message = keys_on_message,
};
