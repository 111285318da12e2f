/* What could not be read, in words and summed. */
#include "dump/kernel/objects.h"

#include "evidence/snapshot.h"

const char *kernel_thing_text(enum kernel_thing thing, uint64_t count)
{
	static const char *const texts[THINGS][2] = {
	    [THING_MODULE] = {"module", "modules"},
	    [THING_PROCESS] = {"process", "processes"},
	    [THING_PROCESS_SESSION] = {"process's session", "processes' sessions"},
	    [THING_THREAD] = {"thread", "threads"},
	    [THING_LOGON_LIST] = {"list of logon sessions", "lists of logon sessions"},
	    [THING_LOGON_SESSION] = {"logon session", "logon sessions"},
	    [THING_TOKEN_LIST] = {"logon session's token list", "logon sessions' token lists"},
	    [THING_TOKEN] = {"token", "tokens"},
	    [THING_CREATION] = {"creation record", "creation records"},
	    [THING_HANDLE_TABLE] = {"page of a handle table", "pages of handle tables"},
	    [THING_OBJECT] = {"object behind a handle", "objects behind handles"},
	    [THING_NAME] = {"name", "names"},
	    [THING_VARIABLE] = {"kernel variable", "kernel variables"},
	};
	return texts[thing][count != 1];
}

const char *kernel_reason_text(unsigned reason)
{
	return reason == KERNEL_DAMAGED ? "damaged" : memory_state_text(reason);
}

uint64_t kernel_missing_of(const struct kernel *kernel, enum kernel_thing thing)
{
	uint64_t total = 0;
	for (size_t i = 0; i < KERNEL_REASONS; i++)
		total += kernel->missing[thing][i];
	return total;
}

uint64_t kernel_missing_total(const struct kernel *kernel)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < THINGS; i++)
		total += kernel_missing_of(kernel, (enum kernel_thing)i);
	return total;
}

int64_t kernel_session_id(uint32_t id)
{
	return id <= INT32_MAX ? (int64_t)id : NUMBER_UNKNOWN;
}
