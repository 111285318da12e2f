#include "judge/setup.h"

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

static bool copy_images(struct setup *setup, const struct snapshot *snapshot)
{
	if (!snapshot_whole(snapshot, SECTION_PROCESSES))
		return true;
	setup->images = calloc(snapshot->process_count + 1, sizeof *setup->images);
	for (size_t i = 0; setup->images && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		if (!process->image || process->exited || process->session_id > 0)
			continue;
		if (!copy(&setup->images[setup->image_count], process->image))
			return false;
		setup->image_count++;
	}
	if (setup->image_count)
		qsort(setup->images, setup->image_count, sizeof *setup->images, by_text);
	return setup->images;
}

bool setup_read(struct setup *setup, struct runfile *runfile, const struct snapshot *snapshot)
{
	*setup = (struct setup){.slots = runfile_get(runfile, "load.slots"),
	    .rate = runfile_get(runfile, "load.rate"),
	    .logoff = runfile_get(runfile, "logoff.method")};
	return !snapshot ||
	       (copy(&setup->host, snapshot->host) && copy(&setup->build, snapshot->build) &&
	           copy_images(setup, snapshot));
}

void setup_deinit(struct setup *setup)
{
	for (size_t i = 0; i < setup->image_count; i++)
		free(setup->images[i]);
	free(setup->images);
	free(setup->host);
	free(setup->build);
	free(setup->slots);
	free(setup->rate);
	free(setup->logoff);
	*setup = (struct setup){0};
}

char *setup_difference(const struct setup *now, const struct setup *before, const char *now_name,
    const char *before_name)
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

enum yes_no setup_runs(const struct setup *setup, const char *image)
{
	for (size_t i = 0; i < setup->image_count; i++) {
		if (image_same(setup->images[i], image))
			return YES;
	}
	return setup->image_count ? NO : YES_NO_UNKNOWN;
}
