/* A comparison for programs, schema leaklab.compare/1. What is unknown has no key. */
#include "compare/compare.h"

#include <jansson.h>

#include "common/json_text.h"
#include "statistics/trend.h"

static void set_number(json_t *object, const char *key, int64_t number)
{
	if (number != NUMBER_UNKNOWN)
		json_object_set_new(object, key, json_integer(number));
}

static json_t *texts_json(char *const *items, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_of_text(items[i]));
	return array;
}

static json_t *gaps_json(const struct id_gap *gaps, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    array, json_pack("{s:I,s:I}", "first", (json_int_t)gaps[i].first, "last",
		               (json_int_t)gaps[i].last));
	return array;
}

static json_t *ids_json(const struct comparison *comparison)
{
	json_t *object = json_object();
	set_number(object, "sessions_before", comparison->sessions_before);
	set_number(object, "sessions_after", comparison->sessions_after);
	set_number(object, "highest_before", comparison->highest_before);
	set_number(object, "highest_after", comparison->highest_after);
	set_number(object, "missing_before", comparison->missing_before);
	set_number(object, "missing_after", comparison->missing_after);
	set_number(object, "skipped", comparison->skipped);
	json_object_set_new(object, "gaps", gaps_json(comparison->gaps, comparison->gap_count));
	return object;
}

static json_t *holder_json(const struct holder *holder)
{
	json_t *object = json_object();
	set_number(object, "pid", holder->pid);
	json_object_set_new(object, "image", json_of_text(holder->image));
	set_number(object, "tokens", holder->tokens);
	set_number(object, "exited_processes", holder->exited);
	set_number(object, "directories", holder->directories);
	json_object_set_new(object, "runs_in_it", json_boolean(holder->runs_in_it));
	json_object_set_new(object, "follower", json_boolean(holder->follower));
	return object;
}

static json_t *orphan_json(const struct comparison *comparison, const struct orphan *orphan)
{
	static const char *const kinds[] = {
	    [ORPHAN_NEW] = "new", [ORPHAN_OUTLIVED] = "outlived", [ORPHAN_BEFORE] = "before"};
	char luid[LUID_TEXT];
	json_t *object = json_object(), *holders = json_array();
	json_object_set_new(object, "luid", json_string(luid_format(orphan->left->luid, luid)));
	json_object_set_new(object, "user", json_of_text(orphan->left->user));
	json_object_set_new(object, "domain", json_of_text(orphan->left->domain));
	set_number(object, "session_id", orphan->left->session_id);
	if (comparison->comparable)
		json_object_set_new(object, "kind", json_string(kinds[orphan->kind]));
	json_object_set_new(object, "id_reused", json_boolean(orphan->left->id_given_again));
	const int64_t age = leak_age(comparison->leak, orphan->left->ended, orphan->left->shown);
	set_number(object, "age", age == NUMBER_UNKNOWN ? age : age / 1000000);
	json_object_set_new(object, "is_old", json_boolean(orphan->is_old));
	json_object_set_new(object, "handles_shown", json_boolean(orphan->handles_shown));
	for (size_t i = 0; i < orphan->holder_count; i++)
		json_array_append_new(holders,
		    holder_json(&comparison->holders_after.items[orphan->first_holder + i]));
	json_object_set_new(object, "holders", holders);
	return object;
}

static json_t *change_json(const struct token_change *change, bool by_process)
{
	char luid[LUID_TEXT];
	json_t *object = json_object();
	if (by_process) {
		set_number(object, "pid", change->pid);
		json_object_set_new(object, "image", json_of_text(change->image));
	} else {
		json_object_set_new(object, "luid", json_string(luid_format(change->luid, luid)));
	}
	set_number(object, "before", change->before);
	set_number(object, "after", change->after);
	set_number(object, "gained", change->gained);
	set_number(object, "lost", change->lost);
	return object;
}

static json_t *changes_json(const struct token_change *changes, size_t count, bool by_process)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, change_json(&changes[i], by_process));
	return array;
}

static json_t *growth_json(const struct comparison *comparison)
{
	json_t *array = json_array();
	for (size_t i = 0; i < comparison->growth_count; i++) {
		const struct handle_growth *growth = &comparison->growth[i];
		json_t *object = json_object();
		set_number(object, "pid", growth->pid);
		json_object_set_new(object, "image", json_of_text(growth->image));
		set_number(object, "before", growth->before);
		set_number(object, "after", growth->after);
		json_array_append_new(array, object);
	}
	return array;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_of_text(text));
}

static json_t *trail_json(const struct trail *trail)
{
	static const char *const words[] = {[COURSE_RISES] = "rises",
	    [COURSE_LEVELS_OFF] = "levels off",
	    [COURSE_WANDERS] = "may wander",
	    [COURSE_TOO_FEW] = "too few",
	    [COURSE_FALLS] = "comes down",
	    [COURSE_STEADY] = "steady"};
	json_t *object = json_object();
	json_object_set_new(object, "what", json_string(counted_words[trail->counted]));
	set_number(object, "pid", trail->pid);
	set_text(object, "image", trail->image);
	set_text(object, "user", trail->user);
	set_text(object, "domain", trail->domain);
	set_text(object, "counter", trail->counter);
	if (trail->image)
		json_object_set_new(object, "by_name", json_boolean(trail->pid == NUMBER_UNKNOWN));
	json_object_set_new(object, "ended", json_boolean(trail->ended));
	set_number(object, "points", (int64_t)trail->points);
	set_number(object, "points_seen", (int64_t)trail->points_seen);
	set_number(object, "first", trail->first);
	set_number(object, "last", trail->last);
	set_number(object, "lowest", trail->lowest);
	set_number(object, "highest", trail->highest);
	json_object_set_new(object, "word", json_string(words[trail->word]));
	if (trail->word == COURSE_TOO_FEW)
		return object;
	json_object_set_new(object, "per", json_string(trail->hourly ? "hour" : "moment"));
	json_object_set_new(object, "slope", json_real(trail->slope));
	json_object_set_new(object, "lower", json_real(trail->lower));
	json_object_set_new(object, "upper", json_real(trail->upper));
	return object;
}

static json_t *trails_json(const struct comparison *comparison)
{
	json_t *object = json_object(), *array = json_array();
	set_number(object, "moments", (int64_t)comparison->moments);
	set_number(object, "needed", TREND_POINTS);
	set_number(object, "span",
	    comparison->span == NUMBER_UNKNOWN ? comparison->span : comparison->span / 1000000);
	for (size_t i = 0; i < comparison->trail_count; i++)
		json_array_append_new(array, trail_json(&comparison->trails[i]));
	json_object_set_new(object, "counts", array);
	return object;
}

static json_t *culprits_json(const struct culprits *culprits)
{
	json_t *array = json_array();
	for (size_t i = 0; i < culprits->count; i++) {
		const struct culprit *culprit = &culprits->items[i];
		json_t *object = json_object();
		set_number(object, "pid", culprit->pid);
		if (culprit->image)
			json_object_set_new(object, "image", json_of_text(culprit->image));
		set_number(object, "logon_sessions", culprit->logon_sessions);
		set_number(object, "session_ids", culprit->session_ids);
		set_number(object, "alone", culprit->alone);
		json_object_set_new(object, "follower", json_boolean(culprit->follower));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *groups_json(const struct comparison *comparison)
{
	json_t *array = json_array();
	for (size_t i = 0; i < comparison->group_count; i++) {
		const struct logon_group *group = &comparison->groups[i];
		json_t *object = json_object();
		if (group->user)
			json_object_set_new(object, "user", json_of_text(group->user));
		if (group->domain)
			json_object_set_new(object, "domain", json_of_text(group->domain));
		if (group->logon_type)
			json_object_set_new(object, "logon_type", json_of_text(group->logon_type));
		set_number(object, "session_id", group->session_id);
		set_number(object, "before", group->before);
		set_number(object, "after", group->after);
		set_number(object, "new", group->new_count);
		set_number(object, "without_process_before", group->idle_before);
		set_number(object, "without_process_after", group->idle_after);
		json_array_append_new(array, object);
	}
	return array;
}

bool comparison_print_json(const struct comparison *comparison, FILE *out, struct error *error)
{
	json_t *root = json_object(), *orphans = json_array();
	json_object_set_new(root, "schema", json_string(COMPARE_SCHEMA));
	json_object_set_new(root, "verdict", json_string(exit_code_word(comparison->verdict)));
	json_object_set_new(
	    root, "reasons", texts_json(comparison->reasons, comparison->reason_count));
	json_object_set_new(
	    root, "limits", texts_json(comparison->limits, comparison->limit_count));
	if (comparison->ids_known)
		json_object_set_new(root, "session_ids", ids_json(comparison));
	if (comparison->unexplained)
		json_object_set_new(root, "unexplained_session_ids",
		    gaps_json(comparison->unexplained, comparison->unexplained_count));
	for (size_t i = 0; i < comparison->orphan_count; i++)
		json_array_append_new(orphans, orphan_json(comparison, &comparison->orphans[i]));
	if (comparison->orphans_known)
		json_object_set_new(root, "orphans", orphans);
	else
		json_decref(orphans);
	if (comparison->culprits.count)
		json_object_set_new(root, "holders", culprits_json(&comparison->culprits));
	json_t *referred = json_array();
	for (size_t i = 0; i < comparison->referred_count; i++)
		json_array_append_new(referred, json_integer(comparison->referred[i]));
	if (comparison->referred_count || leak_shows_ids(comparison->after))
		json_object_set_new(root, "referred_session_ids", referred);
	else
		json_decref(referred);
	set_number(root, "release_time", leak_release_time(comparison->leak) / 1000000);
	if (comparison->tokens_known) {
		json_object_set_new(root, "tokens_by_process",
		    changes_json(comparison->by_process, comparison->by_process_count, true));
		json_object_set_new(root, "tokens_by_logon_session",
		    changes_json(comparison->by_logon, comparison->by_logon_count, false));
	}
	if (comparison->groups_known)
		json_object_set_new(root, "logon_sessions", groups_json(comparison));
	if (comparison->growth_known)
		json_object_set_new(root, "handle_growth", growth_json(comparison));
	if (comparison->trail_count)
		json_object_set_new(root, "over_moments", trails_json(comparison));
	bool good = json_write(root, JSON_ON_LINES, out);
	json_decref(root);
	return good || error_set(error, EXIT_TARGET, "writing the comparison as JSON failed");
}
