/*
 * The host's name.
 */
#include "runtime/base/servername.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/paths.h"

/* Empty: there is no such file. */
static void
servername_read(char *buf, size_t room)
{
	FILE *file = fopen(paths_built.mailname, "re");

	buf[0] = '\0';
	if (file == NULL)
		return;
	if (fgets(buf, (int)room, file) == NULL)
		buf[0] = '\0';
	buf[strcspn(buf, " \t\r\n")] = '\0';
	fclose(file);
}

static void
servername_complete(char *buf, size_t room)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_CANONNAME };
	struct addrinfo *list;

	if (strchr(buf, '.') != NULL ||
	    getaddrinfo(buf, NULL, &hints, &list) != 0)
		return;
	if (list->ai_canonname != NULL && strlen(list->ai_canonname) < room)
		snprintf(buf, room, "%s", list->ai_canonname);
	freeaddrinfo(list);
}

bool
servername_find(char *buf, size_t room)
{
	servername_read(buf, room);
	if (buf[0] == '\0' && gethostname(buf, room - 1) != 0)
		buf[0] = '\0';
	buf[room - 1] = '\0';
	if (buf[0] == '\0')
		return false;
	servername_complete(buf, room);
	return true;
}
