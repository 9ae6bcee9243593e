/*
 * Sources of tables.
 */
#include "compiler/tablesrc.h"

static const struct {
	const char *name;
	enum tablesrc_kind kind;
} tablesrc_backends[] = {
	{ "file", TABLESRC_FILE },
	{ "static", TABLESRC_FILE },
	{ "db", TABLESRC_DB },
	{ "getpwnam", TABLESRC_GETPWNAM },
	{ "proc", TABLESRC_PROGRAM },

	/* Programs that are packaged somewhere. */
	{ "ldap", TABLESRC_PROGRAM },
	{ "mysql", TABLESRC_PROGRAM },
	{ "passwd", TABLESRC_PROGRAM },
	{ "postgres", TABLESRC_PROGRAM },
	{ "python", TABLESRC_PROGRAM },
	{ "redis", TABLESRC_PROGRAM },
	{ "socketmap", TABLESRC_PROGRAM },
	{ "sqlite", TABLESRC_PROGRAM },
	{ "stub", TABLESRC_PROGRAM },
};

enum {
	TABLESRC_BACKENDS = sizeof(tablesrc_backends) /
	    sizeof(tablesrc_backends[0])
};

const char *
tablesrc_backend_name(unsigned i)
{
	return i < TABLESRC_BACKENDS ? tablesrc_backends[i].name : NULL;
}

static enum tablesrc_kind
tablesrc_kind(struct str backend)
{
	for (unsigned i = 0; i < TABLESRC_BACKENDS; i++)
		if (str_is(backend, tablesrc_backends[i].name))
			return tablesrc_backends[i].kind;
	return TABLESRC_PROGRAM;
}

void
tablesrc_parse(const struct stmt *stmt, struct tablesrc *src_r)
{
	struct str text = word_str(stmt->value);
	const char *colon;

	*src_r = (struct tablesrc){
		.kind = TABLESRC_INLINE,
		.backend = { "", 0 },
		.config = { "", 0 },
	};
	if (stmt->list != NULL)
		return;
	src_r->kind = TABLESRC_PROGRAM;
	if (text.len == 0)
		return;
	src_r->config = text;
	src_r->has_config = true;
	if ((stmt->flags & STMT_OLD) && (stmt->flags & STMT_OLD_WORD) == 0) {
		/* "map NAME source db FILE": the value is the file. */
		src_r->kind = stmt->flags & STMT_OLD_PLAIN ? TABLESRC_FILE :
							     TABLESRC_DB;
		return;
	}
	if (str_has_prefix(text, "/")) {
		src_r->kind = TABLESRC_FILE;
		return;
	}
	colon = memchr(text.ptr, ':', text.len);
	src_r->has_config = colon != NULL;
	src_r->backend = text;
	if (colon != NULL)
		src_r->backend.len = (uint32_t)(colon - text.ptr);
	src_r->config = (struct str){
		.ptr = text.ptr + src_r->backend.len + src_r->has_config,
		.len = text.len - src_r->backend.len - src_r->has_config,
	};
	src_r->kind = tablesrc_kind(src_r->backend);
}
