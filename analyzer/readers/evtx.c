/* Records of a log by their numbers, which have no holes in a log that is whole (libevtx). */
#include "readers/evtx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libevtx.h>

#include "evidence/event.h"
#include "readers/event_list.h"
#include "readers/text_buffer.h"

struct place {
	uint64_t number; /* of the record in its log */
	int index;       /* in the file */
};

struct log {
	libevtx_file_t *file;
	int count;
	struct place *
	    places; /* of those that can be read, by number: a log that is full goes on at the file's start */
	int known;
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
	    EVENT_HOLE "%" PRIu64 " to %" PRIu64 " of the log %s)\n", first, last, what);
	return buffer_add(&log->xml, line, (size_t)length);
}

/* Of others the time alone would count. An ID has its qualifiers in the upper half; 0: it is not known before the XML is. */
static bool is_wanted(const struct log *log, libevtx_record_t *record, int at)
{
	uint32_t id = 0;
	return at == 0 || at + 1 == log->known ||
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

static int by_number(const void *a, const void *b)
{
	const struct place *left = a, *right = b;
	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return left->index - right->index;
}

static bool find_places(struct log *log)
{
	log->places = calloc((size_t)log->count + 1, sizeof *log->places);
	for (int i = 0; log->places && i < log->count; i++) {
		libevtx_record_t *record = NULL;
		struct place *place = &log->places[log->known];
		place->index = i;
		if (libevtx_file_get_record_by_index(log->file, i, &record, NULL) == 1 &&
		    libevtx_record_get_identifier(record, &place->number, NULL) == 1)
			log->known++;
		if (record)
			libevtx_record_free(&record, NULL);
	}
	if (log->known)
		qsort(log->places, (size_t)log->known, sizeof *log->places, by_number);
	return log->places;
}

static bool add_record(struct log *log, int at)
{
	const struct place *place = &log->places[at];
	libevtx_record_t *record = NULL;
	bool good = true;
	if (at && place->number > place[-1].number + 1)
		good = add_hole(log, "are missing", place[-1].number + 1, place->number - 1);
	if (libevtx_file_get_record_by_index(log->file, place->index, &record, NULL) != 1)
		return good && add_hole(log, "cannot be read", place->number, place->number);
	if (good && is_wanted(log, record, at))
		good = add_xml(log, record, place->number);
	libevtx_record_free(&record, NULL);
	return good;
}

char *evtx_to_xml(const char *path, size_t *length, struct error *error)
{
	struct log log = {0};
	bool good = open_log(&log, path, error);
	if (good)
		good = find_places(&log) || error_memory(error);
	if (good && log.known == 0)
		good =
		    error_set(error, EXIT_USAGE, "%s: an event log (.evtx) without events", path);
	for (int i = 0; good && i < log.known; i++)
		good = add_record(&log, i) || error_memory(error);
	free(log.places);
	if (log.file)
		libevtx_file_free(&log.file, NULL);
	if (good) {
		*length = log.xml.length;
		return log.xml.text;
	}
	free(log.xml.text);
	return NULL;
}
