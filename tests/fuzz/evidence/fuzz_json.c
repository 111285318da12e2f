/* Snapshot JSON: what is read must be the same record by record after it was written and read again, and both must be the same to
 * the leak rule. */
#include <stdlib.h>
#include <string.h>

#include "leak/leak.h"
#include "tests/fuzz/input.h"

#define LATER (25 * 60 * INT64_C(1000000))

static bool is_watched(const void *data, const struct logon_session *logon, int64_t logon_time)
{
	(void)data;
	(void)logon_time;
	return logon->user && logon->user[0] % 2;
}

/* What the rule makes of two samples that are alike; watched: as in a run. */
static struct leak *weigh(struct snapshot *sample, bool watched)
{
	const struct leak_terms terms = {.release_time = NUMBER_UNKNOWN,
	    .after_logoff = NUMBER_UNKNOWN,
	    .is_watched = watched ? is_watched : NULL};
	const struct given_id given[] = {{2, 1, 5}, {3, 2, TIMESTAMP_UNKNOWN}, {2, LATER, LATER}};
	struct leak *leak = leak_create(&terms);
	if (!leak || !leak_check_lists(NULL, sample) || !leak_check_lists(sample, sample) ||
	    !leak_add(leak, sample, 0, sample->time == TIMESTAMP_UNKNOWN ? 0 : sample->time) ||
	    !leak_add(leak, sample, LATER, 0))
		abort();
	leak_pin(leak, given, sizeof given / sizeof given[0]);
	return leak;
}

static void find_culprits(const struct leak *leak, const struct snapshot *sample)
{
	size_t logon_count, id_count, orphans = 0;
	struct holders holders;
	struct culprits culprits;
	const struct left_logon *logons = leak_logons(leak, &logon_count);
	const struct left_id *ids = leak_ids(leak, &id_count);
	struct held_logon *held = malloc((logon_count + 1) * sizeof *held);
	int64_t *numbers = malloc((id_count + 1) * sizeof *numbers);
	for (size_t i = 0; held && i < logon_count; i++) {
		if (left_is_orphan(&logons[i]))
			held[orphans++] = held_logon_of(leak, &logons[i]);
	}
	for (size_t i = 0; numbers && i < id_count; i++)
		numbers[i] = ids[i].id;
	if (!held || !numbers || !holders_find(&holders, sample, leak) ||
	    !culprits_find(&culprits, sample, held, orphans, numbers, id_count))
		abort();
	for (size_t i = 0; i < orphans; i++)
		handles_shown_of(sample, &holders, held[i].luid);
	if (culprits_tied(&culprits) > culprits.count ||
	    culprits.unheld + culprits.followers_only > (int64_t)orphans)
		abort();
	culprits_deinit(&culprits);
	holders_deinit(&holders);
	free(held);
	free(numbers);
}

static void check_same(const struct leak *a, const struct leak *b)
{
	size_t count, other;
	const struct left_logon *left = leak_logons(a, &count), *right = leak_logons(b, &other);
	if (count != other || leak_release_time(a) != leak_release_time(b))
		abort();
	for (size_t i = 0; i < count; i++) {
		if (left[i].luid != right[i].luid || left[i].fate != right[i].fate ||
		    left[i].ended != right[i].ended || left[i].proof != right[i].proof ||
		    left[i].watched != right[i].watched || left[i].older != right[i].older)
			abort();
		leak_is_old(a, left[i].ended, left[i].shown, leak_quiet_time(a));
	}
	const struct left_id *ids = leak_ids(a, &count), *others = leak_ids(b, &other);
	if (count != other || leak_tokens_keep_ids(a) != leak_tokens_keep_ids(b))
		abort();
	for (size_t i = 0; i < count; i++) {
		if (ids[i].id != others[i].id || ids[i].pinned != others[i].pinned ||
		    ids[i].gone != others[i].gone)
			abort();
	}
}

static void compare(struct snapshot *snapshot, struct snapshot *again)
{
	if (leak_boot(snapshot, again) == BOOT_OTHER)
		abort();
	for (int watched = 0; watched < 2; watched++) {
		struct leak *a = weigh(snapshot, watched), *b = weigh(again, watched);
		check_same(a, b);
		find_culprits(a, snapshot);
		leak_destroy(a);
		leak_destroy(b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct error error;
	struct snapshot *snapshot = snapshot_from_json((const char *)bytes, length, &error);
	if (!snapshot)
		return 0;
	char *json = snapshot_to_json(snapshot, &error);
	struct snapshot *again = json ? snapshot_from_json(json, strlen(json), &error) : NULL;
	if (!again || !record_same(&snapshot_record, snapshot, again))
		abort();
	compare(snapshot, again);
	if (!snapshot_merge(snapshot, again, true, &error))
		abort();
	snapshot_destroy(again);
	snapshot_destroy(snapshot);
	free(json);
	return 0;
}
