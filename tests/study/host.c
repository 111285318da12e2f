/* Knows what is normal on a busy host: sessions in use with all the logon sessions that a logon makes, holders that release late, other
 * users, scheduled tasks, logons that fail, counts that wander, programs that are restarted, a boot time that moves. Every run differs,
 * and the same seed makes the same run. */
#include "study/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define START (INT64_C(1795253400) * SECOND)
#define BOOT (START - 86400 * SECOND)
#define CYCLE (12 * SECOND)        /* from one start to the next */
#define LENGTH (22 * SECOND)       /* of a cycle: two slots overlap */
#define RELEASE (1140 * SECOND)    /* within which healthy holders release */
#define SETTLED (1600 * SECOND)    /* after the load */
#define TIMED_OUT (900 * SECOND)   /* the same, where settling is not waited for */
#define QUIET (300 * SECOND)       /* after the last release, */
#define QUIET_LATE (1380 * SECOND) /* and once one was seen to go later than 20 minutes */
#define LATE (1200 * SECOND)       /* late holders release from then on, */
#define LATEST (1500 * SECOND)     /* until then */
#define NETWORK (10 * SECOND)      /* the logon session of the connection goes by itself */
#define POLL (240 * SECOND)        /* between samples while settling */
#define USERS 5
#define EVERY 4 /* cycles between snapshots: of each account at other moments */
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
	    released; /* when its last healthy holder released; that is at its end at the earliest */
	int64_t session_id;
	int64_t luid, linked, desktop, fonts,
	    network; /* of its logon sessions; linked: 0, it has none */
	bool leaks_network;
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
	int64_t leaked_handles; /* of them, where they wander as well */
	double walk;            /* from where it began */
	double wander[SERVICES];
	struct other others[OTHERS];
	struct other staff[1000];
	int staff_count;
	int64_t next_luid;
	int rounds; /* of settling */
	bool unsettled;
	bool in_burst;
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

/* When the process was started last: it holds nothing from before. */
static int64_t last_start(const struct restarts *restarts, int64_t time)
{
	int64_t start = BOOT;

	if (restarts->every > 0 && time > START)
		start =
		    START + (time - START) / (restarts->every * SECOND) * restarts->every * SECOND;
	if (restarts->once > 0 && time >= START + restarts->once * SECOND)
		start = START + restarts->once * SECOND;
	return start > BOOT ? start : BOOT;
}

static bool is_logged_on(int cycle, int64_t time)
{
	return start_of(cycle) + SECOND <= time && time < start_of(cycle) + LENGTH;
}

/* The leaker holds what it leaked since its last start; one that caches, each account's latest. */
static bool is_leaked(const struct host *host, int cycle, int64_t time)
{
	const struct made_cycle *made = &host->cycles[cycle];

	if (!made->leaks ||
	    last_start(host->kind->service_leaks ? &host->kind->service : &host->kind->leaker,
	        time) > start_of(cycle) + SECOND)
		return false;
	for (int i = cycle + USERS; host->kind->cache && i < host->played; i += USERS) {
		if (!host->cycles[i].failed && start_of(i) + SECOND <= time)
			return false;
	}
	return true;
}

static bool is_held(const struct host *host, int cycle, int64_t time)
{
	return time < host->cycles[cycle].released &&
	       last_start(&host->kind->service, time) <= start_of(cycle) + SECOND;
}

/* Something keeps what is left of the cycle, or its session does. */
static bool is_kept(const struct host *host, int cycle, int64_t time)
{
	return !host->cycles[cycle].failed &&
	       (is_leaked(host, cycle, time) || is_logged_on(cycle, time) ||
	           is_held(host, cycle, time));
}

static void add_typed_logon(struct snapshot *snapshot, int64_t luid, const char *user,
    const char *domain, const char *type, int64_t session_id, int64_t time)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);

	logon->luid = (uint64_t)luid;
	logon->user = user;
	logon->domain = domain;
	logon->logon_type = type;
	logon->session_id = session_id;
	logon->logon_time = time;
}

/* What a session has while it is there, besides its user's logon. */
static void add_desktop(const struct host *host, struct snapshot *snapshot, int cycle)
{
	const struct made_cycle *made = &host->cycles[cycle];
	const int64_t time = start_of(cycle) + SECOND / 2;
	char name[24];

	snprintf(name, sizeof(name), "DWM-%lld", (long long)made->session_id);
	add_typed_logon(snapshot, made->desktop, snapshot_string(snapshot, name, strlen(name)),
	    "Window Manager", "Interactive", made->session_id, time);
	snprintf(name, sizeof(name), "UMFD-%lld", (long long)made->session_id);
	add_typed_logon(snapshot, made->fonts, snapshot_string(snapshot, name, strlen(name)),
	    "Font Driver Host", "Interactive", made->session_id, time);
	add_process(snapshot, "winlogon.exe", 10000 + cycle, made->session_id, SYSTEM_LUID);
	add_process(snapshot, "dwm.exe", 12000 + cycle, made->session_id, made->desktop);
	add_process(snapshot, "fontdrvhost.exe", 14000 + cycle, made->session_id, made->fonts);
}

/* The logon session of the connection, a moment earlier, in no RDS session. */
static void add_network(const struct host *host, struct snapshot *snapshot, int cycle, int64_t time)
{
	const struct made_cycle *made = &host->cycles[cycle];
	const int64_t start = start_of(cycle);

	if (time < start || (!made->leaks_network && time >= start + NETWORK))
		return;
	add_typed_logon(snapshot, made->network, user_of(cycle), "LAB", "Network", 0, start);
	if (made->leaks_network)
		add_handle(snapshot, "leaky.exe", LEAKER, made->network, user_of(cycle));
}

/* What is left of the cycles that were played, and the sessions of those in flight. */
static void add_cycles(struct host *host, struct snapshot *snapshot, int64_t time)
{
	for (int i = 0; i < host->played; i++) {
		const struct made_cycle *made = &host->cycles[i];
		add_network(host, snapshot, i, time);
		if (!is_kept(host, i, time))
			continue;
		add_logon(snapshot, made->luid, user_of(i), made->session_id, start_of(i) + SECOND);
		if (made->linked)
			add_logon(snapshot, made->linked, user_of(i), made->session_id,
			    start_of(i) + SECOND);
		if (is_leaked(host, i, time) && !host->kind->service_leaks)
			add_handle(snapshot, "leaky.exe", LEAKER, made->luid, user_of(i));
		if (is_held(host, i, time) ||
		    (is_leaked(host, i, time) && host->kind->service_leaks))
			add_handle(snapshot, "svchost.exe", SERVICE, made->luid, user_of(i));
		add_handle(snapshot, "lsass.exe", LSASS, made->luid, user_of(i));
		add_directory(snapshot, made->luid);
		if (is_logged_on(i, time)) {
			add_session(snapshot, made->session_id, user_of(i), "Active");
			add_desktop(host, snapshot, i);
			add_process(
			    snapshot, "explorer.exe", 6000 + i, made->session_id, made->luid);
			add_handle(snapshot, "explorer.exe", 6000 + i, made->luid, user_of(i));
		}
	}
}

/* Each has one that runs as long as the host does, and is none of the run's. */
static void add_tasks(struct snapshot *snapshot, int64_t time)
{
	for (int i = 0; i < USERS && time > start_of(8); i++) {
		add_typed_logon(
		    snapshot, 0x40000 + 0x40 * i, user_of(i), "LAB", "Batch", 0, start_of(8));
		add_process(snapshot, "task.exe", 5000 + i, 0, 0x40000 + 0x40 * i);
		add_handle(snapshot, "lsass.exe", LSASS, 0x40000 + 0x40 * i, user_of(i));
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
	snapshot->processes[snapshot->process_count - 1].start_time =
	    last_start(&host->kind->leaker, snapshot->time);
	add_process(snapshot, "cache.exe", CACHE, 0, SYSTEM_LUID);
	for (int i = 0; i < SERVICES; i++) {
		host->wander[i] = 0.9 * host->wander[i] + 6 * normal(host);
		add_process(snapshot, "svchost.exe", SERVICE + i, 0, SYSTEM_LUID);
		snapshot->processes[snapshot->process_count - 1].handle_count =
		    500 + (int64_t)host->wander[i];
		snapshot->processes[snapshot->process_count - 1].start_time =
		    i == 0 ? last_start(&host->kind->service, snapshot->time) : BOOT;
	}
	for (size_t i = 0; i < snapshot->process_count; i++) {
		struct process *process = &snapshot->processes[i];
		for (size_t k = 0; k < snapshot->handle_count; k++)
			process->handle_count += snapshot->handles[k].pid == process->pid;
	}
}

/* An observer that sees no handles and no processes. */
static bool hide(const struct host *host, struct snapshot *snapshot)
{
	return !host->kind->blind ||
	       (snapshot_see(snapshot, SECTION_HANDLES, EXTENT_ABSENT, "not looked for") &&
	           snapshot_see(snapshot, SECTION_PROCESSES, EXTENT_ABSENT, "not looked for"));
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
	snapshot->boot_time =
	    BOOT + (host->kind->boot_moves && mark == MARK_SETTLED ? 2 * SECOND : 0);
	snapshot->elevated = YES;
	snapshot->time = time;
	snapshot->release_time = RELEASE / SECOND + 60;
	add_session(snapshot, 0, NULL, "Disc");
	add_logon(snapshot, SYSTEM_LUID, "RDS01$", 0, BOOT);
	add_cycles(host, snapshot, time);
	if (host->kind->tasks)
		add_tasks(snapshot, time);
	add_others(host, snapshot, time);
	add_services(host, snapshot);
	place_tokens(snapshot);
	if (host->kind->blind) {
		snapshot->handle_count = 0;
		snapshot->process_count = 0;
	}
	const bool good = snapshot_see_all(snapshot) && hide(host, snapshot) &&
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
		host->leaked_handles += host->played > kind->from && uniform(host) < gain;
		host->anonymous = WALK_FROM + host->leaked_handles + lround(host->walk);
	} else if (kind->tau > 0) {
		host->anonymous += poisson(
		    host, (double)(kind->plateau - host->anonymous) / (kind->tau * host->count));
	} else if ((kind->plateau == 0 || host->anonymous < kind->plateau) &&
	           host->played > kind->from && uniform(host) < gain) {
		host->anonymous++;
	}
}

/* Bursts begin and end by chance, so that in all the share leaks. */
static bool does_leak(struct host *host, int number)
{
	const struct kind *kind = host->kind;
	const double share = kind->drifts ? kind->leak * 2 * number / host->count : kind->leak;

	if (number < kind->leak_from ||
	    (kind->of_account > 0 && number % USERS != kind->of_account))
		return false;
	if (kind->burst <= 0)
		return uniform(host) < share;
	if (number == 0)
		host->in_burst = uniform(host) < share;
	else if (host->in_burst)
		host->in_burst = uniform(host) >= 1 / kind->burst;
	else
		host->in_burst = uniform(host) < share / (kind->burst * (1 - share));
	return host->in_burst;
}

static void make_logons(struct host *host, struct made_cycle *made, int number)
{
	made->network = new_luid(host);
	made->desktop = new_luid(host);
	made->fonts = new_luid(host);
	host->next_luid += 0x8000; /* tokens have some, too */
	made->luid = new_luid(host);
	made->linked = number % USERS == 4 ? new_luid(host) : 0; /* an administrator */
	made->leaks_network =
	    uniform(host) < host->kind->leak_network || (made->failed && host->kind->failed_leak);
}

static bool play_cycle(struct host *host)
{
	const int number = host->played;
	const int64_t start = start_of(number), end = start + LENGTH;
	struct made_cycle *made = &host->cycles[number];

	made->failed = uniform(host) < (host->kind->fail > 0 ? host->kind->fail : 0.02);
	made->leaks = does_leak(host, number) && !made->failed;
	made->released = end;
	if (uniform(host) < 0.4)
		made->released += (int64_t)(uniform(host) * (double)RELEASE);
	if (uniform(host) < host->kind->late)
		made->released = end + LATE + (int64_t)(uniform(host) * (double)(LATEST - LATE));
	if (host->unsettled && number == host->count - 1)
		made->released = end + RELEASE;
	made->session_id = free_id(host, start);
	make_logons(host, made, number);
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

/* When the driver's waiting is over: nothing went for a while, and all had the time that holders take. */
static int64_t settled_by(const struct host *host, int64_t end)
{
	int64_t last = end + SETTLED - QUIET, quiet = QUIET;

	if (host->kind->settle > 0)
		return end + host->kind->settle * SECOND;
	if (host->unsettled)
		return end + TIMED_OUT;
	for (int i = 0; i < host->played; i++) {
		const int64_t released = host->cycles[i].released;
		if (host->cycles[i].failed || is_leaked(host, i, released))
			continue;
		last = released > last ? released : last;
		if (released - start_of(i) - LENGTH > LATE)
			quiet = QUIET_LATE;
	}
	return last + quiet;
}

static bool settle(struct host *host, int64_t end)
{
	const int64_t settled = settled_by(host, end);
	bool good = take_snapshot(host, MARK_AFTER, end + 5 * SECOND);

	for (int64_t time = end + POLL; good && time < settled; time += POLL)
		good = take_snapshot(host, MARK_SETTLING, time);
	return good && take_snapshot(host, MARK_SETTLED, settled);
}

bool host_play(struct runfile *runfile, const struct kind *kind, int cycles, uint64_t seed,
    struct truth *truth)
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
	*truth = (struct truth){0};
	while (good && host.played < cycles) {
		good = play_cycle(&host);
		const struct made_cycle *made = &host.cycles[host.played - 1];
		truth->k += made->leaks || (made->leaks_network && !made->failed);
		truth->n += !made->failed;
		truth->leaked += made->leaks || made->leaks_network;
		if (good && host.played % EVERY == 0 && host.played < cycles)
			good =
			    take_snapshot(&host, MARK_DURING, start_of(host.played) - 4 * SECOND);
	}
	good = good && settle(&host, start_of(cycles - 1) + LENGTH);
	free(host.cycles);
	return good;
}
