/* A snapshot as tables. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "evidence/snapshot.h"
#include "leak/leak.h"

#define ROWS_MOST 500   /* of handles and of processes: people read no more */
#define UNREAD_MOST 200 /* characters of a line */

static void print_line(const char *label, const char *text, FILE *out)
{
	if (!text)
		return;
	fprintf(out, "%-14s ", label);
	text_print(out, text);
	fputc('\n', out);
}

static void print_time(const char *label, int64_t time, FILE *out)
{
	char text[TIMESTAMP_TEXT];
	if (time != TIMESTAMP_UNKNOWN)
		print_line(label, timestamp_format(time, text), out);
}

static void print_yes_no(const char *label, enum yes_no value, FILE *out)
{
	if (value != YES_NO_UNKNOWN)
		print_line(label, value == YES ? "yes" : "no", out);
}

static void print_number(int64_t number, int width, FILE *out)
{
	if (number == NUMBER_UNKNOWN)
		fprintf(out, "%*s ", width, "-");
	else
		fprintf(out, "%*" PRId64 " ", width, number);
}

static void print_text(const char *text, int width, FILE *out)
{
	text_print_column(out, text, width);
	fputc(' ', out);
}

static void show_sessions(const struct snapshot *snapshot, FILE *out)
{
	if (!snapshot->session_count)
		return;
	size_t listeners = 0;
	for (size_t i = 0; i < snapshot->session_count; i++)
		listeners += session_is_listener(&snapshot->sessions[i]);
	fprintf(out, "\nsessions: %zu", snapshot->session_count - listeners);
	if (listeners)
		fprintf(out, " (and listeners: %zu)", listeners);
	fprintf(out, "\n%6s %-16s %-20s %-16s %s\n", "id", "name", "user", "domain", "state");
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		print_number(session->id, 6, out);
		print_text(session->name, 16, out);
		print_text(session->user, 20, out);
		print_text(session->domain, 16, out);
		text_print(out, session->state);
		fputs(
		    session->temporary_profile == YES ? ", with a temporary profile\n" : "\n", out);
	}
}

static int by_id(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* Of a list of all sessions, the IDs below the newest that none of them has. */
static bool show_missing_ids(const struct snapshot *snapshot, FILE *out, struct error *error)
{
	size_t count = 0;
	if (!snapshot_whole(snapshot, SECTION_SESSIONS))
		return true;
	int64_t *ids = malloc((snapshot->session_count + 1) * sizeof *ids), last = 0;
	if (!ids)
		return error_memory(error);
	for (size_t i = 0; i < snapshot->session_count; i++) {
		if (!session_is_listener(&snapshot->sessions[i]))
			ids[count++] = snapshot->sessions[i].id;
	}
	if (count)
		qsort(ids, count, sizeof *ids, by_id);
	bool any = false;
	for (size_t i = 0; i<count; last = ids[i]> last ? ids[i] : last, i++) {
		if (ids[i] <= last + 1)
			continue;
		fprintf(out,
		    any ? ", " : "IDs below %" PRId64 " that no session has: ", ids[count - 1]);
		fprintf(out, ids[i] - 1 > last + 1 ? "%" PRId64 " to %" PRId64 : "%" PRId64,
		    last + 1, ids[i] - 1);
		any = true;
	}
	free(ids);
	if (any)
		fputs("\n", out);
	if (any)
		text_print_wrapped(out, "",
		    "Their sessions have ended; whether something keeps the IDs, one list does not show. A healthy host gives "
		    "the lowest free ID to the next logon: if a list that is " RELEASE_TIME_WORDS
		    " younger has a new session above them, they are kept (leaklab compare).");
	return true;
}

static void show_totals(const struct snapshot *snapshot, FILE *out)
{
	if (snapshot->sessions_created == NUMBER_UNKNOWN)
		return;
	fputs("sessions made since the host started: ", out);
	print_number(snapshot->sessions_created, 0, out);
	fputs("disconnected: ", out);
	print_number(snapshot->sessions_disconnected, 0, out);
	fputs("reconnected: ", out);
	print_number(snapshot->sessions_reconnected, 0, out);
	fputs("\n", out);
}

static void show_logon_sessions(const struct snapshot *snapshot, FILE *out)
{
	char text[TIMESTAMP_TEXT];
	if (!snapshot->logon_session_count)
		return;
	fprintf(out, "\nlogon sessions: %zu\n%-17s %-16s %7s %-18s %s\n",
	    snapshot->logon_session_count, "LUID", "user", "session", "type", "logon time");
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		char luid[LUID_TEXT];
		print_text(luid_format(logon->luid, luid), 17, out);
		print_text(logon->user, 16, out);
		print_number(logon->session_id, 7, out);
		print_text(logon->logon_type, 18, out);
		if (logon->logon_time == TIMESTAMP_UNKNOWN && logon->logon_time_text)
			text_print(out, logon->logon_time_text);
		else
			fprintf(out, "%.19s", timestamp_format(logon->logon_time, text));
		fputc('\n', out);
	}
}

static void print_rest(size_t count, FILE *out)
{
	if (count > ROWS_MOST)
		fprintf(out, "and %zu more (--format json has all)\n", count - ROWS_MOST);
}

static void show_handles(const struct snapshot *snapshot, FILE *out)
{
	if (!snapshot->handle_count)
		return;
	fprintf(out, "\nhandles: %zu\n%7s %-20s %8s %-10s %-17s %s\n", snapshot->handle_count,
	    "process", "image", "handle", "type", "LUID", "user");
	for (size_t i = 0; i < snapshot->handle_count && i < ROWS_MOST; i++) {
		const struct handle *handle = &snapshot->handles[i];
		char luid[LUID_TEXT];
		print_number(handle->pid, 7, out);
		print_text(handle->image, 20, out);
		if (handle->value == NUMBER_UNKNOWN)
			print_number(handle->value, 8, out);
		else
			fprintf(out, "%8" PRIX64 " ", (uint64_t)handle->value);
		print_text(handle->type, 10, out);
		print_text(
		    handle->luid != LUID_UNKNOWN ? luid_format(handle->luid, luid) : NULL, 17, out);
		text_print(out, handle->user);
		fputc('\n', out);
	}
	print_rest(snapshot->handle_count, out);
}

static void show_processes(const struct snapshot *snapshot, FILE *out)
{
	if (!snapshot->process_count)
		return;
	fprintf(out, "\nprocesses: %zu\n%7s %-28s %7s %8s %8s %s\n", snapshot->process_count,
	    "process", "image", "session", "handles", "listed", "user");
	for (size_t i = 0; i < snapshot->process_count && i < ROWS_MOST; i++) {
		const struct process *process = &snapshot->processes[i];
		print_number(process->pid, 7, out);
		print_text(process->image, 28, out);
		print_number(process->session_id, 7, out);
		print_number(process->handle_count, 8, out);
		print_number(process->handles_listed, 8, out);
		text_print(out, process->user);
		fputc('\n', out);
	}
	print_rest(snapshot->process_count, out);
}

/* How much of each section was seen, and of what else something was not. */
static void show_sight(const struct snapshot *snapshot, FILE *out)
{
	if (snapshot->sight_count)
		fprintf(out, "\nsight\n");
	for (size_t i = 0; i < snapshot->sight_count; i++) {
		const struct sight *sight = &snapshot->sights[i];
		fputs("  ", out);
		text_print(out, sight->section);
		fprintf(out, ": %s", sight->extent ? extent_words[sight->extent] : "unknown");
		if (sight->why) {
			fputs(": ", out);
			text_print(out, sight->why);
		}
		if (sight->line != NUMBER_UNKNOWN) {
			fputs(" (", out);
			text_print(out, sight->origin);
			fprintf(out, ":%" PRId64 ")", sight->line);
		}
		fputc('\n', out);
	}
}

static void show_handle_types(const struct snapshot *snapshot, FILE *out)
{
	if (snapshot->handle_type_count)
		fprintf(out, "\nhandles by type\n");
	for (size_t i = 0; i < snapshot->handle_type_count; i++) {
		print_text(snapshot->handle_types[i].type, 28, out);
		print_number(snapshot->handle_types[i].count, 8, out);
		fputc('\n', out);
	}
}

/* What is wrong with the evidence: contradictions, and lines that nothing could be made of. */
static void show_problems(const struct snapshot *snapshot, FILE *out)
{
	if (snapshot->note_count)
		fprintf(out, "\nwhat else it tells\n");
	for (size_t i = 0; i < snapshot->note_count; i++)
		text_print_wrapped(out, "  ", snapshot->notes[i].text);
	if (snapshot->contradiction_total)
		fprintf(out, "\ncontradictions: %" PRId64 "\n", snapshot->contradiction_total);
	for (size_t i = 0; i < snapshot->contradiction_count; i++)
		text_print_wrapped(out, "  ", snapshot->contradictions[i].text);
	if (snapshot->replaced)
		fprintf(out, "\nbytes in no known code page, shown as U+FFFD: %" PRId64 "\n",
		    snapshot->replaced);
	if (!snapshot->rows)
		return;
	fprintf(out,
	    "\nlines with data: %" PRId64 ", understood: %" PRId64 ", not understood: %" PRId64
	    "\n",
	    snapshot->rows, snapshot->rows - snapshot->rows_left, snapshot->rows_left);
	for (size_t i = 0; i < snapshot->unread_count; i++) {
		const struct unread *unread = &snapshot->unread[i];
		fputs("  ", out);
		if (unread->origin)
			text_print(out, unread->origin);
		if (unread->line)
			fprintf(out, ":%" PRId64 ": ", unread->line);
		text_print_start(out, unread->text, UNREAD_MOST);
		fputc('\n', out);
	}
	if (snapshot->rows_left > (int64_t)snapshot->unread_count)
		fprintf(out, "  and %" PRId64 " more\n",
		    snapshot->rows_left - (int64_t)snapshot->unread_count);
}

bool show_snapshot(const struct snapshot *snapshot, const char *format_name,
    const struct leak_terms *terms, FILE *out, struct error *error)
{
	print_line("format", format_name, out);
	print_line("source", snapshot->source, out);
	print_line("host", snapshot->host, out);
	print_line("build", snapshot->build, out);
	print_time("boot time", snapshot->boot_time, out);
	print_time("time", snapshot->time, out);
	print_yes_no("elevated", snapshot->elevated, out);
	print_yes_no("leak tracking", snapshot->leak_tracking, out);
	if (snapshot->release_time != NUMBER_UNKNOWN)
		fprintf(out, "%-14s %" PRId64 " s\n", "release time", snapshot->release_time);
	if (snapshot->token_objects != NUMBER_UNKNOWN) {
		fprintf(out, "%-14s %" PRId64, "token objects", snapshot->token_objects);
		if (snapshot->token_objects_accounted != NUMBER_UNKNOWN)
			fprintf(out, ", %" PRId64 " of them with a holder in sight",
			    snapshot->token_objects_accounted);
		fputc('\n', out);
	}
	show_sessions(snapshot, out);
	show_totals(snapshot, out);
	if (!show_missing_ids(snapshot, out, error))
		return false;
	show_logon_sessions(snapshot, out);
	if (!show_holders(snapshot, out, error))
		return false;
	show_handles(snapshot, out);
	show_handle_types(snapshot, out);
	show_processes(snapshot, out);
	show_counters(snapshot, out);
	if (!show_events(snapshot, terms, out, error))
		return false;
	show_sight(snapshot, out);
	show_problems(snapshot, out);
	return true;
}
