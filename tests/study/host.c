/* Knows what is normal on a busy host: sessions in use, holders that let go late, other users, logons that fail, counts that
 * wander. Every run differs, and the same seed makes the same run. */
#include "study/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define START (INT64_C(1795253400) * SECOND)
#define CYCLE (12 * SECOND)
#define USERS 5
#define EVERY 5 /* cycles between snapshots */
#define OTHERS 12
#define SERVICES 8
#define LEAKER 4100
#define LSASS 700

struct made_cycle {
	bool failed, leaks;
	int late; /* snapshots after the logoff that still show a holder */
	int64_t session_id;
};

struct host {
	struct runfile *runfile;
	const struct kind *kind;
	uint64_t state;
	struct made_cycle *cycles;
	int count, played;
	int64_t anonymous;
	double wander[SERVICES];
	int64_t other_luid[OTHERS];
	int staff;
	int64_t next_luid;
	bool unsettled;
};

/* splitmix64, by Sebastiano Vigna: public domain. */
static uint64_t next(struct host *host)
{
	uint64_t z = host->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double uniform(struct host *host)
{
	return (double)(next(host) >> 11) * 0x1p-53;
}

static double normal(struct host *host)
{
	return sqrt(-2 * log(1 - uniform(host))) * cos(6.283185307179586 * uniform(host));
}

static int poisson(struct host *host, double mean)
{
	const double limit = exp(-mean);
	double product = uniform(host);
	int count = 0;

	for (; product > limit; count++)
		product *= uniform(host);
	return count;
}

static int64_t start_of(int cycle)
{
	return START + cycle * CYCLE;
}

static const char *user_of(int cycle)
{
	static const char *const users[USERS] = {"load01", "load02", "load03", "load04", "load05"};

	return users[cycle % USERS];
}

static void add_handle(
    struct snapshot *snapshot, const char *image, int64_t pid, int64_t luid, const char *user)
{
	struct handle *handle = snapshot_add_handle(snapshot);

	handle->image = image;
	handle->pid = pid;
	handle->type = "Token";
	handle->user = user;
	handle->domain = "LAB";
	handle->value = 4 * (int64_t)snapshot->handle_count;
	if (luid == 0)
		luid = (int64_t)LUID_UNKNOWN;
	handle->luid = (uint64_t)luid;
}

static void add_logon(
    struct snapshot *snapshot, int64_t luid, const char *user, int64_t session_id, int64_t time)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);

	logon->luid = (uint64_t)luid;
	logon->user = user;
	logon->domain = "LAB";
	logon->logon_type = "RemoteInteractive";
	logon->session_id = session_id;
	logon->logon_time = time;
}

static int64_t luid_of(int cycle)
{
	return 0x100000 + 0x100 * cycle;
}

/* What is left of the cycles that were played; those in flight have a session. */
static void add_cycles(struct host *host, struct snapshot *snapshot, enum mark mark)
{
	for (int i = 0; i < host->played; i++) {
		const struct made_cycle *cycle = &host->cycles[i];
		const bool in_flight = mark == MARK_DURING && i >= host->played - 2;
		const bool late = mark != MARK_SETTLED && i >= host->played - cycle->late;
		const bool stuck = mark == MARK_SETTLED && host->unsettled && i == host->played - 1;
		if (cycle->failed || !(cycle->leaks || in_flight || late || stuck))
			continue;
		add_logon(
		    snapshot, luid_of(i), user_of(i), cycle->session_id, start_of(i) + SECOND);
		if (cycle->leaks)
			add_handle(snapshot, "leaky.exe", LEAKER, luid_of(i), user_of(i));
		if (late || stuck)
			add_handle(snapshot, "svchost.exe", 1200, luid_of(i), user_of(i));
		add_handle(snapshot, "lsass.exe", LSASS, luid_of(i), user_of(i));
		if (in_flight) {
			struct session *session = snapshot_add_session(snapshot);
			session->id = cycle->session_id;
			session->user = user_of(i);
			session->domain = "LAB";
			session->state = "Active";
			add_handle(snapshot, "explorer.exe", 6000 + i, luid_of(i), user_of(i));
		}
	}
}

/* Of the directories of their logon sessions observers see no user. */
static void add_staff(struct host *host, struct snapshot *snapshot)
{
	for (int i = 0; i < host->staff; i++) {
		const int64_t luid = 0x900000 + 0x40 * i;
		struct session *session = snapshot_add_session(snapshot);
		session->id = 1000 + i;
		session->user = "staff";
		session->domain = "LAB";
		session->state = "Active";
		add_logon(snapshot, luid, "staff", 1000 + i, START + luid);
		add_handle(snapshot, "lsass.exe", LSASS, luid, "staff");
		add_handle(snapshot, "System", 4, luid, NULL);
		snapshot->handles[snapshot->handle_count - 1].type = "Directory";
	}
}

static void add_noise(struct host *host, struct snapshot *snapshot)
{
	add_staff(host, snapshot);
	for (int i = 0; i < OTHERS; i++) {
		if (uniform(host) < 0.08) /* somebody goes, somebody comes */
			host->other_luid[i] = host->next_luid += 0x40;
		add_logon(snapshot, host->other_luid[i], "colleague", 40 + i,
		    START - 3600 * SECOND + host->other_luid[i]);
		for (int handles = poisson(host, 4); handles > 0; handles--)
			add_handle(
			    snapshot, "outlook.exe", 7000 + i, host->other_luid[i], "colleague");
	}
	/* Short use of our users' tokens, by whoever serves them. */
	for (int handles = poisson(host, 2.5); handles > 0; handles--)
		add_handle(snapshot, "svchost.exe", 1200, 0, user_of((int)(next(host) % USERS)));
	for (int64_t i = 0; i < host->anonymous; i++)
		add_handle(
		    snapshot, "cache.exe", 1500, 0, user_of(host->kind->one_account ? 0 : (int)i));
	for (int i = 0; i < SERVICES; i++) {
		struct process *process = snapshot_add_process(snapshot);
		host->wander[i] = 0.9 * host->wander[i] + 6 * normal(host);
		process->pid = 1200 + i;
		process->image = "svchost.exe";
		process->handle_count = 500 + (int64_t)host->wander[i];
	}
}

static bool take_snapshot(struct host *host, enum mark mark, int64_t time)
{
	struct snapshot *snapshot = snapshot_create();
	struct capture capture = {.mark = mark,
	    .round = mark == MARK_DURING ? host->played : 1,
	    .cycle = host->played,
	    .observer = "probe",
	    .command = "probe",
	    .started = time,
	    .ended = time + SECOND / 10};

	if (!snapshot)
		return false;
	snapshot->host = "RDS01";
	snapshot->build = "10.0.20348";
	snapshot->boot_time = START - 86400 * SECOND;
	snapshot->elevated = YES;
	snapshot->time = time;
	add_logon(snapshot, 0x3e7, "SYSTEM", 0, START - 86400 * SECOND);
	add_cycles(host, snapshot, mark);
	add_noise(host, snapshot);
	const bool good = runfile_add_capture(host->runfile, &capture, snapshot, NULL);
	snapshot_destroy(snapshot);
	return good;
}

/* The lowest ID that no session and no leak has. */
static int64_t free_id(const struct host *host)
{
	for (int64_t id = 2;; id++) {
		bool taken = false;
		for (int i = 0; i < host->played && !taken; i++)
			taken = host->cycles[i].session_id == id && !host->cycles[i].failed &&
			        ((host->cycles[i].leaks && !host->kind->session_ids_reused) ||
			            i == host->played - 1);
		if (!taken)
			return id;
	}
}

static bool play_cycle(struct host *host)
{
	struct made_cycle *made = &host->cycles[host->played];

	made->failed = uniform(host) < 0.02;
	made->leaks = !made->failed && uniform(host) < host->kind->leak;
	made->late = uniform(host) < 0.4 ? (int)(next(host) % 12) : 0;
	made->session_id = free_id(host);
	const struct cycle cycle = {
	    .number = host->played + 1,
	    .user = user_of(host->played),
	    .domain = "LAB",
	    .scheduled = start_of(host->played),
	    .started = start_of(host->played),
	    .logged_on = made->failed ? TIMESTAMP_UNKNOWN : start_of(host->played) + SECOND,
	    .ended = start_of(host->played) + CYCLE - SECOND,
	    .session_id = made->failed ? NUMBER_UNKNOWN : made->session_id,
	    .result = made->failed ? CYCLE_FAILED : CYCLE_LOGGED_OFF,
	    .failed_phase = made->failed ? "nla" : NULL,
	    .error_info = NUMBER_UNKNOWN,
	};
	const double gain =
	    host->kind->one_account && host->played % USERS != 0 ? 0 : host->kind->anonymous;
	host->played++;
	if ((host->kind->plateau == 0 || host->anonymous < host->kind->plateau) &&
	    host->played > host->kind->from && uniform(host) < gain)
		host->anonymous++;
	host->staff += host->kind->staff > 0 && uniform(host) < host->kind->staff;
	return runfile_put_cycle(host->runfile, &cycle, NULL);
}

bool host_play(struct runfile *runfile, const struct kind *kind, int cycles, uint64_t seed,
    int *true_k, int *true_n)
{
	struct host host = {
	    .runfile = runfile, .kind = kind, .state = seed, .count = cycles, .next_luid = 0x50000};
	bool good = (host.cycles = calloc((size_t)cycles, sizeof(*host.cycles))) != NULL;

	for (int i = 0; i < OTHERS; i++)
		host.other_luid[i] = host.next_luid += 0x40;
	host.unsettled = uniform(&host) < kind->unsettled;
	good = good &&
	       runfile_set(runfile, "settled", host.unsettled ? "timeout" : "quiet", NULL) &&
	       runfile_set(runfile, "load.slots", "2", NULL) &&
	       runfile_set(runfile, "settle.at_least", "1200", NULL) &&
	       take_snapshot(&host, MARK_BEFORE, START - 60 * SECOND);
	*true_k = *true_n = 0;
	while (good && host.played < cycles) {
		good = play_cycle(&host);
		*true_k += host.cycles[host.played - 1].leaks;
		*true_n += !host.cycles[host.played - 1].failed;
		if (good && host.played % EVERY == 0 && host.played < cycles)
			good = take_snapshot(&host, MARK_DURING, start_of(host.played));
	}
	good = good && take_snapshot(&host, MARK_AFTER, start_of(cycles) + 5 * SECOND) &&
	       take_snapshot(&host, MARK_SETTLED, start_of(cycles) + 1300 * SECOND);
	free(host.cycles);
	return good;
}
