#include "tests/unit/unit.h"

#include <string.h>

#include "leak/leak.h"

#define ANNA 0x2001

/* A host on which anna's session 3 is over, and her logon session is not. */
static struct snapshot *host(void)
{
	struct snapshot *snapshot = snapshot_create();
	assert_true(snapshot_see_all(snapshot));
	snapshot_add_session(snapshot)->id = 0;
	struct logon_session *anna = snapshot_add_logon_session(snapshot);
	anna->luid = ANNA;
	anna->user = snapshot_string(snapshot, "anna", strlen("anna"));
	anna->session_id = 3;
	return snapshot;
}

static void add_handle(
    struct snapshot *snapshot, int64_t pid, const char *image, uint64_t luid, int64_t session_id)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	handle->pid = pid;
	handle->image = snapshot_string(snapshot, image, strlen(image));
	handle->type = snapshot_string(snapshot, "Token", strlen("Token"));
	handle->luid = luid;
	handle->session_id = session_id;
}

static void add_process(
    struct snapshot *snapshot, int64_t pid, const char *image, uint64_t luid, int64_t session_id)
{
	struct process *process = snapshot_add_process(snapshot);
	process->pid = pid;
	process->image = snapshot_string(snapshot, image, strlen(image));
	process->luid = luid;
	process->session_id = session_id;
}

static struct leak *leak_of(const struct snapshot *snapshot)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	struct leak *leak = leak_create(&terms);
	assert_true(leak_add(leak, snapshot, 0, 0));
	return leak;
}

static struct culprits culprits_of(const struct snapshot *snapshot)
{
	struct leak *leak = leak_of(snapshot);
	size_t count, held_count = 0;
	const struct left_logon *logons = leak_logons(leak, &count);
	struct held_logon held[8];
	struct culprits culprits;
	for (size_t i = 0; i < count; i++) {
		if (left_is_orphan(&logons[i]))
			held[held_count++] = held_logon_of(leak, &logons[i]);
	}
	assert_true(culprits_find(&culprits, snapshot, held, held_count, NULL, 0));
	leak_destroy(leak);
	return culprits;
}

static void a_process_that_runs_in_an_orphan_holds_it(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_process(snapshot, 4, "System", 0x3e7, 0);
	add_process(snapshot, 4100, "agent.exe", ANNA, 0);
	add_process(snapshot, 4200, "gone.exe", LUID_UNKNOWN, 3);
	struct leak *leak = leak_of(snapshot);
	struct holders holders;
	size_t count;
	assert_true(holders_find(&holders, snapshot, leak));
	const struct holder *first = holders_of(&holders, ANNA, &count);
	assert_int_equal(count, 1);
	assert_int_equal(first->pid, 4100);
	assert_true(first->runs_in_it);
	assert_int_equal(first->tokens, 0);
	assert_int_equal(holders.count, 1);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 1);
	assert_int_equal(culprits.items[0].pid, 4100);
	assert_int_equal(culprits.items[0].alone, 1);
	assert_int_equal(culprits.unheld, 0);
	culprits_deinit(&culprits);
	holders_deinit(&holders);
	leak_destroy(leak);
	snapshot_destroy(snapshot);
}

static void a_handle_and_a_primary_token_are_two_holds_of_one_holder(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_handle(snapshot, 812, "lsass.exe", ANNA, 3);
	add_handle(snapshot, 4100, "agent.exe", ANNA, 3);
	add_process(snapshot, 4100, "agent.exe", ANNA, 3);
	struct leak *leak = leak_of(snapshot);
	struct holders holders;
	size_t count;
	assert_true(holders_find(&holders, snapshot, leak));
	const struct holder *first = holders_of(&holders, ANNA, &count);
	assert_int_equal(count, 2);
	assert_int_equal(first[0].pid, 4100);
	assert_int_equal(first[0].tokens, 1);
	assert_true(first[0].runs_in_it);
	assert_true(first[1].follower);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 2);
	assert_int_equal(culprits.items[0].pid, 4100);
	assert_int_equal(culprits.items[0].handles, 2);
	assert_int_equal(culprits.items[0].alone, 1);
	assert_true(culprits.items[1].follower);
	culprits_deinit(&culprits);
	holders_deinit(&holders);
	leak_destroy(leak);
	snapshot_destroy(snapshot);
}

static void who_holds_the_id_holds_its_orphan_with_the_others(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_handle(snapshot, 900, "leaky.exe", ANNA, 3);
	add_handle(snapshot, 4100, "agent.exe", 0x3e7, 3);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(culprits.items[i].logon_sessions, 1);
		assert_int_equal(culprits.items[i].session_ids, 0);
		assert_int_equal(culprits.items[i].handles, 1);
		assert_int_equal(culprits.items[i].alone, 0);
	}
	assert_int_equal(culprits_tied(&culprits), 2);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

static void the_id_holds_both_halves_of_a_logon_and_neither_has_a_holder(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	struct logon_session *half = snapshot_add_logon_session(snapshot);
	half->luid = ANNA + 1;
	half->session_id = 3;
	add_handle(snapshot, 4100, "agent.exe", 0x3e7, 3);
	add_handle(snapshot, 4100, "agent.exe", 0x3e7, 3);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 1);
	assert_int_equal(culprits.items[0].logon_sessions, 2);
	assert_int_equal(culprits.items[0].handles, 2);
	assert_int_equal(culprits.items[0].alone, 2);
	assert_int_equal(culprits.unheld, 2);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

static void an_id_that_a_session_has_again_holds_no_orphan(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	struct session *session = snapshot_add_session(snapshot);
	session->id = 3;
	session->user = snapshot_string(snapshot, "bert", strlen("bert"));
	snapshot->logon_sessions[0].logon_type =
	    snapshot_string(snapshot, "RemoteInteractive", strlen("RemoteInteractive"));
	add_handle(snapshot, 900, "leaky.exe", ANNA, 3);
	add_handle(snapshot, 4100, "agent.exe", 0x3e7, 3);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 1);
	assert_int_equal(culprits.items[0].pid, 900);
	assert_int_equal(culprits.items[0].alone, 1);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

static void of_two_followers_neither_holds_alone(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_handle(snapshot, 812, "lsass.exe", ANNA, 3);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.items[0].alone, 1);
	culprits_deinit(&culprits);
	add_handle(snapshot, 813, "lsass.exe", ANNA, 3);
	culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 2);
	assert_int_equal(culprits.items[0].alone, 0);
	assert_int_equal(culprits.items[1].alone, 0);
	assert_int_equal(culprits.followers_only, 1);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

/* agent.exe keeps anna's app.exe, which has exited, and is listed so by some. */
static struct handle *add_kept(struct snapshot *snapshot, int64_t pid, const char *image)
{
	add_handle(snapshot, pid, image, ANNA, 3);
	struct handle *handle = &snapshot->handles[snapshot->handle_count - 1];
	handle->type = snapshot_string(snapshot, "Process", strlen("Process"));
	handle->target_pid = 3200;
	handle->target_image = snapshot_string(snapshot, "app.exe", strlen("app.exe"));
	handle->target_exited = YES;
	return handle;
}

static void process_that_has_exited_is_the_victim(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_process(snapshot, 3200, "app.exe", ANNA, 3);
	snapshot->processes[0].exited = true;
	add_kept(snapshot, 4100, "agent.exe");
	struct leak *leak = leak_of(snapshot);
	struct holders holders;
	assert_true(holders_find(&holders, snapshot, leak));
	assert_int_equal(holders.count, 1);
	assert_int_equal(holders.items[0].pid, 4100);
	assert_int_equal(holders.items[0].exited, 1);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 1);
	assert_int_equal(culprits.items[0].pid, 4100);
	assert_int_equal(culprits.items[0].exited, 1);
	assert_int_equal(culprits.items[0].tokens, 0);
	culprits_deinit(&culprits);
	holders_deinit(&holders);
	leak_destroy(leak);
	snapshot_destroy(snapshot);
}

static void handle_to_a_process_that_runs_holds_nothing(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_process(snapshot, 3200, "app.exe", ANNA, 3);
	add_kept(snapshot, 4100, "agent.exe")->target_exited = NO;
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 1);
	assert_int_equal(culprits.items[0].pid, 3200);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

static void what_a_process_id_alone_tells_takes_nothing_from_others(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	add_kept(snapshot, 900, "svc.exe")->target_image = NULL;
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.items[0].logon_sessions, 1);
	assert_int_equal(culprits.items[0].alone, 0);
	culprits_deinit(&culprits);
	add_handle(snapshot, 4100, "agent.exe", ANNA, 3);
	culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 2);
	assert_int_equal(culprits.items[0].pid, 4100);
	assert_int_equal(culprits.items[0].alone, 1);
	assert_int_equal(culprits_tied(&culprits), 1);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

static void program_is_windows_own_by_company_then_path_then_name(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	const struct {
		const char *image, *company, *path;
		bool windows;
	} programs[] = {
	    {"svchost.exe", NULL, NULL, true},
	    {"agent.exe", NULL, NULL, false},
	    {"svchost.exe", NULL, "C:\\ProgramData\\x\\svchost.exe", false},
	    {"agent.exe", NULL, "D:\\WINDOWS\\System32\\agent.exe", true},
	    {"agent.exe", NULL, "C:\\Windows.old\\agent.exe", false},
	    {"zz.exe", "Microsoft Corporation", "C:\\x\\zz.exe", true},
	    {"svchost.exe", "Acme", "C:\\Windows\\svchost.exe", false},
	};
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		add_process(snapshot, 500 + (int64_t)i, programs[i].image, LUID_UNKNOWN, 0);
		snapshot->processes[i].company = programs[i].company;
		snapshot->processes[i].path = programs[i].path;
		assert_int_equal(process_is_windows(snapshot, 500 + (int64_t)i, programs[i].image),
		    programs[i].windows);
	}
	snapshot_destroy(snapshot);
}

/* Orphans in a row that the process holds. */
static void add_orphans(struct snapshot *snapshot, int64_t pid, const char *image, int from, int to)
{
	for (int i = from; i <= to; i++)
		add_handle(snapshot, pid, image, ANNA + (uint64_t)i, 3);
}

static void who_holds_as_much_as_the_first_is_tied_with_it(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	for (uint64_t i = 1; i < 7; i++) {
		struct logon_session *logon = snapshot_add_logon_session(snapshot);
		logon->luid = ANNA + i;
		logon->user = snapshot_string(snapshot, "anna", strlen("anna"));
		logon->session_id = 3;
	}
	add_orphans(snapshot, 700, "b.exe", 0, 1);
	add_orphans(snapshot, 800, "a.exe", 2, 4);
	add_orphans(snapshot, 900, "svchost.exe", 4, 6);
	struct culprits culprits = culprits_of(snapshot);
	assert_int_equal(culprits.count, 3);
	assert_int_equal(culprits.items[0].pid, 800);
	assert_int_equal(culprits.items[1].pid, 900);
	assert_int_equal(culprits_tied(&culprits), 2);
	culprits_deinit(&culprits);
	snapshot_destroy(snapshot);
}

static void referred_ids_are_told_with_who_refers_to_them(void **state)
{
	(void)state;
	struct snapshot *snapshot = host();
	const int64_t ids[] = {20, 21, 22};
	char words[REFERRED_WORDS];
	add_handle(snapshot, 800, "orph.exe", ANNA, 3);
	add_handle(snapshot, 800, "orph.exe", 0x3e7, 20);
	for (int64_t id = 20; id < 23; id++)
		add_handle(snapshot, 900, "ids.exe", 0x3e7, id);
	add_kept(snapshot, 900, "ids.exe")->session_id = 21;
	snapshot->handles[snapshot->handle_count - 1].luid = 0x3e7;
	assert_true(referred_words(ids, 3, snapshot, words));
	assert_string_equal(words,
	    "session IDs 20 to 22 are in no session list; ids.exe (process 900) holds 3 tokens and keeps handles to 1 exited process "
	    "of them, and 1 other process holds some: very probably what keeps them");
	snapshot_destroy(snapshot);
}

static void services_are_told_as_whole_names(void **state)
{
	(void)state;
	char words[PROCESS_WORDS];
	assert_string_equal(process_words("svchost.exe", 812, "TermService", words),
	    "svchost.exe (process 812: TermService)");
	process_words("svchost.exe", 812,
	    "AudioEndpointBuilder, DeviceAssociationService, DsmSvc, HomeGroupListener, PcaSvc, SysMain",
	    words);
	assert_string_equal(words,
	    "svchost.exe (process 812: AudioEndpointBuilder, DeviceAssociationService, DsmSvc, HomeGroupListener and more)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_process_that_runs_in_an_orphan_holds_it),
	    unit_test(a_handle_and_a_primary_token_are_two_holds_of_one_holder),
	    unit_test(who_holds_the_id_holds_its_orphan_with_the_others),
	    unit_test(the_id_holds_both_halves_of_a_logon_and_neither_has_a_holder),
	    unit_test(an_id_that_a_session_has_again_holds_no_orphan),
	    unit_test(of_two_followers_neither_holds_alone),
	    unit_test(process_that_has_exited_is_the_victim),
	    unit_test(handle_to_a_process_that_runs_holds_nothing),
	    unit_test(what_a_process_id_alone_tells_takes_nothing_from_others),
	    unit_test(program_is_windows_own_by_company_then_path_then_name),
	    unit_test(who_holds_as_much_as_the_first_is_tied_with_it),
	    unit_test(referred_ids_are_told_with_who_refers_to_them),
	    unit_test(services_are_told_as_whole_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
