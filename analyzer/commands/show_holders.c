/* What a snapshot shows by the leak rule: the holders of each logon session, orphans first, and session IDs that no session has. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "leak/leak.h"

#define LOGONS_MOST 60
#define HOLDERS_MOST 40
#define IDS_MOST 40

static void print_who(
    const struct snapshot *snapshot, const struct leak *leak, uint64_t luid, FILE *out)
{
	const struct left_logon *left = leak_logon(leak, luid);
	char text[LUID_TEXT];
	fprintf(out, "  %s ", luid_format(luid, text));
	text_print(out, left ? left->user : NULL);
	if (!left || left->session_id == NUMBER_UNKNOWN) {
		fprintf(out, ", session ID not known");
		return;
	}
	fprintf(out, ", session ID %" PRId64, left->session_id);
	if (left_is_orphan(left))
		fputs(left->id_given_again ? ", which another session has now: orphaned"
		      : snapshot_whole(snapshot, SECTION_SESSIONS)
		          ? ", which no session has: orphaned"
		          : ", which no listed session has",
		    out);
}

static void print_holders(const struct holder *holders, size_t count, FILE *out)
{
	int64_t tokens = 0, exited = 0, others = 0;
	for (size_t i = 0; i < count; i++) {
		tokens += holders[i].tokens;
		exited += holders[i].exited;
		others += holders[i].directories;
	}
	fprintf(out, ": %" PRId64 " token handle%s", tokens, tokens == 1 ? "" : "s");
	if (exited)
		fprintf(out, ", %" PRId64 " to exited processes of it", exited);
	if (others)
		fprintf(out, " and %" PRId64 " of its directory", others);
	fputc('\n', out);
	for (size_t i = 0; i < count && i < HOLDERS_MOST; i++) {
		if (holders[i].pid == NUMBER_UNKNOWN)
			fprintf(out, "    %7s ", "-");
		else
			fprintf(out, "    %7" PRId64 " ", holders[i].pid);
		text_print_column(out, holders[i].image, 24);
		fprintf(out, " %4" PRId64, holders[i].tokens);
		if (holders[i].exited)
			fprintf(out, " and %" PRId64 " to exited processes", holders[i].exited);
		fprintf(out, "%s%s%s\n", holders[i].directories ? " and the directory" : "",
		    holders[i].runs_in_it ? ", runs in it" : "",
		    holders[i].follower ? "  (follows the last other holder)" : "");
	}
	if (count > HOLDERS_MOST)
		fprintf(out, "    and %zu more holder%s\n", count - HOLDERS_MOST,
		    text_plural((int64_t)(count - HOLDERS_MOST)));
}

static void show_logons(const struct snapshot *snapshot, const struct leak *leak,
    const struct holders *holders, FILE *out)
{
	size_t logons = 0, shown = 0, count;
	for (size_t i = 0; i < holders->count; i++)
		logons += i == 0 || holders->items[i].luid != holders->items[i - 1].luid;
	if (logons)
		fprintf(out, "\nheld logon sessions: %zu\n", logons);
	for (size_t i = 0; i < holders->count && shown < LOGONS_MOST; i += count, shown++) {
		const struct holder *first = holders_of(holders, holders->items[i].luid, &count);
		print_who(snapshot, leak, first->luid, out);
		print_holders(first, count, out);
	}
	if (logons > shown)
		fprintf(out, "  and %zu more (--format json has all handles)\n", logons - shown);
}

/* Shown is that something refers to the IDs; that this keeps them is inferred. */
static bool show_ids(const struct snapshot *snapshot, const struct leak *leak, FILE *out)
{
	size_t count, referred = 0, shown = 0;
	char words[REFERRED_WORDS];
	const struct left_id *ids = leak_ids(leak, &count);
	int64_t *numbers = malloc((count + 1) * sizeof *numbers);
	for (size_t i = 0; numbers && i < count; i++) {
		if (!ids[i].gone && !left_id_is_harmless(leak, &ids[i]))
			numbers[referred++] = ids[i].id;
	}
	const bool good =
	    numbers && (referred == 0 || referred_words(numbers, referred, snapshot, words));
	free(numbers);
	if (!good || referred == 0)
		return good;
	fputc('\n', out);
	text_print_wrapped(out, "", words);
	fprintf(out, "%6s %8s %17s %10s %15s\n", "id", "tokens", "exited processes", "processes",
	    "logon sessions");
	for (size_t i = 0; i < count && shown < IDS_MOST; i++) {
		const struct left_id *left = &ids[i];
		if (left->gone || left_id_is_harmless(leak, left))
			continue;
		shown++;
		fprintf(out, "%6" PRId64 " %8zu %17zu %10zu %15zu%s\n", left->id, left->tokens,
		    left->exited + left->doubtful, left->processes, left->logons,
		    left->object ? "  \\KernelObjects\\Session<id> is there" : "");
	}
	if (referred > IDS_MOST)
		fprintf(out, "  and %zu more\n", referred - IDS_MOST);
	return true;
}

/* What nobody can attribute: who has token handles that could not be looked into, or keeps processes that nobody knows. */
static bool show_suspects(const struct snapshot *snapshot, FILE *out)
{
	struct suspects suspects;
	char process[PROCESS_WORDS], line[PROCESS_WORDS + 120];
	if (!suspects_find(&suspects, NULL, snapshot))
		return false;
	for (size_t i = 0; i < suspects.count && i < HOLDERS_MOST; i++) {
		const struct suspect *suspect = &suspects.items[i];
		process_words(suspect->image, suspect->pid, NULL, process);
		if (suspect->exited)
			snprintf(line, sizeof line,
			    "%s keeps handles to %" PRId64 " exited process%s of unknown owner",
			    process, suspect->exited, suspect->exited == 1 ? "" : "es");
		else
			snprintf(line, sizeof line,
			    "%s has %" PRId64 " token handle%s that could not be looked into",
			    process, suspect->hidden, text_plural(suspect->hidden));
		if (i == 0)
			fputc('\n', out);
		text_print_wrapped(out, "", line);
	}
	suspects_deinit(&suspects);
	return true;
}

bool show_holders(const struct snapshot *snapshot, FILE *out, struct error *error)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	struct leak *leak = leak_create(&terms);
	struct holders holders;
	bool good = leak && leak_add(leak, snapshot, snapshot->time, 0) &&
	            holders_find(&holders, snapshot, leak);
	if (good) {
		show_logons(snapshot, leak, &holders, out);
		good = show_ids(snapshot, leak, out) &&
		       (holders.hidden + holders.unplaced == 0 || show_suspects(snapshot, out));
		holders_deinit(&holders);
	}
	leak_destroy(leak);
	return good || error_memory(error);
}
