/*
 * What the parts of a delivery have in common: how one ends. A writer or a
 * command ends with a status of sysexits(3) and a text; the policy of the
 * action makes an outcome of it, which goes to the queue with both.
 */
#ifndef RUNTIME_MDA_MDA_H
#define RUNTIME_MDA_MDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"
#include "runtime/ruleset/ir.h"

#define MDA_TEXT_MAX 255 /* bytes of an error's text */

enum mda_outcome {
	MDA_DELIVERED,
	MDA_TEMPFAIL,
	MDA_PERMFAIL,
	MDA_LOOP, /* permanent: it has been delivered to this address before */
	MDA_USER_TEMPFAIL, /* there was no answer about the user */
	MDA_USER_PERMFAIL, /* there is no such user */
	MDA_OUTCOMES
};

struct mda_result {
	enum mda_outcome outcome;
	uint32_t status; /* of sysexits(3); 0: none */
	char text[MDA_TEXT_MAX + 1];
};

/* How a writer failed: 0 is success and leaves the text empty. */
struct mda_status {
	int status;
	char text[MDA_TEXT_MAX + 1];
};

/* Sets both, cuts the text to its limit, and returns the status. */
int mda_status_set(struct mda_status *status, int value, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* As above, with ": " and what errno means behind the text. */
int mda_status_set_errno(struct mda_status *status, int value,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets all; the text is cut. */
void mda_result_set(struct mda_result *result, enum mda_outcome outcome,
    uint32_t status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "temporary failure" for EX_TEMPFAIL; NULL for what has no name. */
const char *mda_status_name(uint32_t status);

/* What the end of a writer or a command means for the message. */
enum mda_outcome mda_status_judge(int status, enum ir_exit_policy policy);

/*
 * What stands behind "stat=" in the log: "Delivered", "Loop detected" or
 * "Error (temporary failure: TEXT)". Cut to room.
 */
const char *mda_result_stat(const struct mda_result *result, char *buf,
    size_t room);

/*
 * The line in front of a message in an mbox file, "From SENDER DATE" with
 * its line feed; the null sender ("" or "@") is MAILER-DAEMON. Returns its
 * length, cut to room.
 */
size_t mda_from_line(struct str sender, char *buf, size_t room);

#endif
