/* What the two moments list, sorted, while they are compared. Inside this folder. */
#ifndef LEAKLAB_COMPARE_SEARCH_H
#define LEAKLAB_COMPARE_SEARCH_H

#include "compare/compare.h"

struct search {
	struct comparison *comparison;
	struct logon_session *before, *after; /* by LUID */
	size_t before_count, after_count;
	struct session *sessions_before, *sessions_after;
	size_t sessions_before_count, sessions_after_count;
	size_t capacity;
};

bool logon_is_remote(const struct logon_session *logon);
bool session_has_user(const struct session *session); /* NULL is allowed */
/* False only if the session is known to have another user. */
bool session_may_be_of(const struct session *session, const struct logon_session *logon);

/* Whether somebody has logged off: only who does can leave something over. */
enum yes_no logoffs_find(const struct search *search);

/* Fills the comparison's suspects: logon sessions that may be of an earlier session than the one with their ID. False only
 * when memory is out. */
bool suspects_find(struct search *search);

#endif
