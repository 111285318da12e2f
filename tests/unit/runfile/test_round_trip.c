/* What is written is read again, whole, as JSON and as rows of a run file: by the tables of fields, so that no field that is added
 * can be forgotten. Both writers ask field_is_known() of each field, which is wrapped here so that one can be hidden from them. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/snapshot.h"
#include "runfile/records.h"
#include "runfile/runfile.h"

static const struct field *hidden;

bool __real_field_is_known(const void *item, const struct field *field);
bool __wrap_field_is_known(const void *item, const struct field *field);

bool __wrap_field_is_known(const void *item, const struct field *field)
{
	return field != hidden && __real_field_is_known(item, field);
}

/* ---- evidence of any kind ---- */

static uint64_t state_of_chance;

static uint64_t chance(uint64_t below)
{
	state_of_chance ^= state_of_chance << 13;
	state_of_chance ^= state_of_chance >> 7;
	state_of_chance ^= state_of_chance << 17;
	return state_of_chance % below;
}

enum filling { FILL_NOTHING, FILL_ALL, FILL_SOME };

static const char *any_text(struct snapshot *snapshot)
{
	static const char *const texts[] = {"anna", "", "a \"b\"\\", "M\xc3\xbcller",
	    "\xe6\x97\xa5\xe6\x9c\xac", "x\ty", "'; --", "0"};
	const char *text = texts[chance(sizeof texts / sizeof *texts)];
	return snapshot_string(snapshot, text, strlen(text));
}

static void fill_value(struct snapshot *snapshot, void *item, const struct field *field)
{
	switch (field->kind) {
	case FIELD_TEXT:
		FIELD_AT(const char *, item, field) = any_text(snapshot);
		break;
	case FIELD_NUMBER:
		FIELD_AT(int64_t, item, field) =
		    (int64_t)chance(strcmp(field->name, "session_id") == 0 ? INT32_MAX : INT64_MAX);
		break;
	case FIELD_COUNT:
		FIELD_AT(int64_t, item, field) = 1 + (int64_t)chance(1000);
		break;
	case FIELD_TIME:
		FIELD_AT(int64_t, item, field) = (int64_t)chance(INT64_C(4000000000000000));
		break;
	case FIELD_LUID:
		FIELD_AT(uint64_t, item, field) = chance(LUID_UNKNOWN);
		break;
	case FIELD_YES_NO:
		FIELD_AT(enum yes_no, item, field) = chance(2) ? YES : NO;
		break;
	case FIELD_FLAG:
		FIELD_AT(bool, item, field) = true;
		break;
	case FIELD_WORD:
		FIELD_AT(int, item, field) = 1 + (int)chance(field->word_count - 1);
		break;
	case FIELD_LIST:
		break;
	}
}

static void fill(
    struct snapshot *snapshot, const struct record *record, void *item, enum filling filling)
{
	FIELD_EACH(field, record)
	{
		if (field->kind != FIELD_LIST) {
			if (field->required || filling == FILL_ALL ||
			    (filling == FILL_SOME && chance(3)))
				fill_value(snapshot, item, field);
			continue;
		}
		for (size_t i = 1 + chance(3); i > 0; i--)
			fill(snapshot, field->of, field_add(item, field), filling);
	}
}

/* What is said of sections must fit their rows, or readers would lower it. */
static void say_sight(struct snapshot *snapshot, enum filling filling)
{
	const struct {
		const char *name;
		size_t rows;
	} sections[] = {{SECTION_SESSIONS, snapshot->session_count},
	    {SECTION_LOGON_SESSIONS, snapshot->logon_session_count},
	    {SECTION_HANDLES, snapshot->handle_count},
	    {SECTION_PROCESSES, snapshot->process_count}};
	for (size_t i = 0; i < 4; i++) {
		struct sight *sight = snapshot_sight(snapshot, sections[i].name);
		if (filling != FILL_NOTHING)
			fill(snapshot, &sight_record, sight, filling);
		sight->section =
		    snapshot_string(snapshot, sections[i].name, strlen(sections[i].name));
		if (sight->extent == EXTENT_UNKNOWN)
			sight->extent = EXTENT_ABSENT;
		if (sight->rows != NUMBER_UNKNOWN)
			sight->rows = (int64_t)sections[i].rows;
	}
}

static struct snapshot *make(uint64_t seed, enum filling filling)
{
	struct snapshot *snapshot = snapshot_create();
	state_of_chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	fill(snapshot, &snapshot_record, snapshot, filling);
	say_sight(snapshot, filling);
	return snapshot;
}

/* ---- ways ---- */

struct way {
	const char *name;
	struct snapshot *(*go)(const struct snapshot *snapshot);
};

static struct snapshot *by_json(const struct snapshot *snapshot)
{
	char *text = snapshot_to_json(snapshot, NULL);
	const struct field *kept = hidden;
	hidden = NULL;
	struct snapshot *again = snapshot_from_json(text, strlen(text), NULL);
	hidden = kept;
	free(text);
	return again;
}

static struct snapshot *by_run_file(const struct snapshot *snapshot)
{
	struct snapshot *again = NULL;
	struct capture capture = {
	    .mark = MARK_BEFORE, .round = 1, .observer = "any", .command = "any", .exit_status = 0};
	char *directory = unit_directory();
	struct runfile *runfile = runfile_create(unit_path(directory, "a.leaklab"), NULL);
	assert_true(runfile_add_capture(runfile, &capture, snapshot, NULL));
	assert_true(records_read(runfile, capture.id, RECORDS_ALL, &again, NULL));
	runfile_close(runfile);
	unit_remove_directory(directory);
	return again;
}

static const struct way ways[] = {{"JSON", by_json}, {"run file", by_run_file}};

static bool survives(const struct way *way, const struct snapshot *snapshot)
{
	struct snapshot *again = way->go(snapshot);
	const bool same = again && record_same(&snapshot_record, snapshot, again);
	snapshot_destroy(again);
	return same;
}

static void assert_survives(uint64_t seed, enum filling filling)
{
	struct snapshot *snapshot = make(seed, filling);
	for (size_t i = 0; i < 2; i++) {
		if (!survives(&ways[i], snapshot)) {
			print_error("%s, seed %llu\n", ways[i].name, (unsigned long long)seed);
			fail();
		}
	}
	snapshot_destroy(snapshot);
}

static void what_is_known_comes_through(void **state)
{
	(void)state;
	assert_survives(1, FILL_ALL);
}

static void what_is_unknown_stays_unknown(void **state)
{
	(void)state;
	assert_survives(2, FILL_NOTHING);
}

static void evidence_of_any_kind_comes_through(void **state)
{
	(void)state;
	for (uint64_t seed = 3; seed < 60; seed++)
		assert_survives(seed, FILL_SOME);
}

/* As a probe or an editor may write it: each thing twice, and not the same of it. */
static struct snapshot *make_repeated(void)
{
	struct snapshot *snapshot = snapshot_create();
	for (int i = 0; i < 3; i++) {
		const bool odd = i == 2;
		struct session *session = snapshot_add_session(snapshot);
		session->id = 4;
		session->user = snapshot_string(snapshot, odd ? "carl" : "bert", 4);
		struct logon_session *logon = snapshot_add_logon_session(snapshot);
		logon->luid = 0x2f0101;
		logon->session_id = odd ? 7 : 4;
		struct process *process = snapshot_add_process(snapshot);
		process->pid = 812;
		process->image = snapshot_string(snapshot, odd ? "a.exe" : "b.exe", 5);
	}
	assert_true(snapshot_see_all(snapshot));
	return snapshot;
}

static void what_is_repeated_is_read_as_one_that_is_disputed(void **state)
{
	(void)state;
	static const char *const sections[] = {
	    SECTION_SESSIONS, SECTION_LOGON_SESSIONS, SECTION_PROCESSES};
	struct snapshot *snapshot = make_repeated();
	for (size_t i = 0; i < 2; i++) {
		struct snapshot *again = ways[i].go(snapshot);
		assert_int_equal(again->session_count, 1);
		assert_int_equal(again->logon_session_count, 1);
		assert_int_equal(again->process_count, 1);
		assert_true(again->sessions[0].disputed);
		assert_true(again->logon_sessions[0].disputed);
		assert_int_equal(again->contradiction_total, 3);
		for (size_t j = 0; j < 3; j++) {
			assert_true(snapshot_whole(again, sections[j]));
			assert_int_equal(snapshot_sight_of(again, sections[j])->rows, 1);
		}
		assert_true(survives(&ways[i], again));
		snapshot_destroy(again);
	}
	snapshot_destroy(snapshot);
}

static size_t hide_each(const struct record *record, const struct snapshot *snapshot)
{
	size_t count = 0;
	FIELD_EACH(field, record)
	{
		hidden = field;
		for (size_t i = 0; i < 2; i++) {
			if (survives(&ways[i], snapshot)) {
				print_error("%s: nobody misses %s.%s\n", ways[i].name, record->name,
				    field->name);
				fail();
			}
		}
		hidden = NULL;
		count += 1 + (field->kind == FIELD_LIST ? hide_each(field->of, snapshot) : 0);
	}
	return count;
}

static void a_field_that_a_writer_forgets_is_missed(void **state)
{
	(void)state;
	struct snapshot *snapshot = make(1, FILL_ALL);
	assert_in_range(hide_each(&snapshot_record, snapshot), 60, 200);
	snapshot_destroy(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(what_is_known_comes_through),
	    unit_test(what_is_unknown_stays_unknown),
	    unit_test(evidence_of_any_kind_comes_through),
	    unit_test(a_field_that_a_writer_forgets_is_missed),
	    unit_test(what_is_repeated_is_read_as_one_that_is_disputed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
