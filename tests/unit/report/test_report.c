#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/latencies.h"
#include "judge/verdict.h"
#include "report/escape.h"
#include "report/report.h"
#include "tests/unit/judge/fixture.h"
#include "tests/unit/unit.h"

#define EVIL "<script>alert(1)</script>|`'\"&"

/* The fixture's run in one form; the caller frees it. */
static char *render(struct fixture *fixture, const char *format)
{
	struct error error = {0};
	char *text = NULL;
	size_t size = 0;
	struct verdict *verdict = fixture_judge(fixture);
	FILE *out = open_memstream(&text, &size);
	if (!report_run(format, fixture->runfile, "run.leaklab", verdict, out, &error))
		fail_msg("%s", error.text);
	fclose(out);
	verdict_destroy(verdict);
	return text;
}

/* A clean run of 60 cycles. */
static struct fixture clean_run(void)
{
	struct fixture fixture = fixture_create();
	fixture_add_cycles(&fixture, 1, 60, 2, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_snapshot(&fixture, MARK_SETTLED, fixture_snapshot());
	return fixture;
}

/* Everything that others write has markup in it. */
static struct fixture evil_run(void)
{
	struct fixture fixture = fixture_create();
	struct snapshot *settled = fixture_snapshot();
	struct capture capture = {.mark = MARK_AFTER,
	    .round = 1,
	    .observer = EVIL,
	    .command = EVIL,
	    .started = RUN_START,
	    .ended = RUN_START,
	    .output = EVIL "\x1b[31m\xff",
	    .output_length = strlen(EVIL "\x1b[31m\xff"),
	    .problem = EVIL};
	fixture_add_cycles(&fixture, 1, 59, 2, CYCLE_LOGGED_OFF);
	struct cycle failed = fixture_cycle(60, NUMBER_UNKNOWN, CYCLE_FAILED);
	failed.code = EVIL;
	failed.message = EVIL;
	fixture_put_cycle(&fixture, &failed);
	fixture_set(&fixture, "scenario.name", EVIL);
	fixture_set(&fixture, "scenario", "name: " EVIL "\n~~~~~~~~\n");
	fixture_set(&fixture, "host", EVIL);
	fixture_set(&fixture, "expect.culprit", EVIL);
	fixture_add_snapshot(&fixture, MARK_BEFORE, fixture_snapshot());
	fixture_add_logon(settled, 3, 2);
	fixture_add_handle(settled, EVIL, 77, 3);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	assert_true(runfile_add_capture(fixture.runfile, &capture, NULL, NULL));
	assert_true(runfile_add_event(fixture.runfile, EVIL, EVIL, NULL));
	return fixture;
}

static void what_others_wrote_is_escaped_in_every_form(void **state)
{
	struct fixture fixture = evil_run();
	(void)state;
	for (size_t i = 0; i < renderer_count; i++) {
		char *text = render(&fixture, renderers[i]->name);
		const bool markup = strcmp(renderers[i]->name, "text") != 0 &&
		                    strcmp(renderers[i]->name, "json") != 0;
		char *code = strstr(text, "~~~~~~~~yaml"); /* a scenario in Markdown's code block */
		if (code)
			*code = '\0';
		if (markup)
			assert_null(strstr(text, "<script>alert"));
		assert_null(strchr(text, '\x1b'));
		assert_null(strchr(text, '\xff'));
		free(text);
	}
	fixture_destroy(&fixture);
}

static void one_orphan_is_told_as_one_in_every_form(void **state)
{
	static const char *const formats[] = {"text", "markdown", "html"};
	struct fixture fixture = evil_run();
	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		char *text = render(&fixture, formats[i]);
		assert_contains(text, "1 orphaned logon session");
		assert_null(strstr(text, "1 orphaned logon sessions"));
		free(text);
	}
	fixture_destroy(&fixture);
}

static void a_table_fits_in_eighty_columns_and_nothing_is_cut(void **state)
{
	struct fixture fixture = clean_run();
	struct cycle failed = fixture_cycle(60, NUMBER_UNKNOWN, CYCLE_FAILED);
	char code[] = "ERRCONNECT_SECURITY_NEGO_CONNECT_FAILED";
	char message[] =
	    "the certificate's chain ends in https://hostname/that/has/a/long/address/and/nobody/trusts";
	size_t shown = 0;
	(void)state;
	failed.code = code;
	failed.message = message;
	fixture_put_cycle(&fixture, &failed);
	char *text = render(&fixture, "text"), *errors = strstr(text, "\nerrors\n");
	assert_non_null(errors);
	for (const char *line = errors; *line; line += strspn(line, "\n")) {
		assert_true(strcspn(line, "\n") <= 80);
		line += strcspn(line, "\n");
	}
	for (const char *at = errors; *at; at++)
		shown += *at != ' ' && *at != '\n';
	/* Its text has five blanks. */
	assert_int_equal(shown, strlen("errors"
	                               "Whatwentwrong,themostfrequentfirst"
	                               "cyclesphasecodemessageofthefirst"
	                               "1nla") +
	                            strlen(code) + strlen(message) - 5);
	free(text);
	fixture_destroy(&fixture);
}

static void markdown_has_the_tables_that_html_has(void **state)
{
	static const char *const headings[] = {
	    "## Holders", "## Expectations", "## Errors", "## Environment"};
	struct fixture fixture = evil_run();
	(void)state;
	char *text = render(&fixture, "markdown");
	for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
		assert_contains(text, headings[i]);
	assert_contains(text, "| 77 | 1 | 1 | 0 |");
	free(text);
	fixture_destroy(&fixture);
}

/* What has leaked by so many cycles: System and lsass hold what the grabber holds, and another program leaks by itself. */
static struct snapshot *leaked_by(int64_t cycle)
{
	struct snapshot *snapshot = fixture_snapshot();
	for (int64_t i = 1; i <= cycle; i++) {
		fixture_add_logon(snapshot, i, i + 1);
		fixture_add_handle(snapshot, "System", 4, i);
		snapshot->handles[snapshot->handle_count - 1].type = "Directory";
		fixture_add_handle(snapshot, "lsass.exe", 84, i);
		fixture_add_handle(snapshot, "grabber.exe", 600, i);
		fixture_add_handle(snapshot, "other.exe", 700, 0);
		snapshot->handles[snapshot->handle_count - 1].luid = 0x3e7;
		snapshot->handles[snapshot->handle_count - 1].user = "LAB01";
		snapshot->handles[snapshot->handle_count - 1].domain = "LAB";
	}
	return snapshot;
}

/* A sample each so many cycles. */
static struct fixture growing_run(int64_t cycles, int64_t each)
{
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "load.slots", "1");
	for (int64_t i = 1; i <= cycles; i++)
		fixture_add_cycle(&fixture, i, i + 1, CYCLE_LOGGED_OFF);
	fixture_add_snapshot(&fixture, MARK_BEFORE, leaked_by(0));
	for (int64_t cycle = each; cycle < cycles; cycle += each)
		fixture_add_round(&fixture, cycle, leaked_by(cycle));
	fixture_add_snapshot(&fixture, MARK_SETTLED, leaked_by(cycles));
	return fixture;
}

static const char *line_with(const char *text, const char *part)
{
	const char *at = strstr(text, part);
	assert_contains(text, part);
	return at;
}

static void culprits_lead_the_rises_and_followers_end_them(void **state)
{
	static const char *const forms[] = {"text", "markdown", "html"};
	struct fixture fixture = growing_run(100, 4);
	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char *text = render(&fixture, forms[i]);
		const char *table = line_with(text, i == 0   ? "\nhandles over"
		                                    : i == 1 ? "## Handles over"
		                                             : "id=\"growth\"");
		const char *culprit = line_with(table, "grabber.exe"),
		           *other = line_with(table, "other.exe"),
		           *follower = line_with(table, "System"),
		           *lsass = line_with(table, "lsass.exe");
		assert_true(culprit < other && other < follower && other < lsass);
		assert_contains(follower, "follows grabber.exe");
		assert_contains(lsass, "follows grabber.exe");
		free(text);
	}
	fixture_destroy(&fixture);
}

static void too_few_samples_are_called_so(void **state)
{
	struct fixture fixture = growing_run(40, 3);
	(void)state;
	char *text = render(&fixture, "markdown");
	const char *table = line_with(text, "## Handles over");
	assert_contains(table, "too few samples (12)");
	assert_null(strstr(text, "not clear"));
	free(text);
	fixture_destroy(&fixture);
}

static void what_nobody_looked_at_is_not_said_to_be_none(void **state)
{
	struct fixture fixture = fixture_create();
	(void)state;
	fixture_add_cycles(&fixture, 1, 60, 2, CYCLE_LOGGED_OFF);
	fixture_set(&fixture, "expect.culprit", "none");
	fixture_set(&fixture, "expect.rate", "0");
	char *html = render(&fixture, "html"), *json = render(&fixture, "json");
	assert_null(strstr(html, "nothing that anybody could hold"));
	assert_null(strstr(html, "No sample shows an orphan"));
	assert_contains(line_with(html, "<h2 id=\"holders-heading\">"), "<p>Not observed: ");
	assert_contains(line_with(html, "<figure id=\"course\">"), "<figcaption>Not observed: ");
	assert_contains(line_with(html, "<figure id=\"orphans\">"), "<figcaption>Not observed: ");
	assert_contains(line_with(html, "<figure id=\"tokens\">"), "<figcaption>Not observed: ");
	assert_contains(html, "not observed: handles");
	assert_contains(json, "\"ended_holders\":null");
	assert_contains(json, "\"by_account\":null");
	free(html);
	free(json);
	fixture_destroy(&fixture);
}

static char *escaped(void (*escape)(FILE *, const char *), const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&out, &size);
	escape(memory, text);
	fclose(memory);
	return out;
}

static void numbers_times_and_ids_stand_in_markdown_as_they_are(void **state)
{
	static const char *const texts[] = {"0.5", "1.00", "-1.5", "100 %", "+3", "10.0.20348",
	    "2026-11-30T08:12:23.555800Z", "00000000:000fd2f5", "0x1f", "S-1-5-21-1-2-3",
	    "127.0.0.1:43111", "3f2504e04f8911d39a0c0305e82c3301", "12 of 60 (20 %)", "-"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *cell = escaped(escape_markdown_cell, texts[i]),
		     *line = escaped(escape_markdown, texts[i]);
		assert_string_equal(cell, texts[i]);
		/* A sign that begins a line is escaped, which is not seen. */
		assert_string_equal(line + (*line == '\\'), texts[i]);
		free(cell);
		free(line);
	}
}

static void hostile_text_is_no_structure_and_no_link_in_markdown(void **state)
{
	static const struct {
		const char *text, *escaped;
	} texts[] = {
	    {"# heading", "\\# heading"},
	    {"- item", "\\- item"},
	    {"1. item", "1\\. item"},
	    {"12) item", "12\\) item"},
	    {"> quote", "\\> quote"},
	    {"===", "\\==="},
	    {"    code", "code"},
	    {"two\nlines\n# x", "two lines # x"},
	    {"@all", "@<!-- -->all"},
	    {"a@example.com", "a@<!-- -->example.com"},
	    {"https://example.com", "https:<!-- -->//example.com"},
	    {"www.example.com", "www<!-- -->.example.com"},
	    {"[x](y) <b> ![i](j) | `c`", "\\[x\\](y) &lt;b> !\\[i\\](j) \\| \\`c\\`"},
	    {"#12 !3 ~bug %\"v1\" $4 &5 :+1:",
	        "\\#<!-- -->12 !<!-- -->3 \\~<!-- -->bug %<!-- -->\"v1\" \\$<!-- -->4 &amp;<!-- -->5 :<!-- -->+1:"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *line = escaped(escape_markdown, texts[i].text);
		assert_string_equal(line, texts[i].escaped);
		free(line);
	}
}

static void a_fence_in_a_scenario_does_not_end_its_block(void **state)
{
	struct fixture fixture = evil_run();
	char *text = render(&fixture, "markdown"), *fence = strstr(text, "~~~~~~~~yaml");
	size_t count = 0;
	(void)state;
	assert_non_null(fence);
	while ((fence = strstr(fence + 1, "\n~~~~~~~~")))
		count++;
	assert_int_equal(count, 1);
	free(text);
	fixture_destroy(&fixture);
}

static void what_could_not_be_decided_never_passes_in_junit(void **state)
{
	struct fixture fixture = fixture_create();
	(void)state;
	fixture_add_cycles(&fixture, 1, 60, 2, CYCLE_LOGGED_OFF);
	fixture_set(&fixture, "expect.verdict", "INCONCLUSIVE");
	fixture_set(&fixture, "expect.culprit", "none");
	char *text = render(&fixture, "junit");
	assert_contains(text, "tests=\"3\" failures=\"0\" errors=\"2\"");
	assert_contains(text, "<error type=\"leaklab.inconclusive\"");
	free(text);
	fixture_destroy(&fixture);
}

static void a_leak_that_is_expected_passes_in_junit(void **state)
{
	struct fixture fixture = evil_run();
	(void)state;
	char *unexpected = render(&fixture, "junit");
	assert_contains(unexpected, "<failure type=\"leaklab.failed\" message=\"LEAK: ");
	fixture_set(&fixture, "expect.verdict", "LEAK");
	char *expected = render(&fixture, "junit");
	assert_null(strstr(expected, "message=\"LEAK: "));
	free(unexpected);
	free(expected);
	fixture_destroy(&fixture);
}

static void a_control_that_failed_is_an_error_in_junit(void **state)
{
	struct fixture fixture = clean_run();
	struct verdict *verdict = fixture_judge(&fixture);
	static char name[] = "positive", reason[] = "none of 60 <cycles>";
	struct control control = {.name = name,
	    .leaks = true,
	    .expected = 0.5,
	    .word = VERDICT_CLEAN,
	    .n = 60,
	    .reason = reason};
	char *text = NULL;
	size_t size = 0;
	(void)state;
	verdict->controls = &control;
	verdict->control_count = 1;
	for (size_t i = 0; i < renderer_count; i++) {
		FILE *out = open_memstream(&text, &size);
		assert_true(report_verdict(renderers[i]->name, verdict, out, NULL));
		fclose(out);
		assert_contains(text, strcmp(renderers[i]->name, "json") == 0    ? "\"held\":false"
		                      : strcmp(renderers[i]->name, "junit") == 0 ? "errors=\"1\""
		                                                                 : "FAILED");
		free(text);
		text = NULL;
	}
	verdict->controls = NULL;
	verdict->control_count = 0;
	fixture_finish(&fixture, verdict);
}

static void percentiles_are_of_the_nearest_rank(void **state)
{
	int64_t values[100];
	(void)state;
	for (int i = 0; i < 100; i++)
		values[i] = i + 1;
	assert_int_equal(percentile(values, 100, 50), 50);
	assert_int_equal(percentile(values, 100, 95), 95);
	assert_int_equal(percentile(values, 100, 99.5), 100);
	assert_int_equal(percentile(values, 100, 100), 100);
	assert_int_equal(percentile(values, 100, 0), 1);
	assert_int_equal(percentile(values, 20, 95), 19);
	assert_int_equal(percentile(values, 1, 50), 1);
}

static void an_open_load_is_counted_from_the_scheduled_time(void **state)
{
	struct cycle cycle = fixture_cycle(1, 2, CYCLE_LOGGED_OFF);
	struct cycles cycles = {.items = &cycle, .count = 1};
	struct latencies closed, open;
	(void)state;
	cycle.scheduled -= 5 * SECOND; /* the host held the load up */
	assert_true(latencies_find(&closed, &cycles, &(struct reconnects){0}, false));
	assert_true(latencies_find(&open, &cycles, &(struct reconnects){0}, true));
	assert_int_equal(closed.us[LATENCY_TO_LOGON][0], SECOND);
	assert_int_equal(open.us[LATENCY_TO_LOGON][0], 6 * SECOND);
	latencies_deinit(&closed);
	latencies_deinit(&open);
}

static void secrets_in_a_scenario_are_blotted_out(void **state)
{
	struct fixture fixture = clean_run();
	(void)state;
	fixture_set(&fixture, "scenario",
	    "accounts:\n  password_env: PW_NAME\nstage:\n"
	    "  - command: tool --password hunter2 PASSWORD=hunter3 pwd:'hunter4' --secret $KEPT\n");
	for (size_t i = 0; i < renderer_count; i++) {
		char *text = render(&fixture, renderers[i]->name);
		assert_null(strstr(text, "hunter"));
		if (renderers[i]->full) {
			assert_contains(text, "PW_NAME");
			assert_contains(text, "$KEPT");
		}
		free(text);
	}
	fixture_destroy(&fixture);
}

static void a_report_is_written_whole_or_not_at_all(void **state)
{
	struct fixture fixture = clean_run();
	struct error error;
	struct verdict *verdict = fixture_judge(&fixture);
	struct report *report =
	    report_create(fixture.runfile, "run.leaklab", verdict, true, &error);
	(void)state;
	assert_non_null(report);
	assert_false(
	    report_write(renderer_by_name("html"), report, "/nowhere/x.html", false, &error));
	assert_contains(error.text, "/nowhere/x.html");
	assert_int_equal(error.code, EXIT_TARGET);
	assert_true(report_write(renderer_by_name("html"), report, "/dev/null", false, &error));
	report_destroy(report);
	fixture_finish(&fixture, verdict);
}

static void expected_percentiles_and_failures_are_checked(void **state)
{
	struct fixture fixture = clean_run();
	(void)state;
	for (int64_t i = 1; i <= 20; i++) {
		struct cycle cycle = fixture_cycle(i, 2, i == 20 ? CYCLE_FAILED : CYCLE_LOGGED_OFF);
		cycle.phase_us[PHASE_LOGON] = i * SECOND;
		fixture_put_cycle(&fixture, &cycle);
	}
	fixture_set(&fixture, "expect.p95.logon", "19s");
	fixture_set(&fixture, "expect.p99.logon", "19500ms");
	fixture_set(&fixture, "expect.p50.nla", "1s");
	fixture_set(&fixture, "expect.failed", "0.02");
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->expectation_count, 4);
	assert_string_equal(verdict->expectations[0].key, "expect.failed");
	assert_int_equal(verdict->expectations[0].met, MET);
	assert_int_equal(verdict->expectations[1].met, NOT_DECIDABLE);
	assert_int_equal(verdict->expectations[2].met, MET);
	assert_int_equal(verdict->expectations[3].met, NOT_MET);
	assert_contains(verdict->expectations[3].seen, "20.00 s");
	fixture_finish(&fixture, verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(what_others_wrote_is_escaped_in_every_form),
	    unit_test(one_orphan_is_told_as_one_in_every_form),
	    unit_test(a_table_fits_in_eighty_columns_and_nothing_is_cut),
	    unit_test(markdown_has_the_tables_that_html_has),
	    unit_test(culprits_lead_the_rises_and_followers_end_them),
	    unit_test(too_few_samples_are_called_so),
	    unit_test(what_nobody_looked_at_is_not_said_to_be_none),
	    unit_test(numbers_times_and_ids_stand_in_markdown_as_they_are),
	    unit_test(hostile_text_is_no_structure_and_no_link_in_markdown),
	    unit_test(a_fence_in_a_scenario_does_not_end_its_block),
	    unit_test(what_could_not_be_decided_never_passes_in_junit),
	    unit_test(a_leak_that_is_expected_passes_in_junit),
	    unit_test(a_control_that_failed_is_an_error_in_junit),
	    unit_test(percentiles_are_of_the_nearest_rank),
	    unit_test(an_open_load_is_counted_from_the_scheduled_time),
	    unit_test(secrets_in_a_scenario_are_blotted_out),
	    unit_test(a_report_is_written_whole_or_not_at_all),
	    unit_test(expected_percentiles_and_failures_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
