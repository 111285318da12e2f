/* What WinDbg prints of handles, tokens and logon sessions. */
#include "tests/unit/readers/evidence.h"

#define HANDLES                                                                                         \
	"0: kd> !handle 0 3 ffffb60f12345080 Token\n\nSearching for handles of type Token\n\n"          \
	"PROCESS ffffb60f12345080\n"                                                                    \
	"    SessionId: 0  Cid: 0428    Peb: 5a2b1000  ParentCid: 02c4\n"                               \
	"    DirBase: 11ad4002  ObjectTable: ffff9a0512345040  HandleCount: 1210.\n"                    \
	"    Image: leaker.exe\n\nKernel handle table at ffff9a0512345040 with 1210 entries in use\n\n" \
	"048c: Object: ffff9a05aaaaa060  GrantedAccess: 0000000a Entry: ffff9a05bbbbb230\n"             \
	"Object: ffff9a05aaaaa060  Type: (ffffb60f0fcd9e20) Token\n"                                    \
	"    ObjectHeader: ffff9a05aaaaa030 (new version)\n"                                            \
	"        HandleCount: 1  PointerCount: 32768\n\n"

static void handles_have_their_process_and_value(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(HANDLES, 1);
	assert_int_equal(snapshot->handle_count, 1);
	assert_int_equal(snapshot->handles[0].pid, 0x428);
	assert_int_equal(snapshot->handles[0].value, 0x48c);
	assert_string_equal(snapshot->handles[0].image, "leaker.exe");
	assert_string_equal(snapshot->handles[0].type, "Token");
	assert_int_equal(snapshot->processes[0].session_id, 0);
	assert_int_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_PARTIAL);
	snapshot_destroy(snapshot);
}

#define TOKEN                                                                                      \
	"0: kd> !token ffff9a05aaaaa060\n_TOKEN 0xffff9a05aaaaa060\nTS Session ID: 0x4\n"          \
	"User: S-1-5-21-1-2-3-1105\nUser Groups: \n 00 S-1-5-21-1-2-3-513\n"                       \
	"    Attributes - Mandatory Default Enabled \n"                                            \
	"Authentication ID:         (0,1a2b3c)\nImpersonation Level:       Impersonation\n"

static void a_token_is_that_of_the_handles_to_its_address(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(HANDLES TOKEN, 3);
	assert_int_equal(snapshot->handles[0].luid, 0x1a2b3c);
	assert_int_equal(snapshot->handles[0].session_id, 4);
	snapshot_destroy(snapshot);
	/* Where no handle leads to it, it is left over. */
	snapshot =
	    read_evidence(HANDLES "0: kd> !token ffff9a05aaaaa990\n_TOKEN 0xffff9a05aaaaa990\n"
	                          "TS Session ID: none\nAuthentication ID:         (0,1a2b3c)\n");
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot->handles[0].luid, LUID_UNKNOWN);
	snapshot_destroy(snapshot);
}

static void the_types_name_may_stand_behind_the_address(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows("lkd> dt 0xffff8b8e`143fc870 _SEP_LOGON_SESSION_REFERENCES\n"
	              "nt!_SEP_LOGON_SESSION_REFERENCES\n   +0x000 Next             : (null) \n"
	              "   +0x008 LogonId          : _LUID\n   +0x018 ReferenceCount   : 0n1799\n"
	              "   +0x030 Token            : 0xffff8b8e`20c65060 Void\n"
	              "   +0x038 AccountName      : _UNICODE_STRING \"anna\"\n"
	              "   +0x048 AuthorityName    : _UNICODE_STRING \"LAB\"\n",
	        1);
	assert_contains(snapshot->notes[0].text,
	    "has 1799 references: handles and other tokens may be among them");
	snapshot_destroy(snapshot);
}

#define LOGON(luid)                                                                                \
	"0: kd> dt nt!_SEP_LOGON_SESSION_REFERENCES ffffd086`29270010\n"                           \
	"   +0x000 Next             : (null)\n   +0x008 LogonId          : _LUID\n" luid           \
	"   +0x010 BuddyLogonId     : _LUID\n"                                                     \
	"   +0x020 ReferenceCount   : 0n1\n   +0x024 Flags            : 0xa\n"                     \
	"   +0x030 Token            : 0xffffd086`29277060 Void\n"                                  \
	"   +0x038 AccountName      : _UNICODE_STRING \"anna\"\n"                                  \
	"   +0x048 AuthorityName    : _UNICODE_STRING \"LAB\"\n"                                   \
	"   +0x0b0 TokenList        : _LIST_ENTRY [ 0x00000000`00000000 - 0x00000000`00000000 ]\n"

static void a_logon_session_tells_its_references(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(LOGON(""), 1);
	assert_int_equal(snapshot->logon_session_count, 0);
	assert_contains(snapshot->notes[0].text,
	    "LAB\\anna (its LUID is not shown, dt -r shows it) has one reference");
	assert_contains(snapshot->notes[0].text,
	    "If no process has a handle to this one (lsass may), the kernel alone keeps it");
	snapshot_destroy(snapshot);
	snapshot = read_rows(
	    LOGON(
	        "      +0x000 LowPart          : 0x1a2b3c\n      +0x004 HighPart         : 0n0\n"),
	    1);
	assert_int_equal(snapshot->logon_session_count, 1);
	assert_int_equal(snapshot->logon_sessions[0].luid, 0x1a2b3c);
	assert_string_equal(snapshot->logon_sessions[0].user, "anna");
	assert_string_equal(snapshot->logon_sessions[0].domain, "LAB");
	assert_int_equal(snapshot_extent(snapshot, SECTION_LOGON_SESSIONS), EXTENT_ABSENT);
	snapshot_destroy(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(handles_have_their_process_and_value),
	    unit_test(a_token_is_that_of_the_handles_to_its_address),
	    unit_test(a_logon_session_tells_its_references),
	    unit_test(the_types_name_may_stand_behind_the_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
