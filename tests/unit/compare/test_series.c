/* Many moments, a snapshot each or the rows of a file of counters: who rises, and who only seems to. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

#define MOST 40
static struct snapshot *moments[MOST];
static size_t count;

static const struct leak_terms terms = {
    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};

static void add(const char *text)
{
	moments[count++] = read_evidence(text);
}

static struct comparison *compare(void)
{
	struct comparison *comparison = compare_snapshots(moments, count, &terms, NULL);
	assert_non_null(comparison);
	return comparison;
}

static void done(struct comparison *comparison)
{
	comparison_destroy(comparison);
	for (size_t i = 0; i < count; i++)
		snapshot_destroy(moments[i]);
	count = 0;
}

static const struct trail *trail_of(
    const struct comparison *comparison, enum counted counted, int64_t pid, const char *user)
{
	for (size_t i = 0; i < comparison->trail_count; i++) {
		const struct trail *trail = &comparison->trails[i];
		if (trail->counted == counted && trail->pid == pid &&
		    (!user || (trail->user && strcmp(trail->user, user) == 0)))
			return trail;
	}
	return NULL;
}

static void assert_says(const struct comparison *comparison, const char *part)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	comparison_print_text(comparison, out);
	assert_true(comparison_print_json(comparison, out, NULL));
	fclose(out);
	assert_contains(text, part);
	free(text);
}

/* Moment i of a host with a leaker among those that stay, wander, fill up, restart and go down. */
static void add_processes(size_t i)
{
	static const int wander[] = {0, 3, 1, 4, -2, 0, 2, -3, 1, 0};
	static const int fills[] = {0, 60, 90, 105, 112, 116, 118, 119, 119, 119};
	char text[1000];
	snprintf(text, sizeof text,
	    "\"Name\",\"Id\",\"HandleCount\"\n\"System\",\"4\",\"9000\"\n\"lsass\",\"960\",\"%d\"\n"
	    "\"leaky\",\"3164\",\"%zu\"\n\"cache\",\"3200\",\"%d\"\n\"svchost\",\"%d\",\"%zu\"\n"
	    "\"drops\",\"3300\",\"%zu\"\n",
	    1500 + wander[i], 800 + 40 * i + i % 3, 400 + fills[i], i < 5 ? 4000 : 5000,
	    300 + 50 * (i % 5), 2000 - 20 * i + i % 2);
	add(text);
}

static void of_ten_moments_the_leaker_rises_and_nobody_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		add_processes(i);
	struct comparison *comparison = compare();
	const struct trail *leaky = trail_of(comparison, COUNTED_HANDLES, 3164, NULL);
	assert_int_equal(leaky->word, COURSE_RISES);
	assert_int_equal(leaky->first, 800);
	assert_int_equal(leaky->last, 1160);
	assert_int_equal(leaky->points, 10);
	assert_false(leaky->hourly);
	assert_ptr_equal(leaky, &comparison->trails[0]);
	assert_int_equal(trail_of(comparison, COUNTED_HANDLES, 960, NULL)->word, COURSE_WANDERS);
	assert_int_equal(trail_of(comparison, COUNTED_HANDLES, 4, NULL)->word, COURSE_STEADY);
	assert_int_equal(
	    trail_of(comparison, COUNTED_HANDLES, 3200, NULL)->word, COURSE_LEVELS_OFF);
	assert_int_equal(trail_of(comparison, COUNTED_HANDLES, 3300, NULL)->word, COURSE_FALLS);
	assert_int_equal(comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(comparison, "handles of leaky (3164) rise from 800 to 1160");
	assert_says(comparison, "fewer than 16 moments do not tell a leak from a cache that fills");
	assert_says(comparison, "over 10 moments");
	done(comparison);
}

/* It has five moments as each process; as one it would seem to rise. */
static void a_process_that_was_restarted_is_another_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		add_processes(i);
	struct comparison *comparison = compare();
	const struct trail *first = trail_of(comparison, COUNTED_HANDLES, 4000, NULL),
	                   *second = trail_of(comparison, COUNTED_HANDLES, 5000, NULL);
	assert_true(first->ended);
	assert_int_equal(first->points, 5);
	assert_false(second->ended);
	assert_int_equal(second->word, COURSE_TOO_FEW);
	assert_says(comparison, "not there to the end");
	done(comparison);
}

static void too_few_moments_show_differences_and_how_many_are_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		add_processes(i);
	struct comparison *comparison = compare();
	assert_int_equal(trail_of(comparison, COUNTED_HANDLES, 3164, NULL)->word, COURSE_TOO_FEW);
	assert_int_equal(comparison->growth[1].pid, 3164);
	assert_int_equal(comparison->growth[1].after, 920);
	assert_says(comparison, "4 moments show what changed, and no trend: 8 are needed");
	done(comparison);
	add_processes(0);
	add_processes(1);
	comparison = compare();
	assert_int_equal(comparison->trail_count, 0);
	assert_says(comparison, "2 moments show what changed, and no trend: 8 are needed");
	done(comparison);
}

/* A whole snapshot of an hour: a person logs off after the first; the agent's handles of all types, tokens and the highest ID as they are given. */
static void add_hour(size_t i, size_t handles, size_t tokens, size_t highest)
{
	char text[14000], token[10000] = "", person[200] = "";
	for (size_t j = 0, used = 0; j < tokens; j++)
		used += (size_t)snprintf(token + used, sizeof token - used,
		    "%s{\"pid\": 3164, \"image\": \"agent.exe\", \"value\": %zu, \"type\": \"Token\", \"luid\": \"0:3e7\", "
		    "\"session_id\": 0, \"user\": \"SYSTEM\"}",
		    j ? "," : "", 4 * j + 4);
	if (i == 0)
		snprintf(person, sizeof person,
		    ", {\"luid\": \"0:5001\", \"user\": \"anna\", \"domain\": \"LAB\", \"logon_type\": \"RemoteInteractive\", "
		    "\"session_id\": 2, \"logon_time\": \"2026-03-01T06:00:00Z\"}");
	snprintf(text, sizeof text,
	    "{\"schema\": \"leaklab.snapshot/2\", \"host\": \"RDS01\", \"elevated\": true, \"time\": \"2026-03-01T%02zu:00:00Z\","
	    " \"boot_time\": \"2026-03-01T05:00:00Z\","
	    " \"sessions\": [{\"id\": 0, \"state\": \"Disc\"}, {\"id\": %zu, \"state\": \"Conn\"}%s, {\"id\": 65536, \"state\": \"Listen\"}],"
	    " \"logon_sessions\": [{\"luid\": \"0:3e7\", \"user\": \"SYSTEM\", \"session_id\": 0, \"logon_time\": \"2026-03-01T05:00:00Z\"},"
	    " {\"luid\": \"0:3e4\", \"user\": \"NETWORK SERVICE\", \"session_id\": 0, \"logon_time\": \"2026-03-01T05:00:00Z\"},"
	    " {\"luid\": \"0:3e5\", \"user\": \"LOCAL SERVICE\", \"session_id\": 0, \"logon_time\": \"2026-03-01T05:00:00Z\"}%s],"
	    " \"handles\": [%s], \"processes\": [{\"pid\": 3164, \"image\": \"agent.exe\", \"session_id\": 0, \"luid\": \"0:3e7\","
	    " \"handle_count\": %zu, \"start_time\": \"2026-03-01T05:10:00Z\"}], \"sight\": [{\"section\": \"sessions\", \"extent\": \"whole\"},"
	    " {\"section\": \"logon_sessions\", \"extent\": \"whole\"}, {\"section\": \"handles\", \"extent\": \"whole\"},"
	    " {\"section\": \"processes\", \"extent\": \"whole\"}]}",
	    7 + i, highest,
	    i == 0 ? ", {\"id\": 2, \"user\": \"anna\", \"domain\": \"LAB\", \"state\": \"Active\"}"
	           : "",
	    person, token, handles);
	add(text);
}

static void what_is_clean_by_the_leak_rule_is_clean_while_handles_stay(void **state)
{
	(void)state;
	static const int wander[] = {0, 3, 1, 4, -2, 0, 2, -3, 1, 0};
	for (size_t i = 0; i < 10; i++)
		add_hour(i, (size_t)(500 + wander[i]), 3, 1);
	struct comparison *comparison = compare();
	assert_int_equal(comparison->verdict, EXIT_CLEAN);
	done(comparison);
}

static void what_surely_rises_is_no_leak_and_not_clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		add_hour(i, 500 + 40 * i, 3, 1);
	struct comparison *comparison = compare();
	const struct trail *handles = trail_of(comparison, COUNTED_HANDLES, 3164, NULL);
	assert_int_equal(handles->word, COURSE_RISES);
	assert_true(handles->hourly);
	assert_in_range((int64_t)(handles->slope * 100), 3999, 4001);
	assert_int_equal(comparison->span, INT64_C(9) * 3600 * 1000000);
	assert_int_equal(comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(comparison, "by 40.00 an hour");
	assert_says(comparison, "is not called clean");
	done(comparison);
}

static void token_handles_rise_by_process_and_by_account(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		add_hour(i, 500, 5 * i, 1);
	struct comparison *comparison = compare();
	const struct trail *tokens = trail_of(comparison, COUNTED_TOKENS, 3164, NULL);
	assert_int_equal(tokens->first, 0);
	assert_int_equal(tokens->last, 45);
	assert_int_equal(tokens->word, COURSE_RISES);
	assert_int_equal(
	    trail_of(comparison, COUNTED_ACCOUNT_TOKENS, NUMBER_UNKNOWN, "SYSTEM")->last, 45);
	assert_int_equal(trail_of(comparison, COUNTED_LOGONS, NUMBER_UNKNOWN, "anna")->last, 0);
	assert_int_equal(comparison->verdict, EXIT_INCONCLUSIVE);
	done(comparison);
}

static void the_highest_id_that_rises_without_more_sessions_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++)
		add_hour(i, 500, 3, i == 0 ? 1 : 8 * i);
	struct comparison *comparison = compare();
	assert_int_equal(
	    trail_of(comparison, COUNTED_HIGHEST_ID, NUMBER_UNKNOWN, NULL)->word, COURSE_RISES);
	assert_int_equal(comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(
	    comparison, "\"the highest session ID rises from 2 to 72, though there are no more");
	done(comparison);
}

/* ---- counters ---- */

#define HOST "\\\\RDS01\\"

/* Rows of a minute each. */
static char *file_of(
    const char *zone, const char *columns, size_t rows, void (*print)(FILE *out, size_t row))
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	fprintf(out, "\"(PDH-CSV 4.0)%s\"%s\n", zone, columns);
	for (size_t i = 0; i < rows; i++) {
		fprintf(out, "\"03/04/2026 %02zu:%02zu:00.000\"", 9 + i / 60, i % 60);
		print(out, i);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static void print_leaker(FILE *out, size_t row)
{
	fprintf(out, ",\"%zu\",\"%zu\",\"%d\"", 700 + row % 3, 800 + 2 * row, 6);
}

static void the_rows_of_a_long_file_are_its_moments(void **state)
{
	(void)state;
	char *text = file_of("",
	    ",\"" HOST "Process V2(lsass:960)\\Handle Count\",\"" HOST
	    "Process V2(agent:3164)\\Handle Count\",\"" HOST "Terminal Services\\Total Sessions\"",
	    60, print_leaker);
	add(text);
	struct comparison *comparison = compare();
	const struct trail *agent = trail_of(comparison, COUNTED_HANDLES, 3164, NULL);
	assert_int_equal(agent->word, COURSE_RISES);
	assert_true(agent->hourly);
	assert_in_range((int64_t)agent->slope, 119, 120);
	assert_int_equal(trail_of(comparison, COUNTED_HANDLES, 960, NULL)->word, COURSE_WANDERS);
	assert_int_equal(comparison->verdict, EXIT_INCONCLUSIVE);
	assert_says(comparison, "handles of agent (3164) rise from 800 to 918");
	assert_says(comparison, "not which logon sessions outlive their session");
	done(comparison);
	free(text);
}

/* svchost#1 ends half-way, and svchost#2 takes its number: read as one process, number 1 would jump from 100 to 900. */
static void print_renumbered(FILE *out, size_t row)
{
	if (row < 10)
		fprintf(out, ",\"300\",\"100\",\"900\"");
	else
		fprintf(out, ",\"300\",\"900\",\" \"");
}

static void a_number_behind_a_name_is_no_process(void **state)
{
	(void)state;
	char *text = file_of("",
	    ",\"" HOST "Process(svchost)\\Handle Count\",\"" HOST
	    "Process(svchost#1)\\Handle Count\",\"" HOST "Process(svchost#2)\\Handle Count\"",
	    20, print_renumbered);
	add(text);
	struct comparison *comparison = compare();
	assert_int_equal(comparison->trail_count, 1);
	const struct trail *all = &comparison->trails[0];
	assert_string_equal(all->image, "svchost");
	assert_int_equal(all->pid, NUMBER_UNKNOWN);
	assert_int_equal(all->first, 1300);
	assert_int_equal(all->last, 1200);
	assert_int_equal(all->points, 20);
	assert_says(comparison, "svchost (by name)");
	assert_says(comparison, "known by name alone");
	done(comparison);
	free(text);
}

static void print_identified(FILE *out, size_t row)
{
	if (row < 10)
		fprintf(out, ",\"100\",\"11\",\"%zu\",\"22\"", 900 + 5 * row);
	else
		fprintf(out, ",\"%zu\",\"22\",\" \",\" \"", 900 + 5 * row);
}

static void with_id_process_the_process_is_followed(void **state)
{
	(void)state;
	char *text = file_of("",
	    ",\"" HOST "Process(svchost#1)\\Handle Count\",\"" HOST
	    "Process(svchost#1)\\ID Process\",\"" HOST "Process(svchost#2)\\Handle Count\",\"" HOST
	    "Process(svchost#2)\\ID Process\"",
	    20, print_identified);
	add(text);
	struct comparison *comparison = compare();
	const struct trail *second = trail_of(comparison, COUNTED_HANDLES, 22, NULL);
	assert_int_equal(second->points, 20);
	assert_int_equal(second->word, COURSE_RISES);
	assert_true(trail_of(comparison, COUNTED_HANDLES, 11, NULL)->ended);
	done(comparison);
	free(text);
}

static void print_gaps(FILE *out, size_t row)
{
	if (row % 4 == 1)
		fprintf(out, ",\" \"");
	else
		fprintf(out, ",\"%zu\"", 100 + 3 * row);
}

static void gaps_are_no_zeros(void **state)
{
	(void)state;
	char *text =
	    file_of("", ",\"" HOST "Process V2(agent:3164)\\Handle Count\"", 20, print_gaps);
	add(text);
	struct comparison *comparison = compare();
	assert_int_equal(comparison->trails[0].points, 15);
	assert_int_equal(comparison->trails[0].lowest, 100);
	assert_int_equal(comparison->trails[0].word, COURSE_RISES);
	assert_in_range((int64_t)(comparison->trails[0].slope + 0.5), 180, 180);
	done(comparison);
	free(text);
}

static void times_without_a_zone_are_not_compared_across_sources(void **state)
{
	(void)state;
	static const char columns[] = ",\"" HOST "Process V2(agent:3164)\\Handle Count\"";
	char *local = file_of("", columns, 20, print_gaps),
	     *zoned = file_of(" (W. Europe Standard Time)(-60)", columns, 20, print_gaps);
	add(local);
	add(local);
	struct comparison *comparison = compare();
	assert_false(comparison->trails[0].hourly);
	assert_int_equal(comparison->trails[0].points, 30);
	done(comparison);
	add(zoned);
	add(zoned);
	comparison = compare();
	assert_true(comparison->trails[0].hourly);
	assert_int_equal(comparison->trails[0].points, 15);
	done(comparison);
	free(local);
	free(zoned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(of_ten_moments_the_leaker_rises_and_nobody_else),
	    unit_test(a_process_that_was_restarted_is_another_one),
	    unit_test(too_few_moments_show_differences_and_how_many_are_needed),
	    unit_test(what_is_clean_by_the_leak_rule_is_clean_while_handles_stay),
	    unit_test(what_surely_rises_is_no_leak_and_not_clean),
	    unit_test(token_handles_rise_by_process_and_by_account),
	    unit_test(the_highest_id_that_rises_without_more_sessions_is_told),
	    unit_test(the_rows_of_a_long_file_are_its_moments),
	    unit_test(a_number_behind_a_name_is_no_process),
	    unit_test(with_id_process_the_process_is_followed),
	    unit_test(gaps_are_no_zeros),
	    unit_test(times_without_a_zone_are_not_compared_across_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
