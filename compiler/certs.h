/*
 * Judges the certificate, key and CA files that a config names: whether
 * they load, belong together, and may be trusted by their owner and mode.
 * Works on bytes, opens no file, reads no OpenSSL configuration, never asks
 * for a pass phrase and never shows contents. Called by the checks of pki
 * and ca; the name and owner rules are OpenSMTPD's.
 */
#ifndef COMPILER_CERTS_H
#define COMPILER_CERTS_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "runtime/base/str.h"

/* No file larger than this is looked into; bundles have some 300 KB. */
#define CERTS_SIZE_MAX (16u * 1024u * 1024u)

enum certs_status {
	CERTS_OK,

	/* Nothing of the kind that is needed. */
	CERTS_EMPTY,
	CERTS_TOO_LARGE,
	CERTS_BINARY, /* DER or PKCS#12 */
	CERTS_NO_PEM,
	CERTS_ONLY_CERTIFICATE,
	CERTS_ONLY_KEY,
	CERTS_ONLY_PUBLIC_KEY,
	CERTS_ONLY_REQUEST,
	CERTS_ONLY_OTHER,

	/* Something, but broken or unusable. */
	CERTS_BAD_PEM,
	CERTS_BAD_BASE64,
	CERTS_BAD_CERTIFICATE,
	CERTS_BAD_KEY,
	CERTS_ENCRYPTED_KEY,
	CERTS_MISMATCH,

	/* Owner and mode. */
	CERTS_UNTRUSTED_OWNER,
	CERTS_MODE_ABOVE_0755,
	CERTS_MODE_ABOVE_0740,

	/* The environment failed, not the file. */
	CERTS_NO_MEMORY,
};

/* Says why, for a message after the path; NULL for CERTS_OK. */
const char *certs_status_text(enum certs_status status);

/* A certificate and what it was issued by, in the order of the file. */
struct certs_chain {
	struct x509_st *leaf;   /* the first certificate; owned */
	unsigned count;         /* all certificates, the leaf included */
	time_t not_after;       /* the earliest of all */
	unsigned expires_first; /* which one that is; 0: the leaf */
};

struct certs_key {
	struct evp_pkey_st *pkey; /* owned; freeing it wipes it */
};

struct certs_ca {
	unsigned count;
	time_t not_after; /* the latest: then the file is useless */
};

/*
 * Load PEM text. Blocks of other kinds around those that are wanted are
 * passed over, so that a certificate and its key may share a file; the
 * first key counts. The buffer of a key remains the caller's to wipe. With
 * any other status than CERTS_OK the result needs no fini.
 */
enum certs_status certs_load_chain(struct str pem, struct certs_chain *chain_r);
void certs_chain_fini(struct certs_chain *chain);

enum certs_status certs_load_key(struct str pem, struct certs_key *key_r);
void certs_key_fini(struct certs_key *key);

enum certs_status certs_load_ca(struct str pem, struct certs_ca *ca_r);

/* CERTS_OK or CERTS_MISMATCH; both must have been loaded. */
enum certs_status certs_check_pair(const struct certs_chain *chain,
    const struct certs_key *key);

enum certs_file {
	CERTS_FILE_CERTIFICATE,
	CERTS_FILE_CA,
	CERTS_FILE_KEY,
};

/*
 * The owner must be trusted, and no permission bit may lie outside 0755,
 * of a key 0740. The owner is judged first, as the daemon does.
 */
enum certs_status certs_check_mode(enum certs_file file, mode_t mode,
    bool owner_is_trusted);

#endif
