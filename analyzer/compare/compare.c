/* What a pair of moments proves: an orphan proves a leak, unless the pair is no pair or the logoff is too fresh; that there is
 * none is clean only where both lists were seen with all rights. */
#include "compare/compare.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/text.h"
#include "compare/changes.h"
#include "compare/ids.h"
#include "compare/logon_list.h"
#include "compare/notes.h"
#include "compare/pair.h"
#include "compare/survivors.h"
#include "judge/culprits.h"

/* Healthy hosts hold tokens of users who are gone for up to 20 minutes. */
#define SETTLED (INT64_C(20) * 60 * 1000000)

#define SUSPECTS_NAMED 10

static void note_sight(struct notes *notes, const struct snapshot *snapshot, const char *moment)
{
	for (size_t i = 0; i < snapshot->unavailable_count; i++)
		note_limit(notes, "%s, %s: %s", moment, snapshot->unavailable[i].what,
		    snapshot->unavailable[i].why ? snapshot->unavailable[i].why : "out of sight");
	if (snapshot->elevated == NO)
		note_limit(notes,
		    "%s was taken without administrator's rights: what is not there may "
		    "have been hidden",
		    moment);
	if (snapshot->sessions_partial)
		note_limit(notes,
		    "%s has its sessions of quser, which lists none without a user: only remote "
		    "logons of people are looked for, and no session ID can be said to be free: "
		    "capture qwinsta",
		    moment);
	if (snapshot->handles_partial && snapshot->handle_count)
		note_limit(notes,
		    "%s does not show all handles: it has those of a search or of some processes, or "
		    "was cut, or processes could not be opened",
		    moment);
	if (snapshot->rows_left)
		note_limit(notes,
		    "%s: of %" PRId64 " line%s %" PRId64
		    " %s not understood (show prints what was not)",
		    moment, snapshot->rows, text_plural(snapshot->rows), snapshot->rows_left,
		    snapshot->rows_left == 1 ? "was" : "were");
	if (snapshot->contradiction_total)
		note_limit(notes, "%s contradicts itself in %" PRId64 " place%s, first: %s", moment,
		    snapshot->contradiction_total, snapshot->contradiction_total == 1 ? "" : "s",
		    snapshot->contradiction_count ? snapshot->contradictions[0] : "");
}

/* The last moment at which the orphan's session is known to have been there, or at which it was an orphan already. */
static int64_t last_seen(const struct comparison *comparison, const struct orphan *orphan)
{
	int64_t before = comparison->before->time;
	if (orphan->kind == ORPHAN_NEW && orphan->logon_time != TIMESTAMP_UNKNOWN &&
	    orphan->logon_time > before)
		return orphan->logon_time;
	return before;
}

/* How many orphans are so for less than the settling time. */
static size_t count_early(const struct comparison *comparison)
{
	int64_t after = comparison->after->time;
	size_t early = 0;
	for (size_t i = 0; i < comparison->orphan_count; i++) {
		int64_t seen = last_seen(comparison, &comparison->orphans[i]);
		early += after != TIMESTAMP_UNKNOWN && seen != TIMESTAMP_UNKNOWN &&
		         after - seen < SETTLED;
	}
	return early;
}

static size_t count_old(const struct comparison *comparison)
{
	size_t old = 0;
	for (size_t i = 0; i < comparison->orphan_count; i++)
		old += comparison->orphans[i].kind == ORPHAN_BEFORE;
	return old;
}

static void count_orphans(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	size_t count = comparison->orphan_count, old = count_old(comparison);
	const char *many = count == 1 ? "" : "s", *whose = count == 1 ? "its" : "their";
	if (old == 0)
		note_reason(notes, "%zu logon session%s outlived %s session", count, many, whose);
	else if (old == count)
		note_reason(notes,
		    "%zu logon session%s outlived %s session before BEFORE already; none has done so since",
		    count, many, whose);
	else
		note_reason(notes,
		    "%zu logon sessions outlived their session, %zu of them before "
		    "BEFORE already",
		    count, old);
}

static void judge_orphans(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	size_t early = count_early(comparison), old = count_old(comparison);
	count_orphans(notes);
	if (early == comparison->orphan_count) {
		note_reason(notes,
		    "but AFTER was taken less than 20 minutes after BEFORE or after the "
		    "logon, and healthy hosts let go that late: capture again");
		return;
	}
	comparison->verdict = EXIT_LEAK;
	if (comparison->before->time == TIMESTAMP_UNKNOWN ||
	    comparison->after->time == TIMESTAMP_UNKNOWN || old < comparison->orphan_count)
		note_limit(notes,
		    "healthy hosts let go up to 20 minutes after logoff: if the users logged "
		    "off less than 20 minutes before AFTER, capture again");
	if (comparison->without_holder && snapshot_is_of_dump(comparison->after))
		note_reason(notes,
		    "%" PRId64
		    " of them without a holder: a reference of the kernel's is what is left; "
		    "leaklab-analyzer dump says who made their tokens",
		    comparison->without_holder);
	else if (comparison->without_holder)
		note_reason(notes,
		    "%" PRId64 " of them without a visible holder: handle viewers do not show "
		    "kernel references: take a memory dump",
		    comparison->without_holder);
	if (comparison->followers_only)
		note_reason(notes,
		    "%" PRId64 " of them with none but System or lsass as holders, which let "
		    "go after the last other one: a kernel reference may be what is left",
		    comparison->followers_only);
}

static void name_suspects(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	char luid[LUID_TEXT];
	for (size_t i = 0; i < comparison->suspect_count && i < SUSPECTS_NAMED; i++) {
		const struct suspect *suspect = &comparison->suspects[i];
		if (suspect->without_user) {
			note_reason(notes,
			    "logon session %s of %s is in session %" PRId64
			    ", which has no user now: "
			    "it may have outlived who was logged on there",
			    luid_format(suspect->luid, luid), suspect->user, suspect->session_id);
			continue;
		}
		note_reason(notes,
		    "logon session %s of %s is of an earlier logon than the newest in session "
		    "%" PRId64 ": it may have outlived an earlier session with this ID",
		    luid_format(suspect->luid, luid), suspect->user, suspect->session_id);
	}
	if (comparison->suspect_count > SUSPECTS_NAMED)
		note_reason(
		    notes, "and %zu more like these", comparison->suspect_count - SUSPECTS_NAMED);
}

static bool check_logons(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	if (!snapshot_has(comparison->after, "logon_sessions"))
		return false;
	if (comparison->logons_flaw)
		note_reason(notes, "%s", comparison->logons_flaw);
	return !comparison->logons_flaw;
}

static bool check_sessions(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	const struct snapshot *after = comparison->after;
	if (after->sessions_partial)
		note_reason(notes, "AFTER lists only sessions that have users, as quser does");
	else if (after->sessions_cut)
		note_reason(notes, "AFTER's list of sessions seems to be cut short or damaged");
	else if (comparison->lists_cut)
		note_reason(notes, "AFTER's list of sessions seems to be cut short: BEFORE has "
		                   "listeners, which are listed last, AFTER has none");
	return !comparison->lists_cut && !after->sessions_partial;
}

/* Whether the evidence would show what is not there. */
static bool check_sight(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	const struct snapshot *after = comparison->after;
	if (!comparison->orphans_known) {
		note_reason(notes,
		    "AFTER does not show both sessions and logon sessions: capture qwinsta, "
		    "and logonsessions or leaklab-probe, as administrator");
		return false;
	}
	bool logons = check_logons(notes), sessions = check_sessions(notes);
	if (after->contradiction_total)
		note_reason(notes, "AFTER contradicts itself, as if it were of two moments");
	bool complete = logons && sessions && after->elevated != NO && !after->rows_left &&
	                !comparison->unplaced && !after->contradiction_total;
	if (!complete)
		note_reason(notes,
		    "no logon session is seen to have outlived its session, but AFTER is not "
		    "complete");
	return complete;
}

/* Whether there was anything that could have left something over. */
static bool check_news(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	if (comparison->same_boot == YES_NO_UNKNOWN)
		note_reason(notes,
		    "whether BEFORE and AFTER are of one boot is not known, and a start anew "
		    "leaves nothing over: capture logonsessions or leaklab-probe both times");
	if (comparison->logoff_seen == NO)
		note_reason(notes,
		    "nobody is seen to have logged off between the two: take BEFORE while the "
		    "users are logged on, and AFTER 20 minutes after they have logged off");
	else if (comparison->logoff_seen == YES_NO_UNKNOWN)
		note_reason(notes,
		    "whether anybody logged off between the two is not known: capture "
		    "qwinsta and logonsessions, or leaklab-probe, both times");
	return comparison->same_boot == YES && comparison->logoff_seen == YES;
}

static void judge_absence(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	bool complete = check_sight(notes);
	if (comparison->orphans_known)
		complete = check_news(notes) && complete;
	if (comparison->skipped > 0)
		note_reason(notes,
		    "%" PRId64 " session ID%s below the newest %s free at both moments; "
		    "healthy hosts give the lowest free one again, so either %s pinned or "
		    "had a session in between",
		    comparison->skipped, comparison->skipped == 1 ? "" : "s",
		    comparison->skipped == 1 ? "is" : "are",
		    comparison->skipped == 1 ? "it is" : "they are");
	if (!complete || comparison->skipped > 0 || comparison->suspect_count)
		return;
	note_reason(notes, "no logon session outlived its session%s",
	    comparison->ids_known ? ", and no session ID was skipped" : "");
	note_limit(notes,
	    "two moments do not show what was done between them: a leak that a logon in a "
	    "hundred makes needs hundreds of logons to be seen");
	comparison->verdict = EXIT_CLEAN;
}

/* The two are no pair, but what AFTER shows alone may be of use. */
static void judge_after_alone(struct notes *notes)
{
	size_t count = notes->comparison->orphan_count;
	if (count)
		note_reason(notes,
		    "AFTER alone shows %zu logon session%s without %s session: compare it with a "
		    "capture of the same boot that is 20 minutes older or newer",
		    count, count == 1 ? "" : "s", count == 1 ? "its" : "their");
}

static void judge(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	if (!comparison->comparable) {
		judge_after_alone(notes);
	} else {
		if (comparison->orphan_count)
			judge_orphans(notes);
		else
			judge_absence(notes);
		name_suspects(notes);
	}
	note_sight(notes, comparison->before, "BEFORE");
	note_sight(notes, comparison->after, "AFTER");
	if (comparison->unplaced)
		note_limit(notes, "of %" PRId64 " logon session%s the session is not known",
		    comparison->unplaced, comparison->unplaced == 1 ? "" : "s");
}

static bool only_followers(const struct comparison *comparison, const struct orphan *orphan)
{
	bool follows = orphan->holder_count > 0;
	for (size_t i = 0; i < orphan->holder_count && follows; i++)
		follows =
		    image_follows(comparison->holders_after.items[orphan->first_holder + i].image);
	return follows;
}

static void count_followers(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->orphan_count; i++) {
		const struct orphan *orphan = &comparison->orphans[i];
		comparison->followers_only += orphan->handles_shown && orphan->holder_count <= 2 &&
		                              only_followers(comparison, orphan);
	}
}

/* The holders of one moment, counted beside those of the other: either may have a million handles. */
struct count {
	struct holders *out;
	const struct snapshot *snapshot;
	bool good;
};

static void *count_holders(void *data)
{
	struct count *count = data;
	count->good = holders_find(count->out, count->snapshot, NULL);
	return NULL;
}

static bool find_holders(struct comparison *comparison)
{
	struct count before = {&comparison->holders_before, comparison->before, false},
	             after = {&comparison->holders_after, comparison->after, false};
	pthread_t thread;
	bool beside = pthread_create(&thread, NULL, count_holders, &before) == 0;
	if (!beside)
		count_holders(&before);
	count_holders(&after);
	if (beside)
		pthread_join(thread, NULL);
	return before.good && after.good;
}

struct comparison *compare_snapshots(
    const struct snapshot *before, const struct snapshot *after, struct error *error)
{
	struct comparison *comparison = calloc(1, sizeof *comparison);
	if (!comparison) {
		error_set(error, EXIT_TARGET, "out of memory");
		return NULL;
	}
	comparison->before = before;
	comparison->after = after;
	comparison->verdict = EXIT_INCONCLUSIVE;
	struct notes notes = {.comparison = comparison};
	pair_check(&notes);
	bool good = find_holders(comparison) && ids_compare(comparison) &&
	            logon_list_check(comparison) && survivors_find(comparison) &&
	            changes_find(comparison);
	if (good) {
		count_followers(comparison);
		judge(&notes);
	}
	if (good && !notes.failed)
		return comparison;
	error_set(error, EXIT_TARGET, "out of memory");
	comparison_destroy(comparison);
	return NULL;
}

static void destroy_texts(char **items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(items[i]);
	free(items);
}

void comparison_destroy(struct comparison *comparison)
{
	if (!comparison)
		return;
	destroy_texts(comparison->reasons, comparison->reason_count);
	destroy_texts(comparison->limits, comparison->limit_count);
	free(comparison->logons_flaw);
	free(comparison->gaps);
	free(comparison->orphans);
	free(comparison->suspects);
	free(comparison->by_process);
	free(comparison->by_logon);
	free(comparison->growth);
	holders_deinit(&comparison->holders_before);
	holders_deinit(&comparison->holders_after);
	free(comparison);
}
