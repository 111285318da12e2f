/* Knows the words of a description of a machine, one thing a line; `#` begins a comment:
 *
 *   machine LAYOUT [tracking] [full|bitmap-full|bitmap-kernel] [levels=5] [large] [spread] [shuffled] [mask=HEX]
 *         [memory=MIB] [live] [tables=PLACE] [names=PLACE]  of all handle tables, accounts and images
 *   clock TIME UP                              of the crash: microseconds since 1970, and since the start
 *   module NAME BASE SIZE                      a driver
 *   unloaded NAME BASE SIZE                    a driver that was there before
 *   process PID IMAGE SESSION [exited] [created=TIME]
 *   user-module PID NAME BASE SIZE
 *   logon LUID USER DOMAIN [unlisted]          unlisted: in none of the 16 lists
 *   token NAME LUID SESSION SID [impersonation] [level=N] [flags=HEX] [captures=N] [token-id=HEX]
 *         [groups=SID,SID...]
 *         [by=PID:TID:create|duplicate|filter:IMAGE]  who made it
 *         [stack=FRAME,FRAME...]             a frame is an address or an exported SYMBOL+OFFSET
 *   handle PID TOKEN|process:PID|thread:PID:TID|key:PLACE [VALUE]
 *   handle-count TOKEN COUNT                   what the kernel counts, not what there is
 *   total-handles COUNT                        to tokens, as well
 *   primary PID TOKEN
 *   thread PID TID [TOKEN]                     whom it impersonates
 *   session-token LUID TOKEN
 *   references LUID COUNT
 *   poke process PID|logon LUID|token NAME|diagnostics NAME|node NAME MEMBER VALUE
 *   page logon LUID|token NAME|diagnostics NAME|node NAME|process PID PLACE
 *
 * A PLACE is resident, transition, paged-out or not-dumped. Blanks in a word are written %20. A VALUE is a number, or @process:PID, @logon:LUID, @token:NAME, @diagnostics:NAME, @node:NAME, the address of that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labkernel/reading.h"

static bool read_machine(struct reading *reading)
{
	const char *tables = option(reading, "tables"), *names = option(reading, "names");
	const struct crash_options options = {
	    .layout = reading->words[1],
	    .tracking = has(reading, "tracking"),
	    .type = has(reading, "full")          ? DUMP_FULL
	            : has(reading, "bitmap-full") ? DUMP_BITMAP_FULL
	                                          : DUMP_BITMAP_KERNEL,
	    .levels = (int)number_of(option(reading, "levels"), 10),
	    .large_pages = has(reading, "large"),
	    .spread = has(reading, "spread"),
	    .shuffled = has(reading, "shuffled"),
	    .live = has(reading, "live"),
	    .tables = tables ? crash_place(tables) : NULL,
	    .names = names ? crash_place(names) : NULL,
	    .invalid_pte_mask = number_of(option(reading, "mask"), 16),
	    .memory = (size_t)number_of(option(reading, "memory"), 10) << 20,
	    .time = 1793000000000000,
	    .up_time = 3600000000ll * 50,
	};

	if (reading->crash)
		return complain(reading, "only one machine a description", reading->words[1]);
	reading->crash = crash_create(&options, reading->error);
	return reading->crash ||
	       error_prefix(reading->error, "%s:%d", reading->origin, reading->line);
}

static bool read_clock(struct reading *reading)
{
	crash_set_clock(reading->crash, (int64_t)number_of(reading->words[1], 10),
	    (int64_t)number_of(reading->words[2], 10));
	return true;
}

static bool read_module(struct reading *reading)
{
	char **words = reading->words;

	return crash_add_module(reading->crash, words[1], number_of(words[2], 16),
	           (uint32_t)number_of(words[3], 16), reading->error) != NONE;
}

static bool read_unloaded(struct reading *reading)
{
	char **words = reading->words;

	return crash_add_unloaded(reading->crash, words[1], number_of(words[2], 16),
	    (uint32_t)number_of(words[3], 16), reading->error);
}

static bool read_process(struct reading *reading)
{
	char **words = reading->words;
	const char *created = option(reading, "created");
	const struct crash_process process = {
	    .pid = number_of(words[1], 10),
	    .image = words[2],
	    .session_id = (uint32_t)number_of(words[3], 10),
	    .created = created ? (int64_t)number_of(created, 10) : 1792900000000000,
	    .exited = has(reading, "exited") ? 1792950000000000 : 0,
	};

	return crash_add_process(reading->crash, &process, reading->error) != NONE &&
	       add_name(reading, &reading->processes, words[1]);
}

static bool read_user_module(struct reading *reading)
{
	char **words = reading->words;
	size_t process;

	return find_name(reading, &reading->processes, words[1], &process) &&
	       crash_add_user_module(reading->crash, process, words[2], number_of(words[3], 16),
	           (uint32_t)number_of(words[4], 16), reading->error);
}

static bool read_logon(struct reading *reading)
{
	char **words = reading->words;

	if (crash_add_logon_session(
	        reading->crash, luid_of(words[1]), words[2], words[3], reading->error) == NONE)
		return false;
	if (has(reading, "unlisted"))
		crash_unlist_logon_session(reading->crash);
	return add_name(reading, &reading->logons, words[1]);
}

static bool read_stack(struct reading *reading, const char *stack, uint64_t trace[CRASH_TRACE])
{
	char copy[1024];
	char *save = NULL;
	int frames = 0;

	snprintf(copy, sizeof(copy), "%s", stack);
	for (char *frame = strtok_r(copy, ",", &save); frame; frame = strtok_r(NULL, ",", &save)) {
		char *plus = strchr(frame, '+');
		if (frames == CRASH_TRACE)
			return complain(reading, "too many frames", stack);
		if (plus) {
			*plus = '\0';
			const uint64_t symbol = crash_symbol(reading->crash, frame);
			if (symbol == 0)
				return complain(
				    reading, "the lab kernel exports no such function", frame);
			trace[frames++] = symbol + number_of(plus + 1, 16);
		} else {
			trace[frames++] = number_of(frame, 16);
		}
	}
	return true;
}

/* by=PID:TID:METHOD:IMAGE */
static bool read_creator(struct reading *reading, const char *text, struct crash_token *token)
{
	static const struct {
		const char *name;
		enum create_method method;
	} methods[] = {{"create", CREATED}, {"duplicate", DUPLICATED}, {"filter", FILTERED}};
	char method[32];
	unsigned long long pid, thread;
	int length = 0;

	if (sscanf(text, "%llu:%llu:%31[^:]:%n", &pid, &thread, method, &length) != 3 || !length)
		return complain(reading, "should be by=PID:TID:METHOD:IMAGE", text);
	token->creator = pid;
	token->creator_image = text + length;
	token->thread = thread;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, method) == 0) {
			token->method = methods[i].method;
			return true;
		}
	}
	return complain(reading, "no such method", method);
}

static bool read_token(struct reading *reading)
{
	char **words = reading->words;
	struct crash_token token = {
	    .id = number_of(option(reading, "token-id"), 16),
	    .session_id = (uint32_t)number_of(words[3], 10),
	    .user = words[4],
	    .groups = option(reading, "groups"),
	    .impersonation = has(reading, "impersonation"),
	    .level = (int32_t)number_of(option(reading, "level"), 10),
	    .flags = (uint32_t)number_of(option(reading, "flags"), 16),
	    .captures = (int32_t)number_of(option(reading, "captures"), 10),
	};

	return find_name(reading, &reading->logons, words[2], &token.logon_session) &&
	       (!option(reading, "stack") ||
	           read_stack(reading, option(reading, "stack"), token.trace)) &&
	       (!option(reading, "by") || read_creator(reading, option(reading, "by"), &token)) &&
	       crash_add_token(reading->crash, &token, reading->error) != NONE &&
	       add_name(reading, &reading->tokens, words[1]);
}

static uint64_t handle_value(const struct reading *reading)
{
	return reading->count > 3 ? number_of(reading->words[3], 16) : 0;
}

/* process:PID, thread:PID:TID */
static bool read_process_handle(struct reading *reading, size_t process, char *pid)
{
	char *tid = strchr(pid, ':');
	size_t target;

	if (tid)
		*tid++ = '\0';
	return find_name(reading, &reading->processes, pid, &target) &&
	       crash_add_process_handle(reading->crash, process, target, number_of(tid, 10),
	           handle_value(reading), reading->error);
}

static bool read_handle(struct reading *reading)
{
	char **words = reading->words;
	size_t process, token;

	if (!find_name(reading, &reading->processes, words[1], &process))
		return false;
	if (strncmp(words[2], "process:", 8) == 0)
		return read_process_handle(reading, process, words[2] + 8);
	if (strncmp(words[2], "thread:", 7) == 0)
		return read_process_handle(reading, process, words[2] + 7);
	if (strncmp(words[2], "key:", 4) == 0)
		return crash_add_key_handle(
		    reading->crash, process, words[2] + 4, handle_value(reading), reading->error);
	return find_name(reading, &reading->tokens, words[2], &token) &&
	       crash_add_handle(
	           reading->crash, process, token, handle_value(reading), reading->error);
}

static bool read_handle_count(struct reading *reading)
{
	size_t token;

	return find_name(reading, &reading->tokens, reading->words[1], &token) &&
	       (crash_set_handle_count(reading->crash, token, number_of(reading->words[2], 10)) ||
	           error_memory(reading->error));
}

static bool read_total_handles(struct reading *reading)
{
	return crash_set_handle_count(reading->crash, NONE, number_of(reading->words[1], 10)) ||
	       error_memory(reading->error);
}

static bool read_primary(struct reading *reading)
{
	size_t process, token;

	if (!find_name(reading, &reading->processes, reading->words[1], &process) ||
	    !find_name(reading, &reading->tokens, reading->words[2], &token))
		return false;
	crash_set_primary(reading->crash, process, token);
	return true;
}

static bool read_thread(struct reading *reading)
{
	size_t process, token = NONE;

	return find_name(reading, &reading->processes, reading->words[1], &process) &&
	       (reading->count < 4 ||
	           find_name(reading, &reading->tokens, reading->words[3], &token)) &&
	       crash_add_thread(reading->crash, process, number_of(reading->words[2], 10), token,
	           reading->error);
}

static bool read_session_token(struct reading *reading)
{
	size_t logon, token;

	if (!find_name(reading, &reading->logons, reading->words[1], &logon) ||
	    !find_name(reading, &reading->tokens, reading->words[2], &token))
		return false;
	crash_set_session_token(reading->crash, logon, token);
	return true;
}

static bool read_references(struct reading *reading)
{
	size_t logon;

	if (!find_name(reading, &reading->logons, reading->words[1], &logon))
		return false;
	crash_add_references(reading->crash, logon, (int64_t)number_of(reading->words[2], 10));
	return true;
}

static bool read_poke(struct reading *reading)
{
	char **words = reading->words;
	enum crash_object object;
	uint64_t value;
	size_t number;

	return find_object(reading, words[1], words[2], &object, &number) &&
	       read_value(reading, words[4], &value) &&
	       (crash_poke(reading->crash, object, number, words[3], value) ||
	           complain(reading, "no such member in this layout", words[3]));
}

static bool read_page(struct reading *reading)
{
	enum crash_object object;
	size_t number;

	return find_object(reading, reading->words[1], reading->words[2], &object, &number) &&
	       (crash_put_page(reading->crash, crash_address(reading->crash, object, number),
	            reading->words[3]) ||
	           complain(reading, "no such place for a page", reading->words[3]));
}

static const struct {
	const char *word;
	int least; /* words, with itself */
	bool (*read)(struct reading *reading);
} lines[] = {
    {"machine", 2, read_machine},
    {"clock", 3, read_clock},
    {"module", 4, read_module},
    {"unloaded", 4, read_unloaded},
    {"process", 4, read_process},
    {"user-module", 5, read_user_module},
    {"logon", 4, read_logon},
    {"token", 5, read_token},
    {"handle", 3, read_handle},
    {"handle-count", 3, read_handle_count},
    {"total-handles", 2, read_total_handles},
    {"primary", 3, read_primary},
    {"thread", 3, read_thread},
    {"session-token", 3, read_session_token},
    {"references", 3, read_references},
    {"poke", 5, read_poke},
    {"page", 4, read_page},
};

static bool read_line(struct reading *reading, char *line)
{
	if (!read_words(reading, line))
		return false;
	if (reading->count == 0)
		return true;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(lines[i].word, reading->words[0]) != 0)
			continue;
		if (reading->count < lines[i].least)
			return complain(reading, "too few words after", lines[i].word);
		if (!reading->crash && lines[i].read != read_machine)
			return complain(
			    reading, "the first line should be machine, not", lines[i].word);
		return lines[i].read(reading);
	}
	return complain(reading, "no such word", reading->words[0]);
}

struct crash *crash_describe(const char *text, const char *origin, struct error *error)
{
	struct reading reading = {.origin = origin, .error = error};
	char *copy = strdup(text), *rest = copy, *line;
	bool good = copy || error_memory(error);

	while (good && (line = strsep(&rest, "\n"))) {
		reading.line++;
		good = read_line(&reading, line);
	}
	if (good && !reading.crash)
		good = error_set(error, EXIT_USAGE, "%s: describes no machine", origin);
	free(copy);
	reading_deinit(&reading);
	if (good)
		return reading.crash;
	crash_destroy(reading.crash);
	return NULL;
}
