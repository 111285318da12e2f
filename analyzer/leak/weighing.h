/* Holds that are over, and who held them: what is weighed to tell leaks from late holders. Inside this folder. */
#ifndef LEAKLAB_LEAK_WEIGHING_H
#define LEAKLAB_LEAK_WEIGHING_H

#include "leak/inside.h"

/* At which it is decided that a process leaked, or that it did not. */
#define ENDED_LEVEL 0.01

/* A logon makes logon sessions of several kinds, which are held and released together: each kind is looked at by itself. */
enum kind { KIND_PERSON, KIND_DESKTOP, KIND_ID, KIND_COUNT };

/* A hold that is over, of something watched. */
struct past {
	const struct hold *hold;
	size_t group;
	enum kind kind;
	int64_t session_id;
	struct logon_session logon; /* of a person */
	/* Of the logon: the holds of one are one. */
	bool joined;           /* with the past that leads it */
	enum hold_state state; /* it was released if all of it was */
	bool of_left;
	bool dated;     /* the first sample that shows it without its session is known */
	int64_t lasted; /* after the session's end, as far as samples show it */
	int64_t age;    /* the same, where more tells of the end */
};

/* All processes of one image. */
struct group {
	const char *image, *services;
	int64_t pid; /* of programs that run many times for many things; else NUMBER_UNKNOWN */
	/* The chance that a healthy holder released none: if all that a process holds goes at once, and if each goes for itself. */
	double at_once[KIND_COUNT], each[KIND_COUNT];
	size_t processes[KIND_COUNT]; /* that ended with something */
	int64_t oldest,
	    oldest_released; /* of what ended with it, or may have, and of what it released */
	size_t count[KIND_COUNT], taken[KIND_COUNT]; /* that ended with it; or may have */
	size_t most;                                 /* holds of the process that is named */
};

/* A process, and whether it ever held something. */
struct holder_life {
	const struct life *life;
	bool held;
};

struct weighing {
	struct leak *leak;
	struct holder_life *lives; /* by process ID, then by time */
	size_t life_count;
	struct past *past;
	size_t count;
	struct group *groups;
	struct ended_holder *holders; /* by group */
	size_t group_count;
	int64_t *
	    released; /* how long those lasted that were released by themselves, with their group */
	size_t *released_by;
	size_t released_count;
	const struct logon_span *logons; /* of the run */
	size_t logon_count;
	double rate; /* the least at which a leak must be seen */
};

/* A process of the group's program, or its own process. */
bool group_has_life(const struct group *group, const struct life *life);
/* The group of the hold's process; it is there. */
size_t weighing_group_of(const struct weighing *weighing, const struct hold *hold);
bool weighing_watches(const struct leak *leak, const struct left_id *id);

/* Lists the pasts, sorted by group, kind, process and session. False: memory is out. */
bool weighing_list(struct weighing *weighing);
/* All but the holders, which are the caller's. */
void weighing_deinit(struct weighing *weighing);

#endif
