/*
 * Certificates, keys and CA bundles that are sound, of the wrong kind,
 * broken, encrypted or cut. All are made at run time, none is kept.
 */
#include "compiler/certs.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	TEST_DAY = 24 * 60 * 60,
	TEST_TEXT_MAX = 16 * 1024,
};

static EVP_PKEY *test_pkey; /* of test_x509 */
static EVP_PKEY *test_other;
static X509 *test_x509; /* ends in 30 days */

static X509 *
test_new_x509(EVP_PKEY *pkey, int days)
{
	X509 *x509 = X509_new();
	X509_NAME *name;

	cr_assert_not_null(x509);
	name = X509_get_subject_name(x509);
	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"mx.example.org", -1, -1, 0);
	X509_set_issuer_name(x509, name);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), (long)days * TEST_DAY);
	X509_set_pubkey(x509, pkey);
	cr_assert_gt(X509_sign(x509, pkey, EVP_sha256()), 0);
	return x509;
}

static void
test_setup(void)
{
	test_pkey = EVP_EC_gen("P-256");
	test_other = EVP_EC_gen("P-256");
	cr_assert(test_pkey != NULL && test_other != NULL);
	test_x509 = test_new_x509(test_pkey, 30);
}

static void
test_teardown(void)
{
	EVP_PKEY_free(test_pkey);
	EVP_PKEY_free(test_other);
	X509_free(test_x509);
}

TestSuite(certs, .init = test_setup, .fini = test_teardown);

/* A text that grows at its end. */
struct test_text {
	char bytes[TEST_TEXT_MAX];
	size_t len;
};

static struct str
test_str(const struct test_text *text)
{
	return (struct str){ text->bytes, (uint32_t)text->len };
}

/* Appends and frees what was written to bio. */
static void
test_add_bio(struct test_text *text, BIO *bio)
{
	int n = BIO_read(bio, text->bytes + text->len,
	    (int)(sizeof(text->bytes) - text->len - 1));

	cr_assert_gt(n, 0);
	text->len += (size_t)n;
	text->bytes[text->len] = '\0';
	BIO_free(bio);
}

static void
test_add(struct test_text *text, const char *s)
{
	size_t n = strlen(s);

	cr_assert_lt(text->len + n, sizeof(text->bytes));
	memcpy(text->bytes + text->len, s, n + 1);
	text->len += n;
}

enum test_item {
	TEST_END,
	TEST_CERT,
	TEST_KEY,
	TEST_KEY_OLD_FORM,
	TEST_KEY_ENCRYPTED,
	TEST_KEY_OLD_ENCRYPTED,
	TEST_PUBLIC_KEY,
	TEST_REQUEST,
	TEST_PARAMETERS,
	TEST_CERT_DER,
	TEST_KEY_DER,
	TEST_COMMENT,
	TEST_NOT_BASE64,
	TEST_NOT_DER_CERT,
	TEST_NOT_DER_KEY,
	TEST_ENCRYPTED_IN_PLAIN,
	TEST_CUT,
	TEST_OTHER_END,
	TEST_ZERO,
};

/* Encrypted contents in a block that says it is plain. */
static void
test_write_encrypted_as_plain(BIO *bio)
{
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(test_pkey);
	X509_SIG *encrypted = PKCS8_encrypt(-1, EVP_aes_128_cbc(), "x", 1, NULL,
	    0, 0, plain);
	unsigned char *der = NULL;
	int len = i2d_X509_SIG(encrypted, &der);

	cr_assert_gt(len, 0);
	PEM_write_bio(bio, PEM_STRING_PKCS8INF, "", der, len);
	OPENSSL_free(der);
	X509_SIG_free(encrypted);
	PKCS8_PRIV_KEY_INFO_free(plain);
}

static void
test_write_request(BIO *bio)
{
	X509_REQ *request = X509_to_X509_REQ(test_x509, test_pkey,
	    EVP_sha256());

	PEM_write_bio_X509_REQ(bio, request);
	X509_REQ_free(request);
}

static void
test_write_key(BIO *bio, enum test_item item)
{
	const EVP_CIPHER *aes = EVP_aes_128_cbc();
	/* The writers want a pass phrase that they may change. */
	unsigned char pass[] = "x";
	char *word = (char *)pass;

	if (item == TEST_KEY)
		PEM_write_bio_PrivateKey(bio, test_pkey, NULL, NULL, 0, NULL,
		    NULL);
	else if (item == TEST_KEY_OLD_FORM)
		PEM_write_bio_PrivateKey_traditional(bio, test_pkey, NULL, NULL,
		    0, NULL, NULL);
	else if (item == TEST_KEY_ENCRYPTED)
		PEM_write_bio_PKCS8PrivateKey(bio, test_pkey, aes, word, 1,
		    NULL, NULL);
	else
		PEM_write_bio_PrivateKey_traditional(bio, test_pkey, aes, pass,
		    1, NULL, NULL);
}

/* What is not sound. */
static const char *
test_broken(enum test_item item)
{
	static const char *const texts[TEST_ZERO + 1] = {
		[TEST_COMMENT] = "some words\n",
		[TEST_NOT_BASE64] = "-----BEGIN CERTIFICATE-----\nMII?*!\n"
				    "-----END CERTIFICATE-----\n",
		[TEST_NOT_DER_CERT] = "-----BEGIN CERTIFICATE-----\n"
				      "YWJj\n-----END CERTIFICATE-----\n",
		[TEST_NOT_DER_KEY] = "-----BEGIN PRIVATE KEY-----\n"
				     "YWJj\n-----END PRIVATE KEY-----\n",
		[TEST_CUT] = "-----BEGIN CERTIFICATE-----\nYWJj\n",
		[TEST_OTHER_END] = "-----BEGIN CERTIFICATE-----\nYWJj\n"
				   "-----END PRIVATE KEY-----\n",
		[TEST_ZERO] = "0\n0123456789\n",
	};

	return texts[item];
}

static void
test_add_item(struct test_text *text, enum test_item item)
{
	BIO *bio;

	if (test_broken(item) != NULL) {
		test_add(text, test_broken(item));
		return;
	}
	bio = BIO_new(BIO_s_mem());
	if (item == TEST_CERT)
		PEM_write_bio_X509(bio, test_x509);
	else if (item == TEST_CERT_DER)
		i2d_X509_bio(bio, test_x509);
	else if (item == TEST_KEY_DER)
		i2d_PrivateKey_bio(bio, test_pkey);
	else if (item == TEST_PUBLIC_KEY)
		PEM_write_bio_PUBKEY(bio, test_pkey);
	else if (item == TEST_REQUEST)
		test_write_request(bio);
	else if (item == TEST_PARAMETERS)
		PEM_write_bio_Parameters(bio, test_pkey);
	else if (item == TEST_ENCRYPTED_IN_PLAIN)
		test_write_encrypted_as_plain(bio);
	else
		test_write_key(bio, item);
	test_add_bio(text, bio);
}

static void
test_make(struct test_text *text, const enum test_item *items)
{
	*text = (struct test_text){ .len = 0 };
	for (; *items != TEST_END; items++)
		test_add_item(text, *items);
}

struct load_case {
	enum test_item items[4];
	enum certs_status status;
};

static enum certs_status
test_load_chain(struct str pem)
{
	struct certs_chain chain;
	enum certs_status status = certs_load_chain(pem, &chain);

	cr_expect_eq(chain.leaf != NULL, status == CERTS_OK);
	certs_chain_fini(&chain);
	return status;
}

static enum certs_status
test_load_key(struct str pem)
{
	struct certs_key key;
	enum certs_status status = certs_load_key(pem, &key);

	cr_expect_eq(key.pkey != NULL, status == CERTS_OK);
	certs_key_fini(&key);
	return status;
}

ParameterizedTestParameters(certs, judges_chains_and_bundles)
{
	static struct load_case cases[] = {
		{ { TEST_CERT }, CERTS_OK },
		{ { TEST_CERT, TEST_CERT }, CERTS_OK },
		{ { TEST_COMMENT, TEST_CERT, TEST_COMMENT }, CERTS_OK },
		{ { TEST_KEY, TEST_CERT }, CERTS_OK },
		{ { TEST_KEY_ENCRYPTED, TEST_CERT }, CERTS_OK },
		{ { TEST_END }, CERTS_EMPTY },
		{ { TEST_COMMENT }, CERTS_NO_PEM },
		{ { TEST_ZERO }, CERTS_NO_PEM },
		{ { TEST_CERT_DER }, CERTS_BINARY },
		{ { TEST_KEY }, CERTS_ONLY_KEY },
		{ { TEST_PARAMETERS, TEST_KEY_OLD_FORM }, CERTS_ONLY_KEY },
		{ { TEST_KEY_ENCRYPTED }, CERTS_ONLY_KEY },
		{ { TEST_PUBLIC_KEY }, CERTS_ONLY_PUBLIC_KEY },
		{ { TEST_REQUEST }, CERTS_ONLY_REQUEST },
		{ { TEST_PARAMETERS }, CERTS_ONLY_OTHER },
		{ { TEST_NOT_BASE64 }, CERTS_BAD_BASE64 },
		{ { TEST_CERT, TEST_NOT_BASE64 }, CERTS_BAD_BASE64 },
		{ { TEST_NOT_DER_CERT }, CERTS_BAD_CERTIFICATE },
		{ { TEST_CERT, TEST_NOT_DER_CERT }, CERTS_BAD_CERTIFICATE },
		{ { TEST_CUT }, CERTS_BAD_PEM },
		{ { TEST_CERT, TEST_CUT }, CERTS_BAD_PEM },
		{ { TEST_OTHER_END }, CERTS_BAD_PEM },
	};

	return cr_make_param_array(struct load_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct load_case *c, certs, judges_chains_and_bundles)
{
	struct test_text text;
	struct certs_ca ca;

	test_make(&text, c->items);
	cr_expect_eq(test_load_chain(test_str(&text)), c->status);
	cr_expect_eq(certs_load_ca(test_str(&text), &ca), c->status);
}

ParameterizedTestParameters(certs, judges_keys)
{
	static struct load_case cases[] = {
		{ { TEST_KEY }, CERTS_OK },
		{ { TEST_KEY_OLD_FORM }, CERTS_OK },
		{ { TEST_PARAMETERS, TEST_KEY_OLD_FORM }, CERTS_OK },
		{ { TEST_COMMENT, TEST_CERT, TEST_KEY }, CERTS_OK },
		{ { TEST_KEY, TEST_CUT }, CERTS_OK },
		{ { TEST_END }, CERTS_EMPTY },
		{ { TEST_COMMENT }, CERTS_NO_PEM },
		{ { TEST_KEY_DER }, CERTS_BINARY },
		{ { TEST_CERT }, CERTS_ONLY_CERTIFICATE },
		{ { TEST_PUBLIC_KEY }, CERTS_ONLY_PUBLIC_KEY },
		{ { TEST_REQUEST }, CERTS_ONLY_REQUEST },
		{ { TEST_PARAMETERS }, CERTS_ONLY_OTHER },
		{ { TEST_KEY_ENCRYPTED }, CERTS_ENCRYPTED_KEY },
		{ { TEST_KEY_OLD_ENCRYPTED }, CERTS_ENCRYPTED_KEY },
		{ { TEST_ENCRYPTED_IN_PLAIN }, CERTS_BAD_KEY },
		{ { TEST_NOT_DER_KEY }, CERTS_BAD_KEY },
		{ { TEST_NOT_BASE64, TEST_KEY }, CERTS_BAD_BASE64 },
		{ { TEST_CUT }, CERTS_BAD_PEM },
	};

	return cr_make_param_array(struct load_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct load_case *c, certs, judges_keys)
{
	struct test_text text;

	test_make(&text, c->items);
	cr_expect_eq(test_load_key(test_str(&text)), c->status);
}

Test(certs, loads_rsa_and_ed25519_keys)
{
	EVP_PKEY *pkeys[] = {
		EVP_RSA_gen(2048),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	};

	for (size_t i = 0; i < sizeof(pkeys) / sizeof(pkeys[0]); i++) {
		struct test_text text = { .len = 0 };
		BIO *bio = BIO_new(BIO_s_mem());

		cr_assert_not_null(pkeys[i]);
		PEM_write_bio_PrivateKey(bio, pkeys[i], NULL, NULL, 0, NULL,
		    NULL);
		test_add_bio(&text, bio);
		cr_expect_eq(test_load_key(test_str(&text)), CERTS_OK);
		EVP_PKEY_free(pkeys[i]);
	}
}

/* A cut after any byte gives a verdict, and never a sound certificate. */
Test(certs, refuses_every_truncation)
{
	struct test_text text;
	unsigned sound = 0;

	test_make(&text, (enum test_item[]){ TEST_CERT, TEST_END });
	for (uint32_t len = 0; len < text.len - 1; len++) {
		char *cut = malloc(len + 1);

		cr_assert_not_null(cut);
		memcpy(cut, text.bytes, len);
		sound += test_load_chain((struct str){ cut, len }) == CERTS_OK;
		free(cut);
	}
	cr_expect_eq(sound, 0);
}

Test(certs, survives_every_changed_byte)
{
	struct test_text text;

	test_make(&text, (enum test_item[]){ TEST_KEY, TEST_END });
	for (size_t i = 0; i < text.len; i++) {
		char was = text.bytes[i];

		text.bytes[i] = (char)(was ^ 1);
		cr_expect_leq(test_load_key(test_str(&text)),
		    CERTS_ENCRYPTED_KEY);
		text.bytes[i] = was;
	}
}

Test(certs, refuses_what_is_too_large)
{
	const uint32_t len = CERTS_SIZE_MAX + 1;
	char *text = calloc(1, len);

	cr_assert_not_null(text);
	cr_expect_eq(test_load_chain((struct str){ text, len }),
	    CERTS_TOO_LARGE);
	cr_expect_eq(test_load_chain((struct str){ text, len - 1 }),
	    CERTS_NO_PEM);
	free(text);
}

/* Appends a certificate that ends in that many days. */
static void
test_add_expiring(struct test_text *text, int days)
{
	X509 *x509 = test_new_x509(test_pkey, days);
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, x509);
	test_add_bio(text, bio);
	X509_free(x509);
}

/* Whether a time lies that many days ahead, give or take an hour. */
static bool
test_is_in_days(time_t when, int days)
{
	return labs((long)(when - time(NULL)) - (long)days * TEST_DAY) <
	    60 * 60;
}

Test(certs, tells_when_a_chain_expires)
{
	struct test_text text = { .len = 0 };
	struct certs_chain chain;

	test_add_expiring(&text, 90);
	test_add_expiring(&text, -5);
	test_add_expiring(&text, 3650);
	cr_assert_eq(certs_load_chain(test_str(&text), &chain), CERTS_OK);
	cr_expect_eq(chain.count, 3);
	cr_expect_eq(chain.expires_first, 1);
	cr_expect(test_is_in_days(chain.not_after, -5));
	certs_chain_fini(&chain);
}

Test(certs, tells_when_a_leaf_expires)
{
	struct test_text text = { .len = 0 };
	struct certs_chain chain;

	test_add_expiring(&text, 20000);
	cr_assert_eq(certs_load_chain(test_str(&text), &chain), CERTS_OK);
	cr_expect_eq(chain.count, 1);
	cr_expect_eq(chain.expires_first, 0);
	cr_expect(test_is_in_days(chain.not_after, 20000));
	certs_chain_fini(&chain);
}

Test(certs, tells_when_a_bundle_is_of_no_more_use)
{
	struct test_text text = { .len = 0 };
	struct certs_ca ca;

	test_add_expiring(&text, -5);
	test_add_expiring(&text, 90);
	test_add_expiring(&text, 10);
	cr_assert_eq(certs_load_ca(test_str(&text), &ca), CERTS_OK);
	cr_expect_eq(ca.count, 3);
	cr_expect(test_is_in_days(ca.not_after, 90));
}

Test(certs, pairs_keys_and_certificates)
{
	struct certs_key other = { .pkey = test_other };
	EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct certs_key of_other_type = { .pkey = ed25519 };
	struct certs_chain chain;
	struct certs_key key;
	struct test_text text;

	test_make(&text, (enum test_item[]){ TEST_KEY, TEST_CERT, TEST_END });
	cr_assert_eq(certs_load_chain(test_str(&text), &chain), CERTS_OK);
	cr_assert_eq(certs_load_key(test_str(&text), &key), CERTS_OK);
	cr_expect_eq(certs_check_pair(&chain, &key), CERTS_OK);
	cr_expect_eq(certs_check_pair(&chain, &other), CERTS_MISMATCH);
	cr_expect_eq(certs_check_pair(&chain, &of_other_type), CERTS_MISMATCH);
	certs_chain_fini(&chain);
	certs_key_fini(&key);
	EVP_PKEY_free(ed25519);
}

Test(certs, leaves_no_errors_behind)
{
	struct test_text text;

	test_make(&text, (enum test_item[]){ TEST_NOT_BASE64, TEST_END });
	cr_expect_eq(test_load_chain(test_str(&text)), CERTS_BAD_BASE64);
	cr_expect_eq(ERR_peek_error(), 0);
}

struct mode_case {
	enum certs_file file;
	mode_t mode;
	bool owner_is_trusted;
	enum certs_status status;
};

ParameterizedTestParameters(certs, judges_owner_and_mode)
{
	static struct mode_case cases[] = {
		{ CERTS_FILE_CERTIFICATE, 0644, true, CERTS_OK },
		{ CERTS_FILE_CERTIFICATE, 0755, true, CERTS_OK },
		{ CERTS_FILE_CERTIFICATE, S_IFREG | 0400, true, CERTS_OK },
		{ CERTS_FILE_CERTIFICATE, 04644, true, CERTS_OK },
		{ CERTS_FILE_CERTIFICATE, 0664, true, CERTS_MODE_ABOVE_0755 },
		{ CERTS_FILE_CERTIFICATE, 0646, true, CERTS_MODE_ABOVE_0755 },
		{ CERTS_FILE_CERTIFICATE, 0644, false, CERTS_UNTRUSTED_OWNER },
		{ CERTS_FILE_CA, 0644, true, CERTS_OK },
		{ CERTS_FILE_CA, 0664, true, CERTS_MODE_ABOVE_0755 },
		{ CERTS_FILE_CA, 0664, false, CERTS_UNTRUSTED_OWNER },
		{ CERTS_FILE_KEY, 0600, true, CERTS_OK },
		{ CERTS_FILE_KEY, 0640, true, CERTS_OK },
		{ CERTS_FILE_KEY, 0740, true, CERTS_OK },
		{ CERTS_FILE_KEY, 0644, true, CERTS_MODE_ABOVE_0740 },
		{ CERTS_FILE_KEY, 0660, true, CERTS_MODE_ABOVE_0740 },
		{ CERTS_FILE_KEY, 0750, true, CERTS_MODE_ABOVE_0740 },
		{ CERTS_FILE_KEY, 0601, true, CERTS_MODE_ABOVE_0740 },
		{ CERTS_FILE_KEY, 0600, false, CERTS_UNTRUSTED_OWNER },
	};

	return cr_make_param_array(struct mode_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct mode_case *c, certs, judges_owner_and_mode)
{
	cr_expect_eq(certs_check_mode(c->file, c->mode, c->owner_is_trusted),
	    c->status, "%d %o", (int)c->file, (unsigned)c->mode);
}

Test(certs, has_a_text_for_every_status)
{
	cr_expect_null(certs_status_text(CERTS_OK));
	for (int s = CERTS_EMPTY; s <= CERTS_NO_MEMORY; s++)
		cr_expect_not_null(certs_status_text((enum certs_status)s),
		    "%d", s);
}
