/* Several runs of handle in one paste are several moments, not one with the handles of all. */
#include "tests/unit/readers/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(image, pid, value)                                                                     \
	image "pid: " pid "   type: Token          " value ": LAB\\anna:3a001\n"
#define LSASS ROW("lsass.exe          ", "960 ", "804")
#define LSASS_2 ROW("lsass.exe          ", "960 ", "808")
#define VENDOR ROW("vendorsvc.exe      ", "2148", "15C")
#define AGENT ROW("agent.exe          ", "3320", "2A8")
#define ASK "C:\\>handle.exe -a 3a001\n\n"
#define AGAIN "\nC:\\Tools>handle -a 3a001\n\n"

/* The values of the handles of a moment, "804 15C ". */
static void assert_values(const struct snapshot *snapshot, const char *expected)
{
	char found[400] = "";
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		size_t used = strlen(found);
		snprintf(found + used, sizeof found - used, "%llX ",
		    (unsigned long long)snapshot->handles[i].value);
	}
	assert_string_equal(found, expected);
}

/* What is left at the end, and the moments before, each ended by "|". */
static void assert_moments(const char *text, const char *expected)
{
	struct error error = {0};
	struct moments moments;
	char found[400] = "";
	if (!evidence_read_moments(text, strlen(text), "a.txt", &moments, NULL, &error))
		print_error("%s\n", error.text);
	assert_string_equal(error.text, "");
	for (size_t i = 0; i < moments.count; i++) {
		const struct snapshot *snapshot = moments.items[i].snapshot;
		for (size_t j = 0; j < snapshot->handle_count; j++) {
			size_t used = strlen(found);
			snprintf(found + used, sizeof found - used, "%llX ",
			    (unsigned long long)snapshot->handles[j].value);
		}
		strncat(found, "|", sizeof found - strlen(found) - 1);
	}
	if (strcmp(found, expected) != 0)
		print_error("%s", text);
	assert_string_equal(found, expected);
	moments_deinit(&moments);
}

static const char *why(const struct snapshot *snapshot)
{
	return snapshot_sight_of(snapshot, SECTION_HANDLES)->why;
}

static void the_same_search_again_is_a_later_moment(void **state)
{
	(void)state;
	static const char text[] = ASK LSASS LSASS_2 VENDOR AGENT AGAIN LSASS AGENT AGAIN AGENT;
	struct snapshot *snapshot = read_rows(text, 7);
	assert_values(snapshot, "2A8 ");
	assert_contains(why(snapshot), "the last of 3");
	assert_int_equal(snapshot_sight_of(snapshot, SECTION_HANDLES)->searched_count, 1);
	for (size_t i = 0; i < snapshot->process_count; i++)
		assert_int_equal(snapshot->processes[i].handles_listed, 1);
	snapshot_destroy(snapshot);
	assert_moments(text, "804 808 15C 2A8 |804 2A8 |2A8 |");
}

static void other_searches_add(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_rows(ASK LSASS VENDOR
	    "C:\\>handle -a -p 960\n\n"
	    "  804: Token         LAB\\anna:3a001\n  900: Token         LAB\\bert:3b002\n",
	    4);
	assert_values(snapshot, "804 900 15C ");
	snapshot_destroy(snapshot);
	/* Neither the case, nor the order of options, nor the program's folder make another search. */
	assert_moments("C:\\>handle64.exe -nobanner -a 3A001\n" LSASS VENDOR
	               "PS C:\\> & .\\handle.exe 3a001 /a -accepteula\n" VENDOR,
	    "804 15C |15C |");
}

static void what_is_of_several_hosts_is_never_one_moment(void **state)
{
	(void)state;
	static const char text[] =
	    "[rds01]: PS C:\\> handle -a 3a001\n" LSASS "[rds02]: PS C:\\> handle -a 3a001\n" VENDOR
	    "[rds01]: PS C:\\> handle -a 3a001\n" AGENT "C:\\>handle -a 4b002\n" VENDOR;
	static const char *const hosts[] = {"rds01", "rds01", "rds02", NULL};
	struct error error = {0};
	struct moments moments;
	assert_moments(text, "804 |2A8 |15C |15C |");
	assert_true(evidence_read_moments(text, strlen(text), "a.txt", &moments, NULL, &error));
	for (size_t i = 0; i < moments.count; i++) {
		if (hosts[i])
			assert_string_equal(moments.items[i].snapshot->host, hosts[i]);
		else
			assert_null(moments.items[i].snapshot->host);
	}
	moments_deinit(&moments);
	assert_null(evidence_read(text, strlen(text), "a.txt", NULL, &error));
	assert_contains(error.text, "outputs of 3 hosts (rds01, rds02, one that is not named)");
}

static void what_was_closed_between_two_searches_is_no_moment(void **state)
{
	(void)state;
	assert_moments(ASK LSASS VENDOR AGENT
	    "\nC:\\>handle.exe -c 15C -y -p 2148\n\n  15C: Token         LAB\\anna:3a001\n\n"
	    "Handle closed.\n" AGAIN LSASS AGENT,
	    "804 15C 2A8 |804 2A8 |");
}

static void a_listing_that_printed_nothing_takes_nothing_back(void **state)
{
	(void)state;
	assert_moments(ASK LSASS VENDOR AGAIN, "804 15C |");
	assert_moments(ASK LSASS VENDOR AGAIN "No matching handles found.\n", "804 15C ||");
}

/* Newest first, as mails are: without a prompt, or at another depth of quotation, no listing is known to be the last. */
static void of_listings_without_order_what_all_have_is_held(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    LSASS VENDOR AGENT "\n20 minutes ago:\n" LSASS LSASS_2 AGENT,
	    LSASS VENDOR AGENT LSASS LSASS_2 AGENT,
	    "Nthandle v5.0 - Handle viewer\n" LSASS VENDOR AGENT
	    "\nNthandle v5.0 - Handle viewer\n" LSASS LSASS_2 AGENT,
	    ASK LSASS VENDOR AGENT "\n" LSASS LSASS_2 AGENT,
	    ASK LSASS VENDOR AGENT
	    "\n-----Original Message-----\nFrom: Anna\n\n" ASK LSASS LSASS_2 AGENT,
	    ASK LSASS VENDOR AGENT "\nOn Mon, Anna wrote:\n" ASK LSASS LSASS_2 AGENT,
	    ASK LSASS VENDOR AGENT "> C:\\>handle -a 3a001\n> " LSASS "> " LSASS_2 "> " AGENT,
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct snapshot *snapshot = read_evidence(texts[i]);
		if (snapshot->handle_count != 2)
			print_error("%s", texts[i]);
		assert_values(snapshot, "804 2A8 ");
		assert_contains(why(snapshot), "in unknown order");
		assert_contains(why(snapshot), "2 handles");
		assert_true(snapshot_extent(snapshot, SECTION_HANDLES) <= EXTENT_PARTIAL);
		assert_int_equal(snapshot_sight_of(snapshot, SECTION_HANDLES)->searched_count, 0);
		assert_int_equal(snapshot->rows - snapshot->rows_left, 6);
		snapshot_destroy(snapshot);
		assert_moments(texts[i], "804 2A8 |");
	}
}

static void whole_listings_without_order_are_not_whole(void **state)
{
	(void)state;
	static const char text[] =
	    "Nthandle v5.0 - Handle viewer\nSystem pid: 4 NT AUTHORITY\\SYSTEM\n   80: Key           HKLM\n"
	    "lsass.exe pid: 960 NT AUTHORITY\\SYSTEM\n  804: Token         LAB\\anna:3a001\n  808: Token         LAB\\bert:3b002\n"
	    "Nthandle v5.0 - Handle viewer\nSystem pid: 4 NT AUTHORITY\\SYSTEM\n   80: Key           HKLM\n"
	    "lsass.exe pid: 960 NT AUTHORITY\\SYSTEM\n  804: Token         LAB\\anna:3a001\n";
	struct snapshot *snapshot = read_rows(text, 9);
	assert_values(snapshot, "804 ");
	assert_int_equal(snapshot_extent(snapshot, SECTION_HANDLES), EXTENT_PARTIAL);
	snapshot_destroy(snapshot);
}

/* Lines that were not understood are reported wherever they stand. */
static void no_line_is_lost_with_an_earlier_moment(void **state)
{
	(void)state;
	struct snapshot *snapshot = read_evidence(ASK LSASS "what is this?\n" VENDOR AGAIN VENDOR);
	assert_values(snapshot, "15C ");
	assert_int_equal(snapshot->rows, 4);
	assert_int_equal(snapshot->rows_left, 1);
	assert_int_equal(snapshot->unread[0].line, 4);
	snapshot_destroy(snapshot);
}

static void a_paste_of_two_times_the_same_is_the_same(void **state)
{
	(void)state;
	static const char once[] = LSASS VENDOR AGENT;
	char text[2000];
	snprintf(text, sizeof text, "%s%s", once, once);
	struct snapshot *snapshot = read_evidence(text);
	assert_values(snapshot, "804 15C 2A8 ");
	for (size_t i = 0; i < snapshot->process_count; i++)
		assert_int_equal(snapshot->processes[i].handles_listed, 1);
	snapshot_destroy(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(the_same_search_again_is_a_later_moment),
	    unit_test(other_searches_add),
	    unit_test(what_is_of_several_hosts_is_never_one_moment),
	    unit_test(what_was_closed_between_two_searches_is_no_moment),
	    unit_test(a_listing_that_printed_nothing_takes_nothing_back),
	    unit_test(of_listings_without_order_what_all_have_is_held),
	    unit_test(whole_listings_without_order_are_not_whole),
	    unit_test(no_line_is_lost_with_an_earlier_moment),
	    unit_test(a_paste_of_two_times_the_same_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
