/* The processes of a text. Inside this folder. */
#ifndef LEAKLAB_PROCESS_LIST_H
#define LEAKLAB_PROCESS_LIST_H

#include "readers/format.h"
#include "readers/ruled_table.h"

struct process_list {
	struct ruled ruled; /* the columns of tasklist's table, or PowerShell's */
	uint32_t *slots;    /* 1 + place; 0: free */
	size_t slot_count;
	bool listed;    /* a list of processes is in the text */
	bool of_logons; /* a list of the processes of logon sessions */
	struct flaw flaw;
};

#endif
