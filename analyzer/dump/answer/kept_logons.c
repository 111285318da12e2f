/* Logon sessions outside RDS sessions that nothing but handles of one process keeps. A service that never closes the tokens of its
 * callers looks so, and so does one that still needs them: one dump does not tell. */
#include "dump/answer/inside.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

/* The only process that has handles to the tokens of the logon session, besides System and lsass, which release once it has; KERNEL_NONE if
 * there is none, others hold it too, or it is in use. */
static uint32_t only_holder(const struct kernel *kernel, const struct kernel_logon_session *logon)
{
	uint32_t only = KERNEL_NONE;
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session)
		for (uint32_t j = kernel->tokens[i].holders; j != KERNEL_NONE;
		     j = kernel->holders[j].next) {
			const struct kernel_holder *holder = &kernel->holders[j];
			if (holder->kind == HOLDER_SESSION)
				continue;
			if (holder->kind != HOLDER_HANDLE ||
			    (only != KERNEL_NONE && only != holder->process &&
			        !image_follows(kernel->processes[holder->process].image)))
				return KERNEL_NONE;
			if (!image_follows(kernel->processes[holder->process].image))
				only = holder->process;
		}
	return only;
}

static bool is_kept(
    const struct kernel *kernel, const struct kernel_logon_session *logon, struct kept_logons *row)
{
	const char *sid;
	if (luid_is_lasting(logon->luid) || logon_session_id(kernel, logon, &sid) != 0)
		return false;
	*row = (struct kept_logons){.process = only_holder(kernel, logon),
	    .user = logon->user,
	    .domain = logon->domain,
	    .type = logon->type,
	    .count = 1};
	return row->process != KERNEL_NONE;
}

static int text_order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int same_together(const void *a, const void *b)
{
	const struct kept_logons *left = a, *right = b;
	if (left->process != right->process)
		return left->process < right->process ? -1 : 1;
	if (left->type != right->type)
		return left->type < right->type ? -1 : 1;
	const int order = text_order(left->domain, right->domain);
	return order ? order : text_order(left->user, right->user);
}

static int most_first(const void *a, const void *b)
{
	const struct kept_logons *left = a, *right = b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return same_together(a, b);
}

bool answer_find_kept(struct answer *answer)
{
	const struct kernel *kernel = answer->kernel;
	struct kept_logons *rows = calloc(kernel->logon_count + 1u, sizeof *rows);
	uint32_t found = 0, kinds = 0;
	answer->kept = rows;
	for (uint32_t i = 0; rows && i < kernel->logon_count; i++)
		found += is_kept(kernel, &kernel->logons[i], &rows[found]);
	if (found)
		qsort(rows, found, sizeof *rows, same_together);
	for (uint32_t i = 0; i < found; i++) {
		if (kinds > 0 && same_together(&rows[kinds - 1], &rows[i]) == 0)
			rows[kinds - 1].count++;
		else
			rows[kinds++] = rows[i];
	}
	if (kinds)
		qsort(rows, kinds, sizeof *rows, most_first);
	answer->kept_count = kinds;
	answer->kept_total = found;
	return rows;
}
