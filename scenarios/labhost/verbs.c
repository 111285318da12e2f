/* Knows what each request of the control socket does. */
#include "labhost/control.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "labhost/show.h"
#include "common/timestamp.h"
#include "evidence/snapshot.h"

#define LOGON_SLACK INT64_C(120000000) /* microseconds: clocks differ */

static void answer_error(struct verb_context *context, const char *word, const char *text)
{
	fprintf(context->out, "ERROR %s %s\n", word, text);
}

/* The process that the client stands for; 0, and an answer, if it has none. */
static uint32_t own_process(struct verb_context *context)
{
	if (!context->client->pid)
		answer_error(
		    context, "no-process", "send HELLO image=NAME first: this needs a process");
	return context->client->pid;
}

static bool number(
    struct verb_context *context, const struct request *request, const char *key, uint32_t *out)
{
	if (request_number(request, key, out))
		return true;
	fprintf(context->out, "ERROR bad-request %s needs %s=NUMBER\n", request->verb, key);
	return false;
}

static void verb_hello(struct verb_context *context, const struct request *request)
{
	const char *image = request_text(request, "image");

	if (context->client->pid)
		answer_error(context, "bad-request", "HELLO was already sent");
	else if (!image || !*image)
		answer_error(context, "bad-request", "HELLO needs image=NAME");
	else {
		context->client->pid =
		    model_process_start(context->lab->model, image, lab_now(context->lab));
		fprintf(context->out, "OK pid=%u\n", context->client->pid);
	}
}

static void verb_sessions(struct verb_context *context, const struct request *request)
{
	const struct nt_session *session;
	char luid[LUID_TEXT];
	char account[512];

	(void)request;
	TAILQ_FOREACH(session, model_sessions(context->lab->model), link)
	{
		fprintf(context->out, "SESSION id=%u state=%s", session->id,
		    session->state == NT_STATE_ACTIVE ? "Active" : "Disc");
		field_write(context->out, "user", session->user);
		field_write(context->out, "domain", session->domain);
		if (session->station)
			field_write(context->out, "name", session->station);
		snprintf(account, sizeof(account), "%s\\%s", session->domain, session->user);
		field_write(context->out, "account", account);
		fprintf(context->out, " luid=%s\n", luid_format(session->logon->luid, luid));
	}
	fputs("OK\n", context->out);
}

static void verb_watch(struct verb_context *context, const struct request *request)
{
	(void)request;
	if (!context->client->watches)
		context->lab->watchers++;
	context->client->watches = true;
	context->client->seen = model_newest_luid(context->lab->model);
	fputs("OK\n", context->out);
}

/* The watcher has done what it wanted to at the logons up to this one; short sessions wait for that. */
static void verb_seen(struct verb_context *context, const struct request *request)
{
	const char *luid = request_text(request, "luid");

	if (!context->client->watches)
		answer_error(context, "bad-request", "send WATCH first");
	else if (!luid || !luid_parse(luid, &context->client->seen))
		answer_error(context, "bad-request",
		    "SEEN needs the luid= of an event, such as 00000000:000fd2f5");
	else
		fputs("OK\n", context->out);
}

static void verb_query_token(struct verb_context *context, const struct request *request)
{
	uint32_t session;
	uint32_t handle;

	if (!number(context, request, "session", &session) || !own_process(context))
		return;
	if (model_query_user_token(context->lab->model, context->client->pid, session, &handle))
		fprintf(context->out, "OK handle=%u\n", handle);
	else
		answer_error(context, "no-session", "no user is logged on in that session");
}

static bool level_is_known(const char *level)
{
	static const char *const levels[] = {
	    "anonymous", "identification", "impersonation", "delegation"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (level && strcmp(level, levels[i]) == 0)
			return true;
	return false;
}

/* Which process of the session is meant; SESSION_PROCESSES, and an answer: none. */
static enum session_process which_process(
    struct verb_context *context, const struct request *request)
{
	static const char *const names[SESSION_PROCESSES] = {[SESSION_CSRSS] = "csrss",
	    [SESSION_WINLOGON] = "winlogon",
	    [SESSION_DWM] = "dwm",
	    [SESSION_FONTDRVHOST] = "fontdrvhost",
	    [SESSION_SHELL] = "shell"};
	const char *process = request_text(request, "process");

	for (size_t i = 0; process && i < SESSION_PROCESSES; i++)
		if (names[i] && strcmp(names[i], process) == 0)
			return (enum session_process)i;
	fprintf(context->out,
	    "ERROR bad-request %s needs process=csrss|winlogon|dwm|fontdrvhost|shell\n",
	    request->verb);
	return SESSION_PROCESSES;
}

/* OpenProcessToken of a process of the session's, OpenProcess, OpenThread. */
static void verb_open(struct verb_context *context, const struct request *request)
{
	struct model *model = context->lab->model;
	const uint32_t pid = own_process(context);
	enum session_process which;
	uint32_t session;
	uint32_t handle;

	if (!pid || !number(context, request, "session", &session) ||
	    (which = which_process(context, request)) == SESSION_PROCESSES)
		return;
	const bool opened =
	    strcmp(request->verb, "OPENTOKEN") == 0
	        ? model_open_token(model, pid, session, which, &handle)
	        : model_open_process(model, pid, session, which,
	              strcmp(request->verb, "OPENTHREAD") == 0 ? NT_TYPE_THREAD : NT_TYPE_PROCESS,
	              &handle);
	if (opened)
		fprintf(context->out, "OK handle=%u\n", handle);
	else
		answer_error(context, "no-session", "no user is logged on in that session");
}

/* The lab takes the password for known. Accounts that nobody logs on with by RDP are not on its list. */
static void logon_account(
    struct verb_context *context, uint32_t pid, const char *user, const char *type)
{
	const struct accounts *accounts = context->lab->accounts;
	const struct account *account = accounts_find(accounts, user, accounts->domain);
	uint32_t handle;

	if (model_logon_account(context->lab->model, pid, accounts->domain, user,
	        account ? account->sid : "S-1-5-21-1-2-3-1001", type, lab_now(context->lab),
	        &handle))
		fprintf(context->out, "OK handle=%u\n", handle);
	else
		answer_error(context, "no-process", "the process has gone");
}

/* LogonUser and LsaLogonUser, for the user of a session or for any account: the lab takes the password for known. */
static void verb_logon(struct verb_context *context, const struct request *request)
{
	static const char *const types[] = {"Network", "Interactive", "Batch", NULL};
	const char *type = request_text(request, "type");
	const char *user = request_text(request, "account");
	const uint32_t pid = own_process(context);
	uint32_t session = 0;
	uint32_t handle;
	size_t i = 0;

	if (!pid || (!user && !number(context, request, "session", &session)))
		return;
	while (types[i] && (!type || strcmp(types[i], type) != 0))
		i++;
	if (!types[i])
		answer_error(context, "bad-request", "LOGON needs type=Network|Interactive|Batch");
	else if (user)
		logon_account(context, pid, user, types[i]);
	else if (model_logon_user(
	             context->lab->model, pid, session, types[i], lab_now(context->lab), &handle))
		fprintf(context->out, "OK handle=%u\n", handle);
	else
		answer_error(context, "no-session", "no user is logged on in that session");
}

/* CreateProcessAsUser of a program that ends at once. */
static void verb_run(struct verb_context *context, const struct request *request)
{
	const char *image = request_text(request, "image");
	const uint32_t pid = own_process(context);
	uint32_t session;
	uint32_t handles[2];

	if (!pid || !number(context, request, "session", &session))
		return;
	if (!image || !*image)
		answer_error(context, "bad-request", "RUN needs image=NAME");
	else if (model_run(
	             context->lab->model, pid, session, image, lab_now(context->lab), handles))
		fprintf(context->out, "OK process=%u thread=%u\n", handles[0], handles[1]);
	else
		answer_error(context, "no-session", "no user is logged on in that session");
}

/* Which of the kernel's functions makes the copy. */
static bool method_of(const struct request *request, enum nt_method *out)
{
	static const struct {
		const char *name;
		enum nt_method method;
	} methods[] = {
	    {"duplicate", NT_DUPLICATED}, {"create", NT_CREATED}, {"filter", NT_FILTERED}};
	const char *method = request_text(request, "method");

	*out = NT_DUPLICATED;
	for (size_t i = 0; method && i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, method) == 0) {
			*out = methods[i].method;
			return true;
		}
	return !method;
}

static void verb_duplicate(struct verb_context *context, const struct request *request)
{
	enum nt_method method;
	uint32_t handle;
	uint32_t duplicate;

	if (!number(context, request, "handle", &handle) || !own_process(context))
		return;
	if (!level_is_known(request_text(request, "level")))
		answer_error(context, "bad-request",
		    "DUPLICATE needs level=anonymous|identification|impersonation|delegation");
	else if (!method_of(request, &method))
		answer_error(context, "bad-request", "method= must be duplicate, create or filter");
	else if (model_duplicate_token(
	             context->lab->model, context->client->pid, handle, method, &duplicate))
		fprintf(context->out, "OK handle=%u\n", duplicate);
	else
		answer_error(context, "no-handle", "that handle is not a token of yours");
}

static void verb_close(struct verb_context *context, const struct request *request)
{
	uint32_t handle;
	uint32_t pid;

	if (!number(context, request, "handle", &handle))
		return;
	if (!request_text(request, "pid"))
		pid = own_process(context);
	else if (!number(context, request, "pid", &pid))
		return;
	if (!pid)
		return;
	if (model_close_handle(context->lab->model, pid, handle))
		fputs("OK\n", context->out);
	else
		answer_error(context, "no-handle", "the process has no such handle");
}

static void verb_list(struct verb_context *context, const struct request *request)
{
	char luid[LUID_TEXT];
	char name[512];

	(void)request;
	const uint32_t pid = own_process(context);
	const struct nt_process *process = pid ? model_process(context->lab->model, pid) : NULL;
	if (!process)
		return;
	for (size_t slot = 0; slot < process->table_size; slot++) {
		const struct nt_handle *handle = process->table[slot];
		if (!handle)
			continue;
		fprintf(context->out, "HANDLE value=%u type=%s luid=%s", handle->value,
		    handle_type(handle), luid_format(handle->logon->luid, luid));
		field_write(context->out, "name", handle_name(handle, name, sizeof(name)));
		putc('\n', context->out);
	}
	fputs("OK\n", context->out);
}

static void write_text(FILE *out, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (text || *line)
			fprintf(out, "TEXT %s\n", line);
}

static void verb_show(struct verb_context *context, const struct request *request)
{
	static const struct {
		const char *what;
		bool (*show)(const struct show_context *context, FILE *out, struct error *error);
	} shows[] = {
	    {"qwinsta", show_qwinsta},
	    {"logonsessions", show_logonsessions},
	    {"handle", show_handle},
	    {"snapshot", show_snapshot},
	    {"machine", show_machine},
	};
	const char *what = request_text(request, "what");
	const char *luid = request_text(request, "luid");
	struct show_context show = {.model = context->lab->model,
	    .host_name = context->lab->host_name,
	    .now = lab_now(context->lab)};
	struct error error;
	char *text = NULL;
	size_t length;
	size_t i = 0;

	while (i < sizeof(shows) / sizeof(shows[0]) && (!what || strcmp(what, shows[i].what) != 0))
		i++;
	if (i == sizeof(shows) / sizeof(shows[0])) {
		answer_error(context, "bad-request",
		    "SHOW needs what=qwinsta|logonsessions|handle|snapshot|machine");
		return;
	}
	if (luid && !luid_parse(luid, &show.luid)) {
		answer_error(
		    context, "bad-request", "luid= must be a LUID such as 00000000:000fd2f5");
		return;
	}
	FILE *out = open_memstream(&text, &length);
	const bool shown = out && shows[i].show(&show, out, &error);
	if (!out || fclose(out) != 0 || !shown)
		answer_error(context, "failed", out && !shown ? error.text : "out of memory");
	else {
		write_text(context->out, text);
		fputs("OK\n", context->out);
	}
	free(text);
}

/* Whether it is the session that is meant: IDs are given again. */
static bool is_meant(const struct nt_session *session, const struct request *request)
{
	const char *user = request_text(request, "user");
	const char *logon = request_text(request, "logon");
	int64_t time;

	return (!user || strcasecmp(user, session->user) == 0) &&
	       (!logon || (timestamp_parse(logon, &time) &&
	                      llabs(session->logon->logon_time - time) <= LOGON_SLACK));
}

static void verb_logoff(struct verb_context *context, const struct request *request)
{
	struct lab *lab = context->lab;
	uint32_t id;

	if (!number(context, request, "session", &id))
		return;
	const struct nt_session *session = model_session(lab->model, id);
	if (session && session->logon && !is_meant(session, request)) {
		answer_error(context, "another-session",
		    "this session is another user's, or of another logon: it stays");
		return;
	}
	const uint64_t connection = session ? session->connection : 0;
	if (!model_logoff(lab->model, id, 0, lab_now(lab))) {
		answer_error(context, "no-session", "no such session, or it is not a user's");
		return;
	}
	if (connection)
		lab_order(lab, connection, PEER_ORDER_LOGGED_OFF);
	fputs("OK\n", context->out);
}

static void verb_hold(struct verb_context *context, const struct request *request)
{
	uint32_t session;

	if (!number(context, request, "session", &session))
		return;
	if (model_kernel_reference(context->lab->model, session))
		fputs("OK\n", context->out);
	else
		answer_error(context, "no-session", "no user is logged on in that session");
}

static void verb_release(struct verb_context *context, const struct request *request)
{
	(void)request;
	fprintf(context->out, "OK released=%zu\n",
	    model_release_kernel_references(context->lab->model));
}

static void verb_reboot(struct verb_context *context, const struct request *request)
{
	(void)request;
	lab_order(context->lab, 0, PEER_ORDER_DROP);
	model_reboot(context->lab->model, lab_now(context->lab));
	context->rebooted = true;
	fputs("OK\n", context->out);
}

void verb_answer(struct verb_context *context, char *line)
{
	static const struct {
		const char *verb;
		void (*answer)(struct verb_context *context, const struct request *request);
	} verbs[] = {
	    {"HELLO", verb_hello},
	    {"SESSIONS", verb_sessions},
	    {"WATCH", verb_watch},
	    {"SEEN", verb_seen},
	    {"QUERYTOKEN", verb_query_token},
	    {"LOGON", verb_logon},
	    {"RUN", verb_run},
	    {"OPENTOKEN", verb_open},
	    {"OPENPROCESS", verb_open},
	    {"OPENTHREAD", verb_open},
	    {"DUPLICATE", verb_duplicate},
	    {"CLOSE", verb_close},
	    {"LIST", verb_list},
	    {"SHOW", verb_show},
	    {"LOGOFF", verb_logoff},
	    {"HOLD", verb_hold},
	    {"RELEASE", verb_release},
	    {"REBOOT", verb_reboot},
	};
	struct request request;

	if (!request_parse(line, &request)) {
		answer_error(context, "bad-request",
		    "a request is VERB and fields key=value, with single blanks between");
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].verb, request.verb) == 0) {
			verbs[i].answer(context, &request);
			return;
		}
	answer_error(context, "unknown-verb", "the lab host does not know this request");
}
