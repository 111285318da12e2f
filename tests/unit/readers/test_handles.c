#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANNER                                                                                     \
	"\r\nNthandle v5.0 - Handle viewer\r\nCopyright (C) 1997-2022 Mark Russinovich\r\n"        \
	"Sysinternals - www.sysinternals.com\r\n\r\n"

static void assert_handle(const struct snapshot *snapshot, size_t at, int64_t pid, int64_t value,
    uint64_t luid, const char *user)
{
	assert_true(at < snapshot->handle_count);
	const struct handle *handle = &snapshot->handles[at];
	assert_int_equal(handle->pid, pid);
	assert_int_equal(handle->value, value);
	assert_true(handle->luid != LUID_UNKNOWN);
	assert_int_equal(handle->luid, luid);
	assert_string_equal(handle->user ? handle->user : "", user);
}

static void a_search_for_a_luid_tells_its_holders(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("C:\\>handle.exe -a 2f5c1a\n\xc2\xa0\n"
	              "System             pid: 4      type: Directory      D84: "
	              "\\Sessions\\0\\DosDevices\\00000000-002f5c1a\n"
	              "lsass.exe          pid: 960    type: Token          804: LAB\\anna:2f5c1a\n"
	              "vendorsvc.exe      pid: 2148   type: Token         1658: LAB\\anna:2f5c1a\n",
	        3);
	assert_handle(snapshot, 0, 4, 0xd84, 0x2f5c1a, "");
	assert_handle(snapshot, 2, 2148, 0x1658, 0x2f5c1a, "anna");
	assert_string_equal(snapshot->handles[2].domain, "LAB");
	assert_string_equal(snapshot->handles[2].image, "vendorsvc.exe");
	assert_int_not_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_WHOLE);
	assert_int_equal(snapshot_sight_of(snapshot, SECTION_HANDLES)->searched_count, 1);
	assert_int_equal(snapshot_sight_of(snapshot, SECTION_HANDLES)->searched[0].luid, 0x2f5c1a);
	assert_true(snapshot_has(snapshot, "handles"));
	snapshot_destroy(snapshot);
}

#define SEARCH                                                                                     \
	"vendorsvc.exe      pid: 1712   type: Token          5D4: LAB\\anna:3a001\n"               \
	"agent.exe          pid: 3320   type: Token          2A8: LAB\\anna:3a001\n"
#define CLOSED "\n  5D4: Token         LAB\\anna:3a001\n\nHandle closed.\n"

/* The prompt names the process; where it is gone, the value and the logon session do, if they are of one handle alone. */
static void a_handle_that_was_closed_is_held_no_more_and_by_nobody_else(void **state)
{
	(void)state;
	static const char *const prompts[] = {
	    "C:\\>handle.exe -c 5D4 -y -p 1712\n", "C:\\>handle -c 5d4 -p 1712 -y\n", ""};
	char text[1024];
	for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
		snprintf(text, sizeof text, "C:\\>handle.exe -a 3a001\n\n" SEARCH "\n%s" CLOSED,
		    prompts[i]);
		struct snapshot *snapshot = read_evidence(text);
		assert_int_equal(snapshot->handle_count, 1);
		assert_handle(snapshot, 0, 3320, 0x2a8, 0x3a001, "anna");
		assert_int_equal(snapshot->rows_left, 0);
		assert_non_null(strstr(snapshot_sight_of(snapshot, SECTION_HANDLES)->why,
		    "handle -c closed 1 handle"));
		snapshot_destroy(snapshot);
	}
	/* As a mail quotes it. */
	struct snapshot *snapshot = read_evidence(
	    "> C:\\>handle.exe -a 3a001\n>\n> vendorsvc.exe      pid: 1712   type: Token          5D4: LAB\\anna:3a001\n"
	    "> C:\\>handle -c 5d4 -p 1712 -y\n>\n>   5D4: Token         LAB\\anna:3a001\n>\n> Handle closed.\n");
	assert_int_equal(snapshot->handle_count, 0);
	assert_int_equal(snapshot->rows_left, 0);
	snapshot_destroy(snapshot);
}

/* What is not said to be closed is held, once, and by the process of the prompt. */
static void a_handle_that_could_not_be_closed_is_held_by_its_process(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    "C:\\>handle.exe -a 3a001\n\n" SEARCH "\nC:\\>handle.exe -c 5D4 -y -p 1712\n"
	    "\n  5D4: Token         LAB\\anna:3a001\n\nError closing handle:\nAccess is denied.\n");
	assert_int_equal(snapshot->handle_count, 2);
	snapshot_destroy(snapshot);
	snapshot = read_evidence("C:\\>handle.exe -c 5D4 -y -p 1712\n"
	                         "\n  5D4: Token         LAB\\anna:3a001\n\nC:\\>\n");
	assert_handle(snapshot, 0, 1712, 0x5d4, 0x3a001, "anna");
	assert_int_equal(snapshot->processes[0].handles_listed, 1);
	snapshot_destroy(snapshot);
}

static void of_two_that_may_have_been_closed_neither_is_and_the_list_is_not_whole(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(SEARCH
	    "other.exe          pid: 4000   type: Token          5D4: LAB\\anna:3a001\n" CLOSED);
	assert_int_equal(snapshot->handle_count, 3);
	assert_int_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_CUT_OFF);
	snapshot_destroy(snapshot);
}

static void the_prompt_names_the_process_by_its_image_too(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    "C:\\>handle64 -a -p lsass.exe\n" BANNER "  A14: Token         LAB\\anna:3a001\r\n");
	assert_int_equal(snapshot->handle_count, 1);
	assert_string_equal(snapshot->handles[0].image, "lsass.exe");
	assert_int_equal(snapshot->handles[0].pid, NUMBER_UNKNOWN);
	snapshot_destroy(snapshot);
}

/* Versions of handle spell it in two ways. */
static void handles_to_exited_processes_are_kept_and_others_are_not(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    BANNER "System pid: 4 NT AUTHORITY\\SYSTEM\r\n   80: Key           HKLM\r\n"
	           "agent.exe pid: 4100 NT AUTHORITY\\SYSTEM\r\n"
	           "  1F4: Process       <Non-existant Process>(3200)\r\n"
	           "  1F8: Process       <Non-existent Process>(3204)\r\n"
	           "  1FC: Thread        <Non-existant Process>(3300): 3304\r\n"
	           "  200: Process       explorer.exe(5200)\r\n"
	           "  204: Thread        explorer.exe(5200): 5204\r\n");
	static const int64_t pids[] = {3200, 3204, 3300};
	assert_int_equal(snapshot->handle_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct handle *handle = &snapshot->handles[i];
		assert_int_equal(handle->pid, 4100);
		assert_int_equal(handle->value, 0x1f4 + 4 * (int64_t)i);
		assert_string_equal(handle->type, i == 2 ? "Thread" : "Process");
		assert_int_equal(handle->target_pid, pids[i]);
		assert_int_equal(handle->target_exited, YES);
		assert_int_equal(handle->session_id, NUMBER_UNKNOWN);
	}
	assert_int_equal(snapshot->rows_left, 0);
	snapshot_destroy(snapshot);
	/* As a search for the word prints them. */
	snapshot = read_evidence(BANNER
	    "agent.exe          pid: 4100   type: Process         1F4: <Non-existent Process>(3200)\r\n");
	assert_int_equal(snapshot->handle_count, 1);
	assert_int_equal(snapshot->handles[0].target_pid, 3200);
	snapshot_destroy(snapshot);
	/* Damaged. */
	static const char *const names[] = {"99999999999999999999)", ")", "-1)", "32"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char text[400];
		snprintf(text, sizeof text,
		    BANNER "agent.exe pid: 4100 NT AUTHORITY\\SYSTEM\r\n"
		           "  1F0: Process       <Non-existent Process>(3196)\r\n"
		           "  1F4: Process       <Non-existent Process>(%s\r\n"
		           "  1F8: Process       <Non-existent Process>(3204)\r\n",
		    names[i]);
		snapshot = read_evidence(text);
		assert_int_equal(snapshot->handle_count, 2);
		assert_int_equal(snapshot->rows_left, 1);
		snapshot_destroy(snapshot);
	}
}

/* "No visible holder" is said of what was listed whole, so a listing must not seem to be that. */
static void a_listing_in_part_is_told_from_a_whole_one(void **state)
{
	(void)state;
	static const char system[] = "System pid: 4 NT AUTHORITY\\SYSTEM\r\n   80: Key    HKLM\r\n",
	                  closed[] = "System pid: 4 \\<unable to open process>\r\n",
	                  agent[] =
	                      "agent.exe pid: 8 LAB\\svc\r\n   80: Token         LAB\\anna:2\r\n";
	static const struct {
		const char *first, *second, *third;
		bool partial;
	} cases[] = {
	    {BANNER, system, agent, false},
	    {BANNER, closed, agent, true},
	    {BANNER, "other.exe pid: 16 LAB\\svc\r\n", agent, true},
	    {"C:\\>handle -a -p svchost\r\n" BANNER, system, agent, true},
	    {BANNER, system, "agent.exe pid: 8 LAB\\svc\r\n   80: Token     ", true},
	    {BANNER, system, "agent.exe pid: 8 LAB\\svc\r\nwhat is this?\r\n", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[1000];
		snprintf(
		    text, sizeof text, "%s%s%s", cases[i].first, cases[i].second, cases[i].third);
		struct snapshot *snapshot = read_evidence(text);
		assert_int_equal(
		    snapshot_extent(snapshot, SECTION_HANDLES) != EXTENT_WHOLE, cases[i].partial);
		snapshot_destroy(snapshot);
	}
}

static void a_search_of_one_process_shows_no_holders_of_others(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    "C:\\>handle -a -p lsass 2\r\n" BANNER
	    "lsass.exe          pid: 960    type: Token          804: LAB\\anna:2\r\n");
	assert_int_equal(snapshot_sight_of(snapshot, SECTION_HANDLES)->searched_count, 0);
	snapshot_destroy(snapshot);
}

static void a_listing_counts_what_it_does_not_keep(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(BANNER
	    "------------------------------------------------------------------------------\r\n"
	    "System pid: 4 \\<unable to open process>\r\n"
	    "   80: Directory     \\Sessions\\0\\DosDevices\\00000000-000fd2f5\r\n"
	    "------------------------------------------------------------------------------\r\n"
	    "agent.exe pid: 7748 LAB\\svc agent\r\n"
	    "    8: File  (RW-)   C:\\Windows\\System32\r\n"
	    "   9C: ALPC Port     \\RPC Control\\x\r\n"
	    "  1F0: Token         LAB\\anna:fd2f5\r\n",
	    6);
	assert_int_equal(snapshot->handle_count, 2);
	assert_handle(snapshot, 0, 4, 0x80, 0xfd2f5, "");
	assert_handle(snapshot, 1, 7748, 0x1f0, 0xfd2f5, "anna");
	assert_int_equal(snapshot->process_count, 2);
	assert_int_equal(snapshot->processes[1].handles_listed, 3);
	assert_string_equal(snapshot->processes[1].user, "LAB\\svc agent");
	assert_int_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_WHOLE);
	assert_false(snapshot_has(snapshot, "handles of some processes"));
	snapshot_destroy(snapshot);
}

static void a_listing_without_a_shows_no_tokens(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(BANNER
	    "-----\r\nagent.exe pid: 7748 LAB\\svc\r\n    8: File  (RW-)   C:\\Windows\\System32\r\n",
	    2);
	assert_false(snapshot_has(snapshot, "handles"));
	assert_int_not_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_WHOLE);
	snapshot_destroy(snapshot);
}

static void a_process_asked_for_has_its_rows(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows("PS C:\\> C:\\Tools\\handle.exe -a -p 5996\r\n" BANNER
	                                      "   A4: Token         LAB\\anna:1a2b3c\r\n",
	    1);
	assert_handle(snapshot, 0, 5996, 0xa4, 0x1a2b3c, "anna");
	assert_int_not_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_WHOLE);
	snapshot_destroy(snapshot);
}

static void users_of_a_search_may_be_glued_to_the_handle(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    "agent.exe          pid: 3628   type: Token          LAB\\svc     68C: LAB\\anna:1a2b3c\n"
	    "agent.exe          pid: 3628   type: Token          LAB\\svcagent1068C: LAB\\anna:1a2b3c\n",
	    2);
	assert_handle(snapshot, 0, 3628, 0x68c, 0x1a2b3c, "anna");
	assert_handle(snapshot, 1, 3628, 0x1068c, 0x1a2b3c, "anna");
	snapshot_destroy(snapshot);
}

static void no_match_is_no_proof_of_absence(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("C:\\>handle -a 1a2b3c\r\n" BANNER "No matching handles found.\r\n", 1);
	assert_false(snapshot_has(snapshot, "handles"));
	assert_int_equal(snapshot->handle_count, 0);
	bool said = false;
	for (size_t i = 0; i < snapshot->sight_count; i++)
		said = said || (snapshot->sights[i].why &&
		                   strstr(snapshot->sights[i].why, "that proves no absence"));
	assert_true(said);
	snapshot_destroy(snapshot);
}

static void all_shapes_of_csv_are_read(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows("Process,PID,Type,Handle,Name\n"
	                                      "agent.exe,64336,Token,0x00000054,LAB\\anna:1a2b3c\n"
	                                      "agent.exe,64336,File,0x00000058,C:\\a, b\\c.txt\n",
	    2);
	assert_handle(snapshot, 0, 64336, 0x54, 0x1a2b3c, "anna");
	assert_int_equal(snapshot->processes[0].handles_listed, 2);
	snapshot_destroy(snapshot);
	snapshot = read_rows("Process,PID,User,Handle,Type,Share Flags,Name\n"
	                     "agent.exe,12,LAB\\svc,0x00000054,Token,,LAB\\anna:1a2b3c\n",
	    1);
	assert_handle(snapshot, 0, 12, 0x54, 0x1a2b3c, "anna");
	snapshot_destroy(snapshot);
	snapshot = read_rows("Process,PID,User,Handle,Type,Share Flags,Name,Access\n"
	                     "Error obtaining handle information: Access denied\n"
	                     "agent.exe,12,Token,LAB\\svc,0x00000054,LAB\\anna:1a2b3c\n",
	    2);
	assert_handle(snapshot, 0, 12, 0x54, 0x1a2b3c, "anna");
	assert_int_not_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_WHOLE);
	snapshot_destroy(snapshot);
}

static void a_summary_of_types_is_read(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(BANNER "Handle type summary:\r\n"
	                                             "  <Unknown type>  : 1\r\n"
	                                             "  Token           : 11\r\n"
	                                             "  WaitCompletionPacket: 25\r\n"
	                                             "Total handles: 37\r\n",
	    3);
	assert_int_equal(snapshot->handle_type_count, 3);
	assert_string_equal(snapshot->handle_types[1].type, "Token");
	assert_int_equal(snapshot->handle_types[2].count, 25);
	snapshot_destroy(snapshot);
}

static void names_broken_over_two_lines_are_joined(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("C:\\WINDOWS\\system32\\handle -a 5c203\n"
	              "System    pid: 4    type: Directory     1274: \\Sessions\\0\\\n"
	              "DosDevices\\00000000-0005c203\n"
	              "lsass.exe    pid: 496    type: Token        D7C: LABORATORY HOST\\\n"
	              "01234567-89AB-CDEF-0123-456789ABCDEF5c203\n",
	        4);
	assert_handle(snapshot, 0, 4, 0x1274, 0x5c203, "");
	assert_handle(snapshot, 1, 496, 0xd7c, 0x5c203, "");
	snapshot_destroy(snapshot);
}

static void impossible_numbers_are_left_over(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(
	    "agent.exe          pid: 99999999999 type: Token          68C: LAB\\anna:1a2b3c\n"
	    "agent.exe          pid: 3628   type: Token          XYZ: LAB\\anna:1a2b3c\n"
	    "agent.exe          pid: 3628   type: Token          FFFFFFFFFFFFFFFFFFF: LAB\\anna:1a2b3c\n"
	    "agent.exe          pid: 3628   type: Token          FFFFFFFFF: LAB\\anna:1a2b3c\n"
	    "agent.exe          pid: 3628   type: Token          68C: LAB\\anna:12345678901234567890abc\n"
	    "agent.exe          pid: 3628   type: Token          68C: LAB\\anna:1a2b3c\n");
	assert_int_equal(snapshot->rows, 6);
	assert_int_equal(snapshot->rows_left, 5);
	assert_int_equal(snapshot->handles[0].value, 0x68c);
	assert_int_equal(snapshot->handles[0].luid, 0x1a2b3c);
	assert_int_equal(snapshot->handle_count, 1);
	snapshot_destroy(snapshot);
}

static void contradictory_rows_are_counted_and_capped(void **state)
{
	(void)state;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	for (int output = 0; output < 2; output++) {
		fputs(BANNER, out);
		for (int i = 0; i < 5000; i++)
			fprintf(out,
			    "agent.exe          pid: 12     type: Token         %5X: LAB\\anna:%x\r\n",
			    4 * i + 4, 0x1000 + output);
	}
	fclose(out);
	struct snapshot *snapshot = read_bytes(text, length);
	assert_int_equal(snapshot->handle_count, 5000);
	assert_int_equal(snapshot->contradiction_total, 5000);
	assert_int_equal(snapshot->contradiction_count, SNAPSHOT_NOTES_MOST);
	snapshot_destroy(snapshot);
	free(text);
}

static struct snapshot *probed(void)
{
	return read_evidence("{\"schema\":\"leaklab.snapshot/2\",\"handles\":[{\"pid\":4,"
	                     "\"session_id\":3}],\"sight\":[{\"section\":\"handles\","
	                     "\"extent\":\"whole\",\"rows\":1}]}");
}

static struct snapshot *printed(void)
{
	return read_evidence(
	    "C:\\>handle -a\n"
	    "------------------------------------------------------------------------------\n"
	    "System pid: 4 \\<unable to open process>\n"
	    "   84: Directory      \\Sessions\\0\\DosDevices\\00000000-002f0101\n"
	    "------------------------------------------------------------------------------\n"
	    "lsass.exe pid: 812 NT AUTHORITY\\SYSTEM\n"
	    "  904: Token          LAB\\bert:2f0101\n");
}

static void sessions_of_tokens_are_shown_by_those_who_print_them(void **state)
{
	(void)state;
	struct snapshot *text = printed(), *json = probed();
	assert_true(snapshot_whole(text, SECTION_HANDLES));
	assert_false(snapshot_shows_token_sessions(text));
	assert_true(snapshot_shows_token_sessions(json));
	assert_true(snapshot_merge(text, json, true, NULL));
	assert_true(snapshot_shows_token_sessions(text));
	snapshot_destroy(text);
	text = printed();
	assert_true(snapshot_merge(json, text, true, NULL));
	assert_true(snapshot_shows_token_sessions(json));
	snapshot_destroy(text);
	snapshot_destroy(json);
	text = read_evidence("[0] Logon session 00000000:000003e7:\n    Session:      0\n");
	assert_false(snapshot_shows_token_sessions(text));
	assert_null(snapshot_sight_of(text, FACT_TOKEN_SESSIONS));
	json = printed();
	assert_true(snapshot_merge(text, json, true, NULL));
	assert_false(snapshot_shows_token_sessions(text));
	snapshot_destroy(text);
	snapshot_destroy(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(a_search_for_a_luid_tells_its_holders),
	    unit_test(a_handle_that_was_closed_is_held_no_more_and_by_nobody_else),
	    unit_test(a_handle_that_could_not_be_closed_is_held_by_its_process),
	    unit_test(of_two_that_may_have_been_closed_neither_is_and_the_list_is_not_whole),
	    unit_test(the_prompt_names_the_process_by_its_image_too),
	    unit_test(a_listing_counts_what_it_does_not_keep),
	    unit_test(handles_to_exited_processes_are_kept_and_others_are_not),
	    unit_test(a_listing_in_part_is_told_from_a_whole_one),
	    unit_test(a_search_of_one_process_shows_no_holders_of_others),
	    unit_test(a_listing_without_a_shows_no_tokens),
	    unit_test(a_process_asked_for_has_its_rows),
	    unit_test(users_of_a_search_may_be_glued_to_the_handle),
	    unit_test(no_match_is_no_proof_of_absence),
	    unit_test(all_shapes_of_csv_are_read),
	    unit_test(a_summary_of_types_is_read),
	    unit_test(names_broken_over_two_lines_are_joined),
	    unit_test(impossible_numbers_are_left_over),
	    unit_test(contradictory_rows_are_counted_and_capped),
	    unit_test(sessions_of_tokens_are_shown_by_those_who_print_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
