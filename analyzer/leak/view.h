/* A sample as it is added: what is asked of it again and again. Inside this folder. */
#ifndef LEAKLAB_LEAK_VIEW_H
#define LEAKLAB_LEAK_VIEW_H

#include "leak/inside.h"

struct view {
	struct leak *leak;
	size_t known; /* logon sessions of earlier samples */
	const struct snapshot *sample;
	int64_t time, offset;
	struct logon_session *logons; /* of the list and of handles, by LUID */
	size_t count, listed;
	struct session *sessions; /* by ID, without listeners */
	size_t session_count;
	uint64_t *running; /* LUIDs of processes, sorted */
	size_t running_count;
	bool running_known;                            /* whose processes run is known */
	bool counted;                                  /* lost rows of sessions would show */
	const struct logon_session **by_id, **by_user; /* remote logons, later ones last */
	size_t remote_count;
	bool by_user_sorted;
};

/* The leak, the sample and its times are set, and how many logon sessions earlier samples showed. False: memory is out. The caller
 * calls view_deinit() in any case. */
bool view_make(struct view *view);
void view_deinit(struct view *view);

/* The session with the ID; NULL: it is not listed. */
const struct session *view_session(const struct view *view, int64_t id);
/* Whether a process runs in the logon session. */
bool view_runs(const struct view *view, uint64_t luid);
/* The orders of by_id and by_user: the later remote logon last. */
int view_by_id(const void *a, const void *b);
int view_by_user(const void *a, const void *b);
/* Sorts by_user, if it is not. */
void view_sort_by_user(struct view *view);
/* The place in by_id of the first remote logon in a session ID whose LUID is above the one given. */
size_t view_first_remote(const struct view *view, int64_t id, uint64_t above);

/* Of the logon sessions of a leak, by LUID: their order, and the one with the LUID among the first `known`; NULL: there is none. */
int left_order(const void *a, const void *b);
struct left_logon *left_find(const struct leak *leak, size_t known, uint64_t luid);

/* What has become of the logon session in this sample. In fate.c. */
enum fate view_fate(const struct view *view, const struct left_logon *left,
    const struct logon_session *logon, bool watched, bool *id_given_again, enum unsure *reason);

#endif
