/* A snapshot as tables. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/text.h"
#include "evidence/snapshot.h"

#define ROWS_MOST 500   /* of handles and of processes: people read no more */
#define UNREAD_MOST 200 /* characters of a line */

static void print_line(const char *label, const char *text)
{
	if (!text)
		return;
	printf("%-14s ", label);
	text_print(stdout, text);
	putchar('\n');
}

static void print_time(const char *label, int64_t time)
{
	char text[TIMESTAMP_TEXT];
	if (time != TIMESTAMP_UNKNOWN)
		print_line(label, timestamp_format(time, text));
}

static void print_yes_no(const char *label, enum yes_no value)
{
	if (value != YES_NO_UNKNOWN)
		print_line(label, value == YES ? "yes" : "no");
}

static void print_number(int64_t number, int width)
{
	if (number == NUMBER_UNKNOWN)
		printf("%*s ", width, "-");
	else
		printf("%*" PRId64 " ", width, number);
}

static void print_text(const char *text, int width)
{
	text_print_column(stdout, text, width);
	putchar(' ');
}

static void show_sessions(const struct snapshot *snapshot)
{
	if (!snapshot->session_count)
		return;
	size_t listeners = 0;
	for (size_t i = 0; i < snapshot->session_count; i++)
		listeners += session_is_listener(&snapshot->sessions[i]);
	printf("\nsessions: %zu", snapshot->session_count - listeners);
	if (listeners)
		printf(" (and listeners: %zu)", listeners);
	printf("\n%6s %-16s %-20s %-16s %s\n", "id", "name", "user", "domain", "state");
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		print_number(session->id, 6);
		print_text(session->name, 16);
		print_text(session->user, 20);
		print_text(session->domain, 16);
		text_print(stdout, session->state);
		putchar('\n');
	}
}

static void show_logon_sessions(const struct snapshot *snapshot)
{
	char text[TIMESTAMP_TEXT];
	if (!snapshot->logon_session_count)
		return;
	printf("\nlogon sessions: %zu\n%-17s %-16s %7s %-18s %s\n", snapshot->logon_session_count,
	    "LUID", "user", "session", "type", "logon time");
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		char luid[LUID_TEXT];
		print_text(luid_format(logon->luid, luid), 17);
		print_text(logon->user, 16);
		print_number(logon->session_id, 7);
		print_text(logon->logon_type, 18);
		if (logon->logon_time == TIMESTAMP_UNKNOWN && logon->logon_time_text)
			text_print(stdout, logon->logon_time_text);
		else
			printf("%.19s", timestamp_format(logon->logon_time, text));
		putchar('\n');
	}
}

static void print_rest(size_t count)
{
	if (count > ROWS_MOST)
		printf("and %zu more (--format json has all)\n", count - ROWS_MOST);
}

static void show_handles(const struct snapshot *snapshot)
{
	if (!snapshot->handle_count)
		return;
	printf("\nhandles: %zu\n%7s %-20s %8s %-10s %-17s %s\n", snapshot->handle_count, "process",
	    "image", "handle", "type", "LUID", "user");
	for (size_t i = 0; i < snapshot->handle_count && i < ROWS_MOST; i++) {
		const struct handle *handle = &snapshot->handles[i];
		char luid[LUID_TEXT];
		print_number(handle->pid, 7);
		print_text(handle->image, 20);
		if (handle->value == NUMBER_UNKNOWN)
			print_number(handle->value, 8);
		else
			printf("%8" PRIX64 " ", (uint64_t)handle->value);
		print_text(handle->type, 10);
		print_text(
		    handle->luid != LUID_UNKNOWN ? luid_format(handle->luid, luid) : NULL, 17);
		text_print(stdout, handle->user);
		putchar('\n');
	}
	print_rest(snapshot->handle_count);
}

static void show_processes(const struct snapshot *snapshot)
{
	if (!snapshot->process_count)
		return;
	printf("\nprocesses: %zu\n%7s %-28s %7s %8s %8s %s\n", snapshot->process_count, "process",
	    "image", "session", "handles", "listed", "user");
	for (size_t i = 0; i < snapshot->process_count && i < ROWS_MOST; i++) {
		const struct process *process = &snapshot->processes[i];
		print_number(process->pid, 7);
		print_text(process->image, 28);
		print_number(process->session_id, 7);
		print_number(process->handle_count, 8);
		print_number(process->handles_listed, 8);
		text_print(stdout, process->user);
		putchar('\n');
	}
	print_rest(snapshot->process_count);
}

/* How much of each section was seen, and of what else something was not. */
static void show_sight(const struct snapshot *snapshot)
{
	if (snapshot->sight_count)
		printf("\nsight\n");
	for (size_t i = 0; i < snapshot->sight_count; i++) {
		const struct sight *sight = &snapshot->sights[i];
		fputs("  ", stdout);
		text_print(stdout, sight->section);
		printf(": %s", sight->extent ? extent_words[sight->extent] : "unknown");
		if (sight->why) {
			fputs(": ", stdout);
			text_print(stdout, sight->why);
		}
		if (sight->line != NUMBER_UNKNOWN) {
			fputs(" (", stdout);
			text_print(stdout, sight->origin);
			printf(":%" PRId64 ")", sight->line);
		}
		putchar('\n');
	}
}

static void show_handle_types(const struct snapshot *snapshot)
{
	if (snapshot->handle_type_count)
		printf("\nhandles by type\n");
	for (size_t i = 0; i < snapshot->handle_type_count; i++) {
		print_text(snapshot->handle_types[i].type, 28);
		print_number(snapshot->handle_types[i].count, 8);
		putchar('\n');
	}
}

/* What is wrong with the evidence: contradictions, and lines that nothing could be made of. */
static void show_problems(const struct snapshot *snapshot)
{
	if (snapshot->contradiction_total)
		printf("\ncontradictions: %" PRId64 "\n", snapshot->contradiction_total);
	for (size_t i = 0; i < snapshot->contradiction_count; i++)
		text_print_wrapped(stdout, "  ", snapshot->contradictions[i].text);
	if (snapshot->replaced)
		printf("\nbytes in no known code page, shown as U+FFFD: %" PRId64 "\n",
		    snapshot->replaced);
	if (!snapshot->rows)
		return;
	printf("\nlines with data: %" PRId64 ", understood: %" PRId64 ", not understood: %" PRId64
	       "\n",
	    snapshot->rows, snapshot->rows - snapshot->rows_left, snapshot->rows_left);
	for (size_t i = 0; i < snapshot->unread_count; i++) {
		const struct unread *unread = &snapshot->unread[i];
		fputs("  ", stdout);
		if (unread->origin)
			text_print(stdout, unread->origin);
		if (unread->line)
			printf(":%" PRId64 ": ", unread->line);
		text_print_start(stdout, unread->text, UNREAD_MOST);
		putchar('\n');
	}
	if (snapshot->rows_left > (int64_t)snapshot->unread_count)
		printf("  and %" PRId64 " more\n",
		    snapshot->rows_left - (int64_t)snapshot->unread_count);
}

bool show_snapshot(const struct snapshot *snapshot, const char *format_name, struct error *error)
{
	print_line("format", format_name);
	print_line("source", snapshot->source);
	print_line("host", snapshot->host);
	print_line("build", snapshot->build);
	print_time("boot time", snapshot->boot_time);
	print_time("time", snapshot->time);
	print_yes_no("elevated", snapshot->elevated);
	print_yes_no("leak tracking", snapshot->leak_tracking);
	if (snapshot->release_time != NUMBER_UNKNOWN)
		printf("%-14s %" PRId64 " s\n", "release time", snapshot->release_time);
	if (snapshot->token_objects != NUMBER_UNKNOWN) {
		printf("%-14s %" PRId64, "token objects", snapshot->token_objects);
		if (snapshot->token_objects_accounted != NUMBER_UNKNOWN)
			printf(", %" PRId64 " of them with a holder in sight",
			    snapshot->token_objects_accounted);
		putchar('\n');
	}
	show_sessions(snapshot);
	show_logon_sessions(snapshot);
	if (!show_holders(snapshot, error))
		return false;
	show_handles(snapshot);
	show_handle_types(snapshot);
	show_processes(snapshot);
	show_sight(snapshot);
	show_problems(snapshot);
	return true;
}
