/* A comparison for people: verdict, reasons, limits, then tables, the largest first. */
#include "compare/compare.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/duration.h"
#include "common/text.h"

#define ROWS_MOST 40

static void print_number(FILE *out, int64_t number, int width)
{
	if (number == NUMBER_UNKNOWN)
		fprintf(out, "%*s", width, "-");
	else
		fprintf(out, "%*" PRId64, width, number);
}

static void print_rest(FILE *out, size_t count)
{
	if (count > ROWS_MOST)
		fprintf(out, "  and %zu more (--format json has all)\n", count - ROWS_MOST);
}

static void print_ids(const struct comparison *comparison, FILE *out)
{
	if (!comparison->ids_known)
		return;
	fprintf(out, "\nsession IDs      before    after\n");
	fprintf(out, "  sessions     %8" PRId64 " %8" PRId64 "\n", comparison->sessions_before,
	    comparison->sessions_after);
	fprintf(out, "  highest ID   ");
	print_number(out, comparison->highest_before, 8);
	print_number(out, comparison->highest_after, 9);
	fprintf(out, "\n  missing IDs  %8" PRId64 " %8" PRId64 "\n", comparison->missing_before,
	    comparison->missing_after);
	for (size_t i = 0; i < comparison->gap_count && i < ROWS_MOST; i++) {
		const struct id_gap *gap = &comparison->gaps[i];
		fprintf(out, "  no session has %" PRId64, gap->first);
		if (gap->last > gap->first)
			fprintf(out, " to %" PRId64, gap->last);
		fputc('\n', out);
	}
	print_rest(out, comparison->gap_count);
}

static void print_unexplained(const struct comparison *comparison, FILE *out)
{
	if (!comparison->unexplained_count)
		return;
	fprintf(out,
	    "\nsession IDs below %" PRId64
	    " that no session has, and of which nothing in the\nevidence shows why:",
	    comparison->highest_after);
	for (size_t i = 0; i < comparison->unexplained_count && i < ROWS_MOST; i++) {
		const struct id_gap *gap = &comparison->unexplained[i];
		fprintf(out, "%s %" PRId64, i ? "," : "", gap->first);
		if (gap->last > gap->first)
			fprintf(out, " to %" PRId64, gap->last);
	}
	fputc('\n', out);
	print_rest(out, comparison->unexplained_count);
}

static void print_holder(const struct holder *holder, FILE *out)
{
	fprintf(out, "    ");
	print_number(out, holder->pid, 7);
	fputc(' ', out);
	text_print_column(out, holder->image, 24);
	fprintf(out, " %4" PRId64 " token%s", holder->tokens, holder->tokens == 1 ? "" : "s");
	if (holder->exited)
		fprintf(out, ", %" PRId64 " exited process%s", holder->exited,
		    holder->exited == 1 ? "" : "es");
	if (holder->directories)
		fprintf(out, ", directory");
	if (holder->runs_in_it)
		fprintf(out, ", runs in it");
	fprintf(out, "%s\n", holder->follower ? "  (follows the last other holder)" : "");
}

static void print_orphan(
    const struct comparison *comparison, const struct orphan *orphan, FILE *out)
{
	static const char *const kinds[] = {[ORPHAN_NEW] = "new since BEFORE",
	    [ORPHAN_OUTLIVED] = "outlived its session",
	    [ORPHAN_BEFORE] = "outlived it before BEFORE"};
	char luid[LUID_TEXT];
	fprintf(out, "  session ID %" PRId64 ", logon session %s ", orphan->left->session_id,
	    luid_format(orphan->left->luid, luid));
	text_print(out, orphan->left->user);
	fprintf(out, ": %s%s\n",
	    comparison->comparable ? kinds[orphan->kind] : "no session has this ID",
	    orphan->left->id_given_again ? ", the ID has another user now" : "");
	for (size_t i = 0; i < orphan->holder_count && i < ROWS_MOST; i++)
		print_holder(&comparison->holders_after.items[orphan->first_holder + i], out);
	if (orphan->holder_count > ROWS_MOST)
		fprintf(out, "    and %zu more holder%s\n", orphan->holder_count - ROWS_MOST,
		    text_plural((int64_t)(orphan->holder_count - ROWS_MOST)));
	if (orphan->holder_count)
		return;
	if (orphan->handles_shown && snapshot_is_of_dump(comparison->after))
		fprintf(out,
		    "    no holder: only a kernel reference is left; leaklab dump says\n    who made its tokens\n");
	else if (orphan->handles_shown)
		fprintf(out, "    no visible holder: handle viewers do not show kernel references: "
		             "take a\n    memory dump\n");
	else
		fprintf(out,
		    "    handles are out of sight: run handle -a %" PRIx64 " as administrator\n",
		    orphan->left->luid);
}

static void print_token_changes(const struct comparison *comparison, FILE *out)
{
	size_t shown = 0;
	if (comparison->by_process_count)
		fprintf(out, "\ntoken handles by process\n  %7s %-28s %8s %8s %8s %8s\n", "process",
		    "image", "before", "after", "gained", "lost");
	for (size_t i = 0; i < comparison->by_process_count && shown < ROWS_MOST; i++) {
		const struct token_change *change = &comparison->by_process[i];
		if (!change->before && !change->after)
			continue; /* it has the directory only */
		shown++;
		fputs("  ", out);
		print_number(out, change->pid, 7);
		fputc(' ', out);
		text_print_column(out, change->image, 28);
		fprintf(out, " %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 "\n",
		    change->before, change->after, change->gained, change->lost);
	}
	print_rest(out, comparison->by_process_count);
	if (comparison->by_logon_count)
		fprintf(out, "\ntoken handles by logon session\n  %-36s %8s %8s %8s %8s\n", "LUID",
		    "before", "after", "gained", "lost");
	for (size_t i = 0; i < comparison->by_logon_count && i < ROWS_MOST; i++) {
		const struct token_change *change = &comparison->by_logon[i];
		char luid[LUID_TEXT];
		fprintf(out, "  %-36s %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 "\n",
		    luid_format(change->luid, luid), change->before, change->after, change->gained,
		    change->lost);
	}
	print_rest(out, comparison->by_logon_count);
}

/* Of what outlived its session. */
static void print_holders(const struct comparison *comparison, FILE *out)
{
	const struct culprits *culprits = &comparison->culprits;
	if (!culprits->count)
		return;
	fprintf(out, "\nholders of what outlived its session\n  %7s %-28s %8s %8s %8s\n", "process",
	    "image", "logons", "IDs", "alone");
	for (size_t i = 0; i < culprits->count && i < ROWS_MOST; i++) {
		const struct culprit *culprit = &culprits->items[i];
		fputs("  ", out);
		print_number(out, culprit->pid, 7);
		fputc(' ', out);
		text_print_column(out, culprit->image, 28);
		fprintf(out, " %8" PRId64 " %8" PRId64 " %8" PRId64 "%s\n", culprit->logon_sessions,
		    culprit->session_ids, culprit->alone,
		    culprit->follower ? "  (follows the last other holder)" : "");
	}
	print_rest(out, culprits->count);
}

static void print_group(const struct logon_group *group, FILE *out)
{
	char account[200];
	snprintf(account, sizeof account, "%s%s%s", group->domain ? group->domain : "",
	    group->domain ? "\\" : "", group->user ? group->user : "-");
	fputs("  ", out);
	text_print_column(out, account, 26);
	fputc(' ', out);
	text_print_column(out, group->logon_type, 17);
	print_number(out, group->session_id, 5);
	fprintf(out, " %6" PRId64 " %6" PRId64 " %5" PRId64, group->before, group->after,
	    group->new_count);
	print_number(out, group->idle_after, 8);
	fputc('\n', out);
}

static void print_groups(const struct comparison *comparison, FILE *out)
{
	if (!comparison->group_count)
		return;
	fprintf(out,
	    "\nlogon sessions by account, type and session\n  %-26s %-17s%5s %6s %6s %5s%8s\n",
	    "account", "type", "in", "before", "after", "new", "without");
	fprintf(out, "%78s\n", "process");
	for (size_t i = 0; i < comparison->group_count && i < ROWS_MOST; i++)
		print_group(&comparison->groups[i], out);
	print_rest(out, comparison->group_count);
}

static void print_growth(const struct comparison *comparison, FILE *out)
{
	if (comparison->growth_count)
		fprintf(out, "\nhandles by growth\n  %7s %-28s %8s %8s %9s\n", "process", "image",
		    "before", "after", "growth");
	for (size_t i = 0; i < comparison->growth_count && i < ROWS_MOST; i++) {
		const struct handle_growth *growth = &comparison->growth[i];
		fputs("  ", out);
		print_number(out, growth->pid, 7);
		fputc(' ', out);
		text_print_column(out, growth->image, 28);
		fprintf(out, " %8" PRId64 " %8" PRId64 " %+9" PRId64 "\n", growth->before,
		    growth->after, growth->after - growth->before);
	}
	print_rest(out, comparison->growth_count);
}

/* "vendorsvc.exe (3164)", "LAB\\anna", "svchost (by name)". */
static void name_trail(const struct trail *trail, char *out, size_t size)
{
	const char *name = trail->image ? trail->image : trail->user;
	const bool of_processes = trail->counted == COUNTED_HANDLES;
	if (trail->pid != NUMBER_UNKNOWN)
		snprintf(out, size, "%s (%" PRId64 ")", name ? name : "-", trail->pid);
	else if (trail->image)
		snprintf(out, size, "%s (by name)", name);
	else if (trail->user)
		snprintf(out, size, "%s%s%s", trail->domain ? trail->domain : "",
		    trail->domain ? "\\" : "", name);
	else
		snprintf(out, size, "%s", of_processes ? "all processes" : "the host");
}

static void print_trail(const struct trail *trail, FILE *out)
{
	static const char *const words[] = {[COURSE_RISES] = "rises",
	    [COURSE_LEVELS_OFF] = "levels off",
	    [COURSE_WANDERS] = "may only wander",
	    [COURSE_TOO_FEW] = "too few to tell",
	    [COURSE_FALLS] = "comes down",
	    [COURSE_STEADY] = "the same"};
	char name[200];
	name_trail(trail, name, sizeof name);
	fputs("  ", out);
	text_print_column(out, name, 26);
	fputc(' ', out);
	text_print_column(out,
	    trail->counted == COUNTED_OTHER ? trail->counter : counted_words[trail->counted], 17);
	fprintf(out, "%8" PRId64 " %8" PRId64, trail->first, trail->last);
	if (trail->word == COURSE_TOO_FEW)
		fprintf(out, " %9s", "-");
	else
		fprintf(out, " %+9.2f", trail->slope);
	fprintf(out, "  %s\n", trail->ended ? "ended" : words[trail->word]);
}

static void print_trails(const struct comparison *comparison, FILE *out)
{
	char span[DURATION_TEXT];
	size_t shown = 0, changed = 0, hourly = 0;
	for (size_t i = 0; i < comparison->trail_count; i++) {
		const struct trail *trail = &comparison->trails[i];
		changed += trail->lowest != trail->highest;
		hourly += trail->lowest != trail->highest && trail->hourly;
	}
	if (!comparison->trail_count)
		return;
	if (comparison->moments > 1)
		fprintf(out, "\nover %zu moments", comparison->moments);
	else
		fprintf(out, "\nover time");
	if (comparison->span != NUMBER_UNKNOWN)
		fprintf(out, ", %s", duration_format(comparison->span, span));
	fprintf(out, "\n");
	if (changed)
		fprintf(out, "  %-26s %-17s%8s %8s %9s\n", "of", "what", "first", "last",
		    hourly == changed ? "an hour"
		    : hourly          ? "rate"
		                      : "a moment");
	for (size_t i = 0; i < comparison->trail_count && shown < ROWS_MOST; i++) {
		const struct trail *trail = &comparison->trails[i];
		if (trail->lowest == trail->highest)
			continue;
		print_trail(trail, out);
		shown++;
	}
	print_rest(out, changed);
	if (comparison->trail_count > changed)
		fprintf(out, "  %s%zu stay%s the same\n", changed ? "and " : "",
		    comparison->trail_count - changed,
		    comparison->trail_count - changed == 1 ? "s" : "");
}

void comparison_print_text(const struct comparison *comparison, FILE *out)
{
	fprintf(out, "%s\n", exit_code_word(comparison->verdict));
	for (size_t i = 0; i < comparison->reason_count; i++)
		text_print_wrapped(out, "  ", comparison->reasons[i]);
	if (comparison->limit_count)
		fprintf(out, "\nlimits of this evidence\n");
	for (size_t i = 0; i < comparison->limit_count; i++)
		text_print_wrapped(out, "  - ", comparison->limits[i]);
	print_ids(comparison, out);
	if (comparison->orphan_count)
		fprintf(out, "\nlogon sessions %s: %zu\n",
		    comparison->comparable ? "that outlived their session"
		                           : "of AFTER without a session",
		    comparison->orphan_count);
	for (size_t i = 0; i < comparison->orphan_count && i < ROWS_MOST; i++)
		print_orphan(comparison, &comparison->orphans[i], out);
	print_rest(out, comparison->orphan_count);
	print_unexplained(comparison, out);
	print_holders(comparison, out);
	print_groups(comparison, out);
	print_token_changes(comparison, out);
	print_growth(comparison, out);
	print_trails(comparison, out);
}
