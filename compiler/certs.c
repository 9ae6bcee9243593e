/*
 * Certificates and keys by OpenSSL. PEM is taken apart block by block here,
 * not by the readers of one kind, which cannot tell a file without a block
 * from one with another kind, and ask for pass phrases.
 */
#include "compiler/certs.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum certs_block {
	CERTS_BLOCK_NONE,
	CERTS_BLOCK_OTHER,
	CERTS_BLOCK_CERTIFICATE,
	CERTS_BLOCK_KEY,
	CERTS_BLOCK_ENCRYPTED_KEY,
	CERTS_BLOCK_PUBLIC_KEY,
	CERTS_BLOCK_REQUEST,
};

static const struct {
	const char *name;
	enum certs_block block;
} certs_blocks[] = {
	{ PEM_STRING_X509, CERTS_BLOCK_CERTIFICATE },
	{ PEM_STRING_X509_OLD, CERTS_BLOCK_CERTIFICATE },
	{ PEM_STRING_X509_TRUSTED, CERTS_BLOCK_CERTIFICATE },
	{ PEM_STRING_PKCS8INF, CERTS_BLOCK_KEY },
	{ PEM_STRING_RSA, CERTS_BLOCK_KEY },
	{ PEM_STRING_ECPRIVATEKEY, CERTS_BLOCK_KEY },
	{ PEM_STRING_DSA, CERTS_BLOCK_KEY },
	{ PEM_STRING_PKCS8, CERTS_BLOCK_ENCRYPTED_KEY },
	{ PEM_STRING_PUBLIC, CERTS_BLOCK_PUBLIC_KEY },
	{ PEM_STRING_RSA_PUBLIC, CERTS_BLOCK_PUBLIC_KEY },
	{ PEM_STRING_X509_REQ, CERTS_BLOCK_REQUEST },
	{ PEM_STRING_X509_REQ_OLD, CERTS_BLOCK_REQUEST },
};

/* The blocks of a text, one after the other. */
struct certs_reader {
	struct str pem;
	BIO *bio;
	enum certs_status status; /* why reading ended; CERTS_OK: the end */
	enum certs_block seen;    /* the first block of a known kind */

	/* The current block. */
	enum certs_block block;
	char *name;
	char *header;
	unsigned char *data;
	long len;
};

static void
certs_reader_init(struct certs_reader *reader, struct str pem)
{
	*reader = (struct certs_reader){ .pem = pem };
	if (pem.len == 0)
		reader->status = CERTS_EMPTY;
	else if (pem.len > CERTS_SIZE_MAX)
		reader->status = CERTS_TOO_LARGE;
	else {
		/* A verdict must not depend on the host's openssl.cnf. */
		OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
		reader->bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
		if (reader->bio == NULL)
			reader->status = CERTS_NO_MEMORY;
	}
}

static void
certs_reader_drop_block(struct certs_reader *reader)
{
	OPENSSL_secure_free(reader->name);
	OPENSSL_secure_free(reader->header);
	OPENSSL_secure_clear_free(reader->data, (size_t)reader->len);
	reader->name = NULL;
	reader->header = NULL;
	reader->data = NULL;
	reader->len = 0;
}

static void
certs_reader_fini(struct certs_reader *reader)
{
	certs_reader_drop_block(reader);
	BIO_free(reader->bio);
	ERR_clear_error();
}

static enum certs_block
certs_reader_classify(const struct certs_reader *reader)
{
	const size_t count = sizeof(certs_blocks) / sizeof(certs_blocks[0]);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(reader->name, certs_blocks[i].name) != 0)
			continue;
		/* Keys of the old form say so in a header. */
		if (certs_blocks[i].block == CERTS_BLOCK_KEY &&
		    strstr(reader->header, "ENCRYPTED") != NULL)
			return CERTS_BLOCK_ENCRYPTED_KEY;
		return certs_blocks[i].block;
	}
	return CERTS_BLOCK_OTHER;
}

/* The status for what OpenSSL said when no further block could be read. */
static enum certs_status
certs_reader_failure(void)
{
	unsigned long error = ERR_peek_last_error();

	if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
		return CERTS_NO_MEMORY;
	if (ERR_GET_LIB(error) != ERR_LIB_PEM)
		return CERTS_BAD_PEM;
	switch (ERR_GET_REASON(error)) {
	case PEM_R_NO_START_LINE:
		return CERTS_OK;
	case PEM_R_BAD_BASE64_DECODE:
		return CERTS_BAD_BASE64;
	default:
		return CERTS_BAD_PEM;
	}
}

/* False at the end, and after an error, which is in status. */
static bool
certs_reader_next(struct certs_reader *reader)
{
	/* "Secure" here means: wiped when freed. */
	const unsigned int flags = PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE;

	if (reader->status != CERTS_OK)
		return false;
	certs_reader_drop_block(reader);
	ERR_clear_error();
	if (PEM_read_bio_ex(reader->bio, &reader->name, &reader->header,
		&reader->data, &reader->len, flags) != 1) {
		reader->status = certs_reader_failure();
		return false;
	}
	reader->block = certs_reader_classify(reader);
	if (reader->seen <= CERTS_BLOCK_OTHER)
		reader->seen = reader->block;
	return true;
}

/* Whether all of the text is one ASN.1 sequence. */
static bool
certs_is_binary(struct str text)
{
	const unsigned char *begin = (const unsigned char *)text.ptr;
	const unsigned char *p = begin;
	int tag, class;
	long len;

	if ((ASN1_get_object(&p, &len, &tag, &class, (long)text.len) & 0x80) !=
	    0)
		return false;
	return tag == V_ASN1_SEQUENCE && class == V_ASN1_UNIVERSAL &&
	    (p - begin) + len == (long)text.len;
}

/* Why a text that was read to its end had no block of the kind wanted. */
static enum certs_status
certs_reader_missing(const struct certs_reader *reader)
{
	switch (reader->seen) {
	case CERTS_BLOCK_CERTIFICATE:
		return CERTS_ONLY_CERTIFICATE;
	case CERTS_BLOCK_KEY:
	case CERTS_BLOCK_ENCRYPTED_KEY:
		return CERTS_ONLY_KEY;
	case CERTS_BLOCK_PUBLIC_KEY:
		return CERTS_ONLY_PUBLIC_KEY;
	case CERTS_BLOCK_REQUEST:
		return CERTS_ONLY_REQUEST;
	case CERTS_BLOCK_OTHER:
		return CERTS_ONLY_OTHER;
	case CERTS_BLOCK_NONE:
		break;
	}
	return certs_is_binary(reader->pem) ? CERTS_BINARY : CERTS_NO_PEM;
}

/* The next certificate, owned by the caller; NULL as certs_reader_next. */
static X509 *
certs_reader_certificate(struct certs_reader *reader, time_t *not_after_r)
{
	const unsigned char *p;
	struct tm tm;
	X509 *x509;

	do {
		if (!certs_reader_next(reader))
			return NULL;
	} while (reader->block != CERTS_BLOCK_CERTIFICATE);
	p = reader->data;
	x509 = d2i_X509_AUX(NULL, &p, reader->len);
	if (x509 == NULL ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) != 1) {
		reader->status = CERTS_BAD_CERTIFICATE;
		X509_free(x509);
		return NULL;
	}
	*not_after_r = timegm(&tm);
	return x509;
}

static void
certs_chain_add(struct certs_chain *chain, X509 *x509, time_t not_after)
{
	if (chain->count == 0 || not_after < chain->not_after) {
		chain->not_after = not_after;
		chain->expires_first = chain->count;
	}
	if (chain->count++ == 0)
		chain->leaf = x509;
	else
		X509_free(x509);
}

enum certs_status
certs_load_chain(struct str pem, struct certs_chain *chain_r)
{
	struct certs_reader reader;
	enum certs_status status;
	time_t not_after;
	X509 *x509;

	*chain_r = (struct certs_chain){ .leaf = NULL };
	certs_reader_init(&reader, pem);
	while ((x509 = certs_reader_certificate(&reader, &not_after)) != NULL)
		certs_chain_add(chain_r, x509, not_after);
	status = reader.status;
	if (status == CERTS_OK && chain_r->leaf == NULL)
		status = certs_reader_missing(&reader);
	else if (status == CERTS_OK && X509_get0_pubkey(chain_r->leaf) == NULL)
		status = CERTS_BAD_CERTIFICATE;
	certs_reader_fini(&reader);
	if (status != CERTS_OK)
		certs_chain_fini(chain_r);
	return status;
}

void
certs_chain_fini(struct certs_chain *chain)
{
	X509_free(chain->leaf);
	chain->leaf = NULL;
}

enum certs_status
certs_load_ca(struct str pem, struct certs_ca *ca_r)
{
	struct certs_reader reader;
	enum certs_status status;
	time_t not_after;
	X509 *x509;

	*ca_r = (struct certs_ca){ .count = 0 };
	certs_reader_init(&reader, pem);
	while ((x509 = certs_reader_certificate(&reader, &not_after)) != NULL) {
		if (ca_r->count == 0 || not_after > ca_r->not_after)
			ca_r->not_after = not_after;
		ca_r->count++;
		X509_free(x509);
	}
	status = reader.status;
	if (status == CERTS_OK && ca_r->count == 0)
		status = certs_reader_missing(&reader);
	certs_reader_fini(&reader);
	return status;
}

/* Reads on to the first key. */
static enum certs_status
certs_reader_key(struct certs_reader *reader, EVP_PKEY **pkey_r)
{
	const unsigned char *p;

	do {
		if (!certs_reader_next(reader))
			return reader->status != CERTS_OK ?
			    reader->status :
			    certs_reader_missing(reader);
		if (reader->block == CERTS_BLOCK_ENCRYPTED_KEY)
			return CERTS_ENCRYPTED_KEY;
	} while (reader->block != CERTS_BLOCK_KEY);
	p = reader->data;
	*pkey_r = d2i_AutoPrivateKey(NULL, &p, reader->len);
	return *pkey_r == NULL ? CERTS_BAD_KEY : CERTS_OK;
}

enum certs_status
certs_load_key(struct str pem, struct certs_key *key_r)
{
	struct certs_reader reader;
	enum certs_status status;

	*key_r = (struct certs_key){ .pkey = NULL };
	certs_reader_init(&reader, pem);
	status = certs_reader_key(&reader, &key_r->pkey);
	certs_reader_fini(&reader);
	return status;
}

void
certs_key_fini(struct certs_key *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
}

enum certs_status
certs_check_pair(const struct certs_chain *chain, const struct certs_key *key)
{
	int matches = X509_check_private_key(chain->leaf, key->pkey);

	ERR_clear_error();
	return matches == 1 ? CERTS_OK : CERTS_MISMATCH;
}

enum certs_status
certs_check_mode(enum certs_file file, mode_t mode, bool owner_is_trusted)
{
	if (!owner_is_trusted)
		return CERTS_UNTRUSTED_OWNER;
	if (file == CERTS_FILE_KEY)
		return (mode & 0777 & ~0740u) != 0 ? CERTS_MODE_ABOVE_0740 :
						     CERTS_OK;
	return (mode & 0777 & ~0755u) != 0 ? CERTS_MODE_ABOVE_0755 : CERTS_OK;
}

static const char *const certs_texts[] = {
	[CERTS_EMPTY] = "the file is empty",
	[CERTS_TOO_LARGE] = "the file is larger than 16 MB",
	[CERTS_BINARY] = "a binary (DER or PKCS#12) file, PEM is needed",
	[CERTS_NO_PEM] = "no line begins with -----BEGIN: not a PEM file",
	[CERTS_ONLY_CERTIFICATE] = "holds a certificate, but no private key",
	[CERTS_ONLY_KEY] = "holds a private key, but no certificate",
	[CERTS_ONLY_PUBLIC_KEY] = "holds only a public key",
	[CERTS_ONLY_REQUEST] = "holds only a certificate request",
	[CERTS_ONLY_OTHER] = "no PEM block is of the kind needed here",
	[CERTS_BAD_PEM] = "a PEM block does not end as it begins",
	[CERTS_BAD_BASE64] = "a PEM block is not valid base64",
	[CERTS_BAD_CERTIFICATE] = "a certificate cannot be decoded",
	[CERTS_BAD_KEY] = "the private key cannot be decoded",
	[CERTS_ENCRYPTED_KEY] = "the private key is encrypted",
	[CERTS_MISMATCH] = "the private key does not belong to the "
			   "certificate",
	[CERTS_UNTRUSTED_OWNER] = "not owned by root",
	[CERTS_MODE_ABOVE_0755] = "insecure permissions: must be at most "
				  "0755",
	[CERTS_MODE_ABOVE_0740] = "insecure permissions: must be at most "
				  "0740",
	[CERTS_NO_MEMORY] = "out of memory",
};

const char *
certs_status_text(enum certs_status status)
{
	return certs_texts[status];
}
