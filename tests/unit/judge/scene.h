/* Hosts that behave as Windows does, with processes that hold what logons leave, and are restarted. */
#ifndef LEAKLAB_TESTS_SCENE_H
#define LEAKLAB_TESTS_SCENE_H

#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define MOST 20000
#define ACTORS 3

/* A process outside of sessions that holds what each cycle left for so long; it is restarted at some seconds. */
struct actor {
	const char *image;
	int64_t pid;
	int64_t (*held)(int64_t cycle); /* seconds after the logoff; 0: nothing */
	int64_t every, until;           /* restarted so often; the last time before that */
	bool own;                       /* by winlogon's token, which keeps the ID only */
	bool nameless;                  /* handles are listed without an image */
};

struct scene {
	struct actor actors[ACTORS];
	size_t actor_count;
	int64_t cycles, period, length, step, settled;
	int64_t
	    lag; /* logon sessions stay so long after their last holder's end, by lsass's handle */
	int64_t users;
	bool reuse; /* as before MS16-111 */
	bool two_samples;
	bool process_starts_unknown;
	bool live; /* the first actor has a token of each session that is there, too, with its ID */
	int64_t ballast; /* handles of others in each sample */
	bool partial;    /* all samples but one do not show all handles */
	int64_t gap;     /* seconds between two parts of a resumed run, in which nobody looked */
	bool churn;      /* a process of the host's own ends between any two samples */
	bool distinct;   /* each cycle has an ID of its own */
	bool
	    live_process; /* each token handle comes behind one to a process of that logon that runs on */
	int64_t gone_for_good; /* the first actor has no process from then on */
	bool linked;           /* each logon has an elevated one, too, which held_linked holds */
	int64_t (*held_linked)(int64_t cycle);
	int64_t blind_every,
	    blind_for; /* samples in which handles are partial, and the actor's are not shown */
	int64_t damaged_from, damaged_to; /* seconds: sessions are partial, and without rows */
	int64_t reset_from, reset_to;
	int64_t blind_from, blind_to; /* as blind_every, once */
	bool no_lists;                /* processes are not listed */
	bool follower;                /* lsass has a token of each logon that is kept */
	bool own_live;         /* an actor of IDs has a token of the session that is there, too */
	int64_t in_session;    /* the first actor runs in that session, of an administrator */
	int64_t services_from; /* the first actor's services are listed from then on */
};

extern const struct scene scene_usual;

/* What actors hold: every logon, and every other one. */
int64_t for_ever(int64_t cycle);
int64_t every_other_for_ever(int64_t cycle);

/* Plays it into the fixture, which it makes. */
struct verdict *scene_judge(struct fixture *fixture, const struct scene *scene);

#endif
