/* Knows how the parts of a run are served while it goes on: one thread, one poll(). */
#include "driver/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/text.h"
#include "common/timestamp.h"

#define CLOCK_STEP (2 * SECOND) /* less is how clocks are kept in step */

bool run_catch_signals(struct run *run)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* nohup has it ignored; one that is blocked would come all the same. */
	if (sigaction(SIGHUP, NULL, &hangup) != 0 || hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals >= 0 || error_set(&run->error, EXIT_TARGET,
	                                "signals cannot be watched: %s", strerror(errno));
}

void run_take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		run->interrupts++;
		run->signal = (int)info.ssi_signo;
		run_event(run, "interrupted",
		    run->interrupts == 1
		        ? "interrupted: no more logons, waiting for all to log off; once more stops at once"
		        : "interrupted again: stopping at once",
		    true);
	}
}

bool run_is_interrupted(void *run)
{
	run_take_signals(run);
	return ((struct run *)run)->interrupts > 0;
}

/* Each is an event; people read once what happens again and again. */
static void tell_problem(struct run *run)
{
	const bool again = run->problem[0] && strcmp(run->problem, run->shown_problem) == 0;

	if (again)
		run->repeated_problem++;
	else
		run_tell_repeated(run);
	if (run->problem[0])
		run_event(run, "observer-problem", run->problem, !again);
	memcpy(run->shown_problem, run->problem, sizeof(run->problem));
}

void run_tell_repeated(struct run *run)
{
	char text[96];

	if (run->repeated_problem == 0)
		return;
	snprintf(text, sizeof(text), "the same was so with %u more sample%s", run->repeated_problem,
	    text_plural(run->repeated_problem));
	run->repeated_problem = 0;
	run_event(run, "observer-problem-repeated", text, true);
}

static void finish_observation(struct run *run)
{
	char text[192];

	observation_store(run->observation, run->runfile, run->problem, &run->error);
	monitor_sample(run->monitor, !run->problem[0]);
	if (observation_left_out(run->observation) && !run->outputs_left_out) {
		run->outputs_left_out = true;
		snprintf(text, sizeof(text),
		    "the run file has %zu MiB of what observers printed, packed, and takes no more: from here on it has what was read of it, and not "
		    "the text",
		    RUNFILE_OUTPUTS_MAX >> 20);
		run_event(run, "outputs-left-out", text, true);
	}
	observation_destroy(run->observation);
	run->observation = NULL;
	tell_problem(run);
}

/* The run's own times go on as before; those of a host on this machine do not. */
static void note_clock(struct run *run)
{
	const int64_t step = timestamp_step();
	char text[160];

	if (llabs(step - run->clock_step) < CLOCK_STEP)
		return;
	snprintf(text, sizeof(text),
	    "the clock of this machine was set by %+.1f s: the run's times go on as before",
	    (double)(step - run->clock_step) / (double)SECOND);
	run->clock_step = step;
	run_event(run, "clock-set", text, true);
}

/* Whoever sent the signal may kill us soon, and take the one file away. */
static void fold_if_interrupted(struct run *run)
{
	const int64_t now = timestamp_monotonic();

	if (run->interrupts == 0 || !run->runfile || now < run->folded + SECOND)
		return;
	run->folded = now;
	runfile_fold(run->runfile);
}

bool run_turn(struct run *run, int64_t deadline)
{
	size_t count = 0;
	int64_t now;

	run->fds[count++] = (struct pollfd){.fd = run->signals, .events = POLLIN};
	count += stage_fill(run->stage, run->fds + count);
	if (run->crew)
		count += crew_fill(run->crew, run->fds + count);
	if (run->observation) {
		count += observation_fill(run->observation, run->fds + count);
		if (observation_deadline(run->observation) < deadline)
			deadline = observation_deadline(run->observation);
	}
	note_clock(run);
	now = timestamp_monotonic();
	const int64_t due = monitor_turn(run->monitor);
	if (deadline > due)
		deadline = due;
	if (deadline > now + LOOK_EVERY)
		deadline = now + LOOK_EVERY;
	const int timeout = deadline > now ? (int)((deadline - now) / 1000 + 1) : 0;
	poll(run->fds, count, timeout);
	const int64_t late = timestamp_monotonic() - now - timeout * INT64_C(1000);
	if (late > STALL_LEAST)
		run_tell_stall(run, "the driver", late);
	run_take_signals(run);
	stage_serve(run->stage);
	if (!run->fallen.text[0])
		stage_stands(run->stage, &run->fallen);
	if (run->crew)
		crew_serve(run->crew, &run->watch);
	if (run->observation && observation_serve(run->observation))
		finish_observation(run);
	fold_if_interrupted(run);
	return !run->error.text[0];
}

void run_event(struct run *run, const char *kind, const char *text, bool loud)
{
	char safe[1024];

	snprintf(safe, sizeof(safe), "%s", text);
	text_make_safe(safe);
	if (run->runfile && !runfile_add_event(run->runfile, kind, safe, &run->error) && !loud)
		return;
	monitor_event(run->monitor, kind, safe, loud);
}

void run_tell_stall(struct run *run, const char *who, int64_t duration)
{
	char text[192];

	snprintf(text, sizeof(text),
	    "%s was not let run for %.1f s (stopped, suspended, or this machine overloaded): what took longer meanwhile, the host is not to "
	    "blame for",
	    who, (double)duration / (double)SECOND);
	run_event(run, "driver-stalled", text, true);
}

bool run_start_observation(struct run *run, enum mark mark, int64_t round)
{
	run->observation = observation_start(
	    run->observers, mark, round, (int64_t)run->monitor->tally.finished, &run->error);
	return run->observation != NULL;
}

bool run_observe(struct run *run, enum mark mark, int64_t round, int interrupts)
{
	/* One that is still under way comes first. */
	while (run->observation && run->interrupts < interrupts)
		if (!run_turn(run, timestamp_monotonic() + SECOND))
			return false;
	observation_destroy(run->observation);
	run->observation = NULL;
	if (run->interrupts >= interrupts)
		return true;
	if (!run_start_observation(run, mark, round))
		return false;
	while (run->observation && run->interrupts < interrupts)
		if (!run_turn(run, timestamp_monotonic() + SECOND))
			return false;
	observation_destroy(run->observation);
	run->observation = NULL;
	return true;
}
