/* A scenario: what to play, against which host, with which accounts, and what to expect of it. */
#ifndef LEAKLAB_SCENARIO_H
#define LEAKLAB_SCENARIO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum security { SECURITY_NLA, SECURITY_TLS };
enum logon_signal { SIGNAL_SAVE_SESSION_INFO, SIGNAL_ACTIVATED, SIGNAL_PAINT };
enum logoff_method {
	LOGOFF_AUTO, /* the first way that the preflight finds; without one, keys */
	LOGOFF_SHELL_EXIT,
	LOGOFF_KEYS,
	LOGOFF_COMMAND,
	LOGOFF_DISCONNECT,
	LOGOFF_DROP,
	LOGOFF_METHOD_COUNT
};
extern const char *const logoff_method_words[LOGOFF_METHOD_COUNT];

/* What LOGOFF_AUTO tries. */
enum logoff_way {
	LOGOFF_WAY_NONE,
	LOGOFF_WAY_KEYS,
	LOGOFF_WAY_SECURITY_KEYS,
	LOGOFF_WAY_COMMAND,
	LOGOFF_WAY_COUNT
};
extern const char *const logoff_way_words[LOGOFF_WAY_COUNT];
/* What it types; NULL: nothing. */
const char *logoff_way_keys(enum logoff_way way);

/* How durations are distributed between the ends of a span. */
enum distribution {
	DISTRIBUTION_UNIFORM,
	DISTRIBUTION_EXPONENTIAL,
	DISTRIBUTION_LOGNORMAL,
	DISTRIBUTION_NORMAL
};

/* A duration of the scenario: as it was written, and in microseconds. A range ("1s..5s") has two ends. */
struct span {
	char *text;
	int64_t least;
	int64_t most;
	enum distribution distribution;
	int64_t mean, sd; /* of a distribution that is not uniform */
};

struct scenario_host {
	char *address; /* host, host:port or [v6]:port; ${...} allowed */
	enum security security;
	char *auth_packages;     /* FreeRDP's list, "ntlm,!kerberos"; NULL: the library's choice */
	char *load_balance_info; /* MS-RDPBCGR 2.2.1.1 routingToken: which collection of a farm */
	char *client_name;       /* stem of the client names, one stable name a slot */
	bool exclusive;          /* nobody else logs on there while the run goes on */
	bool named;              /* by whoever calls leaklab, not by the scenario alone; no key */
	struct {
		char *pin;   /* "sha256:HEX", or several, with blanks or commas between them */
		char *ca;    /* file of CA certificates in PEM */
		char *name;  /* that the certificate is for, if not the address: through a tunnel */
		char *tofu;  /* file that remembers the certificate of the first use */
		bool ignore; /* must be written out */
	} certificate;
};

struct scenario_accounts {
	char *users; /* "loadtest{01..20}" */
	char *domain;
	char *csv; /* user,domain,password */
	char *password_env;
	char *password_file;
	int64_t password_fd;        /* 0: not given; standard input is no place for it */
	struct span lockout_window; /* how long a refused logon counts */
	bool staged; /* the CSV is a stage program's, known once that is ready; set by the check */
};

enum load_arrivals { ARRIVALS_EVEN, ARRIVALS_POISSON };
enum load_workload { WORKLOAD_LOGONS, WORKLOAD_COMMAND };
enum load_until { UNTIL_CYCLES, UNTIL_DECIDED };

/* One step of a staircase: so many slots, or so many arrivals a second, for so long or so many cycles. */
struct load_step {
	uint64_t slots; /* 0: it has a rate */
	double rate;
	struct span time; /* 0: it has cycles */
	uint64_t cycles;
};

/* Which of several injectors plays a load: number `shard` of `injectors`, from 0; injectors 0: one plays all of it. */
struct share {
	uint64_t shard, injectors;
};

struct scenario_load {
	uint64_t slots; /* of the step that has most */
	uint64_t cycles;
	double rate; /* arrivals per second, of the step that has most; 0: closed load */
	struct load_step *steps;
	unsigned steps_count;
	struct span ramp;
	struct span ramp_down;
	struct span hold;
	uint64_t reconnects; /* how often a session is left and taken up again, each time held */
	struct span think;
	enum load_arrivals arrivals;
	uint64_t seed;         /* 0: chosen by the driver */
	uint64_t workers;      /* 0: chosen by the driver */
	enum load_until until; /* cycles: at the most, if it ends once the verdict is decided */
	enum load_workload workload;
	char *command;       /* that a cycle runs, with WORKLOAD_COMMAND */
	struct span timeout; /* after which it is ended */
	struct share share;  /* of which all above is the part, but for rates and times; no key */
};

/* Whose logon sessions are judged, with WORKLOAD_COMMAND. */
struct scenario_watch {
	char **accounts; /* "user" or "DOMAIN\\user" */
	unsigned accounts_count;
};

struct scenario_connect {
	struct span timeout; /* from the first packet to the end of the connection sequence */
};

struct scenario_logon {
	enum logon_signal signal;
	struct span timeout;
	struct span delay; /* after the signal, before the session counts as logged on */
	char *keys;        /* typed as long as the signal has not come; NULL: none */
};

struct scenario_logoff {
	enum logoff_method method;
	char *shell;
	char *keys;
	char *command;
	struct span timeout;
};

struct scenario_limits {
	uint64_t failures; /* failed cycles in a row that end the run */
	struct span duration;
	struct span logon_time; /* median of the latest logons that ends the run; 0: none does */
	double error_rate;      /* share of the latest cycles that ends it so; 0: none does */
};

struct stage_program {
	char *name;
	char *command;
	bool no_ready; /* it prints no "ready" line: go on at once */
	struct span timeout;
};

struct observer {
	char *name;
	char *command;
	char *session; /* a program that stays for the whole run, instead of command; NULL: none */
	char *host;    /* computer name of the host that it looks at; NULL: what it says itself */
	struct span timeout;
};

struct scenario_settle {
	struct span at_least; /* settling takes at least this long, whatever the samples show */
	struct span
	    release; /* within which holders release; 0: what the host states, else RELEASE_TIME */
	struct span quiet; /* nothing changed for so long */
	struct span poll;
	struct span timeout;
};

/* The longest that a share of the cycles may take, by phase: "5s". */
struct scenario_percentile {
	char *tcp;
	char *tls;
	char *nla;
	char *activated;
	char *logon;
	char *hold;
	char *logoff;
	char *to_logon;
};

/* Checked by the analyzer's judging_valid() and passed on to it as text. */
struct scenario_expect {
	char *verdict;
	char *culprit;
	char *rate;
	char *failed;
	char *bounded;
	char *session_ids;
	char *pinned;
	char *orphans_after;
	char *unattributed;
	char *sessions_left;
	struct scenario_percentile p50;
	struct scenario_percentile p90;
	struct scenario_percentile p95;
	struct scenario_percentile p99;
};

struct scenario_judge {
	char *smallest_rate;
	char *max_failed;
	char *growth;
};

/* A control run before the run: it shows whether the lab sees leaks, and only leaks. */
struct scenario_control {
	char **without; /* names of stage programs that are left out */
	unsigned without_count;
	struct stage_program *with; /* started after the others */
	unsigned with_count;
	uint64_t cycles; /* 0: as many as the run */
	char *rate;      /* positive only: the share of logons that its leaker leaks */
};

struct scenario_controls {
	struct scenario_control *negative, *positive; /* NULL: none */
};

#define VERIFY_IDS 8

/* A logon before the load that shows whether host and observers are ready. */
enum scenario_preflight {
	PREFLIGHT_AUTO, /* unless there is a stage, or one of the same was good lately */
	PREFLIGHT_ALWAYS,
	PREFLIGHT_NEVER
};

/* What becomes of sessions that a run would leave on the host. */
enum scenario_cleanup { CLEANUP_LEAVE, CLEANUP_LOGOFF };

struct scenario {
	char *name;
	char *description;
	struct scenario_host host;
	struct scenario_accounts accounts;
	struct scenario_load load;
	struct scenario_watch watch;
	struct scenario_connect connect;
	struct scenario_logon logon;
	struct scenario_logoff logoff;
	struct scenario_limits limits;
	struct stage_program *stage;
	unsigned stage_count;
	struct observer *observers;
	unsigned observers_count;
	uint64_t observe_every; /* snapshots during the load, every so many cycles; 0: none */
	uint64_t *
	    verify_ids; /* accounts that log on at once after settling, at most; NULL: VERIFY_IDS */
	struct scenario_settle settle;
	enum scenario_cleanup cleanup;
	struct scenario_controls controls;
	struct scenario_judge judge;
	struct scenario_expect expect;
	char *folder;                      /* that its paths lead from; NULL: the current one */
	enum scenario_preflight preflight; /* how it is to begin; no key */
	const char *control; /* which control run it is, "negative" or "positive"; NULL: none */
};

/* Reads the file, applies overrides ("load.cycles=10"), fills in defaults, checks. The caller destroys it.
 * text, if not NULL, gets the scenario as it is played (overrides applied), the caller's to free(). */
struct scenario *scenario_load(const char *path, char *const *overrides, size_t override_count,
    char **text, struct error *error);
/* The same of a text. name is for messages. */
struct scenario *scenario_parse(const char *text, const char *name, char *const *overrides,
    size_t override_count, char **out, struct error *error);
/* Its folder becomes that of the path, as scenario_load() has it; the current one if there is none in it. */
bool scenario_set_folder(struct scenario *scenario, const char *path, struct error *error);
/* The folder's absolute path. */
bool scenario_folder(const struct scenario *scenario, char out[PATH_MAX], struct error *error);
void scenario_destroy(struct scenario *scenario); /* NULL is allowed */

/* Its cycles are runs of a command, and not logons. */
bool scenario_runs_commands(const struct scenario *scenario);

/* Whether the scenario may be played with so many accounts. */
bool scenario_check_accounts(const struct scenario *scenario, size_t accounts, struct error *error);

/* Calls visit for every judge.* and expect.* setting that the scenario has. */
bool scenario_visit_judging(const struct scenario *scenario,
    bool (*visit)(void *data, const char *key, const char *value, struct error *error), void *data,
    struct error *error);

/* Whether a program of the stage, or of a control run's, may give the variable, or replace it. */
bool scenario_may_give(const struct scenario *scenario, const char *name);
/* Calls visit for each variable that is not set and that a stage program may give. */
void scenario_visit_awaited(const struct scenario *scenario,
    void (*visit)(void *data, const char *name, const char *program), void *data);

/* A copy of a scenario's text with every ${NAME} replaced from the environment, which holds what the stage's programs said
 * of themselves. The caller's to free(). A name that is not set is an error. */
char *expand(const char *text, struct error *error);
/* The same of a path. One that is relative then leads from the folder; NULL: the current one. */
char *expand_path(const char *text, const char *folder, struct error *error);

/* What ends the load of one injector, of failures in a row, at the least. */
#define SHARE_FAILURES 3
/* Whether the load can be shared by so many injectors. */
bool share_check(const struct scenario *scenario, uint64_t injectors, struct error *error);
bool share_check_accounts(uint64_t accounts, uint64_t injectors, struct error *error);
/* The scenario becomes that of one injector: its cycles, slots and steps are each n-th, its arrivals fall between those of the others, and its caps
 * are a part of theirs. */
void share_take(struct scenario *scenario, const struct share *share);
/* The number, among those of all injectors, of what has this index among its own. */
uint64_t share_number(const struct share *share, uint64_t index);
/* Whether what has this number is the injector's: an account. */
bool share_has(const struct share *share, uint64_t index);

/* Closed load: how long after the start of the load a slot makes its first cycle, where so many slots begin; microseconds. They begin no
 * faster than any load may. */
int64_t load_slot_start(const struct scenario_load *load, uint64_t slots, uint64_t slot);
/* How long it takes at the least until so many slots have begun: those of other injectors begin between. */
int64_t load_slot_pause(const struct scenario_load *load, uint64_t slots);

/* Whether its steps are over after a time, whatever they have played until then. */
bool load_is_timed(const struct scenario_load *load);
/* The step in which a cycle is played, counted from 0 as cycles are. Not for timed ones. */
unsigned load_step_of(const struct scenario_load *load, uint64_t cycle);
/* How many cycles are begun before the step is over. Not for timed ones. */
uint64_t load_step_end(const struct scenario_load *load, unsigned step);
/* For people: "8 slots for 2m". Returns text. */
const char *load_step_format(const struct load_step *step, char *text, size_t size);
/* All cycles that follow from steps, ramp and ramp_down; 0: they do not say. */
uint64_t load_cycles_of_steps(const struct scenario_load *load);

/* Open load: how long after the first of them `count` arrivals are due, of which number `from` (counted from 0) is the first; in out.
 * Number 0 of Poisson arrivals has its own time too. During the ramp the rate rises evenly from nothing, and falls so in the end. */
void load_arrivals(
    const struct scenario_load *load, uint64_t from, uint64_t count, uint64_t seed, int64_t *out);
/* When the last one is due, where they are even. */
int64_t load_last_arrival(const struct scenario_load *load);

/* The generator for a draw that belongs to a cycle: the same whenever and wherever the cycle is played. */
enum draw { DRAW_HOLD, DRAW_THINK, DRAW_ARRIVALS };
uint64_t draw_state(uint64_t seed, uint64_t cycle, enum draw what);
/* Exponentially distributed, of mean 1. */
double draw_exponential(uint64_t *state);
/* Reads "1.5s", a range or a distribution. */
bool span_parse(const char *text, struct span *span);
int64_t span_mean(const struct span *span);
/* A duration drawn from the span. */
int64_t span_draw(const struct span *span, uint64_t *state);

#define PINS_TEXT 2048
/* One or more of "sha256:" and 64 hex digits, with or without colons and in any case, made lower-case without colons, a blank between
 * them. Any of them is accepted: those of a farm. */
bool certificate_pins_parse(const char *text, char *out, size_t size, struct error *error);

#endif
