/*
 * smtpctl's end of the control socket: one request at a time, waiting for
 * its answer.
 */
#ifndef RUNTIME_CONTROL_CTLCLIENT_H
#define RUNTIME_CONTROL_CTLCLIENT_H

#include "runtime/proc/message.h"

struct ctlclient {
	int fd;
	uint8_t buf[MESSAGE_MAX];
};

/* False: nobody listens there, or not for us; see errno. */
bool ctlclient_open(struct ctlclient *client, const char *path);
void ctlclient_close(struct ctlclient *client);

/*
 * Asks and waits. The answer's texts live in the client until the next one;
 * its descriptor is the caller's. False: the connection broke.
 */
bool ctlclient_ask(struct ctlclient *client, struct message *request,
    struct message *answer_r);
/* The next of several answers to the last request. */
bool ctlclient_next(struct ctlclient *client, struct message *answer_r);

#endif
