/* Schema leaklab.dump/2. Written as it goes: a million tokens as a tree of objects would take a GiB. Strings of the kernel
 * are UTF-8 without control characters already. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/timestamp.h"
#include "dump/answer/answer.h"
#include "evidence/snapshot.h"

#define SCHEMA "leaklab.dump/2"

/* Where the next value goes. */
struct writer {
	FILE *out;
	bool first; /* of its object or array */
	int depth;
};

static void next(struct writer *writer)
{
	fprintf(writer->out, "%s\n%*s", writer->first ? "" : ",", writer->depth, "");
	writer->first = false;
}

static void put_string(struct writer *writer, const char *text)
{
	char *safe = strdup(text);
	fputc('"', writer->out);
	if (safe)
		text_make_safe(safe);
	for (const char *at = safe ? safe : "?"; *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', writer->out);
		fputc(*at, writer->out);
	}
	fputc('"', writer->out);
	free(safe);
}

static void key(struct writer *writer, const char *name)
{
	next(writer);
	if (name)
		fprintf(writer->out, "\"%s\": ", name);
}

static void open_with(struct writer *writer, const char *name, char bracket)
{
	key(writer, name);
	fputc(bracket, writer->out);
	writer->first = true;
	writer->depth++;
}

static void close_with(struct writer *writer, char bracket)
{
	writer->depth--;
	if (!writer->first)
		fprintf(writer->out, "\n%*s", writer->depth, "");
	fputc(bracket, writer->out);
	writer->first = false;
}

/* What is not known is left out. */
static void string(struct writer *writer, const char *name, const char *text)
{
	if (!text)
		return;
	key(writer, name);
	put_string(writer, text);
}

static void number(struct writer *writer, const char *name, int64_t value)
{
	if (value == NUMBER_UNKNOWN)
		return;
	key(writer, name);
	fprintf(writer->out, "%" PRId64, value);
}

/* What the dump would tell, had all of it been read. */
static void unknown(struct writer *writer, const char *name)
{
	key(writer, name);
	fputs("null", writer->out);
}

/* A number that says who holds something, where that was seen. */
static void number_seen(struct writer *writer, const char *name, uint64_t value, bool is_seen)
{
	if (is_seen || value == 0)
		number(writer, name, (int64_t)value);
	else
		unknown(writer, name);
}

static void boolean(struct writer *writer, const char *name, bool value)
{
	key(writer, name);
	fputs(value ? "true" : "false", writer->out);
}

/* Addresses are strings: readers that keep numbers as floating point would lose bits. */
static void address(struct writer *writer, const char *name, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "0x%" PRIx64, value);
	string(writer, name, text);
}

static void put_head(struct writer *writer, const struct telling *telling)
{
	const struct kernel *kernel = telling->kernel;
	const struct dump_header *header = dump_file_header(kernel->dump);
	struct dump_page_counts pages;
	char time[TIMESTAMP_TEXT];
	dump_file_count_pages(kernel->dump, &pages);
	open_with(writer, "dump", '{');
	string(writer, "file", telling->path);
	string(writer, "type", dump_type_name(header->type));
	number(writer, "build", header->build);
	number(writer, "processors", header->processors);
	if (header->system_time != TIMESTAMP_UNKNOWN)
		string(writer, "time", timestamp_format(header->system_time, time));
	if (header->up_time != DUMP_UP_TIME_UNKNOWN)
		number(writer, "up_time_seconds", header->up_time / 1000000);
	if (header->has_bugcheck) {
		address(writer, "bugcheck", header->bugcheck);
		open_with(writer, "bugcheck_parameters", '[');
		for (int i = 0; i < 4; i++)
			address(writer, NULL, header->bugcheck_parameters[i]);
		close_with(writer, ']');
	}
	if (*header->comment)
		string(writer, "comment", header->comment);
	number(writer, "pages", (int64_t)pages.listed);
	number(writer, "pages_in_file", (int64_t)pages.stored);
	number(writer, "pages_cut_off", (int64_t)(pages.listed - pages.stored));
	close_with(writer, '}');
}

static void put_symbols(struct writer *writer, const struct kernel *kernel)
{
	char *store = kernel->has_identity
	                  ? symbol_store_path(kernel->identity.pdb_name, &kernel->identity.pdb)
	                  : NULL;
	open_with(writer, "symbols", '{');
	string(writer, "store_path", store);
	boolean(writer, "found", kernel->has_symbols);
	if (!kernel->has_symbols)
		string(writer, "why", kernel->no_symbol.text);
	close_with(writer, '}');
	free(store);
}

/* An image's name; where only its first 14 characters are known, that is said. */
static void image(struct writer *writer, const char *name, bool is_cut)
{
	string(writer, "image", name);
	if (name && is_cut)
		boolean(writer, "image_cut", true);
}

static void put_holder_of(
    struct writer *writer, const struct kernel *kernel, uint32_t process, unsigned kind)
{
	static const char *const kinds[] = {
	    "handle", "primary_token", "thread", "session_token", "exited_process"};
	string(writer, "kind", kinds[kind]);
	if (process == KERNEL_NONE)
		return;
	image(writer, kernel->processes[process].image, kernel->processes[process].image_is_cut);
	number(writer, "pid", (int64_t)kernel->processes[process].pid);
	if (!kernel->processes[process].is_alive)
		boolean(writer, "exited", true);
}

static void put_stack(
    struct writer *writer, const struct telling *telling, const struct dump_culprit *culprit)
{
	char frame[KERNEL_FRAME_TEXT];
	open_with(writer, "stack", '[');
	for (uint32_t i = 0; i < culprit->stack->count; i++)
		string(writer, NULL,
		    kernel_frame_text(telling->kernel, telling->store,
		        culprit->pid_count ? culprit->pids[0] : 0, culprit->image,
		        culprit->stack->frame[i], frame));
	close_with(writer, ']');
}

static void put_method(struct writer *writer, uint32_t method)
{
	switch (method) {
	case METHOD_CREATE:
		string(writer, "method", "create");
		break;
	case METHOD_DUPLICATE:
		string(writer, "method", "duplicate");
		break;
	case METHOD_FILTER:
		string(writer, "method", "filter");
		break;
	default:
		number(writer, "method", method);
	}
}

static void put_culprit(
    struct writer *writer, const struct telling *telling, const struct dump_culprit *culprit)
{
	static const char *const kinds[] = {"creator", "holder", "kernel", "unseen"};
	open_with(writer, NULL, '{');
	string(writer, "kind", kinds[culprit->kind]);
	if (culprit->kind == CULPRIT_UNSEEN)
		unknown(writer, "image");
	else
		image(writer, culprit->image, culprit->image_is_cut);
	open_with(writer, "pids", '[');
	for (uint32_t i = 0; i < culprit->pid_count && i < CULPRIT_PIDS; i++)
		number(writer, NULL, (int64_t)culprit->pids[i]);
	close_with(writer, ']');
	if (culprit->pid_count > CULPRIT_PIDS)
		boolean(writer, "more_pids", true);
	number(writer, "orphans", culprit->orphans);
	number(writer, "tokens", culprit->tokens);
	number(writer, "references", (int64_t)culprit->references);
	number_seen(writer, "tokens_unheld", culprit->unheld, telling->answer->holders_seen);
	number(writer, "captures", (int64_t)culprit->captures);
	number(writer, "alone", culprit->alone);
	boolean(writer, "follower", culprit->follower);
	if (culprit->creator_image) {
		string(writer, "creator", culprit->creator_image);
		if (culprit->creator_is_cut)
			boolean(writer, "creator_cut", true);
		put_method(writer, culprit->method);
	}
	if (culprit->stack)
		put_stack(writer, telling, culprit);
	open_with(writer, "holders", '[');
	for (uint32_t i = 0; i < culprit->holder_count; i++) {
		open_with(writer, NULL, '{');
		put_holder_of(
		    writer, telling->kernel, culprit->holders[i].process, culprit->holders[i].kind);
		number(writer, "count", (int64_t)culprit->holders[i].count);
		close_with(writer, '}');
	}
	close_with(writer, ']');
	number(writer, "other_holders", (int64_t)culprit->other_holders);
	close_with(writer, '}');
}

static void put_creation(struct writer *writer, const struct kernel_token *token)
{
	open_with(writer, "created_by", '{');
	image(writer, token->creator_image, token->creator_is_cut);
	number(writer, "pid", (int64_t)token->creator_pid);
	number(writer, "tid", (int64_t)token->creator_tid);
	put_method(writer, token->method);
	number(writer, "captures", token->captures);
	close_with(writer, '}');
}

/* The handle, and what has exited with the token as its primary one. */
static void put_exited(struct writer *writer, const struct kernel *kernel,
    const struct kernel_holder *holder, const struct kernel_token *token)
{
	address(writer, "handle", holder->value);
	for (uint32_t i = 0; i < kernel->kept_count; i++) {
		const struct kernel_kept *kept = &kernel->kept[i];
		const struct kernel_process *target = &kernel->processes[kept->target];
		if (kept->process != holder->process || kept->value != holder->value ||
		    target->primary == KERNEL_NONE || &kernel->tokens[target->primary] != token)
			continue;
		open_with(writer, "exited_process", '{');
		image(writer, target->image, target->image_is_cut);
		number(writer, "pid", (int64_t)target->pid);
		if (kept->tid)
			number(writer, "tid", (int64_t)kept->tid);
		close_with(writer, '}');
		return;
	}
}

static void put_token(
    struct writer *writer, const struct kernel *kernel, const struct kernel_token *token)
{
	open_with(writer, NULL, '{');
	address(writer, "address", token->address);
	boolean(writer, "read", token->is_read);
	if (token->is_read) {
		address(writer, "id", token->id);
		number(writer, "session_id", kernel_session_id(token->session_id));
		string(writer, "user_sid", token->user);
		if (token->type)
			string(writer, "type", token->type == 2 ? "impersonation" : "primary");
		if (token->type == 2)
			number(writer, "level", token->level);
		address(writer, "flags", token->flags);
	}
	if (token->creator_image)
		put_creation(writer, token);
	open_with(writer, "holders", '[');
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		open_with(writer, NULL, '{');
		put_holder_of(writer, kernel, holder->process, holder->kind);
		if (holder->kind == HOLDER_HANDLE)
			address(writer, "handle", holder->value);
		else if (holder->kind == HOLDER_EXITED)
			put_exited(writer, kernel, holder, token);
		else if (holder->kind == HOLDER_THREAD)
			number(writer, "tid", (int64_t)holder->value);
		close_with(writer, '}');
	}
	close_with(writer, ']');
	close_with(writer, '}');
}

static void put_orphan(
    struct writer *writer, const struct answer *answer, const struct orphan *orphan)
{
	const struct kernel *kernel = answer->kernel;
	const struct kernel_logon_session *logon = &kernel->logons[orphan->logon];
	char luid[LUID_TEXT];
	open_with(writer, NULL, '{');
	string(writer, "luid", luid_format(logon->luid, luid));
	string(writer, "user", logon->user);
	string(writer, "domain", logon->domain);
	string(writer, "user_sid", orphan->user);
	number(writer, "session_id", orphan->session_id);
	const int64_t age = leak_age(answer->leak, orphan->ended, answer->snapshot->time);
	number(writer, "age", age == NUMBER_UNKNOWN ? age : age / 1000000);
	number(writer, "references", logon->references);
	number_seen(writer, "kernel_references", orphan->kernel_references, answer->holders_seen);
	open_with(writer, "tokens", '[');
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session)
		put_token(writer, kernel, &kernel->tokens[i]);
	close_with(writer, ']');
	close_with(writer, '}');
}

static void put_answer(struct writer *writer, const struct telling *telling)
{
	static const char *const rules[] = {[RULE_UNKNOWN] = "unknown",
	    [RULE_ABSENT] = "absent",
	    [RULE_OFF] = "switched off",
	    [RULE_ON] = "yes"};
	static const char *const trackings[] = {"unknown", "absent", "off", "on"};
	const struct answer *answer = telling->answer;
	const struct kernel *kernel = telling->kernel;
	string(writer, "verdict", exit_code_word(answer_exit_code(answer)));
	number(writer, "release_time", leak_release_time(answer->leak) / 1000000);
	string(writer, "leak_tracking", trackings[kernel->tracking]);
	string(writer, "tokens_keep_session_ids", rules[kernel->rule]);
	number(writer, "token_objects", kernel->token_objects);
	number(writer, "tokens_found", kernel->token_count);
	number(writer, "processes", kernel->process_count);
	number(writer, "logon_sessions", kernel->logon_count);
	number(writer, "orphans", answer->orphan_count);
	number(writer, "old_orphans", answer->old_count);
	if (answer->unseen_held)
		unknown(writer, "orphans_held_by_kernel");
	else
		number(writer, "orphans_held_by_kernel", answer->kernel_held);
	boolean(writer, "holders_seen", answer->holders_seen);
	number(writer, "unjudged", answer->unjudged);
	open_with(writer, "referred_session_ids", '[');
	for (uint32_t i = 0; i < answer->referred_count; i++)
		number(writer, NULL, answer->referred[i]);
	close_with(writer, ']');
	open_with(writer, "culprits", '[');
	for (uint32_t i = 0; i < answer->culprit_count; i++)
		put_culprit(writer, telling, &answer->culprits[i]);
	close_with(writer, ']');
	open_with(writer, "orphaned", '[');
	for (uint32_t i = 0; i < answer->orphan_count; i++)
		put_orphan(writer, answer, &answer->orphans[i]);
	close_with(writer, ']');
}

static void put_missing(struct writer *writer, const struct kernel *kernel)
{
	open_with(writer, "missing", '[');
	for (unsigned i = 0; i < THINGS; i++)
		for (unsigned j = 0; j < KERNEL_REASONS; j++) {
			if (!kernel->missing[i][j])
				continue;
			open_with(writer, NULL, '{');
			string(writer, "what", kernel_thing_text((enum kernel_thing)i, 1));
			string(writer, "why", kernel_reason_text(j));
			number(writer, "count", (int64_t)kernel->missing[i][j]);
			close_with(writer, '}');
		}
	close_with(writer, ']');
	open_with(writer, "limits", '[');
	for (size_t i = 0; i < kernel->lack_count; i++)
		string(writer, NULL, kernel->lacks[i]);
	close_with(writer, ']');
	open_with(writer, "damages", '[');
	for (size_t i = 0; i < kernel->note_count; i++)
		string(writer, NULL, kernel->notes[i]);
	close_with(writer, ']');
}

static void put_modules(struct writer *writer, const struct kernel *kernel)
{
	open_with(writer, "modules", '[');
	for (uint32_t i = 0; i < kernel->module_count; i++) {
		open_with(writer, NULL, '{');
		address(writer, "base", kernel->modules[i].base);
		number(writer, "size", kernel->modules[i].size);
		string(writer, "name", kernel->modules[i].name);
		close_with(writer, '}');
	}
	close_with(writer, ']');
}

void answer_print_json(const struct telling *telling, FILE *out)
{
	struct writer writer = {.out = out, .first = true, .depth = 1};
	fputc('{', out);
	string(&writer, "schema", SCHEMA);
	put_head(&writer, telling);
	put_symbols(&writer, telling->kernel);
	if (telling->answer)
		put_answer(&writer, telling);
	put_modules(&writer, telling->kernel);
	put_missing(&writer, telling->kernel);
	fputs("\n}\n", out);
}
