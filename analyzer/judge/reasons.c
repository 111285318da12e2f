/* What blocks a verdict, and how findings are put to people. */
#include "judge/reasons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "judge/binomial.h"

/* Boot times that some tools count back from the uptime may differ by a moment. */
#define BOOT_TOLERANCE 1000000

#define PERCENT_TEXT 16

/* A rate as a percentage with as many digits as say something. */
static const char *percent(double rate, char out[PERCENT_TEXT])
{
	if (rate > 0 && rate < 0.001)
		snprintf(out, PERCENT_TEXT, "%.2g", rate * 100);
	else
		snprintf(out, PERCENT_TEXT, "%.1f", rate * 100);
	size_t length = strlen(out);
	if (length > 2 && strcmp(out + length - 2, ".0") == 0)
		out[length - 2] = '\0';
	return out;
}

static bool block_no_logon(
    struct sentences *out, const struct verdict *verdict, const struct cycles *cycles)
{
	if (verdict->n > 0)
		return true;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle->result == CYCLE_FAILED && (cycle->code || cycle->message))
			return sentences_add(out,
			    "no cycle logged on; the first failure was in phase %s: %s%s%s",
			    cycle->failed_phase ? cycle->failed_phase : "unknown",
			    cycle->code ? cycle->code : "",
			    cycle->code && cycle->message ? ": " : "",
			    cycle->message ? cycle->message : "");
	}
	return sentences_add(out, "no cycle logged on");
}

/* What observers said about why they gave no snapshot at this mark. */
static const char *problem_at(const struct captures *captures, enum mark mark)
{
	for (size_t i = captures->count; i-- > 0;) {
		if (captures->items[i].mark == mark && captures->items[i].problem)
			return captures->items[i].problem;
	}
	return NULL;
}

static bool block_no_snapshot(struct sentences *out, const struct evidence *evidence,
    const struct moment *moment, enum mark mark)
{
	if (moment->snapshot)
		return true;
	const char *problem = problem_at(&evidence->captures, mark);
	if (problem)
		return sentences_add(
		    out, "there is no snapshot \"%s\": %s", mark_names[mark], problem);
	return sentences_add(out,
	    "there is no snapshot \"%s\": add an observer to the scenario, which can see the "
	    "host's "
	    "logon sessions",
	    mark_names[mark]);
}

static const char *why_unavailable(const struct snapshot *snapshot, const char *what)
{
	for (size_t i = 0; i < snapshot->unavailable_count; i++) {
		if (strcmp(snapshot->unavailable[i].what, what) == 0 &&
		    snapshot->unavailable[i].why)
			return snapshot->unavailable[i].why;
	}
	return "no reason given";
}

static bool block_out_of_sight(
    struct sentences *out, const struct snapshot *snapshot, enum mark mark)
{
	if (!snapshot)
		return true;
	if (!snapshot_has(snapshot, "logon_sessions") &&
	    !sentences_add(out,
	        "the observers could not see logon sessions at the mark \"%s\" (%s)",
	        mark_names[mark], why_unavailable(snapshot, "logon_sessions")))
		return false;
	if (snapshot->elevated == NO)
		return sentences_add(out,
		    "the observer was not elevated at the mark \"%s\", so it did not see "
		    "everything: run it as administrator",
		    mark_names[mark]);
	return true;
}

static bool block_host_changed(
    struct sentences *out, const struct snapshot *a, const struct snapshot *b)
{
	if (!a || !b)
		return true;
	if (a->host && b->host && strcasecmp(a->host, b->host) != 0 &&
	    !sentences_add(out, "the snapshots are of two hosts, %s and %s", a->host, b->host))
		return false;
	if (a->build && b->build && strcasecmp(a->build, b->build) != 0 &&
	    !sentences_add(
	        out, "the host's build changed from %s to %s during the run", a->build, b->build))
		return false;
	if (a->boot_time == TIMESTAMP_UNKNOWN || b->boot_time == TIMESTAMP_UNKNOWN ||
	    llabs(a->boot_time - b->boot_time) <= BOOT_TOLERANCE)
		return true;
	char then[TIMESTAMP_TEXT], now[TIMESTAMP_TEXT];
	return sentences_add(out,
	    "the host was started anew during the run (boot time %s, then %s): what had leaked is "
	    "gone",
	    timestamp_format(a->boot_time, then), timestamp_format(b->boot_time, now));
}

static bool block_failures(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	int64_t bad = verdict->cycles[CYCLE_FAILED] + verdict->cycles[CYCLE_LOST];
	int64_t all = verdict->n + bad;
	if (verdict->n == 0 || (double)bad <= limits->max_failed * (double)all)
		return true;
	char share[PERCENT_TEXT], most[PERCENT_TEXT];
	return sentences_add(out,
	    "%lld of %lld cycles failed or were lost (%s %%; judge.max_failed allows %s %%)",
	    (long long)bad, (long long)all, percent((double)bad / (double)all, share),
	    percent(limits->max_failed, most));
}

bool reasons_block(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;
	if (!block_no_logon(out, verdict, &evidence->cycles) ||
	    !block_no_snapshot(out, evidence, &evidence->before, MARK_BEFORE) ||
	    !block_no_snapshot(out, evidence, &evidence->settled, MARK_SETTLED) ||
	    !block_out_of_sight(out, before, MARK_BEFORE) ||
	    !block_out_of_sight(out, settled, MARK_SETTLED) ||
	    !block_host_changed(out, before, settled) || !block_failures(out, verdict, limits))
		return false;
	if (settled && !limits->settled)
		return sentences_add(out, "the host was still changing when the wait for it to "
		                          "settle ended: allow more time to settle, and do not interrupt it");
	return true;
}

bool reasons_doubt(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	if (verdict->sessions_left > 0 &&
	    !sentences_add(out, "sessions were left behind, and in them leaks cannot be told from "
	                        "use: log them off"))
		return false;
	if (verdict->unmatched + verdict->uncounted > 0 &&
	    !sentences_add(out, "there are new logon sessions of the run's accounts which no "
	                        "counted cycle explains"))
		return false;
	if (verdict->n == 0 || verdict->smallest_visible_rate <= limits->smallest_rate)
		return true;
	char visible[PERCENT_TEXT], wanted[PERCENT_TEXT];
	int64_t needed = binomial_tries_for(limits->smallest_rate);
	return sentences_add(out,
	    "%lld cycles can show leaks in %s %% of the cycles or more; to exclude %s %% "
	    "(judge.smallest_rate) run %lld "
	    "more",
	    (long long)verdict->n, percent(verdict->smallest_visible_rate, visible),
	    percent(limits->smallest_rate, wanted), (long long)(needed - verdict->n));
}

static bool tell_orphans(struct sentences *out, const struct verdict *verdict)
{
	char rate[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT];
	if (!verdict->orphans_known || verdict->n == 0)
		return true;
	if (verdict->k == 0)
		return sentences_add(out,
		    "none of %lld cycles left a logon session behind (95 %% interval 0 %% to %s "
		    "%%); a leak in %s %% of the "
		    "cycles would have been seen",
		    (long long)verdict->n, percent(verdict->upper, upper),
		    percent(verdict->smallest_visible_rate, rate));
	if (!sentences_add(out,
	        "%lld of %lld logon sessions outlived their RDS session (rate %s %%, 95 %% "
	        "interval %s %% to %s %%)",
	        (long long)verdict->k, (long long)verdict->n, percent(verdict->rate, rate),
	        percent(verdict->lower, lower), percent(verdict->upper, upper)))
		return false;
	if (verdict->orphan_logon_sessions > verdict->k)
		return sentences_add(out,
		    "they are %lld logon sessions in all, as one logon may make more than one",
		    (long long)verdict->orphan_logon_sessions);
	return true;
}

static bool tell_after(struct sentences *out, const struct verdict *verdict)
{
	if (!verdict->after_known || !verdict->orphans_known || verdict->after_k == verdict->k)
		return true;
	return sentences_add(out, "right after logoff they were %lld of %lld, after settling %lld",
	    (long long)verdict->after_k, (long long)verdict->n, (long long)verdict->k);
}

static bool tell_session_ids(struct sentences *out, const struct verdict *verdict)
{
	const struct session_ids *ids = &verdict->ids;
	if (!ids->has_growth)
		return true;
	if (verdict->orphans_known && verdict->k > 0 && ids->reused_while_orphaned > 0)
		return sentences_add(out, "session IDs are reused although their logon sessions "
		                          "live on: token handles leak, session IDs do not "
		                          "(as before MS16-111)");
	const char *subject = verdict->k > 0 && ids->pinned > 0
	                          ? "their session IDs stay taken: IDs rise"
	                          : "session IDs rise";
	if (ids->growth_per_cycle >= 0.05)
		return sentences_add(out, "%s by %.2f a cycle (%lld distinct in %lld cycles)",
		    subject, ids->growth_per_cycle, (long long)ids->distinct,
		    (long long)ids->cycles);
	return sentences_add(out, "session IDs are reused (%lld distinct in %lld cycles)",
	    (long long)ids->distinct, (long long)ids->cycles);
}

static bool tell_left(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->sessions_left > 0 &&
	    !sentences_add(out,
	        "%lld sessions were left behind: never logged off, so they are no orphans",
	        (long long)verdict->sessions_left))
		return false;
	if (verdict->unmatched > 0 && !sentences_add(out,
	                                  "%lld new logon sessions of the run's accounts belong to "
	                                  "no cycle and are not counted",
	                                  (long long)verdict->unmatched))
		return false;
	if (verdict->uncounted > 0)
		return sentences_add(out,
		    "%lld logon sessions outlived cycles that are not counted (failed or lost)",
		    (long long)verdict->uncounted);
	return true;
}

static bool tell_culprits(
    struct sentences *out, const struct verdict *verdict, const struct snapshot *settled)
{
	if (!verdict->orphans_known || verdict->k == 0)
		return true;
	if (!verdict->culprits_known)
		return sentences_add(out,
		    "who holds them is unknown: the observers could not see handles (%s)",
		    why_unavailable(settled, "handles"));
	const struct culprit *first = verdict->culprits;
	if (verdict->culprit_count > 0 && !first->follower) {
		const char *image = first->image ? first->image : "a process without a name";
		bool good = first->pid == NUMBER_UNKNOWN
		                ? sentences_add(out, "%s holds %lld of them", image,
		                      (long long)first->logon_sessions)
		                : sentences_add(out, "%s (process %lld) holds %lld of them", image,
		                      (long long)first->pid, (long long)first->logon_sessions);
		if (!good)
			return false;
	}
	if (verdict->followers_only > 0 && !sentences_add(out,
	                                       "only System or lsass hold %lld of them: look at "
	                                       "what they do for others (authentication packages, "
	                                       "drivers)",
	                                       (long long)verdict->followers_only))
		return false;
	if (verdict->unattributed > 0)
		return sentences_add(out,
		    "no holder is visible for %lld of them: handle viewers do not show kernel "
		    "references; take a memory "
		    "dump",
		    (long long)verdict->unattributed);
	return true;
}

static bool tell_left_out(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	int64_t failed = verdict->cycles[CYCLE_FAILED], lost = verdict->cycles[CYCLE_LOST];
	int64_t running = verdict->cycles[CYCLE_RUNNING];
	if (failed + lost + running > 0 &&
	    !sentences_add(out,
	        "%lld cycles are left out: %lld failed, %lld lost, %lld not finished",
	        (long long)(failed + lost + running), (long long)failed, (long long)lost,
	        (long long)running))
		return false;
	if (limits->interrupted)
		return sentences_add(
		    out, "the run was interrupted: only the cycles up to then are judged");
	return true;
}

bool reasons_tell(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	return tell_orphans(out, verdict) && tell_after(out, verdict) &&
	       tell_session_ids(out, verdict) && tell_left(out, verdict) &&
	       tell_culprits(out, verdict, evidence->settled.snapshot) &&
	       tell_left_out(out, verdict, limits);
}
