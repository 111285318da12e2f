/* Knows how logon sessions, tokens and who made them lie in a kernel's memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labkernel/inside.h"

#define NODE_SIZE 0x18 /* of a token in its logon session's list; it has no PDB type */
#define NODE_TOKEN 0x10
#define SID_MOST 68
#define GROUPS_MOST 32 /* with the user */

size_t crash_add_logon_session(
    struct crash *crash, uint64_t luid, const char *user, const char *domain, struct error *error)
{
	struct logon_session_made *session = next_of(
	    &crash->logon_sessions, &crash->logon_session_count, sizeof(*crash->logon_sessions));

	if (!session)
		return fail_memory(error);
	if (!make(crash, crash->paged, L_SEP_LOGON_SESSION_REFERENCES_size, 0, 0, &session->body,
	        error) ||
	    !put_name(crash, crash->paged, session->body,
	        L_SEP_LOGON_SESSION_REFERENCES_AccountName, user, error) ||
	    !put_name(crash, crash->paged, session->body,
	        L_SEP_LOGON_SESSION_REFERENCES_AuthorityName, domain, error))
		return NONE;
	const struct thing body = session->body;
	put(crash, body, L_SEP_LOGON_SESSION_REFERENCES_LogonId, luid, 8);
	/* The list it belongs to; the kernel's own hash differs between builds, and readers walk all lists. */
	uint8_t *head =
	    (uint8_t *)ram_at(crash->ram, crash->logon_lists, LISTS * 8) + 8 * (luid % LISTS);
	put(crash, body, L_SEP_LOGON_SESSION_REFERENCES_Next, take_u64(head), 8);
	put_u64(head, body.address);
	if (crash->options.tracking) {
		const int offset = offset_of(crash, L_SEP_LOGON_SESSION_REFERENCES_TokenList);
		put_u64(body.at + offset, body.address + (uint64_t)offset);
		put_u64(body.at + offset + 8, body.address + (uint64_t)offset);
	}
	return crash->logon_session_count - 1;
}

void crash_unlist_logon_session(struct crash *crash)
{
	const struct thing body = crash->logon_sessions[crash->logon_session_count - 1].body;
	const uint64_t luid =
	    take_u64(body.at + offset_of(crash, L_SEP_LOGON_SESSION_REFERENCES_LogonId));
	const int next = offset_of(crash, L_SEP_LOGON_SESSION_REFERENCES_Next);

	put_u64((uint8_t *)ram_at(crash->ram, crash->logon_lists, LISTS * 8) + 8 * (luid % LISTS),
	    take_u64(body.at + next));
	put_u64(body.at + next, crash->unlisted);
	crash->unlisted = body.address;
}

/* "S-1-5-21-..." in the form it has in memory. Returns its size; 0: it is none. */
static size_t parse_sid(const char *text, uint8_t sid[SID_MOST])
{
	char *end;

	memset(sid, 0, SID_MOST);
	if (strncmp(text, "S-1-", 4) != 0)
		return 0;
	sid[0] = 1;
	sid[7] = (uint8_t)strtoul(text + 4, &end, 10);
	while (*end == '-' && sid[1] < 15) {
		const uint32_t part = (uint32_t)strtoul(end + 1, &end, 10);
		memcpy(sid + 8 + 4 * sid[1]++, &part, 4);
	}
	return *end ? 0 : 8 + 4u * sid[1];
}

/* The user and the groups. Returns how many they are; 0: one of them is none. */
static size_t parse_sids(const struct crash_token *from, uint8_t sids[GROUPS_MOST][SID_MOST],
    size_t sizes[GROUPS_MOST], size_t *total)
{
	char text[GROUPS_MOST * SID_MOST], *save = NULL;
	size_t count = 0;

	snprintf(text, sizeof(text), "%s,%s", from->user, from->groups ? from->groups : "");
	for (char *word = strtok_r(text, ",", &save); word && count < GROUPS_MOST;
	     word = strtok_r(NULL, ",", &save)) {
		sizes[count] = parse_sid(word, sids[count]);
		if (sizes[count] == 0)
			return 0;
		*total += sizes[count++];
	}
	return count;
}

static bool note_creator(struct crash *crash, const struct crash_token *from,
    struct token_made *token, struct error *error)
{
	const struct logon_session_made *session = &crash->logon_sessions[from->logon_session];
	const size_t align = crash->options.spread ? RAM_PAGE : 16;

	if (!make(crash, crash->paged, L_SEP_TOKEN_DIAG_TRACK_ENTRY_size, 0, 0, &token->diagnostics,
	        error))
		return false;
	token->node.at = ram_take(crash->paged, NODE_SIZE, align, &token->node.address);
	if (!token->node.at)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	const struct thing entry = token->diagnostics;
	put(crash, entry, L_SEP_TOKEN_DIAG_TRACK_ENTRY_ProcessCid, from->creator, 8);
	put(crash, entry, L_SEP_TOKEN_DIAG_TRACK_ENTRY_ThreadCid, from->thread, 8);
	memcpy(entry.at + offset_of(crash, L_SEP_TOKEN_DIAG_TRACK_ENTRY_ImageFileName),
	    from->creator_image, strnlen(from->creator_image, 14));
	put(crash, entry, L_SEP_TOKEN_DIAG_TRACK_ENTRY_CreateMethod, from->method, 4);
	put(crash, entry, L_SEP_TOKEN_DIAG_TRACK_ENTRY_CaptureCount, (uint32_t)from->captures, 4);
	put(crash, entry, L_SEP_TOKEN_DIAG_TRACK_ENTRY_Count, 1, 4);
	for (int i = 0; i < CRASH_TRACE && from->trace[i]; i++)
		put_u64(
		    entry.at + offset_of(crash, L_SEP_TOKEN_DIAG_TRACK_ENTRY_CreateTrace) + 8 * i,
		    from->trace[i]);
	put(crash, token->body, L_TOKEN_DiagnosticInfo, entry.address, 8);
	put_u64(token->node.at + NODE_TOKEN, token->body.address);
	const uint64_t head = session->body.address +
	                      (uint64_t)offset_of(crash, L_SEP_LOGON_SESSION_REFERENCES_TokenList);
	uint8_t *head_at = ram_at(crash->ram, head, 16);
	const uint64_t last = take_u64(head_at + 8);
	put_u64(token->node.at, head);
	put_u64(token->node.at + 8, last);
	put_u64(ram_at(crash->ram, last, 16), token->node.address);
	put_u64(head_at + 8, token->node.address);
	return true;
}

size_t crash_add_token(struct crash *crash, const struct crash_token *from, struct error *error)
{
	uint8_t sids[GROUPS_MOST][SID_MOST];
	size_t sizes[GROUPS_MOST], total = 0;
	const size_t count = parse_sids(from, sids, sizes, &total);
	struct token_made *token =
	    next_of(&crash->tokens, &crash->token_count, sizeof(*crash->tokens));

	if (!token)
		return fail_memory(error);
	if (count == 0) {
		error_set(error, EXIT_USAGE, "\"%s\" or one of its groups is no SID", from->user);
		return NONE;
	}
	*token = (struct token_made){.logon_session = from->logon_session};
	if (!make(crash, crash->paged, L_TOKEN_size, HEADER, 0x10 * count + total, &token->body,
	        error))
		return NONE;
	struct logon_session_made *session = &crash->logon_sessions[from->logon_session];
	const struct thing body = token->body;
	const size_t variable_part = (size_t)offset_of(crash, L_TOKEN_size);
	put(crash, body, L_TOKEN_TokenId, from->id ? from->id : crash->next_luid++, 8);
	put(crash, body, L_TOKEN_AuthenticationId,
	    take_u64(session->body.at + offset_of(crash, L_SEP_LOGON_SESSION_REFERENCES_LogonId)),
	    8);
	put(crash, body, L_TOKEN_SessionId, from->session_id, 4);
	put(crash, body, L_TOKEN_UserAndGroupCount, count, 4);
	put(crash, body, L_TOKEN_UserAndGroups, body.address + variable_part, 8);
	for (size_t i = 0, at = variable_part + 0x10 * count; i < count; at += sizes[i++]) {
		put_u64(body.at + variable_part + 0x10 * i, body.address + at);
		memcpy(body.at + at, sids[i], sizes[i]);
	}
	put(crash, body, L_TOKEN_TokenType, from->impersonation ? 2 : 1, 4);
	put(crash, body, L_TOKEN_ImpersonationLevel, (uint32_t)from->level, 4);
	put(crash, body, L_TOKEN_TokenFlags, from->flags, 4);
	put(crash, body, L_TOKEN_LogonSession, session->body.address, 8);
	if (!(from->flags & 0x20))
		session->references++;
	if (crash->options.tracking && from->creator_image &&
	    !note_creator(crash, from, token, error))
		return NONE;
	return crash->token_count - 1;
}

void crash_set_session_token(struct crash *crash, size_t logon_session, size_t token)
{
	put(crash, crash->logon_sessions[logon_session].body, L_SEP_LOGON_SESSION_REFERENCES_Token,
	    crash->tokens[token].body.address, 8);
}

void crash_add_references(struct crash *crash, size_t logon_session, int64_t count)
{
	crash->logon_sessions[logon_session].references += count;
}
