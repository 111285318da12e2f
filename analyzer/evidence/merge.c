/* Several observers of one moment: what they say together, and when they contradict each other. */
#include "evidence/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/intern.h"
#include "evidence/identity.h"

/* A string of no snapshot: it becomes one where it is kept. */
static const char not_elevated[] = "the observer was not elevated";

static bool same_text(const char *a, const char *b)
{
	return !a || !b || strcasecmp(a, b) == 0;
}

/* Notes where two sources contradict each other. False: memory is out. */
static bool check_header(struct snapshot *own, const struct snapshot *other)
{
	char a[TIMESTAMP_TEXT], b[TIMESTAMP_TEXT];
	return (host_same(own->host, other->host) ||
	           snapshot_add_contradiction(
	               own, "the observers saw two hosts, %s and %s", own->host, other->host)) &&
	       (same_text(own->build, other->build) ||
	           snapshot_add_contradiction(
	               own, "the observers saw two builds, %s and %s", own->build, other->build)) &&
	       (boot_same(own->boot_time, other->boot_time) ||
	           snapshot_add_contradiction(own,
	               "the observers saw two boot times, %s and %s: the host was rebooted between "
	               "them",
	               timestamp_format(own->boot_time, a), timestamp_format(other->boot_time, b)));
}

/* Whether rights were missing matters for handles; so the observers that saw handles say it, and the best of them. What the
 * others could not see for want of rights is said of their sections. */
static enum yes_no merge_elevated(const struct snapshot *own, const struct snapshot *other)
{
	static const int rank[] = {[NO + 1] = 0, [YES_NO_UNKNOWN + 1] = 1, [YES + 1] = 2};
	bool own_handles = snapshot_has(own, SECTION_HANDLES),
	     other_handles = snapshot_has(other, SECTION_HANDLES);
	if (own_handles != other_handles)
		return own_handles ? own->elevated : other->elevated;
	return rank[own->elevated + 1] > rank[other->elevated + 1] ? own->elevated
	                                                           : other->elevated;
}

/* Of an observer that was not elevated: lowers what counts as all of something. A partial list of sessions is quser's, which
 * tells who is logged on; without rights it is not even that. */
static void lower(struct sight *sight)
{
	const enum extent most =
	    strcmp(sight->section, SECTION_SESSIONS) == 0 ? EXTENT_CUT_OFF : EXTENT_PARTIAL;
	if (sight->extent <= most)
		return;
	sight->extent = most;
	if (!sight->why)
		sight->why = not_elevated;
}

/* Of two spellings of one account, the one that tells more. */
static bool merge_account(struct snapshot *own, const char **user, const char **domain,
    const char *from_user, const char *from_domain)
{
	if (!account_is_vaguer(*user, from_user))
		return true;
	*user = snapshot_string(own, from_user, strlen(from_user));
	if (from_domain)
		*domain = snapshot_string(own, from_domain, strlen(from_domain));
	return *user && (*domain || !from_domain);
}

static bool merge_session(struct snapshot *own, void *into, const void *other)
{
	struct session *to = into;
	const struct session *from = other;
	bool disputed = !account_may_be(to->user, to->domain, from->user, from->domain);
	if (disputed && !snapshot_add_contradiction(own,
	                    "session %lld belongs to %s for one observer, to %s for another",
	                    (long long)from->id, to->user, from->user))
		return false;
	/* Its state may change from one second to the next, and has other words in other languages. */
	to->disputed |= from->disputed || disputed;
	if (!disputed && !merge_account(own, &to->user, &to->domain, from->user, from->domain))
		return false;
	return record_fill(&session_record, to, from, own->intern);
}

static bool merge_logon_session(struct snapshot *own, void *into, const void *other)
{
	struct logon_session *to = into;
	const struct logon_session *from = other;
	char luid[LUID_TEXT];
	/* Of the host's own, tools tell its account or the name of the service. */
	const bool lasts = luid_is_lasting(from->luid);
	bool disputed = !lasts && !account_may_be(to->user, to->domain, from->user, from->domain);
	bool elsewhere = !lasts && to->session_id != NUMBER_UNKNOWN &&
	                 from->session_id != NUMBER_UNKNOWN && to->session_id != from->session_id;
	if (disputed && !snapshot_add_contradiction(own,
	                    "logon session %s belongs to %s for one observer, to %s for another",
	                    luid_format(from->luid, luid), to->user, from->user))
		return false;
	if (elsewhere &&
	    !snapshot_add_contradiction(own,
	        "logon session %s is in session %lld for one observer, in %lld for another",
	        luid_format(from->luid, luid), (long long)to->session_id,
	        (long long)from->session_id))
		return false;
	to->disputed |= from->disputed || disputed || elsewhere;
	if (!disputed && !lasts &&
	    !merge_account(own, &to->user, &to->domain, from->user, from->domain))
		return false;
	return record_fill(&logon_session_record, to, from, own->intern);
}

static bool merge_handle(struct snapshot *own, void *into, const void *other)
{
	struct handle *to = into;
	const struct handle *from = other;
	char one[LUID_TEXT], two[LUID_TEXT];
	if (to->luid != LUID_UNKNOWN && from->luid != LUID_UNKNOWN && to->luid != from->luid &&
	    !snapshot_add_contradiction(own,
	        "handle %llX of process %lld belongs to logon session %s for one observer, to %s for "
	        "another",
	        (unsigned long long)from->value, (long long)from->pid, luid_format(to->luid, one),
	        luid_format(from->luid, two)))
		return false;
	return record_fill(&handle_record, to, from, own->intern);
}

static bool merge_process(struct snapshot *own, void *into, const void *other)
{
	struct process *to = into;
	const struct process *from = other;
	return record_fill(&process_record, to, from, own->intern);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int session_order(const void *a, const void *b)
{
	return order(((const struct session *)a)->id, ((const struct session *)b)->id);
}

static int handle_order(const void *a, const void *b)
{
	const struct handle *left = a, *right = b;
	int by_pid = order(left->pid, right->pid);
	return by_pid ? by_pid : order(left->value, right->value);
}

static int process_order(const void *a, const void *b)
{
	return order(((const struct process *)a)->pid, ((const struct process *)b)->pid);
}

/* True if no session that the host had can be missing from the list. */
static bool lists_all_sessions(const struct snapshot *snapshot)
{
	return snapshot->session_count && snapshot_whole(snapshot, SECTION_SESSIONS);
}

/* A session that is in `list` and not in `whole`, or NULL. */
static const struct session *find_missing(const struct snapshot *whole, const struct snapshot *list)
{
	struct session *sorted = malloc((whole->session_count + 1) * sizeof *sorted);
	const struct session *missing = NULL;
	if (!sorted)
		return NULL;
	memcpy(sorted, whole->sessions, whole->session_count * sizeof *sorted);
	qsort(sorted, whole->session_count, sizeof *sorted, session_order);
	for (size_t i = 0; i < list->session_count && !missing; i++) {
		const struct session *session = &list->sessions[i];
		if (!session_is_listener(session) &&
		    !bsearch(session, sorted, whole->session_count, sizeof *sorted, session_order))
			missing = session;
	}
	free(sorted);
	return missing;
}

/* Two lists of one moment have the same sessions, if they have all. */
static bool check_lists(struct snapshot *own, const struct snapshot *other)
{
	const struct session *missing = NULL;
	if (lists_all_sessions(own))
		missing = find_missing(own, other);
	if (!missing && lists_all_sessions(other))
		missing = find_missing(other, own);
	return !missing ||
	       snapshot_add_contradiction(own,
	           "session %lld is listed by one observer and not by another: they saw two moments",
	           (long long)missing->id);
}

static bool has_id(const void *item)
{
	return ((const struct session *)item)->id != NUMBER_UNKNOWN;
}

static bool has_luid(const void *item)
{
	return ((const struct logon_session *)item)->luid != LUID_UNKNOWN;
}

static bool has_pid(const void *item)
{
	return ((const struct process *)item)->pid != NUMBER_UNKNOWN;
}

static bool has_value(const void *item)
{
	const struct handle *handle = item;
	return handle->pid != NUMBER_UNKNOWN && handle->value != NUMBER_UNKNOWN;
}

/* What each section's records are called by, and how two of them become one. */
static const struct section {
	const struct record *record;
	int (*order)(const void *a, const void *b);
	bool (*is_named)(const void *item);
	bool (*merge)(struct snapshot *own, void *to, const void *from);
} sections[] = {
    {&session_record, session_order, has_id, merge_session},
    {&logon_session_record, logon_session_order, has_luid, merge_logon_session},
    {&process_record, process_order, has_pid, merge_process},
    {&handle_record, handle_order, has_value, merge_handle},
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static const struct field *list_of(const struct record *record)
{
	FIELD_EACH(field, &snapshot_record)
	{
		if (field->of == record)
			return field;
	}
	return NULL;
}

/* The records known before are sorted and searched; new ones are appended behind them. */
static bool merge_section(
    struct snapshot *own, const struct snapshot *other, const struct section *section)
{
	const struct field *list = list_of(section->record);
	const size_t known = FIELD_COUNT_OF(own, list), size = section->record->size;
	if (known)
		qsort(FIELD_AT(void *, own, list), known, size, section->order);
	for (size_t i = 0; i < FIELD_COUNT_OF(other, list); i++) {
		const void *from = field_item(other, list, i);
		void *to = NULL;
		if (known && section->is_named(from))
			to =
			    bsearch(from, FIELD_AT(void *, own, list), known, size, section->order);
		if (to ? !section->merge(own, to, from)
		       : !(to = field_add(own, list)) ||
		             !record_copy(section->record, to, from, own->intern))
			return false;
	}
	return true;
}

/* Lists of what is not called by anything: those of both. Kept are as many as there is room for. */
static bool merge_list(
    struct snapshot *own, const struct snapshot *other, const struct record *record, size_t most)
{
	const struct field *list = list_of(record);
	for (size_t i = 0; i < FIELD_COUNT_OF(other, list); i++) {
		if (FIELD_COUNT_OF(own, list) >= most)
			break;
		void *to = field_add(own, list);
		if (!to || !record_copy(record, to, field_item(other, list, i), own->intern))
			return false;
	}
	return true;
}

/* Of one counter in two files the points are put together, if the times of both are of one kind. */
static bool merge_counters(struct snapshot *own, const struct snapshot *other)
{
	const size_t known = own->counter_count;
	own->counter_columns_left += other->counter_columns_left;
	own->counter_rows_left += other->counter_rows_left;
	for (size_t i = 0; i < other->counter_count; i++) {
		const struct counter *from = &other->counters[i];
		size_t at = 0;
		while (at < known &&
		       !(counter_same(&own->counters[at], from) && counter_is_zoned(from) &&
		           counter_is_zoned(&own->counters[at])))
			at++;
		struct counter *to = at < known ? NULL : snapshot_add_counter(own);
		if (at < known ? !counter_merge(own, &own->counters[at], from)
		               : !to || !record_copy(&counter_record, to, from, own->intern))
			return false;
	}
	return true;
}

/* What one source could not see is in sight if the other saw it. */
static bool merge_sight(struct snapshot *own, const struct sight *from)
{
	struct sight *to = snapshot_sight(own, from->section);
	if (!to)
		return false;
	const bool both = from->extent > EXTENT_ABSENT && to->extent > EXTENT_ABSENT;
	if (from->extent > to->extent) {
		struct searched *searched = to->searched;
		const size_t count = to->searched_count;
		struct sight fresh;
		record_clear(&sight_record, &fresh);
		fresh.section = to->section;
		fresh.searched = searched;
		fresh.searched_count = count;
		*to = fresh;
	}
	const enum list_end end = to->end;
	/* Why the other source saw less of it is of no matter here. */
	if (from->extent >= to->extent && !record_fill(&sight_record, to, from, own->intern))
		return false;
	if (to->extent == EXTENT_WHOLE) {
		to->why = to->origin = NULL;
		to->line = NUMBER_UNKNOWN;
	}
	if (both)
		to->rows = NUMBER_UNKNOWN; /* nobody counted those of both */
	to->end = end ? end : from->end;
	for (size_t i = 0; i < from->searched_count; i++) {
		if (!sight_add_searched(to, from->searched[i].luid))
			return false;
	}
	return true;
}

/* Whether the source saw a fact that another one did not: a field of the header, or "handles.luid" of its handles. */
static bool sees_fact(const struct snapshot *snapshot, const char *fact)
{
	char section[32];
	const size_t length = strcspn(fact, ".");
	if (snapshot_sight_of(snapshot, fact))
		return false;
	snprintf(section, sizeof section, "%.*s", (int)length, fact);
	if (fact[length])
		return snapshot_whole(snapshot, section);
	FIELD_EACH(field, &snapshot_record)
	{
		if (strncmp(field->json, fact, length) == 0 && !field->json[length])
			return field_is_known(snapshot, field);
	}
	return false;
}

static bool is_section(const char *name)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (strcmp(name, list_of(sections[i].record)->json) == 0)
			return true;
	}
	return false;
}

/* Lowers what own observers, who were not elevated, could not see all of. False: memory is out. */
static bool lower_own(struct snapshot *own)
{
	for (size_t i = 0; i < own->sight_count; i++) {
		struct sight *sight = &own->sights[i];
		if (is_section(sight->section))
			lower(sight);
		if (sight->why == not_elevated &&
		    !(sight->why = snapshot_string(own, not_elevated, strlen(not_elevated))))
			return false;
	}
	return true;
}

static bool merge_sights(struct snapshot *own, const struct snapshot *other)
{
	size_t kept = 0;
	for (size_t i = 0; i < own->sight_count; i++) {
		struct sight *sight = &own->sights[i];
		if (is_section(sight->section) || !sees_fact(other, sight->section))
			own->sights[kept++] = *sight;
		else
			record_deinit(&sight_record, sight);
	}
	own->sight_count = kept;
	/* Facts first: what own handles did not tell is asked of them, not of both. */
	for (int facts = 1; facts >= 0; facts--) {
		for (size_t i = 0; i < other->sight_count; i++) {
			struct sight from = other->sights[i];
			if (is_section(from.section) == facts ||
			    (facts && sees_fact(own, from.section)))
				continue;
			if (!facts && other->elevated == NO)
				lower(&from);
			if (!merge_sight(own, &from))
				return false;
		}
	}
	return true;
}

static bool merge_all(struct snapshot *own, const struct snapshot *other, bool at_once)
{
	if (own->elevated == NO && !lower_own(own))
		return false;
	if (!check_header(own, other) || (at_once && !check_lists(own, other)))
		return false;
	const enum yes_no elevated = merge_elevated(own, other);
	own->rows += other->rows;
	own->rows_left += other->rows_left;
	own->replaced += other->replaced;
	own->contradiction_total += other->contradiction_total;
	/* Sight before what is seen by it: a fact that both have is nobody's gap. */
	if (!merge_sights(own, other) || !record_fill(&snapshot_record, own, other, own->intern))
		return false;
	own->elevated = elevated; /* unknown is a value of its own here */
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (!merge_section(own, other, &sections[i]))
			return false;
	}
	return merge_counters(own, other) &&
	       merge_list(own, other, &unread_record, SNAPSHOT_NOTES_MOST) &&
	       merge_list(own, other, &contradiction_record, SNAPSHOT_NOTES_MOST) &&
	       merge_list(own, other, &session_object_record, SIZE_MAX) &&
	       merge_list(own, other, &log_event_record, SIZE_MAX) &&
	       merge_list(own, other, &handle_type_record, SIZE_MAX);
}

bool snapshot_merge(
    struct snapshot *snapshot, const struct snapshot *other, bool at_once, struct error *error)
{
	return merge_all(snapshot, other, at_once) || error_memory(error);
}

/* Sorts a section and folds neighbours that mean one thing. */
static bool unify(struct snapshot *snapshot, const struct section *section)
{
	const struct field *list = list_of(section->record);
	const size_t size = section->record->size;
	size_t *count = &FIELD_COUNT_AT(snapshot, list), kept = 0;
	if (*count)
		qsort(FIELD_AT(void *, snapshot, list), *count, size, section->order);
	for (size_t i = 0; i < *count; i++) {
		void *item = field_item(snapshot, list, i);
		void *last = kept ? field_item(snapshot, list, kept - 1) : NULL;
		if (last && section->is_named(item) && section->order(last, item) == 0) {
			if (!section->merge(snapshot, last, item))
				return false;
		} else {
			memmove(field_item(snapshot, list, kept++), item, size);
		}
	}
	*count = kept;
	return true;
}

bool snapshot_unify(struct snapshot *snapshot, const char *section)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (strcmp(list_of(sections[i].record)->json, section) == 0)
			return unify(snapshot, &sections[i]);
	}
	return true;
}

/* True if two of the records mean one thing. Memory that is out shows as none: *good becomes false. */
static bool has_repeated(const struct snapshot *snapshot, const struct section *section, bool *good)
{
	const struct field *list = list_of(section->record);
	const size_t size = section->record->size, count = FIELD_COUNT_OF(snapshot, list);
	bool repeated = false;
	if (count < 2)
		return false;
	char *sorted = malloc(count * size);
	if (!sorted)
		return *good = false;
	memcpy(sorted, field_item(snapshot, list, 0), count * size);
	qsort(sorted, count, size, section->order);
	for (size_t i = 1; i < count && !repeated; i++) {
		const char *item = sorted + i * size;
		repeated = section->is_named(item) && section->order(item - size, item) == 0;
	}
	free(sorted);
	return repeated;
}

/* One observer lists one process by one image; two may have seen an ID that was given again. */
static bool check_images(struct snapshot *snapshot)
{
	if (snapshot->process_count)
		qsort(snapshot->processes, snapshot->process_count, sizeof *snapshot->processes,
		    process_order);
	for (size_t i = 1; i < snapshot->process_count; i++) {
		const struct process *a = &snapshot->processes[i - 1], *b = a + 1;
		if (has_pid(a) && a->pid == b->pid && !same_text(a->image, b->image) &&
		    !snapshot_add_contradiction(snapshot, "process %lld is %s, and also %s",
		        (long long)a->pid, a->image, b->image))
			return false;
	}
	return true;
}

bool snapshot_unify_all(struct snapshot *snapshot)
{
	bool good = true;
	for (size_t i = 0; good && i < SECTION_COUNT; i++) {
		const struct field *list = list_of(sections[i].record);
		/* A source that repeats a handle is left as it is, as text is; telling costs a sort of all of them. */
		if (sections[i].record == &handle_record ||
		    !has_repeated(snapshot, &sections[i], &good))
			continue;
		good = (sections[i].record != &process_record || check_images(snapshot)) &&
		       unify(snapshot, &sections[i]);
		struct sight *sight = (struct sight *)snapshot_sight_of(snapshot, list->json);
		if (sight && sight->rows != NUMBER_UNKNOWN)
			sight->rows = (int64_t)FIELD_COUNT_OF(snapshot, list);
	}
	return good;
}
