/* What event logs show of weeks, and what that means and does not. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/duration.h"
#include "common/text.h"
#include "history/history.h"
#include "leak/leak.h"

#define ROWS_MOST 500 /* people read no more */

static void print_moment(int64_t time, FILE *out)
{
	char text[TIMESTAMP_TEXT];
	if (time == TIMESTAMP_UNKNOWN) {
		fprintf(out, "%-19s", "-");
		return;
	}
	timestamp_format(time, text);
	fprintf(out, "%.10s %.8s", text, text + 11);
}

static void print_account(const char *domain, const char *user, FILE *out)
{
	if (domain && user) {
		text_print(out, domain);
		fputc('\\', out);
	}
	text_print(out, user);
}

static void print_rest(size_t count, FILE *out)
{
	if (count > ROWS_MOST)
		fprintf(out, "  and %zu more\n", count - ROWS_MOST);
}

static void show_heading(const struct history_log *log, FILE *out)
{
	fprintf(out, "\nevents: %zu", log->events);
	if (log->host) {
		fputs(" of ", out);
		text_print(out, log->host);
	}
	if (log->log) {
		fputs(", ", out);
		text_print(out, log->log);
	}
	fputc('\n', out);
	if (log->first != TIMESTAMP_UNKNOWN) {
		fputs("  from ", out);
		print_moment(log->first, out);
		fputs(" to ", out);
		print_moment(log->last, out);
		fprintf(out, "%s\n", log->local ? ", in a time zone that is not named" : " (UTC)");
	}
	if (log->undated)
		fprintf(out,
		    "  %zu of them have no time that is certain, and nothing is concluded from them: day and month may be "
		    "either, or it is missing (wevtutil qe LOG /f:xml has UTC)\n",
		    log->undated);
}

/* ---- breaks ---- */

static void show_break(const struct history_break *at, FILE *out)
{
	fputs("  ", out);
	print_moment(at->time, out);
	if (at->kind == BREAK_REBOOT) {
		fputs("  the host was rebooted\n", out);
	} else if (at->kind == BREAK_POSSIBLE_BOOT) {
		fprintf(out,
		    "  possible reboot: session ID %" PRId64
		    " is given while its session has not logged off\n",
		    at->id);
	} else {
		fputs("  the clock was set back, from ", out);
		print_moment(at->before, out);
		fputc('\n', out);
	}
}

/* One boot logs several events. */
static bool is_repeated(const struct history_break *at, int64_t last)
{
	return at->kind == BREAK_REBOOT && last != TIMESTAMP_UNKNOWN &&
	       at->time - last < 600 * SECOND && at->time >= last;
}

static void show_breaks(const struct history_log *log, FILE *out)
{
	size_t shown = 0, gaps = 0, hidden = 0;
	int64_t last = TIMESTAMP_UNKNOWN;
	for (size_t i = 0; i < log->break_count; i++) {
		const struct history_break *at = &log->breaks[i];
		gaps += at->kind == BREAK_GAP;
		const bool repeated = is_repeated(at, last);
		if (at->kind == BREAK_REBOOT)
			last = at->time;
		if (at->kind == BREAK_GAP || at->kind == BREAK_UNDATED || repeated)
			continue;
		if (!shown++)
			fputs("\nnothing is concluded from one side of these to the other\n", out);
		if (shown <= ROWS_MOST)
			show_break(at, out);
		else
			hidden++;
	}
	if (hidden)
		fprintf(out, "  and %zu more\n", hidden);
	if (gaps)
		fprintf(out,
		    "  rows that were not understood, in %zu place%s, may be any events: nothing is concluded over them, either\n",
		    gaps, text_plural((int64_t)gaps));
}

/* ---- session IDs ---- */

static void show_ids(const struct history_log *log, FILE *out)
{
	static const char *const uses[] = {"unknown", "in use", "ended"};
	size_t lost = 0;
	if (!log->id_count)
		return;
	fprintf(out,
	    "  session logons: %zu, logoffs: %zu, disconnects: %zu\n"
	    "\nsession IDs: %zu, %" PRId64 " to %" PRId64 "\n%6s %7s %8s  %-19s  %-19s  %-8s %s\n",
	    log->session_logons, log->session_logoffs, log->disconnects, log->id_count,
	    log->ids[0].id, log->ids[log->id_count - 1].id, "id", "logons", "logoffs",
	    "first logon", "last logoff", "at end", "last user");
	for (size_t i = 0; i < log->id_count; i++) {
		const struct id_life *life = &log->ids[i];
		lost += life->lost;
		if (i >= ROWS_MOST)
			continue;
		fprintf(out, "%6" PRId64 " %7zu %8zu  ", life->id, life->logons, life->logoffs);
		print_moment(life->first_logon, out);
		fputs("  ", out);
		print_moment(life->last_logoff, out);
		fprintf(out, "  %-8s ", uses[life->use]);
		print_account(life->domain, life->user, out);
		fputc('\n', out);
	}
	print_rest(log->id_count, out);
	if (lost)
		fprintf(out,
		    "of %zu logoff%s the log does not show the logon: sessions that were there before its first event, or before a "
		    "break\n",
		    lost, text_plural((int64_t)lost));
}

static void show_skip(const struct id_skip *skip, FILE *out)
{
	fprintf(out, "%6" PRId64 "  ", skip->id);
	print_moment(skip->freed, out);
	fputs("  ", out);
	print_moment(skip->since, out);
	fprintf(out, " %6" PRId64 "  ", skip->given);
	print_moment(skip->again, out);
	fputs("  ", out);
	print_account(skip->domain, skip->user, out);
	fputc('\n', out);
}

static void show_skips(const struct history_log *log, FILE *out)
{
	char wait[DURATION_TEXT];
	size_t still = 0;
	if (!log->session_logons)
		return;
	for (size_t i = 0; i < log->skip_count; i++)
		still += log->skips[i].again == TIMESTAMP_UNKNOWN;
	if (!log->skip_count) {
		char none[300];
		snprintf(none, sizeof none,
		    "session IDs that were passed over: none that the log proves. A higher ID would have to be given at least "
		    "%s after a logoff; IDs that were never seen to be freed are unknown.",
		    duration_format(log->wait, wait));
		fputc('\n', out);
		text_print_wrapped(out, "", none);
		return;
	}
	fprintf(out,
	    "\nsession IDs that were passed over: %zu; not given again before the log's end or a break: %zu\n%6s  %-19s  %-19s %6s  %-19s  %s\n",
	    log->skip_count, still, "id", "its logoff", "passed over since", "by ID", "given again",
	    "user");
	for (size_t i = 0; i < log->skip_count && i < ROWS_MOST; i++)
		show_skip(&log->skips[i], out);
	print_rest(log->skip_count, out);
	char text[700];
	snprintf(text, sizeof text,
	    "A healthy host gives the lowest free ID to the next logon. These were free for at least %s%s, and a logon was given a higher one: something seems to keep them. The session at the console's logon "
	    "screen, which logs no logon, may have one of them. A log does not show who keeps an ID, and this is a hint, no "
	    "verdict: take leaklab-probe's snapshot on the host, or handle -a, and give it to leaklab show.",
	    duration_format(log->wait, wait),
	    log->local ? " (with an hour for a change to summer time, as the zone is not named)"
	               : "");
	text_print_wrapped(out, "", text);
}

/* ---- logon sessions ---- */

static void show_logons(const struct history_log *log, FILE *out)
{
	char luid[LUID_TEXT];
	if (!log->logon_count && !log->other_logons)
		return;
	fprintf(out, "\nlogons of people (4624): %zu, others: %zu\n", log->logon_count,
	    log->other_logons);
	if (log->logon_count)
		fprintf(out, "%-17s  %-19s  %-18s %s\n", "LUID", "time", "type", "user");
	for (size_t i = 0; i < log->logon_count && i < ROWS_MOST; i++) {
		const struct log_event *event = log->logons[i];
		fprintf(out, "%-17s  ", luid_format(event->luid, luid));
		print_moment(
		    event->logged != TIMESTAMP_UNKNOWN ? event->logged : event->logged_local, out);
		fputs("  ", out);
		text_print_column(out, event->logon_type, 18);
		fputc(' ', out);
		print_account(event->domain, event->user, out);
		if (event->logon_process) {
			fputs(" by ", out);
			text_print(out, event->logon_process);
		}
		fputc('\n', out);
	}
	print_rest(log->logon_count, out);
}

static void show_open(const struct history_log *log, FILE *out)
{
	char luid[LUID_TEXT], wait[DURATION_TEXT];
	if (!log->logoffs_started)
		return;
	fprintf(out,
	    "\nlogoffs that users started (4647): %zu; ends of logon sessions (4634): %zu\n"
	    "started at least %s before the log's end or a break, without an end: %zu\n",
	    log->logoffs_started, log->logoffs_ended, duration_format(log->wait, wait),
	    log->open_count);
	for (size_t i = 0; i < log->open_count && i < ROWS_MOST; i++) {
		const struct open_logoff *open = &log->open[i];
		fprintf(out, "%-17s  ", luid_format(open->event->luid, luid));
		print_moment(open->event->logged != TIMESTAMP_UNKNOWN ? open->event->logged
		                                                      : open->event->logged_local,
		    out);
		fputs("  ", out);
		print_account(open->event->domain, open->event->user, out);
		fputc('\n', out);
	}
	print_rest(log->open_count, out);
	if (log->open_count)
		text_print_wrapped(out, "",
		    "A hint: 4647 says, in its older texts, that the reference count of the token is not zero and the logon session "
		    "cannot be destroyed. But 4634 may be missing for interactive logons without a leak: logonsessions or "
		    "leaklab-probe on the host shows whether these logon sessions are still there.");
}

static int64_t release_time_of(const struct snapshot *snapshot, const struct leak_terms *terms)
{
	if (terms->release_time != NUMBER_UNKNOWN)
		return terms->release_time;
	const int64_t most = RELEASE_TIME / SECOND * 1000;
	return snapshot->release_time == NUMBER_UNKNOWN ? RELEASE_TIME
	       : snapshot->release_time < most          ? snapshot->release_time * SECOND
	                                                : most * SECOND;
}

/* Of others it is enough when they show reboots, which break those that are told. */
static bool is_told(const struct history_log *log)
{
	return log->id_count || log->logon_count || log->other_logons || log->logoffs_started ||
	       log->logoffs_ended || log->undated;
}

static void show_log(const struct history_log *log, FILE *out)
{
	show_heading(log, out);
	show_ids(log, out);
	show_skips(log, out);
	show_logons(log, out);
	show_open(log, out);
	show_breaks(log, out);
}

static void show_others(const struct history *history, size_t told, FILE *out)
{
	size_t events = 0;
	for (size_t i = 0; i < history->log_count; i++) {
		const struct history_log *log = &history->logs[i];
		if (is_told(log))
			continue;
		events += log->events;
		if (!told && log->break_count)
			show_log(log, out);
	}
	if (events)
		fprintf(out, "\nevents that tell of no session and no logon: %zu\n", events);
}

bool show_events(
    const struct snapshot *snapshot, const struct leak_terms *terms, FILE *out, struct error *error)
{
	size_t told = 0;
	if (!snapshot->log_event_count)
		return true;
	struct history *history = history_create(snapshot, release_time_of(snapshot, terms), error);
	if (!history)
		return false;
	for (size_t i = 0; i < history->log_count; i++) {
		if (!is_told(&history->logs[i]))
			continue;
		show_log(&history->logs[i], out);
		told++;
	}
	show_others(history, told, out);
	history_destroy(history);
	return true;
}
