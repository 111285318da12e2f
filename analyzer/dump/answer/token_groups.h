/* Tokens of one logon session that are alike: of one kind, made by one process and held by the same ones. Inside this folder. */
#ifndef LEAKLAB_ANSWER_TOKEN_GROUPS_H
#define LEAKLAB_ANSWER_TOKEN_GROUPS_H

#include "dump/kernel/kernel.h"

struct token_group {
	uint32_t token; /* the first of them */
	uint32_t count;
	uint32_t place;   /* of that one among the logon session's */
	int64_t captures; /* of all */
};

/* Zeroed: empty. Used for one logon session after the other. */
struct token_groups {
	struct token_group *items; /* in the order of their first tokens */
	uint32_t count;
	struct grouped_token *tokens; /* private, as room is */
	uint32_t room;
};

void token_groups_deinit(struct token_groups *groups);
/* False when memory is out. */
bool token_groups_make(
    struct token_groups *groups, const struct kernel *kernel, uint32_t logon_session);

#endif
