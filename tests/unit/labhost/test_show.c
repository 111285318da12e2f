/* The lab host's listings have the layout of the tools that they stand for. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "labhost/show.h"
#include "evidence/snapshot.h"

#define START 1795253405000000 /* 2026-11-21T09:30:05Z */

static struct model *host_with_a_session(void)
{
	const struct model_options options = {
	    .time_scale = 1, .late_holders = 1, .max_sessions = 10, .seed = 1};
	const struct logon_request request = {.domain = "LAB",
	    .user = "lab01",
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "explorer.exe",
	    .shell_ends = DUE_NEVER,
	    .connection = 1};
	struct model *model = model_create(&options, START);
	struct logon_answer answer;

	assert_true(model_logon(model, &request, START, &answer));
	return model;
}

static char *shown(const struct model *model, uint64_t luid,
    bool (*show)(const struct show_context *context, FILE *out, struct error *error))
{
	const struct show_context context = {
	    .model = model, .host_name = "LABHOST", .now = START, .luid = luid};
	struct error error;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_true(show(&context, out, &error));
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check_columns(const char *line)
{
	assert_int_equal(strcspn(line, "\r\n"), 76);
	assert_int_not_equal(line[45], ' '); /* the last digit of the ID, or of its heading */
	assert_int_equal(line[46], ' ');
	assert_int_not_equal(line[48], ' ');
}

static void qwinsta_has_the_old_layout(void **state)
{
	struct model *model = host_with_a_session();
	char *text = shown(model, 0, show_qwinsta);
	size_t lines = 0;
	(void)state;

	assert_memory_equal(text + 1, "SESSIONNAME", 11);
	assert_memory_equal(text + 19, "USERNAME", 8);
	assert_memory_equal(text + 44, "ID", 2);
	assert_memory_equal(text + 48, "STATE", 5);
	assert_memory_equal(text + 56, "TYPE", 4);
	assert_memory_equal(text + 68, "DEVICE", 6);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1, lines++) {
		check_columns(line);
		assert_int_equal(strchr(line, '\n')[-1], '\r');
	}
	assert_int_equal(lines, 5);
	assert_contains(text, "\n rdp-tcp#0         lab01                     2  Active  ");
	assert_contains(text, "\n rdp-tcp                                 65536  Listen");
	free(text);
	model_destroy(model);
}

static void qwinsta_lists_a_disconnected_session_without_a_name(void **state)
{
	struct model *model = host_with_a_session();
	(void)state;

	model_disconnect(model, 2, 1);
	char *text = shown(model, 0, show_qwinsta);
	assert_contains(text, "\n                   lab01                     2  Disc  ");
	free(text);
	model_destroy(model);
}

static void logonsessions_has_labels_at_4_and_values_at_18(void **state)
{
	struct model *model = host_with_a_session();
	char *text = shown(model, 0, show_logonsessions);
	(void)state;

	assert_contains(text, "\r\nLogonSessions v1.41 - Lists logon session information\r\n");
	assert_contains(text, "\r\n[0] Logon session 00000000:000003e7:\r\n");
	assert_contains(text, "\r\n    User name:    LAB\\lab01\r\n");
	assert_contains(text, "\r\n    Logon type:   RemoteInteractive\r\n");
	assert_contains(text, "\r\n    Session:      2\r\n");
	assert_contains(text, "\r\n    Logon time:   11/21/2026 9:30:05 AM\r\n");
	free(text);
	model_destroy(model);
}

static void handle_rows_name_token_and_directory(void **state)
{
	struct model *model = host_with_a_session();
	const struct nt_logon *logon = model_session(model, 2)->logon;
	char *text = shown(model, logon->luid, show_handle);
	char row[160];
	(void)state;

	snprintf(row, sizeof(row), " type: Token         %5X: LAB\\lab01:%llx\r\nsvchost.exe ", 4,
	    (unsigned long long)logon->luid);
	assert_contains(text, "\r\nlsass.exe          pid: ");
	assert_contains(text, row);
	snprintf(row, sizeof(row),
	    "\r\nSystem             pid: 4      type: Directory         4: "
	    "\\Sessions\\0\\DosDevices\\00000000-%08llx\r\n",
	    (unsigned long long)logon->luid);
	assert_contains(text, row);
	free(text);
	text = shown(model, LUID_SYSTEM, show_handle);
	assert_contains(text, "No matching handles found.\r\n");
	free(text);
	model_destroy(model);
}

static void snapshot_reads_back(void **state)
{
	struct model *model = host_with_a_session();
	char *text = shown(model, 0, show_snapshot);
	struct error error;
	(void)state;

	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), &error);
	assert_non_null(snapshot);
	assert_string_equal(snapshot->source, "leaklab-labhost");
	assert_string_equal(snapshot->host, "LABHOST");
	assert_int_equal(snapshot->elevated, YES);
	assert_true(snapshot->boot_time == START);
	assert_int_equal(snapshot->session_count, 4);
	/* the host's 3, UMFD-0, UMFD-1, DWM-1, UMFD-2, DWM-2 twice, the user's */
	assert_int_equal(snapshot->logon_session_count, 10);
	/* lsass, System, winlogon 2, explorer, svchost; and winlogon's of DWM-2 */
	assert_int_equal(snapshot->handle_count, 7);
	assert_true(snapshot->token_objects > snapshot->token_objects_accounted);
	assert_int_equal(snapshot->token_objects_accounted, 6);
	snapshot_destroy(snapshot);
	free(text);
	model_destroy(model);
}

/* An agent that never closes the handles that it opens. */
static struct model *host_with_an_agent(const char *image)
{
	static const struct model_options options = {
	    .time_scale = 1, .max_sessions = 10, .seed = 1, .protected = "csrss.exe,MsMpEng.exe"};
	struct model *model = model_create(&options, START);
	const struct logon_request request = {.domain = "LAB",
	    .user = "lab01",
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "explorer.exe",
	    .shell_ends = DUE_NEVER,
	    .connection = 1};
	const uint32_t agent = model_process_start(model, image, START);
	struct logon_answer answer;
	uint32_t handle;

	assert_true(model_logon(model, &request, START, &answer));
	assert_true(model_open_process(model, agent, 2, SESSION_SHELL, NT_TYPE_PROCESS, &handle));
	assert_true(model_open_process(model, agent, 2, SESSION_SHELL, NT_TYPE_THREAD, &handle));
	assert_true(model_open_token(model, agent, 2, SESSION_WINLOGON, &handle));
	return model;
}

static void handle_tells_processes_that_run_from_those_that_have_exited(void **state)
{
	struct model *model = host_with_an_agent("agent.exe");
	const uint32_t pid = model_session(model, 2)->processes[SESSION_SHELL]->pid;
	char row[160];
	(void)state;

	char *text = shown(model, 0, show_handle);
	snprintf(row, sizeof(row), " type: Process           4: explorer.exe(%u)\r\n", pid);
	assert_contains(text, row);
	free(text);
	assert_true(model_logoff(model, 2, 0, START + 5));
	text = shown(model, 0, show_handle);
	snprintf(
	    row, sizeof(row), " type: Process           4: <Non-existent Process>(%u)\r\n", pid);
	assert_contains(text, row);
	snprintf(row, sizeof(row), " type: Thread            8: <Non-existent Process>(%u): %u\r\n",
	    pid, pid + 4);
	assert_contains(text, row);
	assert_contains(text, " type: Token             C: NT AUTHORITY\\SYSTEM:3e7\r\n");
	free(text);
	model_destroy(model);
}

static const struct handle *handle_of(
    const struct snapshot *snapshot, const char *image, int64_t value)
{
	for (size_t i = 0; i < snapshot->handle_count; i++)
		if (snapshot->handles[i].value == value &&
		    strcmp(snapshot->handles[i].image, image) == 0)
			return &snapshot->handles[i];
	return NULL;
}

static void snapshot_tells_what_an_exited_process_was(void **state)
{
	struct model *model = host_with_an_agent("agent.exe");
	struct error error;
	(void)state;

	const uint32_t pid = model_session(model, 2)->processes[SESSION_SHELL]->pid;
	const uint64_t luid = model_session(model, 2)->logon->luid;
	assert_true(model_logoff(model, 2, 0, START + 5));
	char *text = shown(model, 0, show_snapshot);
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), &error);
	assert_non_null(snapshot);
	for (size_t i = 0; i < snapshot->process_count; i++)
		assert_int_not_equal(snapshot->processes[i].pid, pid);
	const struct handle *handle = handle_of(snapshot, "agent.exe", 4);
	assert_string_equal(handle->image, "agent.exe");
	assert_string_equal(handle->type, "Process");
	assert_int_equal(handle->target_pid, pid);
	assert_string_equal(handle->target_image, "explorer.exe");
	assert_int_equal(handle->target_exited, YES);
	assert_int_equal(handle->target_exit_time, START + 5);
	assert_true(handle->luid == luid);
	assert_int_equal(handle->session_id, 2);
	assert_string_equal(handle->user, "lab01");
	handle = handle_of(snapshot, "agent.exe", 12);
	assert_true(handle->luid == LUID_SYSTEM);
	assert_int_equal(handle->session_id, 2);
	snapshot_destroy(snapshot);
	free(text);
	model_destroy(model);
}

static void snapshot_does_not_look_into_protected_processes(void **state)
{
	struct model *model = host_with_an_agent("msmpeng.exe");
	struct error error;
	(void)state;

	assert_true(model_logoff(model, 2, 0, START + 5));
	char *text = shown(model, 0, show_snapshot);
	struct snapshot *snapshot = snapshot_from_json(text, strlen(text), &error);
	assert_non_null(snapshot);
	const struct handle *handle = handle_of(snapshot, "msmpeng.exe", 12);
	assert_string_equal(handle->type, "Token");
	assert_true(handle->luid == LUID_UNKNOWN);
	assert_int_equal(handle->session_id, NUMBER_UNKNOWN);
	/* By its address: of no process that runs. */
	handle = handle_of(snapshot, "msmpeng.exe", 4);
	assert_string_equal(handle->type, "Process");
	assert_int_equal(handle->target_exited, YES);
	assert_int_equal(handle->target_pid, NUMBER_UNKNOWN);
	assert_true(handle->luid == LUID_UNKNOWN);
	snapshot_destroy(snapshot);
	free(text);
	model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(qwinsta_has_the_old_layout),
	    unit_test(qwinsta_lists_a_disconnected_session_without_a_name),
	    unit_test(logonsessions_has_labels_at_4_and_values_at_18),
	    unit_test(handle_rows_name_token_and_directory),
	    unit_test(snapshot_reads_back),
	    unit_test(handle_tells_processes_that_run_from_those_that_have_exited),
	    unit_test(snapshot_tells_what_an_exited_process_was),
	    unit_test(snapshot_does_not_look_into_protected_processes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
