/* A verdict for programs: schema leaklab.verdict/1. What is unknown is null. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/json_text.h"
#include "report/fields.h"

#define VERDICT_SCHEMA "leaklab.verdict/1"

static json_t *integer_or_null(bool known, int64_t number)
{
	return known && number != NUMBER_UNKNOWN ? json_integer(number) : json_null();
}

static json_t *real_or_null(bool known, double number)
{
	return known ? json_real(number) : json_null();
}

/* Of a leak. */
static json_t *kind_json(const struct verdict *verdict)
{
	if (verdict->word != VERDICT_LEAK)
		return json_null();
	if (!verdict_is_proven(verdict))
		return json_string("handles");
	return json_string(verdict->bounded ? "bounded" : "sessions");
}

static json_t *sentences_json(const struct sentences *sentences)
{
	json_t *array = json_array();
	for (size_t i = 0; i < sentences->count; i++)
		json_array_append_new(array, json_of_text(sentences->items[i]));
	return array;
}

/* Whether what leaks comes evenly. */
static json_t *dependence_json(const struct verdict *verdict)
{
	const struct dependence *found = &verdict->dependence;
	json_t *object = json_object();
	if (!verdict->orphans_known || verdict->n == 0) {
		json_decref(object);
		return json_null();
	}
	json_object_set_new(object, "p", json_real(found->chance));
	if (found->kind == DEPENDENCE_NONE)
		return object;
	if (found->kind == DEPENDENCE_ACCOUNT)
		json_object_set_new(
		    object, "account", json_of_text(verdict->accounts[found->account].user));
	else
		json_object_set_new(object, "cycles",
		    json_pack("[I,I]", (json_int_t)verdict->densest_first,
		        (json_int_t)verdict->densest_last));
	json_object_set_new(object, "k", json_integer(found->hits));
	json_object_set_new(object, "n", json_integer(found->tries));
	return object;
}

static json_t *accounts_json(const struct verdict *verdict)
{
	json_t *array = verdict->orphans_known ? json_array() : json_null();
	for (size_t i = 0; i < verdict->account_count; i++) {
		const struct account_rate *account = &verdict->accounts[i];
		json_array_append_new(
		    array, json_pack("{s:o,s:I,s:I}", "user", json_of_text(account->user), "k",
		               (json_int_t)account->k, "n", (json_int_t)account->n));
	}
	return array;
}

/* Processes that ended, with which went what they held. */
static json_t *ended_json(const struct verdict *verdict)
{
	static const char *const words[] = {
	    [ENDED_UNDECIDED] = "undecided", [ENDED_LEAK] = "leak", [ENDED_LATE] = "late"};
	json_t *array = verdict->orphans_known || verdict->taken.count ? json_array() : json_null();
	for (size_t i = 0; i < verdict->taken.count; i++) {
		const struct ended_holder *holder = &verdict->taken.items[i];
		json_array_append_new(
		    array, json_pack("{s:o,s:o,s:I,s:I,s:I,s:f,s:o,s:s}", "image",
		               json_of_text(holder->image), "pid",
		               integer_or_null(holder->pid != NUMBER_UNKNOWN, holder->pid),
		               "logon_sessions", (json_int_t)holder->logon_sessions, "session_ids",
		               (json_int_t)holder->session_ids, "released",
		               (json_int_t)holder->released, "chance", holder->chance,
		               "more_cycles", integer_or_null(holder->more > 0, holder->more),
		               "word", words[holder->word]));
	}
	return array;
}

static json_t *time_or_null(int64_t time)
{
	char text[TIMESTAMP_TEXT];
	return time == TIMESTAMP_UNKNOWN ? json_null() : json_string(timestamp_format(time, text));
}

/* One by one, so that others can check the verdict. */
static json_t *course_json(const struct course *items, size_t count, bool is_logon)
{
	json_t *array = items ? json_array() : json_null();
	for (size_t i = 0; i < count; i++) {
		const struct course *course = &items[i];
		json_t *object = json_object();
		if (is_logon) {
			char luid[24];
			snprintf(luid, sizeof luid, "0x%" PRIx64, course->luid);
			json_object_set_new(object, "luid", json_string(luid));
			json_object_set_new(object, "user", json_of_text(course->user));
			json_object_set_new(object, "logon_type", json_of_text(course->logon_type));
			json_object_set_new(
			    object, "cycle", integer_or_null(course->cycle > 0, course->cycle));
		}
		json_object_set_new(
		    object, "session_id", integer_or_null(true, course->session_id));
		json_object_set_new(object, "ended", time_or_null(course->ended));
		json_object_set_new(object, "first_seen", time_or_null(course->first));
		json_object_set_new(object, "last_seen", time_or_null(course->last));
		json_object_set_new(object, "end", json_string(course_ends[course->end]));
		json_object_set_new(object, "leak", json_boolean(course->is_leak));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *orphans_json(const struct verdict *verdict)
{
	bool known = verdict->orphans_known, rated = known && verdict->n > 0 && !verdict->bounded;
	json_t *object = json_object();
	json_t *interval = rated ? json_pack("[f,f]", verdict->lower, verdict->upper) : json_null();
	json_object_set_new(object, "k", integer_or_null(known, verdict->k));
	json_object_set_new(object, "k_most", integer_or_null(known, verdict->k_most));
	json_object_set_new(object, "n", json_integer(verdict->n));
	json_object_set_new(object, "cycles_missing", json_integer(verdict->cycles_missing));
	json_object_set_new(object, "rate", real_or_null(rated, verdict->rate));
	json_object_set_new(object, "ci95", interval);
	json_object_set_new(object, "effective_n", real_or_null(rated, verdict->effective));
	json_object_set_new(object, "dependence", dependence_json(verdict));
	json_object_set_new(object, "by_account", accounts_json(verdict));
	json_object_set_new(
	    object, "after_k", integer_or_null(verdict->after_known, verdict->after_k));
	json_object_set_new(
	    object, "logon_sessions", integer_or_null(known, verdict->orphan_logon_sessions));
	json_object_set_new(object, "unmatched", integer_or_null(known, verdict->unmatched));
	json_object_set_new(object, "uncounted", integer_or_null(known, verdict->uncounted));
	json_object_set_new(object, "failed_logons", integer_or_null(known, verdict->failed_leaks));
	json_object_set_new(object, "not_shown_to_log_on", json_integer(verdict->unshown));
	json_object_set_new(object, "on_other_hosts", json_integer(verdict->elsewhere));
	json_object_set_new(object, "joined_a_lost_session", json_integer(verdict->rejoined));
	json_object_set_new(object, "may_be_in_use", integer_or_null(known, verdict->in_use));
	json_object_set_new(object, "may_be_released", integer_or_null(known, verdict->young));
	json_object_set_new(object, "others", integer_or_null(known, verdict->strangers));
	json_object_set_new(
	    object, "others_may_be_released", integer_or_null(known, verdict->young_strangers));
	json_object_set_new(object, "older_than_run", integer_or_null(known, verdict->older));
	json_object_set_new(
	    object, "list", course_json(verdict->course, verdict->course_count, true));
	json_object_set_new(object, "release_time", json_real((double)verdict->release_time / 1e6));
	json_object_set_new(object, "quiet_time", json_real((double)verdict->quiet_time / 1e6));
	return object;
}

static json_t *witness_json(const struct witness *witness)
{
	json_t *skipped = json_array();
	for (size_t i = 0; i < witness->skipped_count; i++)
		json_array_append_new(skipped, json_integer(witness->skipped[i]));
	return json_pack("{s:I,s:o,s:b,s:b}", "logons", (json_int_t)witness->logons, "skipped",
	    skipped, "pinned", witness->leaks > 0, "all_given_again", witness->covers);
}

static json_t *session_ids_json(const struct verdict *verdict)
{
	static const char *const words[] = {[IDS_REUSED] = "reused", [IDS_RISING] = "rising"};
	const struct session_ids *ids = &verdict->ids;
	json_t *object = json_object();
	json_object_set_new(
	    object, "word", ids->word == IDS_UNKNOWN ? json_null() : json_string(words[ids->word]));
	json_object_set_new(object, "cycles", json_integer(ids->cycles));
	json_object_set_new(object, "distinct", json_integer(ids->distinct));
	json_object_set_new(
	    object, "growth_per_cycle", real_or_null(ids->has_growth, ids->growth_per_cycle));
	json_object_set_new(object, "growth_ci95",
	    json_pack("[o,o]", real_or_null(ids->growth_tested, ids->growth_lower),
	        real_or_null(ids->growth_tested, ids->growth_upper)));
	json_object_set_new(
	    object, "growth_p", real_or_null(ids->growth_tested, ids->growth_chance));
	json_object_set_new(object, "lowest", integer_or_null(true, ids->lowest));
	json_object_set_new(object, "highest", integer_or_null(true, ids->highest));
	json_object_set_new(object, "pinned", integer_or_null(verdict->orphans_known, ids->pinned));
	json_object_set_new(object, "reused_while_orphaned",
	    integer_or_null(verdict->orphans_known, ids->reused_while_orphaned));
	json_object_set_new(
	    object, "pinned_alone", integer_or_null(verdict->orphans_known, verdict->pinned_ids));
	const bool rated = verdict->orphans_known && verdict->n > 0 && !verdict->bounded;
	json_object_set_new(object, "pinned_cycles",
	    json_pack("{s:o,s:I,s:o,s:[o,o]}", "k",
	        integer_or_null(verdict->orphans_known, verdict->pinned_k), "n",
	        (json_int_t)verdict->n, "rate",
	        real_or_null(rated, (double)verdict->pinned_k / (double)verdict->n), "ci95",
	        real_or_null(rated, verdict->pinned_lower),
	        real_or_null(rated, verdict->pinned_upper)));
	json_object_set_new(
	    object, "referred", integer_or_null(verdict->orphans_known, verdict->referred_ids));
	json_object_set_new(object, "witness", witness_json(&verdict->witness));
	json_object_set_new(
	    object, "list", course_json(verdict->id_course, verdict->id_course_count, false));
	return object;
}

static json_t *cycles_json(const struct verdict *verdict)
{
	json_t *object = json_object();
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++)
		json_object_set_new(
		    object, cycle_result_names[i], json_integer(verdict->cycles[i]));
	return object;
}

static json_t *culprits_json(const struct verdict *verdict)
{
	if (!verdict->culprits_known)
		return json_null();
	json_t *array = json_array();
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		json_t *object = json_object();
		json_object_set_new(object, "image", json_of_text(culprit->image));
		json_object_set_new(object, "pid", integer_or_null(true, culprit->pid));
		json_object_set_new(object, "services", json_of_text(culprit->services));
		json_object_set_new(object, "handles", json_integer(culprit->handles));
		json_object_set_new(
		    object, "logon_sessions", json_integer(culprit->logon_sessions));
		json_object_set_new(object, "session_ids", json_integer(culprit->session_ids));
		json_object_set_new(object, "exited_processes", json_integer(culprit->exited));
		json_object_set_new(object, "alone", json_integer(culprit->alone));
		json_object_set_new(object, "follower", json_boolean(culprit->follower));
		json_object_set_new(object, "ended", json_boolean(culprit->ended));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *suspects_json(const struct verdict *verdict)
{
	if (!verdict->culprits_known)
		return json_null();
	json_t *array = json_array();
	for (size_t i = 0; i < verdict->suspect_count; i++) {
		const struct suspect *suspect = &verdict->suspects[i];
		json_array_append_new(
		    array, json_pack("{s:o,s:o,s:I,s:I}", "image", json_of_text(suspect->image),
		               "pid", integer_or_null(true, suspect->pid), "hidden_token_handles",
		               (json_int_t)suspect->hidden, "exited_processes",
		               (json_int_t)suspect->exited));
	}
	return array;
}

static json_t *count_or_null(double count)
{
	return real_or_null(!isnan(count), count);
}

static json_t *growth_json(const struct verdict *verdict)
{
	json_t *series = json_array();
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		const bool tested = growth->doubt != DOUBT_TOO_FEW;
		const bool unsure = growth->word == GROWTH_UNCERTAIN;
		json_array_append_new(series,
		    json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:[o,o],s:o,s:o,s:o,s:o,s:o,s:o}",
		        "word", growth_words[growth->word], "doubt",
		        json_of_text(unsure ? growth_doubts[growth->doubt] : NULL), "image",
		        json_of_text(growth->image), "pid", integer_or_null(true, growth->pid),
		        "type", json_of_text(growth->type), "user", json_of_text(growth->user),
		        "follows", json_of_text(growth->follows), "per_cycle",
		        real_or_null(tested, growth->slope), "ci95",
		        real_or_null(tested, growth->lower), real_or_null(tested, growth->upper),
		        "p", real_or_null(tested, growth->chance), "kendall_z",
		        real_or_null(tested, growth->kendall_z), "before",
		        count_or_null(growth->before), "first", count_or_null(growth->first),
		        "last", count_or_null(growth->last), "settled",
		        count_or_null(growth->settled)));
		if (growth->reconnects > 0)
			json_object_update_new(json_array_get(series, i),
			    json_pack("{s:s,s:o}", "per", growth_pers[growth->per], "per_reconnect",
			        real_or_null(tested, growth->slope / growth->reconnects)));
	}
	return json_pack("{s:I,s:I,s:o}", "samples", (json_int_t)verdict->growth_samples, "tested",
	    (json_int_t)verdict->growth_tested, "series", series);
}

static json_t *expectations_json(const struct verdict *verdict)
{
	json_t *array = json_array();
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		json_t *met = expectation->met == NOT_DECIDABLE
		                  ? json_null()
		                  : json_boolean(expectation->met == MET);
		json_t *object = json_object();
		json_object_set_new(object, "key", json_string(expectation->key));
		json_object_set_new(object, "expected", json_of_text(expectation->expected));
		json_object_set_new(object, "seen", json_of_text(expectation->seen));
		json_object_set_new(object, "met", met);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *controls_json(const struct verdict *verdict)
{
	json_t *array = json_array();
	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		json_t *object = json_object();
		json_object_set_new(object, "name", json_of_text(control->name));
		json_object_set_new(
		    object, "expected_rate", json_real(control->leaks ? control->expected : 0));
		json_object_set_new(object, "held", json_boolean(control->held));
		json_object_set_new(object, "verdict", json_string(verdict_words[control->word]));
		json_object_set_new(object, "k", json_integer(control->k));
		json_object_set_new(object, "n", json_integer(control->n));
		json_object_set_new(
		    object, "ci95", json_pack("[f,f]", control->lower, control->upper));
		json_object_set_new(object, "reason", json_of_text(control->reason));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *run_json(const struct report *report)
{
	json_t *object = json_object();
	json_object_set_new(object, "file", json_of_text(report->name));
	for (size_t i = 0; i < report->fact_count; i++) {
		const struct fact *fact = &report->facts[i];
		json_t *values = json_object_get(object, fact->key);
		/* A key that comes twice is a contradiction that must not be hidden. */
		if (!values)
			json_object_set_new(object, fact->key, values = json_array());
		json_array_append_new(values, json_of_text(fact->value));
	}
	return object;
}

/* Milliseconds, as the views of the run file have them. */
static json_t *milliseconds(int64_t us)
{
	return json_real((double)us / 1000);
}

static json_t *phases_json(const struct report *report)
{
	json_t *object = json_object();
	for (int which = 0; which < LATENCY_COUNT; which++) {
		const size_t count = report->latencies.counts[which];
		if (count == 0 && which >= LATENCY_RECONNECT)
			continue;
		json_t *phase = json_object();
		json_object_set_new(phase, "count", json_integer((json_int_t)count));
		for (size_t i = 0; i < PERCENTILE_COUNT; i++) {
			char key[16];
			snprintf(key, sizeof key, "%s_ms", percentiles[i].name);
			json_object_set_new(phase, key,
			    count ? milliseconds(percentile(
			                report->latencies.us[which], count, percentiles[i].percent))
			          : json_null());
		}
		json_object_set_new(object, latency_name(which), phase);
	}
	return object;
}

static json_t *errors_json(const struct report *report)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->failure_count; i++) {
		const struct failure *failure = &report->failures[i];
		json_t *object = json_object();
		json_object_set_new(object, "phase",
		    failure->phase < PHASE_COUNT ? json_string(failure_phase(failure))
		                                 : json_null());
		json_object_set_new(object, "code", json_of_text(failure->code));
		json_object_set_new(object, "message", json_of_text(failure->message));
		json_object_set_new(object, "count", json_integer(failure->count));
		json_object_set_new(object, "first_cycle", json_integer(failure->first));
		json_array_append_new(array, object);
	}
	return array;
}

bool verdict_print_json(const struct report *report, FILE *out, struct error *error)
{
	const struct verdict *verdict = report->verdict;
	json_t *root = json_object();
	json_object_set_new(root, "schema", json_string(VERDICT_SCHEMA));
	json_object_set_new(root, "verdict", json_string(verdict_words[verdict->word]));
	json_object_set_new(root, "kind", kind_json(verdict));
	json_object_set_new(root, "cut_short", json_boolean(verdict->cut_short));
	json_object_set_new(root, "reasons", sentences_json(&verdict->reasons));
	json_object_set_new(root, "would_change", sentences_json(&verdict->changes));
	json_object_set_new(root, "orphans", orphans_json(verdict));
	json_object_set_new(root, "session_ids", session_ids_json(verdict));
	json_object_set_new(root, "smallest_visible_rate",
	    real_or_null(verdict->n > 0, verdict->smallest_visible_rate));
	json_object_set_new(root, "sessions_left",
	    json_pack("{s:o,s:I}", "k",
	        integer_or_null(verdict->sessions_left_known, verdict->sessions_left), "n",
	        (json_int_t)verdict->n));
	json_object_set_new(root, "cycles", cycles_json(verdict));
	json_object_set_new(root, "culprits", culprits_json(verdict));
	json_object_set_new(root, "suspects", suspects_json(verdict));
	json_object_set_new(root, "ended_holders", ended_json(verdict));
	json_object_set_new(root, "unattributed",
	    json_pack("{s:o,s:o}", "logon_sessions",
	        integer_or_null(verdict->culprits_known, verdict->unattributed), "followers_only",
	        integer_or_null(verdict->culprits_known, verdict->followers_only)));
	if (verdict->commands.are_all)
		json_object_set_new(root, "commands",
		    json_pack("{s:o,s:I,s:I,s:o,s:[o,o]}", "made",
		        integer_or_null(verdict->commands.made > 0, verdict->commands.made),
		        "least_left", (json_int_t)verdict->commands.least, "most_left",
		        (json_int_t)verdict->commands.most, "left_per_command",
		        real_or_null(verdict->commands.known, verdict->commands.mean), "ci95",
		        real_or_null(verdict->commands.known, verdict->commands.lower),
		        real_or_null(verdict->commands.known, verdict->commands.upper)));
	if (verdict->reconnects > 0)
		json_object_set_new(root, "reconnects",
		    json_pack("{s:I,s:I}", "count", (json_int_t)verdict->reconnects,
		        "network_logon_sessions_left", (json_int_t)verdict->network_leaks));
	json_object_set_new(root, "growth", growth_json(verdict));
	json_object_set_new(root, "controls", controls_json(verdict));
	json_object_set_new(root, "expectations", expectations_json(verdict));
	json_object_set_new(root, "phases", phases_json(report));
	json_object_set_new(root, "errors", errors_json(report));
	json_object_set_new(root, "run", run_json(report));
	const bool written = json_write(root, JSON_ON_ONE_LINE, out);
	json_decref(root);
	if (!written)
		return error_set(error, EXIT_TARGET, "writing the verdict as JSON failed");
	return true;
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	return report->print_json(report, out, error);
}

const struct renderer renderer_json = {.name = "json", .suffix = ".json", .render = render};
