/* Open descriptors are counted in /proc/self/fd. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int descriptors_at_start;

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	if (!directory)
		return -1;
	int count = 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

int unit_count_descriptors(void **state)
{
	(void)state;
	descriptors_at_start = count_descriptors();
	return 0;
}

int unit_check_descriptors(void **state)
{
	(void)state;
	int count = count_descriptors();
	if (count == descriptors_at_start)
		return 0;
	fprintf(stderr, "the test leaves %d descriptors open\n", count - descriptors_at_start);
	return -1;
}

void unit_assert_contains(const char *text, const char *part, const char *file, int line)
{
	if (text && strstr(text, part))
		return;
	print_error("\"%s\" does not contain \"%s\"\n", text ? text : "(NULL)", part);
	_fail(file, line);
}

char *unit_directory(void)
{
	const char *base = getenv("TMPDIR");
	char *name = NULL;
	assert_true(asprintf(&name, "%s/leaklab-unit-XXXXXX", base && *base ? base : "/tmp") > 0);
	assert_non_null(mkdtemp(name));
	return name;
}

void unit_remove_directory(char *directory)
{
	DIR *entries = opendir(directory);
	assert_non_null(entries);
	struct dirent *entry;
	while ((entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlink(unit_path(directory, entry->d_name));
	}
	closedir(entries);
	assert_int_equal(rmdir(directory), 0);
	free(directory);
}

const char *unit_path(const char *directory, const char *name)
{
	static char path[4096];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

void unit_write_file(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}
