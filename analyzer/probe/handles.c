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

bool handle_table_read(struct handle_table *out, DWORD *error)
{
	HANDLE own;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own)) {
		*error = GetLastError();
		return false;
	}
	struct handle_table table = {.all = nt_query(NT_EXTENDED_HANDLES, error), .token_type = -1};
	table.token_objects = count_objects(own);
	/* Type indexes differ from system to system: a handle that is known to lead to a token tells. */
	const struct nt_handle *known =
	    table.all ? find(table.all, GetCurrentProcessId(), (uintptr_t)own) : NULL;
	if (known)
		table.token_type = known->type;
	CloseHandle(own);
	if (!table.all)
		return false;
	*out = table;
	return true;
}

void handle_table_free(struct handle_table *table)
{
	free(table->all);
	table->all = NULL;
}

bool handle_table_has_token(const struct handle_table *table, uint64_t pid, uint64_t value)
{
	const struct nt_handle *handle = find(table->all, pid, value);

	return handle && handle->type == table->token_type;
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
