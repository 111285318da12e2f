/* One reader of evidence under libFuzzer: PREFIX, a heading or banner, leads every input to it. What is read must be whole
 * as a snapshot: it is written as JSON, read again, merged and compared with itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"
#include "history/history.h"
#include "readers/reader.h"

/* With a heading before its input, a fuzzer need not find one. */
#define PREFIX_any ""
#define PREFIX_qwinsta                                                                             \
	" SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
#define PREFIX_quser " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME\n"
#define PREFIX_logonsessions "[0] Logon session 00000000:000003e7:\n"
#define PREFIX_handle "Nthandle v5.0 - Handle viewer\nlsass.exe pid: 960 NT AUTHORITY\\SYSTEM\n"
#define PREFIX_handle_csv "Process,PID,User,Handle,Type,Share Flags,Name,Access\n"
#define PREFIX_handle_types "Handle type summary:\n"
#define PREFIX_klist "Current LogonId is 0:0x3e7\n"
#define PREFIX_tasklist                                                                            \
	"Image Name                     PID Session Name        Session#    Mem Usage\n"           \
	"========================= ======== ================ =========== ============\n"
#define PREFIX_get_process                                                                         \
	"Handles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id   SI ProcessName\n"                 \
	"-------  ------    -----      -----     ------     --   -- -----------\n"
#define PREFIX_pdh                                                                                              \
	"\"(PDH-CSV 4.0) (UTC)(0)\",\"\\\\A\\Process(a#1)\\Handle Count\",\"\\\\A\\Process(a#1)\\ID Process\"," \
	"\"\\\\A\\Process(b)\\Handle Count\",\"\\\\A\\Terminal Services\\Total Sessions\"\n"
#define PREFIX_csv                                                                                 \
	"Antecedent,Dependent,Id,Name,HandleCount,LogonId,LogonType,StartTime,PSComputerName\n"
#define PREFIX_ruled                                                                               \
	"LogonId LogonType StartTime            Id Name HandleCount\n"                             \
	"------- --------- ---------            -- ---- -----------\n"
#define PREFIX_list "LogonId : 999\nLogonType : 10\n"
#define PREFIX_objects "[{\"Id\": 4, \"Name\": \"System\", \"HandleCount\": 9},"
#define PREFIX_events                                                                              \
	"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>21</EventID>"
#define PREFIX_event_csv                                                                           \
	"EventID,TimeCreated,SessionID,User,TargetLogonId,LogonType,RecordId,ProviderName,Message\n"
#define PREFIX_event_text                                                                          \
	"Event[0]:\n  Source: Microsoft-Windows-Security-Auditing\n  Event ID: 4624\n"
#define PREFIX_windbg                                                                              \
	"0: kd> !handle 0 3 ffffb60f12345080 Token\nPROCESS ffffb60f12345080\n"                    \
	"    SessionId: 0  Cid: 0428    Peb: 0  ParentCid: 02c4\n    Image: a.exe\n"
#define PREFIX_json "{\"schema\":\"leaklab.snapshot/2\","
#define PREFIX_utf16 "\xff\xfe"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(struct snapshot *before, struct snapshot *after)
{
	struct snapshot *const both[] = {before, after};
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	struct error error;
	struct comparison *comparison = compare_snapshots(both, 2, &terms, &error);
	if (!comparison)
		abort();
	comparison_destroy(comparison);
	if (!(comparison = compare_snapshots(both, 1, &terms, &error)))
		abort();
	comparison_destroy(comparison);
}

static void use(struct snapshot *snapshot, const char *input, size_t length)
{
	struct error error;
	struct snapshot *same = evidence_read(input, length, "fuzz", NULL, &error);
	if (snapshot->rows_left > snapshot->rows ||
	    (int64_t)snapshot->unread_count > snapshot->rows_left)
		abort();
	if (!same || same->handle_count != snapshot->handle_count ||
	    same->counter_count != snapshot->counter_count)
		abort();
	char *json = snapshot_to_json(snapshot, &error);
	struct snapshot *again = json ? snapshot_from_json(json, strlen(json), &error) : NULL;
	if (!again || !record_same(&snapshot_record, snapshot, again))
		abort();
	compare(snapshot, same);
	if (!snapshot_merge(again, same, true, &error))
		abort();
	struct history *history = history_create(snapshot, 1000000, &error);
	if (!history)
		abort();
	history_destroy(history);
	free(json);
	snapshot_destroy(again);
	snapshot_destroy(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char prefix[] = PREFIX;
	struct error error;
	size_t length = sizeof prefix - 1 + size;
	char *input = malloc(length ? length : 1); /* exact: reading past the end is seen */
	if (!input)
		return 0;
	memcpy(input, prefix, sizeof prefix - 1);
	if (size)
		memcpy(input + sizeof prefix - 1, data, size);
	struct snapshot *snapshot = evidence_read(input, length, "fuzz", NULL, &error);
	if (snapshot)
		use(snapshot, input, length);
	snapshot_destroy(snapshot);
	free(input);
	return 0;
}
