/*
 * Carries out planned changes on disk: every new file is complete and
 * synced beside the old one before the first takes its place.
 */
#include "grammar/fix_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIX_TEMP_NAME ".smtpd-fix.XXXXXX"

/* A new file that waits for its name. */
struct fix_output {
	const char *path;      /* as written by the user */
	const char *real_path; /* absolute, no symbolic link */
	char *temp_path;       /* NULL: none, or renamed already */
};

/* Whether the descriptor still gives the text that was read. */
static int
fix_verify(int fd, const struct source_file *file)
{
	char buffer[16 * 1024];
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return FIX_EIO;
		}
		if ((size_t)n > file->len - at ||
		    memcmp(buffer, file->text + at, (size_t)n) != 0)
			return FIX_ECHANGED;
		at += (size_t)n;
	}
	return at == file->len ? FIX_OK : FIX_ECHANGED;
}

/* The text and the attributes of the file that is replaced. */
static int
fix_fill(int fd, const struct fix_change *change, const struct stat *old)
{
	for (size_t at = 0; at < change->len;) {
		ssize_t n = write(fd, change->text + at, change->len - at);

		if (n < 0 && errno != EINTR)
			return FIX_EIO;
		if (n > 0)
			at += (size_t)n;
	}
	/* The owner first: changing it clears the set-user-ID bit. */
	if (fchown(fd, old->st_uid, old->st_gid) != 0 ||
	    fchmod(fd, old->st_mode & 07777) != 0 || fsync(fd) != 0)
		return FIX_EIO;
	return FIX_OK;
}

static int
fix_write_temp(struct arena *arena, const struct fix_change *change,
    const struct stat *old, struct fix_output *output)
{
	size_t folder =
	    (size_t)(strrchr(output->real_path, '/') - output->real_path) + 1;
	char *path = arena_bytes(arena, folder + sizeof(FIX_TEMP_NAME));
	int fd, error;

	memcpy(path, output->real_path, folder);
	memcpy(path + folder, FIX_TEMP_NAME, sizeof(FIX_TEMP_NAME));
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return FIX_EIO;
	output->temp_path = path;
	error = fix_fill(fd, change, old);
	if (close(fd) != 0)
		error = FIX_EIO;
	return error;
}

static int
fix_prepare(struct arena *arena, const struct fix_change *change,
    struct fix_output *output)
{
	char *real_path = realpath(change->file->path, NULL);
	struct stat old;
	int fd, error;

	if (real_path == NULL)
		return FIX_EIO;
	output->real_path = arena_copy(arena, str_from(real_path)).ptr;
	free(real_path);
	fd = open(output->real_path,
	    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return FIX_EIO;
	error = fstat(fd, &old) == 0 ? FIX_OK : FIX_EIO;
	if (error == FIX_OK && !S_ISREG(old.st_mode))
		error = FIX_ECHANGED;
	if (error == FIX_OK)
		error = fix_verify(fd, change->file);
	close(fd);
	if (error == FIX_OK)
		error = fix_write_temp(arena, change, &old, output);
	return error;
}

static int
fix_sync_folder(struct arena *arena, const char *path)
{
	size_t folder = (size_t)(strrchr(path, '/') - path) + 1;
	struct str name = arena_copy(arena,
	    (struct str){ path, (uint32_t)folder });
	int fd = open(name.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return FIX_EIO;
	error = fsync(fd) == 0 ? FIX_OK : FIX_EIO;
	close(fd);
	return error;
}

static int
fix_replace(struct arena *arena, struct fix_output *output)
{
	if (rename(output->temp_path, output->real_path) != 0)
		return FIX_EIO;
	output->temp_path = NULL;
	return fix_sync_folder(arena, output->real_path);
}

static void
fix_discard(const struct fix_output *outputs, size_t count)
{
	int saved = errno;

	for (size_t i = 0; i < count; i++)
		if (outputs[i].temp_path != NULL)
			unlink(outputs[i].temp_path);
	errno = saved;
}

int
fix_apply(const struct diag_list *list, struct fix_result *result_r,
    const char **path_r)
{
	struct fix_plan plan;
	struct fix_change change;
	struct fix_output *outputs;
	size_t at = 0, count = 0;
	int error = FIX_OK;

	fix_plan_init(&plan, list, result_r);
	outputs = (struct fix_output *)arena_alloc(list->arena,
	    result_r->files * sizeof(*outputs));
	while (error == FIX_OK && fix_plan_next(&plan, &at, &change)) {
		outputs[count].path = *path_r = change.file->path;
		error = fix_prepare(list->arena, &change, &outputs[count++]);
	}
	for (size_t i = 0; error == FIX_OK && i < count; i++) {
		*path_r = outputs[i].path;
		error = fix_replace(list->arena, &outputs[i]);
	}
	if (error != FIX_OK)
		fix_discard(outputs, count);
	return error;
}
