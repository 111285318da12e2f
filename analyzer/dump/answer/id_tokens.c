/* Tokens that are of no orphan, and stamped with the session ID of one: copies of winlogon's token, of a service's own. Whoever holds such
 * a token keeps the ID, and with it the orphan, as the leak rule says (leak/leak.h). */
#include "dump/answer/inside.h"

#include <stdlib.h>

/* False where nothing refers to the ID, or it was given again. */
static bool note_ids(struct id_tokens *out, const struct answer *answer)
{
	bool any = false;
	for (uint32_t i = 0; i < answer->orphan_count; i++) {
		const struct kernel_logon_session *logon =
		    &answer->kernel->logons[answer->orphans[i].logon];
		const struct left_logon *left = leak_logon(answer->leak, logon->luid);
		const int64_t id = left ? held_logon_of(answer->leak, left).session_id : 0;
		out->is_orphan[answer->orphans[i].logon] = true;
		if (id <= 0 || id > SESSION_ID_MOST)
			continue;
		out->ids[i] = (uint32_t)id;
		out->is_wanted[id] = true;
		any = true;
	}
	return any;
}

/* Tokens of orphans hold these, unless they hold no reference. */
static void chain_tokens(struct id_tokens *out, const struct kernel *kernel)
{
	for (uint32_t i = kernel->token_count; i-- > 0;) {
		const struct kernel_token *token = &kernel->tokens[i];
		const int64_t id =
		    token->is_read ? kernel_session_id(token->session_id) : NUMBER_UNKNOWN;
		if (id <= 0 || id > SESSION_ID_MOST || !out->is_wanted[id] ||
		    (token->logon != KERNEL_NONE && out->is_orphan[token->logon] &&
		        !(token->flags & TOKEN_FLAG_NO_REFERENCE)))
			continue;
		out->next[i] = out->first[id];
		out->first[id] = i;
	}
}

bool id_tokens_init(struct id_tokens *out, const struct answer *answer)
{
	const struct kernel *kernel = answer->kernel;
	*out = (struct id_tokens){.ids = calloc(answer->orphan_count + 1u, sizeof *out->ids),
	    .is_orphan = calloc(kernel->logon_count + 1u, sizeof *out->is_orphan),
	    .is_wanted = calloc(SESSION_ID_MOST + 1, sizeof *out->is_wanted),
	    .first = malloc((SESSION_ID_MOST + 1) * sizeof *out->first)};
	if (!out->ids || !out->is_orphan || !out->is_wanted || !out->first)
		return false;
	for (uint32_t i = 0; i <= SESSION_ID_MOST; i++)
		out->first[i] = KERNEL_NONE;
	if (!note_ids(out, answer))
		return true;
	out->next = malloc((kernel->token_count + 1u) * sizeof *out->next);
	if (out->next)
		chain_tokens(out, kernel);
	return out->next;
}

void id_tokens_deinit(struct id_tokens *tokens)
{
	free(tokens->ids);
	free(tokens->is_orphan);
	free(tokens->is_wanted);
	free(tokens->first);
	free(tokens->next);
}
