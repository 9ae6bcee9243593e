/*
 * What a report must not show: queue keys, credentials, passwords in URLs.
 * They are in the texts of both configs, which reports quote.
 */
#ifndef MIGRATE_REPORT_SECRETS_H
#define MIGRATE_REPORT_SECRETS_H

#include "migrate/proof.h"

/* To be called before any text is hidden. */
void report_secrets_find(struct proof *proof);

/* The text with "<redacted sha256:…>" in the place of each secret. */
struct str report_secrets_hide(const struct proof *proof, struct str text);

#endif
