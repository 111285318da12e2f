/* The rules by which session IDs, logon sessions and tokens live and die. */
#include "tests/unit/unit.h"

#include <string.h>

#include "labhost/model.h"

#define START 1000000000
#define MINUTE ((int64_t)60 * 1000000)
/* By then every late holder has released. */
#define MUCH_LATER (START + 60 * MINUTE)

static struct model_options host = {
    .time_scale = 1, .late_holders = 3, .max_sessions = 100, .seed = 7};

static uint64_t next_connection = 1;

static struct logon_answer log_on(struct model *model, const char *user)
{
	const struct logon_request request = {.domain = "LAB",
	    .user = user,
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "explorer.exe",
	    .shell_ends = DUE_NEVER,
	    .connection = next_connection++};
	struct logon_answer answer;

	assert_true(model_logon(model, &request, START, &answer));
	return answer;
}

static uint32_t session_of(struct model *model, const char *user)
{
	return log_on(model, user).session_id;
}

static size_t user_logons(const struct model *model)
{
	const struct nt_logon *logon;
	size_t count = 0;

	TAILQ_FOREACH(logon, model_logons(model), link)
	count += !logon->permanent && strncmp(logon->sid, "S-1-5-21-", 9) == 0;
	return count;
}

/* How many handles to users' logon sessions the processes of an image have; all processes for NULL. */
static size_t user_handles(const struct model *model, const char *image)
{
	const struct nt_process *process;
	size_t count = 0;

	TAILQ_FOREACH(process, model_processes(model), link)
	for (size_t slot = 0; slot < process->table_size; slot++)
		if (process->table[slot] && (!image || strcmp(process->image, image) == 0))
			count++;
	return count;
}

static void id_is_lowest_free(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	assert_int_equal(session_of(model, "lab01"), 2);
	assert_int_equal(session_of(model, "lab02"), 3);
	assert_int_equal(session_of(model, "lab03"), 4);
	assert_true(model_logoff(model, 3, 0, START));
	assert_int_equal(session_of(model, "lab04"), 5);
	model_run_due(model, MUCH_LATER);
	assert_int_equal(session_of(model, "lab05"), 3);
	model_destroy(model);
}

static void id_stays_taken_while_a_duplicate_lives(void **state)
{
	struct model *model = model_create(&host, START);
	const uint32_t pid = model_process_start(model, "leaker.exe", START);
	uint32_t token;
	uint32_t duplicate;
	(void)state;

	assert_int_equal(session_of(model, "lab01"), 2);
	assert_true(model_query_user_token(model, pid, 2, &token));
	assert_true(model_duplicate_token(model, pid, token, NT_DUPLICATED, &duplicate));
	assert_true(model_close_handle(model, pid, token));
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	assert_null(model_session(model, 2));
	assert_int_equal(user_logons(model), 1);
	assert_int_equal(session_of(model, "lab01"), 3);
	model_destroy(model);
}

static void id_is_reused_when_last_token_closes(void **state)
{
	struct model *model = model_create(&host, START);
	const uint32_t pid = model_process_start(model, "leaker.exe", START);
	uint32_t token;
	uint32_t duplicate;
	(void)state;

	log_on(model, "lab01");
	assert_true(model_query_user_token(model, pid, 2, &token));
	assert_true(model_duplicate_token(model, pid, token, NT_DUPLICATED, &duplicate));
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	assert_true(model_close_handle(model, pid, token));
	assert_int_equal(user_logons(model), 1);
	assert_true(model_close_handle(model, pid, duplicate));
	assert_int_equal(user_logons(model), 0);
	assert_int_equal(session_of(model, "lab02"), 2);
	model_destroy(model);
}

static void before_ms16_111_id_is_free_at_logoff(void **state)
{
	struct model_options options = host;
	(void)state;

	options.rule = ID_RULE_BEFORE;
	struct model *model = model_create(&options, START);
	log_on(model, "lab01");
	assert_true(model_logoff(model, 2, 0, START));
	assert_int_equal(user_logons(model), 1);
	assert_int_equal(session_of(model, "lab02"), 2);
	model_destroy(model);
}

/* Of whoever's: winlogon's is SYSTEM's. */
static void id_stays_taken_while_any_token_of_the_session_lives(void **state)
{
	static const enum session_process whose[] = {
	    SESSION_CSRSS, SESSION_WINLOGON, SESSION_DWM, SESSION_FONTDRVHOST, SESSION_SHELL};
	(void)state;

	for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++) {
		struct model *model = model_create(&host, START);
		const uint32_t pid = model_process_start(model, "agent.exe", START);
		uint32_t token;

		log_on(model, "lab01");
		assert_true(model_open_token(model, pid, 2, whose[i], &token));
		assert_true(model_logoff(model, 2, 0, START));
		model_run_due(model, MUCH_LATER);
		assert_int_equal(user_logons(model), whose[i] == SESSION_SHELL);
		assert_int_equal(session_of(model, "lab01"), 3);
		assert_true(model_close_handle(model, pid, token));
		assert_int_equal(session_of(model, "lab02"), 2);
		model_destroy(model);
	}
}

static void before_ms16_111_a_token_keeps_no_id(void **state)
{
	struct model_options options = host;
	uint32_t token;
	(void)state;

	options.rule = ID_RULE_BEFORE;
	struct model *model = model_create(&options, START);
	const uint32_t pid = model_process_start(model, "agent.exe", START);
	log_on(model, "lab01");
	assert_true(model_open_token(model, pid, 2, SESSION_WINLOGON, &token));
	assert_true(model_logoff(model, 2, 0, START));
	assert_int_equal(session_of(model, "lab02"), 2);
	model_destroy(model);
}

/* By either rule. */
static void id_and_logon_stay_while_an_exited_process_is_kept(void **state)
{
	static const enum nt_type types[] = {NT_TYPE_PROCESS, NT_TYPE_THREAD};
	(void)state;

	for (int i = 0; i < 4; i++) {
		struct model_options options = host;
		options.rule = i % 2 ? ID_RULE_BEFORE : ID_RULE_MS16_111;
		struct model *model = model_create(&options, START);
		const uint32_t pid = model_process_start(model, "agent.exe", START);
		uint32_t handle;

		log_on(model, "lab01");
		assert_true(
		    model_open_process(model, pid, 2, SESSION_SHELL, types[i / 2], &handle));
		const uint32_t shell = model_session(model, 2)->processes[SESSION_SHELL]->pid;
		assert_true(model_logoff(model, 2, 0, START));
		model_run_due(model, MUCH_LATER);
		assert_null(model_process(model, shell));
		assert_int_equal(TAILQ_FIRST(model_exited(model))->pid, shell);
		assert_int_equal(user_logons(model), 1);
		assert_int_equal(session_of(model, "lab02"), 3);
		model_process_exit(model, pid, MUCH_LATER);
		assert_true(TAILQ_EMPTY(model_exited(model)));
		assert_int_equal(user_logons(model), 1);
		assert_int_equal(session_of(model, "lab03"), 2);
		model_destroy(model);
	}
}

static void dwm_token_keeps_dwms_logon_session(void **state)
{
	struct model *model = model_create(&host, START);
	const uint32_t pid = model_process_start(model, "agent.exe", START);
	const struct nt_logon *logon;
	uint32_t token;
	size_t desktop = 0;
	(void)state;

	log_on(model, "lab01");
	assert_true(model_open_token(model, pid, 2, SESSION_DWM, &token));
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	TAILQ_FOREACH(logon, model_logons(model), link)
	desktop += logon->session_id == 2;
	assert_int_equal(desktop, 1);
	assert_string_equal(TAILQ_LAST(model_logons(model), nt_logons)->user, "DWM-2");
	model_destroy(model);
}

static void late_holders_let_go_when_due(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	log_on(model, "lab01");
	assert_true(model_next_due(model) == DUE_NEVER);
	assert_int_equal(user_handles(model, "svchost.exe"), 3);
	assert_true(model_logoff(model, 2, 0, START));
	assert_in_range(model_next_due(model), START + 10 * MINUTE, START + 20 * MINUTE);
	model_run_due(model, START + 10 * MINUTE - 1);
	assert_int_equal(user_handles(model, "svchost.exe"), 3);
	model_run_due(model, model_next_due(model));
	assert_int_equal(user_handles(model, "svchost.exe"), 2);
	model_run_due(model, START + 20 * MINUTE);
	assert_int_equal(user_handles(model, NULL), 0);
	assert_true(model_next_due(model) == DUE_NEVER);
	model_destroy(model);
}

static void lsass_and_system_go_with_the_last_other_holder(void **state)
{
	struct model *model = model_create(&host, START);
	const uint32_t pid = model_process_start(model, "leaker.exe", START);
	uint32_t token;
	(void)state;

	log_on(model, "lab01");
	assert_true(model_query_user_token(model, pid, 2, &token));
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	assert_int_equal(user_handles(model, "lsass.exe"), 1);
	assert_int_equal(user_handles(model, "System"), 1);
	assert_true(model_close_handle(model, pid, token));
	assert_int_equal(user_handles(model, NULL), 0);
	assert_int_equal(user_logons(model), 0);
	model_destroy(model);
}

static void kernel_reference_has_no_visible_handle(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	const size_t objects = model_token_objects(model);
	log_on(model, "lab01");
	assert_true(model_kernel_reference(model, 2));
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	assert_int_equal(user_handles(model, NULL), 0);
	assert_int_equal(user_logons(model), 1);
	assert_int_equal(model_token_objects(model), objects + 1);
	assert_int_equal(model_token_objects_accounted(model), 0);
	assert_int_equal(session_of(model, "lab02"), 3);
	assert_int_equal(model_release_kernel_references(model), 1);
	assert_int_equal(session_of(model, "lab03"), 2);
	model_destroy(model);
}

static void every_nth_logon_gets_its_kernel_reference(void **state)
{
	struct model_options options = host;
	(void)state;

	options.kernel_reference_every = 3;
	struct model *model = model_create(&options, START);
	for (int i = 0; i < 9; i++)
		assert_true(model_logoff(model, session_of(model, "lab01"), 0, START));
	model_run_due(model, MUCH_LATER);
	assert_int_equal(user_logons(model), 3);
	model_destroy(model);
}

static void a_client_that_exits_closes_its_handles(void **state)
{
	struct model *model = model_create(&host, START);
	const uint32_t pid = model_process_start(model, "leaker.exe", START);
	uint32_t token;
	(void)state;

	log_on(model, "lab01");
	for (int i = 0; i < 20; i++)
		assert_true(model_query_user_token(model, pid, 2, &token));
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	assert_int_equal(user_handles(model, "leaker.exe"), 20);
	model_process_exit(model, pid, START);
	assert_null(model_process(model, pid));
	assert_int_equal(user_logons(model), 0);
	assert_int_equal(session_of(model, "lab02"), 2);
	model_destroy(model);
}

static void reconnect_brings_back_the_same_session(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	const uint64_t connection = next_connection;
	const uint32_t session = session_of(model, "lab01");
	const uint64_t luid = model_session(model, session)->logon->luid;
	model_disconnect(model, session, connection);
	assert_int_equal(model_session(model, session)->state, NT_STATE_DISCONNECTED);
	const struct logon_answer answer = log_on(model, "lab01");
	assert_true(answer.reconnected);
	assert_int_equal(answer.displaced, 0);
	assert_int_equal(answer.session_id, session);
	assert_int_equal(model_session(model, session)->logon->luid, luid);
	assert_int_equal(user_logons(model), 1);
	model_destroy(model);
}

static void second_connection_displaces_the_first(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	const uint64_t first = next_connection;
	log_on(model, "lab01");
	const struct logon_answer answer = log_on(model, "lab01");
	assert_int_equal(answer.displaced, first);
	model_disconnect(model, answer.session_id, first);
	assert_false(model_logoff(model, answer.session_id, first, START));
	assert_int_equal(model_session(model, answer.session_id)->state, NT_STATE_ACTIVE);
	model_destroy(model);
}

static void many_sessions_lets_an_account_in_twice(void **state)
{
	struct model_options options = host;
	(void)state;

	options.many_sessions = true;
	struct model *model = model_create(&options, START);
	assert_int_equal(session_of(model, "lab01"), 2);
	assert_int_equal(session_of(model, "lab01"), 3);
	model_destroy(model);
}

static void shell_that_ends_unseen_logs_off(void **state)
{
	struct model *model = model_create(&host, START);
	struct logon_answer answer;
	const struct logon_request request = {.domain = "LAB",
	    .user = "lab01",
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "timeout.exe",
	    .shell_ends = START + MINUTE,
	    .connection = 1};
	(void)state;

	assert_true(model_logon(model, &request, START, &answer));
	assert_true(model_next_due(model) == DUE_NEVER);
	model_disconnect(model, answer.session_id, 1);
	assert_true(model_next_due(model) == START + MINUTE);
	model_run_due(model, START + MINUTE);
	assert_null(model_session(model, answer.session_id));
	model_destroy(model);
}

static void shell_may_come_after_the_logon(void **state)
{
	struct model *model = model_create(&host, START);
	struct logon_request request = {.domain = "LAB",
	    .user = "lab01",
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "explorer.exe",
	    .shell_comes = START + MINUTE,
	    .shell_ends = DUE_NEVER,
	    .connection = 1};
	struct logon_answer answer;
	(void)state;

	const size_t handles = user_handles(model, "explorer.exe");
	assert_true(model_logon(model, &request, START, &answer));
	const struct nt_session *session = model_session(model, answer.session_id);
	assert_string_equal(session->processes[SESSION_SHELL]->image, "userinit.exe");
	assert_true(model_next_due(model) == START + MINUTE);
	model_run_due(model, START + MINUTE - 1);
	assert_string_equal(session->processes[SESSION_SHELL]->image, "userinit.exe");
	model_run_due(model, START + MINUTE);
	assert_string_equal(session->processes[SESSION_SHELL]->image, "explorer.exe");
	assert_int_equal(user_handles(model, "explorer.exe"), handles + 1);
	assert_int_equal(user_handles(model, "userinit.exe"), 0);
	assert_true(model_next_due(model) == DUE_NEVER);

	/* Nor is one started that is not waited for. */
	request.user = "lab02";
	request.connection = 2;
	assert_true(model_logon(model, &request, START, &answer));
	assert_true(model_logoff(model, answer.session_id, 2, START));
	model_run_due(model, MUCH_LATER);
	model_destroy(model);
}

static void session_waits_for_who_watches_its_logon_and_not_for_ever(void **state)
{
	const int64_t second = MINUTE / 60;
	struct model *model = model_create(&host, START);
	struct logon_answer answer;
	const struct logon_request request = {.domain = "LAB",
	    .user = "lab01",
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "timeout.exe",
	    .shell_ends = START,
	    .connection = 1};
	int64_t now = START;
	(void)state;

	model_watched(model, model_newest_luid(model));
	assert_true(model_logon(model, &request, now, &answer));
	assert_true(model_session_due(model, answer.session_id, 1, now) > now);
	model_disconnect(model, answer.session_id, 1);
	model_run_due(model, now += second);
	assert_non_null(model_session(model, answer.session_id));
	model_watched(model, model_session(model, answer.session_id)->logon->luid);
	model_run_due(model, now += second);
	assert_null(model_session(model, answer.session_id));

	assert_true(model_logon(model, &request, now, &answer));
	model_disconnect(model, answer.session_id, 1);
	const int64_t waits = now;
	while (model_session(model, answer.session_id) && now < waits + MINUTE)
		model_run_due(model, now += second / 200);
	assert_in_range(now - waits, 4 * second, 6 * second);
	model_destroy(model);
}

static void logoff_goes_on_when_its_connection_has_gone(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	const uint64_t connection = next_connection;
	const uint32_t session = session_of(model, "lab01");
	assert_true(model_end_session(model, session, connection, START + 5) == START + 5);
	assert_true(model_next_due(model) == DUE_NEVER); /* the connection sees to it */
	model_disconnect(model, session, connection);
	assert_true(model_next_due(model) == START + 5);
	model_run_due(model, START + 5);
	assert_null(model_session(model, session));
	model_destroy(model);
}

static void pending_logoff_comes_along_on_a_reconnect(void **state)
{
	struct model *model = model_create(&host, START);
	(void)state;

	const uint64_t connection = next_connection;
	const uint32_t session = session_of(model, "lab01");
	model_end_session(model, session, connection, START + MINUTE);
	model_end_session(model, session, connection, START + 2 * MINUTE);
	model_disconnect(model, session, connection);
	const struct logon_answer answer = log_on(model, "lab01");
	assert_true(answer.ends == START + MINUTE);
	assert_true(model_next_due(model) == DUE_NEVER);
	assert_true(
	    model_end_session(model, session, connection, START) == DUE_NEVER); /* not its */
	assert_true(model_session(model, session)->ends == START + MINUTE);
	model_destroy(model);
}

static void session_that_hangs_stays_with_all_its_tokens(void **state)
{
	struct model *model = model_create(&host, START);
	const struct logon_request request = {.domain = "LAB",
	    .user = "lab01",
	    .sid = "S-1-5-21-1-2-3-1104",
	    .shell = "logoff.exe",
	    .shell_ends = START,
	    .hangs = true,
	    .connection = 1};
	struct logon_answer answer;
	(void)state;

	assert_true(model_logon(model, &request, START, &answer));
	assert_true(answer.ends == DUE_NEVER);
	const size_t tokens = model_token_objects(model);
	assert_true(model_end_session(model, answer.session_id, 1, START) == DUE_NEVER);
	model_disconnect(model, answer.session_id, 1);
	assert_true(model_next_due(model) == DUE_NEVER);
	model_run_due(model, MUCH_LATER);
	assert_int_equal(model_session(model, answer.session_id)->state, NT_STATE_DISCONNECTED);
	assert_int_equal(model_token_objects(model), tokens);
	assert_true(
	    model_logoff(model, answer.session_id, 0, MUCH_LATER)); /* an administrator can */
	model_destroy(model);
}

static void network_logon_goes_by_itself(void **state)
{
	struct model_options options = host;
	(void)state;

	options.network_logons = true;
	struct model *model = model_create(&options, START);
	log_on(model, "lab01");
	assert_int_equal(user_logons(model), 2);
	model_run_due(model, START + MINUTE);
	assert_int_equal(user_logons(model), 1);
	assert_string_equal(TAILQ_LAST(model_logons(model), nt_logons)->type, "RemoteInteractive");
	model_destroy(model);
}

static void administrators_have_two_logon_sessions_that_end_together(void **state)
{
	struct model_options options = host;
	(void)state;

	options.linked_tokens = true;
	struct model *model = model_create(&options, START);
	log_on(model, "lab01");
	assert_int_equal(user_logons(model), 2);
	assert_true(model_logoff(model, 2, 0, START));
	model_run_due(model, MUCH_LATER);
	assert_int_equal(user_logons(model), 0);
	assert_int_equal(session_of(model, "lab01"), 2);
	model_destroy(model);
}

static void full_host_refuses(void **state)
{
	struct model_options options = host;
	const struct logon_request request = {
	    .domain = "LAB", .user = "lab02", .sid = "", .shell = "", .connection = 99};
	struct logon_answer answer;
	(void)state;

	options.max_sessions = 1;
	struct model *model = model_create(&options, START);
	log_on(model, "lab01");
	assert_false(model_logon(model, &request, START, &answer));
	assert_int_equal(model_session_count(model), 1);
	model_destroy(model);
}

static void reboot_forgets_everything(void **state)
{
	struct model *model = model_create(&host, START);
	uint32_t token;
	(void)state;

	const uint32_t pid = model_process_start(model, "leaker.exe", START);
	log_on(model, "lab01");
	assert_true(model_query_user_token(model, pid, 2, &token));
	model_reboot(model, START + MINUTE);
	assert_int_equal(user_logons(model), 0);
	assert_int_equal(model_session_count(model), 0);
	assert_int_equal(model_boot_time(model), START + MINUTE);
	assert_false(model_close_handle(model, pid, token));
	assert_int_equal(session_of(model, "lab01"), 2);
	model_destroy(model);
}

static void handle_values_are_multiples_of_four_and_come_back(void **state)
{
	struct model *model = model_create(&host, START);
	const uint32_t pid = model_process_start(model, "leaker.exe", START);
	uint32_t first;
	uint32_t second;
	uint32_t again;
	(void)state;

	log_on(model, "lab01");
	assert_true(model_query_user_token(model, pid, 2, &first));
	assert_true(model_query_user_token(model, pid, 2, &second));
	assert_int_equal(first, 4);
	assert_int_equal(second, 8);
	assert_true(model_close_handle(model, pid, first));
	assert_false(model_close_handle(model, pid, first));
	assert_false(model_close_handle(model, pid, 6));
	assert_false(model_close_handle(model, pid, 0));
	assert_true(model_query_user_token(model, pid, 2, &again));
	assert_int_equal(again, first);
	model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(id_is_lowest_free),
	    unit_test(id_stays_taken_while_a_duplicate_lives),
	    unit_test(id_is_reused_when_last_token_closes),
	    unit_test(before_ms16_111_id_is_free_at_logoff),
	    unit_test(id_stays_taken_while_any_token_of_the_session_lives),
	    unit_test(before_ms16_111_a_token_keeps_no_id),
	    unit_test(id_and_logon_stay_while_an_exited_process_is_kept),
	    unit_test(dwm_token_keeps_dwms_logon_session),
	    unit_test(late_holders_let_go_when_due),
	    unit_test(lsass_and_system_go_with_the_last_other_holder),
	    unit_test(kernel_reference_has_no_visible_handle),
	    unit_test(every_nth_logon_gets_its_kernel_reference),
	    unit_test(a_client_that_exits_closes_its_handles),
	    unit_test(reconnect_brings_back_the_same_session),
	    unit_test(second_connection_displaces_the_first),
	    unit_test(many_sessions_lets_an_account_in_twice),
	    unit_test(shell_that_ends_unseen_logs_off),
	    unit_test(session_waits_for_who_watches_its_logon_and_not_for_ever),
	    unit_test(logoff_goes_on_when_its_connection_has_gone),
	    unit_test(pending_logoff_comes_along_on_a_reconnect),
	    unit_test(session_that_hangs_stays_with_all_its_tokens),
	    unit_test(network_logon_goes_by_itself),
	    unit_test(administrators_have_two_logon_sessions_that_end_together),
	    unit_test(shell_may_come_after_the_logon),
	    unit_test(full_host_refuses),
	    unit_test(reboot_forgets_everything),
	    unit_test(handle_values_are_multiples_of_four_and_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
