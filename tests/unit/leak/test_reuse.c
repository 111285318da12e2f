/* Session IDs that are given again while tokens still refer to them: that host lacks the rule of MS16-111. */
#include "tests/unit/unit.h"

#include <string.h>

#include "leak/leak.h"

#define SECOND INT64_C(1000000)

/* At `time`: session 2 listed or not, and agent.exe's handle to a SYSTEM token of it. */
struct moment {
	int64_t time;
	bool listed;
	int64_t value, token_id;
	bool
	    process; /* and before it its handle to winlogon.exe of that session, which has exited */
};

static bool is_reused(
    const struct moment *moments, size_t count, const struct given_id *given, size_t given_count)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	struct leak *leak = leak_create(&terms);
	for (size_t i = 0; i < count; i++) {
		struct snapshot *snapshot = snapshot_create();
		assert_true(snapshot_see_all(snapshot));
		snapshot_add_session(snapshot)->id = 0;
		if (moments[i].listed) {
			struct session *session = snapshot_add_session(snapshot);
			session->id = 2;
			session->user = snapshot_string(snapshot, "anna", 4);
		}
		if (moments[i].process) {
			struct handle *kept = snapshot_add_handle(snapshot);
			kept->pid = 900;
			kept->image = snapshot_string(snapshot, "agent.exe", 9);
			kept->type = snapshot_string(snapshot, "Process", 7);
			kept->value = 400;
			kept->target_pid = 1234;
			kept->target_exited = YES;
			kept->luid = 0x3e7;
			kept->session_id = 2;
		}
		struct handle *handle = snapshot_add_handle(snapshot);
		handle->pid = 900;
		handle->image = snapshot_string(snapshot, "agent.exe", 9);
		handle->type = snapshot_string(snapshot, "Token", 5);
		handle->value = moments[i].value;
		handle->token_id = moments[i].token_id;
		handle->luid = 0x3e7;
		handle->session_id = 2;
		assert_true(leak_take(leak, NULL, snapshot, moments[i].time, moments[i].time, 0));
		snapshot_destroy(snapshot);
	}
	leak_pin(leak, given, given_count);
	const bool reused = leak_tokens_keep_ids(leak) == NO;
	leak_destroy(leak);
	return reused;
}

#define CYCLE(start, end)                                                                          \
	{                                                                                          \
		.id = 2, .started = (start)*SECOND, .ended = (end)*SECOND                          \
	}

static void token_that_outlives_its_session_and_sees_the_id_given_again_proves_it(void **state)
{
	(void)state;
	const struct given_id given[] = {CYCLE(1, 9), CYCLE(20, 29)};
	/* Seen while the session lived, or when it had gone. */
	const struct moment alive[] = {{5 * SECOND, true, 4, 77}, {40 * SECOND, false, 4, 77}};
	const struct moment gone[] = {{15 * SECOND, false, 4, 77}, {40 * SECOND, false, 4, 77}};
	assert_true(is_reused(alive, 2, given, 2));
	assert_true(is_reused(gone, 2, given, 2));
}

static void token_beside_a_handle_to_an_exited_process_of_that_session_proves_it(void **state)
{
	(void)state;
	const struct given_id given[] = {CYCLE(1, 9), CYCLE(20, 29)};
	const struct moment gone[] = {
	    {15 * SECOND, false, 4, 77, true}, {40 * SECOND, false, 4, 77, true}};
	assert_true(is_reused(gone, 2, given, 2));
}

static void other_token_with_the_same_handle_value_proves_nothing(void **state)
{
	(void)state;
	const struct given_id given[] = {CYCLE(1, 9), CYCLE(20, 29)};
	const struct moment moments[] = {{5 * SECOND, true, 4, 77}, {40 * SECOND, false, 4, 78}};
	assert_false(is_reused(moments, 2, given, 2));
	const struct moment values[] = {{5 * SECOND, true, 4, 77}, {40 * SECOND, false, 8, 79}};
	assert_false(is_reused(values, 2, given, 2));
}

static void reconnect_to_the_same_session_proves_nothing(void **state)
{
	(void)state;
	const struct given_id given[] = {{.id = 2, .started = SECOND, .ended = TIMESTAMP_UNKNOWN},
	    {.id = 2, .started = 20 * SECOND, .ended = TIMESTAMP_UNKNOWN}};
	const struct moment moments[] = {{5 * SECOND, true, 4, 77}, {40 * SECOND, true, 4, 77}};
	assert_false(is_reused(moments, 2, given, 2));
}

static void id_that_was_not_given_again_proves_nothing(void **state)
{
	(void)state;
	const struct given_id given[] = {
	    CYCLE(1, 9), {.id = 3, .started = 20 * SECOND, .ended = 29 * SECOND}};
	const struct moment moments[] = {{5 * SECOND, true, 4, 77}, {40 * SECOND, false, 4, 77}};
	assert_false(is_reused(moments, 2, given, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(token_beside_a_handle_to_an_exited_process_of_that_session_proves_it),
	    unit_test(token_that_outlives_its_session_and_sees_the_id_given_again_proves_it),
	    unit_test(other_token_with_the_same_handle_value_proves_nothing),
	    unit_test(reconnect_to_the_same_session_proves_nothing),
	    unit_test(id_that_was_not_given_again_proves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
