/* Which logon sessions are orphaned (answer.h says what that is). */
#include "dump/answer/orphans.h"

#include <stdlib.h>
#include <strings.h>

#include "dump/kernel/address_map.h"
#include "evidence/snapshot.h"

/* Whose processes run in a session. */
struct presence {
	int64_t session_id;
	const char *sid, *user, *domain;
	/* A process whose token cannot be read, or that may have exited: anybody's. */
	bool is_blind;
};

struct search {
	struct answer *answer;
	const struct kernel *kernel;
	bool *in_use;   /* by logon session: processes run in it */
	bool has_stray; /* a process that may be anybody's, in any session */
	struct presence *present;
	uint32_t present_count;
	struct address_map by_luid;
	int64_t *ids; /* of the orphans' tokens; neighbours differ */
	size_t id_count;
};

static bool is_well_known(uint64_t luid)
{
	/* IUSR, LOCAL SERVICE, NETWORK SERVICE, SYSTEM (winnt.h: *_LUID) */
	return luid == 0x3e3 || luid == 0x3e5 || luid == 0x3e4 || luid == 0x3e7;
}

static int by_session(const void *a, const void *b)
{
	const struct presence *left = a, *right = b;
	return (left->session_id > right->session_id) - (left->session_id < right->session_id);
}

static bool find_present(struct search *search)
{
	const struct kernel *kernel = search->kernel;
	search->in_use = calloc(kernel->logon_count + 1u, sizeof *search->in_use);
	search->present = calloc(kernel->process_count + 1u, sizeof *search->present);
	if (!search->in_use || !search->present)
		return false;
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		if (!process->is_alive)
			continue;
		struct presence *present = &search->present[search->present_count++];
		const struct kernel_token *token =
		    process->primary == KERNEL_NONE ? NULL : &kernel->tokens[process->primary];
		present->session_id = process->session_id;
		if (process->exit_unknown || !token || !token->is_read) {
			present->is_blind = process->pid != 0;
			/* System is nobody's, and in no session. */
			search->has_stray |=
			    process->pid > 4 && present->session_id == NUMBER_UNKNOWN;
			if (token && token->logon != KERNEL_NONE && !process->exit_unknown)
				search->in_use[token->logon] = true;
			continue;
		}
		present->sid = token->user;
		if (token->logon != KERNEL_NONE) {
			search->in_use[token->logon] = true;
			present->user = kernel->logons[token->logon].user;
			present->domain = kernel->logons[token->logon].domain;
		}
	}
	qsort(search->present, search->present_count, sizeof *search->present, by_session);
	return true;
}

static bool index_luids(struct search *search)
{
	const struct kernel *kernel = search->kernel;
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		uint64_t luid = kernel->logons[i].luid;
		if (luid && address_map_find(&search->by_luid, luid) == UINT32_MAX &&
		    !address_map_add(&search->by_luid, luid, i))
			return false;
	}
	return true;
}

/* What tokens tell: the session ID, of the session's own token first, then of any that names another than 0. */
static int64_t session_of(
    const struct kernel *kernel, const struct kernel_logon_session *logon, const char **sid)
{
	int64_t id = NUMBER_UNKNOWN;
	if (logon->own != KERNEL_NONE && kernel->tokens[logon->own].is_read) {
		id = kernel->tokens[logon->own].session_id;
		*sid = kernel->tokens[logon->own].user;
	}
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session) {
		const struct kernel_token *token = &kernel->tokens[i];
		if (!token->is_read)
			continue;
		if (id == NUMBER_UNKNOWN || id == 0)
			id = token->session_id;
		if (!*sid)
			*sid = token->user;
	}
	return id;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && *a && strcasecmp(a, b) == 0;
}

enum judgement { AT_HOME, GONE, UNSURE, PERHAPS };

/* Whether the user still has a process in that session. */
static enum judgement find_user(const struct search *search, int64_t session_id, const char *sid,
    const struct kernel_logon_session *logon)
{
	uint32_t low = 0, high = search->present_count;
	enum judgement result = search->has_stray ? UNSURE : GONE;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (search->present[middle].session_id < session_id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < search->present_count && search->present[low].session_id == session_id;
	     low++) {
		const struct presence *present = &search->present[low];
		if ((sid && present->sid == sid) || /* texts are one copy each */
		    ((!sid || !present->sid) && same_text(present->user, logon->user) &&
		        same_text(present->domain, logon->domain)))
			return AT_HOME;
		if (present->is_blind)
			result = UNSURE;
	}
	return result;
}

static bool buddy_in_use(const struct search *search, uint64_t buddy)
{
	uint32_t number = buddy ? address_map_find(&search->by_luid, buddy) : KERNEL_NONE;
	return number != KERNEL_NONE && search->in_use[number];
}

/* By what was read: processes that were not are not thought of. */
static enum judgement judge_seen(
    const struct search *search, uint32_t number, struct orphan *orphan)
{
	const struct kernel *kernel = search->kernel;
	const struct kernel_logon_session *logon = &kernel->logons[number];
	const char *sid = NULL;
	int64_t id = session_of(kernel, logon, &sid);
	search->answer->session_ids[number] = id;
	*orphan = (struct orphan){.logon = number, .session_id = id, .user = sid};
	if (is_well_known(logon->luid) || search->in_use[number] || id == 0)
		return AT_HOME;
	if (id == NUMBER_UNKNOWN) {
		if (logon->references == 0)
			return AT_HOME; /* on its way out */
		/* Without a token in sight the references are the kernel's, if tokens would have been seen. */
		if (logon->references == NUMBER_UNKNOWN || logon->unread_tokens > 0 ||
		    !kernel->handles_read || search->has_stray ||
		    !(logon->token_list_complete || search->answer->holders_seen))
			return UNSURE;
		return buddy_in_use(search, logon->buddy) ? AT_HOME : GONE;
	}
	enum judgement found = find_user(search, id, sid, logon);
	return found == GONE && buddy_in_use(search, logon->buddy) ? AT_HOME : found;
}

static enum judgement judge(const struct search *search, uint32_t number, struct orphan *orphan)
{
	enum judgement judgement = judge_seen(search, number, orphan);
	return judgement == GONE && kernel_missing_of(search->kernel, THING_PROCESS) > 0
	           ? PERHAPS
	           : judgement;
}

static void count_references(const struct kernel *kernel, struct orphan *orphan)
{
	const struct kernel_logon_session *logon = &kernel->logons[orphan->logon];
	uint64_t beyond = 0;
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session)
		orphan->unheld += kernel->tokens[i].holders == KERNEL_NONE &&
		                  !(kernel->tokens[i].flags & TOKEN_FLAG_NO_REFERENCE);
	orphan->references_known = logon->references != NUMBER_UNKNOWN;
	if (orphan->references_known && logon->references > (int64_t)logon->counted_tokens)
		beyond = (uint64_t)logon->references - logon->counted_tokens;
	if (!kernel->handles_read)
		orphan->unheld = 0; /* their holders were not looked for */
	orphan->kernel_references = beyond + orphan->unheld;
}

static int by_number(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static bool is_live_session(const struct search *search, int64_t id)
{
	uint32_t low = 0, high = search->present_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (search->present[middle].session_id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < search->present_count && search->present[low].session_id == id;
}

/* Notes the session IDs that an orphan's tokens name. */
static void note_ids(struct search *search, const struct orphan *orphan)
{
	const struct kernel *kernel = search->kernel;
	for (uint32_t token = kernel->logons[orphan->logon].tokens; token != KERNEL_NONE;
	     token = kernel->tokens[token].next_of_session) {
		int64_t id = kernel->tokens[token].session_id;
		if (kernel->tokens[token].is_read && id != 0 &&
		    (search->id_count == 0 || search->ids[search->id_count - 1] != id))
			search->ids[search->id_count++] = id;
	}
}

/* A session ID is pinned by an orphan's token unless somebody has it again, as before MS16-111. */
static void find_pinned(struct search *search)
{
	struct answer *answer = search->answer;
	int64_t *ids = search->ids;
	qsort(ids, search->id_count, sizeof *ids, by_number);
	for (size_t i = 0; i < search->id_count; i++)
		if ((i == 0 || ids[i] != ids[i - 1]) && !is_live_session(search, ids[i]))
			ids[answer->pinned_count++] = ids[i];
	answer->pinned = ids;
}

static bool find_all(struct search *search)
{
	struct answer *answer = search->answer;
	const struct kernel *kernel = search->kernel;
	answer->holders_seen = kernel_holders_seen(kernel);
	answer->orphans = calloc(kernel->logon_count + 1u, sizeof *answer->orphans);
	answer->session_ids = calloc(kernel->logon_count + 1u, sizeof *answer->session_ids);
	search->ids = calloc(kernel->token_count + 1u, sizeof *search->ids);
	if (!answer->orphans || !answer->session_ids || !search->ids || !find_present(search) ||
	    !index_luids(search))
		return false;
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		struct orphan *orphan = &answer->orphans[answer->orphan_count];
		enum judgement judgement = judge(search, i, orphan);
		answer->unjudged += judgement == UNSURE;
		answer->perhaps += judgement == PERHAPS;
		if (judgement != GONE)
			continue;
		count_references(kernel, orphan);
		note_ids(search, orphan);
		if (orphan->kernel_references > 0)
			*(answer->holders_seen ? &answer->kernel_held : &answer->unseen_held) += 1;
		answer->orphan_count++;
	}
	find_pinned(search);
	return true;
}

bool answer_find_orphans(struct answer *answer)
{
	struct search search = {.answer = answer, .kernel = answer->kernel};
	bool good = find_all(&search);
	if (!good)
		free(search.ids);
	free(search.in_use);
	free(search.present);
	address_map_deinit(&search.by_luid);
	return good;
}
