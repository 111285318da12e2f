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

/* ---- behind a load balancer, with Kerberos: nobody names the host, and the lists of sessions tell ---- */

#define HOLD 8 /* seconds */
#define TENTH (SECOND / 10)
#define SAMPLE_AT 40 /* tenths of a second of these */

enum listed { HERE, MISSING, NAMELESS, OTHER_ID, CUT, AS_UPN, IN_OTHER_DOMAIN, DISPUTED };

/* A run whose cycles 10, 20 ... are sampled while they are held. */
struct balanced {
	enum listed (*listed)(int64_t number); /* how the sample of that cycle lists it */
	int64_t leaks;                         /* every so many cycles; 0: none */
	int64_t every;                         /* cycles a sample */
	int64_t at, took;     /* tenths of a second: when in the hold it begins, 0: at SAMPLE_AT */
	bool partial, logons; /* its list of sessions; it has logon sessions too */
	int64_t without_row, without_sample; /* of this cycle; 0: none */
	const char *user;                    /* that cycles have; NULL: lab01 */
	const char *server, *observed,
	    *named; /* by cycles, by observers, by the scenario; NULL: not */
	bool no_id, other_injector, prompt; /* of cycles; no logon is proven */
};

static enum listed all_here(int64_t number)
{
	(void)number;
	return HERE;
}

static enum listed every_other(int64_t number)
{
	return number / 10 % 2 ? HERE : MISSING;
}

static enum listed none_here(int64_t number)
{
	(void)number;
	return MISSING;
}

static enum listed only_the_tenth(int64_t number)
{
	return number == 10 ? MISSING : HERE;
}

static enum listed nameless(int64_t number)
{
	(void)number;
	return NAMELESS;
}

static enum listed with_other_id(int64_t number)
{
	(void)number;
	return OTHER_ID;
}

static enum listed cut(int64_t number)
{
	(void)number;
	return CUT;
}

static enum listed as_upn(int64_t number)
{
	(void)number;
	return AS_UPN;
}

static enum listed in_other_domain(int64_t number)
{
	(void)number;
	return IN_OTHER_DOMAIN;
}

static enum listed disputed(int64_t number)
{
	(void)number;
	return DISPUTED;
}

static void list_session(struct snapshot *snapshot, enum listed listed)
{
	if (listed == MISSING)
		return;
	fixture_add_session(snapshot, listed == OTHER_ID ? 7 : 2);
	struct session *session = &snapshot->sessions[snapshot->session_count - 1];
	session->state = "Active";
	session->disputed = listed == DISPUTED;
	if (listed == NAMELESS)
		session->user = NULL;
	else if (listed == CUT)
		session->user = "load-test-account-of";
	else if (listed == AS_UPN)
		session->user = "LAB01@corp.example";
	else if (listed == IN_OTHER_DOMAIN)
		session->domain = "CORP";
}

static void sample_cycle(struct fixture *fixture, const struct balanced *balanced, int64_t number)
{
	const int64_t at = balanced->at ? balanced->at : SAMPLE_AT,
	              from = fixture_logon(number) + at * TENTH;
	struct snapshot *snapshot = host(balanced->observed ? balanced->observed : OBSERVED);
	struct capture capture = {.mark = MARK_DURING,
	    .round = number,
	    .cycle = number,
	    .observer = "probe",
	    .command = "probe",
	    .started = from,
	    .ended = from + (balanced->took ? balanced->took : 1) * TENTH};
	if (number != balanced->without_row)
		list_session(snapshot, balanced->listed(number));
	if (balanced->logons)
		fixture_add_logon(snapshot, number, 2);
	if (balanced->partial)
		assert_true(
		    snapshot_see(snapshot, SECTION_SESSIONS, EXTENT_PARTIAL, "of one user"));
	snapshot->time = from;
	assert_true(runfile_add_capture(fixture->runfile, &capture, snapshot, NULL));
	snapshot_destroy(snapshot);
}

static struct verdict *judge_balanced(struct fixture *fixture, const struct balanced *balanced)
{
	const char *observed = balanced->observed ? balanced->observed : OBSERVED;
	struct snapshot *settled = host(observed);
	*fixture = fixture_create();
	if (balanced->named)
		fixture_set(fixture, "observed.host", balanced->named);
	fixture_add_snapshot(fixture, MARK_BEFORE, host(observed));
	for (int64_t i = 1; i <= CYCLES; i++) {
		struct cycle cycle = fixture_cycle(i, 2, CYCLE_LOGGED_OFF);
		cycle.phase_us[PHASE_HOLD] = HOLD * SECOND;
		cycle.server = balanced->server;
		if (balanced->user)
			cycle.user = balanced->user;
		if (balanced->no_id)
			cycle.session_id = NUMBER_UNKNOWN;
		if (balanced->other_injector)
			cycle.shard = 2;
		if (balanced->prompt) {
			cycle.session_id = NUMBER_UNKNOWN;
			cycle.result = CYCLE_UNPROVEN;
		}
		fixture_put_cycle(fixture, &cycle);
		if (balanced->leaks && i % balanced->leaks == 1)
			fixture_add_logon(settled, i, 2);
		if (i % (balanced->every ? balanced->every : 10) == 0 &&
		    i != balanced->without_sample)
			sample_cycle(fixture, balanced, i);
	}
	fixture_add_snapshot(fixture, MARK_SETTLED, settled);
	return fixture_judge(fixture);
}

static enum verdict_word word_of(const struct balanced *balanced, int64_t *n)
{
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, balanced);
	const enum verdict_word word = verdict->word;
	if (n)
		*n = verdict->n;
	fixture_finish(&fixture, verdict);
	return word;
}

static void sessions_that_are_in_no_list_are_on_a_host_that_nobody_observed(void **state)
{
	(void)state;
	const struct balanced balanced = {.listed = every_other};
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict->n, CYCLES - 6);
	assert_int_equal(verdict->elsewhere, 6);
	assert_reason(verdict,
	    "of 12 cycles that were logged on while the observers listed all sessions, 6 are not in the list: another host served "
	    "them, as behind a load balancer. They do not count. Drain the other hosts (chglogon /drain)");
	assert_reason(verdict, "which host served 108 cycles is not known");
	fixture_finish(&fixture, verdict);
}

static void accounts_with_other_names_are_another_explanation(void **state)
{
	(void)state;
	const struct balanced balanced = {.listed = none_here};
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict, "or the accounts have other names on the host than in the scenario");
	fixture_finish(&fixture, verdict);
}

static void host_that_lists_its_sessions_is_clean(void **state)
{
	(void)state;
	int64_t n;
	assert_int_equal(word_of(&(struct balanced){.listed = all_here}, &n), VERDICT_CLEAN);
	assert_int_equal(n, CYCLES);
	assert_int_equal(
	    word_of(&(struct balanced){.listed = all_here, .every = 1}, &n), VERDICT_CLEAN);
	assert_int_equal(n, CYCLES);
}

static void one_of_many_that_is_missing_is_left_out_and_told(void **state)
{
	(void)state;
	const struct balanced many = {.listed = only_the_tenth, .every = 2},
	                      few = {.listed = only_the_tenth, .every = 10};
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, &many);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->n, CYCLES - 1);
	assert_reason(verdict,
	    "of 60 cycles that were logged on while the observers listed all sessions, 1 is not in the list");
	fixture_finish(&fixture, verdict);
	assert_int_equal(word_of(&few, NULL), VERDICT_INCONCLUSIVE);
}

static void leak_of_the_host_behind_a_balancer_stays_one(void **state)
{
	(void)state;
	assert_int_equal(
	    word_of(&(struct balanced){.listed = every_other, .leaks = 4}, NULL), VERDICT_LEAK);
	assert_int_equal(
	    word_of(&(struct balanced){.listed = none_here, .leaks = 40, .every = 1}, NULL),
	    VERDICT_LEAK);
}

static void sample_that_cannot_tell_says_nothing(void **state)
{
	(void)state;
	const struct balanced silent[] = {
	    {.listed = none_here, .at = 5},                /* the second of the logon */
	    {.listed = none_here, .at = 75},               /* the second of the logoff */
	    {.listed = none_here, .took = 600},            /* which moment it shows is not known */
	    {.listed = none_here, .partial = true},        /* other sessions */
	    {.listed = none_here, .other_injector = true}, /* with a clock of its own */
	    {.listed = nameless},                          /* it may be any account's */
	    {.listed = with_other_id},                     /* of one that has it still, perhaps */
	    {.listed = disputed},
	};
	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
		struct fixture fixture;
		struct verdict *verdict = judge_balanced(&fixture, &silent[i]);
		for (size_t j = 0; j < verdict->reasons.count; j++)
			assert_null(strstr(verdict->reasons.items[j], "not in the list"));
		assert_int_equal(verdict->n, CYCLES);
		assert_int_equal(verdict->elsewhere, 0);
		fixture_finish(&fixture, verdict);
	}
}

static void account_is_found_however_it_is_written(void **state)
{
	(void)state;
	const struct balanced written[] = {
	    {.listed = as_upn},
	    {.listed = in_other_domain},
	    {.listed = cut, .user = "load-test-account-of-the-lab"},
	    {.listed = cut, .user = "load-test-account-of-the-lab", .no_id = true},
	    {.listed = all_here, .no_id = true},
	    {.listed = all_here, .user = "LAB\\Lab01"},
	    {.listed = nameless, .no_id = true},
	};
	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
		struct fixture fixture;
		struct verdict *verdict = judge_balanced(&fixture, &written[i]);
		assert_int_equal(verdict->elsewhere, 0);
		fixture_finish(&fixture, verdict);
	}
}

static void logon_session_of_the_cycle_shows_that_it_was_here(void **state)
{
	(void)state;
	struct fixture fixture;
	const struct balanced balanced = {.listed = none_here, .logons = true};
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->elsewhere, 0);
	assert_int_equal(verdict->n, CYCLES);
	fixture_finish(&fixture, verdict);
}

static void cycle_that_may_not_have_logged_on_is_missed_nowhere(void **state)
{
	(void)state;
	struct fixture fixture;
	const struct balanced balanced = {.listed = none_here, .prompt = true};
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->elsewhere, 0);
	fixture_finish(&fixture, verdict);
}

static void less_evidence_of_sessions_makes_no_verdict_better(void **state)
{
	(void)state;
	const struct balanced runs[] = {{.listed = every_other}, {.listed = all_here},
	    {.listed = only_the_tenth, .every = 2}, {.listed = every_other, .leaks = 4}};
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
		const enum verdict_word whole = word_of(&runs[i], NULL);
		const int64_t step = runs[i].every ? runs[i].every : 10;
		for (int64_t number = step; number <= CYCLES; number += step) {
			struct balanced less = runs[i];
			less.without_row = number;
			enum verdict_word word = word_of(&less, NULL);
			assert_true(word == whole ||
			            (whole == VERDICT_CLEAN && word == VERDICT_INCONCLUSIVE));
			less.without_row = 0;
			less.without_sample = number;
			word = word_of(&less, NULL);
			assert_true(word == whole ||
			            (whole == VERDICT_CLEAN && word == VERDICT_INCONCLUSIVE));
		}
	}
}

/* ---- a host that the observers call otherwise than NTLM does ---- */

static void host_that_may_have_two_names_is_told_with_the_way_out(void **state)
{
	(void)state;
	const struct balanced balanced = {
	    .listed = all_here, .server = "RDS01.lab.example", .observed = "CLUSTER"};
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict,
	    "120 of 120 cycles went to RDS01.lab.example, and the observers saw CLUSTER: if these are two names of one host, say so "
	    "(observers.host: RDS01.lab.example), else let the observers look at RDS01.lab.example");
	fixture_finish(&fixture, verdict);
}

static void scenario_that_names_the_host_ends_the_doubt(void **state)
{
	(void)state;
	int64_t n;
	struct balanced balanced = {.listed = all_here,
	    .server = "RDS01.lab.example",
	    .observed = "CLUSTER",
	    .named = "RDS01"};
	assert_int_equal(word_of(&balanced, &n), VERDICT_CLEAN);
	assert_int_equal(n, CYCLES);
	balanced.leaks = 4;
	assert_int_equal(word_of(&balanced, &n), VERDICT_LEAK);
}

static void name_in_the_scenario_that_the_sessions_contradict_is_doubted(void **state)
{
	(void)state;
	const struct balanced balanced = {.listed = none_here,
	    .server = "RDS01.lab.example",
	    .observed = "RDS07",
	    .named = "RDS01"};
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(verdict,
	    "12 are not in the list: the observers look at another host than RDS01, which observers.host names");
	assert_reason(
	    verdict, "which host served 108 cycles is not known, as observers.host is in doubt");
	fixture_finish(&fixture, verdict);
}

static void name_in_the_scenario_of_no_host_that_served_is_no_way_out(void **state)
{
	(void)state;
	const struct balanced balanced = {.listed = all_here,
	    .server = "RDS01.lab.example",
	    .observed = "CLUSTER",
	    .named = "RDS09"};
	struct fixture fixture;
	struct verdict *verdict = judge_balanced(&fixture, &balanced);
	assert_int_equal(verdict->word, VERDICT_INCONCLUSIVE);
	assert_reason(
	    verdict, "observers.host says that RDS09 is observed, and the observers saw CLUSTER");
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
	    unit_test(sessions_that_are_in_no_list_are_on_a_host_that_nobody_observed),
	    unit_test(accounts_with_other_names_are_another_explanation),
	    unit_test(host_that_lists_its_sessions_is_clean),
	    unit_test(one_of_many_that_is_missing_is_left_out_and_told),
	    unit_test(leak_of_the_host_behind_a_balancer_stays_one),
	    unit_test(sample_that_cannot_tell_says_nothing),
	    unit_test(account_is_found_however_it_is_written),
	    unit_test(logon_session_of_the_cycle_shows_that_it_was_here),
	    unit_test(cycle_that_may_not_have_logged_on_is_missed_nowhere),
	    unit_test(less_evidence_of_sessions_makes_no_verdict_better),
	    unit_test(host_that_may_have_two_names_is_told_with_the_way_out),
	    unit_test(scenario_that_names_the_host_ends_the_doubt),
	    unit_test(name_in_the_scenario_that_the_sessions_contradict_is_doubted),
	    unit_test(name_in_the_scenario_of_no_host_that_served_is_no_way_out),
	    unit_test(netbios_name_is_the_first_fifteen_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
