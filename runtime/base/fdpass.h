/*
 * A descriptor that goes over a socket along with bytes, one at most.
 */
#ifndef RUNTIME_BASE_FDPASS_H
#define RUNTIME_BASE_FDPASS_H

#include <sys/types.h>

/* As send(2), but never blocks. fd stays the caller's; -1: none. */
ssize_t fdpass_send(int socket, const void *bytes, size_t size, int fd);

/*
 * As recv(2); *fd_r is the receiver's, closed on exec; -1: none came, this
 * process may open no more, or nothing was received. EPROTO: more than one
 * came, or not all bytes fitted.
 */
ssize_t fdpass_receive(int socket, void *bytes, size_t room, int *fd_r);

#endif
