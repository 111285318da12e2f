/* The logs of a host together: what one of them shows of reboots breaks the others, too. */
#include "history/history.h"

#include <stdlib.h>

#include "history/inside.h"

static bool find_boots(const struct sequences *sequences, struct boots *boots)
{
	for (size_t i = 0; i < sequences->count; i++) {
		const struct sequence *sequence = &sequences->list[i];
		for (size_t j = 0; j < sequence->count; j++) {
			const struct item *item = &sequence->items[j];
			if (event_kind_of(item->event) == EVENT_BOOT &&
			    item->time != TIMESTAMP_UNKNOWN &&
			    !boots_add(boots, (struct boot){sequence->log, item->time, false}))
				return false;
		}
	}
	return true;
}

static bool follow(struct sequences *sequences, const struct snapshot *snapshot,
    struct history *history, int64_t release_time)
{
	struct boots boots = {0};
	bool good = sequences_create(sequences, snapshot, history, release_time) &&
	            find_boots(sequences, &boots);
	for (size_t i = 0; good && i < sequences->count; i++)
		good = eras_find(&sequences->list[i], &boots, true);
	for (size_t i = 0; good && i < sequences->count; i++)
		good = ids_follow(&sequences->list[i], &boots);
	/* By now it is known where session IDs make a reboot likely. */
	for (size_t i = 0; good && i < sequences->count; i++)
		good = eras_find(&sequences->list[i], &boots, false) &&
		       logons_follow(&sequences->list[i]);
	free(boots.items);
	return good;
}

struct history *history_create(
    const struct snapshot *snapshot, int64_t release_time, struct error *error)
{
	struct history *history = calloc(1, sizeof *history);
	struct sequences sequences = {0};
	const bool good = history && follow(&sequences, snapshot, history, release_time);
	sequences_deinit(&sequences);
	if (good)
		return history;
	history_destroy(history);
	error_memory(error);
	return NULL;
}

void history_destroy(struct history *history)
{
	for (size_t i = 0; history && i < history->log_count; i++) {
		struct history_log *log = &history->logs[i];
		free(log->ids);
		free(log->skips);
		free(log->breaks);
		free(log->logons);
		free(log->open);
	}
	if (history)
		free(history->logs);
	free(history);
}
