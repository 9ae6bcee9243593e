/*
 * One recipient: drives its expansion, answers what can be answered from the
 * ruleset and asks other processes for the rest. A static ruleset sends no
 * message at all.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/expand/format.h"
#include "runtime/expand/semantics.h"
#include "runtime/expand/srs.h"
#include "runtime/smtp/client.h"
#include "runtime/table/table.h"

typedef void rcpt_answer_fn(struct rcpt *rcpt, struct message *message);

struct rcpt {
	struct client *client;
	struct smtp_rcpt asked;
	struct arena arena;
	struct expand expand;
	struct expand_request request; /* that is being answered */
	rcpt_answer_fn *on_answer;     /* of the process that was asked */
	struct target target;

	/* EVALUATE */
	bool is_decoded; /* the address */
	struct ruleset_envelope envelope;
	struct ruleset_callbacks callbacks;
	struct blob_decision decision;

	char orcpt[SMTP_ORCPT_MAX + 1];
};

/* Where an arena goes that gets no memory: the answer is 451. */
static jmp_buf rcpt_no_memory;

static void
rcpt_out_of_memory(void)
{
	longjmp(rcpt_no_memory, 1);
}

void
rcpt_free(struct client *client)
{
	if (client->rcpt == NULL)
		return;
	arena_fini(&client->rcpt->arena);
	free(client->rcpt);
	client->rcpt = NULL;
}

static const struct blob *
rcpt_blob(const struct rcpt *rcpt)
{
	return &rcpt->client->door->use->blob;
}

/* Rules. */

static bool
rcpt_is_local_address(void *arg, struct str peer)
{
	const struct rcpt *rcpt = arg;
	const struct local local = door_local(rcpt->client->door);
	struct netaddr addr;

	return netaddr_parse_cidr(peer, NETADDR_BRACKETS, &addr) ==
	    NETADDR_OK &&
	    local_is_address(&local, &addr);
}

static bool
rcpt_is_local_name(void *arg, struct str domain)
{
	const struct rcpt *rcpt = arg;
	const struct local local = door_local(rcpt->client->door);

	return local_is_name(&local, domain);
}

static void
rcpt_fill_envelope(struct rcpt *rcpt)
{
	const struct client *client = rcpt->client;
	const struct smtp *smtp = &client->smtp;
	struct str rdns = str_from(client->rdns);

	rcpt->envelope = (struct ruleset_envelope){
		.tag = client->door->listener.tag,
		.is_socket = client->address.family == 0,
		.peer = str_from(client->spelled),
		.rdns = str_is(rdns, "<unknown>") ? STR_LIT("") : rdns,
		.helo = smtp->helo,
		.is_tls = smtp->is_secure,
		.is_authenticated = smtp->is_authenticated,
		.username = smtp->username,
		.sender = smtp->tx->sender,
	};
	rcpt->callbacks = (struct ruleset_callbacks){
		.arg = rcpt,
		.is_local_address = rcpt_is_local_address,
		.is_local_name = rcpt_is_local_name,
	};
}

static void
rcpt_answer_rule(struct rcpt *rcpt)
{
	const struct ruleset_result *result = &rcpt->decision.result;
	struct expand_rule rule = { .kind = EXPAND_RULE_NONE };
	struct ruleset_rule matched;
	struct ir_action action;

	if (result->verdict == RULESET_TEMPFAIL) {
		rule.kind = EXPAND_RULE_FAILED;
	} else if (result->verdict == RULESET_MATCH) {
		blob_rule(rcpt_blob(rcpt), result->rule, &matched);
		rule.rule = result->rule;
		rule.action = matched.action;
		rule.kind = EXPAND_RULE_REJECT;
		if (matched.action != RULESET_REJECT) {
			blob_action(rcpt_blob(rcpt), matched.action, &action);
			semantics_of_action(&action, &rule);
		}
	}
	expand_answer_rule(&rcpt->expand, &rule);
}

/* Questions. */

/* A descriptor is all that an answer can leave behind. */
static void
rcpt_undo(struct client *client, struct message *message)
{
	(void)client;
	if (message != NULL && message->fd != -1)
		close(message->fd);
}

static client_answer_fn rcpt_on_answer;

/* False: there is no answer to wait for. */
static bool
rcpt_ask(struct rcpt *rcpt, struct channel *channel, struct message *message,
    rcpt_answer_fn *on_answer)
{
	rcpt->on_answer = on_answer;
	return client_ask(rcpt->client, channel, message, rcpt_on_answer,
	    rcpt_undo);
}

static struct channel *
rcpt_lookup_process(const struct rcpt *rcpt)
{
	return rcpt->client->box->child->peers[PROC_LOOKUP];
}

static bool
rcpt_ask_table(struct rcpt *rcpt, uint32_t table, enum service service,
    struct str key, rcpt_answer_fn *on_answer)
{
	struct message message = {
		.type = MESSAGE_LOOKUP,
		.lookup = {
			.generation = rcpt->client->door->use->generation,
			.table = table,
			.service = service,
			.key = key,
		},
	};

	return rcpt_ask(rcpt, rcpt_lookup_process(rcpt), &message, on_answer);
}

static enum answer
rcpt_answer_of(const struct message *message, uint32_t answer)
{
	return message == NULL ? ANSWER_FAILED : (enum answer)(int32_t)answer;
}

static rcpt_answer_fn rcpt_on_decision;

static void
rcpt_decide(struct rcpt *rcpt)
{
	struct blob_decision *decision = &rcpt->decision;

	while (!blob_decision_run(decision)) {
		if (rcpt_ask_table(rcpt, decision->table, decision->service,
			decision->key, rcpt_on_decision))
			return;
		blob_decision_answer(decision, ANSWER_FAILED);
	}
	rcpt_answer_rule(rcpt);
}

static void
rcpt_on_decision(struct rcpt *rcpt, struct message *message)
{
	blob_decision_answer(&rcpt->decision,
	    rcpt_answer_of(message,
		message == NULL ? 0 : message->lookup_answer.answer));
	rcpt_decide(rcpt);
}

static void
rcpt_begin_decision(struct rcpt *rcpt)
{
	rcpt->is_decoded = false;
	rcpt->envelope.dest = rcpt->request.address;
	rcpt->envelope.is_internal = rcpt->request.is_internal;
	blob_decision_init(&rcpt->decision, rcpt_blob(rcpt), &rcpt->envelope,
	    &rcpt->callbacks);
	rcpt_decide(rcpt);
}

/* SRS: a bounce comes back to whom the address stands for. */

static void
rcpt_on_srs(struct rcpt *rcpt, struct message *message)
{
	const struct expand_rule failed = { .kind = EXPAND_RULE_FAILED };

	switch (rcpt_answer_of(message,
	    message == NULL ? 0 : message->srs_answer.answer)) {
	case ANSWER_YES:
		/* What it comes to is not asked for again. */
		rcpt->is_decoded = true;
		expand_answer_srs(&rcpt->expand,
		    mailaddr_split(message->srs_answer.address));
		break;
	case ANSWER_NO:
		rcpt_begin_decision(rcpt);
		break;
	case ANSWER_FAILED:
		expand_answer_rule(&rcpt->expand, &failed);
		break;
	}
}

static bool
rcpt_may_decode(const struct rcpt *rcpt)
{
	return !rcpt->is_decoded && rcpt->envelope.sender.user.len == 0 &&
	    rcpt->envelope.sender.domain.len == 0 &&
	    srs_is_signed(rcpt->request.address);
}

static void
rcpt_evaluate(struct rcpt *rcpt)
{
	char text[SMTP_ADDRESS_MAX + 1];
	struct message message = { .type = MESSAGE_SRS };

	if (!rcpt_may_decode(rcpt)) {
		rcpt_begin_decision(rcpt);
		return;
	}
	snprintf(text, sizeof(text), "%.*s@%.*s",
	    STR_ARG(rcpt->request.address.user),
	    STR_ARG(rcpt->request.address.domain));
	message.srs.generation = rcpt->client->door->use->generation;
	message.srs.address = str_from(text);
	if (!rcpt_ask(rcpt, rcpt_lookup_process(rcpt), &message, rcpt_on_srs))
		rcpt_on_srs(rcpt, NULL);
}

static void
rcpt_on_lookup(struct rcpt *rcpt, struct message *message)
{
	enum answer answer = rcpt_answer_of(message,
	    message == NULL ? 0 : message->lookup_answer.answer);

	expand_answer_lookup(&rcpt->expand, answer,
	    answer == ANSWER_YES ? message->lookup_answer.value : STR_LIT(""));
}

static void
rcpt_look_up(struct rcpt *rcpt)
{
	const struct expand_request *request = &rcpt->request;
	const struct blob *blob = rcpt_blob(rcpt);
	struct blob_entry entry = { .value = STR_LIT("") };
	enum answer answer = ANSWER_FAILED;

	if (blob_can_look_up(blob, request->table, SERVICE_ALIAS))
		answer = blob_lookup(blob, request->table, SERVICE_ALIAS,
		    request->key, &entry);
	else if (rcpt_ask_table(rcpt, request->table, SERVICE_ALIAS,
		     request->key, rcpt_on_lookup))
		return;
	expand_answer_lookup(&rcpt->expand, answer, entry.value);
}

static void
rcpt_on_userinfo(struct rcpt *rcpt, struct message *message)
{
	enum answer answer = rcpt_answer_of(message,
	    message == NULL ? 0 : message->userinfo_answer.answer);
	struct expand_account account;

	if (answer == ANSWER_YES)
		account = (struct expand_account){
			message->userinfo_answer.uid,
			message->userinfo_answer.home,
		};
	expand_answer_userinfo(&rcpt->expand, answer,
	    answer == ANSWER_YES ? &account : NULL);
}

static void
rcpt_answer_account(struct rcpt *rcpt)
{
	const struct expand_request *request = &rcpt->request;
	struct expand_account account = { 0, STR_LIT("") };
	struct table_userinfo info;
	struct blob_entry entry;
	enum answer answer = blob_lookup(rcpt_blob(rcpt), request->table,
	    SERVICE_USERINFO, request->key, &entry);

	if (answer == ANSWER_YES &&
	    !table_parse_userinfo(entry.key, entry.value, &info))
		answer = ANSWER_FAILED;
	if (answer == ANSWER_YES)
		account = (struct expand_account){ info.uid, info.directory };
	expand_answer_userinfo(&rcpt->expand, answer,
	    answer == ANSWER_YES ? &account : NULL);
}

static void
rcpt_find_user(struct rcpt *rcpt)
{
	const struct expand_request *request = &rcpt->request;
	struct message message = {
		.type = MESSAGE_USERINFO,
		.userinfo = {
			.generation = rcpt->client->door->use->generation,
			.table = request->table,
			.user = request->key,
		},
	};

	if (request->table != EXPAND_SYSTEM &&
	    blob_can_look_up(rcpt_blob(rcpt), request->table, SERVICE_USERINFO))
		rcpt_answer_account(rcpt);
	else if (!rcpt_ask(rcpt, rcpt_lookup_process(rcpt), &message,
		     rcpt_on_userinfo))
		expand_answer_userinfo(&rcpt->expand, ANSWER_FAILED, NULL);
}

/* The file is regular: reading it does not block. */
static enum expand_forward
rcpt_read_forward(int fd, char *buf, size_t room, uint32_t *len_r)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buf + len, room - len);
		if (n < 0)
			return EXPAND_FORWARD_TEMPORARY;
		len += (size_t)n;
	} while (n > 0 && len < room);
	*len_r = (uint32_t)len;
	return len > EXPAND_FORWARD_MAX ? EXPAND_FORWARD_TOO_LARGE :
					  EXPAND_FORWARD_READ;
}

static void
rcpt_on_forward(struct rcpt *rcpt, struct message *message)
{
	enum expand_forward status = EXPAND_FORWARD_TEMPORARY;
	char buf[EXPAND_FORWARD_MAX + 1];
	struct str text = { buf, 0 };

	if (message != NULL) {
		status = (enum expand_forward)message->forward_answer.status;
		if (status == EXPAND_FORWARD_READ)
			status = message->fd == -1 ?
			    EXPAND_FORWARD_TEMPORARY :
			    rcpt_read_forward(message->fd, buf, sizeof(buf),
				&text.len);
		rcpt_undo(rcpt->client, message);
	}
	if (status != EXPAND_FORWARD_READ)
		text.len = 0;
	expand_answer_forward(&rcpt->expand, status, text);
}

static void
rcpt_open_forward(struct rcpt *rcpt)
{
	const struct expand_request *request = &rcpt->request;
	struct message message = {
		.type = MESSAGE_FORWARD,
		.forward = {
			.user = request->key,
			.generation = rcpt->client->door->use->generation,
			.table = request->table,
		},
	};

	if (!rcpt_ask(rcpt, rcpt->client->box->child->parent, &message,
		rcpt_on_forward))
		expand_answer_forward(&rcpt->expand, EXPAND_FORWARD_TEMPORARY,
		    STR_LIT(""));
}

static void
rcpt_on_include(struct rcpt *rcpt, struct message *message)
{
	bool is_open = message != NULL && message->include_answer.is_open;

	expand_answer_include(&rcpt->expand, is_open,
	    is_open ? message->include_answer.text : STR_LIT(""));
}

static void
rcpt_include(struct rcpt *rcpt)
{
	struct message message = {
		.type = MESSAGE_INCLUDE,
		.include = { .path = rcpt->request.key },
	};

	if (!rcpt_ask(rcpt, rcpt_lookup_process(rcpt), &message,
		rcpt_on_include))
		expand_answer_include(&rcpt->expand, false, STR_LIT(""));
}

/* Whether it can be expanded: done again when it is delivered. */
static void
rcpt_format(struct rcpt *rcpt)
{
	const struct expand_leaf *leaf = rcpt->request.leaf;
	const struct expand_node *node = leaf->node;
	struct format_values values = {
		.sender = rcpt->envelope.sender,
		.rcpt = rcpt->asked.address,
		.dest = leaf->dest,
		.username = leaf->user,
		.directory = leaf->account != NULL ? leaf->account->home :
						     STR_LIT(""),
		.mda = STR_LIT(""),
	};
	struct str format = node->text;
	struct format_result result = { .len = 0 };
	struct ir_action action;
	bool is_good;

	if (node->kind == TARGET_USER) {
		blob_action(rcpt_blob(rcpt), node->rule->action, &action);
		format = action.local.argument;
	}
	is_good = format.len == 0 ||
	    format_expand(format, FORMAT_STRICT | FORMAT_NO_SLASH,
		rcpt->expand.semantics.delimiter, &values,
		&result) == FORMAT_OK;
	expand_answer_format(&rcpt->expand, is_good,
	    (struct str){ result.text, is_good ? result.len : 0 });
}

static void
rcpt_answer(struct rcpt *rcpt)
{
	switch (rcpt->request.need) {
	case EXPAND_EVALUATE:
		rcpt_evaluate(rcpt);
		break;
	case EXPAND_LOOKUP:
		rcpt_look_up(rcpt);
		break;
	case EXPAND_USERINFO:
		rcpt_find_user(rcpt);
		break;
	case EXPAND_FORWARD:
		rcpt_open_forward(rcpt);
		break;
	case EXPAND_INCLUDE:
		rcpt_include(rcpt);
		break;
	case EXPAND_FORMAT:
		rcpt_format(rcpt);
		break;
	case EXPAND_IDLE:
	case EXPAND_DONE:
	case EXPAND_FAILED:
		break;
	}
}

/* The end. */

static void
rcpt_finish(struct rcpt *rcpt, struct str reply)
{
	struct client *client = rcpt->client;
	char text[SMTP_REPLY_MAX];
	struct str copy = { text, reply.len };

	if (copy.len > sizeof(text))
		copy.len = sizeof(text);
	memcpy(text, reply.ptr, copy.len);
	rcpt_free(client);
	smtp_answer_rcpt(&client->smtp, copy);
}

static void
rcpt_log_failure(const struct rcpt *rcpt)
{
	enum expand_reason reason = rcpt->expand.failure.reason;

	if (reason == EXPAND_REASON_FORWARD_BAD)
		log_info("info: parse error in forward file");
	else if (reason == EXPAND_REASON_FORWARD_TOO_MANY)
		log_info("info: forward file expanded too many nodes");
}

static struct str
rcpt_store(struct rcpt *rcpt)
{
	struct ir_action action;

	for (const struct expand_leaf *leaf = rcpt->expand.leaves; leaf != NULL;
	     leaf = leaf->next) {
		blob_action(rcpt_blob(rcpt), leaf->node->rule->action, &action);
		if (!mail_add_envelope(rcpt->client, &rcpt->asked, leaf,
			action.name))
			return STR_LIT("451 4.5.3 Too many recipients");
	}
	return STR_LIT("");
}

/* Up to the next question or the end; memory may run out in it. */
static void
rcpt_go_on(struct rcpt *rcpt)
{
	struct client *client = rcpt->client;
	enum expand_need need = EXPAND_IDLE;
	struct str reply;

	while (!client->is_asking) {
		need = expand_step(&rcpt->expand, &rcpt->request);
		if (need >= EXPAND_DONE)
			break;
		rcpt_answer(rcpt);
	}
	if (client->is_asking)
		return;
	if (need == EXPAND_FAILED) {
		rcpt_log_failure(rcpt);
		rcpt_finish(rcpt, rcpt->expand.failure.reply);
		return;
	}
	reply = rcpt_store(rcpt);
	mail_end_rcpt(client, reply.len == 0);
	rcpt_finish(rcpt, reply);
}

static void
rcpt_on_answer(struct client *client, struct message *message)
{
	if (setjmp(rcpt_no_memory) == 0) {
		client->rcpt->on_answer(client->rcpt, message);
		rcpt_go_on(client->rcpt);
	} else
		rcpt_finish(client->rcpt, STR_LIT("451 Temporary failure"));
}

static void
rcpt_start(struct rcpt *rcpt, const struct expand_semantics *semantics)
{
	struct client *client = rcpt->client;

	if (setjmp(rcpt_no_memory) == 0) {
		expand_init(&rcpt->expand, &rcpt->arena, semantics,
		    rcpt->asked.address);
		rcpt_go_on(rcpt);
	} else
		rcpt_finish(client->rcpt, STR_LIT("451 Temporary failure"));
}

void
rcpt_begin(struct client *client, const struct smtp_rcpt *asked)
{
	struct rcpt *rcpt = calloc(1, sizeof(*rcpt));
	struct expand_semantics semantics;
	struct ir_settings settings;

	if (rcpt == NULL) {
		smtp_answer_rcpt(&client->smtp,
		    STR_LIT("451 Temporary failure"));
		return;
	}
	client->rcpt = rcpt;
	rcpt->client = client;
	rcpt->asked = *asked;
	memcpy(rcpt->orcpt, asked->orcpt.ptr, asked->orcpt.len);
	rcpt->asked.orcpt.ptr = rcpt->orcpt;
	arena_init(&rcpt->arena, rcpt_out_of_memory);
	blob_target(rcpt_blob(rcpt), &rcpt->target);
	blob_settings(rcpt_blob(rcpt), &settings);
	semantics_of_target(&rcpt->target, settings.delimiter, &semantics);
	rcpt_fill_envelope(rcpt);
	rcpt_start(rcpt, &semantics);
}
