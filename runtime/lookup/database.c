/*
 * libdb. Errors of its own are not texts of errno; they become EIO.
 */
#include "runtime/lookup/database.h"

#include <db.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct database {
	DB *db;
	char *path;
	struct stat st;
	char *key; /* the last that was asked */
	size_t key_room;
};

static void
database_set_errno(int error)
{
	/* libdb's own are negative. */
	errno = error > 0 ? error : EIO;
}

static struct database *
database_new(const char *path, DBTYPE type, u_int32_t flags)
{
	struct database *database = calloc(1, sizeof(*database));
	int error;

	if (database == NULL)
		return NULL;
	database->path = strdup(path);
	error = database->path == NULL ? ENOMEM :
					 db_create(&database->db, NULL, 0);
	if (error == 0) {
		/* Not to standard error: who called knows the path. */
		database->db->set_errfile(database->db, NULL);
		database->db->set_errcall(database->db, NULL);
		error = database->db->open(database->db, NULL, path, NULL, type,
		    flags, 0600);
	}
	if (error == 0 && stat(path, &database->st) == 0)
		return database;
	if (error == 0)
		error = errno;
	database_close(database);
	database_set_errno(error);
	return NULL;
}

struct database *
database_open(const char *path)
{
	return database_new(path, DB_UNKNOWN, DB_RDONLY);
}

void
database_close(struct database *database)
{
	if (database == NULL)
		return;
	if (database->db != NULL)
		database->db->close(database->db, 0);
	free(database->path);
	free(database->key);
	free(database);
}

bool
database_is_stale(const struct database *database)
{
	const struct stat *old = &database->st;
	struct stat st;

	return stat(database->path, &st) == -1 || st.st_ino != old->st_ino ||
	    st.st_dev != old->st_dev || st.st_size != old->st_size ||
	    st.st_mtim.tv_sec != old->st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != old->st_mtim.tv_nsec;
}

/* Without the NUL that makemap(8) adds. */
static struct str
database_text(const DBT *dbt)
{
	struct str text = { dbt->data, dbt->size };

	if (text.len > 0 && text.ptr[text.len - 1] == '\0')
		text.len--;
	return text;
}

/* A copy in lower case that ends in NUL; false: no memory. */
static bool
database_set_key(struct database *database, struct str key, DBT *dbt)
{
	if (database->key_room < (size_t)key.len + 1) {
		char *grown = realloc(database->key, (size_t)key.len + 1);

		if (grown == NULL)
			return false;
		database->key = grown;
		database->key_room = (size_t)key.len + 1;
	}
	for (uint32_t i = 0; i < key.len; i++)
		database->key[i] = str_lower(key.ptr[i]);
	database->key[key.len] = '\0';
	*dbt = (DBT){ .data = database->key, .size = key.len + 1 };
	return true;
}

enum answer
database_get(struct database *database, struct str key, struct str *value_r)
{
	DBT wanted, found = { .flags = 0 };
	int error;

	if (!database_set_key(database, key, &wanted))
		return ANSWER_FAILED;
	error = database->db->get(database->db, NULL, &wanted, &found, 0);
	if (error == DB_NOTFOUND)
		return ANSWER_NO;
	if (error != 0)
		return ANSWER_FAILED;
	*value_r = database_text(&found);
	return ANSWER_YES;
}

bool
database_walk(struct database *database,
    bool (*each)(void *arg, struct str key, struct str value), void *arg)
{
	DBT key = { .flags = 0 }, value = { .flags = 0 };
	DBC *cursor;
	int error = database->db->cursor(database->db, NULL, &cursor, 0);

	if (error != 0)
		return false;
	while ((error = cursor->get(cursor, &key, &value, DB_NEXT)) == 0)
		if (!each(arg, database_text(&key), database_text(&value)))
			break;
	cursor->close(cursor);
	return error == DB_NOTFOUND;
}

struct database *
database_create(const char *path, enum database_kind kind)
{
	return database_new(path, kind == DATABASE_HASH ? DB_HASH : DB_BTREE,
	    DB_CREATE | DB_TRUNCATE);
}

enum answer
database_put(struct database *database, struct str key, struct str value)
{
	char *text = malloc((size_t)value.len + 1);
	DBT at, put = { .data = text, .size = value.len + 1 };
	int error = ENOMEM;

	if (text != NULL && database_set_key(database, key, &at)) {
		memcpy(text, value.ptr, value.len);
		text[value.len] = '\0';
		error = database->db->put(database->db, NULL, &at, &put,
		    DB_NOOVERWRITE);
	}
	free(text);
	if (error == DB_KEYEXIST)
		return ANSWER_NO;
	if (error != 0)
		database_set_errno(error);
	return error == 0 ? ANSWER_YES : ANSWER_FAILED;
}

bool
database_finish(struct database *database)
{
	int error = database->db->sync(database->db, 0);
	int closing = database->db->close(database->db, 0);

	database->db = NULL;
	database_close(database);
	if (error == 0)
		error = closing;
	if (error != 0)
		database_set_errno(error);
	return error == 0;
}
