#include "judge/conditions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "evidence/identity.h"
#include "leak/leak.h"

static bool copy(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

static int by_text(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

static bool copy_images(struct conditions *conditions, const struct snapshot *snapshot)
{
	if (!snapshot_whole(snapshot, SECTION_PROCESSES))
		return true;
	conditions->images = calloc(snapshot->process_count + 1, sizeof *conditions->images);
	for (size_t i = 0; conditions->images && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		if (!process->image || process->exited || process->session_id > 0)
			continue;
		if (!copy(&conditions->images[conditions->image_count], process->image))
			return false;
		conditions->image_count++;
	}
	if (conditions->image_count)
		qsort(conditions->images, conditions->image_count, sizeof *conditions->images,
		    by_text);
	return conditions->images;
}

bool conditions_read(
    struct conditions *conditions, struct runfile *runfile, const struct snapshot *snapshot)
{
	*conditions = (struct conditions){.slots = runfile_get(runfile, "load.slots"),
	    .rate = runfile_get(runfile, "load.rate"),
	    .logoff = runfile_get(runfile, "logoff.method")};
	return !snapshot ||
	       (copy(&conditions->host, snapshot->host) &&
	           copy(&conditions->build, snapshot->build) && copy_images(conditions, snapshot));
}

void conditions_deinit(struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->image_count; i++)
		free(conditions->images[i]);
	free(conditions->images);
	free(conditions->host);
	free(conditions->build);
	free(conditions->slots);
	free(conditions->rate);
	free(conditions->logoff);
	*conditions = (struct conditions){0};
}

char *conditions_difference(const struct conditions *now, const struct conditions *before,
    const char *now_name, const char *before_name)
{
	const struct {
		const char *what, *now, *before;
	} facts[] = {
	    {"the build of Windows is", now->build, before->build},
	    {"the number of slots (load.slots) is", now->slots, before->slots},
	    {"the rate of logons (load.rate) is", now->rate, before->rate},
	    {"the way of logging off (logoff.method) is", now->logoff, before->logoff},
	};
	char *words = NULL;
	if (!host_same(now->host, before->host))
		return asprintf(&words, "they are of two hosts, %s %s and %s %s", now->host,
		           now_name, before->host, before_name) < 0
		           ? NULL
		           : words;
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		if (!facts[i].now || !facts[i].before ||
		    strcasecmp(facts[i].now, facts[i].before) == 0)
			continue;
		return asprintf(&words, "%s %s %s and %s %s", facts[i].what, facts[i].now, now_name,
		           facts[i].before, before_name) < 0
		           ? NULL
		           : words;
	}
	return NULL;
}

enum yes_no conditions_runs(const struct conditions *conditions, const char *image)
{
	for (size_t i = 0; i < conditions->image_count; i++) {
		if (image_same(conditions->images[i], image))
			return YES;
	}
	return conditions->image_count ? NO : YES_NO_UNKNOWN;
}
