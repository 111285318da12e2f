/* What each state of memory is called. */
#include "dump/memory/memory_state.h"

const char *memory_state_text(enum memory_state state)
{
	static const char *const texts[MEMORY_STATES] = {
	    [MEMORY_PRESENT] = "present",
	    [MEMORY_NOT_MAPPED] = "not mapped",
	    [MEMORY_PAGED_OUT] = "paged out",
	    [MEMORY_NOT_IN_DUMP] = "not in this dump",
	    [MEMORY_TRUNCATED] = "beyond the end of the dump file",
	    [MEMORY_UNREADABLE] = "unreadable on this disk",
	    [MEMORY_NON_CANONICAL] = "no valid address",
	};
	return texts[state];
}
