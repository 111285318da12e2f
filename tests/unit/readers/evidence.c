#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
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

static const char *text_of(const char *text)
{
	return text ? text : "-";
}

static void add_number(FILE *out, int64_t number)
{
	if (number == NUMBER_UNKNOWN)
		fputs(" -", out);
	else
		fprintf(out, " %lld", (long long)number);
}

static void add_counter(FILE *out, const struct counter *counter)
{
	char time[TIMESTAMP_TEXT];
	for (size_t i = 0; i < counter->point_count; i++) {
		const struct counter_point *point = &counter->points[i];
		fprintf(out, "C %s %s", text_of(counter->object),
		    text_of(counter->pid == NUMBER_UNKNOWN ? counter->instance : counter->image));
		add_number(out, counter->pid);
		fprintf(out, " %s %.19s%s", text_of(counter->counter),
		    timestamp_format(counter_point_clock(point), time),
		    point->time == TIMESTAMP_UNKNOWN ? "" : "Z");
		add_number(out, point->value);
		fputc('\n', out);
	}
}

char *describe_evidence(const struct snapshot *snapshot)
{
	char *found = NULL;
	size_t size;
	char time[TIMESTAMP_TEXT];
	FILE *out = open_memstream(&found, &size);
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		fprintf(out, "S %lld %s %s %s %s\n", (long long)session->id, text_of(session->name),
		    text_of(session->domain), text_of(session->user), text_of(session->state));
	}
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		fprintf(out, "L %llx %s %s %s", (unsigned long long)logon->luid,
		    text_of(logon->domain), text_of(logon->user), text_of(logon->logon_type));
		add_number(out, logon->session_id);
		if (logon->logon_time != TIMESTAMP_UNKNOWN)
			fprintf(out, " %.19sZ\n", timestamp_format(logon->logon_time, time));
		else
			fprintf(out, " %s\n", text_of(logon->logon_time_text));
	}
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		fprintf(out, "P %lld %s", (long long)process->pid, text_of(process->image));
		add_number(out, process->handle_count);
		add_number(out, process->session_id);
		if (process->luid != LUID_UNKNOWN)
			fprintf(out, " of %llx", (unsigned long long)process->luid);
		fputc('\n', out);
	}
	for (size_t i = 0; i < snapshot->log_event_count; i++) {
		const struct log_event *event = &snapshot->log_events[i];
		if (event->number == NUMBER_UNKNOWN)
			continue; /* a gap, which is no fact */
		fprintf(out, "E %lld", (long long)event->number);
		add_number(out, event->session_id);
		fprintf(out, " %s %s", text_of(event->user), text_of(event->logged_text));
		add_number(out, event->logged);
		add_number(out, event->logged_local);
		add_number(
		    out, event->luid == LUID_UNKNOWN ? NUMBER_UNKNOWN : (int64_t)event->luid);
		fputc('\n', out);
	}
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		fprintf(out, "H %s %llx %s", text_of(handle->image), (long long)handle->value,
		    text_of(handle->type));
		add_number(out, handle->pid);
		if (handle->luid != LUID_UNKNOWN)
			fprintf(out, " of %llx", (unsigned long long)handle->luid);
		fputc('\n', out);
	}
	for (size_t i = 0; i < snapshot->counter_count; i++)
		add_counter(out, &snapshot->counters[i]);
	fclose(out);
	return found;
}

void assert_described(
    struct snapshot *snapshot, const char *text, int64_t left, char *found, const char *expected)
{
	if (strcmp(found, expected) != 0 || snapshot->rows_left != left)
		print_error("%s", text);
	assert_string_equal(found, expected);
	assert_int_equal(snapshot->rows_left, left);
	snapshot_destroy(snapshot);
	free(found);
}

void assert_facts(const char *text, int64_t left, const char *expected)
{
	struct snapshot *snapshot = read_evidence(text);
	assert_described(snapshot, text, left, describe_evidence(snapshot), expected);
}
