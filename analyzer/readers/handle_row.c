/* Which handles matter, and how their names tell the logon session: a token's is "DOMAIN\user:" and the LUID in hex without
 * leading zeros, a logon session's directory of DOS devices is \Sessions\0\DosDevices\ and the LUID. */
#include "readers/handle_row.h"

#include "readers/listings.h"

#include <string.h>

static bool token_luid(struct span name, uint64_t *luid, struct span *account)
{
	size_t at = name.length;
	int64_t low;
	while (at > 0 && name.length - at < 16 && name.text[at - 1] != ':')
		at--;
	if (at == 0 || name.text[at - 1] != ':' || !span_hex(span_from(name, at), &low))
		return false;
	*luid = (uint64_t)low;
	*account = (struct span){name.text, at - 1};
	return true;
}

/* True if the name ends in a number that no LUID can be. */
static bool has_no_luid(struct span name)
{
	const char *colon = memrchr(name.text, ':', name.length);
	struct span digits = colon ? span_from(name, (size_t)(colon - name.text) + 1) : name;
	return colon && digits.length > 15 && span_has_only(digits, "0123456789ABCDEFabcdef");
}

static bool directory_luid(struct span name, uint64_t *luid)
{
	static const char folder[] = "\\DosDevices\\";
	size_t length = sizeof folder - 1;
	if (name.length < length + 17)
		return false;
	struct span tail = span_from(name, name.length - 17 - length);
	return memcmp(tail.text, folder, length) == 0 &&
	       span_luid(span_from(tail, length), '-', luid);
}

/* The LUID that was searched for, if it is one. Object names are searched for it, so the rows' names contain it. */
static bool term_luid(const struct reading *reading, uint64_t *luid)
{
	int64_t low;
	struct span term = reading->handles->term;
	if (term.length == 17 && span_luid(term, '-', luid))
		return true;
	if (!span_hex(term, &low))
		return false;
	*luid = (uint64_t)low;
	return true;
}

static bool ends_with(struct span name, struct span term)
{
	char text[32];
	if (term.length == 0 || term.length >= sizeof text || name.length < term.length)
		return false;
	memcpy(text, term.text, term.length);
	text[term.length] = '\0';
	return span_is(span_from(name, name.length - term.length), text);
}

/* "<Non-existent Process>(3200)", or "<Non-existent Process>(3200): 3204" for a thread of it: the process has exited, and a handle
 * keeps what it was. Some versions of handle spell it "existant". */
static bool exited_process(struct span name, int64_t *pid)
{
	static const char *const words[] = {"<Non-existant Process>(", "<Non-existent Process>("};
	if (!name.length || name.text[0] != '<')
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct span rest;
		size_t digits = 0;
		if (!span_starts(name, words[i]))
			continue;
		rest = span_from(name, strlen(words[i]));
		while (digits < rest.length && rest.text[digits] != ')')
			digits++;
		return digits < rest.length && span_decimal((struct span){rest.text, digits}, pid);
	}
	return false;
}

/* Sets what the name tells. */
static bool name_tells(struct reading *reading, struct handle *handle, struct span name)
{
	struct span span = {0};
	bool failed = false;
	if (exited_process(name, &handle->target_pid)) {
		handle->target_exited = YES;
		return true;
	}
	if (handle->type[0] == 'D') {
		directory_luid(name, &handle->luid);
		return true;
	}
	token_luid(name, &handle->luid, &span);
	/* Damaged copies have lost the colon. */
	if (handle->luid == LUID_UNKNOWN && ends_with(name, reading->handles->term))
		term_luid(reading, &handle->luid);
	if (handle->luid == LUID_UNKNOWN)
		span = (struct span){0};
	struct account account = reading_account(reading, span, &failed);
	handle->domain = account.domain;
	handle->user = account.user;
	if (handle->luid == LUID_UNKNOWN)
		handle->name = reading_string(reading, name, &failed);
	return !failed;
}

struct process *handle_list_process(const struct reading *reading)
{
	const size_t at = reading->handles->process;
	return at == SIZE_MAX ? NULL : &reading->snapshot->processes[at];
}

struct process *handle_row_process(struct reading *reading, int64_t pid, struct span image)
{
	bool failed = false;
	if (reading->handles->process != SIZE_MAX && reading->handles->pid == pid &&
	    reading->handles->image && image.length == reading->handles->image_length &&
	    memcmp(image.text, reading->handles->image, image.length) == 0)
		return handle_list_process(reading);
	const char *own = reading_string(reading, image, &failed);
	struct process *process = failed ? NULL : reading_process(reading, pid);
	if (!process)
		return NULL;
	if (!process->image)
		process->image = own;
	if (process->handles_listed == NUMBER_UNKNOWN)
		process->handles_listed = 0;
	reading->handles->process = (size_t)(process - reading->snapshot->processes);
	reading->handles->pid = pid;
	reading->handles->image = own;
	reading->handles->image_length = image.length;
	return process;
}

/* A directory names a logon session only by a name that does; a token always holds one, and so does a process that has exited. */
static bool matters(struct span type, struct span name)
{
	uint64_t luid;
	int64_t pid;
	if (type.length == 5)
		return memcmp(type.text, "Token", 5) == 0;
	if (exited_process(name, &pid))
		return span_is(type, "Process") || span_is(type, "Thread");
	if (type.length != 9 || memcmp(type.text, "Directory", 9) != 0)
		return false;
	return directory_luid(name, &luid) || (name.length && name.text[name.length - 1] == '\\');
}

/* That of an exited process whose ID cannot be read. */
static bool is_broken_exited(struct span type, struct span name)
{
	int64_t pid;
	return (span_is(type, "Process") || span_is(type, "Thread")) &&
	       span_starts(name, "<Non-exist") && !exited_process(name, &pid);
}

bool handle_row_knows_type(struct span type)
{
	static const char *const types[] = {"File", "Section", "Token", "Key", "Event", "Directory",
	    "Thread", "Process", "Mutant", "Semaphore", "ALPC Port", "Desktop", "WindowStation"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (span_starts(type, types[i]))
			return true;
	}
	return false;
}

/* The word before `end` is the value of a handle. */
static bool is_value_before(struct span name, size_t end)
{
	size_t start = end;
	while (start > 0 && name.text[start - 1] != ' ')
		start--;
	return end - start <= 8 &&
	       span_hex((struct span){name.text + start, end - start}, &(int64_t){0});
}

bool handle_row_holds_another(struct span name)
{
	const char *at = name.text, *end = name.text + name.length;
	while (at < end && (at = memchr(at, ':', (size_t)(end - at)))) {
		const size_t colon = (size_t)(at++ - name.text);
		if (at < end && *at != ' ')
			continue;
		struct span before = {name.text, colon},
		            behind = span_trim(span_from(name, colon + 1));
		if (before.length >= 4 && memcmp(before.text + colon - 4, " pid", 4) == 0)
			return true;
		if (before.length >= 5 && memcmp(before.text + colon - 5, " type", 5) == 0)
			return true;
		if (is_value_before(name, colon) && handle_row_knows_type(behind))
			return true;
	}
	return false;
}

static bool is_named_by_default(struct span type)
{
	return span_is(type, "File") || span_is(type, "Section");
}

bool handle_row_restart(struct reading *reading)
{
	struct handle_list *list = reading->handles;
	list->image = NULL;
	list->pid = list->asked_pid;
	list->process = SIZE_MAX;
	if (list->asked_pid == NUMBER_UNKNOWN || list->closing)
		return true;
	struct process *process = reading_process(reading, list->asked_pid);
	if (!process)
		return false;
	list->process = (size_t)(process - reading->snapshot->processes);
	if (process->handles_listed == NUMBER_UNKNOWN)
		process->handles_listed = 0;
	return true;
}

static bool note_listed(struct reading *reading, const struct handle_row *row)
{
	return listings_row(reading,
	    row->process ? (size_t)(row->process - reading->snapshot->processes) : SIZE_MAX,
	    row->value);
}

enum taken handle_row_take(struct reading *reading, const struct handle_row *row)
{
	bool failed = false;
	if (handle_row_holds_another(row->name))
		return TAKEN_NOT;
	if (span_is(row->type, "Token") && row->name.length > 15 && has_no_luid(row->name))
		return TAKEN_NOT;
	if (row->name.length && row->name.text[0] == '<' && is_broken_exited(row->type, row->name))
		return TAKEN_NOT;
	if (!reading->handles->closing && !note_listed(reading, row))
		return TAKEN_FAILED;
	if (row->process && row->process->handles_listed == NUMBER_UNKNOWN)
		row->process->handles_listed = 0;
	if (row->process)
		row->process->handles_listed++;
	reading->handles->any = true;
	reading->handles->broken = 0;
	if (!reading->handles->all_types && row->type.length && !is_named_by_default(row->type))
		reading->handles->all_types = true;
	bool broken = row->name.length && row->name.text[row->name.length - 1] == '\\';
	if (!matters(row->type, row->name)) {
		if (broken)
			reading->handles->broken = SIZE_MAX;
		return TAKEN_ROW;
	}
	struct handle *handle = snapshot_add_handle(reading->snapshot);
	if (!handle)
		return TAKEN_FAILED;
	if (row->process) {
		handle->pid = row->process->pid;
		handle->image = row->process->image;
	} else if (reading->handles->pid == NUMBER_UNKNOWN) {
		handle->image = reading->handles->asked_image;
	}
	handle->value = row->value;
	if (row->type.length != strlen("Token")) {
		handle->type = reading_string(reading, row->type, &failed);
	} else {
		if (!reading->handles->token)
			reading->handles->token = reading_string(reading, row->type, &failed);
		handle->type = reading->handles->token;
	}
	if (failed || !name_tells(reading, handle, row->name))
		return TAKEN_FAILED;
	if (broken) {
		handle->name = reading_string(reading, row->name, &failed);
		reading->handles->broken = reading->snapshot->handle_count;
	}
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

enum taken handle_row_go_on(struct reading *reading, struct span line)
{
	char name[1024];
	line = span_trim(line);
	while (line.length && memchr(">|", line.text[0], 2))
		line = span_trim(span_from(line, 1));
	if (reading->handles->broken == SIZE_MAX) {
		/* The rest of a name that does not matter; a prompt is none. */
		reading->handles->broken = 0;
		return memchr(line.text, ' ', line.length) || memchr(line.text, '>', line.length)
		           ? TAKEN_NOT
		           : TAKEN_ROW;
	}
	struct handle *handle = &reading->snapshot->handles[reading->handles->broken - 1];
	size_t length = strlen(handle->name);
	reading->handles->broken = 0;
	if (line.length == 0 || length + line.length > sizeof name)
		return TAKEN_NOT;
	memcpy(name, handle->name, length);
	memcpy(name + length, line.text, line.length);
	bool was_known = handle->luid != LUID_UNKNOWN;
	if (!name_tells(reading, handle, (struct span){name, length + line.length}))
		return TAKEN_FAILED;
	if (handle->luid != LUID_UNKNOWN && !was_known)
		handle->name = NULL;
	return handle->luid != LUID_UNKNOWN ? TAKEN_ROW : TAKEN_NOT;
}

bool handle_row_command(struct reading *reading, struct span command, struct span host)
{
	struct words words;
	words_split(&words, command);
	struct span term = {0};
	bool failed = false;
	size_t program = 0;
	while (program < words.count && span_find(words.items[program].span, "handle") == SIZE_MAX)
		program++;
	if (program == words.count)
		return true;
	reading->handles->commands++;
	reading->handles->term = (struct span){0};
	reading->handles->asked_pid = NUMBER_UNKNOWN;
	reading->handles->asked_image = NULL;
	reading->handles->closing = false;
	reading->handles->last_line = 0;
	for (size_t i = program + 1; i < words.count; i++) {
		struct span word = words.items[i].span;
		bool option = word.text[0] == '-' || word.text[0] == '/';
		if (option && span_is(span_from(word, 1), "a"))
			reading->handles->all_types = true;
		else if (option && span_is(span_from(word, 1), "p") && i + 1 < words.count) {
			reading->handles->narrowed = true;
			if (!span_decimal(words.items[++i].span, &reading->handles->asked_pid))
				reading->handles->asked_image =
				    reading_string(reading, words.items[i].span, &failed);
		} else if (option && span_is(span_from(word, 1), "c")) {
			reading->handles->closing = true;
			i++;
		} else if (!option)
			term = word;
	}
	/* The line may be gone by the time that the term is asked for. */
	const char *own = reading_string(reading, term, &failed);
	if (own)
		reading->handles->term = span_of(own);
	if (!reading->handles->closing && !listings_command(reading, command, host))
		return false;
	return handle_row_restart(reading) && !failed;
}
