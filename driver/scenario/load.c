/* Knows the course of a load: when slots begin, when arrivals are due, and where its steps end. */
#include "driver/scenario/scenario.h"

#include <math.h>
#include <stdio.h>

#include "common/duration.h"
#include "common/text.h"
#include "driver/scenario/caps.h"

/* How many play it together. */
static uint64_t injectors_of(const struct scenario_load *load)
{
	return load->share.injectors > 0 ? load->share.injectors : 1;
}

/* Where between two of its own starts, or arrivals, an injector begins: 0 to 1. */
static double phase_of(const struct scenario_load *load)
{
	return (double)load->share.shard / (double)injectors_of(load);
}

int64_t load_slot_pause(const struct scenario_load *load, uint64_t slots)
{
	return (int64_t)(slots * injectors_of(load)) * SECOND / RATE_MAX;
}

int64_t load_slot_start(const struct scenario_load *load, uint64_t slots, uint64_t slot)
{
	const int64_t least = load_slot_pause(load, slots);
	const int64_t ramp = load->ramp.least > least ? load->ramp.least : least;

	return (int64_t)((double)ramp * ((double)slot + phase_of(load)) / (double)slots);
}

bool load_is_timed(const struct scenario_load *load)
{
	return load->rate == 0 && load->steps_count > 0 && load->steps[0].time.least > 0;
}

/* A time in which the rate of arrivals changes evenly. */
struct stretch {
	double from, to; /* a second */
	double seconds;
};

struct curve {
	struct stretch stretches[STEPS_MAX + 2];
	unsigned count;
	unsigned last_level; /* the one that is as long as load.cycles asks for */
};

static double area(const struct stretch *stretch)
{
	return (stretch->from + stretch->to) / 2 * stretch->seconds;
}

static double seconds(const struct span *span)
{
	return (double)span->least / (double)SECOND;
}

static double step_seconds(const struct load_step *step)
{
	return step->cycles ? (double)step->cycles / step->rate : seconds(&step->time);
}

/* As the scenario has it, before load.cycles is looked at. Several injectors share its rates. */
static void draw_curve(struct curve *curve, const struct scenario_load *load)
{
	const double share = 1 / (double)injectors_of(load);
	const bool stepped = load->steps_count > 0;
	const double first = share * (stepped ? load->steps[0].rate : load->rate);
	const double last =
	    share * (stepped ? load->steps[load->steps_count - 1].rate : load->rate);

	curve->count = 0;
	curve->stretches[curve->count++] = (struct stretch){0, first, seconds(&load->ramp)};
	for (unsigned i = 0; i < load->steps_count; i++)
		curve->stretches[curve->count++] = (struct stretch){share * load->steps[i].rate,
		    share * load->steps[i].rate, step_seconds(&load->steps[i])};
	if (!stepped)
		curve->stretches[curve->count++] = (struct stretch){first, first, 0};
	curve->last_level = curve->count - 1;
	curve->stretches[curve->count++] = (struct stretch){last, 0, seconds(&load->ramp_down)};
}

/* Arrivals before the end of stretch number `last`. */
static double area_until(const struct curve *curve, unsigned last)
{
	double sum = 0;

	for (unsigned i = 0; i <= last; i++)
		sum += area(&curve->stretches[i]);
	return sum;
}

/* Arrivals beyond the curve's own lengthen its last level. */
static void lengthen(struct curve *curve, uint64_t cycles)
{
	const double more = (double)cycles - area_until(curve, curve->count - 1);
	struct stretch *level = &curve->stretches[curve->last_level];

	if (more > 0)
		level->seconds += more / level->to;
}

/* Arrival number 0 is at time 0, or a phase later, so as many come in the area as there are whole numbers below it. Areas are sums of
 * fractions. */
static uint64_t arrivals_in(const struct scenario_load *load, double sum)
{
	const double count = ceil(sum - phase_of(load) - 1e-6);

	return count > 0 ? (uint64_t)count : 0;
}

/* When so much of the area lies behind. */
static double curve_time(const struct curve *curve, double sum)
{
	double time = 0;

	for (unsigned i = 0; i < curve->count; i++) {
		const struct stretch *stretch = &curve->stretches[i];
		if (sum > 0 && sum < area(stretch)) {
			/* Solves from * t + (to - from) / (2 * seconds) * t * t = sum. */
			const double slope = (stretch->to - stretch->from) / stretch->seconds;
			const double root = stretch->from * stretch->from + 2 * slope * sum;
			return time + 2 * sum / (stretch->from + sqrt(fmax(root, 0)));
		}
		if (sum <= 0)
			break;
		sum -= area(stretch);
		time += stretch->seconds;
	}
	return time;
}

/* With Poisson arrivals the area between two is exponentially distributed. Their number is given, so that the areas are scaled to fill
 * the curve, which makes a Poisson process of that number of arrivals. */
static double first_area(const struct scenario_load *load, uint64_t state, double *scale)
{
	double sum = 0;

	*scale = 1;
	if (load->arrivals == ARRIVALS_EVEN)
		return phase_of(load);
	const double first = draw_exponential(&state);
	sum = first;
	for (uint64_t i = 0; i < load->cycles; i++)
		sum += draw_exponential(&state);
	*scale = (double)load->cycles / sum;
	return first;
}

void load_arrivals(
    const struct scenario_load *load, uint64_t from, uint64_t count, uint64_t seed, int64_t *out)
{
	struct curve curve;
	uint64_t state = seed;
	double scale, start = 0;
	double sum = first_area(load, seed, &scale);

	if (load->arrivals == ARRIVALS_POISSON)
		draw_exponential(&state); /* the first one */
	draw_curve(&curve, load);
	lengthen(&curve, load->cycles);
	for (uint64_t i = 0; i < from + count; i++) {
		const double time = curve_time(&curve, sum * scale);
		if (i == from)
			start = from > 0 ? time : 0;
		if (i >= from)
			out[i - from] = (int64_t)((time - start) * (double)SECOND);
		sum += load->arrivals == ARRIVALS_POISSON ? draw_exponential(&state) : 1;
	}
}

int64_t load_last_arrival(const struct scenario_load *load)
{
	struct curve curve;

	draw_curve(&curve, load);
	lengthen(&curve, load->cycles);
	return (int64_t)(curve_time(&curve, (double)load->cycles - 1) * (double)SECOND);
}

uint64_t load_step_end(const struct scenario_load *load, unsigned step)
{
	struct curve curve;
	uint64_t cycles = 0;

	if (step + 1 >= load->steps_count)
		return load->cycles;
	if (load->rate > 0) {
		draw_curve(&curve, load);
		return arrivals_in(load, area_until(&curve, step + 1));
	}
	for (unsigned i = 0; i <= step; i++)
		cycles += load->steps[i].cycles;
	return cycles;
}

unsigned load_step_of(const struct scenario_load *load, uint64_t cycle)
{
	unsigned step = 0;

	while (step + 1 < load->steps_count && cycle >= load_step_end(load, step))
		step++;
	return step;
}

uint64_t load_cycles_of_steps(const struct scenario_load *load)
{
	struct curve curve;
	uint64_t cycles = 0;

	if (load->rate > 0) {
		draw_curve(&curve, load);
		return arrivals_in(load, area_until(&curve, curve.count - 1));
	}
	for (unsigned i = 0; i < load->steps_count; i++)
		cycles += load->steps[i].cycles;
	return cycles;
}

const char *load_step_format(const struct load_step *step, char *text, size_t size)
{
	char what[48], length[48], time[DURATION_TEXT];

	if (step->slots > 0)
		snprintf(what, sizeof(what), "%llu slot%s", (unsigned long long)step->slots,
		    text_plural((int64_t)step->slots));
	else
		snprintf(what, sizeof(what), "%g logons a second", step->rate);
	if (step->cycles > 0)
		snprintf(length, sizeof(length), "%llu cycles", (unsigned long long)step->cycles);
	else
		snprintf(length, sizeof(length), "%s", duration_format(step->time.least, time));
	snprintf(text, size, "%s for %s", what, length);
	return text;
}
