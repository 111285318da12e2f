/* Asks the judge, who knows the images: whether it takes one for a follower beside another holder of one orphan. */
#include "compare/followers.h"

#include <stdlib.h>

#include "judge/culprits.h"

bool image_follows(const char *image, bool *good)
{
	struct logon_session logon = {.luid = 1};
	struct handle handles[] = {
	    {.pid = 1, .image = image, .luid = 1, .has_luid = true},
	    {.pid = 2, .image = "another", .luid = 1, .has_luid = true},
	};
	struct snapshot snapshot = {.handles = handles, .handle_count = 2};
	struct survivor survivor = {.logon = &logon, .counts = true};
	struct orphans orphans = {.items = &survivor, .count = 1};
	struct verdict *verdict = calloc(1, sizeof *verdict);
	bool follows = false;
	if (!verdict || !culprits_find(verdict, &snapshot, &orphans))
		*good = false;
	for (size_t i = 0; verdict && i < verdict->culprit_count; i++)
		follows =
		    follows || (verdict->culprits[i].pid == 1 && verdict->culprits[i].follower);
	verdict_destroy(verdict);
	return follows;
}
