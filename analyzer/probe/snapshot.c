#include "probe/snapshot.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "probe/handles.h"
#include "probe/host.h"
#include "probe/images.h"
#include "probe/json.h"
#include "probe/logons.h"
#include "probe/lookup.h"
#include "probe/names.h"
#include "probe/processes.h"
#include "probe/sessions.h"
#include "probe/settings.h"
#include "probe/tracking.h"
#include "windows/win32.h"

#define GAPS_MOST 32

/* Something that was not seen, or of a section not all. */
struct gap {
	const char *what;
	const char *extent;
	char why[512];
};

struct snapshot {
	struct json json;
	struct handle_table handles;
	struct logons logons;
	struct processes processes;
	struct names *names;
	struct images *images;
	struct lookups lookups;
	bool has_looks;
	bool debug_privilege;
	struct host host;
	struct gap gaps[GAPS_MOST]; /* what could not be seen */
	size_t gap_count;
};

static void note(struct snapshot *snapshot, const char *what, const char *extent,
    const char *format, va_list arguments)
{
	if (snapshot->gap_count == GAPS_MOST)
		return;
	struct gap *gap = &snapshot->gaps[snapshot->gap_count++];
	gap->what = what;
	gap->extent = extent;
	vsnprintf(gap->why, sizeof(gap->why), format, arguments);
}

/* A section or a fact that is not there at all. */
__attribute__((format(PRINTF_FORMAT, 3, 4))) static void note_gap(
    struct snapshot *snapshot, const char *what, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(snapshot, what, "absent", format, arguments);
	va_end(arguments);
}

/* A section of which a part is missing. */
__attribute__((format(PRINTF_FORMAT, 3, 4))) static void note_part(
    struct snapshot *snapshot, const char *what, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(snapshot, what, "partial", format, arguments);
	va_end(arguments);
}

/* For a call that failed; error 0 means that the system answered with nothing where there must be something. */
static void note_failure(struct snapshot *snapshot, const char *what, const char *call, DWORD error)
{
	char why[WIN32_ERROR_SIZE];

	if (error)
		note_gap(snapshot, what, "%s: %s", call, win32_error(error, why));
	else
		note_gap(snapshot, what, "%s says that there are none, which cannot be", call);
}

static void gather(struct snapshot *snapshot)
{
	DWORD error = 0;

	host_read(&snapshot->host);
	if (!logons_read(&snapshot->logons, &error))
		note_failure(snapshot, "logon_sessions", "LsaEnumerateLogonSessions", error);
	else if (snapshot->logons.unreadable)
		note_part(snapshot, "logon_sessions",
		    "%llu of %llu are listed, but without data: run as LocalSystem, or elevated",
		    (unsigned long long)snapshot->logons.unreadable,
		    (unsigned long long)(snapshot->logons.unreadable + snapshot->logons.count));
	/* Processes before handles: a process that starts in between has handles and no name, and one that ended
	 * would have a name and no handles, which reads as a process without handles. */
	if (!processes_read(&snapshot->processes, &error))
		note_failure(snapshot, "processes", "NtQuerySystemInformation(5)", error);
	void **running = processes_open(&snapshot->processes);
	if (!handle_table_read(&snapshot->handles, &error))
		note_failure(snapshot, "handles", "NtQuerySystemInformation(64)", error);
	else if (snapshot->handles.token_type < 0)
		note_gap(snapshot, "handles",
		    "the probe's own token handle is not in the system's table of handles");
	else if (snapshot->handles.process_type < 0 || snapshot->handles.thread_type < 0)
		note_part(snapshot, "handles",
		    "the probe's own handle to a process or thread is not in the system's table of handles, so who keeps "
		    "exited processes is not seen");
	if (snapshot->handles.token_type >= 0 && snapshot->handles.all)
		snapshot->has_looks =
		    lookups_take(&snapshot->lookups, &snapshot->handles, snapshot->names);
	processes_close(running);
}

/* What is the probe's own is no part of the host: who reads of it leaves it out. */
static void write_observer(struct json *json)
{
	struct token token;
	HANDLE own;

	json_begin(json, "observer", '{');
	json_number(json, "pid", (int64_t)GetCurrentProcessId());
	if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own)) {
		if (token_query(own, &token) && token.luid)
			json_luid(json, "luid", token.luid);
		CloseHandle(own);
	}
	json_end(json);
}

static void write_header(struct snapshot *snapshot, bool elevated_known, bool elevated)
{
	struct json *json = &snapshot->json;
	const struct host *host = &snapshot->host;
	struct running running;
	char build[48];

	tracking_read(host, &running);
	json_text(json, "schema", "leaklab.snapshot/2");
	json_text(json, "source", "leaklab-probe " LEAKLAB_VERSION);
	json_text(json, "host", *host->name ? host->name : NULL);
	snprintf(build, sizeof(build), "%u.%u.%u", host->major, host->minor, host->build);
	json_text(json, "build", host->build ? build : NULL);
	json_time(json, "boot_time", host->boot);
	if (!host->boot)
		note_gap(snapshot, "boot_time", "NtQuerySystemInformation(3) does not say");
	json_time(json, "time", host->now);
	if (elevated_known)
		json_yes_no(json, "elevated", elevated);
	if (elevated_known && !elevated)
		note_gap(snapshot, "elevated",
		    "not elevated: handles of other users' processes are listed without their "
		    "LUID and user");
	json_yes_no(json, "debug_privilege", snapshot->debug_privilege);
	write_observer(json);
	if (snapshot->handles.all)
		json_yes_no(json, "object_addresses", !snapshot->handles.addresses_hidden);
	if (settings_switch_is_on())
		json_yes_no(json, "tokens_keep_session_ids", false);
	if (running.tracking != TRACKING_UNKNOWN)
		json_yes_no(json, "leak_tracking", running.tracking == TRACKING_ON);
	else
		note_gap(snapshot, "leak_tracking", "%s", running.why);
	tracking_write_dump_settings(json);
}

/* LSA and tokens have -1 for what is in no session. */
static void write_session_id(struct json *json, int64_t id)
{
	if (id >= 0 && id <= INT32_MAX)
		json_number(json, "session_id", id);
}

static void write_logons(struct snapshot *snapshot)
{
	struct json *json = &snapshot->json;

	if (snapshot->logons.count == 0)
		return;
	json_begin(json, "logon_sessions", '[');
	for (size_t i = 0; i < snapshot->logons.count; i++) {
		const struct logon *logon = &snapshot->logons.all[i];

		json_begin(json, NULL, '{');
		json_luid(json, "luid", logon->luid);
		json_text(json, "user", logon->user);
		json_text(json, "domain", logon->domain);
		json_text(json, "logon_type", logon->type);
		json_text(json, "auth_package", logon->auth_package);
		write_session_id(json, logon->session);
		json_time(json, "logon_time", logon->time);
		json_end(json);
	}
	json_end(json);
}

/* What goes wrong with single token handles is counted, and the first case told. */
struct tally {
	uint64_t listed;
	uint64_t closed; /* they were there a moment ago */
	uint64_t refused;
	uint64_t joined;            /* seen by another holder's handle */
	uint64_t processes_refused; /* handles to processes and threads */
	uint64_t refused_pid;
	DWORD refused_error;
	uint64_t without_luid;
	uint64_t *ids; /* of the token objects */
	size_t id_count;
	size_t id_room;
};

static void note_id(struct tally *tally, uint64_t id)
{
	if (tally->id_count == tally->id_room) {
		const size_t room = tally->id_room ? 2 * tally->id_room : 1024;
		uint64_t *ids = realloc(tally->ids, room * sizeof(*ids));
		if (!ids)
			return;
		tally->ids = ids;
		tally->id_room = room;
	}
	tally->ids[tally->id_count++] = id;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a;
	const uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static size_t count_different(uint64_t *ids, size_t count)
{
	size_t different = 0;

	if (count > 0)
		qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++)
		different += i == 0 || ids[i] != ids[i - 1];
	return different;
}

static void write_target(struct json *json, const struct target *target)
{
	json_begin(json, "target", '{');
	json_number(json, "pid", (int64_t)target->pid);
	json_text(json, "image", target->image);
	json_yes_no(json, "exited", target->exited);
	json_time(json, "start_time", target->started);
	json_time(json, "exit_time", target->ended);
	json_end(json);
}

static void write_fact(struct json *json, const struct fact *fact)
{
	const struct token *token = fact->is_target ? &fact->target.token : &fact->token;

	if (fact->is_target)
		write_target(json, &fact->target);
	else
		json_number(json, "token_id", (int64_t)token->id);
	if ((!fact->is_target || fact->target.has_token) && token->luid)
		json_luid(json, "luid", token->luid);
	write_session_id(json, fact->is_target ? fact->target.session : token->session);
	json_text(json, "user", fact->user);
	json_text(json, "domain", fact->domain);
}

static void count_token(struct tally *tally, const struct lookup *lookup)
{
	tally->listed++;
	if (lookup->outcome == LOOKUP_REFUSED && tally->refused++ == 0) {
		tally->refused_pid = lookup->handle->pid;
		tally->refused_error = lookup->error;
	}
	if (!lookup->fact)
		return;
	note_id(tally, lookup->fact->token.id);
	tally->joined += lookup->by_address;
	tally->without_luid += lookup->fact->token.luid == 0;
}

/* Of processes and threads those that have exited are listed: all others are there anyway. */
static void write_handle(
    struct snapshot *snapshot, struct tally *tally, const struct lookup *lookup)
{
	const struct nt_handle *handle = lookup->handle;
	const struct process *owner = processes_find(&snapshot->processes, handle->pid);
	const bool is_token = handle->type == snapshot->handles.token_type;
	struct json *json = &snapshot->json;

	if (lookup->outcome == LOOKUP_CLOSED) {
		tally->closed += is_token;
		return;
	}
	if (!is_token && !lookup->exited && !(lookup->fact && lookup->fact->target.exited)) {
		tally->processes_refused += lookup->outcome == LOOKUP_REFUSED;
		return;
	}
	if (is_token)
		count_token(tally, lookup);
	json_begin(json, NULL, '{');
	json_number(json, "pid", (int64_t)handle->pid);
	json_text(json, "image", owner ? owner->image : NULL);
	json_number(json, "value", (int64_t)handle->value);
	json_text(json, "type",
	    is_token                                         ? "Token"
	    : handle->type == snapshot->handles.process_type ? "Process"
	                                                     : "Thread");
	if (lookup->fact)
		write_fact(json, lookup->fact);
	if (lookup->exited) {
		json_begin(json, "target", '{');
		json_yes_no(json, "exited", true);
		json_end(json);
	}
	json_end(json);
}

static void write_handles(struct snapshot *snapshot, struct tally *tally)
{
	if (!snapshot->has_looks)
		return;
	json_begin(&snapshot->json, "handles", '[');
	for (size_t i = 0; i < snapshot->lookups.count; i++)
		write_handle(snapshot, tally, &snapshot->lookups.items[i]);
	json_end(&snapshot->json);
}

static void note_tally(struct snapshot *snapshot, const struct tally *tally)
{
	char why[WIN32_ERROR_SIZE];

	if (tally->refused)
		note_gap(snapshot, "handles.luid",
		    "%llu of %llu token handles could not be looked into, the first of them process "
		    "%llu's: %s%s",
		    (unsigned long long)tally->refused, (unsigned long long)tally->listed,
		    (unsigned long long)tally->refused_pid, win32_error(tally->refused_error, why),
		    tally->refused_error == ERROR_ACCESS_DENIED
		        ? ". Run it elevated, or as LocalSystem (psexec -s); protected processes "
		          "stay closed to both"
		        : "");
	if (names_left_out(snapshot->names))
		note_gap(snapshot, "handles.user",
		    "the names of %zu account%s were not looked up, and the SID is given instead: looking up the others took "
		    "longer than %d s",
		    names_left_out(snapshot->names),
		    names_left_out(snapshot->names) == 1 ? "" : "s", NAMES_TIME / 1000);
	if (tally->without_luid)
		note_gap(snapshot, "handles.luid",
		    "%llu tokens are reported to be of logon session 0:0, which does not exist",
		    (unsigned long long)tally->without_luid);
	if (tally->closed)
		note_gap(snapshot, "handles.closed",
		    "%llu token handles were closed while they were being looked into, and are left out",
		    (unsigned long long)tally->closed);
	if (snapshot->handles.all && snapshot->handles.token_objects < 0)
		note_gap(snapshot, "token_objects", "NtQueryObject gives no number of objects");
	if (snapshot->handles.addresses_hidden && tally->processes_refused)
		note_part(snapshot, "handles",
		    "%llu handles to processes and threads could not be looked into, and object addresses are hidden, so it is "
		    "not seen whether they keep exited processes: run with SeDebugPrivilege",
		    (unsigned long long)tally->processes_refused);
	if (snapshot->handles.all && snapshot->handles.addresses_hidden)
		note_gap(snapshot, "handles.object",
		    "object addresses are hidden%s: handles of processes that cannot be opened are "
		    "not joined with those of others",
		    snapshot->debug_privilege ? "" : ", as SeDebugPrivilege could not be enabled");
}

static void write_token_objects(struct snapshot *snapshot, struct tally *tally)
{
	struct json *json = &snapshot->json;

	if (!snapshot->handles.all || snapshot->handles.token_type < 0)
		return;
	json_begin(json, "token_objects", '{');
	if (snapshot->handles.token_objects >= 0)
		json_number(json, "total", snapshot->handles.token_objects);
	json_number(json, "accounted", (int64_t)count_different(tally->ids, tally->id_count));
	json_end(json);
}

/* Whose logon session a process runs in, and whose program it is. */
static void write_program(struct snapshot *snapshot, const struct process *process)
{
	struct json *json = &snapshot->json;
	HANDLE opened = process->pid == 0 ? NULL
	                                  : OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE,
	                                        (DWORD)process->pid);
	char *services = images_services(snapshot->images, process->pid);
	const struct image *image = opened ? images_of(snapshot->images, opened) : NULL;
	struct token token;
	HANDLE primary;

	if (opened && OpenProcessToken(opened, TOKEN_QUERY, &primary)) {
		if (token_query(primary, &token) && token.luid)
			json_luid(json, "luid", token.luid);
		CloseHandle(primary);
	}
	json_text(json, "path", image ? image->path : NULL);
	json_text(json, "version", image ? image->version : NULL);
	json_text(json, "company", image ? image->company : NULL);
	json_text(json, "services", services);
	free(services);
	if (opened)
		CloseHandle(opened);
}

static void write_processes(struct snapshot *snapshot)
{
	const struct nt_handles *all = snapshot->handles.all;
	struct json *json = &snapshot->json;

	/* Counted from the same table as the handles, so that the two agree. */
	for (uint64_t i = 0; all && i < all->count; i++) {
		struct process *process = processes_find(&snapshot->processes, all->entries[i].pid);
		if (process)
			process->handle_count++;
	}
	if (snapshot->processes.count == 0)
		return;
	json_begin(json, "processes", '[');
	for (size_t i = 0; i < snapshot->processes.count; i++) {
		const struct process *process = &snapshot->processes.all[i];

		json_begin(json, NULL, '{');
		json_number(json, "pid", (int64_t)process->pid);
		json_text(json, "image", process->image);
		write_session_id(json, process->session);
		if (all)
			json_number(json, "handle_count", (int64_t)process->handle_count);
		json_time(json, "start_time", process->created);
		write_program(snapshot, process);
		json_end(json);
	}
	json_end(json);
}

static void write_sight_of(
    struct json *json, const char *section, const char *extent, const char *why)
{
	json_begin(json, NULL, '{');
	json_text(json, "section", section);
	json_text(json, "extent", extent);
	json_text(json, "why", why);
	json_end(json);
}

static bool has_gap(const struct snapshot *snapshot, const char *what)
{
	for (size_t i = 0; i < snapshot->gap_count; i++)
		if (strcmp(snapshot->gaps[i].what, what) == 0)
			return true;
	return false;
}

/* How much was seen of each section, and what is not there. */
static void write_sight(struct snapshot *snapshot)
{
	static const char *const sections[] = {
	    "sessions", "logon_sessions", "handles", "processes"};
	struct json *json = &snapshot->json;

	json_begin(json, "sight", '[');
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!has_gap(snapshot, sections[i]))
			write_sight_of(json, sections[i], "whole", NULL);
	for (size_t i = 0; i < snapshot->gap_count; i++)
		write_sight_of(
		    json, snapshot->gaps[i].what, snapshot->gaps[i].extent, snapshot->gaps[i].why);
	json_end(json);
}

static void write_all(struct snapshot *snapshot)
{
	const int elevated = is_elevated();
	struct tally tally = {0};
	struct profiles_seen profiles;
	DWORD error;

	json_begin(&snapshot->json, NULL, '{');
	write_header(snapshot, elevated >= 0, elevated > 0);
	if (!sessions_write(&snapshot->json, &snapshot->logons, &profiles, &error))
		note_failure(snapshot, "sessions", "WTSEnumerateSessions", error);
	if (profiles.unknown > 0)
		note_gap(snapshot, "sessions.temporary_profile",
		    "of %u of %u users with a session it is not seen whether the profile is temporary: LSA shows no SID (run elevated, or "
		    "as LocalSystem), or ProfileList has no State",
		    profiles.unknown, profiles.users);
	write_logons(snapshot);
	write_handles(snapshot, &tally);
	write_token_objects(snapshot, &tally);
	write_processes(snapshot);
	session_objects_write(&snapshot->json);
	note_tally(snapshot, &tally);
	write_sight(snapshot);
	json_end(&snapshot->json);
	free(tally.ids);
}

bool snapshot_write(FILE *out, bool compact)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return false;
	/* First of all: handles of other users' processes need it, and object addresses. What cannot be opened is said one by one. */
	snapshot->debug_privilege = enable_privilege(SE_DEBUG_NAME);
	snapshot->json.out = out;
	snapshot->json.compact = compact;
	snapshot->names = names_create(&snapshot->logons);
	snapshot->images = images_create();
	bool good = snapshot->names && snapshot->images;
	if (good) {
		gather(snapshot);
		good = snapshot->has_looks || !snapshot->handles.all ||
		       snapshot->handles.token_type < 0;
	}
	if (good)
		write_all(snapshot);
	lookups_free(&snapshot->lookups);
	images_destroy(snapshot->images);
	names_destroy(snapshot->names);
	processes_free(&snapshot->processes);
	logons_free(&snapshot->logons);
	handle_table_free(&snapshot->handles);
	free(snapshot);
	return good && fflush(out) == 0 && !ferror(out);
}
