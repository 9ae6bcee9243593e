/*
 * Look-ups of users by the parent.
 */
#include "runtime/mda/userinfo.h"

#include <stdlib.h>

#include "runtime/ruleset/ir.h"

struct userinfo {
	userinfo_fn *done;
	void *arg;
};

static void
userinfo_on_answer(void *arg, struct message *message)
{
	struct userinfo *userinfo = arg;
	enum answer answer = ANSWER_FAILED;
	struct account account;

	if (message != NULL && message->type == MESSAGE_USERINFO_ANSWER) {
		const struct message_userinfo_answer *said =
		    &message->userinfo_answer;

		if (said->answer == (uint32_t)ANSWER_NO)
			answer = ANSWER_NO;
		else if (said->answer == (uint32_t)ANSWER_YES)
			answer = account_set(&account, said->user, said->home,
			    said->uid, said->gid);
	}
	userinfo->done(userinfo->arg, answer,
	    answer == ANSWER_YES ? &account : NULL);
	free(userinfo);
}

static bool
userinfo_ask(struct channel *lookup, struct message *message, userinfo_fn *done,
    void *arg)
{
	struct userinfo *userinfo = malloc(sizeof(*userinfo));

	if (userinfo == NULL)
		return false;
	*userinfo = (struct userinfo){ done, arg };
	if (channel_ask(lookup, message, userinfo_on_answer, userinfo) != 0)
		return true;
	free(userinfo);
	return false;
}

void
userinfo_find(struct channel *lookup, uint32_t generation, uint32_t table,
    struct str name, userinfo_fn *done, void *arg)
{
	struct message message = {
		.type = MESSAGE_USERINFO,
		.fd = -1,
		.userinfo = { generation, table, name },
	};
	struct account account;
	enum answer answer;

	if (table == IR_NONE) {
		answer = account_find(name, &account);
		done(arg, answer, answer == ANSWER_YES ? &account : NULL);
	} else if (lookup == NULL ||
	    !userinfo_ask(lookup, &message, done, arg)) {
		done(arg, ANSWER_FAILED, NULL);
	}
}
