/* Logon sessions that no list leads to, because an entry before them cannot be read or a build has more lists than are known: their tokens point to
 * them. One that cannot be read itself is what its tokens say of it. */
#include "dump/kernel/steps.h"

#include <stdlib.h>

#include "dump/kernel/found.h"
#include "dump/kernel/tokens.h"
#include "evidence/snapshot.h"

static bool can_lead_to_one(const struct kernel *kernel, const struct kernel_token *token)
{
	return token->is_read && token->logon == KERNEL_NONE && !(token->logon_at & 7) &&
	       address_space_is_kernel(kernel->space, token->logon_at) && token->luid != 0 &&
	       token->luid != LUID_UNKNOWN;
}

static int by_luid(const void *key, const void *item)
{
	const uint64_t luid = *(const uint64_t *)key;
	const struct kernel_logon_session *logon = item;
	return (luid > logon->luid) - (luid < logon->luid);
}

/* The listed ones are the first, by LUID: a token of one that points elsewhere is damaged, or was freed. */
static bool is_listed(const struct kernel *kernel, uint32_t listed, uint64_t luid)
{
	return listed && bsearch(&luid, kernel->logons, listed, sizeof *kernel->logons, by_luid);
}

static bool adopt(struct kernel *kernel, uint32_t listed)
{
	for (uint32_t i = 0; i < kernel->token_count; i++) {
		const struct kernel_token *token = &kernel->tokens[i];
		if (can_lead_to_one(kernel, token) &&
		    address_map_find(&kernel->inside->logon_at, token->logon_at) == UINT32_MAX &&
		    !is_listed(kernel, listed, token->luid) &&
		    !logon_sessions_adopt(kernel, token->logon_at, token->luid))
			return false;
	}
	return true;
}

static void join(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->token_count; i++) {
		struct kernel_token *token = &kernel->tokens[i];
		if (!can_lead_to_one(kernel, token))
			continue;
		const uint32_t logon = address_map_find(&kernel->inside->logon_at, token->logon_at);
		if (logon == UINT32_MAX || kernel->logons[logon].luid != token->luid)
			continue;
		token->logon = logon;
		tokens_join(kernel, i);
	}
}

/* The numbers that tokens have of their logon sessions, which moved when they were sorted. */
static bool sort(struct kernel *kernel)
{
	uint64_t *addresses = malloc((kernel->logon_count + 1u) * sizeof *addresses);
	for (uint32_t i = 0; addresses && i < kernel->logon_count; i++)
		addresses[i] = kernel->logons[i].address;
	const bool good = addresses && logon_sessions_sort(kernel);
	for (uint32_t i = 0; good && i < kernel->token_count; i++)
		if (kernel->tokens[i].logon != KERNEL_NONE)
			kernel->tokens[i].logon = address_map_find(
			    &kernel->inside->logon_at, addresses[kernel->tokens[i].logon]);
	free(addresses);
	return good;
}

bool unlisted_logons_read(struct kernel *kernel, struct error *error)
{
	const uint32_t listed = kernel->logon_count;
	if (!adopt(kernel, listed))
		return error_memory(error);
	kernel->unlisted_count = kernel->logon_count - listed;
	if (kernel->unlisted_count == 0)
		return true;
	if (kernel_missing_of(kernel, THING_LOGON_LIST) == 0)
		kernel_damaged(kernel, THING_LOGON_LIST,
		    "logon session 0x%llx is in none of the lists",
		    (unsigned long long)kernel->logons[listed].luid);
	join(kernel);
	return tokens_read_lists(kernel, listed, error) &&
	       holders_read_sessions(kernel, listed, error) &&
	       (sort(kernel) || error_memory(error));
}
