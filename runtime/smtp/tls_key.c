/*
 * OpenSSL's older interface to keys (RSA_METHOD, EC_KEY_METHOD): the newer
 * one would take a provider with key management and signatures of its own
 * for the same two functions.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "runtime/smtp/tls_key.h"

#include <openssl/async.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>

enum {
	TLS_SIGNATURE_MAX = 2048, /* RSA of 16384 bits */
	TLS_KEY_DIGEST = 32,
};

/* Of a key. */
struct tls_key {
	unsigned char digest[TLS_KEY_DIGEST]; /* of the public key */
};

/* A signature that is being made. */
struct tls_signing {
	bool is_done;
	unsigned char text[TLS_SIGNATURE_MAX];
	size_t len; /* 0: it failed */
};

/* Whose handshake runs. */
static struct client *tls_key_client;

static void
tls_key_on_signed(struct client *client, struct message *message)
{
	struct tls_signing *signing = client->signing;

	signing->is_done = true;
	if (message == NULL || !message->key_signed.is_ok ||
	    message->key_signed.signature.len > sizeof(signing->text))
		return;
	signing->len = message->key_signed.signature.len;
	memcpy(signing->text, message->key_signed.signature.ptr, signing->len);
}

static bool
tls_key_ask(struct client *client, const struct tls_key *key,
    enum key_scheme scheme, struct str input)
{
	struct message message = {
		.type = MESSAGE_KEY_SIGN,
		.key_sign = {
			.public_digest = { (const char *)key->digest,
			    sizeof(key->digest) },
			.scheme = scheme,
			.digest = input,
		},
	};

	return client_ask(client, client->box->child->peers[PROC_KEYS],
	    &message, tls_key_on_signed, NULL);
}

/* Bytes of the signature in out, at most room; 0: none. */
static size_t
tls_key_sign(const struct tls_key *key, enum key_scheme scheme,
    struct str input, unsigned char *out, size_t room)
{
	struct client *client = tls_key_client;
	struct tls_signing *signing = calloc(1, sizeof(*signing));
	size_t len = 0;

	if (signing == NULL || ASYNC_get_current_job() == NULL) {
		free(signing);
		return 0;
	}
	client->signing = signing;
	if (tls_key_ask(client, key, scheme, input)) {
		while (!signing->is_done)
			ASYNC_pause_job();
		len = signing->len;
	}
	if (len > room)
		len = 0;
	memcpy(out, signing->text, len);
	client->signing = NULL;
	free(signing);
	return len;
}

/* RSA. */

static int
tls_key_rsa_sign(int len, const unsigned char *from, unsigned char *to,
    RSA *rsa, int padding)
{
	const struct tls_key *key = RSA_get_ex_data(rsa, 0);
	size_t size;

	if (padding != RSA_PKCS1_PADDING && padding != RSA_NO_PADDING)
		return -1;
	size = tls_key_sign(key,
	    padding == RSA_NO_PADDING ? KEY_RSA_RAW : KEY_RSA_PKCS1,
	    (struct str){ (const char *)from, (uint32_t)len }, to,
	    (size_t)RSA_size(rsa));
	return size == (size_t)RSA_size(rsa) ? (int)size : -1;
}

static int
tls_key_rsa_finish(RSA *rsa)
{
	free(RSA_get_ex_data(rsa, 0));
	return 1;
}

static RSA_METHOD *
tls_key_rsa_method(void)
{
	static RSA_METHOD *method;

	if (method != NULL)
		return method;
	method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	if (method == NULL)
		return NULL;
	RSA_meth_set_priv_enc(method, tls_key_rsa_sign);
	RSA_meth_set_finish(method, tls_key_rsa_finish);
	return method;
}

static EVP_PKEY *
tls_key_new_rsa(EVP_PKEY *public, struct tls_key *key)
{
	const RSA *known = EVP_PKEY_get0_RSA(public);
	EVP_PKEY *pkey = EVP_PKEY_new();
	RSA *rsa = RSA_new();

	if (known == NULL || pkey == NULL || rsa == NULL ||
	    tls_key_rsa_method() == NULL ||
	    RSA_set0_key(rsa, BN_dup(RSA_get0_n(known)),
		BN_dup(RSA_get0_e(known)), NULL) != 1 ||
	    RSA_set_method(rsa, tls_key_rsa_method()) != 1 ||
	    RSA_set_ex_data(rsa, 0, key) != 1 ||
	    EVP_PKEY_assign_RSA(pkey, rsa) != 1) {
		RSA_free(rsa);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

/* Elliptic curves. */

static int
tls_key_ec_sign(int type, const unsigned char *digest, int len,
    unsigned char *out, unsigned int *len_r, const BIGNUM *k, const BIGNUM *r,
    EC_KEY *ec)
{
	const struct tls_key *key = EC_KEY_get_ex_data(ec, 0);

	(void)type;
	(void)k;
	(void)r;
	*len_r = (unsigned int)tls_key_sign(key, KEY_ECDSA,
	    (struct str){ (const char *)digest, (uint32_t)len }, out,
	    (size_t)ECDSA_size(ec));
	return *len_r > 0;
}

static void
tls_key_ec_finish(EC_KEY *ec)
{
	free(EC_KEY_get_ex_data(ec, 0));
}

static EC_KEY_METHOD *
tls_key_ec_method(void)
{
	static EC_KEY_METHOD *method;

	if (method != NULL)
		return method;
	method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	if (method == NULL)
		return NULL;
	EC_KEY_METHOD_set_sign(method, tls_key_ec_sign, NULL, NULL);
	EC_KEY_METHOD_set_init(method, NULL, tls_key_ec_finish, NULL, NULL,
	    NULL, NULL);
	return method;
}

static EVP_PKEY *
tls_key_new_ec(EVP_PKEY *public, struct tls_key *key)
{
	const EC_KEY *known = EVP_PKEY_get0_EC_KEY(public);
	EVP_PKEY *pkey = EVP_PKEY_new();
	EC_KEY *ec = EC_KEY_new();

	if (known == NULL || pkey == NULL || ec == NULL ||
	    tls_key_ec_method() == NULL ||
	    EC_KEY_set_method(ec, tls_key_ec_method()) != 1 ||
	    EC_KEY_set_group(ec, EC_KEY_get0_group(known)) != 1 ||
	    EC_KEY_set_public_key(ec, EC_KEY_get0_public_key(known)) != 1 ||
	    EC_KEY_set_ex_data(ec, 0, key) != 1 ||
	    EVP_PKEY_assign_EC_KEY(pkey, ec) != 1) {
		EC_KEY_free(ec);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

EVP_PKEY *
tls_key_new(X509 *certificate)
{
	EVP_PKEY *public = X509_get0_pubkey(certificate), *pkey = NULL;
	struct tls_key *key = calloc(1, sizeof(*key));
	unsigned char *der = NULL;
	int len = -1;

	if (key == NULL)
		return NULL;
	if (public != NULL)
		len = i2d_PUBKEY(public, &der);
	if (len > 0 &&
	    EVP_Digest(der, (size_t)len, key->digest, NULL, EVP_sha256(),
		NULL) == 1) {
		if (EVP_PKEY_get_base_id(public) == EVP_PKEY_RSA)
			pkey = tls_key_new_rsa(public, key);
		else if (EVP_PKEY_get_base_id(public) == EVP_PKEY_EC)
			pkey = tls_key_new_ec(public, key);
	}
	OPENSSL_free(der);
	if (pkey == NULL)
		free(key);
	return pkey;
}

/* Handshakes. */

enum transport_status
tls_key_handshake(struct client *client)
{
	enum transport_status status;

	if (client->signing != NULL && !client->signing->is_done)
		return TRANSPORT_ASKED;
	tls_key_client = client;
	status = transport_handshake(&client->transport);
	tls_key_client = NULL;
	return status;
}

void
tls_key_cancel(struct client *client)
{
	if (client->signing == NULL)
		return;
	client->signing->is_done = true;
	client->signing->len = 0;
	tls_key_handshake(client);
}
