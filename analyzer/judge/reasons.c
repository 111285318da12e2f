/* What stands against a verdict: evidence that is missing, incomplete, or not of one host and boot. */
#include "judge/words.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "evidence/identity.h"
#include "judge/growth.h"
#include "judge/rate.h"
#include "judge/weigh.h"
#include "leak/leak.h"
#include "statistics/interval.h"

#define MOST_UNSHOWN 0.2 /* of the cycles: where logons are seen, those of more are */

/* None of them came to its end. */
static bool block_not_reconnected(
    struct sentences *out, const struct verdict *verdict, const struct cycles *cycles)
{
	size_t first = 0;
	while (first < cycles->count && cycles->items[first].result != CYCLE_NOT_RECONNECTED)
		first++;
	const char *message = first < cycles->count ? cycles->items[first].message : NULL;
	return sentences_add(out,
	    "no cycle counts: %lld logged on, and the host did not connect their sessions again%s%s",
	    (long long)verdict->cycles[CYCLE_NOT_RECONNECTED], message ? "; the first: " : "",
	    message ? message : "");
}

static bool block_no_logon(
    struct sentences *out, const struct verdict *verdict, const struct cycles *cycles)
{
	if (verdict->n > 0)
		return true;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle->result == CYCLE_FAILED && verdict->commands.are_all)
			return sentences_add(out,
			    "no command ran to its end with status 0; the first: %s",
			    cycle->message ? cycle->message : "its end is not known");
		if (cycle->result == CYCLE_FAILED && (cycle->code || cycle->message))
			return sentences_add(out,
			    "no cycle logged on; the first failure was in phase %s: %s%s%s",
			    cycle->failed_phase ? cycle->failed_phase : "unknown",
			    cycle->code ? cycle->code : "",
			    cycle->code && cycle->message ? ": " : "",
			    cycle->message ? cycle->message : "");
	}
	if (verdict->elsewhere > 0)
		return true; /* farm_block() says so */
	if (verdict->cycles[CYCLE_NOT_RECONNECTED] > 0)
		return block_not_reconnected(out, verdict, cycles);
	if (verdict->unshown > 0)
		return sentences_add(out,
		    "none of %lld cycles is shown to have logged on: set logon.signal to save-session-info, the host's own "
		    "signal, or add an observer that sees sessions",
		    (long long)verdict->unshown);
	return sentences_add(
	    out, verdict->commands.are_all ? "no command ran to its end" : "no cycle logged on");
}

/* The capture of this mark and round (0: of any) that gave no snapshot; NULL: there is none. */
static const struct capture *failed_capture(
    const struct captures *captures, enum mark mark, int64_t round)
{
	for (size_t i = captures->count; i-- > 0;) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark == mark && (round == 0 || capture->round == round) &&
		    capture->problem)
			return capture;
	}
	return NULL;
}

/* Problems name their observer mostly, but not those of files that others wrote. */
static bool quote(
    struct sentences *out, const char *what, enum mark mark, const struct capture *capture)
{
	bool named = capture->observer && strstr(capture->problem, capture->observer);
	return sentences_add(out, "%s \"%s\": %s%s%s%s", what, mark_names[mark],
	    named ? "" : "observer ",
	    named               ? ""
	    : capture->observer ? capture->observer
	                        : "",
	    named ? "" : ": ", capture->problem);
}

static bool block_no_snapshot(struct sentences *out, const struct evidence *evidence,
    const struct moment *moment, enum mark mark)
{
	if (moment->snapshot)
		return true;
	const struct capture *failed = failed_capture(&evidence->captures, mark, 0);
	if (failed)
		return quote(out, "there is no sample", mark, failed);
	if (mark == MARK_SETTLED && evidence->captures.count > 0)
		return sentences_add(out, "the run was cut short before the host had settled");
	return sentences_add(out,
	    "there is no sample \"%s\": add an observer to the scenario that can see the host's logon sessions",
	    mark_names[mark]);
}

/* Something is out of sight at this mark: because an observer failed, or none covers it. */
static bool say_out_of_sight(struct sentences *out, const struct evidence *evidence,
    const struct moment *moment, enum mark mark, const char *section, const char *things)
{
	const struct capture *failed = failed_capture(&evidence->captures, mark, moment->round);
	if (!sentences_add(out, "the observers could not see %s at the mark \"%s\" (%s)", things,
	        mark_names[mark], snapshot_why_not_whole(moment->snapshot, section)))
		return false;
	return !failed || quote(out, "an observer failed at the mark", mark, failed);
}

static bool block_out_of_sight(struct sentences *out, const struct evidence *evidence,
    const struct moment *moment, enum mark mark)
{
	if (!moment->snapshot)
		return true;
	if (!snapshot_has(moment->snapshot, SECTION_LOGON_SESSIONS) &&
	    !say_out_of_sight(
	        out, evidence, moment, mark, SECTION_LOGON_SESSIONS, "logon sessions"))
		return false;
	if (moment->snapshot->elevated == NO)
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
	if (!host_same(a->host, b->host) &&
	    !sentences_add(out, "the samples are of two hosts, %s and %s", a->host, b->host))
		return false;
	if (leak_boot(a, b) != BOOT_OTHER)
		return true;
	if (boot_same(a->boot_time, b->boot_time))
		return sentences_add(out,
		    "the host was rebooted during the run (none of its logon sessions persisted): "
		    "what had leaked is gone");
	char then[TIMESTAMP_TEXT], now[TIMESTAMP_TEXT];
	return sentences_add(out,
	    "the host was rebooted during the run (boot time %s, then %s): what had leaked is "
	    "gone",
	    timestamp_format(a->boot_time, then), timestamp_format(b->boot_time, now));
}

static bool block_failures(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	int64_t bad = verdict_failures(verdict);
	int64_t all = verdict->n + bad;
	if (verdict->n == 0 || (double)bad <= limits->max_failed * (double)all)
		return true;
	char share[PERCENT_TEXT], most[PERCENT_TEXT];
	return sentences_add(out,
	    "%lld of %lld cycles failed or were lost (%s %%; judge.max_failed allows %s %%)",
	    (long long)bad, (long long)all, percent_format((double)bad / (double)all, share),
	    percent_format(limits->max_failed, most));
}

static bool block_unsettled(
    struct sentences *out, const struct snapshot *settled, const struct limits *limits)
{
	if (!settled || limits->settled)
		return true;
	if (!limits->timed_out)
		return sentences_add(out, "the run was cut short before the host had settled");
	return sentences_add(out,
	    "the host was still changing when the wait for it to settle ended: allow more time to "
	    "settle, and do not interrupt it");
}

static bool block_build_changed(
    struct sentences *out, const struct snapshot *a, const struct snapshot *b)
{
	return !a || !b || !a->build || !b->build || strcasecmp(a->build, b->build) == 0 ||
	       sentences_add(out, "the host's build changed from %s to %s during the run", a->build,
	           b->build);
}

bool reasons_void(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	return controls_block(out, verdict) &&
	       block_host_changed(out, evidence->before.snapshot, evidence->settled.snapshot);
}

const char *cut_words(
    char words[CUT_WORDS], const struct verdict *verdict, const struct limits *limits)
{
	const int64_t planned = limits->cycles_planned;
	int64_t finished = -verdict->cycles[CYCLE_LOST] - verdict->cycles[CYCLE_RUNNING];
	char of[64] = "";

	for (int result = 0; result < CYCLE_RESULT_COUNT; result++)
		finished += verdict->cycles[result];
	if (planned != NUMBER_UNKNOWN && finished >= planned)
		snprintf(words, CUT_WORDS, "%s after all %lld cycles, before the run was over",
		    limits->cut_short, (long long)planned);
	else {
		if (planned != NUMBER_UNKNOWN)
			snprintf(of, sizeof of, " of %lld", (long long)planned);
		snprintf(words, CUT_WORDS, "%s after %lld%s cycle%s", limits->cut_short,
		    (long long)finished, of, *of || finished != 1 ? "s" : "");
	}
	return words;
}

/* Where the target failed that is said, and comes before it. */
static bool block_cut_short(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	char words[CUT_WORDS];

	return !verdict->cut_short || limits->environment_failed ||
	       sentences_add(out,
	           "%s: what the rest would have shown is not known (leaklab run --resume goes on with it; --allow-partial judges "
	           "what there is)",
	           cut_words(words, verdict, limits));
}

bool reasons_block(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	return block_cut_short(out, verdict, limits) &&
	       block_no_logon(out, verdict, &evidence->cycles) &&
	       farm_block(out, evidence, verdict) &&
	       block_no_snapshot(out, evidence, &evidence->before, MARK_BEFORE) &&
	       block_no_snapshot(out, evidence, &evidence->settled, MARK_SETTLED) &&
	       block_out_of_sight(out, evidence, &evidence->before, MARK_BEFORE) &&
	       block_out_of_sight(out, evidence, &evidence->settled, MARK_SETTLED) &&
	       block_build_changed(out, evidence->before.snapshot, evidence->settled.snapshot) &&
	       block_failures(out, verdict, limits) &&
	       block_unsettled(out, evidence->settled.snapshot, limits);
}

static bool doubt_unshown(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	const double most = limits->max_failed < MOST_UNSHOWN ? limits->max_failed : MOST_UNSHOWN;
	int64_t all = verdict->n + verdict->unshown;
	if (verdict->n == 0 || (double)verdict->unshown <= most * (double)all)
		return true;
	char share[PERCENT_TEXT], allowed[PERCENT_TEXT];
	return sentences_add(out,
	    "%lld of %lld cycles are not shown to have logged on (%s %%; at most %s %% may be): set logon.signal to "
	    "save-session-info, or add an observer that sees sessions",
	    (long long)verdict->unshown, (long long)all,
	    percent_format((double)verdict->unshown / (double)all, share),
	    percent_format(most, allowed));
}

static bool doubt_clock(struct sentences *out, const struct evidence *evidence)
{
	const struct clock_jump jump = clocks_jump(&evidence->clocks);
	char where[96] = "during the run";
	if (jump.by == 0 || evidence->unordered)
		return true;
	if (jump.from != NUMBER_UNKNOWN)
		snprintf(where, sizeof where, "between the logons of cycles %lld and %lld",
		    (long long)jump.from, (long long)jump.until);
	return sentences_add(out,
	    "the host's clock moved by %.1f s against the driver's %s, so logons may be matched to the wrong "
	    "cycles: keep both clocks in step with a time service",
	    (double)jump.by / 1e6, where);
}

/* Sessions that are or were there, and in which leaks cannot be distinguished from use. */
static bool doubt_sessions(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->sessions_before > 0 &&
	    !sentences_add(out,
	        "the run's accounts had %lld session%s before the run, and what cycles left in them may be older than the run: "
	        "log off first",
	        (long long)verdict->sessions_before, text_plural(verdict->sessions_before)))
		return false;
	static const char *const why[UNSURE_KINDS] = {
	    [UNSURE_NO_SESSION_ID] = "which session they belong to was not seen",
	    [UNSURE_SESSIONS_UNSEEN] = "the observers could not see all sessions",
	    [UNSURE_SESSION_NAMELESS] = "their session is listed without a user",
	    [UNSURE_EARLIER_LOGON] = "their session has a later logon of the same user",
	    [UNSURE_PROCESSES_UNSEEN] =
	        "they have no RDS session, and it was not seen whether processes run in them",
	    [UNSURE_PROGRAM_RUNS] = "of a command that may have made them the end is not known",
	    [UNSURE_DISPUTED] = "the observers disagree about whose they are",
	};
	if (verdict->in_use > 0 &&
	    !sentences_add(out,
	        "%lld new logon session%s cannot be distinguished from ones in use: %s",
	        (long long)verdict->in_use, text_plural(verdict->in_use), why[verdict->in_use_why]))
		return false;
	return verdict->sessions_left <= 0 ||
	       sentences_add(out,
	           "sessions were left behind, and in them leaks cannot be distinguished from "
	           "use: log them off");
}

bool reasons_too_few(const struct verdict *verdict, const struct limits *limits)
{
	return verdict->n > 0 && verdict->smallest_visible_rate > limits->smallest_rate;
}

static bool doubt_too_few(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	if (!reasons_too_few(verdict, limits))
		return true;
	char visible[PERCENT_TEXT], wanted[PERCENT_TEXT];
	int64_t needed = interval_tries_for(limits->smallest_rate);
	return sentences_add(out,
	    "%lld cycles can show leaks in %s %% of the cycles or more; to exclude %s %% "
	    "(judge.smallest_rate) run %lld more",
	    (long long)verdict->n, percent_format(verdict->smallest_visible_rate, visible),
	    percent_format(limits->smallest_rate, wanted), (long long)(needed - verdict->n));
}

/* A list that is not whole, the observer that it is from, and one that failed beside it. */
static bool doubt_list(struct sentences *out, const struct evidence *evidence,
    const struct moment *moment, enum mark mark, const char *section, const char *things)
{
	const struct snapshot *snapshot = moment->snapshot;
	const struct sight *sight = snapshot_sight_of(snapshot, section);
	const struct capture *failed = failed_capture(&evidence->captures, mark, moment->round);
	const bool named = sight && sight->origin;
	if (snapshot_whole(snapshot, section))
		return true;
	if (!sentences_add(out, "the list of %s at the mark \"%s\" is not whole%s%s%s: %s", things,
	        mark_names[mark], named ? " (observer " : "", named ? sight->origin : "",
	        named ? ")" : "", snapshot_why_not_whole(snapshot, section)))
		return false;
	return !failed || quote(out, "an observer failed at the mark", mark, failed);
}

static bool doubt_lists(struct sentences *out, const struct evidence *evidence,
    const struct moment *moment, enum mark mark)
{
	const struct snapshot *snapshot = moment->snapshot;
	if (!snapshot)
		return true;
	if (!doubt_list(out, evidence, moment, mark, SECTION_LOGON_SESSIONS, "logon sessions") ||
	    !doubt_list(out, evidence, moment, mark, SECTION_SESSIONS, "sessions"))
		return false;
	return !snapshot->contradiction_total ||
	       sentences_add(out, "the observers contradict each other at the mark \"%s\": %s",
	           mark_names[mark],
	           snapshot->contradiction_count ? snapshot->contradictions[0].text : "");
}

static bool doubt_young(struct sentences *out, const struct verdict *verdict)
{
	return sentences_add(out,
	    "%lld logon session%s outlived the RDS session, but %s not proven to have done so for %lld s (healthy holders "
	    "release within that time) and %lld s more: settle longer (settle.at_least, settle.timeout)",
	    (long long)verdict->young, text_plural(verdict->young),
	    verdict->young == 1 ? "is" : "are",
	    (long long)((verdict->release_time + 999999) / 1000000),
	    (long long)((verdict->quiet_time + 999999) / 1000000));
}

static bool doubt_referred(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	char words[REFERRED_WORDS];
	return referred_words(verdict->referred, (size_t)verdict->referred_ids,
	           evidence_last(evidence)->snapshot, words) &&
	       sentences_add(out, "%s; %s", words, decider_words(evidence->leak));
}

/* What they left is there, perhaps, and they may have left it or not. */
static bool doubt_shards(struct sentences *out, const struct verdict *verdict)
{
	return verdict->shards_missing == 0 ||
	       sentences_add(out,
	           "%lld shard%s of the load did not come back, with %lld cycles: what they left is not known. Run each again (leaklab run --resume, or "
	           "--shard), and merge again",
	           (long long)verdict->shards_missing, text_plural(verdict->shards_missing),
	           (long long)verdict->cycles_missing);
}

bool reasons_doubt(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	if (limits->environment_failed &&
	    !sentences_add(out, "the target or the environment failed during the run"))
		return false;
	const bool rising = growth_is_leak(verdict);
	if (limits->unordered &&
	    !sentences_add(out,
	        "whether the host was sampled before and after all logons is not known, as the injectors' clocks do not relate to the host's: NTLM tells the "
	        "host's at each logon (host.security: nla, host.auth_packages: ntlm,!kerberos)"))
		return false;
	if (!doubt_shards(out, verdict) || !doubt_unshown(out, verdict, limits) ||
	    !doubt_sessions(out, verdict))
		return false;
	if (!rising && !(doubt_lists(out, evidence, &evidence->before, MARK_BEFORE) &&
	                   doubt_lists(out, evidence, &evidence->settled, MARK_SETTLED)))
		return false;
	if (verdict->young > 0 && !doubt_young(out, verdict))
		return false;
	if (verdict->referred_ids > 0 && !doubt_referred(out, verdict, evidence))
		return false;
	/* What rises with the cycles to the end was not rebooted, and needs no clock. */
	if (!rising && !doubt_clock(out, evidence))
		return false;
	if (!completeness_doubt(out, verdict, evidence) ||
	    (!rising && !completeness_clean(out, verdict, evidence)))
		return false;
	/* What is not clear beside a leak, or not seen for want of cycles, takes nothing from it. */
	return rising ||
	       (growth_doubt(out, verdict, limits) && doubt_too_few(out, verdict, limits));
}
