/* Knows in which of the run's sessions a temporary profile was seen, and what that means for a verdict: no more than that what a user's own
 * profile loads was not there to leak. */
#include "judge/evidence.h"
#include "judge/words.h"

#include "evidence/identity.h"

/* Of the user's cycles, sorted by their start, the first that began later; `end` if none did. */
static size_t first_after(const struct cycle_index *index, size_t begin, size_t end, int64_t time)
{
	while (begin < end) {
		const size_t middle = begin + (end - begin) / 2;

		if (index->items[middle]->started <= time)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

/* The load's cycle that had the session at some time between the two; NULL: none had. */
static const struct cycle *cycle_of(
    const struct cycle_index *index, const struct session *session, int64_t from, int64_t until)
{
	size_t end;
	const size_t begin = cycle_index_find(index, session->user, &end);

	for (size_t i = first_after(index, begin, end, until);
	     i > begin && cycle_index_end(index, i - 1) >= from; i--) {
		const struct cycle *cycle = index->items[i - 1];

		if (cycle->kind == CYCLE_LOAD &&
		    (cycle->session_id == NUMBER_UNKNOWN || cycle->session_id == session->id) &&
		    account_same(cycle->user, cycle->domain, session->user, session->domain))
			return cycle;
	}
	return NULL;
}

void profiles_note(
    struct evidence *evidence, const struct snapshot *snapshot, int64_t from, int64_t until)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];

		if (!session->user || session->temporary_profile == YES_NO_UNKNOWN)
			continue;
		const struct cycle *cycle = cycle_of(&evidence->index, session, from, until);
		if (cycle)
			evidence->temporary[cycle - evidence->cycles.items] =
			    session->temporary_profile;
	}
}

bool profiles_tell(struct sentences *out, const struct evidence *evidence)
{
	int64_t temporary = 0, seen = 0;

	for (size_t i = 0; i < evidence->cycles.count; i++) {
		temporary += evidence->temporary[i] == YES;
		seen += evidence->temporary[i] != YES_NO_UNKNOWN;
	}
	return temporary == 0 ||
	       sentences_add(out,
	           "%lld of %lld sessions whose profile was seen had a temporary one: what the user's own loads and starts was not there, "
	           "and leaks of that do not show in them, see PROFILES in leaklab-real-host(7)",
	           (long long)temporary, (long long)seen);
}
