/*
 * TLS of the server's side: the certificates of a listener, and which of
 * them a client gets. Private keys are in another process: see tls_key.h.
 */
#ifndef RUNTIME_SMTP_TLS_H
#define RUNTIME_SMTP_TLS_H

#include <openssl/ssl.h>

#include "runtime/proc/child.h"

struct tls_server;

/*
 * Certificates come from the keys process: on_ready is called when they are
 * all there, is_good says whether they can be used. What is wrong is logged.
 * NULL: no memory, or they cannot be asked for.
 */
typedef void tls_ready_fn(void *arg, bool is_good);
struct tls_server *tls_server_new(struct child *child, struct ruleset_use *use,
    uint32_t listener, tls_ready_fn *on_ready, void *arg);
void tls_server_free(struct tls_server *server);

/* For one session; NULL: no memory. */
SSL *tls_server_accept(struct tls_server *server, int fd);

/* "TLSv1.3:TLS_AES_256_GCM_SHA384:256"; returns buf. */
const char *tls_describe(const SSL *ssl, char *buf, size_t room);

/* Of the client, "SHA256:…"; false: it sent none. */
#define TLS_FINGERPRINT_SIZE 80
bool tls_fingerprint(const SSL *ssl, char buf[TLS_FINGERPRINT_SIZE]);

#endif
