/* Several observers of one moment: what they say together, and when they contradict each other. */
#include "evidence/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/intern.h"
#include "evidence/identity.h"

static bool out_of_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
}

/* An error, or a note where contradictions are noted. Returns true if merging goes on. */
__attribute__((format(printf, 3, 4))) static bool contradict(
    struct snapshot *own, struct error *error, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (!own->notes_contradictions)
		return error_set(error, EXIT_USAGE, "%s", text);
	return snapshot_add_contradiction(own, "%s", text) || out_of_memory(error);
}

static bool take_text(
    struct snapshot *snapshot, const char **own, const char *other, struct error *error)
{
	if (*own || !other)
		return true;
	*own = intern_string(snapshot->intern, other, strlen(other));
	return *own || out_of_memory(error);
}

static void take_number(int64_t *own, int64_t other)
{
	if (*own == NUMBER_UNKNOWN)
		*own = other;
}

static bool same_text(const char *a, const char *b)
{
	return !a || !b || strcasecmp(a, b) == 0;
}

static bool check_header(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	char a[TIMESTAMP_TEXT], b[TIMESTAMP_TEXT];
	if (!host_same(own->host, other->host) &&
	    !contradict(
	        own, error, "the observers saw two hosts, %s and %s", own->host, other->host))
		return false;
	if (!same_text(own->build, other->build) &&
	    !contradict(
	        own, error, "the observers saw two builds, %s and %s", own->build, other->build))
		return false;
	if (!boot_same(own->boot_time, other->boot_time))
		return contradict(own, error,
		    "the observers saw two boot times, %s and %s: the host was started anew "
		    "between them",
		    timestamp_format(own->boot_time, a), timestamp_format(other->boot_time, b));
	return true;
}

/* Whether rights were missing matters for handles; so the observer that saw handles says it. */
static enum yes_no merge_elevated(const struct snapshot *own, const struct snapshot *other)
{
	bool own_handles = snapshot_has(own, "handles"),
	     other_handles = snapshot_has(other, "handles");
	if (own->elevated == YES_NO_UNKNOWN || (other_handles && !own_handles))
		return other->elevated;
	if (other->elevated == YES && own_handles == other_handles)
		return YES;
	return own->elevated;
}

static bool merge_header(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	if (!take_text(own, &own->source, other->source, error) ||
	    !take_text(own, &own->host, other->host, error) ||
	    !take_text(own, &own->build, other->build, error))
		return false;
	take_number(&own->boot_time, other->boot_time);
	take_number(&own->time, other->time);
	take_number(&own->token_objects, other->token_objects);
	take_number(&own->token_objects_accounted, other->token_objects_accounted);
	own->elevated = merge_elevated(own, other);
	if (own->leak_tracking == YES_NO_UNKNOWN)
		own->leak_tracking = other->leak_tracking;
	return true;
}

static bool merge_session(
    struct snapshot *own, struct session *to, const struct session *from, struct error *error)
{
	bool disputed = !same_text(to->user, from->user);
	if (disputed && !contradict(own, error,
	                    "session %lld belongs to %s for one observer, to %s for another",
	                    (long long)from->id, to->user, from->user))
		return false;
	/* Its state may change from one second to the next, and has other words in other languages. */
	to->id = from->id;
	to->disputed |= from->disputed || disputed;
	return take_text(own, &to->name, from->name, error) &&
	       take_text(own, &to->user, from->user, error) &&
	       take_text(own, &to->domain, from->domain, error) &&
	       take_text(own, &to->state, from->state, error);
}

static bool merge_logon_session(struct snapshot *own, struct logon_session *to,
    const struct logon_session *from, struct error *error)
{
	char luid[LUID_TEXT];
	bool disputed = !same_text(to->user, from->user);
	if (disputed && !contradict(own, error,
	                    "logon session %s belongs to %s for one observer, to %s for another",
	                    luid_format(from->luid, luid), to->user, from->user))
		return false;
	bool elsewhere = own->notes_contradictions && to->session_id != NUMBER_UNKNOWN &&
	                 from->session_id != NUMBER_UNKNOWN && to->session_id != from->session_id;
	if (elsewhere && !contradict(own, error,
	                     "logon session %s is in session %lld for one observer, in %lld "
	                     "for another",
	                     luid_format(from->luid, luid), (long long)to->session_id,
	                     (long long)from->session_id))
		return false;
	to->luid = from->luid;
	to->disputed |= from->disputed || disputed || elsewhere;
	take_number(&to->session_id, from->session_id);
	take_number(&to->logon_time, from->logon_time);
	return take_text(own, &to->user, from->user, error) &&
	       take_text(own, &to->domain, from->domain, error) &&
	       take_text(own, &to->logon_type, from->logon_type, error) &&
	       take_text(own, &to->auth_package, from->auth_package, error) &&
	       take_text(own, &to->logon_time_text, from->logon_time_text, error);
}

static bool merge_handle(
    struct snapshot *own, struct handle *to, const struct handle *from, struct error *error)
{
	take_number(&to->pid, from->pid);
	take_number(&to->value, from->value);
	char one[LUID_TEXT], two[LUID_TEXT];
	if (own->notes_contradictions && to->has_luid && from->has_luid && to->luid != from->luid &&
	    !contradict(own, error,
	        "handle %llX of process %lld belongs to logon session %s for one observer, to %s for "
	        "another",
	        (unsigned long long)from->value, (long long)from->pid, luid_format(to->luid, one),
	        luid_format(from->luid, two)))
		return false;
	take_number(&to->token_id, from->token_id);
	take_number(&to->session_id, from->session_id);
	if (!to->has_luid && from->has_luid) {
		to->luid = from->luid;
		to->has_luid = true;
	}
	return take_text(own, &to->image, from->image, error) &&
	       take_text(own, &to->type, from->type, error) &&
	       take_text(own, &to->user, from->user, error) &&
	       take_text(own, &to->domain, from->domain, error) &&
	       take_text(own, &to->name, from->name, error);
}

static bool merge_process(
    struct snapshot *own, struct process *to, const struct process *from, struct error *error)
{
	take_number(&to->pid, from->pid);
	take_number(&to->session_id, from->session_id);
	take_number(&to->handle_count, from->handle_count);
	take_number(&to->handles_listed, from->handles_listed);
	return take_text(own, &to->image, from->image, error) &&
	       take_text(own, &to->user, from->user, error);
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
	return snapshot_has(snapshot, "sessions") && snapshot->session_count &&
	       !snapshot->sessions_partial && !snapshot->sessions_cut;
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
static bool check_lists(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	const struct session *missing = NULL;
	if (!own->notes_contradictions)
		return true; /* moments that a driver joins are some milliseconds wide */
	if (lists_all_sessions(own))
		missing = find_missing(own, other);
	if (!missing && lists_all_sessions(other))
		missing = find_missing(other, own);
	return !missing ||
	       contradict(own, error,
	           "session %lld is listed by one observer and not by another: they saw two moments",
	           (long long)missing->id);
}

/* Each section: the records known before are sorted and searched; new ones are appended behind them. */
static bool merge_sessions(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	size_t known = own->session_count;
	if (!check_lists(own, other, error))
		return false;
	if (known)
		qsort(own->sessions, known, sizeof *own->sessions, session_order);
	for (size_t i = 0; i < other->session_count; i++) {
		const struct session *from = &other->sessions[i];
		struct session *to = NULL;
		if (known)
			to = bsearch(from, own->sessions, known, sizeof *to, session_order);
		if (!to)
			to = snapshot_add_session(own);
		if (!to)
			return out_of_memory(error);
		if (!merge_session(own, to, from, error))
			return false;
	}
	return true;
}

static bool merge_logon_sessions(
    struct snapshot *own, const struct snapshot *other, struct error *error)
{
	size_t known = own->logon_session_count;
	if (known)
		qsort(own->logon_sessions, known, sizeof *own->logon_sessions, logon_session_order);
	for (size_t i = 0; i < other->logon_session_count; i++) {
		const struct logon_session *from = &other->logon_sessions[i];
		struct logon_session *to = NULL;
		if (known)
			to = bsearch(
			    from, own->logon_sessions, known, sizeof *to, logon_session_order);
		if (!to)
			to = snapshot_add_logon_session(own);
		if (!to)
			return out_of_memory(error);
		if (!merge_logon_session(own, to, from, error))
			return false;
	}
	return true;
}

static bool merge_handles(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	size_t known = own->handle_count;
	if (known)
		qsort(own->handles, known, sizeof *own->handles, handle_order);
	for (size_t i = 0; i < other->handle_count; i++) {
		const struct handle *from = &other->handles[i];
		struct handle *to = NULL;
		if (known && from->pid != NUMBER_UNKNOWN && from->value != NUMBER_UNKNOWN)
			to = bsearch(from, own->handles, known, sizeof *to, handle_order);
		if (!to)
			to = snapshot_add_handle(own);
		if (!to)
			return out_of_memory(error);
		if (!merge_handle(own, to, from, error))
			return false;
	}
	return true;
}

static bool merge_processes(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	size_t known = own->process_count;
	if (known)
		qsort(own->processes, known, sizeof *own->processes, process_order);
	for (size_t i = 0; i < other->process_count; i++) {
		const struct process *from = &other->processes[i];
		struct process *to = NULL;
		if (known)
			to = bsearch(from, own->processes, known, sizeof *to, process_order);
		if (!to)
			to = snapshot_add_process(own);
		if (!to)
			return out_of_memory(error);
		if (!merge_process(own, to, from, error))
			return false;
	}
	return true;
}

/* What one observer could not see is in sight if the other saw it: only what both lack stays unavailable. */
static void merge_unavailable(struct snapshot *own, const struct snapshot *other)
{
	size_t kept = 0;
	for (size_t i = 0; i < own->unavailable_count; i++) {
		if (!snapshot_has(other, own->unavailable[i].what))
			own->unavailable[kept++] = own->unavailable[i];
	}
	own->unavailable_count = kept;
}

/* What was searched for, and by how much the readers understood. */
static bool merge_notes(struct snapshot *own, const struct snapshot *other)
{
	own->rows += other->rows - (int64_t)other->unread_count;
	own->rows_left += other->rows_left - (int64_t)other->unread_count;
	own->replaced += other->replaced;
	own->logon_sessions_cut |= other->logon_sessions_cut;
	if (own->logon_sessions_end == LIST_END_UNKNOWN)
		own->logon_sessions_end = other->logon_sessions_end;
	own->contradiction_total +=
	    other->contradiction_total - (int64_t)other->contradiction_count;
	bool good = true;
	for (size_t i = 0; good && i < other->unread_count; i++)
		good = snapshot_add_unread(own, other->unread[i].origin, other->unread[i].line,
		    other->unread[i].text, strlen(other->unread[i].text));
	for (size_t i = 0; good && i < other->contradiction_count; i++)
		good = snapshot_add_contradiction(own, "%s", other->contradictions[i]);
	for (size_t i = 0; good && i < other->searched_count; i++)
		good = snapshot_add_searched(own, other->searched[i]);
	for (size_t i = 0; good && i < other->handle_type_count; i++) {
		struct handle_type *type = snapshot_add_handle_type(own);
		good = type;
		if (type) {
			type->count = other->handle_types[i].count;
			good = take_text(own, &type->type, other->handle_types[i].type, NULL);
		}
	}
	return good;
}

/* Handles are seen in part if nobody saw all. */
static bool merge_partial(const struct snapshot *own, const struct snapshot *other)
{
	if (!snapshot_has(own, "handles"))
		return other->handles_partial;
	return own->handles_partial && (other->handles_partial || !snapshot_has(other, "handles"));
}

/* Sessions without users are missing if nobody listed them. */
static bool merge_sessions_partial(const struct snapshot *own, const struct snapshot *other)
{
	if (!snapshot_has(own, "sessions"))
		return other->sessions_partial;
	return own->sessions_partial &&
	       (other->sessions_partial || !snapshot_has(other, "sessions"));
}

static bool merge_all(struct snapshot *snapshot, const struct snapshot *other, struct error *error)
{
	if (!check_header(snapshot, other, error))
		return false;
	bool cut = !lists_all_sessions(snapshot) && !lists_all_sessions(other) &&
	           (snapshot->sessions_cut || other->sessions_cut);
	bool partial = merge_partial(snapshot, other),
	     sessions_partial = merge_sessions_partial(snapshot, other);
	bool good =
	    merge_header(snapshot, other, error) && merge_sessions(snapshot, other, error) &&
	    merge_logon_sessions(snapshot, other, error) && merge_handles(snapshot, other, error) &&
	    merge_processes(snapshot, other, error);
	if (good && !merge_notes(snapshot, other))
		good = out_of_memory(error);
	if (good) {
		merge_unavailable(snapshot, other);
		snapshot->handles_partial = partial;
		snapshot->sessions_partial = sessions_partial;
		snapshot->sessions_cut = cut;
	}
	return good;
}

bool snapshot_merge(struct snapshot *snapshot, const struct snapshot *other, struct error *error)
{
	snapshot->notes_contradictions = false;
	return merge_all(snapshot, other, error);
}

bool snapshot_merge_noting(
    struct snapshot *snapshot, const struct snapshot *other, struct error *error)
{
	snapshot->notes_contradictions = true;
	return merge_all(snapshot, other, error);
}

/* Sorts a section and folds neighbours that are equal in the order; merge gets both as its section has them. */
#define UNIFY(snapshot, items, count, order, known, merge)                                         \
	do {                                                                                       \
		size_t kept = 0;                                                                   \
		if ((snapshot)->count)                                                             \
			qsort((snapshot)->items, (snapshot)->count, sizeof *(snapshot)->items,     \
			    order);                                                                \
		for (size_t i = 0; i < (snapshot)->count; i++) {                                   \
			if (kept && known((snapshot)->items[i]) &&                                 \
			    order(&(snapshot)->items[kept - 1], &(snapshot)->items[i]) == 0) {     \
				if (!merge(snapshot, &(snapshot)->items[kept - 1],                 \
				        &(snapshot)->items[i], error))                             \
					return false;                                              \
			} else {                                                                   \
				(snapshot)->items[kept++] = (snapshot)->items[i];                  \
			}                                                                          \
		}                                                                                  \
		(snapshot)->count = kept;                                                          \
	} while (0)

#define HAS_ID(session) ((session).id != NUMBER_UNKNOWN)
#define HAS_LUID(logon) ((logon).luid != 0)
#define HAS_PID(process) ((process).pid != NUMBER_UNKNOWN)
#define HAS_VALUE(handle) (HAS_PID(handle) && (handle).value != NUMBER_UNKNOWN)

bool snapshot_unify(struct snapshot *snapshot, bool handles, struct error *error)
{
	snapshot->notes_contradictions = true;
	UNIFY(snapshot, sessions, session_count, session_order, HAS_ID, merge_session);
	UNIFY(snapshot, logon_sessions, logon_session_count, logon_session_order, HAS_LUID,
	    merge_logon_session);
	UNIFY(snapshot, processes, process_count, process_order, HAS_PID, merge_process);
	if (handles)
		UNIFY(snapshot, handles, handle_count, handle_order, HAS_VALUE, merge_handle);
	return true;
}
