/* Runs made up for the judge, one second a cycle. */
#ifndef LEAKLAB_JUDGE_FIXTURE_H
#define LEAKLAB_JUDGE_FIXTURE_H

#include "judge/judge.h"

#define SECOND INT64_C(1000000)
#define RUN_START (INT64_C(1795253400) * SECOND) /* 2026-11-21T09:30:00Z */
#define BOOT_TIME (RUN_START - 3600 * SECOND)

/* A run file in a directory of its own. */
struct fixture {
	char *directory;
	struct runfile *runfile;
	const char *observer; /* who takes the snapshots; "probe" at first */
};

struct fixture fixture_create(void);
void fixture_destroy(struct fixture *fixture);

void fixture_set(struct fixture *fixture, const char *key, const char *value);
/* Cycle `number` of user lab01 in LAB, ten seconds long, one after the other. */
void fixture_add_cycle(
    struct fixture *fixture, int64_t number, int64_t session_id, enum cycle_result result);
/* The same, to be changed before it is put into the run. */
struct cycle fixture_cycle(int64_t number, int64_t session_id, enum cycle_result result);
void fixture_put_cycle(struct fixture *fixture, const struct cycle *cycle);
/* Cycles from..to, alike. */
void fixture_add_cycles(struct fixture *fixture, int64_t from, int64_t to, int64_t session_id,
    enum cycle_result result);
/* When cycle `number` logged on, by the driver's clock. */
int64_t fixture_logon(int64_t number);

/* A snapshot of the host, elevated, all sections in sight. */
struct snapshot *fixture_snapshot(void);
/* A logon session of cycle `number` in the snapshot; its LUID is 0x1000 + number. */
void fixture_add_logon(struct snapshot *snapshot, int64_t number, int64_t session_id);
void fixture_add_handle(struct snapshot *snapshot, const char *image, int64_t pid, int64_t number);
/* A session of lab01. */
void fixture_add_session(struct snapshot *snapshot, int64_t id);
/* An observer that gave no snapshot. */
void fixture_add_problem(
    struct fixture *fixture, enum mark mark, const char *observer, const char *problem);
/* Adds the snapshot at a mark and destroys it. The host's clock is right. */
void fixture_add_snapshot(struct fixture *fixture, enum mark mark, struct snapshot *snapshot);
void fixture_add_snapshot_at(
    struct fixture *fixture, enum mark mark, struct snapshot *snapshot, int64_t host_clock_ahead);

/* A snapshot during the load, after so many cycles. */
void fixture_add_round(struct fixture *fixture, int64_t cycle, struct snapshot *snapshot);
/* The same, at a time of the driver's clock. */
void fixture_add_round_at(
    struct fixture *fixture, int64_t cycle, struct snapshot *snapshot, int64_t time);

/* Judges; the caller destroys the verdict. */
struct verdict *fixture_judge(struct fixture *fixture);
/* Destroys both. */
void fixture_finish(struct fixture *fixture, struct verdict *verdict);
/* Fails unless one of the verdict's reasons contains the part. */
void assert_reason(const struct verdict *verdict, const char *part);

#endif
