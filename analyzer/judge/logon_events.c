/* Knows which events tell of logons of watched accounts: the Security log's, of the load's time. */
#include "common/array.h"
#include "evidence/identity.h"
#include "judge/evidence.h"

#define LOGON_EVENT 4624

/* In the time of the load: what comes later is no command's. */
static bool is_of_load(
    const struct evidence *evidence, const struct log_event *event, int64_t offset)
{
	return event->number == LOGON_EVENT && event->logged != TIMESTAMP_UNKNOWN &&
	       evidence->cycles.count > 0 &&
	       event->logged - offset >= evidence->cycles.items[0].started &&
	       event->logged - offset <= evidence->load_end;
}

bool logon_events_note(struct evidence *evidence, const struct snapshot *snapshot, int64_t offset)
{
	for (size_t i = 0; evidence->watched.count > 0 && i < snapshot->log_event_count; i++) {
		const struct log_event *event = &snapshot->log_events[i];
		if (!is_of_load(evidence, event, offset))
			continue;
		for (size_t j = 0; j < evidence->watched.count; j++) {
			const struct watched_account *account = &evidence->watched.items[j];
			if (!account_same(
			        account->user, account->domain, event->user, event->domain))
				continue;
			evidence->logged_on[j] = true;
			if (event->luid == LUID_UNKNOWN)
				continue;
			if (!array_reserve(
			        &evidence->made, evidence->made_count, sizeof *evidence->made))
				return false;
			evidence->made[evidence->made_count++] = event->luid;
		}
	}
	return true;
}
