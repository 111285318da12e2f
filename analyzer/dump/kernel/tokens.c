/* _TOKEN and what tracking noted of it (_SEP_TOKEN_DIAG_TRACK_ENTRY). A host may have a
 * million: what is needed of one is taken out of its page without copying the rest. */
#include <stddef.h>
#include <string.h>

#include "dump/kernel/inside.h"
#include "dump/little_endian.h"

#define CREATION_MOST 0x400
#define NODE_SIZE 0x18
#define NODE_TOKEN 0x10 /* tag SeLs: links, then the token; no PDB has a type for it */
#define ALIGNMENT 0xf

/* What is needed of a token, copied out of its page or pages: some cache lines of twenty. */
struct raw_token {
	uint64_t start; /* address of the first byte, which is the object header's */
	size_t before;  /* bytes before the token itself */
	uint8_t header_type;
	uint64_t id, luid, logon, groups, diagnostics;
	uint32_t session_id, group_count, type, level, flags;
	bool is_whole; /* what a token cannot be told without is there */
	uint8_t sid[68];
	size_t sid_length; /* 0: not behind the token */
	struct memory_fault fault;
};

/* The bytes of one object in up to two pages; members are aligned, so none lies in both. */
struct span {
	uint64_t start;
	const uint8_t *bytes[2];
	size_t length[2];
};

static const uint8_t *at(const struct span *span, size_t offset, size_t size)
{
	if (offset + size <= span->length[0])
		return span->bytes[0] + offset;
	if (offset >= span->length[0] && offset - span->length[0] + size <= span->length[1])
		return span->bytes[1] + (offset - span->length[0]);
	return NULL;
}

static bool take32(
    const struct span *span, const struct raw_token *raw, int32_t offset, uint32_t *out)
{
	const uint8_t *bytes = offset == ABSENT ? NULL : at(span, raw->before + (size_t)offset, 4);
	*out = bytes ? load32(bytes) : 0;
	return bytes;
}

static bool take64(
    const struct span *span, const struct raw_token *raw, int32_t offset, uint64_t *out)
{
	const uint8_t *bytes = offset == ABSENT ? NULL : at(span, raw->before + (size_t)offset, 8);
	*out = bytes ? load64(bytes) : 0;
	return bytes;
}

/* The user's SID, if the groups lie behind the token, as they do unless they were changed later. */
static void take_sid(const struct span *span, struct raw_token *raw)
{
	const uint8_t *group = raw->groups > span->start && raw->groups - span->start < 0x10000
	                           ? at(span, (size_t)(raw->groups - span->start), 8)
	                           : NULL;
	uint64_t address = group ? load64(group) : 0;
	if (address <= span->start || address - span->start >= 0x10000)
		return;
	size_t offset = (size_t)(address - span->start);
	const uint8_t *sid = at(span, offset, 8);
	if (!sid || sid[1] > 15 || !at(span, offset, 8 + 4u * sid[1]))
		return;
	raw->sid_length = 8 + 4u * sid[1];
	memcpy(raw->sid, sid, raw->sid_length);
}

static void take_fields(
    const struct kernel_layout *layout, const struct span *span, struct raw_token *raw)
{
	const uint8_t *type =
	    layout->header.type == ABSENT ? NULL : at(span, (size_t)layout->header.type, 1);
	raw->header_type = type ? *type : 0;
	raw->is_whole = take64(span, raw, layout->token.logon, &raw->logon) &&
	                take64(span, raw, layout->token.luid, &raw->luid) &&
	                take32(span, raw, layout->token.session_id, &raw->session_id);
	take64(span, raw, layout->token.id, &raw->id);
	take64(span, raw, layout->token.groups, &raw->groups);
	take64(span, raw, layout->token.diagnostics, &raw->diagnostics);
	take32(span, raw, layout->token.group_count, &raw->group_count);
	take32(span, raw, layout->token.type, &raw->type);
	take32(span, raw, layout->token.level, &raw->level);
	take32(span, raw, layout->token.flags, &raw->flags);
	take_sid(span, raw);
}

/* A token that begins in one page and ends in the next is seen in two steps, as a view lasts until the next read. */
static void read_raw(struct kernel *kernel, uint64_t address, struct raw_token *raw)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint8_t first[DUMP_PAGE_SIZE];
	struct span span = {0};
	memset(raw, 0, offsetof(struct raw_token, sid));
	raw->sid_length = 0;
	raw->before = layout->header.body == ABSENT ? 0 : (size_t)layout->header.body;
	raw->start = span.start = address - raw->before;
	size_t length = raw->before + layout->token.size;
	span.bytes[0] = address_space_view(kernel->space, span.start, &span.length[0], &raw->fault);
	if (!span.bytes[0])
		return;
	if (span.length[0] < length) {
		memcpy(first, span.bytes[0], span.length[0]);
		span.bytes[0] = first;
		span.bytes[1] = address_space_view(
		    kernel->space, span.start + span.length[0], &span.length[1], &raw->fault);
		if (!span.bytes[1])
			span.length[1] = 0;
	}
	take_fields(layout, &span, raw);
}

/* Why these bytes are no token of this logon session (KERNEL_NONE: of any). NULL: they are. */
static const char *find_fault(
    struct kernel *kernel, const struct raw_token *raw, uint32_t logon, uint32_t *found)
{
	const struct kernel_private *inside = kernel->inside;
	if (inside->has_token_type) {
		uint8_t type = raw->header_type;
		if (inside->has_cookie)
			type ^= inside->cookie ^ (uint8_t)(raw->start >> 8);
		if (type != inside->token_type)
			return "is no token (any more)";
	}
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
	uint8_t bytes[68];
	uint64_t at;
	bool failed = false;
	if (raw->groups == 0 || raw->group_count == 0)
		return true;
	if (raw->sid_length)
		token->user = kernel_sid(kernel, raw->sid, raw->sid_length, &failed);
	else if (!(raw->groups & 7) && address_space_is_kernel(kernel->space, raw->groups) &&
	         address_space_read_u64(kernel->space, raw->groups, &at, NULL) &&
	         address_space_is_kernel(kernel->space, at) &&
	         address_space_read(kernel->space, at, bytes, 8, NULL) && bytes[1] <= 15 &&
	         address_space_read(kernel->space, at, bytes, 8 + 4u * bytes[1], NULL))
		token->user = kernel_sid(kernel, bytes, 8 + 4u * bytes[1], &failed);
	return !failed;
}

static bool read_creation(struct kernel *kernel, uint64_t address, struct kernel_token *token)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint8_t bytes[CREATION_MOST];
	struct memory_fault fault;
	bool failed = false;
	const uint32_t size = layout->creation.size;
	if (address == 0 || size == 0 || size > sizeof bytes || layout->creation.image == ABSENT ||
	    (uint32_t)layout->creation.image + 16 > size)
		return true;
	if ((address & 7) || !address_space_is_kernel(kernel->space, address)) {
		kernel_damaged(kernel, THING_CREATION,
		    "token at 0x%llx: its creation record is at 0x%llx, where none can be",
		    (unsigned long long)token->address, (unsigned long long)address);
		return true;
	}
	if (!address_space_read(kernel->space, address, bytes, size, &fault)) {
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
	if (!failed && HAS(trace, 8 * layout->creation.frames)) {
		token->stack =
		    stacks_add(kernel, bytes + layout->creation.trace, layout->creation.frames);
		failed = !token->stack;
	}
#undef HAS
	return !failed;
}

static bool add_token(struct kernel *kernel, const struct kernel_token *from, uint32_t *out)
{
	struct kernel_token *token = kernel_next(&kernel->tokens, &kernel->token_count,
	    &kernel->inside->token_room, sizeof *kernel->tokens);
	uint32_t number = kernel->token_count - 1;
	if (!token || !address_map_add(&kernel->inside->token_at, from->address, number))
		return false;
	*token = *from;
	if (token->logon != KERNEL_NONE) {
		struct kernel_logon_session *logon = &kernel->logons[token->logon];
		token->next_of_session = logon->tokens;
		logon->tokens = number;
		logon->token_count++;
		logon->counted_tokens += !(token->flags & TOKEN_FLAG_NO_REFERENCE);
		logon->unread_tokens += !token->is_read;
	}
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
	token->session_id = raw->session_id;
	token->flags = raw->flags;
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
	    .holders = KERNEL_NONE};
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

bool tokens_hold(struct kernel *kernel, uint32_t token, enum kernel_holder_kind kind,
    uint32_t process, uint64_t value)
{
	struct kernel_holder *holder = kernel_next(&kernel->holders, &kernel->holder_count,
	    &kernel->inside->holder_room, sizeof *kernel->holders);
	if (!holder)
		return false;
	*holder = (struct kernel_holder){.value = value,
	    .process = process,
	    .next = kernel->tokens[token].holders,
	    .token = token,
	    .kind = (uint8_t)kind};
	kernel->tokens[token].holders = kernel->holder_count - 1;
	return true;
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
	if (!list.broken)
		return true;
	kernel->logons[number].token_list_complete = false;
	if (list.reason != MEMORY_STATES)
		kernel_miss(kernel, THING_TOKEN_LIST, list.reason);
	else
		kernel_damaged(kernel, THING_TOKEN_LIST,
		    "the token list of logon session 0x%llx: the entry at 0x%llx %s",
		    (unsigned long long)kernel->logons[number].luid, (unsigned long long)list.where,
		    list.what);
	return true;
}

bool tokens_read_lists(struct kernel *kernel, struct error *error)
{
	uint64_t budget = kernel->inside->budget / NODE_SIZE + 1;
	if (kernel->tracking == TRACKING_OFF || kernel->tracking == TRACKING_ABSENT)
		return true;
	for (uint32_t i = 0; i < kernel->logon_count; i++)
		if (!read_list(kernel, i, &budget))
			return kernel_no_memory(error);
	return true;
}
