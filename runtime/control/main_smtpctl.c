/*
 * smtpctl, and what it is when called by another name: sendmail, send-mail,
 * mailq, makemap, newaliases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/base/paths.h"
#include "runtime/base/version.h"
#include "runtime/control/ctl.h"
#include "runtime/control/ctlclient.h"
#include "runtime/control/newaliases.h"
#include "runtime/control/submit.h"
#include "runtime/lookup/makemap.h"

static struct ctl_paths main_paths;

/* The group of the queue is for sendmail alone, and gone before all else. */
static bool
main_drop_group(void)
{
	gid_t group = getgid();

	return setresgid(group, group, group) == 0;
}

/* newaliases. */

static void
main_update_aliases(void)
{
	static struct ctlclient client;
	struct message request = { .type = MESSAGE_UPDATE_TABLE }, answer;

	if (!ctlclient_open(&client, main_paths.socket))
		return;
	request.update_table.table = STR_LIT("aliases");
	if (ctlclient_ask(&client, &request, &answer) && answer.fd != -1)
		close(answer.fd);
	ctlclient_close(&client);
}

static int
main_update(int status)
{
	if (geteuid() == 0)
		main_update_aliases();
	return status;
}

static int
main_newaliases(const char *alias_file)
{
	return main_update(newaliases_run(alias_file, NULL));
}

static int
main_run_newaliases(int argc, char **argv)
{
	const char *source = NULL, *config = NULL;
	int option;

	if (!main_drop_group())
		return EXIT_FAILURE;
	while ((option = getopt(argc, argv, "f:O:v")) != -1) {
		if (option == '?')
			return EX_USAGE;
		if (option == 'O' && strncmp(optarg, "AliasFile=", 10) == 0)
			source = optarg + 10;
		if (option == 'f')
			config = optarg;
	}
	return main_update(newaliases_run(source, config));
}

static int
main_makemap(int argc, char **argv)
{
	return main_drop_group() ? makemap_main(argc, argv, main_newaliases) :
				   EXIT_FAILURE;
}

/* sendmail. */

static bool
main_is_newaliases(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "-bi", 3) == 0)
			return true;
	return false;
}

static int
main_sendmail(int argc, char **argv)
{
	if (main_is_newaliases(argc, argv))
		return main_drop_group() ? main_newaliases(NULL) : EXIT_FAILURE;
	return submit_main(&main_paths, argc, argv);
}

/* smtpctl. */

static int
main_smtpctl(int argc, char **argv)
{
	if (!main_drop_group())
		return EXIT_FAILURE;
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("smtpctl %s\n", VERSION);
		return EXIT_SUCCESS;
	}
	return ctl_main(&main_paths, argc - 1, (const char *const *)(argv + 1));
}

static int
main_mailq(int argc, char **argv)
{
	static const char *const words[] = { "show", "queue" };

	(void)argc;
	(void)argv;
	return main_drop_group() ? ctl_main(&main_paths, 2, words) :
				   EXIT_FAILURE;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} main_names[] = {
	{ "sendmail", main_sendmail },
	{ "send-mail", main_sendmail },
	{ "mailq", main_mailq },
	{ "makemap", main_makemap },
	{ "newaliases", main_run_newaliases },
	{ "smtpctl", main_smtpctl },
};

/* Takes "--spool=DIR", which may stand first under every name, away. */
static const char *
main_take_spool(int *argc, char **argv)
{
	static const char option[] = "--spool=";
	const char *spool;

	if (*argc < 2 || strncmp(argv[1], option, sizeof(option) - 1) != 0)
		return NULL;
	spool = argv[1] + sizeof(option) - 1;
	for (int i = 1; i < *argc; i++)
		argv[i] = argv[i + 1];
	--*argc;
	/* A folder of somebody's choice is not for the queue's group. */
	return main_drop_group() ? spool : NULL;
}

int
main(int argc, char **argv)
{
	const char *spool = main_take_spool(&argc, argv);
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : argv[0];

	if (!ctl_paths_set(&main_paths, spool)) {
		fprintf(stderr, "smtpctl: path too long\n");
		return EX_USAGE;
	}
	for (size_t i = 0; i < sizeof(main_names) / sizeof(main_names[0]); i++)
		if (strcmp(name, main_names[i].name) == 0)
			return main_names[i].run(argc, argv);
	return main_smtpctl(argc, argv);
}
