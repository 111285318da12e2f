/* Rates from counts, with how sure they are. */
#ifndef LEAKLAB_INTERVAL_H
#define LEAKLAB_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
	double lower, upper;
};

/* The exact two-sided 95 % interval (Clopper-Pearson) of a rate of which `hits` in `tries` were seen; both may be broken, tries > 0. */
struct interval interval_exact(double hits, double tries);

/* What a course of cycles, hits or not, in the order in which they began, tells of its rate. Hits that come in bursts tell less than as
 * many that come one by one: the cycles count as `effective` independent ones. */
struct course_rate {
	int64_t hits, tries;
	double effective;
	struct interval interval; /* 95 %; of no use without tries */
};
struct course_rate interval_of_course(const bool *hits, size_t count);

/* What a run without a hit excludes with 99 % confidence: the least rate that shows in so many cycles at least once, if they are
 * independent; tries > 0. */
double interval_smallest_visible(int64_t tries);
/* The same of hits that come in bursts of `length` cycles on average; length >= 1. */
double interval_smallest_visible_in_bursts(int64_t tries, double length);
/* How many independent cycles exclude the rate so; 0 < rate < 1. */
int64_t interval_tries_for(double rate);

#endif
