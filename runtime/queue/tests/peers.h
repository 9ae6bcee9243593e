/*
 * The queue process in a test, on a spool of its own, with other ends of its
 * channels that play a session process, the parent and control. What they
 * hear stands in peers; a test says there how the parent is to answer.
 */
#ifndef RUNTIME_QUEUE_TESTS_PEERS_H
#define RUNTIME_QUEUE_TESTS_PEERS_H

#include "runtime/mda/mda.h"
#include "runtime/queue/queue_private.h"

#define PEERS_CONFIG \
	"action \"local\" maildir\naction \"out\" relay\n" \
	"match for local action \"local\"\nmatch for any action \"out\"\n"
#define PEERS_KEY "0123456789abcdef0123456789abcdef"

enum { PEERS_DELIVERIES = 64, PEERS_LINES = 16 };

struct peers {
	char spool[64];
	struct child child;
	struct stats stats;
	struct channel *session, *control, *parent;
	struct channel *sessions[1];

	/* What the parent was asked for, and how it is to answer. */
	uint64_t delivered[PEERS_DELIVERIES];
	unsigned deliveries;
	enum mda_outcome outcome;
	bool is_mute;
	struct message unanswered;

	/* What was answered. */
	unsigned answers;
	bool is_ok;
	uint32_t number; /* msgid, or count */
	int fd;
	char lines[PEERS_LINES][512];
	unsigned line_count;
};

extern struct peers peers;

/* Of a suite: an empty spool and a process with PEERS_CONFIG. */
void peers_init(void);
void peers_fini(void);

/* A queue process on the spool as it is; its end as that of the daemon. */
void peers_start(const char *config);
void peers_stop(void);
void peers_reload(const char *config);

/* The loop for some milliseconds. */
void peers_run(unsigned milliseconds);
/* Until the answer is there. */
void peers_ask(struct channel *channel, struct message *message);

/* As a session process: a message's msgid, an envelope, the end. */
uint32_t peers_begin(void);
void peers_put(uint64_t evpid, enum envelope_type type);
bool peers_commit(uint32_t msgid, uint32_t count, uint64_t size);
/* A message for one; its evpid. */
uint64_t peers_submit(enum envelope_type type);

/* As the parent. */
void peers_answer(struct channel *channel, const struct message *request,
    uint64_t evpid);

/* As control; lists are in peers.lines. */
unsigned peers_list(void);
uint32_t peers_change(enum ctl_change change, uint64_t evpid);
bool peers_pause(unsigned subsystem, bool is_paused);

/*
 * Run the loop until so many files lie in the spool, the parent was asked for
 * so many deliveries, or one envelope is listed, with this in its line.
 * False: it does not come to that.
 */
bool peers_comes_to(unsigned files);
bool peers_delivers(unsigned deliveries);
bool peers_lists(const char *text);

#endif
