/* A farm: cycles that another host served than the one that was observed. */
#include "tests/unit/unit.h"

#include <string.h>

#include "evidence/identity.h"
#include "judge/verdict.h"
#include "tests/unit/judge/fixture.h"

#define CYCLES 120
#define OBSERVED "RDS01"

/* Which host served a cycle; NULL: not known. */
typedef const char *server_fn(int64_t number);

static const char *one_host(int64_t number)
{
	(void)number;
	return "rds01.lab.example";
}

static const char *every_second(int64_t number)
{
	return number % 2 ? "RDS01.lab.example" : "RDS02.lab.example";
}

static const char *every_tenth(int64_t number)
{
	return number % 10 ? "RDS01.lab.example" : "RDS02.lab.example";
}

static const char *another(int64_t number)
{
	(void)number;
	return "RDS02.lab.example";
}

static const char *nobody_knows(int64_t number)
{
	(void)number;
	return NULL;
}

static const char *half_unknown(int64_t number)
{
	return number % 2 ? NULL : number % 4 ? "RDS01" : "RDS02";
}

static struct snapshot *host(const char *name)
{
	struct snapshot *snapshot = fixture_snapshot();
	snapshot->host = name ? snapshot_string(snapshot, name, strlen(name)) : NULL;
	return snapshot;
}

/* Cycles on these hosts, and in the end what these cycles left on the observed one. leaks: every so many; 0: none. */
static struct fixture a_run(server_fn *server, const char *observed, int64_t leaks)
{
	struct fixture fixture = fixture_create();
	struct snapshot *settled = host(observed);
	fixture_add_snapshot(&fixture, MARK_BEFORE, host(observed));
	for (int64_t i = 1; i <= CYCLES; i++) {
		struct cycle cycle = fixture_cycle(i, 2, CYCLE_LOGGED_OFF);
		cycle.server = server(i);
		fixture_put_cycle(&fixture, &cycle);
		if (leaks && i % leaks == 1)
			fixture_add_logon(settled, i, 2);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	return fixture;
}

static void one_host_of_any_spelling_is_no_farm(void **state)
{
	(void)state;
	struct fixture fixture = a_run(one_host, OBSERVED, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->n, CYCLES);
	fixture_finish(&fixture, verdict);
}

static void half_of_the_cycles_elsewhere_is_no_clean_and_is_told(void **state)
{
	(void)state;
	struct fixture fixture = a_run(every_second, OBSERVED, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->n, CYCLES / 2);
	assert_int_equal(verdict->elsewhere, CYCLES / 2);
	assert_int_equal(verdict->cycles[CYCLE_LOGGED_OFF], CYCLES);
	assert_reason(verdict,
	    "60 of 120 cycles went to RDS02.lab.example, which nobody observed: they do not count for " OBSERVED
	    ". Drain the other hosts (chglogon /drain)");
	fixture_finish(&fixture, verdict);
}

static void few_cycles_elsewhere_leave_a_clean_of_those_that_count(void **state)
{
	(void)state;
	struct fixture fixture = a_run(every_tenth, OBSERVED, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->n, CYCLES - 12);
	assert_reason(verdict, "12 of 120 cycles went to RDS02.lab.example");
	fixture_finish(&fixture, verdict);
}

static void too_few_that_count_are_no_clean_though_all_would_be_enough(void **state)
{
	(void)state;
	struct fixture fixture = a_run(every_tenth, OBSERVED, 0);
	fixture_set(&fixture, "judge.smallest_rate", "0.04"); /* 113 cycles */
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "108 cycles can show leaks in");
	fixture_finish(&fixture, verdict);
}

static void all_cycles_elsewhere_show_nothing(void **state)
{
	(void)state;
	struct fixture fixture = a_run(another, OBSERVED, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->n, 0);
	assert_reason(verdict, "120 of 120 cycles went to RDS02.lab.example");
	assert_int_equal(verdict_exit_code(verdict), EXIT_INCONCLUSIVE);
	fixture_finish(&fixture, verdict);
}

static void leak_of_the_observed_host_stays_proven_with_its_own_rate(void **state)
{
	(void)state;
	struct fixture fixture = a_run(every_second, OBSERVED, 4);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->k, 30);
	assert_int_equal(verdict->n, 60);
	assert_reason(verdict, "60 of 120 cycles went to RDS02.lab.example");
	fixture_finish(&fixture, verdict);
}

static void logoff_on_another_host_proves_no_end_on_this_one(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	struct snapshot *settled = host(OBSERVED);
	fixture_add_snapshot(&fixture, MARK_BEFORE, host(OBSERVED));
	for (int64_t i = 1; i <= CYCLES; i++) {
		struct cycle cycle = fixture_cycle(i, 2, CYCLE_LOGGED_OFF);
		cycle.server = "RDS02";
		fixture_put_cycle(&fixture, &cycle);
	}
	/* Made while a cycle went on elsewhere, and not proven to be old by this one sample. */
	fixture_add_logon(settled, 5, 2);
	fixture_add_snapshot(&fixture, MARK_SETTLED, settled);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->k, 0);
	fixture_finish(&fixture, verdict);
}

static void ids_of_another_host_pin_nothing(void **state)
{
	(void)state;
	/* The run's own host gave ID 2 alone; another one gave higher ones. Nobody observed either. */
	struct fixture fixture = fixture_create();
	fixture_set(&fixture, "settle.release", "1200");
	fixture_set(&fixture, "host.exclusive", "true");
	for (int64_t i = 1; i <= 60; i++) {
		struct cycle cycle = fixture_cycle(i, i % 3 ? 2 : 9, CYCLE_LOGGED_OFF);
		cycle.server = i % 3 ? "RDS01" : "RDS02";
		fixture_put_cycle(&fixture, &cycle);
	}
	for (int64_t i = 61; i <= 64; i++) {
		struct cycle cycle = fixture_cycle(i, i - 48, CYCLE_LOGGED_OFF); /* 13 to 16 */
		cycle.kind = CYCLE_VERIFICATION;
		cycle.server = "RDS02";
		cycle.started = fixture_logon(60) + 2000 * SECOND;
		cycle.logged_on = cycle.started + (i - 60) * SECOND;
		cycle.ended = cycle.started + 60 * SECOND;
		fixture_put_cycle(&fixture, &cycle);
	}
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->witness.leaks, 0);
	fixture_finish(&fixture, verdict);
}

static void observers_that_name_no_host_give_no_clean_where_there_are_several(void **state)
{
	(void)state;
	struct fixture fixture = a_run(every_tenth, NULL, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict,
	    "several hosts served the cycles, most of them RDS01.lab.example, others RDS02.lab.example");
	fixture_finish(&fixture, verdict);
	fixture = a_run(one_host, NULL, 0);
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
}

static void unknown_server_counts_and_is_told_in_a_farm_alone(void **state)
{
	(void)state;
	struct fixture fixture = a_run(nobody_knows, OBSERVED, 0);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	for (size_t i = 0; i < verdict->reasons.count; i++)
		assert_null(strstr(verdict->reasons.items[i], "is not known, as with Kerberos"));
	fixture_finish(&fixture, verdict);
	fixture = a_run(half_unknown, OBSERVED, 0);
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->n, 90);
	assert_reason(verdict,
	    "which host served 60 cycles is not known, as with Kerberos: they are counted");
	fixture_finish(&fixture, verdict);
}

/* As with Kerberos, behind a broker: all cycles, or every second one. */
static struct fixture a_redirected_run(int64_t every)
{
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, host(OBSERVED));
	for (int64_t i = 1; i <= CYCLES; i++) {
		struct cycle cycle = fixture_cycle(i, 2, CYCLE_LOGGED_OFF);
		cycle.served_by = i % every ? NULL : "10.0.0.5";
		fixture_put_cycle(&fixture, &cycle);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, host(OBSERVED));
	return fixture;
}

static void broker_that_sends_all_to_one_address_makes_no_farm(void **state)
{
	(void)state;
	struct fixture fixture = a_redirected_run(1);
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	fixture_finish(&fixture, verdict);
	fixture = a_redirected_run(2);
	verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "which host served 120 cycles is not known, as with Kerberos");
	fixture_finish(&fixture, verdict);
}

static void broker_that_names_the_host_does_so_for_it(void **state)
{
	(void)state;
	struct fixture fixture = fixture_create();
	fixture_add_snapshot(&fixture, MARK_BEFORE, host(OBSERVED));
	for (int64_t i = 1; i <= CYCLES; i++) {
		struct cycle cycle = fixture_cycle(i, 2, CYCLE_LOGGED_OFF);
		cycle.served_by = i % 2 ? "rds01.lab.example" : "rds02.lab.example";
		fixture_put_cycle(&fixture, &cycle);
	}
	fixture_add_snapshot(&fixture, MARK_SETTLED, host(OBSERVED));
	struct verdict *verdict = fixture_judge(&fixture);
	assert_int_equal(verdict->n, CYCLES / 2);
	assert_reason(verdict, "60 of 120 cycles went to rds02.lab.example");
	fixture_finish(&fixture, verdict);
}

static void netbios_name_is_the_first_fifteen_letters(void **state)
{
	(void)state;
	assert_true(host_same("RDS-APPLICATION-01.lab.example", "rds-application"));
	assert_false(host_same("RDS-APPLICATION-01", "RDS-APPLICATION-02"));
	assert_false(host_same("RDS01", "RDS011"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(one_host_of_any_spelling_is_no_farm),
	    unit_test(half_of_the_cycles_elsewhere_is_no_clean_and_is_told),
	    unit_test(few_cycles_elsewhere_leave_a_clean_of_those_that_count),
	    unit_test(too_few_that_count_are_no_clean_though_all_would_be_enough),
	    unit_test(all_cycles_elsewhere_show_nothing),
	    unit_test(leak_of_the_observed_host_stays_proven_with_its_own_rate),
	    unit_test(logoff_on_another_host_proves_no_end_on_this_one),
	    unit_test(ids_of_another_host_pin_nothing),
	    unit_test(observers_that_name_no_host_give_no_clean_where_there_are_several),
	    unit_test(unknown_server_counts_and_is_told_in_a_farm_alone),
	    unit_test(broker_that_sends_all_to_one_address_makes_no_farm),
	    unit_test(broker_that_names_the_host_does_so_for_it),
	    unit_test(netbios_name_is_the_first_fifteen_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
