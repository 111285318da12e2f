/* How logon sessions outside RDS sessions began: a token of theirs has the well-known group of its logon's type (Microsoft's list of well-known
 * SIDs). */
#include "dump/kernel/steps.h"

#include <string.h>

#include "dump/kernel/tokens.h"
#include "dump/little_endian.h"

#define GROUPS_MOST 1100 /* Windows allows 1,024, and a few of its own */
#define SID_OF_ONE_PART 12

static enum kernel_logon_type type_of_group(const uint8_t sid[SID_OF_ONE_PART])
{
	static const uint8_t nt_authority[] = {1, 1, 0, 0, 0, 0, 0, 5}; /* S-1-5-x */
	if (memcmp(sid, nt_authority, sizeof nt_authority) != 0)
		return LOGON_TYPE_UNKNOWN;
	switch (load32(sid + sizeof nt_authority)) {
	case 2:
		return LOGON_TYPE_NETWORK;
	case 3:
		return LOGON_TYPE_BATCH;
	case 4:
		return LOGON_TYPE_INTERACTIVE;
	case 6:
		return LOGON_TYPE_SERVICE;
	case 14:
		return LOGON_TYPE_REMOTE;
	default:
		return LOGON_TYPE_UNKNOWN;
	}
}

/* A remote interactive logon is of the interactive group as well. */
static enum kernel_logon_type type_of_token(struct kernel *kernel, uint64_t token)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	enum kernel_logon_type found = LOGON_TYPE_UNKNOWN;
	uint8_t sid[SID_OF_ONE_PART];
	uint64_t groups, at;
	uint32_t count;
	if (layout->token.groups == ABSENT || layout->token.group_count == ABSENT ||
	    !address_space_read_u64(
	        kernel->space, token + (uint64_t)layout->token.groups, &groups, NULL) ||
	    !address_space_read_u32(
	        kernel->space, token + (uint64_t)layout->token.group_count, &count, NULL) ||
	    (groups & 7) || count > GROUPS_MOST)
		return LOGON_TYPE_UNKNOWN;
	for (uint32_t i = 1; i < count && found != LOGON_TYPE_REMOTE; i++) {
		groups += SID_AND_ATTRIBUTES_SIZE;
		if (!address_space_is_kernel(kernel->space, groups) ||
		    !address_space_read_u64(kernel->space, groups, &at, NULL) ||
		    !address_space_is_kernel(kernel->space, at) ||
		    !address_space_read(kernel->space, at, sid, sizeof sid, NULL))
			continue;
		const enum kernel_logon_type type = type_of_group(sid);
		if (type == LOGON_TYPE_REMOTE || found == LOGON_TYPE_UNKNOWN)
			found = type;
	}
	return found;
}

void logon_types_read(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		struct kernel_logon_session *logon = &kernel->logons[i];
		for (uint32_t j = logon->tokens;
		     j != KERNEL_NONE && logon->type == LOGON_TYPE_UNKNOWN;
		     j = kernel->tokens[j].next_of_session) {
			const struct kernel_token *token = &kernel->tokens[j];
			if (token->is_read && token->session_id != 0)
				break; /* of an RDS session */
			if (token->is_read)
				logon->type = type_of_token(kernel, token->address);
		}
	}
}

const char *kernel_logon_type_text(enum kernel_logon_type type)
{
	static const char *const texts[] = {[LOGON_TYPE_UNKNOWN] = "unknown",
	    [LOGON_TYPE_NETWORK] = "network",
	    [LOGON_TYPE_BATCH] = "batch",
	    [LOGON_TYPE_INTERACTIVE] = "interactive",
	    [LOGON_TYPE_SERVICE] = "service",
	    [LOGON_TYPE_REMOTE] = "remote interactive"};
	return texts[type];
}
