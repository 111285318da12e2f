/* A snapshot as tables. */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/text.h"
#include "snapshot/snapshot.h"

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
	printf("\nsessions: %zu\n%6s %-16s %-20s %-16s %s\n", snapshot->session_count, "id", "name",
	    "user", "domain", "state");
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
		printf("%.19s\n", timestamp_format(logon->logon_time, text));
	}
}

static void show_handles(const struct snapshot *snapshot)
{
	if (!snapshot->handle_count)
		return;
	printf("\nhandles: %zu\n%7s %-20s %8s %-10s %-17s %s\n", snapshot->handle_count, "process",
	    "image", "handle", "type", "LUID", "user");
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		char luid[LUID_TEXT];
		print_number(handle->pid, 7);
		print_text(handle->image, 20);
		print_number(handle->value, 8);
		print_text(handle->type, 10);
		print_text(handle->has_luid ? luid_format(handle->luid, luid) : NULL, 17);
		text_print(stdout, handle->user);
		putchar('\n');
	}
}

static void show_processes(const struct snapshot *snapshot)
{
	if (!snapshot->process_count)
		return;
	printf("\nprocesses: %zu\n%7s %-28s %7s %8s %s\n", snapshot->process_count, "process",
	    "image", "session", "handles", "user");
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		print_number(process->pid, 7);
		print_text(process->image, 28);
		print_number(process->session_id, 7);
		print_number(process->handle_count, 8);
		text_print(stdout, process->user);
		putchar('\n');
	}
}

static void show_unavailable(const struct snapshot *snapshot)
{
	if (snapshot->unavailable_count)
		printf("\nout of sight\n");
	for (size_t i = 0; i < snapshot->unavailable_count; i++) {
		fputs("  ", stdout);
		text_print(stdout, snapshot->unavailable[i].what);
		fputs(": ", stdout);
		text_print(stdout, snapshot->unavailable[i].why ? snapshot->unavailable[i].why
		                                                : "no reason given");
		putchar('\n');
	}
}

void show_snapshot(const struct snapshot *snapshot, const char *format_name)
{
	print_line("format", format_name);
	print_line("source", snapshot->source);
	print_line("host", snapshot->host);
	print_line("build", snapshot->build);
	print_time("boot time", snapshot->boot_time);
	print_time("time", snapshot->time);
	print_yes_no("elevated", snapshot->elevated);
	print_yes_no("leak tracking", snapshot->leak_tracking);
	if (snapshot->token_objects != NUMBER_UNKNOWN) {
		printf("%-14s %" PRId64, "token objects", snapshot->token_objects);
		if (snapshot->token_objects_accounted != NUMBER_UNKNOWN)
			printf(", %" PRId64 " of them seen through handles",
			    snapshot->token_objects_accounted);
		putchar('\n');
	}
	show_sessions(snapshot);
	show_logon_sessions(snapshot);
	show_handles(snapshot);
	show_processes(snapshot);
	show_unavailable(snapshot);
}
