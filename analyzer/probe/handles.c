#include "probe/handles.h"

#include <stdlib.h>

#define BUFFER_FIRST (1u << 20)
#define BUFFER_MOST (1u << 30)

void *nt_query(int what, DWORD *error)
{
	for (ULONG size = BUFFER_FIRST; size <= BUFFER_MOST; size *= 2) {
		void *buffer = malloc(size);
		/* The size that is told back is not to be relied upon: handles are made meanwhile. */
		ULONG ignored;

		if (!buffer)
			break;
		const NTSTATUS status = NtQuerySystemInformation(
		    (SYSTEM_INFORMATION_CLASS)what, buffer, size, &ignored);
		if (status == 0)
			return buffer;
		free(buffer);
		if (status != NT_INFO_LENGTH_MISMATCH) {
			*error = RtlNtStatusToDosError(status);
			return NULL;
		}
	}
	*error = ERROR_NOT_ENOUGH_MEMORY;
	return NULL;
}

static const struct nt_handle *find(const struct nt_handles *all, uint64_t pid, uint64_t value)
{
	for (uint64_t i = 0; i < all->count; i++)
		if (all->entries[i].pid == pid && all->entries[i].value == value)
			return &all->entries[i];
	return NULL;
}

static int64_t count_objects(HANDLE token)
{
	union {
		struct nt_object_type type;
		uint8_t room[1024]; /* the name is behind it */
	} answer;
	ULONG length;

	if (NtQueryObject(token, (OBJECT_INFORMATION_CLASS)NT_OBJECT_TYPE, &answer, sizeof(answer),
	        &length) != 0)
		return -1;
	/* There is one at least: that which was asked about. */
	return answer.type.objects > 0 ? (int64_t)answer.type.objects : -1;
}

/* Type indexes differ from system to system: a handle that is known to lead to such an object tells. */
static int type_of(const struct nt_handles *all, HANDLE own)
{
	const struct nt_handle *known =
	    all && own ? find(all, GetCurrentProcessId(), (uintptr_t)own) : NULL;

	return known ? known->type : -1;
}

static bool hides_addresses(const struct nt_handles *all)
{
	for (uint64_t i = 0; i < all->count; i++)
		if (all->entries[i].object)
			return false;
	return true;
}

bool handle_table_read(struct handle_table *out, DWORD *error)
{
	HANDLE own;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own)) {
		*error = GetLastError();
		return false;
	}
	HANDLE process =
	    OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, GetCurrentProcessId());
	HANDLE thread = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, GetCurrentThreadId());
	struct handle_table table = {.all = nt_query(NT_EXTENDED_HANDLES, error)};
	table.token_objects = count_objects(own);
	table.token_type = type_of(table.all, own);
	table.process_type = type_of(table.all, process);
	table.thread_type = type_of(table.all, thread);
	CloseHandle(own);
	if (process)
		CloseHandle(process);
	if (thread)
		CloseHandle(thread);
	if (!table.all)
		return false;
	table.addresses_hidden = hides_addresses(table.all);
	*out = table;
	return true;
}

void handle_table_free(struct handle_table *table)
{
	free(table->all);
	table->all = NULL;
}

const struct nt_handle *handle_table_find(
    const struct handle_table *table, uint64_t pid, uint64_t value)
{
	const struct nt_handle *handle = find(table->all, pid, value);

	return handle && handle_table_knows(table, handle) ? handle : NULL;
}

bool handle_table_knows(const struct handle_table *table, const struct nt_handle *handle)
{
	return handle->type == table->token_type || handle->type == table->process_type ||
	       handle->type == table->thread_type;
}

bool token_copy(HANDLE process, uint64_t value, HANDLE *out)
{
	return DuplicateHandle(
	    process, (HANDLE)(uintptr_t)value, GetCurrentProcess(), out, TOKEN_QUERY, FALSE, 0);
}

bool token_query(HANDLE token, struct token *out)
{
	TOKEN_STATISTICS statistics;
	DWORD session;
	DWORD length;

	if (!GetTokenInformation(token, TokenStatistics, &statistics, sizeof(statistics), &length))
		return false;
	*out = (struct token){
	    .id =
	        (uint64_t)(uint32_t)statistics.TokenId.HighPart << 32 | statistics.TokenId.LowPart,
	    .luid = (uint64_t)(uint32_t)statistics.AuthenticationId.HighPart << 32 |
	            statistics.AuthenticationId.LowPart,
	    .session = -1,
	    .primary = statistics.TokenType == TokenPrimary,
	};
	if (GetTokenInformation(token, TokenSessionId, &session, sizeof(session), &length))
		out->session = session;
	return true;
}
