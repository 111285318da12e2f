#include "tests/fuzz/evidence/sample_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "runfile/runfile.h"

#define SECOND INT64_C(1000000)
#define START (INT64_C(1795253400) * SECOND)
#define CYCLES 3

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "making a run to damage: %s\n", what);
	exit(4);
}

/* A value of the field, none of which are alike. */
static void fill(struct snapshot *snapshot, const struct record *record, void *item, int depth)
{
	static int number = 1;
	char text[32];
	FIELD_EACH(field, record)
	{
		number++;
		switch (field->kind) {
		case FIELD_TEXT:
			snprintf(text, sizeof text, "%.20s %d", field->name, number);
			FIELD_AT(const char *, item, field) =
			    snapshot_string(snapshot, text, strlen(text));
			break;
		case FIELD_NUMBER:
		case FIELD_COUNT:
			FIELD_AT(int64_t, item, field) = number;
			break;
		case FIELD_TIME:
			FIELD_AT(int64_t, item, field) = START + number * SECOND;
			break;
		case FIELD_LUID:
			FIELD_AT(uint64_t, item, field) = 0x10000 + (uint64_t)number;
			break;
		case FIELD_YES_NO:
			FIELD_AT(enum yes_no, item, field) = YES;
			break;
		case FIELD_FLAG:
			FIELD_AT(bool, item, field) = true;
			break;
		case FIELD_WORD:
			FIELD_AT(int, item, field) = 1 + number % ((int)field->word_count - 1);
			break;
		case FIELD_LIST:
			for (int i = 0; i < 2; i++) {
				void *added = field_add(item, field);
				need(added, "out of memory");
				fill(snapshot, field->of, added, depth + 1);
			}
			break;
		}
	}
}

struct snapshot *sample_of_all_fields(void)
{
	struct snapshot *snapshot = snapshot_create();
	need(snapshot, "out of memory");
	fill(snapshot, &snapshot_record, snapshot, 0);
	return snapshot;
}

static void add_logon(
    struct snapshot *snapshot, uint64_t luid, const char *user, int64_t id, int64_t time)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);
	need(logon, "out of memory");
	logon->luid = luid;
	logon->user = user;
	logon->domain = "LAB";
	logon->logon_type = id ? "RemoteInteractive" : NULL;
	logon->session_id = id;
	logon->logon_time = time;
}

static void add_handle(struct snapshot *snapshot, const char *image, int64_t pid, uint64_t luid)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	struct process *process = snapshot_add_process(snapshot);
	need(handle && process, "out of memory");
	handle->image = process->image = image;
	handle->pid = process->pid = pid;
	handle->value = 4;
	handle->type = "Token";
	handle->luid = luid;
	handle->session_id = 2;
	process->session_id = 0;
	process->handle_count = 100;
	process->luid = 0x3e7;
}

/* sessions: of the cycle's account; leaked: its logon session without one. */
static struct snapshot *sample(int64_t time, bool session, bool leaked)
{
	struct snapshot *snapshot = snapshot_create();
	struct session *services = snapshot ? snapshot_add_session(snapshot) : NULL;
	need(services, "out of memory");
	services->id = 0;
	services->state = "Disc";
	if (session) {
		struct session *active = snapshot_add_session(snapshot);
		need(active, "out of memory");
		active->id = 2;
		active->user = "lab01";
	}
	snapshot->host = "RDS01";
	snapshot->boot_time = START - 86400 * SECOND;
	snapshot->time = time;
	snapshot->elevated = YES;
	add_logon(snapshot, 0x3e7, "RDS01$", 0, START - 86400 * SECOND);
	if (session || leaked) {
		add_logon(snapshot, 0x20000, "lab01", 2, START + SECOND);
		add_handle(snapshot, "leaky.exe", 4100, 0x20000);
		add_handle(snapshot, "lsass.exe", 700, 0x20000);
	}
	need(snapshot_see_all(snapshot), "out of memory");
	return snapshot;
}

static void add_sample(
    struct runfile *runfile, enum mark mark, int64_t time, struct snapshot *snapshot)
{
	struct capture capture = {.mark = mark,
	    .round = 1,
	    .cycle = mark == MARK_BEFORE ? 0 : CYCLES,
	    .observer = "probe",
	    .command = "leaklab-probe.exe",
	    .started = time,
	    .ended = time + SECOND,
	    .exit_status = 0,
	    .output = " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE\n"
	              " services                                    0  Disc\n"};
	capture.output_length = strlen(capture.output);
	need(runfile_add_capture(runfile, &capture, snapshot, NULL), "adding a sample");
	snapshot_destroy(snapshot);
}

static void add_cycle(struct runfile *runfile, int64_t number)
{
	const int64_t start = START + 10 * (number - 1) * SECOND;
	struct cycle cycle = {.number = number,
	    .user = "lab01",
	    .domain = "LAB",
	    .scheduled = start,
	    .started = start,
	    .logged_on = start + SECOND,
	    .ended = start + 5 * SECOND,
	    .session_id = number == 1 ? 2 : 3,
	    .result = CYCLE_LOGGED_OFF,
	    .proof = "error-info",
	    .error_info = 12,
	    .reconnect = YES_NO_UNKNOWN,
	    .host_clock_offset = NUMBER_UNKNOWN};
	need(runfile_put_cycle(runfile, &cycle, NULL), "adding a cycle");
}

static void play(struct runfile *runfile, bool leaks)
{
	const int64_t end = START + 10 * CYCLES * SECOND;
	need(runfile_set(runfile, "settled", "quiet", NULL) &&
	         runfile_set(runfile, "load.slots", "1", NULL) &&
	         runfile_set(runfile, "judge.smallest_rate", "0.7", NULL) &&
	         runfile_set(runfile, "expect.verdict", leaks ? "LEAK" : "CLEAN", NULL) &&
	         runfile_add_event(runfile, "caution", "made to be damaged", NULL),
	    "adding settings");
	add_sample(runfile, MARK_BEFORE, START - SECOND, sample(START - SECOND, false, false));
	for (int64_t number = 1; number <= CYCLES; number++)
		add_cycle(runfile, number);
	add_sample(runfile, MARK_DURING, START + 2 * SECOND, sample(START, true, false));
	add_sample(runfile, MARK_AFTER, end, sample(end, false, leaks));
	struct snapshot *all = sample_of_all_fields();
	all->host = "RDS01";
	all->time = end + SECOND;
	add_sample(runfile, MARK_SETTLING, end + SECOND, all);
	add_sample(
	    runfile, MARK_SETTLED, end + 1600 * SECOND, sample(end + 1600 * SECOND, false, leaks));
}

/* Small pages: of a page of the usual size most bytes are empty. */
static void shrink(const char *path)
{
	sqlite3 *database = NULL;
	need(sqlite3_open(path, &database) == SQLITE_OK &&
	         sqlite3_exec(database, "PRAGMA page_size = 512; VACUUM", NULL, NULL, NULL) ==
	             SQLITE_OK,
	    "shrinking");
	sqlite3_close(database);
}

static struct runfile *make(const char *path, bool leaks)
{
	struct error error;
	struct runfile *runfile = runfile_create(path, &error);
	need(runfile, "creating the file");
	play(runfile, leaks);
	return runfile;
}

void make_sample_run(const char *path)
{
	char control[4096];
	snprintf(control, sizeof control, "%s.control", path);
	struct runfile *negative = make(control, false);
	need(runfile_finish(negative, NULL), "finishing");
	runfile_close(negative);
	shrink(control);
	struct runfile *run = make(path, true);
	need(runfile_add_control(run, "negative", NULL, control, NULL), "adding a control run");
	need(runfile_finish(run, NULL), "finishing");
	runfile_close(run);
	unlink(control);
	shrink(path);
}
