/* Which logon sessions are orphaned: what the leak rule says of the dump as evidence, and what only a dump knows beyond that. */
#include "dump/answer/inside.h"

#include <stdlib.h>

#include "dump/kernel/address_map.h"

struct search {
	struct answer *answer;
	const struct kernel *kernel;
	bool *in_use;    /* by logon session: processes run in it */
	bool few_hidden; /* processes hide a few of the sessions that are not seen, at most */
	struct address_map by_luid;
};

static bool find_running(struct search *search)
{
	const struct kernel *kernel = search->kernel;
	search->in_use = calloc(kernel->logon_count + 1u, sizeof *search->in_use);
	for (uint32_t i = 0; search->in_use && i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		if (!process->is_alive || process->primary == KERNEL_NONE)
			continue;
		const uint32_t logon = kernel->tokens[process->primary].logon;
		if (logon != KERNEL_NONE)
			search->in_use[logon] = true;
	}
	return search->in_use;
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

static bool buddy_in_use(const struct search *search, uint64_t buddy)
{
	uint32_t number = buddy ? address_map_find(&search->by_luid, buddy) : KERNEL_NONE;
	return number != KERNEL_NONE && search->in_use[number];
}

/* Without a token in sight nothing shows the session, but the references do: they are the kernel's, if tokens would have been
 * seen. */
static enum fate fate_by_references(
    const struct search *search, const struct kernel_logon_session *logon)
{
	if (logon->references == 0)
		return FATE_ALIVE; /* on its way out */
	if (logon->references == NUMBER_UNKNOWN || logon->unread_tokens > 0 ||
	    !search->kernel->handles_read)
		return FATE_UNSURE;
	/* A list that is whole has the tokens of all processes that run in it, seen or not. */
	if (logon->token_list_complete)
		return FATE_ORPHAN;
	return snapshot_whole(search->answer->snapshot, SECTION_PROCESSES) &&
	               kernel_tokens_seen(search->kernel, logon)
	           ? FATE_ORPHAN
	           : FATE_UNSURE;
}

/* Evidence is matched with a logon session by its LUID, so that two of one LUID share theirs. They are sorted by it. */
static bool has_own_luid(const struct kernel *kernel, uint32_t number)
{
	const struct kernel_logon_session *logon = &kernel->logons[number];
	return (number == 0 || logon[-1].luid != logon->luid) &&
	       (number + 1 == kernel->logon_count || logon[1].luid != logon->luid);
}

/* An orphan outlived its RDS session, with or without processes. Only where no session tells, what runs processes is in use, and so
 * is the other half of an administrator's logon. */
static enum fate judge(const struct search *search, uint32_t number, struct orphan *orphan)
{
	const struct kernel *kernel = search->kernel;
	const struct kernel_logon_session *logon = &kernel->logons[number];
	const struct left_logon *left = leak_logon(search->answer->leak, logon->luid);
	*orphan = (struct orphan){.logon = number};
	orphan->session_id = logon_session_id(kernel, logon, &orphan->user);
	const bool sessionless = orphan->session_id == NUMBER_UNKNOWN || orphan->session_id == 0;
	if (!left || left->fate == FATE_ALIVE ||
	    (sessionless && (search->in_use[number] || buddy_in_use(search, logon->buddy))))
		return FATE_ALIVE;
	orphan->ended = left->ended;
	if (!has_own_luid(kernel, number))
		return FATE_UNSURE;
	return orphan->session_id == NUMBER_UNKNOWN && left->fate == FATE_UNSURE
	           ? fate_by_references(search, logon)
	           : left->fate;
}

/* A session that is not seen, though it may be one of those that processes of unknown session are in. */
static bool is_unseen(const struct search *search, uint32_t number)
{
	if (!has_own_luid(search->kernel, number))
		return false;
	const struct left_logon *left =
	    leak_logon(search->answer->leak, search->kernel->logons[number].luid);
	return left && left->fate == FATE_UNSURE && left->unsure == UNSURE_SESSIONS_UNSEEN;
}

static int by_id(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

#define UNSEEN_LEAST 10 /* sessions that are not seen, for each that may be hidden */

/* Each process is in one session: where it is not known of a few, no more sessions than that may have them. False when memory is
 * out. */
static bool weigh_hidden(struct search *search)
{
	const struct kernel *kernel = search->kernel;
	const uint64_t hidden = kernel->hidden_sessions + kernel_missing_of(kernel, THING_PROCESS);
	size_t count = 0, distinct = 0;
	if (hidden == 0 || !kernel->processes_counted)
		return true;
	int64_t *ids = calloc(kernel->logon_count + 1u, sizeof *ids);
	for (uint32_t i = 0; ids && i < kernel->logon_count; i++) {
		const char *sid;
		if (is_unseen(search, i))
			ids[count++] = logon_session_id(kernel, &kernel->logons[i], &sid);
	}
	if (count)
		qsort(ids, count, sizeof *ids, by_id);
	for (size_t i = 0; i < count; i++)
		distinct += i == 0 || ids[i] != ids[i - 1];
	search->few_hidden = distinct / UNSEEN_LEAST >= hidden;
	search->answer->in_doubt = search->few_hidden ? (uint32_t)hidden : 0;
	free(ids);
	return ids;
}

bool holder_is_left_by_exited(const struct kernel *kernel, const struct kernel_holder *holder)
{
	return holder->kind == HOLDER_PRIMARY && !kernel->processes[holder->process].is_alive;
}

bool token_is_held(const struct kernel *kernel, const struct kernel_token *token)
{
	uint32_t i = token->holders;
	while (i != KERNEL_NONE && holder_is_left_by_exited(kernel, &kernel->holders[i]))
		i = kernel->holders[i].next;
	return i != KERNEL_NONE;
}

static void count_references(const struct kernel *kernel, struct orphan *orphan)
{
	const struct kernel_logon_session *logon = &kernel->logons[orphan->logon];
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session) {
		const struct kernel_token *token = &kernel->tokens[i];
		if (token_is_held(kernel, token) || token->flags & TOKEN_FLAG_NO_REFERENCE)
			continue;
		orphan->unheld++;
		orphan->unseen += !kernel_token_holders_seen(kernel, token);
	}
	if (logon->references != NUMBER_UNKNOWN &&
	    logon->references > (int64_t)logon->counted_tokens)
		orphan->beyond = (uint64_t)logon->references - logon->counted_tokens;
	orphan->tokens_seen = kernel_tokens_seen(kernel, logon);
	if (!kernel->handles_read)
		orphan->unheld = orphan->unseen = 0; /* their holders were not looked for */
}

/* The session IDs that no session has, and tokens, processes or logon sessions refer to. */
static bool find_referred(struct answer *answer)
{
	size_t count;
	const struct left_id *ids = leak_ids(answer->leak, &count);
	answer->referred = calloc(count + 1, sizeof *answer->referred);
	for (size_t i = 0; answer->referred && i < count; i++) {
		if (!ids[i].gone && !left_id_is_harmless(answer->leak, &ids[i]))
			answer->referred[answer->referred_count++] = ids[i].id;
	}
	return answer->referred;
}

static bool find_all(struct search *search)
{
	struct answer *answer = search->answer;
	const struct kernel *kernel = search->kernel;
	answer->orphans = calloc(kernel->logon_count + 1u, sizeof *answer->orphans);
	if (!answer->orphans || !find_running(search) || !index_luids(search) ||
	    !weigh_hidden(search))
		return false;
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		struct orphan *orphan = &answer->orphans[answer->orphan_count];
		enum fate fate = judge(search, i, orphan);
		if (fate == FATE_UNSURE && search->few_hidden && is_unseen(search, i))
			fate = FATE_ORPHAN;
		answer->unjudged += fate == FATE_UNSURE;
		if (fate != FATE_ORPHAN)
			continue;
		count_references(kernel, orphan);
		orphan->is_old =
		    leak_is_old(answer->leak, orphan->ended, answer->snapshot->time, 0);
		answer->old_count += orphan->is_old;
		answer->kernel_held += orphan_kernel_references(orphan) > 0;
		answer->unseen_held += orphan_is_unseen(orphan);
		answer->orphan_count++;
	}
	return find_referred(answer);
}

bool answer_find_orphans(struct answer *answer)
{
	struct search search = {.answer = answer, .kernel = answer->kernel};
	bool good = find_all(&search);
	free(search.in_use);
	address_map_deinit(&search.by_luid);
	return good;
}
