/*
 * Keys and certificates, read once.
 */
#include "runtime/proc/keystore.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/rootdir.h"

/* Where the system keeps whom it trusts: the first that is there. */
static const char *const keystore_system[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/ssl/cert.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
};

enum {
	KEYSTORE_KEY_MODE = 0740,
	KEYSTORE_CERT_MODE = 0755,
};

struct keystore_key {
	EVP_PKEY *key;
	unsigned char digest[SHA256_DIGEST_LENGTH];
};

struct keystore {
	struct keystore_key *keys; /* one for each pki; key may be NULL */
	struct rootdir_text *certs;
	uint32_t pki_count;
	struct rootdir_text *cas;
	uint32_t ca_count;
	struct rootdir_text system;
	char *error;
	size_t room;
};

/* Files. */

static bool
keystore_fail(struct keystore *store, struct str path, const char *why)
{
	snprintf(store->error, store->room, "%.*s: %s", STR_ARG(path), why);
	return false;
}

/* mode_max: what others may be allowed; more is refused. */
static bool
keystore_check(struct keystore *store, struct str path, mode_t mode_max,
    const struct rootdir_text *text)
{
	char why[64];

	if (text->uid != 0 && text->uid != geteuid())
		return keystore_fail(store, path, "not owned by uid 0");
	if ((text->mode & 07777 & ~mode_max) == 0)
		return true;
	snprintf(why, sizeof(why), "insecure permissions: must be at most %04o",
	    (unsigned)mode_max);
	return keystore_fail(store, path, why);
}

static bool
keystore_read(struct keystore *store, struct str path, mode_t mode_max,
    struct rootdir_text *text_r)
{
	struct rootdir machine;
	int error = rootdir_init(&machine, NULL);

	if (error == 0) {
		/* Texts of a blob end in NUL. */
		error = rootdir_read_file(&machine, path.ptr, KEYSTORE_FILE_MAX,
		    text_r);
		rootdir_fini(&machine);
	}
	if (error != 0)
		return keystore_fail(store, path, rootdir_error_text(error));
	if (keystore_check(store, path, mode_max, text_r))
		return true;
	rootdir_text_fini(text_r);
	return false;
}

/* An encrypted key would ask somebody who is not there at a reload. */
static int
keystore_no_password(char *buf, int size, int is_writing, void *arg)
{
	bool *is_encrypted = arg;

	(void)buf;
	(void)size;
	(void)is_writing;
	if (is_encrypted != NULL)
		*is_encrypted = true;
	return -1;
}

/* Others than those of keystore_prepare have no use here. */
static bool
keystore_is_usable(const struct keystore_key *key)
{
	int type = EVP_PKEY_get_base_id(key->key);

	return type == EVP_PKEY_RSA || type == EVP_PKEY_EC;
}

static bool
keystore_digest(struct keystore_key *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key->key, &der);

	if (len <= 0)
		return false;
	SHA256(der, (size_t)len, key->digest);
	OPENSSL_free(der);
	return true;
}

static bool
keystore_read_key(struct keystore *store, struct str path,
    struct keystore_key *key)
{
	struct rootdir_text text;
	bool is_encrypted = false;
	BIO *bio;

	if (!keystore_read(store, path, KEYSTORE_KEY_MODE, &text))
		return false;
	bio = BIO_new_mem_buf(text.text, (int)text.len);
	if (bio != NULL)
		key->key = PEM_read_bio_PrivateKey(bio, NULL,
		    keystore_no_password, &is_encrypted);
	BIO_free(bio);
	rootdir_text_fini(&text);
	ERR_clear_error();
	if (is_encrypted)
		return keystore_fail(store, path,
		    "the key is encrypted and nobody is asked for its "
		    "password: decrypt it with openssl pkey [key-encrypted]");
	if (key->key == NULL)
		return keystore_fail(store, path, "no private key in PEM");
	return (keystore_is_usable(key) && keystore_digest(key)) ||
	    keystore_fail(store, path, "the key is neither RSA nor ECDSA");
}

/* The certificate must be for this key: else every handshake would fail. */
static bool
keystore_check_pair(struct keystore *store, const struct rootdir_text *text,
    const struct keystore_key *key, struct str path)
{
	BIO *bio = BIO_new_mem_buf(text->text, (int)text->len);
	X509 *cert = bio == NULL ?
	    NULL :
	    PEM_read_bio_X509(bio, NULL, keystore_no_password, NULL);
	bool is_pair = cert != NULL &&
	    (key->key == NULL || X509_check_private_key(cert, key->key) == 1);
	bool is_cert = cert != NULL;

	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	if (!is_cert)
		return keystore_fail(store, path, "no certificate in PEM");
	return is_pair ||
	    keystore_fail(store, path, "is not for the key of the same pki");
}

static bool
keystore_read_pki(struct keystore *store, const struct blob *blob, uint32_t n)
{
	struct ir_pki pki;

	blob_pki(blob, n, &pki);
	if (pki.key.len > 0 &&
	    !keystore_read_key(store, pki.key, &store->keys[n]))
		return false;
	if (pki.cert.len == 0)
		return true;
	return keystore_read(store, pki.cert, KEYSTORE_CERT_MODE,
		   &store->certs[n]) &&
	    keystore_check_pair(store, &store->certs[n], &store->keys[n],
		pki.cert);
}

static bool
keystore_read_all(struct keystore *store, const struct blob *blob)
{
	for (uint32_t i = 0; i < store->pki_count; i++)
		if (!keystore_read_pki(store, blob, i))
			return false;
	for (uint32_t i = 0; i < store->ca_count; i++) {
		struct ir_ca ca;

		blob_ca(blob, i, &ca);
		if (ca.cert.len > 0 &&
		    !keystore_read(store, ca.cert, KEYSTORE_CERT_MODE,
			&store->cas[i]))
			return false;
	}
	return true;
}

/* None is no error: nobody may ask for it. */
static void
keystore_read_system(struct keystore *store)
{
	struct rootdir machine;

	if (rootdir_init(&machine, NULL) != 0)
		return;
	for (size_t i = 0; i < 3 && store->system.text == NULL; i++)
		rootdir_read_file(&machine, keystore_system[i],
		    KEYSTORE_FILE_MAX, &store->system);
	rootdir_fini(&machine);
}

struct keystore *
keystore_open(const struct blob *blob, char *error, size_t room)
{
	struct keystore *store = calloc(1, sizeof(*store));

	snprintf(error, room, "out of memory");
	if (store == NULL)
		return NULL;
	store->error = error;
	store->room = room;
	store->pki_count = blob_pki_count(blob);
	store->ca_count = blob_ca_count(blob);
	store->keys = calloc(store->pki_count + 1, sizeof(*store->keys));
	store->certs = calloc(store->pki_count + 1, sizeof(*store->certs));
	store->cas = calloc(store->ca_count + 1, sizeof(*store->cas));
	if (store->keys != NULL && store->certs != NULL && store->cas != NULL &&
	    keystore_read_all(store, blob)) {
		keystore_read_system(store);
		return store;
	}
	keystore_close(store);
	return NULL;
}

void
keystore_close(struct keystore *store)
{
	for (uint32_t i = 0; i < store->pki_count; i++) {
		if (store->keys != NULL)
			EVP_PKEY_free(store->keys[i].key);
		if (store->certs != NULL)
			rootdir_text_fini(&store->certs[i]);
	}
	for (uint32_t i = 0; store->cas != NULL && i < store->ca_count; i++)
		rootdir_text_fini(&store->cas[i]);
	rootdir_text_fini(&store->system);
	free(store->keys);
	free(store->certs);
	free(store->cas);
	free(store);
}

/* Signing. */

static EVP_PKEY *
keystore_find(const struct keystore *store, struct str digest)
{
	if (digest.len != SHA256_DIGEST_LENGTH)
		return NULL;
	for (uint32_t i = 0; i < store->pki_count; i++)
		if (store->keys[i].key != NULL &&
		    memcmp(store->keys[i].digest, digest.ptr, digest.len) == 0)
			return store->keys[i].key;
	return NULL;
}

static bool
keystore_prepare(EVP_PKEY_CTX *ctx, const EVP_PKEY *key, enum key_scheme scheme)
{
	int type = EVP_PKEY_get_base_id(key);

	if (EVP_PKEY_sign_init(ctx) != 1)
		return false;
	switch (scheme) {
	case KEY_RSA_RAW:
		return type == EVP_PKEY_RSA &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1;
	case KEY_RSA_PKCS1:
		return type == EVP_PKEY_RSA &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	case KEY_ECDSA:
		return type == EVP_PKEY_EC;
	case KEY_SCHEMES:
		break;
	}
	return false;
}

size_t
keystore_sign(const struct keystore *store, struct str public_digest,
    enum key_scheme scheme, struct str digest,
    uint8_t signature[KEYSTORE_SIGNATURE_MAX])
{
	EVP_PKEY *key = keystore_find(store, public_digest);
	EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
	size_t len = KEYSTORE_SIGNATURE_MAX;
	bool is_signed = ctx != NULL && keystore_prepare(ctx, key, scheme) &&
	    EVP_PKEY_sign(ctx, signature, &len,
		(const unsigned char *)digest.ptr, digest.len) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return is_signed ? len : 0;
}

bool
keystore_file(const struct keystore *store, enum key_file kind, uint32_t number,
    struct str *text_r)
{
	const struct rootdir_text *text = NULL;

	if (kind == KEY_FILE_CERTIFICATES && number < store->pki_count)
		text = &store->certs[number];
	else if (kind == KEY_FILE_CA && number == IR_NONE)
		text = &store->system;
	else if (kind == KEY_FILE_CA && number < store->ca_count)
		text = &store->cas[number];
	if (text == NULL || text->text == NULL)
		return false;
	*text_r = (struct str){ text->text, (uint32_t)text->len };
	return true;
}
