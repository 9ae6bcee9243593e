/*
 * A chain of stages, each of which is given the data in pieces and gives
 * what it makes of them to the next.
 */
#include "runtime/queue/codec.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <zlib.h>

#define CODEC_PIECE   (64 * 1024)
#define CODEC_VERSION 0x01
#define CODEC_IV      12
#define CODEC_TAG     16
#define CODEC_GZIP    (15 + 16) /* window bits, gzip header */

struct codec_stage {
	int (*push)(struct codec_stage *stage, const uint8_t *data, size_t len,
	    bool is_last);
	struct codec_stage *next;

	/* Where it ends: in a file or in memory. */
	const struct sys *sys;
	int fd;
	uint8_t *buf;
	size_t room, len;

	z_stream zlib;
	bool has_ended; /* what is compressed */

	EVP_CIPHER_CTX *cipher;
	uint8_t head[1 + CODEC_IV]; /* of the object */
	size_t head_len;
	uint8_t tail[CODEC_TAG]; /* what may yet be the tag */
	size_t tail_len;

	uint8_t piece[CODEC_PIECE + 64];
};

/* All stages of a conversion. */
struct codec_chain {
	struct codec_stage cipher, zlib, sink;
	uint8_t input[CODEC_PIECE];
};

bool
codec_is_plain(const struct codec *codec)
{
	return !codec->compresses && !codec->has_key;
}

static int
codec_push(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	return stage->push(stage, data, len, is_last);
}

/* Sinks. */

static int
codec_push_file(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	ssize_t n = len == 0 ? 0 : stage->sys->write(stage->fd, data, len);

	(void)is_last;
	return n < 0 ? (int)n : 0;
}

static int
codec_push_memory(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	(void)is_last;
	if (len > stage->room - stage->len)
		return -EMSGSIZE;
	if (len > 0)
		memcpy(stage->buf + stage->len, data, len);
	stage->len += len;
	return 0;
}

/* gzip. */

static int
codec_push_deflate(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	int error = 0, status = Z_OK;

	stage->zlib.next_in = (z_const Bytef *)(uintptr_t)data;
	stage->zlib.avail_in = (uInt)len;
	do {
		stage->zlib.next_out = stage->piece;
		stage->zlib.avail_out = CODEC_PIECE;
		status = deflate(&stage->zlib, is_last ? Z_FINISH : Z_NO_FLUSH);
		error = codec_push(stage->next, stage->piece,
		    CODEC_PIECE - stage->zlib.avail_out,
		    status == Z_STREAM_END);
	} while (error == 0 && status == Z_OK && stage->zlib.avail_out == 0);
	return error;
}

static int
codec_push_inflate(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	int error = 0, status = Z_OK;

	if (stage->has_ended)
		return len > 0 ? -EBADMSG : 0;
	stage->zlib.next_in = (z_const Bytef *)(uintptr_t)data;
	stage->zlib.avail_in = (uInt)len;
	do {
		stage->zlib.next_out = stage->piece;
		stage->zlib.avail_out = CODEC_PIECE;
		status = inflate(&stage->zlib, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END &&
		    status != Z_BUF_ERROR)
			return status == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		stage->has_ended = status == Z_STREAM_END;
		error = codec_push(stage->next, stage->piece,
		    CODEC_PIECE - stage->zlib.avail_out, stage->has_ended);
	} while (error == 0 && status == Z_OK && stage->zlib.avail_out == 0);
	if (error == 0 &&
	    (stage->has_ended ? stage->zlib.avail_in > 0 : is_last))
		error = -EBADMSG;
	return error;
}

static int
codec_push_on(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	return codec_push(stage->next, data, len, is_last);
}

/* Whether it is compressed is known when the first bytes have come. */
static int
codec_push_maybe_inflate(struct codec_stage *stage, const uint8_t *data,
    size_t len, bool is_last)
{
	if (len == 0 && !is_last)
		return 0;
	if (len >= 2 && data[0] == 0x1f && data[1] == 0x8b) {
		if (inflateInit2(&stage->zlib, CODEC_GZIP) != Z_OK)
			return -ENOMEM;
		stage->push = codec_push_inflate;
		return codec_push(stage, data, len, is_last);
	}
	stage->push = codec_push_on;
	return codec_push(stage, data, len, is_last);
}

/* AES-256-GCM. */

static int
codec_cipher_init(struct codec_stage *stage, const struct codec *codec,
    const uint8_t *iv, bool seals)
{
	stage->cipher = EVP_CIPHER_CTX_new();
	if (stage->cipher == NULL ||
	    EVP_CipherInit_ex(stage->cipher, EVP_aes_256_gcm(), NULL,
		codec->key, iv, seals) != 1)
		return -ENOMEM;
	return 0;
}

/* Gives the next stage what the cipher makes of some bytes. */
static int
codec_cipher_update(struct codec_stage *stage, const uint8_t *data, size_t len)
{
	int error = 0;

	while (error == 0 && len > 0) {
		size_t part = len < CODEC_PIECE ? len : CODEC_PIECE;
		int done = 0;

		if (EVP_CipherUpdate(stage->cipher, stage->piece, &done, data,
			(int)part) != 1)
			return -EBADMSG;
		error = codec_push(stage->next, stage->piece, (size_t)done,
		    false);
		data += part;
		len -= part;
	}
	return error;
}

static int
codec_push_seal(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	uint8_t tag[CODEC_TAG];
	int error = 0, done = 0;

	if (stage->head_len > 0)
		error = codec_push(stage->next, stage->head, stage->head_len,
		    false);
	stage->head_len = 0;
	if (error == 0)
		error = codec_cipher_update(stage, data, len);
	if (error != 0 || !is_last)
		return error;
	if (EVP_CipherFinal_ex(stage->cipher, stage->piece, &done) != 1 ||
	    EVP_CIPHER_CTX_ctrl(stage->cipher, EVP_CTRL_GCM_GET_TAG, CODEC_TAG,
		tag) != 1)
		return -EBADMSG;
	return codec_push(stage->next, tag, sizeof(tag), true);
}

/* Holds back the last bytes, which are the tag if nothing follows. */
static int
codec_push_body(struct codec_stage *stage, const uint8_t *data, size_t len)
{
	uint8_t joined[2 * CODEC_TAG];
	int error;

	if (len < CODEC_TAG) {
		size_t total = stage->tail_len + len, out;

		memcpy(joined, stage->tail, stage->tail_len);
		memcpy(joined + stage->tail_len, data, len);
		out = total > CODEC_TAG ? total - CODEC_TAG : 0;
		error = codec_cipher_update(stage, joined, out);
		stage->tail_len = total - out;
		memcpy(stage->tail, joined + out, stage->tail_len);
		return error;
	}
	error = codec_cipher_update(stage, stage->tail, stage->tail_len);
	if (error == 0)
		error = codec_cipher_update(stage, data, len - CODEC_TAG);
	stage->tail_len = CODEC_TAG;
	memcpy(stage->tail, data + len - CODEC_TAG, CODEC_TAG);
	return error;
}

static int
codec_push_open(struct codec_stage *stage, const uint8_t *data, size_t len,
    bool is_last)
{
	int error = len == 0 ? 0 : codec_push_body(stage, data, len);
	int done = 0;

	if (error != 0 || !is_last)
		return error;
	if (stage->tail_len != CODEC_TAG ||
	    EVP_CIPHER_CTX_ctrl(stage->cipher, EVP_CTRL_GCM_SET_TAG, CODEC_TAG,
		stage->tail) != 1 ||
	    EVP_CipherFinal_ex(stage->cipher, stage->piece, &done) != 1)
		return -EBADMSG;
	return codec_push(stage->next, stage->piece, 0, true);
}

/* Chains. */

static void
codec_chain_fini(struct codec_chain *chain)
{
	if (chain->zlib.push == codec_push_inflate)
		inflateEnd(&chain->zlib.zlib);
	if (chain->zlib.push == codec_push_deflate)
		deflateEnd(&chain->zlib.zlib);
	EVP_CIPHER_CTX_free(chain->cipher.cipher);
	OPENSSL_cleanse(chain, sizeof(*chain));
	OPENSSL_free(chain);
}

static struct codec_chain *
codec_chain_new(void)
{
	struct codec_chain *chain = OPENSSL_zalloc(sizeof(*chain));

	if (chain != NULL) {
		chain->sink.push = codec_push_memory;
		chain->cipher.fd = chain->zlib.fd = chain->sink.fd = -1;
	}
	return chain;
}

/* Compress, then seal, then the sink. */
static int
codec_chain_pack(struct codec_chain *chain, const struct codec *codec,
    struct codec_stage **first_r)
{
	*first_r = &chain->sink;
	if (codec->has_key) {
		chain->cipher.head[0] = CODEC_VERSION;
		chain->cipher.head_len = sizeof(chain->cipher.head);
		if (RAND_bytes(chain->cipher.head + 1, CODEC_IV) != 1 ||
		    codec_cipher_init(&chain->cipher, codec,
			chain->cipher.head + 1, true) != 0)
			return -ENOMEM;
		chain->cipher.push = codec_push_seal;
		chain->cipher.next = *first_r;
		*first_r = &chain->cipher;
	}
	if (codec->compresses) {
		if (deflateInit2(&chain->zlib.zlib, Z_DEFAULT_COMPRESSION,
			Z_DEFLATED, CODEC_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
			return -ENOMEM;
		chain->zlib.push = codec_push_deflate;
		chain->zlib.next = *first_r;
		*first_r = &chain->zlib;
	}
	return 0;
}

/*
 * Open, then inflate, then the sink, by what the object begins with.
 * *skip_r: bytes that have been used up.
 */
static int
codec_chain_unpack(struct codec_chain *chain, const struct codec *codec,
    const uint8_t *head, size_t len, struct codec_stage **first_r,
    size_t *skip_r)
{
	bool is_encrypted = len > 0 && head[0] == CODEC_VERSION;

	chain->zlib.push = codec_push_maybe_inflate;
	chain->zlib.next = &chain->sink;
	*first_r = &chain->zlib;
	*skip_r = 0;
	if (is_encrypted != codec->has_key)
		return is_encrypted ? -ENOKEY : -EPERM;
	if (!is_encrypted)
		return 0;
	*skip_r = 1 + CODEC_IV;
	if (len < *skip_r)
		return -EBADMSG;
	chain->cipher.push = codec_push_open;
	chain->cipher.next = *first_r;
	*first_r = &chain->cipher;
	return codec_cipher_init(&chain->cipher, codec, head + 1, false);
}

static int
codec_run_file(struct codec_chain *chain, const struct codec *codec,
    const struct sys *sys, int in, bool packs)
{
	struct codec_stage *first = NULL;
	size_t skip = 0;
	ssize_t n;
	int error;

	do {
		n = sys->read(in, chain->input, sizeof(chain->input));
		if (n < 0)
			return (int)n;
		if (first == NULL) {
			error = packs ?
			    codec_chain_pack(chain, codec, &first) :
			    codec_chain_unpack(chain, codec, chain->input,
				(size_t)n, &first, &skip);
			if (error != 0)
				return error;
		}
		error = codec_push(first, chain->input + skip, (size_t)n - skip,
		    n < CODEC_PIECE);
		skip = 0;
	} while (error == 0 && n == CODEC_PIECE);
	return error;
}

static int
codec_convert_file(const struct codec *codec, const struct sys *sys, int in,
    int out, bool packs)
{
	struct codec_chain *chain = codec_chain_new();
	int error;

	if (chain == NULL)
		return -ENOMEM;
	chain->sink.push = codec_push_file;
	chain->sink.sys = sys;
	chain->sink.fd = out;
	error = codec_run_file(chain, codec, sys, in, packs);
	codec_chain_fini(chain);
	return error;
}

int
codec_pack_file(const struct codec *codec, const struct sys *sys, int in,
    int out)
{
	return codec_convert_file(codec, sys, in, out, true);
}

int
codec_unpack_file(const struct codec *codec, const struct sys *sys, int in,
    int out)
{
	return codec_convert_file(codec, sys, in, out, false);
}

int
codec_pack(const struct codec *codec, const void *data, size_t len, void *buf,
    size_t room, size_t *len_r)
{
	struct codec_chain *chain = codec_chain_new();
	struct codec_stage *first;
	int error;

	if (chain == NULL)
		return -ENOMEM;
	chain->sink.buf = buf;
	chain->sink.room = room;
	error = codec_chain_pack(chain, codec, &first);
	if (error == 0)
		error = codec_push(first, data, len, true);
	*len_r = chain->sink.len;
	codec_chain_fini(chain);
	return error;
}

int
codec_unpack(const struct codec *codec, const void *data, size_t len, void *buf,
    size_t room, size_t *len_r)
{
	struct codec_chain *chain = codec_chain_new();
	struct codec_stage *first;
	size_t skip;
	int error;

	if (chain == NULL)
		return -ENOMEM;
	chain->sink.buf = buf;
	chain->sink.room = room;
	error = codec_chain_unpack(chain, codec, data, len, &first, &skip);
	if (error == 0)
		error = codec_push(first, (const uint8_t *)data + skip,
		    len - skip, true);
	*len_r = chain->sink.len;
	codec_chain_fini(chain);
	return error;
}
