/* A report's fields. Inside this folder. */
#ifndef LEAKLAB_REPORT_FIELDS_H
#define LEAKLAB_REPORT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/latencies.h"
#include "judge/verdict.h"
#include "report/report.h"

/* Something about the run with a name, in the order in which it is told. */
struct fact {
	const char *key;  /* for programs */
	const char *name; /* for people */
	char *value;
};

/* Cycles that failed alike. */
struct failure {
	int phase;        /* enum phase; PHASE_COUNT: not told */
	const char *code; /* the strings are those of the first cycle */
	const char *message;
	int64_t first; /* number of the first such cycle */
	int64_t count;
};

/* Why nothing is said of orphans. */
#define NOT_OBSERVED                                                                               \
	"Not observed: logon sessions were not seen both before the run and after it settled."

#define SHA256_TEXT 65

/* What an observer printed, parallel to the captures. */
struct output {
	char sha256[SHA256_TEXT]; /* of all of it, in hex; empty: it printed nothing */
	char *text;               /* its beginning, in UTF-8; NULL: not shown */
	size_t left_out;          /* bytes that are not shown */
};

/* Token handles of a process, by sample. */
struct tokens {
	char *name; /* "grabber.exe (process 5124)" */
	double *counts;
	double most;
};

struct table;

struct event {
	int64_t time;
	char *kind;
	char *text;
};

struct report {
	/* What is said first: "the fix: cannot tell". */
	char subject[40];
	const char *word;
	enum verdict_word tone; /* of the word: good, bad, or neither */
	const struct sentences *reasons;
	const struct sentences *changes; /* what would change it; NULL: nobody asked */
	struct table *tables;            /* in the order in which they are shown */
	size_t table_count;
	/* For programs. */
	bool (*print_json)(const struct report *report, FILE *out, struct error *error);

	char *name;          /* of the run file, without folders; of several runs, what they are */
	char *scenario_name; /* NULL: not known */
	int64_t started;     /* of the run; TIMESTAMP_UNKNOWN */
	int64_t duration;    /* to its end, of several runs in all; NUMBER_UNKNOWN */
	struct fact *facts;
	size_t fact_count;

	/* Of several runs, and not its own; else NULL. */
	const struct validation *validation;
	const struct pool *pool;
	/* Their own reports, those with a fix first; only while the tables are filled. */
	struct report *const *runs[2];
	size_t run_counts[2];

	/* Of one run only: */
	const struct verdict *verdict; /* not its own; NULL: several runs */
	const char *path;              /* as the run file was named */
	char *scenario;                /* the text, with nothing secret; NULL: not known */
	struct cycles cycles;
	struct latencies latencies;
	struct failure *failures; /* the most frequent first */
	size_t failure_count;

	/* Of a full report only: */
	struct event *events;
	size_t event_count;
	struct captures captures;
	struct output *outputs;
	double *token_times; /* seconds since the first */
	int64_t *token_cycles;
	size_t token_samples;
	struct tokens *tokens; /* the most first */
	size_t token_count;
	size_t tokens_left_out; /* processes with fewer */
};

/* Takes the value over; NULL is left out. False when memory is out. */
bool fact_add(struct report *report, const char *key, const char *name, char *value);
/* The first value with this key; NULL: there is none. */
const char *fact_of(const struct report *report, const char *key);

/* Each fills its part of the report. */
bool facts_gather(struct report *report, struct runfile *runfile, struct error *error);
bool failures_gather(struct report *report, struct error *error);
bool events_gather(struct report *report, struct runfile *runfile, struct error *error);
bool outputs_gather(struct report *report, struct runfile *runfile, struct error *error);
bool tokens_gather(struct report *report, struct runfile *runfile, struct error *error);

/* Cycles that came to an end. */
int64_t report_finished_cycles(const struct report *report);
/* The percentiles of each phase that a report shows. */
#define PERCENTILE_COUNT 5
struct percentile_point {
	const char *name;
	double percent;
};
extern const struct percentile_point percentiles[PERCENTILE_COUNT];
/* What the phases are, in a sentence. */
#define PHASES_CAPTION 240
const char *phases_caption(
    const struct report *report, char text[PHASES_CAPTION]); /* returns text */
/* What the report is of: the scenario, else the run file. */
static inline const char *report_title(const struct report *report)
{
	return report->scenario_name ? report->scenario_name : report->name;
}
/* The name of a failure's phase. */
const char *failure_phase(const struct failure *failure);

/* The JSON of a run. */
bool verdict_print_json(const struct report *report, FILE *out, struct error *error);

extern const struct renderer renderer_text, renderer_json, renderer_junit, renderer_markdown,
    renderer_html;

#endif
