/* Knows the folder of a serving lab host. */
#include "labhost/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labhost/memory.h"

static char *join(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static char *make_fresh(struct error *error)
{
	const char *parent = getenv("LEAKLAB_STAGE");

	if (!parent || !*parent)
		parent = getenv("TMPDIR");
	if (!parent || !*parent)
		parent = "/tmp";
	char *path = join(parent, "labhost.XXXXXX");
	if (mkdtemp(path)) /* with mode 0700 */
		return path;
	error_set(error, EXIT_TARGET, "making a folder in %s: %s; choose another with --dir",
	    parent, strerror(errno));
	free(path);
	return NULL;
}

static bool make_private(const char *path, struct error *error)
{
	struct stat status;

	if (mkdir(path, 0700) == 0)
		return true;
	if (errno != EEXIST || lstat(path, &status) != 0)
		return error_set(error, EXIT_USAGE, "--dir %s: %s", path, strerror(errno));
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid())
		return error_set(error, EXIT_USAGE,
		    "--dir %s: not a folder of this user's; passwords will lie in it", path);
	if (chmod(path, 0700) != 0)
		return error_set(
		    error, EXIT_TARGET, "--dir %s: making it private: %s", path, strerror(errno));
	return true;
}

/* False if whoever had the lock has removed its file meanwhile. */
static bool is_in_place(const struct stage *stage)
{
	struct stat held, there;

	return fstat(stage->lock_fd, &held) == 0 && stat(stage->lock, &there) == 0 &&
	       held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

/* A lock of fcntl()'s, which says who has it and ends with its process. */
static bool lock(struct stage *stage, struct error *error)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	for (;;) {
		stage->lock_fd = open(stage->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (stage->lock_fd < 0)
			return error_set(
			    error, EXIT_TARGET, "%s: %s", stage->lock, strerror(errno));
		if (fcntl(stage->lock_fd, F_SETLK, &whole) != 0)
			break;
		if (is_in_place(stage))
			return true;
		close(stage->lock_fd);
	}
	if (fcntl(stage->lock_fd, F_GETLK, &whole) != 0 || whole.l_type == F_UNLCK)
		whole.l_pid = 0;
	return error_set(error, EXIT_USAGE,
	    "--dir %s: another lab host, process %d, uses this folder: give each one of its own, or end that one",
	    stage->path, (int)whole.l_pid);
}

/* Whoever fails to get the folder leaves what is in it alone. */
static void forget(struct stage *stage)
{
	char *const texts[] = {stage->control, stage->accounts, stage->certificate, stage->key,
	    stage->lock, stage->path};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	if (stage->lock_fd >= 0)
		close(stage->lock_fd);
	*stage = (struct stage){.lock_fd = -1};
}

bool stage_init(struct stage *stage, const char *path, struct error *error)
{
	char *made = NULL;

	if (path && !make_private(path, error))
		return false;
	if (!path && !(made = make_fresh(error)))
		return false;
	char *absolute = realpath(path ? path : made, NULL);
	free(made);
	if (!absolute)
		return error_set(
		    error, EXIT_TARGET, "--dir %s: %s", path ? path : "", strerror(errno));
	*stage = (struct stage){
	    .path = absolute,
	    .control = join(absolute, "control.sock"),
	    .accounts = join(absolute, "accounts.csv"),
	    .certificate = join(absolute, "cert.pem"),
	    .key = join(absolute, "key.pem"),
	    .lock = join(absolute, "lock"),
	    .lock_fd = -1,
	    .fresh = path == NULL,
	};
	if (lock(stage, error))
		return true;
	forget(stage);
	return false;
}

void stage_deinit(struct stage *stage)
{
	char *const files[] = {
	    stage->control, stage->accounts, stage->certificate, stage->key, stage->lock};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	if (stage->fresh)
		rmdir(stage->path);
	forget(stage);
}
