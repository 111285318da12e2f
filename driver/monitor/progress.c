/* Knows how a run's course is drawn: on a terminal again and again, else in lines. */
#include "driver/monitor/progress.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/text.h"
#include "common/timestamp.h"

#define DRAW_EVERY (SECOND / 4)
#define LINE_TEXT 512

static bool can_draw(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

void progress_init(struct progress *progress, enum progress_mode mode, int64_t every,
    const char *name, const char *host)
{
	const bool draws = mode != PROGRESS_LINES && mode != PROGRESS_NONE && can_draw();

	*progress = (struct progress){
	    .mode = mode == PROGRESS_NONE   ? mode
	            : !draws                ? PROGRESS_LINES
	            : mode == PROGRESS_AUTO ? PROGRESS_LINE
	                                    : mode,
	    .name = name,
	    .host = host,
	    .every = every,
	    .started = timestamp_monotonic(),
	};
}

bool progress_wants_outlook(const struct progress *progress)
{
	return progress->mode == PROGRESS_LIVE;
}

static int columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col
	                                                                       : TEXT_COLUMNS;
}

/* What is beyond the screen could not be drawn again. */
static int rows(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1
	                                                                       : INT_MAX;
}

/* No more than fits into a line: a terminal would break it, and drawing it again go wrong. */
static void print_cut(const char *text)
{
	const int width = columns() - 1;

	if (text_width(text) > width)
		text_print_column(stderr, text, width);
	else
		text_print(stderr, text);
}

static double rate(const struct tally *tally, int64_t time)
{
	return (double)(tally->finished - tally->earlier) * (double)SECOND / (double)(time + 1);
}

static const char *describe_id(int64_t id, char text[24])
{
	snprintf(text, 24, "%lld", (long long)id);
	return id == NUMBER_UNKNOWN ? "-" : text;
}

/* What the run does, and how far it is, in one line. */
static void describe(
    char out[LINE_TEXT], const struct progress *progress, const struct tally *tally, int64_t now)
{
	char time[DURATION_TEXT], id[24], left[96] = "";

	duration_format((now - progress->started) / SECOND * SECOND, time);
	if (tally->doing == DOING_SETTLING && tally->left_logons >= 0)
		snprintf(left, sizeof(left), ", %lld logon sessions and %lld session IDs left",
		    (long long)tally->left_logons, (long long)tally->left_ids);
	if (tally->doing != DOING_LOAD)
		snprintf(out, LINE_TEXT, "%s: %s%s (%s)", progress->name, doing_texts[tally->doing],
		    left, time);
	else
		snprintf(out, LINE_TEXT,
		    "%s: %s%s%llu of %llu cycles, %llu failed, %llu on, session ID %s, %.1f/s (%s)",
		    progress->name, tally->step, *tally->step ? ", " : "",
		    (unsigned long long)tally->finished, (unsigned long long)tally->cycles,
		    (unsigned long long)tally_failed(tally), (unsigned long long)tally->held,
		    describe_id(tally->session_id, id), rate(tally, now - progress->started), time);
}

static int64_t print_line(struct progress *progress, const struct tally *tally, int64_t now)
{
	char line[LINE_TEXT];

	if (progress->drawn && tally->doing == progress->doing &&
	    now < progress->drawn + progress->every)
		return progress->drawn + progress->every;
	describe(line, progress, tally, now);
	text_make_safe(line);
	fprintf(stderr, "%s\n", line);
	progress->doing = tally->doing;
	progress->drawn = now;
	return now + progress->every;
}

/* ---- the view ---- */

static void __attribute__((format(printf, 3, 4)))
add_row(struct progress *progress, const char *title, const char *format, ...)
{
	char text[LINE_TEXT], line[LINE_TEXT + 16];
	va_list arguments;

	if (progress->lines >= rows())
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(line, sizeof(line), "%-9s %s", title, text);
	fputs("\033[K", stderr);
	print_cut(line);
	fputc('\n', stderr);
	progress->lines++;
}

static void add_outlook(struct progress *progress, const struct outlook_view *view)
{
	if (!view->known) {
		add_row(progress, "verdict", "nothing to judge so far");
		return;
	}
	add_row(progress, "left", "%lld for longer than healthy holders take, %lld may still go",
	    (long long)view->leaks, (long long)view->young);
	for (size_t i = 0; i < OUTLOOK_HOLDERS && view->holders[i][0]; i++)
		add_row(progress, i == 0 ? "holders" : "", "%s", view->holders[i]);
	if (view->is_leak)
		add_row(progress, "verdict", "LEAK so far, unless what is left goes by itself");
	else if (view->counted < view->needed)
		add_row(progress, "verdict",
		    "undecided: CLEAN takes %lld more cycles, and a host that has settled",
		    (long long)(view->needed - view->counted));
	else
		add_row(progress, "verdict", "undecided: the host has to settle");
}

static void draw_view(struct progress *progress, const struct tally *tally,
    const struct outlook_view *view, int64_t now)
{
	char time[DURATION_TEXT], id[24], highest[24];
	const struct tally_phase *logon = &tally->phases[PHASE_NLA];

	progress_clear(progress);
	duration_format((now - progress->started) / SECOND * SECOND, time);
	add_row(
	    progress, progress->name, "%s%s%s", progress->host, *progress->host ? ", " : "", time);
	const bool in_step = tally->doing == DOING_LOAD && *tally->step;
	add_row(progress, "now", "%s%s%s", doing_texts[tally->doing], in_step ? ", " : "",
	    in_step ? tally->step : "");
	add_row(progress, "cycles", "%llu of %llu, %llu failed, %.1f/s",
	    (unsigned long long)tally->finished, (unsigned long long)tally->cycles,
	    (unsigned long long)tally_failed(tally), rate(tally, now - progress->started));
	add_row(progress, "sessions", "%llu on; NLA takes %.3f s on average",
	    (unsigned long long)tally->held, logon->count ? logon->sum / (double)logon->count : 0);
	add_row(progress, "IDs", "latest %s, highest %s", describe_id(tally->session_id, id),
	    describe_id(tally->highest, highest));
	add_row(progress, "samples", "%llu, %llu of them without an answer",
	    (unsigned long long)tally->samples, (unsigned long long)tally->failed_samples);
	if (view)
		add_outlook(progress, view);
	fflush(stderr);
}

int64_t progress_draw(
    struct progress *progress, const struct tally *tally, const struct outlook_view *view)
{
	const int64_t now = timestamp_monotonic();
	char line[LINE_TEXT];

	if (progress->mode == PROGRESS_NONE)
		return INT64_MAX;
	if (progress->mode == PROGRESS_LINES)
		return print_line(progress, tally, now);
	if (progress->drawn && now < progress->drawn + DRAW_EVERY)
		return progress->drawn + DRAW_EVERY;
	if (progress->mode == PROGRESS_LIVE) {
		draw_view(progress, tally, view, now);
	} else {
		describe(line, progress, tally, now);
		fputs("\r\033[K", stderr);
		print_cut(line);
		fflush(stderr);
	}
	progress->drawn = now;
	return now + DRAW_EVERY;
}

void progress_clear(struct progress *progress)
{
	if (progress->mode == PROGRESS_LINE && progress->drawn)
		fputs("\r\033[K", stderr);
	if (progress->lines > 0)
		fprintf(stderr, "\033[%dA\033[J", progress->lines);
	progress->lines = 0;
}

void progress_say(struct progress *progress, const char *text)
{
	if (progress->mode != PROGRESS_NONE)
		progress_clear(progress);
	text_print(stderr, progress->name);
	fputs(": ", stderr);
	text_print(stderr, text);
	fputc('\n', stderr);
}
