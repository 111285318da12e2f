/* Layouts of NtQuerySystemInformation and NtQueryObject that the SDK does not declare, as Microsoft's public symbols
 * (PDB types) have them; the same from Server 2008 R2 on, 64 bits. */
#ifndef LEAKLAB_PROBE_NT_H
#define LEAKLAB_PROBE_NT_H

#include <stdint.h>

#include <windows.h>
#include <winternl.h>

#define NT_TIME_OF_DAY 3
#define NT_PROCESSES 5
#define NT_EXTENDED_HANDLES 64
#define NT_OBJECT_TYPE 2
#define NT_PROCESS_IMAGE 27 /* ProcessImageFileName */
#define NT_THREAD_BASIC 0

#define NT_INFO_LENGTH_MISMATCH ((NTSTATUS)0xC0000004)
#define NT_NO_SUCH_LOGON_SESSION ((NTSTATUS)0xC000005F)

struct nt_handle { /* SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX */
	void *object;
	uint64_t pid;
	uint64_t value;
	uint32_t access;
	uint16_t creator_back_trace;
	uint16_t type;
	uint32_t attributes;
	uint32_t reserved;
};

struct nt_handles { /* SYSTEM_HANDLE_INFORMATION_EX */
	uint64_t count;
	uint64_t reserved;
	struct nt_handle entries[];
};

struct nt_process { /* SYSTEM_PROCESS_INFORMATION, its beginning */
	uint32_t next;
	uint32_t threads;
	uint8_t working_set[24];
	int64_t created; /* 100 ns since 1601 */
	int64_t times[2];
	UNICODE_STRING image;
	int32_t priority;
	uint64_t pid;
	uint64_t parent;
	uint32_t handle_count;
	uint32_t session;
};

struct nt_time_of_day { /* SYSTEM_TIMEOFDAY_INFORMATION */
	int64_t boot;   /* 100 ns since 1601 */
	int64_t now;
	int64_t time_zone_bias;
	uint32_t time_zone;
	uint32_t reserved;
	int64_t boot_bias; /* what setting the clock has moved the boot time by */
	int64_t sleep_bias;
};

struct nt_thread_basic { /* THREAD_BASIC_INFORMATION */
	NTSTATUS exit_status;
	void *teb;
	uint64_t pid, tid;
	uint64_t affinity;
	int32_t priority, base_priority;
};

struct nt_directory_entry { /* OBJECT_DIRECTORY_INFORMATION */
	UNICODE_STRING name, type;
};

struct nt_object_type { /* OBJECT_TYPE_INFORMATION, its beginning; the name follows the structure */
	UNICODE_STRING name;
	uint32_t objects;
	uint32_t handles;
	uint32_t rest[24];
};

/* The answer of NtQuerySystemInformation, of whatever size; the caller's to free(). NULL: *error says why. */
void *nt_query(int what, DWORD *error);

#endif
