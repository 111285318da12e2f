/* All handles to tokens, and to processes and threads that have exited, and what they lead to. Each object is asked about once where the
 * host shows addresses; one whose holder cannot be opened is known by another holder's handle to the same object. */
#ifndef LEAKLAB_PROBE_LOOKUP_H
#define LEAKLAB_PROBE_LOOKUP_H

#include "probe/handles.h"
#include "probe/logons.h"
#include "probe/names.h"
#include "probe/targets.h"

/* What a handle leads to. */
struct fact {
	bool is_target; /* a process or thread, else a token */
	struct token token;
	struct target target;
	const char *user, *domain; /* the names' own; NULL: not known */
};

enum lookup_outcome {
	LOOKUP_SEEN,
	LOOKUP_REFUSED, /* the process, or the handle, may not be opened */
	LOOKUP_CLOSED,  /* it was there a moment ago */
};

struct lookup {
	const struct nt_handle *handle;
	enum lookup_outcome outcome;
	const struct fact *fact; /* NULL unless seen */
	DWORD error;             /* of a refusal */
	bool by_address;         /* seen by another holder's handle */
	bool exited;             /* refused, but to no process that runs */
};

struct lookups {
	struct lookup *items; /* in the table's order: those of a process are together */
	size_t count;
	size_t queries; /* objects that were asked about */

	/* private */
	struct fact **facts;
	size_t fact_count, fact_room;
	struct known *known; /* a hash table by the object's address */
	size_t known_count, known_room;
};

/* The table is borrowed, and the names. False: memory is out. */
bool lookups_take(struct lookups *out, const struct handle_table *table, struct names *names);
void lookups_free(struct lookups *lookups);

#endif
