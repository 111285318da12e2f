/* Records of a log by their numbers, which have no holes in a log that is whole (libevtx). */
#include "readers/evtx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libevtx.h>

#include "evidence/event.h"
#include "readers/text_buffer.h"

struct log {
	libevtx_file_t *file;
	int count;
	uint64_t last; /* number of the record before; 0: none */
	struct text_buffer xml;
};

bool evtx_is(int fd)
{
	char bytes[sizeof EVTX_SIGNATURE];
	return pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
	       memcmp(bytes, EVTX_SIGNATURE, sizeof bytes) == 0;
}

/* In the words of the library, of which only the last line counts. */
static bool refuse(const char *path, libevtx_error_t *cause, struct error *error)
{
	char text[300] = "";
	if (libevtx_error_sprint(cause, text, sizeof text) < 0)
		*text = '\0';
	libevtx_error_free(&cause);
	return error_set(error, EXIT_USAGE, "%s: an event log (.evtx) that cannot be read%s%s",
	    path, *text ? ": " : "", text);
}

static bool open_log(struct log *log, const char *path, struct error *error)
{
	libevtx_error_t *cause = NULL;
	return (libevtx_file_initialize(&log->file, &cause) == 1 &&
	           libevtx_file_open(log->file, path, LIBEVTX_OPEN_READ, &cause) == 1 &&
	           libevtx_file_get_number_of_records(log->file, &log->count, &cause) == 1) ||
	       refuse(path, cause, error);
}

/* A line that is no event is left over, and what is concluded from events does not pass over it. */
static bool add_hole(struct log *log, const char *what, uint64_t first, uint64_t last)
{
	char line[120];
	const int length = snprintf(line, sizeof line,
	    "(records %" PRIu64 " to %" PRIu64 " of the log %s)\n", first, last, what);
	return buffer_add(&log->xml, line, (size_t)length);
}

/* Of others the time alone would count. An ID has its qualifiers in the upper half; 0: it is not known before the XML is. */
static bool is_wanted(const struct log *log, libevtx_record_t *record, int index)
{
	uint32_t id = 0;
	return index == 0 || index + 1 == log->count ||
	       libevtx_record_get_event_identifier(record, &id, NULL) != 1 || id == 0 ||
	       event_id_is_known(id & 0xffff);
}

static bool add_xml(struct log *log, libevtx_record_t *record, uint64_t number)
{
	size_t size = 0;
	char *xml = NULL;
	if (libevtx_record_get_utf8_xml_string_size(record, &size, NULL) != 1 || !size)
		return add_hole(log, "cannot be read", number, number);
	bool good = (xml = malloc(size));
	if (good && libevtx_record_get_utf8_xml_string(record, (uint8_t *)xml, size, NULL) != 1)
		good = add_hole(log, "cannot be read", number, number);
	else if (good)
		good = buffer_add(&log->xml, xml, strnlen(xml, size)) &&
		       buffer_add(&log->xml, "\n", 1);
	free(xml);
	return good;
}

static bool add_record(struct log *log, int index)
{
	libevtx_record_t *record = NULL;
	uint64_t number = log->last + 1;
	bool good = true;
	if (libevtx_file_get_record_by_index(log->file, index, &record, NULL) != 1)
		return add_hole(log, "cannot be read", number, number);
	libevtx_record_get_identifier(record, &number, NULL);
	/* A log that is full begins anew at its start, with higher numbers than those behind. */
	if (log->last && number > log->last + 1)
		good = add_hole(log, "are missing", log->last + 1, number - 1);
	log->last = number;
	if (good && is_wanted(log, record, index))
		good = add_xml(log, record, number);
	libevtx_record_free(&record, NULL);
	return good;
}

char *evtx_to_xml(const char *path, size_t *length, struct error *error)
{
	struct log log = {0};
	bool good = open_log(&log, path, error);
	if (good && log.count == 0)
		good =
		    error_set(error, EXIT_USAGE, "%s: an event log (.evtx) without events", path);
	for (int i = 0; good && i < log.count; i++)
		good = add_record(&log, i) || error_memory(error);
	if (log.file)
		libevtx_file_free(&log.file, NULL);
	if (good) {
		*length = log.xml.length;
		return log.xml.text;
	}
	free(log.xml.text);
	return NULL;
}
