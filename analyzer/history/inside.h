/* Events in their order, and what the files of this folder make of them. */
#ifndef LEAKLAB_HISTORY_INSIDE_H
#define LEAKLAB_HISTORY_INSIDE_H

#include "evidence/event.h"
#include "history/history.h"

struct item {
	const struct log_event *event;
	const struct log_event *place; /* where it belongs: itself, or of a gap the event before */
	size_t index;                  /* in the snapshot */
	int64_t time;                  /* TIMESTAMP_UNKNOWN: not known */
	unsigned era;                  /* events of one era have no break between them */
};

/* The events of one log in the order in which they were logged. */
struct sequence {
	struct item *items;
	size_t count;
	struct history_log *log;
};

/* When a host was rebooted. */
struct boot {
	const struct history_log *of; /* whose clock */
	int64_t time;
	bool likely; /* no event of the log says so, its session IDs do */
};

struct boots {
	struct boot *items;
	size_t count;
};

/* All of a snapshot's events by their logs, and the logs. False: memory is out. */
struct sequences {
	struct item *items; /* of all */
	struct sequence *list;
	size_t count;
};
bool sequences_create(struct sequences *sequences, const struct snapshot *snapshot,
    struct history *history, int64_t release_time);
void sequences_deinit(struct sequences *sequences);

bool boots_add(struct boots *boots, struct boot boot);
bool log_add_break(struct history_log *log, struct history_break what);

/* Finds where nothing is concluded from one side to the other, by the log itself and by boots that others show. note: into the log's list. */
bool eras_find(const struct sequence *sequence, const struct boots *boots, bool note);

/* The lives of session IDs. Reboots that they make likely are added to the boots. */
bool ids_follow(const struct sequence *sequence, struct boots *boots);

/* Logons and logoffs of the Security log. */
bool logons_follow(const struct sequence *sequence);

#endif
