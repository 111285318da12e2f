/* What exited processes were, of which a handle viewer tells the ID only. */
#include "tests/unit/unit.h"

#include <string.h>

#include "leak/leak.h"

#define SECOND INT64_C(1000000)
#define ANNA 0x2001

static struct snapshot *sample(void)
{
	struct snapshot *snapshot = snapshot_create();
	assert_true(snapshot_see_all(snapshot));
	snapshot_add_session(snapshot)->id = 0;
	return snapshot;
}

static void add_process(struct snapshot *snapshot, int64_t pid, const char *image,
    int64_t session_id, uint64_t luid, int64_t started)
{
	struct process *process = snapshot_add_process(snapshot);
	process->pid = pid;
	process->image = snapshot_string(snapshot, image, strlen(image));
	process->session_id = session_id;
	process->luid = luid;
	process->start_time = started;
}

static void add_logon(struct snapshot *snapshot, uint64_t luid, int64_t session_id)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);
	logon->luid = luid;
	logon->user = snapshot_string(snapshot, "anna", 4);
	logon->session_id = session_id;
}

static void add_kept(struct snapshot *snapshot, int64_t pid, int64_t started)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	handle->pid = 4100;
	handle->image = snapshot_string(snapshot, "agent.exe", 9);
	handle->type = snapshot_string(snapshot, "Process", 7);
	handle->value = 0x1f4;
	handle->target_pid = pid;
	handle->target_exited = YES;
	handle->target_start_time = started;
}

static struct leak *new_leak(void)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	return leak_create(&terms);
}

/* What the handle in the last sample is told to have been, after the samples before. */
static const struct handle *complete(struct leak *leak, struct snapshot **samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(leak_take(leak, i ? samples[i - 1] : NULL, samples[i],
		    (int64_t)(i + 1) * SECOND, (int64_t)(i + 1) * SECOND, 0));
	return &samples[count - 1]->handles[0];
}

static void drop(struct leak *leak, struct snapshot **samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		snapshot_destroy(samples[i]);
	leak_destroy(leak);
}

static void earlier_sample_tells_whose_an_exited_process_was(void **state)
{
	(void)state;
	struct leak *leak = new_leak();
	struct snapshot *samples[] = {sample(), sample()};
	add_logon(samples[0], ANNA, 3);
	snapshot_add_session(samples[0])->id = 3;
	add_process(samples[0], 3200, "explorer.exe", 3, ANNA, TIMESTAMP_UNKNOWN);
	add_logon(samples[1], ANNA, 3);
	add_kept(samples[1], 3200, TIMESTAMP_UNKNOWN);
	const struct handle *handle = complete(leak, samples, 2);
	assert_int_equal(handle->session_id, 3);
	assert_true(handle->luid == ANNA);
	assert_null(handle->target_image); /* by its ID alone */
	struct culprits culprits;
	const struct held_logon held[] = {{ANNA, 3}};
	assert_true(culprits_find(&culprits, samples[1], held, 1, NULL, 0));
	assert_int_equal(culprits.count, 1);
	assert_string_equal(culprits.items[0].image, "agent.exe");
	assert_int_equal(culprits.items[0].exited, 1);
	assert_int_equal(culprits.items[0].alone, 0);
	culprits_deinit(&culprits);
	drop(leak, samples, 2);
}

/* explorer.exe is seen at one second; what a later sample tells of the exited process is this. */
static int64_t session_told(const char *image, int64_t started, int64_t exited)
{
	struct leak *leak = new_leak();
	struct snapshot *samples[] = {sample(), sample()};
	for (int i = 0; i < 2; i++)
		add_logon(samples[i], ANNA, 3);
	samples[0]->time = SECOND;
	add_process(samples[0], 3200, "explorer.exe", 3, ANNA, TIMESTAMP_UNKNOWN);
	add_kept(samples[1], 3200, started);
	samples[1]->handles[0].target_image = image;
	samples[1]->handles[0].target_exit_time = exited;
	const int64_t told = complete(leak, samples, 2)->session_id;
	drop(leak, samples, 2);
	return told;
}

static void process_of_another_image_or_time_was_another(void **state)
{
	(void)state;
	const int64_t no = TIMESTAMP_UNKNOWN;
	assert_int_equal(session_told(NULL, no, no), 3);
	assert_int_equal(session_told("Explorer.EXE", no, no), 3);
	assert_int_equal(session_told("conhost.exe", no, no), NUMBER_UNKNOWN);
	assert_int_equal(session_told(NULL, SECOND / 2, no), 3);
	assert_int_equal(session_told(NULL, 2 * SECOND, no), NUMBER_UNKNOWN);
	assert_int_equal(session_told(NULL, no, 2 * SECOND), 3);
	assert_int_equal(session_told(NULL, no, SECOND / 2), NUMBER_UNKNOWN);
}

static void same_image_in_another_session_is_another_process(void **state)
{
	(void)state;
	struct leak *leak = new_leak();
	struct snapshot *samples[] = {sample(), sample(), sample()};
	for (int i = 0; i < 3; i++)
		add_logon(samples[i], ANNA, 3);
	add_process(samples[0], 3200, "explorer.exe", 3, LUID_UNKNOWN, TIMESTAMP_UNKNOWN);
	add_process(samples[1], 3200, "explorer.exe", 4, LUID_UNKNOWN, TIMESTAMP_UNKNOWN);
	add_kept(samples[2], 3200, TIMESTAMP_UNKNOWN);
	assert_int_equal(complete(leak, samples, 3)->session_id, NUMBER_UNKNOWN);
	drop(leak, samples, 3);
}

static void process_id_that_was_used_again_tells_nothing(void **state)
{
	(void)state;
	struct leak *leak = new_leak();
	struct snapshot *samples[] = {sample(), sample(), sample()};
	for (int i = 0; i < 3; i++)
		add_logon(samples[i], ANNA, 3);
	add_process(samples[0], 3200, "explorer.exe", 3, ANNA, TIMESTAMP_UNKNOWN);
	add_process(samples[1], 3200, "cmd.exe", 4, ANNA, TIMESTAMP_UNKNOWN);
	add_kept(samples[2], 3200, TIMESTAMP_UNKNOWN);
	assert_int_equal(complete(leak, samples, 3)->session_id, NUMBER_UNKNOWN);
	drop(leak, samples, 3);
}

static void start_time_decides_where_a_process_id_was_used_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct leak *leak = new_leak();
		struct snapshot *samples[] = {sample(), sample(), sample()};
		for (int j = 0; j < 3; j++)
			add_logon(samples[j], ANNA, 3);
		add_process(samples[0], 3200, "explorer.exe", 3, ANNA, 1000);
		add_process(samples[1], 3200, "explorer.exe", 4, ANNA, 2000);
		add_kept(samples[2], 3200, i ? 2000 : 1000);
		assert_int_equal(complete(leak, samples, 3)->session_id, i ? 4 : NUMBER_UNKNOWN);
		drop(leak, samples, 3);
	}
}

static void process_whose_logon_session_has_gone_was_another(void **state)
{
	(void)state;
	struct leak *leak = new_leak();
	struct snapshot *samples[] = {sample(), sample()};
	add_logon(samples[0], ANNA, 3);
	for (int i = 0; i < 2; i++)
		add_logon(samples[i], 0x3e7, 0);
	add_process(samples[0], 3200, "explorer.exe", 3, ANNA, TIMESTAMP_UNKNOWN);
	add_kept(samples[1], 3200, TIMESTAMP_UNKNOWN);
	assert_int_equal(complete(leak, samples, 2)->session_id, NUMBER_UNKNOWN);
	struct suspects suspects;
	assert_true(suspects_find(&suspects, samples[0], samples[1]));
	assert_int_equal(suspects.count, 1);
	assert_int_equal(suspects.items[0].exited, 1);
	suspects_deinit(&suspects);
	drop(leak, samples, 2);
}

static void process_that_runs_is_not_the_exited_one(void **state)
{
	(void)state;
	struct leak *leak = new_leak();
	struct snapshot *samples[] = {sample(), sample()};
	for (int i = 0; i < 2; i++) {
		add_logon(samples[i], ANNA, 3);
		add_process(samples[i], 3200, "explorer.exe", 3, ANNA, TIMESTAMP_UNKNOWN);
	}
	add_kept(samples[1], 3200, TIMESTAMP_UNKNOWN);
	assert_int_equal(complete(leak, samples, 2)->session_id, NUMBER_UNKNOWN);
	drop(leak, samples, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(earlier_sample_tells_whose_an_exited_process_was),
	    unit_test(process_of_another_image_or_time_was_another),
	    unit_test(same_image_in_another_session_is_another_process),
	    unit_test(process_id_that_was_used_again_tells_nothing),
	    unit_test(start_time_decides_where_a_process_id_was_used_again),
	    unit_test(process_whose_logon_session_has_gone_was_another),
	    unit_test(process_that_runs_is_not_the_exited_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
