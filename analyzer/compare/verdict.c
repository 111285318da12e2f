/* How a comparison is put to people, and what its verdict is. */
#include "compare/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define SUSPECTS_NAMED 3

static long long minutes(int64_t time)
{
	return (long long)((time + 59999999) / 60000000);
}

/* ---- how much was seen ---- */

static void note_rows(struct notes *notes, const struct snapshot *snapshot, const char *moment)
{
	if (snapshot->rows_left)
		note_limit(notes,
		    "%s: of %" PRId64 " line%s %" PRId64
		    " %s not understood (show prints what was not)",
		    moment, snapshot->rows, text_plural(snapshot->rows), snapshot->rows_left,
		    snapshot->rows_left == 1 ? "was" : "were");
	if (snapshot->counter_rows_left)
		note_limit(notes,
		    "%s: %" PRId64
		    " row%s of counters %s not later than the one before, and left out: the clock was set back, or a file is in it twice",
		    moment, snapshot->counter_rows_left, text_plural(snapshot->counter_rows_left),
		    snapshot->counter_rows_left == 1 ? "is" : "are");
}

static void note_sight(struct notes *notes, const struct snapshot *snapshot, const char *moment)
{
	for (size_t i = 0; i < snapshot->sight_count; i++) {
		const struct sight *sight = &snapshot->sights[i];
		if (sight->extent != EXTENT_WHOLE)
			note_limit(notes, "%s, %s: %s", moment, sight->section,
			    sight->why ? sight->why : "not whole");
	}
	if (snapshot->elevated == NO)
		note_limit(notes,
		    "%s was taken without administrator's rights: what is not there may "
		    "have been hidden",
		    moment);
	if (snapshot_extent(snapshot, SECTION_SESSIONS) == EXTENT_PARTIAL)
		note_limit(notes,
		    "%s has its sessions from quser, which does not list sessions without a user: only remote logons of people "
		    "are checked, and no session ID can be called free: run qwinsta",
		    moment);
	note_rows(notes, snapshot, moment);
	if (snapshot->contradiction_total)
		note_limit(notes, "%s contradicts itself in %" PRId64 " place%s, first: %s", moment,
		    snapshot->contradiction_total, text_plural(snapshot->contradiction_total),
		    snapshot->contradiction_count ? snapshot->contradictions[0].text : "");
}

/* ---- what was found ---- */

static void count_orphans(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	const size_t count = comparison->orphan_count;
	size_t before = 0;
	for (size_t i = 0; i < count; i++)
		before += comparison->orphans[i].kind == ORPHAN_BEFORE;
	const char *many = count == 1 ? "" : "s", *whose = count == 1 ? "its" : "their";
	if (before == 0)
		note_reason(notes, "%zu logon session%s outlived %s session", count, many, whose);
	else if (before == count)
		note_reason(notes,
		    "%zu logon session%s outlived %s session by the time of BEFORE; none has done so since",
		    count, many, whose);
	else
		note_reason(notes,
		    "%zu logon sessions outlived their session, %zu of them by the time of BEFORE",
		    count, before);
}

static void name_proof(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	size_t by_later = 0;
	for (size_t i = 0; i < comparison->orphan_count; i++)
		by_later += comparison->orphans[i].is_old &&
		            comparison->orphans[i].left->proof == AGE_LATER_LOGON;
	char which[32] = "it";
	if (comparison->orphan_count > 1)
		snprintf(which, sizeof which, "%zu of them", comparison->old_count);
	note_reason(notes,
	    "%s %s so for %lld minutes or longer (healthy holders release within that time)", which,
	    comparison->old_count == 1 ? "has been" : "have been",
	    minutes(leak_release_time(comparison->leak)));
	if (by_later)
		note_limit(notes,
		    "the age of %zu orphan%s is known from a later logon of the same account in another session: by Windows' "
		    "default an account has one session at a time",
		    by_later, text_plural((int64_t)by_later));
}

/* Younger than holders take to release, or of unknown age: whoever holds them now is a suspect and no culprit. */
static void ask_again(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	const int64_t release = leak_release_time(comparison->leak);
	int64_t youngest = TIMESTAMP_UNKNOWN;
	char time[TIMESTAMP_TEXT];
	bool all_known = true;
	for (size_t i = 0; i < comparison->orphan_count; i++) {
		const int64_t ended = comparison->orphans[i].left->ended;
		all_known = all_known && ended != TIMESTAMP_UNKNOWN;
		if (ended > youngest)
			youngest = ended;
	}
	if (all_known && youngest != TIMESTAMP_UNKNOWN)
		note_reason(notes,
		    "healthy holders release up to %lld minutes after the logoff: sample again at %.16s UTC",
		    minutes(release), timestamp_format(youngest + release, time));
	else
		note_reason(notes,
		    "nothing proves that %s been so for %lld minutes (healthy holders release within that time): sample "
		    "again %lld minutes after the last logoff, or give --after-logoff if it was longer ago",
		    comparison->orphan_count == 1 ? "it has" : "they have", minutes(release),
		    minutes(release));
}

/* System and lsass are named only together, and by no role: whom they follow is the culprit. */
static void name_culprits(struct notes *notes, const char *role)
{
	const struct comparison *comparison = notes->comparison;
	const struct culprits *culprits = &comparison->culprits;
	char text[400] = "", only[FOLLOWERS_WORDS];
	size_t used = 0, named = 0;
	for (size_t i = 0; i < culprits->count && named < SUSPECTS_NAMED && used < sizeof text;
	     i++) {
		const struct culprit *culprit = &culprits->items[i];
		char pid[24] = "";
		if (image_follows(culprit->image))
			continue;
		if (culprit->pid != NUMBER_UNKNOWN)
			snprintf(pid, sizeof pid, " (%" PRId64 ")", culprit->pid);
		used += (size_t)snprintf(text + used, sizeof text - used,
		    "%s%s%s holds %" PRId64 " of them, %" PRId64 " alone", named ? "; " : "",
		    culprit->image ? culprit->image : "a process without a name", pid,
		    culprit->logon_sessions + culprit->session_ids, culprit->alone);
		named++;
	}
	if (named)
		note_reason(notes, "%s%s: %s",
		    named > 1 && culprits_tied(culprits) > 1 ? "ranked equally, " : "", role, text);
	else if (culprits->count && comparison->followers_only == 0)
		note_reason(notes, "%s",
		    followers_words(
		        culprits->items[0].logon_sessions + culprits->items[0].session_ids, false,
		        only));
}

/* Who may hold what nobody, or but System and lsass, is seen to hold. False: nobody is known. */
static bool name_suspects(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	const struct culprits *culprits = &comparison->culprits;
	const bool seen = culprits->count > 0 && !image_follows(culprits->items[0].image);
	const int64_t unseen = seen ? culprits->unheld : (int64_t)comparison->orphan_count;
	char words[SUSPECT_WORDS];
	bool any = false;
	for (size_t i = 0; i < comparison->suspects.count; i++) {
		if (suspect_words(&comparison->suspects.items[i], comparison->suspects.compared,
		        unseen, words)) {
			note_reason(notes, "%s", words);
			any = true;
		}
	}
	return any;
}

static void judge_orphans(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	count_orphans(notes);
	if (comparison->old_count == 0) {
		ask_again(notes);
		if (comparison->pinned_count == 0)
			name_culprits(notes, "suspects");
		return;
	}
	comparison->verdict = EXIT_LEAK;
	name_proof(notes);
	name_culprits(notes, "held by");
	if (name_suspects(notes))
		return;
	if (comparison->without_holder && snapshot_is_of_dump(comparison->after))
		note_reason(notes,
		    "%" PRId64 " of them without a holder: only a kernel reference is left; "
		    "leaklab dump says who made their tokens",
		    comparison->without_holder);
	else if (comparison->without_holder)
		note_reason(notes,
		    "%" PRId64 " of them without a visible holder: handle viewers do not show "
		    "kernel references: take a memory dump",
		    comparison->without_holder);
	char only[FOLLOWERS_WORDS];
	if (comparison->followers_only)
		note_reason(notes, "%s", followers_words(comparison->followers_only, true, only));
}

static void name_referred(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	const size_t count = comparison->referred_count;
	if (count == 0)
		return;
	if (comparison->pinned_count) {
		comparison->verdict = EXIT_LEAK;
		note_reason(notes,
		    "%zu session ID%s pinned: no session has %s, something refers to %s, and a later logon "
		    "was given a higher one",
		    comparison->pinned_count, comparison->pinned_count == 1 ? " is" : "s are",
		    comparison->pinned_count == 1 ? "it" : "them",
		    comparison->pinned_count == 1 ? "it" : "them");
		name_culprits(notes, "held by");
		return;
	}
	char words[REFERRED_WORDS];
	if (!referred_words(comparison->referred, count, comparison->after, words)) {
		notes->failed = true;
		return;
	}
	note_reason(notes, "%s; %s", words, decider_words(comparison->leak));
}

static void name_unsure(struct notes *notes)
{
	static const char *const words[UNSURE_KINDS] = {
	    [UNSURE_SESSION_NAMELESS] =
	        "in a session that has no user now, and may have outlived the user who was logged on there",
	    [UNSURE_EARLIER_LOGON] =
	        "older than the newest logon in its session, and may have outlived an earlier session with this ID",
	    [UNSURE_DISPUTED] = "disputed: the observers disagree about whose it is",
	};
	const struct comparison *comparison = notes->comparison;
	char luid[LUID_TEXT];
	size_t count;
	const struct left_logon *logons = leak_logons(comparison->leak, &count);
	for (size_t i = 0, shown = 0; i < count; i++) {
		const struct left_logon *left = &logons[i];
		if (left->fate != FATE_UNSURE || left->gone || !words[left->unsure])
			continue;
		if (shown++ == SUSPECTS_NAMED) {
			note_reason(notes, "and more like these");
			break;
		}
		note_reason(notes, "logon session %s of %s in session %" PRId64 " is %s",
		    luid_format(left->luid, luid), left->user ? left->user : "an unknown user",
		    left->session_id, words[left->unsure]);
	}
}

/* ---- that nothing was found ---- */

/* So many may come and go. */
#define UNSEEN_MOST 3

static bool check_list(struct notes *notes, const char *section, const char *what)
{
	const struct snapshot *after = notes->comparison->after;
	if (snapshot_whole(after, section))
		return true;
	note_reason(notes, "AFTER's list of %s is not whole: %s", what,
	    snapshot_why_not_whole(after, section));
	return false;
}

/* Some handles can never be looked into; more than before may be what leaks. */
static bool check_unseen(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	const struct unseen now = leak_unseen(comparison->after);
	const size_t count = now.tokens + now.exited;
	if (count <= UNSEEN_MOST)
		return true;
	if (!snapshot_has(comparison->before, SECTION_HANDLES)) {
		note_reason(notes,
		    "%zu handles to tokens or exited processes could not be looked into, and how many there were in BEFORE "
		    "is not known",
		    count);
		return false;
	}
	const struct unseen then = leak_unseen(comparison->before);
	if (count <= then.tokens + then.exited + UNSEEN_MOST)
		return true;
	note_reason(notes,
	    "handles to tokens or exited processes that could not be looked into rose from %zu to %zu",
	    then.tokens + then.exited, count);
	return false;
}

/* Whether the evidence would show what is not there. */
static bool check_sight(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	const struct snapshot *after = comparison->after;
	if (!comparison->orphans_known) {
		note_reason(notes,
		    "AFTER does not show both sessions and logon sessions: run qwinsta, and logonsessions or leaklab-probe, as "
		    "administrator");
		return false;
	}
	bool logons = check_list(notes, SECTION_LOGON_SESSIONS, "logon sessions"),
	     sessions = check_list(notes, SECTION_SESSIONS, "sessions");
	if (after->contradiction_total)
		note_reason(notes, "AFTER contradicts itself, as if it were of two moments");
	const bool ids = leak_shows_ids(after);
	if (!ids)
		note_reason(notes,
		    "whether session IDs stay taken is not known: %s; leaklab-probe, run as administrator, shows it",
		    snapshot_whole(after, SECTION_HANDLES)
		        ? "the session IDs of tokens are not visible"
		        : snapshot_why_not_whole(after, SECTION_HANDLES));
	bool complete = logons && sessions && ids && check_unseen(notes) &&
	                !comparison->unsure[UNSURE_NO_SESSION_ID] && !after->contradiction_total;
	if (!complete && (!logons || !sessions))
		note_reason(notes,
		    "no logon session is seen to have outlived its session, but AFTER is not "
		    "complete");
	return complete;
}

/* Whether there was anything that could have left something over. */
static bool check_news(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	if (comparison->logoff_seen == NO)
		note_reason(notes,
		    "nobody is seen to have logged off between the two: take BEFORE while the "
		    "users are logged on, and AFTER " RELEASE_TIME_WORDS
		    " after they have logged off");
	else if (comparison->logoff_seen == YES_NO_UNKNOWN)
		note_reason(notes,
		    "it is not known whether anybody logged off between the two: run qwinsta and logonsessions, or "
		    "leaklab-probe, both times");
	return comparison->logoff_seen == YES;
}

static bool is_unsure(const struct comparison *comparison)
{
	for (int i = 0; i < UNSURE_KINDS; i++) {
		if (comparison->unsure[i])
			return true;
	}
	return false;
}

#define GROUPS_NAMED 3
#define GROUP_LEAST 3 /* fewer new ones come and go on any host */

/* Logon sessions that became more, or that lost all of their processes: no leak by that alone, and worth a look. */
static void name_groups(struct notes *notes)
{
	const struct comparison *comparison = notes->comparison;
	for (size_t i = 0, named = 0; i < comparison->group_count && named < GROUPS_NAMED; i++) {
		const struct logon_group *group = &comparison->groups[i];
		const bool seen = group->idle_after != NUMBER_UNKNOWN;
		const int64_t idle_before = group->idle_before > 0 ? group->idle_before : 0;
		const char *domain = group->domain ? group->domain : "",
		           *user = group->user ? group->user : "an account that is not named";
		if (group->new_count >= GROUP_LEAST && !seen)
			note_reason(notes,
			    "%" PRId64
			    " new logon sessions of %s%s%s; processes not seen: logonsessions -p or "
			    "Win32_SessionProcess, as administrator, tells whether any is alive",
			    group->new_count, domain, *domain ? "\\" : "", user);
		else if (seen && group->idle_after > idle_before)
			note_reason(notes,
			    "%" PRId64
			    " logon session%s of %s%s%s %s no process, and %s still there",
			    group->idle_after - idle_before,
			    text_plural(group->idle_after - idle_before), domain,
			    *domain ? "\\" : "", user,
			    group->idle_after - idle_before == 1 ? "has" : "have",
			    group->idle_after - idle_before == 1 ? "is" : "are");
		else
			continue;
		named++;
	}
}

static void judge_absence(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	char words[TAKEN_WORDS];
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
	struct taken_along along;
	if (!leak_taken_along(comparison->leak, NULL, 0, 0, &along)) {
		notes->failed = true;
		return;
	}
	const bool taken = taken_words(&along, words);
	taken_along_deinit(&along);
	if (taken)
		note_reason(notes, "%s", words);
	if (!complete || taken || comparison->skipped > 0 || is_unsure(comparison) ||
	    comparison->referred_count)
		return;
	note_reason(notes, "no logon session outlived its session%s",
	    comparison->ids_known ? ", and no session ID was skipped" : "");
	note_limit(notes,
	    "two moments do not show what was done between them: a leak at one logon in a hundred takes hundreds of logons to show");
	comparison->verdict = EXIT_CLEAN;
}

/* The moments cannot be compared, but what AFTER shows alone may be of use. */
static void judge_after_alone(struct notes *notes)
{
	size_t count = notes->comparison->orphan_count;
	if (count)
		note_reason(notes,
		    "AFTER alone shows %zu logon session%s without %s session: compare it with a sample of the same boot that "
		    "is " RELEASE_TIME_WORDS " older or newer",
		    count, count == 1 ? "" : "s", count == 1 ? "its" : "their");
}

/* Nothing was compared but counters. */
static void judge_counters(struct notes *notes)
{
	const struct snapshot *only = notes->comparison->after;
	trails_tell(notes);
	note_reason(notes,
	    "counters show where handles and sessions go, not which logon sessions outlive their session: compare two snapshots of "
	    "leaklab-probe, or qwinsta and logonsessions, for that");
	note_rows(notes, only, "the file");
}

/* A process whose handles surely rise may leak what is not of logon sessions: that is a doubt, and no leak by the leak rule. */
static void judge_trails(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	if (!trails_tell(notes) || comparison->verdict != EXIT_CLEAN)
		return;
	note_reason(notes,
	    "what rises so is not called clean, though no logon session outlived its session");
	comparison->verdict = EXIT_INCONCLUSIVE;
}

void verdict_find(struct notes *notes)
{
	struct comparison *comparison = notes->comparison;
	if (comparison->moments == 1) {
		judge_counters(notes);
		return;
	}
	if (!comparison->comparable) {
		judge_after_alone(notes);
	} else {
		if (comparison->orphan_count)
			judge_orphans(notes);
		else
			judge_absence(notes);
		name_referred(notes);
		name_unsure(notes);
		if (comparison->verdict == EXIT_INCONCLUSIVE)
			name_groups(notes);
		judge_trails(notes);
	}
	note_sight(notes, comparison->before, "BEFORE");
	note_sight(notes, comparison->after, "AFTER");
	if (comparison->unsure[UNSURE_NO_SESSION_ID])
		note_limit(notes, "the session of %" PRId64 " logon session%s is not known",
		    comparison->unsure[UNSURE_NO_SESSION_ID],
		    text_plural(comparison->unsure[UNSURE_NO_SESSION_ID]));
}
