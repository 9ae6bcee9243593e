/*
 * Facts of the host.
 */
#include "compiler/host.h"

#include <errno.h>
#include <stdlib.h>

enum { HOST_FILE_MAX = 16 * 1024 * 1024 };

struct str
host_spell(const struct host *host, const struct netaddr *addr)
{
	char buf[LOCAL_TEXT_SIZE];

	return arena_copy(host->arena,
	    str_from(local_spell(host->version, addr, buf)));
}

static int
host_read_addresses(struct host *host, const struct options *options,
    const char **what_r)
{
	static const char *const fallback[] = { "127.0.0.1", "::1" };
	const char *const *texts = options->local_addresses;
	size_t count = options->local_address_count;
	struct netaddr *addresses;
	struct str zone;

	if (count == 0) {
		texts = fallback;
		count = 2;
	}
	addresses = arena_alloc(host->arena, count * sizeof(*addresses));
	for (size_t i = 0; i < count; i++) {
		*what_r = texts[i];
		if (netaddr_parse_host(str_from(texts[i]), NETADDR_BRACKETS,
			&addresses[i], &zone) != NETADDR_OK)
			return HOST_EADDRESS;
	}
	host->addresses = addresses;
	host->address_count = (uint32_t)count;
	return HOST_OK;
}

/* Lines of a file, without their line feeds. */
static bool
host_next_line(struct str *rest, struct str *line_r)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->ptr, '\n', rest->len);
	line_r->ptr = rest->ptr;
	line_r->len = end != NULL ? (uint32_t)(end - rest->ptr) : rest->len;
	rest->ptr += line_r->len + (end != NULL);
	rest->len -= line_r->len + (end != NULL);
	return true;
}

/* Cuts off what stands before any of the separators. */
static struct str
host_next_field(struct str *rest, const char *separators)
{
	struct str field = { rest->ptr, 0 };

	while (field.len < rest->len &&
	    strchr(separators, rest->ptr[field.len]) == NULL)
		field.len++;
	rest->ptr += field.len;
	rest->len -= field.len;
	if (rest->len > 0) {
		rest->ptr++;
		rest->len--;
	}
	return field;
}

static bool
host_read_number(struct str text, uint32_t *number_r)
{
	uint64_t number = 0;

	if (text.len == 0 || text.len > 10)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		if (!str_is_digit(text.ptr[i]))
			return false;
		number = number * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	*number_r = (uint32_t)number;
	return number <= UINT32_MAX;
}

static void
host_add_user(struct host *host, struct str line)
{
	struct host_user *user = ARENA_NEW(host->arena, struct host_user);
	struct host_user **slot;
	struct str uid, gid;

	user->name = host_next_field(&line, ":");
	host_next_field(&line, ":");
	uid = host_next_field(&line, ":");
	gid = host_next_field(&line, ":");
	host_next_field(&line, ":");
	user->home = host_next_field(&line, ":");
	user->shell = line;
	if (user->name.len == 0 || !host_read_number(uid, &user->uid) ||
	    !host_read_number(gid, &user->gid))
		return;
	slot = (struct host_user **)strmap_put(&host->users, user->name);
	/* As in passwd: the first of a name counts. */
	if (*slot == NULL)
		*slot = user;
}

static void
host_add_reverse(struct host *host, struct str line)
{
	struct str comment = line, address, name = { "", 0 }, zone;
	struct str **slot, *value;
	struct netaddr addr;

	line = host_next_field(&comment, "#");
	address = host_next_field(&line, " \t");
	while (line.len > 0 && name.len == 0)
		name = host_next_field(&line, " \t");
	if (name.len == 0 ||
	    netaddr_parse_host(address, 0, &addr, &zone) != NETADDR_OK)
		return;
	slot = (struct str **)strmap_put(&host->reverse,
	    host_spell(host, &addr));
	if (*slot != NULL)
		return;
	value = ARENA_NEW(host->arena, struct str);
	*value = name;
	*slot = value;
}

/* The contents of a file below the root, kept in the arena. */
static int
host_read_file(struct host *host, const struct rootdir *root, const char *path,
    struct str *text_r)
{
	struct rootdir_text text;
	int error = rootdir_read_file(root, path, HOST_FILE_MAX, &text);

	if (error != 0)
		return error;
	*text_r = arena_copy(host->arena,
	    (struct str){ text.text, (uint32_t)text.len });
	rootdir_text_fini(&text);
	return 0;
}

static int
host_read_users(struct host *host, struct compilation *comp)
{
	const char *path = comp->options->users;
	struct rootdir machine;
	struct str text, line;
	int error;

	if (path != NULL) {
		/* Named on the command line: not below the root. */
		error = rootdir_init(&machine, NULL);
		if (error == 0)
			error = host_read_file(host, &machine, path, &text);
		rootdir_fini(&machine);
	} else if (comp->options->root != NULL) {
		error = host_read_file(host, &comp->root, "/etc/passwd", &text);
		if (error == -ENOENT)
			return 0;
	} else {
		return 0;
	}
	if (error != 0)
		return error;
	host->knows_users = true;
	while (host_next_line(&text, &line))
		host_add_user(host, line);
	return 0;
}

static void
host_read_root(struct host *host, struct compilation *comp)
{
	struct str text, line;

	if (comp->options->hostname != NULL)
		host->name = str_from(comp->options->hostname);
	if (comp->options->root == NULL)
		return;
	if (host->name.len == 0 &&
	    host_read_file(host, &comp->root, "/etc/mailname", &text) == 0)
		host->name = host_next_field(&text, " \t\r\n");
	if (host_read_file(host, &comp->root, "/etc/hosts", &text) == 0)
		while (host_next_line(&text, &line))
			host_add_reverse(host, line);
}

int
host_init(struct host *host, struct compilation *comp, const char **what_r)
{
	int error;

	*host = (struct host){
		.arena = &comp->arena,
		.version = comp->tree->target.version,
		.name = { "", 0 },
	};
	strmap_init(&host->users, host->arena);
	strmap_init(&host->reverse, host->arena);
	error = host_read_addresses(host, comp->options, what_r);
	if (error != HOST_OK)
		return error;
	host_read_root(host, comp);
	*what_r = comp->options->users != NULL ? comp->options->users :
						 "/etc/passwd";
	error = host_read_users(host, comp);
	if (error != 0) {
		errno = -error;
		return HOST_EUSERS;
	}
	return HOST_OK;
}

static struct local
host_local(const struct host *host)
{
	return (struct local){
		.version = host->version,
		.server_name = host->name,
		.addresses = host->addresses,
		.address_count = host->address_count,
	};
}

bool
host_is_local_address(const struct host *host, const struct netaddr *addr)
{
	const struct local local = host_local(host);

	return local_is_address(&local, addr);
}

bool
host_is_local_name(const struct host *host, struct str name)
{
	const struct local local = host_local(host);

	return local_is_name(&local, name);
}

const struct host_user *
host_find_user(const struct host *host, struct str name)
{
	return strmap_get(&host->users, name);
}

struct str
host_reverse(const struct host *host, const struct netaddr *addr)
{
	const struct str *name = strmap_get(&host->reverse,
	    host_spell(host, addr));

	return name != NULL ? *name : STR_LIT("");
}
