/*
 * Fuzzes the client of LMTP with what a server says. All of it is there
 * before the client says its first word, and the end of the connection
 * behind it. Whatever comes, the client says commands and a message in
 * order, and succeeds only when the message was sent whole.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/lmtp.h"

#define FUZZ_MAX (64 * 1024) /* what a socket holds, by far */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fuzz_message[] = "Subject: x\n\n.dot\nno end";
static const char fuzz_said[] = "LHLO localhost\r\nMAIL FROM:<a@b.example>\r\n"
				"RCPT TO:<joe>\r\nRCPT TO:<ann>\r\nDATA\r\n"
				"Subject: x\r\n\r\n..dot\r\nno end\r\n.\r\n"
				"QUIT\r\n";

static int
fuzz_open_message(void)
{
	int ends[2];

	if (pipe(ends) == -1 ||
	    write(ends[1], fuzz_message, strlen(fuzz_message)) == -1)
		abort();
	close(ends[1]);
	return ends[0];
}

/* What the client said is a beginning of what it may say, or all. */
static void
fuzz_check_said(int fd, int status)
{
	char said[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, said + len, sizeof(said) - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	assert(len <= strlen(fuzz_said));
	assert(memcmp(said, fuzz_said, len) == 0);
	assert(status != 0 || len == strlen(fuzz_said));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mda_source source;
	static const struct str recipients[] = { { "joe", 3 }, { "ann", 3 } };
	const struct lmtp lmtp = { .lhlo = STR_LIT("localhost"),
		.sender = STR_LIT("a@b.example"),
		.recipients = recipients,
		.recipient_count = 2 };
	struct mda_status status;
	int ends[2], message;

	if (size > FUZZ_MAX)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1 ||
	    send(ends[0], data, size, MSG_DONTWAIT) != (ssize_t)size)
		abort();
	shutdown(ends[0], SHUT_WR);
	message = fuzz_open_message();
	mda_source_init(&source, STR_LIT(""), message);
	lmtp_deliver_over(ends[1], &lmtp, &source, &status);
	close(ends[1]);
	assert(status.status == 0 || status.status == EX_TEMPFAIL ||
	    status.status == EX_UNAVAILABLE);
	assert((status.status == 0) == (status.text[0] == '\0'));
	fuzz_check_said(ends[0], status.status);
	close(ends[0]);
	close(message);
	return 0;
}
