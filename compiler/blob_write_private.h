/*
 * Shared between the files that write a blob: blob_write.c, which owns the
 * sections and writes all that the registry describes, blob_write_tables.c,
 * blob_write_wild.c, blob_write_classes.c, blob_write_forest.c and, at the
 * end, blob_write_image.c.
 */
#ifndef COMPILER_BLOB_WRITE_PRIVATE_H
#define COMPILER_BLOB_WRITE_PRIVATE_H

#include "compiler/blob_write.h"
#include "compiler/dump_redact.h"
#include "compiler/space.h"
#include "runtime/ruleset/blob_private.h"

struct blob_bytes {
	unsigned char *data; /* from malloc */
	size_t size;
	size_t room;
};

struct blob_writer {
	struct bind *bind;
	const struct ir *ir;
	struct arena *arena;
	struct dump_redact redact; /* knows what is secret */
	struct blob_bytes sections[BLOB_SECTIONS];
	uint32_t counts[BLOB_SECTIONS];
	struct strmap texts[2]; /* public, secret: to their place */
	struct strmap preds;    /* by record: to their number, from 1 */
	struct strmap files;    /* by path, the same */
	size_t folder;          /* bytes of the main file's folder */
	const char *main_path;
	const char *why; /* what cannot be written, or NULL */
};

static inline void
blob_set16(unsigned char *at, uint32_t number)
{
	at[0] = (unsigned char)number;
	at[1] = (unsigned char)(number >> 8);
}

static inline void
blob_set32(unsigned char *at, uint32_t number)
{
	blob_set16(at, number);
	blob_set16(at + 2, number >> 16);
}

void blob_put32(struct blob_writer *writer, enum blob_section_id id,
    uint32_t number);
void blob_put_bytes(struct blob_writer *writer, enum blob_section_id id,
    const void *bytes, size_t size);

/* Ends a record; returns its number. */
uint32_t blob_put_record(struct blob_writer *writer, enum blob_section_id id);

/* One of the registry's, from its struct. */
uint32_t blob_write_record(struct blob_writer *writer, enum blob_section_id id,
    const void *record);

/* A reference to a text, which must live as long as the writer. */
uint32_t blob_write_text(struct blob_writer *writer, struct str text,
    bool is_secret);
uint32_t blob_write_pred(struct blob_writer *writer,
    const struct ruleset_pred *pred);

/*
 * Slots for so many texts, all empty; and where a text belongs among them,
 * the way that the reader looks for it. Two numbers each.
 */
struct blob_slots {
	uint32_t *slots; /* from malloc */
	uint32_t count;
};

struct blob_slots blob_slots_new(uint32_t texts);
uint32_t *blob_slots_put(struct blob_slots *slots, struct str text,
    unsigned used);
struct blob_range blob_write_slots(struct blob_writer *writer,
    enum blob_section_id id, struct blob_slots *slots);

/*
 * The patterns of a table as domains, or as mail addresses: those with a star
 * where it is one, and that no hash finds.
 */
struct blob_range blob_write_wild(struct blob_writer *writer,
    const struct table *table, bool is_mail);
bool blob_is_wild_mail(struct str key);

/* Where an interval begins. Of those before it the last may be replaced. */
struct blob_net {
	struct netaddr first;
	uint32_t answer;
};

/* Ascending; those that answer like the one before are left out. */
void blob_write_nets(struct blob_writer *writer, const struct blob_net *nets,
    uint32_t count, struct blob_range *nets4_r, struct blob_range *nets6_r);

void blob_write_tables(struct blob_writer *writer);
void blob_write_level(struct blob_writer *writer, const struct space *space,
    enum space_level level);
void blob_write_forest(struct blob_writer *writer);

/* Of all that was written, unless it is too large. */
void blob_image_make(struct blob_writer *writer, struct blob_image *image_r);

/* Zeroed; never NULL. */
void *blob_write_alloc(size_t size);

#endif
