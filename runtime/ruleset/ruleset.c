/*
 * The loop.
 */
#include "runtime/ruleset/ruleset.h"

#include <assert.h>

struct ruleset_asking {
	const struct ruleset_envelope *envelope;
	const struct ruleset_callbacks *callbacks;
};

static enum answer
ruleset_bool(bool value)
{
	return value ? ANSWER_YES : ANSWER_NO;
}

static enum answer
ruleset_lookup(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred, struct str key)
{
	const struct ruleset_callbacks *callbacks = asking->callbacks;

	if (key.len > RULESET_KEY_MAX)
		return ANSWER_FAILED;
	return callbacks->lookup(callbacks->arg, pred->table, pred->service,
	    key);
}

static bool
ruleset_is_host_itself(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred)
{
	const struct ruleset_envelope *envelope = asking->envelope;
	unsigned classes = pred->local_classes;

	return (envelope->is_internal && (classes & ORIGIN_INTERNAL)) ||
	    (envelope->is_socket && (classes & ORIGIN_SOCKET)) ||
	    (envelope->is_authenticated && (classes & ORIGIN_AUTH));
}

static enum answer
ruleset_ask_from(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred)
{
	const struct ruleset_callbacks *callbacks = asking->callbacks;
	bool is_host = ruleset_is_host_itself(asking, pred);

	if (pred->kind == PRED_FROM_LOCAL)
		return ruleset_bool(is_host ||
		    (!asking->envelope->is_socket &&
			callbacks->is_local_address(callbacks->arg,
			    asking->envelope->peer)));
	return ruleset_lookup(asking, pred,
	    is_host ? STR_LIT("local") : asking->envelope->peer);
}

static enum answer
ruleset_ask_rdns(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred)
{
	const struct ruleset_envelope *envelope = asking->envelope;

	if (pred->table == RULESET_NO_TABLE)
		return ruleset_bool(envelope->rdns.len > 0);
	return ruleset_lookup(asking, pred,
	    envelope->is_internal ? STR_LIT("local") : envelope->rdns);
}

static enum answer
ruleset_ask_auth(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred)
{
	const struct ruleset_envelope *envelope = asking->envelope;
	struct ruleset_pred by_address = *pred;

	if (pred->table == RULESET_NO_TABLE || !envelope->is_authenticated)
		return ruleset_bool(envelope->is_authenticated);
	/* Names that are addresses are compared as such. */
	if (pred->service == SERVICE_STRING && envelope->username.len > 0 &&
	    memchr(envelope->username.ptr, '@', envelope->username.len))
		by_address.service = SERVICE_MAILADDR;
	return ruleset_lookup(asking, &by_address, envelope->username);
}

static enum answer
ruleset_ask_mailbox(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred, struct mailaddr mailbox)
{
	char text[RULESET_KEY_MAX + 1];
	struct str key = { text, 0 };

	if (mailbox.user.len + 1 + mailbox.domain.len > RULESET_KEY_MAX)
		return ANSWER_FAILED;
	if (mailbox.user.len > 0)
		memcpy(text, mailbox.user.ptr, mailbox.user.len);
	key.len = mailbox.user.len;
	text[key.len++] = '@';
	if (mailbox.domain.len > 0)
		memcpy(text + key.len, mailbox.domain.ptr, mailbox.domain.len);
	key.len += mailbox.domain.len;
	return ruleset_lookup(asking, pred, key);
}

static enum answer
ruleset_ask_plain(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred)
{
	const struct ruleset_envelope *envelope = asking->envelope;
	const struct ruleset_callbacks *callbacks = asking->callbacks;

	switch (pred->kind) {
	case PRED_TAG:
		if (pred->table == RULESET_NO_TABLE)
			return ruleset_bool(str_eq(envelope->tag, pred->text));
		return ruleset_lookup(asking, pred, envelope->tag);
	case PRED_FROM_ANY:
		return ANSWER_YES;
	case PRED_FROM_LOCAL:
	case PRED_FROM_TABLE:
		return ruleset_ask_from(asking, pred);
	case PRED_FROM_SOCKET:
		return ruleset_bool(envelope->is_socket);
	case PRED_FROM_RDNS:
		return ruleset_ask_rdns(asking, pred);
	case PRED_FOR_ANY:
		return ruleset_bool(envelope->dest.domain.len > 0);
	case PRED_FOR_LOCAL:
		return ruleset_bool(callbacks->is_local_name(callbacks->arg,
		    envelope->dest.domain));
	case PRED_FOR_TABLE:
		return ruleset_lookup(asking, pred, envelope->dest.domain);
	case PRED_HELO:
		return ruleset_lookup(asking, pred, envelope->helo);
	case PRED_AUTH:
		return ruleset_ask_auth(asking, pred);
	case PRED_TLS:
		return ruleset_bool(envelope->is_tls);
	case PRED_MAIL_FROM:
		return ruleset_ask_mailbox(asking, pred, envelope->sender);
	case PRED_RCPT_TO:
		return ruleset_ask_mailbox(asking, pred, envelope->dest);
	case PRED_KINDS:
		break;
	}
	assert(false); /* a predicate of no kind */
	return ANSWER_FAILED;
}

static enum answer
ruleset_answer(const struct ruleset_asking *asking,
    const struct ruleset_pred *pred)
{
	const struct ruleset_envelope *envelope = asking->envelope;
	enum answer answer;

	if ((pred->flags & PRED_FAILS) ||
	    ((pred->flags & PRED_FAILS_IF_AUTH) && envelope->is_authenticated))
		return ANSWER_FAILED;
	if ((pred->flags & PRED_NOT_INTERNAL) && envelope->is_internal)
		return ANSWER_NO;
	if ((pred->flags & PRED_NOT_UNKNOWN) && !envelope->is_internal &&
	    envelope->rdns.len == 0)
		return ANSWER_NO;
	answer = ruleset_ask_plain(asking, pred);
	if (answer == ANSWER_FAILED || !(pred->flags & PRED_NEGATED))
		return answer;
	return answer == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
}

static enum answer
ruleset_try(const struct ruleset_asking *asking,
    const struct ruleset_rule *rule, uint32_t number)
{
	const struct ruleset_callbacks *callbacks = asking->callbacks;

	for (uint32_t i = 0; i < rule->pred_count; i++) {
		enum answer answer = ruleset_answer(asking, &rule->preds[i]);

		if (callbacks->trace != NULL)
			callbacks->trace(callbacks->arg, number, i, answer);
		if (answer != ANSWER_YES)
			return answer;
	}
	return ANSWER_YES;
}

enum answer
ruleset_ask(const struct ruleset_pred *pred,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks)
{
	const struct ruleset_asking asking = { envelope, callbacks };

	return ruleset_answer(&asking, pred);
}

struct ruleset_result
ruleset_eval(const struct ruleset *ruleset,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks)
{
	const struct ruleset_asking asking = { envelope, callbacks };

	for (uint32_t i = 0; i < ruleset->rule_count; i++) {
		enum answer answer = ruleset_try(&asking, &ruleset->rules[i],
		    i);

		if (answer == ANSWER_FAILED)
			return (struct ruleset_result){ RULESET_TEMPFAIL, i };
		if (answer == ANSWER_YES)
			return (struct ruleset_result){ RULESET_MATCH, i };
	}
	return (struct ruleset_result){ RULESET_NO_MATCH, 0 };
}
