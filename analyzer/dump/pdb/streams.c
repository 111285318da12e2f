/* What the file is: a container that is understood, one in a cabinet, or something that looks like a PDB and is none. The file is mapped. */
#include "dump/pdb/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump/pdb/cabinet.h"
#include "dump/pdb/container.h"
#include "dump/signature.h"

struct streams {
	const struct container *container;
	void *state; /* the container's */
	const uint8_t *map;
	size_t size;
	uint8_t *unpacked; /* NULL: the file is no cabinet */
};

static const struct signature others[] = {
    SIGNATURE("BSJB", "a portable PDB (.NET), which describes no kernel"),
    SIGNATURE("Microsoft C/C++ program database 2.00",
        "a PDB of Visual C++ 6 or before (2.00), which is "
        "not understood; Windows x64 has none of these"),
    SIGNATURE("MZ", "an image, not a PDB; the file wanted has the name .pdb"),
    SIGNATURE("PAGEDU", "a memory dump, not a PDB"),
    SIGNATURE("<!DOCTYPE", "a web page, not a PDB; the server answered with an error page"),
    SIGNATURE("<html", "a web page, not a PDB; the server answered with an error page"),
};

static bool starts_with(struct span file, const char *bytes, size_t length)
{
	return file.length >= length && memcmp(file.bytes, bytes, length) == 0;
}

static bool open_container(struct streams *streams, struct span file, struct error *error)
{
	static const struct container *const containers[] = {&container_msf, &container_msfz};
	if (file.length == 0)
		return error_set(error, EXIT_USAGE, "empty" CONTAINER_DAMAGED);
	for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++) {
		if (!starts_with(file, containers[i]->magic, strlen(containers[i]->magic)))
			continue;
		streams->container = containers[i];
		streams->state = containers[i]->open(file, error);
		return streams->state;
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (starts_with(file, others[i].bytes, others[i].length))
			return error_set(error, EXIT_USAGE, "%s", others[i].what);
	}
	return error_set(
	    error, EXIT_USAGE, "not a PDB: it does not start with \"Microsoft C/C++ MSF 7.00\"");
}

static bool map_file(struct streams *streams, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0) {
		error_set(error, EXIT_USAGE, "%s", strerror(errno));
		goto fail;
	}
	if (!S_ISREG(status.st_mode)) {
		error_set(error, EXIT_USAGE, "not a file");
		goto fail;
	}
	if (status.st_size > 0) {
		void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED) {
			error_set(error, EXIT_TARGET, "%s", strerror(errno));
			goto fail;
		}
		streams->map = map;
		streams->size = (size_t)status.st_size;
	}
	close(fd);
	return true;
fail:
	if (fd >= 0)
		close(fd);
	return false;
}

struct streams *streams_open(const char *path, struct error *error)
{
	struct streams *streams = calloc(1, sizeof *streams);
	if (!streams) {
		error_memory(error);
		return NULL;
	}
	bool good = map_file(streams, path, error);
	struct span file = {streams->map, streams->size};
	if (good && starts_with(file, CABINET_MAGIC, sizeof CABINET_MAGIC - 1)) {
		good = cabinet_unpack(file, &streams->unpacked, &file.length, error);
		file.bytes = streams->unpacked;
	}
	if (good && open_container(streams, file, error))
		return streams;
	streams_close(streams);
	return NULL;
}

void streams_close(struct streams *streams)
{
	if (!streams)
		return;
	if (streams->state)
		streams->container->close(streams->state);
	free(streams->unpacked);
	if (streams->map)
		munmap((void *)(uintptr_t)streams->map, streams->size);
	free(streams);
}

bool streams_get(struct streams *streams, uint32_t index, struct span *out, struct error *error)
{
	static const uint8_t nothing[1];
	struct span stream;
	if (!streams->container->stream(streams->state, index, &stream, error))
		return false;
	*out = stream.length ? stream : (struct span){.bytes = nothing};
	return true;
}
