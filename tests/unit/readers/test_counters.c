/* Performance counters over time: what typeperf, perfmon, relog and Export-Counter write. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERFMON "\"(PDH-CSV 4.0) (Pacific Daylight Time)(420)\""
#define TYPEPERF "\"(PDH-CSV 4.0)\""
#define HANDLES(instance) ",\"\\\\RDS01\\Process(" instance ")\\Handle Count\""
#define ID(instance) ",\"\\\\RDS01\\Process(" instance ")\\ID Process\""

static void the_zone_of_perfmon_makes_times_known(void **state)
{
	(void)state;
	assert_facts(PERFMON HANDLES("lsass") "\n\"09/15/2025 09:20:56.002\",\"79396\"\n", 0,
	    "C Process lsass - Handle Count 2025-09-15T16:20:56Z 79396\n");
	assert_facts("\"(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)\"" HANDLES(
	                 "lsass") "\n\"09/15/2025 09:20:56.002\",\"79396\"\n",
	    0, "C Process lsass - Handle Count 2025-09-15T07:20:56Z 79396\n");
}

static void without_a_zone_times_are_the_hosts(void **state)
{
	(void)state;
	assert_facts("\n" TYPEPERF ",\"\\\\rdsh01\\Terminal Services\\Active Sessions\","
	             "\"\\\\rdsh01\\Terminal Services\\Total Sessions\"\n"
	             "\"03/04/2026 09:20:56.002\",\"4.000000\",\"6.000000\"\n"
	             "\"03/04/2026 09:21:56.003\",\"4.000000\",\"10.000000\"\n"
	             "\nThe command completed successfully.\n",
	    0,
	    "C Terminal Services - - Active Sessions 2026-03-04T09:20:56 4\n"
	    "C Terminal Services - - Active Sessions 2026-03-04T09:21:56 4\n"
	    "C Terminal Services - - Total Sessions 2026-03-04T09:20:56 6\n"
	    "C Terminal Services - - Total Sessions 2026-03-04T09:21:56 10\n");
}

static void a_blank_and_minus_one_are_no_values(void **state)
{
	(void)state;
	assert_facts(TYPEPERF HANDLES("agent")
	                 HANDLES("lsass") "\n\"03/04/2026 09:20:00.000\",\" \",\"700\"\n"
	                                  "\"03/04/2026 09:21:00.000\",\"31\",\"-1\"\n"
	                                  "\"03/04/2026 09:22:00.000\",\"\",\"1.5e+03\"\n",
	    0,
	    "C Process lsass - Handle Count 2026-03-04T09:20:00 700\n"
	    "C Process lsass - Handle Count 2026-03-04T09:22:00 1500\n"
	    "C Process agent - Handle Count 2026-03-04T09:21:00 31\n");
}

static void process_v2_names_the_process(void **state)
{
	(void)state;
	assert_facts(TYPEPERF ",\"\\\\RDS01\\Process V2(svchost:1064)\\Handle Count\"\n"
	                      "\"03/04/2026 09:20:00.000\",\"812.000000\"\n",
	    0, "C Process V2 svchost 1064 Handle Count 2026-03-04T09:20:00 812\n");
}

/* When svchost#1 ends, svchost#2 takes its number. */
static void id_process_tells_who_an_instance_is_at_each_time(void **state)
{
	(void)state;
	assert_facts(TYPEPERF HANDLES("svchost#1") HANDLES("svchost#2") ID("svchost#2") ID(
	                 "svchost#1") "\n"
	                              "\"03/04/2026 09:20:00.000\",\"100\",\"900\",\"22\",\"11\"\n"
	                              "\"03/04/2026 09:21:00.000\",\"901\",\" \",\" \",\"22\"\n"
	                              "\"03/04/2026 09:22:00.000\",\"902\",\"50\",\" \",\"22\"\n",
	    0,
	    "C Process svchost 11 Handle Count 2026-03-04T09:20:00 100\n"
	    "C Process svchost 22 Handle Count 2026-03-04T09:20:00 900\n"
	    "C Process svchost 22 Handle Count 2026-03-04T09:21:00 901\n"
	    "C Process svchost 22 Handle Count 2026-03-04T09:22:00 902\n");
}

static void the_sum_of_all_is_no_process(void **state)
{
	(void)state;
	assert_facts(TYPEPERF HANDLES("_Total")
	                 ID("_Total") "\n\"03/04/2026 09:20:00.000\",\"9000\",\"0\"\n",
	    0, "C Process _Total - Handle Count 2026-03-04T09:20:00 9000\n");
}

static void other_columns_are_counted(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(
	    TYPEPERF HANDLES("lsass") ",\"\\\\RDS01\\Memory\\Available MBytes\","
	                              "\"\\\\RDS01\\Process(a(b)\\c)\\% Processor Time\"\n"
	                              "\"03/04/2026 09:20:00.000\",\"700\",\"1\",\"what\"\n",
	    1);
	assert_int_equal(snapshot->counter_columns_left, 2);
	assert_int_equal(snapshot->counter_count, 1);
	assert_string_equal(snapshot->host, "RDS01");
	snapshot_destroy(snapshot);
}

static void a_row_that_is_not_understood_is_left_over(void **state)
{
	(void)state;
	static const char *const rows[] = {"\"13/04/2026 09:20:00.000\",\"700\"",
	    "\"03/04/2026 9:20 AM\",\"700\"", "\"03/04/2026 09:20:00.000\",\"seven\"",
	    "\"03/04/2026 09:20:00.000\"", "\"03/04/2026 09:20:00.000\",\"700\",\"1\"",
	    "\"03/04/2026 09:20:00.000\",\"1e99\""};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[400];
		snprintf(text, sizeof text,
		    TYPEPERF HANDLES("lsass") "\n%s\n\"03/04/2026 09:21:00.000\",\"701\"\n",
		    rows[i]);
		assert_facts(text, 1, "C Process lsass - Handle Count 2026-03-04T09:21:00 701\n");
	}
}

/* A clock that was set back; a file that was pasted twice. */
static void what_is_not_later_is_left_out_and_counted(void **state)
{
	(void)state;
	struct snapshot *snapshot =
	    read_rows(TYPEPERF HANDLES("lsass") "\n\"03/04/2026 09:20:00.000\",\"700\"\n"
	                                        "\"03/04/2026 09:19:00.000\",\"1\"\n"
	                                        "\"03/04/2026 09:21:00.000\",\"701\"\n",
	        3);
	assert_int_equal(snapshot->counter_rows_left, 1);
	assert_int_equal(snapshot->counters[0].point_count, 2);
	assert_int_equal(snapshot->counters[0].lowest, 700);
	snapshot_destroy(snapshot);
}

static void each_host_of_a_file_is_a_sample(void **state)
{
	(void)state;
	static const char text[] = TYPEPERF
	    ",\"\\\\RDS01\\Process(lsass)\\Handle Count\",\"\\\\RDS02\\Process(lsass)\\Handle Count\"\n"
	    "\"03/04/2026 09:20:00.000\",\"700\",\"800\"\n";
	struct moments moments;
	struct error error;
	assert_true(evidence_read_moments(text, strlen(text), "a.csv", &moments, NULL, &error));
	assert_int_equal(moments.count, 2);
	assert_string_equal(moments.items[1].snapshot->host, "RDS02");
	assert_int_equal(moments.items[0].snapshot->counters[0].points[0].value, 700);
	assert_int_equal(moments.items[1].snapshot->counters[0].points[0].value, 800);
	assert_int_equal(moments.items[1].snapshot->counter_count, 1);
	moments_deinit(&moments);
}

/* Every second: hours of it. */
static void of_a_long_run_the_first_the_last_and_the_extremes_stay(void **state)
{
	(void)state;
	enum { ROWS = 50000 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(TYPEPERF HANDLES("lsass") HANDLES("agent") "\n", out);
	for (int i = 0; i < ROWS; i++) {
		fprintf(out, "\"03/%02d/2026 %02d:%02d:%02d.000\",\"%d\"", 1 + i / 86400,
		    i / 3600 % 24, i / 60 % 60, i % 60, i == 33333 ? 5 : 1000 + i);
		fprintf(out, i >= 101 && i < 40001 ? ",\"%d\"\n" : ",\" \"\n", i);
	}
	fclose(out);
	struct snapshot *snapshot = read_rows(text, ROWS);
	for (size_t i = 0; i < 2; i++) {
		const struct counter *counter = &snapshot->counters[i];
		const struct counter_point *points = counter->points;
		assert_in_range(counter->point_count, 1500, 4100);
		assert_int_equal(counter->points_seen, i ? 39900 : ROWS);
		assert_int_equal(points[0].value, i ? 101 : 1000);
		assert_int_equal(points[counter->point_count - 1].value, i ? 40000 : 999 + ROWS);
		assert_int_equal(counter->lowest, i ? 101 : 5);
		for (size_t j = 1; j < counter->point_count; j++)
			assert_true(
			    counter_point_clock(&points[j]) > counter_point_clock(&points[j - 1]));
	}
	snapshot_destroy(snapshot);
	free(text);
}

static struct snapshot *merged(const char *one, const char *two)
{
	struct error error;
	struct snapshot *snapshot = read_evidence(one), *other = read_evidence(two);
	assert_true(snapshot_merge(snapshot, other, true, &error));
	snapshot_destroy(other);
	return snapshot;
}

static void two_files_of_one_counter_are_one_series_where_times_have_a_zone(void **state)
{
	(void)state;
	static const char expected[] = "C Process lsass - Handle Count 2026-03-04T15:20:00Z 700\n"
	                               "C Process lsass - Handle Count 2026-03-04T16:20:00Z 701\n"
	                               "C Process lsass - Handle Count 2026-03-04T17:20:00Z 702\n";
	struct snapshot *snapshot =
	    merged(PERFMON HANDLES("lsass") "\n\"03/04/2026 09:20:00.000\",\"701\"\n"
	                                    "\"03/04/2026 10:20:00.000\",\"702\"\n",
	        PERFMON HANDLES("LSASS") "\n\"03/04/2026 08:20:00.000\",\"700\"\n"
	                                 "\"03/04/2026 09:20:00.000\",\"701\"\n");
	char *found = describe_evidence(snapshot);
	assert_string_equal(found, expected);
	assert_int_equal(snapshot->counters[0].points_seen, 3);
	assert_int_equal(snapshot->counters[0].lowest, 700);
	free(found);
	snapshot_destroy(snapshot);
	snapshot = merged(TYPEPERF HANDLES("lsass") "\n\"03/04/2026 09:20:00.000\",\"701\"\n",
	    PERFMON HANDLES("lsass") "\n\"03/04/2026 08:20:00.000\",\"700\"\n");
	assert_int_equal(snapshot->counter_count, 2);
	snapshot_destroy(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(the_zone_of_perfmon_makes_times_known),
	    unit_test(without_a_zone_times_are_the_hosts),
	    unit_test(a_blank_and_minus_one_are_no_values),
	    unit_test(process_v2_names_the_process),
	    unit_test(id_process_tells_who_an_instance_is_at_each_time),
	    unit_test(the_sum_of_all_is_no_process),
	    unit_test(other_columns_are_counted),
	    unit_test(a_row_that_is_not_understood_is_left_over),
	    unit_test(what_is_not_later_is_left_out_and_counted),
	    unit_test(each_host_of_a_file_is_a_sample),
	    unit_test(of_a_long_run_the_first_the_last_and_the_extremes_stay),
	    unit_test(two_files_of_one_counter_are_one_series_where_times_have_a_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
