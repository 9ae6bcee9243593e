/*
 * Keys: what they sign can be verified, and what is not in order is refused.
 */
#include "runtime/proc/keystore.h"

#include <criterion/criterion.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/tests/compiled.h"

static char test_folder[] = "/tmp/test_keystore.XXXXXX";
static char test_error[KEYSTORE_ERROR_MAX];
static EVP_PKEY *test_key;
static struct ruleset_use *test_use; /* with one pki, of two files */

static const char *
test_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", test_folder, name);
	return path;
}

static void
test_write_key(EVP_PKEY *key, const char *name)
{
	FILE *file = fopen(test_path(name), "w");

	cr_assert_not_null(file);
	cr_assert_eq(fchmod(fileno(file), 0600), 0);
	cr_assert_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL),
	    1);
	fclose(file);
}

static void
test_write_certificate(EVP_PKEY *key, const char *name)
{
	FILE *file = fopen(test_path(name), "w");
	X509 *cert = X509_new();

	cr_assert_not_null(file);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * 365);
	cr_assert_eq(X509_set_pubkey(cert, key), 1);
	cr_assert_gt(X509_sign(cert, key, EVP_sha256()), 0);
	cr_assert_eq(PEM_write_X509(file, cert), 1);
	X509_free(cert);
	fclose(file);
}

static void
test_init(void)
{
	char config[512];

	cr_assert_not_null(mkdtemp(test_folder));
	test_key = EVP_RSA_gen(2048);
	cr_assert_not_null(test_key);
	test_write_key(test_key, "key");
	test_write_certificate(test_key, "cert");
	/* Compiled while all is well: it would refuse what is not. */
	snprintf(config, sizeof(config),
	    "pki a cert \"%s/cert\"\npki a key \"%s/key\"\n"
	    "listen on 127.0.0.1 tls pki a\n"
	    "action \"a\" maildir\nmatch from any for any action \"a\"\n",
	    test_folder, test_folder);
	test_use = compiled_new(config);
}

static void
test_fini(void)
{
	ruleset_drop(test_use);
	unlink(test_path("key"));
	unlink(test_path("cert"));
	rmdir(test_folder);
	EVP_PKEY_free(test_key);
}

static struct keystore *
test_open(void)
{
	return keystore_open(&test_use->blob, test_error, sizeof(test_error));
}

static struct str
test_digest(EVP_PKEY *key)
{
	static unsigned char digest[SHA256_DIGEST_LENGTH];
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	cr_assert_gt(len, 0);
	SHA256(der, (size_t)len, digest);
	OPENSSL_free(der);
	return (struct str){ (const char *)digest, sizeof(digest) };
}

TestSuite(keystore, .init = test_init, .fini = test_fini, .timeout = 60);

/* A DigestInfo of SHA-256, as TLS 1.2 has it signed. */
Test(keystore, signs_as_pkcs1)
{
	static const unsigned char info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06,
		0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
		0x05, 0x00, 0x04, 0x20 };
	unsigned char tbs[sizeof(info) + SHA256_DIGEST_LENGTH];
	uint8_t signature[KEYSTORE_SIGNATURE_MAX];
	struct keystore *store = test_open();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(test_key, NULL);
	size_t len;

	cr_assert_not_null(store, "%s", test_error);
	memcpy(tbs, info, sizeof(info));
	SHA256((const unsigned char *)"text", 4, tbs + sizeof(info));
	len = keystore_sign(store, test_digest(test_key), KEY_RSA_PKCS1,
	    (struct str){ (const char *)tbs, sizeof(tbs) }, signature);
	cr_assert_eq(len, 256);
	cr_assert_eq(EVP_PKEY_verify_init(ctx), 1);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
	cr_expect_eq(EVP_PKEY_verify(ctx, signature, len, tbs + sizeof(info),
			 SHA256_DIGEST_LENGTH),
	    1);
	EVP_PKEY_CTX_free(ctx);
	keystore_close(store);
}

Test(keystore, signs_what_is_padded)
{
	static char tbs[256] = { 0, 1, 2, 3 };
	uint8_t signature[KEYSTORE_SIGNATURE_MAX];
	struct keystore *store = test_open();
	struct str digest = test_digest(test_key);

	cr_assert_not_null(store, "%s", test_error);
	cr_expect_eq(keystore_sign(store, digest, KEY_RSA_RAW,
			 (struct str){ tbs, sizeof(tbs) }, signature),
	    256);
	cr_expect_eq(keystore_sign(store, digest, KEY_RSA_RAW,
			 (struct str){ tbs, 255 }, signature),
	    0, "too short");
	cr_expect_eq(keystore_sign(store, digest, KEY_ECDSA,
			 (struct str){ tbs, 32 }, signature),
	    0, "no such key");
	keystore_close(store);
}

Test(keystore, signs_for_known_keys_alone)
{
	static char tbs[32];
	uint8_t signature[KEYSTORE_SIGNATURE_MAX];
	struct keystore *store = test_open();
	char digest[SHA256_DIGEST_LENGTH] = "not one of ours";

	cr_assert_not_null(store, "%s", test_error);
	cr_expect_eq(keystore_sign(store,
			 (struct str){ digest, sizeof(digest) }, KEY_RSA_PKCS1,
			 (struct str){ tbs, 32 }, signature),
	    0);
	cr_expect_eq(keystore_sign(store, STR_LIT(""), KEY_RSA_PKCS1,
			 (struct str){ tbs, 32 }, signature),
	    0);
	keystore_close(store);
}

Test(keystore, signs_with_curves)
{
	static char tbs[32] = "a digest";
	uint8_t signature[KEYSTORE_SIGNATURE_MAX];
	EVP_PKEY *curve = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(curve, NULL);
	struct keystore *store;
	size_t len;

	test_write_key(curve, "key");
	test_write_certificate(curve, "cert");
	store = test_open();
	cr_assert_not_null(store, "%s", test_error);
	len = keystore_sign(store, test_digest(curve), KEY_ECDSA,
	    (struct str){ tbs, 32 }, signature);
	cr_assert_gt(len, 0);
	cr_assert_eq(EVP_PKEY_verify_init(ctx), 1);
	cr_expect_eq(EVP_PKEY_verify(ctx, signature, len,
			 (const unsigned char *)tbs, 32),
	    1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(curve);
	keystore_close(store);
}

Test(keystore, gives_certificates_and_no_keys)
{
	struct keystore *store = test_open();
	struct str text;

	cr_assert_not_null(store, "%s", test_error);
	cr_assert(keystore_file(store, KEY_FILE_CERTIFICATES, 0, &text));
	cr_expect(str_has_prefix(text, "-----BEGIN CERTIFICATE"));
	cr_expect_not(keystore_file(store, KEY_FILE_CERTIFICATES, 1, &text));
	cr_expect_not(keystore_file(store, KEY_FILE_CA, 0, &text));
	cr_expect_not(keystore_file(store, KEY_FILES, 0, &text));
	keystore_close(store);
}

static void
test_refuses(const char *why)
{
	struct keystore *store = test_open();

	cr_expect_null(store);
	cr_expect_not_null(strstr(test_error, why), "%s", test_error);
	if (store != NULL)
		keystore_close(store);
}

Test(keystore, refuses_keys_that_others_can_read)
{
	chmod(test_path("key"), 0644);
	test_refuses("insecure permissions: must be at most 0740");
}

Test(keystore, refuses_what_is_no_key)
{
	FILE *file = fopen(test_path("key"), "w");

	fchmod(fileno(file), 0600);
	fprintf(file, "no key\n");
	fclose(file);
	test_refuses("no private key in PEM");
}

Test(keystore, refuses_the_key_of_another)
{
	EVP_PKEY *other = EVP_RSA_gen(2048);

	test_write_key(other, "key");
	EVP_PKEY_free(other);
	test_refuses("is not for the key of the same pki");
}

/* Session processes could not sign with it. */
Test(keystore, refuses_keys_of_other_kinds)
{
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	test_write_key(other, "key");
	EVP_PKEY_free(other);
	test_refuses("the key is neither RSA nor ECDSA");
}

Test(keystore, refuses_encrypted_keys)
{
	FILE *file = fopen(test_path("key"), "w");
	unsigned char password[] = "x";

	fchmod(fileno(file), 0600);
	cr_assert_eq(PEM_write_PrivateKey(file, test_key, EVP_aes_128_cbc(),
			 password, 1, NULL, NULL),
	    1);
	fclose(file);
	test_refuses("[key-encrypted]");
}
