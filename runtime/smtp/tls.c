/*
 * One SSL_CTX for each certificate of a listener; the client's first words
 * choose (SNI), the first certificate serves those who ask for no name or an
 * unknown one.
 */
#include "runtime/smtp/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/proc/tlswords.h"
#include "runtime/smtp/tls_key.h"

/* What has to come from the keys process. */
struct tls_file {
	struct tls_server *server;
	enum key_file kind;
	uint32_t index;       /* of the certificate */
	uint32_t asked;       /* number of the question; 0: answered */
	struct channel *keys; /* that was asked: a reload brings others */
};

struct tls_certificate {
	SSL_CTX *ctx;
	struct ir_pki pki;
	struct tls_file file;
};

struct tls_server {
	struct child *child;
	struct ruleset_use *use;
	struct ir_listener listener;
	tls_ready_fn *on_ready;
	void *arg;
	struct tls_file ca;
	uint32_t missing; /* files */
	bool is_bad;
	uint32_t count;
	struct tls_certificate certificates[];
};

/* Settings. */

static bool
tls_configure(struct tls_server *server, SSL_CTX *ctx, enum ir_dhe dhe)
{
	const struct ir_listener *listener = &server->listener;
	struct ir_settings settings;

	blob_settings(&server->use->blob, &settings);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	/* 2: as small as the library's security level allows. */
	if (dhe != IR_DHE_NONE)
		SSL_CTX_set_dh_auto(ctx, dhe == IR_DHE_LEGACY ? 2 : 1);
	if (listener->verifies_clients)
		SSL_CTX_set_verify(ctx,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return tlswords_set_protocols(ctx, listener->protocols) &&
	    tlswords_set_ciphers(ctx,
		listener->ciphers.len > 0 ? listener->ciphers :
					    settings.ciphers);
}

/* Whether the certificate is for the name; as browsers compare. */
static bool
tls_certificate_is_for(const struct tls_certificate *certificate,
    const char *name)
{
	X509 *leaf = SSL_CTX_get0_certificate(certificate->ctx);

	return leaf != NULL && X509_check_host(leaf, name, 0, 0, NULL) == 1;
}

static int
tls_on_name(SSL *ssl, int *alert, void *arg)
{
	struct tls_server *server = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (uint32_t i = 0; i < server->count; i++)
		if (tls_certificate_is_for(&server->certificates[i], name)) {
			SSL_set_SSL_CTX(ssl, server->certificates[i].ctx);
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

/* Files. */

static const char *
tls_use_chain(SSL_CTX *ctx, BIO *bio)
{
	X509 *one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key;
	bool is_good;

	if (one == NULL)
		return "holds no certificate in PEM";
	key = tls_key_new(one);
	is_good = key != NULL && SSL_CTX_use_certificate(ctx, one) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, key) == 1;
	X509_free(one);
	EVP_PKEY_free(key);
	if (!is_good)
		return "has a key that is neither RSA nor ECDSA";
	while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, one) != 1) {
			X509_free(one);
			return "has a chain that cannot be used";
		}
	ERR_clear_error();
	return NULL;
}

static const char *
tls_use_ca(struct tls_server *server, BIO *bio)
{
	X509_STORE *store = X509_STORE_new();
	uint32_t count = 0;
	X509 *one;

	if (store == NULL)
		return "cannot be kept: no memory";
	while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		count += X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
	}
	ERR_clear_error();
	for (uint32_t i = 0; i < server->count; i++)
		SSL_CTX_set1_cert_store(server->certificates[i].ctx, store);
	X509_STORE_free(store);
	return count == 0 ? "holds no certificate in PEM" : NULL;
}

static const char *
tls_use_file(struct tls_file *file, int fd)
{
	struct tls_server *server = file->server;
	BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
	const char *error;

	if (bio == NULL)
		return "cannot be read: no memory";
	/* The other process has written it, and so stands at its end. */
	lseek(fd, 0, SEEK_SET);
	error = file->kind == KEY_FILE_CA ?
	    tls_use_ca(server, bio) :
	    tls_use_chain(server->certificates[file->index].ctx, bio);
	BIO_free(bio);
	return error;
}

static void
tls_file_complain(const struct tls_file *file, const char *error)
{
	const struct tls_server *server = file->server;
	struct str name = file->kind == KEY_FILE_CA ?
	    server->listener.ca :
	    server->certificates[file->index].pki.name;

	log_warn("warn: smtp: the %s file of \"%.*s\" %s",
	    file->kind == KEY_FILE_CA ? "CA" : "certificate", STR_ARG(name),
	    error);
}

static void
tls_on_file(void *arg, struct message *message)
{
	struct tls_file *file = arg;
	struct tls_server *server = file->server;
	const char *error = "could not be asked for";
	char text[256];

	file->asked = 0;
	if (message != NULL && message->fd != -1) {
		error = tls_use_file(file, message->fd);
		close(message->fd);
	} else if (message != NULL) {
		snprintf(text, sizeof(text), "cannot be had: %.*s",
		    STR_ARG(message->result.error));
		error = text;
	}
	if (error != NULL) {
		server->is_bad = true;
		tls_file_complain(file, error);
	}
	if (--server->missing == 0)
		server->on_ready(server->arg, !server->is_bad);
}

static bool
tls_file_ask(struct tls_file *file, uint32_t number)
{
	struct tls_server *server = file->server;
	struct message message = {
		.type = MESSAGE_KEY_FILE,
		.fd = -1,
		.key_file = {
			.kind = file->kind,
			.number = number,
		},
	};

	file->keys = server->child->peers[PROC_KEYS];
	if (file->keys != NULL)
		file->asked = channel_ask(file->keys, &message, tls_on_file,
		    file);
	server->missing += file->asked != 0;
	return file->asked != 0;
}

/* Life. */

static uint32_t
tls_find_pki(const struct blob *blob, struct str name, struct ir_pki *pki_r)
{
	for (uint32_t i = 0; i < blob_pki_count(blob); i++) {
		blob_pki(blob, i, pki_r);
		if (str_eq(pki_r->name, name))
			return i;
	}
	return IR_NONE;
}

static uint32_t
tls_find_ca(const struct blob *blob, struct str name)
{
	struct ir_ca ca;

	for (uint32_t i = 0; i < blob_ca_count(blob); i++) {
		blob_ca(blob, i, &ca);
		if (str_eq(ca.name, name))
			return i;
	}
	return IR_NONE;
}

static bool
tls_certificate_begin(struct tls_server *server, uint32_t listener, uint32_t i)
{
	struct tls_certificate *certificate = &server->certificates[i];
	const struct blob *blob = &server->use->blob;
	uint32_t number = tls_find_pki(blob,
	    blob_listener_pki(blob, listener, i), &certificate->pki);

	certificate->file = (struct tls_file){
		.server = server,
		.kind = KEY_FILE_CERTIFICATES,
		.index = i,
	};
	certificate->ctx = SSL_CTX_new(TLS_server_method());
	if (number == IR_NONE || certificate->ctx == NULL ||
	    !tls_configure(server, certificate->ctx, certificate->pki.dhe))
		return false;
	SSL_CTX_set_tlsext_servername_callback(certificate->ctx, tls_on_name);
	SSL_CTX_set_tlsext_servername_arg(certificate->ctx, server);
	return tls_file_ask(&certificate->file, number);
}

static bool
tls_server_begin(struct tls_server *server, uint32_t listener)
{
	const struct ir_listener *config = &server->listener;

	for (uint32_t i = 0; i < server->count; i++)
		if (!tls_certificate_begin(server, listener, i))
			return false;
	if (!config->verifies_clients)
		return true;
	server->ca = (struct tls_file){ .server = server, .kind = KEY_FILE_CA };
	return tls_file_ask(&server->ca,
	    config->ca.len == 0 ? IR_NONE :
				  tls_find_ca(&server->use->blob, config->ca));
}

struct tls_server *
tls_server_new(struct child *child, struct ruleset_use *use, uint32_t listener,
    tls_ready_fn *on_ready, void *arg)
{
	struct ir_listener config;
	struct tls_server *server;

	blob_listener(&use->blob, listener, &config);
	server = calloc(1,
	    sizeof(*server) +
		config.pki_count * sizeof(struct tls_certificate));
	if (server == NULL)
		return NULL;
	server->child = child;
	server->use = ruleset_hold(use);
	server->listener = config;
	server->on_ready = on_ready;
	server->arg = arg;
	server->count = config.pki_count;
	if (!tls_server_begin(server, listener)) {
		tls_server_free(server);
		return NULL;
	}
	return server;
}

static void
tls_file_forget(struct tls_file *file)
{
	if (file->asked != 0)
		channel_forget(file->keys, file->asked);
}

void
tls_server_free(struct tls_server *server)
{
	if (server == NULL)
		return;
	tls_file_forget(&server->ca);
	for (uint32_t i = 0; i < server->count; i++) {
		tls_file_forget(&server->certificates[i].file);
		SSL_CTX_free(server->certificates[i].ctx);
	}
	ruleset_drop(server->use);
	free(server);
}

/* Sessions. */

SSL *
tls_server_accept(struct tls_server *server, int fd)
{
	SSL *ssl = server != NULL ? SSL_new(server->certificates[0].ctx) : NULL;

	if (ssl == NULL)
		return NULL;
	SSL_set_mode(ssl, SSL_MODE_ASYNC);
	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

const char *
tls_describe(const SSL *ssl, char *buf, size_t room)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

	snprintf(buf, room, "%s:%s:%d", SSL_get_version(ssl),
	    SSL_CIPHER_get_name(cipher), SSL_CIPHER_get_bits(cipher, NULL));
	return buf;
}

bool
tls_fingerprint(const SSL *ssl, char buf[TLS_FINGERPRINT_SIZE])
{
	X509 *peer = SSL_get0_peer_certificate(ssl);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	size_t at;

	if (peer == NULL || X509_digest(peer, EVP_sha256(), digest, &len) != 1)
		return false;
	at = (size_t)snprintf(buf, TLS_FINGERPRINT_SIZE, "SHA256:");
	for (unsigned int i = 0; i < len; i++)
		at += (size_t)snprintf(buf + at, TLS_FINGERPRINT_SIZE - at,
		    "%02x", digest[i]);
	return true;
}
