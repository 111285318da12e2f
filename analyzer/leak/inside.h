/* What the files of this folder share. */
#ifndef LEAKLAB_LEAK_INSIDE_H
#define LEAKLAB_LEAK_INSIDE_H

#include <string.h>

#include "evidence/identity.h"
#include "leak/leak.h"

/* Clocks of host and driver are never quite in step. */
#define OLDER_TOLERANCE INT64_C(2000000)

/* A token of a session ID, and since when its handle has been seen. */
struct stamp {
	int64_t pid, session_id, value, token_id;
	uint64_t luid;
	int64_t since; /* that sample was complete */
	bool unlisted; /* the ID was in no session list then */
	size_t sample; /* the last that showed it, as all between */
};

/* One of each process and session ID: a hash table, as handles are a million. */
struct stamps {
	struct stamp *slots; /* sample 0: free */
	size_t count, room;  /* a power of two */
	size_t sample;       /* the last with handles, and when it was taken */
	int64_t time;
};

/* What refers to a session ID: a token, an exited process, a process or a logon session. */
struct reference {
	int64_t id;
	uint64_t what; /* the same in each sample */
};

struct references {
	struct reference *items;
	size_t count;
	bool sorted;
};

enum hold_state {
	HOLD_GOES_ON,
	HOLD_RELEASED, /* its process ran on */
	HOLD_ENDED,    /* with its process */
	HOLD_OPEN,     /* one of both: no whole process list has told yet */
};

/* What a process that does not end with the session holds of it, by tokens, processes or its own token. */
struct hold {
	uint64_t luid;      /* LUID_UNKNOWN */
	int64_t session_id; /* that it refers to; NUMBER_UNKNOWN: none */
	int64_t pid, start_time;
	const char *image;    /* the leak's; NULL: not known */
	const char *services; /* that the process hosts, the same */
	bool of_left;         /* some sample showed it on what is not alive, since that was last */
	int64_t first, last;  /* samples that show it without a session; TIMESTAMP_UNKNOWN */
	int64_t born;         /* the first sample that shows it, by the samples' clock */
	int64_t seen;         /* the last sample that shows it, by the host's clock, */
	int64_t shown;        /* by the samples', */
	size_t sample;        /* and its number */
	enum hold_state state;
	unsigned char extents[3]; /* of that sample's sections, see holds.c */
	bool kept_logon, kept_id; /* it was among the last that held the logon session, the ID */
	bool is_left,
	    is_alive; /* in this sample: what it holds is left of a session that has ended; its session is there */
};

struct hold_list {
	struct hold *items;
	size_t count;
	/* A hash table of those that were made: 1 + the place, and above it a part of the hash; NULL: there is none. */
	uint64_t *slots;
	size_t slot_count; /* a power of two */
};

/* A process, by the samples' clock: from the first sample that shows it to the last, and the first that shows that it
 * has ended; TIMESTAMP_UNKNOWN: none does. */
struct life {
	int64_t pid, start_time;
	const char *image, *services; /* the leak's */
	int64_t first, last, over;
	int64_t seen; /* the last, by the host's clock */
};

struct life_list {
	struct life *items;
	size_t count;
};

struct holds {
	struct life_list lives, past_lives; /* that go on, by process ID; and that are over */
	struct hold_list held;
	struct hold_list over;  /* those of what was left over */
	size_t sample;          /* the last that shows holders as well as any; 0: none */
	size_t lower;           /* samples in a row since that show less */
	enum extent extents[3]; /* of it */
	struct process *ran;    /* in the last sample; NULL: not known */
	size_t ran_count;
};

/* Places in the handles of a sample. */
struct places {
	uint32_t *items;
	size_t count;
};

/* Handles that are looked at, where that has been found out; else all. */
struct rows {
	struct places telling;   /* a logon session or an ID: one of each, of each process */
	struct places processes; /* the first of each process, or of each part of its rows */
	bool known;              /* those that tell are */
	bool stamped;            /* some tell the ID of a session */
};

/* A process as a sample showed it. */
struct known_process {
	int64_t pid;
	const char *image;
	int64_t session_id;
	uint64_t luid;
	int64_t start_time;
	int64_t seen; /* by the host's clock, the last time */
	bool unsure; /* another process had its ID before, and no start time tells which is meant */
};

struct leak {
	struct leak_terms terms;
	struct intern *pool;
	bool failed;    /* memory was out */
	size_t samples; /* added so far */
	int64_t time;   /* of the last */
	int64_t stated; /* release time by the last sample that states one */

	int64_t first_time;        /* of the first sample */
	uint64_t first_luid;       /* highest LUID listed there */
	bool first_whole;          /* it lists all logon sessions */
	int64_t references_time;   /* of the last of those */
	bool references_seen;      /* some sample had logon sessions and handles whole */
	struct left_logon *logons; /* by LUID */
	size_t logon_count;
	struct left_id *ids; /* by ID */
	size_t id_count;
	struct known_process *processes; /* the last that was seen of each process ID, sorted */
	size_t process_count;
	struct rows rows; /* of the sample that is added */
	struct stamps stamps;
	struct holds holds;
	bool many;                   /* samples come by leak_take() */
	struct references then, now; /* of the last sample with handles, and of this one */
	int64_t until;               /* the last sample was complete by then */
	struct look {
		int64_t began, until;
	} * looks; /* samples that showed all sessions and what refers to IDs; rising */
	size_t look_count;
	enum yes_no tokens_keep_ids; /* as far as is known */
	bool any_stamped;            /* the last sample may have handles that tell session IDs */
	bool switched_off;           /* the host says that tokens keep none */
	size_t ids_came_back, ids_stayed;

	int64_t last_gone;
	size_t late_releases;
	double late_excess; /* summed, microseconds beyond the release time */
};

/* Completes the handles of the sample, and finds its rows, which are a tenth of them and less. False: memory is out. */
bool rows_find(struct leak *leak, struct snapshot *sample);
void rows_free(struct rows *rows);
static inline size_t rows_count(const struct leak *leak, const struct snapshot *sample)
{
	return leak->rows.known ? leak->rows.telling.count : sample->handle_count;
}
static inline const struct handle *rows_at(
    const struct leak *leak, const struct snapshot *sample, size_t at)
{
	return &sample->handles[leak->rows.known ? leak->rows.telling.items[at] : at];
}
/* What four numbers, or addresses, are found by. */
static inline uint64_t mixed_hash(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t hash = a * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32 ^ b) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 32 ^ c) * UINT64_C(0x94d049bb133111eb);
	hash = (hash ^ hash >> 32 ^ d) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* The logon sessions, and the session IDs, of one more sample. False: memory is out. */
bool left_add(struct leak *leak, const struct snapshot *sample, int64_t time, int64_t offset);
bool ids_add(struct leak *leak, const struct snapshot *sample, int64_t time);

/* Whether the logon session is listed. */
bool sample_lists(const struct snapshot *snapshot, uint64_t luid);
/* NULL: it is not listed. */
const struct session *sample_session(const struct snapshot *snapshot, int64_t id);

/* Of an RDS session, as far as one can be. */
static inline bool session_id_is_valid(int64_t id)
{
	return id > 0 && id <= SESSION_ID_MOST;
}

/* NULL: nothing is known of the ID. */
struct left_id *ids_find(const struct leak *leak, int64_t id);

/* Notes which processes there are; and tells of those that have exited what earlier samples told. False: memory is out. */
bool exited_note(struct leak *leak, const struct snapshot *sample);
bool exited_complete(const struct leak *leak, struct snapshot *sample, struct handle *handle);

/* Who holds what in one more sample, after its logon sessions and IDs were added. False: memory is out. */
bool holds_add(struct leak *leak, const struct snapshot *sample);
void holds_free(struct leak *leak);

/* Of no logon session that people make: what is of such refers to a session ID by itself. */
static inline bool luid_is_own(uint64_t luid)
{
	return luid == LUID_UNKNOWN || luid_is_lasting(luid);
}

/* The tokens of one more sample, which was complete by then. False: memory is out. */
bool stamps_add(struct leak *leak, const struct snapshot *sample, int64_t until);
/* How many IDs were given again while a token referred to them. The IDs are sorted by their start. */
size_t stamps_came_back(const struct leak *leak, const struct given_id *given, size_t count);

/* One more sample that lacks a session, and what that proves. */
void left_note_absence(int64_t time, bool counted, int64_t *first, int64_t *second, size_t *count,
    bool *first_counted, int64_t *ended, enum age_proof *proof);

#endif
