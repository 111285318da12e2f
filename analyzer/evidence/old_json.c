/* leaklab.snapshot/1 had a list of what was unavailable, and flags for lists that were partial or cut; a section that was there
 * and in neither was whole. Probes of that release are still on hosts. */
#include "evidence/old_json.h"

#include <string.h>

static const char *const sections[] = {
    SECTION_SESSIONS, SECTION_LOGON_SESSIONS, SECTION_HANDLES, SECTION_PROCESSES};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static bool is_listed(const json_t *root, const char *section)
{
	return json_is_array(json_object_get(root, section));
}

/* "some sessions" and "handles of some processes" are parts of sections; "handles.luid" is a fact of its own. */
static bool see_unavailable(
    struct snapshot *snapshot, const json_t *root, const char *what, const char *why)
{
	if (strcmp(what, "some sessions") == 0)
		return snapshot_see(snapshot, SECTION_SESSIONS, EXTENT_CUT_OFF, why);
	if (strcmp(what, "some handles") == 0 || strcmp(what, "handles of some processes") == 0)
		return snapshot_see(snapshot, SECTION_HANDLES, EXTENT_PARTIAL, why);
	return snapshot_see(
	    snapshot, what, is_listed(root, what) ? EXTENT_PARTIAL : EXTENT_ABSENT, why);
}

static bool is_true(const json_t *root, const char *key)
{
	return json_is_true(json_object_get(root, key));
}

static bool see_flags(struct snapshot *snapshot, const json_t *root)
{
	return (!is_true(root, "sessions_partial") ||
	           snapshot_see(snapshot, SECTION_SESSIONS, EXTENT_PARTIAL,
	               "only the sessions that have users were listed")) &&
	       (!is_true(root, "sessions_cut") || snapshot_see(snapshot, SECTION_SESSIONS,
	                                              EXTENT_CUT_OFF, "the list was cut off")) &&
	       (!is_true(root, "logon_sessions_cut") ||
	           snapshot_see(
	               snapshot, SECTION_LOGON_SESSIONS, EXTENT_CUT_OFF, "the list was cut off")) &&
	       (!is_true(root, "handles_partial") ||
	           snapshot_see(
	               snapshot, SECTION_HANDLES, EXTENT_PARTIAL, "not all handles were listed"));
}

static bool see_ends(struct snapshot *snapshot, const json_t *root)
{
	const char *end = json_string_value(json_object_get(root, "logon_sessions_end"));
	struct sight *sight;
	for (int i = 1; end && i < LIST_END_COUNT; i++) {
		if (strcmp(list_end_words[i], end) != 0)
			continue;
		sight = snapshot_sight(snapshot, SECTION_LOGON_SESSIONS);
		if (!sight)
			return false;
		sight->end = (enum list_end)i;
	}
	return true;
}

static bool see_searched(struct snapshot *snapshot, const json_t *root, bool *wrong)
{
	const json_t *searched = json_object_get(root, "searched");
	struct sight *sight = NULL;
	uint64_t luid;
	for (size_t i = 0; i < json_array_size(searched); i++) {
		const char *text = json_string_value(json_array_get(searched, i));
		if (!text || !luid_parse(text, &luid)) {
			*wrong = true;
			return true;
		}
		if ((!sight && !(sight = snapshot_sight(snapshot, SECTION_HANDLES))) ||
		    !sight_add_searched(sight, luid))
			return false;
	}
	return true;
}

/* What is listed and was not said to be less is whole. */
static bool see_rest(struct snapshot *snapshot, const json_t *root)
{
	bool good = true;
	for (size_t i = 0; good && i < SECTION_COUNT; i++) {
		const struct sight *sight = snapshot_sight_of(snapshot, sections[i]);
		if (is_listed(root, sections[i]) && (!sight || sight->extent == EXTENT_UNKNOWN))
			good = snapshot_see(snapshot, sections[i], EXTENT_WHOLE, NULL);
	}
	return good;
}

bool old_json_sight(struct snapshot *snapshot, const json_t *root, struct error *error)
{
	const json_t *unavailable = json_object_get(root, "unavailable");
	bool good = true, wrong = false;
	if (unavailable && !json_is_null(unavailable) && !json_is_array(unavailable))
		return error_set(error, EXIT_USAGE, "unavailable: should be an array");
	for (size_t i = 0; good && i < json_array_size(unavailable); i++) {
		const json_t *object = json_array_get(unavailable, i);
		const char *what = json_string_value(json_object_get(object, "what"));
		if (!what)
			return error_set(error, EXIT_USAGE,
			    "unavailable[%zu].what: missing, should be the name of what could not be "
			    "seen",
			    i);
		good = see_unavailable(
		    snapshot, root, what, json_string_value(json_object_get(object, "why")));
	}
	good = good && see_flags(snapshot, root) && see_ends(snapshot, root) &&
	       see_searched(snapshot, root, &wrong) && see_rest(snapshot, root);
	if (wrong)
		return error_set(
		    error, EXIT_USAGE, "searched: should be LUIDs like \"00000000:000fd2f5\"");
	return good || error_memory(error);
}
