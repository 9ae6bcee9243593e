/*
 * The files that a config names: certificates and keys of pki, bundles of
 * ca, table files and databases. Whether they are there, may be trusted and
 * hold what they should. Never shows what is in a key.
 */
#include "compiler/check.h"

#include <errno.h>
#include <unistd.h>

#include "compiler/certs.h"
#include "compiler/check_expiry.h"
#include "compiler/check_facts.h"
#include "compiler/tablesrc.h"
#include "compiler/words.h"

/* A file as whatever it is used as, each loaded once. */
struct check_files_pem {
	bool has_chain;
	bool has_key;
	bool has_ca;
	enum certs_status chain_status;
	enum certs_status key_status;
	enum certs_status ca_status;
	struct certs_chain chain;
	struct certs_key key;
	struct certs_ca ca;
	struct check_files_pem *next;
};

/* All statements of one pki, of which the last attributes count. */
struct check_files_pki {
	const struct clause *cert;
	const struct clause *key;
	struct check_files_pki *next;
};

struct check_files {
	struct compilation *comp;
	struct diag_list *diags;
	time_t now;

	struct strmap pem_by_path; /* to struct check_files_pem */
	struct check_files_pem *pems;

	struct strmap pki_by_name; /* to struct check_files_pki */
	struct check_files_pki *pkis;
	struct check_files_pki **pki_tail;

	struct strmap ca_by_name; /* to the last struct stmt */
};

/* bad is the check for a path that is there, but no file to read. */
static void
check_files_report(struct check_files *cf, struct srcpos pos, struct str path,
    int error, enum check_id bad)
{
	const char *text = rootdir_error_text(error);

	switch (-error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		diag_report(cf->diags, CHECK_MISSING_FILE, pos, "'%.*s': %s",
		    STR_ARG(path), text);
		break;
	case EISDIR:
	case EINVAL:
		diag_report(cf->diags, bad, pos, "'%.*s': %s", STR_ARG(path),
		    text);
		break;
	default:
		diag_report(cf->diags, CHECK_UNREADABLE_FILE, pos,
		    "'%.*s' is left unchecked: %s", STR_ARG(path), text);
		break;
	}
}

/* NULL, and reported, where it cannot be read or trusted. */
static struct files_file *
check_files_read_pem(struct check_files *cf, struct word word,
    enum certs_file kind)
{
	struct compilation *comp = cf->comp;
	struct files_file *file = files_read(&comp->files, word_str(word),
	    CERTS_SIZE_MAX);
	enum certs_status status;

	if (file->error != 0) {
		check_files_report(cf, word.pos, word_str(word), file->error,
		    CHECK_BAD_CERTIFICATE);
		return NULL;
	}
	status = certs_check_mode(kind, file->text.mode,
	    rootdir_owner_is_trusted(&comp->root, file->text.uid));
	if (status != CERTS_OK)
		diag_report(cf->diags, CHECK_INSECURE_FILE, word.pos,
		    "'%.*s': %s", WORD_ARG(word), certs_status_text(status));
	return file;
}

static bool
check_files_is_loaded(struct check_files *cf, struct word word,
    enum certs_status status)
{
	if (status != CERTS_OK)
		diag_report(cf->diags, CHECK_BAD_CERTIFICATE, word.pos,
		    "'%.*s': %s", WORD_ARG(word), certs_status_text(status));
	return status == CERTS_OK;
}

static struct check_files_pem *
check_files_pem(struct check_files *cf, struct word word)
{
	void **slot = strmap_put(&cf->pem_by_path, word_str(word));
	struct check_files_pem *pem = *slot;

	if (pem == NULL) {
		pem = ARENA_NEW(cf->diags->arena, struct check_files_pem);
		pem->next = cf->pems;
		cf->pems = pem;
		*slot = pem;
	}
	return pem;
}

/* NULL, and reported, where the file holds no certificate that loads. */
static const struct certs_chain *
check_files_chain(struct check_files *cf, const struct clause *clause)
{
	struct files_file *file;
	struct check_files_pem *pem;

	if (clause == NULL)
		return NULL;
	file = check_files_read_pem(cf, clause->arg, CERTS_FILE_CERTIFICATE);
	if (file == NULL)
		return NULL;
	pem = check_files_pem(cf, clause->arg);
	if (!pem->has_chain)
		pem->chain_status = certs_load_chain(files_text(file),
		    &pem->chain);
	pem->has_chain = true;
	if (!check_files_is_loaded(cf, clause->arg, pem->chain_status))
		return NULL;
	check_expiry(cf->diags, clause->arg, pem->chain.not_after, cf->now);
	return &pem->chain;
}

static const struct certs_key *
check_files_key(struct check_files *cf, const struct clause *clause)
{
	struct files_file *file;
	struct check_files_pem *pem;

	if (clause == NULL)
		return NULL;
	file = check_files_read_pem(cf, clause->arg, CERTS_FILE_KEY);
	if (file == NULL)
		return NULL;
	pem = check_files_pem(cf, clause->arg);
	if (!pem->has_key)
		pem->key_status = certs_load_key(files_text(file), &pem->key);
	pem->has_key = true;
	return check_files_is_loaded(cf, clause->arg, pem->key_status) ?
	    &pem->key :
	    NULL;
}

static void
check_files_check_pki(struct check_files *cf, const struct check_files_pki *pki)
{
	const struct certs_chain *chain = check_files_chain(cf, pki->cert);
	const struct certs_key *key = check_files_key(cf, pki->key);
	struct diag *diag;

	if (chain == NULL || key == NULL ||
	    certs_check_pair(chain, key) != CERTS_MISMATCH)
		return;
	diag = diag_report(cf->diags, CHECK_KEY_MISMATCH, pki->key->arg.pos,
	    "'%.*s': the key does not belong to the certificate",
	    WORD_ARG(pki->key->arg));
	diag_note(cf->diags, diag, pki->cert->arg.pos,
	    "the certificate is here");
}

static void
check_files_add_pki(struct check_files *cf, const struct stmt *stmt)
{
	void **slot = strmap_put(&cf->pki_by_name,
	    words_lower(cf->diags->arena, word_str(stmt->name)));
	struct check_files_pki *pki = *slot;

	if (pki == NULL) {
		pki = ARENA_NEW(cf->diags->arena, struct check_files_pki);
		*cf->pki_tail = pki;
		cf->pki_tail = &pki->next;
		*slot = pki;
	}
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind == CLAUSE_CERT)
			pki->cert = c;
		else if (c->kind == CLAUSE_KEY)
			pki->key = c;
	}
}

static void
check_files_check_ca(struct check_files *cf, const struct stmt *stmt)
{
	const struct clause *cert = stmt_clause(stmt, CLAUSE_CERT);
	struct files_file *file;
	struct check_files_pem *pem;

	file = check_files_read_pem(cf, cert->arg, CERTS_FILE_CA);
	if (file == NULL)
		return;
	pem = check_files_pem(cf, cert->arg);
	if (!pem->has_ca)
		pem->ca_status = certs_load_ca(files_text(file), &pem->ca);
	pem->has_ca = true;
	if (check_files_is_loaded(cf, cert->arg, pem->ca_status))
		check_expiry(cf->diags, cert->arg, pem->ca.not_after, cf->now);
}

/* A later ca of the same name replaces it. */
static void **
check_files_last_ca(struct check_files *cf, const struct stmt *stmt)
{
	return strmap_put(&cf->ca_by_name,
	    words_lower(cf->diags->arena, word_str(stmt->name)));
}

/* ":include:" and ":error:" of aliases; no other value begins so. */
static bool
check_files_is_stray_colon(struct str value)
{
	static const char *const words[] = { ":include:", ":error:" };
	struct str begin;

	if (!str_has_prefix(value, ":"))
		return false;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		begin = value;
		if (begin.len > strlen(words[i]))
			begin.len = (uint32_t)strlen(words[i]);
		if (str_eq_nocase(begin, str_from(words[i])))
			return false;
	}
	return true;
}

/* What is wrong with an entry, or NULL; how the daemon takes it. */
static const char *
check_files_judge(struct check_files *cf, const struct tablefile_entry *entry,
    struct strmap *seen, enum diag_severity *severity_r)
{
	void **slot;
	uintptr_t line;

	*severity_r = DIAG_WARNING;
	if (entry->error == TABLEFILE_NO_VALUE ||
	    entry->error == TABLEFILE_NO_BRACKET)
		*severity_r = DIAG_ERROR;
	if (entry->error != TABLEFILE_OK)
		return tablefile_error_text(entry->error);
	if (entry->value.len == 0)
		return NULL;
	if (check_files_is_stray_colon(entry->value))
		return "the value begins with ':'";
	slot = strmap_put(seen, words_lower(cf->diags->arena, entry->key));
	line = (uintptr_t)*slot;
	*slot = (void *)(uintptr_t)entry->line;
	if (line == 0)
		return NULL;
	return arena_printf(cf->diags->arena,
	    "the key is also in line %u, whose value is dropped",
	    (unsigned)line);
}

static void
check_files_check_entries(struct check_files *cf, const struct stmt *stmt,
    struct str path, struct files_file *file)
{
	struct srcpos pos = words_part(cf->diags->map, stmt->value, path);
	struct tablefile table;
	struct tablefile_entry entry;
	enum diag_severity severity;
	struct strmap seen;
	const char *text;
	unsigned count = 0;

	strmap_init(&seen, cf->diags->arena);
	files_open_table(file, cf->comp->tree->target.version, &table);
	while (count < CHECK_FACTS_LINES_MAX &&
	    tablefile_next(&table, &entry)) {
		text = check_files_judge(cf, &entry, &seen, &severity);
		if (text == NULL)
			continue;
		count++;
		diag_add(cf->diags, CHECK_BAD_TABLE_FILE, severity, pos,
		    "%.*s:%u: %s", STR_ARG(path), entry.line, text);
	}
}

/* A database is only looked for; what makemap made is not judged. */
static int
check_files_probe(struct check_files *cf, struct str path)
{
	const char *name = arena_copy(cf->diags->arena, path).ptr;
	struct stat st;
	int fd = rootdir_open_file(&cf->comp->root, name, &st);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void
check_files_check_table(struct check_files *cf, const struct stmt *stmt)
{
	struct files_file *file;
	struct tablesrc src;
	int error = 0;

	tablesrc_parse(stmt, &src);
	if (!str_has_prefix(src.config, "/"))
		return;
	if (src.kind == TABLESRC_DB)
		error = check_files_probe(cf, src.config);
	else if (src.kind == TABLESRC_FILE) {
		file = files_read(&cf->comp->files, src.config, FILES_SIZE_MAX);
		error = file->error;
		if (error == 0 && !file->is_checked)
			check_files_check_entries(cf, stmt, src.config, file);
		file->is_checked = true;
	}
	if (error != 0)
		check_files_report(cf,
		    words_part(cf->diags->map, stmt->value, src.config),
		    src.config, error, CHECK_BAD_TABLE_FILE);
}

static void
check_files_fini(struct check_files *cf)
{
	for (struct check_files_pem *p = cf->pems; p != NULL; p = p->next) {
		if (p->has_chain && p->chain_status == CERTS_OK)
			certs_chain_fini(&p->chain);
		if (p->has_key && p->key_status == CERTS_OK)
			certs_key_fini(&p->key);
	}
}

void
check_files(struct compilation *comp)
{
	struct check_files cf = {
		.comp = comp,
		.diags = &comp->diags,
		.now = check_expiry_now(),
	};

	cf.pki_tail = &cf.pkis;
	strmap_init(&cf.pem_by_path, &comp->arena);
	strmap_init(&cf.pki_by_name, &comp->arena);
	strmap_init(&cf.ca_by_name, &comp->arena);
	for (struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other) {
		if (s->kind == STMT_TABLE)
			check_files_check_table(&cf, s);
		else if (s->kind == STMT_CA)
			*check_files_last_ca(&cf, s) = s;
		else if (s->kind == STMT_PKI)
			check_files_add_pki(&cf, s);
	}
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other)
		if (s->kind == STMT_CA && *check_files_last_ca(&cf, s) == s)
			check_files_check_ca(&cf, s);
	for (const struct check_files_pki *p = cf.pkis; p != NULL; p = p->next)
		check_files_check_pki(&cf, p);
	check_files_fini(&cf);
}
