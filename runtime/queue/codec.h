/*
 * How messages and envelopes lie on disk with "queue compression" and
 * "queue encryption": the form of OpenSMTPD.
 *
 *     object    = plain | gzip (RFC 1952) of it
 *     encrypted = %x01 iv(12) AES-256-GCM of an object, tag(16)
 *
 * There is no associated data. What is read tells by its first bytes what it
 * is: an envelope begins with a key, a message with the header that we
 * prepended. So objects outlive a change of the config, except that with a
 * key only what the key vouches for is taken.
 */
#ifndef RUNTIME_QUEUE_CODEC_H
#define RUNTIME_QUEUE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/queue/sys.h"

#define CODEC_KEY_SIZE 32

struct codec {
	bool compresses;
	bool has_key;
	uint8_t key[CODEC_KEY_SIZE];
};

/* What a buffer grows by at most. */
#define CODEC_OVERHEAD 128

bool codec_is_plain(const struct codec *codec);

/*
 * From the beginning of one file to another. 0, -errno of a call, or
 *   -EBADMSG  cut off, changed, or encrypted with another key
 *   -ENOKEY   encrypted, and there is no key
 *   -EPERM    not encrypted, although there is a key
 * After a failure the output is void: only its end vouches for it.
 */
int codec_pack_file(const struct codec *codec, const struct sys *sys, int in,
    int out);
int codec_unpack_file(const struct codec *codec, const struct sys *sys, int in,
    int out);

/* The same in memory; -EMSGSIZE where room is too small. */
int codec_pack(const struct codec *codec, const void *data, size_t len,
    void *buf, size_t room, size_t *len_r);
int codec_unpack(const struct codec *codec, const void *data, size_t len,
    void *buf, size_t room, size_t *len_r);

#endif
