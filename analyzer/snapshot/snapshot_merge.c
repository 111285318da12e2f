/* Several observers of one moment: what they say together, and when they contradict each other. */
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/intern.h"
#include "snapshot/identity.h"

static bool out_of_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
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

static bool check_header(
    const struct snapshot *own, const struct snapshot *other, struct error *error)
{
	if (!host_same(own->host, other->host))
		return error_set(error, EXIT_USAGE, "the observers saw two hosts, %s and %s",
		    own->host, other->host);
	if (!same_text(own->build, other->build))
		return error_set(error, EXIT_USAGE, "the observers saw two builds, %s and %s",
		    own->build, other->build);
	if (!boot_same(own->boot_time, other->boot_time)) {
		char a[TIMESTAMP_TEXT], b[TIMESTAMP_TEXT];
		return error_set(error, EXIT_USAGE,
		    "the observers saw two boot times, %s and %s: the host was started anew "
		    "between them",
		    timestamp_format(own->boot_time, a), timestamp_format(other->boot_time, b));
	}
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
	if (!same_text(to->user, from->user))
		return error_set(error, EXIT_USAGE,
		    "session %lld belongs to %s for one observer, to %s for another",
		    (long long)from->id, to->user, from->user);
	to->id = from->id;
	return take_text(own, &to->name, from->name, error) &&
	       take_text(own, &to->user, from->user, error) &&
	       take_text(own, &to->domain, from->domain, error) &&
	       take_text(own, &to->state, from->state, error);
}

static bool merge_logon_session(struct snapshot *own, struct logon_session *to,
    const struct logon_session *from, struct error *error)
{
	char luid[LUID_TEXT];
	if (!same_text(to->user, from->user))
		return error_set(error, EXIT_USAGE,
		    "logon session %s belongs to %s for one observer, to %s for another",
		    luid_format(from->luid, luid), to->user, from->user);
	to->luid = from->luid;
	take_number(&to->session_id, from->session_id);
	take_number(&to->logon_time, from->logon_time);
	return take_text(own, &to->user, from->user, error) &&
	       take_text(own, &to->domain, from->domain, error) &&
	       take_text(own, &to->logon_type, from->logon_type, error) &&
	       take_text(own, &to->auth_package, from->auth_package, error);
}

static bool merge_handle(
    struct snapshot *own, struct handle *to, const struct handle *from, struct error *error)
{
	take_number(&to->pid, from->pid);
	take_number(&to->value, from->value);
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

/* Each section: the records known before are sorted and searched; new ones are appended behind them. */
static bool merge_sessions(struct snapshot *own, const struct snapshot *other, struct error *error)
{
	size_t known = own->session_count;
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

bool snapshot_merge(struct snapshot *snapshot, const struct snapshot *other, struct error *error)
{
	if (!check_header(snapshot, other, error))
		return false;
	bool good =
	    merge_header(snapshot, other, error) && merge_sessions(snapshot, other, error) &&
	    merge_logon_sessions(snapshot, other, error) && merge_handles(snapshot, other, error) &&
	    merge_processes(snapshot, other, error);
	if (good)
		merge_unavailable(snapshot, other);
	return good;
}
