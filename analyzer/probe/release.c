#include "probe/release.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "probe/handles.h"
#include "probe/logons.h"
#include "probe/processes.h"
#include "probe/targets.h"
#include "windows/win32.h"

#define EXIT_GOOD 0
#define EXIT_LEFT 1
#define EXIT_USAGE 2
#define EXIT_TARGET 4
#define LOGON_WAIT 1000 /* ms; LSA releases its own handle a moment later */

static bool is_luid(const char *text, uint64_t *out)
{
	unsigned high;
	unsigned low;
	int length = 0;

	/* Eight digits each, as logonsessions prints them: a PID has less, or no leading zero. */
	if (strlen(text) != 17 || text[8] != ':' ||
	    sscanf(text, "%8x:%8x%n", &high, &low, &length) != 2 || length != 17)
		return false;
	*out = (uint64_t)high << 32 | low;
	return true;
}

static bool is_handle(const char *text, uint64_t *pid, uint64_t *value)
{
	char *end;

	*pid = strtoull(text, &end, 10);
	if (end == text || *end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	*value = strtoull(end + 1, &end, 0);
	return *end == '\0';
}

/* The system's own: they release by themselves when the last of the others does, and the system may not survive it if
 * a handle is closed under them. */
static bool is_system(const struct process *process)
{
	static const char *const images[] = {"System", "smss.exe", "csrss.exe", "wininit.exe",
	    "services.exe", "lsass.exe", "winlogon.exe"};

	if (!process)
		return false;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		if (process->pid == 4 ||
		    (process->image && _stricmp(process->image, images[i]) == 0))
			return true;
	return false;
}

static enum logon_state say_state(uint64_t luid)
{
	static const char *const words[] = {[LOGON_THERE] = "is still there",
	    [LOGON_GONE] = "has gone",
	    [LOGON_UNKNOWN] = "may be there or not: LSA does not say"};
	const ULONGLONG end = GetTickCount64() + LOGON_WAIT;
	enum logon_state state;

	while ((state = logon_state(luid)) == LOGON_THERE && GetTickCount64() < end)
		Sleep(50);
	printf(
	    "; logon session %08x:%08x %s\n", (unsigned)(luid >> 32), (unsigned)luid, words[state]);
	fflush(stdout);
	return state;
}

static bool close_there(HANDLE process, uint64_t value)
{
	HANDLE last;

	/* With a target, though there is no need for one: some systems close nothing without. */
	if (!DuplicateHandle(process, (HANDLE)(uintptr_t)value, GetCurrentProcess(), &last, 0,
	        FALSE, DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS))
		return false;
	CloseHandle(last);
	return true;
}

enum outcome {
	CLOSED,
	NOTHING, /* what the handle leads to cannot be asked, or not any more */
	NOT_MEANT,
	LEFT,
	REFUSED
};

/* What a handle holds. */
struct held {
	uint64_t luid; /* of the token, or of the exited process' primary one; 0: not told */
	bool is_target;
	struct target target;
};

static bool copy_of(
    HANDLE process, const struct handle_table *table, const struct nt_handle *handle, HANDLE *copy)
{
	return handle->type == table->token_type
	           ? token_copy(process, handle->value, copy)
	           : target_copy(process, handle->value, handle->type == table->thread_type, copy);
}

static bool ask(
    HANDLE copy, const struct handle_table *table, const struct nt_handle *handle, struct held *out)
{
	struct token token;
	HANDLE primary;

	*out = (struct held){.is_target = handle->type != table->token_type};
	if (!out->is_target) {
		if (!token_query(copy, &token))
			return false;
		out->luid = token.luid;
		return true;
	}
	if (!target_query(copy, handle->type == table->thread_type, &out->target, &primary))
		return false;
	if (primary)
		CloseHandle(primary);
	free(out->target.image);
	out->target.image = NULL;
	out->luid = out->target.has_token ? out->target.token.luid : 0;
	return true;
}

/* Closes a handle if it leads to a token, or to a process that has exited or a thread of it; of that logon session, unless luid is
 * NULL. */
static enum outcome close_one(const struct handle_table *table, const struct process *owner,
    const struct nt_handle *handle, const uint64_t *luid)
{
	const uint64_t pid = handle->pid, value = handle->value;
	HANDLE process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, (DWORD)pid);
	enum outcome outcome = REFUSED;
	struct held held;
	HANDLE copy;

	if (!process)
		return REFUSED;
	/* Looked at right before it is closed: it may lead elsewhere by now. */
	if (!copy_of(process, table, handle, &copy)) {
		CloseHandle(process);
		return REFUSED;
	}
	if (!ask(copy, table, handle, &held))
		outcome = NOTHING;
	else if ((luid && held.luid != *luid) || (held.is_target && !held.target.exited))
		outcome = NOT_MEANT;
	else if (is_system(owner))
		outcome = LEFT;
	CloseHandle(copy);
	if (outcome == LEFT) {
		printf("left: process %llu %s handle 0x%llx (the system's own)\n",
		    (unsigned long long)pid, owner->image ? owner->image : "",
		    (unsigned long long)value);
	} else if (outcome == REFUSED && close_there(process, value)) {
		printf("closed: process %llu %s handle 0x%llx", (unsigned long long)pid,
		    owner && owner->image ? owner->image : "", (unsigned long long)value);
		if (held.is_target)
			printf(" to %sprocess %llu", held.target.tid ? "a thread of " : "",
			    (unsigned long long)held.target.pid);
		if (held.luid || !held.is_target)
			say_state(held.luid);
		else
			putchar('\n');
		outcome = CLOSED;
	}
	const DWORD error = GetLastError();
	CloseHandle(process);
	SetLastError(error);
	return outcome;
}

static void say_refused(uint64_t pid, uint64_t value)
{
	char why[WIN32_ERROR_SIZE];

	fprintf(stderr, "leaklab-probe: process %llu handle 0x%llx: %s\n", (unsigned long long)pid,
	    (unsigned long long)value, win32_error(GetLastError(), why));
}

static int release_handle(const struct handle_table *table, const struct processes *processes,
    uint64_t pid, uint64_t value)
{
	const struct process *owner = processes_find(processes, pid);
	const struct nt_handle *handle = handle_table_find(table, pid, value);

	if (!handle) {
		fprintf(stderr,
		    "leaklab-probe: process %llu has no handle 0x%llx to a token, process or thread; nothing "
		    "is closed\n",
		    (unsigned long long)pid, (unsigned long long)value);
		return EXIT_TARGET;
	}
	const enum outcome outcome = close_one(table, owner, handle, NULL);
	if (outcome == REFUSED)
		say_refused(pid, value);
	else if (outcome == NOTHING)
		fprintf(stderr,
		    "leaklab-probe: process %llu handle 0x%llx no longer leads to a token, process or thread: its process has "
		    "closed it, or has reused its value. Nothing is closed; take a new snapshot\n",
		    (unsigned long long)pid, (unsigned long long)value);
	else if (outcome == NOT_MEANT)
		fprintf(stderr,
		    "leaklab-probe: process %llu handle 0x%llx leads to a running process, which needs no handle to live. Nothing is "
		    "closed\n",
		    (unsigned long long)pid, (unsigned long long)value);
	return outcome == CLOSED ? EXIT_GOOD : EXIT_TARGET;
}

static int release_luid(
    const struct handle_table *table, const struct processes *processes, uint64_t luid)
{
	uint64_t closed = 0;
	uint64_t refused = 0;

	if (logon_state(luid) == LOGON_GONE) {
		fprintf(stderr,
		    "leaklab-probe: there is no logon session %08x:%08x, so nothing is closed; a "
		    "snapshot lists those there are\n",
		    (unsigned)(luid >> 32), (unsigned)luid);
		return EXIT_TARGET;
	}
	for (uint64_t i = 0; i < table->all->count; i++) {
		const struct nt_handle *handle = &table->all->entries[i];

		if (!handle_table_knows(table, handle) || handle->pid == GetCurrentProcessId())
			continue;
		const enum outcome outcome =
		    close_one(table, processes_find(processes, handle->pid), handle, &luid);
		closed += outcome == CLOSED;
		refused += outcome == REFUSED && handle->type == table->token_type;
	}
	printf("%llu handle%s closed", (unsigned long long)closed, closed == 1 ? "" : "s");
	const enum logon_state after = say_state(luid);
	if (refused)
		fprintf(stderr,
		    "leaklab-probe: %llu token handles could not be looked into; some may be of "
		    "that logon session. Run it elevated, or as LocalSystem\n",
		    (unsigned long long)refused);
	if (after == LOGON_THERE && closed == 0 && refused == 0)
		fputs("leaklab-probe: no handle but the system's own leads to it: if it stays, the "
		      "kernel itself refers to it, which a memory dump shows\n",
		    stderr);
	if (after == LOGON_UNKNOWN)
		fputs(
		    "leaklab-probe: so this does not prove who holds it: LSA shows logon sessions only to programs that run "
		    "elevated, or as LocalSystem\n",
		    stderr);
	return after == LOGON_GONE ? EXIT_GOOD : after == LOGON_THERE ? EXIT_LEFT : EXIT_TARGET;
}

int release(const char *target)
{
	struct handle_table table = {0};
	struct processes processes = {0};
	int code = EXIT_TARGET;
	uint64_t luid = 0;
	uint64_t pid = 0;
	uint64_t value = 0;
	DWORD error = 0;
	char why[WIN32_ERROR_SIZE];

	const bool by_luid = is_luid(target, &luid);
	if (!by_luid && !is_handle(target, &pid, &value)) {
		fprintf(stderr,
		    "leaklab-probe: release %s: must be PID:HANDLE (2464:0x1a4) or a LUID with all "
		    "its digits (00000000:000fd2f5)\n",
		    target);
		return EXIT_USAGE;
	}
	enable_privilege(SE_DEBUG_NAME);
	if (!processes_read(&processes, &error) || !handle_table_read(&table, &error)) {
		fprintf(
		    stderr, "leaklab-probe: listing the handles: %s\n", win32_error(error, why));
	} else if (table.token_type < 0) {
		fputs("leaklab-probe: this system does not show which handles lead to tokens\n",
		    stderr);
	} else {
		code = by_luid ? release_luid(&table, &processes, luid)
		               : release_handle(&table, &processes, pid, value);
	}
	handle_table_free(&table);
	processes_free(&processes);
	return code;
}
