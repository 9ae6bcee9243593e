/*
 * Where messages and their envelopes lie until they are delivered. The one
 * interface to all back ends; the queue process calls it and nobody else
 * writes to a spool.
 *
 *     begin --> the message is written to the descriptor
 *           --> commit: the message and its envelopes, all or nothing,
 *               are on disk for good when it returns 0
 *           '-> rollback: nothing of it is left
 *
 *     load, open_message --> update, until remove takes the last envelope
 *
 * Calls block. Different threads may make calls for different messages at
 * once. Whatever fails, and wherever a process or machine stops, what was
 * committed stays and is found by the next walk, and what was not is gone
 * when the store is opened again. All sizes are bounded by the caller.
 *
 * Results are 0 or -errno. No call exits or logs.
 */
#ifndef RUNTIME_QUEUE_STORE_H
#define RUNTIME_QUEUE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"
#include "runtime/queue/codec.h"
#include "runtime/queue/envelope.h"
#include "runtime/queue/sys.h"

/* 32 bits of a message and 32 of an envelope of it, neither of them 0. */
static inline uint32_t
evpid_message(uint64_t evpid)
{
	return (uint32_t)(evpid >> 32);
}

struct store_envelope {
	uint64_t evpid;
	struct str text;
};

/* What is to be committed. */
struct store_message {
	uint32_t msgid;
	uint64_t size; /* bytes that were written; another size is -EIO */
	const struct store_envelope *envelopes; /* at least one */
	uint32_t envelope_count;
};

/* One thing that a walk came by. */
struct store_found {
	uint64_t evpid;  /* 0: a folder, which cannot be read */
	int error;       /* of loading it; then text is empty */
	struct str text; /* valid until the next step */
};

struct store;

struct store_ops {
	void (*close)(struct store *store);

	/* A new message: a descriptor to write it to. */
	int (*begin)(struct store *store, uint32_t *msgid_r);
	int (*commit)(struct store *store, const struct store_message *message);
	void (*rollback)(struct store *store, uint32_t msgid);

	/* The text, decoded; not checked. */
	int (*load)(struct store *store, uint64_t evpid,
	    char text[ENVELOPE_TEXT_MAX], size_t *len_r);
	int (*update)(struct store *store,
	    const struct store_envelope *envelope);

	/* is_last: where no other envelope is there the message goes too. */
	int (*remove)(struct store *store, uint64_t evpid, bool is_last);

	/* The message, decoded, at its beginning: a descriptor to read. */
	int (*open_message)(struct store *store, uint32_t msgid);

	/*
	 * Steps through what is there, in no order; 1 with the next, 0 at
	 * the end. What is committed meanwhile may be found or not.
	 */
	int (*walk)(struct store *store, struct store_found *found_r);

	/* Deletes some of what was left behind; 1: there is more. */
	int (*purge)(struct store *store);
};

struct store {
	const struct store_ops *ops;
	const struct sys *sys;
	struct codec codec;
};

/* A text as a file, at its beginning: a descriptor or -errno. */
int store_open_text(const char *text, size_t len);

/*
 * A folder tree in the layout of OpenSMTPD:
 *
 *     temporary/MSGID               a message that is being received
 *     incoming/MSGID/               one that is being committed
 *     queue/XX/MSGID/message        XX: the first two digits of MSGID
 *     queue/XX/MSGID/EVPID
 *     purge/                        what is to be deleted
 *     offline/                      not the store's: local submissions
 *
 * Folders that are absent are made, owned by owner and group if the process
 * is root's; one that others could enter is refused. spool: the path;
 * without trailing "/". NULL: failed, and error holds one clause that names
 * the folder and what to do.
 */
struct store_fs_options {
	const char *spool;
	const struct sys *sys;
	const struct codec *codec;

	/* If root opens it. */
	uid_t owner;         /* of the folders */
	gid_t offline_group; /* who may leave mail in offline/ */
};

#define STORE_ERROR_SIZE 256

struct store *store_fs_open(const struct store_fs_options *options,
    char error[STORE_ERROR_SIZE]);

/*
 * Only to look, without a daemon: walk, load and open_message. Needs the
 * folder queue and nothing else.
 */
struct store *store_fs_open_readonly(const struct store_fs_options *options,
    char error[STORE_ERROR_SIZE]);

#endif
