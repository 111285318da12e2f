/* Schema leaklab.dump/3, without its culprits. Written as it goes: a million tokens as a tree of objects would take a GiB. Strings of the kernel
 * are UTF-8 without control characters already. */
#include "dump/answer/answer.h"

#include <stdlib.h>

#include "common/timestamp.h"
#include "dump/answer/inside.h"
#include "dump/answer/token_groups.h"
#include "evidence/identity.h"
#include "evidence/snapshot.h"

#define SCHEMA "leaklab.dump/3"

static void put_head(struct json_writer *writer, const struct telling *telling)
{
	const struct kernel *kernel = telling->kernel;
	const struct dump_header *header = dump_file_header(kernel->dump);
	struct dump_page_counts pages;
	struct machine machine;
	char time[TIMESTAMP_TEXT];
	dump_file_count_pages(kernel->dump, &pages);
	write_open(writer, "dump", '{');
	write_string(writer, "file", telling->path);
	if (machine_find(kernel, &machine)) {
		write_string(writer, "host", machine.name);
		write_string(writer, "domain", machine.domain);
	}
	write_string(writer, "type", dump_type_name(header->type));
	write_boolean(writer, "moved", kernel->moved);
	write_number(writer, "build", header->build);
	write_number(writer, "processors", header->processors);
	if (header->system_time != TIMESTAMP_UNKNOWN)
		write_string(writer, "time", timestamp_format(header->system_time, time));
	if (header->up_time != DUMP_UP_TIME_UNKNOWN)
		write_number(writer, "up_time_seconds", header->up_time / 1000000);
	if (header->has_bugcheck) {
		write_address(writer, "bugcheck", header->bugcheck);
		write_string(writer, "bugcheck_name", dump_bugcheck_name(header->bugcheck));
		write_open(writer, "bugcheck_parameters", '[');
		for (int i = 0; i < 4; i++)
			write_address(writer, NULL, header->bugcheck_parameters[i]);
		write_close(writer, ']');
	}
	if (*header->comment)
		write_string(writer, "comment", header->comment);
	write_number(writer, "pages", (int64_t)pages.listed);
	write_number(writer, "pages_in_file", (int64_t)pages.stored);
	write_number(writer, "pages_cut_off", (int64_t)(pages.listed - pages.stored));
	write_close(writer, '}');
}

static void put_symbols(struct json_writer *writer, const struct kernel *kernel)
{
	char *store = kernel->has_identity
	                  ? symbol_store_path(kernel->identity.pdb_name, &kernel->identity.pdb)
	                  : NULL;
	write_open(writer, "symbols", '{');
	write_string(writer, "store_path", store);
	write_boolean(writer, "found", kernel->has_symbols);
	if (!kernel->has_symbols)
		write_string(writer, "why", kernel->no_symbol.text);
	write_close(writer, '}');
	free(store);
}

/* As far as the order of LUIDs tells: else since the host started. */
static void put_made(struct json_writer *writer, const struct answer *answer, uint64_t luid)
{
	const struct luid_bounds made = luid_order_bounds(&answer->order, luid);
	char time[TIMESTAMP_TEXT];
	if (answer->order.contradicted || luid_is_lasting(luid))
		return;
	write_open(writer, "made", '{');
	write_boolean(writer, "inferred", true);
	if (made.after != TIMESTAMP_UNKNOWN)
		write_string(writer, "after", timestamp_format(made.after, time));
	if (made.before != TIMESTAMP_UNKNOWN)
		write_string(writer, "before", timestamp_format(made.before, time));
	write_close(writer, '}');
}

/* What there is to say of any logon session. */
static void put_logon(struct json_writer *writer, const struct answer *answer,
    const struct kernel_logon_session *logon, int64_t session_id, const char *sid)
{
	char luid[LUID_TEXT];
	write_string(writer, "luid", luid_format(logon->luid, luid));
	write_string(writer, "user", logon->user);
	write_string(writer, "domain", logon->domain);
	write_string(writer, "user_sid", sid);
	write_number(writer, "session_id", session_id);
	write_number(writer, "references", logon->references);
	put_made(writer, answer, logon->luid);
}

static void put_orphan(struct json_writer *writer, const struct telling *telling,
    struct token_groups *groups, const struct orphan *orphan)
{
	const struct answer *answer = telling->answer;
	write_open(writer, NULL, '{');
	put_logon(writer, answer, &answer->kernel->logons[orphan->logon], orphan->session_id,
	    orphan->user);
	const int64_t age = leak_age(answer->leak, orphan->ended, answer->snapshot->time);
	write_number(writer, "age", age == NUMBER_UNKNOWN ? age : age / 1000000);
	if (orphan_is_unseen(orphan))
		write_unknown(writer, "kernel_references");
	else
		write_number(
		    writer, "kernel_references", (int64_t)orphan_kernel_references(orphan));
	put_tokens(writer, telling, groups, orphan->logon);
	write_close(writer, '}');
}

static void put_orphans(
    struct json_writer *writer, const struct telling *telling, struct token_groups *groups)
{
	const struct answer *answer = telling->answer;
	write_open(writer, "orphaned", '[');
	for (uint32_t i = 0; i < answer->orphan_count; i++)
		put_orphan(writer, telling, groups, &answer->orphans[i]);
	write_close(writer, ']');
}

/* With --all. Those that are orphaned have been told. */
static void put_others(
    struct json_writer *writer, const struct telling *telling, struct token_groups *groups)
{
	const struct answer *answer = telling->answer;
	const struct kernel *kernel = telling->kernel;
	uint32_t orphan = 0; /* they have the order of the logon sessions */
	write_open(writer, "not_orphaned", '[');
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		const char *sid;
		if (orphan < answer->orphan_count && answer->orphans[orphan].logon == i) {
			orphan++;
			continue;
		}
		write_open(writer, NULL, '{');
		const int64_t session_id = logon_session_id(kernel, &kernel->logons[i], &sid);
		put_logon(writer, answer, &kernel->logons[i], session_id, sid);
		put_tokens(writer, telling, groups, i);
		write_close(writer, '}');
	}
	write_close(writer, ']');
}

static void put_kept(
    struct json_writer *writer, const struct kernel *kernel, const struct kept_logons *row)
{
	const struct kernel_process *process = &kernel->processes[row->process];
	write_open(writer, NULL, '{');
	write_number(writer, "logon_sessions", row->count);
	if (row->type == LOGON_TYPE_UNKNOWN)
		write_unknown(writer, "logon_type");
	else
		write_string(writer, "logon_type", kernel_logon_type_text(row->type));
	write_string(writer, "user", row->user);
	write_string(writer, "domain", row->domain);
	put_image(writer, process->image, process->image_is_cut);
	write_number(writer, "pid", (int64_t)process->pid);
	write_close(writer, '}');
}

static void put_answer(struct json_writer *writer, const struct telling *telling)
{
	static const char *const rules[] = {[RULE_UNKNOWN] = "unknown",
	    [RULE_ABSENT] = "absent",
	    [RULE_OFF] = "switched off",
	    [RULE_ON] = "yes"};
	static const char *const trackings[] = {"unknown", "absent", "off", "on"};
	const struct answer *answer = telling->answer;
	const struct kernel *kernel = telling->kernel;
	struct token_groups groups = {0};
	write_string(writer, "verdict", exit_code_word(answer_exit_code(answer)));
	write_number(writer, "release_time", leak_release_time(answer->leak) / 1000000);
	write_string(writer, "leak_tracking", trackings[kernel->tracking]);
	write_string(writer, "tokens_keep_session_ids", rules[kernel->rule]);
	write_number(writer, "token_objects", kernel->token_objects);
	write_number(writer, "tokens_found", kernel->token_count);
	write_number(writer, "token_handles", kernel->token_handles);
	if (kernel->handles_read)
		write_number(writer, "token_handles_found", kernel->token_handles_found);
	write_number(writer, "processes", kernel->process_count);
	write_number(writer, "logon_sessions", kernel->logon_count);
	if (kernel->unlisted_count > 0)
		write_number(writer, "logon_sessions_by_tokens", kernel->unlisted_count);
	write_number(writer, "orphans", answer->orphan_count);
	write_number(writer, "old_orphans", answer->old_count);
	if (answer->in_doubt > 0)
		write_number(writer, "sessions_in_doubt", answer->in_doubt);
	if (answer->unseen_held)
		write_unknown(writer, "orphans_held_by_kernel");
	else
		write_number(writer, "orphans_held_by_kernel", answer->kernel_held);
	write_boolean(writer, "holders_seen", answer->holders_seen);
	write_boolean(writer, "luid_order_contradicted", answer->order.contradicted);
	write_number(writer, "unjudged", answer->unjudged);
	write_open(writer, "referred_session_ids", '[');
	for (uint32_t i = 0; i < answer->referred_count; i++)
		write_number(writer, NULL, answer->referred[i]);
	write_close(writer, ']');
	write_open(writer, "kept_in_session_0", '[');
	for (uint32_t i = 0; i < answer->kept_count; i++)
		put_kept(writer, kernel, &answer->kept[i]);
	write_close(writer, ']');
	put_culprits(writer, telling);
	put_orphans(writer, telling, &groups);
	if (telling->all)
		put_others(writer, telling, &groups);
	token_groups_deinit(&groups);
}

static void put_missing(struct json_writer *writer, const struct kernel *kernel)
{
	write_open(writer, "missing", '[');
	for (unsigned i = 0; i < THINGS; i++)
		for (unsigned j = 0; j < KERNEL_REASONS; j++) {
			if (!kernel->missing[i][j])
				continue;
			write_open(writer, NULL, '{');
			write_string(writer, "what", kernel_thing_text((enum kernel_thing)i, 1));
			write_string(writer, "why", kernel_reason_text(j));
			write_number(writer, "count", (int64_t)kernel->missing[i][j]);
			if (j == KERNEL_DAMAGED)
				write_string(writer, "first", kernel->first_damage[i]);
			write_close(writer, '}');
		}
	write_close(writer, ']');
	write_open(writer, "limits", '[');
	for (size_t i = 0; i < kernel->lack_count; i++)
		write_string(writer, NULL, kernel->lacks[i]);
	write_close(writer, ']');
	write_open(writer, "damages", '[');
	for (size_t i = 0; i < kernel->note_count; i++)
		write_string(writer, NULL, kernel->notes[i]);
	write_close(writer, ']');
}

static void put_modules(struct json_writer *writer, const struct kernel *kernel)
{
	write_open(writer, "modules", '[');
	for (uint32_t i = 0; i < kernel->module_count; i++) {
		write_open(writer, NULL, '{');
		write_address(writer, "base", kernel->modules[i].base);
		write_number(writer, "size", kernel->modules[i].size);
		write_string(writer, "name", kernel->modules[i].name);
		write_close(writer, '}');
	}
	write_close(writer, ']');
}

void answer_print_json(const struct telling *telling, FILE *out)
{
	struct json_writer writer = {.out = out, .first = true, .depth = 1};
	fputc('{', out);
	write_string(&writer, "schema", SCHEMA);
	put_head(&writer, telling);
	put_symbols(&writer, telling->kernel);
	if (telling->answer)
		put_answer(&writer, telling);
	put_modules(&writer, telling->kernel);
	put_missing(&writer, telling->kernel);
	fputs("\n}\n", out);
}
