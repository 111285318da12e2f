/* Knows how processes, logon sessions, tokens and handles lie in a kernel's memory (layouts.txt has the offsets), and what
 * points to what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labkernel/inside.h"

#define IMAGE_BASE 0xfffff80312a00000ull
#define NONPAGED_BASE 0xffffc08040000000ull
#define PAGED_BASE 0xffffe40100000000ull
#define POOL_USUAL (64u << 20)
#define USER_BASE 0x000000d4a0000000ull
#define USER_SIZE (256u << 10)
#define TYPE_INDEX 5

static uint64_t nt_time(int64_t timestamp)
{
	return timestamp == 0 || timestamp == TIMESTAMP_UNKNOWN
	           ? 0
	           : (uint64_t)(timestamp * 10 + 116444736000000000);
}

uint64_t crash_symbol(const struct crash *crash, const char *name)
{
	const uint32_t relative = pe_export(crash->kernel.at, name);

	return relative ? crash->kernel.address + relative : 0;
}

static uint8_t *variable(struct crash *crash, const char *name)
{
	const uint32_t relative = pe_export(crash->kernel.at, name);

	return relative ? crash->kernel.at + relative : NULL;
}

static void make_empty_list(struct crash *crash, const char *name)
{
	const uint64_t head = crash_symbol(crash, name);

	put_u64(ram_at(crash->ram, head, 16), head);
	put_u64((uint8_t *)ram_at(crash->ram, head, 16) + 8, head);
}

static bool make_types(struct crash *crash, struct error *error)
{
	static const struct {
		const char *variable, *name;
	} types[HELD_TYPES] = {[HELD_TOKEN] = {"SeTokenObjectType", "Token"},
	    [HELD_PROCESS] = {"PsProcessType", "Process"},
	    [HELD_THREAD] = {"PsThreadType", "Thread"},
	    [HELD_KEY] = {NULL, "Key"}};

	for (int i = 0; i < HELD_TYPES; i++) {
		struct thing *type = &crash->types[i];
		if (!make(crash, crash->nonpaged, L_OBJECT_TYPE_size, 0, 0, type, error) ||
		    !put_name(
		        crash, crash->nonpaged, *type, L_OBJECT_TYPE_Name, types[i].name, error))
			return false;
		if (types[i].variable)
			put_u64(variable(crash, types[i].variable), type->address);
		put(crash, *type, L_OBJECT_TYPE_Index, (uint64_t)(TYPE_INDEX + i), 1);
	}
	return true;
}

static bool make_lists(struct crash *crash, struct error *error)
{
	struct thing array = {0};

	make_empty_list(crash, "PsLoadedModuleList");
	make_empty_list(crash, "PsActiveProcessHead");
	array.at = ram_take(
	    crash->paged, LISTS * 8, crash->options.spread ? RAM_PAGE : 16, &array.address);
	if (!array.at)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	crash->logon_lists = array.address;
	put_u64(variable(crash, "SepLogonSessions"), array.address);
	put_u64(variable(crash, "MmUnloadedDrivers"), 0);
	return make_types(crash, error);
}

static void set_switches(struct crash *crash)
{
	uint8_t *tracking = variable(crash, "SeTokenLeakTracking");
	uint8_t *cookie = variable(crash, "ObHeaderCookie");
	uint8_t *state = variable(crash, "MiState");

	if (tracking)
		*tracking = crash->options.tracking;
	if (cookie)
		*cookie = 0xa7;
	if (state)
		put_u64(state + offset_of(crash, L_MI_SYSTEM_INFORMATION_Hardware) +
		            offset_of(crash, L_MI_HARDWARE_STATE_InvalidPteMask),
		    crash->options.invalid_pte_mask);
}

static bool load_kernel(struct crash *crash, struct error *error)
{
	const struct layout *layout = crash->layout;
	const size_t size = pe_size(layout->image);

	crash->kernel.at = ram_take(crash->image, size, RAM_PAGE, &crash->kernel.address);
	if (!crash->kernel.at)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	pe_map(layout->image, crash->kernel.at);
	if (!make_lists(crash, error))
		return false;
	set_switches(crash);
	return crash_add_module(
	           crash, "ntoskrnl.exe", crash->kernel.address, (uint32_t)size, error) != NONE;
}

struct crash *crash_create(const struct crash_options *options, struct error *error)
{
	const struct layout *layout = layout_find(options->layout);

	if (!layout) {
		error_set(error, EXIT_USAGE,
		    "\"%s\": no such lab kernel; there are 9600, 14393, 19041 and 26h1",
		    options->layout);
		return NULL;
	}
	if (options->tracking && !layout->tracking) {
		error_set(error, EXIT_USAGE, "build %s has no leak tracking", layout->name);
		return NULL;
	}
	struct crash *crash = calloc(1, sizeof(*crash));
	if (!crash) {
		fail_memory(error);
		return NULL;
	}
	crash->options = *options;
	crash->layout = layout;
	crash->options.levels = options->levels ? options->levels : 4;
	crash->next_luid = 0x30000;
	const bool masked = offset_of(crash, L_MI_HARDWARE_STATE_InvalidPteMask) >= 0;
	crash->ram = ram_create(&(struct ram_options){.levels = crash->options.levels,
	    .invalid_pte_mask = masked ? options->invalid_pte_mask : 0});
	const size_t pool = options->memory ? options->memory : POOL_USUAL;
	if (crash->ram) {
		crash->image =
		    ram_reserve(crash->ram, IMAGE_BASE, 2u << 20, 0, options->large_pages);
		crash->nonpaged = ram_reserve(crash->ram, NONPAGED_BASE, pool, 0, false);
		crash->paged = ram_reserve(crash->ram, PAGED_BASE, pool, 0, false);
	}
	if (!crash->image || !crash->nonpaged || !crash->paged)
		fail_memory(error);
	else if (load_kernel(crash, error))
		return crash;
	crash_destroy(crash);
	return NULL;
}

void crash_destroy(struct crash *crash)
{
	if (!crash)
		return;
	for (size_t i = 0; i < crash->process_count; i++)
		free(crash->processes[i].handles);
	free(crash->processes);
	free(crash->logon_sessions);
	free(crash->tokens);
	free(crash->threads);
	free(crash->keys);
	free(crash->pokes);
	ram_destroy(crash->ram);
	free(crash);
}

void crash_set_clock(struct crash *crash, int64_t time, int64_t up_time)
{
	crash->options.time = time;
	crash->options.up_time = up_time;
}

size_t crash_add_module(
    struct crash *crash, const char *name, uint64_t base, uint32_t size, struct error *error)
{
	struct thing entry;
	char path[300];

	snprintf(path, sizeof(path), "\\SystemRoot\\system32\\%.250s", name);
	if (!make(crash, crash->nonpaged, L_KLDR_DATA_TABLE_ENTRY_size, 0, 0, &entry, error) ||
	    !put_name(
	        crash, crash->nonpaged, entry, L_KLDR_DATA_TABLE_ENTRY_FullDllName, path, error) ||
	    !put_name(
	        crash, crash->nonpaged, entry, L_KLDR_DATA_TABLE_ENTRY_BaseDllName, name, error))
		return NONE;
	put(crash, entry, L_KLDR_DATA_TABLE_ENTRY_DllBase, base, 8);
	put(crash, entry, L_KLDR_DATA_TABLE_ENTRY_SizeOfImage, size, 4);
	link_before(crash, crash_symbol(crash, "PsLoadedModuleList"), entry,
	    L_KLDR_DATA_TABLE_ENTRY_InLoadOrderLinks);
	return 0;
}

bool crash_add_unloaded(
    struct crash *crash, const char *name, uint64_t base, uint32_t size, struct error *error)
{
	const int entry_size = offset_of(crash, L_UNLOADED_DRIVERS_size);

	if (crash->unloaded_count == UNLOADED_MOST)
		return error_set(
		    error, EXIT_USAGE, "there is room for %d unloaded drivers", UNLOADED_MOST);
	if (!crash->unloaded.at &&
	    !make(crash, crash->nonpaged, L_UNLOADED_DRIVERS_size, 0,
	        (size_t)(entry_size * (UNLOADED_MOST - 1)), &crash->unloaded, error))
		return false;
	put_u64(variable(crash, "MmUnloadedDrivers"), crash->unloaded.address);
	const uint32_t number = crash->unloaded_count++;
	const struct thing entry = {crash->unloaded.at + number * (uint32_t)entry_size,
	    crash->unloaded.address + number * (uint32_t)entry_size};
	put(crash, entry, L_UNLOADED_DRIVERS_StartAddress, base, 8);
	put(crash, entry, L_UNLOADED_DRIVERS_EndAddress, base + size, 8);
	put(crash, entry, L_UNLOADED_DRIVERS_CurrentTime, 133000000000000000 + number, 8);
	return put_name(crash, crash->nonpaged, entry, L_UNLOADED_DRIVERS_Name, name, error);
}

/* The user part of a process: PEB and loader data, without modules yet. */
static bool make_user_part(struct crash *crash, struct process_made *process, struct error *error)
{
	process->user = ram_reserve(crash->ram, USER_BASE, USER_SIZE, crash->process_count, false);
	if (!process->user)
		return error_memory(error);
	if (!make(crash, process->user, L_PEB_size, 0, 0, &process->peb, error) ||
	    !make(crash, process->user, L_PEB_LDR_DATA_size, 0, 0, &process->ldr, error))
		return false;
	put(crash, process->peb, L_PEB_Ldr, process->ldr.address, 8);
	const uint64_t head =
	    process->ldr.address + (uint64_t)offset_of(crash, L_PEB_LDR_DATA_InLoadOrderModuleList);
	put(crash, process->ldr, L_PEB_LDR_DATA_InLoadOrderModuleList, head, 8);
	put_u64(process->ldr.at + offset_of(crash, L_PEB_LDR_DATA_InLoadOrderModuleList) + 8, head);
	put(crash, process->body, L_EPROCESS_Peb, process->peb.address, 8);
	return true;
}

/* The path of its image as the security audit has it. System has none: an empty one. */
static bool put_path(struct crash *crash, struct thing process, const struct crash_process *from,
    struct error *error)
{
	struct thing name;
	char path[320] = "";

	if (from->pid != 4)
		snprintf(path, sizeof(path),
		    "\\Device\\HarddiskVolume3\\Program Files\\Lab\\%.255s", from->image);
	if (!make(crash, crash->paged, L_OBJECT_NAME_INFORMATION_size, 0, 0, &name, error) ||
	    !put_name(crash, crash->paged, name, L_OBJECT_NAME_INFORMATION_Name, path, error))
		return false;
	put(crash, process, L_EPROCESS_SeAuditProcessCreationInfo, name.address, 8);
	return true;
}

/* All processes of a session share its space. */
static bool find_session_space(
    struct crash *crash, struct process_made *process, struct error *error)
{
	struct thing space;

	for (size_t i = 0; i < crash->process_count && !process->session_space; i++)
		if (crash->processes[i].session_id == process->session_id)
			process->session_space = crash->processes[i].session_space;
	if (process->session_space)
		return true;
	if (!make(crash, crash->nonpaged, L_MM_SESSION_SPACE_size, 0, 0, &space, error))
		return false;
	put(crash, space, L_MM_SESSION_SPACE_SessionId, process->session_id, 4);
	process->session_space = space.address;
	return true;
}

size_t crash_add_process(struct crash *crash, const struct crash_process *from, struct error *error)
{
	struct process_made *process =
	    next_of(&crash->processes, &crash->process_count, sizeof(*crash->processes));

	if (!process)
		return fail_memory(error);
	*process = (struct process_made){.pid = from->pid,
	    .session_id = from->session_id,
	    .primary = NONE,
	    .next_handle = 4,
	    .exited = from->exited != 0};
	if (!make(crash, crash->nonpaged, L_EPROCESS_size, HEADER, 0, &process->body, error) ||
	    !find_session_space(crash, process, error))
		return NONE;
	const struct thing body = process->body;
	put(crash, body, L_EPROCESS_UniqueProcessId, from->pid, 8);
	put(crash, body, L_EPROCESS_CreateTime, nt_time(from->created), 8);
	put(crash, body, L_EPROCESS_ExitTime, nt_time(from->exited), 8);
	memcpy(body.at + offset_of(crash, L_EPROCESS_ImageFileName), from->image,
	    strnlen(from->image, 14));
	put(crash, body, L_EPROCESS_Session, from->pid == 4 ? 0 : process->session_space, 8);
	const uint64_t threads =
	    body.address + (uint64_t)offset_of(crash, L_EPROCESS_ThreadListHead);
	put(crash, body, L_EPROCESS_ThreadListHead, threads, 8);
	put_u64(body.at + offset_of(crash, L_EPROCESS_ThreadListHead) + 8, threads);
	link_before(
	    crash, crash_symbol(crash, "PsActiveProcessHead"), body, L_EPROCESS_ActiveProcessLinks);
	if (!put_path(crash, body, from, error) ||
	    (from->pid != 4 && !from->exited && !make_user_part(crash, process, error)))
		return NONE;
	return crash->process_count - 1;
}

bool crash_add_user_module(struct crash *crash, size_t number, const char *name, uint64_t base,
    uint32_t size, struct error *error)
{
	struct process_made *process = &crash->processes[number];
	struct thing entry;

	if (!process->user)
		return error_set(error, EXIT_USAGE, "process %llu has no user part",
		    (unsigned long long)process->pid);
	if (!make(crash, process->user, L_LDR_DATA_TABLE_ENTRY_size, 0, 0, &entry, error) ||
	    !put_name(
	        crash, process->user, entry, L_LDR_DATA_TABLE_ENTRY_FullDllName, name, error) ||
	    !put_name(crash, process->user, entry, L_LDR_DATA_TABLE_ENTRY_BaseDllName, name, error))
		return false;
	put(crash, entry, L_LDR_DATA_TABLE_ENTRY_DllBase, base, 8);
	put(crash, entry, L_LDR_DATA_TABLE_ENTRY_SizeOfImage, size, 4);
	/* As link_before(), in the user part: its regions are not the kernel's. */
	uint8_t *head = process->ldr.at + offset_of(crash, L_PEB_LDR_DATA_InLoadOrderModuleList);
	const uint64_t head_address =
	    process->ldr.address + (uint64_t)offset_of(crash, L_PEB_LDR_DATA_InLoadOrderModuleList);
	const uint64_t last = take_u64(head + 8);
	uint8_t *last_at = process->ldr.at + (last - process->ldr.address);
	put_u64(entry.at, head_address);
	put_u64(entry.at + 8, last);
	put_u64(last_at, entry.address);
	put_u64(head + 8, entry.address);
	return true;
}

bool crash_add_thread(
    struct crash *crash, size_t number, uint64_t tid, size_t token, struct error *error)
{
	struct process_made *process = &crash->processes[number];
	struct thread_made *made =
	    next_of(&crash->threads, &crash->thread_count, sizeof(*crash->threads));
	struct thing thread;

	if (!made)
		return error_memory(error);
	if (!make(crash, crash->nonpaged, L_ETHREAD_size, HEADER, 0, &thread, error))
		return false;
	*made = (struct thread_made){.body = thread, .process = number, .tid = tid};
	put_u64(thread.at + offset_of(crash, L_ETHREAD_Cid), process->pid);
	put_u64(thread.at + offset_of(crash, L_ETHREAD_Cid) + 8, tid);
	/* The low bits are flags: impersonation level and effective-only. */
	put(crash, thread, L_ETHREAD_ClientSecurity,
	    token == NONE ? 0 : crash->tokens[token].body.address | 1, 8);
	put(crash, thread, L_ETHREAD_CrossThreadFlags, token == NONE ? 0 : 8,
	    4); /* ActiveImpersonationInfo */
	link_before(crash,
	    process->body.address + (uint64_t)offset_of(crash, L_EPROCESS_ThreadListHead), thread,
	    L_ETHREAD_ThreadListEntry);
	return true;
}

void crash_set_primary(struct crash *crash, size_t process, size_t token)
{
	crash->processes[process].primary = token;
	/* An EX_FAST_REF: the low four bits count references that are paid for in advance. */
	put(crash, crash->processes[process].body, L_EPROCESS_Token,
	    crash->tokens[token].body.address | 0xf, 8);
}
