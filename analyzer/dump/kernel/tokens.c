/* _TOKEN and what tracking recorded of it (_SEP_TOKEN_DIAG_TRACK_ENTRY). A host may have a
 * million: what is needed of one is taken out of its page without copying the rest. */
#include "dump/kernel/tokens.h"

#include <stddef.h>
#include <string.h>

#include "dump/kernel/found.h"
#include "dump/kernel/text.h"
#include "dump/little_endian.h"

#define CREATION_MOST 0x400
#define BEHIND 256 /* bytes that are looked at behind a token: its groups */
#define SID_HEAD 8 /* then parts of 4 bytes */
#define SID_PARTS 15
#define SID_MOST (SID_HEAD + 4 * SID_PARTS)
#define NODE_SIZE 0x18
#define NODE_TOKEN 0x10 /* tag SeLs: links, then the token; no PDB has a type for it */
#define ALIGNMENT 0xf
#define RESERVED_MOST                                                                              \
	(1 << 21) /* tokens; a dump that counts more is not believed before they are found */

/* What is needed of a token, taken out of its page or pages: some cache lines of twenty. */
struct raw_token {
	uint64_t start; /* address of the first byte, which is the object header's */
	uint8_t header_type;
	int32_t handles;
	uint64_t id, luid, logon, groups, diagnostics;
	uint32_t session_id, group_count, type, level, flags;
	bool is_whole; /* what a token cannot be told without is there */
	uint8_t sid[SID_MOST];
	size_t sid_length; /* 0: not behind the token */
	struct memory_fault fault;
};

/* The bytes from the start of an object on, as far as they were read. */
struct object {
	const uint8_t *bytes;
	size_t length;
};

/* What lies behind an object in its page is given as well. buffer is for one that begins in one page and ends in the next: a
 * view lasts until the next read only. */
static struct object read_object(struct kernel *kernel, uint64_t start, size_t size,
    uint8_t buffer[2 * DUMP_PAGE_SIZE], struct memory_fault *fault)
{
	struct object object = {0};
	size_t more;
	object.bytes = address_space_view(kernel->space, start, &object.length, fault);
	if (!object.bytes || object.length >= size)
		return object;
	memcpy(buffer, object.bytes, object.length);
	object.bytes = buffer;
	const uint8_t *rest =
	    address_space_view(kernel->space, start + object.length, &more, fault);
	if (!rest)
		return object;
	if (more > size + BEHIND - object.length)
		more = size + BEHIND - object.length;
	memcpy(buffer + object.length, rest, more);
	object.length += more;
	return object;
}

static inline bool take32(const struct object *object, size_t before, int32_t offset, uint32_t *out)
{
	bool is_there = offset != ABSENT && before + (size_t)offset + 4 <= object->length;
	*out = is_there ? load32(object->bytes + before + offset) : 0;
	return is_there;
}

static inline bool take64(const struct object *object, size_t before, int32_t offset, uint64_t *out)
{
	bool is_there = offset != ABSENT && before + (size_t)offset + 8 <= object->length;
	*out = is_there ? load64(object->bytes + before + offset) : 0;
	return is_there;
}

/* Where an address lies in an object's bytes; NULL if not all of the size are there. */
static const uint8_t *find_in(
    const struct object *object, uint64_t start, uint64_t address, size_t size)
{
	return address > start && address - start + size <= object->length &&
	               address - start < object->length
	           ? object->bytes + (address - start)
	           : NULL;
}

/* The user's SID, if the groups lie behind the token, as they do unless they were changed later. */
static void take_sid(const struct object *object, struct raw_token *raw)
{
	const uint8_t *group = find_in(object, raw->start, raw->groups, 8);
	uint64_t address = group ? load64(group) : 0;
	const uint8_t *sid = find_in(object, raw->start, address, SID_HEAD);
	raw->sid_length = 0;
	if (!sid || sid[1] > SID_PARTS ||
	    !find_in(object, raw->start, address, SID_HEAD + 4u * sid[1]))
		return;
	raw->sid_length = SID_HEAD + 4u * sid[1];
	memcpy(raw->sid, sid, raw->sid_length);
}

static void read_raw(struct kernel *kernel, uint64_t address, struct raw_token *raw)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	const size_t before = layout->header.body == ABSENT ? 0 : (size_t)layout->header.body;
	uint8_t buffer[2 * DUMP_PAGE_SIZE];
	uint64_t handles;
	raw->is_whole = false;
	raw->start = address - before;
	const struct object object =
	    read_object(kernel, raw->start, before + layout->token.size, buffer, &raw->fault);
	if (object.length == 0)
		return;
	raw->header_type =
	    layout->header.type != ABSENT && (size_t)layout->header.type < object.length
	        ? object.bytes[layout->header.type]
	        : 0;
	raw->handles = before > 0 && take64(&object, 0, layout->header.handles, &handles) &&
	                       handles <= INT32_MAX
	                   ? (int32_t)handles
	                   : KERNEL_HANDLES_UNKNOWN;
	raw->is_whole = take64(&object, before, layout->token.logon, &raw->logon) &&
	                take64(&object, before, layout->token.luid, &raw->luid) &&
	                take32(&object, before, layout->token.session_id, &raw->session_id);
	take64(&object, before, layout->token.id, &raw->id);
	take64(&object, before, layout->token.groups, &raw->groups);
	take64(&object, before, layout->token.diagnostics, &raw->diagnostics);
	take32(&object, before, layout->token.group_count, &raw->group_count);
	take32(&object, before, layout->token.type, &raw->type);
	take32(&object, before, layout->token.level, &raw->level);
	take32(&object, before, layout->token.flags, &raw->flags);
	take_sid(&object, raw);
}

/* Why these bytes are no token of this logon session (KERNEL_NONE: of any). NULL: they are. */
static const char *find_fault(
    struct kernel *kernel, const struct raw_token *raw, uint32_t logon, uint32_t *found)
{
	const struct kernel_private *inside = kernel->inside;
	if (inside->has_token_type) {
		if (kernel_object_type(inside, raw->start, raw->header_type) != inside->token_type)
			return "is not a token (any more)";
	}
	if (logon != KERNEL_NONE && kernel->logons[logon].address == raw->logon)
		*found = logon;
	else
		*found = address_map_find(&inside->logon_at, raw->logon);
	if (logon != KERNEL_NONE && *found != logon)
		return "belongs to another logon session, or was freed";
	if (*found != KERNEL_NONE && kernel->logons[*found].luid != raw->luid)
		return "has another LUID than its logon session";
	return NULL;
}

static bool read_user(
    struct kernel *kernel, const struct raw_token *raw, struct kernel_token *token)
{
	uint8_t bytes[SID_MOST];
	uint64_t at;
	bool failed = false;
	if (raw->groups == 0 || raw->group_count == 0)
		return true;
	if (raw->sid_length)
		token->user = kernel_sid(kernel, raw->sid, raw->sid_length, &failed);
	else if (!(raw->groups & 7) && address_space_is_kernel(kernel->space, raw->groups) &&
	         address_space_read_u64(kernel->space, raw->groups, &at, NULL) &&
	         address_space_is_kernel(kernel->space, at) &&
	         address_space_read(kernel->space, at, bytes, SID_HEAD, NULL) &&
	         bytes[1] <= SID_PARTS &&
	         address_space_read(kernel->space, at, bytes, SID_HEAD + 4u * bytes[1], NULL))
		token->user = kernel_sid(kernel, bytes, SID_HEAD + 4u * bytes[1], &failed);
	return !failed;
}

static bool read_creation(struct kernel *kernel, uint64_t address, struct kernel_token *token)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint8_t buffer[2 * DUMP_PAGE_SIZE];
	struct memory_fault fault;
	bool failed = false;
	const uint32_t size = layout->creation.size;
	if (address == 0 || size == 0 || size > CREATION_MOST || layout->creation.image == ABSENT ||
	    (uint32_t)layout->creation.image + 16 > size)
		return true;
	if ((address & 7) || !address_space_is_kernel(kernel->space, address)) {
		kernel_damaged(kernel, THING_CREATION,
		    "token at 0x%llx: its creation record is at 0x%llx, where none can be",
		    (unsigned long long)token->address, (unsigned long long)address);
		return true;
	}
	const struct object object = read_object(kernel, address, size, buffer, &fault);
	const uint8_t *bytes = object.bytes;
	if (object.length < size) {
		kernel_miss(kernel, THING_CREATION, fault.state);
		return true;
	}
#define HAS(member, length)                                                                        \
	(layout->creation.member != ABSENT && (uint32_t)layout->creation.member + (length) <= size)
	if (HAS(pid, 8))
		token->creator_pid = load64(bytes + layout->creation.pid);
	if (HAS(tid, 8))
		token->creator_tid = load64(bytes + layout->creation.tid);
	if (HAS(method, 4))
		token->method = load32(bytes + layout->creation.method);
	if (HAS(captures, 4))
		token->captures = (int32_t)load32(bytes + layout->creation.captures);
	token->creator_image =
	    kernel_short_string(kernel, bytes + layout->creation.image, 16, &failed);
	if (!failed)
		token->creator_image = process_names_complete(
		    kernel, token->creator_pid, token->creator_image, &token->creator_is_cut);
	if (!failed && HAS(trace, 8 * layout->creation.frames)) {
		token->stack =
		    stacks_add(kernel, bytes + layout->creation.trace, layout->creation.frames);
		failed = !token->stack;
	}
#undef HAS
	return !failed;
}

void tokens_join(struct kernel *kernel, uint32_t number)
{
	struct kernel_token *token = &kernel->tokens[number];
	struct kernel_logon_session *logon = &kernel->logons[token->logon];
	token->next_of_session = logon->tokens;
	logon->tokens = number;
	logon->token_count++;
	logon->counted_tokens += !(token->flags & TOKEN_FLAG_NO_REFERENCE);
	logon->unread_tokens += !token->is_read;
}

static bool add_token(struct kernel *kernel, const struct kernel_token *from, uint32_t *out)
{
	struct kernel_token *token = large_array_next(&kernel->tokens, &kernel->token_count,
	    &kernel->inside->token_room, sizeof *kernel->tokens);
	uint32_t number = kernel->token_count - 1;
	if (!token || !address_map_add(&kernel->inside->token_at, from->address, number))
		return false;
	*token = *from;
	if (token->logon != KERNEL_NONE)
		tokens_join(kernel, number);
	if (number % 16384 == 0)
		kernel_tell(kernel, "tokens", number,
		    kernel->token_objects > 0 ? (uint64_t)kernel->token_objects : 0);
	*out = number;
	return true;
}

static bool read_token(
    struct kernel *kernel, const struct raw_token *raw, struct kernel_token *token)
{
	token->id = raw->id;
	token->luid = raw->luid;
	token->logon_at = raw->logon;
	token->session_id = raw->session_id;
	token->flags = raw->flags;
	token->handles = raw->handles;
	token->type = raw->type <= 2 ? (uint8_t)raw->type : 0;
	token->level = raw->level <= 3 ? (uint8_t)raw->level : 0;
	token->is_read = true;
	return read_user(kernel, raw, token) && read_creation(kernel, raw->diagnostics, token);
}

/* True if another token fits into the dump. */
static bool has_room(struct kernel *kernel)
{
	const struct kernel_private *inside = kernel->inside;
	if (kernel->token_count < kernel_most(kernel, inside->layout.token.size))
		return true;
	kernel_damaged(kernel, THING_TOKEN, "there are more tokens than fit into the dump");
	return false;
}

bool tokens_at(struct kernel *kernel, uint64_t address, uint32_t logon, uint32_t *out)
{
	uint32_t number = address_map_find(&kernel->inside->token_at, address);
	struct kernel_token token = {.address = address,
	    .logon = logon,
	    .next_of_session = KERNEL_NONE,
	    .holders = KERNEL_NONE,
	    .handles = KERNEL_HANDLES_UNKNOWN};
	struct raw_token raw;
	*out = number;
	if (number != KERNEL_NONE)
		return true;
	if ((address & ALIGNMENT) || !address_space_is_kernel(kernel->space, address)) {
		kernel_damaged(kernel, THING_TOKEN, "a pointer to a token is 0x%llx",
		    (unsigned long long)address);
		return true;
	}
	if (!has_room(kernel))
		return true;
	read_raw(kernel, address, &raw);
	if (!raw.is_whole) {
		kernel_miss(kernel, THING_TOKEN, raw.fault.state);
		return add_token(kernel, &token, out);
	}
	const char *fault = find_fault(kernel, &raw, logon, &token.logon);
	if (fault) {
		kernel_damaged(kernel, THING_TOKEN, "what should be a token at 0x%llx %s",
		    (unsigned long long)address, fault);
		return true;
	}
	return read_token(kernel, &raw, &token) && add_token(kernel, &token, out);
}

/* One node of a token list. False when memory is out; *more is cleared where the list leads in circles. */
static bool read_node(struct kernel *kernel, uint32_t number, uint64_t node, bool *more)
{
	struct kernel_logon_session *logon = &kernel->logons[number];
	struct memory_fault fault;
	uint64_t address;
	uint32_t token;
	/* Its links were read a moment ago; the token's address may lie on the next page. */
	if (!address_space_read_u64(kernel->space, node + NODE_TOKEN, &address, &fault)) {
		kernel_miss(kernel, THING_TOKEN, fault.state);
		logon->token_list_complete = false;
		return true;
	}
	if (!tokens_at(kernel, address, number, &token))
		return false;
	if (token == KERNEL_NONE) {
		logon->token_list_complete = false;
		return true;
	}
	if (kernel->tokens[token].is_listed || kernel->tokens[token].logon != number) {
		kernel_damaged(kernel, THING_TOKEN_LIST,
		    "the token list of logon session 0x%llx names the token at 0x%llx again",
		    (unsigned long long)logon->luid, (unsigned long long)address);
		logon->token_list_complete = false;
		*more = false;
		return true;
	}
	kernel->tokens[token].is_listed = true;
	return true;
}

static bool read_list(struct kernel *kernel, uint32_t number, uint64_t *budget)
{
	const uint64_t head =
	    kernel->logons[number].address + (uint64_t)kernel->inside->layout.logon.tokens;
	struct list list;
	uint64_t node, links[2];
	bool more = true;
	if (address_space_read(kernel->space, head, links, sizeof links, NULL) && !links[0] &&
	    !links[1])
		return true; /* as without tracking */
	kernel->logons[number].token_list_complete = true;
	list_begin(&list, kernel->space, head, true, *budget);
	while (more && list_next(&list, &node) == LIST_ENTRY)
		if (!read_node(kernel, number, node, &more))
			return false;
	*budget = list.most;
	if (list.broken && !list.joined)
		kernel->logons[number].token_list_complete = false;
	kernel_broke_off(kernel, THING_TOKEN_LIST, &list, "the token list of logon session 0x%llx",
	    (unsigned long long)kernel->logons[number].luid);
	return true;
}

void tokens_prepare(struct kernel *kernel)
{
	struct kernel_private *inside = kernel->inside;
	int64_t tokens = kernel->token_objects, handles = kernel->token_handles;
	inside->token_at.spacing_bits =
	    63 - (unsigned)__builtin_clzll(inside->layout.token.size | 1);
	if (tokens > 0 && tokens <= RESERVED_MOST) {
		large_array_reserve(
		    &kernel->tokens, &inside->token_room, (uint64_t)tokens, sizeof *kernel->tokens);
		address_map_reserve(&inside->token_at, (size_t)tokens);
	}
	if (handles > 0 && handles <= RESERVED_MOST)
		large_array_reserve(&kernel->holders, &inside->holder_room,
		    (uint64_t)handles + kernel->process_count + kernel->logon_count,
		    sizeof *kernel->holders);
}

bool tokens_read_lists(struct kernel *kernel, uint32_t first, struct error *error)
{
	uint64_t budget = kernel->inside->budget / NODE_SIZE + 1;
	if (kernel->tracking == TRACKING_OFF || kernel->tracking == TRACKING_ABSENT)
		return true;
	for (uint32_t i = first; i < kernel->logon_count; i++)
		if (!read_list(kernel, i, &budget))
			return error_memory(error);
	return true;
}
