/*
 * Private keys that are not here: to OpenSSL they look like keys, and what
 * they sign is signed by the keys process. A handshake that waits for a
 * signature is left (SSL_MODE_ASYNC) and gone on with when it has come, so
 * that no other session waits with it.
 */
#ifndef RUNTIME_SMTP_TLS_KEY_H
#define RUNTIME_SMTP_TLS_KEY_H

#include <openssl/x509.h>

#include "runtime/smtp/client.h"

/* One that goes with the certificate; NULL: a kind that is not served. */
EVP_PKEY *tls_key_new(X509 *certificate);

/* One step of a handshake; it may ask for a signature. */
enum transport_status tls_key_handshake(struct client *client);

/* Ends a handshake that waits for a signature. */
void tls_key_cancel(struct client *client);

#endif
