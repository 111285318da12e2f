/* nt!SeTokenLeakTracking, nt!SeTokenDoesNotTrackSessionObject, nt!ObHeaderCookie, and the object types with the totals of the token type. */
#include "dump/kernel/steps.h"

static bool read_tracking(struct kernel *kernel)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint64_t address;
	uint32_t value;
	if (!kernel_find_variable(kernel, "SeTokenLeakTracking", &address) ||
	    layout->logon.tokens == ABSENT || layout->token.diagnostics == ABSENT) {
		kernel->tracking = TRACKING_ABSENT;
		return true;
	}
	if (!address_space_read_u32(kernel->space, address, &value, NULL)) {
		kernel->tracking = TRACKING_UNKNOWN;
		return kernel_lack(kernel,
		    "SeTokenLeakTracking is not in the dump: assumed to be on where lists are found");
	}
	kernel->tracking = value ? TRACKING_ON : TRACKING_OFF;
	return true;
}

/* The index of an object type, by the variable that points to it; *address: of the type. */
static bool read_type_index(
    struct kernel *kernel, const char *variable, uint64_t *address, uint8_t *index)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint64_t at;
	return kernel_find_variable(kernel, variable, &at) &&
	       address_space_read_u64(kernel->space, at, address, NULL) &&
	       address_space_is_kernel(kernel->space, *address) &&
	       address_space_read_u8(
	           kernel->space, *address + (uint64_t)layout->type.index, index, NULL);
}

/* What tells tokens, processes and threads from other objects behind handles. */
static bool read_types(struct kernel *kernel)
{
	struct kernel_private *inside = kernel->inside;
	const struct kernel_layout *layout = &inside->layout;
	uint64_t variable, type, other;
	uint32_t count;
	if (layout->type.index == ABSENT || layout->header.type == ABSENT)
		return true; /* said by the layout */
	if (!kernel_find_variable(kernel, "SeTokenObjectType", &variable))
		return kernel_lack(
		    kernel, "SeTokenObjectType: tokens cannot be distinguished from other objects");
	inside->has_token_type =
	    read_type_index(kernel, "SeTokenObjectType", &type, &inside->token_type);
	inside->has_cookie = kernel_find_variable(kernel, "ObHeaderCookie", &variable);
	if (inside->has_cookie &&
	    !address_space_read_u8(kernel->space, variable, &inside->cookie, NULL)) {
		inside->has_token_type = false;
		return kernel_lack(kernel,
		    "ObHeaderCookie is not in the dump: tokens cannot be distinguished from other "
		    "objects");
	}
	inside->token_type_lost = !inside->has_token_type;
	inside->has_process_type =
	    read_type_index(kernel, "PsProcessType", &other, &inside->process_type);
	inside->has_thread_type =
	    read_type_index(kernel, "PsThreadType", &other, &inside->thread_type);
	if (!inside->token_type_lost && layout->type.objects != ABSENT &&
	    address_space_read_u32(
	        kernel->space, type + (uint64_t)layout->type.objects, &count, NULL))
		kernel->token_objects = count;
	if (!inside->token_type_lost && layout->type.handles != ABSENT &&
	    address_space_read_u32(
	        kernel->space, type + (uint64_t)layout->type.handles, &count, NULL))
		kernel->token_handles = count;
	return (inside->has_process_type && inside->has_thread_type) ||
	       kernel_lack(kernel,
	           "PsProcessType, PsThreadType: who keeps processes that have exited is not seen");
}

/* One that disagrees with the others is no token any more. */
bool variables_learn_token_type(struct kernel *kernel, struct error *error)
{
	struct kernel_private *inside = kernel->inside;
	const struct kernel_layout *layout = &inside->layout;
	bool agree = true, any = false;
	if (!inside->token_type_lost)
		return true;
	for (uint32_t i = 0; layout->header.body != ABSENT && i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		const uint64_t header = process->primary_at - (uint64_t)layout->header.body;
		uint8_t type;
		if (!process->is_alive || !address_space_is_kernel(kernel->space, header) ||
		    !address_space_read_u8(
		        kernel->space, header + (uint64_t)layout->header.type, &type, NULL))
			continue;
		type = kernel_object_type(inside, header, type);
		agree &= !any || type == inside->token_type;
		inside->token_type = type;
		any = true;
	}
	inside->has_token_type = any && agree;
	return inside->has_token_type ||
	       kernel_lack(kernel,
	           "the token type is not in the dump: tokens cannot be distinguished from other objects") ||
	       error_memory(error);
}

/* Whether a token keeps the session ID that it is stamped with: since MS16-111 it has a pointer to the session's object; and a
 * switch, which Microsoft has not documented. */
static void read_rule(struct kernel *kernel)
{
	uint64_t address;
	uint32_t value;
	if (kernel->inside->layout.token.session_object == ABSENT)
		kernel->rule = RULE_ABSENT;
	else if (!kernel_find_variable(kernel, "SeTokenDoesNotTrackSessionObject", &address))
		kernel->rule = RULE_ON;
	else if (!address_space_read_u32(kernel->space, address, &value, NULL))
		kernel->rule = RULE_UNKNOWN;
	else
		kernel->rule = value ? RULE_OFF : RULE_ON;
}

bool variables_read(struct kernel *kernel, struct error *error)
{
	if (!read_tracking(kernel) || !read_types(kernel))
		return error_memory(error);
	read_rule(kernel);
	return true;
}
