/*
 * Base64 (RFC 4648 4) as SASL dialogues carry it: strict, one line.
 */
#ifndef RUNTIME_SMTP_BASE64_H
#define RUNTIME_SMTP_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/str.h"

/* False: not base64, padding missing, or more than room bytes. */
bool base64_decode(struct str text, char *out, size_t room, uint32_t *len_r);

#endif
