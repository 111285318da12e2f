#include "tests/unit/readers/evidence.h"

#include <string.h>

struct snapshot *read_bytes(const char *bytes, size_t length)
{
	struct error error = {0};
	struct snapshot *snapshot = evidence_read(bytes, length, "a.txt", NULL, &error);
	if (!snapshot)
		print_error("%s\n", error.text);
	assert_non_null(snapshot);
	return snapshot;
}

struct snapshot *read_evidence(const char *text)
{
	return read_bytes(text, strlen(text));
}

struct snapshot *read_rows(const char *text, int64_t rows)
{
	struct snapshot *snapshot = read_evidence(text);
	for (size_t i = 0; i < snapshot->unread_count; i++)
		print_error("unread: %s\n", snapshot->unread[i].text);
	assert_int_equal(snapshot->rows_left, 0);
	assert_int_equal(snapshot->rows, rows);
	return snapshot;
}
