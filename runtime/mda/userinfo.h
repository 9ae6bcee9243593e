/*
 * Who a user is, for the parent: a user of the system is looked up by itself,
 * one of a table by the lookup process. What that says is checked, but for
 * tables it is believed: uid 0 is refused where it would matter.
 */
#ifndef RUNTIME_MDA_USERINFO_H
#define RUNTIME_MDA_USERINFO_H

#include "runtime/base/account.h"
#include "runtime/proc/channel.h"

/* account: only with ANSWER_YES, else NULL. */
typedef void userinfo_fn(void *arg, enum answer answer,
    const struct account *account);

/* table: IR_NONE for the system. done is called once, perhaps at once. */
void userinfo_find(struct channel *lookup, uint32_t generation, uint32_t table,
    struct str name, userinfo_fn *done, void *arg);

#endif
