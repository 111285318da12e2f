/* What a pair of moments proves: an orphan proves a leak, unless the pair is no pair or the logoff is too fresh; that there is
 * none is clean only where both lists were seen with all rights. */
#include "compare/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compare/changes.h"
#include "compare/followers.h"
#include "compare/ids.h"
#include "compare/survivors.h"
#include "snapshot/identity.h"

/* Healthy hosts hold tokens of users who are gone for up to 20 minutes. */
#define SETTLED (INT64_C(20) * 60 * 1000000)

#define SUSPECTS_NAMED 10

struct notes {
	struct comparison *comparison;
	enum yes_no same_boot;
	bool failed;
};

__attribute__((format(printf, 4, 5))) static void add(
    struct notes *notes, char ***items, size_t *count, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	char **larger = realloc(*items, (*count + 1) * sizeof *larger);
	if (larger)
		*items = larger;
	if (!larger || !(larger[*count] = strdup(text)))
		notes->failed = true;
	else
		(*count)++;
}

#define REASON(notes, ...)                                                                         \
	add(notes, &(notes)->comparison->reasons, &(notes)->comparison->reason_count, __VA_ARGS__)
#define LIMIT(notes, ...)                                                                          \
	add(notes, &(notes)->comparison->limits, &(notes)->comparison->limit_count, __VA_ARGS__)

/* False if the two are no BEFORE and AFTER of one boot of one host. */
static bool check_pair(struct notes *notes)
{
	const struct snapshot *before = notes->comparison->before,
	                      *after = notes->comparison->after;
	bool good = true;
	if (!host_same(before->host, after->host)) {
		REASON(notes, "BEFORE is of host %s, AFTER of host %s: they cannot be compared",
		    before->host, after->host);
		good = false;
	}
	notes->same_boot = snapshot_same_boot(before, after);
	if (notes->same_boot == NO) {
		REASON(notes, "the host was started anew between BEFORE and AFTER: LUIDs and "
		              "session IDs begin again, so nothing can have outlived anything");
		good = false;
	} else if (notes->same_boot == YES_NO_UNKNOWN) {
		LIMIT(notes,
		    "nothing tells whether BEFORE and AFTER are of one boot (the logon times "
		    "of the system's own logon sessions would)");
	}
	if (before->time != TIMESTAMP_UNKNOWN && after->time != TIMESTAMP_UNKNOWN &&
	    before->time > after->time) {
		REASON(notes, "BEFORE is newer than AFTER: give them in the other order");
		good = false;
	}
	if (!before->host || !after->host)
		LIMIT(notes, "nothing tells whether BEFORE and AFTER are of one host");
	if (before->time == TIMESTAMP_UNKNOWN || after->time == TIMESTAMP_UNKNOWN)
		LIMIT(notes, "the times of the captures are not known, so neither is their order");
	return good;
}

static void note_sight(struct notes *notes, const struct snapshot *snapshot, const char *moment)
{
	for (size_t i = 0; i < snapshot->unavailable_count; i++)
		LIMIT(notes, "%s, %s: %s", moment, snapshot->unavailable[i].what,
		    snapshot->unavailable[i].why ? snapshot->unavailable[i].why : "out of sight");
	if (snapshot->elevated == NO)
		LIMIT(notes,
		    "%s was taken without administrator's rights: what is not there may "
		    "have been hidden",
		    moment);
	if (snapshot->sessions_partial)
		LIMIT(notes,
		    "%s has its sessions of quser, which lists none without a user: only remote "
		    "logons of people are looked for, and no session ID can be said to be free: "
		    "capture qwinsta",
		    moment);
	if (snapshot->handles_partial && snapshot->handle_count)
		LIMIT(notes,
		    "%s lists handles in part: of what was searched for, or of one process",
		    moment);
	if (snapshot->rows_left)
		LIMIT(notes,
		    "%s has %" PRId64 " of %" PRId64 " lines that were not understood "
		    "(show prints them)",
		    moment, snapshot->rows_left, snapshot->rows);
	if (snapshot->contradiction_total)
		LIMIT(notes, "%s contradicts itself %" PRId64 " times, first: %s", moment,
		    snapshot->contradiction_total,
		    snapshot->contradiction_count ? snapshot->contradictions[0] : "");
}

/* True if every orphan's session was there less than the settling time ago. */
static bool is_too_early(const struct comparison *comparison)
{
	const struct snapshot *before = comparison->before, *after = comparison->after;
	if (before->time == TIMESTAMP_UNKNOWN || after->time == TIMESTAMP_UNKNOWN ||
	    after->time - before->time >= SETTLED)
		return false;
	for (size_t i = 0; i < comparison->orphan_count; i++) {
		if (comparison->orphans[i].kind == ORPHAN_BEFORE)
			return false;
	}
	return true;
}

static void judge_orphans(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	REASON(notes, "%zu logon session%s outlived %s session", comparison->orphan_count,
	    comparison->orphan_count == 1 ? "" : "s",
	    comparison->orphan_count == 1 ? "its" : "their");
	if (is_too_early(comparison)) {
		REASON(notes, "but AFTER was taken less than 20 minutes after BEFORE, and healthy "
		              "hosts let go that late: capture again");
		return;
	}
	comparison->verdict = EXIT_LEAK;
	if (comparison->after->time == TIMESTAMP_UNKNOWN ||
	    comparison->before->time == TIMESTAMP_UNKNOWN)
		LIMIT(notes,
		    "healthy hosts let go up to 20 minutes after logoff: if AFTER was taken "
		    "sooner, capture again");
	if (comparison->without_holder)
		REASON(notes,
		    "%" PRId64 " of them without a visible holder: handle viewers do not show "
		    "kernel references: take a memory dump",
		    comparison->without_holder);
	if (comparison->followers_only)
		REASON(notes,
		    "%" PRId64 " of them with System and lsass as the only holders, which let "
		    "go after the last other one: a kernel reference may be what is left",
		    comparison->followers_only);
}

static void name_suspects(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	char luid[LUID_TEXT];
	for (size_t i = 0; i < comparison->suspect_count && i < SUSPECTS_NAMED; i++) {
		const struct suspect *suspect = &comparison->suspects[i];
		REASON(notes,
		    "logon session %s of %s is of an earlier logon than the newest in session "
		    "%" PRId64 ": it may have outlived an earlier session with this ID",
		    luid_format(suspect->luid, luid), suspect->user, suspect->session_id);
	}
	if (comparison->suspect_count > SUSPECTS_NAMED)
		REASON(notes, "and so are %zu more", comparison->suspect_count - SUSPECTS_NAMED);
}

/* Whether the list of logon sessions can be whole, by those that every host has. */
static bool check_logons(struct notes *notes)
{
	const struct snapshot *before = notes->comparison->before,
	                      *after = notes->comparison->after;
	const uint64_t *luid;
	char text[LUID_TEXT];
	if (!snapshot_has(after, "logon_sessions"))
		return false;
	if (after->logon_session_count == 0) {
		REASON(notes, "AFTER's list of logon sessions is empty, which no host's is");
		return false;
	}
	if (after->logon_sessions_cut) {
		REASON(notes, "AFTER's list of logon sessions seems to be cut short");
		return false;
	}
	for (size_t i = 0; (luid = logon_session_lasting(i)); i++) {
		if (!logon_session_of(before, *luid) || logon_session_of(after, *luid))
			continue;
		REASON(notes,
		    "AFTER lacks logon session %s, which lasts as long as the host runs: its list "
		    "of logon sessions is not whole",
		    luid_format(*luid, text));
		return false;
	}
	return true;
}

static bool check_sessions(struct notes *notes)
{
	const struct snapshot *after = notes->comparison->after;
	if (after->sessions_cut)
		REASON(notes, "AFTER's list of sessions seems to be cut short");
	return !after->sessions_cut && !after->sessions_partial;
}

/* Whether the evidence would show what is not there. */
static bool check_sight(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	const struct snapshot *after = comparison->after;
	if (!comparison->orphans_known) {
		REASON(notes,
		    "AFTER does not show both sessions and logon sessions: capture qwinsta, "
		    "and logonsessions or leaklab-probe, as administrator");
		return false;
	}
	bool logons = check_logons(notes), sessions = check_sessions(notes);
	bool complete = logons && sessions && after->elevated != NO && !after->rows_left &&
	                !comparison->unplaced && !after->contradiction_total;
	if (!complete)
		REASON(notes,
		    "no logon session is seen to have outlived its session, but AFTER is not "
		    "complete");
	return complete;
}

/* Whether there was anything that could have left something over. */
static bool check_news(struct notes *notes)
{
	if (notes->same_boot == YES_NO_UNKNOWN)
		REASON(notes,
		    "whether BEFORE and AFTER are of one boot is not known, and a start anew "
		    "leaves nothing over: capture logonsessions or leaklab-probe both times");
	if (!notes->comparison->something_changed)
		REASON(notes, "nothing came or went between the two: log on and off between BEFORE "
		              "and AFTER");
	return notes->same_boot == YES && notes->comparison->something_changed;
}

static void judge_absence(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	bool complete = check_sight(notes);
	complete = check_news(notes) && complete;
	if (comparison->skipped > 0)
		REASON(notes,
		    "%" PRId64 " session ID%s below the newest %s free at both moments; "
		    "healthy hosts give the lowest free one again, so either %s pinned or "
		    "had a session in between",
		    comparison->skipped, comparison->skipped == 1 ? "" : "s",
		    comparison->skipped == 1 ? "is" : "are",
		    comparison->skipped == 1 ? "it is" : "they are");
	if (!complete || comparison->skipped > 0 || comparison->suspect_count)
		return;
	REASON(notes, "no logon session outlived its session%s",
	    comparison->ids_known ? ", and no session ID was skipped" : "");
	LIMIT(notes, "two moments do not show what was done between them: a leak that a logon in a "
	             "hundred makes needs hundreds of logons to be seen");
	comparison->verdict = EXIT_CLEAN;
}

static bool judge(struct comparison *comparison)
{
	struct notes notes = {.comparison = comparison};
	comparison->verdict = EXIT_INCONCLUSIVE;
	if (check_pair(&notes)) {
		if (comparison->orphan_count)
			judge_orphans(&notes);
		else
			judge_absence(&notes);
		name_suspects(&notes);
	}
	note_sight(&notes, comparison->before, "BEFORE");
	note_sight(&notes, comparison->after, "AFTER");
	if (comparison->unplaced)
		LIMIT(&notes, "of %" PRId64 " logon sessions the session is not known",
		    comparison->unplaced);
	return !notes.failed;
}

static bool only_followers(const struct comparison *comparison, const struct orphan *orphan)
{
	bool follows = orphan->holder_count > 0, good = true;
	for (size_t i = 0; i < orphan->holder_count && follows; i++)
		follows = image_follows(
		    comparison->holders_after.items[orphan->first_holder + i].image, &good);
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
	bool good = holders_find(&comparison->holders_before, before, error) &&
	            holders_find(&comparison->holders_after, after, error);
	if (good) {
		good = ids_compare(comparison) && survivors_find(comparison) &&
		       changes_find(comparison);
		count_followers(comparison);
		if (!good || !judge(comparison))
			good = error_set(error, EXIT_TARGET, "out of memory");
	}
	if (good)
		return comparison;
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
