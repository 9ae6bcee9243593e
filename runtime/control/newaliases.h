/*
 * newaliases: which file it makes a database of, and that.
 */
#ifndef RUNTIME_CONTROL_NEWALIASES_H
#define RUNTIME_CONTROL_NEWALIASES_H

/*
 * aliases: of -O; NULL: what the config's table "aliases" is made of, or
 * the system's file where it has no such table. config: of -f; NULL: the
 * daemon's, which need not be there. Says what is wrong; the exit status.
 */
int newaliases_run(const char *aliases, const char *config);

#endif
