/*
 * The proof of a conversion: its text is parsed again, lowered for its
 * target and compared with the original, rules by the diagram and the rest
 * value by value. What no config can avoid (NOTES_STANDING), and what the
 * idiomatic style chose to change, is put aside on both sides first.
 */
#ifndef MIGRATE_PROOF_H
#define MIGRATE_PROOF_H

#include "compiler/differ.h"
#include "migrate/convert.h"

enum proof_verdict {
	PROOF_SAME,      /* but for standing notes */
	PROOF_DIFFERENT, /* shown by differ, or said by an inexact note */
	PROOF_UNDECIDED, /* some condition cannot be asked here */
	PROOF_UNREADABLE /* the result has errors: see its diagnostics */
};

struct proof {
	struct differ differ;   /* the original, and the result */
	struct options options; /* of the result */
	struct convert convert;
	enum proof_verdict verdict;
	struct report_secret *secrets; /* see report_secrets.h */
};

/*
 * The original has been compiled without errors into sides[0].comp, and is
 * bound. name is what the result is called in messages.
 */
void proof_run(struct proof *proof, const char *name);

void proof_fini(struct proof *proof);

/* "same", "different", "undecided", "unreadable" */
extern const char *const proof_verdicts[];

#endif
