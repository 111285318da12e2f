/* Knows what is normal on a busy host: sessions in use, holders that let go late, other users, logons that fail, counts that
 * wander. Every run differs, and the same seed makes the same run. */
#include "study/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define START (INT64_C(1795253400) * SECOND)
#define BOOT (START - 86400 * SECOND)
#define CYCLE (12 * SECOND)      /* from one start to the next */
#define LENGTH (22 * SECOND)     /* of a cycle: two slots overlap */
#define RELEASE (1140 * SECOND)  /* within which healthy holders release */
#define SETTLED (1600 * SECOND)  /* after the load */
#define TIMED_OUT (900 * SECOND) /* the same, where settling is not waited for */
#define POLL (240 * SECOND)      /* between samples while settling */
#define USERS 5
#define EVERY 5 /* cycles between snapshots */
#define OTHERS 12
#define OTHERS_FIRST_ID 40
#define STAFF_FIRST_ID 1000
#define SERVICES 8
#define SERVICE 1200 /* process ID of the first */
#define LEAKER 4100
#define CACHE 1500
#define WALK_FROM 100 /* handles, so that a walk does not come to 0 */
#define LSASS 700
#define SYSTEM 4
#define SYSTEM_LUID 0x3e7

struct made_cycle {
	bool failed, leaks;
	int64_t
	    released; /* when its last healthy holder let go; that is at its end at the earliest */
	int64_t session_id;
	int64_t luid;
};

/* Somebody else who is logged on. */
struct other {
	int64_t luid, logon_time;
};

struct host {
	struct runfile *runfile;
	const struct kind *kind;
	uint64_t state;
	struct made_cycle *cycles;
	int count, played;
	int64_t anonymous;
	double walk; /* from where it began */
	double wander[SERVICES];
	struct other others[OTHERS];
	struct other staff[1000];
	int staff_count;
	int64_t next_luid;
	int rounds; /* of settling */
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

/* LUIDs are given out in rising order. */
static int64_t new_luid(struct host *host)
{
	return host->next_luid += 0x40;
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
	if (luid != 0)
		handle->luid = (uint64_t)luid;
}

static void add_directory(struct snapshot *snapshot, int64_t luid)
{
	add_handle(snapshot, "System", SYSTEM, luid, NULL);
	snapshot->handles[snapshot->handle_count - 1].type = "Directory";
}

static void add_process(
    struct snapshot *snapshot, const char *image, int64_t pid, int64_t session_id, int64_t luid)
{
	struct process *process = snapshot_add_process(snapshot);

	process->pid = pid;
	process->image = image;
	process->session_id = session_id;
	process->luid = (uint64_t)luid;
	process->handle_count = 100;
}

static void add_logon(
    struct snapshot *snapshot, int64_t luid, const char *user, int64_t session_id, int64_t time)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);

	logon->luid = (uint64_t)luid;
	logon->user = user;
	logon->domain = "LAB";
	logon->logon_type = session_id == 0 ? "Service" : "RemoteInteractive";
	logon->session_id = session_id;
	logon->logon_time = time;
}

static void add_session(struct snapshot *snapshot, int64_t id, const char *user, const char *state)
{
	struct session *session = snapshot_add_session(snapshot);

	session->id = id;
	session->user = user;
	session->domain = user ? "LAB" : NULL;
	session->state = state;
}

/* The session ID of a token is that of its logon session. */
static void place_tokens(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		struct handle *handle = &snapshot->handles[i];
		for (size_t j = 0; j < snapshot->logon_session_count; j++) {
			if (snapshot->logon_sessions[j].luid == handle->luid)
				handle->session_id = snapshot->logon_sessions[j].session_id;
		}
	}
}

static bool is_logged_on(int cycle, int64_t time)
{
	return start_of(cycle) + SECOND <= time && time < start_of(cycle) + LENGTH;
}

/* Something keeps what is left of the cycle, or its session does. */
static bool is_kept(const struct host *host, int cycle, int64_t time)
{
	const struct made_cycle *made = &host->cycles[cycle];

	return !made->failed && (made->leaks || is_logged_on(cycle, time) || time < made->released);
}

/* What is left of the cycles that were played, and the sessions of those in flight. */
static void add_cycles(struct host *host, struct snapshot *snapshot, int64_t time)
{
	for (int i = 0; i < host->played; i++) {
		const struct made_cycle *made = &host->cycles[i];
		if (!is_kept(host, i, time))
			continue;
		add_logon(snapshot, made->luid, user_of(i), made->session_id, start_of(i) + SECOND);
		if (made->leaks)
			add_handle(snapshot, "leaky.exe", LEAKER, made->luid, user_of(i));
		if (time < made->released)
			add_handle(snapshot, "svchost.exe", SERVICE, made->luid, user_of(i));
		add_handle(snapshot, "lsass.exe", LSASS, made->luid, user_of(i));
		add_directory(snapshot, made->luid);
		if (is_logged_on(i, time)) {
			add_session(snapshot, made->session_id, user_of(i), "Active");
			add_process(
			    snapshot, "explorer.exe", 6000 + i, made->session_id, made->luid);
			add_handle(snapshot, "explorer.exe", 6000 + i, made->luid, user_of(i));
		}
	}
}

static void add_other(struct snapshot *snapshot, const struct other *other, const char *user,
    int64_t session_id, int64_t pid)
{
	add_session(snapshot, session_id, user, "Active");
	add_logon(snapshot, other->luid, user, session_id, other->logon_time);
	add_process(snapshot, "outlook.exe", pid, session_id, other->luid);
	add_handle(snapshot, "lsass.exe", LSASS, other->luid, user);
	add_directory(snapshot, other->luid);
}

static void add_others(struct host *host, struct snapshot *snapshot, int64_t time)
{
	char user[16];

	for (int i = 0; i < host->staff_count; i++) {
		snprintf(user, sizeof(user), "staff%d", i);
		add_other(snapshot, &host->staff[i], snapshot_string(snapshot, user, strlen(user)),
		    STAFF_FIRST_ID + i, 9000 + i);
	}
	for (int i = 0; i < OTHERS; i++) {
		if (uniform(host) < 0.08) /* somebody goes, somebody comes */
			host->others[i] = (struct other){new_luid(host), time - 5 * SECOND};
		snprintf(user, sizeof(user), "colleague%d", i);
		const char *own = snapshot_string(snapshot, user, strlen(user));
		add_other(snapshot, &host->others[i], own, OTHERS_FIRST_ID + i, 7000 + i);
		for (int handles = poisson(host, 4); handles > 0; handles--)
			add_handle(snapshot, "outlook.exe", 7000 + i, host->others[i].luid, own);
	}
}

/* What runs while the host does. How many handles a process has comes last: its rows, and others that wander. */
static void add_services(struct host *host, struct snapshot *snapshot)
{
	/* Short use of our users' tokens, by whoever serves them. */
	for (int handles = poisson(host, 2.5); handles > 0; handles--)
		add_handle(snapshot, "svchost.exe", SERVICE, 0, user_of((int)(next(host) % USERS)));
	for (int64_t i = 0; i < host->anonymous; i++)
		add_handle(
		    snapshot, "cache.exe", CACHE, 0, user_of(host->kind->one_account ? 0 : (int)i));
	add_process(snapshot, "System", SYSTEM, 0, SYSTEM_LUID);
	add_process(snapshot, "lsass.exe", LSASS, 0, SYSTEM_LUID);
	add_process(snapshot, "leaky.exe", LEAKER, 0, SYSTEM_LUID);
	add_process(snapshot, "cache.exe", CACHE, 0, SYSTEM_LUID);
	for (int i = 0; i < SERVICES; i++) {
		host->wander[i] = 0.9 * host->wander[i] + 6 * normal(host);
		add_process(snapshot, "svchost.exe", SERVICE + i, 0, SYSTEM_LUID);
		snapshot->processes[snapshot->process_count - 1].handle_count =
		    500 + (int64_t)host->wander[i];
	}
	for (size_t i = 0; i < snapshot->process_count; i++) {
		struct process *process = &snapshot->processes[i];
		for (size_t k = 0; k < snapshot->handle_count; k++)
			process->handle_count += snapshot->handles[k].pid == process->pid;
	}
}

static bool take_snapshot(struct host *host, enum mark mark, int64_t time)
{
	struct snapshot *snapshot = snapshot_create();
	struct capture capture = {.mark = mark,
	    .round = mark == MARK_DURING     ? host->played
	             : mark == MARK_SETTLING ? ++host->rounds
	                                     : 1,
	    .cycle = mark == MARK_DURING ? host->played - 2 : host->played,
	    .observer = "probe",
	    .command = "probe",
	    .started = time,
	    .ended = time + SECOND / 10};

	if (!snapshot)
		return false;
	snapshot->host = "RDS01";
	snapshot->build = "10.0.20348";
	snapshot->boot_time = BOOT;
	snapshot->elevated = YES;
	snapshot->time = time;
	snapshot->release_time = RELEASE / SECOND + 60;
	add_session(snapshot, 0, NULL, "Disc");
	add_logon(snapshot, SYSTEM_LUID, "RDS01$", 0, BOOT);
	add_cycles(host, snapshot, time);
	add_others(host, snapshot, time);
	add_services(host, snapshot);
	place_tokens(snapshot);
	const bool good = snapshot_see_all(snapshot) &&
	                  runfile_add_capture(host->runfile, &capture, snapshot, NULL);
	snapshot_destroy(snapshot);
	return good;
}

/* The lowest ID that no session has and, since MS16-111, nothing refers to. */
static int64_t free_id(const struct host *host, int64_t time)
{
	for (int64_t id = 2;; id++) {
		bool taken = id >= OTHERS_FIRST_ID && id < OTHERS_FIRST_ID + OTHERS;
		for (int i = 0; i < host->played && !taken; i++)
			taken = host->cycles[i].session_id == id && !host->cycles[i].failed &&
			        (host->kind->session_ids_reused ? is_logged_on(i, time)
			                                        : is_kept(host, i, time));
		if (!taken)
			return id;
	}
}

static void gain_handles(struct host *host)
{
	const struct kind *kind = host->kind;
	const double gain = kind->one_account && host->played % USERS != 0 ? 0 : kind->anonymous;

	host->played++;
	if (kind->walk > 0) {
		const int step = 1 + (int)(next(host) % 3);
		host->walk = kind->walk * host->walk + (uniform(host) < 0.5 ? -step : step);
		host->anonymous = WALK_FROM + lround(host->walk);
	} else if (kind->tau > 0) {
		host->anonymous += poisson(
		    host, (double)(kind->plateau - host->anonymous) / (kind->tau * host->count));
	} else if ((kind->plateau == 0 || host->anonymous < kind->plateau) &&
	           host->played > kind->from && uniform(host) < gain) {
		host->anonymous++;
	}
}

static bool play_cycle(struct host *host)
{
	const int number = host->played;
	const int64_t start = start_of(number), end = start + LENGTH;
	struct made_cycle *made = &host->cycles[number];

	made->failed = uniform(host) < 0.02;
	made->leaks = !made->failed && uniform(host) < host->kind->leak;
	made->released = end;
	if (uniform(host) < 0.4)
		made->released += (int64_t)(uniform(host) * (double)RELEASE);
	if (host->unsettled && number == host->count - 1)
		made->released = end + RELEASE;
	made->session_id = free_id(host, start);
	made->luid = new_luid(host);
	const struct cycle cycle = {
	    .number = number + 1,
	    .slot = number % 2,
	    .user = user_of(number),
	    .domain = "LAB",
	    .scheduled = start,
	    .started = start,
	    .logged_on = made->failed ? TIMESTAMP_UNKNOWN : start + SECOND,
	    .ended = end,
	    .session_id = made->failed ? NUMBER_UNKNOWN : made->session_id,
	    .result = made->failed ? CYCLE_FAILED : CYCLE_LOGGED_OFF,
	    .failed_phase = made->failed ? "nla" : NULL,
	    .error_info = NUMBER_UNKNOWN,
	};
	gain_handles(host);
	if (uniform(host) < host->kind->staff &&
	    host->staff_count < (int)(sizeof(host->staff) / sizeof(host->staff[0])))
		host->staff[host->staff_count++] = (struct other){new_luid(host), start + SECOND};
	return runfile_put_cycle(host->runfile, &cycle, NULL);
}

static bool settle(struct host *host, int64_t end)
{
	const int64_t settled = end + (host->unsettled ? TIMED_OUT : SETTLED);
	bool good = take_snapshot(host, MARK_AFTER, end + 5 * SECOND);

	for (int64_t time = end + POLL; good && time < settled; time += POLL)
		good = take_snapshot(host, MARK_SETTLING, time);
	return good && take_snapshot(host, MARK_SETTLED, settled);
}

bool host_play(struct runfile *runfile, const struct kind *kind, int cycles, uint64_t seed,
    int *true_k, int *true_n)
{
	struct host host = {
	    .runfile = runfile, .kind = kind, .state = seed, .count = cycles, .next_luid = 0x50000};
	bool good = (host.cycles = calloc((size_t)cycles, sizeof(*host.cycles))) != NULL;

	host.anonymous = kind->walk > 0 ? WALK_FROM : 0;
	for (int i = 0; i < OTHERS; i++)
		host.others[i] = (struct other){new_luid(&host), START - (3600 - i) * SECOND};
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
			good =
			    take_snapshot(&host, MARK_DURING, start_of(host.played) - 4 * SECOND);
	}
	good = good && settle(&host, start_of(cycles - 1) + LENGTH);
	free(host.cycles);
	return good;
}
