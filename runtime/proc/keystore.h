/*
 * Private keys in memory, and the certificates that go with them. Nothing
 * here gives a key away: it signs, and that is all. Only the keys process
 * has one of these.
 */
#ifndef RUNTIME_PROC_KEYSTORE_H
#define RUNTIME_PROC_KEYSTORE_H

#include "runtime/proc/message.h"
#include "runtime/ruleset/blob.h"

enum {
	KEYSTORE_FILE_MAX = 4 * 1024 * 1024, /* bytes of a certificate file */
	KEYSTORE_SIGNATURE_MAX = 2048,       /* RSA of 16,384 bits */
	KEYSTORE_ERROR_MAX = 1024,
};

struct keystore;

/*
 * Reads all that the ruleset names: keys, certificates, and authorities.
 * NULL: error says which file, and why.
 */
struct keystore *keystore_open(const struct blob *blob, char *error,
    size_t room);
void keystore_close(struct keystore *store);

/*
 * Signs with the key whose public part (SubjectPublicKeyInfo) has this
 * SHA-256. Returns the signature's length; 0: no such key, or not possible.
 */
size_t keystore_sign(const struct keystore *store, struct str public_digest,
    enum key_scheme scheme, struct str digest,
    uint8_t signature[KEYSTORE_SIGNATURE_MAX]);

/* The text of a file; false: there is none of that kind and number. */
bool keystore_file(const struct keystore *store, enum key_file kind,
    uint32_t number, struct str *text_r);

#endif
