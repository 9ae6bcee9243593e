/*
 * LMTP: connection, dialogue, data. The reply to the final dot is what
 * counts: what becomes of QUIT does not matter any more.
 */
#include "runtime/mda/lmtp.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/mda_sink.h"

#define LMTP_PORT "25"

struct lmtp_session {
	int fd;
	struct mda_sink sink;
	struct mda_status *status;
	uint32_t begin, end; /* of what was received and not read */
	char buffer[LMTP_REPLY_MAX];
};

/* Connection. */

/* These return a descriptor; -1: status is set. */

static int
lmtp_connect_socket(struct str path, struct mda_status *status)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (path.len >= sizeof(sun.sun_path)) {
		mda_status_set(status, EX_USAGE,
		    "mail.lmtp: %.*s: path is too long", STR_ARG(path));
		return -1;
	}
	memcpy(sun.sun_path, path.ptr, path.len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	mda_status_set_errno(status, EX_TEMPFAIL, "mail.lmtp: %.*s",
	    STR_ARG(path));
	if (fd != -1)
		close(fd);
	return -1;
}

/* Cuts "host:port" and "[v6]:port"; false: neither. */
static bool
lmtp_split(struct str text, char host[256], char port[32])
{
	struct str name = text, service = STR_LIT(LMTP_PORT);
	const char *colon;

	if (text.len > 0 && text.ptr[0] == '[') {
		const char *close = memchr(text.ptr, ']', text.len);

		if (close == NULL)
			return false;
		name = (struct str){ text.ptr + 1,
			(uint32_t)(close - text.ptr) - 1 };
		colon = close + 1;
		if (colon == text.ptr + text.len)
			colon = NULL;
		else if (*colon != ':')
			return false;
	} else {
		colon = memrchr(text.ptr, ':', text.len);
		if (colon != NULL)
			name.len = (uint32_t)(colon - text.ptr);
	}
	if (colon != NULL)
		service = (struct str){ colon + 1,
			(uint32_t)(text.ptr + text.len - colon) - 1 };
	if (name.len == 0 || name.len >= 256 || service.len == 0 ||
	    service.len >= 32)
		return false;
	snprintf(host, 256, "%.*s", STR_ARG(name));
	snprintf(port, 32, "%.*s", STR_ARG(service));
	return true;
}

/* -1: errno. */
static int
lmtp_connect_address(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd == -1 || connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
lmtp_connect_host(struct str destination, struct mda_status *status)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char host[256], port[32];
	int error, fd = -1;

	if (!lmtp_split(destination, host, port)) {
		mda_status_set(status, EX_USAGE,
		    "mail.lmtp: %.*s: not a destination", STR_ARG(destination));
		return -1;
	}
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0) {
		mda_status_set(status, EX_TEMPFAIL, "mail.lmtp: %s:%s: %s",
		    host, port, gai_strerror(error));
		return -1;
	}
	for (const struct addrinfo *ai = list; ai != NULL && fd == -1;
	     ai = ai->ai_next)
		fd = lmtp_connect_address(ai);
	if (fd == -1)
		mda_status_set_errno(status, EX_TEMPFAIL, "mail.lmtp: %s:%s",
		    host, port);
	freeaddrinfo(list);
	return fd;
}

/* Replies. */

/* One line without its end; false: status is set. */
static bool
lmtp_read_line(struct lmtp_session *session, struct str *line_r)
{
	for (;;) {
		char *begin = session->buffer + session->begin;
		uint32_t len = session->end - session->begin;
		const char *lf = memchr(begin, '\n', len);
		ssize_t n;

		if (lf != NULL) {
			*line_r = (struct str){ begin, (uint32_t)(lf - begin) };
			session->begin += line_r->len + 1;
			if (line_r->len > 0 && lf[-1] == '\r')
				line_r->len--;
			return true;
		}
		memmove(session->buffer, begin, len);
		session->begin = 0;
		session->end = len;
		do
			n = read(session->fd, session->buffer + len,
			    sizeof(session->buffer) - len);
		while (n == -1 && errno == EINTR);
		if (n == -1)
			mda_status_set_errno(session->status, EX_TEMPFAIL,
			    "mail.lmtp: LMTP server");
		else if (n == 0)
			mda_status_set(session->status, EX_TEMPFAIL,
			    "mail.lmtp: LMTP server %s",
			    len == sizeof(session->buffer) ?
				"sent too long a line" :
				"closed the connection");
		if (n <= 0)
			return false;
		session->end += (uint32_t)n;
	}
}

/* The class of a reply's line: 2 to 5; 0 for what is none. */
static unsigned
lmtp_line_class(struct str line)
{
	if (line.len < 3 || line.ptr[0] < '2' || line.ptr[0] > '5' ||
	    !str_is_digit(line.ptr[1]) || !str_is_digit(line.ptr[2]) ||
	    (line.len > 3 && line.ptr[3] != ' ' && line.ptr[3] != '-'))
		return 0;
	return (unsigned)(line.ptr[0] - '0');
}

/* Reads a whole reply of any number of lines, which must be of a class. */
static bool
lmtp_expect(struct lmtp_session *session, unsigned wanted)
{
	struct str line;
	unsigned class, lines = 0;

	do {
		if (!lmtp_read_line(session, &line))
			return false;
		class = lmtp_line_class(line);
		if (class == 0 || ++lines > LMTP_REPLY_LINES) {
			mda_status_set(session->status, EX_TEMPFAIL,
			    "mail.lmtp: LMTP server sent garbage: %.*s",
			    STR_ARG(line));
			return false;
		}
	} while (line.len > 3 && line.ptr[3] == '-');
	if (class == wanted)
		return true;
	mda_status_set(session->status,
	    class == 5 ? EX_UNAVAILABLE : EX_TEMPFAIL,
	    "mail.lmtp: LMTP server error: %.*s", STR_ARG(line));
	return false;
}

/* Dialogue. */

static bool
lmtp_flush(struct lmtp_session *session)
{
	if (mda_sink_flush(&session->sink))
		return true;
	mda_status_set_errno(session->status, EX_TEMPFAIL,
	    "mail.lmtp: LMTP server");
	return false;
}

static bool
lmtp_command(struct lmtp_session *session, const char *before, struct str arg,
    const char *after, unsigned wanted)
{
	mda_sink_write(&session->sink, str_from(before));
	mda_sink_write(&session->sink, arg);
	mda_sink_write(&session->sink, str_from(after));
	return lmtp_flush(session) && lmtp_expect(session, wanted);
}

static void
lmtp_write_lines(struct mda_sink *sink, struct mda_source *source)
{
	bool begins, ends_line = true;
	struct str line;

	while (mda_source_read_line(source, &line, &begins)) {
		if (begins && line.ptr[0] == '.')
			mda_sink_write(sink, STR_LIT("."));
		ends_line = line.ptr[line.len - 1] == '\n';
		line.len -= ends_line;
		mda_sink_write(sink, line);
		if (ends_line)
			mda_sink_write(sink, STR_LIT("\r\n"));
	}
	if (!ends_line)
		mda_sink_write(sink, STR_LIT("\r\n"));
}

/* A message that could not be read whole must not end with a dot. */
static bool
lmtp_send_message(struct lmtp_session *session, struct mda_source *source)
{
	lmtp_write_lines(&session->sink, source);
	if (source->failed_errno != 0) {
		errno = source->failed_errno;
		mda_status_set_errno(session->status, EX_TEMPFAIL,
		    "mail.lmtp: message");
		return false;
	}
	mda_sink_write(&session->sink, STR_LIT(".\r\n"));
	return lmtp_flush(session);
}

static bool
lmtp_talk(struct lmtp_session *session, const struct lmtp *lmtp,
    struct mda_source *source)
{
	uint32_t i;

	if (!lmtp_expect(session, 2) ||
	    !lmtp_command(session, "LHLO ", lmtp->lhlo, "\r\n", 2) ||
	    !lmtp_command(session, "MAIL FROM:<", lmtp->sender, ">\r\n", 2))
		return false;
	for (i = 0; i < lmtp->recipient_count; i++)
		if (!lmtp_command(session, "RCPT TO:<", lmtp->recipients[i],
			">\r\n", 2))
			return false;
	if (!lmtp_command(session, "DATA", STR_LIT(""), "\r\n", 3) ||
	    !lmtp_send_message(session, source))
		return false;
	for (i = 0; i < lmtp->recipient_count; i++)
		if (!lmtp_expect(session, 2))
			return false;
	mda_sink_write(&session->sink, STR_LIT("QUIT\r\n"));
	mda_sink_flush(&session->sink);
	return true;
}

/* Nothing that could end a command early. */
static bool
lmtp_is_plain(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == '<' ||
		    text.ptr[i] == '>' || text.ptr[i] == '\x7f')
			return false;
	return true;
}

/* False: status is set. */
static bool
lmtp_is_sound(const struct lmtp *lmtp, struct mda_status *status)
{
	bool is_sound = lmtp->recipient_count > 0 && lmtp->lhlo.len > 0 &&
	    lmtp_is_plain(lmtp->sender) && lmtp_is_plain(lmtp->lhlo);

	for (uint32_t i = 0; i < lmtp->recipient_count; i++)
		is_sound = is_sound && lmtp_is_plain(lmtp->recipients[i]);
	if (!is_sound)
		mda_status_set(status, EX_USAGE, "mail.lmtp: not an address");
	return is_sound;
}

int
lmtp_deliver_over(int fd, const struct lmtp *lmtp, struct mda_source *source,
    struct mda_status *status)
{
	struct lmtp_session session = { .fd = fd, .status = status };

	*status = (struct mda_status){ .status = 0 };
	if (lmtp_is_sound(lmtp, status)) {
		mda_sink_init(&session.sink, fd);
		lmtp_talk(&session, lmtp, source);
	}
	return status->status;
}

int
lmtp_deliver(const struct lmtp *lmtp, struct mda_source *source,
    struct mda_status *status)
{
	struct str destination = lmtp->destination;
	bool is_path = destination.len > 0 && destination.ptr[0] == '/';
	int fd;

	*status = (struct mda_status){ .status = 0 };
	if (!lmtp_is_sound(lmtp, status))
		return status->status;
	fd = is_path ? lmtp_connect_socket(destination, status) :
		       lmtp_connect_host(destination, status);
	if (fd == -1)
		return status->status;
	lmtp_deliver_over(fd, lmtp, source, status);
	close(fd);
	return status->status;
}
