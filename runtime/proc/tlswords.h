/*
 * Lists of a config that say which TLS may be spoken, as libtls(3) reads
 * them: protocols, "tlsv1.2,tlsv1.3" or "all:!tlsv1.0", and ciphers, a word
 * of its own or what ciphers(1) takes. Where a list cannot be used, nothing
 * is guessed.
 */
#ifndef RUNTIME_PROC_TLSWORDS_H
#define RUNTIME_PROC_TLSWORDS_H

#include <openssl/ssl.h>

#include "runtime/ruleset/blob.h"

#define TLSWORDS_MAX 1023 /* bytes of a list of ciphers */

/* False: an unknown word, or no protocol is left. Empty: the default. */
bool tlswords_set_protocols(SSL_CTX *ctx, struct str list);

/*
 * False: too long, or no cipher is left. Empty: the default. Words that
 * begin with "TLS_" are what TLS 1.3 may use; without any it may use all.
 * Ciphers whose secret goes over encrypted with the certificate's key are
 * left out: whoever holds the key signs, and decrypts nothing.
 * After the protocols, since a list of only such words is for TLS 1.3 alone.
 */
bool tlswords_set_ciphers(SSL_CTX *ctx, struct str list);

/*
 * Tries the lists of every listener that offers TLS. False: error names the
 * listener and the list.
 */
bool tlswords_check(const struct blob *blob, char *error, size_t room);

#endif
