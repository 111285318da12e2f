/* Moments are in order if no time that is known says otherwise. One that does not show when it was taken is assumed to be where it was
 * given; the others' times are used all the same. */
#include "compare/inside.h"

#include <stdio.h>

#define NAMES_MOST 4
#define NAME_TEXT 24

static const char *name_of(size_t moment, size_t count, char out[NAME_TEXT])
{
	if (moment == 0)
		return "BEFORE";
	if (moment == count - 1)
		return "AFTER";
	snprintf(out, NAME_TEXT, "moment %zu", moment + 1);
	return out;
}

static void check_order(struct notes *notes, struct snapshot *const *snapshots, size_t count)
{
	char name[NAME_TEXT], other[NAME_TEXT];
	size_t newest = 0;
	for (size_t i = 1; i < count; i++) {
		const int64_t time = snapshots[i]->time;
		if (time == TIMESTAMP_UNKNOWN)
			continue;
		if (time < snapshots[newest]->time) {
			note_reason(notes, "%s is newer than %s: give them in the other order",
			    name_of(newest, count, name), name_of(i, count, other));
			notes->comparison->comparable = false;
			return;
		}
		newest = i;
	}
}

/* "BEFORE and moment 3" */
static void name_unknown(
    struct notes *notes, struct snapshot *const *snapshots, size_t count, size_t unknown)
{
	char names[NAMES_MOST * (NAME_TEXT + 8)] = "", name[NAME_TEXT];
	size_t used = 0, named = 0;
	for (size_t i = 0; i < count && named < NAMES_MOST; i++) {
		if (snapshots[i]->time != TIMESTAMP_UNKNOWN)
			continue;
		named++;
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
		    named == 1         ? ""
		    : named == unknown ? " and "
		                       : ", ",
		    name_of(i, count, name));
	}
	if (unknown > named)
		snprintf(names + used, sizeof names - used, " and %zu more", unknown - named);
	note_limit(notes,
	    "%s %s not show when %s taken: the order in which the moments are given is assumed to be right",
	    names, unknown == 1 ? "does" : "do", unknown == 1 ? "it was" : "they were");
}

void times_check(struct notes *notes, struct snapshot *const *snapshots, size_t count)
{
	size_t unknown = 0;
	for (size_t i = 0; i < count; i++)
		unknown += snapshots[i]->time == TIMESTAMP_UNKNOWN;
	check_order(notes, snapshots, count);
	if (unknown == count)
		note_limit(notes,
		    "none of the moments shows when it was taken: the order in which they are given is assumed to be right");
	else if (unknown)
		name_unknown(notes, snapshots, count, unknown);
}
