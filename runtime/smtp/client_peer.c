/*
 * Who a client is: the address of the socket, or the one that a proxy speaks
 * for, and what the host and the client are called. Ends in the greeting, or
 * in the handshake before it.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "runtime/base/hostname.h"
#include "runtime/base/log.h"
#include "runtime/smtp/client.h"
#include "runtime/smtp/proxy.h"

/* Addresses. */

static void
client_set_address(struct client *client, const struct netaddr *address)
{
	struct target target;

	blob_target(&client->door->use->blob, &target);
	client->address = *address;
	local_spell(TARGET_NATIVE, address, client->address_text);
	local_spell(target.version, address, client->spelled);
	snprintf(client->bracketed, sizeof(client->bracketed),
	    address->family == 4 ? "[%s]" : "%s", client->address_text);
}

static void
client_set_local(struct client *client)
{
	client->address = (struct netaddr){ .family = 0 };
	snprintf(client->address_text, sizeof(client->address_text), "local");
	snprintf(client->spelled, sizeof(client->spelled), "local");
	snprintf(client->bracketed, sizeof(client->bracketed), "[local]");
}

/* Of a client that has already left the socket itself knows nothing. */
bool
client_set_peer(struct client *client, const struct sockaddr *peer)
{
	struct netaddr address;

	if (peer == NULL) {
		client_set_local(client);
		return true;
	}
	if (!netaddr_read_sockaddr(peer, &address))
		return false;
	client_set_address(client, &address);
	return true;
}

/* The header of a proxy. */

static void
client_take_proxy(struct client *client, const struct proxy *proxy)
{
	client_count(client, -1);
	if (proxy->is_local)
		client_set_local(client);
	else if (!proxy->keeps_peer)
		client_set_address(client, &proxy->address);
	client_count(client, 1);
	bytes_fini(&client->early);
	client_begin_names(client);
}

/* Reads to the end of the header and no byte further: the greeting comes
 * first. */
const char *
client_read_proxy(struct client *client, char *buf, size_t room)
{
	static char data[PROXY_HEADER_MAX];
	enum proxy_status status;
	struct proxy proxy;
	size_t size;
	ssize_t n;

	proxy_read(bytes_front(&client->early), client->early.len, &proxy,
	    &size);
	n = recv(client->transport.fd, data, size - client->early.len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return NULL;
	if (n < 0)
		snprintf(buf, room, "IO error (%s)", strerror(errno));
	if (n <= 0)
		return n == 0 ? "disconnected" : buf;
	if (!bytes_append(&client->early, data, (size_t)n, sizeof(data)))
		return "out of memory";
	status = proxy_read(bytes_front(&client->early), client->early.len,
	    &proxy, &size);
	if (status != PROXY_OK && status != PROXY_MORE)
		return proxy_status_text(status);
	if (status == PROXY_OK)
		client_take_proxy(client, &proxy);
	return NULL;
}

/* Names. */

static void
client_greet(struct client *client)
{
	log_info("%016llx smtp connected address=%s host=%s", CLIENT_ID(client),
	    client->address_text, client->rdns);
	client->peer = (struct smtp_peer){
		.hostname = str_from(client->hostname),
		.address = str_from(client->bracketed),
		.rdns = str_from(client->rdns),
	};
	client->step = CLIENT_TALK;
	client->wants_tls = client->door->listener.tls == IR_LISTEN_SMTPS;
	if (!client->wants_tls)
		smtp_greet(&client->smtp, &client->peer);
}

static void
client_set_rdns(struct client *client, struct str name)
{
	if (!hostname_is_valid(name) || name.len > CLIENT_RDNS_MAX)
		name = STR_LIT("<unknown>");
	snprintf(client->rdns, sizeof(client->rdns), "%.*s", STR_ARG(name));
}

static void
client_on_rdns(struct client *client, struct message *answer)
{
	client_set_rdns(client,
	    answer == NULL ? STR_LIT("") : answer->rdns_answer.name);
	client_greet(client);
}

static void
client_ask_rdns(struct client *client)
{
	char text[NETADDR_TEXT_SIZE];
	struct message message = { .type = MESSAGE_RDNS };

	if (client->address.family == 0) {
		client_set_rdns(client, client->box->child->server_name);
		client_greet(client);
		return;
	}
	message.rdns.address = str_from(netaddr_format(&client->address, text));
	if (!client_ask(client, client->box->child->peers[PROC_LOOKUP],
		&message, client_on_rdns, NULL))
		client_on_rdns(client, NULL);
}

static void
client_set_hostname(struct client *client, struct str name)
{
	if (name.len == 0 || name.len > CLIENT_RDNS_MAX)
		name = client->door->name;
	snprintf(client->hostname, sizeof(client->hostname), "%.*s",
	    STR_ARG(name));
}

static void
client_on_hostname(struct client *client, struct message *answer)
{
	if (answer != NULL && answer->lookup_answer.answer == ANSWER_YES)
		client_set_hostname(client, answer->lookup_answer.value);
	client_ask_rdns(client);
}

void
client_begin_names(struct client *client)
{
	const struct door *door = client->door;
	const struct blob *blob = &door->use->blob;
	struct message message = { .type = MESSAGE_LOOKUP };
	uint32_t table = door->listener.hostnames;
	struct blob_entry entry;

	client->step = CLIENT_NAMES;
	client_set_hostname(client, door->name);
	if (table != IR_NONE &&
	    blob_can_look_up(blob, table, SERVICE_ADDRNAME)) {
		if (blob_lookup(blob, table, SERVICE_ADDRNAME, door->address,
			&entry) == ANSWER_YES)
			client_set_hostname(client, entry.value);
	} else if (table != IR_NONE) {
		message.lookup.generation = door->use->generation;
		message.lookup.table = table;
		message.lookup.service = SERVICE_ADDRNAME;
		message.lookup.key = door->address;
		if (client_ask(client, client->box->child->peers[PROC_LOOKUP],
			&message, client_on_hostname, NULL))
			return;
	}
	client_ask_rdns(client);
}
